"""Plain words for the columns of the sharing report, from the policies in force. Pure.

A column's name is its group and, after a slash, its ground or missing fact. A ground that the policies veil today is
``restricted`` with all the others, even where it was named when it was logged; so is one nobody knows any more.
"""

from __future__ import annotations

from hub.policy.bundle import Bundle, Rule
from hub.policy.decision import (
    NOT_BUILT,
    RECIPIENT_ROLE,
    UNCLASSIFIED,
    UNKNOWN_KIND,
    UNKNOWN_LABEL,
    UNKNOWN_SUBJECT_FACT,
)
from hub.policy.prose import listed, post, sentence
from hub.store.sharing_facts import PART, SEVERAL, Came

SHARED, REFUSED, GAP = "shared", "refused", "gap"
GROUPS = (SHARED, REFUSED, GAP)

RESTRICTED = f"{REFUSED}/restricted"
UNNAMED = f"{GAP}/unnamed"

_MAPPING = "whoever maps its system to the hub"
_OWN = {
    UNKNOWN_LABEL: ("A marking that the policies do not know", _MAPPING),
    UNKNOWN_KIND: ("A kind of record that is not in the catalogue", _MAPPING),
    UNKNOWN_SUBJECT_FACT: ("Something stated of the child that the policies do not know", _MAPPING),
    UNCLASSIFIED: ("A field that nobody has classified", "the owner of the policies"),
    RECIPIENT_ROLE: ("The searcher's role is none that the policies know", "the owner of the register"),
    NOT_BUILT: ("A condition that the hub cannot carry out yet", "the owner of the policies"),
    SEVERAL: ("Facts that more than one rule turns on", "the agency's data owner"),
}


def group_of(column: str) -> str:
    """The group of a column: shared, refused or gap."""
    return column.partition("/")[0]


def column_of(code: str, detail: str, bundle: Bundle) -> str:
    """The column in which a record is counted, by what became of it (:class:`hub.store.sharing_facts.Came`)."""
    came = code.removesuffix(PART)
    if came == Came.SHARED:
        return SHARED
    if came == Came.RESTRICTED:
        return RESTRICTED
    if came == Came.REFUSED:
        return ground_of(detail, bundle)
    rule = _rule(detail, bundle)
    fact = bundle.vocabulary.labels.get(detail) or bundle.vocabulary.subject_facts.get(detail)
    may_be_named = (
        detail in _OWN
        or detail in bundle.vocabulary.decisions
        or (rule is not None and not rule.veiled)
        or (fact is not None and fact.when_unknown is not None)
    )
    return f"{GAP}/{detail}" if may_be_named else UNNAMED


def ground_of(ground: str, bundle: Bundle) -> str:
    """The column of a refusal on a ground."""
    rule = _rule(ground, bundle)
    return RESTRICTED if rule is None or rule.veiled else f"{REFUSED}/{ground}"


def title(column: str, bundle: Bundle) -> str:
    """What a column is called."""
    group, _, name = column.partition("/")
    if column == RESTRICTED:
        return "Restricted"
    if column == UNNAMED:
        return "A fact that is not named here"
    if not name:
        return {SHARED: "Shared in full", REFUSED: "Refused", GAP: "Gap"}[group]
    if group == GAP and name in _OWN:
        return _OWN[name][0]
    if (rule := _rule(name, bundle)) is not None:
        return rule.title if group == REFUSED else f"Whether this applies: {rule.title}"
    known = bundle.vocabulary.labels.get(name) or bundle.vocabulary.subject_facts.get(name)
    known = known or bundle.vocabulary.decisions.get(name)
    return f"Not stated: {known.meaning}" if known else name


def citation(column: str, bundle: Bundle) -> str:
    """The law that a refusal rests on; empty where there is none to name."""
    rule = _rule(column.partition("/")[2], bundle)
    return rule.citation if rule is not None else ""


def owner(column: str, bundle: Bundle) -> str:
    """Who can mend a gap: a post at the agency whose records they are, unless it says otherwise."""
    name = column.partition("/")[2]
    if name in _OWN:
        return _OWN[name][1]
    if name in bundle.vocabulary.decisions:
        return "whoever asks: the decision was not recorded with the question"
    known = bundle.vocabulary
    rule = _rule(name, bundle)
    words = rule.applies_when.record_has if rule is not None else (name,)
    facts = [known.labels.get(word) or known.subject_facts.get(word) for word in words]
    posts = dict.fromkeys(post(bundle, fact.owner) for fact in facts if fact is not None and fact.owner)
    return listed(posts, "or") if posts else "the agency's data owner"


def reason(word: str, bundle: Bundle) -> str:
    """Why a searcher looked further back than the purpose does by itself."""
    return sentence(bundle.vocabulary.look_back_reasons.get(word, word.replace("_", " ")))


def judgement(word: str, bundle: Bundle) -> str:
    """What a recorded decision states of a record."""
    known = bundle.vocabulary.labels.get(word)
    return known.meaning if known else word.replace("_", " ")


def _rule(name: str, bundle: Bundle) -> Rule | None:
    return bundle.impediments.get(name) or bundle.handling.get(name)
