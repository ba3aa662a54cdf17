"""Questions drawn so that rules meet them: each starts from one rule and makes it sure, open, lifted or just missed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from random import Random

from hub.domain.organisations import Sector
from hub.domain.records import RecordPointer
from hub.policy.bundle import Bundle, Condition, Rule
from hub.policy.facts import Judged, RequestFacts

AIMS = ("sure", "open", "lifted", "missed", "anything")
ODD = "local_code_77"


@dataclass(frozen=True, slots=True)
class Draw:
    """One question about the field called ``name``, and the rule it was drawn for."""

    rule: Rule = field(repr=False)
    aim: str
    request: RequestFacts
    pointer: RecordPointer
    judged: Judged
    name: str


@dataclass(slots=True)
class _Wanted:
    """Facts being put together."""

    true: set[str] = field(default_factory=set)
    unsettled: set[str] = field(default_factory=set)
    child: set[str] = field(default_factory=set)
    child_unsettled: set[str] = field(default_factory=set)
    classes: frozenset[str] | None = None
    purposes: frozenset[str] | None = None
    roles: frozenset[str] | None = None


class Drawer:
    def __init__(self, bundle: Bundle, random: Random) -> None:
        self.random = random
        self._words = bundle.vocabulary
        self._rules = (*bundle.rules, *bundle.limiting_rules)
        self._labels = [*sorted(bundle.vocabulary.labels), ODD]
        self._child = sorted(bundle.vocabulary.subject_facts)
        self._roles = [*sorted(bundle.vocabulary.roles), "locum"]
        self._purposes = {each.id: each for each in bundle.purposes.values()}
        self._fields = [(kind, each) for kind in bundle.catalogue.kinds.values() for each in kind.fields]
        self._by_class = defaultdict(list)
        for kind, each in self._fields:
            self._by_class[each.classification].append((kind, each))

    def draw(self) -> Draw:
        pick = self.random.choice
        rule, aim = pick(self._rules), pick(AIMS)
        wanted = _Wanted()
        if aim != "anything":
            self._meet(wanted, rule.applies_when, unsettle=aim == "open", miss=aim == "missed")
        if aim == "lifted" and rule.does_not_apply_when:
            self._meet(wanted, pick(rule.does_not_apply_when))
        for _ in range(pick((0, 0, 0, 1, 1, 2, 3))):
            pick((wanted.true, wanted.unsettled)).add(pick(self._labels))
        if self.random.random() < 0.05:
            pick((wanted.child, wanted.child_unsettled)).add(pick([*self._child, "moved_abroad"]))
        classes = sorted(wanted.classes or ())
        kind, held = pick([each for name in classes for each in self._by_class[name]] or self._fields)
        purposes = sorted(wanted.purposes or held.needed_for)
        purpose = pick(purposes) if purposes and self.random.random() < 0.95 else pick([*self._purposes, "curiosity"])
        role, sector = self._asker(wanted, purpose)
        facts = RequestFacts(
            purpose,
            role,
            sector,
            self.random.random() < 0.9,
            frozenset(wanted.child),
            frozenset(wanted.child_unsettled),
        )
        pointer, judged = self._said(wanted, kind.id, held.name)
        return Draw(rule, aim, facts, pointer, judged, held.name)

    def _meet(self, wanted: _Wanted, condition: Condition, *, unsettle: bool = False, miss: bool = False) -> None:
        """Ask for facts that meet ``condition``; with ``unsettle`` one open, with ``miss`` all but one."""
        pick, keys = self.random.choice, condition.keys()
        unsure = [key for key in keys if key in ("record_has", "subject_is", "recipient_is")]
        odd_one = pick(unsure or list(keys)) if unsettle else pick(list(keys)) if miss else None
        for key, words in keys.items():
            if miss and key == odd_one:
                continue
            word = pick(words)
            if key == "record_has":
                (wanted.unsettled if key == odd_one else wanted.true).add(word)
            elif key == "subject_is":
                (wanted.child_unsettled if key == odd_one else wanted.child).add(word)
            elif key == "recipient_is":
                wanted.roles = frozenset({"locum"}) if key == odd_one else self._words.recipients[word]
            elif key == "purpose_is":
                wanted.purposes = frozenset({word})
            else:
                wanted.classes = frozenset({word})

    def _asker(self, wanted: _Wanted, purpose: str) -> tuple[str, Sector]:
        gateway = self._purposes.get(purpose)
        roles = sorted(wanted.roles or (gateway.recipient_roles if gateway else ())) or self._roles
        open_to = [each for each in roles if gateway and self._words.roles.get(each) in gateway.recipient_sectors]
        role = self.random.choice(open_to or roles)
        sector = self._words.roles.get(role)
        if sector is None or self.random.random() < 0.03:
            sectors = sorted(gateway.recipient_sectors) if gateway else list(Sector)
            sector = self.random.choice(sectors if self.random.random() < 0.8 else list(Sector))
        return role, sector

    def _said(self, wanted: _Wanted, kind: str, held: str) -> tuple[RecordPointer, Judged]:
        """The words as a holder and people's judgements would say them."""
        labels, unstated, judged, stale, parts = set(), set(), set(), set(), set()
        for word in sorted(wanted.true):
            way = self.random.random()
            if way < 0.8:
                labels.add(word)
            elif way < 0.9:
                judged.add(word)
            else:
                parts.add((held if way < 0.97 else "another_field", word))
        for word in sorted(wanted.unsettled):
            way = self.random.random()
            if way < 0.8:
                unstated.add(word)
            if way > 0.75:
                stale.add(word)
        pointer = RecordPointer("council", kind, "r-1", frozenset(labels), frozenset(unstated))
        return pointer, Judged(frozenset(judged), frozenset(stale), frozenset(parts))
