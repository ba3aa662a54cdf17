"""What a GraphQL server answered: exactly what was asked, or what it says it did not give. Pure.

A part of an answer may be missing in two ways that are not "nothing held": the system shows a type that stands for
something redacted, or an error leaves a null behind. Both become :class:`Hidden` where they stand, so that whoever
reads there must say what it means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from hub.connectors.base import UpstreamFault
from hub.connectors.graphql.document import TYPENAME, Document, Part
from hub.connectors.rest_mapping import Steps
from hub.connectors.rest_values import at, malformed
from hub.domain.sources import NoAnswerReason

ERRORS_MAX = 1_000

_CODES: Mapping[str, NoAnswerReason] = {
    "UNAUTHENTICATED": NoAnswerReason.REFUSED,
    "FORBIDDEN": NoAnswerReason.REFUSED,
    "THROTTLED": NoAnswerReason.DOWN,
    "RATE_LIMITED": NoAnswerReason.DOWN,
    "SERVICE_UNAVAILABLE": NoAnswerReason.DOWN,
    "DOWNSTREAM_SERVICE_ERROR": NoAnswerReason.DOWN,
}
"""Codes that servers and routers widely give in ``extensions.code``; a mapping file adds its system's own."""

_SAID = {
    NoAnswerReason.REFUSED: "it would not let the hub see what was asked",
    NoAnswerReason.DOWN: "it reported a fault of its own",
    NoAnswerReason.SLOW: "it took too long, by its own account",
    NoAnswerReason.TOO_LARGE: "it says that the answer is too large",
}
_IN_PIECES = frozenset({"incremental", "hasNext", "pending", "completed"})
"""Members of an answer with more to come (GraphQL working drafts for ``@defer`` and ``@stream``)."""

_REDACTED = "its own system holds back who this is, or what there is: ring the contact"
_PARTIAL = "a part of its answer is missing, because of a fault it reported"
_NOT_SHAPED = "its answer does not have the shape of the question"


class Why(Enum):
    """Why a part of an answer is not there."""

    REDACTED = "redacted"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Hidden:
    """A part of an answer that is not there and yet does not mean that nothing is held."""

    why: Why
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Redaction:
    """The types that stand for something redacted, and where one of them says why."""

    types: frozenset[str] = frozenset()
    reason: Steps | None = None


def data_of(body: Any, document: Document, redaction: Redaction, errors: Mapping[str, NoAnswerReason]) -> Any:
    """The ``data`` of an answer, of the shape of ``document``, with :class:`Hidden` where something is not shown.

    Raises:
        UpstreamFault: it is no answer, or not to this question; it has no data; or its errors name a reason.
    """
    if not isinstance(body, dict) or not body.keys() & {"data", "errors"}:
        raise malformed("its answer is not a GraphQL response")
    if body.keys() & _IN_PIECES:
        raise malformed("it sends its answer in pieces, which the hub did not ask for")
    faults = _faults(body.get("errors"))
    for fault in faults:
        extensions = fault.get("extensions")
        code = extensions.get("code") if isinstance(extensions, dict) else None
        reason = errors.get(code) or _CODES.get(code) if isinstance(code, str) else None
        if reason is not None:
            raise UpstreamFault(reason, _SAID[reason])
    if body.get("data") is None:
        raise malformed("it did not answer the question" if faults else "its answer holds no data")
    data = body["data"]
    for fault in faults:
        data = _marked(data, fault.get("path"))
    return shaped(data, document.data, redaction)


def _faults(errors: Any) -> list[dict[str, Any]]:
    if errors is None:
        return []
    if not isinstance(errors, list) or not all(isinstance(each, dict) for each in errors):
        raise malformed("its errors cannot be read")
    if len(errors) > ERRORS_MAX:
        raise UpstreamFault(NoAnswerReason.TOO_LARGE, f"it reported more than {ERRORS_MAX:,} faults")
    return errors


def _marked(data: Any, path: Any) -> Any:
    """``data`` with :class:`Hidden` at the null that the error at ``path`` left.

    An error nulls its field, or the nearest parent that may be null (GraphQL specification, "Handling Execution
    Errors"). An error with no path, or that left no null, could be about anything.
    """
    if not isinstance(path, list) or not path:
        raise malformed(_PARTIAL)
    here = data
    for step in path:
        if isinstance(here, list) and type(step) is int and 0 <= step < len(here):
            pass
        elif not isinstance(here, dict) or not isinstance(step, str) or step not in here:
            raise malformed(_PARTIAL)
        if here[step] is None:
            here[step] = Hidden(Why.FAULT)
        if isinstance(here[step], Hidden):
            return data
        here = here[step]
    raise malformed(_PARTIAL)


def shaped(value: Any, part: Part | None, redaction: Redaction) -> Any:
    """``value`` if it is exactly what ``part`` selects, with what is redacted as :class:`Hidden`.

    A key too few, a key too many, or a type that was not asked for has no meaning the hub could rely on: what a new
    type says would be read as nothing.
    """
    if value is None or isinstance(value, Hidden):
        return value
    if isinstance(value, list):
        return [shaped(each, part, redaction) for each in value]
    if part is None:
        if isinstance(value, dict):
            raise malformed(_NOT_SHAPED)
        return value
    if not isinstance(value, dict):
        raise malformed(_NOT_SHAPED)
    type_ = value.get(TYPENAME) if part.is_typed else None
    fields = part.types.get(type_) if type_ is None or isinstance(type_, str) else None
    if fields is None:
        raise malformed("its answer has a type of object that was not asked for")
    if value.keys() != fields.keys():
        raise malformed(_NOT_SHAPED)
    if type_ in redaction.types:
        reason = at(value, redaction.reason) if redaction.reason else None
        return Hidden(Why.REDACTED, reason if isinstance(reason, str) else None)
    return {key: shaped(each, fields[key], redaction) for key, each in value.items()}


def look(body: Any, steps: Sequence[str]) -> Any:
    """What is at ``steps``: :class:`Hidden` where something on the way is; None where nothing or null is."""
    for step in steps:
        if body is None or isinstance(body, Hidden):
            return body
        if not isinstance(body, dict):
            raise malformed(_NOT_SHAPED)
        body = body.get(step)
    return body


def sure(body: Any, steps: Sequence[str]) -> Any:
    """What is at ``steps``, where the answer is worth nothing without it.

    Raises:
        UpstreamFault: REFUSED where the system redacts it; MALFORMED where a fault took it.
    """
    value = look(body, steps)
    if isinstance(value, Hidden):
        raise hidden(value)
    return value


def hidden(what: Hidden) -> UpstreamFault:
    """The fault of an answer that is worth nothing without what is hidden."""
    if what.why is Why.FAULT:
        return malformed(_PARTIAL)
    return UpstreamFault(NoAnswerReason.REFUSED, _REDACTED)


def without_hidden(body: Any) -> Any:
    """``body`` with null for everything hidden, for readers that have looked at what is hidden already."""
    if isinstance(body, Hidden):
        return None
    if isinstance(body, dict):
        return {key: without_hidden(each) for key, each in body.items()}
    if isinstance(body, list):
        return [without_hidden(each) for each in body]
    return body
