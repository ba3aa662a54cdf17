"""Tables of release requests, beside the log: which lines an answer showed, and what became of those asked about."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from hub.store.tables import metadata

release_line = Table(
    "release_line",
    metadata,
    Column("answer", BigInteger, primary_key=True, autoincrement=False),
    Column("ordinal", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("release_line_at", "at"),
    comment="Lines of answers that hold something back, for a release to be asked for; old ones go. Personal data.",
)

release_step = Table(
    "release_step",
    metadata,
    Column("ref", String(32), primary_key=True),
    Column("step", String(16), primary_key=True),
    Column("act", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("entry", BigInteger, nullable=False),
    Column("organisation", String(64)),
    Column("worker", String(32)),
    Column("custodian", String(64)),
    Column("due", BigInteger),
    Column("body", Text, nullable=False),
    Index("release_step_worker", "worker", "at"),
    Index("release_step_custodian", "custodian", "at"),
    Index("release_step_due", "step", "due"),
    comment="Steps of requests to lift a refusal: codes and references. Rows are only added; words are side rows.",
)
"""``step``: ``asked`` (which alone has who and until when), ``escalated``, ``answered``, ``effected``."""
