"""The sharing report over a log: periods, figures, grounds, times; and what it must never say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from hub.audit.acts import JudgementAct, ReleaseRequest
from hub.audit.entries import AnswerOutcome, FieldGroup, LookBack, RecordLine, SourceLine
from hub.domain.disclosure import Outcome
from hub.domain.sources import SourceState
from hub.policy.bundle import Bundle
from hub.policy.load import load_bundle
from hub.service.sharing_hiding import TOTAL, Figure
from hub.service.sharing_periods import periods, usual
from hub.service.sharing_report import Times, operations_of, share, sharing_of, times_of
from hub.service.sharing_words import RESTRICTED, UNNAMED, citation, column_of, ground_of, owner, reason, title
from hub.store import sharing
from hub.store.engine import make_engine
from hub.store.read_model import catch_up_wholly
from tests.store.histories import OFFICER, History

MARCH = "2026-03"
POLICE, COUNCIL, NHS = "testshire-police", "testshire-council", "testshire-nhs"
OPEN_GROUND, VEILED_GROUND = "imp-lpp", "imp-adoption-s57"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle(Path("policies"), date(2026, 11, 22))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = make_engine(f"sqlite:///{tmp_path / 'log.sqlite'}", 5.0)
    yield made
    made.dispose()


# ----------------------------------------------------------------------------------------------------------- periods


@pytest.mark.parametrize(
    ("first", "today", "keys", "newest"),
    [
        pytest.param(None, date(2026, 11, 22), ["2026-11"], "2026-11", id="a log with nothing in it"),
        pytest.param("2026-11", date(2026, 11, 22), ["2026-11"], "2026-11", id="begun this month"),
        pytest.param("2026-10", date(2026, 11, 22), ["2026-11", "2026-10"], "2026-10", id="one month over"),
        pytest.param(
            "2026-08", date(2026, 10, 1), ["2026-10", "2026-q3", "2026-09", "2026-08"], "2026-q3", id="a quarter over"
        ),
        pytest.param(
            "2025-12", date(2026, 1, 31), ["2026-01", "2025-q4", "2025-12"], "2025-q4", id="over the turn of a year"
        ),
        pytest.param("2027-05", date(2026, 11, 22), ["2026-11"], "2026-11", id="a clock that was ahead"),
    ],
)
def test_periods(first: str | None, today: date, keys: list[str], newest: str) -> None:
    every = periods(first, today)
    assert [each.key for each in every] == keys
    assert usual(every).key == newest
    assert [each.is_over for each in every] == [False, *(True for _ in keys[1:])]


def test_a_quarter_has_its_months_and_a_long_log_two_years() -> None:
    every = periods("2020-01", date(2026, 11, 22))
    quarter = next(each for each in every if each.key == "2026-q1")
    assert (quarter.title, quarter.months) == ("January to March 2026", ("2026-01", "2026-02", "2026-03"))
    assert every[-1].key == "2024-11"


# ------------------------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("code", "detail", "column"),
    [
        pytest.param("shared", "", "shared", id="shared"),
        pytest.param("refused_part", OPEN_GROUND, f"refused/{OPEN_GROUND}", id="an open ground"),
        pytest.param("refused", VEILED_GROUND, RESTRICTED, id="a ground that was open once and is veiled now"),
        pytest.param("refused", "imp-no-more", RESTRICTED, id="a ground that nobody knows any more"),
        pytest.param("restricted", "", RESTRICTED, id="veiled"),
        pytest.param("gap", "several", "gap/several", id="a gap of several facts"),
        pytest.param("gap_part", VEILED_GROUND, UNNAMED, id="a gap that only a veiled rule leaves"),
        pytest.param("gap", OPEN_GROUND, f"gap/{OPEN_GROUND}", id="a gap that an open rule leaves"),
        pytest.param("gap", "unclassified_field", "gap/unclassified_field", id="a field nobody classified"),
        pytest.param("gap", "who-knows", UNNAMED, id="a word from outside"),
    ],
)
def test_columns(bundle: Bundle, code: str, detail: str, column: str) -> None:
    assert column_of(code, detail, bundle) == column
    assert title(column, bundle)


def test_no_veiled_rule_is_ever_a_column(bundle: Bundle) -> None:
    veiled = [rule for rule in bundle.rules if rule.veiled]
    assert veiled
    for rule in veiled:
        assert ground_of(rule.id, bundle) == RESTRICTED
        assert column_of("gap", rule.id, bundle) == UNNAMED
        assert rule.id not in title(UNNAMED, bundle) + title(RESTRICTED, bundle)


def test_every_open_rule_and_fact_has_words_and_an_owner(bundle: Bundle) -> None:
    for rule in bundle.rules:
        if not rule.veiled:
            assert title(ground_of(rule.id, bundle), bundle) == rule.title
            assert citation(ground_of(rule.id, bundle), bundle) == rule.citation
            assert owner(f"gap/{rule.id}", bundle)
    for word in bundle.vocabulary.decisions:
        assert owner(f"gap/{word}", bundle).startswith("whoever asks")
    assert reason("another_reason", bundle) == "Another reason."


# ------------------------------------------------------------------------------------------------------------- times


@given(st.lists(st.integers(0, 5_000), min_size=5, max_size=200))
def test_median_and_95th_percentile_are_by_the_nearest_rank(every: list[int]) -> None:
    every.sort()
    counted = {each: every.count(each) for each in every}
    expected = [every[-(-len(every) * percent // 100) - 1] for percent in (50, 95)]
    assert times_of(counted) == Times(len(every), *expected)


def test_of_few_times_nothing_is_said() -> None:
    assert times_of({40: 4}) == Times(4, None, None)


@pytest.mark.parametrize(
    ("part", "whole", "per_cent"),
    [
        pytest.param(Figure(5, 5), Figure(20, 20), 25.0, id="both told"),
        pytest.param(Figure(1, 4), Figure(20, 20), None, id="the part is hidden"),
        pytest.param(Figure(5, 5), Figure(20, None), None, id="the whole is hidden"),
        pytest.param(Figure(0, 0), Figure(0, 0), None, id="of nothing"),
    ],
)
def test_a_share_is_told_of_figures_that_are_told(part: Figure, whole: Figure, per_cent: float | None) -> None:
    assert share(part, whole) == per_cent


# ---------------------------------------------------------------------------------------------------------- the whole


def record(custodian: str, *groups: FieldGroup) -> RecordLine:
    return RecordLine(custodian, "referral", 1, groups)


def answered(history: History, *records: RecordLine, times: int = 1, **changes: object) -> None:
    for _ in range(times):
        history.ask(1, 1, 1, purpose="ca1989-s47", **changes)
        sources = (
            SourceLine(COUNCIL, SourceState.ANSWERED, None, 120, 1),
            SourceLine(POLICE, SourceState.NO_ANSWER, "slow", 4000),
            SourceLine(NHS, SourceState.NOT_ASKED, "out_of_scope"),
        )
        history.answer(records=records, sources=sources, matches=(), outcome=AnswerOutcome.JOINED_VIEW)


_SHARED = FieldGroup(Outcome.SHARED, ("a",))


def refusing(ground: str, *, veiled: bool = False) -> FieldGroup:
    return FieldGroup(Outcome.WITHHELD, ("b",), (ground,), veiled)


@pytest.fixture
def history(engine: Engine) -> History:
    """March: 60 records shared, 20 refused (12 of them in part), 9 restricted, 8 gaps."""
    history = History(engine, at_once=False)
    answered(history, record(COUNCIL, _SHARED), record(NHS, _SHARED), times=25)
    answered(history, record(POLICE, _SHARED), times=10, look_back=LookBack(None, "proceedings"))
    answered(history, record(POLICE, refusing(OPEN_GROUND)), times=8)
    answered(history, record(COUNCIL, _SHARED, refusing(OPEN_GROUND)), times=12)
    answered(history, record(COUNCIL, refusing(VEILED_GROUND, veiled=True)), times=9)
    answered(history, record(NHS, FieldGroup(Outcome.GAP, ("c",), ("x", "y"))), times=8)
    for _ in range(6):
        history.add(
            JudgementAct(**history.stamp(), officer=OFFICER, act="recorded", judgement="ab" * 16, word="detriment",
                         custodian=POLICE, subject="cd" * 16),
            ReleaseRequest(**history.stamp(), officer=OFFICER, act="asked", request="ab" * 16, answer=1, line=1),
            ReleaseRequest(**history.stamp(), officer=OFFICER, act="refused", request="ab" * 16, answer=1, line=1,
                           ground=VEILED_GROUND),
        )  # fmt: skip
    history.flush()
    catch_up_wholly(engine)
    return history


def test_a_month(engine: Engine, history: History, bundle: Bundle) -> None:
    assert history.now.date() < date(2026, 4, 1)
    counted = sharing.months(engine, [MARCH])
    made = sharing_of(counted, [MARCH], bundle)
    groups = [str(made.records.of_group(TOTAL, each)) for each in ("shared", "refused", "gap")]
    assert (groups, str(made.records.total)) == (["60", "29", "8"], "97")
    assert str(made.records.at(TOTAL, (f"refused/{OPEN_GROUND}",))) == "20"
    assert str(made.records.at((COUNCIL,), (RESTRICTED,))) == "9"
    assert str(made.records.of_group((POLICE,), "refused")) == "8"
    assert [str(made.purposes.of_group(("ca1989-s47",), each)) for each in ("shared", "refused", "gap")] == groups
    assert str(made.parts.at(TOTAL, ("part",))) == "12"
    assert str(made.judgements.at((POLICE,), ("detriment",))) == "6"
    assert str(made.requests.at(TOTAL, ("asked",))) == "6"
    assert str(made.requests.at(TOTAL, (RESTRICTED,))) == "6"
    assert str(made.overrides.at(("proceedings",), TOTAL)) == "10"
    assert VEILED_GROUND not in repr(made)
    questions, times, sources = operations_of(counted.facts)
    assert (questions, times) == ({"joined_view": 72}, Times(72, 0, 0))
    council, nhs, police = sources
    assert (council.answered, council.asked, council.times.median) == (72, 72, 120)
    assert (nhs.asked, nhs.not_asked) == (0, {"out_of_scope": 72})
    assert (police.answered, police.asked, police.silent) == (0, 72, {"slow": 72})


def test_a_quarter_is_its_months_and_hides_what_they_hide(engine: Engine, history: History, bundle: Bundle) -> None:
    history.now = datetime(2026, 2, 10, 9, tzinfo=UTC)
    answered(history, record(COUNCIL, _SHARED), times=30)
    answered(history, record(COUNCIL, refusing(OPEN_GROUND)), times=2)
    history.flush()
    catch_up_wholly(engine)
    months = ["2026-01", "2026-02", MARCH]
    made = sharing_of(sharing.months(engine, months), months, bundle)
    assert str(made.records.total) == "129"
    assert str(made.records.of_group(TOTAL, "refused")) == "30 to 33"
    assert str(made.records.of_group(TOTAL, "shared")) == "60 or more"
    assert str(made.parts.total) == "29 or more"
    assert made.records.hides


def test_parts_do_not_tell_what_the_records_hide(engine: Engine, bundle: Bundle) -> None:
    history = History(engine, at_once=False)
    answered(history, record(COUNCIL, _SHARED), times=6)
    answered(history, record(COUNCIL, refusing(OPEN_GROUND)), times=7)
    answered(history, record(COUNCIL, FieldGroup(Outcome.GAP, ("c",), ("x", "y"))), times=2)
    history.flush()
    catch_up_wholly(engine)
    made = sharing_of(sharing.months(engine, [MARCH]), [MARCH], bundle)
    assert str(made.records.of_group(TOTAL, "gap")) == "fewer than 5"
    assert str(made.records.of_group(TOTAL, "refused")) == "not shown"
    assert str(made.parts.total) == "not shown"
