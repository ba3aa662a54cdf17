"""The statements: Match by number, by name and birth date, and by the mother of an unborn child; Find; Fetch.

Each is a ``SELECT`` over published names, written once per set of kinds and compiled once per database, with constant
text whatever is asked: ids travel as one JSON parameter. Every column is read as text (see :mod:`.values`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from hub.connectors.ssd import published
from hub.connectors.ssd.source import Source, Tables

DIALECTS = ("sqlite", "postgresql", "mssql")
"""Databases whose SQL this module writes. Extracts are on SQL Server or PostgreSQL; SQLite is to try it out."""

HEADER = "#"
"""The tag of Find's first row, which says whose records these are and when the copy was taken."""


class AsText(FunctionElement[str]):
    """A column as text, with dates in ISO form whatever the database's own habit."""

    type = String()
    inherit_cache = True
    name = "as_text"


class Listed(FunctionElement[str]):
    """The texts of a JSON array parameter, as a one-column subquery for ``IN``."""

    type = String()
    inherit_cache = True
    name = "listed"


@compiles(AsText)
def _as_text(element: AsText, compiler: SQLCompiler, **kw: object) -> str:
    return f"CAST({compiler.process(element.clauses, **kw)} AS TEXT)"


@compiles(AsText, "mssql")
def _as_text_mssql(element: AsText, compiler: SQLCompiler, **kw: object) -> str:
    return f"CONVERT(NVARCHAR(MAX), {compiler.process(element.clauses, **kw)}, 126)"


@compiles(Listed, "sqlite")
def _listed_sqlite(element: Listed, compiler: SQLCompiler, **kw: object) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **kw)}))"  # noqa: S608  # a parameter


@compiles(Listed, "postgresql")
def _listed_postgresql(element: Listed, compiler: SQLCompiler, **kw: object) -> str:
    return f"(SELECT json_array_elements_text(CAST({compiler.process(element.clauses, **kw)} AS JSON)))"


@compiles(Listed, "mssql")
def _listed_mssql(element: Listed, compiler: SQLCompiler, **kw: object) -> str:
    return f"(SELECT value FROM OPENJSON({compiler.process(element.clauses, **kw)}))"  # noqa: S608  # a parameter


def as_text(col: ColumnElement[Any]) -> AsText:
    """``col`` as text."""
    return AsText(col)


