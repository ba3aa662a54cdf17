"""A record on its way through the hub: pointed at, held, released.

Existence comes first (:class:`RecordPointer`, from Find), content second (:class:`HeldRecord`, from Fetch). A held
record keeps its values sealed: the one way to read them is :func:`hub.policy.release.release`, which needs a decision
for every field. :mod:`hub.domain.sealed` holds the key, and an import contract lets nobody else import it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NoReturn

from hub.domain.disclosure import HandlingNotice, Withheld

Value = Any
"""One of the Python types named in :class:`hub.domain.catalogue.ValueType`."""


@dataclass(frozen=True, slots=True)
class RecordPointer:
    """That a custodian holds a record, without what it says.

    Attributes:
        custodian: the custodian's id.
        kind: the catalogue's id of the kind of record.
        record_id: the custodian's own id of the record; it never leaves the hub.
        labels: the vocabulary's words that are true of this record (``family_court_document``, ``privileged``, ...).
        undetermined: words the custodian should have said yes or no to and did not. Policy treats them as unknown,
            so whatever depends on them is a gap.
        held_back: the holder's own line, when its system says that there is a record and holds back the whole of it.
            Such a record carries a label that is in no vocabulary, so that policy never shows it; where policy says no
            more than that, the searcher is told the holder's line.
    """

    custodian: str
    kind: str
    record_id: str = field(repr=False)
    labels: frozenset[str] = frozenset()
    undetermined: frozenset[str] = frozenset()
    held_back: Withheld | None = field(default=None, repr=False, compare=False)


class HeldRecord:
    """A fetched record, sealed. See the module's text.

    Args:
        pointer: what Find said of it.
        as_of: when the custodian's copy was current (aware, UTC).
        values: catalogued field name to value; a field that is missing or ``None`` is one the custodian holds
            nothing for.
        held_back: the holder's own lines about fields that its system did not show the hub: they are missing from
            ``values`` too, and without these lines would read as nothing held.
        handling: conditions that the holder's own system attached to what it shows.
    """

    __slots__ = ("__values", "as_of", "handling", "held_back", "pointer")

    def __init__(
        self,
        pointer: RecordPointer,
        as_of: datetime,
        values: Mapping[str, Value],
        *,
        held_back: tuple[Withheld, ...] = (),
        handling: tuple[HandlingNotice, ...] = (),
    ) -> None:
        self.pointer = pointer
        self.as_of = as_of
        self.held_back = held_back
        self.handling = handling
        self.__values = MappingProxyType({name: value for name, value in values.items() if value is not None})

    def shape(self) -> Mapping[str, tuple[str, int | None]]:
        """What was filled in, not what it says: field name to its Python type's name, and a text's or list's length."""
        return {
            name: (type(value).__name__, len(value) if isinstance(value, str | tuple) else None)
            for name, value in self.__values.items()
        }

    def __repr__(self) -> str:
        return f"<HeldRecord {self.pointer.kind} of {self.pointer.custodian}, sealed>"

    def __getstate__(self) -> NoReturn:  # object's own would give the values
        raise TypeError("a held record has no state to read: release it under a decision")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a held record cannot be copied or pickled: release it under a decision")
