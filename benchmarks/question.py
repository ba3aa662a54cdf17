"""What every measurement asks."""

from __future__ import annotations

from pathlib import Path

import orjson

from hub.cli.client import question
from hub.demo.people import MASH_WORKER, STAR_NHS_NUMBER

QUERY = (Path(__file__).parent / "view.graphql").read_text(encoding="utf-8")
VARIABLES = question(
    purpose="CA1989_S47",
    case_reference="BENCH-1",
    decided_by="Team manager, Assessment 2",
    decided_at="2026-11-20T16:40:00Z",
    nhsNumber=STAR_NHS_NUMBER,
)
WORKER = MASH_WORKER
BODY = orjson.dumps({"query": QUERY, "variables": VARIABLES})
"""The request's body, the same every time: in service too a front door sends one document."""
