"""``hub policy past``: the facts of past decisions, for ``hub policy diff --past``."""

from __future__ import annotations

import argparse
import csv
import re
import sys

from hub.cli.main import add_settings, settings_path
from hub.errors import BadRequest
from hub.policy.tables import Facts
from hub.settings import load_settings
from hub.store.tally import read

_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])", re.ASCII)


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the action to ``hub policy``."""
    command = actions.add_parser(
        "past",
        help="print the facts of past decisions and how often each was made, as CSV",
        description="For `hub policy diff OLD NEW --past FILE`. No child, case, worker or agency is in it.",
    )
    command.add_argument("--since", default="", metavar="YYYY-MM", help="the first month (default: all that are kept)")
    add_settings(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the table, the most frequent decision first."""
    if options.since and _MONTH.fullmatch(options.since) is None:
        raise BadRequest("--since is a month, such as 2026-11.", code="USAGE")
    counted = read(load_settings(settings_path(options)).log.database_url, options.since)
    written = csv.writer(sys.stdout, lineterminator="\n")
    written.writerow((*Facts._fields, "count"))
    written.writerows((*facts, times) for facts, times in counted.items())
    return 0
