"""Where other numbers of the child are kept. Each goes with the kind of record whose sort of information it tells.

A Home Office number tells of immigration, a court's number of proceedings, an adoption agency's of an adoption:
purposes that leave those out must not get them by way of a list of identifiers.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, func, not_, or_

from hub.connectors.ssd import values
from hub.connectors.ssd.source import Implied, Read, Source, Tables

TABLE = "ssd_linked_identifiers"

UPN = "Unique Pupil Number"


def identifier_sources(tables: Tables) -> tuple[Source, ...]:
    """The sources of this module."""
    return _others(tables), _pupil_number(tables), _immigration(tables), _court(tables)


def _others(tables: Tables) -> Source:
    own = tables[TABLE].c
    told_elsewhere = or_(_of(tables, "home office", "immigration", "asylum"), _of(tables, "court"))
    return _source(
        tables, "council_identifier",
        (
            Read("identifier_type", (own.link_identifier_type,), values.plain),
            Read("identifier", (own.link_identifier_value,), values.plain),
            Read("from_date", (own.link_valid_from_date,), values.day),
            Read("to_date", (own.link_valid_to_date,), values.day),
        ),
        not_(told_elsewhere),
        implied=(Implied("adoption_s56", _of(tables, "raa", "adopt")),),
    )  # fmt: skip


def _pupil_number(tables: Tables) -> Source:
    own = tables["ssd_send"]
    return Source(
        "council_identifier", "ssd_send", own, own.c.send_table_id, own.c.send_person_id,
        (
            Read("identifier_type", (), values.plain, always=UPN),
            Read("identifier", (own.c.send_upn,), values.plain),
        ),
        where=and_(own.c.send_upn.is_not(None), own.c.send_upn != ""),
    )  # fmt: skip


def _immigration(tables: Tables) -> Source:
    own = tables[TABLE].c
    return _source(
        tables, "immigration_status",
        (
            Read("status", (own.link_identifier_type, own.link_identifier_value), values.joined),
            Read("started_on", (own.link_valid_from_date,), values.day),
            Read("ended_on", (own.link_valid_to_date,), values.day),
        ),
        and_(_of(tables, "home office", "immigration", "asylum"), not_(_of(tables, "court"))),
    )  # fmt: skip


def _court(tables: Tables) -> Source:
    own = tables[TABLE].c
    return _source(
        tables, "pre_proceedings",
        (Read("court_reference", (own.link_identifier_value,), values.plain),),
        _of(tables, "court"),
        implied=(Implied("adoption_s56", _of(tables, "raa", "adopt")),),
    )  # fmt: skip


def _source(
    tables: Tables, kind: str, reads: tuple[Read, ...], where: ColumnElement[bool], implied: tuple[Implied, ...] = ()
) -> Source:
    own = tables[TABLE]
    return Source(kind, TABLE, own, own.c.link_table_id, own.c.link_person_id, reads, where=where, implied=implied)


def _of(tables: Tables, *words: str) -> ColumnElement[bool]:
    """Whether the type of an identifier has one of ``words`` in it; a row without a type has none."""
    text = func.lower(func.coalesce(tables[TABLE].c.link_identifier_type, ""))
    return or_(*(text.like(f"%{word}%") for word in words))
