"""The report of who has asked about a person, as text: one paper to be given, one for the officer alone. Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from hub.domain.sources import SourceState
from hub.policy.prose import SECTIONS
from hub.service.access_report import Held, Line, Made
from hub.store.accesses import FoundBy
from hub.store.read_rows import local

CHECK = "**[check]** "
"""What begins a line that is not to be given before somebody has decided on it."""

FOUND_BY: Mapping[FoundBy, str] = {
    FoundBy.NHS_NUMBER: "the NHS number",
    FoundBy.STATED: "names and a date of birth that were stated instead of a number",
    FoundBy.LOCAL_ID: "an agency's own number",
    FoundBy.UNBORN: "the mother's NHS number, for a child not yet born",
    FoundBy.GIVEN: "the reference that was given",
}

OUTCOMES: Mapping[str, str] = {
    "joined_view": "was shown what the agencies hold and may share",
    "possible_matches": "was shown children who might be this one, with what identifies them, and nothing else",
    "no_match": "was told that no agency that answered knows this child",
    "abandoned": "got no answer",
    "open": "has no answer yet",
    "reveal": "was shown whom a reference in the log stands for",
    "report": "had a report such as this one made",
}
"""After "who asked": what she got."""

STATES: Mapping[str, str] = {
    SourceState.ANSWERED: "answered",
    SourceState.NOT_HELD: "said that it holds nothing about this child",
    SourceState.POSSIBLE_MATCH: "holds somebody who might be this child",
    SourceState.NO_ANSWER: "did not answer",
    SourceState.NOT_ASKED: "was not asked",
}

_SECTIONS: Mapping[str, str] = {section.value: said for section, said in SECTIONS.items()}
_MARKS = re.compile(r"([\\`*_\[\]<>#|~&])")


def report(made: Made) -> Iterator[str]:
    """The lines of the paper for the person, once the officer has decided on what is marked."""
    yield "# Who has asked about this child"
    yield ""
    yield (
        f"Made on {_day(made.made_at)} at {_time(made.made_at)} from the signed log {_plain(made.log)}, which then had "
        f"{made.size} entries. The child was found in it by {_list(sorted(FOUND_BY[each] for each in made.by))}. Times "
        "are UK time."
    )
    yield ""
    if any(line.check for line in made.lines):
        yield (
            f"> Not to be given as it is: each line with {CHECK.strip()} is to be decided on by the information "
            "governance officer, and the mark or the line taken out. The officer's notes say why each is marked."
        )
        yield ""
    yield from _missing(made)
    if not made.lines:
        yield "The log has no question about this child."
        yield ""
    for number, line in enumerate(made.lines, 1):
        yield from _line(number, line)
    yield "## What this does not show"
    yield ""
    yield (
        "Who looked at an agency's own system: that agency knows. Questions about another child in which this one was "
        "shown as a possible match. What the records say: the hub keeps none."
    )


def notes(made: Made) -> Iterator[str]:
    """The lines of the paper for the officer: what to decide on, and why. Not to be given."""
    yield "# For the information governance officer only: not to be given"
    yield ""
    yield (
        f"Beside the report made on {_day(made.made_at)} at {_time(made.made_at)}. The Data Protection Act 2018, "
        "Schedule 3, limits access by the person or a parent; whether it does here is your decision and is not made by "
        "this program. Take a marked line out, or the mark."
    )
    yield ""
    for reference, by in made.subjects.items():
        yield f"- Found as `{reference}`, by {FOUND_BY[by]}."
    yield "- A question that stated the child otherwise (another spelling, no number) is in it only if you named that."
    yield "- A question before the child's birth is in it only if you named the mother's number, or its reference."
    yield ""
    if not made.checks:
        yield "Nothing is marked. Read it all the same."
    for index, why in made.checks:
        yield f"- Entry {index}: {_plain(why)}"


def _missing(made: Made) -> Iterator[str]:
    if made.dropped:
        yield (
            f"{made.dropped} older entries of the log were dropped when their time was over. Whether any was about "
            "this child is in the archive that was made of them."
        )
        yield ""
    if made.unreadable:
        yield (
            f"{CHECK}{made.unreadable} entries of the log cannot be read, so this may be short of something. Run `hub "
            "audit verify` before it is given."
        )
        yield ""


def _line(number: int, line: Line) -> Iterator[str]:
    mark = CHECK if line.check else ""
    yield f"## {number}. {_day(line.at)}, {_time(line.at)}"
    yield ""
    name = f", {_plain(line.name)}" if line.name else ""
    yield f"- {mark}Who: {_plain(line.agency)}, as {_plain(line.role)}{name}"
    if line.unborn:
        yield f"- {mark}About: a child not yet born, by the mother's NHS number and the date the birth was expected"
    if line.purpose is not None:
        yield f"- {mark}Why: {_plain(line.purpose)}"
    yield f"- {mark}What came of it: the searcher {OUTCOMES[line.outcome]}"
    for held in line.held:
        yield f"- {mark}{_plain(held.agency)}: {_held(held)}"
    if any(held.not_shared for held in line.held):
        yield f"- {mark}Some of what is held was not shared."
    yield f"- Log entry {line.entry}"
    yield ""


def _held(held: Held) -> str:
    state = STATES.get(held.state, held.state)
    if held.state != SourceState.ANSWERED:
        return state
    seen = _list([_SECTIONS.get(section, section) for section in held.sections])
    return f"parts of its record were seen: {seen}" if held.sections else "nothing of its record was seen"


def _list(words: list[str]) -> str:
    return ", ".join(words[:-1]) + (" and " if len(words) > 1 else "") + words[-1] if words else "nothing"


def _day(at: datetime) -> str:
    here = local(at)
    return f"{here.day} {here:%B %Y}"


def _time(at: datetime) -> str:
    return f"{local(at):%H:%M}"


def _plain(text: str) -> str:
    """Text from outside as itself: on one line, without what Markdown or a terminal would make of it."""
    shown = "".join(each if each.isprintable() else " " for each in text)
    return _MARKS.sub(r"\\\1", shown)
