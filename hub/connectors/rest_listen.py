"""A REST system reached without asking about anybody, and its answers kept as they came for comparison."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from hub.connectors.base import Deadline, UpstreamFault
from hub.connectors.checking import Finding, milliseconds, well
from hub.connectors.http import JsonClient, Reply
from hub.connectors.rest_compare import Heard, Step
from hub.connectors.rest_file import PERSON
from hub.connectors.rest_mapping import RestMapping
from hub.domain.sources import NoAnswerReason


async def reached(client: JsonClient, path: str, deadline: Deadline) -> tuple[Finding, ...]:
    """The system at the search's address, asked by GET: whatever it answers, it is there.

    Raises:
        UpstreamFault: it is not, or does not take the credential.
    """
    started = asyncio.get_running_loop().time()
    try:
        await client.get(path, deadline=deadline)
    except UpstreamFault as fault:
        if fault.no_answer.reason is not NoAnswerReason.MALFORMED:
            raise
    return (
        well(f"connects: answered in {milliseconds(started)} ms"),
        well("the credential is not refused where it is searched"),
    )


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
