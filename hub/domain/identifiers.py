"""Identifiers, parsed once at the edge and trusted inside.

No ``repr`` in this module shows what it holds: a value that reaches a traceback or a log line must not name a child.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from nhs_number.validate import is_valid

from hub.errors import BadRequest

CASE_REFERENCE_MAX = 64
_CASE_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class NHSNumber:
    """A ten-digit NHS number whose modulus-11 check digit is right.

    Source: NHS Data Dictionary, "NHS NUMBER". A right check digit is not proof that the number was ever issued
    (1111111111 passes), nor that it belongs to the child in question.
    """

    value: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> NHSNumber:
        """Return the number in ``text``, which may be grouped with spaces or hyphens.

        Raises:
            BadRequest: code ``NHS_NUMBER_INVALID``; the message states the rule and never echoes the number.
        """
        digits = re.sub(r"[\s-]", "", text)
        if re.fullmatch(r"\d{10}", digits, re.ASCII) is None or not is_valid(digits):
            raise BadRequest(
                "The NHS number is not valid: it does not have ten digits, or one of them is wrong (the last is a "
                "check digit for the others). Check that it was copied whole.",
                code="NHS_NUMBER_INVALID",
            )
        return cls(digits)

    def grouped(self) -> str:
        """The number as people write it: ``999 000 4021``."""
        return f"{self.value[:3]} {self.value[3:6]} {self.value[6:]}"


@dataclass(frozen=True, slots=True)
class CaseReference:
    """The searcher's own reference for the case on which she asks, such as ``MASH-2026-1182``."""

    value: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> CaseReference:
        """Return the reference in ``text``.

        Raises:
            BadRequest: code ``CASE_REFERENCE_MISSING`` when empty, ``CASE_REFERENCE_INVALID`` otherwise.
        """
        stripped = text.strip()
        if not stripped:
            raise BadRequest(
                "Give the case reference your agency uses for this enquiry: every question is asked on a case.",
                code="CASE_REFERENCE_MISSING",
            )
        if len(stripped) > CASE_REFERENCE_MAX or _CASE_REFERENCE.fullmatch(stripped) is None:
            raise BadRequest(
                f"The case reference may have letters, digits, spaces and . _ / - only, at most {CASE_REFERENCE_MAX} "
                "characters. It must not contain a name.",
                code="CASE_REFERENCE_INVALID",
            )
        return cls(stripped)
