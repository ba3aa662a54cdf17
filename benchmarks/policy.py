"""``python -m benchmarks.policy``: what deciding costs, beside Cedar on the same requests in the same run."""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, figure, percentile
from benchmarks.machine import machine
from hub.domain.catalogue import KindSpec, ValueType
from hub.domain.organisations import Contact, Custodian, Sector
from hub.domain.records import HeldRecord, RecordPointer
from hub.policy.bundle import Bundle
from hub.policy.engine import Policy
from hub.policy.facts import RequestFacts
from hub.policy.load import default_policies_directory, load_bundle
from hub.policy.release import release
from hub.policy.replay import replay
from hub.policy.table_file import read
from hub.policy.tables import Facts

AT = datetime(2026, 11, 20, 16, 40, tzinfo=UTC)
ON = date(2026, 11, 20)
HOLDER = Custodian("holder", "Holder", Sector.COUNCIL, Contact("Single point of contact", "01632 960 100"))
ASKED = RequestFacts("ca1989-s47", "mash_social_worker", Sector.COUNCIL, decision_recorded=True)
PAST_ROWS = 1_000_000
_VALUES: dict[ValueType, Any] = {
    ValueType.TEXT: "Some text of ordinary length",
    ValueType.DATE: date(2026, 1, 2),
    ValueType.DATETIME: AT,
    ValueType.INTEGER: 3,
    ValueType.BOOLEAN: True,
    ValueType.TEXT_LIST: ("one", "two"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, write JSON if asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.policy", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here too")
    parser.add_argument("--times", type=int, default=300, help="how often each is measured (default: %(default)s)")
    options = parser.parse_args(arguments)
    rows = list(measured(options.times))
    width = max(len(row["what"]) for row in rows)
    print(f"{machine()['processor']}, {len(load().rules)} rules")
    for row in rows:
        aim = f"aim {row['aim']['value']:g} {row['aim']['unit']}" if row["aim"] else ""
        p50, best = row["p50"], row["best"]
        print(f"{row['what']:<{width}}  p50 {p50['value']:>8g} {p50['unit']}  best {best['value']:g}  {aim}")
    if options.json is not None:
        options.json.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n", encoding="utf-8")
    return 0


def load() -> Bundle:
    """The project's own policies."""
    return load_bundle(default_policies_directory(), ON)


def measured(times: int) -> Iterator[dict[str, Any]]:
    """One row for each thing measured."""
    bundle = load()
    policy = Policy(bundle)
    gc.freeze()
    for count, aim in ((200, 25), (2_000, 150)):
        held = records(bundle, count)
        yield row(
            f"{count} values of {len(held)} records, decided and released, warm", warm(policy, held), times, "us", aim
        )
        like_one = records(bundle, count, widest(bundle))
        said = f"{count} values of {len(like_one)} records of the widest kind, warm"
        yield row(said, warm(policy, like_one), times, "us", aim)
    pointers = [one.pointer for one in records(bundle, 200)]
    yield row("a cold decision: one record, nothing kept", cold(bundle, pointers), times, "ms", 1)
    yield row("loading and checking the whole set", load, max(5, times // 30), "ms", 300)
    yield row("compiling it", lambda: Policy(bundle), max(5, times // 10), "ms", None)
    past = list(islice(cycle(case for case in cases(bundle)), PAST_ROWS))
    newer = Policy(without_an_exception(bundle))
    yield row(f"{PAST_ROWS} past decisions replayed", lambda: replay(policy, newer, past), 3, "s", 1)
    yield from beside_cedar(bundle, times)


def widest(bundle: Bundle) -> tuple[KindSpec, ...]:
    """The kind of record with most fields that copies them all under section 47."""
    whole = [kind for kind in bundle.catalogue.kinds.values() if not kind.labels and kind.sector is Sector.COUNCIL]
    return (max(whole, key=lambda kind: len(kind.fields)),)


def records(bundle: Bundle, values: int, kinds: Sequence[KindSpec] = ()) -> list[HeldRecord]:
    """Held records with about so many values, of every kind in turn that carries no label by nature."""
    usual = [kind for kind in bundle.catalogue.kinds.values() if not kind.labels]
    held: list[HeldRecord] = []
    count = 0
    for number, kind in enumerate(cycle(kinds or usual)):
        stated = {each.name: _VALUES[each.type] for each in kind.fields if each.derived is None}
        if "postcode" in stated:
            stated["postcode"] = "ZZ1 2AB"
        held.append(HeldRecord(RecordPointer("holder", kind.id, f"r{number}"), AT, stated))
        count += len(stated)
        if count >= values:
            return held
    raise AssertionError("there are kinds of record")


def warm(policy: Policy, held: Sequence[HeldRecord]) -> Callable[[], object]:
    """Decide and release them all, as one answer does."""

    def run() -> None:
        for one in held:
            decision = policy.decide(ASKED, one.pointer)
            if decision.any_released:
                release(one, decision, HOLDER, AT)

    run()
    return run


def cold(bundle: Bundle, pointers: Sequence[RecordPointer]) -> Callable[[], object]:
    """The first decision for a marking nobody asked about yet: always another."""
    policy = Policy(bundle)
    numbers = iter(range(10**9))

    def run() -> None:
        number = next(numbers)
        pointer = pointers[number % len(pointers)]
        policy.decide(ASKED, replace(pointer, labels=frozenset({f"local_{number}"})))

    return run


def cases(bundle: Bundle) -> list[Facts]:
    """The facts of the case tables: a few hundred distinct ones."""
    tables = sorted((default_policies_directory() / "tests").glob("*.csv"))
    return [row.facts for table in tables for row in read(table.name, table.read_text(encoding="utf-8"), bundle, [])]


def without_an_exception(bundle: Bundle) -> Bundle:
    """The same policies with one rule tightened, so that something flips."""
    rule = bundle.impediments["imp-confidence"]
    return replace(bundle, impediments={**bundle.impediments, rule.id: replace(rule, does_not_apply_when=())})


def beside_cedar(bundle: Bundle, times: int) -> Iterator[dict[str, Any]]:
    """Cedar, its policies read once, deciding the same 200 fields; nothing where cedarpy is not installed."""
    try:
        import cedarpy

        from hub.policy.assurance.cedar import cedar_entities, cedar_policies, cedar_request
    except ImportError:
        print("cedarpy is not installed: nothing to compare with", file=sys.stderr)
        return
    policies = cedarpy.PolicySet.from_str(cedar_policies(bundle))
    entities = cedarpy.Entities.from_json_str(json.dumps(cedar_entities(bundle)))
    held = records(bundle, 200)
    asked = [
        cedar_request(bundle, ASKED, one.pointer, field.name)
        for one in held
        for field in bundle.catalogue[one.pointer.kind].fields
    ]
    policy = Policy(bundle)
    for one in held:
        policy.decide(ASKED, one.pointer)

    def decide() -> None:
        for one in held:
            policy.decide(ASKED, one.pointer)

    few = max(5, times // 30)
    yield row(f"{len(asked)} fields decided by the hub, warm", decide, times, "us", None)
    yield row(
        f"{len(asked)} fields decided by Cedar",
        lambda: cedarpy.is_authorized_batch(asked, policies, entities),
        few,
        "us",
        None,
    )


_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000}


def row(what: str, run: Callable[[], object], times: int, unit: str, aim: float | None) -> dict[str, Any]:
    """``run`` measured so many times."""
    samples = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        samples.append((time.perf_counter() - start) * _PER_SECOND[unit])
    limit: Figure | None = figure(aim, unit) if aim is not None else None
    return {
        "what": what,
        "p50": figure(percentile(samples, 0.5), unit),
        "p99": figure(percentile(samples, 0.99), unit),
        "best": figure(min(samples), unit),
        "aim": limit,
    }


if __name__ == "__main__":
    sys.exit(main())
