"""Tables about who may ask, beside the log: what every process of the hub must know at once."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, SmallInteger, String, Table, Text

from hub.store.tables import metadata

access_proof = Table(
    "access_proof",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("forget_at", BigInteger, nullable=False),
    Index("access_proof_forget_at", "forget_at"),
    comment="DPoP proofs that were used, while they could be used again. digest: SHA-256 of key and jti.",
)

access_denial = Table(
    "access_denial",
    metadata,
    Column("ref", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("reason", String(80), nullable=False),
    Column("entry", BigInteger, nullable=False),
    comment="Tokens, workers and clients whose access was taken away. value: a jti, sub or client_id; personal data.",
)

access_register = Table(
    "access_register",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("entry", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="access_register_is_one_row"),
    comment="One row: the register that was last logged as in force, by its SHA-256, and that entry.",
)
