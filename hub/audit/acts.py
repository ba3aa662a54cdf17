"""What people and the hub do with the log itself: reviews, exports, erasures, changes of keys.

Each says who did it and when, to which entries or references, in codes; what they wrote is a side row
(:mod:`hub.audit.side`) of which ``side`` is the commitment. A field's :class:`Form` says what may stand in it and how
it is written (:mod:`hub.audit.encoding`). Building one raises EntryInvalid as for the other entries.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any

from hub.audit import words
from hub.audit.words import EntryInvalid

LIST_MAX = 1_000
"""The most references or entries one act names; who has more writes several."""


class Form(Enum):
    """What may stand in a field. Each member's value is its name in ``docs/log-format.md``."""

    CODE = "code"
    REFERENCE = "reference"
    DIGEST = "digest"
    COUNT = "count"
    MOMENT = "moment"
    REFERENCES = "references"
    COUNTS = "counts"


def _field(form: Form, **kwargs: Any) -> Any:
    return dataclasses.field(metadata={"form": form}, **kwargs)


@dataclass(frozen=True, slots=True)
class Officer:
    """Who acted: the client program and organisation, the person as a reference (None: the hub itself), the role."""

    client: str
    organisation: str
    worker: str | None
    role: str

    def __post_init__(self) -> None:
        for name in ("client", "organisation", "role"):
            object.__setattr__(self, name, words.code(getattr(self, name)))
        if self.worker is not None:
            words.check_reference("worker", self.worker)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What every act has."""

    at: datetime
    nonce: bytes
    officer: Officer

    def __post_init__(self) -> None:
        words.check_nonce(self.nonce)
        object.__setattr__(self, "at", words.to_millisecond("at", self.at))
        for name, form, optional in forms(type(self)):
            value = getattr(self, name)
            if not (optional and value is None):
                object.__setattr__(self, name, _CHECKED[form](name, value))


def forms(kind: type[Act]) -> tuple[tuple[str, Form, bool], ...]:
    """An act's own fields in order: name, form, and whether it may be None."""
    return tuple(
        (each.name, each.metadata["form"], each.default is None)
        for each in dataclasses.fields(kind)
        if "form" in each.metadata
    )


