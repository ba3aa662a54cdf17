"""Purpose and case in the token: ``authorization_details`` (RFC 9396), read strictly. Pure.

Exactly one element, of the one type this hub defines::

    [{"type": "safeguarding_enquiry", "purpose": "ca1989-s47", "case": "MASH-2026-1182"}]

A member that is not known here is refused: it may narrow the token, and to overlook that would widen it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hub.access.refusal import refused
from hub.domain.enquiry import Stated
from hub.domain.identifiers import CaseReference
from hub.errors import BadRequest

AUTHORIZATION_TYPE = "safeguarding_enquiry"

STATED_LIFETIME_SECONDS_MAX = 300
"""The longest life of a token that carries purpose and case: a case may close, and a worker move on."""

_REQUIRED = frozenset({"type", "purpose", "case"})
_PURPOSE = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)


def stated_in(claims: Mapping[str, object], *, audience: str, lifetime_seconds: int) -> Stated | None:
    """What the token says of purpose and case; None when it has no ``authorization_details``.

    Args:
        claims: the token's.
        audience: this hub's identifier, the only one ``locations`` may name (RFC 9396 s.2.2).
        lifetime_seconds: from its ``iat`` to its ``exp``.

    Raises:
        Unauthenticated: ``TOKEN_INVALID``. Whether such a purpose exists is asked later, as of one in the query.
    """
    if "authorization_details" not in claims:
        return None
    details = claims["authorization_details"]
    if not isinstance(details, list) or len(details) != 1 or not isinstance(details[0], Mapping):
        raise refused("its `authorization_details` must be a list of exactly one object")
    element = details[0]
    if element.get("type") != AUTHORIZATION_TYPE:
        raise refused(f"its `authorization_details` must be of type {AUTHORIZATION_TYPE}")
    if not _REQUIRED <= element.keys() <= _REQUIRED | {"locations"}:
        raise refused("its `authorization_details` must have `purpose` and `case`, and nothing this hub does not know")
    if "locations" in element and element["locations"] != [audience]:
        raise refused("the `locations` of its `authorization_details` must be this hub alone")
    purpose, case = element["purpose"], element["case"]
    if not isinstance(purpose, str) or _PURPOSE.fullmatch(purpose) is None:
        raise refused("the `purpose` of its `authorization_details` must be the id of a purpose")
    if lifetime_seconds > STATED_LIFETIME_SECONDS_MAX:
        raise refused(f"with `authorization_details` it may live at most {STATED_LIFETIME_SECONDS_MAX} seconds")
    return Stated(purpose, _case(case))


def _case(value: object) -> CaseReference:
    try:
        if isinstance(value, str) and value == value.strip():
            return CaseReference.parse(value)
    except BadRequest:
        pass
    raise refused("the `case` of its `authorization_details` must be a case reference: no name, no other characters")
