"""The shapes of the files under ``policies/``: every error names its file and key."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from hub.domain.catalogue import DerivedAs, Section, ValueType
from hub.domain.disclosure import Confidence
from hub.domain.organisations import Sector
from hub.errors import ConfigurationError
from hub.policy.hints import misfit
from hub.policy.lines import line_of
from hub.policy.toml_hints import instead

Shape = TypeVar("Shape")
_AT_LINE = re.compile(r"\(at line (\d+),")
LawKind = Literal["order", "statute", "privilege", "confidence", "condition"]


class PolicyFault(Exception):
    """One thing wrong in one file; collected, so that an author sees all of them at once.

    Attributes:
        file: relative to ``policies/``; ``key``: empty for the file as a whole; ``line``: from 1, where it is known.
    """

    def __init__(self, file: str, key: str, problem: str, line: int | None = None) -> None:
        """``problem`` at ``key`` of ``file``."""
        super().__init__(f"{file}: {key}: {problem}" if key else f"{file}: {problem}")
        self.file, self.key, self.problem, self.line = file, key, problem, line

    def in_file(self, body: bytes | None) -> PolicyFault:
        """The same with its line, when ``body`` is what the file holds and the line is not known yet."""
        if body is None or self.line is not None:
            return self
        return PolicyFault(self.file, self.key, self.problem, line_of(body, self.key))

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.problem}" if self.key else f"{place}: {self.problem}"


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table with exactly the keys named here."""


class SourceFile(Strict, frozen=True, kw_only=True):
    """A row of ``legal-sources.toml``."""

    title: str
    in_force: bool
    confidence: Confidence
    checked: date
    in_force_from: date | None = None
    repealed_on: date | None = None
    bars: bool = True
    note: str = ""


class RejectedFile(Strict, frozen=True, kw_only=True):
    """A row of ``rejected.toml``."""

    phrases: tuple[str, ...]
    say_instead: str
    confidence: Confidence


class LawFile(Strict, frozen=True, kw_only=True):
    """What a rule rests on."""

    source: str
    pinpoint: str
    confidence: Confidence
    kind: LawKind
    note: str = ""


class GatewayLawFile(Strict, frozen=True, kw_only=True):
    """What a purpose rests on."""

    source: str
    pinpoint: str
    confidence: Confidence
    note: str = ""


class ReviewFile(Strict, frozen=True, kw_only=True):
    """Who answers for a file, and when it was and is next reviewed."""

    owner: str
    last: date
    next: date


class ConditionFile(Strict, frozen=True, kw_only=True):
    """``applies_when``: keys are AND, values are OR. ``None`` and the empty list differ: an empty list is refused."""

    record_has: tuple[str, ...] | None = None
    classification_is: tuple[str, ...] | None = None
    subject_is: tuple[str, ...] | None = None
    purpose_is: tuple[str, ...] | None = None
    recipient_is: tuple[str, ...] | None = None


class ExceptionFile(ConditionFile, frozen=True, kw_only=True):
    """One table of ``does_not_apply_when``, with its reason."""

    because: str


class LimitLawFile(Strict, frozen=True, kw_only=True):
    """What a limit rests on."""

    source: str
    pinpoint: str
    confidence: Confidence
    note: str = ""


class TellFile(Strict, frozen=True, kw_only=True):
    """What an impediment tells the searcher."""

    who_can_lift_it: str
    post: str
    next_step: str
    reply_days: int | None = None


class ImpedimentFile(Strict, frozen=True, kw_only=True):
    """``impediments/<id>.toml``."""

    id: str
    title: str
    explain: str
    covers: str
    effect: Literal["withhold", "ask"]
    strength: Literal["absolute", "conditional", "handling"]
    cite: Literal["open", "veiled"]
    commencement: date | None = None
    not_commenced: str | None = None
    law: LawFile
    applies_when: ConditionFile
    does_not_apply_when: tuple[ExceptionFile, ...] = ()
    tell: TellFile
    review: ReviewFile


class HandlingFile(Strict, frozen=True, kw_only=True):
    """``handling/<id>.toml``: a notice that travels with the value, or a transform of it."""

    id: str
    title: str
    explain: str
    cite: Literal["open", "veiled"]
    law: LawFile
    applies_when: ConditionFile
    does_not_apply_when: tuple[ExceptionFile, ...] = ()
    notice: str | None = None
    transform: str | None = None
    who_can_lift_it: str = ""
    review: ReviewFile


class LimitTellFile(Strict, frozen=True, kw_only=True):
    """What a limit tells the searcher."""

    next_step: str


