"""Every fact that a rule may read, as propositions, and what facts can be so together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic

from hub.domain.organisations import Sector
from hub.policy.assurance.logic import B, Logic
from hub.policy.bundle import Bundle

NONE = ""
"""A purpose that no gateway is for, or a role that the vocabulary does not know."""


@dataclass(frozen=True, slots=True)
class Question(Generic[B]):
    """A question about one field. Of ``purpose`` to ``classification`` one each is so; words are (true, not known).

    Attributes:
        decided: the decision that the purpose depends on is recorded.
        odd: some word was stated that the vocabulary does not know.
    """

    purpose: Mapping[str, B]
    role: Mapping[str, B]
    sector: Mapping[Sector, B]
    kind: Mapping[str, B]
    classification: Mapping[str, B]
    record: Mapping[str, tuple[B, B]]
    child: Mapping[str, tuple[B, B]]
    decided: B
    odd: B


def question(bundle: Bundle, proposition: Callable[[str], B]) -> Question[B]:
    """A question about any field that ``bundle`` catalogues, each proposition made by ``proposition`` from its name."""

    def one_of(what: str, values: Mapping[str, object], *more: str) -> dict[str, B]:
        return {each: proposition(f"{what} {each}") for each in (*values, *more)}

    def words(what: str, values: Mapping[str, object]) -> dict[str, tuple[B, B]]:
        return {each: (proposition(f"{what} {each}"), proposition(f"{what}? {each}")) for each in values}

    classes = {field.classification: None for kind in bundle.catalogue.kinds.values() for field in kind.fields}
    vocabulary = bundle.vocabulary
    return Question(
        purpose=one_of("purpose", bundle.purposes, NONE),
        role=one_of("role", vocabulary.roles, NONE),
        sector={each: proposition(f"sector {each}") for each in Sector},
        kind=one_of("kind", bundle.catalogue.kinds),
        classification=one_of("class", {**vocabulary.classifications, **classes}),
        record=words("record", vocabulary.labels),
        child=words("child", vocabulary.subject_facts),
        decided=proposition("decided"),
        odd=proposition("odd"),
    )


def consistent(bundle: Bundle, asked: Question[B], logic: Logic[B]) -> B:
    """Whether the facts can be so together.

    One purpose, role, sector, kind and class; no word both true and not known; a kind carries its own labels and holds
    its own classes; a choice that nobody made leaves its words not known.
    """

    def unless(value: B, other: B) -> B:
        return logic.any_of([logic.negated(value), other])

    ones = (asked.purpose, asked.role, asked.sector, asked.kind, asked.classification)
    said = [logic.exactly_one(list(one.values())) for one in ones]
    said += [logic.negated(logic.all_of(pair)) for pair in (*asked.record.values(), *asked.child.values())]
    for kind in bundle.catalogue.kinds.values():
        classes = dict.fromkeys(field.classification for field in kind.fields)
        carried = [asked.record[word][0] for word in sorted(kind.labels)]
        held = logic.any_of([asked.classification[each] for each in classes])
        said.append(unless(asked.kind[kind.id], logic.all_of([*carried, held])))
    for when, one_of in bundle.vocabulary.choices:
        made = logic.any_of([asked.record[word][0] for word in one_of])
        open_ = logic.all_of([logic.any_of(asked.record[when]), logic.negated(made)])
        said.append(unless(open_, logic.all_of([asked.record[word][1] for word in one_of])))
    return logic.all_of(said)


def everything_stated(bundle: Bundle, asked: Question[B], logic: Logic[B]) -> B:
    """No fact is unknown or odd, and no decision is missing: nobody has anything left to say."""
    unknown = [pair[1] for pair in (*asked.record.values(), *asked.child.values())]
    classified = [asked.classification[name] for name in bundle.vocabulary.classifications]
    left_open = logic.any_of([asked.odd, asked.role[NONE], *unknown])
    return logic.all_of([asked.decided, logic.any_of(classified), logic.negated(left_open)])