def listed(col: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether ``col`` (as text) is in the JSON array parameter ``name``."""
    return AsText(col).op("IN")(Listed(bindparam(name, required=False)))


def find(tables: Tables, sources: Sequence[Source], rows_max: int) -> Select[*tuple[Any, ...]]:
    """Rows (tag, record id, person, label): the header, then one per record and label. Parameter: ``person``."""
    branches: list[Select[*tuple[Any, ...]]] = [_header(tables)]
    for number, source in enumerate(sources):
        branches.append(_records(tables, source, number))
        branches += (_implied(source, number, each.label, each.when) for each in source.implied)
    together = union_all(*branches).subquery("found")
    return select(together.c.tag, together.c.id, together.c.person, together.c.label).limit(rows_max)


def _header(tables: Tables) -> Select[*tuple[Any, ...]]:
    """One row: its record id is the time of the newest row of the version log, which an extract rewrites as it ends;
    its label is the person's birth date, to be compared with the candidate's.
    """
    person, log = tables["ssd_person"], tables["ssd_version_log"]
    return select(
        _literal(HEADER).label("tag"),
        as_text(select(func.max(log.c.created_at)).scalar_subquery()).label("id"),
        as_text(person.c.pers_person_id).label("person"),
        as_text(person.c.pers_dob).label("label"),
    ).where(person.c.pers_person_id == bindparam("person", required=False))


def _records(tables: Tables, source: Source, number: int) -> Select[*tuple[Any, ...]]:
    labels = tables[published.LABELS_TABLE]
    of_record = and_(
        labels.c.rela_table == _literal(source.table), as_text(labels.c.rela_record_id) == as_text(source.key)
    )
    return (
        select(_literal(str(number)), as_text(source.key), as_text(source.person), as_text(labels.c.rela_label))
        .select_from(source.frm.outerjoin(labels, of_record))
        .where(_own(source))
    )


def _implied(source: Source, number: int, label: str, when: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(_literal(str(number)), as_text(source.key), as_text(source.person), _literal(label))
        .select_from(source.frm)
        .where(_own(source), when)
    )


def fetch(tables: Tables, sources: Sequence[Source]) -> CompoundSelect[*tuple[Any, ...]]:
    """Rows (tag, record id, person, texts...): the header, then chosen records.

    Parameters: ``person``, and a JSON array ``ids<n>`` for each source.
    """
    width = max(1, *(sum(len(read.columns) for read in source.reads) for source in sources))
    nothing = as_text(null())
    branches = [_header(tables).add_columns(*[nothing] * (width - 1))]
    for number, source in enumerate(sources):
        texts = [as_text(col) for read in source.reads for col in read.columns]
        branches.append(
            select(_literal(str(number)), as_text(source.key), as_text(source.person), *texts)
            .add_columns(*[nothing] * (width - len(texts)))
            .select_from(source.frm)
            .where(_own(source), listed(source.key, f"ids{number}"))
        )
    return union_all(*branches)


def _own(source: Source) -> ColumnElement[bool]:
    own = source.person == bindparam("person", required=False)
    return own if source.where is None else and_(own, source.where)


def _literal(text: str) -> ColumnElement[str]:
    return as_text(literal_column("'" + text.replace("'", "''") + "'"))


@dataclass(frozen=True, slots=True)
class DayRange:
    """Parameter names of one range of birth dates, both ends included: ``from_`` and ``before`` the day after."""

    from_: str
    before: str


def match(
    tables: Tables,
    nhs_number: ColumnElement[str] | None,
    days: Sequence[DayRange],
    *,
    dates_are_text: bool,
    narrow: bool,
    rows_max: int,
) -> Select[*tuple[Any, ...]]:
    """Rows (person, forename, surname, birth date, sex, NHS number, postcode) of whoever may be meant.

    Parameters: JSON arrays ``numbers``, ``given`` and ``family`` (lower case), and those of ``days``. By name it is
    everybody of that full name, and everybody born then; ``narrow`` asks those born then for one of the names as well.
    Where birth dates are text, a JSON array ``written`` has the other ways of writing the days that are known.
    """
    person = tables["ssd_person"]
    given = listed(func.lower(person.c.pers_forename), "given")
    family = listed(func.lower(person.c.pers_surname), "family")
    meant: list[ColumnElement[bool]] = [] if nhs_number is None else [listed(nhs_number, "numbers")]
    if days:
        born = or_(*(_between(person.c.pers_dob, each) for each in days))
        if dates_are_text:
            born = or_(born, listed(person.c.pers_dob, "written"))
        meant += [and_(given, family), and_(born, or_(given, family)) if narrow else born]
    columns = (
        person.c.pers_person_id,
        person.c.pers_forename,
        person.c.pers_surname,
        person.c.pers_dob,
        person.c.pers_sex,
        null() if nhs_number is None else nhs_number,
        _postcode(tables),
    )
    return select(*(as_text(col) for col in columns)).where(or_(*meant)).limit(rows_max)


def match_unborn(tables: Tables, nhs_number: ColumnElement[str], rows_max: int) -> Select[*tuple[Any, ...]]:
    """Rows (person, surname, birth date, expected date, mother's NHS number and birth date) of every child of one
    recorded mother.

    Those who have been born are among them: whether one is the child that was expected is for whoever reads them.
    ``nhs_number`` is the column of ``ssd_person``, who here is the mother. Parameter: a JSON array ``numbers``.
    """
    mother, recorded = tables["ssd_person"], tables["ssd_mother"]
    child = mother.alias("child")
    columns = (
        child.c.pers_person_id,
        child.c.pers_surname,
        child.c.pers_dob,
        child.c.pers_expected_dob,
        nhs_number,
        mother.c.pers_dob,
    )
    return (
        select(*(as_text(col) for col in columns))
        .select_from(
            recorded.join(mother, mother.c.pers_person_id == recorded.c.moth_person_id).join(
                child, child.c.pers_person_id == recorded.c.moth_childs_person_id
            )
        )
        .where(listed(nhs_number, "numbers"))
        .limit(rows_max)
    )


def _between(col: ColumnElement[str], days: DayRange) -> ColumnElement[bool]:
    return and_(col >= bindparam(days.from_, required=False), col < bindparam(days.before, required=False))


def _postcode(tables: Tables) -> ColumnElement[str]:
    """The newest address first, one without an end before any that ended."""
    own = tables["ssd_address"]
    ended = case((own.c.addr_address_end_date.is_(None), 0), else_=1)
    return (
        select(own.c.addr_address_postcode)
        .where(own.c.addr_person_id == tables["ssd_person"].c.pers_person_id)
        .order_by(ended, own.c.addr_address_start_date.desc())
        .limit(1)
        .scalar_subquery()
    )
