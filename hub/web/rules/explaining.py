"""The form that asks why a kind of record is shared or withheld, and its answer. Nothing in it is about anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.domain.catalogue import KindSpec
from hub.domain.organisations import Sector
from hub.domain.records import RecordPointer
from hub.policy.bundle import Bundle
from hub.policy.engine import Policy
from hub.policy.explain import Explanation, explain
from hub.policy.facts import Judged, RequestFacts
from hub.policy.prose import SECTIONS, SECTORS, capital
from hub.web.forms import Form
from hub.web.words import in_words

MARKINGS = ("1", "2", "3")
"""Rows of the form for what the record is marked."""

STATED, UNSTATED, JUDGED, STALE = "stated", "unstated", "judged", "stale"
STANDINGS: Mapping[str, str] = {
    STATED: "The agency states it",
    UNSTATED: "Nobody has stated whether it is so",
    JUDGED: "A person decided it, and the decision is in force",
    STALE: "A person decided it, and the review is overdue",
}
RESTRICTED = {"no": "No", "yes": "Yes", "unknown": "Nobody knows"}
_RESTRICTED = frozenset({"restricted_location"})
_TEXT_MAX = 95


@dataclass(frozen=True, slots=True)
class Offered:
    """What can be chosen, each a word and what it says."""

    kinds: Mapping[str, str]
    labels: Mapping[str, str]
    purposes: Mapping[str, str]
    roles: Mapping[str, str]
    sectors: Mapping[str, str]


def offered(bundle: Bundle) -> Offered:
    """The choices under a set of policies."""
    known = bundle.vocabulary
    kinds = {each.id: f"{each.title} ({SECTIONS.get(each.section, each.section)})" for each in _kinds(bundle)}
    return Offered(
        kinds,
        {
            word: _short(capital(each.meaning))
            for word, each in sorted(known.labels.items(), key=lambda e: e[1].meaning)
        },
        {each.id: each.title for each in sorted(bundle.purposes.values(), key=lambda each: each.title)},
        {role: capital(known.role_meanings.get(role) or in_words(role)) for role in known.roles},
        {"": "As the role says", **{each.value: capital(SECTORS[each]) for each in Sector}},
    )


def explained(form: Form, policy: Policy) -> Explanation | None:
    """The decision that a form asks about; None when something in it is wrong, and the form then says what."""
    choices = offered(policy.bundle)
    kind = form.choice("kind", choices.kinds, missing="Choose a kind of record.")
    purpose = form.choice("purpose", choices.purposes, missing="Choose why somebody asks.")
    role = form.choice("role", choices.roles, missing="Choose who asks.")
    sector = form.choice("sector", choices.sectors, missing=None)
    restricted = form.choice("restricted", RESTRICTED, missing=None) or "no"
    marked: dict[str, set[str]] = {each: set() for each in STANDINGS}
    for row in MARKINGS:
        label = form.choice(f"label-{row}", choices.labels, missing=None)
        standing = form.choice(f"standing-{row}", STANDINGS, missing=None) or STATED
        if label:
            marked[standing].add(label)
    if not form.ok:
        return None
    facts = RequestFacts(
        purpose=purpose,
        role=role,
        recipient_sector=Sector(sector) if sector else policy.bundle.vocabulary.roles[role],
        decision_recorded=form.value("decision") == "yes",
        subject_facts=_RESTRICTED if restricted == "yes" else frozenset(),
        subject_unknown=_RESTRICTED if restricted == "unknown" else frozenset(),
    )
    pointer = RecordPointer("example", kind, "example", frozenset(marked[STATED]), frozenset(marked[UNSTATED]))
    judged = Judged(words=frozenset(marked[JUDGED]), stale=frozenset(marked[STALE] - marked[JUDGED]))
    return explain(facts, pointer, policy, judged)


def _kinds(bundle: Bundle) -> list[KindSpec]:
    return sorted(bundle.catalogue.kinds.values(), key=lambda each: each.title)


def _short(text: str) -> str:
    return text if len(text) <= _TEXT_MAX else f"{text[: _TEXT_MAX - 1].rstrip()}…"
