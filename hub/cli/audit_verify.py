"""``hub audit verify``: recomputes every entry's hash, the tree, the signatures, and that each question has one end."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hub.cli.main import EXIT_WRONG, add_settings, settings_path
from hub.cli.verify import public_key, verify
from hub.errors import ConfigurationError
from hub.settings import load_settings


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the action's options."""
    add_settings(command)
    command.add_argument("--database", metavar="URL", help="the log's database, instead of the settings'")
    command.add_argument("--public-key", type=Path, metavar="FILE", help="the log's public key file")
    command.add_argument("--entry", type=int, metavar="NUMBER", help="also say that this entry is among them")


def run(options: argparse.Namespace) -> int:
    """Check; 1 when anything is wrong."""
    if options.database is not None:
        if options.public_key is None:
            raise ConfigurationError("With --database, name the log's public key with --public-key.")
        url, key_file = options.database, ""
    else:
        settings = load_settings(settings_path(options))
        url, key_file = settings.log.database_url, settings.log.key_file
    public = None
    if options.public_key is None:
        public = "\n".join((*settings.log.earlier_keys, public_key(key_file)))
    else:
        try:
            public = options.public_key.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise ConfigurationError(f"{options.public_key}: cannot be read.") from None
    checked = verify(url, key_file, public)
    (sys.stdout if checked.ok else sys.stderr).write(checked.text + "\n")
    if checked.ok and options.entry is not None:
        within = 0 <= options.entry < checked.size
        print(f"Entry {options.entry} is {'one of them' if within else 'NOT in the log'}.")
        return 0 if within else EXIT_WRONG
    return 0 if checked.ok else EXIT_WRONG
