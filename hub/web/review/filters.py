"""The filter of the list as its address has it: codes and references only, for an address is kept in many places."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from hub.store.log_search import PRESETS, Filter
from hub.web.forms import UK, Form

QUESTIONS, EVERYTHING = "questions", "everything"

PRESET_WORDS: Mapping[str, tuple[str, str]] = {
    QUESTIONS: ("All questions", "Every question that was asked."),
    "no-case": ("No case found", "Every council asked for a case was searched and had none. A closed case counts."),
    "many-children": ("Many children", "From the 15th different child that one worker asked about in a day."),
    "many-times": ("Same child often", "From the 10th time one worker asked about one child."),
    "many-workers": ("One child, many workers", "Questions about a child from the 8th different worker on."),
    "first-purpose": ("First-time purpose", "A worker's first question under a purpose."),
    "out-of-hours": ("Out of hours", "Outside Monday to Friday, 8am to 6pm. Bank holidays are not known."),
    "refused": ("Refused requests", "Requests that became no question, such as a purpose the role may not state."),
    "withheld": ("Something withheld", "Something was withheld, with its ground told or not."),
    "veiled": ("Restricted", "Something was withheld whose ground the worker was not told."),
    "silent": ("Silent sources", "An agency that was asked did not answer."),
    "possible-matches": ("Possible matches", "The worker was shown children who might be the one asked about."),
    "no-match": ("Nobody found", "No agency that answered knows the child."),
    "open": ("Not answered yet", "Questions without an end."),
    "abandoned": ("Ended without an answer", "The worker got no answer."),
    EVERYTHING: ("Everything", "Also reviews, reveals, exports and all else that was done with the log."),
}
"""Presets in the order they are offered: name, and what it means."""

REFERENCES = {"worker": "Worker", "subject": "Child", "case": "Case"}
CODES = {"purpose": "Purpose", "organisation": "Asked by", "custodian": "Records of"}
DAYS = {"since": "From", "until": "To"}
_REFERENCE = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tag:
    """One part of a filter, and the address of the list without it."""

    name: str
    text: str
    without: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A filter as it was asked for: for the search, for the address, as tags, and with what is wrong with it."""

    wanted: Filter
    preset: str
    params: Mapping[str, str]
    form: Form = field(repr=False)

    @property
    def query(self) -> str:
        """The address's part after the question mark, without the page."""
        return urlencode(self.params)

    def without(self, *names: str) -> str:
        """The list's address without some parts."""
        left = {name: value for name, value in self.params.items() if name.partition("-")[0] not in names}
        return f"/review?{urlencode(left)}" if left else "/review"

    def preset_href(self, preset: str) -> str:
        """The list's address with another preset and the rest as it is."""
        left = {name: value for name, value in self.params.items() if name != "preset"}
        return f"/review?{urlencode({'preset': preset, **left})}"

    def with_reference(self, name: str, value: str) -> str:
        """The list's address for all questions of one worker, child or case."""
        return f"/review?{urlencode({name: value})}"

    def tags(self, agencies: Mapping[str, str], purposes: Mapping[str, str]) -> list[Tag]:
        """The parts that can be taken away, each by itself."""
        found = []
        for name, label in REFERENCES.items():
            if value := getattr(self.wanted, name):
                found.append(Tag(name, f"{label} {value[:8]}", self.without(name)))
        for name, label in CODES.items():
            if value := getattr(self.wanted, name):
                words = purposes if name == "purpose" else agencies
                found.append(Tag(name, f"{label}: {words.get(value, value)}", self.without(name)))
        for name, label in DAYS.items():
            if (at := getattr(self.wanted, name)) is not None:
                day = at.astimezone(UK).date() - timedelta(days=name == "until")
                found.append(Tag(name, f"{label} {day.day} {day:%B %Y}", self.without(name)))
        return found


def read(sent: Mapping[str, Sequence[str]], agencies: Collection[str], purposes: Collection[str]) -> Asked:
    """The filter of an address or of a form; what is wrong is noted in its form, and left out of it."""
    form = Form(sent)
    preset = form.choice("preset", PRESET_WORDS, missing=None) or QUESTIONS
    params: dict[str, str] = {} if preset == QUESTIONS else {"preset": preset}
    given: dict[str, str] = {}
    for name, label in REFERENCES.items():
        text = form.text(name, most=64).lower()
        if text and _REFERENCE.fullmatch(text) is None:
            form.wrong(name, f"{label} must be a whole reference: 32 digits and letters a to f, from an entry's page.")
        elif text:
            given[name] = text
    for name in CODES:
        if code := form.choice(name, purposes if name == "purpose" else agencies, missing=None):
            given[name] = code
    moments: dict[str, datetime] = {}
    for name, label in DAYS.items():
        if (day := form.day(name, label=label)) is not None:
            params |= {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}
            moments[name] = _midnight(day, after=name == "until")
    if len(moments) == len(DAYS) and moments["since"] >= moments["until"]:
        form.wrong("until", "The last day must not be before the first.")
        moments.clear()
    base = {QUESTIONS: Filter(kind="question"), EVERYTHING: Filter()}.get(preset) or PRESETS[preset]
    return Asked(replace(base, **given, **moments), preset, {**params, **given}, form)  # type: ignore[arg-type]


def _midnight(day: date, *, after: bool) -> datetime:
    """When a day begins, or the day after it, as far as calendars and clocks go."""
    within = min(max(day, date(1970, 1, 1)), date(9000, 1, 1)) + timedelta(days=int(after))
    return datetime(within.year, within.month, within.day, tzinfo=UK)
