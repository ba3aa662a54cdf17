"""What an access token is bound to: a key of the client (DPoP) or its certificate (mutual TLS). Pure.

Whoever steals a bound token cannot use it. Sources: RFC 7800 (``cnf``), RFC 9449 s.6.1 (``jkt``), RFC 8705 s.3.1
(``x5t#S256``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hub.access.refusal import refused
from hub.access.strict_json import decode_base64url
from hub.strict_json import NotStrict

SHA256_BYTES = 32


class BindingKind(StrEnum):
    """How a token is bound; the value is what the log says of it."""

    DPOP = "dpop"
    MTLS = "mtls"


_MEMBERS = {"jkt": BindingKind.DPOP, "x5t#S256": BindingKind.MTLS}


@dataclass(frozen=True, slots=True)
class Binding:
    """A SHA-256 thumbprint in base64url: of a JWK (RFC 7638) or of a certificate's DER."""

    kind: BindingKind
    thumbprint: str


def binding(claims: Mapping[str, object]) -> Binding | None:
    """What the token is bound to; None when its claims have no ``cnf``.

    Raises:
        Unauthenticated: ``TOKEN_INVALID``, a ``cnf`` that is not exactly one thumbprint. RFC 7800 has unknown members
            ignored; here a binding that was overlooked would make a stolen token good, so they are refused.
    """
    if "cnf" not in claims:
        return None
    confirmation = claims["cnf"]
    if not isinstance(confirmation, Mapping) or len(confirmation) != 1:
        raise refused("its `cnf` must be one thumbprint, `jkt` or `x5t#S256`")
    ((name, value),) = confirmation.items()
    if name not in _MEMBERS or not isinstance(value, str) or not _is_thumbprint(value):
        raise refused("its `cnf` must be one thumbprint, `jkt` or `x5t#S256`")
    return Binding(_MEMBERS[name], value)


def _is_thumbprint(text: str) -> bool:
    try:
        return len(decode_base64url(text.encode())) == SHA256_BYTES
    except (NotStrict, UnicodeEncodeError):
        return False
