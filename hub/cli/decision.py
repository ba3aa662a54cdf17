"""``hub decision``: record what a named person decided about a child's records, take it back, see what stands."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import tomllib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from hub.access.register_file import load_register
from hub.app import load_policy_set
from hub.cli import decision_expire
from hub.cli.acting import database_url, opened_log
from hub.cli.decision_words import effects, kinds, listed, moment, shown
from hub.cli.main import EXIT_WRONG, add_settings, settings_path
from hub.domain.organisations import Sector
from hub.errors import BadRequest
from hub.policy.bundle import Bundle
from hub.policy.judgements import State
from hub.policy.judging import Given, Terms, new, withdrawal
from hub.settings import Settings, load_settings
from hub.store.judgements import JudgementStore, Kept

DUE_DAYS = 7
FILE_BYTES_MAX = 65_536

Answer = TypeVar("Answer")


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's actions and options."""
    actions = command.add_subparsers(required=True, metavar="ACTION")
    recording = actions.add_parser(
        "record",
        help="record a decision",
        description="Give a file (docs/decisions.md), or options. Others on the machine see options, and the shell's "
        "history keeps them; a file, or - for standard input, they do not.",
    )
    _add_what(recording)
    recording.set_defaults(run=record)
    withdrawing = actions.add_parser("withdraw", help="take a decision back; from then on it says nothing")
    withdrawing.add_argument("reference", metavar="REFERENCE")
    withdrawing.add_argument("--by", required=True, metavar="NAME", help="who takes it back")
    withdrawing.add_argument("--reasons", required=True, help="why")
    withdrawing.set_defaults(run=withdraw)
    listing = actions.add_parser("list", help="every decision, without the child and the reasons")
    listing.add_argument(
        "--due", action="store_true", help=f"those to be reviewed within {DUE_DAYS} days; 1 if overdue"
    )
    listing.set_defaults(run=list_all)
    showing = actions.add_parser("show", help="one decision, with the child and the reasons")
    showing.add_argument("reference", metavar="REFERENCE")
    showing.set_defaults(run=show)
    expiring = actions.add_parser("expire", help="erase decisions that ended long ago")
    decision_expire.add_options(expiring)
    expiring.set_defaults(run=expire)
    naming = actions.add_parser("kinds", help="every kind of decision: who may make it, for how long, what it does")
    naming.set_defaults(run=list_kinds)
    for action in (recording, withdrawing, listing, showing, expiring, naming):
        add_settings(action)


def _add_what(command: argparse.ArgumentParser) -> None:
    command.add_argument("--file", metavar="FILE", help="the decision as TOML; - is standard input")
    for name, said in (
        ("--kind", "what is decided: a word of the vocabulary's judgements"),
        ("--custodian", "id of the agency that decided and holds the records"),
        ("--nhs-number", "the child"),
        ("--local-id", "the child, by the agency's own id: it holds whoever asks and however"),
        ("--record-id", "one record, by the agency's own id"),
        ("--decided-by", "given name and family name of who decided"),
        ("--post", "in which post: a word of the vocabulary"),
        ("--decided-at", "when, as 2026-11-25T16:40:00Z (default: now)"),
        ("--review-at", "when it is to be looked at again"),
        ("--expires-at", "when it ends"),
        ("--reasons", "why, about this child"),
        ("--organisation", "the one request: id of the agency that asked"),
        ("--case-reference", "the one request: that agency's case"),
        ("--purpose", "the one request: id of the purpose"),
    ):
        command.add_argument(name, help=said)
    command.add_argument("--record-kind", action="append", default=[], help="a kind of record; may be repeated")
    command.add_argument("--field", action="append", default=[], help="a part of the record; may be repeated")


def record(options: argparse.Namespace) -> int:
    """Record a decision, and say what it does."""
    settings = load_settings(settings_path(options))
    terms = _terms(settings)
    at = datetime.now(UTC)
    made = new(_given(options), terms, reference=secrets.token_hex(16), at=at)
    _with_store(settings, lambda store: store.record(made, at), acts=True)
    print(f"Recorded under {made.id}")
    for line in effects(made, terms.bundle):
        print(line)
    return 0


def withdraw(options: argparse.Namespace) -> int:
    """Take a decision back."""
    settings = load_settings(settings_path(options))
    taken = withdrawal(options.by, options.reasons, at=datetime.now(UTC))
    _with_store(settings, lambda store: store.withdraw(options.reference, taken), acts=True)
    print(f"Withdrawn at {moment(taken.at)}. From now on it says nothing; what it held back or lifted is as before it.")
    return 0


