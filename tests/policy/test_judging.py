"""What may be recorded as a decision: every bad one is refused with its code, words that help, and nothing repeated."""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given as generated
from hypothesis import strategies as st

from hub.errors import BadRequest
from hub.policy.judgements import State
from hub.policy.judging import REASONS_MAX, Given, GivenRequest, new, person, reasons, stops, withdrawal
from hub.policy.load import default_policies_directory, load_bundle
from tests.policy.judged import AT, CHILD, KINDS, REASONS, REFERENCE, given, terms

REQUEST = {"organisation": "testshire-nhs", "case_reference": "A-1", "purpose": "ca2004-s16la"}


def hours(number: float) -> datetime:
    return AT + timedelta(hours=number)


def asked(**changes: str) -> GivenRequest:
    return GivenRequest(**(REQUEST | changes))


def make(kind: str = "hold", **changes: Any) -> Any:
    return new(given(kind, **changes), terms(), reference=REFERENCE, at=AT)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        pytest.param("hold", {}, id="on everything the holder has"),
        pytest.param("hold", {"post": "legal"}, id="the other post"),
        pytest.param("hold", {"local_id": None, "nhs_number": "999 000 4021"}, id="by NHS number"),
        pytest.param("hold", {"record_kinds": frozenset({"intelligence"}), "record_id": "r 1"}, id="on one record"),
        pytest.param("hold", {"decided_at": hours(-24), "expires_at": hours(48)}, id="72 hours to the second"),
        pytest.param("hold", {"review_at": hours(48)}, id="reviewed as it ends"),
        pytest.param("hold", {"decided_by": "Imogen Fairweather, duty team"}, id="a person of a team"),
        pytest.param("hold", {"decided_by": " Zoë   O’Neill-Ákos "}, id="a name with marks"),
        pytest.param("detriment", {}, id="one request"),
        pytest.param("detriment", {"decided_at": hours(-24 * 28), "expires_at": hours(0.001), "review_at": hours(0.001)}, id="taken 28 days ago, ends any moment"),
        pytest.param("ehc_interests", {}, id="a whole plan"),
        pytest.param("ehc_interests", {"fields": frozenset({"needs"})}, id="a part of a plan"),
    ],
)  # fmt: skip
def test_accepted(kind: str, changes: dict[str, Any]) -> None:
    made = make(kind, **changes)
    assert made.word == KINDS[kind].gives
    assert (made.id, made.kind) == (REFERENCE, kind)
    assert made.decided_at <= AT < made.review_at <= made.expires_at
    assert made.state(AT) is State.IN_FORCE


def test_it_is_kept_as_it_was_given() -> None:
    zone = timezone(timedelta(hours=1))
    made = make("detriment", nhs_number="999-000-4021", expires_at=hours(48).astimezone(zone), reasons=f"  {REASONS}\n")
    assert (made.nhs_number, made.local_id, made.reasons) == (CHILD, "P-77", REASONS)
    assert made.expires_at == hours(48)
    assert made.expires_at.tzinfo is UTC
    assert made.request.case_reference.value == "A-1"
    assert make(decided_by=" Imogen   Fairweather ").decided_by == "Imogen Fairweather"
    assert (made.request.organisation, made.request.purpose) == ("testshire-nhs", "ca2004-s16la")
    assert all(when.tzinfo is UTC for when in (made.decided_at, made.review_at, make("hold").decided_at))
    one = make(record_kinds=frozenset({"intelligence"}), record_id="r 1")
    assert (one.custodian, one.post, one.kinds, one.record_id) == (
        given("hold").custodian,
        given("hold").post,
        {"intelligence"},
        "r 1",
    )
    assert make("ehc_interests", fields=frozenset({"needs"})).fields == {"needs"}


naive = datetime(2026, 11, 23)
CHILD_KEYS = {"local_id": None, "nhs_number": None}


