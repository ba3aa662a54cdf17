"""The development server's JWTs: access tokens (RFC 9068), ID tokens (OpenID Connect Core s.2), subject tokens."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from hub.access.devrequest import Details
from hub.access.devsettings import ID_TOKEN_TYPE, DevClient, DevKeys, DevServerSettings, DevWorker

ACCESS_TOKEN_SECONDS = 300
ID_TOKEN_SECONDS = 300
SUBJECT_TOKEN_SECONDS = 120
SUBJECT_TYP = "dev-subject+jwt"
"""The subject token's `typ`: neither server nor hub can take one kind of token for the other (RFC 8725 s.3.11)."""


class TokenRefused(ValueError):
    """A token that came back is not one that this client may use so."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A worker who signed in: in which role, how (``acr``), and when in seconds since 1970."""

    worker: DevWorker
    role: str
    acr: str
    at: int

    def claims(self) -> dict[str, Any]:
        """What tokens say of it (RFC 9068 s.2.2.1)."""
        return {"sub": self.worker.id, "role": self.role, "acr": self.acr, "auth_time": self.at}


@dataclass(frozen=True, slots=True)
class Limits:
    """What narrows an access token: the key it is bound to, purpose and case, scopes."""

    jkt: str | None
    details: Details | None
    scopes: frozenset[str]


class DevTokens:
    """Makes the tokens, and reads those that come back."""

    def __init__(self, settings: DevServerSettings, keys: DevKeys) -> None:
        self._issuer = settings.issuer
        self._audience = settings.people.audience
        self._levels = settings.people.acr
        self._keys = keys
        self._workers = {worker.id: worker for worker in settings.people.workers}

    def sign_in(self, worker_id: str, role: str, acr: str | None) -> SignedIn | None:
        """The worker signs in, now, in the strongest way when ``acr`` is None; None when the file does not have it."""
        worker = self._workers.get(worker_id)
        level = self._levels[-1] if acr is None else acr
        if worker is None or role not in worker.roles or level not in self._levels:
            return None
        return SignedIn(worker, role, level, int(time.time()))

    def subject_token(self, who: SignedIn) -> str:
        """What signing in at the agency would give, to exchange."""
        claims = {"aud": self._issuer, **who.claims()}
        return self._signed(SUBJECT_TYP, claims, SUBJECT_TOKEN_SECONDS)

    def id_token(self, client: DevClient, who: SignedIn, *, nonce: str | None, profile: bool) -> str:
        """Who signed in, for ``client`` alone; with the worker's name when it asked for the profile."""
        claims: dict[str, Any] = {"aud": client.id, **who.claims(), "organisation": who.worker.organisation}
        claims |= {} if nonce is None else {"nonce": nonce}
        claims |= {"name": who.worker.name.partition(",")[0]} if profile else {}
        return self._signed("JWT", claims, ID_TOKEN_SECONDS)

    def access_token(self, client: DevClient, who: SignedIn | None, limits: Limits) -> dict[str, Any]:
        """The token response (RFC 6749 s.5.1) for ``who`` through ``client``, or for the client itself."""
        claims: dict[str, Any] = {
            "aud": self._audience,
            "sub": client.id,
            "client_id": client.id,
            "organisation": client.organisation,
            "jti": secrets.token_urlsafe(16),
        }
        if who is not None:
            claims |= {**who.claims(), "organisation": who.worker.organisation, "act": {"sub": client.id}}
        claims |= {} if limits.jkt is None else {"cnf": {"jkt": limits.jkt}}
        limited: dict[str, Any] = {} if limits.details is None else {"authorization_details": limits.details}
        limited |= {"scope": " ".join(sorted(limits.scopes))} if limits.scopes else {}
        return {
            "access_token": self._signed("at+jwt", claims | limited, ACCESS_TOKEN_SECONDS),
            "token_type": "Bearer" if limits.jkt is None else "DPoP",
            "expires_in": ACCESS_TOKEN_SECONDS,
            **limited,
        }

    def subject(self, token: str, kind: str, client: DevClient) -> SignedIn:
        """Who signed in, by a subject token or an ID token (``kind``) that this client may exchange.

        Raises:
            TokenRefused: it is not ours, is out of date or of another kind, or its worker is not this client's.
        """
        typ, audience = ("JWT", client.id) if kind == ID_TOKEN_TYPE else (SUBJECT_TYP, self._issuer)
        claims = self._read(token, typ, audience, must_be_current=True)
        worker = self._workers.get(str(claims.get("sub")))
        role = str(claims.get("role"))
        if worker is None or role not in worker.roles:
            raise TokenRefused("The subject token is not a worker's of this server.")
        require_worker_of(client, worker)
        return SignedIn(worker, role, str(claims["acr"]), int(claims["auth_time"]))

    def signed_out(self, id_token: str) -> str:
        """The client that an ID token was for, however old it is (OpenID Connect RP-Initiated Logout s.2).

        Raises:
            TokenRefused: it is no ID token of ours.
        """
        return str(self._read(id_token, "JWT", None, must_be_current=False)["aud"])

    def _read(self, token: str, typ: str, audience: str | None, *, must_be_current: bool) -> dict[str, Any]:
        to: jwt.ClaimsOption = {"essential": True} if audience is None else {"essential": True, "value": audience}
        try:
            found = jwt.decode(token, self._keys.signing, algorithms=["Ed25519"])
            now = None if must_be_current else int(found.claims["iat"])
            ours: jwt.ClaimsOption = {"essential": True, "value": self._issuer}
            jwt.JWTClaimsRegistry(now=now, iss=ours, aud=to, exp={"essential": True}).validate(found.claims)
        except (JoseError, ValueError, KeyError, TypeError, RecursionError):
            raise TokenRefused("The token is not one of ours for this, or is out of date.") from None
        if found.header.get("typ") != typ:
            raise TokenRefused("The token is of another kind.")
        return dict(found.claims)

    def _signed(self, typ: str, claims: Mapping[str, Any], seconds: int) -> str:
        now = int(time.time())
        header = {"alg": "Ed25519", "typ": typ, "kid": self._keys.signing.kid}
        whole = {"iss": self._issuer, **claims, "iat": now, "exp": now + seconds}
        return jwt.encode(header, whole, self._keys.signing, algorithms=["Ed25519"])


def require_worker_of(client: DevClient, worker: DevWorker) -> None:
    """Raise :class:`TokenRefused` unless ``worker`` may sign in through ``client``."""
    if not client.everyone and worker.organisation != client.organisation:
        raise TokenRefused("The worker belongs to another agency than the client.")
