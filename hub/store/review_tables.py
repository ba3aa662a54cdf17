"""Reviews and saved views, in tables beside the log.

What a review comes to is derived from the ``review`` entries and the text beside them (:mod:`hub.store.reviews`), so
that lists need not read the log. A saved view is a filter with a name, an officer's own, and no part of the log.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from hub.store.tables import metadata

review_case = Table(
    "review_case",
    metadata,
    Column("entry", BigInteger, primary_key=True, autoincrement=False),
    Column("owner", String(80), nullable=False),
    Column("state", String(16), nullable=False),
    Column("outcome", String(80)),
    Column("assigned", String(32)),
    Column("due", String(10)),
    Column("worker", String(32)),
    Column("opened_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Index("review_case_owner", "owner", "state", "due"),
    Index("review_case_worker", "worker"),
    comment="A row for each entry that is or was reviewed; last: its newest step. Derived from entries and their text.",
)

review_step = Table(
    "review_step",
    metadata,
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("entry", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("act", String(80), nullable=False),
    Column("outcome", String(80)),
    Column("organisation", String(80), nullable=False),
    Column("worker", String(32)),
    Column("role", String(80), nullable=False),
    Index("review_step_entry", "entry", "index"),
    comment="A row for each review entry; what was written stands beside the entry. Derived from entries.",
)

review_view = Table(
    "review_view",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("officer", String(32), nullable=False),
    Column("name", Text, nullable=False),
    Column("wanted", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("review_view_officer", "officer", "at"),
    comment="Filters of the log's list that officers have named, each her own. wanted: JSON of codes and references.",
)
