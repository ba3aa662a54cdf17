"""The development server's OAuth core: Authlib's synchronous server with two grants and two ways to authenticate.

Authlib checks client authentication, the RFC 6749 s.5.2 errors and client assertions (RFC 7523); the JWTs are ours.
Nothing in here awaits: :mod:`hub.access.devserver` runs it in a thread.
"""

from __future__ import annotations

import hmac
import logging
import secrets
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from authlib.oauth2.rfc6749 import (  # type: ignore[import-untyped]
    AuthorizationServer,
    ClientMixin,
    InvalidRequestError,
    OAuth2Request,
    grants,
)
from authlib.oauth2.rfc6749.errors import InvalidGrantError  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload  # type: ignore[import-untyped]
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from hub.access.devsettings import JWT_TOKEN_TYPE, TOKEN_EXCHANGE, DevClient, DevKeys, DevServerSettings, DevWorker

ACCESS_TOKEN_SECONDS = 300
SUBJECT_TOKEN_SECONDS = 120
ASSERTIONS_KEPT_MAX = 10_000
ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"
AUTH_METHODS = ["private_key_jwt", "client_secret_basic"]
SUBJECT_TYP = "dev-subject+jwt"
"""The subject token's `typ`: neither server nor hub can take one kind of token for the other (RFC 8725 s.3.11)."""

# At DEBUG, Authlib writes every token it issues into the log.
logging.getLogger("authlib").setLevel(logging.WARNING)

Answer = tuple[int, Any, list[tuple[str, str]]]


