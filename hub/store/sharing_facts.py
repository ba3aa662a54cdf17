"""What an answer adds to the sharing report: facts to be counted, made of the list's own rows. Pure.

A record counts once, by what became of it. Where several things stopped parts of it, the first in this order is named:
a refusal, then an originator to be asked, then a gap. A ground that was veiled from the searcher is ``restricted``
before it is counted, so no figure can ever be taken apart by such grounds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from hub.audit.acts import Act, JudgementAct, ReleaseRequest
from hub.audit.encoding import kind_of
from hub.audit.entries import FieldGroup, RecordLine
from hub.domain.disclosure import Outcome
from hub.domain.sources import SourceState

SEVERAL = "several"
"""The detail of a gap that more than one rule was left open by."""

PART = "_part"
"""Ends the code of a record of which something was shared all the same."""


class What(StrEnum):
    """What is counted."""

    RECORD = "record"  # by custodian, what became of it, and ground
    PURPOSE = "purpose"  # the same records by purpose: apart, or there were as many counts as there are pairs
    SOURCE = "source"  # a custodian of an answered question, by state and reason
    SOURCE_MS = "source_ms"  # how long a custodian took that was searched
    QUESTION = "question"  # a question that ended, by purpose, outcome, and why it looked further back
    QUESTION_MS = "question_ms"  # how long an answered question took


class Came(StrEnum):
    """What became of a record; all but the first also with ``PART``."""

    SHARED = "shared"
    REFUSED = "refused"
    RESTRICTED = "restricted"
    GAP = "gap"


class Fact(NamedTuple):
    """One thing to be counted; a word that does not apply is empty. ``month`` is ``YYYY-MM``, UK time."""

    month: str
    what: str
    custodian: str = ""
    purpose: str = ""
    code: str = ""
    detail: str = ""


_PREFERRED = (10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 39, 43, 47, 51, 56, 62, 68, 75, 82, 91)
_STOPS = (Outcome.WITHHELD, Outcome.ASK, Outcome.GAP)
_SEARCHED = (SourceState.ANSWERED, SourceState.NOT_HELD, SourceState.POSSIBLE_MATCH)


def came_to(record: RecordLine) -> tuple[str, str] | None:
    """What became of a record: code and ground. None when it lies wholly outside the purpose, and is not told of."""
    within = [group for group in record.groups if group.outcome is not Outcome.OUT_OF_SCOPE]
    if not within:
        return None
    stopped = [group for group in within if not group.outcome.releases]
    if not stopped:
        return Came.SHARED, ""
    first = min(stopped, key=lambda group: _STOPS.index(group.outcome))
    code, detail = _why(first)
    return code + (PART if len(stopped) < len(within) else ""), detail


def tally(records: Iterable[RecordLine]) -> str:
    """What one custodian's records of one answer came to, as its line keeps it: ``shared:=4 refused:imp-lpp=1``."""
    counted = Counter(came for record in records if (came := came_to(record)) is not None)
    return " ".join(f"{code}:{detail}={times}" for (code, detail), times in sorted(counted.items()))


def of_line(month: str, purpose: str, line: Mapping[str, Any]) -> Counter[Fact]:
    """What one custodian's line of an answer adds; ``line`` is a row of ``read_line``."""
    custodian = line["custodian"]
    counted = Counter([Fact(month, What.SOURCE, custodian, code=line["state"], detail=line["reason"] or "")])
    if line["ms"] is not None and line["state"] in _SEARCHED:
        counted[Fact(month, What.SOURCE_MS, custodian, detail=rounded(line["ms"]))] += 1
    for each in line["tally"].split():
        came, _, times = each.rpartition("=")
        code, _, detail = came.partition(":")
        counted[Fact(month, What.RECORD, custodian, "", code, detail)] += int(times)
        counted[Fact(month, What.PURPOSE, "", purpose, code, detail)] += int(times)
    return counted


def of_question(month: str, row: Mapping[str, Any]) -> Counter[Fact]:
    """What a question adds when it ended; ``row`` is its row of ``read_row``."""
    counted = Counter([Fact(month, What.QUESTION, "", row["purpose"], row["outcome"], row["detail"] or "")])
    if row["outcome"] != "abandoned":
        counted[Fact(month, What.QUESTION_MS, detail=rounded(max(0, row["ended_at"] - row["at"])))] += 1
    return counted


def deed_of(index: int, month: str, act: Act) -> dict[str, Any] | None:
    """The row of a person's decision or of a step in a release request; None for other acts."""
    base = {"index": index, "month": month, "kind": kind_of(act)}
    match act:
        case JudgementAct():
            agency = act.custodian or act.officer.organisation
            return base | {"act": act.act, "agency": agency, "word": act.word}
        case ReleaseRequest():
            return base | {"act": act.act, "agency": act.officer.organisation, "word": act.ground or ""}
        case _:
            return None


def rounded(milliseconds: int) -> str:
    """A time in milliseconds, rounded up to a preferred number (IEC 60063, E24): ``39``, ``270``, ``4300``. So few are
    told apart that a month's times are some tens of counts for each agency, and a median is a sixth too long at most.
    """
    unit = 10 ** max(0, len(str(milliseconds)) - 2)
    if milliseconds < _PREFERRED[0]:
        return str(milliseconds)
    tens = -(-milliseconds // unit)
    return str(next((each for each in _PREFERRED if each >= tens), 100) * unit)


def _why(group: FieldGroup) -> tuple[str, str]:
    if group.veiled:
        return Came.RESTRICTED, ""
    if group.outcome is Outcome.GAP:
        return Came.GAP, group.grounds[0] if len(group.grounds) == 1 else SEVERAL
    return Came.REFUSED, group.grounds[0] if group.grounds else ""
