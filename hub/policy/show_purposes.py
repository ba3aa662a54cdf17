"""The purposes in English: who may ask, for what, how far back, and why no more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from hub.domain.catalogue import KindSpec, Section
from hub.policy.bundle import Bundle, Detail, Listed, Purpose
from hub.policy.prose import LEVELS, SECTIONS, SECTORS, capital, day, law, listed, sentence, spaced, within

Link = Callable[[str], str]

HEADINGS = (
    "Purposes: why somebody may ask",
    "Law that is not yet in force",
    "Law that supports the rest, and under which nobody asks",
)
_KINDS = {"duty": "a duty", "power": "a power", "enabling": "an enabling provision"}
_ORDER = tuple(_KINDS)
_OUT = "nothing"
_PART = {
    Detail.FULL: "all of",
    Detail.KEY_FACTS: "the key facts of",
    Detail.EXISTENCE: "the existence of",
}


def in_order(bundle: Bundle) -> tuple[Purpose, ...]:
    """Duties, then powers, then what only enables; each in order of its id."""
    return tuple(sorted(bundle.purposes.values(), key=lambda each: (_ORDER.index(each.kind), each.id)))


def purposes(bundle: Bundle, link: Link) -> Iterator[str]:
    """The three sections about gateways."""
    yield f"## {HEADINGS[0]}"
    yield (
        "Nobody may ask without saying under which of these. Each reaches so much of what the agencies hold, and no "
        "more. **Everything** is all that is kept of that sort; **key facts** are everything but narrative; "
        "**existence** is that there is something, when, and whom to call. A star marks exceptions, which are given "
        "under the purpose."
    )
    yield _matrix(bundle)
    yield _further_back(bundle)
    for each in in_order(bundle):
        yield from _purpose(each, bundle, link)
    yield f"## {HEADINGS[1]}"
    yield "These decide nothing until they begin." if bundle.inactive else "There is none."
    yield from _listed("When it begins", bundle.inactive.values(), bundle, link)
    yield f"## {HEADINGS[2]}"
    yield "These decide nothing by themselves." if bundle.supporting else "There is none."
    yield from _listed("Why nobody asks under it", bundle.supporting.values(), bundle, link)


def _matrix(bundle: Bundle) -> str:
    sections = _sections(bundle)
    head = ["Purpose", *(capital(_section(each)) for each in sections), "Looks back"]
    rows = []
    for purpose in in_order(bundle):
        cells = []
        for kinds in sections.values():
            level, exceptions = _usual(purpose, kinds)
            said = "some" if level is None and exceptions else _said(level)
            cells.append(f"{said} *" if exceptions else said)
        rows.append([within(purpose.title), *cells, _years(purpose)])
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows))


def _purpose(purpose: Purpose, bundle: Bundle, link: Link) -> Iterator[str]:
    yield f"### [{purpose.title}]({link(purpose.file)})"
    if purpose.explain:
        yield sentence(purpose.explain)
    cited = f"{purpose.citation}: {_KINDS[purpose.kind]}"
    lines = [
        f"- **Law:** {law(cited, purpose.confidence, purpose.note, bundle)}",
        f"- **Who may ask:** {_askers(purpose, bundle)}.",
        f"- **Threshold:** {sentence(purpose.threshold)}",
    ]
    if purpose.decision is not None:
        meaning = bundle.vocabulary.decisions[purpose.decision].meaning
        lines.append(f"- **Decision needed:** {sentence(meaning)} The question says who decided, and when.")
    lines.append("- **In scope:**")
    lines += [f"  - {each}" for each in _reach(purpose, bundle)]
    if purpose.why:
        lines.append(f"- **Why so much and no more:** {sentence(purpose.why)}")
    lines.append(f"- **How far back:** {_look_back(purpose)}.")
    lines.append(f"- **Next review:** {day(purpose.review.next)}, {purpose.review.owner}. In the log: `{purpose.id}`.")
    yield "\n".join(lines)


def _askers(purpose: Purpose, bundle: Bundle) -> str:
    if not purpose.recipient_roles:
        return listed(words for sector, words in SECTORS.items() if sector in purpose.recipient_sectors)
    meanings = bundle.vocabulary.role_meanings
    roles = [meanings.get(each) or spaced(each) for each in bundle.vocabulary.roles if each in purpose.recipient_roles]
    return f"only {'this role' if len(roles) == 1 else 'these roles'}: {'; '.join(roles)}"


def _years(purpose: Purpose) -> str:
    if purpose.look_back_years is None:
        return "whole life"
    return f"{purpose.look_back_years} year{'' if purpose.look_back_years == 1 else 's'}"


def _look_back(purpose: Purpose) -> str:
    if purpose.look_back_years is None:
        return "the child's whole life"
    return f"{_years(purpose)}, unless the searcher gives a reason to look further"


def _reach(purpose: Purpose, bundle: Bundle) -> Iterator[str]:
    """The sections at each level together, and then each that is reached in part or with exceptions."""
    even: dict[Detail | None, list[str]] = {}
    uneven = []
    for section, kinds in _sections(bundle).items():
        level, exceptions = _usual(purpose, kinds)
        if not exceptions:
            even.setdefault(level, []).append(_section(section))
            continue
        differ = listed(_exceptions(purpose, exceptions))
        said = f"only {differ}" if level is None else f"{_said(level)}, but {differ}"
        uneven.append(f"{capital(_section(section))}: {said}.")
    for level in (*reversed(Detail), None):
        if level in even:
            yield f"{capital(_said(level))}: {', '.join(even[level])}."
    yield from uneven


def _exceptions(purpose: Purpose, kinds: Sequence[KindSpec]) -> Iterator[str]:
    """What of a section is reached at another level than the rest of it."""
    for level in (*reversed(Detail), None):
        titles = [f"*{kind.title}*" for kind in kinds if purpose.detail.get(kind.id) is level]
        if titles:
            yield f"not {listed(titles, 'or')}" if level is None else f"{_PART[level]} {listed(titles)}"


def _usual(purpose: Purpose, kinds: Sequence[KindSpec]) -> tuple[Detail | None, tuple[KindSpec, ...]]:
    """The level at which most of a section is reached, and the kinds that differ. Of two as common the higher."""
    counts = Counter(purpose.detail.get(kind.id) for kind in kinds)
    usual = max(counts, key=lambda level: (counts[level], -1 if level is None else level.rank))
    return usual, tuple(kind for kind in kinds if purpose.detail.get(kind.id) is not usual)


def _sections(bundle: Bundle) -> dict[Section, tuple[KindSpec, ...]]:
    kinds = bundle.catalogue.kinds.values()
    found = {section: tuple(kind for kind in kinds if kind.section is section) for section in Section}
    return {section: held for section, held in found.items() if held}


def _section(section: Section) -> str:
    return SECTIONS.get(section) or spaced(section)


def _said(level: Detail | None) -> str:
    return _OUT if level is None else LEVELS[level]


def _further_back(bundle: Bundle) -> str:
    current = "A record that has not ended is current, however long ago it began."
    reasons = "\n".join(f"- {sentence(meaning)}" for meaning in bundle.vocabulary.look_back_reasons.values())
    if not reasons:
        return current
    return (
        f"{current} Where a purpose looks back a number of years, the searcher may look further for one of these "
        f"reasons, and the log keeps which:\n\n{reasons}"
    )


def _listed(because: str, found: Iterable[Listed], bundle: Bundle, link: Link) -> Iterator[str]:
    for each in found:
        yield f"### [{each.title}]({link(each.file)})"
        yield sentence(each.explain)
        yield "\n".join(
            [
                f"- **{because}:** {sentence(each.because)}",
                f"- **Law:** {law(each.citation, each.confidence, each.note, bundle)} In the files: `{each.id}`.",
            ]
        )
