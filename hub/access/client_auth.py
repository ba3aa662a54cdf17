"""How a client says who it is at a token endpoint: a secret, or an assertion signed with its own key."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from hub.errors import ConfigurationError

ASSERTION_SECONDS = 60
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

RSA_ALGORITHMS = ("PS256", "RS512")
"""For an RSA key, as its ``alg`` says: NHS England's API platform takes RS512 alone."""

RSA_BITS_MIN = 2_048

PrivateKey = ECKey | OKPKey | RSAKey


class ClientAuthentication(Protocol):
    """What goes with a request to the issuer, so that it knows the client."""

    @property
    def client_id(self) -> str:
        """The client's name at the issuer."""
        ...

    def headers(self) -> dict[str, str]:
        """Header fields to send."""
        ...

    def fields(self, issuer: str) -> dict[str, str]:
        """Form fields to send."""
        ...


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """``client_secret_basic`` (RFC 6749 s.2.3.1)."""

    client_id: str
    secret: str = field(repr=False)

    def headers(self) -> dict[str, str]:
        """The credentials; both parts are form-encoded before they are joined."""
        pair = f"{quote(self.client_id, safe='')}:{quote(self.secret, safe='')}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

    def fields(self, _issuer: str) -> dict[str, str]:
        """None."""
        return {}


@dataclass(frozen=True, slots=True)
class ClientSecretInForm:
    """``client_secret_post`` (RFC 6749 s.2.3.1): for a server that takes no other."""

    client_id: str
    secret: str = field(repr=False)

    def headers(self) -> dict[str, str]:
        """None."""
        return {}

    def fields(self, _issuer: str) -> dict[str, str]:
        """The credentials."""
        return {"client_id": self.client_id, "client_secret": self.secret}


@dataclass(frozen=True, slots=True)
class ClientKey:
    """``private_key_jwt`` (RFC 7523 s.2.2): an assertion that is good once, for 60 s. The key's ``alg`` signs."""

    client_id: str
    key: PrivateKey = field(repr=False)
    clock: Callable[[], float] = time.time

    def headers(self) -> dict[str, str]:
        """None."""
        return {}

    def fields(self, issuer: str) -> dict[str, str]:
        """A fresh assertion."""
        now = int(self.clock())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": issuer,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        }
        algorithm = _algorithm(self.key)
        header = {"alg": algorithm} if self.key.kid is None else {"alg": algorithm, "kid": self.key.kid}
        return {
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": jwt.encode(header, claims, self.key, algorithms=[algorithm]),
        }


def read_client_key(path: Path) -> PrivateKey:
    """The private key in the JWK file at ``path``: P-256, Ed25519, or RSA whose ``alg`` is PS256 or RS512.

    Raises:
        ConfigurationError: there is none, others may read it, or it is no such key.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(f"{path}: others may read this key. Run `chmod 600` on it.")
        jwk = json.loads(path.read_text(encoding="ascii"))
        found: PrivateKey = _TYPES[jwk.get("kty")].import_key(jwk)
    except OSError as fault:
        raise ConfigurationError(f"{path}: the client's key cannot be read ({fault.strerror}).") from None
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise ConfigurationError(f"{path}: {_NO_KEY}") from None
    if isinstance(found, RSAKey):
        _require_rsa(found, path)
    elif found.as_dict().get("crv") not in ("P-256", "Ed25519"):
        raise ConfigurationError(f"{path}: {_NO_KEY}")
    if not found.is_private or jwk.get("alg", _algorithm(found)) != _algorithm(found):
        raise ConfigurationError(f"{path}: {_NO_KEY}")
    return found


_NO_KEY = "not a private JWK on P-256 (ES256) or Ed25519, nor an RSA one whose `alg` is PS256 or RS512."
_TYPES: dict[object, type[PrivateKey]] = {"EC": ECKey, "OKP": OKPKey, "RSA": RSAKey}


def _require_rsa(key: RSAKey, path: Path) -> None:
    if key.alg not in RSA_ALGORITHMS:
        raise ConfigurationError(f"{path}: an RSA key's `alg` says how it signs: write PS256 or RS512 into the JWK.")
    if key.kid is None:
        raise ConfigurationError(f"{path}: an RSA key needs a `kid`, by which the server finds its public key.")
    if key.raw_value.key_size < RSA_BITS_MIN:
        raise ConfigurationError(f"{path}: the RSA key is shorter than {RSA_BITS_MIN:,} bits: make a longer one.")


def _algorithm(key: PrivateKey) -> str:
    if isinstance(key, RSAKey):
        return key.alg or RSA_ALGORITHMS[0]
    return "ES256" if isinstance(key, ECKey) else "Ed25519"