@pytest.mark.parametrize(
    ("code", "kind", "changes", "says"),
    [
        pytest.param("JUDGEMENT_KIND_UNKNOWN", "horoscope", {}, "detriment, ehc_interests, hold", id="unknown kind"),
        pytest.param("JUDGEMENT_CUSTODIAN_UNKNOWN", "hold", {"custodian": "testshire-polcie"}, "It asks: testshire-council, testshire-police", id="misspelt holder"),
        pytest.param("JUDGEMENT_POST_INVALID", "hold", {"post": "astrologer"}, "These may: intelligence, legal", id="unknown post"),
        pytest.param("JUDGEMENT_POST_INVALID", "hold", {"post": "send"}, "These may: intelligence, legal", id="a post that may not"),
        pytest.param("JUDGEMENT_DECIDER_INVALID", "hold", {"decided_by": "  "}, "Name the person", id="blank decider"),
        pytest.param("JUDGEMENT_DECIDER_INVALID", "hold", {"decided_by": "Imogen"}, "Name the person", id="one word"),
        pytest.param("JUDGEMENT_DECIDER_INVALID", "hold", {"decided_by": "Imogen 4711"}, "Name the person", id="a word and a number"),
        pytest.param("JUDGEMENT_DECIDER_INVALID", "hold", {"decided_by": "Legal Team"}, "not a team", id="a team"),
        pytest.param("JUDGEMENT_DECIDER_INVALID", "hold", {"decided_by": "legal, Imogen Fairweather"}, "Name the person", id="a post first"),
        pytest.param("JUDGEMENT_DECIDER_INVALID", "hold", {"decided_by": "Imogen \x1b[2J Fairweather"}, "Name the person", id="control characters"),
        pytest.param("JUDGEMENT_DECIDER_INVALID", "hold", {"decided_by": "Imogen " + "x" * 120}, "At most 120", id="a very long name"),
        pytest.param("JUDGEMENT_REASONS_INVALID", "hold", {"reasons": "Too risky for her.  "}, "20 to 4000 characters", id="short reasons"),
        pytest.param("JUDGEMENT_REASONS_INVALID", "hold", {"reasons": " " * 50}, "what would happen", id="blank reasons"),
        pytest.param("JUDGEMENT_REASONS_INVALID", "hold", {"reasons": "x" * (REASONS_MAX + 1)}, "20 to 4000", id="endless reasons"),
        pytest.param("JUDGEMENT_REASONS_INVALID", "hold", {"reasons": REASONS + "\ud800"}, "plain text", id="half a character"),
        pytest.param("JUDGEMENT_GROUND_REJECTED", "hold", {"reasons": "We cannot share this because of GDPR."}, "framework for sharing", id="GDPR"),
        pytest.param("JUDGEMENT_GROUND_REJECTED", "hold", {"reasons": "There is no consent from the\nmother. No."}, "Consent is not the lawful basis", id="no consent"),
        pytest.param("JUDGEMENT_GROUND_REJECTED", "hold", {"reasons": "It is an ongoing\ninvestigation and that is that"}, "imp-family-proceedings: ", id="an investigation, over a line's end"),
        pytest.param("JUDGEMENT_GROUND_REJECTED", "hold", {"reasons": "GDPR stops it, see r.12 of the handbook we all follow"}, "framework", id="a point inside a word ends no sentence"),
        pytest.param("JUDGEMENT_GROUND_REJECTED", "detriment", {"reasons": "This is CONFIDENTIAL, we have always kept it so"}, "imp-confidence", id="in capitals"),
        pytest.param("JUDGEMENT_TIME_INVALID", "hold", {"decided_at": naive}, "with its offset", id="decided at no offset"),
        pytest.param("JUDGEMENT_TIME_INVALID", "hold", {"review_at": naive}, "with its offset", id="review at no offset"),
        pytest.param("JUDGEMENT_TIME_INVALID", "hold", {"expires_at": naive}, "with its offset", id="ends at no offset"),
        pytest.param("JUDGEMENT_DECIDED_INVALID", "hold", {"decided_at": AT + timedelta(microseconds=1)}, "by now", id="decided in the future"),
        pytest.param("JUDGEMENT_DECIDED_INVALID", "detriment", {"decided_at": hours(-24 * 28 - 0.001)}, "28 days", id="decided too long ago"),
        pytest.param("JUDGEMENT_DECIDED_INVALID", "hold", {"decided_at": datetime.min.replace(tzinfo=timezone(timedelta(hours=5)))}, "28 days", id="at the beginning of time"),
        pytest.param("JUDGEMENT_EXPIRY_INVALID", "hold", {"expires_at": AT}, "must end: after now", id="ends now"),
        pytest.param("JUDGEMENT_EXPIRY_INVALID", "hold", {"decided_at": hours(-2), "expires_at": hours(-1), "review_at": hours(-1)}, "after now", id="ended before"),
        pytest.param("JUDGEMENT_EXPIRY_INVALID", "hold", {"expires_at": hours(72.001)}, "72 hours", id="longer than it may last"),
        pytest.param("JUDGEMENT_EXPIRY_INVALID", "hold", {"decided_at": hours(-24), "expires_at": hours(49)}, "72 hours", id="counted from the decision, not from its recording"),
        pytest.param("JUDGEMENT_EXPIRY_INVALID", "hold", {"expires_at": datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))}, "72 hours", id="for ever"),
        pytest.param("JUDGEMENT_REVIEW_INVALID", "hold", {"review_at": hours(48.001)}, "not after the end", id="review after the end"),
        pytest.param("JUDGEMENT_REVIEW_INVALID", "hold", {"decided_at": hours(-1), "review_at": hours(-2)}, "lie ahead", id="review before the decision"),
        pytest.param("JUDGEMENT_REVIEW_INVALID", "hold", {"review_at": AT}, "lie ahead", id="review due at once"),
        pytest.param("JUDGEMENT_CHILD_MISSING", "hold", CHILD_KEYS, "NHS number", id="no child"),
        pytest.param("NHS_NUMBER_INVALID", "hold", {"nhs_number": "9990004022"}, "check digit", id="a wrong NHS number beside a good id"),
        pytest.param("JUDGEMENT_CHILD_INVALID", "hold", {"local_id": ""}, "exactly", id="an empty id"),
        pytest.param("JUDGEMENT_CHILD_INVALID", "hold", {"local_id": "P-77 "}, "exactly", id="an id with a space after it"),
        pytest.param("JUDGEMENT_CHILD_INVALID", "hold", {"local_id": "x" * 201}, "200", id="a long id"),
        pytest.param("JUDGEMENT_RECORDS_INVALID", "hold", {"record_kinds": frozenset({"horoscope"})}, "intelligence", id="unknown kind of record"),
        pytest.param("JUDGEMENT_RECORDS_INVALID", "hold", {"record_kinds": frozenset({"intelligence", "education_health_care_plan"})}, "keeps no such", id="another holder's kind"),
        pytest.param("JUDGEMENT_RECORDS_INVALID", "ehc_interests", {"record_kinds": frozenset()}, "which kinds", id="parts of no kind"),
        pytest.param("JUDGEMENT_RECORDS_INVALID", "hold", {"record_id": "r1"}, "one kind", id="a record of no kind"),
        pytest.param("JUDGEMENT_RECORDS_INVALID", "ehc_interests", {"record_kinds": frozenset({"education_health_care_plan", "contact"}), "record_id": "r1"}, "one kind", id="a record of two kinds"),
        pytest.param("JUDGEMENT_RECORDS_INVALID", "ehc_interests", {"record_id": "r1\n"}, "exactly", id="a record's id with a line's end"),
        pytest.param("JUDGEMENT_FIELDS_INVALID", "ehc_interests", {"fields": frozenset({"horoscope"})}, "needs", id="unknown field"),
        pytest.param("JUDGEMENT_FIELDS_INVALID", "ehc_interests", {"fields": frozenset({"needs"}), "record_kinds": frozenset({"education_health_care_plan", "contact"})}, "every kind", id="a field of one of two kinds"),
        pytest.param("JUDGEMENT_FIELDS_INVALID", "hold", {"fields": frozenset({"summary"}), "record_kinds": frozenset({"intelligence"})}, "whole records", id="parts where there are none"),
        pytest.param("JUDGEMENT_REQUEST_MISSING", "detriment", {"request": None}, "never a standing rule", id="detriment as a standing rule"),
        pytest.param("JUDGEMENT_REQUEST_NOT_ALLOWED", "hold", {"request": asked()}, "every request", id="a request where there is none"),
        pytest.param("JUDGEMENT_REQUEST_INVALID", "detriment", {"request": asked(organisation="testshire-nsh")}, "testshire-nhs", id="misspelt agency"),
        pytest.param("JUDGEMENT_REQUEST_INVALID", "detriment", {"request": asked(purpose="curiosity")}, "ca1989-s17", id="unknown purpose"),
        pytest.param("CASE_REFERENCE_MISSING", "detriment", {"request": asked(case_reference=" ")}, "case reference", id="no case"),
        pytest.param("CASE_REFERENCE_INVALID", "detriment", {"request": asked(case_reference="Lee's")}, "must not contain a name", id="no case reference"),
    ],
)  # fmt: skip
def test_refused(code: str, kind: str, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(BadRequest) as caught:
        make(kind, **changes)
    assert caught.value.code == code
    assert says in caught.value.message
    first, *bars = caught.value.message.splitlines()
    assert re.fullmatch(r"[A-Z][^\n]*[.:]", first), "a sentence"
    assert all(re.fullmatch(r"  imp-[a-z0-9-]+: [A-Z].*", bar) for bar in bars), "and the real bars"
    assert not re.search(r"[A-Z]{6}|\bXX|XX\b", caught.value.message), "in ordinary letters"
    for value in ("P-77", "9990004022", "Imogen", "polcie", "father", "A-1", "horoscope", "Lee"):
        assert value not in caught.value.message


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        pytest.param("hold", f"The plan is sensitive. {REASONS}", id="a ground beside a reason"),
        pytest.param("hold", f"{REASONS} GDPR.", id="a reason, then a ground"),
        pytest.param("hold", "Sensitivities of the arrest planned for Tuesday", id="a word that only begins like one"),
        pytest.param("ehc_interests", "There is no consent, and she needs the school to know.", id="a decision that releases may say so"),
    ],
)  # fmt: skip
def test_a_ground_may_be_mentioned(kind: str, why: str) -> None:
    assert make(kind, reasons=why).reasons == why


