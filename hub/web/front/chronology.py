"""A chronology for a rapid review: what happened, by date and agency, every line with who says it, as of when, and on
which conditions. It opens with who did not answer and ends with what was held back, on screen and on paper alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from hub.domain.catalogue import Catalogue
from hub.domain.disclosure import Outcome
from hub.domain.organisations import Custodian
from hub.domain.sources import Source
from hub.domain.view import JoinedView, TimelineEntry, timeline_of
from hub.web.forms import UK, Form
from hub.web.front.child import SECTIONS, SPOKEN, silent_first
from hub.web.front.facts import births, expected_births, names
from hub.web.front.records import Held, Shown, held, shown, text, unreached
from hub.web.rendering import uk_date

CHOICE_FIELDS = (
    "from-day", "from-month", "from-year", "to-day", "to-month", "to-year", "agency", "kind",
)  # fmt: skip
"""What narrows a chronology; a download carries these beside the question's own fields."""


class Sort(StrEnum):
    """What a line is."""

    ABOUT = "About"
    EVENT = "Event"
    UNDATED = "Record without a date"
    HELD_BACK = "Held back"
    AGENCY = "Agency"


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the answer to show; everything where nothing is chosen. Both days are shown too."""

    since: date | None = None
    until: date | None = None
    agencies: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()

    @property
    def narrows(self) -> bool:
        """Whether anything is left out."""
        return bool(self.since or self.until or self.agencies or self.kinds)

    def has(self, kind: str | None, custodian: Custodian | None) -> bool:
        """Whether a record is of the chosen agencies and kinds; one that says neither is."""
        of_agency = not self.agencies or custodian is None or custodian.id in self.agencies
        return of_agency and (not self.kinds or kind is None or kind in self.kinds)

    def has_day(self, day: date) -> bool:
        """Whether a day is among the chosen ones."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Row:
    """One dated line."""

    day: str
    machine_day: str
    title: str
    record: Shown


@dataclass(frozen=True, slots=True)
class Chronology:
    """The page and both downloads are made of this, and of nothing else.

    Attributes:
        names, births: every version that was shared; ``expected`` is of a child who was not born when it was written.
        notices: what to look at again in what was asked.
        rows: oldest first.
        undated: records without a date that was shared; a choice of dates leaves none of them out.
        held: records that were held back whole.
        left_out: how many records the choice leaves out.
        chosen: the choice in words, one for each part of it.
        agencies, kinds: what there is to choose from: id to label.
        not_before: how far back the purpose looks, and what a question like this one does not reach.
        unneeded: titles of the kinds that this purpose does not reach.
    """

    log_entry: int
    at: datetime
    names: tuple[str, ...] = field(repr=False)
    births: tuple[str, ...] = field(repr=False)
    expected: tuple[str, ...] = field(repr=False)
    notices: tuple[str, ...] = field(repr=False)
    rows: tuple[Row, ...] = field(repr=False)
    undated: tuple[Shown, ...] = field(repr=False)
    held: tuple[Held, ...]
    sources: tuple[Source, ...]
    left_out: int
    chosen: tuple[str, ...]
    agencies: Mapping[str, str]
    kinds: Mapping[str, str]
    not_before: tuple[str, ...]
    unneeded: tuple[str, ...]

    @property
    def silent(self) -> tuple[Source, ...]:
        """Sources that have not said."""
        return tuple(each for each in self.sources if each.state not in SPOKEN)

    @property
    def born(self) -> str:
        """When the child was born, or is expected, or that neither was shared."""
        if self.births:
            return f"Born {' / '.join(self.births)}"
        return f"Expected {' / '.join(self.expected)}" if self.expected else "Date of birth not shared"


def read_choice(form: Form, agencies: Iterable[str], kinds: Iterable[str]) -> Choice:
    """What was chosen; what is wrong with it is said in ``form``."""
    since = form.day("from", label="The first day")
    until = form.day("to", label="The last day")
    if since is not None and until is not None and until < since:
        form.wrong("to", "The last day must not be before the first")
    return Choice(
        since, until, frozenset(form.many("agency", list(agencies))), frozenset(form.many("kind", list(kinds)))
    )


def chosen_fields(form: Form) -> list[tuple[str, str]]:
    """The choice as it was typed, for hidden fields."""
    return [(name, value) for name in CHOICE_FIELDS for value in form.all(name) if value]


def chronology_of(view: JoinedView, catalogue: Catalogue, choice: Choice) -> Chronology:
    """The chosen part of ``view``, oldest first."""
    timeline = timeline_of(view, catalogue)[::-1]
    dated = {id(entry.record) for entry in timeline}
    sections = frozenset(SECTIONS)
    undated = [
        each for each in view.records if id(each) not in dated and catalogue[each.kind].section in sections
    ]  # who the child and her people are is no event
    rows = [entry for entry in timeline if _is_chosen(entry, choice)]
    without_day = [each for each in undated if choice.has(each.kind, each.custodian)]
    whole = [line for line in view.withheld if line.outcome is not Outcome.OUT_OF_SCOPE]
    lines = [line for line in whole if choice.has(line.kind, line.custodian)]
    counted = [*(entry.record for entry in timeline), *undated]
    holders = (*(each.custodian for each in view.sources), *(each.custodian for each in counted))
    agencies = {each.id: each.name for each in holders}
    unneeded, apart = unreached(view.out_of_scope, catalogue, sections)
    kinds = {each.kind: catalogue[each.kind].title for each in counted}
    return Chronology(
        view.log_entry,
        view.checked_at,
        names(view, catalogue),
        births(view, catalogue),
        expected_births(view, catalogue),
        view.notices,
        tuple(_row(entry, catalogue, view.log_entry) for entry in rows),
        tuple(shown(each, catalogue, view.log_entry) for each in without_day),
        tuple(held(each, view.log_entry, catalogue.kinds.get(each.kind or "")) for each in lines),
        silent_first(view.sources),
        len(timeline) + len(undated) + len(whole) - len(rows) - len(without_day) - len(lines),
        tuple(_in_words(choice, agencies, {kind: spec.title for kind, spec in catalogue.kinds.items()})),
        agencies,
        dict(sorted(kinds.items(), key=lambda each: each[1])),
        (*_not_before(view), *apart),
        unneeded,
    )


def _is_chosen(entry: TimelineEntry, choice: Choice) -> bool:
    day = entry.on.astimezone(UK).date() if isinstance(entry.on, datetime) else entry.on
    return choice.has_day(day) and choice.has(entry.kind, entry.record.custodian)


def _row(entry: TimelineEntry, catalogue: Catalogue, log_entry: int) -> Row:
    spec = catalogue[entry.kind]
    assert spec.timeline is not None  # it is on the timeline
    record = shown(entry.record, catalogue, log_entry, spec.timeline.on[:1])
    return Row(text(entry.on), entry.on.isoformat(), entry.title, record)


def _not_before(view: JoinedView) -> tuple[str, ...]:
    lines = (line for line in view.withheld if line.outcome is Outcome.OUT_OF_SCOPE and line.kind is None)
    return tuple(dict.fromkeys(line.next_step for line in lines))


def _in_words(choice: Choice, agencies: Mapping[str, str], kinds: Mapping[str, str]) -> Iterable[str]:
    if choice.since is not None:
        yield f"from {uk_date(choice.since)}"
    if choice.until is not None:
        yield f"until {uk_date(choice.until)}"
    for chosen, labels, what in ((choice.agencies, agencies, "agencies"), (choice.kinds, kinds, "kinds")):
        if chosen:
            yield f"{what}: {', '.join(sorted(labels.get(each, each) for each in chosen))}"
