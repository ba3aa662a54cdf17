"""``hub audit verify``: recompute the whole log, in its database or in an export, and name the first fault.

Each entry's form and hash, the tree, the signatures, that each question has one end, and that what is missing was
erased or pruned as a later entry says. Of the checkpoints that were kept with entries it checks one in some thousand;
--thorough checks each, and reads every entry a second way.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from importlib.resources import as_file, files
from pathlib import Path

from hub.audit.note import NoteInvalid, VerifierKey
from hub.audit.witness_policy import WitnessPolicy, WitnessPolicyInvalid, parse_policy
from hub.cli.main import EXIT_WRONG, add_settings, settings_path
from hub.cli.verify import public_key, verify
from hub.errors import ConfigurationError
from hub.settings import load_settings
from hub.store.cosignatures import read_witnessed

AGE_MAX_SECONDS = 86_400
"""How old a cosignature may be when nothing else is said: as in verify.py."""


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the action's options."""
    add_settings(command)
    command.add_argument("--database", metavar="URL", help="the log's database, instead of the settings'")
    command.add_argument("--export", type=Path, metavar="DIR", help="an export of the log, instead of a database")
    command.add_argument("--public-key", type=Path, metavar="FILE", help="the log's public key file")
    command.add_argument(
        "--known", type=Path, action="append", default=[], metavar="FILE", help="a checkpoint you kept from earlier"
    )
    command.add_argument("--thorough", action="store_true", help="everything a second way; ten times as slow")
    command.add_argument("--policy", type=Path, metavar="FILE", help="whose cosignatures are needed (docs/witness.md)")
    command.add_argument(
        "--age-max", type=int, metavar="SECONDS", help="with --policy: how old a cosignature may be (default: a day)"
    )
    command.add_argument("--partial", action="store_true", help="with --export: it may lack the bytes of some entries")
    command.add_argument("--entry", type=int, metavar="NUMBER", help="also say that this entry is among them")


def run(options: argparse.Namespace) -> int:
    """Check; 1 when anything is wrong."""
    if options.export is not None:
        return _verify_export(options)
    if options.partial:
        raise ConfigurationError("--partial goes with --export: a database has every entry.")
    if options.age_max is not None and options.policy is None:
        raise ConfigurationError("--age-max goes with --policy.")
    if options.database is not None:
        if options.public_key is None:
            raise ConfigurationError("With --database, name the log's public key with --public-key.")
        url, key_file = options.database, ""
    else:
        settings = load_settings(settings_path(options))
        url, key_file = settings.log.database_url, settings.log.key_file
    known = [_read(path).encode() for path in options.known]
    witnessed = None
    if options.policy is not None:
        keys = [VerifierKey.parse(line) for line in _keys(options).split()]
        age_max = AGE_MAX_SECONDS if options.age_max is None else options.age_max
        try:
            witnessed = read_witnessed(url, keys, _policy(options.policy), age_max=age_max, now=int(time.time()))
        except NoteInvalid as fault:
            sys.stderr.write(f"THE LOG DOES NOT CHECK OUT: the newest checkpoint that witnesses cosigned: {fault}.\n")
            return EXIT_WRONG
        known.append(witnessed.note)
    checked = verify(url, key_file, _keys(options), known=known, thorough=options.thorough)
    (sys.stdout if checked.ok else sys.stderr).write(checked.text + "\n")
    if checked.ok and witnessed is not None:
        names = ", ".join(sorted(witnessed.names))
        print(f"{names} cosigned the first {witnessed.size} of them.")
    if checked.ok and options.entry is not None:
        within = 0 <= options.entry < checked.size
        print(f"Entry {options.entry} is {'one of them' if within else 'NOT in the log'}.")
        return 0 if within else EXIT_WRONG
    return 0 if checked.ok else EXIT_WRONG


def _keys(options: argparse.Namespace) -> str:
    """The log's public keys, a line each: those in the file that was named, else the settings'."""
    if options.public_key is not None:
        return _read(options.public_key)
    settings = load_settings(settings_path(options))
    return "\n".join((*settings.log.earlier_keys, public_key(settings.log.key_file)))


def _policy(path: Path) -> WitnessPolicy:
    try:
        return parse_policy(_read(path))
    except WitnessPolicyInvalid as fault:
        raise ConfigurationError(f"{path}: {fault}") from None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{path}: cannot be read.") from None


def _verify_export(options: argparse.Namespace) -> int:
    """Run the very file that agencies run, ours and not the export's."""
    if options.database is not None or options.thorough or options.entry is not None:
        raise ConfigurationError("--database, --thorough and --entry are not for --export.")
    with tempfile.TemporaryDirectory() as place, as_file(files("hub.audit") / "offline" / "verify.py") as program:
        keys = Path(place) / "log.pub"
        keys.write_text(_keys(options), encoding="utf-8")
        command = [sys.executable, "-I", str(program), str(options.export), "--key", str(keys)]
        for name, value in (("--policy", options.policy), ("--age-max", options.age_max)):
            command += [] if value is None else [name, str(value)]
        command += [part for path in options.known for part in ("--known", str(path))]
        return subprocess.run([*command, *["--partial"] * options.partial], check=False).returncode  # noqa: S603  our own file
