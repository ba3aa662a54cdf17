"""``hub audit``: check the signed log, hand it to others, and look after it."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping

ACTIONS: Mapping[str, tuple[str, str]] = {
    "verify": ("hub.cli.audit_verify", "recompute the whole log and name the first fault"),
    "export": ("hub.cli.audit_export", "the log as files that anybody can check without us"),
    "erase": ("hub.cli.audit_erase", "erase a person; the log stays as it is"),
    "hold": ("hub.cli.audit_hold", "set, lift or list legal holds"),
    "close-year": ("hub.cli.audit_year", "say where a year of the log ends"),
    "prune": ("hub.cli.audit_prune", "drop the entries of old years that an archive has; proofs stay"),
    "access-report": ("hub.cli.audit_access_report", "who has seen this child's record, for who has a right to know"),
    "events": ("hub.cli.audit_events", "entries as FHIR AuditEvent or as JSON lines, for other systems"),
    "rebuild": ("hub.cli.audit_rebuild", "make the list that pages search anew from the log"),
    "backup": ("hub.cli.audit_backup", "copy the log's database while the hub runs"),
}
"""Action to the module that runs it, and what it does in a line.

A module has ``add_options(command)`` and ``run(options) -> exit status``; its own docstring is the help's first words.
"""


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's actions, each with its options."""
    actions = command.add_subparsers(required=True, metavar="ACTION")
    for name, (module, said) in ACTIONS.items():
        loaded = importlib.import_module(module)
        description = " ".join((loaded.__doc__ or "").replace("``", "").split())
        action = actions.add_parser(name, help=said, description=description)
        loaded.add_options(action)
        action.set_defaults(run=loaded.run)
