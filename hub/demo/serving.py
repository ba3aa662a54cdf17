"""How a pretend agency that speaks HTTP runs as a process: options, faults on request, and a word when it listens."""

from __future__ import annotations

import argparse
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp

from hub.demo.faults import FAULTS, FaultSwitch
from hub.demo.generator import build_world
from hub.demo.world import World

HOST = "127.0.0.1"


class _AnnouncingServer(uvicorn.Server):
    """Says on standard output that it listens, and where."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            print(f"ready http://{HOST}:{port}", flush=True)


def serve(
    module: str,
    description: str,
    build: Callable[[World, FaultSwitch], ASGIApp],
    arguments: Sequence[str] | None = None,
) -> None:
    """Run the agency that ``build`` makes until told to stop.

    Prints ``ready http://127.0.0.1:<port>`` when it listens; ``--port 0`` takes a free one. Loopback only. ``--fault``
    starts it broken; ``POST /_demo/fault`` breaks and mends it while it runs.

    Args:
        module: what to type after ``python -m``.
        description: one sentence, for ``--help``.
        build: the agency's application, from the invented world and its fault switch.
        arguments: the command line; the process's own when None.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument("--port", type=int, required=True, help="0 takes a free port")
    parser.add_argument("--seed", type=int, default=2026, help="which invented world")
    parser.add_argument("--fault", choices=FAULTS, help="start broken in this way")
    parser.add_argument("--latency-ms", type=int, default=0, help="added to every answer")
    options = parser.parse_args(arguments)
    try:
        switch = FaultSwitch(options.fault, options.latency_ms)
    except ValueError as wrong:
        parser.error(str(wrong))
    config = uvicorn.Config(
        build(build_world(options.seed), switch), host=HOST, port=options.port, log_level="warning",
        access_log=False, timeout_graceful_shutdown=1, date_header=False, server_header=False,
    )  # fmt: skip
    with suppress(KeyboardInterrupt):  # uvicorn stops in good order, then raises what stopped it
        _AnnouncingServer(config).run()
