"""Decides every field, in the order of ``docs/how-a-field-is-decided.md``. Pure; never raises on odd data."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from hub.domain.catalogue import FieldSpec, KindSpec
from hub.domain.disclosure import Outcome
from hub.domain.records import RecordPointer
from hub.policy import decision as say
from hub.policy.bundle import Bundle, Effect, Purpose
from hub.policy.compile import FALSE, TRUE, Bits, Compiled, Known, Reading
from hub.policy.decision import FieldDecision, Group, RecordDecision, Scope
from hub.policy.facts import NOTHING_JUDGED, Judged, RequestFacts
from hub.policy.telling import Teller

DECISIONS_MAX = 4_096
"""Decisions kept. Labels come from outside, so the number of distinct ones is not ours to bound: at the limit the
oldest is dropped."""

_Key = tuple[RequestFacts, str, frozenset[str], frozenset[str], Judged]
_OUT_OF_SCOPE = FieldDecision(Outcome.OUT_OF_SCOPE)
_SILENT_ON_RECORDS = FieldDecision(Outcome.GAP, hidden=True, missing=(say.UNKNOWN_KIND,))
_COULD_BE_ANYTHING = frozenset({say.UNKNOWN_LABEL, say.UNKNOWN_SUBJECT_FACT})
"""Odd facts that could stand for a veiled impediment, and so hide the kind of record."""


class Policy:
    """A bundle, compiled. Immutable but for its cache; safe to share between tasks of one event loop."""

    def __init__(self, bundle: Bundle) -> None:
        """Compile ``bundle``."""
        self.bundle = bundle
        self._bits = Bits((*bundle.limiting_rules, *bundle.rules))
        self._rules = tuple(Compiled.of(rule, self._bits) for rule in bundle.rules)
        self._limits = tuple(Compiled.of(rule, self._bits) for rule in bundle.limiting_rules)
        self._look_back = tuple(rule.id for rule in bundle.limits.values() if rule.carried_out_by == "look_back")
        self._teller = Teller(bundle)
        self._decisions: dict[_Key, RecordDecision] = {}
        self._scopes: dict[tuple[str, str], Scope] = {}
        self._words = bundle.vocabulary

    @property
    def digest(self) -> str:
        """The bundle's digest, for the log."""
        return self.bundle.digest

    def scope(self, purpose: str, role: str) -> Scope:
        """The fields, kinds and sectors that ``purpose`` reaches for a searcher of ``role``.

        Empty for an unknown purpose and for a role whose sector may not state the purpose. What is outside is never
        asked for, so that held and not held are the same answer. A role the vocabulary does not know narrows nothing
        here: it narrows each decision instead.
        """
        gateway = self.bundle.purposes.get(purpose)
        if gateway is None:
            return Scope(MappingProxyType({}), frozenset())
        key = (purpose, role if role in self._words.roles else "")
        if key not in self._scopes:
            sector = self._words.roles.get(role)
            open_to_role = gateway.open_to(sector, role) if sector is not None else not gateway.recipient_roles
            kinds = self.bundle.catalogue.kinds.values() if open_to_role else ()
            fields = {kind.id: names for kind in kinds if (names := self._reached(purpose, role, kind))}
            sectors = frozenset(self.bundle.catalogue[kind].sector for kind in fields)
            self._scopes[key] = Scope(MappingProxyType(fields), sectors)
        return self._scopes[key]

    def _reached(self, purpose: str, role: str, kind: KindSpec) -> frozenset[str]:
        """The fields of ``kind`` in scope, but for the classes that a limit ends whatever a record says."""
        bits, words = self._bits, self._words
        recipients = [word for word, roles in words.recipients.items() if role in roles]
        known = Known(
            bits.mask("record_has", kind.labels)
            | bits.mask("purpose_is", (purpose,))
            | bits.mask("recipient_is", recipients),
            bits.mask("record_has", words.labels.keys() - kind.labels)
            | bits.mask("subject_is", words.subject_facts)
            | bits.mask("recipient_is", () if role in words.roles else words.recipients),
        )
        ended = {
            classification
            for classification in {each.classification for each in kind.fields}
            if any(limit.verdict(self._with_class(known, classification)) == TRUE for limit in self._limits)
        }
        in_scope = (each for each in kind.fields if purpose in each.needed_for)
        return frozenset(each.name for each in in_scope if each.classification not in ended)

    def decide(self, request: RequestFacts, pointer: RecordPointer, judged: Judged = NOTHING_JUDGED) -> RecordDecision:
        """The decision for every field of the record pointed at; an unknown kind or label is a gap, never an error.

        ``judged`` is what people have decided about this very record: it is the caller's to pair them.
        """
        key = (request, pointer.kind, pointer.labels, pointer.undetermined, judged)
        found = self._decisions.get(key)
        if found is None:
            found = self._decide(request, pointer, judged)
            while len(self._decisions) >= DECISIONS_MAX:
                del self._decisions[next(iter(self._decisions))]
            self._decisions[key] = found
        return found

    def _decide(self, request: RequestFacts, pointer: RecordPointer, judged: Judged) -> RecordDecision:
        spec = self.bundle.catalogue.kinds.get(pointer.kind)
        if spec is None:
            return self._teller.record(pointer, None, {}, (Group(("*",), _SILENT_ON_RECORDS),))
        gateway = self.bundle.purposes.get(request.purpose)
        odd = self._odd_facts(request, pointer, judged)
        known: dict[frozenset[str], Known] = {}
        like: dict[tuple[str, frozenset[str]], FieldDecision] = {}  # fields of one class and judgement are decided once
        fields: dict[str, FieldDecision] = {}
        for each in spec.fields:
            if gateway is None or not _in_scope(request, gateway, each):
                fields[each.name] = _OUT_OF_SCOPE
                continue
            words = judged.of_field(each.name)
            if words not in known:
                known[words] = self._known(request, spec, pointer, judged, words)
            key = (each.classification, words)
            if key not in like:
                like[key] = self._classified(request, gateway, each.classification, known[words], odd)
            fields[each.name] = like[key]
        return self._teller.record(pointer, spec, fields, _grouped(fields))

    def beyond_look_back(self, pointer: RecordPointer) -> RecordDecision:
        """The decision for a record that is older than the purpose looks back: wholly out of scope, and not told."""
        spec = self.bundle.catalogue.kinds.get(pointer.kind)
        too_old = FieldDecision(Outcome.OUT_OF_SCOPE, self._look_back)
        fields = {each.name: too_old for each in spec.fields} if spec is not None else {}
        return self._teller.record(pointer, spec, fields, _grouped(fields))

    def _known(
        self,
        request: RequestFacts,
        spec: KindSpec,
        pointer: RecordPointer,
        judged: Judged = NOTHING_JUDGED,
        of_field: frozenset[str] = frozenset(),
    ) -> Known:
        """What is known of a record in a question, but for the class of the field.

        A word stated and unstated at once is unknown, except where the kind of record makes it certain. A judgement in
        force settles its word; one that is overdue for review unsettles it, unless the holder's own system states it.
        """
        sure = spec.labels | judged.words | of_field
        unknown = set(pointer.undetermined) | (judged.stale - pointer.labels)
        unknown -= sure
        true = (set(pointer.labels) | sure) - unknown
        for word, choices in self._words.choices:
            if word in true | unknown and not true.intersection(choices):
                unknown.update(choices)
        bits = self._bits
        recipients = [word for word, roles in self._words.recipients.items() if request.role in roles]
        role_unknown = request.role not in self._words.roles
        subject_true = request.subject_facts - request.subject_unknown
        return Known(
            bits.mask("record_has", true)
            | bits.mask("subject_is", subject_true)
            | bits.mask("purpose_is", (request.purpose,))
            | bits.mask("recipient_is", recipients),
            bits.mask("record_has", unknown)
            | bits.mask("subject_is", request.subject_unknown)
            | bits.mask("recipient_is", self._words.recipients if role_unknown else ()),
        )

    def readings(
        self, request: RequestFacts, pointer: RecordPointer, judged: Judged = NOTHING_JUDGED
    ) -> tuple[Reading, ...]:
        """How each rule that is about this record or child was read, field by field, for a reviewer."""
        spec = self.bundle.catalogue.kinds.get(pointer.kind)
        if spec is None:
            return ()
        found: dict[Reading, None] = {}
        rules = (*self._limits, *self._rules)
        for classification, words in dict.fromkeys(
            (each.classification, judged.of_field(each.name)) for each in spec.fields
        ):
            full = self._with_class(self._known(request, spec, pointer, judged, words), classification)
            found |= {reading: None for rule in rules if (reading := rule.reading(full)) is not None}
        return tuple(found)

    def _odd_facts(self, request: RequestFacts, pointer: RecordPointer, judged: Judged) -> tuple[str, ...]:
        """Names of facts the vocabulary does not know: they could mean anything, so they are gaps."""
        odd = []
        stated = pointer.labels | pointer.undetermined | judged.words | judged.stale
        if not stated <= self._words.labels.keys() or any(word not in self._words.labels for _, word in judged.parts):
            odd.append(say.UNKNOWN_LABEL)
        if not (request.subject_facts | request.subject_unknown) <= self._words.subject_facts.keys():
            odd.append(say.UNKNOWN_SUBJECT_FACT)
        return tuple(odd)

    def _classified(
        self, request: RequestFacts, gateway: Purpose, classification: str, known: Known, odd: tuple[str, ...]
    ) -> FieldDecision:
        """The limits of step 2, and steps 3 to 8 of the decision order, for fields of one class."""
        full = self._with_class(known, classification)
        limits = [(rule, value) for rule in self._limits if (value := rule.verdict(full)) != FALSE]
        if limiting := [rule for rule, value in limits if value == TRUE]:
            return FieldDecision(Outcome.OUT_OF_SCOPE, _ids(limiting))
        verdicts = [(rule, value) for rule in self._rules if (value := rule.verdict(full)) != FALSE]
        maybe = [rule for rule, value in (*verdicts, *limits) if value != TRUE]
        sure = [rule for rule, value in verdicts if value == TRUE]
        # A mask hides a value, not the record: one that cannot be ruled out does not hide the kind.
        may_be_veiled = not _COULD_BE_ANYTHING.isdisjoint(odd) or any(
            each.rule.veiled and each.rule.effect is Effect.WITHHOLD for each in maybe
        )
        if stopping := [each for each in sure if each.rule.effect in (Effect.WITHHOLD, Effect.MASK)]:
            veiled = any(each.rule.veiled for each in stopping)
            return FieldDecision(Outcome.WITHHELD, _ids(stopping), veiled=veiled, hidden=veiled or may_be_veiled)
        if asking := [each for each in sure if each.rule.effect is Effect.ASK]:
            return FieldDecision(Outcome.ASK, _ids(asking), hidden=may_be_veiled)
        missing = (*odd, *self._missing(maybe, full))
        if classification not in self._words.classifications:
            missing = (*missing, say.UNCLASSIFIED)
        if missing:
            return FieldDecision(Outcome.GAP, _ids(maybe), hidden=may_be_veiled, missing=missing)
        if gateway.decision is not None and not request.decision_recorded:
            return FieldDecision(Outcome.GAP, missing=(gateway.decision,))
        if unbuilt := [each for each in sure if each.rule.effect is Effect.NOT_BUILT]:
            return FieldDecision(Outcome.GAP, _ids(unbuilt), missing=(say.NOT_BUILT,))
        outcome = Outcome.SHARED_WITH_HANDLING if sure else Outcome.SHARED
        return FieldDecision(outcome, gateway=gateway.id, handling=_ids(sure))

    def _with_class(self, known: Known, classification: str) -> Known:
        return Known(known.true | self._bits.mask("classification_is", (classification,)), known.unknown)

    def _missing(self, maybe: Sequence[Compiled], known: Known) -> tuple[str, ...]:
        """The words that keep ``maybe`` undecided; every recipient word counts as the one fact of the role."""
        bits = 0
        for each in maybe:
            bits |= each.unknown_bits(known)
        facts = self._bits.words(bits)
        return tuple(dict.fromkeys(say.RECIPIENT_ROLE if key == "recipient_is" else word for key, word in facts))


def _in_scope(request: RequestFacts, gateway: Purpose, field: FieldSpec) -> bool:
    """Step 2. The sector check is the gateway's own: who may receive under it is part of the law that grants it."""
    return gateway.open_to(request.recipient_sector, request.role) and request.purpose in field.needed_for


def _ids(rules: Sequence[Compiled]) -> tuple[str, ...]:
    return tuple(each.rule.id for each in rules)


def _grouped(fields: dict[str, FieldDecision]) -> tuple[Group, ...]:
    """Fields with equal decisions together, in the order each first appears."""
    groups: dict[FieldDecision, list[str]] = {}
    for name, each in fields.items():
        groups.setdefault(each, []).append(name)
    return tuple(Group(tuple(names), each) for each, names in groups.items())
