"""Statements compiled once for one database and one layout, and run with parameters."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Dialect, Row
from sqlalchemy.sql.expression import Executable

from hub.connectors.base import CANDIDATES_MAX
from hub.connectors.ssd import sql
from hub.connectors.ssd.layout import Layout
from hub.connectors.ssd.published import NHS_COLUMNS
from hub.connectors.ssd.source import Source, Tables
from hub.connectors.ssd.sources import all_sources

PREPARED_MAX = 256
FIND_ROWS_MAX = 20_000
"""Rows of one Find; a record has one for each label, and one at least."""

Parameters = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement as the driver takes it."""

    text: str
    fixed: dict[str, Any]
    positions: tuple[str, ...] | None

    @classmethod
    def of(cls, statement: Executable, dialect: Dialect) -> Prepared:
        """``statement`` compiled for ``dialect``, with its own constants kept as parameters."""
        compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})  # type: ignore[attr-defined]
        names = compiled.positiontup
        return cls(str(compiled), dict(compiled.params), tuple(names) if names is not None else None)

    def run(self, connection: Connection, parameters: Parameters) -> Sequence[Row[Any]]:
        """All rows."""
        values = {**self.fixed, **parameters}
        given = values if self.positions is None else tuple(values[name] for name in self.positions)
        return connection.exec_driver_sql(self.text, given).fetchall()


@dataclass(slots=True)
class Statements:
    """Everything that can be asked of one extract."""

    layout: Layout
    dialect: Dialect
    schema: str | None
    sources: tuple[Source, ...] = field(init=False)
    tables: Tables = field(init=False)
    _prepared: dict[object, Prepared] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Lay the sources over the layout."""
        self.tables = Tables(self.schema)
        self.sources = all_sources(self.tables, self._number())

    @property
    def has_nhs_numbers(self) -> bool:
        """Whether people have an NHS number column at all."""
        return self.layout.nhs_number(self.tables) is not None

    def _number(self) -> ColumnElement[str]:
        """The NHS number; where there is no column for it, the newer name, so that the check says what is missing."""
        held = self.layout.nhs_number(self.tables)
        return self.tables["ssd_person"].c[NHS_COLUMNS[0]] if held is None else held

    def match(self, days: int, *, narrow: bool, by_number: bool) -> Prepared:
        """Match with so many ranges of birth dates."""
        key = ("match", days, narrow, by_number)
        if key not in self._prepared:
            ranges = [sql.DayRange(f"from{each}", f"before{each}") for each in range(days)]
            statement = sql.match(
                self.tables,
                self._number() if by_number else None,
                ranges,
                dates_are_text=self.layout.dates_are_text,
                narrow=narrow,
                rows_max=CANDIDATES_MAX + 1,
            )
            self._keep(key, statement)
        return self._prepared[key]

    def match_unborn(self) -> Prepared:
        """Match by the recorded mother's NHS number."""
        key = "match unborn"
        if key not in self._prepared:
            self._keep(key, sql.match_unborn(self.tables, self._number(), CANDIDATES_MAX + 1))
        return self._prepared[key]

    def find(self, sources: tuple[Source, ...]) -> Prepared:
        """Find over ``sources``."""
        key = ("find", tuple(map(id, sources)))
        if key not in self._prepared:
            self._keep(key, sql.find(self.tables, sources, FIND_ROWS_MAX + 1))
        return self._prepared[key]

    def fetch(self, sources: tuple[Source, ...]) -> Prepared:
        """Fetch from ``sources``."""
        key = ("fetch", tuple(map(id, sources)))
        if key not in self._prepared:
            self._keep(key, sql.fetch(self.tables, sources))
        return self._prepared[key]

    def _keep(self, key: object, statement: Executable) -> None:
        self.layout.check(statement)  # type: ignore[arg-type]
        while len(self._prepared) >= PREPARED_MAX:
            self._prepared.pop(next(iter(self._prepared)), None)  # two threads may both make room
        self._prepared[key] = Prepared.of(statement, self.dialect)


def json_array(texts: Iterable[str]) -> str:
    """The parameter that :class:`~hub.connectors.ssd.sql.Listed` unpacks."""
    return json.dumps(sorted(set(texts)))
