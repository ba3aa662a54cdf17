"""What a limit ends whatever a record says is not asked for at all; what might still be told is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.policy.bundle import Condition, Effect, Rule
from hub.policy.engine import Policy
from tests.policy.cases import bundle

NURSE, SCHOOL, STRANGER = "mash_nurse", "school_safeguarding_lead", "locum"
HEALTH_DETAIL = Condition(classification_is=("health_detail",))


def limit(applies: Condition, *exceptions: Condition) -> Rule:
    """A limit and nothing else."""
    usual = bundle().limits["scope-others"]
    return replace(usual, id="limit", effect=Effect.OUT_OF_SCOPE, applies_when=applies, does_not_apply_when=exceptions)


def reached(rule: Rule, purpose: str, role: str, kind: str) -> frozenset[str]:
    return Policy(replace(bundle(), limits={"limit": rule})).scope(purpose, role).fields.get(kind, frozenset())


@pytest.mark.parametrize(
    ("applies", "exceptions", "purpose", "role", "kind", "ended"),
    [
        pytest.param(HEALTH_DETAIL, (), "ca2004-s16la", NURSE, "attendance", {"summary", "discharge"}, id="a class"),
        pytest.param(HEALTH_DETAIL, (), "ca2004-s16la", STRANGER, "attendance", {"summary", "discharge"}, id="a class, whoever asks"),
        pytest.param(HEALTH_DETAIL, (), "ca2004-s16la", NURSE, "contact", set(), id="a kind without the class"),
        pytest.param(replace(HEALTH_DETAIL, purpose_is=("ca2004-s16la",)), (), "ca2004-s16la", NURSE, "attendance", {"summary", "discharge"}, id="under this purpose"),
        pytest.param(replace(HEALTH_DETAIL, purpose_is=("ca1989-s47",)), (), "ca2004-s16la", NURSE, "attendance", set(), id="under another purpose"),
        pytest.param(replace(HEALTH_DETAIL, recipient_is=("school_or_college",)), (), "ca2004-s16la", SCHOOL, "attendance", {"summary", "discharge"}, id="for this recipient"),
        pytest.param(replace(HEALTH_DETAIL, recipient_is=("school_or_college",)), (), "ca2004-s16la", NURSE, "attendance", set(), id="for another recipient"),
        pytest.param(replace(HEALTH_DETAIL, recipient_is=("school_or_college",)), (), "ca2004-s16la", STRANGER, "attendance", set(), id="for a recipient nobody knows to be one"),
        pytest.param(HEALTH_DETAIL, (Condition(recipient_is=("school_or_college",)),), "ca2004-s16la", NURSE, "attendance", {"summary", "discharge"}, id="unless for a recipient she is not"),
        pytest.param(HEALTH_DETAIL, (Condition(recipient_is=("school_or_college",)),), "ca2004-s16la", STRANGER, "attendance", set(), id="unless for a recipient she may be"),
        pytest.param(replace(HEALTH_DETAIL, record_has=("about_adult",)), (), "ca2004-s16la", NURSE, "attendance", set(), id="for records that say so, and some may not"),
        pytest.param(HEALTH_DETAIL, (Condition(record_has=("link_recorded",)),), "ca2004-s16la", NURSE, "attendance", set(), id="unless the record says so, and some may"),
        pytest.param(replace(HEALTH_DETAIL, subject_is=("restricted_location",)), (), "ca2004-s16la", NURSE, "attendance", set(), id="for a child of whom that is not known yet"),
        pytest.param(HEALTH_DETAIL, (Condition(subject_is=("restricted_location",)),), "ca2004-s16la", NURSE, "attendance", set(), id="unless for a child of whom it may be so"),
        pytest.param(Condition(record_has=("ehc_plan",), classification_is=("education",)), (), "ca2004-s16la", NURSE, "education_health_care_plan", {"ended_on", "reviewed_on", "needs"}, id="by what every record of the kind carries"),
        pytest.param(Condition(classification_is=("education",)), (Condition(record_has=("ehc_plan",)),), "ca2004-s16la", NURSE, "education_health_care_plan", set(), id="unless by what every record of the kind carries"),
    ],
)  # fmt: skip
def test_reached(
    applies: Condition, exceptions: tuple[Condition, ...], purpose: str, role: str, kind: str, ended: set[str]
) -> None:
    unlimited = limit(Condition(record_has=("about_adult",), purpose_is=("ca1989-s31",)))
    before = reached(unlimited, purpose, role, kind)
    after = reached(limit(applies, *exceptions), purpose, role, kind)
    assert before
    assert before - after == ended
    assert after <= before


def test_a_kind_of_which_nothing_is_left_is_out_of_scope_and_so_is_a_sector() -> None:
    everything = limit(Condition(classification_is=tuple(bundle().vocabulary.classifications)))
    scope = Policy(replace(bundle(), limits={"limit": everything})).scope("ca2004-s16la", NURSE)
    assert (scope.kinds, scope.sectors) == (frozenset(), frozenset())
