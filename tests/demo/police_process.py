"""The pretend police, run as the demo runs them: a process of their own on a free port."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def police(*options: str) -> Iterator[str]:
    """The base URL of a running ``python -m hub.demo.police``."""
    command = [sys.executable, "-m", "hub.demo.police", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        ready, _, url = process.stdout.readline().strip().partition(" ")
        assert ready == "ready"
        yield url
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
