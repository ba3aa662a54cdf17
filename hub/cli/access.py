"""``hub access``: take access away from one token, a worker or a system, and give it back. Every running hub follows
within a minute, and each change is an entry of the log.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from hub.access.denials import Denied
from hub.access.refusal import IDENTITY_CHARS_MAX
from hub.access.token import LIFETIME_SECONDS_MAX
from hub.cli.acting import database_url, opened_log
from hub.cli.audit_whom import add_officer, by, officer, reason
from hub.cli.decision_words import moment
from hub.cli.main import EXIT_WRONG, add_settings, settings_path
from hub.errors import AuditUnavailable, BadRequest
from hub.settings import Settings, load_settings
from hub.store.denials import KeptDenial, NoSuchDenial, Wanted, allow, deny, in_force
from hub.store.engine import make_engine

WAIT_SECONDS = 30.0
HOURS_MAX = 24 * 366
TOKEN_HOURS = 2 * LIFETIME_SECONDS_MAX / 3600
"""A token is of no use by then, denied or not."""


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's actions and options."""
    actions = command.add_subparsers(required=True, metavar="ACTION")
    denying = actions.add_parser(
        "deny",
        help="take access away",
        description="Take access away. A worker's id is read from standard input: others on the machine see options.",
    )
    what = denying.add_mutually_exclusive_group(required=True)
    what.add_argument("--token", metavar="JTI", help="one token, by its `jti`")
    what.add_argument("--worker-stdin", action="store_true", help="a worker: standard input is the `sub` of her tokens")
    what.add_argument("--client", metavar="CLIENT_ID", help="a system, whoever works with it")
    denying.add_argument("--issuer", metavar="URL", help="whose tokens (default: the settings' issuer)")
    denying.add_argument(
        "--hours",
        type=float,
        metavar="N",
        help="for so long (default: until allowed again; a token: half an hour)",
    )
    add_officer(denying)
    denying.set_defaults(run=run_deny)
    allowing = actions.add_parser("allow", help="give access back")
    allowing.add_argument("reference", metavar="REFERENCE", help="as `hub access list` shows it")
    add_officer(allowing)
    allowing.set_defaults(run=run_allow)
    listing = actions.add_parser("list", help="everything that is denied now")
    listing.add_argument("--names", action="store_true", help="show workers' ids too")
    listing.set_defaults(run=run_list)
    for action in (denying, allowing, listing):
        add_settings(action)


def run_deny(options: argparse.Namespace) -> int:
    """Take access away."""
    settings = load_settings(settings_path(options))
    reason(options)
    by(options)
    wanted = _wanted(options, settings)
    made = asyncio.run(_denied(settings, options, wanted))
    print(f"Denied under {made.ref}, entry {made.entry}. Every running hub follows within a minute.")
    print(f"To give it back: hub access allow {made.ref}")
    return 0


def run_allow(options: argparse.Namespace) -> int:
    """Give access back; 1 when nothing with that reference is denied."""
    settings = load_settings(settings_path(options))
    reason(options)
    by(options)
    try:
        made = asyncio.run(_allowed(settings, options))
    except NoSuchDenial as fault:
        print(fault.message)
        return EXIT_WRONG
    print(f"Allowed again: entry {made.entry}. Every running hub follows within a minute.")
    return 0


def run_list(options: argparse.Namespace) -> int:
    """List what is denied."""
    engine = make_engine(database_url(load_settings(settings_path(options))), WAIT_SECONDS)
    try:
        found = in_force(engine, datetime.now(UTC))
    except SQLAlchemyError as fault:
        raise AuditUnavailable(
            f"The denials cannot be read ({type(fault).__name__}): no answer from the database, or its hub is too old."
        ) from None
    finally:
        engine.dispose()
    for each in found:
        print(_line(each, with_names=options.names))
    print(f"{len(found)} denied." if found else "Nothing is denied.")
    return 0


def _wanted(options: argparse.Namespace, settings: Settings) -> Wanted:
    if options.worker_stdin:
        kind, value = Denied.WORKER, sys.stdin.readline(IDENTITY_CHARS_MAX + 2).strip()
    else:
        kind, value = (Denied.TOKEN, options.token) if options.token is not None else (Denied.CLIENT, options.client)
    if not 0 < len(value) <= IDENTITY_CHARS_MAX or not value.isprintable():
        raise BadRequest(
            f"Name what to deny, as tokens have it: 1 to {IDENTITY_CHARS_MAX} characters on one line.", code="USAGE"
        )
    hours = options.hours if options.hours is not None or kind is not Denied.TOKEN else TOKEN_HOURS
    if hours is not None and not 0 < hours <= HOURS_MAX:
        raise BadRequest(f"--hours is more than 0 and at most {HOURS_MAX}.", code="USAGE")
    until = None if hours is None else datetime.now(UTC) + timedelta(hours=hours)
    return Wanted(kind.value, options.issuer or settings.access.issuer, value, until, reason(options))


async def _denied(settings: Settings, options: argparse.Namespace, wanted: Wanted) -> KeptDenial:
    async with opened_log(settings) as log:
        return await deny(log, await officer(log, options), wanted)


async def _allowed(settings: Settings, options: argparse.Namespace) -> KeptDenial:
    async with opened_log(settings) as log:
        return await allow(log, await officer(log, options), options.reference)


def _line(each: KeptDenial, *, with_names: bool) -> str:
    value = each.value if with_names or each.kind != Denied.WORKER else "(--names shows whom)"
    until = "until it is allowed again" if each.until is None else f"until {moment(each.until)}"
    return f"{each.ref}  {each.kind} {value}, since {moment(each.at)}, {until}, {each.reason}, entry {each.entry}"
