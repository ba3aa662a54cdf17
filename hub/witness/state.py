"""What a witness has cosigned last, of each log, in a small SQLite file; and the proof of a log that forked.

A witness that forgets is worse than none: it would cosign a rewritten log. So the file and the key know each other:
a state file that is gone, or is another's, stops the witness, and its key must not be used again.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

from hub.audit.cosignature import WitnessKey
from hub.audit.note import Note
from hub.errors import Complaint, ConfigurationError
from hub.witness.protocol import Fork, Inconsistent, Refused, Seen, Submission, check_continues

EVIDENCE_MAX = 100
"""The most refused checkpoints kept, of each log and kind; the first ones."""

BUSY_SECONDS = 5.0
"""How long a submission waits for another that is being written down."""

_VERSION = 1
_TABLES = """
CREATE TABLE witness (id TEXT NOT NULL, key TEXT NOT NULL) STRICT;
CREATE TABLE seen (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL, at INTEGER NOT NULL
) STRICT;
CREATE TABLE refused (
    origin TEXT NOT NULL, kind TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL,
    against TEXT, at INTEGER NOT NULL, PRIMARY KEY (origin, kind, size, root)
) STRICT
"""
_ADVANCE = (
    "INSERT INTO seen VALUES (:origin, :size, :root, :note, :at) ON CONFLICT (origin) DO UPDATE"
    " SET size = :size, root = :root, note = :note, at = :at"
)
_KEEP = (
    "INSERT OR IGNORE INTO refused SELECT :origin, :kind, :size, :root, :note, :against, :at"
    " WHERE (SELECT count(*) FROM refused WHERE origin = :origin AND kind = :kind) < :most"
)


class StateUnavailable(Complaint):
    """The state cannot be read or written now, so nothing is cosigned."""


class Doubt(StrEnum):
    """Why a checkpoint that its log did sign was not cosigned."""

    FORK = "fork"
    """Another tree of a size that was cosigned: proof that the log has two histories."""

    UNPROVEN = "unproven"
    """No proof that it continues what was cosigned: a rewritten log, or it was sent with a bad proof."""


@dataclass(frozen=True, slots=True)
class RefusedCheckpoint:
    """A checkpoint that its log signed and the witness did not cosign. ``at`` is seconds since 1970.

    ``against`` is the checkpoint cosigned before it; None when there was none.
    """

    origin: str
    kind: Doubt
    size: int
    note: str
    against: str | None
    at: int


class State:
    """The state file of one witness; see :func:`open_state`. Safe for threads and for several processes."""

    def __init__(self, path: Path, identity: str) -> None:
        self._path = path
        self._identity = identity

    def advance(self, submission: Submission, note: Note, at: int) -> None:
        """Take the checkpoint as cosigned at ``at``: checked against the last one and on disk when this returns.

        Args:
            submission: the request, its signature checked.
            note: the checkpoint with its log's signatures, to be kept.
            at: seconds since 1970.

        Raises:
            Refused: it does not continue the last one. When that speaks against the log, it is kept.
            StateUnavailable: nothing was written; or, in the worst case, it was and the answer is lost.
        """
        tree = submission.checkpoint
        row = {"origin": tree.origin, "size": tree.size, "root": tree.root, "note": str(note), "at": at}
        with self._open() as connection:
            refused: Refused | None = None
            last = _last(connection, tree.origin)
            try:
                check_continues(submission, last)
                connection.execute(_ADVANCE, row)
            except (Fork, Inconsistent) as fault:
                kind = Doubt.FORK if isinstance(fault, Fork) else Doubt.UNPROVEN
                against = None if last is None else last.note
                connection.execute(_KEEP, {**row, "kind": kind.value, "against": against, "most": EVIDENCE_MAX})
                refused = fault
            connection.execute("COMMIT")
        if refused is not None:
            raise refused

    def seen(self) -> list[Seen]:
        """What was cosigned last, of each log, in the order of their names; StateUnavailable when it cannot be read."""
        with self._open(write=False) as connection:
            rows = connection.execute("SELECT origin, size, root, note, at FROM seen ORDER BY origin").fetchall()
        return [Seen(*row) for row in rows]

    def refused(self) -> list[RefusedCheckpoint]:
        """The checkpoints kept as evidence, the oldest first; StateUnavailable when they cannot be read."""
        with self._open(write=False) as connection:
            rows = connection.execute(
                "SELECT origin, kind, size, note, against, at FROM refused ORDER BY at, size"
            ).fetchall()
        return [RefusedCheckpoint(origin, Doubt(kind), *rest) for origin, kind, *rest in rows]

    @contextmanager
    def _open(self, *, write: bool = True) -> Iterator[sqlite3.Connection]:
        """A transaction on this witness's file, and no other; rolled back unless committed inside."""
        try:
            with closing(_connect(self._path)) as connection:
                connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                if connection.execute("SELECT id FROM witness").fetchall() != [(self._identity,)]:
                    raise StateUnavailable("the state file was replaced by another while the witness ran")
                yield connection
        except sqlite3.Error:
            raise StateUnavailable("the state file cannot be read or written") from None


