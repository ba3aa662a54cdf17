"""What Find and Fetch keep of one resource, so that a large answer is given up as it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hub.connectors.base import UpstreamFault
from hub.connectors.fhir import bundles, labels, mapping
from hub.connectors.fhir.elements import Element
from hub.connectors.fhir.mapping import KINDS
from hub.domain.records import RecordPointer, Value
from hub.domain.sources import NoAnswerReason

PART = "#"  # not a character of a FHIR id (R4 §2.24.0.1), so it can part the id from the number of the part

Values = Mapping[str, Value | None]


@dataclass(frozen=True, slots=True)
class Sighting:
    """What Find keeps of one resource.

    Attributes:
        record_id: the server's id of it.
        labels: what its labels say.
        restricts: it is a Patient whose whereabouts are restricted.
        parts: how many records of each wanted kind it holds; empty when it was entered in error.
    """

    record_id: str
    labels: frozenset[str]
    restricts: bool
    parts: Mapping[str, int]

    def pointers(self, custodian: str, *, restricted: bool) -> Iterator[RecordPointer]:
        """One for each record, of a child who is or is not ``restricted``.

        A restricted patient's GP registration is pointed at although PDS takes it off the record.
        """
        found = self.labels | ({labels.RESTRICTED} if restricted else frozenset())
        for kind, parts in self.parts.items():
            for part in range(max(parts, 1) if kind == "gp_registration" and restricted else parts):
                yield RecordPointer(custodian, kind, f"{self.record_id}{PART}{part}", found)


def sighting(resource: Element, kinds: Sequence[str]) -> Sighting:
    """What Find keeps of ``resource``, from which ``kinds`` are read."""
    in_error = mapping.is_in_error(resource)
    return Sighting(
        bundles.resource_id(resource),
        labels.record_labels(resource),
        resource.get("resourceType") == "Patient" and labels.is_restricted(resource) is True,
        {} if in_error else {kind: KINDS[kind].parts(resource) for kind in kinds},
    )


def values(resource: Element, pointers: Sequence[RecordPointer]) -> list[tuple[RecordPointer, Values]]:
    """What Fetch keeps of ``resource``: each record that ``pointers`` lead to.

    Raises:
        UpstreamFault: MALFORMED when the resource has gained a label since Find, or was entered in error.
    """
    found = labels.record_labels(resource)
    if mapping.is_in_error(resource) or (found and any(found - pointer.labels for pointer in pointers)):
        raise UpstreamFault(
            NoAnswerReason.MALFORMED, "a record's sensitivity changed while it was being read: ask again"
        )
    return [(pointer, _read(resource, pointer)) for pointer in pointers]


def _read(resource: Element, pointer: RecordPointer) -> Values:
    part = int(pointer.record_id.rpartition(PART)[2])
    return {name: read(resource, part) for name, read in KINDS[pointer.kind].fields.items()}
