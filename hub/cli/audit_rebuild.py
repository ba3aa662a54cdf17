"""``hub audit rebuild``: the list of the log is made anew from the log's entries.

The list is what pages and searches read; it is no evidence and can be lost. Hubs may go on meanwhile: their lists are
short of what is not read yet, and say so. The log is only read.
"""

from __future__ import annotations

import argparse

from sqlalchemy.exc import SQLAlchemyError

from hub.cli.acting import database_url
from hub.cli.audit_whom import telling
from hub.cli.main import add_settings, settings_path
from hub.errors import AuditUnavailable
from hub.settings import load_settings
from hub.store.engine import make_engine
from hub.store.read_model import catch_up_wholly, reset
from hub.store.reviews import rebuild

WAIT_SECONDS = 60.0


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the action's options."""
    add_settings(command)


def run(options: argparse.Namespace) -> int:
    """Rebuild the list."""
    engine = make_engine(database_url(load_settings(settings_path(options))), WAIT_SECONDS)
    try:
        reset(engine)
        with telling("reading the log") as told:
            caught = catch_up_wholly(engine, told)
        rebuild(engine)
    except SQLAlchemyError as fault:
        raise AuditUnavailable(
            f"The database failed ({type(fault).__name__}). The list is as far as it was read; hubs read on, and you "
            "may run this again."
        ) from None
    finally:
        engine.dispose()
    print(f"The list of the log was made anew from {caught.read} entries.")
    return 0
