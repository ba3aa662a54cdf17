"""The pretend police as a process: ``python -m hub.demo.police --port 8202``; see :mod:`hub.demo.serving`."""

from __future__ import annotations

from starlette.types import ASGIApp

from hub.demo.faults import FaultSwitch
from hub.demo.police_app import create_app
from hub.demo.police_records import PoliceHoldings
from hub.demo.serving import serve
from hub.demo.world import World

DEMO_CREDENTIAL = "demo-police-credential"
"""The static bearer credential of the demo. It opens nothing but invented records on this machine."""


def _build(world: World, switch: FaultSwitch) -> ASGIApp:
    return create_app(PoliceHoldings(world), DEMO_CREDENTIAL, switch)


if __name__ == "__main__":
    serve("hub.demo.police", "A pretend police records system: REST and JSON on loopback.", _build)
