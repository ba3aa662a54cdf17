"""Exports of what a reviewer sees: entries with their proofs, as files that anybody can check without the hub.

An export holds each entry's bytes and its proof, the hashes of the whole log, and no other entry: what other agencies
did stays out. That it is made is an entry of the log before the file can be had.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from hub.audit.acts import Export
from hub.audit.entries import Answer
from hub.audit.note import VerifierKey
from hub.audit.words import format_moment
from hub.errors import AuditUnavailable, BadRequest
from hub.service.reviewing import Reviewer, Reviewing, Shown, filter_text
from hub.store.engine import make_engine, reading
from hub.store.export import Staged, Wanted, stage_export
from hub.store.export_files import ExportFiles, ExportRefused
from hub.store.log_search import Filter, Row, search
from hub.store.read_tables import read_row
from hub.store.told import read_told

ROWS_MAX = 500
"""The most rows of one export."""

WAIT_SECONDS = 60.0
READ_ME = "HOW-TO-CHECK.txt"

_CHECK = """How to check this export
========================

You need Python 3.11 or later with the package `cryptography`, and two things from somebody you trust,
not from this file: the program verify.py, and the log's public key (log.pub). Then, in this folder:

    python3 verify.py . --key log.pub --partial

It checks that each entry here is in the signed log, unchanged, that the log's hashes come to what was
signed, and that the text beside an entry is what was written then. --partial, because only the entries
this export is about are here with their bytes; all others are here by their hashes.

What is what: {what}
proofs/N.entry is entry N as it is in the log; proofs/N.tlog-proof proves it.
References (32 hex digits) stand for people and cases. Nobody is named here{words}.
"""


@dataclass(frozen=True, slots=True)
class File:
    """A file to be fetched once; ``place`` is removed with it. ``export`` is the log's entry about it."""

    path: Path
    place: TemporaryDirectory[str]
    export: int

    def remove(self) -> None:
        """Remove it, with its directory."""
        self.place.cleanup()


class Exporting:
    """Makes exports, one at a time.

    Args:
        reviewing: what reviewers do.
        keys: the log's public keys, the newest first; its own alone when there are no others.
    """

    def __init__(self, reviewing: Reviewing, keys: Sequence[VerifierKey] = ()) -> None:
        self._reviewing = reviewing
        self._log = reviewing.log
        self._keys = tuple(keys) or (reviewing.log.verifier,)
        self._making = asyncio.Lock()

    async def rows(self, reviewer: Reviewer, wanted: Filter, reason: str) -> File:
        """The newest ``ROWS_MAX`` rows of a filter.

        Raises:
            BadRequest: ``EXPORT_NOT_POSSIBLE``: there is nothing, or the log is not what was signed.
            AuditUnavailable: it could not be read, or that it is made could not be logged.
        """
        within = self._reviewing.within(reviewer, wanted)
        page = await self._log.beside(lambda engine: search_all(engine, within))
        about = {
            "filter.txt": filter_text(within).encode() or b"everything\n",
            "rows.csv": as_csv(page),
            READ_ME: _CHECK.format(what="rows.csv has the rows, filter.txt how they were found.", words="").encode(),
        }
        return await self._make(reviewer, reason, [row.index for row in page], frozenset(), about)

    async def case(self, reviewer: Reviewer, shown: Shown, reason: str) -> File:
        """The evidence of one review: the entry, its answer, each step with what was written, and who was shown whom.

        Raises as :meth:`rows`.
        """
        opened = shown.opened
        about = {
            "rows.csv": as_csv([opened.row, *opened.about]),
            "review.json": _review(shown),
            READ_ME: _CHECK.format(
                what="rows.csv has the entry and what was done about it, review.json the review in words.",
                words=", but what reviewers and the worker wrote is here as they wrote it",
            ).encode(),
        }
        indexes = [opened.row.index, *(step.index for step in opened.steps), *(row.index for row in opened.about)]
        sides = frozenset(index for index, said in shown.said.items() if not (said.gone or said.altered))
        return await self._make(reviewer, reason, indexes, sides, about)

    async def _make(
        self, reviewer: Reviewer, reason: str, rows: Sequence[int], sides: frozenset[int], about: Mapping[str, bytes]
    ) -> File:
        if not rows:
            raise BadRequest("There is nothing to export: no row fits.", code="EXPORT_NOT_POSSIBLE")
        place = TemporaryDirectory(prefix="hub-export-")
        try:
            async with self._making:
                single = await self._log.beside(lambda engine: with_ends(engine, rows))
                url = await self._log.beside(lambda engine: engine.url.render_as_string(hide_password=False))
                wanted = Wanted(range(0), single, sides_of=sides, also=about)
                files, now = ExportFiles(Path(place.name) / "export", private=True), self._log.stamp()[0]
                staged = await asyncio.to_thread(self._stage, url, files, wanted, now)
                at, nonce = self._log.stamp()
                export = Export(
                    at=at, nonce=nonce, officer=reviewer.officer, entries=len(single), size=staged.size,
                    manifest=staged.manifest, reason=reason,
                )  # fmt: skip
                index = await self._reviewing.append(export)
                path = await asyncio.to_thread(_zipped, files, Path(place.name) / "export.zip")
        except BaseException:
            place.cleanup()
            raise
        return File(path, place, index)

    def _stage(self, url: str, files: ExportFiles, wanted: Wanted, now: datetime) -> Staged:
        engine = make_engine(url, WAIT_SECONDS)  # its own: a long log is read for longer than a page may wait
        try:
            return stage_export(engine, files, self._keys, wanted, now=now)
        except ExportRefused as refused:
            raise BadRequest(str(refused), code="EXPORT_NOT_POSSIBLE") from None
        except SQLAlchemyError:
            raise AuditUnavailable("The log could not be read to its end. Try again in a minute.") from None
        finally:
            engine.dispose()


