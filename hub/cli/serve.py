"""``hub serve``: run the hub."""

from __future__ import annotations

import argparse
import signal

import uvicorn

from hub.access.jwks import is_loopback
from hub.app import create_app
from hub.cli.ide import ide_pages
from hub.cli.main import add_settings, settings_path
from hub.settings import load_settings


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
        app,
        host=settings.server.host,
        port=settings.server.port,
        log_level="warning",
        access_log=False,  # a URL never names a child, and an address book of who asked belongs in the log only
        server_header=False,
        h11_max_incomplete_event_size=16_384,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=10,
        limit_concurrency=512,
        ws="none",
    )
    server = uvicorn.Server(config)
    server.run()
    return 0 if server.started else 1
