"""How the pretend council writes each kind of event into its table: written apart from the connector, on purpose.

If the connector's mapping and this one disagree, the tests of the whole cast fail; sharing one would hide it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from hub.connectors.ssd.published import DOCUMENTS_TABLE

Write = Callable[[Any], object]

CONTACT_FLAGS = (
    "NEW_REFERRAL", "EXISTING_REFERRAL", "CP_ENQUIRY", "NFA", "NON_AGENCY_ADOPTION", "PRIVATE_FOSTERING", "ADVICE",
    "MISSING", "OLA_CP", "OTHER_OUTCOMES_EXIST",
)  # fmt: skip
REFERRAL_FLAGS = (
    "SINGLE_ASSESSMENT", "NFA", "STRATEGY_DISCUSSION", "CLA_REQUEST", "NON_AGENCY_ADOPTION", "PRIVATE_FOSTERING",
    "CP_TRANSFER_IN", "CP_CONFERENCE", "CARE_LEAVER", "OTHER_OUTCOMES_EXIST",
)  # fmt: skip
ASSESSMENT_FLAGS = (
    "NFA", "NFA_S47_END", "STRATEGY_DISCUSSION", "CLA_REQUEST", "PRIVATE_FOSTERING", "LEGAL_ACTION",
    "PROV_OF_SERVICES", "PROV_OF_SB_CARE", "SPECIALIST_ASSESSMENT", "REFERRAL_TO_OTHER_AGENCY", "OTHER_ACTIONS",
    "OTHER_OUTCOMES_EXIST",
)  # fmt: skip
ENQUIRY_FLAGS = (
    "NFA", "LEGAL_ACTION", "PROV_OF_SERVICES", "PROV_OF_SB_CARE", "CP_CONFERENCE", "NFA_CONTINUE_SINGLE", "MONITOR",
    "OTHER_OUTCOMES_EXIST",
)  # fmt: skip
CONFERENCE_FLAGS = (
    "NFA", "REFERRAL_TO_OTHER_AGENCY", "SINGLE_ASSESSMENT", "PROV_OF_SERVICES", "CP", "OTHER_OUTCOMES_EXIST",
)  # fmt: skip
ADDRESS_KEYS = ("ROOM", "FLOOR", "FLAT", "BUILDING", "HOUSE", "STREET", "TOWN", "UPRN", "EASTING", "NORTHING")


def as_time(day: date | None) -> datetime | None:
    """A date as the dataset's ``datetime`` columns hold it."""
    return None if day is None else datetime.combine(day, time())


def as_flag(value: bool | None) -> str | None:
    """Y or N."""
    return None if value is None else "Y" if value else "N"


def as_is(value: object) -> object:
    """Text and codes."""
    return value


def flagged(flags: tuple[str, ...]) -> Write:
    """One outcome among ``flags``, in the published JSON shape: every key, whether or not there is data."""

    def write(outcome: str) -> str:
        if outcome not in flags:
            raise ValueError(f"{outcome} is not an outcome of this column")
        return json.dumps({f"{name}_FLAG": "Y" if name == outcome else "N" for name in flags})

    return write


def address_json(line: str) -> str:
    """``14 Tannery Lane, Testshire`` in the published JSON shape."""
    first, _, town = line.partition(", ")
    house, _, street = first.partition(" ")
    held = {"HOUSE": house, "STREET": street, "TOWN": town}
    return json.dumps({key: held.get(key, "") for key in ADDRESS_KEYS})


@dataclass(frozen=True, slots=True)
class Shape:
    """A table, its key and person columns, and for each field of the catalogue the column and how it is written."""

    table: str
    key: str
    person: str
    columns: Mapping[str, tuple[str, Write]]

    def row(self, values: Mapping[str, Any]) -> dict[str, object]:
        """The columns for ``values``; KeyError for a field that the table has no column for."""
        return {self.columns[name][0]: self.columns[name][1](value) for name, value in values.items()}


def shape(table: str, prefix: str, key: str, person: str = "person_id", **columns: tuple[str, Write]) -> Shape:
    """A :class:`Shape` whose columns share a prefix."""
    full = {name: (f"{prefix}_{column}", write) for name, (column, write) in columns.items()}
    return Shape(table, f"{prefix}_{key}", f"{prefix}_{person}", full)


