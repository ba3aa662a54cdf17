"""The connections beneath the HTTP client: no cookies, proxies or repeats, nothing left over from the last answer."""

from __future__ import annotations

import functools
import ssl
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

KEEP_ALIVE_SECONDS = 4.0
"""Under the shortest common server setting (5 s), so that a connection is not chosen as the server closes it."""

BESIDES_BODY_BYTES_MAX = 256 * 1024
"""Bytes of one answer that are not its body: status lines, headers, chunk sizes, trailers, empty lines before it."""


class TooMuchBesides(aiohttp.ClientConnectionError):
    """An answer has more than :data:`BESIDES_BODY_BYTES_MAX` bytes that are not its body."""


def open_session(connections_max: int, tls: ssl.SSLContext | None, *, reuse: bool) -> aiohttp.ClientSession:
    """A session of the running loop with at most ``connections_max`` connections; no time limits of its own.

    Args:
        connections_max: open at once.
        tls: trust store and client certificate; the system's trust store when None.
        reuse: whether a connection serves another question. Only where an answer says which question it is to: a
            second answer that arrives just after the next question was sent looks like that question's answer.
    """
    lasting: dict[str, Any] = {"keepalive_timeout": KEEP_ALIVE_SECONDS} if reuse else {"force_close": True}
    return aiohttp.ClientSession(
        connector=_CleanConnector(limit=connections_max, ssl=tls if tls is not None else True, **lasting),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "safeguarding-hub", **({} if reuse else {"Connection": "close"})},
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        trust_env=False,
        auto_decompress=False,
        raise_for_status=False,
        middlewares=(_ask_once,),
    )


def distrust(response: aiohttp.ClientResponse) -> None:
    """Break the connection that ``response`` came on, even if it is in the pool again, or another question's by now.

    An answer to another question means that answers and questions are out of step there, and would stay so.
    """
    if response._protocol is not None:  # noqa: SLF001 - close() does nothing once the body has ended
        response._protocol.close()  # noqa: SLF001


async def _ask_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a GET again by itself when the connection breaks before an answer.

    RFC 9110 s.9.2.2 lets a client do so, but a record system notes every time a child's record is looked at, and the
    hub's log must say of each of them why. The price: a connection that the other side closes just as it is used is no
    answer. aiohttp repeats after two kinds of error; this hands it their common parent.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:  # nothing was sent, and aiohttp does not repeat it
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise aiohttp.ClientConnectionError("the connection broke") from None


class _Frugal(ResponseHandler):
    """Hangs up on a server that keeps sending what is no body.

    aiohttp bounds headers, but reads informational answers, chunk extensions and empty lines for as long as they come:
    hundreds of megabytes within a deadline, and one-byte chunks keep a whole hub from its other work.
    """

    def __init__(self, loop: Any) -> None:
        super().__init__(loop=loop)
        self._bytes_seen = 0

    def next_answer(self) -> None:
        """Count from here: the connection is used again."""
        self._bytes_seen = 0
        self._payload = None

    def data_received(self, data: bytes) -> None:
        """What arrived, unless it is too much."""
        self._bytes_seen += len(data)
        super().data_received(data)
        body, transport = self._payload, self.transport
        besides = self._bytes_seen - (body.total_bytes if body is not None else 0)
        if besides <= BESIDES_BODY_BYTES_MAX or transport is None:
            return
        fault = TooMuchBesides("too much besides the body")
        if body is not None and not body.is_eof():
            body.set_exception(fault)
        self.set_exception(fault)
        transport.abort()


class _CleanConnector(aiohttp.TCPConnector):
    """Reuses a connection only when nothing arrived on it since its last answer.

    aiohttp asks ``should_close`` when a connection goes back to the pool but not when it comes out again, and it goes
    back the moment the body ends: a surplus answer in the same packet, or later, waits there for the next question.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = functools.partial(_Frugal, loop=self._loop)  # type: ignore[assignment]

    async def _get(self, key: Any, traces: Any) -> Any:
        while (connection := await super()._get(key, traces)) is not None:
            if isinstance(connection.protocol, _Frugal) and not connection.protocol.should_close:
                connection.protocol.next_answer()
                return connection
            connection.close()
        return None
