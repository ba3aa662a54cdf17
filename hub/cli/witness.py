"""``hub witness``: run a witness for another agency's log, so that nobody can rewrite it unseen (docs/witness.md)."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from hub.audit.cosignature import WitnessKey
from hub.audit.note import NoteInvalid, VerifierKey
from hub.cli.main import EXIT_WRONG
from hub.errors import ConfigurationError
from hub.witness.keys import policy_line, witness_key
from hub.witness.server import Witness, create_app
from hub.witness.state import Doubt, RefusedCheckpoint, State, StateUnavailable, look_at_state, open_state

PORT = 7380
LOG_FILE_MAX = 65_536


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's actions and options."""
    actions = command.add_subparsers(required=True, metavar="ACTION")
    making = actions.add_parser(
        "key",
        help="make the witness's key, and print its line for the hub's policy file",
        description="Makes the key unless there is one, and prints the line by which a hub knows this witness.",
    )
    _add_key(making)
    making.add_argument("--url", help="where the hub reaches the witness, such as https://witness.police.example")
    making.set_defaults(run=key)
    serving = actions.add_parser(
        "serve",
        help="run the witness",
        description="Cosigns each checkpoint that continues all it has seen of that log, and no other. Put HTTPS in "
        "front of it, or keep it on a private network.",
    )
    _add_key(serving)
    serving.add_argument(
        "--log",
        action="append",
        required=True,
        metavar="KEY-or-FILE",
        help="a log to watch: its public key, or the file with it (the hub's <key file>.pub). May be repeated",
    )
    _add_state(serving)
    serving.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serving.add_argument("--port", type=int, default=PORT, help="port, 0 for a free one (default: %(default)s)")
    serving.set_defaults(run=serve)
    showing = actions.add_parser(
        "show",
        help="what the witness has cosigned last, and what it refused; 1 if a log is in doubt",
        description="Says of each log what was cosigned last, and which of its checkpoints were refused. Exits with 1 "
        "when a log forked, or has not been cosigned since one of its checkpoints could not be proved.",
    )
    _add_state(showing)
    showing.add_argument("--evidence", action="store_true", help="print the refused checkpoints whole")
    showing.set_defaults(run=show)


def _add_key(command: argparse.ArgumentParser) -> None:
    command.add_argument("--key", type=Path, required=True, metavar="FILE", help="the witness's private key")
    command.add_argument("--name", required=True, help="the witness's name, such as witness.police.example")


def _add_state(command: argparse.ArgumentParser) -> None:
    command.add_argument("--state", type=Path, required=True, metavar="FILE", help="what the witness remembers")


def key(options: argparse.Namespace) -> int:
    """Make the key, or read it; print its policy line."""
    print(policy_line(witness_key(options.key, options.name), options.url))
    return 0


def serve(options: argparse.Namespace) -> int:
    """Serve until stopped."""
    if not 0 <= options.port <= 65_535:
        raise ConfigurationError("--port: a port is a number from 0 to 65535.")
    logs = read_logs(options.log)
    private = witness_key(options.key, options.name)
    if private.verifier.public in {each.public for each in logs}:
        raise ConfigurationError(f"{options.key}: this is the log's own key, and a log cannot witness itself.")
    state = open_state(options.state, WitnessKey.of(private), options.key)
    listening = _listen(options.host, options.port)
    host, port = listening.getsockname()[:2]
    origins = ", ".join(sorted({each.name for each in logs}))
    print(f"Witness {private.name} on http://{f'[{host}]' if ':' in host else host}:{port}, for {origins}", flush=True)
    config = uvicorn.Config(
        create_app(Witness(private, logs, state)),
        log_level="warning",
        access_log=False,
        server_header=False,
        h11_max_incomplete_event_size=16_384,
        timeout_keep_alive=75,  # a log comes back each minute
        timeout_graceful_shutdown=10,
        limit_concurrency=128,
        ws="none",
        lifespan="off",
    )
    server = uvicorn.Server(config)
    server.run(sockets=[listening])
    return 0 if server.started else EXIT_WRONG


def show(options: argparse.Namespace) -> int:
    """Say what the state file holds; 1 when a log is in doubt."""
    state = look_at_state(options.state)
    try:
        return _show(state, evidence=options.evidence)
    except StateUnavailable as fault:
        raise ConfigurationError(f"{options.state}: {fault}.") from None


def _show(state: State, *, evidence: bool) -> int:
    cosigned = {each.origin: each.at for each in state.seen()}
    for seen in state.seen():
        print(f"{seen.origin}: {seen.size} entries, cosigned {_moment(seen.at)}")
    if not cosigned:
        print("No checkpoint has been cosigned yet.")
    doubts = state.refused()
    for doubt in doubts:
        print(f"{doubt.origin}: REFUSED {_moment(doubt.at)}, {doubt.size} entries: {_WORDS[doubt.kind]}")
        if evidence:
            print(f"\n{doubt.note}\n{doubt.against or ''}")
    wrong = any(_stands(each, cosigned.get(each.origin, 0)) for each in doubts)
    if wrong:
        sys.stderr.write("A log is in doubt: see docs/witness.md, what an alarm means.\n")
    return EXIT_WRONG if wrong else 0


_WORDS = {
    Doubt.FORK: "the log signed two trees of one size, which proves that it has two histories",
    Doubt.UNPROVEN: "nothing showed that it continues what was cosigned before",
}


def _stands(doubt: RefusedCheckpoint, cosigned_at: int) -> bool:
    """A fork for good; a proof that was missing, until the log has shown that it goes on from what was cosigned."""
    return doubt.kind is Doubt.FORK or doubt.at >= cosigned_at


def _moment(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%FT%TZ}"


def read_logs(given: Sequence[str]) -> list[VerifierKey]:
    """The keys of the logs to watch, each given as itself or as a file that holds it.

    Raises:
        ConfigurationError: one is neither.
    """
    keys: dict[VerifierKey, None] = {}
    for number, each in enumerate(given, 1):
        try:
            text = each
            if Path(each).is_file():
                with Path(each).open(encoding="utf-8") as file:
                    text = file.read(LOG_FILE_MAX).strip()
            keys[VerifierKey.parse(text)] = None
        except (NoteInvalid, OSError, UnicodeDecodeError) as fault:
            reason = fault if isinstance(fault, NoteInvalid) else "it cannot be read"
            raise ConfigurationError(
                f"--log number {number} is neither a log's public key nor a file with one: {reason}."
            ) from None
    return list(keys)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as fault:
        raise ConfigurationError(
            f"cannot listen on {host}, port {port}: {fault.strerror or 'no such address'}."
        ) from None
