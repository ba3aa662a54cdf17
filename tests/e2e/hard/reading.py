"""How an answer and its log entry are read in the tests of the hard cases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hub.audit import entries

Json = dict[str, Any]


def lines(node: Any) -> list[Json]:
    """Every line about something held back, each reference once, but those that say "out of scope"."""
    found = {line["reference"]: line for line in _walk(node) if line["outcome"] != "OUT_OF_SCOPE"}
    return list(found.values())


def _walk(node: Any) -> Iterator[Json]:
    if isinstance(node, list):
        for each in node:
            yield from _walk(each)
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from value if name == "withheld" else _walk(value)


def held(child: Json) -> list[tuple[str, str | None, str]]:
    """(outcome, title of the impediment or None, who to ring) of each line."""
    return [
        (line["outcome"], line["impediment"] and line["impediment"]["title"], line["contact"]["role"])
        for line in lines(child)
    ]


def veiled(child: Json) -> list[Json]:
    """The lines that say "withheld" and not why."""
    return [line for line in lines(child) if line["outcome"] == "WITHHELD" and line["impediment"] is None]


def shape(line: Json, child: Json) -> str:
    """A veiled line without what differs from one question and agency to the next: two like this are told alike."""
    desks = [source["contact"] for source in child["sources"]]
    return str({
        **line,
        "reference": re.sub(r"\d+", "n", line["reference"]),
        "contact": "the single point of contact" if line["contact"] in desks else line["contact"],
        "replyBy": line["replyBy"] is not None,
    })  # fmt: skip


def states(child: Json) -> set[tuple[str, str]]:
    """What became of each agency."""
    return {(source["custodian"]["name"].removeprefix("Testshire "), source["state"]) for source in child["sources"]}


def stated(child: Json, entry: str) -> set[str]:
    """Every agency's version of one entry of the identity."""
    return {each["value"] for each in child["identity"][entry]}


def notices(record: Json) -> str:
    """The conditions that travel with a record."""
    return " ".join(each["notice"] for each in record["handling"])


def grounds(logged: entries.Answer, kind: str, custodian: str | None = None) -> set[tuple[str, tuple[str, ...], bool]]:
    """(outcome, true grounds, whether the searcher was shown a veil) of records of ``kind``, as the log has them."""
    return {
        (group.outcome.value, group.grounds, group.veiled)
        for record in logged.records
        if record.kind == kind and custodian in (None, record.custodian)
        for group in record.groups
    }
