"""``hub audit prune``: drop the bytes of entries of closed years that an archive has. Their hashes stay, and every
proof; entries about people on legal hold stay whole. It cannot be undone but from the archive.

The reference table's rows of people and cases that no entry names any more go with them (:mod:`hub.store.unmentioned`).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from hub.cli.acting import database_url, opened_log
from hub.cli.audit_whom import add_officer, by, confirmed, officer, reason, telling
from hub.cli.main import EXIT_WRONG, add_settings, settings_path
from hub.errors import AuditUnavailable
from hub.settings import Settings, load_settings
from hub.store.archive import ArchiveInvalid, check_archive
from hub.store.engine import make_engine
from hub.store.pruning import PrunePlan, plan_pruning, prune
from hub.store.scrub import scrub
from hub.store.unmentioned import Swept, sweep

WAIT_SECONDS = 60.0

SETTLE_SECONDS = 60
"""Longer than any question takes from reading its references to being logged, or given up, unless the settings let it
wait for the database longer: it waits so for each of the two."""


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the action's options."""
    add_settings(command)
    command.add_argument(
        "--before-year", type=int, required=True, metavar="YEAR", help="keep this year, and drop those before it"
    )
    command.add_argument(
        "--archive", type=Path, required=True, metavar="DIR", help="the export that has them (hub audit export)"
    )
    add_officer(command)
    command.add_argument("--dry-run", action="store_true", help="check the archive, say what would go, and stop")
    command.add_argument("--confirm", metavar="YEAR", help="the year once more, instead of typing it when asked")


def run(options: argparse.Namespace) -> int:
    """Drop; 1 when nothing was."""
    settings = load_settings(settings_path(options))
    if not options.dry_run:
        reason(options)
        by(options)
    url = database_url(settings)
    engine = make_engine(url, WAIT_SECONDS)
    try:
        return _run(settings, engine, options)
    except ArchiveInvalid as fault:
        sys.stderr.write(f"NOTHING WAS DROPPED. {fault.message}\n")
        return EXIT_WRONG
    except SQLAlchemyError as fault:
        raise AuditUnavailable(
            f"The database failed ({type(fault).__name__}). Run it again: what was dropped is told of by an entry."
        ) from None
    finally:
        engine.dispose()


def _run(settings: Settings, engine: Engine, options: argparse.Namespace) -> int:
    with telling("reading the log") as told:
        planned = plan_pruning(engine, options.before_year, told)
    with telling("reading the archive") as told:
        archive = check_archive(engine, options.archive, planned.closed, told)
    print(f"The archive has every entry of {planned.closed.year} and before ({planned.closed.size}), as it was logged.")
    print(f"{planned.left} entries would lose their bytes here; {planned.on_hold} stay because of a legal hold.")
    if options.dry_run:
        print("Nothing was dropped.")
        return 0
    if planned.left:
        if not confirmed(options, str(options.before_year)):
            sys.stderr.write("Nothing was dropped.\n")
            return EXIT_WRONG
        written = asyncio.run(_pruned(settings, planned, archive, options))
        print(
            f"Dropped, and logged as entries {written[0]} to {written[-1]}. Proofs of old entries are made as before."
        )
        print("From now on the archive is the only copy: keep two of it, in two places.")
    else:
        print("Nothing was dropped.")
    if gone := _sweep(engine, SETTLE_SECONDS + max(0, round(2 * settings.log.write_timeout_seconds) - 50)).gone:
        print(f"{gone} references stood for people, workers or cases that no entry names any more: they are gone too.")
    if not scrub(settings.log.database_url):
        sys.stderr.write("The database's files have not given up the room yet: run VACUUM at a quiet time.\n")
    return 0


async def _pruned(settings: Settings, planned: PrunePlan, archive: str, options: argparse.Namespace) -> list[int]:
    async with opened_log(settings, wait_seconds=WAIT_SECONDS) as log:
        with telling("dropping") as told:
            return await prune(log, planned, archive, await officer(log, options), reason(options), told)


def _sweep(engine: Engine, seconds: int) -> Swept:
    """Once the entries are gone. Cut short, it leaves no harm; the next run does the rest."""

    def settle() -> None:
        with telling("waiting for questions that are under way") as told:
            for second in range(seconds):
                told(second, seconds)
                time.sleep(1)

    return sweep(engine, settle)
