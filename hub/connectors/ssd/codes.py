"""The published code sets, as words. People see the words; the code stays beside them.

Sources: DfE children in need census guide (abuse categories, needs, referral sources, factors, closure reasons) and
SSDA903 guide (legal status, placement types, providers, reasons), as adopted by the Standard Safeguarding Dataset.
"""

from __future__ import annotations

from collections.abc import Mapping

from hub.connectors.coded import unknown_code
from hub.connectors.ssd.codes_looked_after import (
    CEASED_REASON,
    LEGAL_STATUS,
    MISSING_TYPE,
    PLACEMENT_CHANGE,
    PLACEMENT_PROVIDER,
    PLACEMENT_TYPE,
    START_REASON,
)

__all__ = [
    "ABUSE", "CEASED_REASON", "CLOSURE", "DISABILITY", "ETHNICITY", "FACTORS", "GENDER", "LEGAL_STATUS",
    "MISSING_TYPE", "NEED", "OUTCOMES", "PLACEMENT_CHANGE", "PLACEMENT_PROVIDER", "PLACEMENT_TYPE", "REFERRER",
    "SEN_NEED", "SEX", "START_REASON", "words",
]  # fmt: skip

ABUSE = {"NEG": "Neglect", "PHY": "Physical abuse", "SAB": "Sexual abuse", "EMO": "Emotional abuse", "MUL": "Multiple"}

NEED = {
    "N0": "Not stated",
    "N1": "Abuse or neglect",
    "N2": "Child's disability or illness",
    "N3": "Parent's disability or illness",
    "N4": "Family in acute stress",
    "N5": "Family dysfunction",
    "N6": "Socially unacceptable behaviour",
    "N7": "Low income",
    "N8": "Absent parenting",
    "N9": "Cases other than children in need",
}

REFERRER = {
    "1A": "Family member, relative or carer",
    "1B": "Acquaintance",
    "1C": "The child themselves",
    "1D": "Other individual",
    "2A": "School",
    "2B": "Education services",
    "3A": "GP",
    "3B": "Health visitor",
    "3C": "School nurse",
    "3D": "Other primary health service",
    "3E": "Accident and emergency",
    "3F": "Other health service",
    "4": "Housing",
    "5A": "Local authority social care",
    "5B": "Other local authority service",
    "5C": "Another local authority",
    "5D": "Early help",
    "6": "Police",
    "7": "Other legal agency",
    "8": "Other",
    "9": "Anonymous",
    "10": "Unknown",
}

FACTORS = {
    "1A": "Alcohol misuse by the child",
    "1B": "Alcohol misuse by a parent or carer",
    "1C": "Alcohol misuse by another person in the household",
    "2A": "Drug misuse by the child",
    "2B": "Drug misuse by a parent or carer",
    "2C": "Drug misuse by another person in the household",
    "3A": "Domestic abuse of the child",
    "3B": "Domestic abuse of a parent or carer",
    "3C": "Domestic abuse of another person in the household",
    "4A": "Mental health of the child",
    "4B": "Mental health of a parent or carer",
    "4C": "Mental health of another person in the household",
    "5A": "Learning disability of the child",
    "5B": "Learning disability of a parent or carer",
    "5C": "Learning disability of another person in the household",
    "6A": "Physical disability or illness of the child",
    "6B": "Physical disability or illness of a parent or carer",
    "6C": "Physical disability or illness of another person in the household",
    "7A": "Young carer",
    "8B": "Privately fostered: overseas child who intends to return",
    "8C": "Privately fostered: overseas child who intends to stay",
    "8D": "Privately fostered: UK child in an educational placement",
    "8E": "Privately fostered: UK child, other family arrangement",
    "8F": "Privately fostered: other",
    "9A": "Unaccompanied asylum-seeking child",
    "10A": "Missing",
    "11A": "Child sexual exploitation",
    "12A": "Trafficking",
    "13A": "Gangs",
    "14A": "Socially unacceptable behaviour",
    "15A": "Self-harm",
    "16A": "Neglect",
    "17A": "Emotional abuse",
    "18B": "Physical abuse by a child",
    "18C": "Physical abuse by an adult",
    "19B": "Sexual abuse by a child",
    "19C": "Sexual abuse by an adult",
    "20": "Other",
    "21": "No factors identified",
    "22A": "Female genital mutilation",
    "23A": "Abuse linked to faith or belief",
    "24A": "Child criminal exploitation",
}

