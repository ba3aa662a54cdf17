"""Reads ``tests/invariants.toml``: what must always hold of the policies, in words that an officer can question."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from hub.policy.assurance.question import NONE, everything_stated
from hub.policy.assurance.reading import OUTCOMES, Reading
from hub.policy.bundle import Bundle
from hub.policy.files import PolicyFault, Strict, raise_all, shaped, table

NAME = "tests/invariants.toml"

_RECORD = ("record_has", "record_may_have", "record_lacks", "record_is_not_known_to_have")
_CHILD = ("child_is", "child_may_be", "child_is_not")


class WhenFile(Strict, frozen=True, kw_only=True):
    """What the questions have in common that a statement is about. Keys are AND, values of one list are OR.

    ``record_lacks``, ``record_is_not_known_to_have``, ``child_is_not`` and the other negatives are so of every value.
    """

    record_has: tuple[str, ...] | None = None
    record_may_have: tuple[str, ...] | None = None
    record_lacks: tuple[str, ...] | None = None
    record_is_not_known_to_have: tuple[str, ...] | None = None
    child_is: tuple[str, ...] | None = None
    child_may_be: tuple[str, ...] | None = None
    child_is_not: tuple[str, ...] | None = None
    classification_is: tuple[str, ...] | None = None
    purpose_is: tuple[str, ...] | None = None
    purpose_is_not: tuple[str, ...] | None = None
    purpose_kind_is: tuple[Literal["duty", "power", "enabling"], ...] | None = None
    recipient_is: tuple[str, ...] | None = None
    recipient_is_not_known_to_be: tuple[str, ...] | None = None
    decision_recorded: bool | None = None
    everything_stated: Literal[True] | None = None
    nothing_else: Literal[True] | None = None


class StatementFile(Strict, frozen=True, kw_only=True):
    """One statement: ``when`` with ``never`` or ``always``; or the name of a ``proof`` that code carries out."""

    id: str
    says: str
    when: WhenFile | None = None
    never: tuple[str, ...] | None = None
    always: tuple[str, ...] | None = None
    proof: str | None = None
    words: tuple[str, ...] = ()


class InvariantsFile(Strict, frozen=True, kw_only=True):
    """The whole file."""

    statement: tuple[StatementFile, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """What must always hold.

    Attributes:
        says: one plain sentence.
        when: the questions it is about, where it is about outcomes; ``outcomes``: which, ``always`` or else never.
        proof: the name of a proof in :mod:`hub.policy.assurance.proofs`; empty for statements about outcomes.
    """

    id: str
    says: str
    when: WhenFile
    outcomes: tuple[str, ...]
    always: bool
    proof: str
    words: tuple[str, ...]

    @property
    def about(self) -> tuple[str, ...]:
        """The words about records that it turns on."""
        return tuple(word for key in _RECORD for word in getattr(self.when, key) or ()) or self.words

    def premise(self, reading: Reading[Any]) -> Any:
        """That the question is one the statement is about, and that could have come out otherwise.

        A statement about what a purpose does not reach is about questions that somebody may ask; any other is about
        fields that the purpose reaches.
        """
        about_reach = self.always and self.outcomes == ("out_of_scope",)
        return reading.all_of(reading.entitled if about_reach else reading.in_scope, *self._said(reading))

    def broken(self, reading: Reading[Any]) -> Any:
        """That the question is one the statement is about, and what becomes of the field is not as it says."""
        outcome = reading.logic.any_of([reading.outcome(name) for name in self.outcomes])
        return reading.all_of(*self._said(reading), reading.logic.negated(outcome) if self.always else outcome)

    def _said(self, reading: Reading[Any]) -> Iterator[Any]:
        when, asked, logic = self.when, reading.asked, reading.logic
        for key, table_key, may in (
            ("record_has", "record_has", False),
            ("record_may_have", "record_has", True),
            ("child_is", "subject_is", False),
            ("child_may_be", "subject_is", True),
            ("classification_is", "classification_is", False),
            ("purpose_is", "purpose_is", False),
            ("recipient_is", "recipient_is", False),
        ):
            if words := getattr(when, key):
                yield reading.word_of(table_key, words, may=may)
        for key, table_key, may in (
            ("record_lacks", "record_has", True),
            ("record_is_not_known_to_have", "record_has", False),
            ("child_is_not", "subject_is", True),
            ("purpose_is_not", "purpose_is", False),
            ("recipient_is_not_known_to_be", "recipient_is", False),
        ):
            if words := getattr(when, key):
                yield logic.negated(reading.word_of(table_key, words, may=may))
        if when.purpose_kind_is:
            purposes = [each.id for each in reading.bundle.purposes.values() if each.kind in when.purpose_kind_is]
            yield reading.word_of("purpose_is", purposes, may=False)
        if when.decision_recorded is not None:
            yield asked.decided if when.decision_recorded else logic.negated(asked.decided)
        if when.everything_stated:
            yield everything_stated(reading.bundle, asked, logic)
        if when.nothing_else:
            yield from self._nothing_else(reading)

    def _nothing_else(self, reading: Reading[Any]) -> Iterator[Any]:
        """No word is so, or might be, that the statement does not speak of; and the searcher's role is known."""
        asked, logic, vocabulary = reading.asked, reading.logic, reading.bundle.vocabulary
        child = {word for key in _CHILD for word in getattr(self.when, key) or ()}
        others = [word for word in vocabulary.labels if word not in self.about]
        yield logic.negated(reading.word_of("record_has", others, may=True))
        others = [word for word in vocabulary.subject_facts if word not in child]
        yield logic.negated(reading.word_of("subject_is", others, may=True))
        yield logic.negated(logic.any_of([asked.odd, asked.role[NONE]]))
        yield logic.any_of([asked.classification[name] for name in vocabulary.classifications])


