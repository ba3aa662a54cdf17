"""A copy of a log that is in use, with the checkpoint it ends at beside it. SQLite; PostgreSQL has its own tools."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from hub.audit.checkpoint import Checkpoint
from hub.audit.note import NoteInvalid, parse_note
from hub.errors import AuditUnavailable, ConfigurationError
from hub.store.engine import make_engine, parse_url
from hub.store.reader import read_checkpoint

PAGES = 4_096
"""So many pages are copied at once; in between, writers go on."""

WAIT_SECONDS = 30.0

Progress = Callable[[int, int], None]
"""Called with the pages copied and the pages there are."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What was written; of a PostgreSQL the checkpoint alone, and ``file`` is None."""

    file: Path | None
    checkpoint: Path
    size: int


def back_up(url: str, out: Path, progress: Progress | None = None) -> Backup:
    """Write the log's database to ``out`` (mode 0600) and its newest checkpoint to ``out``.checkpoint.

    Both appear whole or not at all, the checkpoint last: it is of the copy itself, so the copy can be held against it.

    Raises:
        ConfigurationError: there is a file already, or it cannot be written.
        AuditUnavailable: the log could not be read to its end.
    """
    noted = out.with_name(out.name + ".checkpoint")
    for each in (out, noted):
        if each.exists():
            raise ConfigurationError(
                f"{each}: there is a file already, and a backup is never written over. Name another."
            )
    parsed = parse_url(url)
    try:
        if parsed.get_backend_name() != "sqlite":
            note = _note(url)
            _place(noted, note.encode())
            return Backup(None, noted, _size(note))
        part = out.with_name(f".{out.name}.part")
        part.unlink(missing_ok=True)
        try:
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            _copy(Path(str(parsed.database)), part, progress)
            note = _copied_note(part)
            _sync(part)
            os.link(part, out)  # unlike a rename, it never takes the place of another file
        finally:
            part.unlink(missing_ok=True)
        _place(noted, note.encode())
        return Backup(out, noted, _size(note))
    except OSError as fault:
        raise ConfigurationError(f"{out}: the backup cannot be written ({fault.strerror}).") from None
    except (sqlite3.Error, SQLAlchemyError, NoteInvalid) as fault:
        raise AuditUnavailable(
            f"The log could not be copied to its end ({type(fault).__name__}): no backup was made."
        ) from None


def _copy(source: Path, target: Path, progress: Progress | None) -> None:
    from_log = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=WAIT_SECONDS)
    to_file = sqlite3.connect(target)

    def told(_status: int, left: int, pages: int) -> None:
        if progress is not None:
            progress(pages - left, pages)

    try:
        from_log.backup(to_file, pages=PAGES, progress=told)
        to_file.execute("PRAGMA journal_mode = DELETE").close()  # one file that is whole by itself
    finally:
        to_file.close()
        from_log.close()


def _copied_note(file: Path) -> str:
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    try:
        return str(connection.execute("SELECT note FROM log_head").fetchone()[0])
    finally:
        connection.close()


def _note(url: str) -> str:
    engine = make_engine(url, WAIT_SECONDS)
    try:
        return read_checkpoint(engine)
    finally:
        engine.dispose()


def _size(note: str) -> int:
    return Checkpoint.parse(parse_note(note.encode()).text).size


def _place(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _sync(path: Path) -> None:
    for each in (path, path.parent):
        opened = os.open(each, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
