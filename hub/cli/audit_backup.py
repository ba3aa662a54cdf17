"""``hub audit backup``: a copy of the log's database while the hub runs, with the checkpoint it ends at beside it."""

from __future__ import annotations

import argparse
from pathlib import Path

from hub.cli.acting import database_url
from hub.cli.audit_whom import telling
from hub.cli.main import add_settings, settings_path
from hub.settings import load_settings
from hub.store.backup import back_up


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the action's options."""
    add_settings(command)
    command.add_argument("--out", type=Path, required=True, metavar="FILE", help="the file to make")


def run(options: argparse.Namespace) -> int:
    """Back up."""
    url = database_url(load_settings(settings_path(options)))
    with telling("copying") as told:
        made = back_up(url, options.out, told)
    if made.file is None:
        print(f"{made.checkpoint}: the checkpoint of now, {made.size} entries.")
        print("PostgreSQL makes the copy itself: pg_dump, or better a base backup and its WAL (docs/runbook.md).")
    else:
        print(f"{made.file}: the log's database, {made.size} entries; {made.checkpoint}: its checkpoint.")
    print("Both are personal data. Keep them apart from the signing key; the checkpoint also goes to an agency.")
    return 0
