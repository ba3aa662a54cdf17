"""The keys an issuer publishes: which of them may check a token, and with which one algorithm.

Sources: RFC 7517 (JWK), RFC 8725 s.3.1 to s.3.5, FAPI 2.0 Security Profile s.5.4. Pure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from hub.access.strict_json import decode_base64url, encode_base64url

KEYS_MAX = 64
RSA_BITS_MIN = 2048
RSA_BITS_MAX = 8192
RSA_EXPONENT_MAX = 2**32
"""An exponent as long as the modulus makes checking a signature cost as much as making one."""

REMEMBERED_KEYS_MAX = 1_024

_PLAIN = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)

PublicKey = RSAKey | ECKey | OKPKey

# What of a JWK is the key itself. Nothing else is handed to the library; symmetric keys are not here at all, so a
# published one can never make HS256 acceptable.
_PUBLIC_PARTS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_ALGORITHM_OF_CURVE = {"P-256": "ES256", "Ed25519": "Ed25519"}
# A JWK may say RFC 8037's older name for the same signature.
_NAMES_OF_ALGORITHM = {"PS256": ("PS256",), "ES256": ("ES256",), "Ed25519": ("Ed25519", "EdDSA")}


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """A public key, its id, and the one algorithm it may be used with."""

    kid: str
    algorithm: str
    key: PublicKey = field(repr=False)


def usable_keys(jwks: Mapping[str, object]) -> dict[str, IssuerKey]:
    """The keys of a JWK set that may check tokens, by key id; others are passed over (RFC 7517 s.5).

    Passed over: no ``kid``, a ``kid`` two keys share, not for signatures, another algorithm, too weak or too large,
    malformed, symmetric, and any key published with its private part, which anybody may now sign with.

    Raises:
        ValueError: not a JWK set, or over :data:`KEYS_MAX` keys.
    """
    entries = jwks.get("keys")
    if not isinstance(entries, list) or len(entries) > KEYS_MAX:
        raise ValueError(f"not a JWK set of at most {KEYS_MAX} keys")
    entries = [entry for entry in entries if isinstance(entry, dict)]
    kids = [entry.get("kid") for entry in entries]
    found = (_usable(entry) for entry in entries if kids.count(entry.get("kid")) == 1)
    return {key.kid: key for key in found if key is not None}


def _usable(entry: Mapping[str, object]) -> IssuerKey | None:
    kid, kty = entry.get("kid"), entry.get("kty")
    if not isinstance(kid, str) or not isinstance(kty, str) or kty not in _PUBLIC_PARTS or "d" in entry:
        return None
    operations = entry.get("key_ops", ["verify"])
    if entry.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        return None
    found = public_key(entry)
    if found is None or entry.get("alg", found[0]) not in _NAMES_OF_ALGORITHM[found[0]]:
        return None
    return IssuerKey(kid, *found)


def public_key(entry: Mapping[str, object]) -> tuple[str, PublicKey] | None:
    """The one algorithm a JWK may be used with, and the key; None when it is of no kind we use, too weak or malformed.

    Only the members that are the key are read: whoever calls this decides what to think of others.
    """
    kty = entry.get("kty")
    if not isinstance(kty, str) or kty not in _PUBLIC_PARTS:
        return None
    members = tuple(entry.get(part) for part in _PUBLIC_PARTS[kty])
    return _imported(kty, members) if all(isinstance(member, str) for member in members) else None


@lru_cache(maxsize=REMEMBERED_KEYS_MAX)
def _imported(kty: str, members: tuple[str, ...]) -> tuple[str, PublicKey] | None:
    """Remembered: a client sends its key with every proof."""
    parts = dict(zip(_PUBLIC_PARTS[kty], members, strict=True))
    algorithm = "PS256" if kty == "RSA" else _ALGORITHM_OF_CURVE.get(parts["crv"])
    if algorithm is None:
        return None
    try:
        if kty == "RSA" and not _is_plausible(parts["n"], parts["e"]):
            return None
        key = JWKRegistry.import_key({"kty": kty, **parts})
        key.get_op_key("verify")
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return algorithm, cast(PublicKey, key)


def thumbprint(entry: Mapping[str, object]) -> str | None:
    """The JWK's SHA-256 thumbprint (RFC 7638 s.3) in base64url; None when a member of the key is not in base64url."""
    kty = entry.get("kty")
    if not isinstance(kty, str) or kty not in _PUBLIC_PARTS:
        return None
    members = [(name, entry.get(name)) for name in sorted(("kty", *_PUBLIC_PARTS[kty]))]
    if not all(isinstance(value, str) and _PLAIN.fullmatch(value) for _, value in members):
        return None
    text = ",".join(f'"{name}":"{value}"' for name, value in members)
    return encode_base64url(hashlib.sha256(f"{{{text}}}".encode("ascii")).digest())


def _is_plausible(modulus: str, exponent: str) -> bool:
    """RFC 7518 s.6.3.1: the sizes of an RSA key, measured before any arithmetic is done with it."""
    return RSA_BITS_MIN <= _number(modulus).bit_length() <= RSA_BITS_MAX and 3 <= _number(exponent) <= RSA_EXPONENT_MAX


def _number(text: str) -> int:
    return int.from_bytes(decode_base64url(text.encode()), "big")
