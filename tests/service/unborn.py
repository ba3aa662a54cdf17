"""Custodians that can look for a child not yet born: a council that recorded the mother, an NHS that holds hers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from hub.connectors.base import Deadline, Fetched, Matched
from hub.domain.identifiers import NHSNumber
from hub.domain.organisations import Sector
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate, Unborn
from hub.domain.records import HeldRecord, RecordPointer
from hub.domain.sources import NoAnswer
from tests.service.custodians import AS_OF, Bendable, custodian, pointer

MOTHER = NHSNumber.parse("9990005524")
DUE = PartialDate.exactly(date(2027, 1, 18))
SEARCH = ChildSearch(Identity(unborn=Unborn(MOTHER, DUE)))
UNBORN = Identity(family_names=("Marsh",), unborn=Unborn(MOTHER, DUE))
HERSELF = Identity(
    MOTHER, True, ("Lena",), ("Marsh",), PartialDate.exactly(date(1998, 5, 2)), "female", restricted=False
)
EPISODE = pointer("maternity_episode", "ep-1", at="health")
BOOKED = {EPISODE: {"booked_on": date(2026, 7, 1), "status": "active", "service": "Antenatal care"}}


@dataclass
class Looking(Bendable):
    """A custodian that can look for an unborn child; ``mothers`` when whom it holds is the mother."""

    unborn_kinds: frozenset[str] = frozenset()
    mothers: bool = False

    @property
    def kinds(self) -> frozenset[str]:
        return super().kinds - {"maternity_episode"}

    async def fetch(self, who: Candidate, pointers: Sequence[RecordPointer], deadline: Deadline) -> Fetched | NoAnswer:
        """What is known of the link is not what the custodian said, so it finds its records by their ids."""
        values = {each.record_id: said for each, said in self.held.items()}
        records = tuple(HeldRecord(each, AS_OF, values[each.record_id]) for each in pointers)
        self.fetched += pointers
        return await self._answer("fetch", Fetched(records), deadline)

    async def match(self, search: ChildSearch, deadline: Deadline) -> Matched | NoAnswer:
        found = await super().match(search, deadline)
        if not isinstance(found, Matched):
            return found
        return Matched(tuple(replace(each, is_mother=self.mothers) for each in found.candidates))


def council(*people: Identity, name: str = "council", **how: Any) -> Looking:
    held = {pointer("referral", "r-1", at=name): {"referred_on": date(2026, 10, 1)}}
    usual = {"held": held, "people": people, "unborn_kinds": frozenset({"referral", "council_person"})}
    return Looking(custodian(name, Sector.COUNCIL), **{**usual, **how})


def nhs(*people: Identity, **how: Any) -> Looking:
    usual = {"held": BOOKED, "people": people or (HERSELF,), "states_restriction": True, "mothers": True}
    return Looking(
        custodian("health", Sector.HEALTH), **{**usual, "unborn_kinds": frozenset({"maternity_episode"}), **how}
    )