class LimitFile(Strict, frozen=True, kw_only=True):
    """``limits/<id>.toml``: what a purpose does not reach. Only those carried out by ``rule`` have conditions."""

    id: str
    title: str
    explain: str
    carried_out_by: Literal["rule", "scope", "look_back", "recipients"]
    law: LimitLawFile
    applies_when: ConditionFile | None = None
    does_not_apply_when: tuple[ExceptionFile, ...] = ()
    tell: LimitTellFile
    review: ReviewFile


class ScopeFile(Strict, frozen=True, kw_only=True):
    """How much of which kinds a purpose reaches. A word is a kind or a section; a kind's own mention comes first."""

    why: str
    full: tuple[str, ...] = ()
    key_facts: tuple[str, ...] = ()
    existence: tuple[str, ...] = ()
    out: tuple[str, ...] = ()
    look_back_years: Annotated[int, msgspec.Meta(ge=1, le=25)] | None = None


class GatewayFile(Strict, frozen=True, kw_only=True):
    """``gateways/<id>.toml``."""

    id: str
    title: str
    explain: str
    kind: Literal["duty", "power", "enabling"]
    threshold: str
    recipient_sectors: tuple[Sector, ...]
    recipient_roles: tuple[str, ...] = ()
    needs_decision: str | None = None
    commencement: date | None = None
    not_commenced: str | None = None
    not_asked_under: str | None = None
    law: GatewayLawFile
    scope: ScopeFile | None = None
    review: ReviewFile


class DerivedFile(Strict, frozen=True, kw_only=True, rename={"source": "from", "how": "as"}):
    """``derived = { from = "postcode", as = "area" }``."""

    source: str
    how: DerivedAs


class FieldFile(Strict, frozen=True, kw_only=True):
    """One field of a kind in ``fields/*.toml``."""

    label: str
    type: ValueType
    classification: str
    source: str
    derived: DerivedFile | None = None


class TimelineFile(Strict, frozen=True, kw_only=True):
    """How a kind appears on the timeline."""

    on: tuple[str, ...]
    summary: tuple[str, ...]
    until: str | None = None


class KindFile(Strict, frozen=True, kw_only=True):
    """One kind of record in ``fields/*.toml``."""

    title: str
    section: Section
    standard: str
    fields: dict[str, FieldFile]
    labels: tuple[str, ...] = ()
    timeline: TimelineFile | None = None


def digest(files: Mapping[str, bytes]) -> str:
    """``sha256:`` and the hex digest over each file's name and bytes, each preceded by its length, in order of name."""
    hashed = hashlib.sha256()
    for name in sorted(files):
        for part in (name.encode(), files[name]):
            hashed.update(len(part).to_bytes(8, "big") + part)
    return f"sha256:{hashed.hexdigest()}"


def table(name: str, body: bytes) -> dict[str, Any]:
    """The TOML table in ``body``; :class:`PolicyFault` when it is not TOML."""
    try:
        text = body.decode("utf-8-sig")  # some editors put a byte-order mark before it
    except UnicodeDecodeError as fault:
        line = body.count(b"\n", 0, fault.start) + 1
        raise PolicyFault(name, "", "not TOML: not UTF-8. Save the file as UTF-8.", line) from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        said = _AT_LINE.search(str(fault))
        line = int(said[1]) if said else body.count(b"\n") + 1
        hint = instead(str(fault), "".join(text.split("\n")[line - 1 : line]))
        raise PolicyFault(name, "", f"not TOML: {str(fault).partition(' (at ')[0]}. {hint}".rstrip(" "), line) from None


def shaped(name: str, key: str, value: object, shape: type[Shape]) -> Shape:
    """``value`` as ``shape``; :class:`PolicyFault` naming the key when it does not fit, or has an empty text in it."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as fault:
        where, problem = misfit(value, shape, fault)
        raise PolicyFault(name, (key + where).lstrip(".") or "file", problem) from None


def raise_all(faults: Iterable[PolicyFault], files: Mapping[str, bytes] | None = None) -> None:
    """Raise every fault as one :class:`ConfigurationError`; nothing when there is none.

    Each says ``file:line: key: what is wrong and what to write instead``; ``files`` are what the lines are found in.
    """
    placed = [fault.in_file((files or {}).get(fault.file)) for fault in faults]
    if placed:
        placed.sort(key=lambda fault: (fault.file, fault.line or 0))
        lines = "\n  ".join(dict.fromkeys(str(each) for each in placed))
        raise ConfigurationError(f"The policies cannot be used:\n  {lines}", code="POLICY_INVALID")
