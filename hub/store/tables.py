"""The log's tables, for SQLite and PostgreSQL.

Only ``log_entry`` and ``log_head`` are the log. ``log_open`` and ``log_tile`` are derived from it; ``log_reference`` is
the one place where a reference leads back to a person or case, so deleting its row erases them from the log;
``log_side`` holds the text that entries only commit to.
``log_cosignature`` and ``log_quorum`` are what the witnesses said of the log (:mod:`hub.store.cosignatures`).
``log_hold`` (:mod:`hub.store.holds`) and ``log_year`` (:mod:`hub.store.years`) are derived from entries too.
``judgement`` (:mod:`hub.store.judgements`) is no part of the log: what people decided, kept where questions find it.
``confirmation`` and ``match_shown`` (:mod:`hub.store.confirmations`) are the same for possible matches.
``decision_tally`` (:mod:`hub.store.tally`) is none either: counts, to try a change of the policies on.
``access_denial``, ``access_proof`` and ``access_register`` (:mod:`hub.store.access_tables`) are about who may ask.
``read_row`` and its like (:mod:`hub.store.read_tables`) are the log as a list to search: made from entries, disposable.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
    select,
    text,
    update,
)

from hub.errors import ConfigurationError

SCHEMA_VERSION = 5
"""Counted up when a hub that does not know a table would answer wrongly: version 1 knew no recorded decisions,
4 no denied tokens."""

ONLY_ADDED_SINCE = frozenset({1, 2, 3, 4})
"""Versions to which nothing but tables was added since: brought up to date by making them."""

RETIRED = "retired:"
"""Before the kind of a reference that is no longer given out, and goes soon (:mod:`hub.store.unmentioned`)."""

metadata = MetaData()

log_entry = Table(
    "log_entry",
    metadata,
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("note", Text),
    comment="Every entry. note: the signed checkpoint written with it, on the last entry of each transaction.",
)

log_head = Table(
    "log_head",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    CheckConstraint("id = 1", name="log_head_is_one_row"),
    comment="One row: its lock orders all writers. at: milliseconds since 1970, UTC.",
)

log_open = Table(
    "log_open",
    metadata,
    Column("question", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    comment="Questions without an end. Deleting the row is what gives one end the right to be written.",
)

log_tile = Table(
    "log_tile",
    metadata,
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    comment="Roots of full subtrees of 256^level entries, for proofs.",
)

log_reference = Table(
    "log_reference",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("value", Text, primary_key=True),
    Column("ref", String(32), nullable=False),
    Index("log_reference_ref", "ref", unique=True),
    comment="What a random reference in an entry stands for. Personal data: delete a row to erase.",
)

log_side = Table(
    "log_side",
    metadata,
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("salt", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    comment="Free text and variables of an entry, which holds a salted commitment to them. Personal data: erasable.",
)

log_cosignature = Table(
    "log_cosignature",
    metadata,
    Column("witness", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("line", Text, nullable=False),
    Column("dispute", String(16)),
    comment="By witness (its public key): its newest cosignature; dispute: how the log it has seen is not this one.",
)

log_quorum = Table(
    "log_quorum",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("size", BigInteger),
    Column("note", Text),
    CheckConstraint("id = 1", name="log_quorum_is_one_row"),
    comment="One row: the newest checkpoint that met the quorum, and when last one did (or witnessing first began).",
)

log_hold = Table(
    "log_hold",
    metadata,
    Column("ref", String(32), primary_key=True),
    Column("entry", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("officer", String(32)),
    Column("reason", String(80), nullable=False),
    comment="Subjects of whom nothing may be erased or dropped, and the entry that set the hold. Derived from entries.",
)

log_year = Table(
    "log_year",
    metadata,
    Column("year", SmallInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    comment="Years that were closed: the entries before size are theirs, or earlier. Derived from entries.",
)

judgement = Table(
    "judgement",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("ref", String(32), nullable=False),
    Column("act", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("ref", "act", name="judgement_once"),
    comment="Decisions by people and their withdrawals; rows are only added. Personal data: child, decider, reasons.",
)

confirmation = Table(
    "confirmation",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("ref", String(32), nullable=False),
    Column("act", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("ref", "act", name="confirmation_once"),
    comment="What people said of possible matches, and withdrawals; rows are only added. Personal data.",
)

match_shown = Table(
    "match_shown",
    metadata,
    Column("answer", BigInteger, primary_key=True, autoincrement=False),
    Column("ordinal", SmallInteger, primary_key=True, autoincrement=False),
    Column("custodian", String(64), nullable=False),
    Column("local_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("match_shown_at", "at"),
    comment="Possible matches that answers showed, for a person to confirm; old ones are deleted. Personal data.",
)

decision_tally = Table(
    "decision_tally",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("key", String(64), primary_key=True),
    *(
        Column(name, Text, nullable=False)
        for name in (
            "kind", "purpose", "role", "decision", "labels", "not_stated", "child", "child_not_stated", "judged",
            "stale", "sector",
        )
    ),
    Column("times", BigInteger, nullable=False),
    comment="How often each combination of facts was decided in a month. No personal data. key: SHA-256 of the facts.",
)  # fmt: skip

schema_version = Table(
    "schema_version",
    metadata,
    Column("version", SmallInteger, primary_key=True, autoincrement=False),
)


def prepare(connection: Connection) -> None:
    """Make the tables where there are none, inside the caller's transaction.

    Raises:
        ConfigurationError: the tables are of another version of the hub.
    """
    if connection.dialect.name == "postgresql":  # two processes may start at once; the number is this schema's own
        connection.execute(text("SELECT pg_advisory_xact_lock(7361166)"))
    from hub.store import (  # noqa: F401  made too; they need this module's metadata
        access_tables,
        read_tables,
        release_tables,
        review_tables,
    )

    metadata.create_all(connection)
    found = connection.execute(select(schema_version.c.version)).scalar_one_or_none()
    if found is None:
        connection.execute(insert(schema_version).values(version=SCHEMA_VERSION))
    elif found in ONLY_ADDED_SINCE:
        connection.execute(update(schema_version).values(version=SCHEMA_VERSION))
    elif found != SCHEMA_VERSION:
        raise ConfigurationError(
            f"The log's tables are version {found}; this hub reads version {SCHEMA_VERSION}. Use the hub that wrote "
            "them, or follow the upgrade notes in docs/runbook.md."
        )
