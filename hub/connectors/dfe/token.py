"""Authentication as the custodian API publishes it: OAuth 2.0 client credentials (RFC 6749 section 4.4), as a form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hub.connectors.http import JsonClient
from hub.connectors.token import IssuedToken

PATH = "/api/v1/Auth/token"
SCOPES = "find-record.read fetch-record.read"


@dataclass(frozen=True, slots=True)
class _SecretInForm:
    """The client's id and secret, as fields of the form."""

    client_id: str
    secret: str = field(repr=False)

    def headers(self) -> dict[str, str]:
        """None."""
        return {}

    def fields(self, _issuer: str) -> dict[str, str]:
        """Both."""
        return {"client_id": self.client_id, "client_secret": self.secret}


def issued(auth: JsonClient, client_id: str, secret: Callable[[bool], str]) -> IssuedToken:
    """Tokens of the agency itself; ``auth`` asks its address without credentials, ``secret`` is read for each token."""
    return IssuedToken(auth, PATH, lambda: _SecretInForm(client_id, secret(True)), PATH, {"scope": SCOPES})
