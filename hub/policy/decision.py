"""What was decided about one record, for the log and for whoever explains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.domain.catalogue import FieldSpec, KindSpec, ValueType
from hub.domain.disclosure import HandlingNotice, Impediment, Outcome
from hub.domain.organisations import Sector

UNKNOWN_LABEL = "unknown_label"
UNKNOWN_KIND = "unknown_kind"
UNKNOWN_SUBJECT_FACT = "unknown_subject_fact"
UNCLASSIFIED = "unclassified_field"
RECIPIENT_ROLE = "recipient_role"
NOT_BUILT = "handling_not_built"
"""Names of missing facts that are not words of the vocabulary. An unknown label itself is never repeated: it came from
outside and could hold anything."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a purpose reaches: fields by kind, and the sectors that hold those kinds."""

    fields: Mapping[str, frozenset[str]]
    sectors: frozenset[Sector]

    @property
    def kinds(self) -> frozenset[str]:
        """Ids of the kinds with at least one field in scope."""
        return frozenset(self.fields)


@dataclass(frozen=True, slots=True)
class FieldDecision:
    """One field's outcome and everything that determined it. Holds no value and no personal data.

    Attributes:
        grounds: ids of the rules that determine the outcome, primary first. For a gap, those not ruled out.
        veiled: the searcher is told no ground.
        hidden: even the kind of record may not be told: a veiled impediment applies or cannot be ruled out.
        gateway: the purpose's id, when the field is shared.
        handling: ids of the rules whose notices travel with the value.
        missing: for a gap, the facts nobody stated.
    """

    outcome: Outcome
    grounds: tuple[str, ...] = ()
    veiled: bool = False
    hidden: bool = False
    gateway: str | None = None
    handling: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """The fields of a record that share one decision, in the catalogue's order."""

    fields: tuple[str, ...]
    decision: FieldDecision


@dataclass(frozen=True, slots=True)
class Line:
    """One line to tell, before the holder's contact and the time are known. ``grounds`` is for the log alone."""

    fields: tuple[str, ...]
    outcome: Outcome
    grounds: tuple[str, ...]
    veiled: bool
    impediment: Impediment | None
    kind: str | None
    next_step: str
    post: str | None = None
    reply_days: int | None = None


@dataclass(frozen=True, slots=True)
class RecordDecision:
    """The decisions for one record: for every record with the same kind, labels and unstated words in one question.

    Attributes:
        spec: the catalogue's entry; None when the kind is not catalogued.
        labels, undetermined: as the pointer stated them; a decision is only good for records that state the same.
        fields: field name to decision, in the catalogue's order; empty when the kind is not catalogued.
        groups: the same by outcome, as the log records it.
        lines: what is told beside released values; :func:`hub.policy.release.release` answers one line for each, in
            this order.
        whole_lines: what is told when nothing of the record is released and it is never fetched. Empty when the
            record is out of scope: its existence is not told.
        notices: what travels with the shared fields.
        any_released: whether any field may be shown; when not, the record is not fetched.
        copied: released fields whose values fit by their very type, each with that type; ``checked``: those where the
            value takes a closer look, each with its catalogued type; ``derived``: those the hub works out of another.
    """

    kind: str
    spec: KindSpec | None
    labels: frozenset[str] = field(repr=False)
    undetermined: frozenset[str] = field(repr=False)
    fields: Mapping[str, FieldDecision]
    groups: tuple[Group, ...]
    lines: tuple[Line, ...]
    whole_lines: tuple[Line, ...]
    notices: tuple[HandlingNotice, ...]
    any_released: bool
    copied: Mapping[str, type]
    checked: Mapping[str, ValueType]
    derived: tuple[FieldSpec, ...]

    @property
    def whole(self) -> bool:
        """Whether the record is withheld as one, told as fields ``*``."""
        return len(self.whole_lines) == 1 and self.whole_lines[0].fields == ("*",)
