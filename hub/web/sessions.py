"""Who is signed in: kept at the server, found by a random secret in a cookie.

The register and the list of denials are asked anew for every page, so a session never gives more than its worker's role
has now. What a person typed when her session had run out is kept for her sealed with a key that her browser alone has.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.access.id_token import IdToken
from hub.access.token import VerifiedToken
from hub.domain.enquiry import SignIn
from hub.store import web_sessions
from hub.store.appender import Log
from hub.store.web_sessions import KeptSession

SEEN_EVERY = timedelta(minutes=1)
"""A session's last use is written down no more often."""

KNOWN_FOR = timedelta(hours=12)
"""For so long after it began an ended session is still known to have been somebody's."""

_NONCE_BYTES = 12


class _Body(msgspec.Struct, frozen=True):
    """What a session row holds of the token."""

    issuer: str
    client_id: str
    subject: str
    token_id: str
    issued_at: int
    expires_at: int
    organisation: str | None
    role: str | None
    acr: str | None
    auth_time: int | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in. ``token`` is the access token that signing in gave; ``name`` what to call her."""

    secret: str = field(repr=False)
    token: VerifiedToken = field(repr=False)
    name: str | None = field(repr=False)
    begun_at: datetime
    is_over: bool = False

    @property
    def csrf(self) -> str:
        """What each form of this session carries, and no other site can know."""
        return hmac.new(self.secret.encode(), b"form", hashlib.sha256).hexdigest()

    @property
    def person(self) -> str:
        """Who it is, the same in all her sessions; leads back to nobody without asking the issuer."""
        return _person(self.token)


class Sessions:
    """All sessions, in the log's database.

    Args:
        log: whose database it is.
        idle: after so long without a request a session is over.
        longest: after so long it is over in any case.
        clock: the time, aware.

    Every method raises AuditUnavailable when the database does not answer.
    """

    def __init__(self, log: Log, *, idle: timedelta, longest: timedelta, clock: Callable[[], datetime]) -> None:
        self._log = log
        self._idle = idle
        self._longest = longest
        self._clock = clock

    async def begin(self, token: VerifiedToken, who: IdToken) -> Session:
        """Sign somebody in."""
        secret, now = secrets.token_urlsafe(32), self._clock()
        body = _Body(
            issuer=token.issuer,
            client_id=token.client_id,
            subject=token.subject,
            token_id=token.token_id,
            issued_at=token.issued_at,
            expires_at=token.expires_at,
            organisation=token.organisation,
            role=token.role,
            acr=token.sign_in.acr,
            auth_time=token.sign_in.at,
            name=who.name,
        )
        text = msgspec.json.encode(body).decode()
        row = KeptSession(_digest("session", secret), _person(token), _milliseconds(now), _milliseconds(now), text)
        await self._log.beside(partial(web_sessions.begin, session=row))
        return Session(secret, token, who.name, now)

    async def find(self, secret: str | None) -> Session | None:
        """The session of a browser's ``secret``, which may be over; None when it is nobody's."""
        if not secret or len(secret) > 64:
            return None
        row = await self._log.beside(partial(web_sessions.find, session=_digest("session", secret)))
        if row is None:
            return None
        now = self._clock()
        unseen = now - _moment(row.seen_at, now)
        is_over = unseen > self._idle or now - _moment(row.begun_at, now) > self._longest
        if not is_over and unseen > SEEN_EVERY:
            await self._log.beside(partial(web_sessions.seen, session=row.id, at=_milliseconds(now)))
        body = msgspec.json.decode(row.body, type=_Body)
        return Session(secret, _token(body), body.name, _moment(row.begun_at, now), is_over)

    async def end(self, session: Session) -> None:
        """Sign out here."""
        await self._log.beside(partial(web_sessions.end, session=_digest("session", session.secret)))

    async def end_everywhere(self, session: Session) -> int:
        """Sign out in every browser; in how many."""
        return await self._log.beside(partial(web_sessions.end_all, person=session.person))

    async def keep(self, what: str, body: Any, seconds: int) -> str:
        """Keep ``body`` (JSON) for some time; the secret it is found by, and sealed with, is for the browser."""
        secret, nonce = secrets.token_urlsafe(32), secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + AESGCM(_key(what, secret)).encrypt(nonce, msgspec.json.encode(body), None)
        until = _milliseconds(self._clock() + timedelta(seconds=seconds))
        await self._log.beside(partial(web_sessions.keep, name=_digest(what, secret), body=sealed, forget_at=until))
        return secret

    async def take(self, what: str, secret: str | None) -> Any:
        """What was kept, once; None when there is nothing any more."""
        if not secret or len(secret) > 64:
            return None
        now = _milliseconds(self._clock())
        sealed = await self._log.beside(partial(web_sessions.take, name=_digest(what, secret), now=now))
        if sealed is None:
            return None
        try:
            opened = AESGCM(_key(what, secret)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except InvalidTag:  # the row was changed in the database
            return None
        return msgspec.json.decode(opened)

    async def once(self, what: str, word: str, seconds: int) -> bool:
        """Whether ``word`` (random, or as good) is here for the first time in so long, in any process of the hub."""
        until = _milliseconds(self._clock() + timedelta(seconds=seconds))
        return await self._log.beside(partial(web_sessions.once, name=_digest(what, word), forget_at=until))

    async def forget_old(self) -> None:
        """Drop what is of no use any more. To be called now and then."""
        now = self._clock()
        before = _milliseconds(now - max(self._longest, KNOWN_FOR))
        await self._log.beside(partial(web_sessions.forget_old, now=_milliseconds(now), begun_before=before))


def _token(body: _Body) -> VerifiedToken:
    return VerifiedToken(
        issuer=body.issuer,
        client_id=body.client_id,
        subject=body.subject,
        token_id=body.token_id,
        issued_at=body.issued_at,
        expires_at=body.expires_at,
        organisation=body.organisation,
        role=body.role,
        sign_in=SignIn(body.acr, body.auth_time),
    )


def _person(token: VerifiedToken) -> str:
    return hashlib.sha256(f"{token.issuer}\0{token.subject}".encode()).hexdigest()


def _digest(what: str, secret: str) -> str:
    return hashlib.sha256(f"{what}\0{secret}".encode()).hexdigest()


def _key(what: str, secret: str) -> bytes:
    """The secret has 256 random bits: one keyed hash makes a key of them that the row's name says nothing about."""
    return hmac.new(secret.encode(), f"seal {what}".encode(), hashlib.sha256).digest()


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _moment(milliseconds: int, like: datetime) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, like.tzinfo)
