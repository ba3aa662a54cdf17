"""The one way the hub calls a record system over HTTP: JSON in, JSON out, and nothing taken on trust.

Rules (design page "access", outgoing calls): base URL from configuration only; no redirects, cookies, proxies or
environment; one overall deadline; bytes capped after decoding; content types allow-listed; strict JSON; ``Retry-After``
clamped; paging only within the configured address. A connection is used again only where every answer returns the id
of its question, and never once anything arrived on it unasked: those bytes would be read as the next child's answer.
"""

from __future__ import annotations

import asyncio
import ssl
import urllib.parse
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from collections.abc import Set as AbstractSet
from contextvars import ContextVar
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol

import aiohttp
import orjson
from yarl import URL

from hub.connectors.base import Deadline, UpstreamFault
from hub.connectors.http_address import BaseAddress, Params
from hub.connectors.http_reading import check_content_type, check_status, check_values, read_body
from hub.connectors.http_session import TooMuchBesides, distrust, open_session
from hub.domain.sources import NoAnswerReason
from hub.strict_json import NotStrict, parse_json
from hub.telemetry.steps import headers as trace_headers

BYTES_MAX = 4 * 1024 * 1024
"""Decoded bytes of one answer: 5,000 records of 800 bytes."""

CONNECTIONS_MAX = 16
"""Open connections to one custodian; a call beyond that waits, within its deadline."""

PAGES_MAX = 50
"""Pages followed for one question."""

JSON = frozenset({"application/json"})

Parse = Callable[[bytes], Any]
"""What makes an answer's body of its bytes: ``parse_json``, or a reader that is as strict and keeps less."""

CORRELATION_ID: ContextVar[str | None] = ContextVar("hub_correlation_id", default=None)
"""The id of the question being answered, set once at the edge; sent upstream as ``X-Correlation-ID``."""


class Credentials(Protocol):
    """What proves to a custodian that it is the hub asking."""

    async def headers(self, deadline: Deadline) -> Mapping[str, str]:
        """Headers to add to one request; an :class:`UpstreamFault` when none can be had by ``deadline``."""
        ...

    def refused(self, sent: Mapping[str, str]) -> bool:
        """The custodian answered 401 to these headers: do not use them again. Whether there may be others."""
        ...

    async def close(self) -> None:
        """Close what was opened to get them."""
        ...


