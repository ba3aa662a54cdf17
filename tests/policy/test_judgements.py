"""Which judgements bear on a record in a question: never another child's, holder's, case's; never past their time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.identifiers import CaseReference
from hub.policy.facts import NOTHING_JUDGED, Judged
from hub.policy.judgements import Book, Judgement, State
from tests.policy.judged import ASKED, AT, CHILD, COUNCIL, OTHER_CHILD, POLICE, judgement

HOLD = frozenset({"investigation_hold"})
MOMENT = timedelta(microseconds=1)


def about(*judgements: Judgement, **changes: Any) -> Judged:
    """What is judged of one intelligence report of the child, in one question."""
    usual: dict[str, Any] = {
        "custodian": POLICE,
        "local_id": "P-77",
        "nhs_numbers": frozenset({CHILD}),
        "kind": "intelligence",
        "record_id": "r1",
        "organisation": ASKED.organisation,
        "case_reference": ASKED.case_reference,
        "purpose": ASKED.purpose,
        "at": AT,
    }
    return Book(judgements).about(**(usual | changes))


by_number = {"local_id": None, "nhs_number": CHILD}


@pytest.mark.parametrize(
    ("made", "asked", "applies"),
    [
        pytest.param({}, {}, True, id="the holder's own id"),
        pytest.param({}, {"local_id": "P-78"}, False, id="another id"),
        pytest.param({}, {"local_id": "p-77"}, False, id="the holder's ids are its own: capitals count"),
        pytest.param({}, {"local_id": None}, False, id="the child's own id is not known"),
        pytest.param({}, {"custodian": COUNCIL}, False, id="the same id at another holder is another person"),
        pytest.param(by_number, {}, True, id="the NHS number"),
        pytest.param(by_number, {"nhs_numbers": {OTHER_CHILD}}, False, id="another NHS number"),
        pytest.param(by_number, {"nhs_numbers": {OTHER_CHILD, CHILD}}, True, id="one of two NHS numbers"),
        pytest.param(by_number, {"nhs_numbers": ()}, False, id="the NHS number is not known"),
        pytest.param(by_number, {"custodian": COUNCIL}, False, id="the same child at another holder"),
        pytest.param({"local_id": CHILD.value}, {"local_id": None}, False, id="an own id that looks like the number"),
        pytest.param({"nhs_number": CHILD}, {"local_id": "P-78"}, True, id="both given, the number fits"),
        pytest.param({"nhs_number": CHILD}, {"nhs_numbers": ()}, True, id="both given, the id fits"),
        pytest.param({"nhs_number": CHILD}, {"local_id": "x", "nhs_numbers": ()}, False, id="both given, neither fits"),
        pytest.param({"kinds": frozenset({"intelligence", "crime"})}, {}, True, id="one of its kinds"),
        pytest.param({"kinds": frozenset({"crime"})}, {}, False, id="not one of its kinds"),
        pytest.param({"record_id": "r1"}, {}, True, id="its record"),
        pytest.param({"record_id": "r2"}, {}, False, id="another record"),
        pytest.param({"record_id": "r1", "kinds": frozenset({"crime"})}, {}, False, id="another kind's record of that id"),
        pytest.param({"request": ASKED}, {}, True, id="its request"),
        pytest.param({"request": ASKED}, {"organisation": "testshire-council"}, False, id="another agency asks"),
        pytest.param({"request": ASKED}, {"purpose": "ca1989-s47"}, False, id="another purpose"),
        pytest.param({"request": ASKED}, {"case_reference": CaseReference("MASH-2026-1183")}, False, id="another case"),
        pytest.param({"request": ASKED}, {"case_reference": CaseReference("mash-2026-1182")}, True, id="the case in small letters"),
        pytest.param({"request": ASKED}, {"case_reference": CaseReference("MASH-2026 -1182")}, True, id="the case with a space"),
    ],
)  # fmt: skip
def test_to_what_it_applies(made: dict[str, Any], asked: dict[str, Any], applies: bool) -> None:
    assert about(judgement(**made), **asked) == (Judged(words=HOLD) if applies else NOTHING_JUDGED)


@pytest.mark.parametrize(
    ("at", "expected", "state"),
    [
        pytest.param(AT + timedelta(hours=24) - MOMENT, Judged(words=HOLD), State.IN_FORCE, id="just before the review"),
        pytest.param(AT + timedelta(hours=24), Judged(stale=HOLD), State.REVIEW_OVERDUE, id="at the review"),
        pytest.param(AT + timedelta(hours=48) - MOMENT, Judged(stale=HOLD), State.REVIEW_OVERDUE, id="just before the end"),
        pytest.param(AT + timedelta(hours=48), NOTHING_JUDGED, State.EXPIRED, id="at the end"),
        pytest.param(AT - timedelta(hours=2), Judged(words=HOLD), State.IN_FORCE, id="a clock that is behind"),
    ],
)  # fmt: skip
def test_when(at: Any, expected: Judged, state: State) -> None:
    assert about(judgement(), at=at) == expected
    assert judgement().state(at) is state


def test_a_review_at_the_very_end_is_never_overdue() -> None:
    made = judgement(review_at=AT, expires_at=AT)
    assert about(made, at=AT - MOMENT) == Judged(words=HOLD)
    assert about(made, at=AT) is NOTHING_JUDGED


overdue = {"review_at": AT}
parts = {"kinds": frozenset({"intelligence"}), "fields": frozenset({"summary", "grading"})}
both_parts = frozenset({("summary", "investigation_hold"), ("grading", "investigation_hold")})


@pytest.mark.parametrize(
    ("judgements", "expected"),
    [
        pytest.param([], NOTHING_JUDGED, id="none"),
        pytest.param([parts], Judged(parts=both_parts), id="in parts"),
        pytest.param([parts | {"kinds": frozenset({"crime"})}], NOTHING_JUDGED, id="parts of another kind"),
        pytest.param([parts | overdue], Judged(stale=HOLD), id="parts, review overdue: the word is not known at all"),
        pytest.param([{}, overdue], Judged(words=HOLD), id="one overdue, one in force: in force"),
        pytest.param([{}, parts], Judged(words=HOLD), id="the whole and parts: the whole"),
        pytest.param([parts, overdue], Judged(stale=HOLD, parts=both_parts), id="parts in force, the whole overdue"),
        pytest.param([{}, {"word": "x"}, overdue | {"word": "y"}], Judged(HOLD | {"x"}, frozenset({"y"})), id="several words"),
        pytest.param([{}, by_number], Judged(words=HOLD), id="twice, by id and by number: said once"),
    ],
)  # fmt: skip
def test_together(judgements: list[dict[str, Any]], expected: Judged) -> None:
    assert about(*(judgement(**each) for each in judgements)) == expected


def test_nothing_judged_is_one_value() -> None:
    assert about() is NOTHING_JUDGED
    assert about(judgement(), local_id="P-78") is NOTHING_JUDGED
    assert about(judgement(), custodian="elsewhere") is NOTHING_JUDGED


def test_what_is_personal_is_in_no_repr() -> None:
    made = judgement(nhs_number=CHILD, record_id="r-secret", request=ASKED)
    shown = repr(made) + repr(Book([made]))
    for secret in ("999000", "P-77", "r-secret", "Imogen", "father", "MASH-2026"):
        assert secret not in shown


few = st.sampled_from
children = st.tuples(few(["P-1", "P-2", None]), few([CHILD, OTHER_CHILD, None])).filter(
    lambda both: both != (None, None)
)
requests = few([None, ASKED, replace(ASKED, purpose="ca1989-s17"), replace(ASKED, case_reference=CaseReference("X-1"))])


@st.composite
def judgements(draw: st.DrawFn) -> Judgement:
    local_id, number = draw(children)
    kinds = draw(st.frozensets(few(["intelligence", "crime"])))
    review = draw(st.integers(-5, 5))
    return judgement(
        word=draw(few(["a", "b"])),
        custodian=draw(few([POLICE, COUNCIL])),
        local_id=local_id,
        nhs_number=number,
        kinds=kinds,
        record_id=draw(few([None, "r1", "r2"])),
        fields=draw(st.frozensets(few(["f", "g"]))) if kinds else frozenset(),
        request=draw(requests),
        review_at=AT + timedelta(hours=review),
        expires_at=AT + timedelta(hours=review + draw(st.integers(0, 5))),
    )


@given(
    made=st.lists(judgements(), max_size=6),
    who=children,
    custodian=few([POLICE, COUNCIL]),
    kind=few(["intelligence", "crime"]),
    record_id=few(["r1", "r2"]),
    asked=requests.filter(bool),
    hours=st.integers(-6, 11),
)
def test_as_plainly_as_it_can_be_said(
    made: list[Judgement], who: Any, custodian: str, kind: str, record_id: str, asked: Any, hours: int
) -> None:
    """Against the rules said one by one: exactly the judgements about this child, holder, record, request and time."""
    local_id, number = who
    at = AT + timedelta(hours=hours)
    bearing = [
        each
        for each in made
        if each.custodian == custodian
        and ((local_id is not None and each.local_id == local_id) or (number is not None and each.nhs_number == number))
        and (each.kinds == frozenset() or kind in each.kinds)
        and (each.record_id is None or each.record_id == record_id)
        and (each.request is None or each.request == asked)
        and at < each.expires_at
    ]
    current = [each for each in bearing if at < each.review_at]
    words = {each.word for each in current if not each.fields}
    found = Book(made).about(
        custodian=custodian,
        local_id=local_id,
        nhs_numbers=[number] if number else [],
        kind=kind,
        record_id=record_id,
        organisation=asked.organisation,
        case_reference=asked.case_reference,
        purpose=asked.purpose,
        at=at,
    )
    assert found.words == words
    assert found.stale == {each.word for each in bearing if at >= each.review_at} - words
    assert found.parts == {(name, e.word) for e in current for name in e.fields if e.word not in words}
    assert (found is NOTHING_JUDGED) == (not bearing)


@given(made=judgements(), earlier=st.integers(-300, 300), later=st.integers(0, 300))
def test_time_only_takes_away(made: Judgement, earlier: int, later: int) -> None:
    """In force, then overdue, then over; never back."""
    order = [State.IN_FORCE, State.REVIEW_OVERDUE, State.EXPIRED]
    first = AT + timedelta(minutes=earlier)
    assert order.index(made.state(first)) <= order.index(made.state(first + timedelta(minutes=later)))
