"""A real log in a file, the policies in force, and the use case over custodians that bend."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.app import load_policies
from hub.audit.entries import Entry
from hub.domain.enquiry import Enquiry, RecordedDecision, Searcher
from hub.domain.identifiers import CaseReference
from hub.domain.organisations import Sector
from hub.domain.people import ChildSearch
from hub.domain.view import ChildAnswer
from hub.policy.engine import Policy
from hub.policy.judgements import Book
from hub.service.ask import Line
from hub.service.matching import Matching
from hub.service.question import Question, Words
from hub.service.stating import CaseCheck
from hub.service.tally import Tally
from hub.service.view_child import ViewChild
from hub.store.appender import Log
from hub.store.keys import load_or_create
from tests.service.custodians import BY_NUMBER, Bendable
from tests.service.witnesses import MADE, Clock, Simulated, serving

NOW = datetime(2026, 11, 20, 16, 41, tzinfo=UTC)
PURPOSES = frozenset({"ca2004-s16la", "ca1989-s47", "ca1989-s17"})


@dataclass
class Bench:
    """Ask through it; look at what the log holds afterwards."""

    log: Log
    policy: Policy
    path: Path
    book: Book = field(default_factory=Book)
    judgements: Callable[[], Awaitable[Book]] | None = None
    newest: Callable[[], Policy] | None = None
    matching: Matching = field(default_factory=Matching)
    tally: Tally | None = None
    cases: CaseCheck | None = None

    async def _judged(self) -> Book:
        return self.book

    async def ask(
        self,
        *custodians: Bendable,
        search: ChildSearch = BY_NUMBER,
        enquiry: Enquiry | None = None,
        role: str = "mash_social_worker",
        purposes: frozenset[str] = PURPOSES,
        deadline_seconds: float = 0.5,
        grace_seconds: float = 0.05,
        read: frozenset[str] | None = None,
        look: frozenset[str] | None = None,
        words: Words | None = None,
    ) -> ChildAnswer:
        everything = frozenset(self.policy.bundle.catalogue.kinds)
        lines = [Line(one, one.kinds, deadline_seconds) for one in custodians]
        judgements = self.judgements or self._judged
        more = {"newest": self.newest, "tally": self.tally, "matching": self.matching, "cases": self.cases}
        ask = ViewChild(self.log, self.policy, lines, judgements, grace_seconds, lambda: NOW, **more)
        searcher = Searcher("testshire-mash", "testshire-council", "Testshire", Sector.COUNCIL, "w-1", role, purposes)
        return await ask(
            Question(
                searcher=searcher,
                enquiry=lambda: enquiry or Enquiry("ca2004-s16la", CaseReference("MASH-1")),
                search=lambda: search,
                look=everything if look is None else look,
                read=everything if read is None else read,
                document_sha256="0" * 64,
                trace_id="0" * 32,
                words=words or Words("{ child }", {}),
            )
        )

    async def entries(self) -> list[Entry]:
        found: list[Entry] = []
        while (stored := await self.log.entry(len(found))) is not None:
            found.append(stored.entry)
        return found

    async def kinds(self) -> list[str]:
        return [type(entry).__name__ for entry in await self.entries()]


@pytest.fixture(scope="session")
def policy() -> Policy:
    return Policy(load_policies())


@pytest.fixture
async def bench(tmp_path: Path, policy: Policy) -> AsyncIterator[Bench]:
    log = Log(
        f"sqlite:///{tmp_path / 'log.db'}", load_or_create(tmp_path / "log.key", "hub.test/log"), wait_seconds=1.0
    )
    await log.start()
    yield Bench(log, policy, tmp_path / "log.db")
    await log.close()


MakeLog = Callable[[], Log]


@pytest.fixture
async def make_log(tmp_path: Path) -> AsyncIterator[MakeLog]:
    """Makes logs on one database, as several hubs have them, or one hub that starts again."""
    made: list[Log] = []

    def make() -> Log:
        key = load_or_create(tmp_path / "log.key", "hub.test/log")
        made.append(Log(f"sqlite:///{tmp_path / 'log.db'}", key, wait_seconds=2.0))
        return made[-1]

    yield make
    for each in made:
        await each.close()


@pytest.fixture
async def clock() -> AsyncIterator[Clock]:
    """A clock that stands still until it is set; what watches by it is closed at the end."""
    yield Clock()
    while MADE:
        await MADE.pop()._rounds.close()


@pytest.fixture
async def three(clock: Clock) -> AsyncIterator[list[Simulated]]:
    """Three witnesses that listen, and do their duty until they are told otherwise."""
    witnesses = [Simulated(name, clock) for name in ("council", "police", "nhs")]
    async with serving(*witnesses):
        yield witnesses


DECIDED = RecordedDecision("Team manager", NOW)


def s47(decision: RecordedDecision | None = DECIDED) -> Enquiry:
    return Enquiry("ca1989-s47", CaseReference("MASH-1"), decision)
