"""``hub ask``: ask a running hub about one child, born or not yet born."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from hub.cli.client import VIEW, VIEW_UNBORN, ask, question
from hub.cli.main import EXIT_WRONG
from hub.cli.render import show
from hub.demo.people import DIRECTORY, KEYS_DIRECTORY, MASH_WORKER, DemoState, token_for
from hub.errors import BadRequest, ConfigurationError

_BORN = {
    "nhsNumber": ("nhs_number", "NHS number (empty if not known): "),
    "givenName": ("given_name", "Given name: "),
    "familyName": ("family_name", "Family name: "),
    "dateOfBirth": ("date_of_birth", "Date of birth (YYYY-MM-DD): "),
    "postcode": ("postcode", "Postcode: "),
}
"""Of ``ChildSearch``: field to its option and the words that ask for it."""

_UNBORN = {
    "motherNhsNumber": ("mother_nhs_number", "The mother's NHS number: "),
    "expectedDateOfBirth": ("expected_date_of_birth", "Expected date of birth (YYYY-MM-DD, or YYYY-MM): "),
}
"""The same of ``UnbornSearch``."""

_BOTH = "--mother-nhs-number and --expected-date-of-birth"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.epilog = (
        "Without --url the demo that runs here is asked, as one of its workers. Otherwise the access token is "
        "read from the environment variable HUB_TOKEN or from --token-file, never from the command line. "
        "Say nothing of whom you ask about, and it is asked for line by line, so that it does not stay in the shell's "
        "history. Exit status: 0 answered, 1 refused by the hub, 2 not asked."
    )
    born = command.add_argument_group("a child who has been born", "by number, or by both names and a date of birth")
    born.add_argument("--nhs-number", metavar="NUMBER", help="the child's, of ten digits")
    born.add_argument("--given-name", metavar="NAME")
    born.add_argument("--family-name", metavar="NAME")
    born.add_argument("--date-of-birth", metavar="YYYY-MM-DD", help="or YYYY-MM, or YYYY")
    born.add_argument("--postcode", metavar="POSTCODE", help="helps to tell children of one name apart")
    unborn = command.add_argument_group(
        "a child who is not born yet", "instead of the options above; councils and the NHS alone can look"
    )
    unborn.add_argument("--unborn", action="store_true", help="asks for the two below where they are left out")
    unborn.add_argument("--mother-nhs-number", metavar="NUMBER", help="the mother's, of ten digits")
    unborn.add_argument("--expected-date-of-birth", metavar="YYYY-MM-DD", help="or YYYY-MM when the day is not known")
    command.add_argument("--purpose", required=True, help="such as CA2004_S16LA")
    command.add_argument("--case-reference", required=True, help="your agency's reference for the case")
    command.add_argument("--decided-by", help="post of the manager whose decision the purpose rests on")
    command.add_argument("--decided-at", metavar="TIME", help="when, such as 2026-11-20T16:40:00Z")
    command.add_argument("--json", action="store_true", help="print the GraphQL answer")
    command.add_argument("--url", help="the hub's address")
    command.add_argument("--token-file", type=Path, help="file with the access token")
    command.add_argument("--worker", default=MASH_WORKER, help="the demo's worker to be (default: %(default)s)")
    command.add_argument(
        "--directory", type=Path, default=DIRECTORY, help="the demo's directory (default: %(default)s)"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Ask and show; 1 when the question was refused."""
    find = _find(options)
    variables = question(
        purpose=options.purpose,
        case_reference=options.case_reference,
        decided_by=options.decided_by,
        decided_at=options.decided_at,
        **find,
    )
    return asyncio.run(_run(options, variables, VIEW_UNBORN if "unborn" in find else VIEW))


def _find(options: argparse.Namespace) -> dict[str, Any]:
    """Whom it is about, as ``ChildSearch`` has it."""
    born = {name: getattr(options, option) for name, (option, _) in _BORN.items()}
    unborn = {name: getattr(options, option) for name, (option, _) in _UNBORN.items()}
    if not options.unborn and not any(unborn.values()):
        return born if any(born.values()) else _prompted(born, _BORN)
    beside = [_option(_BORN[name][0]) for name, value in born.items() if value]
    if beside:
        raise BadRequest(
            f"Ask about one child at a time: {', '.join(beside)} is about a child who has been born. Leave it out to "
            "ask about an unborn child, or leave out --unborn, --mother-nhs-number and --expected-date-of-birth.",
            code="SEARCH_INVALID",
        )
    said = unborn if all(unborn.values()) else _prompted(unborn, _UNBORN)
    if not all(said.values()):
        raise BadRequest(
            "An unborn child is asked about by the mother's NHS number and the expected date of birth: give both.",
            code="SEARCH_TOO_LITTLE",
        )
    return {"unborn": said}


async def _run(options: argparse.Namespace, variables: dict[str, object], query: str) -> int:
    url, token = await _where(options)
    reply = await ask(url, token, variables, query)
    if options.json:
        print(json.dumps(reply.body, indent=2, ensure_ascii=False))
        return 0 if reply.child is not None else EXIT_WRONG
    if reply.child is not None:
        show(Console(highlight=False), reply.child)
        return 0
    for error in reply.body.get("errors", ()):
        code = error.get("extensions", {}).get("code", "ERROR")
        sys.stderr.write(f"{code}: {error['message']}\n")
    return EXIT_WRONG


async def _where(options: argparse.Namespace) -> tuple[str, str]:
    """The hub's address and a token for it."""
    if options.url is None:
        state = DemoState.read(options.directory)
        return state.hub_url, await token_for(state.issuer, options.worker, options.directory / KEYS_DIRECTORY)
    if options.token_file is not None:
        try:
            return options.url, options.token_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise ConfigurationError(f"{options.token_file}: no token can be read from it.") from None
    token = os.environ.get("HUB_TOKEN", "")
    if not token:
        raise ConfigurationError("Give the access token in HUB_TOKEN or with --token-file.")
    return options.url, token


def _prompted(given: Mapping[str, str | None], asked: Mapping[str, tuple[str, str]]) -> dict[str, str | None]:
    """The search, with what was not ``given`` typed in."""
    missing = [_option(option) for name, (option, _) in asked.items() if not given[name]]
    if not sys.stdin.isatty():
        raise BadRequest(
            f"Say whom you ask about: --nhs-number, or names and --date-of-birth. Of an unborn child: {_BOTH}."
            if asked is _BORN
            else f"Say of the unborn child: {' and '.join(missing)}.",
            code="SEARCH_TOO_LITTLE",
        )
    return {name: given[name] or input(prompt).strip() or None for name, (_, prompt) in asked.items()}


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
