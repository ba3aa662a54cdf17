"""What differs between two sets, told to somebody who has to agree to it: from what to what."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from hub.domain.catalogue import Catalogue
from hub.domain.organisations import Sector
from hub.policy.bundle import Bundle, Condition, Detail
from hub.policy.changes import NOT_IN_TABLES, changes
from tests.policy.cases import bundle

S17 = bundle().purposes["ca1989-s17"]
LPP = bundle().impediments["imp-lpp"]
SEN = bundle().impediments["imp-sen-reg17"]


def purpose(**parts: Any) -> Bundle:
    return replace(bundle(), purposes={**bundle().purposes, S17.id: replace(S17, **parts)})


def rule(**parts: Any) -> Bundle:
    return replace(bundle(), impediments={**bundle().impediments, LPP.id: replace(LPP, **parts)})


def words(**parts: Any) -> Bundle:
    return replace(bundle(), vocabulary=replace(bundle().vocabulary, **parts))


def contact(**parts: Any) -> Bundle:
    kinds = bundle().catalogue.kinds
    return replace(bundle(), catalogue=Catalogue({**kinds, "contact": replace(kinds["contact"], **parts)}))


FIELDS = bundle().catalogue["contact"].fields
IN_S17 = "purpose ca1989-s17 (Child in need assessment and services):"
IN_LPP = "impediment imp-lpp (Legal professional privilege):"
WAIVED = LPP.does_not_apply_when[0]


@pytest.mark.parametrize(
    ("new", "said"),
    [
        pytest.param(bundle(), [], id="nothing"),
        pytest.param(purpose(look_back_years=3), [IN_S17, "  look back years: 10 -> 3", NOT_IN_TABLES], id="years"),
        pytest.param(purpose(look_back_years=None), [IN_S17, "  look back years: 10 -> the child's whole life", NOT_IN_TABLES], id="no limit of years"),
        pytest.param(purpose(detail={**S17.detail, "attendance": Detail.KEY_FACTS, "allergy": Detail.KEY_FACTS, "intelligence": Detail.FULL}), [IN_S17, "  reaches key facts instead of everything of attendance and allergy", "  reaches everything instead of nothing of intelligence"], id="reach, alike together"),
        pytest.param(purpose(recipient_sectors=frozenset({Sector.POLICE})), [IN_S17, "  recipient sectors: now without council and with police"], id="who may ask"),
        pytest.param(purpose(decision="section_47_enquiry", needs_decision=True), [IN_S17, "  decision: nothing -> section_47_enquiry"], id="a decision it needs, once"),
        pytest.param(rule(next_step="Ask."), [IN_LPP, '  next step: "Ask for the facts instead of the advice; the head of legal may waive." -> Ask.'], id="a text"),
        pytest.param(rule(review=replace(LPP.review, next=date(2028, 1, 1))), [IN_LPP, "  review next: 2027-11-01 -> 2028-01-01"], id="its next review"),
        pytest.param(rule(rank=0), [IN_LPP, "  named as: privilege -> order"], id="what sort of law it is"),
        pytest.param(rule(veiled=True), [IN_LPP, "  veiled: False -> True"], id="veiled"),
        pytest.param(rule(applies_when=Condition(record_has=("court_order",))), [IN_LPP, '  applied when the record is marked "legal advice, or made for litigation", and applies when the record is marked "a court order in force restricts its disclosure"'], id="its condition"),
        pytest.param(rule(does_not_apply_when=()), [IN_LPP, '  no longer lifted when the record is marked "the client has waived privilege in it" (the client has waived privilege)'], id="an exception less"),
        pytest.param(rule(does_not_apply_when=(WAIVED, Condition(purpose_is=("ca1989-s47",), because="urgent"))), [IN_LPP, '  now lifted when the purpose is "Child protection enquiry" (urgent)'], id="an exception more"),
        pytest.param(contact(fields=FIELDS[1:]), ["kind of record contact (Contact with children's social care):", f"  field {FIELDS[0].name} removed"], id="a field less"),
        pytest.param(contact(fields=(replace(FIELDS[0], label="When"), *FIELDS[1:])), ["kind of record contact (Contact with children's social care):", f"  field {FIELDS[0].name}: label: {FIELDS[0].label if ' ' not in FIELDS[0].label else chr(34) + FIELDS[0].label + chr(34)} -> When"], id="a field's name for people"),
        pytest.param(contact(fields=tuple(replace(each, needed_for=frozenset()) for each in FIELDS)), [], id="what fields are needed for is told with the purposes"),
        pytest.param(words(telling=replace(bundle().vocabulary.telling, veiled_reply_days=2)), ["fixed words [tell]:", "  veiled reply days: 3 -> 2"], id="a promise of a reply"),
        pytest.param(words(levels={**bundle().vocabulary.levels, "health": Detail.FULL}), ["word of [levels] health:", "  key_facts -> full"], id="a level"),
        pytest.param(words(recipients={**bundle().vocabulary.recipients, "school_or_college": frozenset({"mash_nurse", "school_safeguarding_lead"})}), ["word of [recipients] school_or_college:", "  now with mash_nurse"], id="who counts as what"),
    ],
)  # fmt: skip
def test_what_differs_is_told_from_what_to_what(new: Bundle, said: list[str]) -> None:
    assert changes(bundle(), new) == said


def test_what_is_added_or_removed_has_its_title() -> None:
    fewer = replace(bundle(), impediments={name: each for name, each in bundle().impediments.items() if each != SEN})
    assert changes(bundle(), fewer) == ["impediment imp-sen-reg17 (Education, health and care plan) removed"]
    assert changes(fewer, bundle()) == ["impediment imp-sen-reg17 (Education, health and care plan) added"]


def test_words_are_read_in_the_set_they_stand_in() -> None:
    """A purpose that only the new set has is called by its title there."""
    late = replace(S17, id="later", title="Later law")
    lifted = Condition(purpose_is=("later",), because="new")
    new = replace(rule(does_not_apply_when=(WAIVED, lifted)), purposes={**bundle().purposes, "later": late})
    assert changes(bundle(), new) == [
        "purpose later (Later law) added",
        IN_LPP,
        '  now lifted when the purpose is "Later law" (new)',
    ]