@dataclass(frozen=True, slots=True)
class BearerToken:
    """A fixed token agreed with the custodian (RFC 6750)."""

    token: str = field(repr=False)

    async def headers(self, deadline: Deadline) -> Mapping[str, str]:  # noqa: ARG002 - part of the interface
        """The Authorization header; never waits."""
        return {"Authorization": f"Bearer {self.token}"}

    def refused(self, sent: Mapping[str, str]) -> bool:  # noqa: ARG002 - part of the interface
        """There is no other."""
        return False

    async def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A custodian's answer: strict JSON, within limits. ``headers`` ignore case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Any = field(repr=False)
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request to be made, once or twice, and what its answer may be."""

    method: str
    url: str = field(repr=False)
    deadline: Deadline
    headers: Mapping[str, str] | None = field(repr=False)
    parse: Parse
    allow: AbstractSet[int] = frozenset()
    body: bytes | None = field(default=None, repr=False)
    body_type: str | None = None


class JsonClient:
    """A client for one custodian. Connections open at the first call; :meth:`close` gives them back.

    Args:
        base_url: ``https://host/path``; plain ``http`` only to this machine (ConfigurationError otherwise).
        credentials: what to authenticate with, or None.
        headers: sent with every request.
        content_types: media types accepted as JSON, without parameters, lower case.
        bytes_max: decoded bytes accepted in one answer.
        connections_max: connections open at once.
        tls: trust store and client certificate; the system's trust store when None.
        echoes_request_id: the custodian returns ``X-Request-ID``, so an answer without ours is to another question.
            Without it a connection serves one question: what is left over could be read as the next child's answer.
        repeats: a call that is answered 401 is made once more with other credentials, where there are any. Not for
            one that is an event of its own at the custodian, even refused.
    """

    def __init__(
        self,
        base_url: str,
        *,
        credentials: Credentials | None = None,
        headers: Mapping[str, str] | None = None,
        content_types: AbstractSet[str] = JSON,
        bytes_max: int = BYTES_MAX,
        connections_max: int = CONNECTIONS_MAX,
        tls: ssl.SSLContext | None = None,
        echoes_request_id: bool = False,
        repeats: bool = True,
    ) -> None:
        self._address = BaseAddress.parse(base_url)
        self._credentials = credentials
        self._headers = {"Accept": ", ".join(sorted(content_types)), "Accept-Encoding": "gzip", **(headers or {})}
        self._content_types = content_types
        self._bytes_max = bytes_max
        self._connections_max = connections_max
        self._tls = tls
        self._echoes_request_id = echoes_request_id
        self._repeats = repeats
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def get(
        self,
        path: str,
        *,
        params: Params | None = None,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        allow: AbstractSet[int] = frozenset(),
        parse: Parse = parse_json,
    ) -> Reply:
        """GET ``path`` (starts with ``/``, segments quoted with :func:`~hub.connectors.http_address.segment`).

        ``allow`` lists statuses beside 200 that come back as a Reply, such as ``{404}``; their bodies must be JSON
        too, because a proxy's "404" page says nothing about what the custodian holds.

        Raises:
            UpstreamFault: for anything else the custodian did.
        """
        return await self._ask(_Ask("GET", self._address.url(path, params), deadline, headers, parse, allow))

    async def post(
        self,
        path: str,
        *,
        json: object = None,
        form: Params | None = None,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        allow: AbstractSet[int] = frozenset(),
        parse: Parse = parse_json,
    ) -> Reply:
        """POST ``json``, or ``form`` as ``application/x-www-form-urlencoded``; otherwise like :meth:`get`."""
        if form is not None:
            body, kind = urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded"
        else:
            body, kind = orjson.dumps(json), "application/json"
        return await self._ask(_Ask("POST", self._address.url(path), deadline, headers, parse, allow, body, kind))

    async def pages(
        self,
        first: Reply,
        next_link: Callable[[Reply], str | None],
        *,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        parse: Parse = parse_json,
    ) -> AsyncIterator[Reply]:
        """``first`` and the pages after it, as ``next_link`` finds the link in each, by GET.

        Raises:
            UpstreamFault: MALFORMED when a link leaves the configured address or was followed before; TOO_LARGE
                when there are more than ``PAGES_MAX`` pages.
        """
        page, seen = first, {first.url}
        yield page
        while (link := next_link(page)) is not None:
            url = self._address.within(link, page.url)
            if url in seen:
                raise UpstreamFault(NoAnswerReason.MALFORMED, "its pages go round in a circle")
            if len(seen) >= PAGES_MAX:
                raise UpstreamFault(NoAnswerReason.TOO_LARGE, f"its answer has more than {PAGES_MAX} pages")
            seen.add(url)
            page = await self._ask(_Ask("GET", url, deadline, headers, parse))
            yield page

    async def close(self) -> None:
        """Close every connection; a later call opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        if self._credentials is not None:
            await self._credentials.close()

    async def _ask(self, ask: _Ask) -> Reply:
        if ask.deadline.left_seconds <= 0:
            raise _too_slow(ask.deadline)
        try:
            async with asyncio.timeout_at(ask.deadline.at):
                reply = await self._once(ask)
                if reply is None:  # the credentials were refused, and there are others
                    reply = await self._once(ask, last=True)
                assert reply is not None
                return reply
        except TimeoutError:
            raise _too_slow(ask.deadline) from None
        except NotStrict as fault:
            raise UpstreamFault(NoAnswerReason.MALFORMED, f"its answer is not strict JSON: {fault}") from None
        except (aiohttp.ClientError, OSError) as fault:  # their texts quote the address and the answer: keep none
            raise _broken(fault) from None

    async def _once(self, ask: _Ask, *, last: bool = False) -> Reply | None:
        """One exchange; None when it is to be made again with other credentials, never after the ``last``."""
        request_id = str(uuid.uuid4())
        proof = {} if self._credentials is None else await self._credentials.headers(ask.deadline)
        sent = {**self._all_headers(request_id, ask), **proof}
        async with self._open_session().request(
            ask.method, URL(ask.url, encoded=True), data=ask.body, headers=sent, allow_redirects=False
        ) as response:
            refused = response.status == HTTPStatus.UNAUTHORIZED and response.status not in ask.allow
            if refused and self._credentials is not None and self._credentials.refused(proof):
                distrust(response)
                if self._repeats and not last:
                    return None
            return await self._read(response, request_id, ask)

    async def _read(self, response: aiohttp.ClientResponse, request_id: str, ask: _Ask) -> Reply:
        is_ours = not self._echoes_request_id or response.headers.get("X-Request-ID", "").lower() == request_id
        if not is_ours:
            distrust(response)
        check_status(response.status, response.headers, ask.allow)  # a proxy's error is told as such; it echoes nothing
        if not is_ours:
            raise UpstreamFault(NoAnswerReason.MALFORMED, "its answer belongs to another question")
        check_content_type(response.headers, self._content_types)
        raw = await read_body(response, self._bytes_max)
        check_values(raw)
        return Reply(response.status, response.headers, ask.parse(raw), ask.url)

    def _all_headers(self, request_id: str, ask: _Ask) -> dict[str, str]:
        sent = {**self._headers, **(ask.headers or {}), "X-Request-ID": request_id, **trace_headers()}
        if (correlation_id := CORRELATION_ID.get()) is not None:
            sent["X-Correlation-ID"] = correlation_id
        if ask.body_type is not None:
            sent["Content-Type"] = ask.body_type
        return sent

    def _open_session(self) -> aiohttp.ClientSession:
        """The session of the running loop: a session belongs to the loop it was made in."""
        loop = asyncio.get_running_loop()
        if self._session is None or self._session.closed or self._loop is not loop:
            self._loop = loop
            self._session = open_session(self._connections_max, self._tls, reuse=self._echoes_request_id)
        return self._session


def _too_slow(deadline: Deadline) -> UpstreamFault:
    return UpstreamFault(NoAnswerReason.SLOW, f"no reply within {deadline.seconds:g} s")


def _broken(fault: Exception) -> UpstreamFault:
    if isinstance(fault, TooMuchBesides):
        return UpstreamFault(NoAnswerReason.TOO_LARGE, "it keeps sending what is no answer")
    if isinstance(fault, aiohttp.ClientResponseError | aiohttp.InvalidURL):
        return UpstreamFault(NoAnswerReason.MALFORMED, "its answer is not HTTP")
    if isinstance(fault, aiohttp.ClientSSLError):
        return UpstreamFault(NoAnswerReason.DOWN, "no trusted TLS connection could be made")
    if isinstance(fault, aiohttp.ClientConnectorError):
        return UpstreamFault(NoAnswerReason.DOWN, "no connection could be made")
    return UpstreamFault(NoAnswerReason.DOWN, "the connection broke before the answer was complete")
