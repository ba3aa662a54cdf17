"""One FHIR server, asked: searches with all their pages, and look-ups of one patient."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, Literal, TypeVar

from hub.connectors.base import RECORDS_MAX, Deadline, UpstreamFault
from hub.connectors.fhir import bundles
from hub.connectors.fhir.elements import Element, element, malformed
from hub.connectors.fhir.references import NHS_NUMBER
from hub.connectors.http import JsonClient, Parse, Reply
from hub.connectors.http_address import segment
from hub.domain.sources import NoAnswerReason

Params = list[tuple[str, str]]
SearchBy = Literal["post", "get"]

_HEADERS = {"Prefer": "handling=strict"}  # FHIR R4 §3.1.1.3.2: fail rather than ignore a parameter you do not know
_NOT_FOUND = 404

Result = TypeVar("Result")
Taken = TypeVar("Taken")


@dataclass(frozen=True, slots=True)
class Page(Generic[Taken]):
    """What was taken of all a search found, over all its pages, and when the server said it.

    Attributes:
        taken: of each match, in the server's order.
        ids: the server's id of each.
        at: aware, UTC; the oldest page's time.
    """

    taken: tuple[Taken, ...]
    ids: tuple[str, ...]
    at: datetime


class Exchange:
    """Searches on one server.

    Args:
        client: the safe HTTP client, already pointed at the server.
        search_by: ``post`` searches by ``POST [type]/_search`` with a form, so that neither names nor NHS numbers are
            in a URL; ``get`` is for servers that know nothing else, PDS among them.
        clock: now, aware, UTC; used when the server does not say.
        release: the release of FHIR it speaks.
    """

    def __init__(
        self,
        client: JsonClient,
        search_by: SearchBy,
        clock: Callable[[], datetime],
        release: bundles.Release = "R4",
    ) -> None:
        self._release: bundles.Release = release
        self._client = client
        self._search_by = search_by
        self._clock = clock

    def now(self) -> datetime:
        """The injected clock's time (aware, UTC)."""
        return self._clock()

    async def search(
        self, resource_type: str, params: Params, deadline: Deadline, take: Callable[[Element], Taken]
    ) -> Page[Taken]:
        """What ``take`` makes of everything of ``resource_type`` that fits ``params``.

        ``take`` gets each resource once its page is here, before it is known whether the rest of the answer can be
        believed: it must only read.

        Raises:
            UpstreamFault: as the client, ``take`` and :mod:`hub.connectors.fhir.bundles` say; TOO_LARGE beyond
                ``RECORDS_MAX``.
        """
        parse = bundles.page_parser(resource_type, take)
        first = await self._first(resource_type, params, deadline, parse)
        found: list[bundles.Kept[Taken]] = []
        times = []
        pages = self._client.pages(first, bundles.next_link, deadline=deadline, headers=_HEADERS, parse=parse)
        async for reply in pages:
            bundles.require_release(reply, self._release)
            found += bundles.kept(reply)
            times.append(self._said_at(reply))
            if len(found) > RECORDS_MAX:
                raise UpstreamFault(NoAnswerReason.TOO_LARGE, f"it holds more than {RECORDS_MAX:,} such records")
        bundles.require_total(first, len(found))
        ids = tuple(each.resource_id for each in found)
        if len(set(ids)) != len(ids):
            raise UpstreamFault(NoAnswerReason.MALFORMED, "it sent the same record twice")
        return Page(tuple(each.taken for each in found), ids, min(times))

    async def patient_by_number(self, number: str, deadline: Deadline) -> Element | None:
        """The Patient with this NHS number, or the one who superseded it; None when the server says nobody has it.

        Raises:
            UpstreamFault: :class:`~hub.connectors.fhir.bundles.Invalidated` for a withdrawn number; others as above.
        """
        return (await self._one_patient([("identifier", f"{NHS_NUMBER}|{number}")], number, deadline))[0]

    async def patient(self, patient_id: str, elements: Sequence[str], deadline: Deadline) -> tuple[Element, datetime]:
        """The Patient with the server's own id, and when the server said it; only ``elements`` where it can.

        Raises:
            UpstreamFault: MALFORMED when the server, having named this patient, no longer has them.
        """
        params = [("_id", patient_id), *([("_elements", ",".join(elements))] if elements else [])]
        found, at = await self._one_patient(params, patient_id, deadline)
        if found is None:
            raise UpstreamFault(NoAnswerReason.MALFORMED, "it no longer knows the person it named a moment ago")
        return found, at

    async def _one_patient(self, form: Params, path_id: str, deadline: Deadline) -> tuple[Element | None, datetime]:
        if self._search_by == "get":
            path = f"/Patient/{segment(path_id)}"
            reply = await self._client.get(path, deadline=deadline, headers=_HEADERS, allow={_NOT_FOUND})
        else:
            reply = await self._client.post(
                "/Patient/_search", form=form, deadline=deadline, headers=_HEADERS, allow={_NOT_FOUND}
            )
        bundles.require_release(reply)
        at = self._said_at(reply)
        if reply.status == _NOT_FOUND:
            if not bundles.is_not_found(reply.body):
                raise bundles.fault_of(element(reply.body, "answer"))
            return None, at
        return self._only(reply), at

    def _only(self, reply: Reply) -> Element | None:
        body = element(reply.body, "answer")
        if self._search_by == "get":
            if body.get("resourceType") == "OperationOutcome":
                raise bundles.fault_of(body)
            if body.get("resourceType") != "Patient":
                raise malformed("answer")
            return body
        found = bundles.matches(reply, "Patient")
        bundles.require_total(reply, len(found))
        if len(found) > 1:
            raise UpstreamFault(NoAnswerReason.MALFORMED, "it has several people under one number")
        return found[0] if found else None

    async def _first(self, resource_type: str, params: Params, deadline: Deadline, parse: Parse) -> Reply:
        if self._search_by == "get":
            path = f"/{resource_type}"
            return await self._client.get(path, params=params, deadline=deadline, headers=_HEADERS, parse=parse)
        path = f"/{resource_type}/_search"
        return await self._client.post(path, form=params, deadline=deadline, headers=_HEADERS, parse=parse)

    def _said_at(self, reply: Reply) -> datetime:
        """The reply's Date (RFC 9110 §6.6.1), or now: a record system in use is current when it answers."""
        now = self.now()
        try:
            said = parsedate_to_datetime(reply.headers.get("Date", ""))
        except ValueError:
            return now
        said = said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)
        return min(said, now)


async def together(calls: Sequence[Coroutine[Any, Any, Result]]) -> list[Result]:
    """The results of ``calls`` at once, in order; the first fault cancels the rest and comes out as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except BaseExceptionGroup as faults:
        raise _first_of(faults) from None
    return [task.result() for task in tasks]


def _first_of(faults: BaseExceptionGroup[BaseException]) -> BaseException:
    """One fault out of the group, a custodian's before a surprise of ours."""
    upstream = faults.subgroup(UpstreamFault)
    first: BaseException = upstream or faults
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first
