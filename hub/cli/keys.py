"""``hub keys``: the log's signing keys. A change of keys is new, rotate, retire, in that order (docs/keys.md)."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from hub.audit.acts import KeyChange, Officer
from hub.audit.key_chain import KeyAct
from hub.audit.note import NoteInvalid, VerifierKey
from hub.cli.acting import database_url, opened_log
from hub.cli.main import EXIT_WRONG, add_settings, settings_path
from hub.cli.verify import public_key
from hub.errors import AuditUnavailable, ConfigurationError
from hub.settings import AuditLog, Settings, load_settings
from hub.store import key_entries
from hub.store.batch import HeadDamaged
from hub.store.engine import make_engine
from hub.store.key_entries import KeyState
from hub.store.keys import Signer, create_key
from hub.store.signers.together import Without

WAIT_SECONDS = 30.0

LOOKED_AT = 20
"""So many of the newest checkpoints must all carry the new key's signature before the old key may be retired."""


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's actions and options."""
    actions = command.add_subparsers(required=True, metavar="ACTION")
    showing = actions.add_parser("show", help="every key of the log: since when, by whom vouched for, whether it signs")
    making = actions.add_parser(
        "new",
        help="make a new key in a file; nothing is written over, and nothing uses it yet",
        description="Makes FILE (only its owner can read it) and FILE.pub. The name in it is the log's origin.",
    )
    making.add_argument("--out", type=Path, required=True, metavar="FILE", help="where no file is yet")
    turning = actions.add_parser(
        "rotate",
        help="write into the log, under the old key's signature, that the new key signs it too",
        description="Name the new key in [log.next_signer] and start every hub again first: from then on each "
        "checkpoint carries both signatures. Then this writes the entry that makes verifiers trust the new key.",
    )
    turning.add_argument("--to", type=Path, required=True, metavar="FILE", help="the new key's file, or its .pub")
    ending = actions.add_parser(
        "retire",
        help="write into the log that the old key signs it no more",
        description="Only once the new key signs every checkpoint. Asks for the old key's id. From then on a "
        "checkpoint with the old key's signature alone is a fault. It cannot be taken back.",
    )
    for action, run in ((showing, show), (making, new), (turning, rotate), (ending, retire)):
        add_settings(action)
        action.set_defaults(run=run)


def show(options: argparse.Namespace) -> int:
    """Print every key; 1 when none of those trusted signed the newest checkpoint."""
    settings = load_settings(settings_path(options))
    states = _states(settings)
    for each in states:
        print(f"{_id(each)}  {each.key}")
        print(f"          {_since(each)}; {_standing(each)}")
    if not any(each.signs and each.retired is None for each in states):
        sys.stderr.write("NO KEY that is trusted signed the newest checkpoint. Run `hub audit verify`.\n")
        return EXIT_WRONG
    return 0


def new(options: argparse.Namespace) -> int:
    """Make a key, and say what comes next."""
    settings = load_settings(settings_path(options))
    key = create_key(options.out, settings.log.origin)
    print(f"Made {options.out} (keep it secret) and {options.out}.pub")
    print(f"  key id:     {key.verifier.key_id.hex()}")
    print(f"  public key: {key.verifier}")
    print(_NEXT.format(file=options.out.resolve()))
    return 0


def rotate(options: argparse.Namespace) -> int:
    """Log the new key, and say whom to tell."""
    settings = load_settings(settings_path(options))
    key = _named(options.to, settings.log)
    states = _states(settings)
    for each in states:
        if each.key == key and each.retired is not None:
            raise ConfigurationError(f"The key {_id(each)} was retired by entry {each.retired.index}. Make a new one.")
        if each.key == key:
            raise ConfigurationError(f"The key {_id(each)} is the log's already ({_since(each)}).")
    signer = settings.log.make_signer(create=False)
    if key not in signer.verifiers:
        problem = (
            f"The hub does not sign with the key {key.key_id.hex()} yet. {_NEXT.format(file=options.to.resolve())}"
        )
        raise ConfigurationError(problem)
    number = asyncio.run(_append(settings, signer, KeyAct.ADDED, key))
    print(f"Entry {number}: the key {key.key_id.hex()} signs this log too, from here on.")
    print("Give this line to every witness and every agency that checks the log. Who has an older key and reads the")
    print("whole log needs nothing: it says so itself.")
    print(f"  {key}")
    print("When every hub signs with both keys: hub keys retire.")
    return 0


