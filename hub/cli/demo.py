"""``hub demo``: three pretend agencies, the hub, one real question, and where to go from there."""

from __future__ import annotations

import argparse
import asyncio
import json
import shlex
import signal
import sys
import time
from pathlib import Path

from rich.console import Console

from hub.cli.client import ask, question
from hub.cli.invoked import command_word
from hub.cli.main import EXIT_INTERRUPTED, EXIT_WRONG
from hub.cli.render import show
from hub.cli.verify import verify
from hub.demo.partnership import AGENCIES, Partnership, start
from hub.demo.people import DIRECTORY, KEYS_DIRECTORY, MASH_WORKER, STAR_NHS_NUMBER, token_for
from hub.errors import BadRequest
from hub.settings import load_settings


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.epilog = "Everybody in the demo is invented. docs/cast.md says who plays what."
    command.add_argument("--once", action="store_true", help="stop after the answer")
    command.add_argument("--json", action="store_true", help="print the GraphQL answer instead of the view")
    command.add_argument("--directory", type=Path, default=DIRECTORY, help="log, key, settings (default: %(default)s)")
    command.add_argument("--port", type=int, help="the hub's port (default: 8000, or a free one)")
    command.add_argument("--seed", type=int, default=2026, help="which invented world (default: %(default)s)")
    command.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="AGENCY=FAULT",
        help="break an agency: council, police or health = down, slow or wrong-child; may be repeated",
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Start everything, ask, show, verify, and stay."""
    faults = _faults(options.fault)
    notes = Console(stderr=True, highlight=False)
    began = time.monotonic()
    signal.signal(signal.SIGTERM, _interrupted)
    notes.print("Starting three pretend agencies, an authorization server and the hub ...")
    with notes.status("starting") if notes.is_terminal else _Quiet():
        partnership = start(
            options.directory,
            seed=options.seed,
            faults=faults,
            say=lambda line: notes.print(f"  {line}", soft_wrap=True, markup=False),
            port=options.port,
        )
    status = EXIT_INTERRUPTED
    try:
        notes.print(f"Ready in {time.monotonic() - began:.1f} s. A MASH social worker asks about one child (s.47) ...")
        status = asyncio.run(_ask_and_show(partnership, options.json))
        notes.print(_next_steps(partnership), soft_wrap=True, markup=False)  # a broken line cannot be pasted
        if not options.once:
            _stay(partnership, notes)
    except KeyboardInterrupt:
        notes.print("\nStopping.")
    finally:
        partnership.stop()
    return status


async def _ask_and_show(partnership: Partnership, as_json: bool) -> int:
    state = partnership.state
    keys = partnership.settings.parent / KEYS_DIRECTORY
    token = await token_for(state.issuer, MASH_WORKER, keys)
    variables = question(
        purpose="CA1989_S47",
        case_reference="MASH-2026-1182",
        decided_by="Team manager, Assessment 2",
        decided_at="2026-11-20T16:40:00Z",
        nhsNumber=STAR_NHS_NUMBER,
    )
    reply = await ask(state.hub_url, token, variables)
    console = Console(highlight=False)
    if as_json:
        print(json.dumps(reply.body, indent=2, ensure_ascii=False))
    elif reply.child is not None:
        show(console, reply.child)
    else:
        print(json.dumps(reply.body, indent=2, ensure_ascii=False))
    settings = load_settings(partnership.settings)
    report = await asyncio.to_thread(verify, settings.log.database_url, settings.log.key_file)
    Console(stderr=True, highlight=False).print(report.text)
    return 0 if reply.child is not None and report.ok else EXIT_WRONG


def _next_steps(partnership: Partnership) -> str:
    police = partnership.agencies["police"]
    hub = command_word(sys.argv[0])
    directory = partnership.settings.parent
    where = "" if directory == DIRECTORY else f" --directory {shlex.quote(str(directory))}"
    return f"""
What to try next
  open the pages            {partnership.state.hub_url}/      (sign in as anybody: docs/pages.md says who sees what)
  ask in a query editor     {partnership.state.hub_url}/ide
  ask about another child   {hub} ask --nhs-number 9990004161 --purpose CA2004_S16LA --case-reference MY-1{where}
  who plays what            docs/cast.md
  stop an agency, ask again kill {police.pid}      (the police: their section becomes "no answer")
  check the signed log      {hub} audit verify --settings {shlex.quote(str(partnership.settings))}
  why is this withheld?     {hub} policy explain --kind case_document --label privileged
"""


def _stay(partnership: Partnership, notes: Console) -> None:
    """Wait for Ctrl-C; say when a process ends."""
    notes.print("Running. Ctrl-C stops everything.")
    running = {part.name for part in partnership.parts.started}
    while partnership.hub.is_running:
        time.sleep(0.5)
        for part in partnership.parts.started:
            if part.name in running and not part.is_running:
                running.discard(part.name)
                notes.print(f"  {part.name} has stopped.")
    notes.print(f"The hub has stopped. Its output is in {partnership.settings.parent / 'hub.log'}.")


def _faults(texts: list[str]) -> dict[str, str]:
    faults = {}
    for text in texts:
        agency, _, fault = text.partition("=")
        if agency not in AGENCIES or not fault:
            raise BadRequest(f"--fault is AGENCY=FAULT, and AGENCY one of {', '.join(AGENCIES)}.", code="USAGE")
        faults[agency] = fault
    return faults


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


class _Quiet:
    """Stands for a progress display where there is no terminal to show it."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None
