"""One extract compared with what this connector reads: what is missing, what is lost by it, what is of another type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any

from sqlalchemy import ClauseElement, Connection, func, literal, select
from sqlalchemy.types import Boolean, Date, DateTime, Float, Integer, Numeric, TypeEngine

from hub.connectors.checking import Finding, mend, note, well
from hub.connectors.ssd import published, sql, values
from hub.connectors.ssd.layout import Layout, read_layout
from hub.connectors.ssd.source import Source
from hub.connectors.ssd.statements import Statements

COPY_DAYS_MAX = 7
"""An extract is made nightly; one older than a week has stopped."""

_ANY_DAY = [sql.DayRange("from0", "before0")]
_SENSITIVE = {published.LABELS_TABLE, published.DOCUMENTS_TABLE}


def survey(connection: Connection, schema: str | None, kinds: frozenset[str], zone: tzinfo) -> tuple[Finding, ...]:
    """Every finding about the extract at ``connection``; no statement names a person.

    Args:
        connection: read-only.
        schema: where the tables are.
        kinds: those that are to be read.
        zone: the time zone of the database's clock.
    """
    statements = Statements(read_layout(connection, schema), connection.dialect, schema)
    sources = tuple(source for source in statements.sources if source.kind in kinds)
    lost = _lost(statements, sources)
    findings = [*_number_findings(connection, statements), *_missing_findings(lost, statements.layout)]
    findings += _drift_findings(statements.layout)
    if not any(table == "ssd_version_log" for table, _ in lost):
        findings.append(_copy_finding(connection, statements, zone))
    missing = {table for table, column in lost if column is None}
    findings += _empty_findings(connection, [source for source in sources if source.table not in missing])
    return tuple(findings)


def _lost(statements: Statements, sources: tuple[Source, ...]) -> dict[tuple[str, str | None], set[str]]:
    """What is missing, and for each the kinds that cannot be read without it; no kinds: nothing at all can."""
    tables, layout = statements.tables, statements.layout
    searching = sql.match(
        tables, layout.nhs_number(tables), _ANY_DAY, dates_are_text=layout.dates_are_text, narrow=True, rows_max=1
    )
    everything: list[ClauseElement] = [searching, sql.find(tables, (), 1)]
    lost: dict[tuple[str, str | None], set[str]] = defaultdict(set)
    whole = {each for statement in everything for each in layout.missing(statement)}
    for source in sources:
        for statement in (sql.find(tables, (source,), 1), sql.fetch(tables, (source,))):
            for each in layout.missing(statement):
                lost[each].add(source.kind)
    return {**lost, **{each: set() for each in whole}}


def _missing_findings(lost: dict[tuple[str, str | None], set[str]], layout: Layout) -> Iterator[Finding]:
    for (table, column), kinds in sorted(lost.items(), key=str):
        if (table, column) == ("ssd_person", published.NHS_COLUMNS[0]) and not layout.tables.get("ssd_person"):
            continue
        what = f"the table {table}" if column is None else f"the column {table}.{column}"
        cost = f"{', '.join(sorted(kinds))}: a question for these gets no answer" if kinds else "nobody can be found"
        if table == published.LABELS_TABLE:
            cost = "no record can be shown, for nothing says which may not be"
        advice = (
            "have the council create it and fill it (docs/adr/0004-council-companion-tables.md)"
            if table in _SENSITIVE
            else "have the council add it to its extract, in the published layout, and let the hub's login read it"
        )
        yield mend(f"the extract lacks {what}; lost by it: {cost}", advice)


def _number_findings(connection: Connection, statements: Statements) -> Iterator[Finding]:
    layout, person = statements.layout, statements.tables["ssd_person"]
    if "ssd_person" not in layout.tables:
        return
    held = [name for name in published.NHS_COLUMNS if name in layout.tables["ssd_person"]]
    number = layout.nhs_number(statements.tables)
    if number is None:
        yield mend(
            f"ssd_person has neither {published.NHS_COLUMNS[0]} nor {published.NHS_COLUMNS[1]}: no child can be found "
            "by NHS number",
            "have the council add one of the two columns to its extract",
        )
        return
    people, numbered = connection.execute(
        select(func.count(), func.count(func.nullif(number, ""))).select_from(person)
    ).one()
    said = f"NHS numbers are in {' and '.join(f'ssd_person.{name}' for name in held)}: {numbered} of {people} people"
    if people and not numbered:
        yield mend(f"{said} have one", "have the council fill the column, or match by names alone")
    elif not people:
        yield mend("ssd_person is empty: every child would read as not known", "have the council fill its extract")
    else:
        yield well(f"{said} have one")


def _drift_findings(layout: Layout) -> Iterator[Finding]:
    drifted: dict[str, list[str]] = defaultdict(list)
    for table in published.metadata().tables.values():
        for column in table.columns:
            held = layout.tables.get(table.name, {}).get(column.name)
            if held is not None and _family(held) != _family(column.type):
                drifted[f"{_family(held)} where {_family(column.type)} is published"].append(
                    f"{table.name}.{column.name}"
                )
    for how, columns in sorted(drifted.items()):
        yield note(
            f"{len(columns)} column(s) are {how}: {', '.join(columns[:COLUMNS_SHOWN_MAX])}"
            + (", ..." if len(columns) > COLUMNS_SHOWN_MAX else ""),
            "nothing: they are read all the same, and a value that cannot be read becomes a gap",
        )


COLUMNS_SHOWN_MAX = 5


def _family(type_: TypeEngine[Any]) -> str:
    if isinstance(type_, Date | DateTime):
        return "date"
    if isinstance(type_, Boolean):
        return "yes or no"
    return "number" if isinstance(type_, Integer | Float | Numeric) else "text"


def _copy_finding(connection: Connection, statements: Statements, zone: tzinfo) -> Finding:
    log = statements.tables["ssd_version_log"]
    text = connection.execute(select(sql.as_text(func.max(log.c.created_at)))).scalar()
    try:
        at = values.moment(text or "", zone)
    except ValueError:
        return mend(
            "ssd_version_log does not say when the copy was taken, so no answer can be dated: none is given",
            "have the extract write one row with created_at as it ends",
        )
    days = (datetime.now(UTC) - at).days
    said = f"the copy was taken {at:%Y-%m-%d %H:%M} UTC"
    if days > COPY_DAYS_MAX:
        return mend(f"{said}, {days} days ago", "ask the council why its extract has stopped")
    return well(said)


def _empty_findings(connection: Connection, sources: list[Source]) -> Iterator[Finding]:
    """Tables without a row: a council that does not fill one would say of every child that nothing is known."""
    empty: dict[str, set[str]] = defaultdict(set)
    for source in sources:
        row = connection.execute(select(literal(1)).select_from(source.key.table).limit(1)).first()
        if row is None:
            empty[source.table].add(source.kind)
    for table, kinds in sorted(empty.items()):
        yield note(
            f'{table} has no rows: {", ".join(sorted(kinds))} read as "not held" for every child',
            "ask the council whether it fills this table; if it does not, the hub must not offer these kinds for it",
        )