CLOSURE = {
    "RC1": "Adopted",
    "RC2": "Died",
    "RC3": "Child arrangements order",
    "RC4": "Special guardianship order",
    "RC5": "Transferred to another local authority",
    "RC6": "Transferred to adult social care",
    "RC7": "Services ceased for any other reason",
    "RC8": "Closed after assessment, no further action",
    "RC9": "Closed after assessment, referred to early help",
}

DISABILITY = {
    "NONE": "No disability",
    "AUT": "Autism",
    "BEH": "Behaviour",
    "COMM": "Communication",
    "CON": "Consciousness",
    "DDA": "Other disability",
    "HAND": "Hand function",
    "HEAR": "Hearing",
    "INC": "Incontinence",
    "LD": "Learning",
    "MOB": "Mobility",
    "PC": "Personal care",
    "VIS": "Vision",
}

ETHNICITY = {
    "WBRI": "White British",
    "WIRI": "White Irish",
    "WIRT": "Traveller of Irish heritage",
    "WROM": "Gypsy or Roma",
    "WOTH": "Any other White background",
    "MWBC": "White and Black Caribbean",
    "MWBA": "White and Black African",
    "MWAS": "White and Asian",
    "MOTH": "Any other mixed background",
    "AIND": "Indian",
    "APKN": "Pakistani",
    "ABAN": "Bangladeshi",
    "CHNE": "Chinese",
    "AOTH": "Any other Asian background",
    "BCRB": "Caribbean",
    "BAFR": "African",
    "BOTH": "Any other Black background",
    "OOTH": "Any other ethnic group",
    "REFU": "Refused",
    "NOBT": "Not yet obtained",
}

SEX = {"1": "Male", "2": "Female", "M": "Male", "F": "Female"}
GENDER = {
    "0": "Not known", "1": "Male", "2": "Female", "9": "Self-described",
    "00": "Not known", "01": "Male", "02": "Female", "09": "Self-described",
}  # fmt: skip

SEN_NEED = {
    "SPLD": "Specific learning difficulty",
    "MLD": "Moderate learning difficulty",
    "SLD": "Severe learning difficulty",
    "PMLD": "Profound and multiple learning difficulty",
    "SEMH": "Social, emotional and mental health",
    "SLCN": "Speech, language and communication needs",
    "HI": "Hearing impairment",
    "VI": "Vision impairment",
    "MSI": "Multi-sensory impairment",
    "PD": "Physical disability",
    "ASD": "Autistic spectrum disorder",
    "OTH": "Other difficulty",
}

OUTCOMES = {
    "ADVICE": "Advice given",
    "CARE_LEAVER": "Care leaver service",
    "CLA_REQUEST": "Request to look after the child",
    "CP": "Child protection plan",
    "CP_CONFERENCE": "Initial child protection conference",
    "CP_ENQUIRY": "Child protection enquiry",
    "CP_TRANSFER_IN": "Child protection plan transferred in",
    "EXISTING_REFERRAL": "Added to an existing referral",
    "LEGAL_ACTION": "Legal action",
    "MISSING": "Missing child procedure",
    "MONITOR": "Another agency to monitor",
    "NEW_REFERRAL": "New referral",
    "NFA": "No further action",
    "NFA_CONTINUE_SINGLE": "No further action; assessment continues",
    "NFA_S47_END": "No further action after section 47 enquiry",
    "NON_AGENCY_ADOPTION": "Non-agency adoption",
    "OLA_CP": "Child protection plan of another authority",
    "OTHER_ACTIONS": "Other action",
    "OTHER_OUTCOMES_EXIST": "Other outcome",
    "PRIVATE_FOSTERING": "Private fostering",
    "PROV_OF_SB_CARE": "Short break care (section 17)",
    "PROV_OF_SERVICES": "Provision of services (section 17)",
    "REFERRAL_TO_OTHER_AGENCY": "Referral to another agency",
    "SINGLE_ASSESSMENT": "Assessment",
    "SPECIALIST_ASSESSMENT": "Specialist assessment",
    "STRATEGY_DISCUSSION": "Strategy discussion",
}
"""Words for the flags of the outcome columns, whose keys end in ``_FLAG``."""


def words(codes: Mapping[str, str], code: str | None) -> str | None:
    """``Neglect (NEG)`` for a code that is published, ``Neglect`` as it is, ``XYZ (code not known)`` for another."""
    if code is None or not code.strip():
        return None
    stripped = code.strip()
    known = codes.get(stripped.upper())
    if known is not None:
        return f"{known} ({stripped})"
    is_word = stripped.casefold() in (word.casefold() for word in codes.values())
    return stripped if is_word else unknown_code(stripped)
