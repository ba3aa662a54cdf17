"""Impediments, handling rules and limits in English."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hub.policy.bundle import Bundle, Effect, Rule
from hub.policy.prose import CHECKED, capital, day, days, law, post, quoted, sentence, when, within
from hub.policy.rules import RANKS

Link = Callable[[str], str]

HEADINGS = ("What stops sharing", "Shared, with a condition", "What lies outside a purpose")
_LAW = {
    "order": "By order of a court",
    "statute": "By statute or rules",
    "privilege": "By privilege",
    "confidence": "By a duty of confidence",
    "condition": "By a condition on which it is held",
}
_WHEN = {
    Effect.WITHHOLD: "Held back when",
    Effect.ASK: "The agency that supplied it must agree first when",
    Effect.MASK: "Masked when",
    Effect.NOTICE: "Travels with what is shared when",
    Effect.NOT_BUILT: "Held back as a gap, since the hub cannot carry it out yet, when",
    Effect.OUT_OF_SCOPE: "Out of scope when",
}
_STRENGTH = {
    "absolute": "absolute: neither who asks nor why lifts it",
    "conditional": "conditional: it gives way as said above",
    "handling": "handling: it may be shared, on conditions as to who receives it, what for, or its going further",
}
_ELSEWHERE = {
    "scope": "what each purpose has in scope",
    "look_back": "how far back each purpose looks",
    "recipients": "who may ask under each purpose",
}


def in_order(bundle: Bundle) -> tuple[Rule, ...]:
    """Impediments, the one that is named first before the others, and then handling rules."""
    return tuple(
        sorted((*bundle.impediments.values(), *bundle.handling.values()), key=lambda each: (each.rank, each.id))
    )


def impediments(bundle: Bundle, link: Link) -> Iterator[str]:
    """What stops sharing."""
    every = [each for each in in_order(bundle) if each.id in bundle.impediments]
    told = bundle.vocabulary.telling
    yield f"## {HEADINGS[0]}"
    yield (
        "Nothing else does. Where several apply to the same information, the first in the order below is named, and "
        "where one of them is veiled, so is the refusal. An **open** refusal names the provision, who can lift it and "
        "what to do next. A **veiled** one reads the same whatever lies behind it, because the ground would tell what "
        f"it protects: {quoted(told.veiled_next_step)} It goes with "
        f"the holder's single point of contact and a reply within {days(told.veiled_reply_days)}. "
        "A record is marked when its holder says so, or where [all of its kind](#what-is-true-of-a-record) are."
    )
    yield "\n".join(
        [
            "| Impediment | Refusal | Strength | How well the law was checked |",
            "|---|---|---|---|",
            *(
                f"| {within(each.title)} | {_cite(each)} | {each.strength} | {capital(CHECKED[each.confidence])} |"
                for each in every
            ),
        ]
    )
    for rank, kind in enumerate(RANKS):
        ranked = [each for each in every if each.rank == rank]
        if ranked:
            yield f"### {_LAW[kind]}"
        for rule in ranked:
            yield from _rule(rule, bundle, link, "####")


def handling(bundle: Bundle, link: Link) -> Iterator[str]:
    """Conditions that travel, and masks."""
    yield f"## {HEADINGS[1]}"
    yield (
        "These do not stop sharing. A **notice** is told beside what is shared. A **mask** replaces one value by the "
        "veiled line, and leaves the rest of the record."
    )
    for rule in sorted(bundle.handling.values(), key=lambda each: (each.rank, each.id)):
        yield from _rule(rule, bundle, link, "###")


def limits(bundle: Bundle, link: Link) -> Iterator[str]:
    """What no purpose, or not this one, reaches."""
    yield f"## {HEADINGS[2]}"
    yield (
        "These are not refusals, and no impediment is claimed: the law that lets agencies share goes only so far. A "
        "record that lies wholly outside a purpose is not told at all, so that held and not held are the same answer."
    )
    for _, rule in sorted(bundle.limits.items()):
        yield from _rule(rule, bundle, link, "###")


def _rule(rule: Rule, bundle: Bundle, link: Link, level: str) -> Iterator[str]:
    yield f"{level} [{rule.title}]({link(rule.file)})"
    if rule.explain.rstrip(".") not in ("", rule.title):
        yield sentence(rule.explain)
    yield "\n".join(_lines(rule, bundle))


def _lines(rule: Rule, bundle: Bundle) -> Iterator[str]:
    if rule.covers:
        yield f"- **Covers:** {sentence(rule.covers)}"
    if rule.carried_out_by == "rule":
        yield f"- **{_WHEN[rule.effect]}** {when(rule.applies_when, bundle, within)}."
    else:
        yield f"- **Carried out by** {_ELSEWHERE[rule.carried_out_by]}."
    exceptions = [
        f"  - {sentence(each.because)} ({capital(when(each, bundle, within))}.)" for each in rule.does_not_apply_when
    ]
    if exceptions:
        yield f"- **Does not apply** in {'this case' if len(exceptions) == 1 else 'these cases'}:"
        yield from exceptions
    elif rule.effect in (Effect.WITHHOLD, Effect.ASK):
        yield "- **Lifted by** nothing but the holder's taking the mark off: no decision recorded here does it."
    yield from _telling(rule, bundle)
    if rule.who_can_lift_it:
        yield f"- **Who can lift it:** {sentence(rule.who_can_lift_it)}"
    if rule.effect in (Effect.WITHHOLD, Effect.ASK):
        yield f"- **Strength:** {_strength(rule)}."
    yield f"- **Law:** {law(rule.citation, rule.confidence, rule.note, bundle)}"
    yield f"- **Next review:** {day(rule.review.next)}, {rule.review.owner}. In the log: `{rule.id}`."


def _telling(rule: Rule, bundle: Bundle) -> Iterator[str]:
    contact = f" The contact is {post(bundle, rule.post)}." if rule.post else ""
    if rule.post and rule.reply_days is not None:
        contact = f" The contact is {post(bundle, rule.post)}, who answers within {days(rule.reply_days)}."
    if rule.notice:
        yield f"- **The searcher is told:** {quoted(rule.notice)}"
    elif rule.veiled:
        yield "- **The searcher is told** only that something is restricted."
        if rule.next_step:
            yield f"- **For those who may know the ground:** {sentence(rule.next_step)}{contact}"
    elif rule.effect is Effect.OUT_OF_SCOPE:
        yield f"- **The searcher is told:** {quoted(rule.next_step)}"
    elif rule.next_step:
        yield f"- **The searcher is told** the provision, and this: {quoted(rule.next_step)}{contact}"


def _strength(rule: Rule) -> str:
    lifted = ", only what the holder has recorded" if rule.strength == "absolute" and rule.does_not_apply_when else ""
    return _STRENGTH[rule.strength] + lifted


def _cite(rule: Rule) -> str:
    if rule.effect is Effect.ASK:
        return "open: the agency that supplied it is asked"
    return "veiled" if rule.veiled else "open"
