"""The development server's OAuth core: Authlib's synchronous server with three grants and two ways to authenticate.

Authlib checks client authentication, the RFC 6749 s.5.2 errors and client assertions (RFC 7523); the rest is ours.
Nothing in here awaits: :mod:`hub.access.devserver` runs it in a thread.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from authlib.oauth2 import OAuth2Error  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749 import (  # type: ignore[import-untyped]
    AuthorizationServer,
    InvalidRequestError,
    OAuth2Request,
    grants,
)
from authlib.oauth2.rfc6749.errors import InvalidGrantError  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636.challenge import CODE_VERIFIER_PATTERN  # type: ignore[import-untyped]

from hub.access.devclientauth import AUTH_METHODS, Client, ClientAssertion, TokenRequest
from hub.access.devdpop import DevProofs, ProofRefused
from hub.access.devonce import Once
from hub.access.devrequest import (
    SIGN_IN_SCOPES,
    AuthorizationRequest,
    DetailsRefused,
    NotTheClients,
    RequestRefused,
    read_details,
    read_request,
)
from hub.access.devsettings import ID_TOKEN_TYPE, JWT_TOKEN_TYPE, TOKEN_EXCHANGE, DevKeys, DevServerSettings
from hub.access.devtokens import DevTokens, Limits, SignedIn, TokenRefused

CODE_SECONDS = 60
"""FAPI 2.0 Security Profile s.5.3.2.1."""

PUSHED_SECONDS = 90
ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"
PUSHED_PREFIX = "urn:ietf:params:oauth:request_uri:"

# At DEBUG, Authlib writes every token it issues into the log.
logging.getLogger("authlib").setLevel(logging.WARNING)

Answer = tuple[int, Any, list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Granted:
    """What a code stands for: a request, and who signed in for it."""

    request: AuthorizationRequest = field(repr=False)
    who: SignedIn


class InvalidDetailsError(OAuth2Error):  # type: ignore[misc]
    """RFC 9396 s.5."""

    error = "invalid_authorization_details"


class InvalidProofError(OAuth2Error):  # type: ignore[misc]
    """RFC 9449 s.5."""

    error = "invalid_dpop_proof"


class _Issuing(BaseGrant):  # type: ignore[misc]
    """What the grants have in common: how a client authenticates, and the token it gets."""

    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar[list[str]] = AUTH_METHODS

    def generate_token(self, user: SignedIn | None = None, **_: Any) -> dict[str, Any]:
        client, request = self.request.client.entry, self.request
        if client.dpop_only and request.jkt is None:
            raise InvalidProofError("This client gets only tokens bound to its key: send a DPoP proof.")
        limits = Limits(request.jkt, request.details, request.scopes - set(SIGN_IN_SCOPES))
        answer: dict[str, Any] = self.server.tokens.access_token(client, user, limits)
        return answer


class _ClientCredentials(_Issuing, grants.ClientCredentialsGrant):  # type: ignore[misc]
    """RFC 6749 s.4.4: a token for the client itself."""


class _TokenExchange(_Issuing, TokenEndpointMixin):  # type: ignore[misc]
    """RFC 8693: the worker's subject token or ID token in, an access token for the worker through this client out."""

    GRANT_TYPE = TOKEN_EXCHANGE

    def validate_token_request(self) -> None:
        self.request.client = self.authenticate_token_endpoint_client()
        form = self.request.form
        kind = form.get("subject_token_type")
        if kind not in (JWT_TOKEN_TYPE, ID_TOKEN_TYPE) or not form.get("subject_token"):
            raise InvalidRequestError(
                f"Send subject_token, and subject_token_type {JWT_TOKEN_TYPE} or {ID_TOKEN_TYPE}."
            )
        if form.get("requested_token_type", ACCESS_TOKEN_TYPE) != ACCESS_TOKEN_TYPE:
            raise InvalidRequestError("Only access tokens are issued here.")
        try:
            self.request.user = self.server.tokens.subject(form["subject_token"], kind, self.request.client.entry)
        except TokenRefused as fault:
            raise InvalidGrantError(str(fault)) from None

    def create_token_response(self) -> Answer:
        token = self.generate_token(user=self.request.user)
        return 200, {**token, "issued_token_type": ACCESS_TOKEN_TYPE}, self.TOKEN_RESPONSE_HEADER


class _Code(_Issuing, TokenEndpointMixin):  # type: ignore[misc]
    """RFC 6749 s.4.1.3 with RFC 7636 and RFC 9449 s.10: a code in, an access token and an ID token out."""

    GRANT_TYPE = "authorization_code"

    def validate_token_request(self) -> None:
        self.request.client = self.authenticate_token_endpoint_client()
        form = self.request.form
        granted = self.server.codes.take(form.get("code", ""))
        if granted is None or granted.request.client.id != self.request.client.get_client_id():
            raise InvalidGrantError("The code is not this client's, was used before, or is out of date.")
        asked = granted.request
        if form.get("redirect_uri") != asked.redirect_uri:
            raise InvalidGrantError("redirect_uri is not the one the code was asked for with.")
        verifier = form.get("code_verifier", "")
        fits = CODE_VERIFIER_PATTERN.match(verifier) and create_s256_code_challenge(verifier) == asked.challenge
        if not fits:
            raise InvalidGrantError("code_verifier does not fit the code_challenge.")
        if asked.jkt is not None and asked.jkt != self.request.jkt:
            raise InvalidGrantError("The code is bound to another key (dpop_jkt).")
        if self.request.details is not None:
            raise InvalidDetailsError("Ask for authorization_details before signing in, not with the code.")
        self.request.user, self.request.details, self.request.scopes = granted.who, asked.details, asked.scopes
        self.request.asked = asked

    def create_token_response(self) -> Answer:
        asked, who = self.request.asked, self.request.user
        answer = self.generate_token(user=who)
        if "openid" in asked.scopes:
            profile = "profile" in asked.scopes
            id_token = self.server.tokens.id_token(asked.client, who, nonce=asked.nonce, profile=profile)
            answer = {**answer, "id_token": id_token}
        return 200, answer, self.TOKEN_RESPONSE_HEADER


