"""A development authorization server that is up: uvicorn in a thread, on a real loopback port."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn

from hub.access.devserver import DEMO_FILE, create_app
from hub.access.devsettings import DevServerSettings, load_people
from hub.access.jwks import JwksSource
from hub.access.verifier import Verifier
from hub.demo.processes import free_ports

AUDIENCE = "http://127.0.0.1:8000"
SECRET = "testshire-mash-development-only"


def basic(user: str, secret: str) -> str:
    """An RFC 7617 Authorization header."""
    return f"Basic {base64.b64encode(f'{user}:{secret}'.encode()).decode()}"


def settings_of(keys_directory: Path | None = None, **changes: Any) -> DevServerSettings:
    """The demo's settings on a free port, with ``changes``."""
    good: dict[str, Any] = {"environment": "development", "host": "127.0.0.1", "port": free_ports(1)[0]}
    good["people"] = load_people(DEMO_FILE)
    return DevServerSettings(keys_directory=keys_directory, **{**good, **changes})


@dataclass
class Running:
    """A server that is up, and where its clients' keys are."""

    url: str
    keys_directory: Path

    def verifier(self) -> Verifier:
        return Verifier(issuer=self.url, audience=AUDIENCE, keys=JwksSource(self.url), clock=time.time)

    async def post(self, path: str, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url + path, data=body, headers=names) as answer,
        ):
            try:
                return answer.status, json.loads(await answer.read())
            except ValueError:
                return answer.status, {}


@contextmanager
def up(settings: DevServerSettings) -> Iterator[Running]:
    """Serve until the block ends."""
    config = uvicorn.Config(create_app(settings), host=settings.host, port=settings.port, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Running(settings.issuer, settings.keys_directory or Path())
    finally:
        server.should_exit = True
        thread.join(10)
