"""Checks a whole log where it lies, with the public key alone; no hub needs to run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from hub.audit.note import NoteInvalid, VerifierKey
from hub.audit.verify import Progress, Report, Row, verify_log
from hub.errors import AuditUnavailable, ConfigurationError
from hub.store.engine import exists, make_engine, reading
from hub.store.tables import log_entry, log_head

CHUNK_ROWS = 200
"""So many entries are read at once; it bounds the verifier's memory."""

WAIT_SECONDS = 30.0


def verify_database(
    url: str,
    verifier: VerifierKey | str,
    *,
    known: Iterable[bytes] = (),
    progress: Progress | None = None,
    now: datetime | None = None,
) -> Report:
    """Check every entry in the database at ``url``. See :func:`hub.audit.verify.verify_log`.

    Args:
        url: as for :class:`hub.store.appender.Log`; it is only read.
        verifier: the log's public key, or its text (the ``.pub`` file beside the signing key; several, one on a line).
        known: signed checkpoints kept from earlier.
        progress: called with entries checked and entries there are.
        now: the moment against which unanswered questions are aged; the clock's when None.

    Raises:
        ConfigurationError: there is no log at ``url``, or ``verifier`` is not a key.
        AuditUnavailable: the database failed before all was read: nothing can be said of the log.
    """
    try:
        lines = verifier.strip().split("\n") if isinstance(verifier, str) else []
        keys = [VerifierKey.parse(line.strip()) for line in lines] if isinstance(verifier, str) else [verifier]
    except NoteInvalid:
        raise ConfigurationError("The public key cannot be read: it is one line, name+8 hex digits+base64.") from None
    if not exists(url):
        raise ConfigurationError("There is no log at the database URL: the file does not exist.")
    engine = make_engine(url, WAIT_SECONDS)
    try:
        with engine.connect() as connection:
            reading(connection)
            head = connection.scalar(select(log_head.c.note))
            if not isinstance(head, str):
                raise ConfigurationError("The database at the URL holds no log: the head row is missing.")
            return verify_log(
                _rows(connection),
                head.encode(),
                keys,
                now=now or datetime.now(UTC),
                known=known,
                progress=progress,
            )
    except SQLAlchemyError as fault:
        raise AuditUnavailable(
            f"The log could not be read to its end ({type(fault).__name__}): it is not checked."
        ) from None
    finally:
        engine.dispose()


def _rows(connection: Connection) -> Iterator[Row]:
    """Every stored entry, whatever its index, in order of the index."""
    query = select(log_entry.c.index, log_entry.c.leaf_hash, log_entry.c.body, log_entry.c.note)
    query = query.order_by(log_entry.c.index).limit(CHUNK_ROWS)
    rows = connection.execute(query).all()
    while rows:
        yield from (Row(*row) for row in rows)
        rows = connection.execute(query.where(log_entry.c.index > rows[-1][0])).all()
