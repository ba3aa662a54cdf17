"""Ways in which a pretend agency fails on request. Part of the simulator only: nothing real has such a switch."""

from __future__ import annotations

import asyncio

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FAULTS = ("down", "slow", "hang", "wrong-child", "malformed", "too-large")
SLOW_SECONDS = 10.0
HUGE_BYTES = 64 * 1024 * 1024
LATENCY_MS_MAX = 60_000

_SWITCH_PATH = "/_demo/fault"
_MALFORMED = b'{"resourceType": "Bundle", "total": NaN, "entry": [{"resource": '


class FaultSwitch:
    """Which fault is on, and how long every answer takes anyway.

    Args:
        fault: one of :data:`FAULTS`, or None.
        latency_ms: added to every answer, 0 to :data:`LATENCY_MS_MAX`.
    """

    def __init__(self, fault: str | None = None, latency_ms: int = 0) -> None:
        self.fault: str | None = None
        self.latency_ms = 0
        self.set(fault, latency_ms)

    def set(self, fault: str | None, latency_ms: int) -> None:
        """Change both at once; ValueError, and no change, for a fault or a latency that does not exist."""
        if fault is not None and fault not in FAULTS:
            raise ValueError(f"fault is one of {', '.join(FAULTS)} or null")
        if not 0 <= latency_ms <= LATENCY_MS_MAX:
            raise ValueError(f"latency_ms is from 0 to {LATENCY_MS_MAX}")
        self.fault, self.latency_ms = fault, latency_ms

    def route(self) -> Route:
        """``POST /_demo/fault`` with ``{"fault": "slow" | null, "latency_ms": 0}``."""

        async def change(request: Request) -> Response:
            try:
                body = orjson.loads(await request.body())
                self.set(body.get("fault"), int(body.get("latency_ms", self.latency_ms)))
            except (ValueError, TypeError, AttributeError) as wrong:
                return JSONResponse({"error": str(wrong)}, 400)
            return JSONResponse({"fault": self.fault, "latency_ms": self.latency_ms})

        return Route(_SWITCH_PATH, change, methods=["POST"])


class FaultMiddleware:
    """Fails every request but the switch's own, as the switch says (``wrong-child`` is the application's to do)."""

    def __init__(self, app: ASGIApp, switch: FaultSwitch, media_type: str = "application/fhir+json") -> None:
        self._app = app
        self._switch = switch
        self._typed = [(b"content-type", media_type.encode())]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or fail it."""
        if scope["type"] != "http" or scope["path"] == _SWITCH_PATH:
            await self._app(scope, receive, send)
            return
        if self._switch.latency_ms:
            await asyncio.sleep(self._switch.latency_ms / 1000)
        match self._switch.fault:
            case "down":
                await _answer(send, 503, b"upstream connect error", [(b"content-type", b"text/plain")])
            case "hang":
                await _until_gone(receive)
            case "malformed":
                await _answer(send, 200, _MALFORMED, self._typed)
            case "too-large":
                await _flood(scope, send, self._typed)
            case "slow":
                await asyncio.sleep(SLOW_SECONDS)
                await self._app(scope, receive, send)
            case _:
                await self._app(scope, receive, send)


async def _answer(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _until_gone(receive: Receive) -> None:
    message: Message = {"type": ""}
    while message["type"] != "http.disconnect":
        message = await receive()


async def _flood(scope: Scope, send: Send, typed: list[tuple[bytes, bytes]]) -> None:
    """An answer that says nothing for a very long time."""
    chunk = b" " * 65_536
    mirrored = [header for header in scope["headers"] if header[0] == b"x-request-id"]
    await send({"type": "http.response.start", "status": 200, "headers": [*typed, *mirrored]})
    for _ in range(HUGE_BYTES // len(chunk)):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b'{"resourceType": "Bundle", "type": "searchset"}'})
