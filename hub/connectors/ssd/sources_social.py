"""Where social work with children is kept: contacts, referrals, assessments, enquiries, plans, documents."""

from __future__ import annotations

from hub.connectors.ssd import codes, codes_care, published, values
from hub.connectors.ssd.source import Implied, Read, Source, Tables, flags_adoption, says_adoption, simple


def social_sources(tables: Tables) -> tuple[Source, ...]:
    """The sources of this module."""
    return (*_early(tables), *_protection(tables), _document(tables))


def _early(tables: Tables) -> tuple[Source, ...]:
    contacts, referrals = tables["ssd_contacts"], tables["ssd_cin_episodes"]
    contact = Source(
        "contact", "ssd_contacts", contacts, contacts.c.cont_contact_id, contacts.c.cont_person_id,
        (
            Read("on", (contacts.c.cont_contact_date,), values.day),
            Read("contact_source", (contacts.c.cont_contact_source_code, contacts.c.cont_contact_source_desc),
                 values.coded(codes.REFERRER)),
            Read("outcome", (contacts.c.cont_contact_outcome_json,), values.outcome),
        ),
        implied=(Implied("adoption_s56", flags_adoption(contacts.c.cont_contact_outcome_json)),),
    )  # fmt: skip
    referral = Source(
        "referral", "ssd_cin_episodes", referrals, referrals.c.cine_referral_id, referrals.c.cine_person_id,
        (
            Read("on", (referrals.c.cine_referral_date,), values.day),
            Read("referral_source", (referrals.c.cine_referral_source_code, referrals.c.cine_referral_source_desc),
                 values.coded(codes.REFERRER)),
            Read("primary_need", (referrals.c.cine_cin_primary_need_code,), values.coded(codes.NEED)),
            Read("outcome", (referrals.c.cine_referral_outcome_json,), values.outcome),
            Read("no_further_action", (referrals.c.cine_referral_nfa,), values.flag),
            Read("closed_on", (referrals.c.cine_close_date,), values.day),
            Read("close_reason", (referrals.c.cine_close_reason,), values.coded(codes.CLOSURE)),
        ),
        implied=(
            Implied("adoption_s56", says_adoption(referrals.c.cine_close_reason, ("RC1",))),
            Implied("adoption_s56", flags_adoption(referrals.c.cine_referral_outcome_json)),
        ),
    )  # fmt: skip
    early_help = simple(
        tables, "early_help", "ssd_early_help_episodes", "earl", "episode_id",
        ("started_on", "episode_start_date", values.day), ("ended_on", "episode_end_date", values.day),
        ("reason", "episode_reason", values.plain), ("end_reason", "episode_end_reason", values.plain),
        ("organisation", "episode_organisation", values.plain),
    )  # fmt: skip
    return contact, early_help, referral, _assessment(tables), _need_plan(tables)


def _assessment(tables: Tables) -> Source:
    own, factors = tables["ssd_cin_assessments"], tables["ssd_assessment_factors"]
    return Source(
        "assessment", "ssd_cin_assessments",
        own.outerjoin(factors, factors.c.cinf_assessment_id == own.c.cina_assessment_id),
        own.c.cina_assessment_id, own.c.cina_person_id,
        (
            Read("started_on", (own.c.cina_assessment_start_date,), values.day),
            Read("completed_on", (own.c.cina_assessment_auth_date,), values.day),
            Read("child_seen", (own.c.cina_assessment_child_seen,), values.flag),
            Read("factors", (factors.c.cinf_assessment_factors_json,), values.coded_list(codes.FACTORS), merges=True),
            Read("outcome", (own.c.cina_assessment_outcome_json,), values.outcome),
        ),
    )  # fmt: skip


def _need_plan(tables: Tables) -> Source:
    own, teams = tables["ssd_cin_plans"], tables["ssd_department"]
    return Source(
        "child_in_need_plan", "ssd_cin_plans",
        own.outerjoin(teams, teams.c.dept_team_id == own.c.cinp_cin_plan_team),
        own.c.cinp_cin_plan_id, own.c.cinp_person_id,
        (
            Read("started_on", (own.c.cinp_cin_plan_start_date,), values.day),
            Read("ended_on", (own.c.cinp_cin_plan_end_date,), values.day),
            Read("team", (teams.c.dept_team_name, own.c.cinp_cin_plan_team), values.plain),
        ),
    )  # fmt: skip


def _protection(tables: Tables) -> tuple[Source, ...]:
    enquiry = simple(
        tables, "section47_enquiry", "ssd_s47_enquiry", "s47e", "s47_enquiry_id",
        ("started_on", "s47_start_date", values.day), ("ended_on", "s47_end_date", values.day),
        ("outcome", "s47_outcome_json", values.outcome), ("no_further_action", "s47_nfa", values.flag),
    )  # fmt: skip
    conference = simple(
        tables, "conference", "ssd_initial_cp_conference", "icpc", "icpc_id",
        ("on", "icpc_date", values.day), ("target_on", "icpc_target_date", values.day),
        ("plan_agreed", "icpc_outcome_cp_flag", values.flag), ("outcome", "icpc_outcome_json", values.outcome),
        ("transferred_in", "icpc_transfer_in", values.flag),
    )  # fmt: skip
    plan = simple(
        tables, "protection_plan", "ssd_cp_plans", "cppl", "cp_plan_id",
        ("started_on", "cp_plan_start_date", values.day), ("ended_on", "cp_plan_end_date", values.day),
        ("initial_category", "cp_plan_initial_category", values.coded(codes.ABUSE)),
        ("category", "cp_plan_latest_category", values.coded(codes.ABUSE)),
        ("other_authority", "cp_plan_ola", values.flag),
    )  # fmt: skip
    review = simple(
        tables, "plan_review", "ssd_cp_reviews", "cppr", "cp_review_id",
        ("due_on", "cp_review_due", values.day), ("held_on", "cp_review_date", values.day),
        ("plan_continues", "cp_review_outcome_continue_cp", values.flag),
        ("quorate", "cp_review_quorate", values.flag),
        ("participation", "cp_review_participation", values.coded(codes_care.PARTICIPATION)),
    )  # fmt: skip
    visit = simple(
        tables, "plan_visit", "ssd_cp_visits", "cppv", "cp_visit_id",
        ("on", "cp_visit_date", values.day), ("child_seen", "cp_visit_seen", values.flag),
        ("child_seen_alone", "cp_visit_seen_alone", values.flag), ("bedroom_seen", "cp_visit_bedroom", values.flag),
    )  # fmt: skip
    return enquiry, conference, plan, review, visit


def _document(tables: Tables) -> Source:
    own = tables[published.DOCUMENTS_TABLE]
    return Source(
        "case_document", published.DOCUMENTS_TABLE, own, own.c.docu_id, own.c.docu_person_id,
        (
            Read("on", (own.c.docu_date,), values.day),
            Read("title", (own.c.docu_title,), values.plain),
            Read("document_type", (own.c.docu_type,), values.plain),
            Read("summary", (own.c.docu_summary,), values.plain),
            Read("attachment", (own.c.docu_attachment,), values.plain),
        ),
        needs_assessment=True,
    )  # fmt: skip
