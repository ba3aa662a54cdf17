"""``hub policy diff``: what two policies directories say of the same questions."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from hub.cli.main import EXIT_WRONG
from hub.cli.policy_tables import read_tables, read_text
from hub.errors import BadRequest, ConfigurationError
from hub.policy.changes import changes
from hub.policy.engine import Policy
from hub.policy.files import PolicyFault
from hub.policy.load import load_bundle
from hub.policy.replay import Change, Flips, compare, replay, told
from hub.policy.table_file import past
from hub.policy.tables import Facts, Row

PAST_BYTES_MAX = 268_435_456
FAULTS_SHOWN_MAX = 10
ONLY_TEXT = "only comments and the order of things differ: nothing that is decided or told"


def add_options(command: argparse.ArgumentParser) -> None:
    """The options of ``hub policy diff``."""
    command.add_argument("old", type=Path, help="the policies directory as it is")
    command.add_argument("new", type=Path, help="the policies directory as it would be")
    command.add_argument(
        "--past",
        type=Path,
        metavar="FILE.csv",
        help="past decisions' facts: columns as in the case tables up to stale, and count; how many would flip?",
    )
    command.set_defaults(run=diff)


def diff(options: argparse.Namespace) -> int:
    """Print which answers would flip; 1 when any would."""
    old, new = (_policy(directory) for directory in (options.old, options.new))
    counted = None if options.past is None else _past(options.past)
    print(f"old {old.digest}\nnew {new.digest}")
    lines = changes(old.bundle, new.bundle)
    for line in lines or [ONLY_TEXT] * (old.digest != new.digest):
        print(f"  {line}")
    flipped = _tables(options, old, new)
    if counted is not None:
        flips = replay(old, new, counted)
        _print_flips(flips)
        flipped = flipped or bool(flips.flipped)
    return EXIT_WRONG if flipped else 0


def _policy(directory: Path) -> Policy:
    try:
        return Policy(load_bundle(directory, datetime.now(UTC).date()))
    except ConfigurationError as fault:
        raise ConfigurationError(f"{directory}: {fault.message}", code=fault.code) from None


def _tables(options: argparse.Namespace, old: Policy, new: Policy) -> bool:
    """Decide every row of both directories' tables under both; whether any would flip."""
    rows: dict[object, Row] = {}
    for directory, policy in ((options.new, new), (options.old, old)):
        found, faults = read_tables(directory, policy.bundle)
        if faults:
            print(f"  {len(faults)} faults in its case tables: run hub policy check --policies {directory}")
        for row in found:
            rows.setdefault(row.facts, row)
    flipped = [(row, each) for row in rows.values() if (each := compare(old, new, row.facts))]
    for row, changed in flipped:
        print(f"{row.case} ({row.facts.kind}, {row.facts.purpose}, {row.facts.role}; {row.file}:{row.line})")
        for change in changed:
            print(f"  {_change(change)}")
    opened = sum(any(each.opens for each in changed) for _, changed in flipped)
    closed = sum(any(each.closes for each in changed) for _, changed in flipped)
    print(f"{len(flipped)} of {len(rows)} cases flip{_ways(len(flipped), opened, closed)}")
    return bool(flipped)


def _change(change: Change) -> str:
    return f"{', '.join(change.fields)}: {told(change.before)} -> {told(change.after)}"


def _ways(flipped: int, opened: int, closed: int) -> str:
    """Which way: what a reader looks for first."""
    if not flipped:
        return ""
    return f": in {opened} something is shared that was not, in {closed} something is no longer shared that was"


def _past(path: Path) -> dict[Facts, int]:
    faults: list[PolicyFault] = []
    text = read_text(path, path.name, faults, PAST_BYTES_MAX)
    counted = dict(past(path.name, text, faults)) if text is not None else {}
    if not counted and not faults:
        faults.append(PolicyFault(path.name, "", "holds no decision. `hub policy past` prints what was decided"))
    if faults:
        shown = "\n  ".join(str(fault) for fault in faults[:FAULTS_SHOWN_MAX])
        raise BadRequest(f"The past decisions cannot be read:\n  {shown}", code="USAGE")
    return counted


def _print_flips(flips: Flips) -> None:
    ways = _ways(flips.flipped, flips.opened, flips.closed)
    print(f"{flips.flipped} of {flips.decided} past decisions would flip{ways}")
    print(f"  (decided from {flips.distinct} different combinations of facts)")
    for (purpose, kind, before, after), times in flips.changes.items():
        print(f"  {times:>9}  {purpose}  {kind}: {before} -> {after}")
