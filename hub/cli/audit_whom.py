"""Whom a command is about, and who gives it: options that several actions share. No name or number is an option, for
others on the machine see those and the shell keeps them.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hub.audit.acts import Officer
from hub.audit.words import CODE_MAX, code
from hub.domain.identifiers import NHSNumber
from hub.domain.people import Identity, PartialDate
from hub.errors import BadRequest
from hub.policy.judging import person
from hub.store.append_only import COMMAND_LINE
from hub.store.appender import Log
from hub.store.subjects import Stated, Whom, stated_of
from hub.store.years import Progress as Told

ROLE = "log_officer"
LINES_MAX = 100
STDIN_MAX = 65_536

_REFERENCE = re.compile(r"[0-9a-f]{32}", re.ASCII)


def add_whom(command: argparse.ArgumentParser) -> None:
    """The options that name a person."""
    command.add_argument(
        "--nhs-number-stdin",
        action="store_true",
        help="read standard input: the NHS number on the first line (it may be empty), then a line for each way the "
        "person was asked about without it: given name, family name, date of birth (Amira, Thornbury, 2015-04-02)",
    )
    command.add_argument(
        "--subject", action="append", default=[], metavar="REF", help="the person's reference in log entries"
    )


def add_officer(command: argparse.ArgumentParser) -> None:
    """The options that say who acts and why."""
    command.add_argument("--by", metavar="NAME", help="given name and family name of who decided this")
    command.add_argument("--organisation", metavar="ID", default="not_stated", help="id of that person's agency")
    command.add_argument("--reason", metavar="CODE", help="why, in a word without names, for the log's entry")


def whom(options: argparse.Namespace) -> Whom:
    """The person that the options and standard input name.

    Raises:
        BadRequest: nobody, or not in the form that was asked for. What was read is never repeated.
    """
    for each in options.subject:
        if _REFERENCE.fullmatch(each) is None:
            raise BadRequest("--subject is a reference as it stands in an entry: 32 of 0-9 and a-f.", code="USAGE")
    numbers: frozenset[NHSNumber] = frozenset()
    stated: frozenset[Stated] = frozenset()
    if options.nhs_number_stdin:
        first, *rest = sys.stdin.read(STDIN_MAX).splitlines()[:LINES_MAX] or [""]
        numbers = frozenset([NHSNumber.parse(first)] if first.strip() else [])
        stated = frozenset(_stated(line) for line in rest if line.strip())
    found = Whom(numbers, stated, references=frozenset(options.subject))
    if not (numbers or stated or options.subject):
        raise BadRequest("Name the person: --nhs-number-stdin, or --subject.", code="USAGE")
    return found


def _stated(line: str) -> Stated:
    parts = [part.strip() for part in line.split(",")]
    if len(parts) != 3 or not all(parts):
        raise BadRequest("After the first line: given name, family name, date of birth, with commas.", code="USAGE")
    return stated_of(
        Identity(given_names=(parts[0],), family_names=(parts[1],), birth_date=PartialDate.parse(parts[2]))
    )


def reason(options: argparse.Namespace) -> str:
    """The reason, which must be one word."""
    if not options.reason or len(options.reason) > CODE_MAX or code(options.reason) != options.reason:
        raise BadRequest(
            "Say why with --reason: one word of letters, digits and - _ . : /, with no name in it.", code="USAGE"
        )
    return str(options.reason)


def by(options: argparse.Namespace) -> str:
    """The name of who acts."""
    if options.by is None:
        raise BadRequest("Say who decided this with --by: given name and family name.", code="USAGE")
    return person(options.by)


async def officer(log: Log, options: argparse.Namespace) -> Officer:
    """Who acts, for the log's entry: the name only behind a reference."""
    reference = await log.reference("worker", f"{options.organisation}/{by(options)}")
    return Officer(COMMAND_LINE, options.organisation, reference, ROLE)


@contextmanager
def telling(what: str) -> Iterator[Told]:
    """A progress bar where there is a terminal; gives what is to be called with the done and the whole."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def confirmed(options: argparse.Namespace, phrase: str) -> bool:
    """Whether who sits at the terminal types ``phrase``, or gave it with ``--confirm``.

    Standard input may be taken by the person's number, so the terminal itself is asked.
    """
    if options.confirm is not None:
        typed = str(options.confirm)
    else:
        try:
            with open("/dev/tty", encoding="utf-8", errors="replace") as terminal:  # noqa: PTH123  a device
                sys.stderr.write(f"Type {phrase} to go on, anything else to leave all as it is: ")
                sys.stderr.flush()
                typed = terminal.readline()
        except OSError:
            sys.stderr.write(f"There is no terminal to ask at. If this is right, give --confirm {phrase}\n")
            return False
    return typed.strip() == phrase
