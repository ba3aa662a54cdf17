"""The parser, and one place where an error becomes a line of text and an exit status."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from hub.errors import HubError

EXIT_WRONG = 1
"""Something is not as it should be: a log that does not verify, a question that was refused."""

EXIT_USAGE = 2
"""What was typed, or a settings file, is wrong."""

SETTINGS_PLACES = ("settings.toml", "var/hub-demo/settings.toml")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    options = parser().parse_args(argv)
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
        return 130
    return status


def parser() -> argparse.ArgumentParser:
    """Every command and option."""
    root = argparse.ArgumentParser(
        prog="hub",
        description="A GraphQL federation hub for inter-agency information sharing in child safeguarding.",
        epilog="Start with `hub demo`.",
    )
    commands = root.add_subparsers(title="commands", required=True, metavar="COMMAND")
    from hub.cli import ask, audit, demo, policy, schema, serve

    for module in (demo, serve, ask, audit, policy, schema):
        module.add_to(commands)
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