class DevAuthorizationServer(AuthorizationServer):  # type: ignore[misc]
    """Answers token requests and pushed authorization requests.

    Attributes:
        tokens: makes and reads the JWTs.
        codes: those given out to clients and not yet given back.
    """

    def __init__(self, settings: DevServerSettings, keys: DevKeys) -> None:
        super().__init__()
        self.tokens = DevTokens(settings, keys)
        self.codes: Once[Granted] = Once(CODE_SECONDS, time.monotonic)
        self._pushed: Once[AuthorizationRequest] = Once(PUSHED_SECONDS, time.monotonic)
        self._issuer = settings.issuer
        self._people = settings.people
        self._proofs = DevProofs(f"{self._issuer}/token")
        self._clients = {entry.id: Client(entry, keys.clients.get(entry.id)) for entry in settings.people.clients}
        audiences = [self._issuer, f"{self._issuer}/token", f"{self._issuer}/par"]
        self.register_client_auth_method("private_key_jwt", ClientAssertion(audiences))
        for grant in (_ClientCredentials, _TokenExchange, _Code):
            self.register_grant(grant)

    def answer(self, form: Mapping[str, str], authorization: str | None, proof: str | None = None) -> Answer:
        """The answer to a token request: status, JSON body, headers."""
        request = self._request("/token", form, authorization)
        try:
            request.jkt = None if proof is None else self._proofs.thumbprint(proof)
            request.details = read_details(form.get("authorization_details"), self._people.audience)
        except ProofRefused as fault:
            return _error(400, "invalid_dpop_proof", str(fault))
        except DetailsRefused as fault:
            return _error(400, "invalid_authorization_details", str(fault))
        if not request.scopes <= set(self._people.scopes):
            return _error(400, "invalid_scope", f"There are the scopes {' '.join(self._people.scopes) or '(none)'}.")
        try:
            answer: Answer = self.create_token_response(request)
        except (ValueError, TypeError, RecursionError):  # what Authlib lets out for odd credentials
            return _error(400, "invalid_request", "The request cannot be read.")
        return answer

    def pushed(self, form: Mapping[str, str], authorization: str | None) -> Answer:
        """The answer to a pushed authorization request (RFC 9126 s.2)."""
        try:
            client = self.authenticate_client(self._request("/par", form, authorization), AUTH_METHODS)
            if "request_uri" in form or form.get("client_id", client.entry.id) != client.entry.id:
                return _error(400, "invalid_request", "Push the client's own parameters, without request_uri.")
            name = self._pushed.put(read_request(form, client.entry, self._people))
        except OAuth2Error as fault:
            found: Answer = fault()
            return found
        except RequestRefused as refusal:
            return _error(400, refusal.error, refusal.description)
        except NotTheClients as fault:
            return _error(400, "invalid_request", str(fault))
        except (ValueError, TypeError, RecursionError):
            return _error(400, "invalid_request", "The request cannot be read.")
        return 201, {"request_uri": PUSHED_PREFIX + name, "expires_in": PUSHED_SECONDS}, []

    def requested(self, fields: Mapping[str, str]) -> AuthorizationRequest:
        """The request a browser brings, in full or by the name it was pushed under, which is good once.

        Raises:
            NotTheClients, RequestRefused: as :func:`~hub.access.devrequest.read_request`.
        """
        if "request_uri" not in fields:
            client = self._clients.get(fields.get("client_id", ""))
            return read_request(fields, client and client.entry, self._people)
        pushed = self._pushed.take(fields["request_uri"].removeprefix(PUSHED_PREFIX))
        if pushed is None or pushed.client.id != fields.get("client_id"):
            raise NotTheClients("The request was not pushed by this client, was used before, or is out of date.")
        return pushed

    def _request(self, path: str, form: Mapping[str, str], authorization: str | None) -> TokenRequest:
        headers = {} if authorization is None else {"Authorization": authorization}
        return TokenRequest(self._issuer + path, form, headers)

    # What Authlib asks of a framework.

    def query_client(self, client_id: str) -> Client | None:
        """The client of that id."""
        return self._clients.get(client_id)

    def save_token(self, token: Mapping[str, Any], request: OAuth2Request) -> None:
        """Keep nothing: tokens are self-contained and short-lived."""

    def create_oauth2_request(self, request: TokenRequest) -> TokenRequest:
        """The request, which :meth:`answer` has made already."""
        return request

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Answer:
        """The answer as plain values."""
        return status, body, headers

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""


def _error(status: int, error: str, description: str) -> Answer:
    return status, {"error": error, "error_description": description}, []
