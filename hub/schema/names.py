"""What kinds of record are called in GraphQL: the type's name, and the list in its section that holds them."""

from __future__ import annotations

from collections.abc import Mapping

from hub.domain.catalogue import Section

SECTION_TYPES: Mapping[Section, str] = {
    Section.SOCIAL_CARE: "SocialCareRecord",
    Section.POLICE: "PoliceRecord",
    Section.HEALTH: "HealthRecord",
    Section.EDUCATION: "EducationRecord",
}
"""The sections that are lists of records, and their types. The other sections join what all agencies say."""

LISTS: Mapping[str, str] = {
    "contact": "contacts",
    "early_help": "earlyHelp",
    "referral": "referrals",
    "assessment": "assessments",
    "section47_enquiry": "section47Enquiries",
    "conference": "conferences",
    "protection_plan": "plans",
    "plan_review": "planReviews",
    "plan_visit": "planVisits",
    "child_in_need_plan": "childInNeedPlans",
    "looked_after_episode": "lookedAfterEpisodes",
    "placement": "placements",
    "missing_from_care": "missingEpisodes",
    "disability": "disabilities",
    "education_health_care_plan": "educationHealthCarePlans",
    "legal_status": "legalStatuses",
    "immigration_status": "immigrationStatuses",
    "pre_proceedings": "preProceedings",
    "case_document": "documents",
    "adoption_record": "adoptionRecords",
    "looked_after_immunisations": "lookedAfterImmunisations",
    "substance_misuse": "substanceMisuse",
    "strengths_and_difficulties": "strengthsAndDifficulties",
    "previous_permanence": "previousPermanence",
    "voice_of_child": "voiceOfChild",
    "gp_registration": "gpRegistrations",
    "health_flag": "flags",
    "care_plan": "carePlans",
    "attendance": "attendances",
    "immunisation": "immunisations",
    "allergy": "allergies",
    "appointment": "appointments",
    "health_document": "documents",
    "cpis_information": "cpisInformation",
    "cpis_access": "cpisAccesses",
    "incident": "incidents",
    "domestic_abuse_incident": "domesticAbuseIncidents",
    "vulnerability_notice": "vulnerabilityNotices",
    "missing_report": "missingReports",
    "exploitation_marker": "exploitationMarkers",
    "warning_marker": "warningMarkers",
    "intelligence": "intelligence",
    "police_protection": "policeProtections",
    "bail_condition": "bailConditions",
    "school_enrolment": "enrolments",
    "school_attendance": "attendance",
    "school_exclusion": "exclusions",
    "school_move": "moves",
    "sen_support": "senSupport",
    "safeguarding_file": "safeguardingFiles",
}
"""Kind of record to the list field that holds it in its section. A new kind that is not here gets its id plus ``s``."""

_TYPES: Mapping[str, str] = {
    "contact": "SocialCareContact",
    "intelligence": "IntelligenceReport",
    "early_help": "EarlyHelpEpisode",
    "pre_proceedings": "PreProceedings",
    "section47_enquiry": "Section47Enquiry",
    "health_flag": "HealthFlag",
}


def camel(name: str) -> str:
    """``started_on`` as GraphQL writes it: ``startedOn``. ``*`` stays as it is."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def type_name(kind: str) -> str:
    """The GraphQL type of a kind of record."""
    return _TYPES.get(kind) or "".join(part.capitalize() for part in kind.split("_"))


def list_name(kind: str) -> str:
    """The list field that holds a kind of record in its section."""
    return LISTS.get(kind) or camel(kind) + "s"


def enum_name(identifier: str) -> str:
    """A stable id of the law as a GraphQL enum value: ``ca1989-s47`` is ``CA1989_S47``."""
    return identifier.upper().replace("-", "_")
