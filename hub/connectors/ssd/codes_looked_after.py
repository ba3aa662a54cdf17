"""Code sets of the children looked after return (DfE, SSDA903 guide), as words."""

from __future__ import annotations

START_REASON = {
    "S": "Started to be looked after",
    "L": "Change of legal status only",
    "P": "Change of placement and carer",
    "T": "Change of placement, same carer",
    "B": "Change of legal status, placement and carer",
    "U": "Change of legal status and placement, same carer",
}

CEASED_REASON = {
    "X1": "New episode began the same day",
    "E11": "Adopted, application unopposed",
    "E12": "Adopted, consent dispensed with",
    "E2": "Died",
    "E3": "Care taken over by another local authority",
    "E4A": "Returned home, planned",
    "E4B": "Returned home, unplanned",
    "E13": "Left care to live with others without parental responsibility",
    "E41": "Child arrangements order granted",
    "E45": "Special guardianship order to a relative or friend who fostered",
    "E46": "Special guardianship order to another former foster carer",
    "E47": "Special guardianship order to a relative or friend",
    "E48": "Special guardianship order to another carer",
    "E5": "Independent living with support",
    "E6": "Independent living without support",
    "E7": "Transferred to adult residential care",
    "E8": "Ceased for any other reason",
    "E9": "Sentenced to custody",
    "E14": "Accommodation on remand ended",
    "E15": "Age assessed as 18 or over",
    "E16": "Moved abroad",
    "E17": "Turned 18 and stayed with carers",
}

LEGAL_STATUS = {
    "C1": "Interim care order",
    "C2": "Full care order",
    "D1": "Freeing order",
    "E1": "Placement order",
    "V2": "Accommodated under section 20",
    "V3": "Short-term breaks, episodes recorded one by one",
    "V4": "Short-term breaks, agreement recorded",
    "L1": "Under police protection, in local authority accommodation",
    "L2": "Emergency protection order",
    "L3": "Child assessment order, in local authority accommodation",
    "J1": "Remanded to local authority or youth detention accommodation",
    "J2": "In local authority accommodation under PACE 1984",
    "J3": "Youth rehabilitation order with a residence requirement",
}

PLACEMENT_TYPE = {
    "A3": "Placed for adoption with consent, with current foster carer",
    "A4": "Placed for adoption with consent, with another carer",
    "A5": "Placed for adoption under a placement order, with current foster carer",
    "A6": "Placed for adoption under a placement order, with another carer",
    "H5": "Semi-independent living",
    "K1": "Secure children's home",
    "K2": "Children's home",
    "P1": "With parents or others with parental responsibility",
    "P2": "Independent living",
    "P3": "Residential employment",
    "R1": "Residential care home",
    "R2": "NHS or other medical or nursing establishment",
    "R3": "Family centre or mother and baby unit",
    "R5": "Young offender institution",
    "S1": "Residential school",
    "T0": "Temporary move",
    "T1": "Temporary period in hospital",
    "T2": "Temporary absence on holiday",
    "T3": "Temporary accommodation while carer is on holiday",
    "T4": "Temporary accommodation of seven days or less",
    "U1": "Fostered by relative or friend, long term",
    "U2": "Fostered by relative or friend who is an approved adopter",
    "U3": "Fostered by relative or friend, not long term",
    "U4": "Fostered, long term",
    "U5": "Fostered by an approved adopter",
    "U6": "Fostered, not long term",
    "Z1": "Other placement",
}

PLACEMENT_PROVIDER = {
    "PR0": "Parents or others with parental responsibility",
    "PR1": "Own provision",
    "PR2": "Another local authority",
    "PR3": "Other public provision",
    "PR4": "Private provision",
    "PR5": "Voluntary provision",
}

PLACEMENT_CHANGE = {
    "CARPL": "Change to or carrying out of the care plan",
    "CLOSE": "Resignation or closure",
    "ALLEG": "Allegation (section 47)",
    "STAND": "Standards of care",
    "APPRR": "Approval removed",
    "CREQB": "Carer's request because of the child's behaviour",
    "CREQO": "Carer's request for other reasons",
    "CHILD": "Child's request",
    "LAREQ": "Responsible authority's request",
    "PLACE": "Change in the status of the placement only",
    "CUSTOD": "Custody",
    "OTHER": "Other reason",
}

MISSING_TYPE = {"M": "Missing from care", "A": "Away from placement without authorisation"}
