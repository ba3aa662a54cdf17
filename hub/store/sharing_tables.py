"""The tables of the sharing report: how often each thing came up in a month, and a row for each decision by a person.

They are part of the list of the log (:mod:`hub.store.read_tables`): made from entries alone, and made anew with it.
No child, worker or case is in them, and no day.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table

from hub.store.tables import metadata

_CODE = String(80)

read_month = Table(
    "read_month",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("what", String(16), primary_key=True),
    Column("custodian", _CODE, primary_key=True),
    Column("purpose", _CODE, primary_key=True),
    Column("code", _CODE, primary_key=True),
    Column("detail", _CODE, primary_key=True),
    Column("times", BigInteger, nullable=False),
    comment="How often each fact came up in a month (YYYY-MM, UK time). A word that does not apply is empty. Derived.",
)

read_deed = Table(
    "read_deed",
    metadata,
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("month", String(7), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("act", _CODE, nullable=False),
    Column("agency", _CODE, nullable=False),
    Column("word", _CODE, nullable=False),
    Index("read_deed_month", "month"),
    comment="A row for each step of a judgement or a release request: who did what, on which ground. Derived.",
)

SHARING_TABLES = (read_month, read_deed)
