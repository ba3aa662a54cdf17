"""An issuer's public keys, fetched and kept: fresh enough to follow a rotation, kept long enough to outlive a hiccup.

The address comes from configuration only, or from the issuer's own metadata (RFC 8414); never from a token.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from hub.access.keys import IssuerKey, usable_keys
from hub.access.metadata import FetchFault, Why, discover, open_session, read_json
from hub.access.refusal import refused
from hub.errors import ConfigurationError, IssuerUnavailable
from hub.telemetry.lines import LogLine, say


@dataclass(frozen=True, slots=True)
class JwksTimings:
    """When keys are read again, in seconds. The defaults keep the promise that a rotation is honoured within 60 s."""

    fetch_deadline_seconds: float = 3.0
    refresh_after_seconds: float = 30.0
    """Older than this: read again behind the caller's back."""
    fresh_seconds: float = 60.0
    """Older than this: the caller waits for the new keys, unless the issuer is failing."""
    stale_seconds_max: float = 600.0
    """Keys older than this are not used, however long the issuer is down."""
    retry_seconds: float = 1.0
    """After a failure, no sooner than this."""
    unknown_kid_seconds: float = 5.0
    """A key id never seen makes the keys be read again, but not more often than this."""


class JwksSource:
    """The keys of one issuer.

    Args:
        issuer: the issuer's identifier, exactly as its tokens say.
        jwks_uri: where its keys are; None to look it up in the issuer's metadata.
        timings: how long keys are kept.
        clock: seconds that only go forward.

    Raises:
        ConfigurationError: an address is neither https nor on this machine's loopback.
    """

    def __init__(
        self,
        issuer: str,
        jwks_uri: str | None = None,
        *,
        timings: JwksTimings | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = require_safe_url(issuer, "the issuer")
        self._jwks_uri = None if jwks_uri is None else require_safe_url(jwks_uri, "the issuer's `jwks_uri`")
        self._timings = timings or JwksTimings()
        self._clock = clock
        self._keys: Mapping[str, IssuerKey] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._failing = False
        self._flight: asyncio.Task[None] | None = None

    async def key(self, kid: str) -> IssuerKey:
        """The key called ``kid``.

        Raises:
            IssuerUnavailable: whether the key exists cannot be known now.
            Unauthenticated: ``TOKEN_INVALID``, the issuer has no such key.
        """
        await self._keep_fresh()
        if kid not in self._keys and self._may_try(self._timings.unknown_kid_seconds):
            await self._refresh()
        key = self._keys.get(kid)
        if key is not None and self._age() <= self._timings.stale_seconds_max:
            return key
        if self._failing:
            raise IssuerUnavailable(
                "The authorization server's keys cannot be read at the moment, so no token can be checked. Try again "
                "in a minute; if it goes on, tell whoever runs the authorization server."
            )
        raise refused("it is signed with a key its issuer does not publish")

    async def close(self) -> None:
        """Stop a fetch that is under way."""
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.gather(self._flight, return_exceptions=True)

    def _age(self) -> float:
        return float("inf") if self._fetched_at is None else self._clock() - self._fetched_at

    def _may_try(self, pause_seconds: float) -> bool:
        pause = max(pause_seconds, self._timings.retry_seconds) if self._failing else pause_seconds
        return self._flight is not None or self._tried_at is None or self._clock() - self._tried_at >= pause

    async def _keep_fresh(self) -> None:
        age = self._age()
        if age <= self._timings.refresh_after_seconds or not self._may_try(self._timings.retry_seconds):
            return
        # While the issuer fails, keys within the hard limit are served without making every caller wait for a timeout.
        must_wait = age > self._timings.stale_seconds_max or (age > self._timings.fresh_seconds and not self._failing)
        flight = self._start()
        if must_wait:
            await asyncio.shield(flight)

    async def _refresh(self) -> None:
        # Shielded: the caller that happens to start the fetch may go away without spoiling it for the others.
        await asyncio.shield(self._start())

    def _start(self) -> asyncio.Task[None]:
        """The one fetch under way (single flight)."""
        if self._flight is None:
            self._tried_at = self._clock()
            self._flight = asyncio.create_task(self._fetch())
            self._flight.add_done_callback(self._landed)
        return self._flight

    def _landed(self, _: asyncio.Task[None]) -> None:
        self._flight = None

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(self._timings.fetch_deadline_seconds):
                keys = await self._read_keys()
        except FetchFault as fault:
            self._failing = True
            fault.say()
        except Exception as fault:  # the boundary: whatever the issuer does, callers get keys or a plain refusal
            self._failing = True
            say(LogLine.ISSUER_KEYS_NOT_READ, fault=type(fault))
        else:
            self._keys, self._fetched_at, self._failing = keys, self._clock(), False

    async def _read_keys(self) -> Mapping[str, IssuerKey]:
        # A session for each fetch: two a minute at most, so nothing is left open and nothing shared with record calls.
        async with open_session(self._timings.fetch_deadline_seconds) as session:
            if self._jwks_uri is None:
                self._jwks_uri = _address_of_keys(await discover(session, self._issuer))
            document = await read_json(session, self._jwks_uri)
        try:
            keys = usable_keys(document)
        except ValueError:
            raise FetchFault(Why.NOT_KEYS) from None
        if not keys:  # implausible, and to act on it would lock every agency out: keep what we have, to the hard limit
            raise FetchFault(Why.NO_KEY)
        return keys


def _address_of_keys(metadata: Mapping[str, object]) -> str:
    try:
        return require_safe_url(str(metadata.get("jwks_uri")), "the metadata's `jwks_uri`")
    except ConfigurationError:
        raise FetchFault(Why.NOT_HTTPS) from None


def require_safe_url(url: str, what: str) -> str:
    """``url``, when it is https, or plain http to this machine itself.

    Raises:
        ConfigurationError: neither.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise ConfigurationError(f"{what} is not a URL.") from None
    plain = parts.username is None and not parts.query and not parts.fragment and bool(host)  # RFC 8414 s.2
    if plain and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        return url
    raise ConfigurationError(
        f"{what} must be an https address without user, query or fragment (plain http only on 127.0.0.1 or ::1)."
    )


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine: ``localhost`` or a loopback address, written as an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
