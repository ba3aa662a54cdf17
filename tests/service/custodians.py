"""Custodians to bend: each holds what it is given and fails as it is told. They stand at the hub's edge."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from hub.connectors.base import Deadline, Fetched, Found, Matched, as_value
from hub.domain.identifiers import NHSNumber
from hub.domain.organisations import Contact, Custodian, Sector
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate
from hub.domain.records import HeldRecord, RecordPointer
from hub.domain.sources import NoAnswer, NoAnswerReason

AS_OF = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
NUMBER = NHSNumber.parse("9990004021")
BORN = PartialDate.exactly(date(2017, 3, 9))

MAYA = Identity(NUMBER, True, ("Maya",), ("Thornbury",), BORN, "female", "ZZ1 1AA", False)
MAYA_AT_POLICE = Identity(None, False, ("Maya",), ("Thornbury",), BORN, "female", "ZZ1 1AA")
BY_NUMBER = ChildSearch(Identity(NUMBER))
BY_NAME = ChildSearch(Identity(None, False, ("Maya",), ("Thornbury",), BORN, "female", "ZZ1 1AA"))


def custodian(name: str, sector: Sector) -> Custodian:
    return Custodian(name, name.title(), sector, Contact(f"{name} single point of contact", "01632 960 100"))


@dataclass
class Bendable:
    """A custodian. ``hang``, ``fail`` and ``crash`` name the calls (match, find, fetch) that go wrong."""

    custodian: Custodian
    held: Mapping[RecordPointer, Mapping[str, object]] = field(default_factory=dict)
    people: Sequence[Identity] = (MAYA,)
    matches_nhs_number: bool = True
    states_restriction: bool = False
    never_restricts: bool = False
    hang: frozenset[str] = frozenset()
    fail: Mapping[str, NoAnswer] = field(default_factory=dict)
    crash: frozenset[str] = frozenset()
    latency_seconds: float = 0.0
    calls: list[str] = field(default_factory=list)
    searches: list[ChildSearch] = field(default_factory=list)
    fetched: list[RecordPointer] = field(default_factory=list)

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(pointer.kind for pointer in self.held) | {"incident", "care_plan", "council_person"}

    async def match(self, search: ChildSearch, deadline: Deadline) -> Matched | NoAnswer:
        self.searches.append(search)
        found = tuple(Candidate(self.custodian.id, f"local-{n}", who) for n, who in enumerate(self.people))
        return await self._answer("match", Matched(found), deadline)

    async def find(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> Found | NoAnswer:
        pointers = tuple(pointer for pointer in self.held if pointer.kind in kinds)
        return await self._answer("find", Found(pointers, AS_OF), deadline)

    async def fetch(self, who: Candidate, pointers: Sequence[RecordPointer], deadline: Deadline) -> Fetched | NoAnswer:
        self.fetched += pointers
        records = tuple(HeldRecord(pointer, AS_OF, self.held[pointer]) for pointer in pointers)
        return await self._answer("fetch", Fetched(records), deadline)

    async def close(self) -> None:
        pass

    async def _answer(self, call: str, answer: Any, deadline: Deadline) -> Any:
        self.calls.append(call)
        if call in self.crash:
            raise RuntimeError("a bug in a connector")
        if call in self.fail:
            return self.fail[call]

        async def slowly() -> Any:
            await asyncio.sleep(3_600 if call in self.hang else self.latency_seconds)
            return answer

        return await as_value(slowly(), deadline)


DOWN = NoAnswer(NoAnswerReason.DOWN, "cannot be reached")


def pointer(kind: str, name: str, *labels: str, at: str = "police") -> RecordPointer:
    return RecordPointer(at, kind, name, frozenset(labels))


def council(**how: object) -> Bendable:
    plan = pointer("protection_plan", "plan-1", at="council")
    held = {plan: {"started_on": date(2026, 9, 23), "category": "Neglect (NEG)"}}
    return Bendable(custodian("council", Sector.COUNCIL), **{"held": held, **how})


def police(**how: object) -> Bendable:
    held = {pointer("incident", "i-1"): {"on": date(2026, 9, 20), "summary": "Argument heard."}}
    usual = {"held": held, "people": (MAYA_AT_POLICE,), "matches_nhs_number": False}
    return Bendable(custodian("police", Sector.POLICE), **{**usual, **how})


def health(**how: object) -> Bendable:
    """The NHS as PDS is: it can say whether the child's whereabouts are restricted."""
    held = {pointer("attendance", "a-1", at="health"): {"on": date(2026, 7, 10), "summary": "Bruising."}}
    return Bendable(custodian("health", Sector.HEALTH), **{"held": held, "states_restriction": True, **how})
