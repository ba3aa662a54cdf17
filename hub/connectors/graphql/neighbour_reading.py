"""What another hub says of a child, an agency and what it holds back, in this hub's own words. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from http import HTTPStatus
from typing import Any

import orjson

from hub.connectors.base import UpstreamFault
from hub.connectors.graphql.neighbour_file import Neighbour
from hub.connectors.rest_values import at, list_at, malformed, moment_at, text_at
from hub.domain.catalogue import Catalogue
from hub.domain.disclosure import Confidence, HandlingNotice, Impediment, Outcome, Withheld
from hub.domain.identifiers import NHSNumber
from hub.domain.organisations import Contact, Custodian
from hub.domain.people import Identity, PartialDate
from hub.domain.sources import NoAnswerReason, SourceState
from hub.errors import BadRequest

HELD_BACK_LABEL = "unmapped:withheld-there"
"""In no vocabulary, so that policy can never show a record that carries it."""

TEXT_CHARS_MAX = 1_000
PURPOSE_MISSING = "PURPOSE_MISSING"
_UNKNOWN_HERE = (NoAnswerReason.REFUSED, "its register does not list this hub as one that may ask")
_OTHER_VERSION = (
    NoAnswerReason.MALFORMED,
    "it does not understand the question: it is of another version than this hub",
)
_REFUSALS: Mapping[str, tuple[NoAnswerReason, str]] = {
    "PURPOSE_NOT_ALLOWED": (NoAnswerReason.REFUSED, "its register does not let this hub ask under that purpose"),
    "PURPOSE_UNKNOWN": (NoAnswerReason.REFUSED, "it knows no such purpose"),
    "CLIENT_NOT_REGISTERED": _UNKNOWN_HERE,
    "ORGANISATION_MISMATCH": _UNKNOWN_HERE,
    "ROLE_NOT_REGISTERED": _UNKNOWN_HERE,
    "WORKER_REQUIRED": _UNKNOWN_HERE,
    "QUERY_INVALID": _OTHER_VERSION,
    "VARIABLES_INVALID": _OTHER_VERSION,
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_HIDDEN = "it is sure that it holds the child, and does not show this hub who that is: ring the contact"
_UNSURE = "it holds somebody who may be the child, and only its own people can tell: ring the contact"


def state_of(sources: Sequence[Any], agency: str) -> Any:
    """The agency's line where it answered; None where it searched and holds nothing.

    Raises:
        UpstreamFault: in every other state, with the reason the other hub gives: none of them is a negative.
    """
    lines = [line for line in sources if text_at(line, ("custodian", "id"), "an agency's id") == agency]
    if len(lines) != 1:
        raise malformed("its sources do not have the one line about this agency")
    line = lines[0]
    match line["state"]:
        case "ANSWERED":
            return line
        case "NOT_HELD":
            return None
        case "POSSIBLE_MATCH":
            raise UpstreamFault(NoAnswerReason.REFUSED, _UNSURE)
        case "NOT_ASKED":
            raise UpstreamFault(NoAnswerReason.REFUSED, "the hub there did not ask it: ring the contact")
        case "NO_ANSWER":
            raise _no_answer(line)
        case _:
            raise malformed(f"it states none of {', '.join(state.name for state in SourceState)} of this agency")


def _no_answer(line: Any) -> UpstreamFault:
    stated, seconds = line["noAnswerReason"], line["retryAfterSeconds"]
    reason = NoAnswerReason.DOWN
    if isinstance(stated, str) and stated.lower() in set(NoAnswerReason):
        reason = NoAnswerReason(stated.lower())
    retry = seconds if isinstance(seconds, int) and 0 < seconds <= 3_600 else None
    return UpstreamFault(reason, "it did not answer the hub there", retry)


def identity_in(child: Any, agency: str, *, is_health: bool) -> Identity:
    """Who the child is there, to be compared again here: by the agency's own word, else by any agency's there.

    A name comes joined, so its first word is taken for the given name: matching compares any word of the rest.

    Raises:
        UpstreamFault: REFUSED where it shows neither a number nor a whole name and birth date: nothing to compare would
            read as nobody.
    """
    numbers = [_number(text) for text in _stated(child, "nhsNumber", agency)]
    days = [_day(text) for text in _stated(child, "dateOfBirth", agency)]
    names = [text.split() for text in _stated(child, "names", agency) if text.split()]
    identity = Identity(
        nhs_number=next(iter(numbers), None),
        given_names=tuple(dict.fromkeys(words[0] for words in names)),
        family_names=tuple(dict.fromkeys(" ".join(words[1:]) for words in names if words[1:])),
        birth_date=next(iter(days), None),
        restricted=_restricted(child) if is_health else None,
    )
    if identity.nhs_number is None and (identity.birth_date is None or ("names" in child["identity"] and not names)):
        raise UpstreamFault(NoAnswerReason.REFUSED, _HIDDEN)
    return identity


def line_in(
    line: Any,
    custodian: Custodian,
    neighbour: Neighbour,
    catalogue: Catalogue,
    *,
    kind: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Withheld:
    """A line of the other hub's ``withheld`` as one of this hub's: the same outcome, bar, contact and reference.

    ``names`` turns its names of fields into the catalogue's; without them the line is about a whole record.
    """
    stated = text_at(line, ("outcome",), "an outcome").lower()
    if stated not in set(Outcome) or Outcome(stated).releases:
        raise malformed("it lists as held back what it does not hold back")
    fields = [_clean(each) for each in list_at(line, ("fields",), "the fields held back")]
    is_whole = names is None or "*" in fields
    fields = ["*"] if is_whole else [names[each] for each in fields if names and each in names]
    theirs = at(line, ("kind",))
    bar = at(line, ("impediment",))
    quote = f"Held back there, by {neighbour.name}: quote its reference {_text(line, 'reference')}."
    step = f"{_text(line, 'nextStep')} {quote}"
    return Withheld(
        fields=tuple(fields),
        outcome=Outcome(stated),
        impediment=None if bar is None else _impediment(bar),
        contact=Contact(_text(line["contact"], "role"), _text(line["contact"], "phone")),
        next_step=step,
        reply_by=None if line["replyBy"] is None else moment_at(line, ("replyBy",), UTC),
        kind=kind or (theirs if theirs in catalogue.kinds else None),
        custodian=custodian,
    )


def codes_in(body: Any) -> frozenset[str]:
    """The codes of an answer's errors (``docs/codes.md``)."""
    errors = body.get("errors") if isinstance(body, dict) else None
    found = set()
    for each in errors if isinstance(errors, list) else []:
        extensions = each.get("extensions") if isinstance(each, dict) else None
        code = extensions.get("code") if isinstance(extensions, dict) else None
        if isinstance(code, str):
            found.add(code)
    return frozenset(found)


