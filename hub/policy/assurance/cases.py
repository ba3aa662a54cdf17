"""One question with every fact settled as true, false or not known: a counterexample, and how people are told of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from hub.domain.organisations import Sector
from hub.domain.records import RecordPointer
from hub.policy.assurance.question import Question, question
from hub.policy.bundle import Bundle
from hub.policy.decision import FieldDecision, RecordDecision
from hub.policy.engine import Policy
from hub.policy.facts import RequestFacts

NOBODYS_WORD = "a_word_nobody_explained"


@dataclass(frozen=True, slots=True)
class Case:
    """A question about one field. Words in neither ``true`` nor ``unknown`` are false.

    Attributes:
        purpose: empty for one that no gateway is for; ``role``: empty for one that the vocabulary does not know.
        field: the first field of ``kind`` with this classification.
    """

    purpose: str
    role: str
    sector: Sector
    kind: str
    classification: str
    field: str
    true: tuple[str, ...]
    unknown: tuple[str, ...]
    child_true: tuple[str, ...]
    child_unknown: tuple[str, ...]
    decided: bool
    odd: bool

    @classmethod
    def of(cls, bundle: Bundle, asked: Question[bool]) -> Case:
        """The case that the truth values in ``asked`` make."""

        def the(one: Mapping[str, bool]) -> str:
            return next(name for name, so in one.items() if so)

        kind, classification = the(asked.kind), the(asked.classification)
        fields = (each.name for each in bundle.catalogue[kind].fields if each.classification == classification)
        return cls(
            purpose=the(asked.purpose),
            role=the(asked.role),
            sector=next(sector for sector, so in asked.sector.items() if so),
            kind=kind,
            classification=classification,
            field=next(fields),
            true=tuple(word for word, (so, _) in asked.record.items() if so),
            unknown=tuple(word for word, (_, maybe) in asked.record.items() if maybe),
            child_true=tuple(word for word, (so, _) in asked.child.items() if so),
            child_unknown=tuple(word for word, (_, maybe) in asked.child.items() if maybe),
            decided=asked.decided,
            odd=asked.odd,
        )

    def asked(self, bundle: Bundle) -> Question[bool]:
        """The truth value of every proposition."""
        so = {
            f"purpose {self.purpose}",
            f"role {self.role}",
            f"sector {self.sector}",
            f"kind {self.kind}",
            f"class {self.classification}",
            *(f"record {word}" for word in self.true),
            *(f"record? {word}" for word in self.unknown),
            *(f"child {word}" for word in self.child_true),
            *(f"child? {word}" for word in self.child_unknown),
            *(["decided"] if self.decided else []),
            *(["odd"] if self.odd else []),
        }
        return question(bundle, so.__contains__)

    def request(self) -> RequestFacts:
        """The question as the engine takes it."""
        return RequestFacts(
            self.purpose or NOBODYS_WORD,
            self.role or NOBODYS_WORD,
            self.sector,
            self.decided,
            frozenset(self.child_true),
            frozenset(self.child_unknown),
        )

    def pointer(self) -> RecordPointer:
        """The record as its holder would mark it."""
        odd = {NOBODYS_WORD} if self.odd else set()
        return RecordPointer("holder", self.kind, "record", frozenset({*self.true} | odd), frozenset(self.unknown))

    def record_decision(self, policy: Policy) -> RecordDecision:
        """What ``policy`` decides for the whole record."""
        return policy.decide(self.request(), self.pointer())

    def decided_by(self, policy: Policy) -> FieldDecision:
        """What ``policy`` decides for the field."""
        return self.record_decision(policy).fields[self.field]

    def told(self, bundle: Bundle) -> str:
        """The case as a sentence without its end, for people: what is asked, by whom, and how the record is marked."""
        own = bundle.catalogue[self.kind].labels
        said = [
            f"purpose {self.purpose or '(no gateway)'}",
            f"role {self.role or '(unknown)'} in the {self.sector} sector",
            f"{self.field} ({self.classification}) of {self.kind}",
            _listed("the record has", [word for word in self.true if word not in own]),
            _listed("not known whether it has", [word for word in self.unknown if word not in own]),
            _listed("the child is", self.child_true),
            _listed("not known whether the child is", self.child_unknown),
        ]
        if self.odd:
            said.append("with a word the vocabulary does not know")
        if self.purpose in bundle.purposes and bundle.purposes[self.purpose].decision is not None:
            said.append(
                "the decision it needs is recorded" if self.decided else "the decision it needs is not recorded"
            )
        return ", ".join(each for each in said if each)


def _listed(before: str, words: Collection[str]) -> str:
    return f"{before} {', '.join(words)}" if words else ""
