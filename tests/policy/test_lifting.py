"""What is offered to lift a rule does lift it, what is said to be unavailable stops nothing: the engine is the judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.disclosure import Outcome
from hub.domain.identifiers import CaseReference
from hub.domain.records import RecordPointer
from hub.policy import lifting
from hub.policy.bundle import Bundle, Rule
from hub.policy.engine import Policy
from hub.policy.facts import NOTHING_JUDGED, Judged, RequestFacts
from hub.policy.judgements import Book, Request
from hub.policy.load import default_policies_directory, load_bundle

AT = datetime(2026, 11, 22, 16, 40, tzinfo=UTC)
STOPS = (Outcome.WITHHELD, Outcome.ASK)
REQUEST = Request("testshire-nhs", CaseReference("MASH-1"), "ca2004-s16la")


@cache
def bundle() -> Bundle:
    return load_bundle(default_policies_directory(), on=date(2026, 11, 22))


@cache
def policy() -> Policy:
    return Policy(bundle())


def stopped(rule: Rule, kind: str, facts: RequestFacts, word: str, judged: Judged = NOTHING_JUDGED) -> bool:
    """Whether ``rule`` holds back anything of a record that is as the rule wants it."""
    if word in bundle().vocabulary.subject_facts:
        facts = RequestFacts(facts.purpose, facts.role, facts.recipient_sector, True, frozenset({word}))
        pointer = RecordPointer("holder", kind, "r-1")
    else:
        pointer = RecordPointer("holder", kind, "r-1", frozenset({word}))
    decided = policy().decide(facts, pointer, judged)
    return any(group.decision.outcome in STOPS and rule.id in group.decision.grounds for group in decided.groups)


def asked() -> Iterator[RequestFacts]:
    for purpose in bundle().purposes:
        for role, sector in bundle().vocabulary.roles.items():
            yield RequestFacts(purpose, role, sector, True)


@pytest.mark.parametrize("rule", lifting.refusing_rules(bundle()), ids=lambda rule: rule.id)
def test_what_is_offered_lifts_and_what_is_unavailable_stops_nothing(rule: Rule) -> None:
    stops = 0
    for facts in asked():
        basis = lifting.basis(rule, bundle(), facts.purpose, facts.role)
        assert basis.applies
        for word in (each.word for each in basis.applies):
            kinds = [each for each in KINDS if stopped(rule, each, facts, word)]
            assert not (kinds and basis.unavailable), facts
            for kind in kinds[:2]:
                stops += 1
                for lift in basis.lifts:
                    assert not stopped(rule, kind, facts, word, Judged(frozenset({lift.word}))), (facts, lift)
    assert stops  # every rule stops something that somebody may ask


KINDS = ("case_document", "intelligence", "council_address", "attendance", "patient", "education_health_care_plan")


def test_a_purpose_lifts_only_where_the_rule_says_so() -> None:
    rule = bundle().impediments["imp-gra-22"]
    words = {
        purpose: {each.word for each in lifting.lifting_facts(rule, bundle(), purpose, "mash_nurse")}
        for purpose in ("ca2004-s16la", "ca1989-s17")
    }
    assert words["ca2004-s16la"] - words["ca1989-s17"] == {"legal_basis_confirmed"}


@given(
    st.lists(st.sampled_from(["interests_decision", "release_conditions", "court_permission"]), max_size=5),
    st.integers(0, 40),
    st.sampled_from(["ehc-1", "ehc-2"]),
    st.sampled_from(["MASH-1", "mash-1 ", "MASH-2"]),
    st.sampled_from(["testshire-nhs", "testshire-police"]),
)
def test_a_release_is_of_one_record_for_one_request_until_its_end(
    words: list[str], days: int, record: str, case: str, organisation: str
) -> None:
    made = lifting.Made(
        "a" * 32, "testshire-council", "P-1", "ehc-1", "education_health_care_plan", frozenset(), REQUEST,
        "Imogen Fairweather", "send", "Reasons about this child.", AT, AT + timedelta(days=7),
    )  # fmt: skip
    recorded = lifting.judgements(made, words)
    assert lifting.judgements(made, words) == recorded
    assert len({each.id for each in recorded}) == len(recorded) == len(set(words))
    assert {each.id for each in lifting.judgements(replace(made, reference="b" * 32), words)}.isdisjoint(
        each.id for each in recorded
    )
    judged = Book(recorded).about(
        custodian="testshire-council", local_id="P-1", nhs_numbers=(), kind="education_health_care_plan", record_id=record,
        organisation=organisation, case_reference=CaseReference.parse(case.strip()), purpose="ca2004-s16la",
        at=AT + timedelta(days=days),
    )  # fmt: skip
    holds = record == "ehc-1" and case != "MASH-2" and organisation == "testshire-nhs" and days < 7
    assert judged.words == (frozenset(words) if holds else frozenset())
    assert judged.stale == frozenset()


@pytest.mark.parametrize(
    ("said", "named", "beyond"),
    [
        pytest.param("GDPR", 1, "", id="GDPR"),
        pytest.param("gdpr. No consent!", 2, "", id="two, however written"),
        pytest.param("The DPAs met.", 0, "The DPAs met", id="part of another word"),
        pytest.param("It is confidential. The court sealed it.", 1, "The court sealed it", id="and a reason"),
        pytest.param("not\nsigned", 1, "", id="over two lines"),
        pytest.param("", 0, "", id="nothing"),
    ],
)
def test_grounds_that_are_no_impediments(said: str, named: int, beyond: str) -> None:
    assert len(lifting.rejected_in(said, bundle())) == named
    assert lifting.beyond_rejected(said, bundle()) == beyond


@given(st.text(max_size=300))
def test_no_text_breaks_the_search_for_rejected_grounds(said: str) -> None:
    assert len(lifting.beyond_rejected(said, bundle())) <= len(said)
