"""``hub audit close-year``: say in the log where a year ends, so that it can be archived, and dropped when its time is
over. Nothing else changes: the log goes on, and no question is cut from its answer.
"""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from hub.audit.merkle import ProofInvalid
from hub.cli.acting import database_url, opened_log
from hub.cli.audit_whom import add_officer, by, officer, telling
from hub.cli.main import add_settings, settings_path
from hub.errors import AuditUnavailable, BadRequest
from hub.settings import Settings, load_settings
from hub.store.engine import make_engine
from hub.store.years import Year, close_year, find_boundary

WAIT_SECONDS = 30.0
FIRST_YEAR = 2000


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the action's options."""
    add_settings(command)
    command.add_argument("year", type=int, metavar="YEAR", help="a year that is over, such as 2025 (UTC)")
    add_officer(command)


def run(options: argparse.Namespace) -> int:
    """Close a year."""
    settings = load_settings(settings_path(options))
    by(options)
    if not FIRST_YEAR <= options.year < datetime.now(UTC).year:
        raise BadRequest("Name a year that is over, such as the last one.", code="USAGE")
    url = database_url(settings)
    engine = make_engine(url, WAIT_SECONDS)
    try:
        with telling("looking for the year's end") as told:
            found = find_boundary(engine, options.year, told)
    except (SQLAlchemyError, ProofInvalid) as fault:
        raise AuditUnavailable(
            f"The log could not be read ({type(fault).__name__}). Run `hub audit verify`: it names the first fault."
        ) from None
    finally:
        engine.dispose()
    index = asyncio.run(_closed(settings, found, options))
    print(f"{found.year} is closed: it ends before entry {found.size}. Logged as entry {index}.")
    print("Now archive it: `hub audit export --out DIR`, and keep a copy of DIR elsewhere.")
    return 0


async def _closed(settings: Settings, found: Year, options: argparse.Namespace) -> int:
    async with opened_log(settings) as log:
        return await close_year(log, found, await officer(log, options))
