"""``hub serve``: run the hub."""

from __future__ import annotations

import argparse
import signal

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.access.jwks import is_loopback
from hub.app import create_app
from hub.cli.ide import ide_pages
from hub.cli.main import EXIT_WRONG, add_settings, settings_path
from hub.errors import HubError
from hub.settings import load_settings
from hub.web.protocol import CONNECTIONS_MAX, Protocol


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_settings(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until stopped."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a reload that comes too early must not end the start
    settings = load_settings(settings_path(options))
    # The editor lets whoever reaches it be any of the demo's workers: only in development, only from this machine.
    with_editor = settings.is_development and is_loopback(settings.server.host)
    app = create_app(settings, ide_pages if with_editor else None)
    config = uvicorn.Config(
        said_plainly(app),
        host=settings.server.host,
        port=settings.server.port,
        log_level="warning",
        access_log=False,  # a URL never names a child, and an address book of who asked belongs in the log only
        server_header=False,
        proxy_headers=False,  # X-Forwarded-For must not make anybody look like a trusted proxy
        http=Protocol,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=10,
        limit_concurrency=2 * CONNECTIONS_MAX,  # never reached: the protocol makes room first
        ws="none",
    )
    server = uvicorn.Server(config)
    try:
        server.run()
    except SystemExit:  # uvicorn's own way of saying that the start failed, which it has told by now
        return EXIT_WRONG
    return 0 if server.started else EXIT_WRONG


def said_plainly(app: ASGIApp) -> ASGIApp:
    """``app``, whose failure to start is told by its error's sentence instead of by a traceback that ends in it."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        failed: list[Message] = []

        async def hold(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                failed.append(message)
            else:
                await send(message)

        try:
            await app(scope, receive, hold)
        except BaseException as fault:
            if isinstance(fault, HubError) and failed:
                await send({**failed[0], "message": f"hub: {fault.message}"})
                return
            for message in failed:
                await send(message)
            raise

    return wrapped
