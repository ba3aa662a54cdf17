"""What the witnesses said of the log, in tables beside it: their newest cosignatures, and the newest quorum.

Nothing here is the log, and nothing is believed because it stands here: a cosignature was checked before it was kept,
and whoever reads a cosigned checkpoint checks it again with the witnesses' keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Table, literal, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from hub.audit.cosigned import open_cosigned
from hub.audit.note import NoteInvalid, VerifierKey
from hub.audit.witness_policy import WitnessPolicy
from hub.errors import AuditUnavailable
from hub.store.engine import make_engine, reading
from hub.store.reader import moment, read_proof
from hub.store.tables import log_cosignature, log_quorum

WAIT_SECONDS = 30.0
DISPUTE_MAX = 16
"""The longest word for a dispute, in characters."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What one witness said last: the size and time of its newest cosignature (0 when there is none), and a dispute."""

    size: int
    at: datetime
    line: str
    dispute: str | None


@dataclass(frozen=True, slots=True)
class Quorum:
    """The newest checkpoint that met the quorum, if one ever did.

    Attributes:
        at: when a checkpoint last met it; before the first one did, when witnessing began.
        size: how many entries the checkpoint covers.
        note: the checkpoint with the log's signature and the cosignatures.
    """

    at: datetime
    size: int | None = None
    note: str | None = None


def read_quorum(engine: Engine) -> Quorum | None:
    """The newest quorum; None when this log was never witnessed."""
    with engine.connect() as connection:
        return _quorum(reading(connection))


def last_quorum(engine: Engine, now: datetime) -> Quorum:
    """The newest quorum; the clock of a log that was never witnessed starts at ``now``.

    A time that lies in the future (the clock was put back) is taken, and kept, as ``now``: else silence would not be
    noticed until that time.
    """
    with engine.begin() as connection:
        row = {"id": 1, "at": _milliseconds(now)}
        connection.execute(_insert(connection, log_quorum).values(row).on_conflict_do_nothing())
        connection.execute(update(log_quorum).where(log_quorum.c.at > row["at"]).values(at=row["at"]))
        found = _quorum(connection)
    assert found is not None
    return found


def keep_quorum(engine: Engine, quorum: Quorum) -> None:
    """Keep a checkpoint that met the quorum; of a larger one that another hub kept meanwhile, only the time changes."""
    row = {"id": 1, "at": _milliseconds(quorum.at), "size": quorum.size, "note": quorum.note}
    with engine.begin() as connection:
        insert = _insert(connection, log_quorum).values(row)
        connection.execute(insert.on_conflict_do_update(index_elements=["id"], set_={"at": row["at"]}))
        older = log_quorum.c.size.is_(None) | (log_quorum.c.size <= quorum.size)
        connection.execute(update(log_quorum).where(older).values(size=quorum.size, note=quorum.note))


def read_kept(engine: Engine) -> dict[str, Kept]:
    """What each witness said last, by its public key."""
    with engine.connect() as connection:
        rows = reading(connection).execute(select(log_cosignature)).all()
    return {row.witness: Kept(row.size, moment(row.at), row.line, row.dispute) for row in rows}


def keep_cosignature(engine: Engine, witness: str, size: int, at: datetime, line: str) -> None:
    """Keep a cosignature unless a newer one is there; it ends the witness's dispute, if there was one."""
    row = {"witness": witness, "size": size, "at": _milliseconds(at), "line": line, "dispute": None}
    columns = log_cosignature.c
    with engine.begin() as connection:
        statement = _insert(connection, log_cosignature).values(row)
        newer = tuple_(columns.size, columns.at) <= tuple_(literal(size), literal(row["at"]))
        connection.execute(
            statement.on_conflict_do_update(index_elements=["witness"], set_=_but(row, "witness"), where=newer)
        )


def keep_dispute(engine: Engine, witness: str, dispute: str) -> None:
    """Keep that a witness has seen another log than this, beside what it cosigned before."""
    row = {"witness": witness, "size": 0, "at": 0, "line": "", "dispute": dispute[:DISPUTE_MAX]}
    with engine.begin() as connection:
        statement = _insert(connection, log_cosignature).values(row)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["witness"], set_={"dispute": row["dispute"]})
        )


def read_witnessed_proof(engine: Engine, index: int) -> str | None:
    """The proof of entry ``index`` under the newest checkpoint that met the quorum, or the head if that is too old.

    None when the log is not so long. See :func:`hub.store.reader.read_proof`.
    """
    quorum = read_quorum(engine)
    text = read_proof(engine, index, quorum.note) if quorum is not None and quorum.note is not None else None
    return text if text is not None else read_proof(engine, index)


@dataclass(frozen=True, slots=True)
class Witnessed:
    """The newest checkpoint of a database that met its quorum, checked anew: who cosigned how many entries."""

    note: bytes
    size: int
    names: frozenset[str]


def read_witnessed(
    url: str, keys: Iterable[VerifierKey], policy: WitnessPolicy, *, age_max: int, now: int
) -> Witnessed:
    """What the witnesses last cosigned, by what is kept in the database at ``url``; that is not believed but checked.

    Raises:
        NoteInvalid: nothing is kept, a signature is not good, or too few of the policy's witnesses cosigned it within
            ``age_max`` seconds before ``now``.
        AuditUnavailable: the database does not answer.
    """
    engine = make_engine(url, WAIT_SECONDS)
    try:
        quorum = read_quorum(engine)
    except SQLAlchemyError:
        raise AuditUnavailable("The log's database does not answer.") from None
    finally:
        engine.dispose()
    if quorum is None or quorum.note is None:
        raise NoteInvalid("none is kept: this log never had its witnesses' quorum")
    note = quorum.note.encode()
    cosigned = open_cosigned(note, keys, policy, now=now, age_max=age_max)
    return Witnessed(note, cosigned.checkpoint.size, cosigned.recent(now, age_max))


def _quorum(connection: Connection) -> Quorum | None:
    row = connection.execute(select(log_quorum)).one_or_none()
    return None if row is None else Quorum(moment(row.at), row.size, row.note)


def _insert(connection: Connection, table: Table) -> Any:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def _but(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
