"""A loaded set of policies as plain values: what :mod:`hub.policy.load` makes, :mod:`hub.policy.engine` compiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from hub.domain.catalogue import Catalogue
from hub.domain.disclosure import Confidence, Impediment
from hub.domain.organisations import Sector


class Detail(StrEnum):
    """How much of a kind of record a purpose needs; a classification says at which level its fields are reached."""

    EXISTENCE = "existence"  # that there is something, when, and whom to call
    KEY_FACTS = "key_facts"  # everything but narrative
    FULL = "full"

    @property
    def rank(self) -> int:
        """Levels in order: a purpose reaches fields of its own level and of those below."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(Detail)}


class Effect(StrEnum):
    """What a rule does to a field it applies to."""

    WITHHOLD = "withhold"
    ASK = "ask"
    MASK = "mask"  # the value is replaced by a veiled line: the one transform the hub can carry out
    NOTICE = "notice"  # shared, with a condition that travels with it
    NOT_BUILT = "not_built"  # a handling rule that code cannot carry out: a gap
    OUT_OF_SCOPE = "out_of_scope"  # a limit: the purpose does not reach it, and no impediment is said to stop it


@dataclass(frozen=True, slots=True)
class Condition:
    """One table of a policy file: keys are AND, the values of one key are OR; an absent key says nothing."""

    record_has: tuple[str, ...] = ()
    classification_is: tuple[str, ...] = ()
    subject_is: tuple[str, ...] = ()
    purpose_is: tuple[str, ...] = ()
    recipient_is: tuple[str, ...] = ()
    because: str = ""

    def keys(self) -> dict[str, tuple[str, ...]]:
        """The keys that are given, each with its values."""
        names = ("record_has", "classification_is", "subject_is", "purpose_is", "recipient_is")
        return {name: values for name in names if (values := getattr(self, name))}


@dataclass(frozen=True, slots=True)
class Review:
    """Who answers for a rule, and when it was and is next looked at."""

    owner: str
    last: date
    next: date


@dataclass(frozen=True, slots=True)
class Rule:
    """An impediment, a handling rule or a limit.

    Attributes:
        explain: one plain sentence; ``covers``: what it is about, in the law's words.
        source: the row of ``legal-sources.toml``; ``file``: where the rule is written, relative to ``policies/``.
        note: what of the law was not read or needs a lawyer's eye; empty when there is nothing.
        carried_out_by: for a limit, where the hub carries it out; only ``rule`` has conditions.
        rank: of two rules that apply the lower is primary: order 0, statute 1, privilege 2, confidence 3, condition 4;
            handling rules come after every impediment (+ 10).
        veiled: naming the rule would disclose what it protects.
        post: who at the holder can lift it, a word of the vocabulary.
        reply_days: whole days within which the contact answers; None when nothing is promised.
        notice: the condition told with what is shared, for ``Effect.NOTICE``.
    """

    id: str
    title: str
    effect: Effect
    veiled: bool
    rank: int
    citation: str
    confidence: Confidence
    applies_when: Condition
    does_not_apply_when: tuple[Condition, ...]
    review: Review
    strength: str = "handling"
    who_can_lift_it: str = ""
    post: str | None = None
    next_step: str = ""
    reply_days: int | None = None
    notice: str = ""
    explain: str = ""
    covers: str = ""
    source: str = ""
    file: str = ""
    note: str = ""
    carried_out_by: str = "rule"

    def as_named(self) -> Impediment:
        """The rule as an open line names it."""
        return Impediment(self.id, self.title, self.citation, self.confidence, self.note)


@dataclass(frozen=True, slots=True)
class Purpose:
    """A gateway: why somebody may ask, and the law that lets holders answer.

    Attributes:
        needs_decision: whether the question must carry a recorded decision; ``decision`` is the word for it.
        recipient_sectors: the sectors of agencies that may state this purpose; ``recipient_roles`` narrows them.
        detail: how much of each kind of record is in scope; a kind that is missing is not.
        look_back_years: how far back the purpose looks by itself; None is the child's whole life.
        why: why so much and no more.
    """

    id: str
    title: str
    citation: str
    kind: str
    needs_decision: bool
    confidence: Confidence
    threshold: str
    recipient_sectors: frozenset[Sector]
    decision: str | None
    review: Review
    detail: Mapping[str, Detail] = field(default_factory=dict, hash=False)
    look_back_years: int | None = None
    recipient_roles: frozenset[str] = frozenset()
    why: str = ""
    explain: str = ""
    note: str = ""
    source: str = ""
    file: str = ""

    def open_to(self, sector: Sector, role: str) -> bool:
        """Whether an agency of ``sector`` may state this purpose through somebody of ``role``."""
        return sector in self.recipient_sectors and (not self.recipient_roles or role in self.recipient_roles)

    @property
    def graphql_name(self) -> str:
        """The id as a GraphQL enum value: ``ca1989-s47`` is ``CA1989_S47``."""
        return self.id.upper().replace("-", "_")


@dataclass(frozen=True, slots=True)
class Listed:
    """Law that is written down and decides nothing: not yet in force, or under which nobody asks by itself.

    Attributes:
        because: when it is expected to begin, or why nobody asks under it.
    """

    id: str
    title: str
    explain: str
    citation: str
    confidence: Confidence
    because: str
    note: str
    file: str


