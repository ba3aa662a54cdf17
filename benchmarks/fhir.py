"""``python -m benchmarks.fhir``: reading one large FHIR answer, from its bytes to the values of the catalogue.

Made-up encounters of one child, as large as a hospital sends them: most of each resource is of no use to the hub. What
is measured is all that the connector does with an answer once its bytes are here. ``docs/fhir.md`` has one run.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import orjson

from hub.connectors.fhir import bundles, taking
from hub.connectors.fhir.elements import Element
from hub.connectors.fhir.references import NHS_NUMBER, About
from hub.connectors.http import Reply
from hub.connectors.http_reading import check_values
from hub.domain.records import RecordPointer

MEGABYTE = 1_000_000
NUMBER = "9990000018"
BASE = "https://fhir.example.nhs.uk/R4"


@dataclass(frozen=True, slots=True)
class Measured:
    """One size: bytes of the answer, records in it, the median time, and the most memory held beside the bytes."""

    size: int
    records: int
    milliseconds: float
    extra_megabytes: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; see the module's text."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fhir", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small answers, once: does it run, not how fast")
    options = parser.parse_args(arguments)
    sizes = (0.05,) if options.quick else (0.5, 2.0, 5.0)
    sys.stdout.write("| Answer | Records | Time | Memory beside the bytes |\n|---|---|---|---|\n")
    for megabytes in sizes:
        done = measured(int(megabytes * MEGABYTE), rounds=1 if options.quick else 15)
        sys.stdout.write(
            f"| {done.size / MEGABYTE:.2f} MB | {done.records:,} | {done.milliseconds:.1f} ms "
            f"| {done.extra_megabytes:.1f} MB |\n"
        )
    return 0


def measured(size: int, rounds: int) -> Measured:
    """Read an answer of about ``size`` bytes ``rounds`` times, and once more to see what it holds in memory."""
    raw = answer(size)
    times = []
    for _ in range(rounds):
        gc.collect()
        started = perf_counter()
        records = read(raw)
        times.append((perf_counter() - started) * 1000)
    gc.collect()
    tracemalloc.start()
    read(raw)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Measured(len(raw), len(records), median(times), most / MEGABYTE)


def read(raw: bytes) -> list[taking.Values]:
    """Every value of every record, as the connector gets them: nothing that it checks is left out."""
    check_values(raw)
    about = About("p1", NUMBER, BASE)

    def take(resource: Element) -> list[taking.Values]:
        about.require(resource, "subject")
        pointer = RecordPointer("nhs", "attendance", f"{bundles.resource_id(resource)}{taking.PART}0", frozenset())
        return [values for _, values in taking.values(resource, [pointer])]

    reply = Reply(200, {}, bundles.page_parser("Encounter", take)(raw), "")
    bundles.require_release(reply)
    found = bundles.kept(reply)
    bundles.require_total(reply, len(found))
    return [values for each in found for values in each.taken]


def answer(size: int) -> bytes:
    """A searchset of about ``size`` bytes."""
    one = len(orjson.dumps(_entry(0)))
    entries = [_entry(place) for place in range(max(1, size // one))]
    return orjson.dumps({"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries})


def _entry(place: int) -> dict[str, Any]:
    """One encounter of some 2 kB, with narrative, extensions, participants and locations that nobody reads here."""
    day = f"20{10 + place % 16}-{1 + place % 12:02}-{1 + place % 28:02}"
    concept = {"coding": [{"system": "http://snomed.info/sct", "code": str(10_000 + place), "display": "Finding"}]}
    reference = {"reference": f"Practitioner/{place}", "display": "Somebody on duty"}
    resource = {
        "resourceType": "Encounter",
        "id": f"e{place}",
        "meta": {"versionId": "1", "lastUpdated": f"{day}T10:00:00Z", "profile": ["https://example.nhs.uk/Encounter"]},
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{"Seen by the team on duty. " * 30}</div>',
        },
        "extension": [{"url": f"https://example.nhs.uk/{n}", "valueCodeableConcept": concept} for n in range(3)],
        "status": "finished",
        "class": {"code": "EMER", "display": "emergency"},
        "type": [concept | {"text": "Emergency department"}],
        "subject": {"reference": "Patient/p1", "identifier": {"system": NHS_NUMBER, "value": NUMBER}},
        "participant": [{"individual": reference, "period": {"start": day}} for _ in range(2)],
        "period": {"start": f"{day}T09:00:00Z", "end": f"{day}T12:00:00Z"},
        "reasonCode": [concept | {"text": "Fever"}],
        "hospitalization": {"dischargeDisposition": {"text": "Home"}},
        "serviceProvider": {"reference": "Organization/1", "display": "Testshire Hospital"},
    }
    return {"fullUrl": f"{BASE}/Encounter/e{place}", "resource": resource, "search": {"mode": "match"}}


if __name__ == "__main__":
    sys.exit(main())
