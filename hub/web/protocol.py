"""HTTP as the hub speaks it: uvicorn's protocol, with deadlines and limits where uvicorn waits and reads for ever.

uvicorn times only a connection between two requests. Here a request's head, its body and the reading of its answer each
have a deadline; a head has a size; a request whose length can be read in two ways is refused and its connection closed,
because the proxy in front may have read it the other way (request smuggling); nothing is taken that was sent before the
answer to what came first; and when connections run out, the one that has waited longest without a request goes first,
so that callers who only hold connections cannot keep others out. A request that ends here never was one: it reached no
part of the hub, and the log has nothing of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httptools
import orjson
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

HEAD_SECONDS = 10.0
"""From a connection's start, or a further request's first byte, to the end of the headers."""

BODY_SECONDS = 10.0
SEND_SECONDS = 30.0
"""How long an answer may lie here because its reader takes nothing."""

LINGER_SECONDS = 1.0
"""How long the sender of a request that was refused may take to read why."""

ADDRESS_BYTES_MAX = 4_096
HEAD_BYTES_MAX = 24_576
"""Of all header lines: two tokens of 8 KiB each, and room."""

HEADERS_MAX = 64
BODY_BYTES_MAX = 2_097_152
"""Bytes of a body that are let in at all: twice the most that settings allow, for an answer to be read first."""

CONNECTIONS_MAX = 480
"""From here on the connection that has waited longest goes; a little under uvicorn's own limit, which refuses."""

