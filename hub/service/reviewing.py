"""An information governance officer's work on the log: what she may see, and the steps of a review.

Each agency sees what its own workers asked and uses of its own records; who reviews for the partnership sees all. Every
look is itself an entry of the log before anything is shown. Nobody reviews what she did herself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256

from hub.audit.acts import Act, Consultation, Officer, ReviewAct
from hub.audit.words import COUNT_MAX
from hub.domain.enquiry import Duty, Searcher
from hub.errors import Forbidden, NotFound
from hub.service.entries import worker_key
from hub.service.following import Following
from hub.store import review_reading, reviews
from hub.store.appender import Log
from hub.store.log_search import Cursor, Filter, Page, Row, search
from hub.store.review_reading import Opened, Said
from hub.store.review_words import Written
from hub.store.reviews import Case, CaseState, Finding, Step, Taking, Wanted, take

PAGE_ROWS = 40


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who reviews: ``scope`` is the agency of which she sees staff and records, None for the whole partnership."""

    officer: Officer
    scope: str | None

    @classmethod
    def of(cls, searcher: Searcher, officer: Officer) -> Reviewer:
        """The reviewer a searcher is by her duties.

        Raises:
            Forbidden: her role reviews nothing.
        """
        if Duty.REVIEW_ALL in searcher.duties:
            return cls(officer, None)
        if Duty.REVIEW in searcher.duties:
            return cls(officer, searcher.organisation)
        raise Forbidden("Your role does not review the log.")

    def did(self, row: Row) -> bool:
        """Whether she herself did what a row tells of."""
        return row.worker is not None and row.worker == self.officer.worker

    def reads(self, steps: Iterable[Step]) -> tuple[int, ...]:
        """The steps whose words she may read: those of reviews that her own agency opened."""
        owner, found = None, []
        for step in steps:
            owner = step.organisation if step.act == ReviewAct.OPENED else owner
            if self.scope in (None, owner):
                found.append(step.index)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the list, and the reviews of its rows by entry."""

    page: Page
    reviews: Mapping[int, Case]


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry for its reviewer. ``said`` is by step, as far as she may read it."""

    opened: Opened
    said: Mapping[int, Said]
    is_own: bool


def filter_text(wanted: Filter) -> str:
    """A filter in one way only: its digest stands in the log (``docs/log-reading.md``)."""
    said = []
    for each in fields(Filter):
        value = getattr(wanted, each.name)
        if value is None or value is False:
            continue
        text = value.astimezone(UTC).isoformat(timespec="milliseconds") if isinstance(value, datetime) else str(value)
        said.append(f"{each.name}={text}\n")
    return "".join(sorted(said))


