"""What was decided about one field or one record, and what the searcher is told about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from hub.domain.organisations import Contact, Custodian


class Outcome(StrEnum):
    """The six outcomes of one field."""

    SHARED = "shared"
    SHARED_WITH_HANDLING = "shared_with_handling"
    WITHHELD = "withheld"
    ASK = "ask"
    GAP = "gap"
    OUT_OF_SCOPE = "out_of_scope"

    @property
    def releases(self) -> bool:
        """Whether the value goes to the searcher."""
        return self in (Outcome.SHARED, Outcome.SHARED_WITH_HANDLING)


class Confidence(StrEnum):
    """How well the law behind a rule was checked; carried through to whoever reads the rule."""

    VERIFIED = "verified"
    VERIFIED_SECONDARY = "verified_secondary"
    GENERAL = "general"


@dataclass(frozen=True, slots=True)
class Impediment:
    """The specific legal bar named to the searcher. ``note`` says what of its law was not read; empty when nothing."""

    id: str
    title: str
    citation: str
    confidence: Confidence
    note: str = ""


@dataclass(frozen=True, slots=True)
class HandlingNotice:
    """A condition that travels with what is shared, and how well its law was checked."""

    id: str
    notice: str
    fields: tuple[str, ...]
    citation: str = ""
    confidence: Confidence = Confidence.GENERAL


@dataclass(frozen=True, slots=True)
class Withheld:
    """One line of a ``withheld`` list: everything the searcher is told, and nothing she is not.

    ``impediment`` is None when veiled, for gaps and for fields out of scope; the true ground of a veiled line exists
    only in the decision that the log records. ``kind`` is None when naming the kind of record would disclose.
    ``custodian`` is who holds it back (None only for lines about a whole kind that is out of scope).
    ``ordinal`` numbers the line within its answer, for the reference ``<log entry>-<ordinal>``.
    """

    fields: tuple[str, ...]
    outcome: Outcome
    impediment: Impediment | None
    contact: Contact
    next_step: str
    reply_by: datetime | None = None
    kind: str | None = None
    custodian: Custodian | None = None
    ordinal: int = 0


class ReleasedRecord(msgspec.Struct, frozen=True):
    """A record as the searcher may see it: shared values, and a line for everything held back.

    A catalogued field that is neither in ``values`` nor in ``withheld`` is one the custodian holds nothing for.
    A struct, not a dataclass: one is made for every record of every answer, and this costs a fifteenth.
    """

    custodian: Custodian
    kind: str
    as_of: datetime
    values: Mapping[str, Any]
    withheld: tuple[Withheld, ...] = ()
    handling: tuple[HandlingNotice, ...] = ()

    def __repr__(self) -> str:
        return f"<ReleasedRecord {self.kind} of {self.custodian.id}>"  # never its values
