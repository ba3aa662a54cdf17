"""Where the life of a looked-after child and a care leaver is kept: plans, reviews, visits, health, what they said."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, func, not_, or_

from hub.connectors.ssd import codes_care, values
from hub.connectors.ssd.source import Read, Source, Tables, plans_adoption, says_adoption, simple
from hub.connectors.ssd.sql import as_text


def care_sources(tables: Tables) -> tuple[Source, ...]:
    """The sources of this module."""
    return (*_planned(tables), *_seen(tables), *_health(tables), *_permanence(tables), _leaver(tables), _voice(tables))


def _planned(tables: Tables) -> tuple[Source, ...]:
    plans, reviews, episodes = tables["ssd_cla_care_plan"].c, tables["ssd_cla_reviews"], tables["ssd_cla_episodes"]
    plan = simple(
        tables, "looked_after_plan", "ssd_cla_care_plan", "lacp", "table_id",
        ("started_on", "cla_care_plan_start_date", values.day), ("ended_on", "cla_care_plan_end_date", values.day),
        ("plan", "cla_care_plan_json", values.ticked(codes_care.CARE_PLAN)),
        implied=[("adoption_s56", plans_adoption(plans.lacp_cla_care_plan_json))],
    )  # fmt: skip
    review = Source(  # a review names the period of care and not the child: the episodes of that period do
        "looked_after_review", "ssd_cla_reviews",
        reviews.join(episodes, episodes.c.clae_cla_id == reviews.c.clar_cla_id),
        reviews.c.clar_cla_review_id, episodes.c.clae_person_id,
        (
            Read("due_on", (reviews.c.clar_cla_review_due_date,), values.day),
            Read("held_on", (reviews.c.clar_cla_review_date,), values.day),
            Read("cancelled", (reviews.c.clar_cla_review_cancelled,), values.flag),
            Read("participation", (reviews.c.clar_cla_review_participation,), values.coded(codes_care.PARTICIPATION)),
        ),
    )  # fmt: skip
    return plan, review


def _seen(tables: Tables) -> tuple[Source, ...]:
    in_need = simple(
        tables, "child_in_need_visit", "ssd_cin_visits", "cinv", "cin_visit_id",
        ("on", "cin_visit_date", values.day), ("child_seen", "cin_visit_seen", values.flag),
        ("child_seen_alone", "cin_visit_seen_alone", values.flag),
        ("bedroom_seen", "cin_visit_bedroom", values.flag),
    )  # fmt: skip
    looked_after = simple(
        tables, "looked_after_visit", "ssd_cla_visits", "clav", "cla_visit_id",
        ("on", "cla_visit_date", values.day), ("child_seen", "cla_visit_seen", values.flag),
        ("child_seen_alone", "cla_visit_seen_alone", values.flag),
    )  # fmt: skip
    return in_need, looked_after


def _health(tables: Tables) -> tuple[Source, ...]:
    return (
        simple(
            tables, "looked_after_health_check", "ssd_cla_health", "clah", "health_check_id",
            ("on", "health_check_date", values.day), ("check_type", "health_check_type", values.plain),
            ("status", "health_check_status", values.plain),
        ),
        simple(  # one row for each child, whose id is its key
            tables, "looked_after_immunisations", "ssd_cla_immunisations", "clai", "person_id",
            ("up_to_date", "immunisations_status", values.flag),
            ("stated_on", "immunisations_status_date", values.day),
        ),
        simple(
            tables, "substance_misuse", "ssd_cla_substance_misuse", "clas", "substance_misuse_id",
            ("on", "substance_misuse_date", values.day), ("substance", "substance_misused", values.plain),
            ("intervention_received", "intervention_received", values.flag),
        ),
        simple(
            tables, "strengths_and_difficulties", "ssd_sdq_scores", "csdq", "table_id",
            ("completed_on", "sdq_completed_date", values.day), ("score", "sdq_score", values.plain),
            ("no_score_because", "sdq_reason", values.coded(codes_care.SDQ_REASON)),
        ),
        simple(
            tables, "conviction", "ssd_cla_convictions", "clac", "cla_conviction_id",
            ("offence_on", "cla_conviction_date", values.day), ("offence", "cla_conviction_offence", values.plain),
        ),
    )  # fmt: skip


def _permanence(tables: Tables) -> tuple[Source, ...]:
    before = tables["ssd_cla_previous_permanence"].c
    previous = simple(
        tables, "previous_permanence", "ssd_cla_previous_permanence", "lapp", "table_id",
        ("option", "previous_permanence_option", values.coded(codes_care.PREVIOUS_PERMANENCE)),
        ("ordered", "previous_permanence_order_date", values.partial_day),
        ("arranged_by", "previous_permanence_la", values.plain),
        implied=[
            ("adoption_s56", says_adoption(before.lapp_previous_permanence_option, ("P1",))),
            ("adoption_s56", func.lower(before.lapp_previous_permanence_option).like("%adoption%")),
        ],
    )  # fmt: skip
    return previous, _adoption(tables), _order(tables)


def _adoption(tables: Tables) -> Source:
    own = tables["ssd_permanence"]
    return Source(
        "adoption_record", "ssd_permanence", own, own.c.perm_table_id, own.c.perm_person_id,
        (
            Read("decided_on", (own.c.perm_adm_decision_date,), values.day),
            Read("placement_order_on", (own.c.perm_placement_order_date,), values.day),
            Read("matched_on", (own.c.perm_matched_date,), values.day),
            Read("placed_on", (own.c.perm_placed_for_adoption_date,), values.day),
            Read("order_on", (own.c.perm_permanence_order_date,), values.day),
            Read("order_type", (own.c.perm_permanence_order_type,), values.plain),
        ),
        where=and_(own.c.perm_person_id.is_not(None), about_adoption(tables)),
    )  # fmt: skip


def _order(tables: Tables) -> Source:
    """The other rows of the same table: an order that is no adoption, and nothing beside it that tells of one."""
    own = tables["ssd_permanence"]
    return Source(
        "permanence_order", "ssd_permanence", own, own.c.perm_table_id, own.c.perm_person_id,
        (
            Read("order_on", (own.c.perm_permanence_order_date,), values.day),
            Read("order_type", (own.c.perm_permanence_order_type,), values.plain),
        ),
        where=and_(own.c.perm_person_id.is_not(None), not_(about_adoption(tables))),
    )  # fmt: skip


def about_adoption(tables: Tables) -> ColumnElement[bool]:
    """Whether a row of ``ssd_permanence`` tells of an adoption; never unknown, so that every row is of one kind."""
    own = tables["ssd_permanence"].c
    order = func.lower(func.coalesce(own.perm_permanence_order_type, "adoption"))
    steps = (
        own.perm_adm_decision_date,
        own.perm_placement_order_date,
        own.perm_placed_for_adoption_date,
        own.perm_matched_date,
        own.perm_ffa_cp_decision_date,
        own.perm_placed_ffa_cp_date,
        own.perm_decision_reversed_date,
    )
    return or_(order == "", *(order.like(f"%{word}%") for word in ("adopt", "placement", "freeing", "placeholder")),
               *(func.coalesce(as_text(step), "") != "" for step in steps))  # fmt: skip


def _leaver(tables: Tables) -> Source:
    own, teams, workers = tables["ssd_care_leavers"], tables["ssd_department"], tables["ssd_professionals"]
    return Source(
        "care_leaver", "ssd_care_leavers",
        own.outerjoin(teams, teams.c.dept_team_id == own.c.clea_care_leaver_allocated_team)
        .outerjoin(workers, workers.c.prof_professional_id == own.c.clea_care_leaver_worker_id),
        own.c.clea_table_id, own.c.clea_person_id,
        (
            Read("eligibility", (own.c.clea_care_leaver_eligibility,), values.plain),
            Read("in_touch", (own.c.clea_care_leaver_in_touch,), values.coded(codes_care.IN_TOUCH)),
            Read("last_contact_on", (own.c.clea_care_leaver_latest_contact,), values.day),
            Read("accommodation", (own.c.clea_care_leaver_accommodation,), values.coded(codes_care.ACCOMMODATION)),
            Read("suitable", (own.c.clea_care_leaver_accom_suitable,), values.coded(codes_care.SUITABLE)),
            Read("activity", (own.c.clea_care_leaver_activity,), values.coded(codes_care.ACTIVITY)),
            Read("plan_reviewed_on", (own.c.clea_pathway_plan_review_date,), values.day),
            Read("personal_adviser", (own.c.clea_care_leaver_personal_advisor,), values.plain),
            Read("worker", (workers.c.prof_professional_name, own.c.clea_care_leaver_worker_id), values.plain),
            Read("team", (teams.c.dept_team_name, own.c.clea_care_leaver_allocated_team), values.plain),
        ),
    )  # fmt: skip


def _voice(tables: Tables) -> Source:
    return simple(
        tables, "voice_of_child", "ssd_voice_of_child", "voch", "table_id",
        ("worries_explained", "explained_worries", values.answer),
        ("story_helps", "story_help_understand", values.answer),
        ("agrees_with_worker", "agree_worker", values.answer),
        ("plan_is_clear", "plan_safe", values.answer),
        ("drawing_helped", "tablet_help_explain", values.answer),
    )  # fmt: skip