def test_what_stops_and_what_lifts() -> None:
    bundle = terms().bundle
    assert stops("detriment_judgement", bundle)
    assert stops("yp_objection", bundle)
    assert not stops("interests_decision", bundle), "it lifts"
    assert not stops("intelligence_released", bundle), "it lifts, and brings a notice"


def test_every_kind_of_decision_in_the_policies_does_something() -> None:
    bundle = load_bundle(default_policies_directory(), on=AT.date())
    conditions = [each for rule in bundle.rules for each in (rule.applies_when, *rule.does_not_apply_when)]
    used = {word for condition in conditions for word in condition.record_has}
    idle = [name for name, kind in bundle.vocabulary.judgements.items() if kind.gives not in used]
    assert idle == [], "a person would decide, and nothing would change"


def test_a_withdrawal_names_who_and_why() -> None:
    made = withdrawal(" Imogen  Fairweather", REASONS, at=AT.astimezone(timezone(timedelta(hours=2))))
    assert (made.by, made.at, made.at.tzinfo, made.reasons) == ("Imogen Fairweather", AT, UTC, REASONS)
    assert "Imogen" not in repr(made)
    for by, why in (("Imogen", REASONS), ("Imogen Fairweather", "because")):
        with pytest.raises(BadRequest):
            withdrawal(by, why, at=AT)


