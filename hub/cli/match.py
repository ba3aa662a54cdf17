"""``hub match``: record what a person says of a possible match, take it back, see what stands; train weights."""

from __future__ import annotations

import argparse
import asyncio
import re
import secrets
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from hub.cli.acting import database_url, opened_log
from hub.cli.decision_words import moment
from hub.cli.main import add_settings, settings_path
from hub.cli.match_train import train
from hub.errors import BadRequest
from hub.matching.confirmations import DAYS_MAX, Confirmation, Seen, Withdrawn, new
from hub.matching.resolution import Said
from hub.policy.judging import REASONS_MAX, person, reasons
from hub.settings import Settings, load_settings
from hub.store.confirmations import ConfirmationStore, Kept

DAYS = 90
"""How long a confirmation holds when nobody says."""

_REFERENCE = re.compile(r"(\d{1,15})-c(\d{1,4})", re.ASCII)
_SAID = {Said.SAME: "is the child", Said.DIFFERENT: "is not the child"}

Answer = TypeVar("Answer")


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's actions and options."""
    actions = command.add_subparsers(required=True, metavar="ACTION")
    for name, said, what in (
        ("confirm", Said.SAME, "a possible match is the child"),
        ("reject", Said.DIFFERENT, "a possible match is not the child"),
    ):
        saying = actions.add_parser(name, help=f"record that {what}")
        _add_whom(saying)
        _add_by(saying, "what was compared, and with whom")
        saying.add_argument(
            "--days",
            type=int,
            default=DAYS,
            metavar="N",
            help=f"how long it holds (default {DAYS}, at most {DAYS_MAX})",
        )
        saying.set_defaults(run=say, said=said)
        add_settings(saying)
    withdrawing = actions.add_parser("withdraw", help="take a confirmation back; from then on it says nothing")
    withdrawing.add_argument("reference", metavar="REFERENCE")
    _add_by(withdrawing, "why")
    withdrawing.set_defaults(run=withdraw)
    listing = actions.add_parser("list", help="every confirmation, without the child, the record and the reasons")
    listing.set_defaults(run=list_all)
    for action in (withdrawing, listing):
        add_settings(action)
    training = actions.add_parser("train", help="estimate the weights of matching from pairs of records")
    training.add_argument("files", nargs="+", type=Path, metavar="FILE.csv", help="pairs (docs/matching.md)")
    training.add_argument("--out", type=Path, required=True, metavar="FILE", help="the weights file to write")
    training.set_defaults(run=lambda options: train(options.files, options.out))


def _add_whom(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "candidate", nargs="?", metavar="CANDIDATE", help="the reference beside the candidate in the answer, as 812-c1"
    )
    command.add_argument("--custodian", metavar="ID", help="instead: the agency that holds the record")
    command.add_argument("--local-id", metavar="ID", help="and its own id of the person")


def _add_by(command: argparse.ArgumentParser, why: str) -> None:
    command.add_argument("--by", required=True, metavar="NAME", help="given name and family name of who says so")
    command.add_argument("--reasons", required=True, metavar="TEXT", help=f"{why}; - reads it from standard input")


def say(options: argparse.Namespace) -> int:
    """Record a person's word on a possible match."""
    settings = load_settings(settings_path(options))
    by, why = person(options.by), reasons(_text(options.reasons))
    at = datetime.now(UTC)

    async def record(store: ConfirmationStore) -> Confirmation:
        made = new(
            await _seen(store, options),
            options.said,
            by=by,
            reasons=why,
            at=at,
            expires_at=_end(at, options.days),
            reference=secrets.token_hex(16),
        )
        await store.record(made)
        return made

    made = _with_store(settings, record, acts=True)
    print(f"Recorded under {made.id}")
    until, holder = moment(made.expires_at), made.seen.custodian
    print(f"From the next question until {until}, this record at {holder} {_SAID[made.said]}.")
    print("It stops counting sooner if a name, date of birth, sex, postcode or NHS number changes on either side.")
    return 0


def withdraw(options: argparse.Namespace) -> int:
    """Take a confirmation back."""
    settings = load_settings(settings_path(options))
    taken = Withdrawn(person(options.by), datetime.now(UTC), reasons(_text(options.reasons)))
    _with_store(settings, lambda store: store.withdraw(options.reference, taken), acts=True)
    print(f"Withdrawn at {moment(taken.at)}. From now on it says nothing: the record is matched by its details alone.")
    return 0


def list_all(options: argparse.Namespace) -> int:
    """List every confirmation."""
    every = _with_store(load_settings(settings_path(options)), ConfirmationStore.every)
    at = datetime.now(UTC)
    for kept in every:
        print(_line(kept, at))
    print(
        "Whether either side has changed since shows when the child is asked about." if every else "Nothing recorded."
    )
    return 0


def _line(kept: Kept, at: datetime) -> str:
    made = kept.confirmation
    until = f"until {moment(made.expires_at)}" if at < made.expires_at else f"expired {moment(made.expires_at)}"
    state = f"withdrawn {moment(kept.withdrawn.at)}" if kept.withdrawn is not None else until
    return f"{made.id}  {made.seen.custodian}: {_SAID[made.said]}; said {moment(made.at)}, {state}"


def _end(at: datetime, days: int) -> datetime:
    return at + timedelta(days=min(max(days, 0), DAYS_MAX + 1))  # what is out of range stays so, and is refused


async def _seen(store: ConfirmationStore, options: argparse.Namespace) -> Seen:
    by_id = (options.custodian, options.local_id)
    if (options.candidate is None) is (None in by_id) or (options.candidate is not None and by_id != (None, None)):
        raise BadRequest("Name the candidate: CANDIDATE, or --custodian and --local-id together.", code="USAGE")
    if options.candidate is None:
        return await store.last_seen(*by_id)
    found = _REFERENCE.fullmatch(options.candidate)
    if found is None:
        raise BadRequest(
            "That is not a candidate's reference: it is the one beside the candidate in the answer, as 812-c1.",
            code="USAGE",
        )
    return await store.seen(int(found[1]), int(found[2]))


def _text(given: str) -> str:
    return sys.stdin.read(REASONS_MAX + 1) if given == "-" else given


def _with_store(
    settings: Settings, work: Callable[[ConfirmationStore], Awaitable[Answer]], *, acts: bool = False
) -> Answer:
    """Do ``work`` in the log's database; what ``acts`` needs the log and its signer too."""
    url = database_url(settings)

    async def run() -> Answer:
        async with AsyncExitStack() as stack:
            log = await stack.enter_async_context(opened_log(settings)) if acts else None
            store = ConfirmationStore(url, log)
            stack.push_async_callback(store.close)
            return await work(store)

    return asyncio.run(run())
