"""What becomes of a payload: rows that are records of the catalogue's kinds, and what the payload leaves unsaid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from hub.connectors.dfe.values import Payload
from hub.domain.organisations import Sector
from hub.domain.records import Value


@dataclass(frozen=True, slots=True)
class Row:
    """One record made of a part of a payload.

    Attributes:
        kind: the catalogue's kind.
        key: tells it from the others of its kind in the same payload, and stays the same when others come or go.
        values: the fields the interface carries, None where it states nothing. A catalogued field that is missing
            here is one the interface has no place for: the searcher is told so, or it would read as nothing held.
        labels, undetermined: as :class:`hub.domain.records.RecordPointer` has them.
        is_narrative: people wrote it in their own words.
    """

    kind: str
    key: str
    values: Mapping[str, Value] = field(repr=False)
    labels: frozenset[str] = frozenset()
    undetermined: frozenset[str] = frozenset()
    is_narrative: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """A payload, read.

    ``unsaid``: kinds of which it says neither that there is one nor that there is none. ``unplaced``:
    whether it states something that the hub has no place to show.
    """

    rows: tuple[Row, ...] = ()
    unsaid: frozenset[str] = frozenset()
    unplaced: bool = False


Reader = Callable[[Payload, Sector], Read]


def numbered(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows, with keys that no two of one kind share."""
    seen: dict[tuple[str, str], int] = {}
    made = []
    for row in rows:
        count = seen[row.kind, row.key] = seen.get((row.kind, row.key), 0) + 1
        key = row.key if count == 1 else f"{row.key} ({count})"
        made.append(Row(row.kind, key, row.values, row.labels, row.undetermined, row.is_narrative))
    return tuple(made)