def test_the_example_in_the_documentation_can_be_read() -> None:
    text = (Path(__file__).parents[2] / "docs" / "decisions.md").read_text(encoding="utf-8")
    example = text.partition("```toml\n")[2].partition("```")[0]
    commented = [line for line in example.splitlines() if line.startswith("# ") and " = " in line]
    keys = {line.removeprefix("# ").partition(" = ")[0] for line in commented} | tomllib.loads(example).keys()
    assert keys == set(Given.__struct_fields__)
    read = msgspec.convert(tomllib.loads(example), Given)
    assert new(msgspec.structs.replace(read, kind="detriment"), terms(), reference=REFERENCE, at=AT)


def test_what_is_given_is_in_no_repr() -> None:
    assert repr(given()) == "<Given decision>"


@generated(st.text())
def test_a_name_or_reasons_that_are_kept_can_be_shown_and_stored(text: str) -> None:
    for read in (person, reasons):
        with suppress(BadRequest):
            kept = read(text)
            kept.encode()
            assert not {"\x1b", "\0", "\x9b"} & set(kept)


@generated(words=st.lists(st.text("ab\x1b\n ", max_size=8), max_size=3))
def test_reasons_with_control_characters_are_refused(words: list[str]) -> None:
    said = REASONS + "".join(words)
    if "\x1b" in said:
        with pytest.raises(BadRequest):
            reasons(said)
    else:
        assert reasons(said) == said.strip()
