"""``hub audit erase``: a person is erased from the hub, and the signed log stays as it is.

Her references lead nowhere afterwards; what was asked about her in words, and what was decided, confirmed and shown
about her, is gone. Agencies' own records are not touched. Backups made earlier still have her (docs/retention.md).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from hub.cli.acting import database_url, opened_log
from hub.cli.audit_whom import add_officer, add_whom, by, confirmed, officer, reason, telling, whom
from hub.cli.main import EXIT_WRONG, add_settings, settings_path
from hub.errors import AuditUnavailable
from hub.settings import Settings, load_settings
from hub.store.engine import make_engine
from hub.store.erasure import Plan, erase, plan
from hub.store.holds import OnHold
from hub.store.scrub import scrub
from hub.store.subjects import Whom

WAIT_SECONDS = 60.0

_LEFT = (
    "The database's files may still hold what was deleted. SQLite: stop the hub and run "
    '`sqlite3 FILE "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)"`. PostgreSQL: run VACUUM as the tables\' owner.\n'
)


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the action's options."""
    add_settings(command)
    add_whom(command)
    add_officer(command)
    command.add_argument("--dry-run", action="store_true", help="say what would go, and stop")
    command.add_argument("--confirm", metavar="WORD", help="the word a dry run ends with, instead of typing it")


def run(options: argparse.Namespace) -> int:
    """Erase; 1 when nothing was, or not all is out of the files."""
    settings = load_settings(settings_path(options))
    url, person = database_url(settings), whom(options)
    if not options.dry_run:
        reason(options)
        by(options)
    try:
        planned = _planned(url, person)
        if planned.is_empty:
            print("The hub holds nothing about that person: nothing was ever asked, or it was erased before.")
            return EXIT_WRONG
        _say(planned)
        if options.dry_run:
            print(f"Nothing was erased. To erase exactly this: --confirm {planned.phrase}")
            return 0
        if not confirmed(options, planned.phrase):
            sys.stderr.write("Nothing was erased.\n")
            return EXIT_WRONG
        written = asyncio.run(_erased(settings, planned, options))
    except OnHold as held:
        sys.stderr.write(f"NOTHING WAS ERASED. {held.message}\n")
        for each in held.held:
            sys.stderr.write(f"  {each.reference}: set by {each.by or 'a person whose name is not kept'}\n")
        return EXIT_WRONG
    except SQLAlchemyError as fault:
        raise AuditUnavailable(
            f"The database failed ({type(fault).__name__}). Run it again: what was erased is told of by an entry."
        ) from None
    print(f"Erased, and logged as entry {', '.join(map(str, written))}. The log itself is as it was.")
    if not scrub(url):
        sys.stderr.write(_LEFT)
        return EXIT_WRONG
    print("Backups made before now still have this person, until they are deleted: see docs/retention.md.")
    return 0


def _planned(url: str, person: Whom) -> Plan:
    engine = make_engine(url, WAIT_SECONDS)
    try:
        with telling("reading the log") as told:
            return plan(engine, person, datetime.now(UTC), told)
    finally:
        engine.dispose()


def _say(planned: Plan) -> None:
    rows = planned.rows
    print("What leads to this person, or tells of them, and goes:")
    for count, what in (
        (len(planned.whom.references), "references, each of which then stands for nobody"),
        (len(planned.sides), "questions' and notes' own words"),
        (len(rows.judgements), "recorded decisions"),
        (len(rows.confirmations), "confirmations of matches"),
        (len(rows.shown), "possible matches that answers showed"),
    ):
        print(f"  {count:>6} {what}")
    print(f"{len(planned.entries)} entries of the log about them stay, and name nobody.")


async def _erased(settings: Settings, planned: Plan, options: argparse.Namespace) -> list[int]:
    engine = make_engine(settings.log.database_url, WAIT_SECONDS)
    try:
        async with opened_log(settings, wait_seconds=WAIT_SECONDS) as log:
            return await erase(log, engine, planned, await officer(log, options), reason(options))
    finally:
        engine.dispose()
