"""How the hub shows its log's head to a witness: C2SP tlog-witness, ``POST <prefix>/add-checkpoint``.

Nothing personal goes out: sizes, hashes and signatures. Nothing that comes back is believed here; who asks checks it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
from yarl import URL

from hub.audit.checkpoint import parse_decimal
from hub.audit.note import NoteInvalid, encode_base64
from hub.connectors.base import Deadline, UpstreamFault
from hub.connectors.http_address import BaseAddress
from hub.connectors.http_reading import read_body
from hub.connectors.http_session import open_session
from hub.errors import ConfigurationError

ANSWER_BYTES_MAX = 16_384
"""The longest answer read: a handful of signature lines, or one number."""

SIZE_TYPE = "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class Signed:
    """It answered 200: ``lines`` should be cosignatures of what it was shown."""

    lines: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """It answered 409: it has seen another size, or another tree of this one. ``size`` is None when it does not say."""

    size: int | None


@dataclass(frozen=True, slots=True)
class Unproved:
    """It answered 422: the proof does not lead from what it has seen to what it was shown."""


@dataclass(frozen=True, slots=True)
class Silent:
    """Anything else, such as no answer at all. ``why`` is for people, and quotes nothing that was sent or received."""

    why: str


Shown = Signed | Conflict | Unproved | Silent


class WitnessClient:
    """A client for one witness.

    Args:
        name: what to call it in an error.
        url: its submission prefix; ``https``, or plain ``http`` to this machine (ConfigurationError otherwise).
        tls: trust store; the system's when None.
    """

    def __init__(self, name: str, url: str, *, tls: ssl.SSLContext | None = None) -> None:
        try:
            self._address = BaseAddress.parse(url)
        except ConfigurationError as fault:
            problem = fault.message.removeprefix("A custodian's base_url")
            raise ConfigurationError(f"The URL of the witness {name}{problem}") from None
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def add_checkpoint(self, old: int, proof: Sequence[bytes], checkpoint: str, deadline: Deadline) -> Shown:
        """Show ``checkpoint`` (a signed note) and its proof of consistency with the first ``old`` entries.

        Never raises for anything the witness does.
        """
        lines = (f"old {old}", *map(encode_base64, proof), "", checkpoint)
        try:
            async with asyncio.timeout_at(deadline.at):
                return await self._post("\n".join(lines).encode())
        except TimeoutError:
            return Silent(f"no reply within {deadline.seconds:g} s")
        except UpstreamFault as fault:
            return Silent(fault.no_answer.detail)
        except (aiohttp.ClientError, OSError) as fault:  # their texts quote the address and the answer: keep none
            return Silent(f"no connection could be made, or it broke ({type(fault).__name__})")

    async def close(self) -> None:
        """Close the connection; a later call opens a new one."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(self, body: bytes) -> Shown:
        if self._session is None or self._session.closed:
            self._session = open_session(1, self._tls, reuse=False)
        url = URL(self._address.url("/add-checkpoint"), encoded=True)
        headers = {"Content-Type": "text/plain; charset=utf-8", "Accept-Encoding": "identity"}
        async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            if response.status == HTTPStatus.OK:
                return await _signed(response)
            if response.status == HTTPStatus.CONFLICT:
                return Conflict(await _size(response))
            if response.status == HTTPStatus.UNPROCESSABLE_ENTITY:
                return Unproved()
            return Silent(_said(response.status))


async def _signed(response: aiohttp.ClientResponse) -> Shown:
    try:
        return Signed((await read_body(response, ANSWER_BYTES_MAX)).decode())
    except UnicodeDecodeError:
        return Silent("its answer is not a cosignature")


async def _size(response: aiohttp.ClientResponse) -> int | None:
    """The size that a conflict names; None for a proxy's page, and anything else that is not one number."""
    if response.headers.get("Content-Type", "").split(";")[0].strip().lower() != SIZE_TYPE:
        return None
    try:
        return parse_decimal((await read_body(response, ANSWER_BYTES_MAX)).decode("ascii").removesuffix("\n"))
    except (UnicodeDecodeError, NoteInvalid, UpstreamFault):
        return None


def _said(status: int) -> str:
    match status:
        case HTTPStatus.FORBIDDEN:
            return "it does not know the log's key (HTTP 403): give it the log's .pub file"
        case HTTPStatus.NOT_FOUND:
            return "it does not know this log, or the URL is wrong (HTTP 404)"
        case HTTPStatus.BAD_REQUEST:
            return "it did not understand the hub (HTTP 400)"
        case _:
            return f"it answered HTTP {status}"
