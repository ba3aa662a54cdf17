"""How clients prove who they are to the development server: by a secret, or by an assertion signed with their key."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import ClientMixin, OAuth2Request  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload  # type: ignore[import-untyped]
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion  # type: ignore[import-untyped]
from joserfc.jwk import ECKey

from hub.access.devonce import Seen
from hub.access.devrequest import Details
from hub.access.devsettings import TOKEN_EXCHANGE, DevClient

AUTH_METHODS = ["private_key_jwt", "client_secret_basic"]
GRANTS = ("authorization_code", "client_credentials", TOKEN_EXCHANGE)


class Client(ClientMixin):  # type: ignore[misc]
    """A client as Authlib asks about it."""

    def __init__(self, entry: DevClient, key: ECKey | None) -> None:
        self.entry = entry
        self.key = key

    def get_client_id(self) -> str:
        """The ``client_id``."""
        return self.entry.id

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether that is the client's secret; it may have none."""
        secret = self.entry.secret
        return secret is not None and hmac.compare_digest(secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002 - Authlib's signature
        """One way for each client: the one that has a secret uses it, the other has a key."""
        return method == ("private_key_jwt" if self.entry.secret is None else "client_secret_basic")

    def check_grant_type(self, grant_type: str) -> bool:
        """Codes are only for clients that a browser can come back to."""
        return grant_type in GRANTS and (grant_type != "authorization_code" or bool(self.entry.redirect_uris))


class TokenRequest(OAuth2Request):  # type: ignore[misc]
    """A request; its form was read already, with each parameter at most once (RFC 6749 s.3.2).

    Attributes:
        jkt: the key that a DPoP proof showed the sender to hold.
        details: what the token is to say of purpose and case.
        scopes: what it is to have in ``scope``.
    """

    def __init__(self, uri: str, form: Mapping[str, str], headers: Mapping[str, str]) -> None:
        super().__init__("POST", uri, headers=headers)
        self.payload = BasicOAuth2Payload(dict(form))
        self.jkt: str | None = None
        self.details: Details | None = None
        self.scopes = frozenset(self.form.get("scope", "").split())

    @property
    def form(self) -> Mapping[str, str]:
        """The form's fields."""
        data: Mapping[str, str] = self.payload.data
        return data


class ClientAssertion(JWTBearerClientAssertion):  # type: ignore[misc]
    """private_key_jwt (RFC 7523 s.2.2, OpenID Connect Core s.9), each assertion good once."""

    CLIENT_AUTH_METHOD = "private_key_jwt"

    def __init__(self, audiences: list[str]) -> None:
        super().__init__()
        self._audiences = audiences
        self._seen = Seen()

    def get_audiences(self) -> list[str]:
        """What an assertion may say in ``aud``."""
        return self._audiences

    def resolve_client_public_key(self, client: Client) -> ECKey | None:
        """The client's key; None for one that has a secret instead, and Authlib then refuses the assertion."""
        return client.key

    def validate_jti(self, claims: Mapping[str, Any], jti: str) -> bool:
        """Whether the assertion is new."""
        key = (str(claims["sub"]), str(jti))
        return self._seen.is_new(key, until=float(claims["exp"]) + self.leeway, now=time.time())
