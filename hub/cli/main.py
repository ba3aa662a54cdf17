"""The parser, and one place where an error becomes a line of text and an exit status."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from hub.errors import HubError

EXIT_WRONG = 1
"""Something is not as it should be: a log that does not verify, a question that was refused."""

EXIT_USAGE = 2
"""What was typed, or a settings file, is wrong."""

EXIT_INTERRUPTED = 130
"""Stopped by Ctrl-C before there was an answer."""

SETTINGS_PLACES = ("settings.toml", "var/hub-demo/settings.toml")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = parser(arguments).parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        status: int = options.run(options)
    except HubError as fault:
        sys.stderr.write(f"hub: {fault.message}\n")
        return EXIT_USAGE
    except BrokenPipeError:
        sys.stderr.close()
        return EXIT_WRONG
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return status


COMMANDS: Mapping[str, tuple[str, str]] = {
    "demo": ("hub.cli.demo", "pretend agencies, the hub, one question answered; stays up until Ctrl-C"),
    "serve": ("hub.cli.serve", "run the hub"),
    "ask": ("hub.cli.ask", "ask a running hub about one child"),
    "audit": ("hub.cli.audit", "check the signed log"),
    "witness": ("hub.cli.witness", "run a witness, so that nobody can rewrite a log unseen"),
    "keys": ("hub.cli.keys", "the log's signing keys: show, make, rotate, retire"),
    "signer": ("hub.cli.signer", "hold the log's key in a process of its own"),
    "access": ("hub.cli.access", "take access away from a token, a worker or a system, and give it back"),
    "register": ("hub.cli.register", "who may ask for what: show it, check a new one, put it in force"),
    "policy": ("hub.cli.policy", "check the policies, explain a decision"),
    "decision": ("hub.cli.decision", "record what a named person decided about a child's records"),
    "connector": ("hub.cli.connector", "check the connections to the agencies' systems"),
    "match": ("hub.cli.match", "record whether a possible match is the child; train the weights of matching"),
    "ssd": ("hub.cli.ssd", "load public statutory returns into a council database, to try real shapes"),
    "documents": ("hub.cli.documents", "register the queries a client sends, so that no other is answered"),
    "schema": ("hub.cli.schema", "print the GraphQL schema"),
}
"""Command to the module that runs it, and what it does in a line."""


def parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Every command; the options of the one in ``argv`` only, so that no command waits for what another imports."""
    root = argparse.ArgumentParser(
        prog="hub",
        description="A GraphQL federation hub for inter-agency information sharing in child safeguarding.",
        epilog="Start with `hub demo`.",
    )
    commands = root.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, (module, said) in COMMANDS.items():
        command = commands.add_parser(name, help=said)
        if name in argv[:1]:
            loaded = importlib.import_module(module)
            command.description = " ".join((loaded.__doc__ or "").replace("``", "").split())
            loaded.add_options(command)
    return root


def add_settings(command: argparse.ArgumentParser) -> None:
    """Give a command the ``--settings`` option."""
    command.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="the settings file (default: $HUB_SETTINGS, ./settings.toml, or the demo's in ./var/hub-demo)",
    )


def settings_path(options: argparse.Namespace) -> Path:
    """The settings file to use; the first place named in the help text when none exists, for the error to name."""
    if options.settings is not None:
        return Path(options.settings)
    if "HUB_SETTINGS" in os.environ:
        return Path(os.environ["HUB_SETTINGS"])
    return next((path for name in SETTINGS_PLACES if (path := Path(name)).exists()), Path(SETTINGS_PLACES[0]))
