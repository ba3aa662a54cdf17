"""Gets access tokens from the development authorization server, as an agency's system would: for the demo, `hub ask`.

Each function makes its own short-lived connection and caches nothing: a token lives 300 s.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from joserfc import jwt
from joserfc.jwk import ECKey

from hub.access.client_auth import ClientAuthentication, ClientKey, ClientSecret
from hub.access.details import AUTHORIZATION_TYPE
from hub.access.devsettings import JWT_TOKEN_TYPE, TOKEN_EXCHANGE
from hub.access.jwks import require_safe_url
from hub.access.metadata import read_body
from hub.errors import ConfigurationError, IssuerUnavailable, Unauthenticated

DEADLINE_SECONDS = 5.0
ANSWER_BYTES_MAX = 65_536


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a token is to have: a binding to ``dpop_key`` (RFC 9449), ``purpose`` and ``case`` (RFC 9396), ``scope``."""

    dpop_key: ECKey | None = field(default=None, repr=False)
    purpose: str | None = None
    case: str | None = None
    scope: str | None = None

    def form(self) -> dict[str, str]:
        """The fields of the token request."""
        form = {} if self.scope is None else {"scope": self.scope}
        if self.purpose is None:
            return form
        details = [{"type": AUTHORIZATION_TYPE, "purpose": self.purpose, "case": self.case}]
        return {**form, "authorization_details": json.dumps(details)}

    def headers(self, url: str) -> dict[str, str]:
        """The headers of the token request to ``url``."""
        return {} if self.dpop_key is None else {"DPoP": dpop_proof(self.dpop_key, "POST", url)}


PLAIN = Wanted()
"""A bearer token that says nothing of purpose and case."""


async def fetch_worker_token(
    issuer_url: str,
    client_id: str,
    *,
    worker: str,
    role: str,
    secret: str | None = None,
    key: ECKey | None = None,
    wanted: Wanted = PLAIN,
) -> str:
    """An access token for ``worker`` in ``role`` through ``client_id``: sign-in, then token exchange (RFC 8693).

    Give the client's ``secret``, or its private ``key`` (see :func:`client_key`).

    Raises:
        Unauthenticated: ``TOKEN_NOT_ISSUED``, the server refused; says which step.
        IssuerUnavailable: it cannot be reached or its answer cannot be read.
    """
    async with _session() as session:
        sign_in = {"worker": worker, "role": role}
        subject = await _post(session, f"{issuer_url}/dev/worker-token", sign_in, {}, "subject_token")
        exchange = {
            "grant_type": TOKEN_EXCHANGE,
            "subject_token": subject,
            "subject_token_type": JWT_TOKEN_TYPE,
        }
        return await _token(session, issuer_url, client_id, {**exchange, **wanted.form()}, wanted, secret, key)


async def fetch_client_token(
    issuer_url: str,
    client_id: str,
    *,
    secret: str | None = None,
    key: ECKey | None = None,
    wanted: Wanted = PLAIN,
) -> str:
    """An access token for the client itself, with no worker behind it. Raises as :func:`fetch_worker_token`."""
    grant = {"grant_type": "client_credentials", **wanted.form()}
    async with _session() as session:
        return await _token(session, issuer_url, client_id, grant, wanted, secret, key)


def dpop_proof(key: ECKey, method: str, url: str, access_token: str | None = None, **claims: Any) -> str:
    """A DPoP proof (RFC 9449 s.4.2) for one request to ``url``; ``access_token`` is the one sent with it.

    ``claims``: beside the usual ones, or in their place.
    """
    good: dict[str, Any] = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": url, "iat": int(time.time())}
    if access_token is not None:
        digest = hashlib.sha256(access_token.encode("ascii")).digest()
        good["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
    return jwt.encode(header, {**good, **claims}, key, algorithms=["ES256"])


def client_key(keys_directory: Path, client_id: str) -> ECKey:
    """The private key the development server made for ``client_id`` in its keys directory.

    Raises:
        ConfigurationError: there is none.
    """
    try:
        return ECKey.import_key(json.loads((keys_directory / f"{client_id}.jwk").read_text(encoding="ascii")))
    except (OSError, ValueError):
        raise ConfigurationError(
            f"There is no key for the client {client_id}: start the development server with --keys-directory first.",
            code="DEVSERVER_INVALID",
        ) from None


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=DEADLINE_SECONDS), trust_env=False)


async def _token(
    session: aiohttp.ClientSession,
    issuer_url: str,
    client_id: str,
    grant: Mapping[str, str],
    wanted: Wanted,
    secret: str | None,
    key: ECKey | None,
) -> str:
    if (secret is None) == (key is None):
        raise ConfigurationError("give the client's `secret` or its `key`, one of them.", code="DEVSERVER_INVALID")
    client: ClientAuthentication
    if secret is not None:
        client = ClientSecret(client_id, secret)
    else:
        assert key is not None
        client = ClientKey(client_id, key)
    url = f"{issuer_url}/token"
    form = {**grant, **client.fields(issuer_url)}
    return await _post(session, url, form, {**client.headers(), **wanted.headers(url)}, "access_token")


async def _post(
    session: aiohttp.ClientSession, url: str, form: Mapping[str, str], headers: Mapping[str, str], wanted: str
) -> str:
    """POST a form and return one text member of the JSON answer."""
    require_safe_url(url, "the authorization server")
    try:
        async with session.post(url, data=form, headers=headers, allow_redirects=False) as response:
            status = response.status
            body = await read_body(response, ANSWER_BYTES_MAX)
        answer = json.loads(body)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        raise IssuerUnavailable(
            "The development authorization server does not answer. Start it: "
            "`python -m hub.access.devserver --environment development`."
        ) from None
    found = answer.get(wanted) if isinstance(answer, dict) else None
    if status == 200 and isinstance(found, str):
        return found
    step = "sign the worker in" if wanted == "subject_token" else "issue the token"
    raise Unauthenticated(
        f"The development authorization server did not {step}. Check the client, its secret or key, the worker and "
        "the role against the server's file of clients and workers.",
        code="TOKEN_NOT_ISSUED",
    )
