"""Authentication as the custodian API publishes it: OAuth 2.0 client credentials (RFC 6749 section 4.4), as a form."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from hub.connectors.base import Deadline, UpstreamFault
from hub.connectors.http import JsonClient
from hub.connectors.rest_values import malformed
from hub.domain.sources import NoAnswerReason

PATH = "/api/v1/Auth/token"
SCOPES = "find-record.read fetch-record.read"
LIFE_MAX_SECONDS = 3_600
"""A token is not used longer than an hour, whatever it says."""

EARLY_SECONDS = 30
"""A token is renewed so long before it ends, so that none ends on its way."""

_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,8192}", re.ASCII)


@dataclass
class ClientCredentials:
    """A client id and secret, turned into a token when one is needed. Implements ``http.Credentials``.

    ``auth`` asks the same address without credentials. A token is kept in memory until shortly before it ends.
    """

    auth: JsonClient
    client_id: str
    secret: str = field(repr=False)
    clock: Callable[[], float] = time.monotonic
    _token: str | None = field(default=None, init=False, repr=False)
    _until: float = field(default=0.0, init=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def headers(self, deadline: Deadline) -> Mapping[str, str]:
        """The Authorization header, with a token asked for when there is none; an UpstreamFault when refused."""
        async with self._turn:
            if self._token is None or self.clock() >= self._until:
                self._token = await self._ask(deadline)
            return {"Authorization": f"Bearer {self._token}"}

    def forget(self) -> None:
        """Ask for a new token next time: this one was refused."""
        self._token = None

    async def close(self) -> None:
        """Close the connections that tokens were asked on."""
        await self.auth.close()

    async def _ask(self, deadline: Deadline) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.secret,
            "scope": SCOPES,
        }
        reply = await self.auth.post(PATH, form=form, deadline=deadline, allow=frozenset({HTTPStatus.BAD_REQUEST}))
        if reply.status != HTTPStatus.OK:  # RFC 6749 section 5.2: 400 refuses the client
            raise UpstreamFault(NoAnswerReason.REFUSED, "it refused the hub's credentials")
        body = reply.body if isinstance(reply.body, dict) else {}
        token, kind = body.get("access_token"), body.get("token_type")
        if not isinstance(token, str) or _TOKEN.fullmatch(token) is None:
            raise malformed("it gave no access token that can be used")
        if not isinstance(kind, str) or kind.lower() != "bearer":
            raise malformed("it gave an access token of another type than bearer")
        self._until = self.clock() + max(0, _seconds(body.get("expires_in")) - EARLY_SECONDS)
        return token


def _seconds(value: object) -> int:
    """``expires_in``, published as a number or as text; 0 when it says nothing, so that the token serves once."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value, re.ASCII):
        value = int(value)
    return min(value, LIFE_MAX_SECONDS) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
