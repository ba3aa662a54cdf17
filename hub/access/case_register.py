"""Asks an agency's own list of cases: is this case open, and is this worker on it?

An answer that does not come in time, or cannot be read, is ``unknown``: this never raises, and never waits longer than
its deadline. Neither case nor worker is in an address, a log line or an error.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import aiohttp
import msgspec

from hub.access.metadata import read_body
from hub.access.settings import CaseRegisterSettings
from hub.access.strict_json import parse_object
from hub.errors import ConfigurationError
from hub.telemetry.lines import LogLine, say

ANSWER_BYTES_MAX = 4_096
FILE_BYTES_MAX = 33_554_432


class CaseState(StrEnum):
    """What the list says of a case and a worker."""

    OPEN = "open"
    CLOSED = "closed"
    NOT_ON_IT = "not_on_it"
    UNKNOWN = "unknown"


class CaseRegister(Protocol):
    """A list of cases."""

    async def state(self, organisation: str, case: str, worker: str | None) -> CaseState:
        """What it says; never raises. ``worker`` is None for a system with nobody behind the question."""
        ...

    async def close(self) -> None:
        """Give back what it holds."""
        ...


def make_case_register(settings: CaseRegisterSettings) -> CaseRegister:
    """The list that settings name.

    Raises:
        ConfigurationError: its file or token cannot be read.
    """
    if settings.file is not None:
        register = FileCaseRegister(Path(settings.file), settings.deadline_seconds)
        register.read()
        return register
    assert settings.url is not None
    return HttpCaseRegister(settings.url, _token(settings.token_file), settings.deadline_seconds)


class HttpCaseRegister:
    """``POST`` of ``{"organisation", "case", "worker"}`` to one address, answered by such as ``{"state": "open"}``."""

    def __init__(self, url: str, token: str | None, deadline_seconds: float) -> None:
        self._url = url
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._deadline_seconds = deadline_seconds
        self._session: aiohttp.ClientSession | None = None

    async def state(self, organisation: str, case: str, worker: str | None) -> CaseState:
        """See :class:`CaseRegister`."""
        try:
            async with asyncio.timeout(self._deadline_seconds):
                return await self._ask({"organisation": organisation, "case": case, "worker": worker})
        except Exception as fault:  # the boundary: whatever that system does, the question goes on or is refused
            say(LogLine.CASE_REGISTER_SILENT, fault=type(fault))
            return CaseState.UNKNOWN

    async def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            await self._session.close()

    async def _ask(self, question: dict[str, str | None]) -> CaseState:
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=False, cookie_jar=aiohttp.DummyCookieJar())
        headers = {**self._headers, "Accept": "application/json", "Accept-Encoding": "identity"}
        async with self._session.post(self._url, json=question, headers=headers, allow_redirects=False) as response:
            if response.status != 200 or response.content_type != "application/json":
                raise ValueError
            return CaseState(str(parse_object(await read_body(response, ANSWER_BYTES_MAX)).get("state")))


class _Case(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    state: str
    workers: list[str] = []


_Cases = dict[str, dict[str, _Case]]


class FileCaseRegister:
    """A JSON file that the agency's system writes: organisation, case, then its state and the workers on it::

        {"testshire-council": {"MASH-2026-1182": {"state": "open", "workers": ["tc-0417"]}}}

    Read again when it changes; a file that cannot be read makes every case unknown.
    """

    def __init__(self, path: Path, deadline_seconds: float) -> None:
        self._path = path
        self._deadline_seconds = deadline_seconds
        self._seen: tuple[int, int] | None = None
        self._cases: _Cases = {}

    async def state(self, organisation: str, case: str, worker: str | None) -> CaseState:
        """See :class:`CaseRegister`."""
        try:
            async with asyncio.timeout(self._deadline_seconds):
                cases = await asyncio.to_thread(self.read)
        except (ConfigurationError, TimeoutError) as fault:
            say(LogLine.CASE_REGISTER_UNREADABLE, fault=type(fault))
            return CaseState.UNKNOWN
        found = cases.get(organisation, {}).get(case)
        if found is None:
            return CaseState.UNKNOWN
        if found.state != CaseState.OPEN:
            return CaseState.CLOSED if found.state == CaseState.CLOSED else CaseState.UNKNOWN
        return CaseState.OPEN if worker is None or worker in found.workers else CaseState.NOT_ON_IT

    async def close(self) -> None:
        """Nothing is held."""

    def read(self) -> _Cases:
        """The cases in the file as it is now.

        Raises:
            ConfigurationError: ``CASE_REGISTER_INVALID``; names nothing that is in it.
        """
        try:
            file = self._path.stat()
            if (file.st_mtime_ns, file.st_ino) != self._seen:
                with self._path.open("rb") as opened:
                    text = opened.read(FILE_BYTES_MAX + 1)
                if len(text) > FILE_BYTES_MAX:
                    raise ValueError
                self._cases = msgspec.json.decode(text, type=_Cases)
                self._seen = (file.st_mtime_ns, file.st_ino)
        except (OSError, ValueError):  # a decoding error is a ValueError; its message may quote the file
            self._seen = None
            raise ConfigurationError(
                f"{self._path}: the case register's file cannot be read, is no such JSON (docs/access.md), or is over "
                f"{FILE_BYTES_MAX} bytes.",
                code="CASE_REGISTER_INVALID",
            ) from None
        return self._cases


def _token(file: str | None) -> str | None:
    if file is None:
        return None
    try:
        token = Path(file).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        token = ""
    if not token:
        raise ConfigurationError(f"{file}: there is no token for the case register in it.")
    return token
