"""An authorization request to the development server, read and checked (RFC 6749 s.4.1.1, OpenID Connect Core s.3.1.2).

Stricter than it has to be, as FAPI 2.0 is: there are only codes, PKCE with S256 is not optional, and the address to go
back to is compared letter by letter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from hub.access.details import STATED_LIFETIME_SECONDS_MAX, stated_in
from hub.access.devsettings import DevClient, People
from hub.errors import Unauthenticated
from hub.strict_json import NotStrict, parse_json

SIGN_IN_SCOPES = ("openid", "profile")
"""OpenID's: they say what the ID token is to say, and are not in the access token."""

STATE_CHARS_MAX = 2_000

Details = list[dict[str, Any]]
_SHA256 = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What a client asks for before its worker signs in. ``jkt``: the key the code is for (RFC 9449 s.10)."""

    client: DevClient
    redirect_uri: str
    state: str | None = field(default=None, repr=False)
    challenge: str = field(default="", repr=False)
    nonce: str | None = field(default=None, repr=False)
    scopes: frozenset[str] = frozenset()
    details: Details | None = field(default=None, repr=False)
    jkt: str | None = None
    acr_values: tuple[str, ...] = ()

    def answered(self, issuer: str, **parameters: str) -> str:
        """The address to send the browser to, with ``parameters``, ``state`` and ``iss`` (RFC 9207)."""
        state = {} if self.state is None else {"state": self.state}
        joint = "&" if "?" in self.redirect_uri else "?"
        return f"{self.redirect_uri}{joint}{urlencode({**parameters, **state, 'iss': issuer})}"


class DetailsRefused(ValueError):
    """``authorization_details`` that this server does not issue."""


class RequestRefused(Exception):
    """The request is refused, and the client may be told: RFC 6749 s.4.1.2.1."""

    def __init__(self, request: AuthorizationRequest, error: str, description: str) -> None:
        super().__init__(description)
        self.request = request
        self.error = error
        self.description = description


class NotTheClients(Exception):
    """It is not certain that the client sent it, so the browser is not sent there: only told what is wrong."""


def read_request(fields: Mapping[str, str], client: DevClient | None, people: People) -> AuthorizationRequest:
    """The request in ``fields``, from ``client`` (None: there is no such client).

    Raises:
        NotTheClients: the client or where to go back to is not known.
        RequestRefused: anything else is wrong.
    """
    if client is None:
        raise NotTheClients("There is no such client (client_id).")
    redirect_uri = fields.get("redirect_uri", "")
    if redirect_uri not in client.redirect_uris:  # FAPI 2.0 s.5.3.2.2: exact, as strings
        raise NotTheClients("redirect_uri is not one of the client's, letter by letter.")
    state = fields.get("state")
    bare = AuthorizationRequest(client, redirect_uri, state if state and len(state) <= STATE_CHARS_MAX else None)
    error = _fault(fields, people)
    if error is not None:
        raise RequestRefused(bare, *error)
    try:
        details = read_details(fields.get("authorization_details"), people.audience)
    except DetailsRefused as fault:
        raise RequestRefused(bare, "invalid_authorization_details", str(fault)) from None
    return AuthorizationRequest(
        client,
        redirect_uri,
        state=state,
        challenge=fields["code_challenge"],
        nonce=fields.get("nonce"),
        scopes=scopes_of(fields),
        details=details,
        jkt=fields.get("dpop_jkt"),
        acr_values=tuple(fields.get("acr_values", "").split()),
    )


def scopes_of(fields: Mapping[str, str]) -> frozenset[str]:
    """What is asked for in ``scope`` (RFC 6749 s.3.3)."""
    return frozenset(fields.get("scope", "").split())


def read_details(text: str | None, audience: str) -> Details | None:
    """``authorization_details`` as sent (RFC 9396 s.2); None when there are none. Just what the hub would accept.

    Raises:
        DetailsRefused: anything else.
    """
    if text is None:
        return None
    try:
        details = parse_json(text.encode(), depth_max=8)
        stated_in({"authorization_details": details}, audience=audience, lifetime_seconds=STATED_LIFETIME_SECONDS_MAX)
    except (NotStrict, UnicodeEncodeError):
        raise DetailsRefused("authorization_details is not JSON that every reader reads alike.") from None
    except Unauthenticated as refusal:
        raise DetailsRefused(refusal.message.partition(": ")[2].partition(". ")[0]) from None
    read: Details = json.loads(text)
    return read


def _fault(fields: Mapping[str, str], people: People) -> tuple[str, str] | None:
    """The first thing wrong with a request whose client is known: an error code and what to do."""
    challenge, jkt = fields.get("code_challenge", ""), fields.get("dpop_jkt")
    known = {*SIGN_IN_SCOPES, *people.scopes}
    faults = (
        ("request" in fields, "request_not_supported", "Push the request (PAR) instead of signing it."),
        (fields.get("response_type") != "code", "unsupported_response_type", "response_type must be code."),
        (fields.get("response_mode", "query") != "query", "invalid_request", "response_mode must be query."),
        (fields.get("code_challenge_method") != "S256", "invalid_request", "code_challenge_method must be S256."),
        (_SHA256.fullmatch(challenge) is None, "invalid_request", "code_challenge must be 43 characters of base64url."),
        (jkt is not None and _SHA256.fullmatch(jkt) is None, "invalid_request", "dpop_jkt must be a thumbprint."),
        (not scopes_of(fields) <= known, "invalid_scope", f"There are the scopes {' '.join(sorted(known))}."),
        (len(fields.get("state", "")) > STATE_CHARS_MAX, "invalid_request", "state is too long."),
        ("none" in fields.get("prompt", "").split(), "login_required", "Nobody stays signed in at this server."),
    )
    return next(((error, said) for wrong, error, said in faults if wrong), None)
