"""What people decide, what is never connected, what is no impediment, the words policies use, and what may be cited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from hub.domain.disclosure import Confidence
from hub.policy.bundle import Bundle, Effect, JudgementKind, Source, Word
from hub.policy.prose import (
    CHECKED,
    LEVELS,
    SECTORS,
    capital,
    day,
    hours,
    linked,
    listed,
    post,
    quoted,
    spaced,
    within,
)

SILENT = "Never connected"
HEADINGS = ("Decisions by people", SILENT, "What is not an impediment", "The words", "Sources")


def judgements(bundle: Bundle) -> Iterator[str]:
    """What a named person may decide about a child's records, and what follows."""
    yield f"## {HEADINGS[0]}"
    yield (
        "A named person at the agency that holds the records may decide these, with reasons, a date for review and an "
        "end. While a decision is in force the hub takes it as a fact. Past its review date it counts as not known, "
        "which holds back what turns on it; past its end it counts as never made. What it lifts, it lifts so far "
        "as is said there."
    )
    rows = [
        [
            capital(each.meaning),
            capital("; ".join(post(bundle, word) for word in each.made_by)),
            _does(each, bundle),
            _term(each),
        ]
        for each in bundle.vocabulary.judgements.values()
    ]
    yield _table(("Decision", "Who may make it", "What it does", "How long, and for what"), rows)


def silent(bundle: Bundle) -> Iterator[str]:
    """Classes the hub must not even be able to tell exist."""
    yield f"## {SILENT}"
    yield (
        "Records of these classes are not connected to the hub at all, so that it cannot tell whether there are any. "
        "No field, kind of record or marking of such a class can be written into the policies."
    )
    rows = [
        [capital(each.meaning), each.citation or "", capital(CHECKED[each.confidence]), f"`{each.law}`"]
        for each in bundle.vocabulary.silent.values()
    ]
    yield _table(("Class", "Law", "How well it was checked", "In the files"), rows)


def rejected(bundle: Bundle) -> Iterator[str]:
    """Grounds that stop nothing."""
    yield f"## {HEADINGS[2]}"
    yield (
        "These are said often, and do not by themselves stop sharing. No policy may give one as its reason, and "
        "neither may a person's decision to hold back."
    )
    rows = [
        [listed(map(quoted, each.phrases), "or"), linked(each.say_instead, bundle), capital(CHECKED[each.confidence])]
        for each in bundle.rejected.values()
    ]
    yield _table(("What is said", "What to say instead", "How well that was checked"), rows)


def unsure(bundle: Bundle, confidence: Confidence) -> Iterator[str]:
    """The classes and grounds of this module that were checked as well as ``confidence``, a line each."""
    for kept in bundle.vocabulary.silent.values():
        if kept.confidence is confidence:
            yield f"- {within(SILENT)}: {kept.meaning}{f' ({kept.citation})' if kept.citation else ''}."
    for ground in bundle.rejected.values():
        if ground.confidence is confidence:
            yield f"- {within(HEADINGS[2])}: {listed(map(quoted, ground.phrases), 'or')}."