SHAPES = {
    "council_address": shape(
        "ssd_address", "addr", "table_id",
        address=("address_json", address_json), postcode=("address_postcode", as_is),
        address_type=("address_type", as_is), from_date=("address_start_date", as_time),
        to_date=("address_end_date", as_time),
    ),
    "contact": shape(
        "ssd_contacts", "cont", "contact_id",
        on=("contact_date", as_time), contact_source=("contact_source_code", as_is),
        outcome=("contact_outcome_json", flagged(CONTACT_FLAGS)),
    ),
    "early_help": shape(
        "ssd_early_help_episodes", "earl", "episode_id",
        started_on=("episode_start_date", as_time), ended_on=("episode_end_date", as_time),
        reason=("episode_reason", as_is), end_reason=("episode_end_reason", as_is),
        organisation=("episode_organisation", as_is),
    ),
    "referral": shape(
        "ssd_cin_episodes", "cine", "referral_id",
        on=("referral_date", as_time), referral_source=("referral_source_code", as_is),
        primary_need=("cin_primary_need_code", as_is), outcome=("referral_outcome_json", flagged(REFERRAL_FLAGS)),
        no_further_action=("referral_nfa", as_flag), closed_on=("close_date", as_time),
        close_reason=("close_reason", as_is),
    ),
    "assessment": shape(
        "ssd_cin_assessments", "cina", "assessment_id",
        started_on=("assessment_start_date", as_time), completed_on=("assessment_auth_date", as_time),
        child_seen=("assessment_child_seen", as_flag),
        outcome=("assessment_outcome_json", flagged(ASSESSMENT_FLAGS)),
    ),
    "child_in_need_plan": shape(
        "ssd_cin_plans", "cinp", "cin_plan_id",
        started_on=("cin_plan_start_date", as_time), ended_on=("cin_plan_end_date", as_time),
    ),
    "section47_enquiry": shape(
        "ssd_s47_enquiry", "s47e", "s47_enquiry_id",
        started_on=("s47_start_date", as_time), ended_on=("s47_end_date", as_time),
        outcome=("s47_outcome_json", flagged(ENQUIRY_FLAGS)), no_further_action=("s47_nfa", as_flag),
    ),
    "conference": shape(
        "ssd_initial_cp_conference", "icpc", "icpc_id",
        on=("icpc_date", as_time), target_on=("icpc_target_date", as_time),
        plan_agreed=("icpc_outcome_cp_flag", as_flag), outcome=("icpc_outcome_json", flagged(CONFERENCE_FLAGS)),
    ),
    "protection_plan": shape(
        "ssd_cp_plans", "cppl", "cp_plan_id",
        started_on=("cp_plan_start_date", as_time), ended_on=("cp_plan_end_date", as_time),
        initial_category=("cp_plan_initial_category", as_is), category=("cp_plan_latest_category", as_is),
    ),
    "plan_review": shape(
        "ssd_cp_reviews", "cppr", "cp_review_id",
        due_on=("cp_review_due", as_time), held_on=("cp_review_date", as_time),
        plan_continues=("cp_review_outcome_continue_cp", as_flag), quorate=("cp_review_quorate", as_flag),
    ),
    "plan_visit": shape(
        "ssd_cp_visits", "cppv", "cp_visit_id",
        on=("cp_visit_date", as_time), child_seen=("cp_visit_seen", as_flag),
        child_seen_alone=("cp_visit_seen_alone", as_flag),
    ),
    "looked_after_episode": shape(
        "ssd_cla_episodes", "clae", "cla_episode_id",
        started_on=("cla_episode_start_date", as_time), start_reason=("cla_episode_start_reason", as_is),
        primary_need=("cla_primary_need_code", as_is), ended_on=("cla_episode_ceased_date", as_time),
        end_reason=("cla_episode_ceased_reason", as_is),
    ),
    "placement": shape(
        "ssd_cla_placement", "clap", "cla_placement_id",
        started_on=("cla_placement_start_date", as_time), ended_on=("cla_placement_end_date", as_time),
        placement_type=("cla_placement_type", as_is), provider=("cla_placement_provider", as_is),
        postcode=("cla_placement_postcode", as_is), change_reason=("cla_placement_change_reason", as_is),
    ),
    "missing_from_care": shape(
        "ssd_missing", "miss", "table_id",
        started_on=("missing_episode_start_date", as_time), ended_on=("missing_episode_end_date", as_time),
        episode_type=("missing_episode_type", as_is), interview_offered=("missing_rhi_offered", as_flag),
        interview_accepted=("missing_rhi_accepted", as_flag),
    ),
    "disability": shape("ssd_disability", "disa", "table_id", disability=("disability_code", as_is)),
    "legal_status": shape(
        "ssd_legal_status", "lega", "legal_status_id",
        status=("legal_status", as_is), started_on=("legal_status_start_date", as_time),
        ended_on=("legal_status_end_date", as_time),
    ),
    "immigration_status": shape(
        "ssd_immigration_status", "immi", "immigration_status_id",
        status=("immigration_status", as_is), started_on=("immigration_status_start_date", as_time),
        ended_on=("immigration_status_end_date", as_time),
    ),
    "pre_proceedings": shape(
        "ssd_pre_proceedings", "prep", "table_id",
        decided_on=("pre_pro_decision_date", as_time), meeting_on=("initial_pre_pro_meeting_date", as_time),
        outcome=("pre_pro_outcome", as_is),
    ),
    "adoption_record": shape(
        "ssd_permanence", "perm", "table_id",
        decided_on=("adm_decision_date", as_time), placement_order_on=("placement_order_date", as_time),
        matched_on=("matched_date", as_time), placed_on=("placed_for_adoption_date", as_time),
        order_on=("permanence_order_date", as_time), order_type=("permanence_order_type", as_is),
    ),
    "case_document": shape(
        DOCUMENTS_TABLE, "docu", "id",
        on=("date", as_time), title=("title", as_is), document_type=("type", as_is), summary=("summary", as_is),
        attachment=("attachment", as_is),
    ),
    "council_involvement": shape(
        "ssd_involvements", "invo", "involvements_id",
        worker_role=("professional_role_id", as_is), since=("involvement_start_date", as_time),
        until=("involvement_end_date", as_time),
    ),
}  # fmt: skip
"""Every kind that is one row of one table; :mod:`hub.demo.council_load` adds what refers to other tables."""
