"""A partnership whose holders hold something back, and a hub in which releases are asked for and answered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hub.audit.acts import Officer, ReleaseRequest
from hub.audit.entries import Entry
from hub.domain.disclosure import Withheld
from hub.domain.enquiry import Duty, Enquiry, Searcher
from hub.domain.identifiers import CaseReference
from hub.domain.organisations import Sector
from hub.domain.view import JoinedView
from hub.policy.engine import Policy
from hub.service.ask import Line
from hub.service.question import Question, Words
from hub.service.releasing import Releasing, Standing
from hub.service.releasing_told import Shown, for_asker
from hub.service.releasing_words import Refusal, Release
from hub.service.view_child import ViewChild
from hub.store.appender import Log
from hub.store.judgements import JudgementStore
from hub.store.keys import load_or_create
from hub.store.release_requests import read_line
from tests.service.custodians import BY_NUMBER, Bendable, council, custodian, pointer, police

NOW = datetime(2026, 11, 20, 16, 41, tzinfo=UTC)
MakeHub = Callable[[], Any]
PURPOSES = frozenset({"ca2004-s16la", "ca1989-s47", "ca1989-s17"})
REASON = "The strategy meeting is at four, and whether she is safe at home tonight turns on this."
WHY = "The plan sets out who collects her from school, and that is what the meeting has to settle."
EHC = pointer("education_health_care_plan", "ehc-1", at="council")
ADVICE = pointer("case_document", "doc-legal", "privileged", at="council")
ADOPTED = pointer("adoption_record", "ad-1", at="council")
ORDERED = pointer("case_document", "doc-sealed", "court_order_sealed", at="council")
INTELLIGENCE = pointer("intelligence", "int-1", "handling_code_c")
OTHER_INTELLIGENCE = pointer("intelligence", "int-2", "handling_code_c")
MARAC = pointer("case_document", "marac-1", "originator_condition", at="council")

HELD: dict[Any, dict[str, Any]] = {
    EHC: {"started_on": date(2025, 1, 6), "needs": ("ASD",)},
    ADVICE: {"title": "Counsel's note", "on": date(2026, 9, 1)},
    ADOPTED: {},
    ORDERED: {"title": "Sealed"},
    MARAC: {"title": "Minutes", "on": date(2026, 9, 2)},
    INTELLIGENCE: {"summary": "Seen at the address.", "on": date(2026, 9, 3)},
    OTHER_INTELLIGENCE: {"summary": "Another report.", "on": date(2026, 9, 4)},
}


def person(
    worker: str, organisation: str, *duties: Duty, role: str = "mash_social_worker", sector: Sector = Sector.COUNCIL
) -> Searcher:
    return Searcher(
        "hub-pages", organisation, organisation.title(), sector, worker, role, PURPOSES, duties=frozenset(duties)
    )


ASKER = person("w-1", "testshire")
COLLEAGUE = person("w-2", "testshire")
LEAD = person("l-1", "council", Duty.RELEASE, role="release_lead")
POLICE_LEAD = person("l-2", "police", Duty.RELEASE, role="release_lead", sector=Sector.POLICE)
REVIEWER = person("r-1", "council", Duty.REVIEW, role="ig_officer")
PARTNERSHIP = person("r-2", "testshire", Duty.REVIEW_ALL, role="partnership_ig_lead")


@dataclass
class Hub:
    """Ask a question, ask for a release, answer it; look at the log. ``now`` may be moved."""

    log: Log
    judgements: JudgementStore
    policy: Policy
    now: datetime = NOW
    held: tuple[Any, ...] = tuple(HELD)
    case: str = "MASH-1"
    holders: tuple[str, str] = ("council", "police")
    answers: list[JoinedView] = field(default_factory=list)

    @property
    def releasing(self) -> Releasing:
        return Releasing(self.log, self.judgements, lambda: self.policy.bundle, lambda: self.now)

    async def officer(self, who: Searcher) -> Officer:
        worker = await self.log.reference("worker", f"{who.organisation}/{who.worker}")
        return Officer(who.client_id, who.organisation, worker, who.role)

    async def question(
        self, who: Searcher = ASKER, purpose: str = "ca2004-s16la", case: str | None = None
    ) -> JoinedView:
        """The joined view, asked for anew."""
        custodians = [self._holder(council, 0), self._holder(police, 1)]
        lines = [Line(each, each.kinds, 0.5) for each in custodians]
        ask = ViewChild(self.log, self.policy, lines, self.judgements.book, 0.05, lambda: self.now)
        everything = frozenset(self.policy.bundle.catalogue.kinds)
        view = await ask(
            Question(
                searcher=who,
                enquiry=lambda: Enquiry(purpose, CaseReference(case or self.case)),
                search=lambda: BY_NUMBER,
                look=everything,
                read=everything,
                document_sha256="0" * 64,
                trace_id="0" * 32,
                words=Words("{ child }", {}),
            )
        )
        assert isinstance(view, JoinedView)
        self.answers.append(view)
        return view

    def _holder(self, kind: Callable[..., Bendable], which: int) -> Bendable:
        usual, name = kind(held={}), self.holders[which]
        held = {replace(each, custodian=name): HELD[each] for each in self.held if each.custodian == usual.custodian.id}
        return replace(usual, custodian=custodian(name, usual.custodian.sector), held=held)

    async def asked(self, about: Any, reason: str = REASON, who: Searcher = ASKER) -> str:
        """A request about the line on one record, in a fresh answer."""
        view = await self.question(who)
        return await self.releasing.ask(who, await self.officer(who), *await self.place(view, about), reason)

    async def place(self, view: JoinedView, about: Any) -> tuple[int, int]:
        """The answer and the line about a record: a veiled line does not say which record it is about."""
        for line in lines_of(view):
            kept = await self.log.beside(partial(read_line, answer=view.log_entry, ordinal=line.ordinal))
            if kept is not None and kept.record_id == about.record_id:
                return view.log_entry, line.ordinal
        raise AssertionError(about)

    async def release(self, reference: str, who: Searcher = LEAD, **changes: Any) -> None:
        await self.releasing.release(who, await self.officer(who), reference, released(**changes))

    async def refuse(self, reference: str, who: Searcher = LEAD, **changes: Any) -> None:
        await self.releasing.refuse(who, await self.officer(who), reference, refused(**changes))

    async def entries(self) -> list[Entry]:
        found: list[Entry] = []
        while (stored := await self.log.entry(len(found))) is not None:
            found.append(stored.entry)
        return found

    async def steps(self) -> list[tuple[str, str | None]]:
        """What the log says of requests: each act with its ground."""
        return [(each.act, each.ground) for each in await self.entries() if isinstance(each, ReleaseRequest)]

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)


def lines_of(view: JoinedView) -> list[Withheld]:
    return [*view.withheld, *(line for record in view.records for line in record.withheld)]


def values_of(view: JoinedView, kind: str) -> list[dict[str, Any]]:
    return [dict(record.values) for record in view.records if record.kind == kind]


def released(**changes: Any) -> Release:
    usual: dict[str, Any] = {
        "how": "in_whole",
        "lifted_by": {"imp-sen-reg17": "interests_decision"},
        "decided_by": "Imogen Fairweather",
        "post": "send",
        "reasons": WHY,
        "text": "",
        "days": "7",
    }
    return Release(**usual | changes)


def refused(**changes: Any) -> Refusal:
    usual: dict[str, Any] = {
        "rule": "imp-sen-reg17",
        "so": frozenset({"ehc_plan"}),
        "none_lifts": True,
        "note": "Nobody has decided yet that telling it is needed in her interests.",
    }
    return Refusal(**usual | changes)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def log_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'log.sqlite'}"
    make: Callable[[], str] = request.getfixturevalue("new_schema")
    return make()


@pytest.fixture
async def make_hub(log_url: str, tmp_path: Path, policy: Policy) -> AsyncIterator[Callable[[], Any]]:
    """Makes hubs on one database, as several processes are."""
    made: list[Hub] = []

    async def make() -> Hub:
        log = Log(log_url, load_or_create(tmp_path / "key", "hub.test/log"), wait_seconds=2.0)
        await log.start()
        made.append(Hub(log, JudgementStore(log_url, log, wait_seconds=2.0), policy))
        return made[-1]

    yield make
    for each in made:
        await each.judgements.close()
        await each.log.close()


@pytest.fixture
async def hub(make_hub: MakeHub) -> Hub:
    made: Hub = await make_hub()
    return made


async def shown(hub: Hub, reference: str) -> Shown:
    request, standing = await hub.releasing.one(ASKER, reference)
    assert standing is Standing.ASKER
    return await for_asker(hub.releasing, request)