def words(bundle: Bundle) -> Iterator[str]:
    """The vocabulary."""
    known = bundle.vocabulary
    yield f"## {HEADINGS[3]}"
    yield "The only words the policies may use. The word itself is what the agencies' systems state and the log keeps."
    yield "### What is true of a record"
    yield _table(("Word", "The record is marked", "Who can say so"), _facts(known.labels, bundle))
    choices = [
        f"- What is marked {quoted(known.labels[word].meaning)} must be marked one of these too: "
        f"{listed((quoted(known.labels[each].meaning) for each in one_of), 'or')}. With none of them, all are unknown."
        for word, one_of in known.choices
    ]
    carried = [
        f"- Every record of the kind *{kind.title}* is marked "
        f"{listed(quoted(known.labels[word].meaning) for word in sorted(kind.labels))}, by its nature."
        for kind in bundle.catalogue.kinds.values()
        if kind.labels
    ]
    if choices or carried:
        yield "\n".join((*choices, *carried))
    yield "### What is true of the child"
    yield _table(("Word", "What is recorded", "Who can say so"), _facts(known.subject_facts, bundle))
    yield "### What sort of information it is"
    sorts = [[f"`{word}`", each.meaning, LEVELS[known.levels[word]]] for word, each in known.classifications.items()]
    yield _table(("Word", "Meaning", "Reached from this level on"), sorts)
    yield "### Who asks"
    roles = [
        [f"`{word}`", known.role_meanings.get(word) or spaced(word), SECTORS[sector]]
        for word, sector in known.roles.items()
    ]
    yield _table(("Role", "Meaning", "Of"), roles)
    yield "The law's own words for who receives, and the roles that count as such:"
    yield _table(("Word", "Meaning", "Roles"), _recipients(bundle))
    yield "### Decisions a purpose needs, posts, and reasons to look further back"
    plain = [
        *(
            (f"`{word}`", each.meaning, "a decision recorded with the question")
            for word, each in known.decisions.items()
        ),
        *((f"`{word}`", meaning, "a post at the holder") for word, meaning in known.posts.items()),
        *((f"`{word}`", meaning, "a reason to look further back") for word, meaning in known.look_back_reasons.items()),
    ]
    yield _table(("Word", "Meaning", "What it is"), plain)


def sources(bundle: Bundle) -> Iterator[str]:
    """What may be cited, and what may not any more."""
    yield f"## {HEADINGS[4]}"
    yield "The only things the policies may cite. Repealed law stays listed, so that nobody cites it again."
    rows = [
        [each.title.rstrip(":"), _standing(each), capital(CHECKED[each.confidence]), day(each.checked), each.note]
        for each in bundle.sources.values()
    ]
    yield _table(("Source", "Standing", "How well it was checked", "Checked on", "Note"), rows)


def _standing(source: Source) -> str:
    if source.repealed_on is not None:
        return f"**Repealed** on {day(source.repealed_on)}: not to be cited"
    if not source.in_force:
        return "**Not in force**"
    since = f" since {day(source.in_force_from)}" if source.in_force_from else ""
    return f"In force{since}{'' if source.bars else '; a framework for sharing, which stops nothing by itself'}"


def _does(kind: JudgementKind, bundle: Bundle) -> str:
    """The rules that a judgement's word brings to bear, and those it lifts."""
    brings: list[str] = []
    notes: list[str] = []
    lifts: list[str] = []
    for rule in (*bundle.rules, *bundle.limiting_rules):
        if kind.gives in rule.applies_when.record_has:
            (notes if rule.effect is Effect.NOTICE else brings).append(within(rule.title))
        if any(kind.gives in each.record_has for each in rule.does_not_apply_when):
            lifts.append(within(rule.title))
    said = [
        f"{verb} {listed(titles)}"
        for verb, titles in (
            ("brings to bear", brings),
            ("lifts", lifts),
            ("adds the notice", notes),
        )
        if titles
    ]
    return capital("; ".join(said)) if said else "Nothing: no rule reads it"


def _term(kind: JudgementKind) -> str:
    about = "for one request, and never a standing rule" if kind.one_request else "for every request"
    what = "the record, or parts of it" if kind.parts else "the record"
    return f"At most {hours(kind.hours_max)}, {about}; it is about {what}"


def _facts(facts: Mapping[str, Word], bundle: Bundle) -> list[Sequence[str]]:
    return [[f"`{word}`", each.meaning, post(bundle, each.owner or "")] for word, each in facts.items()]


def _recipients(bundle: Bundle) -> list[Sequence[str]]:
    known = bundle.vocabulary
    return [
        [
            f"`{word}`",
            known.recipient_meanings.get(word) or spaced(word),
            listed(known.role_meanings.get(each) or spaced(each) for each in sorted(roles))
            if roles
            else "none yet, so nobody is taken to be one",
        ]
        for word, roles in known.recipients.items()
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = [[each.replace("|", "\\|") for each in row] for row in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *cells))