@dataclass(frozen=True, slots=True)
class Source:
    """A row of ``legal-sources.toml``; ``in_force`` is false for law that is repealed or has not begun."""

    title: str
    in_force: bool
    confidence: Confidence
    checked: date
    in_force_from: date | None
    repealed_on: date | None
    bars: bool
    note: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A ground that is no impediment, and what to say instead."""

    phrases: tuple[str, ...]
    say_instead: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Silent:
    """A class of information that is never connected; ``law`` is the id of the bar."""

    meaning: str
    law: str
    citation: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class JudgementKind:
    """A decision that a named person may record about a child's records.

    Attributes:
        gives: the word about records that is true while the judgement is in force.
        made_by: the posts that may make it.
        hours_max: the longest it may last, in hours.
        one_request: it is about one request (agency, case, purpose) and is never a standing rule.
        parts: it may cover some fields of a record only.
    """

    gives: str
    meaning: str
    made_by: tuple[str, ...]
    hours_max: int
    one_request: bool
    parts: bool


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the vocabulary about a record or a child.

    Attributes:
        meaning: completes "the record is ...", for people who read policies.
        owner: the post at the holder that can state the fact.
        when_unknown: completes "It is not known ..." for the searcher; None when asking would hint at the answer.
    """

    meaning: str
    owner: str | None = None
    when_unknown: str | None = None


@dataclass(frozen=True, slots=True)
class Telling:
    """The fixed words of lines that name no impediment. The named gap is for facts that may be told."""

    veiled_next_step: str
    veiled_reply_days: int
    gap_next_step: str
    gap_named_next_step: str
    out_of_scope_next_step: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The only words policies may use.

    Attributes:
        choices: (word, words): a record that carries the word must carry one of the words, else all are unknown.
        recipients: recipient word to the roles it derives from; ``recipient_meanings``: to its meaning.
        roles: role to its sector; ``role_meanings``: to its meaning.
        posts: who at a holder can lift an impediment or make a judgement, with the meaning.
        silent: classes that are never connected.
        levels: classification to the level of detail at which its fields are reached.
        judgements: decisions by people, by kind.
        look_back_reasons: word to meaning: why a searcher may look further back than the purpose does by itself.
    """

    telling: Telling
    labels: Mapping[str, Word]
    choices: tuple[tuple[str, tuple[str, ...]], ...]
    classifications: Mapping[str, Word]
    roles: Mapping[str, Sector]
    recipients: Mapping[str, frozenset[str]]
    decisions: Mapping[str, Word]
    subject_facts: Mapping[str, Word]
    posts: Mapping[str, str]
    silent: Mapping[str, Silent]
    levels: Mapping[str, Detail] = field(default_factory=dict)
    judgements: Mapping[str, JudgementKind] = field(default_factory=dict)
    look_back_reasons: Mapping[str, str] = field(default_factory=dict)
    role_meanings: Mapping[str, str] = field(default_factory=dict)
    recipient_meanings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything under ``policies/``, read and checked.

    Attributes:
        digest: ``sha256:`` and the hex digest of the files' names and bytes; every decision is logged with it.
        on: the day whose law was asked about.
        impediments: rules that stop or ask, by id; ``handling``: rules that travel with what is shared, by id;
            ``limits``: what a purpose does not reach.
        inactive: law that is not in force; ``supporting``: law under which nobody asks by itself; both by id.
    """

    digest: str
    on: date
    catalogue: Catalogue
    vocabulary: Vocabulary
    purposes: Mapping[str, Purpose]
    impediments: Mapping[str, Rule]
    handling: Mapping[str, Rule]
    limits: Mapping[str, Rule] = field(default_factory=dict)
    inactive: Mapping[str, Listed] = field(default_factory=dict)
    supporting: Mapping[str, Listed] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    rejected: Mapping[str, Rejected] = field(default_factory=dict)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every impediment and handling rule, primary first."""
        both = (*self.impediments.values(), *self.handling.values())
        return tuple(sorted(both, key=lambda rule: (rule.rank, rule.id)))

    @property
    def limiting_rules(self) -> tuple[Rule, ...]:
        """The limits that speak of records, in order of id; the others are carried out elsewhere."""
        return tuple(rule for _, rule in sorted(self.limits.items()) if rule.carried_out_by == "rule")

    @property
    def look_back_next_step(self) -> str:
        """What a searcher may do who needs older records than the purpose looks back to."""
        steps = [rule.next_step for rule in self.limits.values() if rule.carried_out_by == "look_back"]
        return steps[0] if steps else self.vocabulary.telling.out_of_scope_next_step

    @property
    def barring_labels(self) -> frozenset[str]:
        """The words about a record that by themselves may bring an impediment to bear: what must be ruled out."""
        return frozenset(word for rule in self.impediments.values() for word in rule.applies_when.record_has)

    @property
    def overdue(self) -> tuple[str, ...]:
        """Ids of purposes and rules whose review date has passed."""
        purposes = [each.id for each in self.purposes.values() if each.review.next < self.on]
        rules = (*self.rules, *self.limits.values())
        return tuple(sorted(purposes + [each.id for each in rules if each.review.next < self.on]))
