"""How long one page of a long chronology takes to put together: ``python -m benchmarks.chronology``.

500 police events of every kind that has a place in time, as released; then ``domain.view.timeline_of`` and the largest
GraphQL page, which is what a request pays once its answers are in. No agency, no log, no network.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from datetime import UTC, date, datetime, timedelta

from benchmarks.figures import percentile, spread
from hub.domain.catalogue import Catalogue, KindSpec, ValueType
from hub.domain.disclosure import ReleasedRecord
from hub.domain.organisations import Contact, Custodian, Sector
from hub.domain.records import Value
from hub.domain.sources import Source, SourceState
from hub.domain.view import JoinedView, timeline_of
from hub.policy.load import default_policies_directory, load_bundle
from hub.schema.joined import TIMELINE_FIRST_MAX, timeline

EVENTS = 500
TIMES = 300
MOST_MS = 5.0
"""The budget: the median may take this long."""

TODAY = date(2026, 11, 20)
POLICE = Custodian("testshire-police", "Testshire Police", Sector.POLICE, Contact("Duty desk", "01632 960 130"))


def event(kind: KindSpec, place: int) -> ReleasedRecord:
    """The ``place``-th event of the chronology, every field of it filled."""
    on = TODAY - timedelta(days=place * 5)
    filled: dict[ValueType, Value] = {
        ValueType.TEXT: f"Told in the words of event {place}",
        ValueType.DATE: on,
        ValueType.DATETIME: datetime(on.year, on.month, on.day, 21, 30, tzinfo=UTC),
        ValueType.INTEGER: 2,
        ValueType.BOOLEAN: True,
        ValueType.TEXT_LIST: ("one", "two"),
    }
    values = {field.name: filled[field.type] for field in kind.fields}
    return ReleasedRecord(POLICE, kind.id, datetime(2026, 11, 20, 9, tzinfo=UTC), values)


def chronology(catalogue: Catalogue) -> JoinedView:
    """A view whose one source answered with :data:`EVENTS` events, kind by kind in turn."""
    ours = sorted(catalogue.of_sector(Sector.POLICE))
    kinds = [catalogue[kind] for kind in ours if catalogue[kind].timeline is not None]
    return JoinedView(
        matches=(),
        sources=(Source(POLICE, SourceState.ANSWERED),),
        candidates=(),
        records=tuple(event(kinds[place % len(kinds)], place) for place in range(EVENTS)),
        withheld=(),
        out_of_scope={},
        restricted=False,
        restricted_by=None,
        searched_with=("name and birth date",),
        checked_at=datetime(2026, 11, 20, 9, tzinfo=UTC),
        log_entry=1,
    )


def main() -> int:
    """Measure, print one JSON object, and exit 1 when the median is over the budget."""
    catalogue = load_bundle(default_policies_directory(), TODAY).catalogue
    view = chronology(catalogue)
    if len(timeline_of(view, catalogue)) != EVENTS:
        raise SystemExit("an event is missing from the chronology: there is nothing to measure")
    taken: list[float] = []
    gc.collect()
    for _ in range(TIMES):
        began = time.perf_counter()
        page = timeline(view, catalogue, None, TIMELINE_FIRST_MAX, None)
        taken.append((time.perf_counter() - began) * 1_000)
        assert (page.total, len(page.edges)) == (EVENTS, TIMELINE_FIRST_MAX)
    told = {"events": EVENTS, "page": TIMELINE_FIRST_MAX, "times": TIMES, "most_ms": MOST_MS, **spread(taken)}
    print(json.dumps(told, indent=2))
    return 0 if percentile(taken, 0.5) <= MOST_MS else 1


if __name__ == "__main__":
    sys.exit(main())
