"""``hub ask``: ask a running hub about one child."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

from rich.console import Console

from hub.cli.client import ask, question
from hub.cli.main import EXIT_WRONG
from hub.cli.render import show
from hub.demo.people import DIRECTORY, KEYS_DIRECTORY, MASH_WORKER, DemoState, token_for
from hub.errors import BadRequest, ConfigurationError


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.epilog = (
        "Without --url the demo that runs here is asked, as one of its workers. Otherwise the access token is "
        "read from the environment variable HUB_TOKEN or from --token-file, never from the command line. "
        "With no search options, they are asked for one by one, so that they do not stay in the shell's history."
    )
    command.add_argument("--nhs-number")
    command.add_argument("--given-name")
    command.add_argument("--family-name")
    command.add_argument("--date-of-birth", metavar="YYYY-MM-DD")
    command.add_argument("--postcode")
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
    find = {
        "nhsNumber": options.nhs_number,
        "givenName": options.given_name,
        "familyName": options.family_name,
        "dateOfBirth": options.date_of_birth,
        "postcode": options.postcode,
    }
    if not any(find.values()):
        find = _prompted()
    variables = question(
        purpose=options.purpose,
        case_reference=options.case_reference,
        decided_by=options.decided_by,
        decided_at=options.decided_at,
        **find,
    )
    return asyncio.run(_run(options, variables))


async def _run(options: argparse.Namespace, variables: dict[str, object]) -> int:
    url, token = await _where(options)
    reply = await ask(url, token, variables)
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


def _prompted() -> dict[str, str | None]:
    """The search, typed in."""
    if not sys.stdin.isatty():
        raise BadRequest(
            "Say whom you ask about: --nhs-number, or names and --date-of-birth.", code="SEARCH_TOO_LITTLE"
        )
    asked = {
        "nhsNumber": "NHS number (empty if not known): ",
        "givenName": "Given name: ",
        "familyName": "Family name: ",
        "dateOfBirth": "Date of birth (YYYY-MM-DD): ",
        "postcode": "Postcode: ",
    }
    return {name: input(prompt).strip() or None for name, prompt in asked.items()}
