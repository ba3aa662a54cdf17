"""Code sets of care: reviews, plans, permanence, questionnaires, care leavers, as words.

Sources: DfE SSDA903 guide and the Standard Safeguarding Dataset's data objects specification (data-to-insight, MIT).
"""

from __future__ import annotations

PARTICIPATION = {
    "PN0": "Aged under 4",
    "PN1": "Attended and spoke for themselves",
    "PN2": "Attended, an advocate spoke for them",
    "PN3": "Attended and gave their view without words",
    "PN4": "Attended without contributing",
    "PN5": "Did not attend, briefed an advocate",
    "PN6": "Did not attend, sent their views",
    "PN7": "Did not attend and sent no views",
}

PREVIOUS_PERMANENCE = {
    "P1": "Adoption",
    "P2": "Special guardianship order",
    "P3": "Residence order or child arrangements order",
    "P4": "Unknown",
    "Z1": "No previous permanence option",
}

CARE_PLAN = {
    "REMAINSUP": "Stay with birth family, with shared care or short breaks",
    "RETURN1M": "Return to birth family within one month",
    "RETURN6M": "Return to birth family within six months",
    "RETURNEV": "Return to birth family in the end",
    "LTRELFR": "Long-term placement with relatives or friends",
    "LTFOST18": "Long-term placement with foster carers until 18",
    "RESPLMT": "Residential placement until independence",
    "SUPPLIV": "Supported living in the community",
    "ADOPTION": "Adoption",
    "OTHERPLN": "Other plan",
}

SDQ_REASON = {
    "SDQ1": "Child aged under 4 or over 16",
    "SDQ2": "Carer refused to complete it",
    "SDQ3": "Not possible because of the child's disability",
    "SDQ4": "Other",
    "SDQ5": "Child refused",
}

IN_TOUCH = {
    "YES": "In touch",
    "NO": "Not in touch",
    "DIED": "Died after leaving care",
    "REFU": "Refuses contact",
    "NREQ": "No longer requires services",
    "RHOM": "Returned to parents or others with parental responsibility",
}

ACCOMMODATION = {
    "B": "With parents or relatives",
    "C": "Community home or other residential care",
    "D": "Semi-independent, transitional accommodation",
    "E": "Supported lodgings",
    "G": "Gone abroad",
    "H": "Deported",
    "K": "Ordinary lodgings without formal support",
    "R": "Residence not known",
    "S": "No fixed abode or homeless",
    "T": "Foyer or similar supported accommodation",
    "U": "Independent living",
    "V": "Emergency accommodation",
    "W": "Bed and breakfast",
    "X": "In custody",
    "Y": "Other accommodation",
    "Z": "With former foster carers",
}

SUITABLE = {"1": "Suitable", "2": "Unsuitable"}

ACTIVITY = {
    "F1": "Full time in higher education",
    "P1": "Part time in higher education",
    "F2": "Full time in other education",
    "P2": "Part time in other education",
    "F3": "Full time in training or employment",
    "P3": "Part time in training or employment",
    "F4": "Full time in an apprenticeship",
    "P4": "Part time in an apprenticeship",
    "F5": "Full time in training or employment, not an apprenticeship",
    "P5": "Part time in training or employment, not an apprenticeship",
    "G4": "Not in education, employment or training: illness or disability",
    "G5": "Not in education, employment or training: other circumstances",
    "G6": "Not in education, employment or training: pregnancy or parenting",
}
