"""The register in force in a running hub: read again when its file changes; the last good one is kept.

A new register is logged before it is in force. One that is wrong, or cannot be logged, never takes away what the one
before it allows: it is an alarm, which ``/health/ready`` shows. At start-up there is none to fall back on, so there
the same fault stops the start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from hub.access.register import Register
from hub.errors import AuditUnavailable, ConfigurationError
from hub.telemetry.lines import Digest, LogLine, say

SETTLE_SECONDS = 1.0
"""How long the file must lie still before it is read: somebody may be copying it."""

Seen = tuple[int, int, int, int] | None
"""A look at the file: size, times and inode; None when it is not there."""


class RegisterSet:
    """The register of one file. A request takes :attr:`current` once.

    Args:
        path: the file.
        load: reads it; raises ConfigurationError.
        record: logs that a register is in force from now on; raises AuditUnavailable.
        settle_seconds: see ``SETTLE_SECONDS``.

    Raises:
        ConfigurationError: ``REGISTER_INVALID``.
    """

    def __init__(
        self,
        path: Path,
        load: Callable[[Path], Register],
        record: Callable[[Register], Awaitable[object]],
        *,
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        self._path = path
        self._load = load
        self._record = record
        self._settle_seconds = settle_seconds
        self._told = asyncio.Event()
        self._tried: Seen = _look(path)
        self._register = load(path)
        self._kept: str | None = None

    @property
    def current(self) -> Register:
        """The register in force now."""
        return self._register

    def shown(self) -> dict[str, str]:
        """Its state as ``/health/ready`` shows it."""
        shown = {"digest": f"sha256:{self._register.digest}", "state": "kept" if self._kept else "current"}
        return {**shown, "code": self._kept} if self._kept else shown

    async def start(self) -> None:
        """Log which register the hub starts with, unless the log says so already.

        While the log cannot be written nothing is answered either; the next look tries again.
        """
        try:
            await self._record(self._register)
        except AuditUnavailable:
            self._keep("AUDIT_UNAVAILABLE")
            self._tried = None

    def tell(self) -> None:
        """Have :meth:`watch` read the file now. To be called in its event loop."""
        self._told.set()

    async def watch(self, every_seconds: float) -> None:
        """Read the file again whenever it changes, or :meth:`tell` is called; runs for ever."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(every_seconds):
                    await self._told.wait()
            if self._told.is_set():
                self._told.clear()
                await self.reload()
            else:
                await self.look()

    async def look(self) -> None:
        """Reload when the file is not the one last tried, once it lies still."""
        seen = await asyncio.to_thread(_look, self._path)
        if seen == self._tried:
            return
        await asyncio.sleep(self._settle_seconds)
        if await asyncio.to_thread(_look, self._path) == seen:
            await self.reload()

    async def reload(self) -> bool:
        """Read the file and put it in force if it is good and logged; whether the newest is in force. Never raises."""
        seen = await asyncio.to_thread(_look, self._path)
        try:
            found = await asyncio.to_thread(self._load, self._path)
            await self._record(found)  # no entry is written where the log says so already
        except ConfigurationError as fault:
            self._keep(fault.code)
        except AuditUnavailable:
            self._keep("AUDIT_UNAVAILABLE")
            return False  # the file is as good as new: the next look tries it again
        except Exception as fault:  # whatever is wrong with a new one, the old one is still good
            say(LogLine.REGISTER_NOT_READ, fault=type(fault))
            self._keep("REGISTER_INVALID")
        else:
            self._register, self._kept = found, None
        self._tried = seen
        return self._kept is None

    def _keep(self, code: str) -> None:
        if self._kept != code:
            line = LogLine.REGISTER_NOT_LOGGED if code == AuditUnavailable.default_code else LogLine.REGISTER_INVALID
            say(line, digest=Digest(f"sha256:{self._register.digest}"))
        self._kept = code


def _look(path: Path) -> Seen:
    with suppress(OSError):
        file = path.stat()
        return file.st_size, file.st_mtime_ns, file.st_ctime_ns, file.st_ino
    return None
