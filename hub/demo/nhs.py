"""The pretend NHS as a process: ``python -m hub.demo.nhs --port 8203 --seed 2026``.

Prints ``ready http://127.0.0.1:<port>`` when it listens; ``--port 0`` takes a free one. Loopback only. ``--fault``
starts it broken; ``POST /_demo/fault`` breaks and mends it while it runs.
"""

from __future__ import annotations

import argparse
import socket
from collections.abc import Sequence
from contextlib import suppress

import uvicorn

from hub.demo.generator import build_world
from hub.demo.nhs_app import create_app
from hub.demo.nhs_faults import FAULTS, FaultSwitch
from hub.demo.nhs_resources import load

HOST = "127.0.0.1"
DEMO_CREDENTIAL = "demo-nhs-credential"
"""The static bearer credential of the demo. It opens nothing but invented records on this machine."""


class _AnnouncingServer(uvicorn.Server):
    """Says on standard output that it listens, and where."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            print(f"ready http://{HOST}:{port}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run until told to stop. See the module's text for the options."""
    parser = argparse.ArgumentParser(prog="python -m hub.demo.nhs", description="A pretend NHS: FHIR R4 on loopback.")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free port")
    parser.add_argument("--seed", type=int, default=2026, help="which invented world")
    parser.add_argument("--fault", choices=FAULTS, help="start broken in this way")
    parser.add_argument("--latency-ms", type=int, default=0, help="added to every answer")
    options = parser.parse_args(arguments)
    try:
        switch = FaultSwitch(options.fault, options.latency_ms)
    except ValueError as wrong:
        parser.error(str(wrong))
    app = create_app(load(build_world(options.seed)), DEMO_CREDENTIAL, switch)
    config = uvicorn.Config(
        app, host=HOST, port=options.port, log_level="warning", access_log=False, timeout_graceful_shutdown=1,
        date_header=False, server_header=False,
    )  # fmt: skip
    with suppress(KeyboardInterrupt):  # uvicorn stops in good order, then raises what stopped it
        _AnnouncingServer(config).run()


if __name__ == "__main__":
    main()
