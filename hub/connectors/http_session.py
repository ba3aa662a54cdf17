"""The connections beneath the HTTP client: no cookies, no proxies, nothing left over from the last answer."""

from __future__ import annotations

import ssl
from typing import Any

import aiohttp

KEEP_ALIVE_SECONDS = 4.0
"""Under the shortest common server setting (5 s), so that a connection is not chosen as the server closes it."""


def open_session(connections_max: int, tls: ssl.SSLContext | None) -> aiohttp.ClientSession:
    """A session of the running loop with at most ``connections_max`` connections; no time limits of its own."""
    return aiohttp.ClientSession(
        connector=_CleanConnector(
            limit=connections_max, keepalive_timeout=KEEP_ALIVE_SECONDS, ssl=tls if tls is not None else True
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "safeguarding-hub"},
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        trust_env=False,
        auto_decompress=False,
        raise_for_status=False,
    )


class _CleanConnector(aiohttp.TCPConnector):
    """Reuses a connection only when nothing arrived on it since its last answer.

    aiohttp asks ``should_close`` when a connection goes back to the pool but not when it comes out again, and it goes
    back the moment the body ends: a surplus answer in the same packet, or later, waits there for the next question.
    """

    async def _get(self, key: Any, traces: Any) -> Any:
        while (connection := await super()._get(key, traces)) is not None:
            if connection.protocol is not None and not connection.protocol.should_close:
                return connection
            connection.close()
        return None
