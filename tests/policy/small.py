"""A set of policies that fits on a page, with one of everything that can be changed in a set: for tests of single lines.

Four purposes, four kinds of record, twelve rules; nothing of it is law. Fields are in scope as :data:`LEVELS` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from hub.domain.catalogue import Catalogue, FieldSpec, KindSpec, Section, ValueType
from hub.domain.disclosure import Confidence
from hub.domain.organisations import Sector
from hub.policy.bundle import Bundle, Condition, Detail, Effect, Purpose, Review, Rule, Telling, Vocabulary, Word

ON = date(2026, 11, 20)
REVIEW = Review("legal", ON, date(2027, 11, 20))
LEVELS = {"bare": Detail.EXISTENCE, "plain": Detail.KEY_FACTS, "deep": Detail.FULL}


def _rule(name: str, rank: int, effect: Effect, applies: Condition, *exceptions: Condition, **more: Any) -> Rule:
    veiled = more.pop("veiled", False)
    return Rule(
        name,
        name,
        effect,
        veiled,
        rank,
        "no law",
        Confidence.GENERAL,
        applies,
        exceptions,
        REVIEW,
        post="legal",
        **more,
    )


def _kind(name: str, sector: Sector, section: Section, fields: Mapping[str, str], labels: str = "") -> KindSpec:
    """``fields``: name to classification."""
    specs = (FieldSpec(each, each, ValueType.TEXT, of, "x", frozenset()) for each, of in fields.items())
    return KindSpec(name, name, section, sector, "none", tuple(specs), frozenset(labels.split()))


def _purpose(name: str, sectors: str, roles: str, decision: str | None, detail: Mapping[str, Detail]) -> Purpose:
    return Purpose(
        id=name,
        title=name,
        citation="no law",
        kind="duty",
        needs_decision=decision is not None,
        confidence=Confidence.GENERAL,
        threshold="none",
        recipient_sectors=frozenset(map(Sector, sectors.split())),
        decision=decision,
        review=REVIEW,
        detail=detail,
        recipient_roles=frozenset(roles.split()),
    )


VOCABULARY = Vocabulary(
    telling=Telling("Call.", 5, "Wait.", "Ask {word}.", "Out."),
    labels={
        word: Word(word)
        for word in ("sealed", "shut", "agreed", "heard", "low", "high", "own", "idle", "mild", "barred")
    },
    choices=(("heard", ("low", "high")), ("mild", ("low", "agreed"))),
    classifications={word: Word(word) for word in LEVELS},
    roles={
        "worker": Sector.COUNCIL,
        "leader": Sector.COUNCIL,
        "constable": Sector.POLICE,
        "sergeant": Sector.POLICE,
        "nurse": Sector.HEALTH,
    },
    recipients={
        "inner": frozenset({"worker", "leader"}),
        "outer": frozenset({"constable"}),
        "nobody": frozenset(),
        "unread": frozenset({"nurse"}),
    },
    decisions={"minuted": Word("minuted")},
    subject_facts={"grown": Word("grown")},
    posts={"legal": "the lawyers"},
    silent={},
    levels=LEVELS,
)

PURPOSES = {
    each.id: each
    for each in (
        _purpose(
            "wide",
            "council police education",
            "",
            "minuted",
            {"note": Detail.FULL, "visit": Detail.FULL, "event": Detail.FULL},
        ),
        _purpose("narrow", "council police", "worker constable", None, {"note": Detail.KEY_FACTS}),
        _purpose("all", "council", "worker leader", None, {"note": Detail.EXISTENCE, "event": Detail.EXISTENCE}),
        _purpose("single", "health", "nurse", None, {"note": Detail.EXISTENCE, "visit": Detail.EXISTENCE}),
    )
}

KINDS = tuple(
    replace(
        kind,
        fields=tuple(
            replace(
                field,
                needed_for=frozenset(
                    each.id
                    for each in PURPOSES.values()
                    if kind.id in each.detail and each.detail[kind.id].rank >= LEVELS[field.classification].rank
                ),
            )
            for field in kind.fields
        ),
    )
    for kind in (
        _kind("note", Sector.COUNCIL, Section.SOCIAL_CARE, {"held": "bare", "seen": "plain", "said": "deep"}),
        _kind("visit", Sector.COUNCIL, Section.SOCIAL_CARE, {"day": "bare", "who": "plain"}, "own idle heard"),
        _kind("event", Sector.POLICE, Section.POLICE, {"when": "bare", "what": "plain"}),
        _kind("letter", Sector.HEALTH, Section.HEALTH, {"text": "plain"}),
    )
)

AGREED = Condition(record_has=("agreed",), because="agreed")
WIDER = Condition(purpose_is=("wide", "all", "later"), recipient_is=("inner", "nobody", "outer"), because="their work")
LATER = Condition(purpose_is=("later",), because="not yet")
NOBODY = Condition(recipient_is=("nobody",), because="whoever it is")

IMPEDIMENTS = {
    each.id: each
    for each in (
        _rule("bar-order", 0, Effect.WITHHOLD, Condition(record_has=("sealed",))),
        _rule("bar-other", 0, Effect.WITHHOLD, Condition(record_has=("sealed", "shut"), subject_is=("grown",)), AGREED),
        _rule(
            "bar-statute",
            1,
            Effect.WITHHOLD,
            Condition(record_has=("shut", "own"), classification_is=("deep", "plain")),
            AGREED,
            WIDER,
            LATER,
            veiled=True,
        ),
        _rule("bar-second", 1, Effect.WITHHOLD, Condition(record_has=("barred",))),
        _rule("bar-class", 2, Effect.WITHHOLD, Condition(classification_is=("secret",))),
        _rule("bar-later", 2, Effect.WITHHOLD, Condition(record_has=("shut",), purpose_is=("later",))),
        _rule("ask-low", 3, Effect.ASK, Condition(record_has=("low",)), NOBODY),
        _rule("ask-high", 1, Effect.ASK, Condition(record_has=("high",), recipient_is=("outer",))),
    )
}
HANDLING = {
    each.id: each
    for each in (
        _rule("hide-who", 14, Effect.MASK, Condition(record_has=("mild",))),
        _rule("tell-them", 14, Effect.NOTICE, Condition(purpose_is=("wide",)), notice="Keep it.", strength="handling"),
    )
}
LIMITS = {
    each.id: each
    for each in (
        _rule(
            "end-deep",
            20,
            Effect.OUT_OF_SCOPE,
            Condition(classification_is=("deep",), purpose_is=("narrow", "wide")),
            Condition(recipient_is=("inner",), because="inner"),
        ),
        _rule("end-old", 20, Effect.OUT_OF_SCOPE, Condition(), carried_out_by="look_back"),
    )
}

SMALL = Bundle(
    digest="sha256:small",
    on=ON,
    catalogue=Catalogue.of(KINDS),
    vocabulary=VOCABULARY,
    purposes=PURPOSES,
    impediments=IMPEDIMENTS,
    handling=HANDLING,
    limits=LIMITS,
)
