"""What one extract really has: which published columns, under which names, of which rough type."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import (
    Alias,
    ClauseElement,
    ColumnElement,
    Connection,
    Date,
    DateTime,
    TableClause,
    func,
    inspect,
)
from sqlalchemy.engine.reflection import ObjectKind
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnClause
from sqlalchemy.types import TypeEngine

from hub.connectors.base import UpstreamFault
from hub.connectors.ssd import published
from hub.connectors.ssd.source import Tables
from hub.domain.sources import NoAnswerReason


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns an extract has, by table: name (lower case) to type, as the database's catalogue states them."""

    tables: dict[str, dict[str, TypeEngine[object]]]

    def nhs_number(self, tables: Tables) -> ColumnElement[str] | None:
        """The column of the NHS number, both when a build has both, ``None`` when it has neither."""
        held = [tables["ssd_person"].c[name] for name in published.NHS_COLUMNS if self._has("ssd_person", name)]
        if len(held) < 2:
            return held[0] if held else None
        return func.coalesce(func.nullif(held[0], ""), held[1])

    @property
    def dates_are_text(self) -> bool:
        """Whether birth dates are neither dates nor times."""
        return not isinstance(self.tables.get("ssd_person", {}).get("pers_dob"), Date | DateTime)

    def check(self, statement: ClauseElement) -> None:
        """That everything ``statement`` reads is there.

        Raises:
            UpstreamFault: ``MALFORMED``; the detail names the first missing table or column.
        """
        for name, column in self.missing(statement):
            if column is None:
                raise UpstreamFault(NoAnswerReason.MALFORMED, f"its extract has no table {name}")
            raise UpstreamFault(NoAnswerReason.MALFORMED, f"its table {name} has no column {column}")

    def missing(self, statement: ClauseElement) -> list[tuple[str, str | None]]:
        """What ``statement`` reads and the extract lacks: (table, column), the column None for a whole table."""
        read = sorted(set(_columns_of(statement)))
        lacking = [
            (name, column if name in self.tables else None) for name, column in read if not self._has(name, column)
        ]
        return list(dict.fromkeys(lacking))

    def _has(self, table: str, column: str) -> bool:
        return column in self.tables.get(table, {})


def read_layout(connection: Connection, schema: str | None) -> Layout:
    """Ask the database's own catalogue, for the tables this connector reads only."""
    names = [*published.PUBLISHED, *published.COMPANIONS]
    # a name the database does not have is left out of the answer, which is how it shows
    held = inspect(connection).get_multi_columns(schema=schema, filter_names=names, kind=ObjectKind.ANY)
    return Layout(
        {
            name.lower(): {column["name"].lower(): column["type"] for column in columns}
            for (_, name), columns in held.items()
        }
    )


def _columns_of(statement: ClauseElement) -> Iterable[tuple[str, str]]:
    for element in visitors.iterate(statement):
        if isinstance(element, ColumnClause) and element.table is not None:
            owner = element.table.element if isinstance(element.table, Alias) else element.table
            if isinstance(owner, TableClause):
                yield owner.name, element.name
