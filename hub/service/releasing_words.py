"""What people write in a request and in its answer: checked as it is typed in, and kept as side rows of its entries.

A check gives problems to show beside the form's fields, never an error: nothing that was typed is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, TypeVar

import msgspec

from hub.errors import BadRequest
from hub.policy import judging
from hub.policy.bundle import Bundle, Rule
from hub.policy.lifting import Basis, Fact, beyond_rejected, rejected_in
from hub.store.sides import PLAIN, SideAltered, unpack

REASON_MIN = 20
TEXT_MIN = 10
TEXT_MAX = 2_000
DAYS_MAX = 28
"""The longest a release stands; whoever needs it longer asks again, and somebody decides again."""

BodyT = TypeVar("BodyT", bound=msgspec.Struct)


class How(StrEnum):
    """How a request is released; the ``ground`` of the entry that says so."""

    IN_WHOLE = "in_whole"
    WITH_HANDLING = "with_handling"
    SANITISED = "sanitised"

    @property
    def lifts(self) -> bool:
        """Whether asking again then gives the value; a sanitised release gives the holder's own words instead."""
        return self is not How.SANITISED


class Wrong(Exception):
    """What was typed cannot be taken: ``problems`` are pairs of a field's name and what to do about it."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__("a form has problems")
        self.problems = tuple(problems)


class AskedWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Beside ``asked``: why, in her words, and which record, by the holder's own ids."""

    version: Literal[1]
    reason: str
    local_id: str
    record_id: str

    def __repr__(self) -> str:
        return "<AskedWords>"


class ReleasedWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Beside ``released``: who decided and why; ``text`` is the sanitised wording, or the conditions."""

    version: Literal[1]
    decided_by: str
    post: str
    reasons: str
    text: str

    def __repr__(self) -> str:
        return "<ReleasedWords>"


class RefusedWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Beside ``refused``: the facts it rests on, as words of the vocabulary, and what was said about this record."""

    version: Literal[1]
    facts: tuple[str, ...]
    note: str

    def __repr__(self) -> str:
        return "<RefusedWords>"


@dataclass(frozen=True, slots=True)
class Release:
    """A release as it was typed. ``lifted_by`` is by rule id the word that lifts it."""

    how: str
    lifted_by: Mapping[str, str]
    decided_by: str = field(repr=False)
    post: str
    reasons: str = field(repr=False)
    text: str = field(repr=False)
    days: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal as it was typed: a rule's id, the words that are so of the record, and whether none that lifts is."""

    rule: str
    so: frozenset[str]
    none_lifts: bool
    note: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ground:
    """A rule that stops what was asked for, and the facts each of which would lift it. None: nothing recorded does."""

    rule: Rule
    lifts: tuple[Fact, ...]


def pack(words: msgspec.Struct) -> bytes:
    """The bytes of a side row."""
    return PLAIN + msgspec.json.encode(words)


def read(body: bytes, kind: type[BodyT]) -> BodyT:
    """The words in a side row's bytes; SideAltered when it holds none of that kind."""
    try:
        return msgspec.json.decode(unpack(body), type=kind)
    except (msgspec.MsgspecError, UnicodeError):
        raise SideAltered("a side row holds no such words") from None


def checked_reason(text: str) -> str:
    """Why a release is asked for; Wrong when it is too short or too long."""
    problems: list[tuple[str, str]] = []
    said = _plain(problems, "reason", text, REASON_MIN, "Say why you need this to keep the child safe")
    if problems:
        raise Wrong(problems)
    return said


def checked_release(
    given: Release, grounds: Sequence[Ground], bundle: Bundle, at: datetime
) -> tuple[How, tuple[str, ...], datetime | None, ReleasedWords]:
    """How it is released, the words that become true, until when, and what was written; Wrong with all problems."""
    problems: list[tuple[str, str]] = []
    how = How(given.how) if given.how in list(How) else None
    if how is None:
        problems.append(("how", "Choose how you are releasing it"))
    text = ""
    if how is How.SANITISED:
        text = _plain(problems, "wording", given.text, TEXT_MIN, "Write what may be shared, in your own words")
    elif how is How.WITH_HANDLING:
        text = _plain(problems, "conditions", given.text, TEXT_MIN, "Say what must be done, or not done, with it")
    facts = _lifting(problems, given, grounds) if how is not None and how.lifts else []
    days = int(given.days) if given.days.isascii() and given.days.isdigit() and len(given.days) <= 3 else 0
    until = _until(problems, facts, days, at) if how is not None and how.lifts else None
    who = _person(problems, given.decided_by)
    _check_post(problems, given.post, facts, bundle)
    why = _plain(problems, "reasons", given.reasons, REASON_MIN, "Give the reasons, about this child")
    if problems or how is None:
        raise Wrong(problems)
    return how, tuple(dict.fromkeys(each.word for each in facts)), until, ReleasedWords(1, who, given.post, why, text)


