"""What a source of records is: table, key, whose a row is, and which columns fill which field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, FromClause, TableClause, and_, column, func, or_, table
from sqlalchemy.sql.elements import ColumnClause

from hub.connectors.ssd import published, values

Columns = tuple[ColumnElement[str], ...]


@dataclass(frozen=True, slots=True)
class Read:
    """One catalogued field: the columns it is read from, and how. No columns: ``always`` is the value."""

    field: str
    columns: Columns
    how: values.Reader
    merges: bool = False
    """Whether the rows of one record each add to a list, instead of saying the same."""
    always: str | None = None


@dataclass(frozen=True, slots=True)
class Implied:
    """A sensitivity word that is true of the rows where ``when`` holds, whether or not anybody labelled them."""

    label: str
    when: ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Source:
    """One table (with what is joined to it) that holds records of one kind.

    Attributes:
        table: the table whose row is the record: labels name it, and record ids start with it.
        person: the column that says whose record a row is; every row that comes back is checked by it.
        needs_assessment: whether a record that nobody assessed for sensitivity is undetermined.
    """

    kind: str
    table: str
    frm: FromClause
    key: ColumnElement[str]
    person: ColumnElement[str]
    reads: tuple[Read, ...]
    where: ColumnElement[bool] | None = None
    implied: tuple[Implied, ...] = ()
    needs_assessment: bool = False

    @property
    def tells_where(self) -> bool:
        """Whether its records say where somebody lives."""
        return any(read.field in ("address", "postcode") for read in self.reads)


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables by name, as statements see them: no types, because extracts do not agree on them."""

    schema: str | None = None
    made: dict[str, TableClause] = field(default_factory=dict)

    def __getitem__(self, name: str) -> TableClause:
        """The published or companion table called ``name``."""
        if name not in self.made:
            columns: list[ColumnClause[str]] = [column(each) for each in published.column_names(name)]
            self.made[name] = table(name, *columns, schema=self.schema)
        return self.made[name]


def simple(
    tables: Tables,
    kind: str,
    name: str,
    prefix: str,
    key: str,
    *fields: tuple[str, str, values.Reader],
    person: str | None = None,
    implied: Sequence[tuple[str, ColumnElement[bool]]] = (),
) -> Source:
    """A source of one table whose columns share a prefix: ``fields`` are (field, column without prefix, reader)."""
    own = tables[name]
    reads = tuple(Read(each, (own.c[f"{prefix}_{col}"],), how) for each, col, how in fields)
    return Source(
        kind=kind,
        table=name,
        frm=own,
        key=own.c[f"{prefix}_{key}"],
        person=own.c[person or f"{prefix}_person_id"],
        reads=reads,
        implied=tuple(Implied(label, when) for label, when in implied),
    )


def says_adoption(col: ColumnElement[str], codes_of_adoption: Sequence[str]) -> ColumnElement[bool]:
    """Whether a column tells that the child was placed for adoption or adopted, in code or in words."""
    text = func.lower(col)
    coded = [text.like(f"{code.lower()}%") for code in codes_of_adoption]
    return or_(*coded, text.like("%adopted%"), text.like("%for adoption%"), text.like("%placement order%"))


def plans_adoption(col: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a care plan column, which has every plan as a key, ticks adoption: unless it surely does not, it does."""
    text = func.lower(col)
    for noise in (" ", '"', "'", "\n", "\r", "\t"):
        text = func.replace(text, noise, "")
    empty = ("adoption:,", "adoption:}", "adoption:n", "adoption:0", "adoption:f")
    return and_(text.like("%adoption%"), *(text.not_like(f"%{each}%") for each in empty))


def flags_adoption(col: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether an outcome column flags a non-agency adoption."""
    text = func.lower(func.replace(col, " ", ""))
    return or_(*(text.like(f'%"non_agency_adoption_flag":{yes}%') for yes in ('"y', '"1', '"t', "1", "true")))
