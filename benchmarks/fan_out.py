"""``python -m benchmarks.fan_out``: what asking twelve custodians at once costs over the slowest of them.

Each custodian takes a stated time for its Match, Find and Fetch, the slowest the longest; what is left of the whole is
the hub's own: the round of questions, the guards (turns, breakers, deadlines) and the resolutions. Nothing else runs,
so it is a floor, and it is measured on the loop the hub runs on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from benchmarks.figures import Figure, figure, percentile, spread
from benchmarks.loop import run
from benchmarks.machine import machine
from hub.connectors.base import Deadline, Fetched, Found, Matched
from hub.connectors.guarded import Guarded
from hub.domain.identifiers import NHSNumber
from hub.domain.organisations import Contact, Custodian, Sector
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate
from hub.domain.records import HeldRecord, RecordPointer
from hub.domain.sources import SourceState
from hub.service.ask import Line, ask_all

CUSTODIANS = 12
RECORDS = 12
"""Of each custodian: about 150 in all."""

SLOWEST_SECONDS = 0.060
OVER_SLOWEST_MS_MAX = 3.0
DEADLINE_SECONDS = 4.0

_AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
_MAYA = Identity(
    nhs_number=NHSNumber.parse("9990004021"),
    nhs_number_verified=True,
    given_names=("Maya",),
    family_names=("Thornbury",),
    birth_date=PartialDate.exactly(date(2017, 3, 9)),
    sex="female",
)


@dataclass(slots=True)
class Waiting:
    """A custodian that knows Maya and takes ``seconds`` for each of its three calls; ``took`` is what it really took.

    A timer of the loop is up to a millisecond late, which is not the hub's doing.
    """

    custodian: Custodian
    seconds: float
    took: float = 0.0
    kinds: frozenset[str] = frozenset({"incident"})
    matches_nhs_number: bool = True

    async def match(self, search: ChildSearch, deadline: Deadline) -> Matched:  # noqa: ARG002
        """Maya."""
        await self._wait()
        return Matched((Candidate(self.custodian.id, "local-1", _MAYA),))

    async def find(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> Found:  # noqa: ARG002
        """Her records."""
        await self._wait()
        return Found(tuple(RecordPointer(self.custodian.id, "incident", f"r{n}") for n in range(RECORDS)), _AT)

    async def fetch(self, who: Candidate, pointers: Sequence[RecordPointer], deadline: Deadline) -> Fetched:  # noqa: ARG002
        """What they say."""
        await self._wait()
        return Fetched(tuple(HeldRecord(pointer, _AT, {"summary": "words"}) for pointer in pointers))

    async def close(self) -> None:
        """Nothing to give back."""

    async def _wait(self) -> None:
        began = time.perf_counter()
        await asyncio.sleep(self.seconds)
        self.took += time.perf_counter() - began


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; exit status 1 when the aim is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fan_out", description=__doc__)
    parser.add_argument("--questions", type=int, default=200, help="asked one after another (default: %(default)s)")
    result = run(measured(parser.parse_args(arguments).questions))
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    return 0 if result["over_slowest"]["p50"]["value"] <= OVER_SLOWEST_MS_MAX else 1


async def measured(questions: int) -> dict[str, Any]:
    """Milliseconds of a whole round beyond what its slowest custodian took; with guards, and what they cost of it."""
    guarded, bare = [await _rounds(questions, guards=guards) for guards in (True, False)]
    costs: Figure = figure(percentile(guarded, 0.5) - percentile(bare, 0.5), "ms")
    return {
        "machine": machine(),
        "custodians": CUSTODIANS,
        "records": CUSTODIANS * RECORDS,
        "questions": questions,
        "slowest_custodian": figure(SLOWEST_SECONDS * 1000, "ms"),
        "over_slowest": spread(guarded),
        "over_slowest_without_guards": spread(bare),
        "guards": costs,
        "aim": figure(OVER_SLOWEST_MS_MAX, "ms"),
    }


async def _rounds(questions: int, *, guards: bool) -> list[float]:
    custodians = [
        Waiting(
            Custodian(f"custodian-{place}", f"Custodian {place}", Sector.POLICE, Contact("desk", "01632 960130")),
            SLOWEST_SECONDS / 3 * place / CUSTODIANS,
        )
        for place in range(1, CUSTODIANS + 1)
    ]
    connectors = [Guarded(one) if guards else one for one in custodians]
    lines = [Line(one, one.kinds, DEADLINE_SECONDS) for one in connectors]
    over = []
    for _ in range(questions):
        for one in custodians:
            one.took = 0.0
        began = time.perf_counter()
        asked = await ask_all(ChildSearch(_MAYA), lines, lambda _who, _pointer: True, 1.0)
        whole = time.perf_counter() - began
        if any(one.state is not SourceState.ANSWERED or len(one.held) != RECORDS for one in asked):
            raise RuntimeError("a round was not whole: its time says nothing")
        over.append((whole - max(one.took for one in custodians)) * 1000)
    return over


if __name__ == "__main__":
    sys.exit(main())
