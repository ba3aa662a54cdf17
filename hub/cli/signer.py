"""``hub signer``: the log's key in a process of its own, which signs nothing but a log that grows."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
from pathlib import Path

from hub.audit.checkpoint import open_checkpoint
from hub.audit.merkle import Frontier
from hub.audit.note import NoteInvalid, SignerKey, decode_base64, encode_base64
from hub.cli.main import add_settings, settings_path
from hub.errors import AuditUnavailable, ConfigurationError
from hub.store.signers.keyfile import read_key
from hub.store.signers.ledger import Ledger
from hub.store.signers.server import Server, Signing, lock_keys

HANDOVER_MAX = 65_536
"""The longest handover file, in bytes."""

WAIT_SECONDS = 10.0


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's actions and options."""
    actions = command.add_subparsers(required=True, metavar="ACTION")
    serving = actions.add_parser(
        "serve",
        help="hold the key and sign for the hubs of this machine",
        description="Runs as a user of its own (deploy/signer.service), so that who takes over the hub has not got the "
        "key. It signs only a log that grows by what it is shown, and remembers what it signed on disk.",
    )
    _add_keys(serving)
    serving.add_argument("--socket", type=Path, required=True, metavar="PATH", help="where hubs reach it")
    serving.set_defaults(run=serve)
    beginning = actions.add_parser(
        "begin",
        help="tell a new signer which log it signs for, once",
        description="A signer that knows no log signs nothing: else who removed its memory could have history signed "
        "anew. For a log there is already, run `hub signer handover` as the hub and bring the file here.",
    )
    _add_keys(beginning)
    which = beginning.add_mutually_exclusive_group(required=True)
    which.add_argument("--new-log", action="store_true", help="a log without entries")
    which.add_argument("--from", dest="handover", type=Path, metavar="FILE", help="what `hub signer handover` wrote")
    beginning.set_defaults(run=begin)
    handing = actions.add_parser(
        "handover",
        help="write down where the log stands, for `hub signer begin`",
        description="Stop every hub first: what is logged afterwards, the signer would not know. The file holds no "
        "secret and no entry.",
    )
    handing.add_argument("--out", type=Path, required=True, metavar="FILE", help="the file to write")
    add_settings(handing)
    handing.set_defaults(run=handover)


def _add_keys(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--key",
        type=Path,
        action="append",
        required=True,
        metavar="FILE",
        help="the log's key (hub keys new); twice while the second takes the place of the first",
    )
    command.add_argument(
        "--state", type=Path, metavar="FILE", help="what was signed (default: log.state beside the first key)"
    )


def serve(options: argparse.Namespace) -> int:
    """Sign until told to stop."""
    keys = _keys(options.key)
    ledger = Ledger(_state(options))
    held = lock_keys(options.key)
    signing = Signing(keys, ledger)
    server = Server(options.socket, signing.answer)
    logging.getLogger("hub").setLevel(logging.INFO)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.stop).start())
    print(f"Signing for {keys[0].name} at {options.socket}, with {', '.join(_id(key) for key in keys)}.", flush=True)
    print(f"{ledger.frontier.size} entries signed so far. Ctrl-C ends it.", flush=True)
    server.serve()
    signing.close()
    for each in held:
        os.close(each)
    return 0


def begin(options: argparse.Namespace) -> int:
    """Make the signer's memory."""
    keys = _keys(options.key)
    frontier = Frontier() if options.new_log else _read_handover(options.handover, keys)
    Ledger.begin(_state(options), frontier)
    print(f"The signer of {keys[0].name} begins at {frontier.size} entries. Start it: hub signer serve.")
    for key in keys:
        print(f"  public key: {key.verifier}")
    return 0


def handover(options: argparse.Namespace) -> int:
    """Write the head and its frontier."""
    # imported here: the process that holds the key has neither settings nor a database in it
    from sqlalchemy.exc import SQLAlchemyError

    from hub.settings import load_settings
    from hub.store.batch import HeadDamaged, read_head
    from hub.store.engine import exists, make_engine, reading

    settings = load_settings(settings_path(options))
    url = settings.log.database_url
    if not exists(url):
        raise ConfigurationError("There is no log at the database URL: the file does not exist.")
    engine = make_engine(url, WAIT_SECONDS)
    try:
        with engine.connect() as connection:
            head = read_head(reading(connection))
    except (SQLAlchemyError, HeadDamaged) as fault:
        raise AuditUnavailable(f"The log's head could not be read ({type(fault).__name__}).") from None
    finally:
        engine.dispose()
    try:
        with options.out.open("x", encoding="utf-8") as opened:
            opened.write(f"{encode_base64(head.frontier.encode())}\n{head.note}")
    except FileExistsError:
        raise ConfigurationError(f"{options.out}: there is a file already. Name another.") from None
    except OSError as fault:
        raise ConfigurationError(f"{options.out}: cannot be written ({fault.strerror}).") from None
    print(f"{options.out}: the log stands at {head.frontier.size} entries. As the signer's user, run")
    print(f"  hub signer begin --key KEY --from {options.out}")
    return 0


def _read_handover(path: Path, keys: list[SignerKey]) -> Frontier:
    """The frontier in a handover file, when one of ``keys`` signed a checkpoint with its root."""
    try:
        with path.open("rb") as opened:
            encoded, _, note = opened.read(HANDOVER_MAX).partition(b"\n")
        checkpoint = open_checkpoint(note, [key.verifier for key in keys])
        frontier = Frontier.decode(checkpoint.size, decode_base64(encoded.decode("ascii")))
    except OSError as fault:
        raise ConfigurationError(f"{path}: cannot be read ({fault.strerror}).") from None
    except (NoteInvalid, ValueError) as fault:
        raise ConfigurationError(f"{path}: not a handover of this key's log: {fault}.") from None
    if frontier.root != checkpoint.root:
        raise ConfigurationError(f"{path}: its frontier is not that of the checkpoint it holds.")
    return frontier


def _keys(files: list[Path]) -> list[SignerKey]:
    """The keys, all of one log.

    Raises:
        ConfigurationError: a file is not a key that nobody else could touch, or they are of several logs.
    """
    first = read_key(files[0], None, "the log's signing key")
    return [first, *(read_key(file, first.name, "the log's next key") for file in files[1:])]


def _state(options: argparse.Namespace) -> Path:
    return options.state or Path(options.key[0]).with_name("log.state")


def _id(key: SignerKey) -> str:
    return f"key {key.verifier.key_id.hex()}"
