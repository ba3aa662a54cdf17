"""Case tables: questions and expected answers, and whether policies decide as they say.

How a table is written is told in :mod:`hub.policy.table_file`, which reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hub.domain.disclosure import Outcome
from hub.domain.organisations import Sector
from hub.domain.records import RecordPointer
from hub.policy.bundle import Bundle, Purpose, Rule, Vocabulary
from hub.policy.decision import FieldDecision
from hub.policy.engine import Policy
from hub.policy.facts import Judged, RequestFacts
from hub.policy.files import PolicyFault

ALL = "*"
VEILED, HIDDEN, OPEN = "veiled", "hidden", "open"


class Facts(NamedTuple):
    """The facts of one question about one record, as the cells of a table write them. Quick to compare and count.

    ``sector`` is the sector of the searcher's agency where that is not the role's own.
    """

    kind: str
    fields: str
    purpose: str
    role: str
    decision: str
    labels: str = ""
    not_stated: str = ""
    child: str = ""
    child_not_stated: str = ""
    judged: str = ""
    stale: str = ""
    sector: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """The same facts as the engine takes them. ``fields`` is empty for all."""

    request: RequestFacts
    pointer: RecordPointer
    judged: Judged
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was decided about some fields: outcome, why, and how much of the why is told."""

    outcome: Outcome
    because: tuple[str, ...]
    told: str

    def __str__(self) -> str:
        why = f" because of {' '.join(self.because)}" if self.because else ""
        return f"{self.outcome}{why}{'' if self.told == OPEN else f', {self.told}'}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table, for one kind and one role. ``told`` is empty where the row says nothing about it."""

    file: str
    line: int
    case: str
    facts: Facts
    outcome: Outcome
    because: tuple[str, ...]
    told: str

    def met_by(self, answer: Answer) -> bool:
        """Whether the answer is what the row expects."""
        same = (answer.outcome, answer.because) == (self.outcome, self.because)
        return same and self.told in ("", answer.told)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A row that is decided otherwise than it says."""

    row: Row
    fields: tuple[str, ...]
    answer: Answer

    def __str__(self) -> str:
        row = self.row
        expected = Answer(row.outcome, row.because, row.told or OPEN)
        where = f"{row.file}:{row.line}: {row.case} ({row.facts.kind}, {row.facts.role})"
        return f"{where}: expected {expected}; decided {self.answer} for {', '.join(self.fields)}"


def question(facts: Facts, vocabulary: Vocabulary) -> Question:
    """The question that ``facts`` describe. Words nobody knows are passed on: the engine has an answer to them."""
    role = facts.role.removeprefix("?")
    words = [word.partition(":") for word in _words(facts.judged)]
    return Question(
        RequestFacts(
            purpose=facts.purpose.removeprefix("?"),
            role=role,
            recipient_sector=Sector(facts.sector) if facts.sector else vocabulary.roles.get(role, Sector.COUNCIL),
            decision_recorded=facts.decision == "yes",
            subject_facts=frozenset(_words(facts.child)),
            subject_unknown=frozenset(_words(facts.child_not_stated)),
        ),
        RecordPointer(
            "holder",
            facts.kind.removeprefix("?"),
            "record",
            frozenset(_words(facts.labels)),
            frozenset(_words(facts.not_stated)),
        ),
        Judged(
            words=frozenset(word for word, colon, _ in words if not colon),
            stale=frozenset(_words(facts.stale)),
            parts=frozenset((field, word.removeprefix("?")) for field, colon, word in words if colon),
        ),
        () if facts.fields == ALL else tuple(facts.fields.split()),
    )


def answers(policy: Policy, asked: Question) -> list[tuple[tuple[str, ...], Answer]]:
    """What ``policy`` decides, for each group of the fields asked about that share an answer."""
    decided = policy.decide(asked.request, asked.pointer, asked.judged)
    found = []
    for group in decided.groups:
        names = tuple(name for name in group.fields if not asked.fields or name in asked.fields)
        if names:
            found.append((names, _answer(group.decision)))
    return found


def _answer(decided: FieldDecision) -> Answer:
    because = {
        Outcome.SHARED: (decided.gateway or "",),
        Outcome.SHARED_WITH_HANDLING: decided.handling,
        Outcome.GAP: decided.missing,
    }.get(decided.outcome, decided.grounds)
    return Answer(decided.outcome, because, VEILED if decided.veiled else HIDDEN if decided.hidden else OPEN)


def run(policy: Policy, rows: Iterable[Row]) -> list[Mismatch]:
    """The rows that ``policy`` decides otherwise than they say; each of their fields must be as expected."""
    vocabulary = policy.bundle.vocabulary
    return [
        Mismatch(row, names, answer)
        for row in rows
        for names, answer in answers(policy, question(row.facts, vocabulary))
        if not row.met_by(answer)
    ]


def unbalanced(rows: Sequence[Row]) -> list[PolicyFault]:
    """A fault for each file with fewer rows that must share than rows that must not."""
    by_file: dict[str, Counter[str]] = {}
    for row in {(row.file, row.line): row for row in rows}.values():
        side = "share" if row.outcome.releases else "scope" if row.outcome is Outcome.OUT_OF_SCOPE else "withhold"
        by_file.setdefault(row.file, Counter())[side] += 1
    return [
        PolicyFault(file, "", f"{count['withhold']} rows must withhold and only {count['share']} must share: add some")
        for file, count in by_file.items()
        if count["share"] < count["withhold"]
    ]


def undecided(rows: Iterable[Row], bundle: Bundle) -> list[PolicyFault]:
    """A fault for each purpose and rule that no row names: nothing would show that it was changed."""
    named = {word for row in rows for word in row.because}
    there: list[Purpose | Rule] = [*bundle.purposes.values(), *bundle.rules, *bundle.limiting_rules]
    lost = [each for each in there if each.id not in named]
    return [PolicyFault(each.file, "id", f"no row of tests/*.csv names {each.id!r}: add one") for each in lost]


def _words(cell: str) -> Iterator[str]:
    return (word.removeprefix("?") for word in cell.split())
