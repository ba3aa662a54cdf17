"""What the check of one connection found, and what a connector offers so that it can be checked.

A report names fields, types, lengths and counts, and never a value: whoever connects an agency may not read its
records.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from hub.connectors.base import Connector, Deadline, as_value
from hub.domain.people import Identity
from hub.domain.sources import NoAnswer, NoAnswerReason

NOBODY = "hub-connector-check"
"""An id that no system gives a person: what a check asks for where it must not ask about anybody."""


class Grade(StrEnum):
    """How a finding stands: only ``MEND`` makes a check fail."""

    WELL = "ok"
    NOTE = "note"
    MEND = "mend"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``do`` says what to do about it; what is to be mended always says so."""

    grade: Grade
    what: str
    do: str = ""

    def __post_init__(self) -> None:
        """Nothing is found wrong without saying what to do."""
        assert self.do or self.grade is not Grade.MEND


@dataclass(frozen=True, slots=True)
class FieldSample:
    """One field over the test patient's records of one kind: how often filled, with what type, how long."""

    kind: str
    field: str
    present: int
    absent: int
    types: tuple[str, ...] = ()
    lengths: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What one check found. ``people``: the test patient's match fields, to ask the next agency with; never shown."""

    findings: tuple[Finding, ...]
    samples: tuple[FieldSample, ...] = ()
    people: tuple[Identity, ...] = field(default=(), repr=False)

    @property
    def is_well(self) -> bool:
        """Whether nothing is to be mended."""
        return all(finding.grade is not Grade.MEND for finding in self.findings)

    def __add__(self, other: Report) -> Report:
        return Report((*self.findings, *other.findings), (*self.samples, *other.samples), (*self.people, *other.people))


@runtime_checkable
class Checkable(Protocol):
    """A connector that can be checked without asking about anybody; what it cannot read it raises or reports."""

    async def check(self, deadline: Deadline) -> Report:
        """Reach it, see whether the credential is accepted, and compare what it offers with what will be read."""
        ...


@runtime_checkable
class Listening(Protocol):
    """A connector that is described by a mapping, which raw answers can be compared with."""

    def listening(self) -> tuple[Connector, Callable[[], Sequence[Finding]]]:
        """This connector keeping every answer as it came, and how these compare with the mapping."""
        ...


async def examine(connector: Connector, seconds: float) -> Report:
    """Check ``connector`` without asking about anybody, within ``seconds``."""
    if not isinstance(connector, Checkable):
        return Report((note("this kind of connection can be tried with a test patient only", "give --nhs-number"),))
    deadline = Deadline.after(seconds)
    got = await as_value(connector.check(deadline), deadline)
    return Report((failed(got),)) if isinstance(got, NoAnswer) else got


def well(what: str) -> Finding:
    """All is well with ``what``."""
    return Finding(Grade.WELL, what)


def note(what: str, do: str = "") -> Finding:
    """Something to know."""
    return Finding(Grade.NOTE, what, do)


def mend(what: str, do: str) -> Finding:
    """Something to mend, and how."""
    return Finding(Grade.MEND, what, do)


def failed(got: NoAnswer, during: str = "") -> Finding:
    """The finding that a failure is."""
    return mend(f"{during}{': ' if during else ''}{got.reason.value.replace('_', ' ')}: {got.detail}", _DO[got.reason])


def milliseconds(since: float) -> int:
    """Whole milliseconds since a moment of the running loop's clock."""
    return round((asyncio.get_running_loop().time() - since) * 1000)


def form_of(code: str) -> str:
    """The form of a code without the code: ``28A`` is ``99A``. Enough to find it by, and not what it says."""
    marks = ["9" if each.isdigit() else "A" if each.isalpha() else each if each in " -_./" else "?" for each in code]
    return "".join(marks[:FORM_CHARS_MAX])


FORM_CHARS_MAX = 12

_DO = {
    NoAnswerReason.DOWN: "check `url`, the firewall between, and the certificate authority that this machine trusts",
    NoAnswerReason.SLOW: "ask the custodian why it is slow, or raise `deadline_seconds`",
    NoAnswerReason.REFUSED: "check `credential` or [custodians.token] (or the password in `url`), and what the hub is "
    "allowed to read there",
    NoAnswerReason.MALFORMED: "compare `url`, `kind` and the mapping with the custodian's documentation; if it does "
    "not return X-Request-ID, set `echoes_request_id` to false",
    NoAnswerReason.WRONG_PERSON: "stop here and tell the custodian: its system answers about other people than it is "
    "asked about, and the hub throws such answers away",
    NoAnswerReason.TOO_LARGE: "use a test patient with fewer records or a rarer name",
    NoAnswerReason.BUSY: "try again",
    NoAnswerReason.SUSPENDED: "try again",
}
