"""The whole set of policies as one document in plain English, to read from top to bottom and to sign off.

Everything in it comes from the bundle: a rule that is changed, added or lost changes the document. What the files
cannot say of themselves (what this is, how a question is decided) is written here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from hub.domain.disclosure import Confidence
from hub.policy import show_purposes, show_rules, show_words
from hub.policy.bundle import Bundle, Listed, Purpose, Rule
from hub.policy.prose import CHECKED, capital, linked, sentence, within

Link = Callable[[str], str]
_LAWYERS = "Ask your lawyers first"

_DECIDED = """\
1. The searcher says why she asks: what that purpose does not reach, or is not open to her agency for, and what a limit
   puts outside it, is **out of scope**.
2. Where an impediment surely applies, the information is **withheld**, and one impediment is named; where its name
   would give away what it protects, she is told only that something is restricted, and the log keeps the ground.
3. Where the agency that first supplied it has to agree, she is told whom to **ask**.
4. Where nobody has stated a fact that an impediment or a limit turns on, the information is held back as a **gap**,
   which is a fault in the data with somebody to mend it, and never a refusal.
5. Where the purpose needs a recorded decision and the question carries none, that is a gap too.
6. So is a condition that applies and that the hub cannot carry out.
7. Everything else is **shared**, with its condition where one travels with it.
8. The question is in a signed log before anybody is asked, and the answer before anything is told; an agency that did
   not answer is shown as not having answered, and never as knowing nothing."""


def document(bundle: Bundle, link: Link) -> str:
    """The set as Markdown; ``link`` turns a file's name, relative to ``policies/``, into where the reader finds it."""
    return "\n\n".join(_blocks(bundle, link)) + "\n"


def _blocks(bundle: Bundle, link: Link) -> Iterator[str]:
    yield "# The policies, in English"
    yield _what_this_is(bundle, link)
    yield _contents()
    yield "## How a question is decided"
    yield (
        "Each piece of information about the child is decided by itself, and the first of these that holds decides it. "
        "[How a field is decided](how-a-field-is-decided.md) says the same in full."
    )
    yield _DECIDED
    yield from show_purposes.purposes(bundle, link)
    yield from show_rules.impediments(bundle, link)
    yield from show_rules.handling(bundle, link)
    yield from show_rules.limits(bundle, link)
    yield from show_words.judgements(bundle)
    yield from show_words.silent(bundle)
    yield from show_words.rejected(bundle)
    yield from _lawyers(bundle)
    yield from show_words.words(bundle)
    yield from show_words.sources(bundle)


def _what_this_is(bundle: Bundle, link: Link) -> str:
    counts = Counter(each.confidence for each in _resting_on_law(bundle))
    said = "\n".join(f"| {capital(CHECKED[each])} | {counts[each]} |" for each in Confidence)
    return f"""\
What the hub may tell a searcher about a child, what it may not, and why. A **searcher** is whoever asks, and a \
**holder** the agency whose record it is. The hub wrote this page from the files in \
[`policies/`]({link("README.md")}), which are all that it decides by; the heading of each rule leads to its file. To \
change what is said here, change the file, and write this page again with `make policies-doc`.

**This is not legal advice, and that it is written down is no sign-off.** The partnership's lawyers must approve the \
set before it is used for a real child; `hub policy verify` says who signed it. Every purpose and every rule says how \
well the law behind it was checked:

| How well the law was checked | Purposes and rules |
| --- | --- |
{said}

What rests on less than a full reading of the official text is listed in one place, {within(_LAWYERS)}; the choices \
that the law leaves to the partnership are in [`policies/README.md`]({link("README.md")})."""


def _contents() -> str:
    headings = (
        "How a question is decided",
        *show_purposes.HEADINGS,
        *show_rules.HEADINGS,
        *show_words.HEADINGS[:3],
        _LAWYERS,
        *show_words.HEADINGS[3:],
    )
    return "\n".join(["**Contents**", "", *(f"- {within(each)}" for each in headings)])


def _resting_on_law(bundle: Bundle) -> tuple[Purpose | Rule | Listed, ...]:
    """Everything that has a heading and rests on law, in the order of the document."""
    return (
        *show_purposes.in_order(bundle),
        *bundle.inactive.values(),
        *bundle.supporting.values(),
        *show_rules.in_order(bundle),
        *(rule for _, rule in sorted(bundle.limits.items())),
    )


def _lawyers(bundle: Bundle) -> Iterator[str]:
    yield f"## {_LAWYERS}"
    yield "What is here rests on less than a full reading of the official text, or carries a reservation."
    titles = {
        Confidence.GENERAL: "Nobody read the law behind these: they are general knowledge",
        Confidence.VERIFIED_SECONDARY: "Only a secondary source was read",
        Confidence.VERIFIED: "The official text was read, with a reservation",
    }
    for confidence, title in titles.items():
        found = [
            *(
                f"- {within(each.title)} ({each.citation}){_reservation(each.note, bundle)}"
                for each in _resting_on_law(bundle)
                if each.confidence is confidence and (each.note or confidence is not Confidence.VERIFIED)
            ),
            *(show_words.unsure(bundle, confidence) if confidence is not Confidence.VERIFIED else ()),
        ]
        if found:
            yield f"### {title}"
            yield "\n".join(found)


def _reservation(note: str, bundle: Bundle) -> str:
    return f": {linked(sentence(note), bundle)}" if note else "."
