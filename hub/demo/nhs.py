"""The pretend NHS as a process: ``python -m hub.demo.nhs --port 8203``; see :mod:`hub.demo.serving`."""

from __future__ import annotations

from starlette.types import ASGIApp

from hub.demo.faults import FaultSwitch
from hub.demo.nhs_app import create_app
from hub.demo.nhs_cpis import told
from hub.demo.nhs_resources import load
from hub.demo.serving import serve
from hub.demo.world import World

DEMO_CREDENTIAL = "demo-nhs-credential"
"""The static bearer credential of the demo. It opens nothing but invented records on this machine."""


def _build(world: World, switch: FaultSwitch) -> ASGIApp:
    return create_app(load(world), DEMO_CREDENTIAL, switch, told(world))


if __name__ == "__main__":
    serve("hub.demo.nhs", "A pretend NHS: FHIR R4 on loopback.", _build)
