"""The sharing report: what was shared and what was held back in a month or a quarter, by whom and on which ground.

Made of counts that the log's list keeps (:mod:`hub.store.sharing`); small numbers are hidden here, and nothing that is
hidden leaves. How the hub and the agencies' systems did (questions, answers, times) says nothing of what was held back
about anybody, and is told as it is: a system that did not answer is never hidden.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from hub.domain.sources import SourceState
from hub.policy.bundle import Bundle
from hub.service.following import Following
from hub.service.sharing_hiding import FEW, NOTHING_SHOWN, TOTAL, Figure, Shown, protect, together
from hub.service.sharing_periods import Period, periods, usual
from hub.service.sharing_words import REFUSED, column_of, ground_of, group_of
from hub.store import sharing
from hub.store.appender import Log
from hub.store.read_rows import local
from hub.store.sharing import Months
from hub.store.sharing_facts import PART, Fact, What

_SEARCHED = (SourceState.ANSWERED, SourceState.NOT_HELD, SourceState.POSSIBLE_MATCH)
KEPT_MAX = 40
"""Reports kept in memory: as many as there are periods to ask for, about."""

RELEASED, NOT_RELEASED = "released", "refused"


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, in milliseconds, a sixth too long at most; None of fewer than 5 times."""

    count: int
    median: int | None
    p95: int | None


@dataclass(frozen=True, slots=True)
class Availability:
    """How one agency's system did: ``asked`` it was, ``answered`` it did; ``silent`` says why not, ``not_asked`` why
    it was not; ``other`` counts answers in which the log does not say.
    """

    custodian: str
    answered: int
    silent: Mapping[str, int]
    not_asked: Mapping[str, int]
    other: int
    times: Times

    @property
    def asked(self) -> int:
        """How often it was asked."""
        return self.answered + sum(self.silent.values())


@dataclass(frozen=True, slots=True)
class Sharing:
    """What became of records, small numbers hidden.

    Attributes:
        records: by agency, and by what became of each: columns of :mod:`hub.service.sharing_words`.
        purposes: by purpose, and by group.
        parts: refused records by whether something of them was shared all the same: columns ``part`` and ``whole``.
        judgements: recorded decisions, by agency and word.
        requests: steps of requests to release, by agency: ``asked``, ``escalated``, ``released/...``, ``refused/...``.
        overrides: questions that looked further back, by reason (rows).
    """

    records: Shown
    purposes: Shown
    parts: Shown
    judgements: Shown
    requests: Shown
    overrides: Shown


@dataclass(frozen=True, slots=True)
class Report:
    """The report of one period.

    Attributes:
        sharing: None while the period is not over: its figures would change by single records from day to day.
        questions: those that ended, by outcome.
        caught: whether all of the log is in it.
    """

    period: Period
    periods: tuple[Period, ...]
    sharing: Sharing | None
    questions: Mapping[str, int]
    times: Times
    sources: tuple[Availability, ...]
    caught: bool


class Reporting:
    """Makes reports.

    Args:
        with_unfinished: also tell what was shared in the month that is not over: only where everybody is invented.
    """

    def __init__(
        self,
        log: Log,
        following: Following,
        rules: Callable[[], Bundle],
        clock: Callable[[], datetime],
        *,
        with_unfinished: bool = False,
    ) -> None:
        self._log = log
        self._following = following
        self._rules = rules
        self._clock = clock
        self._with_unfinished = with_unfinished
        self._kept: dict[tuple[object, ...], Sharing] = {}

    async def report(self, key: str | None = None) -> Report | None:
        """The report of a period, or of the newest that is over; None when there is no such period.

        Raises:
            AuditUnavailable: the log's database does not answer.
        """
        caught = await self._following.caught_up()
        today = local(self._clock()).date()
        every = periods((await self._months(())).first, today)
        period = usual(every) if key is None else next((each for each in every if each.key == key), None)
        if period is None:
            return None
        months = await self._months(period.months)
        shared = self._sharing(months, period) if period.is_over or self._with_unfinished else None
        return Report(period, every, shared, *operations_of(months.facts), caught.up)

    def _sharing(self, months: Months, period: Period) -> Sharing:
        """What may be shown, kept for as long as it is made of the same counts: finding what to hide takes a while."""
        bundle = self._rules()
        key = bundle.digest, period.months, hash(frozenset(months.facts.items())), hash(frozenset(months.deeds.items()))
        if key not in self._kept:
            while len(self._kept) >= KEPT_MAX:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = sharing_of(months, period.months, bundle)
        return self._kept[key]

    async def _months(self, wanted: Collection[str]) -> Months:
        return await self._log.beside(partial(sharing.months, wanted=wanted))


