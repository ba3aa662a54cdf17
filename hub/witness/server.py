"""A witness as a web application: ``POST /add-checkpoint``, and a page that says what it has seen. No secrets in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from hub.audit.cosignature import WitnessKey, cosign
from hub.audit.note import SignerKey, VerifierKey
from hub.telemetry.lines import LogLine, Name, say
from hub.witness.protocol import BODY_MAX, Fork, Inconsistent, Refused, check_signature, parse_submission
from hub.witness.state import State, StateUnavailable

BODY_SECONDS = 10.0
"""How long a request may take to arrive."""

CLOCK_MIN = 1_735_689_600
"""A clock that shows less than the first of January 2025 was never set, and is not signed with."""

TEXT = "text/plain; charset=utf-8"

HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


@dataclass(frozen=True)
class Witness:
    """A witness: its private key, the keys of the logs it watches, and what it has seen of them."""

    key: SignerKey
    logs: Sequence[VerifierKey]
    state: State
    clock: Callable[[], float] = time.time

    def add_checkpoint(self, body: bytes) -> str:
        """Cosign what the request asks for: the signature line, once the state is on disk.

        Raises:
            Refused: it is not cosigned, and why.
            StateUnavailable: the state, or the clock, cannot be relied on now.
        """
        submission = parse_submission(body)
        note = check_signature(submission, self.logs)
        at = int(self.clock())
        if at < CLOCK_MIN:
            raise StateUnavailable("this machine's clock is not set")
        try:
            self.state.advance(submission, note, at)
        except (Fork, Inconsistent) as fault:
            line = LogLine.WITNESS_FORK if isinstance(fault, Fork) else LogLine.WITNESS_UNPROVEN
            say(line, log=Name(submission.checkpoint.origin), size=submission.checkpoint.size)
            raise
        return cosign(self.key, note.text, at)

    def page(self) -> str:
        """Who the witness is and what it has seen, in words; StateUnavailable when that cannot be read."""
        seen = {each.origin: each for each in self.state.seen()}
        lines = [
            f"Witness {self.key.name}",
            f"Key {WitnessKey.of(self.key)}",
            "Logs send their checkpoints to /add-checkpoint (https://c2sp.org/tlog-witness).",
            "",
        ]
        for origin in sorted({key.name for key in self.logs}):
            last = seen.get(origin)
            if last is None:
                lines.append(f"{origin}: nothing seen yet")
            else:
                lines.append(f"{origin}: {last.size} entries, cosigned {datetime.fromtimestamp(last.at, UTC):%FT%TZ}")
        return "\n".join(lines) + "\n"


def create_app(witness: Witness) -> Starlette:
    """The application of one witness."""
    return Starlette(
        routes=[
            Route("/add-checkpoint", _add_checkpoint(witness), methods=["POST"]),
            Route("/", _page(witness), methods=["GET"]),
            Route("/health/live", _live, methods=["GET"]),
            Route("/health/ready", _ready(witness), methods=["GET"]),
        ]
    )


Handler = Callable[[Request], Awaitable[Response]]


def _add_checkpoint(witness: Witness) -> Handler:
    async def add_checkpoint(request: Request) -> Response:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _read(request)
        except TimeoutError:
            return _answer("the request took too long to arrive\n", 408)
        except ClientDisconnect:
            return _answer("", 400)
        if body is None:
            return _answer(f"a request has at most {BODY_MAX} bytes\n", 413)
        try:
            return _answer(await run_in_threadpool(witness.add_checkpoint, body))
        except Refused as fault:
            return _answer(f"{fault}\n", fault.status, fault.media_type)
        except StateUnavailable as fault:
            return _unavailable(fault)

    return add_checkpoint


def _page(witness: Witness) -> Handler:
    async def page(_: Request) -> Response:
        try:
            return _answer(await run_in_threadpool(witness.page))
        except StateUnavailable as fault:
            return _unavailable(fault)

    return page


async def _live(_: Request) -> Response:
    return _answer("live\n")


def _ready(witness: Witness) -> Handler:
    async def ready(_: Request) -> Response:
        try:
            await run_in_threadpool(witness.state.seen)
        except StateUnavailable as fault:
            return _unavailable(fault)
        return _answer("ready\n")

    return ready


async def _read(request: Request) -> bytes | None:
    """The request's body; None when it is too long, and then no more of it is read than that."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_MAX:
            return None
    return bytes(body)


def _unavailable(fault: StateUnavailable) -> Response:
    say(LogLine.WITNESS_UNAVAILABLE, fault=fault)
    return _answer("the witness cannot cosign now\n", 503)


def _answer(text: str, status: int = 200, media_type: str = TEXT) -> Response:
    # As a header, because Starlette adds a charset to what it takes for text, and the size's type must be exact.
    return Response(text, status, {**HEADERS, "Content-Type": media_type})