class _Client(ClientMixin):  # type: ignore[misc]
    """A client as Authlib asks about it."""

    def __init__(self, entry: DevClient, key: ECKey | None) -> None:
        self.entry = entry
        self.key = key

    def get_client_id(self) -> str:
        return self.entry.id

    def check_client_secret(self, client_secret: str) -> bool:
        secret = self.entry.secret
        return secret is not None and hmac.compare_digest(secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002 - Authlib's signature
        return method == ("private_key_jwt" if self.entry.secret is None else "client_secret_basic")

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("client_credentials", TOKEN_EXCHANGE)


class _Request(OAuth2Request):  # type: ignore[misc]
    """A token request; its form was read already, with each parameter at most once (RFC 6749 s.3.2)."""

    def __init__(self, uri: str, form: Mapping[str, str], headers: Mapping[str, str]) -> None:
        super().__init__("POST", uri, headers=headers)
        self.payload = BasicOAuth2Payload(dict(form))

    @property
    def form(self) -> Mapping[str, str]:
        data: Mapping[str, str] = self.payload.data
        return data


class _ClientAssertion(JWTBearerClientAssertion):  # type: ignore[misc]
    """private_key_jwt (RFC 7523 s.2.2, OpenID Connect Core s.9), each assertion good once."""

    CLIENT_AUTH_METHOD = "private_key_jwt"

    def __init__(self, audiences: list[str]) -> None:
        super().__init__()
        self._audiences = audiences
        self._seen: dict[tuple[str, str], float] = {}

    def get_audiences(self) -> list[str]:
        return self._audiences

    def resolve_client_public_key(self, client: _Client) -> ECKey | None:
        # None, for a client that has a secret instead: Authlib then refuses the assertion.
        return client.key

    def validate_jti(self, claims: Mapping[str, Any], jti: str) -> bool:
        now = time.time()
        self._seen = {key: until for key, until in self._seen.items() if until > now}
        key = (str(claims["sub"]), str(jti))
        if key in self._seen or len(self._seen) >= ASSERTIONS_KEPT_MAX:
            return False
        self._seen[key] = float(claims["exp"]) + self.leeway
        return True


class _ClientCredentials(grants.ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS


class _TokenExchange(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]
    """RFC 8693: the worker's subject token in, an access token for the worker through this client out."""

    GRANT_TYPE = TOKEN_EXCHANGE
    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar[list[str]] = AUTH_METHODS

    def validate_token_request(self) -> None:
        self.request.client = self.authenticate_token_endpoint_client()
        form = self.request.form
        if form.get("subject_token_type") != JWT_TOKEN_TYPE or not form.get("subject_token"):
            raise InvalidRequestError(f"Send subject_token, and subject_token_type {JWT_TOKEN_TYPE}.")
        if form.get("requested_token_type", ACCESS_TOKEN_TYPE) != ACCESS_TOKEN_TYPE:
            raise InvalidRequestError("Only access tokens are issued here.")
        self.request.user = self.server.subject(form["subject_token"], self.request.client)

    def create_token_response(self) -> Answer:
        token = self.generate_token(user=self.request.user, include_refresh_token=False)
        return 200, {**token, "issued_token_type": ACCESS_TOKEN_TYPE}, self.TOKEN_RESPONSE_HEADER


class DevAuthorizationServer(AuthorizationServer):  # type: ignore[misc]
    """Answers token requests, and mints the subject tokens that an agency's own sign-in would."""

    def __init__(self, settings: DevServerSettings, keys: DevKeys) -> None:
        super().__init__()
        self._issuer = settings.issuer
        self._audience = settings.people.audience
        self._keys = keys
        self._clients = {entry.id: _Client(entry, keys.clients.get(entry.id)) for entry in settings.people.clients}
        self._workers = {worker.id: worker for worker in settings.people.workers}
        self.register_client_auth_method("private_key_jwt", _ClientAssertion([self._issuer, f"{self._issuer}/token"]))
        self.register_grant(_ClientCredentials)
        self.register_grant(_TokenExchange)
        self.register_token_generator("default", self._access_token)

    def answer(self, form: Mapping[str, str], authorization: str | None) -> Answer:
        """The answer to a token request: status, JSON body, headers."""
        headers = {} if authorization is None else {"Authorization": authorization}
        try:
            answer: Answer = self.create_token_response(_Request(f"{self._issuer}/token", form, headers))
        except (ValueError, TypeError, RecursionError):  # what Authlib lets out for odd credentials
            return 400, {"error": "invalid_request", "error_description": "The request cannot be read."}, []
        return answer

    def subject_token(self, worker_id: str, role: str) -> str | None:
        """A token saying that the worker signed in to work in ``role``; None when the file lists no such worker."""
        worker = self._workers.get(worker_id)
        if worker is None or role not in worker.roles:
            return None
        now = int(time.time())
        claims = {"iss": self._issuer, "aud": self._issuer, "sub": worker.id, "role": role, "iat": now}
        return self._signed(SUBJECT_TYP, {**claims, "exp": now + SUBJECT_TOKEN_SECONDS})

    def subject(self, subject_token: str, client: _Client) -> tuple[DevWorker, str]:
        """The worker and role in a subject token that this client may exchange.

        Raises:
            InvalidGrantError: it is not ours, is out of date, or its worker belongs to another agency.
        """
        ours: jwt.ClaimsOption = {"essential": True, "value": self._issuer}
        try:
            token = jwt.decode(subject_token, self._keys.signing, algorithms=["Ed25519"])
            jwt.JWTClaimsRegistry(iss=ours, aud=ours, exp={"essential": True}).validate(token.claims)
            worker, role = self._workers.get(str(token.claims["sub"])), str(token.claims["role"])
        except (JoseError, ValueError, KeyError, TypeError, RecursionError):
            raise InvalidGrantError("The subject token is not one of ours, or is out of date.") from None
        if token.header.get("typ") != SUBJECT_TYP or worker is None or role not in worker.roles:
            raise InvalidGrantError("The subject token is not a worker's of this server.")
        if worker.organisation != client.entry.organisation:
            raise InvalidGrantError("The worker belongs to another agency than the client.")
        return worker, role

    def _access_token(self, *, client: _Client, user: tuple[DevWorker, str] | None = None, **_: Any) -> dict[str, Any]:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": client.entry.id,
            "client_id": client.entry.id,
            "organisation": client.entry.organisation,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + ACCESS_TOKEN_SECONDS,
        }
        if user is not None:
            worker, role = user
            claims |= {"sub": worker.id, "role": role, "act": {"sub": client.entry.id}}
        access_token = self._signed("at+jwt", claims)
        return {"access_token": access_token, "token_type": "Bearer", "expires_in": ACCESS_TOKEN_SECONDS}

    def _signed(self, typ: str, claims: Mapping[str, Any]) -> str:
        header = {"alg": "Ed25519", "typ": typ, "kid": self._keys.signing.kid}
        return jwt.encode(header, dict(claims), self._keys.signing, algorithms=["Ed25519"])

    # What Authlib asks of a framework.

    def query_client(self, client_id: str) -> _Client | None:
        """The client of that id."""
        return self._clients.get(client_id)

    def save_token(self, token: Mapping[str, Any], request: OAuth2Request) -> None:
        """Keep nothing: tokens are self-contained and short-lived."""

    def create_oauth2_request(self, request: _Request) -> _Request:
        """The request, which :meth:`answer` has made already."""
        return request

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Answer:
        """The answer as plain values."""
        return status, body, headers

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""
