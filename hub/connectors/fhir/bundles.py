"""Searchset Bundles and OperationOutcomes: what a FHIR server sends instead of, or around, the resources.

``resourceType`` decides, never the HTTP status: PDS sends ``TOO_MANY_MATCHES`` as a 200.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from email.message import Message
from typing import Any, Generic, Literal, TypeVar

from hub.connectors.base import UpstreamFault
from hub.connectors.fhir.elements import Element, element, elements, malformed, text
from hub.connectors.http import Reply
from hub.domain.sources import NoAnswerReason
from hub.strict_json import parse_json_each

Taken = TypeVar("Taken")
Release = Literal["R4", "STU3"]

_RELEASES = {"R4": "4.", "STU3": "3."}

_NOT_FOUND = frozenset({"RESOURCE_NOT_FOUND", "not-found"})

_ISSUES = {
    "forbidden": (NoAnswerReason.REFUSED, "it does not let the hub ask this"),
    "login": (NoAnswerReason.REFUSED, "it refused the hub's credentials"),
    "expired": (NoAnswerReason.REFUSED, "it refused the hub's credentials"),
    "security": (NoAnswerReason.REFUSED, "it does not let the hub ask this"),
    "suppressed": (NoAnswerReason.REFUSED, "it holds something back without saying what"),
    "throttled": (NoAnswerReason.DOWN, "it is asked too often just now"),
    "transient": (NoAnswerReason.DOWN, "it reported a passing fault of its own"),
    "exception": (NoAnswerReason.DOWN, "it reported a fault of its own"),
    "no-store": (NoAnswerReason.DOWN, "it reported a fault of its own"),
    "timeout": (NoAnswerReason.SLOW, "its own records did not answer it in time"),
    "incomplete": (NoAnswerReason.DOWN, "it says that its answer is incomplete"),
    "too-long": (NoAnswerReason.TOO_LARGE, "its answer is larger than it can send"),
    "too-costly": (NoAnswerReason.TOO_LARGE, "its answer is larger than it can send"),
}
"""FHIR R4 IssueType (http://hl7.org/fhir/issue-type) to why there is no answer; anything else is MALFORMED."""


class TooManyMatches(UpstreamFault):
    """More people fit than the server will name: the child may be among them, so this is never "not held"."""

    def __init__(self) -> None:
        super().__init__(
            NoAnswerReason.TOO_LARGE,
            "too many people there fit the question: add a given name, the sex, or the NHS number, and ask again",
        )


class Invalidated(UpstreamFault):
    """The NHS number was withdrawn and not replaced: a record existed, so this is never "not held"."""

    def __init__(self) -> None:
        super().__init__(
            NoAnswerReason.REFUSED,
            "the NHS number has been invalidated there: ask again with the names and the date of birth",
        )


def matches(reply: Reply, resource_type: str) -> list[Element]:
    """The resources of one page of a searchset, each of ``resource_type``.

    Raises:
        UpstreamFault: the page is not a searchset, holds anything that was not asked for, or says it is incomplete.
    """
    entries = elements(_searchset(reply).get("entry"), "Bundle.entry")
    return [resource for entry in entries if (resource := _match(entry, resource_type)) is not None]


@dataclass(frozen=True, slots=True)
class Kept(Generic[Taken]):
    """What is kept of one match: the server's id of it, and what was taken of it."""

    resource_id: str
    taken: Taken


def page_parser(resource_type: str, take: Callable[[Element], Taken]) -> Callable[[bytes], Any]:
    """What reads a page of a searchset match by match, and keeps of each what ``take`` makes of it.

    Most of a large answer is of no use to the hub. :func:`kept` then gives what :func:`matches` would have found.

    Raises:
        UpstreamFault: what is read raises it as :func:`matches` does, and as ``take`` does.
    """

    def keep(entry: object) -> Kept[Taken] | None:
        resource = _match(element(entry, "Bundle.entry"), resource_type) if entry is not None else None
        return None if resource is None else Kept(resource_id(resource), take(resource))

    return lambda raw: parse_json_each(raw, "entry", keep)


def kept(reply: Reply) -> list[Kept[Any]]:
    """What was kept of one page that was read by :func:`page_parser`.

    Raises:
        UpstreamFault: the page is not a searchset.
    """
    entries = _searchset(reply).get("entry") or []
    if not isinstance(entries, list):
        raise malformed("Bundle.entry")
    return [each for each in entries if each is not None]


def _searchset(reply: Reply) -> Element:
    bundle = element(reply.body, "answer")
    if bundle.get("resourceType") == "OperationOutcome":
        raise fault_of(bundle)
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") != "searchset":
        raise malformed("answer")
    return bundle


def _match(entry: Element, resource_type: str) -> Element | None:
    """The resource of one entry, of ``resource_type``; None for a note that is information only."""
    resource = element(entry.get("resource"), "Bundle.entry.resource")
    mode = element(entry.get("search"), "Bundle.entry.search").get("mode", "match")
    if resource.get("resourceType") == "OperationOutcome":
        _require_harmless(resource)
        return None
    if resource.get("resourceType") != resource_type or mode != "match":
        raise UpstreamFault(NoAnswerReason.MALFORMED, "it sent records of a kind that was not asked for")
    return resource


def with_included(
    reply: Reply, resource_type: str, included: AbstractSet[str]
) -> tuple[list[Element], list[tuple[str | None, Element]]]:
    """The matches of one page of a searchset with ``_include``, and what came along: each with its full URL, if any.

    Raises:
        UpstreamFault: as :func:`matches`; what comes along must be of a type in ``included``.
    """
    found, along = [], []
    for entry in elements(_searchset(reply).get("entry"), "Bundle.entry"):
        resource = element(entry.get("resource"), "Bundle.entry.resource")
        is_included = resource.get("resourceType") in included
        if is_included and element(entry.get("search"), "Bundle.entry.search").get("mode", "include") == "include":
            along.append((text(entry.get("fullUrl"), "Bundle.entry.fullUrl"), resource))
        elif (match := _match(entry, resource_type)) is not None:
            found.append(match)
    return found, along


def next_link(reply: Reply) -> str | None:
    """The URL of the page after this one (FHIR R4 §3.1.1.5.6), None on the last."""
    for link in elements(element(reply.body, "answer").get("link"), "Bundle.link"):
        if link.get("relation") == "next":
            url = text(link.get("url"), "Bundle.link.url")
            if url is None:
                raise malformed("Bundle.link.url")
            return url
    return None


def require_total(first: Reply, found: int) -> None:
    """Pass an answer with as many matches as its first page promised.

    Raises:
        UpstreamFault: MALFORMED when some are missing, which would read as "nothing more known", or too many.
    """
    total = element(first.body, "answer").get("total")
    if total is not None and (isinstance(total, bool) or total != found):
        raise UpstreamFault(NoAnswerReason.MALFORMED, "its answer does not have as many records as it says")


def require_release(reply: Reply, release: Release = "R4") -> None:
    """Pass an answer that does not say it is of another release of FHIR (R4, http.html#version-parameter).

    Raises:
        UpstreamFault: MALFORMED: elements of the same name mean other things in other releases.
    """
    message = Message()
    message["Content-Type"] = reply.headers.get("Content-Type", "")
    version = _RELEASES[release]
    if not str(message.get_param("fhirVersion", version)).startswith(version):
        raise UpstreamFault(NoAnswerReason.MALFORMED, f"it answered in another release of FHIR than {release}")


def resource_id(resource: Element) -> str:
    """The server's id of a resource, which every resource it sends must have."""
    found = text(resource.get("id"), f"{resource.get('resourceType')}.id")
    if found is None:
        raise malformed("id")
    return found


def fault_of(outcome: Element) -> UpstreamFault:
    """The fault for an OperationOutcome that came instead of an answer."""
    codes = _codes(outcome)
    if "TOO_MANY_MATCHES" in codes or "multiple-matches" in codes:
        return TooManyMatches()
    if "INVALIDATED_RESOURCE" in codes:
        return Invalidated()
    for code in codes:
        if code in _ISSUES:
            return UpstreamFault(*_ISSUES[code])
    return UpstreamFault(NoAnswerReason.MALFORMED, "it reported an error instead of an answer")


def is_not_found(body: object) -> bool:
    """Whether a 404's body is the FHIR server's own "not found", and not that of a proxy or a wrong address."""
    outcome = element(body, "answer")
    return outcome.get("resourceType") == "OperationOutcome" and bool(_NOT_FOUND & set(_codes(outcome)))


def _codes(outcome: Element) -> list[str]:
    """Every code of every issue: the NHS's own in ``details`` first, then FHIR's."""
    codes: list[str | None] = []
    for issue in elements(outcome.get("issue"), "OperationOutcome.issue"):
        details = element(issue.get("details"), "OperationOutcome.issue.details")
        codings = elements(details.get("coding"), "OperationOutcome.issue.details.coding")
        codes += [text(coding.get("code"), "OperationOutcome.issue.details.coding.code") for coding in codings]
        codes.append(text(issue.get("code"), "OperationOutcome.issue.code"))
    return [code for code in codes if code]


def _require_harmless(outcome: Element) -> None:
    """Pass a note inside a searchset that is information only: a warning may say that something is missing."""
    for issue in elements(outcome.get("issue"), "OperationOutcome.issue"):
        if issue.get("severity") != "information":
            raise fault_of(outcome)
