"""Plain English for the words of policies, for the document of the whole set and the explanation of one decision."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date

from hub.domain.catalogue import Section
from hub.domain.disclosure import Confidence
from hub.domain.organisations import Sector
from hub.policy.bundle import Bundle, Condition, Detail

CHECKED = {
    Confidence.VERIFIED: "the official text was read",
    Confidence.VERIFIED_SECONDARY: "a secondary source was read",
    Confidence.GENERAL: "general knowledge: check before relying on it",
}
SECTORS = {
    Sector.COUNCIL: "the council",
    Sector.POLICE: "the police",
    Sector.HEALTH: "the NHS",
    Sector.EDUCATION: "education",
    Sector.HOUSING: "housing",
    Sector.PROBATION: "probation",
    Sector.JUSTICE: "justice (Cafcass, youth justice)",
}
SECTIONS = {
    Section.IDENTITY: "who the child is",
    Section.HOUSEHOLD: "the household",
    Section.INVOLVEMENT: "who is involved",
    Section.SOCIAL_CARE: "children's social care",
    Section.POLICE: "police",
    Section.HEALTH: "health",
    Section.EDUCATION: "schools and colleges",
}
LEVELS = {Detail.EXISTENCE: "existence", Detail.KEY_FACTS: "key facts", Detail.FULL: "everything"}
_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
_HOURS_TOLD_AS_HOURS = 96


def spaced(word: str) -> str:
    """A word of the files with spaces for its underscores, where no meaning is written down for it."""
    return word.replace("_", " ")


def capital(text: str) -> str:
    """``text`` with a capital, unless it begins with a citation such as s.47, where a capital would be wrong."""
    first = text.partition(" ")[0].rstrip(",;:.")
    return text[:1].upper() + text[1:] if first.replace("'", "").replace("-", "").isalpha() else text


def sentence(text: str) -> str:
    """``text`` as a sentence: a capital, and one full stop."""
    said = capital(text.strip())
    return said if said.endswith((".", "!", "?", '."', '?"')) else f"{said}."


def quoted(text: str) -> str:
    """``text`` between quotation marks: a marking or a line, word for word."""
    return f'"{text}"'


def listed(items: Iterable[str], last: str = "and") -> str:
    """``a, b and c``."""
    *others, end = tuple(items) or ("nothing",)
    return f"{', '.join(others)} {last} {end}" if others else end


def day(on: date) -> str:
    """``1 November 2026``."""
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def hours(count: int) -> str:
    """A length of time in hours, or in days where that says more."""
    if count <= _HOURS_TOLD_AS_HOURS:
        return f"{count} hour{'' if count == 1 else 's'}"
    return f"{count // 24} days" if count % 24 == 0 else f"{count:,} hours (about {count // 24} days)"


def days(count: int) -> str:
    """``1 day``, ``3 days``."""
    return f"{count} day{'' if count == 1 else 's'}"


def slug(heading: str) -> str:
    """The anchor that Markdown readers give a heading."""
    kept = "".join(each for each in heading.lower() if each.isalnum() or each in " -_")
    return kept.replace(" ", "-")


def within(heading: str) -> str:
    """A link to a heading of the same document."""
    return f"[{heading}](#{slug(heading)})"


def linked(text: str, bundle: Bundle) -> str:
    """``text`` with each id of a rule or purpose in it replaced by a link to its heading."""
    groups = (bundle.purposes, bundle.impediments, bundle.handling, bundle.limits, bundle.inactive, bundle.supporting)
    titles = {name: each.title for group in groups for name, each in group.items()}
    ids = "|".join(re.escape(name) for name in sorted(titles, key=len, reverse=True))
    return re.sub(rf"(?<![\w`-])(?:{ids})(?![\w-])", lambda found: within(titles[found[0]]), text)


def law(citation: str, confidence: Confidence, note: str, bundle: Bundle) -> str:
    """What a rule rests on, how well that was checked, and what of it was not read."""
    said = f"{citation}. {sentence(CHECKED[confidence])}"
    return f"{said} {linked(sentence(note), bundle)}" if note else said


def post(bundle: Bundle, word: str) -> str:
    """Who a post is."""
    return bundle.vocabulary.posts.get(word) or spaced(word)


def when(condition: Condition, bundle: Bundle, purpose: Callable[[str], str] = quoted) -> str:
    """A condition in English; markings are quoted, since they are what the holder states and not what the hub knows.

    ``purpose`` says the title of a purpose, as a link where there is something to link to.
    """
    words = bundle.vocabulary
    parts = []
    if condition.record_has:
        parts.append(f"the record is marked {_either(words.labels[each].meaning for each in condition.record_has)}")
    if condition.classification_is:
        sorts = _either(words.classifications[each].meaning for each in condition.classification_is)
        parts.append(f"the information is {sorts}")
    if condition.purpose_is:
        parts.append(
            f"the purpose is {listed((_titled(each, bundle, purpose) for each in condition.purpose_is), 'or')}"
        )
    if condition.recipient_is:
        recipients = (words.recipient_meanings.get(each) or spaced(each) for each in condition.recipient_is)
        parts.append(f"the searcher is {listed(recipients, 'or')}")
    if condition.subject_is:
        facts = _either(words.subject_facts[each].meaning for each in condition.subject_is)
        parts.append(f"this is recorded of the child: {facts}")
    return _joined(parts)


def _titled(purpose_id: str, bundle: Bundle, purpose: Callable[[str], str]) -> str:
    """A purpose by its title; law that is not in force, or under which nobody asks, by its own."""
    for group in (bundle.purposes, bundle.inactive, bundle.supporting):
        if purpose_id in group:
            return purpose(group[purpose_id].title)
    return quoted(purpose_id)


def _either(meanings: Iterable[str]) -> str:
    return listed((quoted(each) for each in meanings), "or")


def _joined(parts: Sequence[str]) -> str:
    return ", and ".join(parts)
