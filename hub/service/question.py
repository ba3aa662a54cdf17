"""A question as it reaches the use case: who asks, why, about whom, and for what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.domain.enquiry import Enquiry, Searcher
from hub.domain.people import ChildSearch


@dataclass(frozen=True, slots=True)
class Words:
    """What was asked as it was sent: ``document`` is the query's text. It may name the child, so it never shows itself:
    it is kept beside the log (:mod:`hub.store.sides`) and goes nowhere else.
    """

    document: str = field(repr=False)
    variables: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Question:
    """One ``child`` of one request.

    Attributes:
        searcher: who asks, as the register describes them.
        enquiry: reads the purpose and case from what was sent; raises :class:`~hub.errors.BadRequest`. It is called
            inside the use case so that what is wrong with it is logged as a refusal like any other.
        search: reads whom the question is about, in the same way.
        look: kinds of record whose existence matters to the selection.
        read: those of them whose content does.
        document_sha256: digest of the query's shape, without its literals.
        trace_id: W3C trace id, 32 hex digits.
        words: the request it is one of, as it was sent.
    """

    searcher: Searcher
    enquiry: Callable[[], Enquiry]
    search: Callable[[], ChildSearch]
    look: frozenset[str]
    read: frozenset[str]
    document_sha256: str
    trace_id: str
    words: Words
