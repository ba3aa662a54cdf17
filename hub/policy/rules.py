"""Reads gateways, impediments, handling rules and limits; checks each against vocabulary, law and the others."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePosixPath

from hub.policy.bundle import Condition, Detail, Effect, Listed, Purpose, Review, Rule
from hub.policy.files import (
    ConditionFile,
    ExceptionFile,
    GatewayFile,
    HandlingFile,
    ImpedimentFile,
    LawFile,
    LimitFile,
    PolicyFault,
    RejectedFile,
    ReviewFile,
    SourceFile,
)
from hub.policy.hints import meant
from hub.policy.words import REPLY_DAYS_MAX, VocabularyFile

RANKS = ("order", "statute", "privilege", "confidence", "condition")
"""Of several impediments the first of these is primary."""

HANDLING_RANK = 10
LIMIT_RANK = 20
_LISTS = "vocabulary.toml"
"""Where every rule and purpose is listed."""
_BUILT = {"mask": Effect.MASK}
"""The transforms the hub carries out. Another word of the vocabulary makes its fields a gap."""


@dataclass(frozen=True)
class Check:
    """What every rule is checked against, and where faults are collected."""

    words: VocabularyFile
    sources: Mapping[str, SourceFile]
    rejected: Mapping[str, RejectedFile]
    purposes: frozenset[str]
    on: date
    faults: list[PolicyFault]

    def refuse(self, file: str, key: str, problem: str) -> None:
        """Record a fault."""
        self.faults.append(PolicyFault(file, key, problem))

    def unknown(self, file: str, key: str, word: str, known: Collection[str]) -> None:
        """Record that ``word`` is none of ``known``, and which of them was probably meant."""
        self.refuse(file, key, f"{word!r} is not a word of the vocabulary{meant(word, known)}")

    def named(self, file: str, rule_id: str) -> None:
        """A file is called after the rule in it, so that an id is found, and given, once."""
        name = PurePosixPath(file).stem
        if name != rule_id:
            self.refuse(file, "id", f"must be the file's own name: write {name!r}, or rename the file")

    def waits(self, given: GatewayFile | ImpedimentFile) -> str | None:
        """When the law of a file that has not begun is to begin, as far as is known; None for law in force."""
        if given.commencement is not None:
            return f"in force from {given.commencement.isoformat()}" if given.commencement > self.on else None
        return given.not_commenced

    def law(self, file: str, source: str, *, stops: bool, waits: str | None = None) -> None:
        """The source is listed, in force on the day asked about and, where it is to stop sharing, able to.

        Law that has not begun is refused unless the file says so, and a file that says so of law in force is too.
        """
        row = self.sources.get(source)
        if row is None:
            say = f"{source!r} is not a row of legal-sources.toml{meant(source, self.sources)}"
            self.refuse(file, "law.source", say)
            return
        in_force = row.in_force and (row.in_force_from is None or row.in_force_from <= self.on)
        if row.repealed_on is not None and row.repealed_on <= self.on:
            instead = row.note or "Cite the law that is in force, or delete this file."
            self.refuse(file, "law.source", f"{source!r} was repealed on {row.repealed_on}. {instead}")
        elif not in_force and waits is None:
            say = "say so with `commencement = DATE` or `not_commenced`"
            self.refuse(file, "law.source", f"{source!r} is not in force on {self.on}: {say}")
        elif in_force and waits is not None:
            self.refuse(
                file, "law.source", f"{source!r} is in force on {self.on}: take `commencement` or `not_commenced` out"
            )
        elif stops and not row.bars:
            say = "Cite the provision that does, or delete this file"
            self.refuse(
                file, "law.source", f"{source!r} is a framework for sharing: it never by itself stops it. {say}"
            )

    def words_of(self, file: str, key: str, text: str) -> None:
        """No rejected ground is given as a reason."""
        for ground in self.rejected.values():
            for phrase in ground.phrases:
                if re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text, re.IGNORECASE):
                    self.refuse(file, key, f"{phrase!r} is a rejected ground: {ground.say_instead}")

    def review(self, file: str, review: ReviewFile) -> None:
        """Reviewed already, and to be reviewed again."""
        if review.last > self.on:
            self.refuse(file, "review.last", "lies in the future")
        if review.next <= review.last:
            self.refuse(file, "review.next", "must be after the last review")

    def condition(self, file: str, key: str, condition: ConditionFile) -> Condition:
        """The condition, its words checked."""
        lists = {
            "record_has": self.words.labels.keys(),
            "classification_is": self.words.classifications.keys(),
            "subject_is": self.words.subject_facts.keys(),
            "purpose_is": self.purposes,
            "recipient_is": self.words.recipients.keys(),
        }
        given = {name: values for name in lists if (values := getattr(condition, name)) is not None}
        if not given:
            self.refuse(file, key, "says nothing: a rule for everything is refused. Name what it is about")
        for name, values in given.items():
            for word in values:
                if word not in lists[name]:
                    self.unknown(file, f"{key}.{name}", word, lists[name])
        because = condition.because if isinstance(condition, ExceptionFile) else ""
        return Condition(**given, because=because)


def purpose(file: str, gateway: GatewayFile, detail: Mapping[str, Detail], check: Check) -> Purpose:
    """The purpose in a gateway file; ``detail`` is its scope, resolved."""
    check.named(file, gateway.id)
    check.law(file, gateway.law.source, stops=False, waits=check.waits(gateway))
    check.review(file, gateway.review)
    for role in gateway.recipient_roles:
        kept = check.words.roles.get(role)
        if kept is None:
            check.unknown(file, "recipient_roles", role, check.words.roles)
        elif kept.sector not in gateway.recipient_sectors:
            check.refuse(file, "recipient_roles", f"{role!r} is of a sector that `recipient_sectors` leaves out")
    if gateway.needs_decision is not None and gateway.needs_decision not in check.words.decisions:
        check.unknown(file, "needs_decision", gateway.needs_decision, check.words.decisions)
    return Purpose(
        id=gateway.id,
        title=gateway.title,
        citation=_citation(check, gateway.law.source, gateway.law.pinpoint),
        kind=gateway.kind,
        needs_decision=gateway.needs_decision is not None,
        confidence=gateway.law.confidence,
        threshold=gateway.threshold,
        recipient_sectors=frozenset(gateway.recipient_sectors),
        decision=gateway.needs_decision,
        review=_review(gateway.review),
        detail=detail,
        look_back_years=gateway.scope.look_back_years if gateway.scope else None,
        recipient_roles=frozenset(gateway.recipient_roles),
        why=gateway.scope.why if gateway.scope else "",
        explain=gateway.explain,
        note=gateway.law.note,
        source=gateway.law.source,
        file=file,
    )


def listed(made: Purpose | Rule, because: str) -> Listed:
    """A purpose or rule that decides nothing, with the reason: when it is to begin, or what it only supports."""
    return Listed(made.id, made.title, made.explain, made.citation, made.confidence, because, made.note, made.file)


def impediment(file: str, given: ImpedimentFile, check: Check) -> Rule:
    """The rule in an impediment file."""
    rule = _rule(file, given, check, Effect(given.effect), RANKS.index(given.law.kind))
    tell = given.tell
    check.words_of(file, "tell.next_step", tell.next_step)
    if tell.post not in check.words.posts:
        check.unknown(file, "tell.post", tell.post, check.words.posts)
    if tell.reply_days is not None and not 1 <= tell.reply_days <= REPLY_DAYS_MAX:
        check.refuse(file, "tell.reply_days", f"must be 1 to {REPLY_DAYS_MAX}")
    if given.effect == "ask" and given.cite == "veiled":
        check.refuse(file, "cite", "only a withheld field is veiled: every veiled line must look the same")
    if given.strength == "absolute":
        for number, exception in enumerate(rule.does_not_apply_when):
            if not exception.record_has:
                key = f"does_not_apply_when[{number}]"
                check.refuse(file, key, "an absolute impediment is not lifted by who asks or why")
    return replace(
        rule,
        strength=given.strength,
        covers=given.covers,
        who_can_lift_it=tell.who_can_lift_it,
        post=tell.post,
        next_step=tell.next_step,
        reply_days=tell.reply_days,
    )


def handling(file: str, given: HandlingFile, check: Check) -> Rule:
    """The rule in a handling file."""
    effect = Effect.NOTICE if given.transform is None else _BUILT.get(given.transform, Effect.NOT_BUILT)
    if (given.transform is None) == (given.notice is None):
        check.refuse(file, "notice", "give either a notice or a transform")
    if given.transform is not None and given.transform not in check.words.transforms:
        check.unknown(file, "transform", given.transform, check.words.transforms)
    if (effect is Effect.MASK) != (given.cite == "veiled"):
        check.refuse(file, "cite", "a mask is veiled, and a notice is read by the searcher")
    check.words_of(file, "notice", given.notice or "")
    rule = _rule(file, given, check, effect, HANDLING_RANK + RANKS.index(given.law.kind))
    return replace(rule, notice=given.notice or "", who_can_lift_it=given.who_can_lift_it)


def limit(file: str, given: LimitFile, check: Check) -> Rule:
    """The rule in a limit file. One that code carries out elsewhere has no condition, and the reader is told where."""
    check.named(file, given.id)
    check.law(file, given.law.source, stops=False)
    check.review(file, given.review)
    check.words_of(file, "tell.next_step", given.tell.next_step)
    if (given.carried_out_by == "rule") != (given.applies_when is not None):
        check.refuse(file, "applies_when", 'belongs in a limit carried out by "rule", and only there')
    applies = Condition()
    if given.applies_when is not None:
        applies = check.condition(file, "applies_when", given.applies_when)
    return Rule(
        id=given.id,
        title=given.title,
        effect=Effect.OUT_OF_SCOPE,
        veiled=False,
        rank=LIMIT_RANK,
        citation=_citation(check, given.law.source, given.law.pinpoint),
        confidence=given.law.confidence,
        applies_when=applies,
        does_not_apply_when=_exceptions(file, given.does_not_apply_when, check),
        review=_review(given.review),
        strength="scope",
        next_step=given.tell.next_step,
        explain=given.explain,
        source=given.law.source,
        file=file,
        note=given.law.note,
        carried_out_by=given.carried_out_by,
    )


def _exceptions(file: str, given: Iterable[ExceptionFile], check: Check) -> tuple[Condition, ...]:
    return tuple(check.condition(file, f"does_not_apply_when[{number}]", each) for number, each in enumerate(given))


def _rule(file: str, given: ImpedimentFile | HandlingFile, check: Check, effect: Effect, rank: int) -> Rule:
    law: LawFile = given.law
    stops = effect in (Effect.WITHHOLD, Effect.ASK, Effect.MASK)
    waits = check.waits(given) if isinstance(given, ImpedimentFile) else None
    check.named(file, given.id)
    check.law(file, law.source, stops=stops, waits=waits)
    check.review(file, given.review)
    check.words_of(file, "title", given.title)
    check.words_of(file, "law.pinpoint", law.pinpoint)
    return Rule(
        id=given.id,
        title=given.title,
        effect=effect,
        veiled=given.cite == "veiled",
        rank=rank,
        citation=_citation(check, law.source, law.pinpoint, " " if law.kind == "statute" else ", "),
        confidence=law.confidence,
        applies_when=check.condition(file, "applies_when", given.applies_when),
        does_not_apply_when=_exceptions(file, given.does_not_apply_when, check),
        review=_review(given.review),
        explain=given.explain,
        source=law.source,
        file=file,
        note=law.note,
    )


def veil_faults(rules: Iterable[Rule], check: Check) -> None:
    """A word that a veiled impediment turns on must not be named to the searcher when it is unknown."""
    for rule in rules:
        if rule.veiled and rule.effect is Effect.WITHHOLD:
            for condition in (rule.applies_when, *rule.does_not_apply_when):
                for word in condition.record_has:
                    label = check.words.labels.get(word)
                    if label is not None and label.when_unknown is not None:
                        check.refuse(
                            f"impediments/{rule.id}.toml",
                            "cite",
                            f"{word!r} has a `when_unknown` in vocabulary.toml: it would hint",
                        )


def manifest_faults(rules: Iterable[Rule], check: Check) -> None:
    """Every rule is listed and every listed rule is there, and every word about records is used.

    Without the list, a lost impediment file would go unnoticed, and what it protected would be shared.
    """
    file = _LISTS
    listed = set(check.words.rules)
    used: set[str] = {choice.when for choice in check.words.choices}
    used.update(word for choice in check.words.choices for word in choice.one_of)
    for rule in rules:
        if rule.id not in listed:
            check.refuse(file, "rules", f"does not list {rule.id!r}: add it, so that its loss would be noticed")
        listed.discard(rule.id)
        for condition in (rule.applies_when, *rule.does_not_apply_when):
            used.update(condition.record_has, condition.subject_is)
    for rule_id in sorted(listed):
        check.refuse(
            file, "rules", f"{rule_id!r} is listed and has no usable file: restore it, or take it off the list"
        )
    for word in [*check.words.labels, *check.words.subject_facts]:
        if word not in used:
            section = "labels" if word in check.words.labels else "subject_facts"
            say = "no rule speaks of this word: take it out, or write the rule"
            check.refuse(file, f"{section}.{word}", say)


def gateways_listed(named: Iterable[str], check: Check) -> None:
    """Every gateway is listed and every listed gateway is there: else nobody could ask under a lost one, unnoticed."""
    there, listed = frozenset(named), frozenset(check.words.purposes)
    for name in sorted(there - listed):
        check.refuse(_LISTS, "purposes", f"does not list {name!r}: add it, so that its loss would be noticed")
    for name in sorted(listed - there):
        problem = f"{name!r} is listed and has no file: restore gateways/{name}.toml, or take it off the list"
        check.refuse(_LISTS, "purposes", problem)


def _citation(check: Check, source: str, pinpoint: str, between: str = " ") -> str:
    row = check.sources.get(source)
    return f"{row.title}{between}{pinpoint}" if row else pinpoint


def _review(review: ReviewFile) -> Review:
    return Review(review.owner, review.last, review.next)
