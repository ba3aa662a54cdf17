"""The page of one entry, with the steps of its review; the entry as it is in the log, and its proof."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from starlette.responses import PlainTextResponse, Response

from hub.audit.acts import ReviewAct
from hub.audit.entries import Answer, Question, RecordLine
from hub.errors import NotFound
from hub.policy.bundle import Rule
from hub.service.reviewing import Reviewer, Shown
from hub.service.reviewing_reveals import What, may
from hub.service.reviewing_today import Tried, is_same, tried
from hub.store import review_reading
from hub.store.review_words import TEXT_MAX
from hub.store.reviews import CaseState, Finding, ReviewRefused
from hub.web.forms import Form
from hub.web.review.desk import Desk
from hub.web.site import Site
from hub.web.visit import Visit

STEPS: Mapping[str, str] = {
    "opened": "Review opened",
    "assigned": "Given to an officer",
    "asked": "Worker asked",
    "answered": "Worker answered",
    "noted": "Note added",
    "closed": "Review closed",
}
FINDINGS: Mapping[str, str] = {
    Finding.JUSTIFIED: "Justified",
    Finding.NOT_JUSTIFIED: "Not justified",
    Finding.INCIDENT: "Incident",
}
WORKER_MAX = 100


class Entries:
    """The pages of an entry."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, _: Site, visit: Visit) -> Response:
        """One entry."""
        reviewer = await self._desk.reviewer(visit)
        shown = await self._desk.reviewing.entry(reviewer, visit.request.path_params["number"])
        return await self._page(visit, reviewer, shown, Form())

    async def step(self, _: Site, visit: Visit) -> Response:
        """Take a step of the review, and show the entry again."""
        reviewer, form = await self._desk.reviewer(visit), await visit.form()
        number = visit.request.path_params["number"]
        act = form.choice("act", [each for each in ReviewAct if each is not ReviewAct.ANSWERED], missing="Choose.")
        wanted = _Wanted(form, act)
        if form.ok:
            try:
                await self._desk.reviewing.step(
                    reviewer,
                    number,
                    ReviewAct(act),
                    wanted.text,
                    wanted.seen,
                    assigned=wanted.assigned,
                    due=wanted.due,
                    outcome=wanted.outcome,
                )
                return visit.go(f"/review/entries/{number}#review")
            except ReviewRefused as refused:
                form.wrong("review", refused.message)
        row = await self._desk.reviewing.row(reviewer, number)
        await self._desk.reviewing.look(reviewer, "entry", row.index)
        return await self._page(visit, reviewer, await self._desk.reviewing.shown(reviewer, row), form)

    async def raw(self, site: Site, visit: Visit) -> Response:
        """The entry's bytes as they are in the log."""
        number = await self._number(visit, whole=False)
        body = await site.log.beside(lambda engine: review_reading.raw(engine, number))
        return _text(site, "" if body is None else body.decode("utf-8", "replace"))

    async def proof(self, site: Site, visit: Visit) -> Response:
        """The proof that the entry is in the log."""
        proof = await site.witnessing.proof(await self._number(visit, whole=False))
        if proof is None:
            raise NotFound("There is no such entry.")
        return _text(site, proof)

    async def _number(self, visit: Visit, *, whole: bool) -> int:
        """The entry of the address: its own number, or that of its row when it is asked for ``whole``."""
        reviewer = await self._desk.reviewer(visit)
        number: int = visit.request.path_params["number"]
        row = await self._desk.reviewing.row(reviewer, number)
        await self._desk.reviewing.look(reviewer, "entry", row.index)
        return row.index if whole else number

    async def _page(self, visit: Visit, reviewer: Reviewer, shown: Shown, form: Form) -> Response:
        opened, desk = shown.opened, self._desk
        policy = visit.site.policies.current
        tries: list[tuple[RecordLine, tuple[Tried, ...]]] = []
        question = opened.entry if isinstance(opened.entry, Question) else None
        if question is not None and isinstance(opened.end, Answer):
            sector = desk.sector(question.asker.organisation)
            tries = [(record, tried(question, sector, record, policy)) for record in opened.end.records]
        workers = {step.worker for step in opened.steps if step.worker} if shown.said else set()
        if opened.review is not None and opened.review.assigned is not None and shown.said:
            workers.add(opened.review.assigned)
        names = await desk.reviewing.names(workers)
        rules = {rule.id: rule for rule in (*policy.bundle.rules, *policy.bundle.limits.values())}
        return visit.render(
            "review/entry.html",
            form=form,
            status=200 if form.ok else 400,
            shown=shown,
            opened=opened,
            row=opened.row,
            question=question,
            answer=opened.end if isinstance(opened.end, Answer) else None,
            tries=tries,
            same_policies=question is not None and is_same(question, policy),
            digest=policy.digest.removeprefix("sha256:"),
            rules=_known(rules, tries),
            review=opened.review,
            is_open=opened.review is not None and opened.review.state is not CaseState.CLOSED,
            may_step=not shown.is_own and (opened.review is None or _owns(reviewer, shown)),
            reveals=[what for what in What if may(reviewer, opened.row, what)],
            names={reference: name.partition("/")[2] for reference, name in names.items()},
            steps=STEPS,
            findings=FINDINGS,
            text_max=TEXT_MAX,
            **desk.said(),
        )


def _known(rules: Mapping[str, Rule], tries: list[tuple[RecordLine, tuple[Tried, ...]]]) -> dict[str, Rule]:
    named = {ground for record, _ in tries for group in record.groups for ground in group.grounds}
    return {ground: rules[ground] for ground in named if ground in rules}


def _owns(reviewer: Reviewer, shown: Shown) -> bool:
    """Whether she may take the next step: her agency reviews it, or nobody does any more."""
    case = shown.opened.review
    return case is None or case.state is CaseState.CLOSED or case.owner == reviewer.officer.organisation


class _Wanted:
    """A step as it was typed."""

    def __init__(self, form: Form, act: str) -> None:
        missing = {
            "asked": "Write what you want the worker to tell you.",
            "noted": "Write your note.",
            "closed": "Write the reason for what you decided.",
        }.get(act)
        self.outcome: Finding | None = None
        if act == "closed":
            chosen = form.choice("closed-outcome", list(Finding), missing="Say what the review found.")
            self.outcome = Finding(chosen) if chosen else None
        self.text = form.text(f"{act}-text", missing=missing, most=TEXT_MAX, lines=True)
        self.assigned: str | None = None
        self.due: datetime | None = None
        seen = form.value("seen")
        self.seen = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 16 else None
        if act in ("opened", "assigned"):
            need = "Write the officer’s worker ID." if act == "assigned" else None
            self.assigned = form.text(f"{act}-to", missing=need, most=WORKER_MAX) or None
            day = form.day(f"{act}-due", label="The date it is due")
            self.due = None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


def _text(site: Site, text: str) -> Response:
    return PlainTextResponse(text, headers=dict(site.headers))
