"""Tokens for a custodian: one that was agreed, or one that is asked for (OAuth 2.0 client credentials, RFC 6749 s.4.4).

Both are ``http.Credentials``. How the hub proves itself at a token endpoint is handed in, as a :class:`Proof`.
"""

from __future__ import annotations

import asyncio
import re
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol

from hub.connectors.base import Deadline, UpstreamFault
from hub.connectors.http import JsonClient, Reply
from hub.connectors.rest_values import malformed
from hub.domain.sources import NoAnswerReason
from hub.errors import ConfigurationError

LIFE_MAX_SECONDS = 3_600
"""A token is not used longer than an hour, whatever it says."""

EARLY_SECONDS = 30
"""A token is renewed so long before it ends, so that none ends on its way."""

ANSWER_BYTES_MAX = 64 * 1024
"""Decoded bytes of a token endpoint's answer: a token has 8 KiB at most."""

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,8192}={0,8}", re.ASCII)

_REFUSALS = {  # RFC 6749 s.5.2, RFC 8707 s.2
    "invalid_client": "it does not accept the hub's client id with this secret or key",
    "unauthorized_client": "it does not let this client ask for tokens by client_credentials",
    "unsupported_grant_type": "it gives no tokens by client_credentials",
    "invalid_scope": "it does not give this client the scope that is asked for",
    "invalid_target": "it gives this client no tokens for that audience",
    "invalid_request": "it does not accept the way in which the hub asks",
}
_REFUSED = "it refused the hub's credentials"


class Proof(Protocol):
    """What goes with a request for a token, so that the endpoint knows the hub."""

    def headers(self) -> dict[str, str]:
        """Header fields to send."""
        ...

    def fields(self, issuer: str) -> dict[str, str]:
        """Form fields to send; ``issuer`` is whom an assertion is made out to."""
        ...


@dataclass
class AgreedToken:
    """A fixed token that may be exchanged for another in its place. Implements ``http.Credentials``.

    ``read`` gives the token; with True it looks again even where nothing seems to have changed.
    """

    read: Callable[[bool], str] = field(repr=False)

    async def headers(self, deadline: Deadline) -> Mapping[str, str]:  # noqa: ARG002 - part of the interface
        """The Authorization header; never waits."""
        return _bearer(self.read(False))

    def refused(self, sent: Mapping[str, str]) -> bool:
        """Whether the place holds another token than the one that was sent."""
        return _bearer(self.read(True)) != sent

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class IssuedToken:
    """A token asked for when one is needed, by one caller at a time. Implements ``http.Credentials``.

    Attributes:
        auth: asks the token endpoint, without credentials of its own.
        path: the endpoint's path below ``auth``'s address.
        proof: makes what proves the hub; called for each token, so that a secret or key may be exchanged.
        issuer: whom an assertion is made out to.
        asked: further form fields, such as ``scope``.
        place: what a failure's words begin with.
    """

    auth: JsonClient
    path: str
    proof: Callable[[], Proof] = field(repr=False)
    issuer: str
    asked: Mapping[str, str]
    place: str = "its token endpoint"
    clock: Callable[[], float] = time.monotonic
    _token: str | None = field(default=None, init=False, repr=False)
    _until: float = field(default=0.0, init=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    @classmethod
    def at(
        cls,
        url: str,
        proof: Callable[[], Proof],
        *,
        issuer: str | None = None,
        scope: str | None = None,
        audience: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> IssuedToken:
        """Tokens of the endpoint at ``url``; an assertion is made out to ``issuer``, or to ``url`` itself.

        Raises:
            ConfigurationError: for a URL that may not be used.
        """
        base, _, last = url.rpartition("/") if urllib.parse.urlsplit(url).path else (url, "", "")
        asked = {name: value for name, value in (("scope", scope), ("audience", audience)) if value is not None}
        auth = JsonClient(base, bytes_max=ANSWER_BYTES_MAX)
        return cls(auth, f"/{last}", proof, issuer or url, asked, clock=clock)

    async def headers(self, deadline: Deadline) -> Mapping[str, str]:
        """The Authorization header, with a token asked for when there is none; an UpstreamFault when there is none."""
        async with self._turn:
            if self._token is None or self.clock() >= self._until:
                self._token = None
                self._token = await self._ask(deadline)
            return _bearer(self._token)

    def refused(self, sent: Mapping[str, str]) -> bool:
        """Forget the token that was sent. True: another can be asked for, or another caller has asked already."""
        if self._token is not None and _bearer(self._token) == sent:
            self._token = None
        return True

    def forget(self) -> None:
        """Ask for a new token next time."""
        self._token = None

    async def close(self) -> None:
        """Close the connections that tokens were asked on."""
        await self.auth.close()

    async def _ask(self, deadline: Deadline) -> str:
        try:
            proof = self.proof()
            form = {"grant_type": "client_credentials", **self.asked, **proof.fields(self.issuer)}
            headers = proof.headers()
        except ConfigurationError:  # a file that was there when the hub started; its name is nobody's business here
            told = "the hub cannot read the secret or key that it asks for tokens with"
            raise UpstreamFault(NoAnswerReason.REFUSED, told) from None
        asked_at = self.clock()
        try:
            return self._read(await self._post(form, headers, deadline), asked_at)
        except UpstreamFault as fault:
            got = fault.no_answer
            detail = f"{self.place}: {got.detail}"
            raise UpstreamFault(got.reason, detail, got.retry_after_seconds) from None

    async def _post(self, form: Mapping[str, str], headers: Mapping[str, str], deadline: Deadline) -> Reply:
        refuses = frozenset({HTTPStatus.BAD_REQUEST})  # RFC 6749 s.5.2; a 401 is a refusal whatever it holds
        return await self.auth.post(self.path, form=form, headers=headers, deadline=deadline, allow=refuses)

    def _read(self, reply: Reply, asked_at: float) -> str:
        body = reply.body if isinstance(reply.body, dict) else {}
        if reply.status != HTTPStatus.OK:
            error = body.get("error")
            told = _REFUSALS.get(error, _REFUSED) if isinstance(error, str) else _REFUSED
            raise UpstreamFault(NoAnswerReason.REFUSED, told)
        token, kind = body.get("access_token"), body.get("token_type")
        if not isinstance(token, str) or _TOKEN.fullmatch(token) is None:
            raise malformed("it gave no access token that can be used")
        if not isinstance(kind, str) or kind.lower() != "bearer":
            raise malformed("it gave an access token of another type than bearer")
        self._until = asked_at + max(0, _seconds(body.get("expires_in")) - EARLY_SECONDS)
        return token


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _seconds(value: object) -> int:
    """``expires_in``, which some write as text; 0 when it says nothing, so that the token serves once."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value, re.ASCII):
        value = int(value)
    return min(value, LIFE_MAX_SECONDS) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