_HEADERS: Mapping[str, str] = {
    "content-type": "application/json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "connection": "close",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """The deadlines, in seconds, and how many connections there may be."""

    head_seconds: float = HEAD_SECONDS
    body_seconds: float = BODY_SECONDS
    send_seconds: float = SEND_SECONDS
    connections_max: int = CONNECTIONS_MAX


class _Refused(Exception):
    """The request is none that may be read on."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Protocol(HttpToolsProtocol):
    """One connection."""

    limits = Limits()

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any], **rest: Any) -> None:
        super().__init__(config, server_state, app_state, **rest)
        self._deadline: asyncio.TimerHandle | None = None
        self._send_deadline: asyncio.TimerHandle | None = None
        self._refusal: _Refused | None = None
        self._is_deaf = False
        self._in_message = False
        self._in_body = False
        self._head_bytes = 0
        self._body_bytes = 0
        self.waiting_since: float | None = None

    @property
    def _current(self) -> RequestResponseCycle | None:
        """The newest request whose head was whole."""
        return self.cycle

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock: a connection is there to send a request."""
        super().connection_made(transport)
        self.waiting_since = time.monotonic()
        self._wait(self.limits.head_seconds)
        if len(self.connections) > self.limits.connections_max:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop every clock."""
        self._stop()
        self._resume_sending()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and answer what it or this class refuses."""
        if self._is_deaf or self.transport.is_closing():
            return
        if self._deadline is None and not self._in_message:
            self._wait(self.limits.head_seconds)
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
            if self._in_message and not self._in_body:
                self._count(len(data))
        except _Refused as refusal:
            self._refuse(refusal)
        except httptools.HttpParserUpgrade:
            self._refuse(_Refused(400, "No other protocol is spoken here."))
        except httptools.HttpParserError:
            self._refuse(self._refusal or _Refused(400, "That is not HTTP as it must be."))

    def on_message_begin(self) -> None:
        """A request's first byte; not before the one before it is answered."""
        if self._current is not None and not self._current.response_complete:
            self._raise(400, "Wait for each answer before the next request.")
        self._in_message, self._in_body, self._head_bytes, self._body_bytes = True, False, 0, 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A part of the address."""
        super().on_url(url)
        if len(self.url) > ADDRESS_BYTES_MAX:
            self._raise(414, "The address is too long.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header line."""
        if self._in_body:  # a trailer: it would stand among the headers that were checked
            self._raise(400, "No headers are read after a body.")
        super().on_header(name, value)
        self._head_bytes += len(name) + len(value) + 4
        if self._head_bytes > HEAD_BYTES_MAX or len(self.headers) > HEADERS_MAX:
            self._raise(431, "The request's headers are too large, or too many.")

    def on_headers_complete(self) -> None:
        """The head is whole: is it one that everybody reads alike?"""
        names = [name for name, _ in self.headers]
        lengths, codings = names.count(b"content-length"), names.count(b"transfer-encoding")
        if lengths + codings > 1:
            self._raise(400, "Say once how long the request is.")
        coding = next((value for name, value in self.headers if name == b"transfer-encoding"), None)
        if coding is not None and (coding.lower() != b"chunked" or self.parser.get_http_version() != "1.1"):
            self._raise(400, "The request's Transfer-Encoding is none that is read here.")
        if names.count(b"host") != 1:
            self._raise(400, "Send one Host header.")
        if b"upgrade" in names and self.parser.should_upgrade():
            self._raise(400, "No other protocol is spoken here.")
        super().on_headers_complete()
        self._in_body, self.waiting_since = True, None
        self._wait(self.limits.body_seconds)

    def on_body(self, body: bytes) -> None:
        """A part of the body, also of one that nobody reads any more."""
        self._body_bytes += len(body)
        if self._body_bytes > BODY_BYTES_MAX:
            self._raise(413, "The request is too large.")
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The whole request is here."""
        self._in_message = self._in_body = False
        self._stop()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is written; what waits for the next request waits from now."""
        super().on_response_complete()
        self.waiting_since = time.monotonic()

    def pause_writing(self) -> None:
        """The reader of the answer takes too little: not for ever."""
        super().pause_writing()
        if self._send_deadline is None:
            self._send_deadline = self.loop.call_later(self.limits.send_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """It reads again."""
        super().resume_writing()
        self._resume_sending()

    def _resume_sending(self) -> None:
        if self._send_deadline is not None:
            self._send_deadline.cancel()
            self._send_deadline = None

    def _raise(self, status: int, message: str) -> None:
        """Refuse from inside the parser, which hides what it is thrown."""
        self._refusal = _Refused(status, message)
        raise self._refusal

    def _count(self, received: int) -> None:
        """Bytes of a head that is not whole: a header line without end is not shown to ``on_header``."""
        self._head_bytes += received
        if self._head_bytes > ADDRESS_BYTES_MAX + 2 * HEAD_BYTES_MAX:
            raise _Refused(431, "The request's headers are too large, or too many.")

    def _wait(self, seconds: float) -> None:
        self._stop()
        self._deadline = self.loop.call_later(seconds, self._expired)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expired(self) -> None:
        self._deadline = None
        if self._in_message:
            self._refuse(_Refused(408, "The request did not arrive in time."))
        elif self._current is None or self._current.response_complete:
            self.transport.close()  # nothing was asked: there is nothing to answer

    def _refuse(self, refusal: _Refused) -> None:
        """Say so where an answer is still due, and close. What is being answered already is answered first."""
        self._is_deaf = True
        self._stop()
        if self.transport.is_closing():
            return
        cycle = self._current
        if not self._in_body and cycle is not None and not cycle.response_complete:
            cycle.keep_alive = False
            self.flow.pause_reading()
            return
        if not self._in_body or cycle is None or not cycle.response_started:
            self.transport.write(_answer(refusal))
        if self._in_body and cycle is not None:
            cycle.disconnected = True  # who reads the body is told that there is no more of it
            cycle.message_event.set()
        self._close_heard()

    def _close_heard(self) -> None:
        """Close so that the answer arrives: closing on bytes not yet read makes the other side forget it."""
        self._unset_keepalive_if_required()
        if not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self.flow.resume_reading()  # what still comes is thrown away
        self.waiting_since = 0.0  # the first to go when room is needed
        self._deadline = self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def _make_room(self) -> None:
        waiting = [each for each in self.connections if isinstance(each, Protocol) and each.waiting_since is not None]
        longest = min(waiting, key=lambda each: each.waiting_since or 0.0, default=None)
        if longest is not None:
            longest.transport.close()


def _answer(refusal: _Refused) -> bytes:
    code = {408: "REQUEST_UNFINISHED", 413: "REQUEST_TOO_LARGE", 431: "HEADERS_TOO_LARGE", 414: "HEADERS_TOO_LARGE"}
    said = {"message": refusal.message, "extensions": {"code": code.get(refusal.status, "FRAMING_INVALID")}}
    body = orjson.dumps({"errors": [said]})
    lines = [f"{name}: {value}\r\n".encode() for name, value in _HEADERS.items()]
    return b"".join([STATUS_LINE[refusal.status], *lines, b"content-length: %d\r\n\r\n" % len(body), body])
