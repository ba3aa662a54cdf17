"""``python -m benchmarks.guard``: what the limits on a document cost: on a fine one, and on the worst we can write.

The guard is what stands before the parser. Beside it: the whole of what a document costs that is within every limit and
seen for the first time (parsing, validation, the rule about silence, compilation); it is remembered after that.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import figure, percentile
from benchmarks.machine import machine
from hub.app import load_policies
from hub.cli.client import VIEW
from hub.cli.schema import schema_of
from hub.errors import BadRequest
from hub.schema.documents import Documents
from hub.schema.guard import (
    ALIASES_MAX,
    CHARACTERS_MAX,
    DEPTH_MAX,
    FRAGMENTS_MAX,
    NESTING_MAX,
    SPREADS_MAX,
    TOKENS_MAX,
    check_size,
    parse_guarded,
)

GUARD_MS_MAX = 0.3
REJECT_MS_MAX = 5.0
ASKED = 'find: {nhsNumber: "9990004021"}, enquiry: {purpose: CA2004_S16LA, caseReference: "A-1"}'
CHILD = f"child({ASKED})"


def sixty_fields() -> str:
    """An ordinary question of 60 fields, nested as questions are."""
    parts = " ".join(f"s{n} {{ custodian {{ name }} state reason asOf }}" for n in range(9))
    head = "query Q($find: ChildSearch!, $enquiry: EnquiryInput!)"
    return f"{head} {{ child(find: $find, enquiry: $enquiry) {{ {parts} a b c d e }} }}"


def over_a_limit() -> dict[str, str]:
    """By name, documents that are over a limit and take as long as we could make them until that is known."""
    deep = " ".join(f"fragment F{n} on T {{ a {{ ...F{n + 1} ...F{n + 1} }} }}" for n in range(FRAGMENTS_MAX - 1))
    mesh = " ".join(
        f"fragment F{n} on T {{ a {' '.join(f'...F{m}' for m in range(FRAGMENTS_MAX) if m != n)[:30]} }}"
        for n in range(FRAGMENTS_MAX)
    )
    return {
        "characters": "{ a " + "#\n" * CHARACTERS_MAX + "}",
        "tokens, just over": "{" + " a" * TOKENS_MAX + "}",
        "tokens, far over": "{" + "a " * (CHARACTERS_MAX // 2 - 2) + "}",
        "tokens, comments between": "{" + "a#\n" * (CHARACTERS_MAX // 3 - 2) + "}",
        "a long text": '{ a(b: "' + "x" * (CHARACTERS_MAX - 20) + '") }',
        "a long block of text": '{ a(b: """' + '\\"""' * (CHARACTERS_MAX // 4 - 8) + '""") }',
        "escapes": '{ a(b: "' + "\\u0041" * (CHARACTERS_MAX // 6 - 8) + '") }',
        "brackets": "{ a(b: " + "[" * (TOKENS_MAX - 10) + ") }",
        "depth": "{" + "a{" * (DEPTH_MAX + 1) + "a " * 600 + "}" * (DEPTH_MAX + 2),
        "depth through fragments": "{ ...F0 } " + deep + f" fragment F{FRAGMENTS_MAX - 1} on T {{ a }}",
        "a mesh of fragments": "{ ...F0 } " + mesh,
        "aliases": "{ a {" + " ".join(f"b{n}: a" for n in range(ALIASES_MAX + 200)) + "} }",
        "one field again and again": "{ a {" + "b " * (TOKENS_MAX - 10) + "} }",
        "inline fragments": "{ a {" + "... { b " * (NESTING_MAX - 3) + "b " * 600 + "}" * (NESTING_MAX - 1),
        "spreads": "{ a {" + "...F " * (SPREADS_MAX * 4) + "} } fragment F on T { a }",
    }


def within_every_limit() -> dict[str, str]:
    """By name, documents that take long and are over no limit."""
    many = " ".join(f"fragment F{n} on NoMatch {{ sources {{ state }} }}" for n in range(FRAGMENTS_MAX))
    spread = " ".join(f"...F{n % FRAGMENTS_MAX}" for n in range(SPREADS_MAX))
    return {
        "the hub's own query": VIEW,
        "one field again and again": f"{{ {CHILD} {{ ... on NoMatch {{ sources {{ {'state ' * 44} }} }} }} }}",
        "an object again and again": f"{{ {CHILD} {{ ... on NoMatch {{ {'sources { state } ' * 31} }} }} }}",
        "fragments with fragments": f"{{ {CHILD} {{ {spread} }} }} {many}",
        "unknown fields": f"{{ {CHILD} {{ ... on NoMatch {{ {' '.join(f'q{n}' for n in range(740))} }} }} }}",
        "directives": "{ __typename " + "@skip(if: true) " * 110 + "}",
        "a text without end": '{ a(b: """' + '"\\\\"""" ' * (CHARACTERS_MAX // 9),
        "line ends": "{" + "\n" * (CHARACTERS_MAX - 4) + ' "',
    }


def timed(function: Callable[[], object], times: int) -> list[float]:
    """Milliseconds of each of ``times`` calls."""
    taken = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(times):
            began = time.perf_counter()
            function()
            taken.append((time.perf_counter() - began) * 1000)
    finally:
        gc.enable()
    return taken


def refused(check: Callable[[str], object], text: str) -> str:
    """The code with which ``text`` is refused; empty when it is not."""
    try:
        check(text)
    except BadRequest as fault:
        return fault.code
    return ""


def measured(times: int) -> Iterator[dict[str, Any]]:
    """One row for each document."""
    sixty = sixty_fields()
    assert not refused(parse_guarded, sixty)
    yield _row("guard: 60 fields", timed(lambda: check_size(sixty), times), GUARD_MS_MAX)
    yield _row("guard: the hub's own query", timed(lambda: check_size(VIEW), times), None)
    for name, text in over_a_limit().items():
        code = refused(check_size, text)
        if not code.startswith("QUERY_TOO_"):
            raise RuntimeError(f"{name}: not over a limit")
        yield _row(f"{code}: {name}", timed(lambda text=text: refused(parse_guarded, text), times), REJECT_MS_MAX)  # type: ignore[misc]
    bundle = load_policies()
    schema = schema_of(bundle)
    for name, text in within_every_limit().items():
        if refused(check_size, text):
            raise RuntimeError(f"{name}: over a limit")

        def prepare(text: str = text) -> None:
            documents = Documents(schema, is_development=False, catalogue=bundle.catalogue)
            refused(documents.prepare, text)

        yield _row(f"first time: {name}", timed(prepare, max(3, times // 20)), None)


def _row(what: str, taken: Sequence[float], aim: float | None) -> dict[str, Any]:
    p50 = percentile(taken, 0.5)
    return {
        "what": what,
        "p50": figure(p50, "ms"),
        "best": figure(min(taken), "ms"),
        "aim": figure(aim, "ms") if aim else None,
        "met": aim is None or p50 <= aim,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, write JSON if asked; 1 when an aim is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.guard", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here too")
    parser.add_argument("--times", type=int, default=200, help="how often each is measured (default: %(default)s)")
    options = parser.parse_args(arguments)
    rows = list(measured(options.times))
    width = max(len(row["what"]) for row in rows)
    print(machine()["processor"])
    for row in rows:
        aim = f"aim {row['aim']['value']:g} ms{'' if row['met'] else ', MISSED'}" if row["aim"] else ""
        print(f"{row['what']:<{width}}  p50 {row['p50']['value']:>8g} ms  best {row['best']['value']:g}  {aim}")
    if options.json is not None:
        options.json.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n", encoding="utf-8")
    return 0 if all(row["met"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
