"""``hub audit hold``: a legal hold on a person: while it is set, nothing of theirs is erased, and none of the entries
about them is dropped.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from hub.cli.acting import database_url, opened_log
from hub.cli.audit_whom import add_officer, add_whom, by, officer, reason, whom
from hub.cli.decision_words import moment
from hub.cli.main import EXIT_WRONG, add_settings, settings_path
from hub.errors import AuditUnavailable
from hub.settings import Settings, load_settings
from hub.store.engine import make_engine, reading
from hub.store.holds import LIFTED, SET, Held, hold, make_hold, read_holds
from hub.store.judgements import SUBJECT
from hub.store.subjects import Whom, resolve

WAIT_SECONDS = 30.0


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the action's options."""
    add_settings(command)
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("--set", action="store_true", help="set a hold; --by and --reason say who and why")
    what.add_argument("--lift", action="store_true", help="lift it; --by and --reason say who and why")
    what.add_argument("--list", action="store_true", help="every hold that is set")
    add_whom(command)
    add_officer(command)


def run(options: argparse.Namespace) -> int:
    """Set, lift or list; 1 when there is no hold to lift."""
    settings = load_settings(settings_path(options))
    url = database_url(settings)
    if options.list:
        held = _held(url, None)
        for each in held:
            print(_line(each))
        print(f"{len(held)} holds are set." if held else "No hold is set.")
        return 0
    person = whom(options)
    reason(options)
    by(options)
    if options.lift and not _held(url, person):
        print("No hold is set on that person.")
        return EXIT_WRONG
    for index in asyncio.run(_changed(settings, person, options)):
        print(f"The hold was {SET if options.set else LIFTED}: entry {index}.")
    if options.set:
        print("Nothing of this person is erased, and no entry about them is dropped, until it is lifted.")
    return 0


async def _changed(settings: Settings, person: Whom, options: argparse.Namespace) -> list[int]:
    """Set or lift the hold on each reference of the person; on one that is made now, when there was none."""
    async with opened_log(settings) as log:
        await log.references((SUBJECT, key) for key in sorted(person.keys))
        known = await asyncio.to_thread(_resolved, settings.log.database_url, person)
        references: Sequence[str] = sorted(known.references)
        if options.lift:
            references = [each.reference for each in _held(settings.log.database_url, person)]
        acting = await officer(log, options)
        act = SET if options.set else LIFTED
        return [await hold(log, make_hold(log, act, acting, each, reason(options))) for each in references]


def _resolved(url: str, person: Whom) -> Whom:
    engine = make_engine(url, WAIT_SECONDS)
    try:
        with engine.connect() as connection:
            return resolve(reading(connection), person)
    finally:
        engine.dispose()


def _held(url: str, person: Whom | None) -> Sequence[Held]:
    engine = make_engine(url, WAIT_SECONDS)
    try:
        with engine.connect() as connection:
            reading(connection)
            return read_holds(connection, None if person is None else resolve(connection, person).references)
    except SQLAlchemyError as fault:
        raise AuditUnavailable(f"The holds cannot be read ({type(fault).__name__}).") from None
    finally:
        engine.dispose()


def _line(held: Held) -> str:
    by_whom = held.by or "(name not kept)"
    return f"{held.reference}  since {moment(held.at)}, by {by_whom}, {held.reason}, entry {held.entry}"
