"""The hub as ``hub serve`` runs it, over agencies that answer from memory: ``python -m benchmarks.serve``."""

from __future__ import annotations

import argparse
import sys

import hub.app
from benchmarks.remembered import remembering
from hub.agencies import make_connector
from hub.cli.main import main as hub_main


def main() -> int:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve", description=__doc__)
    parser.add_argument("--settings", required=True)
    parser.add_argument("--slow", action="append", default=[], metavar="CUSTODIAN=MS", help="its three calls together")
    options = parser.parse_args()
    delays = {name: float(ms) / 1000 for name, _, ms in (slow.partition("=") for slow in options.slow)}
    hub.app.make_connector = remembering(make_connector, delays)  # type: ignore[attr-defined, assignment]
    return hub_main(["serve", "--settings", options.settings])


if __name__ == "__main__":
    sys.exit(main())
