"""Child processes of the demo: started, waited for until they say ``ready``, watched, stopped together."""

from __future__ import annotations

import os
import random
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hub.errors import HubError

START_SECONDS = 60.0
STOP_SECONDS = 5.0
PORTS = range(12000, 32000)
TRIES = 200


class DidNotStart(HubError):
    """A part of the demo did not start."""

    default_code = "DEMO_FAILED"


@dataclass(slots=True)
class Part:
    """One process. ``ready`` is what it printed after the word: its URL."""

    name: str
    process: subprocess.Popen[bytes]
    ready: str = ""

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None


@dataclass(slots=True)
class Parts:
    """The demo's processes. Logs go to ``<directory>/<name>.log``."""

    directory: Path
    started: list[Part] = field(default_factory=list)

    def start(self, name: str, module: str, *arguments: str) -> Part:
        """Start ``python -m module arguments``; it runs on, :meth:`wait_ready` waits for it.

        It ends when this process does, however that ends (:mod:`hub.demo.child`).
        """
        command = [sys.executable, "-m", "hub.demo.child", str(os.getpid()), module, *arguments]
        with (self.directory / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
        part = Part(name, process)
        self.started.append(part)
        return part

    def wait_ready(self, part: Part) -> str:
        """The URL the process says it is ready at.

        Raises:
            DidNotStart: it ended or said nothing for too long; the message names its log file.
        """
        assert part.process.stdout is not None
        until = time.monotonic() + START_SECONDS
        said = b""
        while not said.endswith(b"\n") and (left := until - time.monotonic()) > 0:
            if not select.select([part.process.stdout], [], [], left)[0]:
                break
            chunk = os.read(part.process.stdout.fileno(), 4096)
            if not chunk:
                break
            said += chunk
        word, _, url = said.decode(errors="replace").strip().rpartition("\n")[2].partition(" ")
        if word != "ready":
            raise DidNotStart(f"The {part.name} did not start. Its output is in {self.directory / part.name}.log.")
        part.ready = url
        return url

    def wait_listening(self, part: Part, port: int) -> None:
        """Wait until something listens on ``port``; raises as :meth:`wait_ready`."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and part.is_running:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.2):
                return
            time.sleep(0.03)
        raise DidNotStart(f"The {part.name} did not start. Its output is in {self.directory / part.name}.log.")

    def stop(self) -> None:
        """Stop all of them, the last started first."""
        for part in reversed(self.started):
            if part.is_running:
                part.process.send_signal(signal.SIGTERM)
        for part in reversed(self.started):
            try:
                part.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                part.process.kill()
                part.process.wait()


def free_ports(count: int, wanted: Sequence[int] = ()) -> list[int]:
    """``count`` ports of 127.0.0.1 that nothing listens on, those of ``wanted`` that are free first.

    The others are below those that systems give to outgoing connections (RFC 6335's dynamic ports, and Linux's wider
    range): between finding one and listening on it nobody is given it by chance.
    """
    held: list[socket.socket] = []
    candidates = random.SystemRandom().sample(PORTS, count + TRIES)
    try:
        for port in (*wanted, *candidates):
            if len(held) == count:
                break
            taken = socket.socket()
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                taken.bind(("127.0.0.1", port))
                held.append(taken)
            except OSError:
                taken.close()
        if len(held) < count:
            raise DidNotStart(f"No {count} free ports were found between {PORTS.start} and {PORTS.stop - 1}.")
        return [taken.getsockname()[1] for taken in held]
    finally:
        for taken in held:
            taken.close()