def list_all(options: argparse.Namespace) -> int:
    """List decisions; with ``--due``, 1 when a review is overdue."""
    every = _every(load_settings(settings_path(options)))
    at = datetime.now(UTC)
    if not options.due:
        _print(listed(every, at), "No decision has been recorded.")
        return 0
    soon = at + timedelta(days=DUE_DAYS)
    live = [each for each in every if each.state(at) in (State.IN_FORCE, State.REVIEW_OVERDUE)]
    due = sorted((each for each in live if each.judgement.review_at <= soon), key=lambda each: each.judgement.review_at)
    _print(listed(due, at), f"No decision is to be reviewed within {DUE_DAYS} days.")
    return EXIT_WRONG if any(each.state(at) is State.REVIEW_OVERDUE for each in due) else 0


def show(options: argparse.Namespace) -> int:
    """Show one decision whole."""
    settings = load_settings(settings_path(options))
    kept = next((each for each in _every(settings) if each.judgement.id == options.reference), None)
    if kept is None:
        raise BadRequest("No decision has that reference; `hub decision list` shows them.", code="JUDGEMENT_NOT_FOUND")
    state = kept.state(datetime.now(UTC))
    for line in shown(kept, state):
        print(line)
    if state in (State.IN_FORCE, State.REVIEW_OVERDUE):
        for line in effects(kept.judgement, _policies(settings)):
            print(line)
    return 0


def expire(options: argparse.Namespace) -> int:
    """Erase decisions that ended long ago."""
    settings = load_settings(settings_path(options))
    gone, held = _with_store(settings, lambda store: decision_expire.expire(store, options), acts=True)
    print(f"{gone} decisions were erased; {held} are kept by a legal hold.")
    return 0


def list_kinds(options: argparse.Namespace) -> int:
    """List what can be decided, as the policies have it."""
    _print(list(kinds(_policies(load_settings(settings_path(options))))), "The policies know no kind of decision.")
    return 0


def _given(options: argparse.Namespace) -> Given:
    """The decision in the file, or in the options.

    Raises:
        BadRequest: ``JUDGEMENT_FILE_INVALID``, naming the key but no value.
    """
    typed = _typed(options)
    if options.file is not None and typed:
        raise BadRequest("Give the decision as a file or as options, not both.", code="USAGE")
    if options.file is None and not typed:
        raise BadRequest("Give the decision: --file FILE, or options (hub decision record --help).", code="USAGE")
    try:
        return msgspec.convert(_from_file(options.file) if options.file is not None else typed, Given)
    except msgspec.ValidationError as fault:
        raise BadRequest(
            f"The decision cannot be read: {fault}. See docs/decisions.md.", code="JUDGEMENT_FILE_INVALID"
        ) from None


def _from_file(name: str) -> dict[str, Any]:
    try:
        with sys.stdin.buffer if name == "-" else Path(name).open("rb") as opened:
            raw = opened.read(FILE_BYTES_MAX + 1)
        if len(raw) > FILE_BYTES_MAX:
            raise ValueError
        return tomllib.loads(raw.decode("utf-8"))
    except (OSError, ValueError):  # what is not TOML or not UTF-8 is a ValueError too; its message may quote the file
        raise BadRequest(
            f"The file cannot be read: it must be TOML in UTF-8, at most {FILE_BYTES_MAX} bytes (docs/decisions.md).",
            code="JUDGEMENT_FILE_INVALID",
        ) from None


def _typed(options: argparse.Namespace) -> dict[str, Any]:
    """The options that were given, by the keys of the file."""
    plain = ("kind", "custodian", "nhs_number", "local_id", "record_id", "decided_by", "post", "decided_at",
             "review_at", "expires_at", "reasons")  # fmt: skip
    typed = {name: value for name in plain if (value := getattr(options, name)) is not None}
    typed |= {
        name: value for name, value in (("record_kinds", options.record_kind), ("fields", options.field)) if value
    }
    request = ("organisation", "case_reference", "purpose")
    if asked := {name: value for name in request if (value := getattr(options, name)) is not None}:
        typed["request"] = asked
    return typed


def _terms(settings: Settings) -> Terms:
    bundle = _policies(settings)
    register = load_register(
        Path(settings.access.register), known_purposes=bundle.purposes.keys(), issuer=settings.access.issuer
    )
    custodians = {each.id: Sector(each.sector) for each in settings.custodians}
    return Terms(bundle, custodians, frozenset(register.organisations))


def _policies(settings: Settings) -> Bundle:
    return load_policy_set(settings).current.bundle


def _every(settings: Settings) -> tuple[Kept, ...]:
    return _with_store(settings, JudgementStore.every)


def _with_store(
    settings: Settings, work: Callable[[JudgementStore], Awaitable[Answer]], *, acts: bool = False
) -> Answer:
    """Do ``work`` in the log's database; what ``acts`` needs the log and its signer too."""
    url = database_url(settings)

    async def run() -> Answer:
        async with AsyncExitStack() as stack:
            log = await stack.enter_async_context(opened_log(settings)) if acts else None
            store = JudgementStore(url, log)
            stack.push_async_callback(store.close)
            return await work(store)

    return asyncio.run(run())


def _print(lines: Sequence[str], otherwise: str) -> None:
    for line in lines or (otherwise,):
        print(line)
