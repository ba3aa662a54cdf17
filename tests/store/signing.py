"""A real signer process to talk to, and to kill."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from hub.audit.merkle import Frontier
from hub.audit.note import SignerKey
from hub.store.keys import create_key
from hub.store.signers.ledger import Ledger
from hub.store.signers.process import ProcessSigner

ROOT = Path(__file__).parents[2]
ORIGIN = "testshire.example/log"


class SignerProcess:
    """``hub signer serve`` on a key of its own, in ``directory``."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.directory = directory
        self.keys = [directory / "signer.key"]
        self.state = directory / "log.state"
        # not in pytest's directory: a socket's path has at most 107 bytes
        self._place = Path(tempfile.mkdtemp(prefix="hub-signer-"))
        self.socket = self._place / "s"
        self.process: subprocess.Popen[str] | None = None
        self.key: SignerKey = create_key(self.keys[0], ORIGIN)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """``hub signer`` with ``arguments`` and this signer's keys and state."""
        command = [*self._command(arguments[0]), *arguments[1:]]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)

    def begin(self) -> None:
        Ledger.begin(self.state, Frontier())

    def start(self) -> None:
        """Start it, and wait until it serves."""
        command = [*self._command("serve"), "--socket", str(self.socket)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert said.startswith("Signing for "), said + str(self.process.stderr and self.process.stderr.read())

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.close()

    def stop(self) -> int:
        """End it as systemd would; its exit status."""
        assert self.process is not None
        self.process.terminate()
        status = self.process.wait(20)
        self.close()
        return status

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdout, self.process.stderr):
                if pipe is not None:
                    pipe.close()
            self.process = None

    def clear(self) -> None:
        """End it, and leave nothing of it where its socket was."""
        self.close()
        shutil.rmtree(self._place)

    def client(self, wait_seconds: float = 2.0) -> ProcessSigner:
        return ProcessSigner(self.socket, ORIGIN, wait_seconds)

    def _command(self, action: str) -> list[str]:
        keys = [part for key in self.keys for part in ("--key", str(key))]
        return [sys.executable, "-m", "hub", "signer", action, *keys, "--state", str(self.state)]