def open_state(path: Path, key: WitnessKey, key_file: Path) -> State:
    """The state of the witness ``key``, made when it has none; ``key_file``.state remembers that it has.

    Raises:
        ConfigurationError: it is gone, is another witness's, or cannot be read or made.
    """
    mark = key_file.with_name(key_file.name + ".state")
    try:
        known = mark.read_text("ascii").strip() if mark.exists() else None
        if not path.exists():
            if known is not None:
                raise ConfigurationError(_lost(path))
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        identity = _identity(path, key, may_make=known is None)
        if known is None:
            _write_mark(mark, identity)
        elif known != identity:
            raise ConfigurationError(_lost(path))
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "damaged"
        raise ConfigurationError(
            f"{path}: the witness's state, or {mark}, cannot be read or made ({reason})."
        ) from None
    return State(path, identity)


def look_at_state(path: Path) -> State:
    """A state file to look at, whoever's; ConfigurationError when it is none."""
    if not path.is_file():
        raise ConfigurationError(f"{path}: there is no state here. `hub witness serve` makes it; name it with --state.")
    return State(path, _identity(path, None, may_make=False))


def _identity(path: Path, key: WitnessKey | None, *, may_make: bool) -> str:
    """The random name of a state file, which is made in an empty one when that is allowed."""
    try:
        with closing(_connect(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0 and may_make and key is not None:
                for table in _TABLES.split(";"):
                    connection.execute(table)
                connection.execute("INSERT INTO witness VALUES (?, ?)", (secrets.token_hex(16), str(key)))
                connection.execute(f"PRAGMA user_version = {_VERSION}")
                connection.execute("COMMIT")
            elif version != _VERSION:
                raise ConfigurationError(f"{path}: not a witness's state, or one of a newer version of this program.")
            ((identity, whose),) = connection.execute("SELECT id, key FROM witness").fetchall()
    except (sqlite3.Error, ValueError):
        raise ConfigurationError(f"{path}: the witness's state is damaged, or not this user's to write.") from None
    if key is not None and whose != str(key):
        raise ConfigurationError(f"{path}: this is the state of another witness or key. Name this one's with --state.")
    return str(identity)


def _lost(path: Path) -> str:
    return (
        f"{path}: this witness has cosigned before, and the state it kept is not here. Without it, it would cosign a "
        "rewritten log. Put the newest state file back if it was only moved. If it is lost or older than the last "
        "cosignature, make a new key (`hub witness key`) and give its line to whoever runs the log; never use this one."
    )


def _last(connection: sqlite3.Connection, origin: str) -> Seen | None:
    row = connection.execute("SELECT origin, size, root, note, at FROM seen WHERE origin = ?", (origin,)).fetchone()
    return None if row is None else Seen(*row)


def _connect(path: Path) -> sqlite3.Connection:
    """A connection that never makes a file, and whose commits are on disk when they return."""
    address = f"file:{quote(str(path.absolute()))}?mode=rw"
    connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _write_mark(mark: Path, identity: str) -> None:
    with os.fdopen(os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as file:
        file.write(identity + "\n")
        file.flush()
        os.fsync(file.fileno())
