"""The sharing report's counts: what a recount of the log's entries gives, however they were read and what was dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from hub.audit.acts import JudgementAct, ReleaseRequest
from hub.audit.encoding import decode
from hub.audit.entries import Abandoned, Answer, AnswerOutcome, FieldGroup, Question, RecordLine, Records, SourceLine
from hub.domain.disclosure import Outcome
from hub.domain.sources import SourceState
from hub.store import sharing
from hub.store.engine import make_engine
from hub.store.read_model import catch_up, catch_up_wholly, reset
from hub.store.sharing_facts import came_to, rounded, tally
from hub.store.tables import log_entry
from tests.store.histories import OFFICER, History


@pytest.fixture
def engine(log_url: str) -> Iterator[Engine]:
    made = make_engine(log_url, 5.0)
    yield made
    made.dispose()


# ------------------------------------------------------------------------------------------------------ one record

_S, _H, _W, _A, _G, _O = Outcome  # shared, with handling, withheld, ask, gap, out of scope


def group(outcome: Outcome, *grounds: str, veiled: bool = False) -> FieldGroup:
    return FieldGroup(outcome, ("f",), grounds, veiled)


def record(*groups: FieldGroup, custodian: str = "testshire-council") -> RecordLine:
    return RecordLine(custodian, "referral", 1, groups)


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        pytest.param([group(_S)], ("shared", ""), id="all of it"),
        pytest.param([group(_S), group(_H, "handling-code-p")], ("shared", ""), id="with a condition: shared"),
        pytest.param([group(_S), group(_O)], ("shared", ""), id="what the purpose does not reach is not held back"),
        pytest.param([group(_O)], None, id="wholly outside the purpose: it is not told of at all"),
        pytest.param([], None, id="nothing was decided"),
        pytest.param([group(_W, "imp-lpp")], ("refused", "imp-lpp"), id="refused"),
        pytest.param([group(_S), group(_W, "imp-lpp")], ("refused_part", "imp-lpp"), id="refused in part"),
        pytest.param([group(_W, "imp-lpp", "imp-x")], ("refused", "imp-lpp"), id="the ground that is named"),
        pytest.param([group(_A, "imp-a"), group(_W, "imp-w")], ("refused", "imp-w"), id="a refusal before an ask"),
        pytest.param([group(_G, "imp-g"), group(_A, "imp-a")], ("refused", "imp-a"), id="an ask before a gap"),
        pytest.param([group(_W, "imp-adoption-s57", veiled=True)], ("restricted", ""), id="veiled: no ground"),
        pytest.param([group(_G, "imp-adoption-s57", veiled=True)], ("restricted", ""), id="veiled, whatever it is"),
        pytest.param([group(_H), group(_G, "label")], ("gap_part", "label"), id="a gap beside what was shared"),
        pytest.param([group(_G, "imp-a", "imp-b")], ("gap", "several"), id="a gap of several rules"),
        pytest.param([group(_G)], ("gap", "several"), id="a gap of nothing that is said"),
    ],
)
def test_what_became_of_a_record(groups: list[FieldGroup], expected: tuple[str, str] | None) -> None:
    assert came_to(record(*groups)) == expected


def test_no_veiled_ground_is_in_a_line_that_is_counted() -> None:
    line = tally([record(group(_W, "imp-adoption-s57", veiled=True)), record(group(_S)), record(group(_S))])
    assert line == "restricted:=1 shared:=2"


@given(st.integers(0, 10**9))
def test_a_time_is_rounded_up_and_not_far(milliseconds: int) -> None:
    told = int(rounded(milliseconds))
    assert milliseconds <= told <= milliseconds * 1.16
    assert int(rounded(told)) == told


# ----------------------------------------------------------------------------------------------------- any history

_GROUNDS = st.lists(st.sampled_from(["imp-lpp", "imp-adoption-s57", "imp-third-party", "cp_label"]), max_size=2)
_groups = st.builds(
    lambda outcome, grounds, veiled: group(outcome, *grounds, veiled=veiled and not outcome.releases),
    st.sampled_from(Outcome),
    _GROUNDS,
    st.booleans(),
)
_agencies = st.sampled_from(["testshire-council", "testshire-police", "testshire-nhs"])
_records = st.builds(lambda who, groups: record(*groups, custodian=who), _agencies, st.lists(_groups, max_size=3))
_sources = st.lists(
    st.builds(
        lambda who, state, ms: SourceLine(who, state, "slow" if state is SourceState.NO_ANSWER else None, ms),
        _agencies,
        st.sampled_from(SourceState),
        st.one_of(st.none(), st.integers(0, 20_000)),
    ),
    unique_by=lambda source: source.custodian,
    max_size=3,
)
_DAY = 24 * 60
_steps = st.one_of(
    st.tuples(
        st.just("ask"),
        st.integers(0, 2),
        st.integers(0, 20 * _DAY),
        st.sampled_from(["ca1989-s47", "ca1989-s17"]),
        _sources,
        st.lists(_records, max_size=4),
        st.sampled_from(AnswerOutcome),
        st.integers(0, 3),
    ),
    st.tuples(st.just("abandon")),
    st.tuples(st.just("judgement"), st.sampled_from(["recorded", "withdrawn"])),
    st.tuples(st.just("release"), st.sampled_from(["asked", "refused"]), st.sampled_from([None, "imp-lpp"])),
    st.tuples(st.just("prune"), st.integers(0, 60)),
    st.tuples(st.just("follow"), st.integers(1, 7)),
)


def play(history: History, engine: Engine, step: tuple[Any, ...]) -> None:
    match step:
        case ("ask", whom, minutes, purpose, sources, records, outcome, seconds):
            history.ask(1, whom, minutes, purpose=purpose)
            history.now += timedelta(seconds=seconds)
            values = {"sources": tuple(sources), "records": tuple(records), "outcome": outcome, "matches": ()}
            if len(records) > 2:  # an answer in two parts
                stamp = history.stamp()
                first, rest = tuple(records[:2]), tuple(records[2:])
                history.end_with(
                    0,
                    lambda to: [
                        Records(**stamp, question=to, records=first),
                        Answer(**stamp, question=to, **(values | {"records": rest}), parts=1),
                    ],
                )
            else:
                history.answer(**values)
        case ("abandon",):
            history.ask()
            history.abandon()
        case ("judgement", act):
            history.add(
                JudgementAct(**history.stamp(), officer=OFFICER, act=act, judgement="ab" * 16, word="w",
                             custodian="testshire-police", subject="cd" * 16)
            )  # fmt: skip
        case ("release", act, ground):
            history.add(
                ReleaseRequest(**history.stamp(), officer=OFFICER, act=act, request="ab" * 16, answer=1, line=1,
                               ground=ground)
            )  # fmt: skip
        case ("prune", before):
            history.prune(min(before, history.size))
        case ("follow", limit):
            catch_up(engine, limit)


def recounted(engine: Engine) -> tuple[Counter[tuple[str, ...]], Counter[tuple[str, ...]]]:
    """The counts, from the entries themselves and nothing of the list: the plain way, one after another."""
    with engine.connect() as connection:
        bodies = {row[0]: row[1] for row in connection.execute(select(log_entry.c.index, log_entry.c.body))}
    entries = {index: decode(bytes(body)) for index, body in bodies.items() if body}
    facts: Counter[tuple[str, ...]] = Counter()
    deeds: Counter[tuple[str, ...]] = Counter()
    for index, entry in entries.items():
        month = entry.at.astimezone(ZoneInfo("Europe/London")).strftime("%Y-%m")
        if isinstance(entry, JudgementAct):
            deeds[month, "judgement", entry.act, str(entry.custodian), entry.word] += 1
        if isinstance(entry, ReleaseRequest):
            deeds[month, "release_request", entry.act, entry.officer.organisation, entry.ground or ""] += 1
        if not isinstance(entry, Answer | Abandoned) or entry.question not in entries:
            continue
        asked = entries[entry.question]
        assert isinstance(asked, Question)
        if isinstance(entry, Abandoned):
            facts[month, "question", "", asked.purpose, "abandoned", entry.reason] += 1
            continue
        facts[month, "question", "", asked.purpose, entry.outcome.value, ""] += 1
        facts[month, "question_ms", "", "", "", up(round((entry.at - asked.at).total_seconds() * 1000))] += 1
        every = [each for part in range(index - entry.parts, index) for each in entries[part].records]  # type: ignore[union-attr]
        every += entry.records
        for source in entry.sources:
            facts[month, "source", source.custodian, "", source.state.value, source.reason or ""] += 1
            if source.ms is not None and source.state.value in ("answered", "not_held", "possible_match"):
                facts[month, "source_ms", source.custodian, "", "", up(source.ms)] += 1
        for holder in {each.custodian for each in every} - {source.custodian for source in entry.sources}:
            facts[month, "source", holder, "", "not_stated", ""] += 1
        for each in every:
            if (came := plainly(each)) is not None:
                facts[month, "record", each.custodian, "", *came] += 1
                facts[month, "purpose", "", asked.purpose, *came] += 1
    return facts, deeds


E24 = [
    "10",
    "11",
    "12",
    "13",
    "15",
    "16",
    "18",
    "20",
    "22",
    "24",
    "27",
    "30",
    "33",
    "36",
    "39",
    "43",
    "47",
    "51",
    "56",
    "62",
    "68",
    "75",
    "82",
    "91",
]


def up(ms: int) -> str:
    return (
        str(ms)
        if ms < 10
        else next(told for zeros in range(9) for each in E24 if int(told := each + "0" * zeros) >= ms)
    )


def plainly(each: RecordLine) -> tuple[str, str] | None:
    told = [one for one in each.groups if one.outcome.value != "out_of_scope"]
    if not told:
        return None
    part = "_part" if any(one.outcome.value.startswith("shared") for one in told) else ""
    for outcome in ("withheld", "ask", "gap"):
        for one in told:
            if one.outcome.value == outcome:
                if one.veiled:
                    return "restricted" + part, ""
                if outcome == "gap":
                    return "gap" + part, one.grounds[0] if len(one.grounds) == 1 else "several"
                return "refused" + part, one.grounds[0] if one.grounds else ""
    return "shared", ""


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=st.lists(_steps, max_size=25))
def test_the_counts_are_what_a_recount_of_the_log_gives(engine: Engine, steps: list[tuple[Any, ...]]) -> None:
    history = History(engine)
    reset(engine)
    for step in steps:
        play(history, engine, step)
    catch_up_wholly(engine)
    months = {f"{2026 + at // 12}-{at % 12 + 1:02}" for at in range(30)}
    found: Counter[tuple[str, ...]] = Counter()
    done: Counter[tuple[str, ...]] = Counter()
    for month in months:
        read = sharing.months(engine, [month])
        found.update({tuple(fact): times for fact, times in read.facts.items()})
        done.update({tuple(deed): times for deed, times in read.deeds.items()})
        assert (read.read, read.up) == (history.size, True)
    facts, deeds = recounted(engine)
    assert (found, done) == (facts, deeds)


def test_a_month_is_uk_time(engine: Engine) -> None:
    history = History(engine)
    history.now = datetime(2026, 5, 31, 23, 30, tzinfo=UTC)  # half past midnight on 1 June in London
    history.ask()
    history.answer()
    catch_up_wholly(engine)
    assert sharing.months(engine, ["2026-05"]).facts == {}
    read = sharing.months(engine, ["2026-06"])
    assert read.first == "2026-06"
    assert (
        sum(read.facts.values()) == 8
    )  # a question and its time, three sources, one time of theirs, a record and its purpose
