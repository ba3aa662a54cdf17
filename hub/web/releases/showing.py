"""What the pages of release requests are shown with: agencies' names, plain words for kinds, and the clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.policy.bundle import Bundle, Rule
from hub.service.releasing import Releasing
from hub.service.releasing_told import Row, State
from hub.service.releasing_words import Ground
from hub.store.release_requests import Told
from hub.web.forms import Form
from hub.web.site import Site
from hub.web.words import Sign, in_words

STATES: Mapping[State, Sign] = {
    State.WAITING: Sign("Waiting for an answer", "yellow", "?"),
    State.OVERDUE: Sign("Overdue", "red", "!"),
    State.RELEASED: Sign("Released", "green", "\u2713"),
    State.REFUSED: Sign("Refused", "purple", "\u2715"),
}

RESTRICTED = "Something restricted"
"""What a veiled line is called, whatever lies behind it."""


@dataclass(frozen=True, slots=True)
class Names:
    """Words for ids: of agencies, kinds of record, their fields, purposes and roles."""

    agencies: Mapping[str, str]
    bundle: Bundle

    @classmethod
    def of(cls, site: Site) -> Names:
        """Those in force now."""
        current = site.admission.registers.current
        named = {each.id: each.name for each in current.organisations.values()}
        return cls({**named, **{each.id: each.name for each in site.custodians}}, site.policies.current.bundle)

    def agency(self, agency: str) -> str:
        """An agency's name; its id where nobody gives one."""
        return self.agencies.get(agency, agency)

    def kind(self, kind: str | None) -> str:
        """What kind of record; None is one that may not be named."""
        if kind is None:
            return RESTRICTED
        spec = self.bundle.catalogue.kinds.get(kind)
        return spec.title if spec else in_words(kind)

    def fields(self, kind: str | None, fields: Iterable[str]) -> str:
        """Which parts of a record; of the whole, that it is the whole."""
        names = [each for each in fields if each != "*"]
        if not names:
            return "the whole record"
        spec = self.bundle.catalogue.kinds.get(kind or "")
        labels = {each.name: each.label for each in spec.fields} if spec else {}
        return ", ".join(labels.get(each, in_words(each)) for each in names)

    def purpose(self, purpose: str) -> str:
        """A purpose's title."""
        known = self.bundle.purposes.get(purpose)
        return known.title if known else purpose

    def role(self, role: str) -> str:
        """What a role is."""
        return self.bundle.vocabulary.role_meanings.get(role, in_words(role))

    def post(self, post: str) -> str:
        """What a post is."""
        return self.bundle.vocabulary.posts.get(post, in_words(post))

    def plain(self, text: str) -> str:
        """A text of the policies in which rules stand by their titles, not by their ids."""
        for rule in self.bundle.rules:
            text = re.sub(rf"(?<![\w-]){re.escape(rule.id)}(?![\w-])", f"“{rule.title}”", text)
        return text

    def rule(self, told: Told) -> Rule | None:
        """The rule that an open line named; None of a veiled one."""
        return next((each for each in self.bundle.rules if each.id == told.impediment), None)


def releasing(site: Site) -> Releasing:
    """The requests of this hub."""
    return Releasing(site.log, site.judgements, lambda: site.policies.current.bundle, site.clock)


def time_left(row: Row, now: datetime) -> str:
    """How long there is still, or how late it is: ``2 days 3 hours left``, ``5 hours overdue``; empty when answered."""
    if row.answered_at is not None:
        return ""
    left = row.due - now
    return f"{_span(left)} left" if left > timedelta() else f"{_span(-left)} overdue"


def _span(span: timedelta) -> str:
    hours = span // timedelta(hours=1)
    days, rest = divmod(hours, 24)
    if days:
        return _count(days, "day") + (f" {_count(rest, 'hour')}" if rest else "")
    return _count(hours, "hour") if hours else "less than an hour"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def lifting_items(ground: Ground, form: Form, names: Names) -> dict[str, object]:
    """A ground with the facts that lift it, as radio buttons."""
    name = f"lift-{ground.rule.id}"
    items = [
        {
            "value": fact.word,
            "text": _sentence(fact.because or fact.says),
            "checked": form.value(name) == fact.word,
            "hint": {"text": f"Who can decide it: {' or '.join(map(names.post, fact.posts))}."} if fact.posts else None,
        }
        for fact in ground.lifts
    ]
    return {"name": name, "rule": ground.rule, "items": items}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
