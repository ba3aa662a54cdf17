"""What the log says of one question: who asked, why, whom, and what was shared or withheld on which ground.

No content and no names (promise 4): people and cases are opaque references. Lists are tuples, moments are aware, cut
to the millisecond. Building one raises EntryInvalid when a reference, digest or count is not one; words are made
codes (:func:`hub.audit.words.code`). The bytes are in :mod:`hub.audit.encoding` and ``docs/log-format.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from hub.audit import words
from hub.audit.acts import Act
from hub.domain.disclosure import Outcome
from hub.domain.sources import SourceState


class AnswerOutcome(StrEnum):
    """What the searcher got."""

    JOINED_VIEW = "joined_view"
    POSSIBLE_MATCHES = "possible_matches"
    NO_MATCH = "no_match"


class MatchResult(StrEnum):
    """Whether a custodian's person is the subject."""

    SAME = "same"
    REVIEW = "review"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked: the register's ids, the worker as a reference, and how the request was authenticated."""

    client: str
    organisation: str
    worker: str | None
    role: str
    token: str

    def __post_init__(self) -> None:
        _check_optional(words.check_reference, self, "worker")
        _make_codes(self, "client", "organisation", "role", "token")


@dataclass(frozen=True, slots=True)
class DecisionTaken:
    """The recorded decision a purpose depends on: the post that took it, as a reference, and when."""

    by: str
    at: datetime

    def __post_init__(self) -> None:
        words.check_reference("decision", self.by)
        _set(self, "at", words.to_millisecond("decision", self.at))


@dataclass(frozen=True, slots=True)
class LookBack:
    """That older records were asked for than the purpose looks back to: years (None: all), and the reason's word."""

    years: int | None
    reason: str

    def __post_init__(self) -> None:
        _make_codes(self, "reason")
        _check_optional(words.check_count, self, "years")


@dataclass(frozen=True, slots=True)
class Asked:
    """A custodian that will be asked, and for which kinds of record."""

    custodian: str
    kinds: tuple[str, ...]

    def __post_init__(self) -> None:
        _make_codes(self, "custodian")
        _set(self, "kinds", words.codes(self.kinds))


@dataclass(frozen=True, slots=True)
class Question:
    """Written before any custodian is asked.

    ``policy`` is the digest of the policies in force, ``document`` that of the query text (both SHA-256, hex), and
    ``trace`` the W3C trace id (32 hex digits). ``side`` is the commitment to what was asked in her own words: the query
    and its variables (:mod:`hub.audit.side`).
    """

    at: datetime
    nonce: bytes
    asker: Asker
    purpose: str
    gateway: str | None
    decision: DecisionTaken | None
    case: str
    subject: str
    policy: str
    document: str
    asked: tuple[Asked, ...]
    trace: str
    look_back: LookBack | None = None
    side: str | None = None

    def __post_init__(self) -> None:
        _check_stamp(self)
        _make_codes(self, "purpose")
        _make_optional_codes(self, "gateway")
        words.check_reference("case", self.case)
        words.check_reference("subject", self.subject)
        words.check_reference("policy", self.policy, words.DIGEST_DIGITS)
        words.check_reference("document", self.document, words.DIGEST_DIGITS)
        words.check_reference("trace", self.trace)
        if self.side is not None:
            words.check_reference("side", self.side, words.DIGEST_DIGITS)


@dataclass(frozen=True, slots=True)
class SourceLine:
    """What became of one custodian. ``reason`` says why there is no answer or it was not asked."""

    custodian: str
    state: SourceState
    reason: str | None = None
    ms: int | None = None
    records: int | None = None

    def __post_init__(self) -> None:
        _make_codes(self, "custodian")
        _make_optional_codes(self, "reason")
        _check_optional(words.check_count, self, "ms", "records")


