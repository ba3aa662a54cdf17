"""``hub policy show``: the whole set of policies in plain English, to read from top to bottom."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hub.app import load_policies
from hub.cli.main import EXIT_WRONG
from hub.errors import ConfigurationError
from hub.policy.bundle import Bundle
from hub.policy.show import document

PAGE = Path("docs/policies.md")
"""Where the set is kept in English; links in it lead from here."""


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the action to ``hub policy``."""
    showing = actions.add_parser(
        "show",
        help="the whole set in plain English, as Markdown",
        description="Everything the policies say, to read from top to bottom. In a source tree it is kept as "
        f"{PAGE.as_posix()}; `make policies-doc` writes it.",
        epilog="Exit status of --check 0: the page says what the policies say. 1: it does not.",
    )
    showing.add_argument("--policies", type=Path, metavar="DIR", help="another policies directory")
    showing.add_argument(
        "--check",
        type=Path,
        nargs="?",
        const=PAGE,
        metavar="FILE",
        help=f"compare instead of printing (default: {PAGE.as_posix()})",
    )
    showing.set_defaults(run=run)


def text(bundle: Bundle) -> str:
    """The document as the page holds it."""
    return document(bundle, lambda file: f"../policies/{file}")


def run(options: argparse.Namespace) -> int:
    """Print the document, or say whether a page holds it."""
    written = text(load_policies(options.policies))
    if options.check is None:
        sys.stdout.write(written)
        return 0
    try:
        page = options.check.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{options.check}: cannot be read. Write it with `make policies-doc`.") from None
    if page == written:
        print(f"{options.check}: says what the policies say")
        return 0
    lines, wanted = page.splitlines(), written.splitlines()
    same = next((number for number, pair in enumerate(zip(lines, wanted, strict=False)) if pair[0] != pair[1]), None)
    line = (min(len(lines), len(wanted)) if same is None else same) + 1
    print(f"{options.check}:{line}: is not what the policies say any more. Write it anew with `make policies-doc`.")
    return EXIT_WRONG
