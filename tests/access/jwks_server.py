"""A pretend issuer's web side on a loopback port, which misbehaves on request."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from hub.access.metadata import DOCUMENT_BYTES_MAX


@dataclass
class JwksServer:
    """Serves ``jwks`` at ``/jwks``. ``fault`` names what goes wrong; ``calls`` lists what was asked for."""

    jwks: dict[str, Any]
    fault: str = ""
    calls: list[str] = field(default_factory=list)
    port: int = 0
    metadata: dict[str, Any] | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.calls.append(request.path)
        if request.path != "/jwks":
            if self.metadata is None or request.path != self.metadata["path"]:
                raise web.HTTPNotFound
            return web.json_response(self.metadata["body"])
        text = json.dumps(self.jwks)
        match self.fault:
            case "slow":
                await asyncio.sleep(5)
            case "gated":
                await self.gate.wait()
            case "redirect":
                raise web.HTTPFound(f"{self.url}/elsewhere")
            case "error":
                raise web.HTTPInternalServerError(text=text, content_type="application/json")
            case "not found":
                raise web.HTTPNotFound
            case "html":
                return web.Response(text=text, content_type="text/html")
            case "oversized":
                return web.Response(text=self.padded(DOCUMENT_BYTES_MAX + 1), content_type="application/json")
            case "as large as may be":
                return web.Response(text=self.padded(DOCUMENT_BYTES_MAX), content_type="application/json")
            case "compressed":
                body = gzip.compress(self.padded(50_000_000).encode())
                headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
                return web.Response(body=body, headers=headers)
            case "not JSON":
                return web.Response(text="{", content_type="application/json")
            case "a name twice":
                return web.Response(text='{"keys":[],' + text[1:], content_type="application/json")
            case "an array":
                return web.json_response(self.jwks["keys"])
            case "no keys":
                return web.json_response({"keys": []})
            case "hangs up":
                assert request.transport is not None
                request.transport.abort()
        return web.Response(text=text, content_type="application/jwk-set+json")

    def padded(self, size: int) -> str:
        text = json.dumps({**self.jwks, "pad": ""})
        return json.dumps({**self.jwks, "pad": "x" * (size - len(text))})


@asynccontextmanager
async def served(jwks: dict[str, Any]) -> AsyncIterator[JwksServer]:
    """The server, up."""
    server = JwksServer(jwks)
    app = web.Application()
    app.router.add_get("/{path:.*}", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        server.gate.set()
        await runner.cleanup()
