"""What each entry comes to in the list: rows as the tables hold them, made from entries and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hub.audit import summary
from hub.audit.acts import Act, Consultation, ReleaseRequest, Reveal, Review
from hub.audit.encoding import kind_of
from hub.audit.entries import Abandoned, Answer, Question, Refused
from hub.errors import ConfigurationError
from hub.store.sharing_facts import tally
from hub.store.told import Told

ZONE = "Europe/London"

OPENS, CLOSES = time(8), time(18)
"""Monday to Friday between these, UK time, are office hours. Bank holidays are not known here."""

MANY_CHILDREN = 15
"""From so many different children asked about in one day (UK time), a worker's questions that day are marked."""

OPEN, REFUSED, UNREADABLE = "open", "refused", "unreadable"
"""Outcomes that no answer has: not ended yet; refused before it was a question; bytes that are no entry."""

_SAYING = ("act", "reason", "preset", "year", "seen")
"""Fields of acts of which the first that there is becomes the row's ``detail``."""

Values = dict[str, Any]

_NOTHING: Mapping[str, Any] = dict.fromkeys(
    ("client", "organisation", "worker", "role", "purpose", "case", "subject", "detail", "about", "end", "ended_at",
     "records", "shared", "withheld", "asks", "gaps", "no_answer", "children", "times", "workers")
)  # fmt: skip
_NO_FLAGS: Mapping[str, Any] = {
    **dict.fromkeys(("veiled", "out_of_hours", "no_case", "many", "often", "watched", "first_purpose"), 0),
    "grounds": "",
}


def row_of(told: Told) -> Values | None:
    """The row of an entry that has one; None for ends, parts of answers, and entries whose bytes were dropped.

    A question's says that it is open; :func:`end_of` has what its end adds.
    """
    entry = told.entry
    if entry is None:
        return None if told.dropped else _unreadable(told.index)
    base = {"index": told.index, **_NOTHING, **_NO_FLAGS, **_when(entry.at), "kind": kind_of(entry)}
    match entry:
        case Question(asker=asker):
            own = {"client": asker.client, "organisation": asker.organisation, "worker": asker.worker,
                   "role": asker.role, "purpose": entry.purpose, "case": entry.case, "subject": entry.subject,
                   "outcome": OPEN, "detail": entry.look_back.reason if entry.look_back else None}  # fmt: skip
        case Refused():
            own = {"client": entry.client, "organisation": entry.organisation, "worker": entry.worker,
                   "purpose": entry.purpose, "outcome": REFUSED, "detail": entry.code}  # fmt: skip
        case Act():
            own = _act(entry)
        case _:
            return None
    return base | own


def end_of(told: Told) -> Values | None:
    """What an end adds to the row of its question, or None when the entry is no end."""
    entry = told.entry
    if not isinstance(entry, Answer | Abandoned):
        return None
    ended = {"end": told.index, "ended_at": _milliseconds(entry.at)}
    if isinstance(entry, Abandoned):
        return ended | {"outcome": "abandoned", "detail": entry.reason}
    counts = summary.count(entry.records)
    no_case = told.question is not None and summary.found_no_case(told.question, entry)
    return ended | {
        **_counted(counts),
        "outcome": entry.outcome.value,
        "no_answer": summary.silent(entry),
        "grounds": " ".join(counts.grounds),
        "no_case": int(no_case),
    }


def lines_of(told: Told) -> list[Values]:
    """The custodians of an answer."""
    if not isinstance(told.entry, Answer):
        return []
    answer = told.entry
    return [_line(answer, line) for line in summary.lines(answer)]


def parties_of(told: Told, row: Values) -> list[Values]:
    """Whom a row concerns: the agency that acted, and those whose records were asked for."""
    asked = {each.custodian for each in told.entry.asked} if isinstance(told.entry, Question) else set()
    every = asked | ({row["organisation"]} if row["organisation"] else set())
    return [
        {"organisation": each, "at": row["at"], "index": told.index, "asked": int(each in asked)}
        for each in sorted(every)
    ]


@cache
def zone() -> ZoneInfo:
    """UK time; ConfigurationError where the machine has no table of time zones."""
    try:
        return ZoneInfo(ZONE)
    except (ZoneInfoNotFoundError, OSError):
        raise ConfigurationError(
            f"This machine does not know the time zone {ZONE}: install its time zone data (package tzdata)."
        ) from None


def local(at: datetime) -> datetime:
    """``at`` in UK time; in UTC where the calendar ends before it."""
    try:
        return at.astimezone(zone())
    except OverflowError:
        return at


def _when(at: datetime) -> Values:
    here = local(at)
    in_hours = here.weekday() < 5 and OPENS <= here.time() < CLOSES
    return {"at": _milliseconds(at), "day": f"{here:%Y-%m-%d}".rjust(10, "0"), "out_of_hours": int(not in_hours)}


def _milliseconds(at: datetime) -> int:
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def _unreadable(index: int) -> Values:
    when = {"at": 0, "day": "1970-01-01"}
    return {"index": index, **_NOTHING, **_NO_FLAGS, **when, "kind": UNREADABLE, "outcome": UNREADABLE}


def _act(entry: Act) -> Values:
    by = entry.officer
    said = next((getattr(entry, name) for name in _SAYING if hasattr(entry, name)), None)
    return {
        "client": by.client,
        "organisation": by.organisation,
        "worker": by.worker,
        "role": by.role,
        "subject": entry.reference if isinstance(entry, Reveal) else getattr(entry, "subject", None),
        "outcome": kind_of(entry),
        "detail": None if said is None else str(said),
        "about": _points_to(entry),
        **({} if by.worker else {"out_of_hours": 0}),  # the hub itself keeps no hours
    }


def _points_to(entry: Act) -> int | None:
    match entry:
        case Review() | Reveal() | Consultation():
            return entry.entry
        case ReleaseRequest():
            return entry.answer
        case _:
            return None


def _counted(counts: summary.Counts) -> Values:
    return {name: getattr(counts, name) for name in ("records", "shared", "withheld", "asks", "gaps")} | {
        "veiled": int(counts.veiled)
    }


def _line(answer: Answer, line: summary.CustodianLine) -> Values:
    return {
        "index": answer.question,
        **{name: getattr(line, name) for name in ("custodian", "state", "reason", "ms", "match", "candidates")},
        **_counted(line.counts),
        "grounds": " ".join(line.counts.grounds),
        "sealed": " ".join(line.counts.sealed),
        "tally": tally(each for each in answer.records if each.custodian == line.custodian),
    }