def refusal_in(body: Any, status: int) -> UpstreamFault:
    """Why it refused the question, from a body of ``status`` 400 or 403."""
    codes = codes_in(body)
    for code, (reason, detail) in _REFUSALS.items():
        if code in codes:
            return UpstreamFault(reason, detail)
    if status == HTTPStatus.FORBIDDEN:
        return UpstreamFault(NoAnswerReason.REFUSED, "it would not let the hub see what was asked")
    return malformed(f"it did not understand the hub's question (HTTP {status})")


def once(parts: Sequence[Sequence[Any]]) -> Iterator[tuple[int, int, Any]]:
    """The lines of several answers about one child, each record's once: (which answer, its place there, the line).

    A hub looks through a section whole, whichever of its lists is selected, so each answer has every line, under
    another reference. Of lines that are otherwise alike the most that any one answer has are told.
    """
    told: Counter[bytes] = Counter()
    for part, lines in enumerate(parts):
        here: Counter[bytes] = Counter()
        for place, line in enumerate(lines):
            alike = orjson.dumps({**line, "reference": None, "replyBy": None}, option=orjson.OPT_SORT_KEYS)
            here[alike] += 1
            if here[alike] > told[alike]:
                told[alike] += 1
                yield part, place, line


def handling_in(notice: Any, names: Mapping[str, str]) -> HandlingNotice:
    """A condition that travels with what the other hub shares."""
    fields = [_clean(each) for each in list_at(notice, ("fields",), "the fields of a condition")]
    return HandlingNotice(
        id=_text(notice, "id"),
        notice=_text(notice, "notice"),
        fields=tuple("*" if each == "*" else names[each] for each in fields if each in names or each == "*"),
        citation=_text(notice, "citation"),
        confidence=_confidence(notice),
    )


def _impediment(bar: Any) -> Impediment:
    note = _text(bar, "note") if bar["note"] is not None else ""
    return Impediment(_text(bar, "id"), _text(bar, "title"), _text(bar, "citation"), _confidence(bar), note)


def _confidence(of: Any) -> Confidence:
    stated = _text(of, "confidence").lower()
    return Confidence(stated) if stated in set(Confidence) else Confidence.GENERAL


def _stated(child: Any, entry: str, agency: str) -> list[str]:
    """What is stated of the child's identity: the agency's own versions first, then the others'."""
    if entry not in child["identity"]:
        return []
    rows = list_at(child, ("identity", entry), "who the child is")
    pairs = [(text_at(row, ("custodian", "id"), "an agency's id"), _text(row, "value")) for row in rows]
    return [value for owner, value in sorted(pairs, key=lambda pair: pair[0] != agency)]


def _restricted(child: Any) -> bool | None:
    """Whether the child's whereabouts are restricted, by the alerts there."""
    alerts = list_at(child, ("alerts",), "its alerts") if "alerts" in child else []
    states = {text_at(each, ("state",), "an alert's state") for each in alerts if each["kind"] == "RESTRICTED"}
    if "CURRENT" in states:
        return True
    return None if states else False


def _number(text: str) -> NHSNumber:
    try:
        return NHSNumber.parse(text)
    except BadRequest:
        raise malformed("its answer has an NHS number that is none") from None


def _day(text: str) -> PartialDate:
    try:
        return PartialDate.parse(text)
    except BadRequest:
        raise malformed("a birth date in its answer cannot be read") from None


def _text(body: Any, key: str) -> str:
    return _clean(at(body, (key,)))


def _clean(text: object) -> str:
    if not isinstance(text, str):
        raise malformed("its answer lacks a text it must have")
    return _CONTROL.sub(" ", text).strip()[:TEXT_CHARS_MAX]
