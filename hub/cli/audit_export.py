"""``hub audit export``: the log as files that anybody can check without us.

Running it again on the same directory adds what is new. Handing entries to somebody else is an act: the log gets an
entry that says so before the files appear.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import SQLAlchemyError

from hub.audit.acts import Export, Officer
from hub.audit.note import NoteInvalid, VerifierKey
from hub.audit.words import code
from hub.cli.acting import database_url, opened_log
from hub.cli.audit_whom import add_officer, by, officer, reason
from hub.cli.main import EXIT_WRONG, add_settings, settings_path
from hub.cli.verify import public_key
from hub.errors import AuditUnavailable, ConfigurationError
from hub.settings import AuditLog, Settings, load_settings
from hub.store.engine import make_engine
from hub.store.export import Staged, Wanted, stage_export
from hub.store.export_files import ExportFiles, ExportRefused

WAIT_SECONDS = 30.0

ROUTINE = "routine"
"""The reason an export is logged with when none is given."""


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the action's options."""
    add_settings(command)
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new directory, or an older export")
    command.add_argument("--from", type=int, dest="start", metavar="N", help="leave out the bytes of entries before N")
    command.add_argument("--to", type=int, dest="stop", metavar="N", help="leave out the bytes of entry N and after")
    command.add_argument(
        "--entry", type=int, action="append", default=[], metavar="N", help="also this entry, with a proof of its own"
    )
    command.add_argument("--no-entries", action="store_true", help="hashes only")
    command.add_argument(
        "--with-side",
        action="store_true",
        help="also the text kept beside entries: personal data; needs --by and --reason",
    )
    add_officer(command)
    command.add_argument(
        "--without-entry", action="store_true", help="do not log it: only with --no-entries, for a public mirror"
    )


def run(options: argparse.Namespace) -> int:
    """Export; 1 when the log, or the directory, is not what it should be."""
    wanted = _wanted(options)
    settings = load_settings(settings_path(options))
    files = ExportFiles(options.out, private=wanted.sides)
    try:
        staged = _staged(settings, files, wanted)
        if not options.without_entry:
            asyncio.run(_log_it(settings, staged, options))
        files.publish()
    except ExportRefused as refused:
        sys.stderr.write(f"NOTHING WAS EXPORTED. {refused}\n")
        return EXIT_WRONG
    except OSError as fault:
        raise ConfigurationError(f"{options.out}: cannot be written ({fault.strerror}).") from None
    except SQLAlchemyError as fault:
        raise AuditUnavailable(f"The log could not be read to its end ({type(fault).__name__}).") from None
    finally:
        files.discard()
    print(f"Exported the log up to {staged.size} entries to {options.out}. What is in it: README.txt.")
    return 0


def _wanted(options: argparse.Namespace) -> Wanted:
    ranged = options.start is not None or options.stop is not None
    if options.no_entries and ranged:
        raise ConfigurationError("--no-entries leaves out all entries: --from and --to have no meaning with it.")
    if ranged and not 0 <= (options.start or 0) < (sys.maxsize if options.stop is None else options.stop):
        raise ConfigurationError("--from must be 0 or more, and less than --to.")
    if options.with_side and not (options.reason and options.by):
        raise ConfigurationError(
            "--with-side hands out personal data: say who decided it with --by, and why with --reason."
        )
    if options.reason is not None:
        reason(options)
    if options.by is not None:
        by(options)
    if options.without_entry and not (options.no_entries and not options.entry and not options.with_side):
        raise ConfigurationError("--without-entry is for hashes only: give --no-entries, and neither --entry nor text.")
    if options.no_entries:
        entries: range | None = range(0)
    else:
        entries = range(options.start or 0, sys.maxsize if options.stop is None else options.stop) if ranged else None
    return Wanted(entries, tuple(dict.fromkeys(options.entry)), options.with_side)


def _keys(log: AuditLog) -> Sequence[VerifierKey]:
    """The log's public keys, the newest first."""
    lines = [*public_key(log.key_file).split(), *log.earlier_keys]
    try:
        return tuple(dict.fromkeys(VerifierKey.parse(line) for line in lines))
    except NoteInvalid:
        raise ConfigurationError(f"{log.key_file}.pub: not the log's public key.") from None


def _staged(settings: Settings, files: ExportFiles, wanted: Wanted) -> Staged:
    columns = (TextColumn("reading the log"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    engine = make_engine(database_url(settings), WAIT_SECONDS)
    try:
        with Progress(
            *columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
        ) as progress:
            task = progress.add_task("read", total=None)
            return stage_export(
                engine,
                files,
                _keys(settings.log),
                wanted,
                now=datetime.now(UTC),
                progress=lambda done, size: progress.update(task, completed=done, total=size),
            )
    finally:
        engine.dispose()


async def _log_it(settings: Settings, staged: Staged, options: argparse.Namespace) -> None:
    """Write down that entries are handed out, and by whom; without this nothing is. A timetable's export has nobody."""
    async with opened_log(settings) as log:
        if options.by is None:
            who = Officer("hub-audit-export", settings.log.origin, None, "operator")
        else:
            who = await officer(log, options)
        at, nonce = log.stamp()
        await log.append(
            Export(
                at=at,
                nonce=nonce,
                officer=who,
                entries=staged.entries,
                size=staged.size,
                manifest=staged.manifest,
                reason=code(options.reason or ROUTINE),
            )
        )
