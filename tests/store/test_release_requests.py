"""Steps of release requests and the lines they may be about, as they are kept beside the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, Engine

from hub.errors import AuditUnavailable
from hub.store import release_requests as kept
from hub.store.appender import Log
from hub.store.engine import make_engine
from hub.store.release_requests import Answering, Asking, Request, Step, StepTaken, Told
from tests.policy.judged import AT
from tests.store.tampering import edit, read_all

TOLD = Told(("*",), "withheld", None, None, "Restricted.", "Duty desk", "01632 960 100")
ABOUT = Asking(1, 3, 1, "mash_nurse", "ca2004-s16la", "c" * 32, "5" * 32, "case_document", (), ("imp-lpp",), True, TOLD)


@pytest.fixture
def engine(log: Log, log_url: str) -> Iterator[Engine]:
    """On the tables of a started log."""
    made = make_engine(log_url, 5.0)
    yield made
    made.dispose()


def request(number: int, custodian: str = "council", worker: str = "a" * 32) -> Request:
    asked = AT + timedelta(minutes=number)
    return Request(f"{number:032x}", "nhs", worker, custodian, asked, number, asked + timedelta(days=3), ABOUT)


def within(engine: Engine, work: Callable[[Connection], None]) -> None:
    with engine.begin() as connection:
        work(connection)


def ask(engine: Engine, *made: Request) -> None:
    for each in made:
        within(engine, partial(kept.add_asked, entry=each.entry, made=each))


def answer(engine: Engine, made: Request, act: str = "refused") -> None:
    within(
        engine,
        partial(
            kept.add_answered,
            entry=90,
            reference=made.reference,
            act=act,
            at=AT,
            how=Answering(1, "imp-lpp", ("a", "b")),
        ),
    )


def test_a_request_reads_as_it_was_made(engine: Engine) -> None:
    made = request(1)
    ask(engine, made)
    assert kept.read_request(engine, made.reference) == made
    assert kept.read_request(engine, "f" * 32) is None
    within(engine, partial(kept.add_escalated, entry=7, reference=made.reference, at=AT))
    answer(engine, made, "released")
    kept.mark_effected(engine, made.reference, AT)
    kept.mark_effected(engine, made.reference, AT)
    found = kept.read_request(engine, made.reference)
    assert found is not None
    assert found.answered is not None
    assert (found.escalated_at, found.answered.act, found.answered.entry, found.effected) == (AT, "released", 90, True)
    assert not found.is_overdue(AT + timedelta(days=9))


@pytest.mark.parametrize(
    ("before", "step"),
    [
        pytest.param([Step.ASKED], Step.ASKED, id="asked twice"),
        pytest.param([Step.ASKED, Step.ESCALATED], Step.ESCALATED, id="escalated twice"),
        pytest.param([Step.ASKED, Step.ANSWERED], Step.ESCALATED, id="escalated once answered"),
        pytest.param([Step.ASKED, Step.ANSWERED], Step.ANSWERED, id="answered twice"),
    ],
)
def test_a_step_is_taken_once(engine: Engine, log_url: str, before: list[Step], step: Step) -> None:
    made = request(1)
    take = {
        Step.ASKED: partial(ask, engine, made),
        Step.ESCALATED: lambda: within(engine, partial(kept.add_escalated, entry=7, reference=made.reference, at=AT)),
        Step.ANSWERED: partial(answer, engine, made),
    }
    for each in before:
        take[each]()
    with pytest.raises(StepTaken):
        take[step]()
    assert len(read_all(log_url, "SELECT ref FROM release_step")) == len(before)


def test_what_waits_comes_first_however_much_was_answered_since(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "LISTED_MAX", 3)
    many = [request(number) for number in range(1, 9)]
    ask(engine, *many, request(20, "police"), request(21, worker="b" * 32))
    for each in many[2:]:
        answer(engine, each)
    numbers = [int(each.reference, 16) for each in kept.read_asked_of(engine, "council")]
    assert numbers == [1, 2, 21, 8, 7, 6]
    assert [int(each.reference, 16) for each in kept.read_asked_of(engine, None)][:3] == [1, 2, 20]
    assert [int(each.reference, 16) for each in kept.read_asked_by(engine, "nhs", "a" * 32)] == [20, 8, 7]
    assert kept.read_asked_by(engine, "police", "a" * 32) == []


def test_what_is_late_and_what_has_no_effect_yet(engine: Engine) -> None:
    late, escalated, answered, in_time = (request(number) for number in (1, 2, 3, 99))
    ask(engine, late, escalated, answered, in_time)
    within(engine, partial(kept.add_escalated, entry=7, reference=escalated.reference, at=AT))
    answer(engine, answered, "released")
    now = late.due + timedelta(minutes=30)
    assert [each.reference for each in kept.read_overdue(engine, now)] == [late.reference]
    assert [each.reference for each in kept.read_uneffected(engine)] == [answered.reference]
    kept.mark_effected(engine, answered.reference, AT)
    assert kept.read_uneffected(engine) == []


def test_lines_are_kept_for_their_time_and_replaced_by_an_answer_of_the_same_number(
    engine: Engine, log_url: str
) -> None:
    line = kept.Line(1, "council", "case_document", "P-1", "doc-1", TOLD)
    body = kept.msgspec.json.encode(line).decode()
    within(engine, partial(kept.keep_lines, answer=3, lines={1: body.replace("doc-1", "doc-2")}, at=AT))
    within(engine, partial(kept.keep_lines, answer=3, lines={1: body}, at=AT))
    within(engine, partial(kept.keep_lines, answer=4, lines={1: body}, at=AT + timedelta(days=1)))
    assert kept.read_line(engine, 3, 1) == line
    assert kept.read_line(engine, 3, 2) is None
    assert len(read_all(log_url, "SELECT answer FROM release_line")) == 2
    assert "P-1" not in repr(line)
    kept.forget_lines(engine, AT + timedelta(days=30, hours=1))
    assert (kept.read_line(engine, 3, 1), kept.read_line(engine, 4, 1)) == (None, line)
    within(engine, partial(kept.forget_lines_of, answers={4, 5}))
    assert kept.read_line(engine, 4, 1) is None


def test_decisions_of_releases_are_found_by_whom_they_are_about(engine: Engine) -> None:
    ask(engine, request(1), request(2))
    answer(engine, request(1), "released")
    with engine.connect() as connection:
        assert len(kept.judgements_about(connection, {ABOUT.subject})) == 2
        assert kept.judgements_about(connection, {"6" * 32}) == frozenset()


async def test_a_row_that_cannot_be_read_is_no_request_that_is_not_there(
    engine: Engine, log: Log, log_url: str
) -> None:
    ask(engine, request(1))
    edit(log_url, "UPDATE release_step SET body = '{}'")
    with pytest.raises(AuditUnavailable):
        await log.beside(partial(kept.read_request, reference=request(1).reference))
