"""Witnesses to bend, at the hub's HTTP edge: honest ones, and ones that fail in each way a witness can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from hub.audit.checkpoint import Checkpoint
from hub.audit.cosignature import WitnessKey, cosign
from hub.audit.merkle import EMPTY_ROOT, ProofInvalid, verify_consistency
from hub.audit.note import SignerKey, decode_base64, parse_note
from hub.audit.witness_policy import WitnessPolicy, parse_policy
from hub.service.witnessing import Witnessing
from hub.store.appender import Log
from tests.store.making import refused

NOW = datetime(2026, 11, 20, 16, 41, tzinfo=UTC)

SIZE_TYPE = "text/x.tlog.size"


@dataclass
class Clock:
    """A clock to set."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Simulated:
    """A witness. ``fault`` names what it does instead of its duty; ``meanwhile`` is done before its next answer."""

    name: str
    clock: Clock
    fault: str = ""
    size: int = 0
    root: bytes = EMPTY_ROOT
    olds: list[int] = field(default_factory=list)
    port: int = 0
    meanwhile: Callable[[], Awaitable[object]] | None = None

    @property
    def key(self) -> SignerKey:
        return SignerKey(f"witness.{self.name}.example", self.name.encode().ljust(32, b"."))

    @property
    def policy_line(self) -> str:
        return f"witness {self.name} {WitnessKey.of(self.key)} http://127.0.0.1:{self.port}/w\n"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        before, _, note = body.partition("\n\n")
        first, *hashes = before.split("\n")
        old = int(first.removeprefix("old "))
        self.olds.append(old)
        if self.meanwhile is not None:
            work, self.meanwhile = self.meanwhile, None
            await work()
        if self.fault in WAYS:
            return await WAYS[self.fault](self, note)
        text = parse_note(note.encode()).text
        tree = Checkpoint.parse(text)
        if old != self.size:
            return conflict(self.size)
        if tree.size == self.size and tree.root != self.root:
            return conflict(self.size) if self.fault != "says no more" else web.Response(status=409)
        try:
            verify_consistency(old, self.root, tree.size, tree.root, [decode_base64(each) for each in hashes])
        except ProofInvalid:
            return web.Response(status=422)
        self.size, self.root = tree.size, tree.root
        return web.Response(text=self.line(text))

    async def elsewhere(self, request: web.Request) -> web.StreamResponse:
        """Where a redirect leads: a good cosignature, for whoever follows it."""
        return web.Response(text=self.line(_text((await request.text()).partition("\n\n")[2])))

    def line(self, text: str, key: SignerKey | None = None, **later: float) -> str:
        return cosign(key or self.key, text, int((self.clock.now + timedelta(**later)).timestamp()))


def conflict(size: object, content_type: str = SIZE_TYPE) -> web.Response:
    return web.Response(status=409, body=f"{size}\n".encode(), headers={"Content-Type": content_type})


def _text(note: str) -> str:
    return parse_note(note.encode()).text


async def _hang(_: Simulated, __: str) -> web.StreamResponse:
    await asyncio.sleep(3_600)
    raise AssertionError


def _plain(make: Callable[[Simulated, str], web.Response]) -> Callable[[Simulated, str], Awaitable[web.StreamResponse]]:
    async def answer(witness: Simulated, note: str) -> web.StreamResponse:
        return make(witness, note)

    return answer


def _stranger(witness: Simulated, note: str) -> web.Response:
    """The right name on it, and somebody else's key."""
    return web.Response(text=witness.line(_text(note), SignerKey(witness.key.name, b"s" * 32)))


WAYS: dict[str, Callable[[Simulated, str], Awaitable[web.StreamResponse]]] = {
    "hangs": _hang,
    "HTTP 500": _plain(lambda _, __: web.Response(status=500)),
    "HTTP 403": _plain(lambda _, __: web.Response(status=403)),
    "HTTP 404": _plain(lambda _, __: web.Response(status=404)),
    "HTTP 201 with a cosignature": _plain(lambda one, note: web.Response(status=201, text=one.line(_text(note)))),
    "redirects": _plain(lambda _, __: web.Response(status=307, headers={"Location": "/w/elsewhere"})),
    "empty": _plain(lambda _, __: web.Response(text="")),
    "garbage": _plain(lambda _, __: web.Response(body=b"\xff\xfe\x00 <html>")),
    "a page": _plain(lambda _, __: web.Response(text="<html>Welcome</html>\n")),
    "endless": _plain(lambda one, note: web.Response(text=one.line(_text(note)) + "x" * 100_000)),
    "half a line": _plain(lambda one, note: web.Response(text=one.line(_text(note))[:60])),
    "no newline": _plain(lambda one, note: web.Response(text=one.line(_text(note)).rstrip("\n"))),
    "another's key": _plain(_stranger),
    "another checkpoint": _plain(lambda one, note: web.Response(text=one.line(_text(note).replace("hub.", "hob.")))),
    "an old cosignature": _plain(lambda one, note: web.Response(text=one.line(_text(note), minutes=-6))),
    "one of the future": _plain(lambda one, note: web.Response(text=one.line(_text(note), minutes=6))),
    "conflict without a size": _plain(lambda _, __: web.Response(status=409, text="busy")),
    "conflict, no number": _plain(lambda _, __: conflict("0x10")),
    "conflict, a leading zero": _plain(lambda _, __: conflict("007")),
    "conflict, negative": _plain(lambda _, __: conflict(-1)),
    "conflict, another type": _plain(lambda _, __: conflict(999, "text/plain")),
    "always another size": _plain(lambda one, _: conflict(len(one.olds) % 2)),
    "no proof is good": _plain(lambda one, _: web.Response(status=422) if one.olds[-1] == 0 else conflict(0)),
    "the same size again": _plain(lambda one, _: conflict(one.olds[-1])),
}


@asynccontextmanager
async def serving(*witnesses: Simulated) -> AsyncIterator[None]:
    """The witnesses, each on a port of its own."""
    async with AsyncExitStack() as stack:
        for each in witnesses:
            app = web.Application()
            app.router.add_post("/w/add-checkpoint", each.answer)
            app.router.add_post("/w/elsewhere", each.elsewhere)
            runner = web.AppRunner(app, shutdown_timeout=0.01, handler_cancellation=True)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, "127.0.0.1", each.port)
            await site.start()
            each.port = runner.addresses[0][1]
        yield


def policy_of(witnesses: Iterable[Simulated], needed: int = 2) -> WitnessPolicy:
    every = list(witnesses)
    names = " ".join(each.name for each in every)
    text = "".join(each.policy_line for each in every) + f"group agencies {needed} {names}\nquorum agencies\n"
    return parse_policy(text)


MADE: list[Witnessing] = []
"""What tests made, for the fixture ``clock`` to close."""


def watching(log: Log, witnesses: list[Simulated], clock: Clock, *, needed: int = 2, **more: Any) -> Witnessing:
    MADE.append(Witnessing(log, policy_of(witnesses, needed), clock=clock, **{"ask_seconds": 0.3, **more}))
    return MADE[-1]


async def grow(log: Log, by: int = 1) -> None:
    for _ in range(by):
        await log.append(refused(log))


def said(witnessing: Witnessing) -> dict[str, str]:
    shown: Any = witnessing.shown()["witnesses"]
    return dict(shown)
