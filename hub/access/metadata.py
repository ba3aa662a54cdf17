"""What an issuer says of itself: read within limits, and believed only when it is that issuer's own."""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import urlsplit

import aiohttp

from hub.access.strict_json import parse_object
from hub.strict_json import NotStrict
from hub.telemetry.lines import LogLine, say

DOCUMENT_BYTES_MAX = 256 * 1024
_CONTENT_TYPES = frozenset({"application/json", "application/jwk-set+json"})


class Why(StrEnum):
    """Why the issuer's answer cannot be used."""

    CONTENT_TYPE = "an unexpected content type"
    TOO_LONG = "more bytes than are read"
    NOT_JSON = "not strict JSON"
    NOT_KEYS = "not a JWK set"
    NO_KEY = "no usable key in the JWK set"
    OTHER_ISSUER = "the metadata is another issuer's"
    NOT_HTTPS = "the metadata's jwks_uri is not https"


class FetchFault(Exception):
    """The issuer's answer cannot be used: why, or its HTTP status. Nothing else of it is kept."""

    def __init__(self, why: Why | int) -> None:
        super().__init__(why)
        self.why = why

    def say(self) -> None:
        """Write a line of it."""
        if isinstance(self.why, int):
            say(LogLine.ISSUER_KEYS_REFUSED, status=self.why)
        else:
            say(LogLine.ISSUER_KEYS_NOT_READ, fault=self.why)


def open_session(deadline_seconds: float) -> aiohttp.ClientSession:
    """A session for one errand: no proxy of the environment, no cookies; everything in it within the deadline."""
    timeout = aiohttp.ClientTimeout(total=deadline_seconds)
    return aiohttp.ClientSession(timeout=timeout, trust_env=False, cookie_jar=aiohttp.DummyCookieJar())


async def discover(session: aiohttp.ClientSession, issuer: str) -> dict[str, object]:
    """The metadata of ``issuer``: OpenID Connect Discovery s.4, else RFC 8414 s.3.1.

    OpenID Connect's comes first, since it alone must name what a sign-in needs. A document that cannot be read, or is
    another issuer's (RFC 8414 s.3.3), is as good as none.

    Raises:
        FetchFault: why the last of them cannot be used.
        aiohttp.ClientError, TimeoutError: nobody answers.
    """
    parts = urlsplit(issuer)
    openid = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    oauth = f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{parts.path.rstrip('/')}"
    try:
        return await _metadata(session, openid, issuer)
    except FetchFault as first:
        try:
            return await _metadata(session, oauth, issuer)
        except FetchFault as fault:
            raise first if isinstance(fault.why, int) else fault from None


async def _metadata(session: aiohttp.ClientSession, url: str, issuer: str) -> dict[str, object]:
    found = await read_json(session, url)
    if found.get("issuer") != issuer:
        raise FetchFault(Why.OTHER_ISSUER)
    return found


async def read_json(session: aiohttp.ClientSession, url: str) -> dict[str, object]:
    """The JSON object at ``url``; :class:`FetchFault` for anything else. Redirects are not followed."""
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    async with session.get(url, headers=headers, allow_redirects=False) as response:
        if response.status != 200:
            raise FetchFault(response.status)
        if response.content_type not in _CONTENT_TYPES:
            raise FetchFault(Why.CONTENT_TYPE)
        try:
            return parse_object(await read_body(response, DOCUMENT_BYTES_MAX))
        except NotStrict:
            raise FetchFault(Why.NOT_JSON) from None
        except ValueError:
            raise FetchFault(Why.TOO_LONG) from None


async def read_body(response: aiohttp.ClientResponse, bytes_max: int) -> bytes:
    """The whole body, counted after decompression; ValueError when it is over ``bytes_max``."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(16_384):
        body += chunk
        if len(body) > bytes_max:
            raise ValueError(f"more than {bytes_max} bytes")
    return bytes(body)
