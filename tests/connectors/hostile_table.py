"""The tables of ``docs/connectors.md``, from the rows that are tested: ``python -m tests.connectors.hostile_table``."""

from __future__ import annotations

from collections.abc import Iterator

from hub.domain.sources import NoAnswer, NoAnswerReason
from tests.connectors import hostile_rows as rows
from tests.connectors.hostile import CALLS, LIES, SECONDS, Bench, Lie, Sees
from tests.connectors.test_hostile import FHIR, REST

SECTIONS = {
    "Before there is a connection": rows.CONNECTIONS,
    "Statuses": rows.STATUSES,
    "Kinds of content": rows.TYPES,
    "Bodies": rows.BODIES,
    "Sizes": rows.SIZES,
    "Lengths, and bytes that are left over": rows.LENGTHS,
    "Lines that go quiet or break": rows.LINES,
    "The protocol": rows.PROTOCOL,
}


def tables() -> str:
    """All of them."""
    return "\n".join([*_behaviours(), *_lies()])


def _behaviours() -> Iterator[str]:
    for title, section in SECTIONS.items():
        yield from (f"**{title}**", "", "| The upstream does this | The searcher sees |", "|---|---|")
        yield from (f"| {row.name} | {_words(row.sees)} |" for row in section)
        yield ""


def _lies() -> Iterator[str]:
    yield from (
        "**Well-formed, and not true**",
        "",
        "| The upstream does this | Match | Find | Fetch |",
        "|---|---|---|---|",
    )
    for lie in LIES:
        cells = [f"{_lie(REST, call, lie)} (REST), {_lie(FHIR, call, lie)} (FHIR)" for call in CALLS]
        yield f"| {lie} | {' | '.join(cells)} |"


def _words(sees: Sees) -> str:
    return ", or ".join(map(_sight, sees)).replace(f"within {SECONDS:g} s", "within the deadline")


def _sight(sight: NoAnswer | NoAnswerReason | None) -> str:
    if sight is None:
        return "the answer"
    if isinstance(sight, NoAnswerReason):
        return f"no answer (`{sight}`), in the connector's own words"
    again = f"; try again in {sight.retry_after_seconds:,} s" if sight.retry_after_seconds else ""
    return f"no answer (`{sight.reason}`): {sight.detail}{again}"


def _lie(bench: Bench, call: str, lie: str) -> str:
    told = bench.lies[call][lie]
    if not isinstance(told, Lie):
        return "-"
    return "/".join("the answer" if one is None else f"`{getattr(one, 'reason', one)}`" for one in told.sees)


if __name__ == "__main__":
    print(tables())
