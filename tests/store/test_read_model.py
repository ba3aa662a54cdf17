"""The list that is kept up with the log: the same however it was read, by whomever, and however often it was lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from hub.audit.acts import Reveal, Review
from hub.audit.entries import AnswerOutcome, Asked, FieldGroup, RecordLine, Records, SourceLine
from hub.domain.disclosure import Outcome
from hub.domain.sources import SourceState
from hub.errors import ConfigurationError
from hub.store import read_numbers, read_rows
from hub.store.engine import make_engine
from hub.store.read_model import Caught, catch_up, catch_up_wholly, place, reset
from hub.store.read_tables import MODEL_VERSION, TABLES, read_line, read_party, read_place, read_row
from hub.store.tables import log_entry, metadata
from tests.audit import samples, strategies
from tests.store.histories import OFFICER, History, dumped, subject, worker


@pytest.fixture
def engine(log_url: str) -> Iterator[Engine]:
    made = make_engine(log_url, 5.0)
    yield made
    made.dispose()


@pytest.fixture
def history(engine: Engine) -> History:
    return History(engine)


def rows(engine: Engine) -> dict[int, dict[str, Any]]:
    with engine.connect() as connection:
        return {row["index"]: row for row in (dict(row._mapping) for row in connection.execute(select(read_row)))}


def one(engine: Engine) -> dict[str, Any]:
    (row,) = rows(engine).values()
    return row


# ------------------------------------------------------------------------------------------------------ any history

_steps = st.one_of(
    st.tuples(st.just("ask"), st.integers(0, 2), st.integers(0, 4), st.integers(-300, 700)),
    st.tuples(st.just("ask"), st.just(1), st.integers(0, 4), st.just(1)),
    st.tuples(st.just("answer"), st.integers(0, 9)),
    st.tuples(st.just("parts"), st.integers(0, 9), st.integers(1, 3)),
    st.tuples(st.just("abandon"), st.integers(0, 9)),
    st.tuples(st.just("refuse")),
    st.tuples(st.just("act"), strategies.acts.filter(lambda act: type(act).__name__ != "Pruning")),
    st.tuples(st.just("garbage"), st.sampled_from([b"{}", b"\xff", b'{"v":1,"kind":"question"}'])),
    st.tuples(st.just("prune"), st.integers(0, 60)),
    st.tuples(st.just("follow"), st.integers(1, 7)),
)


def play(history: History, engine: Engine, step: tuple[Any, ...]) -> None:
    match step:
        case ("ask", who, whom, minutes):
            history.ask(who, whom, minutes)
        case ("answer", which) if history.open:
            history.answer(which)
        case ("parts", which, many) if history.open:
            history.end_with(which, lambda to: _in_parts(history, to, many))
        case ("abandon", which) if history.open:
            history.abandon(which)
        case ("refuse",):
            history.refuse()
        case ("act", act):
            history.add(act)
        case ("garbage", body):
            history.write(body)
        case ("prune", before):
            history.prune(min(before, history.size))
        case ("follow", limit):
            catch_up(engine, limit)


def _in_parts(history: History, to: int, many: int) -> list[Any]:
    stamp = history.stamp()
    record = samples.answer(to).records[0]
    parts = [Records(**stamp, question=to, records=(record,)) for _ in range(many)]
    return [*parts, samples.answer(to, **stamp, records=(), parts=many)]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=st.lists(_steps, max_size=40))
def test_followed_is_rebuilt(engine: Engine, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[Any, ...]]) -> None:
    for name, few in (("MANY_CHILDREN", 3), ("MANY_TIMES", 4), ("MANY_WORKERS", 3)):
        monkeypatch.setattr(read_numbers, name, few)
    history = History(engine)
    reset(engine)
    for step in steps:
        play(history, engine, step)
    assert catch_up_wholly(engine) == Caught(history.size, history.size)
    followed = dumped(engine)
    reset(engine)
    catch_up_wholly(engine)
    assert followed == dumped(engine)


# ---------------------------------------------------------------------------------------------------------- one row


def test_a_question_is_open_until_its_end_is_read(engine: Engine, history: History) -> None:
    asked = history.ask()
    catch_up_wholly(engine)
    assert (one(engine)["outcome"], one(engine)["end"], one(engine)["shared"]) == ("open", None, None)
    answered = history.answer()
    catch_up_wholly(engine)
    row = one(engine)
    assert (row["index"], row["end"], row["outcome"]) == (asked, answered, "joined_view")
    assert (row["records"], row["shared"], row["withheld"], row["no_answer"]) == (1, 1, 1, 1)
    assert (row["worker"], row["subject"], row["case"]) == (worker(1), subject(1), "c3d2" * 8)


def test_what_was_veiled_is_no_ground_of_the_row_and_is_sealed_in_the_line(engine: Engine, history: History) -> None:
    history.ask()
    groups = (
        FieldGroup(Outcome.WITHHELD, ("a",), ("imp-adoption-s57",), veiled=True),
        FieldGroup(Outcome.WITHHELD, ("b",), ("imp-confidence", "imp-lpp")),
        FieldGroup(Outcome.ASK, ("c",), ("imp-originator-marac",)),
        FieldGroup(Outcome.SHARED_WITH_HANDLING, ("d",), ("handling-code-p",)),
        FieldGroup(Outcome.GAP, ("e",)),
    )
    history.answer(records=(RecordLine("testshire-council", "assessment", 1, groups),))
    catch_up_wholly(engine)
    row = one(engine)
    assert row["grounds"].split() == ["imp-confidence", "imp-lpp", "imp-originator-marac"]
    assert (row["veiled"], row["shared"], row["withheld"], row["asks"], row["gaps"]) == (1, 1, 2, 1, 1)
    with engine.connect() as connection:
        line = connection.execute(select(read_line).where(read_line.c.custodian == "testshire-council")).one()
    assert (line.grounds, line.sealed) == (row["grounds"], "imp-adoption-s57")


@pytest.mark.parametrize(
    ("kinds", "states", "record_kind", "flagged"),
    [
        pytest.param(("referral",), ("answered",), "case_document", True, id="searched, and no record of a case"),
        pytest.param(("referral",), ("not_held",), None, True, id="searched, child not known"),
        pytest.param(("referral",), ("answered",), "referral", False, id="there is a case"),
        pytest.param(("referral",), ("no_answer",), None, False, id="the council did not answer: not known"),
        pytest.param(("referral",), ("possible_match",), None, False, id="perhaps another child: not known"),
        pytest.param(("referral",), ("answered", "no_answer"), None, False, id="one of two councils did not answer"),
        pytest.param(("case_document",), ("answered",), None, False, id="nobody was asked for the records of a case"),
    ],
)
def test_no_case_is_found_only_where_somebody_searched(
    engine: Engine,
    history: History,
    kinds: tuple[str, ...],
    states: tuple[str, ...],
    record_kind: str | None,
    flagged: bool,
) -> None:
    names = [f"council-{number}" for number in range(len(states))]
    history.ask(asked=tuple(Asked(name, kinds) for name in names))
    records = (RecordLine(names[0], record_kind, 1, (FieldGroup(Outcome.SHARED, ("*",)),)),) if record_kind else ()
    sources = tuple(SourceLine(name, SourceState(state)) for name, state in zip(names, states, strict=True))
    history.answer(sources=sources, matches=(), records=records, outcome=AnswerOutcome.NO_MATCH)
    catch_up_wholly(engine)
    assert bool(one(engine)["no_case"]) is flagged


@pytest.mark.parametrize(
    ("at", "flagged"),
    [
        pytest.param(datetime(2026, 1, 5, 8, 0, tzinfo=UTC), False, id="Monday, doors open"),
        pytest.param(datetime(2026, 1, 5, 7, 59, 59, tzinfo=UTC), True, id="Monday, a second before"),
        pytest.param(datetime(2026, 1, 5, 18, 0, tzinfo=UTC), True, id="Monday, doors closed"),
        pytest.param(datetime(2026, 7, 6, 7, 0, tzinfo=UTC), False, id="summer time: seven is eight"),
        pytest.param(datetime(2026, 7, 6, 17, 0, tzinfo=UTC), True, id="summer time: five is six"),
        pytest.param(datetime(2026, 1, 3, 12, 0, tzinfo=UTC), True, id="Saturday noon"),
    ],
)
def test_out_of_hours_is_uk_time(engine: Engine, history: History, at: datetime, flagged: bool) -> None:
    history.now = at
    history.ask()
    catch_up_wholly(engine)
    assert bool(one(engine)["out_of_hours"]) is flagged


def test_the_same_worker_and_many_children_in_a_day(engine: Engine, history: History) -> None:
    many = read_rows.MANY_CHILDREN
    for number in range(many - 1):
        history.ask(1, number + 1)
    again = history.ask(1, 1)
    catch_up_wholly(engine)
    the_one = history.ask(1, many + 1)
    other = history.ask(2, many + 2)
    history.now = history.now.replace(day=history.now.day + 1)
    tomorrow = history.ask(1, many + 3)
    catch_up_wholly(engine)
    found = rows(engine)
    assert {index for index, row in found.items() if row["many"]} == {the_one}
    assert [found[index]["children"] for index in (again, the_one, other, tomorrow)] == [many - 1, many, 1, 1]


def test_one_child_often_and_by_many(engine: Engine, history: History) -> None:
    often = [history.ask(1, 1, 60 * 24) for _ in range(read_numbers.MANY_TIMES + 1)]
    others = [history.ask(number, 1, 60 * 24) for number in range(2, read_numbers.MANY_WORKERS + 1)]
    system = history.ask(0, 1)
    catch_up_wholly(engine)
    last = history.ask(1, 1)
    elsewhere = history.ask(1, 2)
    catch_up_wholly(engine)
    found = rows(engine)
    assert {index for index, row in found.items() if row["often"]} == {*often[-2:], last}
    assert {index for index, row in found.items() if row["watched"]} == {others[-1], last}
    assert (found[system]["times"], found[system]["workers"], found[elsewhere]["times"]) == (None, None, 1)


def test_the_first_time_under_a_purpose(engine: Engine, history: History) -> None:
    first = history.ask(1)
    history.ask(1, 2)
    catch_up_wholly(engine)
    history.ask(1, 3)
    other = [history.ask(2), history.ask(1, purpose="ca1989-s17")]
    history.ask(2, purpose="ca1989-s47")
    catch_up_wholly(engine)
    assert {index for index, row in rows(engine).items() if row["first_purpose"]} == {first, *other}


def test_acts_say_whom_and_what_they_are_about(engine: Engine, history: History) -> None:
    asked = history.ask()
    stamp = history.stamp()
    history.add(Review(**stamp, officer=OFFICER, entry=asked, act="opened"))
    history.add(Reveal(**stamp, officer=OFFICER, reference=subject(1), entry=asked, reason="complaint"))
    catch_up_wholly(engine)
    review, reveal = rows(engine)[asked + 1], rows(engine)[asked + 2]
    assert (review["kind"], review["detail"], review["about"], review["worker"]) == (
        "review",
        "opened",
        asked,
        OFFICER.worker,
    )
    assert (reveal["detail"], reveal["subject"], reveal["about"]) == ("complaint", subject(1), asked)


def test_whom_a_row_concerns(engine: Engine, history: History) -> None:
    history.ask(asked=(Asked("testshire-police", ("incident",)), Asked("testshire-council", ("referral",))))
    history.refuse(organisation="testshire-nhs")
    catch_up_wholly(engine)
    with engine.connect() as connection:
        found = connection.execute(select(read_party.c.index, read_party.c.organisation, read_party.c.asked)).all()
    assert sorted(map(tuple, found)) == [
        (0, "testshire-council", 1),
        (0, "testshire-police", 1),
        (1, "testshire-nhs", 0),
    ]


# ------------------------------------------------------------------------------------------------- damage and others


def test_what_cannot_be_read_is_a_row_that_says_so(engine: Engine, history: History) -> None:
    history.ask()
    history.write(b"not an entry")
    history.answer()
    history.refuse()
    with engine.begin() as connection:
        connection.execute(delete(log_entry).where(log_entry.c.index == 0))
        if connection.dialect.name == "sqlite":  # the one that lets text stand where bytes belong
            connection.execute(text("UPDATE log_entry SET body = 'text' WHERE \"index\" = 1"))
    assert catch_up_wholly(engine) == Caught(4, 4)
    found = {index: row["kind"] for index, row in rows(engine).items()}
    assert found == {0: "unreadable", 1: "unreadable", 3: "refused"}


def test_tables_of_an_older_hub_are_made_anew_and_those_of_a_newer_one_left(engine: Engine, history: History) -> None:
    history.ask()
    catch_up_wholly(engine)
    with engine.begin() as connection:
        connection.execute(update(read_place).values(version=MODEL_VERSION - 1))
        connection.execute(update(read_row).values(detail="as the older hub had it"))
    catch_up_wholly(engine)
    assert one(engine)["detail"] is None
    with engine.begin() as connection:
        connection.execute(update(read_place).values(version=MODEL_VERSION + 1))
    with pytest.raises(ConfigurationError, match="newer hub"):
        catch_up(engine)


@pytest.mark.parametrize("lost", ["the tables", "the place", "the log's end"])
def test_a_list_that_does_not_fit_the_log_is_made_anew(engine: Engine, history: History, lost: str) -> None:
    history.ask()
    history.answer()
    catch_up_wholly(engine)
    expected = dumped(engine)
    with engine.begin() as connection:
        if lost == "the tables":
            metadata.drop_all(connection, tables=list(TABLES))
        elif lost == "the place":
            connection.execute(delete(read_place))
        else:
            connection.execute(update(read_place).values(next=99))
            connection.execute(insert(read_row).values(**expected["read_row"][0] | {"index": 77}))
    assert catch_up_wholly(engine) == Caught(2, 2)
    assert dumped(engine) == expected


def test_several_processes_keep_it_up_at_once(log_url: str, engine: Engine, history: History) -> None:
    reset(engine)
    written = threading.Event()
    faults: list[BaseException] = []

    def follow() -> None:
        own = make_engine(log_url, 5.0)
        try:
            while not (written.is_set() and place(own).up):
                catch_up(own, 3)
        except BaseException as fault:
            faults.append(fault)
        finally:
            own.dispose()

    followers = [threading.Thread(target=follow) for _ in range(3)]
    for each in followers:
        each.start()
    for number in range(40):
        history.ask(1, number % 5)
        history.answer()
    written.set()
    for each in followers:
        each.join(60)
    assert faults == []
    followed = dumped(engine)
    reset(engine)
    assert catch_up_wholly(engine) == Caught(80, 80)
    assert dumped(engine) == followed


def test_a_failed_piece_leaves_the_list_as_it_was(engine: Engine, history: History) -> None:
    history.ask()
    catch_up_wholly(engine)
    history.ask()
    taken = rows(engine)[0] | {"index": 1}
    with engine.begin() as connection:  # what is to be written is there already
        connection.execute(insert(read_row).values(**taken))
    before = dumped(engine)
    with pytest.raises(IntegrityError):
        catch_up(engine)
    assert dumped(engine) == before