@dataclass(frozen=True, slots=True)
class MatchLine:
    """How one custodian's candidates compared: how many were seen, and per compared field the outcome's word."""

    custodian: str
    result: MatchResult
    candidates: int
    compared: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        _make_codes(self, "custodian")
        words.check_count("candidates", self.candidates)
        _set(self, "compared", tuple((words.code(field), words.code(outcome)) for field, outcome in self.compared))


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """Fields of one record with the same decision.

    ``fields`` may be ``("*",)`` for all. ``grounds`` are policy ids, the primary one first, the true ones even when
    the searcher was told less (``veiled``). ``line`` is the number in the reference she was given, or None.
    """

    outcome: Outcome
    fields: tuple[str, ...]
    grounds: tuple[str, ...] = ()
    veiled: bool = False
    line: int | None = None

    def __post_init__(self) -> None:
        _set(self, "fields", words.codes(self.fields))
        _set(self, "grounds", words.codes(self.grounds))
        _check_optional(words.check_count, self, "line")


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One record: ``ordinal`` numbers the custodian's records of this kind in this answer, from 1."""

    custodian: str
    kind: str
    ordinal: int
    groups: tuple[FieldGroup, ...]

    def __post_init__(self) -> None:
        _make_codes(self, "custodian", "kind")
        words.check_count("ordinal", self.ordinal)


@dataclass(frozen=True, slots=True)
class Records:
    """Records of an answer too long for one entry; they stand right before the :class:`Answer` they belong to."""

    at: datetime
    nonce: bytes
    question: int
    records: tuple[RecordLine, ...]

    def __post_init__(self) -> None:
        _check_stamp(self)
        words.check_count("question", self.question)


@dataclass(frozen=True, slots=True)
class Answer:
    """Written before a byte of the answer leaves. ``question`` is the index of the entry it ends.

    ``parts`` counts the :class:`Records` right before it; their records come before its own.
    """

    at: datetime
    nonce: bytes
    question: int
    outcome: AnswerOutcome
    sources: tuple[SourceLine, ...]
    matches: tuple[MatchLine, ...]
    records: tuple[RecordLine, ...]
    parts: int = 0

    def __post_init__(self) -> None:
        _check_stamp(self)
        words.check_count("question", self.question)
        words.check_count("parts", self.parts)


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that never became a question: ``code`` and ``status`` as sent, the rest as far as it is known."""

    at: datetime
    nonce: bytes
    code: str
    status: int
    client: str | None = None
    organisation: str | None = None
    worker: str | None = None
    purpose: str | None = None
    trace: str | None = None

    def __post_init__(self) -> None:
        _check_stamp(self)
        _make_codes(self, "code")
        _make_optional_codes(self, "client", "organisation", "purpose")
        words.check_count("status", self.status)
        _check_optional(words.check_reference, self, "worker")
        _check_optional(words.check_reference, self, "trace")


@dataclass(frozen=True, slots=True)
class Abandoned:
    """The end of a question that got no answer; ``reason`` is a code such as ``internal_failure`` or ``stale``."""

    at: datetime
    nonce: bytes
    question: int
    reason: str

    def __post_init__(self) -> None:
        _check_stamp(self)
        words.check_count("question", self.question)
        _make_codes(self, "reason")


Entry = Question | Answer | Records | Refused | Abandoned | Act


def ends(entry: Entry) -> int | None:
    """The index of the question that ``entry`` ends, if it is an end."""
    return entry.question if isinstance(entry, Answer | Abandoned) else None


def side(entry: Entry) -> str | None:
    """The commitment to the entry's side row, if it has one."""
    return getattr(entry, "side", None)


def _check_stamp(entry: Entry) -> None:
    words.check_nonce(entry.nonce)
    _set(entry, "at", words.to_millisecond("at", entry.at))


def _make_codes(part: object, *names: str) -> None:
    for name in names:
        _set(part, name, words.code(getattr(part, name)))


def _make_optional_codes(part: object, *names: str) -> None:
    _make_codes(part, *(name for name in names if getattr(part, name) is not None))


def _check_optional(check: Callable[[str, Any], None], part: object, *names: str) -> None:
    for name in names:
        value = getattr(part, name)
        if value is not None:
            check(name, value)


def _set(part: object, name: str, value: object) -> None:
    object.__setattr__(part, name, value)  # these classes are frozen; this runs while one is being built
