"""The rules of a bundle as Cedar policies: a second engine decides, and what it says is compared with ours.

Cedar has two truth values and skips a policy whose condition errors. So each rule is written twice, as what surely
applies and as what cannot be ruled out, and every attribute is always present: a record's words arrive as two sets,
those known to be true and those nobody settled. The text decides by itself: the first step among the policies that
determined an answer is the outcome, and those policies are its grounds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hub.domain.disclosure import Outcome
from hub.domain.records import RecordPointer
from hub.policy.bundle import Bundle, Condition, Effect, Purpose, Rule
from hub.policy.facts import NOTHING_JUDGED, Judged, RequestFacts

_STOPS: Mapping[Effect, tuple[str, Outcome]] = {
    Effect.OUT_OF_SCOPE: ("2b", Outcome.OUT_OF_SCOPE),
    Effect.WITHHOLD: ("3", Outcome.WITHHELD),
    Effect.MASK: ("3", Outcome.WITHHELD),
    Effect.ASK: ("4", Outcome.ASK),
    Effect.NOT_BUILT: ("7", Outcome.GAP),
}
"""The step of the decision order at which a rule that surely applies stops a field, and with what outcome."""

_NO_KIND, _NO_GATEWAY, _MAYBE, _UNDECIDED, _SHARED, _HANDLED = "1", "2a", "5", "6", "8", "9"


@dataclass(frozen=True, slots=True)
class Answer:
    """What Cedar said of one field: ``determining`` are ids of rules; for a shared one, those whose notice travels."""

    outcome: Outcome
    determining: frozenset[str]
    veiled: bool


def cedar_policies(bundle: Bundle) -> str:
    """Every gateway, limit, impediment and handling rule of ``bundle`` as Cedar text, one ``@id`` each.

    An id is ``step.outcome.plain|veiled.rule``, the step being that of the decision order.
    """
    return "\n".join(_Writer(bundle).policies())


def cedar_entities(bundle: Bundle) -> list[dict[str, Any]]:
    """The catalogue's fields, and the vocabulary's roles and words, as Cedar entities."""
    recipients = bundle.vocabulary.recipients.items()
    roles = [
        {
            "uid": {"type": "Role", "id": role},
            "attrs": {},
            "parents": [
                {"type": "Register", "id": "roles"},
                *({"type": "Recipient", "id": word} for word, roles in recipients if role in roles),
            ],
        }
        for role in bundle.vocabulary.roles
    ]
    fields = [
        {
            "uid": {"type": "Field", "id": f"{kind.id}/{field.name}"},
            "attrs": {"kind": kind.id, "classification": field.classification},
            "parents": [{"type": "Register", "id": "fields"}],
        }
        for kind in bundle.catalogue.kinds.values()
        for field in kind.fields
    ]
    words = {"record": sorted(bundle.vocabulary.labels), "child": sorted(bundle.vocabulary.subject_facts)}
    return [*roles, *fields, {"uid": {"type": "Register", "id": "words"}, "attrs": words, "parents": []}]


def cedar_request(
    bundle: Bundle, request: RequestFacts, pointer: RecordPointer, field: str, judged: Judged = NOTHING_JUDGED
) -> dict[str, Any]:
    """The question whether ``field`` of the record pointed at is shared, as Cedar takes it.

    What a kind of record carries by nature and what a judgement in force says is true. Of what the holder says, a word
    both stated and not stated is open; so is one whose judgement is stale, unless the holder states it.
    """
    kind = bundle.catalogue.kinds.get(pointer.kind)
    certain = judged.words | {word for name, word in judged.parts if name == field} | (kind.labels if kind else set())
    true = (pointer.labels - pointer.undetermined) | certain
    unsettled = (pointer.undetermined | judged.stale) - true
    said = pointer.labels | pointer.undetermined | judged.words | judged.stale | {word for _, word in judged.parts}
    return {
        "principal": {"type": "Role", "id": request.role},
        "action": {"type": "Action", "id": "share"},
        "resource": {"type": "Field", "id": f"{pointer.kind}/{field}"},
        "context": {
            "purpose": request.purpose,
            "sector": str(request.recipient_sector),
            "decided": request.decision_recorded,
            "known": sorted(true),
            "unsettled": sorted(unsettled),
            "child_known": sorted(request.subject_facts - request.subject_unknown),
            "child_unsettled": sorted(request.subject_unknown),
            "said": sorted(said),
            "said_of_child": sorted(request.subject_facts | request.subject_unknown),
        },
    }


def answer(ids: Iterable[str]) -> Answer:
    """The answer that the ids of the determining policies spell; ValueError when nothing determined it."""
    split = [each.split(".", 3) for each in ids]
    if not split:
        raise ValueError("nothing determined the answer")
    first = min(step for step, *_ in split)
    deciding = [each for each in split if each[0] == first or (first == _SHARED and each[0] == _HANDLED)]
    rules = frozenset(rule for step, *_, rule in deciding if step != _SHARED and rule)
    outcome = Outcome(deciding[0][1])
    if first == _SHARED:
        outcome = Outcome.SHARED_WITH_HANDLING if rules else Outcome.SHARED
    return Answer(outcome, rules, veiled=any(veil == "veiled" for _, _, veil, _ in deciding))


class _Writer:
    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._words = bundle.vocabulary

    def policies(self) -> Iterator[str]:
        yield from self._scope()
        for rule in (*self._bundle.limiting_rules, *self._bundle.rules):
            yield from self._rule(rule)
        yield from self._odd()
        for purpose in self._bundle.purposes.values():
            asked = f"context.purpose == {_text(purpose.id)}"
            if purpose.decision is not None:
                yield _policy("forbid", _UNDECIDED, Outcome.GAP, "", f"{asked} && !context.decided")

    def _scope(self) -> Iterator[str]:
        """Gateways permit; and what no gateway reaches is forbidden, so that no notice could stand for a gateway."""
        reached = []
        for purpose in self._bundle.purposes.values():
            reached.append(self._reaches(purpose))
            yield _policy("permit", _SHARED, Outcome.SHARED, purpose.id, reached[-1])
        yield _policy("forbid", _NO_GATEWAY, Outcome.OUT_OF_SCOPE, "", f"!({' || '.join(reached)})")

    def _reaches(self, purpose: Purpose) -> str:
        """Whether a question is asked under ``purpose`` by somebody it is open to, about a field that it needs."""
        said = [
            f"context.purpose == {_text(purpose.id)}",
            f"{_set(purpose.recipient_sectors)}.contains(context.sector)",
        ]
        if purpose.recipient_roles:
            roles = " || ".join(f"principal == Role::{_text(role)}" for role in sorted(purpose.recipient_roles))
            said.append(f"({roles})")
        levels = []
        for reached in dict.fromkeys(purpose.detail.values()):
            kinds = [kind for kind, detail in purpose.detail.items() if detail == reached]
            classes = [name for name, level in self._words.levels.items() if level.rank <= reached.rank]
            of_kind = f"{_set(kinds)}.contains(resource.kind)"
            levels.append(f"({of_kind} && {_set(classes)}.contains(resource.classification))")
        return "(" + " && ".join([*said, f"({' || '.join(levels) or 'false'})"]) + ")"

    def _rule(self, rule: Rule) -> Iterator[str]:
        sure, maybe = self._sure(rule), self._maybe(rule)
        if rule.effect is Effect.NOTICE:
            yield _policy("permit", _HANDLED, Outcome.SHARED_WITH_HANDLING, rule.id, sure)
        else:
            step, outcome = _STOPS[rule.effect]
            veiled = rule.veiled and outcome is Outcome.WITHHELD
            yield _policy("forbid", step, outcome, rule.id, sure, veiled=veiled)
        yield _policy("forbid", _MAYBE, Outcome.GAP, rule.id, f"{maybe} && !({sure})")

    def _odd(self) -> Iterator[str]:
        """Words, classes and kinds that nobody explained could mean anything."""
        for known, said in (("record", "said"), ("child", "said_of_child")):
            explained = f'Register::"words".{known}.containsAll(context.{said})'
            yield _policy("forbid", _MAYBE, Outcome.GAP, "", explained, when="unless")
        classified = f"{_set(self._words.classifications)}.contains(resource.classification)"
        yield _policy("forbid", _MAYBE, Outcome.GAP, "", classified, when="unless")
        yield _policy("forbid", _NO_KIND, Outcome.GAP, "", 'resource in Register::"fields"', when="unless")

    def _sure(self, rule: Rule) -> str:
        lifted = [f"!({self._may(each)})" for each in rule.does_not_apply_when]
        return " && ".join([self._is(rule.applies_when), *lifted])

    def _maybe(self, rule: Rule) -> str:
        lifted = [f"!({self._is(each)})" for each in rule.does_not_apply_when]
        return " && ".join([self._may(rule.applies_when), *lifted])

    def _is(self, condition: Condition) -> str:
        """The condition surely holds."""
        return " && ".join(f"({self._key(key, words, may=False)})" for key, words in condition.keys().items())

    def _may(self, condition: Condition) -> str:
        """The condition holds or might."""
        return " && ".join(f"({self._key(key, words, may=True)})" for key, words in condition.keys().items())

    def _key(self, key: str, words: tuple[str, ...], *, may: bool) -> str:
        if key == "record_has":
            return self._record_may(words) if may else _any_of(("known",), words)[0]
        if key == "subject_is":
            return " || ".join(_any_of(("child_known", "child_unsettled") if may else ("child_known",), words))
        if key == "recipient_is":
            said = " || ".join(f"principal in Recipient::{_text(word)}" for word in words)
            return f'{said} || !(principal in Register::"roles")' if may else said
        return f"{_set(words)}.contains({'context.purpose' if key == 'purpose_is' else 'resource.classification'})"

    def _record_may(self, words: tuple[str, ...]) -> str:
        said = _any_of(("known", "unsettled"), words)
        for when, one_of in self._words.choices:
            if not set(one_of).isdisjoint(words):  # the holder did not say which it is: it could be any of them
                due = " || ".join(_any_of(("known", "unsettled"), (when,)))
                said.append(f"(({due}) && !{_any_of(('known',), one_of)[0]})")
        return " || ".join(said)


def _any_of(sets: Iterable[str], words: tuple[str, ...]) -> list[str]:
    """That each of the context's ``sets`` holds one of ``words``."""
    has = f"contains({_text(words[0])})" if len(words) == 1 else f"containsAny({_set(words)})"
    return [f"context.{each}.{has}" for each in sets]


def _policy(
    effect: str, step: str, outcome: Outcome, rule: str, says: str, *, veiled: bool = False, when: str = "when"
) -> str:
    name = f"{step}.{outcome}.{'veiled' if veiled else 'plain'}.{rule}"
    return f"@id({_text(name)})\n{effect} (principal, action, resource) {when} {{ {says} }};"


def _set(words: Iterable[str]) -> str:
    return f"[{', '.join(_text(word) for word in sorted(str(each) for each in words))}]"


def _text(word: str) -> str:
    return json.dumps(word, ensure_ascii=False)
