"""How long the child's page takes beyond its query: ``python -m benchmarks.page``.

From the joined view to the bytes of the page, and of the chronology and its files: the template is rendered and nothing
is asked, logged or sent. A child with 40 events is an ordinary one that many agencies know; 500 is the worst of the
demo's cast. Exit status 1 when the child's page of either is over the budget, by the processor's time: the clock's says
as much of what else the machine does.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from benchmarks.chronology import EVENTS, TODAY, chronology
from benchmarks.figures import percentile, spread
from benchmarks.machine import machine
from hub.domain.enquiry import Enquiry
from hub.domain.identifiers import CaseReference, NHSNumber
from hub.domain.people import ChildSearch, Identity
from hub.domain.view import JoinedView
from hub.policy.bundle import Bundle
from hub.policy.load import default_policies_directory, load_bundle
from hub.web.forms import Form
from hub.web.front.asking import Asked
from hub.web.front.child import child_of
from hub.web.front.chronology import Choice, chronology_of
from hub.web.front.paper import as_pdf
from hub.web.front.sheet import as_csv
from hub.web.rendering import Renderer

TIMES = 60
BUDGET_MS = 30.0
"""The median of a child's page may take this long."""

ORDINARY = 40


def child_page(view: JoinedView, bundle: Bundle, renderer: Renderer) -> int:
    """Make the child's page; its length in bytes."""
    child = child_of(view, bundle.catalogue)
    page = renderer.page(
        "front/child.html",
        child=child,
        candidates=[],
        tellable=True,
        notice="",
        **_around(bundle),
    )
    return len(page.encode())


def chronology_page(view: JoinedView, bundle: Bundle, renderer: Renderer) -> int:
    """Make the chronology's page; its length in bytes."""
    made = chronology_of(view, bundle.catalogue, Choice())
    return len(renderer.page("front/chronology.html", chronology=made, chosen=[], **_around(bundle)).encode())


def chronology_csv(view: JoinedView, bundle: Bundle, _: Renderer) -> int:
    """Make the CSV; its length in bytes."""
    return len(as_csv(chronology_of(view, bundle.catalogue, Choice())))


def chronology_pdf(view: JoinedView, bundle: Bundle, _: Renderer) -> int:
    """Make the PDF; its length in bytes."""
    return len(as_pdf(chronology_of(view, bundle.catalogue, Choice()), "Asked under a purpose."))


Make = Callable[[JoinedView, Bundle, Renderer], int]
PAGES: Mapping[str, tuple[Make, int]] = {
    "child": (child_page, TIMES),
    "chronology": (chronology_page, TIMES // 4),
    "chronology_csv": (chronology_csv, TIMES // 4),
    "chronology_pdf": (chronology_pdf, 5),
}


def _around(bundle: Bundle) -> dict[str, object]:
    """What stands on the page besides the answer."""
    search = ChildSearch(Identity(NHSNumber.parse("9990004145")))
    asked = Asked(search, Enquiry("ca2004-s16la", CaseReference("MASH-2026-1182")), {})
    return {
        "asked": asked,
        "purpose": bundle.purposes["ca2004-s16la"],
        "carried": [("nhs_number", "9990004145"), ("purpose", "ca2004-s16la")],
        "form": Form(),
        "csrf_token": "0" * 64,
        "nav": [{"href": "/find", "text": "Find a child", "current": True}],
        "signed_in": {"name": "A Worker", "agency": "Testshire", "role": "mash_social_worker"},
    }


def main() -> int:
    """Measure, print one JSON object, and exit 1 when a child's page is over the budget."""
    bundle = load_bundle(default_policies_directory(), TODAY)
    renderer, whole = Renderer(), chronology(bundle.catalogue)
    result: dict[str, object] = {"machine": machine(), "budget_ms": BUDGET_MS}
    medians = []
    for events in (ORDINARY, EVENTS):
        view = replace(whole, records=whole.records[:events])
        for name, (make, times) in PAGES.items():
            taken, cpu, size = _measured(partial(make, view, bundle, renderer), times)
            result[f"{name}_{events}"] = {"bytes": size, "milliseconds": spread(taken), "processor": spread(cpu)}
            if name == "child":
                medians.append(percentile(cpu, 0.5))
    result["within_budget"] = max(medians) <= BUDGET_MS
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    return 0 if result["within_budget"] else 1


def _measured(make: Callable[[], int], times: int) -> tuple[list[float], list[float], int]:
    """Milliseconds by the clock and of this thread's processor time, and the length in bytes."""
    size = make()  # the first one compiles the template
    taken, cpu = [], []
    gc.collect()
    for _ in range(times):
        began, worked = time.perf_counter(), time.thread_time()
        size = make()
        cpu.append((time.thread_time() - worked) * 1_000)
        taken.append((time.perf_counter() - began) * 1_000)
    return taken, cpu, size


if __name__ == "__main__":
    raise SystemExit(main())
