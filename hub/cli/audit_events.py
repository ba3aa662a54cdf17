"""``hub audit events``: the log's entries for other systems, as FHIR R4 AuditEvent or as JSON lines for a SIEM.

One object on a line, in the order of the log, with codes, counts and references only: nobody's name. Every object says
its entry, so who was interrupted goes on with ``--from`` the next number. The log is only read.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator

import orjson
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from hub.audit.events import event
from hub.audit.fhir import audit_event
from hub.cli.acting import database_url
from hub.cli.main import EXIT_WRONG, add_settings, settings_path
from hub.errors import AuditUnavailable, BadRequest
from hub.settings import load_settings
from hub.store.engine import make_engine
from hub.store.told import Told, follow_told

WAIT_SECONDS = 30.0

FOLLOW_SECONDS = 1.0
"""How often it looks for new entries with ``--follow``."""

FORMATS: dict[str, Callable[..., object]] = {"fhir": audit_event, "jsonl": event}


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the action's options."""
    add_settings(command)
    command.add_argument("--format", choices=sorted(FORMATS), required=True, help="docs/log-reading.md has both")
    command.add_argument("--from", type=int, dest="start", default=0, metavar="N", help="begin with entry N")
    command.add_argument("--to", type=int, dest="stop", metavar="N", help="end before entry N")
    command.add_argument("--follow", action="store_true", help="go on with new entries until stopped with Ctrl-C")


def run(options: argparse.Namespace) -> int:
    """Write the entries; 1 when one of them could not be read."""
    if options.start < 0 or (options.stop is not None and options.stop < options.start):
        raise BadRequest("--from must be 0 or more, and not after --to.", code="USAGE")
    if options.follow and options.stop is not None:
        raise BadRequest("--follow has no end: leave out --to, or --follow.", code="USAGE")
    settings = load_settings(settings_path(options))
    make, origin = FORMATS[options.format], settings.log.origin
    engine = make_engine(database_url(settings), WAIT_SECONDS)
    unreadable = 0
    try:
        for told in _entries(engine, options.start, options.stop, follow=options.follow):
            made = make(origin, told.index, told.entry, told.question, dropped=told.dropped)
            if told.entry is None and not told.dropped:
                unreadable += 1
            if made is not None:
                sys.stdout.buffer.write(orjson.dumps(made, option=orjson.OPT_APPEND_NEWLINE))
            if options.follow:
                sys.stdout.buffer.flush()
        sys.stdout.buffer.flush()
    except SQLAlchemyError as fault:
        raise AuditUnavailable(
            f"The log could not be read on ({type(fault).__name__}). Go on with --from the number after the last line."
        ) from None
    finally:
        engine.dispose()
    if unreadable:
        sys.stderr.write(f"{unreadable} entries could not be read: run `hub audit verify`.\n")
    return EXIT_WRONG if unreadable else 0


def _entries(engine: Engine, start: int, stop: int | None, *, follow: bool) -> Iterator[Told]:
    while True:
        for told in follow_told(engine, start, stop):
            yield told
            start = told.index + 1
        if not follow:
            return
        time.sleep(FOLLOW_SECONDS)
