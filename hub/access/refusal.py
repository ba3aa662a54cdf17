"""How a token or a proof is refused: in our own fixed phrases, never with a piece of what was sent."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping

from hub.errors import Unauthenticated

IDENTITY_CHARS_MAX = 255
TIME_MAX = 253_402_300_799
"""The end of the year 9999 in seconds since 1970: later is no date."""

# jku, x5u, x5c: a token may not bring its own key (RFC 8725 s.3.10). crit: we know no extension, so any is refused
# (RFC 7515 s.4.1.11). b64: changes what was signed (RFC 7797). zip, enc: belong to encryption.
HEADERS_REFUSED = ("jku", "x5u", "x5c", "crit", "b64", "zip", "enc")

# Cc control, Cf format (zero width, right-to-left), Cs surrogate, Cn unassigned, Co private, Zl and Zp line ends: two
# identities that look alike, or one that breaks a log line.
_CATEGORIES_REFUSED = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})

Refuse = Callable[[str], Unauthenticated]


def refused(reason: str) -> Unauthenticated:
    """The refusal of a token."""
    return Unauthenticated(
        f"The access token was refused: {reason}. Get a new one from your authorization server; if that is refused "
        "too, give this message to whoever runs it.",
        code="TOKEN_INVALID",
    )


def proof_refused(reason: str, *, code: str = "DPOP_PROOF_INVALID") -> Unauthenticated:
    """The refusal of a DPoP proof: the token may be good, so nothing is said about that."""
    return Unauthenticated(
        f"The DPoP proof was refused: {reason}. Make a new proof for each request with the key the token is bound to; "
        "if that is refused too, give this message to whoever wrote the client.",
        code=code,
    )


def check_names(header: Mapping[str, object], names: tuple[str, ...], refuse: Refuse = refused) -> None:
    """Refuse a header with one of ``names``."""
    for name in names:
        if name in header:
            raise refuse(f"its header has `{name}`, which this hub does not accept")


def time_in(claims: Mapping[str, object], name: str, refuse: Refuse = refused) -> int:
    """The claim ``name``, a whole number of seconds since 1970."""
    value = claims.get(name)
    if type(value) is not int or not 0 <= value <= TIME_MAX:  # `type`, because True is an int too
        raise refuse(f"its `{name}` must be a whole number of seconds")
    return value


def identity_in(claims: Mapping[str, object], name: str, refuse: Refuse = refused) -> str:
    """The claim ``name``, text that can be part of an identifier."""
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= IDENTITY_CHARS_MAX:
        raise refuse(f"its `{name}` must be text of 1 to {IDENTITY_CHARS_MAX} characters")
    if value.isascii() and value.isprintable() and " " not in value:  # nearly every one
        return value
    if value != value.strip() or any(unicodedata.category(char) in _CATEGORIES_REFUSED for char in value):
        raise refuse(f"its `{name}` has characters that cannot be part of an identifier")
    return value