class ReviewAct(StrEnum):
    """A step of a review (:class:`Review`)."""

    OPENED = "opened"
    ASSIGNED = "assigned"
    ASKED = "asked"
    ANSWERED = "answered"
    NOTED = "noted"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Act):
    """A step in an officer's review of ``entry``; ``outcome`` on closing, what she wrote in the side row."""

    entry: int = _field(Form.COUNT)
    act: str = _field(Form.CODE)
    outcome: str | None = _field(Form.CODE, default=None)
    side: str | None = _field(Form.DIGEST, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal(Act):
    """An officer was shown whom ``reference`` stands for, and why; written before she is shown."""

    reference: str = _field(Form.REFERENCE)
    entry: int | None = _field(Form.COUNT, default=None)
    reason: str = _field(Form.CODE)
    side: str | None = _field(Form.DIGEST, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(Act):
    """A random sample was drawn: ``seed`` fixes which ``drawn`` of the ``population`` entries of the ``preset``."""

    preset: str = _field(Form.CODE)
    seed: str = _field(Form.DIGEST)
    population: int = _field(Form.COUNT)
    drawn: int = _field(Form.COUNT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export(Act):
    """Entries were exported: how many, the log's size then, the SHA-256 of the manifest, and why."""

    entries: int = _field(Form.COUNT)
    size: int = _field(Form.COUNT)
    manifest: str = _field(Form.DIGEST)
    reason: str = _field(Form.CODE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Act):
    """A report about ``subject`` was made for somebody with a right to it (``reason``)."""

    subject: str = _field(Form.REFERENCE)
    size: int = _field(Form.COUNT)
    reason: str = _field(Form.CODE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consultation(Act):
    """Somebody looked at the log to review it: ``seen`` says at what (``list``, ``entry``, ``case``, ``sample``).

    ``wanted`` is the SHA-256 of the filter of a list (``docs/log-reading.md``); written before anything is shown.
    """

    seen: str = _field(Form.CODE)
    entry: int | None = _field(Form.COUNT, default=None)
    wanted: str | None = _field(Form.DIGEST, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementAct(Act):
    """A decision by a named person was ``recorded`` or ``withdrawn`` (``hub decision``); it is in force ``until``."""

    act: str = _field(Form.CODE)
    judgement: str = _field(Form.REFERENCE)
    word: str = _field(Form.CODE)
    custodian: str | None = _field(Form.CODE, default=None)
    subject: str = _field(Form.REFERENCE)
    until: datetime | None = _field(Form.MOMENT, default=None)  # noqa: RUF009  a field, not a value


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchAct(Act):
    """A possible match was ``confirmed``, ``denied`` or ``withdrawn`` (``hub match``)."""

    act: str = _field(Form.CODE)
    confirmation: str = _field(Form.REFERENCE)
    custodian: str = _field(Form.CODE)
    subject: str = _field(Form.REFERENCE)
    until: datetime | None = _field(Form.MOMENT, default=None)  # noqa: RUF009  a field, not a value


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRequest(Act):
    """A step in a request to lift a refusal: ``asked``, ``released``, ``refused``, ``escalated``.

    ``answer`` and ``line`` name the refusal; ``ground`` is the impediment a refusal rests on, or how it was released.
    """

    act: str = _field(Form.CODE)
    request: str = _field(Form.REFERENCE)
    answer: int = _field(Form.COUNT)
    line: int = _field(Form.COUNT)
    ground: str | None = _field(Form.CODE, default=None)
    side: str | None = _field(Form.DIGEST, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterChange(Act):
    """The register of agencies, roles and purposes changed; ``register`` is its SHA-256 from now on."""

    act: str = _field(Form.CODE)
    register: str = _field(Form.DIGEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Act):
    """A legal hold on a ``subject`` was ``set`` or ``lifted``: while it is set nothing of hers is erased or pruned."""

    act: str = _field(Form.CODE)
    subject: str = _field(Form.REFERENCE)
    reason: str = _field(Form.CODE)
    side: str | None = _field(Form.DIGEST, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure(Act):
    """``references`` lead nowhere any more, and the side rows of the entries ``sides`` are gone; with one commit."""

    reason: str = _field(Form.CODE)
    references: tuple[str, ...] = _field(Form.REFERENCES)
    sides: tuple[int, ...] = _field(Form.COUNTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class YearClosed(Act):
    """The entries before ``size`` are archived as ``year`` (and what was before it), under this ``root``."""

    year: int = _field(Form.COUNT)
    size: int = _field(Form.COUNT)
    root: str = _field(Form.DIGEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning(Act):
    """The bytes of the entries before ``before`` were dropped, but of ``kept`` on hold; the ``archive`` has them."""

    before: int = _field(Form.COUNT)
    kept: int = _field(Form.COUNT)
    archive: str = _field(Form.DIGEST)
    reason: str = _field(Form.CODE)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange(Act):
    """A signing key was ``added`` or ``retired``; ``key`` is its Ed25519 public key, 64 hex digits."""

    act: str = _field(Form.CODE)
    key: str = _field(Form.DIGEST)


KINDS: Mapping[str, type[Act]] = {
    "review": Review,
    "reveal": Reveal,
    "sample": Sample,
    "export": Export,
    "report": Report,
    "consultation": Consultation,
    "judgement": JudgementAct,
    "match": MatchAct,
    "release_request": ReleaseRequest,
    "register": RegisterChange,
    "hold": Hold,
    "erasure": Erasure,
    "year": YearClosed,
    "prune": Pruning,
    "key": KeyChange,
}
"""The ``kind`` in an entry's bytes, and the class that reads it."""


def _code(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise EntryInvalid(f"{name}: text belongs here")
    return words.code(value)


def _reference(name: str, value: Any) -> str:
    words.check_reference(name, value)
    return str(value)


def _digest(name: str, value: Any) -> str:
    words.check_reference(name, value, words.DIGEST_DIGITS)
    return str(value)


def _count(name: str, value: Any) -> int:
    words.check_count(name, value)
    return int(value)


def _moment(name: str, value: Any) -> datetime:
    if not isinstance(value, datetime):
        raise EntryInvalid(f"{name}: a moment belongs here")
    return words.to_millisecond(name, value)


def _list(check: Callable[[str, Any], Any]) -> Callable[[str, Any], tuple[Any, ...]]:
    def check_list(name: str, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, tuple | list) or len(value) > LIST_MAX:
            raise EntryInvalid(f"{name}: at most {LIST_MAX} belong here")
        return tuple(check(name, each) for each in value)

    return check_list


_CHECKED: Mapping[Form, Callable[[str, Any], Any]] = {
    Form.CODE: _code,
    Form.REFERENCE: _reference,
    Form.DIGEST: _digest,
    Form.COUNT: _count,
    Form.MOMENT: _moment,
    Form.REFERENCES: _list(_reference),
    Form.COUNTS: _list(_count),
}