def retire(options: argparse.Namespace) -> int:
    """Log that the oldest key signs no more, once its id was typed."""
    settings = load_settings(settings_path(options))
    signer = settings.log.make_signer(create=False)
    old, kept = _to_retire(_states(settings))
    _check_follows(settings, old, kept, signer)
    sys.stderr.write(f"To retire: {_id(old)} ({_since(old)}). What stays: {', '.join(_id(each) for each in kept)}.\n")
    sys.stderr.write("It cannot be taken back. Type the id of the key to retire: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip() != _id(old):
        sys.stderr.write("\nThat is not its id. Nothing was done.\n")
        return EXIT_WRONG
    number = asyncio.run(_append(settings, Without(signer, old.key), KeyAct.RETIRED, old.key))
    print(f"Entry {number}: the key {_id(old)} is retired.")
    print("Now, in the settings: make the new key [log.signer] (or `key_file`), take [log.next_signer] out, and add")
    print(f'  earlier_keys = ["{old.key}"]')
    print("Start every hub again, then destroy the old private key.")
    return 0


_NEXT = """Next: in the settings, under [log], write
  next_signer = {{ kind = "file", file = "{file}" }}
and start every hub again (a signer process is started with both: hub signer serve --key OLD --key NEW).
Then: hub keys rotate --to {file}"""


def _to_retire(states: Sequence[KeyState]) -> tuple[KeyState, list[KeyState]]:
    """The oldest key that is trusted, and those that stay."""
    trusted = [each for each in states if each.retired is None]
    if len(trusted) < 2:
        raise ConfigurationError("The log has one key, and would have none. First: hub keys new, hub keys rotate.")
    return trusted[0], trusted[1:]


def _check_follows(settings: Settings, old: KeyState, kept: Sequence[KeyState], signer: Signer) -> None:
    """Raise ConfigurationError unless the keys that stay sign every checkpoint the hubs make."""
    stay = {each.key.key_id for each in kept}
    if not {key.key_id for key in signer.verifiers if key != old.key}.intersection(stay):
        raise ConfigurationError(
            "The settings name no signer for a key that stays: [log.next_signer] is missing or is not that key's."
        )
    last_added = max(each.added.index for each in kept if each.added is not None)
    with _engine(settings) as engine:
        since = key_entries.read_signers_since(engine, last_added, LOOKED_AT)
    if not since or any(stay.isdisjoint(signers) for signers in since):
        raise ConfigurationError(
            "Not every newest checkpoint is signed by the key that stays: a hub still runs with the old settings, or "
            "none has logged anything since. Start every hub again, let it answer something, and look: hub keys show. "
            "Retired now, the old key would leave entries that nobody vouches for."
        )


def _states(settings: Settings) -> list[KeyState]:
    lines = [*settings.log.earlier_keys, *public_key(settings.log.key_file).split()]
    try:
        given = [VerifierKey.parse(line) for line in lines]
    except NoteInvalid:
        raise ConfigurationError(f"{settings.log.key_file}.pub or `earlier_keys`: not a public key.") from None
    with _engine(settings) as engine:
        return key_entries.states(given, key_entries.read_told(engine), key_entries.read_signers(engine))


@contextmanager
def _engine(settings: Settings) -> Iterator[Engine]:
    engine = make_engine(database_url(settings), WAIT_SECONDS)
    try:
        yield engine
    except (SQLAlchemyError, HeadDamaged) as fault:
        raise AuditUnavailable(f"The log could not be read ({type(fault).__name__}). Nothing was done.") from None
    finally:
        engine.dispose()


def _named(file: Path, log: AuditLog) -> VerifierKey:
    """The public key of a key's file (or .pub); its private half is not read."""
    public = file if file.suffix == ".pub" else file.with_name(file.name + ".pub")
    try:
        key = VerifierKey.parse(public.read_text(encoding="ascii").strip())
    except OSError as fault:
        raise ConfigurationError(f"{public}: cannot be read ({fault.strerror}). Make a key: hub keys new.") from None
    except (NoteInvalid, UnicodeDecodeError):
        raise ConfigurationError(f"{public}: not a public key.") from None
    if key.name != log.origin:
        raise ConfigurationError(f"{public}: this is a key of {key.name}, and the settings name {log.origin}.")
    return key


async def _append(settings: Settings, signer: Signer, act: KeyAct, key: VerifierKey) -> int:
    async with opened_log(settings, signer=signer) as log:
        at, nonce = log.stamp()
        officer = Officer("hub-keys", settings.log.origin, None, "operator")
        entry = KeyChange(at=at, nonce=nonce, officer=officer, act=act, key=key.public.hex())
        return (await log.append(entry)).index


def _id(state: KeyState) -> str:
    return state.key.key_id.hex()


def _since(state: KeyState) -> str:
    if state.added is None:
        return "from the beginning"
    by = ", ".join(sorted(each.hex() for each in state.added.signed_by if each != state.key.key_id))
    return f"since {state.added.at:%d %B %Y} (entry {state.added.index}), vouched for by {by or 'nobody'}"


def _standing(state: KeyState) -> str:
    if state.retired is not None:
        return f"retired on {state.retired.at:%d %B %Y} (entry {state.retired.index})"
    return "signs the newest checkpoint" if state.signs else "did not sign the newest checkpoint"
