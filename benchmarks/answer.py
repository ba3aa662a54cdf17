"""Whether what came back is the whole answer, and how much is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

AGENCIES = 3

_RECORDS = ("identity", "involvement", "household", "socialCare", "police", "health", "timeline")
_BESIDE = frozenset({"__typename", "custodian", "asOf", "withheld", "handling", "unanswered", "pageInfo"})
"""What stands beside a released value and is not one."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One answer, looked at.

    Attributes:
        complete: all agencies answered, there is a log entry and no error. Only complete answers count as done: an
            agency that fell silent makes a quick answer.
        released: released values in it (a list of texts counts as each of them).
        leaves: scalars in it that are not null, whatever they are.
        slowest_ms: the slowest agency's own time, in whole milliseconds.
        fault: why it is not complete: codes and states.
    """

    complete: bool
    released: int = 0
    leaves: int = 0
    slowest_ms: int = 0
    fault: str = ""


def look(status: int, body: bytes) -> Looked:
    """What an answer is; incomplete when it is not one."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Looked(complete=False, fault=f"HTTP {status} and no JSON")
    errors = answer.get("errors") or ()
    child = (answer.get("data") or {}).get("child") or {}
    if errors or child.get("__typename") != "JoinedView":
        codes = [str(error.get("extensions", {}).get("code")) for error in errors]
        return Looked(complete=False, fault=", ".join([f"HTTP {status}", str(child.get("__typename")), *codes]))
    answered = [source for source in child["sources"] if source["state"] == "ANSWERED"]
    silent = [f"{each['custodian']['name']}: {each['reason']}" for each in child["sources"] if each not in answered]
    return Looked(
        complete=len(answered) == AGENCIES and child["logEntry"]["number"] > 0,
        released=sum(_count(child[name], _BESIDE) for name in _RECORDS),
        leaves=_count(child, frozenset({"__typename"})),
        slowest_ms=max((source["answeredInMs"] for source in answered), default=0),
        fault="; ".join(silent),
    )


def _count(node: Any, without: frozenset[str]) -> int:
    if isinstance(node, Mapping):
        return sum(_count(value, without) for name, value in node.items() if name not in without)
    if isinstance(node, list):
        return sum(_count(value, without) for value in node)
    return int(node is not None)
