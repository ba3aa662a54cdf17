"""``hub policy check``: the files, the case tables, the invariants, the reviews; and what the tables would notice."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from hub.app import load_policies
from hub.cli.main import EXIT_WRONG
from hub.cli.policy_tables import read_tables
from hub.errors import ConfigurationError
from hub.policy.bundle import Bundle
from hub.policy.engine import Policy
from hub.policy.load import default_policies_directory
from hub.policy.mutation import FLOOR, score
from hub.policy.table_file import OPTIONAL, REQUIRED
from hub.policy.tables import Row, run, unbalanced, undecided

FILES = "files: every word, source and date is known, and no two rules contradict each other"
SURVIVORS_SHOWN_MAX = 200
NO_ROW = "no row was found that would: another rule may always decide first, so that the change makes no difference"


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was checked: in a line, and what is wrong with it, one line each; none when all is well."""

    what: str
    faults: Sequence[str] = ()
    notes: Sequence[str] = ()


def add_options(command: argparse.ArgumentParser) -> None:
    """The options of ``hub policy check``."""
    command.add_argument("--mutation", action="store_true", help="also change one thing at a time: would a row notice?")
    command.set_defaults(run=check)


def check(options: argparse.Namespace) -> int:
    """Check everything under a policies directory; 1 when anything is wrong with it."""
    console = Console(highlight=False, soft_wrap=True)
    directory = options.policies or default_policies_directory()
    try:
        bundle = load_policies(options.policies)
    except ConfigurationError as fault:
        if not directory.is_dir():
            raise
        checked = Checked(FILES, _listed(fault))
        _print(console, checked)
        return _end(console, len(checked.faults))
    _print_contents(console, bundle)
    faults = 0
    for checked in _checks(directory, bundle, mutation=options.mutation):
        _print(console, checked)
        faults += len(checked.faults)
    return _end(console, faults)


def _checks(directory: Path, bundle: Bundle, *, mutation: bool) -> Iterator[Checked]:
    yield Checked(FILES)
    rows, unread = read_tables(directory, bundle)
    yield Checked("case tables: every row can be read", [str(fault) for fault in unread])
    lines = len({(row.file, row.line) for row in rows})
    wrong = [str(each) for each in run(Policy(bundle), rows)]
    yield Checked(f"case tables: {lines} rows are decided as they say", wrong)
    yield Checked("case tables: as many rows must share as must withhold", [str(each) for each in unbalanced(rows)])
    yield Checked("case tables: every purpose and rule decides a row", [str(each) for each in undecided(rows, bundle)])
    yield _invariants(directory, bundle)
    overdue = [f"{each}: review overdue" for each in bundle.overdue]
    yield Checked(f"reviews: none is overdue on {bundle.on}", overdue)
    if mutation:
        yield _mutation(bundle, rows)


def _invariants(directory: Path, bundle: Bundle) -> Checked:
    """What must always hold, and how that was found out."""
    from hub.policy.assurance import invariants  # a solver is slow to import

    try:
        statements = invariants.load(directory, bundle)
    except ConfigurationError as fault:
        return Checked("invariants: every statement can be read", _listed(fault))
    findings = invariants.check(bundle, statements)
    proved = sum(each.verdict is invariants.Verdict.PROVED for each in findings)
    what = f"invariants: {len(findings)} statements must always hold; {proved} are proved"
    broken = [
        f"tests/invariants.toml: {each.id}: {each.verdict}: {each.says} {each.told}" for each in findings if not each.ok
    ]
    notes = [f"{each.id}: {each.verdict}: {each.told}" for each in findings if each.ok and each.told]
    return Checked(what, broken, notes)


def _listed(fault: ConfigurationError) -> list[str]:
    """The faults that an error lists, without its first line where it has others."""
    first, *others = fault.message.splitlines()
    return [line.strip() for line in others] or [first]


def _mutation(bundle: Bundle, rows: Sequence[Row]) -> Checked:
    """The score of the tables, with the changes that no row noticed; a fault below the floor."""
    scored = score(bundle, rows)
    made = scored.killed + len(scored.survivors)
    what = f"mutation: the case tables notice {scored.killed} of {made} changes ({scored.share:.1%}; floor {FLOOR:.0%})"
    notes = []
    for survivor in scored.survivors[:SURVIVORS_SHOWN_MAX]:
        would = f"a row that would: {survivor.row}" if survivor.row else NO_ROW
        notes += [f"not noticed: {survivor.says}", f"  {would}"]
    if more := len(scored.survivors) - SURVIVORS_SHOWN_MAX:
        notes += [f"and {more} more"] if more > 0 else []
    if notes:
        notes.insert(0, f"columns: {','.join((*REQUIRED, *OPTIONAL))}")
    faults = [] if scored.share >= FLOOR else [f"fewer than {FLOOR:.0%} are noticed: add rows"]
    return Checked(what, faults, notes)


def _print_contents(console: Console, bundle: Bundle) -> None:
    fields = sum(len(kind.fields) for kind in bundle.catalogue.kinds.values())
    console.print(Text(f"policies {bundle.digest}, in force on {bundle.on}"))
    console.print(Text(f"  {len(bundle.catalogue.kinds)} kinds of record with {fields} fields"))
    console.print(Text(f"  {len(bundle.purposes)} purposes: {', '.join(bundle.purposes)}"))
    console.print(Text(f"  {len(bundle.inactive)} not in force, {len(bundle.supporting)} under which nobody asks"))
    rules = f"{len(bundle.impediments)} impediments, {len(bundle.handling)} handling rules, {len(bundle.limits)} limits"
    console.print(Text(f"  {rules}"))


def _print(console: Console, checked: Checked) -> None:
    word, colour = ("FAIL", "bold red") if checked.faults else ("PASS", "green")
    console.print(Text.assemble((word, colour), f"  {checked.what}"))
    for line in (*checked.faults, *checked.notes):
        console.print(Text(f"      {line}"))


def _end(console: Console, faults: int) -> int:
    if faults:
        console.print(Text(f"{faults} {'fault' if faults == 1 else 'faults'}.", "bold red"))
        return EXIT_WRONG
    console.print(Text("All is well.", "green"))
    return 0
