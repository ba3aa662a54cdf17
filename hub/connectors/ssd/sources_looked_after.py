"""Where care, placements, legal steps, disability and special needs are kept.

Several columns here tell that a child was placed for adoption or adopted although no adoption record is read. Such a
row is given the word ``adoption_s56`` whether or not anybody labelled it: a withheld adoption record beside a visible
"Adopted (E11)" would withhold nothing (Adoption and Children Act 2002 ss.56-57).
"""

from __future__ import annotations

from sqlalchemy import func

from hub.connectors.ssd import codes, values
from hub.connectors.ssd.source import Read, Source, Tables, says_adoption, simple


def looked_after_sources(tables: Tables) -> tuple[Source, ...]:
    """The sources of this module."""
    return (*_care(tables), *_needs(tables), *_legal(tables))


def _care(tables: Tables) -> tuple[Source, ...]:
    episodes, placements = tables["ssd_cla_episodes"].c, tables["ssd_cla_placement"].c
    episode = simple(
        tables, "looked_after_episode", "ssd_cla_episodes", "clae", "cla_episode_id",
        ("started_on", "cla_episode_start_date", values.day), ("entered_care_on", "entered_care_date", values.day),
        ("start_reason", "cla_episode_start_reason", values.coded(codes.START_REASON)),
        ("primary_need", "cla_primary_need_code", values.coded(codes.NEED)),
        ("ended_on", "cla_episode_ceased_date", values.day),
        ("end_reason", "cla_episode_ceased_reason", values.coded(codes.CEASED_REASON)),
        ("reviewing_officer_contact_on", "cla_last_iro_contact_date", values.day),
        implied=[("adoption_s56", says_adoption(episodes.clae_cla_episode_ceased_reason, ("E11", "E12")))],
    )  # fmt: skip
    placement = simple(
        tables, "placement", "ssd_cla_placement", "clap", "cla_placement_id",
        ("started_on", "cla_placement_start_date", values.day), ("ended_on", "cla_placement_end_date", values.day),
        ("placement_type", "cla_placement_type", values.coded(codes.PLACEMENT_TYPE)),
        ("provider", "cla_placement_provider", values.coded(codes.PLACEMENT_PROVIDER)),
        ("postcode", "cla_placement_postcode", values.plain),
        ("change_reason", "cla_placement_change_reason", values.coded(codes.PLACEMENT_CHANGE)),
        implied=[
            ("adoption_s56", says_adoption(placements.clap_cla_placement_type, ("A3", "A4", "A5", "A6", "U2", "U5"))),
            ("adoption_s56", says_adoption(placements.clap_cla_placement_change_reason, ())),
        ],
    )  # fmt: skip
    missing = simple(
        tables, "missing_from_care", "ssd_missing", "miss", "table_id",
        ("started_on", "missing_episode_start_date", values.day),
        ("ended_on", "missing_episode_end_date", values.day),
        ("episode_type", "missing_episode_type", values.coded(codes.MISSING_TYPE)),
        ("interview_offered", "missing_rhi_offered", values.flag),
        ("interview_accepted", "missing_rhi_accepted", values.flag),
    )  # fmt: skip
    return episode, placement, missing


def _needs(tables: Tables) -> tuple[Source, ...]:
    disability = simple(
        tables, "disability", "ssd_disability", "disa", "table_id",
        ("disability", "disability_code", values.coded(codes.DISABILITY)),
    )  # fmt: skip
    return disability, _special_needs_plan(tables), _special_needs_request(tables)


