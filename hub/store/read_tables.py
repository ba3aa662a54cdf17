"""The log as a list that can be searched: tables made from the entries alone, to be dropped and made anew at any time.

They hold codes, counts and references, as the entries do. Nothing is decided by them: the log is the evidence.
Every list is in order of ``at`` and then of the entry, so each index ends in the two.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, SmallInteger, String, Table, Text, text

from hub.store.sharing_tables import SHARING_TABLES
from hub.store.tables import metadata

MODEL_VERSION = 5
"""Counted up when rows would come out otherwise: tables of another version are made anew."""

_CODE, _REFERENCE = String(80), String(32)

read_row = Table(
    "read_row",
    metadata,
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("day", String(10), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("client", _CODE),
    Column("organisation", _CODE),
    Column("worker", _REFERENCE),
    Column("role", _CODE),
    Column("purpose", _CODE),
    Column("case", _REFERENCE),
    Column("subject", _REFERENCE),
    Column("outcome", _CODE, nullable=False),
    Column("detail", _CODE),
    Column("about", BigInteger),
    Column("end", BigInteger),
    Column("ended_at", BigInteger),
    *(Column(name, BigInteger) for name in ("records", "shared", "withheld", "asks", "gaps", "no_answer", "children")),
    *(Column(name, BigInteger) for name in ("times", "workers")),
    *(Column(name, SmallInteger, nullable=False) for name in ("veiled", "out_of_hours", "no_case", "many")),
    *(Column(name, SmallInteger, nullable=False) for name in ("often", "watched", "first_purpose")),
    Column("grounds", Text, nullable=False),
    *(
        Index(f"read_row_{name}", name, "at", "index")
        for name in ("worker", "subject", "case", "organisation", "purpose", "outcome", "kind")
    ),
    Index("read_row_at", "at", "index"),
    Index("read_row_about", "about", "at", "index"),
    Index("read_row_end", "end"),
    Index("read_row_worker_day", "worker", "day"),
    *(
        Index(f"read_row_{name}", "at", "index", sqlite_where=text(where), postgresql_where=text(where))
        for name, where in (
            ("out_of_hours", "out_of_hours = 1"),
            ("no_case", "no_case = 1"),
            ("many", "many = 1"),
            ("veiled", "veiled = 1"),
            ("silent", "no_answer > 0"),
            ("withheld", "withheld > 0"),
            ("often", "often = 1"),
            ("watched", "watched = 1"),
            ("first_purpose", "first_purpose = 1"),
        )
    ),
    Index(
        "read_row_first_of",
        "worker",
        "purpose",
        sqlite_where=text("first_purpose = 1"),
        postgresql_where=text("first_purpose = 1"),
    ),
    comment="A row for each question (with its end), refusal and act. at, ended_at: milliseconds since 1970. Derived.",
)

read_line = Table(
    "read_line",
    metadata,
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("custodian", _CODE, primary_key=True),
    Column("state", String(32), nullable=False),
    Column("reason", _CODE),
    Column("ms", BigInteger),
    Column("match", String(16)),
    Column("candidates", BigInteger),
    *(Column(name, BigInteger, nullable=False) for name in ("records", "shared", "withheld", "asks", "gaps")),
    Column("veiled", SmallInteger, nullable=False),
    Column("grounds", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("tally", Text, nullable=False),
    comment="A row for each custodian of each answered question; sealed: grounds the searcher was not told; "
    "tally: what its records came to, for the sharing report. Derived.",
)

read_party = Table(
    "read_party",
    metadata,
    Column("organisation", _CODE, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("asked", SmallInteger, nullable=False),
    Index(
        "read_party_asked",
        "organisation",
        "at",
        "index",
        sqlite_where=text("asked = 1"),
        postgresql_where=text("asked = 1"),
    ),
    Index("read_party_index", "index"),
    comment="Who each row concerns: whose worker acted (asked 0), and whose records were asked for (1). Derived.",
)

read_place = Table(
    "read_place",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("version", SmallInteger, nullable=False),
    Column("next", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="read_place_is_one_row"),
    comment="One row: the next entry to be read; its lock orders those who read on. Derived.",
)

TABLES = (read_row, read_line, read_party, read_place, *SHARING_TABLES)
