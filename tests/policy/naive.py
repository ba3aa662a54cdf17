"""A second implementation of the decision order, as plainly as it can be said: sets of words, no masks, no cache.

Written from ``docs/how-a-field-is-decided.md``, not from the engine, so that a mistake has to be made
twice to go unnoticed. ``None`` is the third truth value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hub.domain.catalogue import FieldSpec, KindSpec
from hub.domain.disclosure import Outcome
from hub.domain.records import RecordPointer
from hub.policy.bundle import Bundle, Condition, Effect, Purpose, Rule
from hub.policy.facts import NOTHING_JUDGED, Judged, RequestFacts

Answer = tuple[Outcome, tuple[str, ...], bool]
"""Outcome; ids that determine it (grounds, or handling when shared); whether veiled."""

Lookup = Callable[[str, str], bool | None]


def decide(
    bundle: Bundle, request: RequestFacts, pointer: RecordPointer, judged: Judged = NOTHING_JUDGED
) -> dict[str, Answer]:
    """The decision for every field; for a kind nobody catalogued, a gap for ``*``."""
    kind = bundle.catalogue.kinds.get(pointer.kind)
    if kind is None:
        return {"*": (Outcome.GAP, (), False)}
    return {field.name: _field(bundle, request, pointer, judged, kind, field) for field in kind.fields}


def verdicts(bundle: Bundle, rule: Rule, request: RequestFacts, pointer: RecordPointer) -> dict[str, bool | None]:
    """Whether ``rule`` applies, to every field."""
    kind = bundle.catalogue[pointer.kind]
    looked = {each.name: _lookup(bundle, request, pointer, NOTHING_JUDGED, kind, each) for each in kind.fields}
    return {name: applies(rule, truth) for name, truth in looked.items()}


def _field(
    bundle: Bundle, request: RequestFacts, pointer: RecordPointer, judged: Judged, kind: KindSpec, field: FieldSpec
) -> Answer:
    purpose = bundle.purposes.get(request.purpose)
    if purpose is None or not _reaches(bundle, purpose, request, kind, field):
        return (Outcome.OUT_OF_SCOPE, (), False)
    truth = _lookup(bundle, request, pointer, judged, kind, field)
    limits = [(rule, applies(rule, truth)) for rule in sorted(bundle.limiting_rules, key=lambda rule: rule.id)]
    ended = [rule for rule, so in limits if so is True]
    if ended:
        return (Outcome.OUT_OF_SCOPE, _ids(ended), False)
    rules = sorted(bundle.rules, key=lambda rule: (rule.rank, rule.id))
    read = [(rule, applies(rule, truth)) for rule in rules]
    stops = [rule for rule, so in read if so is True and rule.effect in (Effect.WITHHOLD, Effect.MASK)]
    if stops:
        return (Outcome.WITHHELD, _ids(stops), any(rule.veiled for rule in stops))
    asks = [rule for rule, so in read if so is True and rule.effect is Effect.ASK]
    if asks:
        return (Outcome.ASK, _ids(asks), False)
    maybes = [rule for rule, so in [*read, *limits] if so is None]
    if maybes or _odd(bundle, request, pointer, judged, field):
        return (Outcome.GAP, _ids(maybes), False)
    if purpose.needs_decision and not request.decision_recorded:
        return (Outcome.GAP, (), False)
    handled = [rule for rule, so in read if so is True]
    unbuilt = [rule for rule in handled if rule.effect is Effect.NOT_BUILT]
    if unbuilt:
        return (Outcome.GAP, _ids(unbuilt), False)
    return (Outcome.SHARED_WITH_HANDLING if handled else Outcome.SHARED, _ids(handled), False)


def _reaches(bundle: Bundle, purpose: Purpose, request: RequestFacts, kind: KindSpec, field: FieldSpec) -> bool:
    """Whether the searcher may state the purpose, and it needs a field of this kind and class."""
    if request.recipient_sector not in purpose.recipient_sectors:
        return False
    if purpose.recipient_roles and request.role not in purpose.recipient_roles:
        return False
    order = ["existence", "key_facts", "full"]
    level = bundle.vocabulary.levels.get(field.classification)
    needed = purpose.detail.get(kind.id)
    return level is not None and needed is not None and order.index(level) <= order.index(needed)


def _odd(bundle: Bundle, request: RequestFacts, pointer: RecordPointer, judged: Judged, field: FieldSpec) -> bool:
    """Whether something was said in words that the vocabulary does not have."""
    words = bundle.vocabulary
    of_parts = [word for _, word in judged.parts]
    said = [*pointer.labels, *pointer.undetermined, *judged.words, *judged.stale, *of_parts]
    return (
        not all(label in words.labels for label in said)
        or not all(fact in words.subject_facts for fact in [*request.subject_facts, *request.subject_unknown])
        or field.classification not in words.classifications
    )


def _lookup(
    bundle: Bundle, request: RequestFacts, pointer: RecordPointer, judged: Judged, kind: KindSpec, field: FieldSpec
) -> Lookup:
    words = bundle.vocabulary

    def stated(word: str) -> bool | None:
        if word in kind.labels or word in judged.words or (field.name, word) in judged.parts:
            return True
        if word in pointer.undetermined:
            return None
        if word in pointer.labels:
            return True
        return None if word in judged.stale else False

    def truth(key: str, word: str) -> bool | None:
        if key == "record_has":
            for when, one_of in words.choices:
                if word in one_of and stated(when) is not False and not any(stated(each) is True for each in one_of):
                    return None
            return stated(word)
        if key == "subject_is":
            return None if word in request.subject_unknown else word in request.subject_facts
        if key == "recipient_is":
            return request.role in words.recipients[word] if request.role in words.roles else None
        return word == (request.purpose if key == "purpose_is" else field.classification)

    return truth


def applies(rule: Rule, truth: Lookup) -> bool | None:
    """Whether ``rule`` applies, as far as ``truth`` can tell."""
    lifted = _any(_table(each, truth) for each in rule.does_not_apply_when)
    return _all([_table(rule.applies_when, truth), None if lifted is None else not lifted])


def _table(condition: Condition, truth: Lookup) -> bool | None:
    return _all(_any(truth(key, word) for word in words) for key, words in condition.keys().items())


def _all(values: Iterable[bool | None]) -> bool | None:
    seen = list(values)
    if False in seen:
        return False
    return None if None in seen else True


def _any(values: Iterable[bool | None]) -> bool | None:
    seen = list(values)
    if True in seen:
        return True
    return None if None in seen else False


def _ids(rules: list[Rule]) -> tuple[str, ...]:
    return tuple(rule.id for rule in rules)
