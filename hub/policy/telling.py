"""Turns decisions into the lines a searcher is told: an open line names one impediment, a veiled line names nothing.

Every veiled line has the same shape whatever lies behind it: no impediment, no kind, the fixed next step, the holder's
single point of contact, the fixed reply date. A record of which nothing is released, and whose kind a veiled impediment
protects (or might), is one line for the whole record: field names would tell the kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from hub.domain.catalogue import KindSpec, ValueType
from hub.domain.disclosure import HandlingNotice, Outcome
from hub.domain.records import RecordPointer
from hub.policy import decision as say
from hub.policy.bundle import Bundle, Word
from hub.policy.decision import FieldDecision, Group, Line, RecordDecision

WHOLE = ("*",)

_OTHER_FACTS: Mapping[str, Word] = {
    say.RECIPIENT_ROLE: Word("the searcher's role", None, "in which role you would receive this"),
    say.UNCLASSIFIED: Word("unclassified", "data_owner", "what sort of information this field holds"),
    say.NOT_BUILT: Word("handling", "data_owner", "how to carry out a condition that travels with this"),
}
_PLAIN: Mapping[ValueType, type] = {
    ValueType.TEXT: str,
    ValueType.DATE: date,
    ValueType.INTEGER: int,
    ValueType.BOOLEAN: bool,
}
_STRENGTH = (Outcome.WITHHELD, Outcome.ASK, Outcome.GAP)


class Teller:
    """Composes lines from a bundle's words."""

    def __init__(self, bundle: Bundle) -> None:
        """Take the words from ``bundle``."""
        vocabulary = bundle.vocabulary
        self._telling = vocabulary.telling
        self._rules = {rule.id: rule for rule in (*bundle.rules, *bundle.limits.values())}
        self._facts = {**vocabulary.labels, **vocabulary.subject_facts, **vocabulary.decisions, **_OTHER_FACTS}

    def record(
        self,
        pointer: RecordPointer,
        spec: KindSpec | None,
        fields: Mapping[str, FieldDecision],
        groups: tuple[Group, ...],
    ) -> RecordDecision:
        """The whole decision on one record, with everything that will be told about it."""
        kind = spec.id if spec else None
        held_back = [group for group in groups if not group.decision.outcome.releases]
        lines = _merged([self.line(group, kind) for group in held_back])
        shared = [group for group in groups if group.decision.outcome.releases]
        free = [field for field in spec.fields if fields[field.name].outcome.releases] if spec else []
        stated = [field for field in free if field.derived is None]
        return RecordDecision(
            kind=pointer.kind,
            spec=spec,
            labels=pointer.labels,
            undetermined=pointer.undetermined,
            fields=MappingProxyType(dict(fields)),
            groups=groups,
            lines=lines,
            whole_lines=() if shared else self._whole_lines(held_back, kind),
            notices=self._notices(shared),
            any_released=bool(shared),
            copied={field.name: _PLAIN[field.type] for field in stated if field.type in _PLAIN},
            checked={field.name: field.type for field in stated if field.type not in _PLAIN},
            derived=tuple(field for field in free if field.derived is not None),
        )

    def line(self, group: Group, kind: str | None) -> Line:
        """What is told of one group of fields."""
        decided = group.decision
        if decided.veiled:
            told = self._telling
            return Line(
                group.fields,
                decided.outcome,
                decided.grounds,
                veiled=True,
                impediment=None,
                kind=None,
                next_step=told.veiled_next_step,
                reply_days=told.veiled_reply_days,
            )
        shown_kind = None if decided.hidden else kind
        if decided.outcome is Outcome.OUT_OF_SCOPE:
            limit = self._rules.get(decided.grounds[0]) if decided.grounds else None
            next_step = limit.next_step if limit else self._telling.out_of_scope_next_step
            return self._plain(group, shown_kind, next_step, None)
        if decided.outcome is Outcome.GAP:
            next_step, post = self._gap(decided)
            return self._plain(group, shown_kind, next_step, post)
        primary = self._rules[decided.grounds[0]]
        line = self._plain(group, shown_kind, primary.next_step, primary.post)
        return replace(line, impediment=primary.as_named(), reply_days=primary.reply_days)

    def _plain(self, group: Group, kind: str | None, next_step: str, post: str | None) -> Line:
        decided = group.decision
        return Line(group.fields, decided.outcome, decided.grounds, False, None, kind, next_step, post)

    def _gap(self, decided: FieldDecision) -> tuple[str, str]:
        """The next step of a gap, naming the missing facts where naming them gives nothing away; and the post."""
        words = [self._facts.get(name) for name in decided.missing]
        owner = next((word.owner for word in words if word and word.owner), None) or "data_owner"
        phrases = [word.when_unknown for word in words if word and word.when_unknown]
        if decided.hidden or len(phrases) < len(words):
            return self._telling.gap_next_step, "data_owner"
        return f"It is not known {'; nor '.join(phrases)}. {self._telling.gap_named_next_step}", owner

    def _whole_lines(self, held_back: Sequence[Group], kind: str | None) -> tuple[Line, ...]:
        """Lines for a record of which nothing is released. Out of scope altogether: none, its existence is not told."""
        reached = [group for group in held_back if group.decision.outcome is not Outcome.OUT_OF_SCOPE]
        if not reached:
            return ()
        if any(group.decision.hidden for group in reached):
            reached.sort(key=lambda group: (not group.decision.veiled, _STRENGTH.index(group.decision.outcome)))
            strongest = reached[0]
            whole = Group(WHOLE, replace(strongest.decision, hidden=True, grounds=_all_grounds(reached, strongest)))
            return (self.line(whole, None),)
        lines = _merged([self.line(group, kind) for group in reached])
        return (replace(lines[0], fields=WHOLE),) if len(lines) == 1 else lines

    def _notices(self, shared: Sequence[Group]) -> tuple[HandlingNotice, ...]:
        """A notice for each handling rule, with the fields it travels with."""
        fields: dict[str, tuple[str, ...]] = {}
        for group in shared:
            for rule in group.decision.handling:
                fields[rule] = fields.get(rule, ()) + group.fields
        made = []
        for rule_id, names in fields.items():
            told = self._rules[rule_id]
            made.append(HandlingNotice(rule_id, told.notice, names, told.citation, told.confidence))
        return tuple(made)


def _merged(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Lines that would read the same, told once: two veiled lines side by side would show that their grounds differ."""
    merged: dict[Line, Line] = {}
    for line in lines:
        said = replace(line, fields=(), grounds=())
        if said in merged:
            first = merged[said]
            grounds = tuple(dict.fromkeys((*first.grounds, *line.grounds)))
            merged[said] = replace(first, fields=first.fields + line.fields, grounds=grounds)
        else:
            merged[said] = line
    return tuple(merged.values())


def _all_grounds(reached: Sequence[Group], strongest: Group) -> tuple[str, ...]:
    """Every ground of a record told as one line, those of its strongest group first."""
    return tuple(dict.fromkeys(each for group in (strongest, *reached) for each in group.decision.grounds))
