"""The OpenID provider at which people sign in to the pages: where to send a browser, and what a code is worth.

OpenID Connect Core s.3.1 as FAPI 2.0 Security Profile s.5.3.3 narrows it: PKCE with S256, the request pushed ahead of
the browser (RFC 9126) where the provider takes that, ``iss`` of the answer checked (RFC 9207), a client that proves
itself. No answer of the provider's is believed beyond the members that are read, and none is repeated.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import aiohttp
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]

from hub.access.client_auth import ClientAuthentication
from hub.access.jwks import require_safe_url
from hub.access.metadata import FetchFault, discover, open_session, read_body
from hub.access.strict_json import parse_object
from hub.errors import ConfigurationError, IssuerUnavailable, Unauthenticated
from hub.strict_json import NotStrict

DEADLINE_SECONDS = 5.0
ANSWER_BYTES_MAX = 256 * 1024
METADATA_SECONDS = 600.0
SCOPE = "openid profile"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses of the provider's (OpenID Connect Discovery s.3)."""

    authorization: str
    token: str
    pushed: str | None
    end_session: str | None
    says_issuer: bool


@dataclass(frozen=True, slots=True)
class SignInRequest:
    """One sign-in that was begun: what its answer must fit.

    ``acr_values`` and ``max_age_seconds`` are asked of the provider for a stronger or fresher sign-in.
    """

    state: str
    nonce: str
    verifier: str = field(repr=False)
    redirect_uri: str
    acr_values: tuple[str, ...] = ()
    max_age_seconds: int | None = None

    def parameters(self, client_id: str) -> dict[str, str]:
        """The authorization request."""
        fields = {
            "client_id": client_id,
            "response_type": "code",
            "scope": SCOPE,
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": create_s256_code_challenge(self.verifier),
            "code_challenge_method": "S256",
        }
        if self.acr_values:
            fields["acr_values"] = " ".join(self.acr_values)
        if self.max_age_seconds is not None:
            fields["max_age"] = str(self.max_age_seconds)
        return fields


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the provider gave for a code; neither was checked yet."""

    access_token: str = field(repr=False)
    id_token: str = field(repr=False)


class Provider:
    """The provider, by its ``issuer``; ``client`` is how the pages prove themselves to it."""

    def __init__(
        self, issuer: str, client: ClientAuthentication, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._issuer = require_safe_url(issuer, "the issuer")
        self._client = client
        self._clock = clock
        self._endpoints: Endpoints | None = None
        self._read_at = 0.0

    @property
    def client_id(self) -> str:
        """The pages' name at the provider."""
        return self._client.client_id

    @property
    def origin(self) -> str:
        """Scheme, host and port of the issuer: where forms of the pages may lead."""
        parts = urlsplit(self._issuer)
        return f"{parts.scheme}://{parts.netloc}"

    async def endpoints(self) -> Endpoints:
        """The provider's addresses, read again every ten minutes; those at hand while it does not answer.

        Raises:
            IssuerUnavailable: it has not answered yet.
        """
        if self._endpoints is None or self._clock() - self._read_at > METADATA_SECONDS:
            try:
                async with open_session(DEADLINE_SECONDS) as session:
                    self._endpoints, self._read_at = await self._discover(session), self._clock()
            except IssuerUnavailable:
                if self._endpoints is None:
                    raise
        return self._endpoints

    async def address(self, asked: SignInRequest) -> str:
        """Where to send the browser. It names nobody.

        Raises:
            IssuerUnavailable: the provider does not answer, or refuses what was pushed.
        """
        endpoints = await self.endpoints()
        parameters = asked.parameters(self.client_id)
        if endpoints.pushed is not None:
            pushed = await self._post(endpoints.pushed, parameters, {201})
            parameters = {"client_id": self.client_id, "request_uri": _text(pushed, "request_uri")}
        joint = "&" if "?" in endpoints.authorization else "?"
        return f"{endpoints.authorization}{joint}{urlencode(parameters)}"

    async def tokens(self, answer: Mapping[str, str], asked: SignInRequest) -> Tokens:
        """The tokens for the provider's ``answer`` (the query of the address the browser came back to).

        Raises:
            Unauthenticated: ``SIGN_IN_FAILED``: the person did not sign in, or the answer is not to ``asked``.
            IssuerUnavailable: the provider does not answer.
        """
        endpoints = await self.endpoints()
        is_ours = answer.get("state") == asked.state
        if not is_ours or (endpoints.says_issuer and answer.get("iss") != self._issuer) or not answer.get("code"):
            raise Unauthenticated("You were not signed in. Start again.", code="SIGN_IN_FAILED")
        form = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": asked.redirect_uri,
            "code_verifier": asked.verifier,
        }
        given = await self._post(endpoints.token, form, {200})
        return Tokens(_text(given, "access_token"), _text(given, "id_token"))

    async def _discover(self, session: aiohttp.ClientSession) -> Endpoints:
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return _endpoints(await discover(session, self._issuer))
        except (FetchFault, aiohttp.ClientError, TimeoutError):
            raise _unavailable() from None

    async def _post(self, url: str, form: Mapping[str, str], good: set[int]) -> dict[str, object]:
        whole = {**form, "client_id": self.client_id, **self._client.fields(self._issuer)}
        async with open_session(DEADLINE_SECONDS) as session:
            status, found = await _answer(
                session.post(url, data=whole, headers=self._client.headers(), allow_redirects=False)
            )
        if status in good and found is not None:
            return found
        if status == 400 and found is not None and found.get("error") == "invalid_grant":  # used, expired, not ours
            raise Unauthenticated(
                "This sign-in was used already, or took too long. Start again.", code="SIGN_IN_FAILED"
            )
        raise _unavailable()


def _endpoints(found: Mapping[str, object]) -> Endpoints:
    def address(name: str) -> str | None:
        value = found.get(name)
        if value is None:
            return None
        try:
            return require_safe_url(str(value), name)
        except ConfigurationError:
            raise _unavailable() from None

    authorization, token = address("authorization_endpoint"), address("token_endpoint")
    if authorization is None or token is None:
        raise _unavailable()
    return Endpoints(
        authorization,
        token,
        address("pushed_authorization_request_endpoint"),
        address("end_session_endpoint"),
        found.get("authorization_response_iss_parameter_supported") is True,
    )


async def _answer(call: aiohttp.client._RequestContextManager) -> tuple[int, dict[str, object] | None]:
    """The status, and the JSON object that came with it, if one did."""
    try:
        async with asyncio.timeout(DEADLINE_SECONDS), call as response:
            body = await read_body(response, ANSWER_BYTES_MAX)
            status = response.status
    except (aiohttp.ClientError, TimeoutError, ValueError):
        raise _unavailable() from None
    try:
        return status, parse_object(body)
    except NotStrict:
        return status, None


def _text(found: Mapping[str, object], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise _unavailable()
    return value


def _unavailable() -> IssuerUnavailable:
    return IssuerUnavailable(
        "The sign-in service does not answer as it should, so nobody can be signed in. Try again in a minute; if it "
        "goes on, tell whoever runs it."
    )