class Reviewing:
    """What reviewers do.

    Args:
        log: the signed log.
        following: keeps the list up with it.
    """

    def __init__(self, log: Log, following: Following) -> None:
        self.log = log
        self._following = following

    async def look(self, reviewer: Reviewer, seen: str, entry: int | None = None, wanted: str | None = None) -> int:
        """Write down that she is about to be shown something; the entry's number.

        Raises:
            AuditUnavailable: it could not be written, so nothing may be shown.
        """
        at, nonce = self.log.stamp()
        digest = None if wanted is None else sha256(wanted.encode()).hexdigest()
        return await self.append(
            Consultation(at=at, nonce=nonce, officer=reviewer.officer, seen=seen, entry=entry, wanted=digest)
        )

    async def append(self, act: Act) -> int:
        """Write an act without text beside it; its number."""
        return (await self.log.append(act)).index

    def within(self, reviewer: Reviewer, wanted: Filter) -> Filter:
        """``wanted``, and no further than she may see."""
        return wanted if reviewer.scope is None else replace(wanted, concerns=reviewer.scope)

    async def list(self, reviewer: Reviewer, wanted: Filter, after: Cursor | None = None) -> Listed:
        """A page of the list."""
        within = self.within(reviewer, wanted)
        await self.look(reviewer, "list", wanted=filter_text(within))
        await self._following.caught_up()
        page = await self.log.beside(lambda engine: search(engine, within, after, PAGE_ROWS))
        about = [row.index for row in page.rows]
        return Listed(page, await self.log.beside(lambda engine: reviews.states(engine, about)))

    async def row(self, reviewer: Reviewer, index: int) -> Row:
        """The row of an entry.

        Raises:
            NotFound: there is none, or it is not hers to see.
        """
        if not 0 <= index <= COUNT_MAX:
            raise NotFound("There is no such entry.")
        await self._following.caught_up()
        found = await self.log.beside(lambda engine: review_reading.visible(engine, index, reviewer.scope))
        if found is None:
            raise NotFound("There is no such entry.")
        return found

    async def entry(self, reviewer: Reviewer, index: int) -> Shown:
        """One entry with its review; raises as :meth:`row`."""
        row = await self.row(reviewer, index)
        await self.look(reviewer, "entry", row.index)
        return await self.shown(reviewer, row)

    async def shown(self, reviewer: Reviewer, row: Row) -> Shown:
        """One entry, where that she looks at it is written already."""
        opened = await self.log.beside(lambda engine: review_reading.opened(engine, row))
        steps = () if reviewer.did(row) else reviewer.reads(opened.steps)
        return Shown(opened, {each: await self.said(each) for each in steps}, reviewer.did(row))

    async def said(self, step: int) -> Said:
        """What was written in a step."""
        return await self.log.beside(lambda engine: review_reading.said(engine, step))

    async def cases(self, reviewer: Reviewer, wanted: Wanted, after: int, limit: int) -> tuple[Case, ...]:
        """Reviews of what she may see, what is due first; that she looked is written."""
        await self.look(reviewer, "cases")
        within = replace(wanted, concerns=reviewer.scope)
        return await self.log.beside(lambda engine: reviews.cases(engine, within, after, limit))

    async def step(
        self,
        reviewer: Reviewer,
        index: int,
        act: ReviewAct,
        text: str,
        seen: int | None,
        *,
        assigned: str | None = None,
        due: datetime | None = None,
        outcome: Finding | None = None,
    ) -> int:
        """Take a step of a review; its number in the log.

        Args:
            assigned: the worker's identifier at the officer's own agency of who is to review.
            due: the day (any moment of it) by which.
            seen: the newest step she has seen; None where there was none.

        Raises:
            ReviewRefused: it cannot be taken as things stand, or it is her own question.
            NotFound: as :meth:`row`.
        """
        row = await self.row(reviewer, index)
        to = None
        if assigned:
            to = await self.log.reference("worker", worker_key(reviewer.officer.organisation, assigned))
        written = Written(text, to, None if due is None else due.date())
        return await take(
            self.log,
            Taking(
                officer=reviewer.officer,
                entry=row.index,
                act=act,
                written=written,
                outcome=outcome,
                worker=row.worker,
                seen=seen,
            ),
        )

    async def names(self, workers: set[str]) -> Mapping[str, str]:
        """The identifiers of officers, for who reviews with them: by reference."""
        from hub.store.accesses import read_names

        return await self.log.beside(partial(read_names, references=workers))


@dataclass(frozen=True, slots=True)
class Request:
    """What a reviewer asks a worker about a question of hers, and what was answered so far (text, oldest first)."""

    case: Case
    asked: tuple[tuple[int, datetime, bool, Said], ...]


class Answering:
    """A worker's own side: what she asked, and what reviewers ask her."""

    def __init__(self, log: Log, following: Following) -> None:
        self._log = log
        self._following = following

    async def questions(self, worker: str, after: Cursor | None = None) -> Listed:
        """Her own questions, newest first."""
        await self._following.caught_up()
        wanted = Filter(worker=worker, kind="question")
        page = await self._log.beside(lambda engine: search(engine, wanted, after, PAGE_ROWS))
        return Listed(page, {})

    async def requests(self, worker: str) -> tuple[Request, ...]:
        """What reviewers have asked her and not closed since, with her own answers."""
        states = (CaseState.ASKED, CaseState.ANSWERED, CaseState.OPEN)
        wanted = Wanted(worker=worker, states=states)
        found = await self._log.beside(lambda engine: reviews.cases(engine, wanted))
        made = [await self._request(case) for case in found]
        return tuple(each for each in made if each.asked)

    async def _request(self, case: Case) -> Request:
        steps = await self._log.beside(lambda engine: reviews.steps(engine, case.entry))
        told = []
        for step in steps:
            if step.act in (ReviewAct.ASKED, ReviewAct.ANSWERED):
                said = await self._log.beside(partial(review_reading.said, step=step.index))
                told.append((step.index, step.at, step.act == ReviewAct.ANSWERED, said))
        return Request(case, tuple(told))

    async def answer(self, officer: Officer, entry: int, text: str, seen: int) -> int:
        """Answer what is asked about ``entry``, as the worker who did it; the step's number.

        Raises:
            ReviewRefused: nothing is asked of her there.
        """
        if not 0 <= entry <= COUNT_MAX:
            raise NotFound("There is no such entry.")
        taking = Taking(officer=officer, entry=entry, act=ReviewAct.ANSWERED, written=Written(text), seen=seen)
        return await take(self._log, taking)