def search_all(engine: Engine, wanted: Filter) -> list[Row]:
    """The newest rows of a filter, as many as one export has."""
    found: list[Row] = []
    after = None
    while len(found) < ROWS_MAX:
        page = search(engine, wanted, after, ROWS_MAX - len(found))
        found += page.rows
        after = page.after
        if after is None:
            break
    return found


def with_ends(engine: Engine, rows: Sequence[int]) -> tuple[int, ...]:
    """The entries of rows, and of questions their ends too, with all the parts of an answer; in order."""
    found = set(rows)
    with engine.connect() as connection:
        reading(connection)
        query = select(read_row.c.end).where(read_row.c.index.in_(sorted(found)), read_row.c.end.is_not(None))
        for end in connection.scalars(query).all():
            told = next(iter(read_told(connection, end, end + 1)), None)
            parts = told.entry.parts if told is not None and isinstance(told.entry, Answer) else 0
            found.update(range(end - parts, end + 1))
    return tuple(sorted(found))


_COLUMNS = tuple(each.name for each in fields(Row))


def as_csv(rows: Iterable[Row]) -> bytes:
    """Rows for a spreadsheet: codes, counts, references and moments (UTC) only."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\r\n")
    table.writerow(_COLUMNS)
    for row in rows:
        table.writerow([_cell(getattr(row, name)) for name in _COLUMNS])
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return format_moment(value)
    if isinstance(value, tuple):
        return " ".join(value)
    return "" if value is None else str(value)


def _review(shown: Shown) -> bytes:
    steps = []
    for step in shown.opened.steps:
        said = shown.said.get(step.index)
        more: dict[str, object] = {"text": None if said is None or said.gone or said.altered else said.written.text}
        steps.append({name: _plain(getattr(step, name)) for name in type(step).__slots__} | more)
    case = shown.opened.review
    stands = None if case is None else {name: _plain(getattr(case, name)) for name in type(case).__slots__}
    return json.dumps({"review": stands, "steps": steps}, indent=1, ensure_ascii=False).encode() + b"\n"


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, int) else _cell(value)


def _zipped(files: ExportFiles, path: Path) -> Path:
    files.publish()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in sorted(files.place.rglob("*")):
            if each.is_file():
                archive.write(each, Path("export") / each.relative_to(files.place))
    path.chmod(0o600)
    return path
