"""The scopes of an access token (RFC 6749 s.3.3, RFC 9068 s.2.2.3). Pure.

The register, not a scope, says what a searcher may ask: a scope only ever adds a condition, which a router in front of
the hub can check before a question comes here at all (``docs/federation.md``). So a claim that is not as it must be is
no scope, rather than a reason to refuse the token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SCOPE_PATTERN = r"[\x21\x23-\x5b\x5d-\x7e]{1,100}"
"""One scope: any printable ASCII but space, quotation mark and backslash."""

SCOPE_CHARS_MAX = 2_000
_SCOPES = re.compile(rf"{SCOPE_PATTERN}(?: {SCOPE_PATTERN})*")


def scopes_in(claims: Mapping[str, object]) -> frozenset[str]:
    """The scopes in the claim ``scope``: one text, one space between them."""
    sent = claims.get("scope")
    if not isinstance(sent, str) or len(sent) > SCOPE_CHARS_MAX or _SCOPES.fullmatch(sent) is None:
        return frozenset()
    return frozenset(sent.split(" "))