def load_statements(directory: Path, bundle: Bundle, proofs: Collection[str]) -> tuple[Statement, ...]:
    """The statements in ``directory``, checked against the words of ``bundle`` and the names of ``proofs``.

    Raises:
        ConfigurationError: code ``POLICY_INVALID``; the message lists every fault found, each with its file and key.
    """
    path = directory / NAME
    if not path.is_file():
        raise_all([PolicyFault(NAME, "", "missing")])
    body = path.read_bytes()
    try:
        given = shaped(NAME, "", table(NAME, body), InvariantsFile).statement
    except PolicyFault as fault:
        raise_all([fault], {NAME: body})
        raise
    raise_all(_faults(given, bundle, proofs), {NAME: body})
    return tuple(
        Statement(
            id=each.id,
            says=each.says,
            when=each.when or WhenFile(),
            outcomes=each.never or each.always or (),
            always=each.always is not None,
            proof=each.proof or "",
            words=each.words,
        )
        for each in given
    )


def _faults(given: Collection[StatementFile], bundle: Bundle, proofs: Collection[str]) -> Iterator[PolicyFault]:
    seen: set[str] = set()
    for number, each in enumerate(given):
        key = f"statement[{number}]"
        if each.id in seen:
            yield PolicyFault(NAME, f"{key}.id", f"{each.id!r} is another statement's id too")
        seen.add(each.id)
        if not each.says.strip():
            yield PolicyFault(NAME, f"{key}.says", "is blank")
        if [each.never, each.always, each.proof].count(None) != 2:
            yield PolicyFault(NAME, key, "give one of `never`, `always` and `proof`")
        elif (each.when is None) != (each.proof is not None):
            yield PolicyFault(NAME, key, "`when` belongs to `never` and `always`; a `proof` has none")
        if each.proof is not None and each.proof not in proofs:
            yield PolicyFault(NAME, f"{key}.proof", f"{each.proof!r} is not one of {', '.join(sorted(proofs))}")
        for name, outcomes in (("never", each.never), ("always", each.always)):
            yield from _words(f"{key}.{name}", outcomes, OUTCOMES, "an outcome")
        yield from _words(f"{key}.words", each.words or None, bundle.vocabulary.labels, "a word of the vocabulary")
        for name, words in msgspec.structs.asdict(each.when).items() if each.when else ():
            if isinstance(words, tuple):
                yield from _words(f"{key}.when.{name}", words, _known(name, bundle), "a word of the vocabulary")


def _known(key: str, bundle: Bundle) -> Collection[str]:
    vocabulary = bundle.vocabulary
    if key in _RECORD:
        return vocabulary.labels
    if key in _CHILD:
        return vocabulary.subject_facts
    if key == "classification_is":
        return vocabulary.classifications
    if key == "purpose_kind_is":
        return {each.kind for each in bundle.purposes.values()}
    return bundle.purposes if key.startswith("purpose") else vocabulary.recipients


def _words(key: str, words: tuple[str, ...] | None, known: Collection[str], what: str) -> Iterator[PolicyFault]:
    if words == ():
        yield PolicyFault(NAME, key, "is an empty set")
    for word in words or ():
        if word not in known:
            yield PolicyFault(NAME, key, f"{word!r} is not {what}")
