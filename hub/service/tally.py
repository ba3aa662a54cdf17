"""Counts what was decided, by its facts alone, so that a change of the policies can be tried on the past.

Counting happens after an answer is recorded and costs it nothing: a tally that cannot be kept is a log line, never an
error. Words that are not in the vocabulary came from outside and could hold anything: they are all one word here.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime

from hub.policy.bundle import Bundle
from hub.policy.facts import Judged, RequestFacts
from hub.policy.tables import ALL, Facts
from hub.service.decide import Decided
from hub.telemetry.lines import LogLine, say

UNKNOWN = "?unknown"
"""What stands for every word the vocabulary does not know; the case tables' way of writing one."""

FLUSH_SECONDS = 60.0

PENDING_MAX = 2_000
"""Combinations counted between two flushes; further ones are not."""


Counted = tuple[RequestFacts, str, frozenset[str], frozenset[str], Judged]
"""A decision by all it was made from: question, kind, labels, unstated words, judgements."""

Keep = Callable[[str, Mapping[Facts, int]], Awaitable[int]]
"""Adds counts to those of a month (``YYYY-MM``); how many decisions found no room."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Tally:
    """Counts decisions in memory, and hands them on now and then.

    Args:
        rules: the policies in force; their vocabulary says which words are words.
        keep: where counts go.
        clock: the time (aware, UTC).
    """

    def __init__(self, rules: Callable[[], Bundle], keep: Keep, clock: Callable[[], datetime] = _utc_now) -> None:
        self._rules = rules
        self._keep = keep
        self._clock = clock
        self._pending: dict[Counted, int] = {}
        self._lost = 0
        self._failing = False
        self._stopped = asyncio.Event()

    def count(self, request: RequestFacts, decided: Iterable[Decided]) -> None:
        """Count the records of one answer; those that were not decided by their facts are left out."""
        pending = self._pending
        for one in decided:
            if one.judged is not None:
                pointer = one.pointer
                self._add((request, pointer.kind, pointer.labels, pointer.undetermined, one.judged), 1, pending)

    async def run(self, every_seconds: float = FLUSH_SECONDS) -> None:
        """Flush now and then until :meth:`stop`, and once more then."""
        while not self._stopped.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(every_seconds):
                    await self._stopped.wait()
            await self.flush()

    def stop(self) -> None:
        """Have :meth:`run` flush and end."""
        self._stopped.set()

    async def flush(self) -> None:
        """Hand on what was counted. Never raises; what could not be kept is counted on, and tried again.

        After a failure that left it open whether the counts were kept, some may count twice.
        """
        taken, self._pending = self._pending, {}
        lost, self._lost = self._lost, 0
        if not taken and not lost:
            return
        try:
            bundle = self._rules()
            counted: Counter[Facts] = Counter()
            for each, times in taken.items():
                counted[facts_of(each, bundle)] += times
            lost += await self._keep(f"{self._clock():%Y-%m}", counted)
        except Exception as fault:  # a count must not cost anybody an answer
            if not self._failing:  # one line for one failure, however long it lasts
                say(LogLine.TALLY_NOT_KEPT, fault=type(fault))
            self._failing = True
            self._lost += lost
            for each, times in taken.items():
                self._add(each, times, self._pending)
            return
        if self._failing:
            say(LogLine.TALLY_KEPT_AGAIN)
        self._failing = False
        if lost:
            say(LogLine.TALLY_FULL, count=lost)

    def _add(self, counted: Counted, times: int, pending: dict[Counted, int]) -> None:
        if counted in pending or len(pending) < PENDING_MAX:
            pending[counted] = pending.get(counted, 0) + times
        else:
            self._lost += times


def facts_of(counted: Counted, bundle: Bundle) -> Facts:
    """The facts of a decision as a case table writes them, in words of the vocabulary only."""
    request, kind, labels, undetermined, judged = counted
    vocabulary = bundle.vocabulary
    role = _word(request.role, vocabulary.roles)
    whole = [_word(word, vocabulary.labels) for word in judged.words]
    spec = bundle.catalogue.kinds.get(kind)
    names = {field.name for field in spec.fields} if spec else ()
    parts = [f"{_word(field, names)}:{_word(word, vocabulary.labels)}" for field, word in judged.parts]
    return Facts(
        kind=_word(kind, bundle.catalogue.kinds),
        fields=ALL,
        purpose=_word(request.purpose, bundle.purposes),
        role=role,
        decision="yes" if request.decision_recorded else "no",
        labels=_words(labels, vocabulary.labels),
        not_stated=_words(undetermined, vocabulary.labels),
        child=_words(request.subject_facts, vocabulary.subject_facts),
        child_not_stated=_words(request.subject_unknown, vocabulary.subject_facts),
        judged=" ".join(sorted({*whole, *parts})),
        stale=_words(judged.stale, vocabulary.labels),
        sector="" if vocabulary.roles.get(request.role) == request.recipient_sector else request.recipient_sector.value,
    )


def _words(given: Iterable[str], known: Collection[str]) -> str:
    return " ".join(sorted({_word(word, known) for word in given}))


def _word(given: str, known: Collection[str]) -> str:
    return given if given in known else UNKNOWN
