"""A process of the demo that ends with the one that started it: ``python -m hub.demo.child PARENT MODULE ARGUMENTS``.

Runs MODULE as ``python -m MODULE ARGUMENTS`` would. When the process PARENT is gone, killed without a chance to stop
its children, it is told to stop (SIGTERM), and if it does not, ended. Works wherever an orphan gets another parent,
Linux and macOS alike, and needs nothing of MODULE: what runs in production has no such watch in it.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

WATCH_SECONDS = 0.3
GRACE_SECONDS = 12.0
"""The hub itself may take ten to finish what it was asked."""


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)


def main() -> None:
    """Run what the command line names."""
    parent, module, *arguments = sys.argv[1:]
    threading.Thread(target=_end_with, args=(int(parent),), name="parent-watch", daemon=True).start()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