def _special_needs_plan(tables: Tables) -> Source:
    """The plan in force, by way of the request for it; dates are on the named plan, needs in a table of their own."""
    send, asked, decided = tables["ssd_send"], tables["ssd_ehcp_requests"], tables["ssd_ehcp_assessment"]
    named, active, needs = tables["ssd_ehcp_named_plan"], tables["ssd_ehcp_active_plans"], tables["ssd_sen_need"]
    return Source(
        "education_health_care_plan", "ssd_ehcp_active_plans",
        send.join(asked, asked.c.ehcr_send_table_id == send.c.send_table_id)
        .join(active, active.c.ehcp_ehcp_request_id == asked.c.ehcr_ehcp_request_id)
        .outerjoin(decided, decided.c.ehca_ehcp_request_id == asked.c.ehcr_ehcp_request_id)
        .outerjoin(named, named.c.ehcn_ehcp_asmt_id == decided.c.ehca_ehcp_assessment_id)
        .outerjoin(needs, needs.c.senn_active_ehcp_id == active.c.ehcp_active_ehcp_id),
        active.c.ehcp_active_ehcp_id, send.c.send_person_id,
        (
            Read("started_on", (named.c.ehcn_named_plan_start_date,), values.day),
            Read("ended_on", (named.c.ehcn_named_plan_ceased_date,), values.day),
            Read("reviewed_on", (active.c.ehcp_active_ehcp_last_review_date,), values.day),
            Read("needs", (needs.c.senn_active_ehcp_need_type,), values.coded_list(codes.SEN_NEED), merges=True),
        ),
    )  # fmt: skip


def _special_needs_request(tables: Tables) -> Source:
    """A request that led to no plan, or to none yet; one that did belongs to the plan, with which it is told or not."""
    send, asked, decided = tables["ssd_send"], tables["ssd_ehcp_requests"], tables["ssd_ehcp_assessment"]
    active = tables["ssd_ehcp_active_plans"]
    return Source(
        "education_health_care_request", "ssd_ehcp_requests",
        send.join(asked, asked.c.ehcr_send_table_id == send.c.send_table_id)
        .outerjoin(active, active.c.ehcp_ehcp_request_id == asked.c.ehcr_ehcp_request_id)
        .outerjoin(decided, decided.c.ehca_ehcp_request_id == asked.c.ehcr_ehcp_request_id),
        asked.c.ehcr_ehcp_request_id, send.c.send_person_id,
        (
            Read("requested_on", (asked.c.ehcr_ehcp_req_date,), values.day),
            Read("decided_on", (asked.c.ehcr_ehcp_req_outcome_date,), values.day),
            Read("outcome", (asked.c.ehcr_ehcp_req_outcome,), values.plain),
            Read("assessed_on", (decided.c.ehca_ehcp_assessment_outcome_date,), values.day),
            Read("assessment_outcome", (decided.c.ehca_ehcp_assessment_outcome,), values.plain),
        ),
        where=active.c.ehcp_active_ehcp_id.is_(None),
    )  # fmt: skip


def _legal(tables: Tables) -> tuple[Source, ...]:
    statuses = tables["ssd_legal_status"].c
    status = simple(
        tables, "legal_status", "ssd_legal_status", "lega", "legal_status_id",
        ("status", "legal_status", values.coded(codes.LEGAL_STATUS)),
        ("started_on", "legal_status_start_date", values.day), ("ended_on", "legal_status_end_date", values.day),
        implied=[
            ("adoption_s56", says_adoption(statuses.lega_legal_status, ("D1", "E1"))),
            ("adoption_s56", func.lower(statuses.lega_legal_status).like("%freeing%")),
        ],
    )  # fmt: skip
    immigration = simple(
        tables, "immigration_status", "ssd_immigration_status", "immi", "immigration_status_id",
        ("status", "immigration_status", values.plain), ("started_on", "immigration_status_start_date", values.day),
        ("ended_on", "immigration_status_end_date", values.day),
    )  # fmt: skip
    proceedings = simple(
        tables, "pre_proceedings", "ssd_pre_proceedings", "prep", "table_id",
        ("decided_on", "pre_pro_decision_date", values.day),
        ("meeting_on", "initial_pre_pro_meeting_date", values.day), ("outcome", "pre_pro_outcome", values.plain),
        ("gateway_outcome", "legal_gateway_outcome", values.plain), ("letter_on", "pre_pro_letter_date", values.day),
        ("proceedings_letter_on", "care_pro_letter_date", values.day),
        ("court_reference", "court_reference", values.plain),
    )  # fmt: skip
    return status, immigration, proceedings