def sharing_of(counted: Months, months: Sequence[str], bundle: Bundle) -> Sharing:
    """What may be shown of what is counted of ``months``: each protected by itself, then added up."""

    def over(table: Callable[[str], Mapping[tuple[str, str], int]], group: Callable[[str], str]) -> list[Shown]:
        return [protect(table(month), group) for month in months]

    records = [(fact, times) for fact, times in counted.facts.items() if fact.what == What.RECORD]
    asked = [(fact, times) for fact, times in counted.facts.items() if fact.what == What.QUESTION]
    deeds = counted.deeds

    def by_agency(month: str) -> Mapping[tuple[str, str], int]:
        return _table((f.custodian, column_of(f.code, f.detail, bundle), n) for f, n in records if f.month == month)

    def by_purpose(month: str) -> Mapping[tuple[str, str], int]:
        asked_for = (each for each in counted.facts.items() if each[0].what == What.PURPOSE and each[0].month == month)
        return _table((f.purpose, group_of(column_of(f.code, f.detail, bundle)), n) for f, n in asked_for)

    def by_part(month: str, shown: Shown) -> Shown:
        if shown.of_group(TOTAL, REFUSED).exact is None:
            return NOTHING_SHOWN  # its total would tell what that table hides
        refused = ((f, n) for f, n in records if f.month == month and _is_refused(f, bundle))
        return protect(_table(("", "part" if f.code.endswith(PART) else "whole", n) for f, n in refused))

    def judged(month: str) -> Mapping[tuple[str, str], int]:
        made = ((d, n) for d, n in deeds.items() if d.month == month and d.kind == "judgement" and d.act == "recorded")
        return _table((d.agency, d.word, n) for d, n in made)

    def requested(month: str) -> Mapping[tuple[str, str], int]:
        steps = ((d, n) for d, n in deeds.items() if d.month == month and d.kind == "release_request")
        return _table((d.agency, _step(d, bundle), n) for d, n in steps)

    def looked_back(month: str) -> Mapping[tuple[str, str], int]:
        back = ((f, n) for f, n in asked if f.month == month and f.detail and f.code != "abandoned")
        return _table((f.detail, "", n) for f, n in back)

    def alone(column: str) -> str:
        return column.partition("/")[0]

    agencies = over(by_agency, group_of)
    parts = [by_part(month, shown) for month, shown in zip(months, agencies, strict=True)]
    tables = (
        agencies,
        over(by_purpose, group_of),
        parts,
        over(judged, lambda _: ""),
        over(requested, alone),
        over(looked_back, lambda _: ""),
    )
    return Sharing(*map(_together, tables))


def times_of(counted: Mapping[int, int]) -> Times:
    """Median and 95th percentile of times, by the nearest rank; ``counted`` is how often each occurred."""
    total = sum(counted.values())
    if total < FEW:
        return Times(total, None, None)
    return Times(total, _rank(counted, -(-total // 2)), _rank(counted, -(-total * 95 // 100)))


def share(part: Figure, whole: Figure) -> float | None:
    """``part`` of ``whole`` in per cent, where both are told."""
    if part.exact is None or not whole.exact:
        return None
    return 100 * part.exact / whole.exact


def _together(shown: Sequence[Shown]) -> Shown:
    return shown[0] if len(shown) == 1 else together(shown)


def _is_refused(fact: Fact, bundle: Bundle) -> bool:
    return group_of(column_of(fact.code, fact.detail, bundle)) == REFUSED


def _step(deed: sharing.Deed, bundle: Bundle) -> str:
    """A step of a request: an answer with how it was released, or the impediment it was refused on."""
    if deed.act == RELEASED:
        return f"{RELEASED}/{deed.word}"
    return ground_of(deed.word, bundle) if deed.act == NOT_RELEASED else deed.act


def _table(rows: Iterable[tuple[str, str, int]]) -> Mapping[tuple[str, str], int]:
    summed: Counter[tuple[str, str]] = Counter()
    for row, column, times in rows:
        summed[row, column] += times
    return summed


def operations_of(facts: Mapping[Fact, int]) -> tuple[Mapping[str, int], Times, tuple[Availability, ...]]:
    """What the hub and the agencies' systems did."""
    questions: Counter[str] = Counter()
    took: Counter[int] = Counter()
    for fact, times in facts.items():
        if fact.what == What.QUESTION:
            questions[fact.code] += times
        elif fact.what == What.QUESTION_MS:
            took[int(fact.detail)] += times
    custodians = sorted({fact.custodian for fact in facts if fact.what == What.SOURCE})
    return questions, times_of(took), tuple(_availability(each, facts) for each in custodians)


def _availability(custodian: str, facts: Mapping[Fact, int]) -> Availability:
    own = [(fact, times) for fact, times in facts.items() if fact.custodian == custodian]
    took: Counter[int] = Counter()
    states: Counter[str] = Counter()
    silent: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    for fact, times in own:
        if fact.what == What.SOURCE_MS:
            took[int(fact.detail)] += times
        elif fact.what == What.SOURCE and fact.code == SourceState.NO_ANSWER:
            silent[fact.detail] += times
        elif fact.what == What.SOURCE and fact.code == SourceState.NOT_ASKED:
            skipped[fact.detail] += times
        elif fact.what == What.SOURCE:
            states[fact.code] += times
    answered = sum(states[each] for each in _SEARCHED)
    return Availability(custodian, answered, silent, skipped, sum(states.values()) - answered, times_of(took))


def _rank(counted: Mapping[int, int], rank: int) -> int:
    seen = 0
    for each in sorted(counted):
        seen += counted[each]
        if seen >= rank:
            return each
    raise ValueError("there are not so many")
