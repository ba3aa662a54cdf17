"""A REST system reached without asking about anybody, and its answers kept as they came for comparison."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from hub.connectors.base import Deadline, UpstreamFault
from hub.connectors.checking import NOBODY, Finding, mend, milliseconds, well
from hub.connectors.http import JsonClient, Reply
from hub.connectors.rest_compare import Heard, Step
from hub.connectors.rest_file import PERSON
from hub.connectors.rest_mapping import RestMapping
from hub.connectors.rest_values import at
from hub.domain.sources import NoAnswerReason


async def reached(client: JsonClient, mapping: RestMapping, deadline: Deadline) -> tuple[Finding, ...]:
    """The system asked which records it holds of a person who is none.

    Raises:
        UpstreamFault: it is not there, or does not take the credential.
    """
    started = asyncio.get_running_loop().time()
    path, types = mapping.find.path.replace(PERSON, NOBODY), sorted(mapping.kinds)
    records: object = []
    try:
        reply = await client.post(path, json={mapping.find.types: types}, deadline=deadline)
        records = at(reply.body, mapping.index.records)
    except UpstreamFault as fault:
        if fault.no_answer.reason is not NoAnswerReason.MALFORMED:
            raise
    connected = well(f"connects: answered in {milliseconds(started)} ms; the credential is not refused")
    if records:
        lost = "it gave records of a person who is none: it does not look at whom it is asked about"
        return connected, mend(lost, "ask the custodian to correct it; until then the hub throws its answers away")
    return connected, well("of a person who is none it holds nothing")


class Listener:
    """What a connector uses of a :class:`~hub.connectors.http.JsonClient`, each answer put into ``heard`` as well."""

    def __init__(self, client: JsonClient, mapping: RestMapping, heard: list[Heard]) -> None:
        self._client = client
        self._find = mapping.find.path.partition(PERSON)
        self._match = mapping.match.path
        self._heard = heard

    async def post(self, path: str, *, json: Any, deadline: Deadline) -> Reply:
        """As the client's."""
        reply = await self._client.post(path, json=json, deadline=deadline)
        if path == self._match:
            self._heard.append(Heard(Step.MATCH, reply.body))
        elif not (path.startswith(self._find[0]) and path.endswith(self._find[2])):
            self._heard.append(Heard(Step.FETCH, reply.body))
        return reply  # Find's first page is heard in `pages`, with the others

    async def pages(
        self, first: Reply, next_link: Callable[[Reply], str | None], *, deadline: Deadline
    ) -> AsyncIterator[Reply]:
        """As the client's."""
        async for page in self._client.pages(first, next_link, deadline=deadline):
            self._heard.append(Heard(Step.FIND, page.body))
            yield page