def checked_refusal(given: Refusal, basis: Basis, bundle: Bundle) -> RefusedWords:
    """What a refusal rests on; Wrong when it does not rest on the impediment's own facts, or says no more than what
    is no impediment.
    """
    problems: list[tuple[str, str]] = []
    if basis.unavailable:
        problems.append(("ground", f"That does not stop sharing here: {basis.unavailable}. Choose another, or release"))
        raise Wrong(problems)
    so = [each for each in basis.applies if each.word in given.so]
    if not so:
        problems.append(
            ("so", "Tick what is so of the record. If nothing here is, this impediment does not apply: choose another")
        )
    lifted = [each for each in basis.lifts if each.word in given.so]
    if lifted:
        problems.append(("lifts", f"If it is so that {lifted[0].because}, this does not stop sharing: release it"))
    elif basis.lifts and not given.none_lifts:
        problems.append(("lifts", "Confirm that you have checked, and none of these is so"))
    rejected = rejected_in(given.note, bundle)
    if rejected and len(beyond_rejected(given.note, bundle)) < REASON_MIN:
        problems.append(("note", f"That is no impediment. {rejected[0].say_instead}"))
    note = _plain(problems, "note", given.note, REASON_MIN, "Say what stops it, about this record")
    if problems:
        raise Wrong(problems)
    return RefusedWords(1, tuple(each.word for each in so), note)


def _lifting(problems: list[tuple[str, str]], given: Release, grounds: Sequence[Ground]) -> list[Fact]:
    """For each ground the fact that was stated to lift it."""
    chosen = []
    for ground in grounds:
        if not ground.lifts:
            message = f"{ground.rule.title}: nothing that can be recorded here lifts this. Release it in your own words"
            problems.append(("how", message))
            continue
        fact = next((each for each in ground.lifts if each.word == given.lifted_by.get(ground.rule.id)), None)
        if fact is None:
            problems.append((f"lift-{ground.rule.id}", f"{ground.rule.title}: say what lifts it"))
        else:
            chosen.append(fact)
    return chosen


def _until(problems: list[tuple[str, str]], facts: Sequence[Fact], days: int, at: datetime) -> datetime | None:
    most = min([DAYS_MAX, *(each.hours_max // 24 for each in facts if each.hours_max is not None)])
    if not 1 <= days <= most:
        problems.append(("days", f"Enter for how many days it is released: 1 to {most}"))
        return None
    return at + timedelta(days=days)


def _check_post(problems: list[tuple[str, str]], post: str, facts: Sequence[Fact], bundle: Bundle) -> None:
    if post not in bundle.vocabulary.posts:
        problems.append(("post", "Choose in which post it was decided"))
        return
    barred = next((each for each in facts if each.posts and post not in each.posts), None)
    if barred is not None:
        may = " or ".join(bundle.vocabulary.posts[each] for each in barred.posts)
        problems.append(("post", f"That post cannot decide this. Who can: {may}"))


def _plain(problems: list[tuple[str, str]], name: str, text: str, least: int, missing: str) -> str:
    said = text.strip().replace("\r\n", "\n")
    if len(said) < least:
        problems.append((name, missing if not said else f"{missing}, in at least {least} characters"))
    elif len(said) > TEXT_MAX:
        problems.append((name, f"Use at most {TEXT_MAX:,} characters: this has {len(said):,}"))
    elif not all(each.isprintable() or each in "\n\t" for each in said):
        problems.append((name, "Use plain text: there is a character in this that cannot be shown"))
    return said


def _person(problems: list[tuple[str, str]], name: str) -> str:
    try:
        return judging.person(name)
    except BadRequest as refusal:
        problems.append(("decided_by", refusal.message))
        return ""
