"""Keeps what the lines of an answer were about, so that the searcher can ask for a release by the line's number.

It goes with the answer's own transaction: it costs no wait of its own, and a line that was shown is one that is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

import msgspec

from hub.domain.disclosure import Outcome, Withheld
from hub.service.ask import Asked
from hub.service.decide import Decided
from hub.store.batch import Along
from hub.store.release_requests import Line, Told, keep_lines

ASKABLE = frozenset({Outcome.WITHHELD, Outcome.ASK})
"""Outcomes that somebody at the holder can change. A gap is mended in the record, and the rest is not held back."""


def keeping(asked: Sequence[Asked], decided: Iterable[Decided], at: datetime) -> Along | None:
    """What the answer's transaction does besides; None when it has no line to ask about."""
    people = {one.connector.custodian.id: one.same.candidate.local_id for one in asked if one.same is not None}
    lines: dict[int, str] = {}
    for one in decided:
        for line in one.lines:
            if line.outcome in ASKABLE and (body := _body(one, line, people)) is not None:
                lines[line.ordinal] = body
    return partial(keep_lines, lines=lines, at=at) if lines else None


def told(line: Withheld) -> Told:
    """A line as the searcher was told it."""
    return Told(
        line.fields,
        line.outcome.value,
        line.kind,
        line.impediment.id if line.impediment else None,
        line.next_step,
        line.contact.role,
        line.contact.phone,
    )


def _body(one: Decided, line: Withheld, people: dict[str, str]) -> str | None:
    pointer = one.pointer
    local_id = people.get(pointer.custodian)
    if local_id is None:
        return None
    try:
        made = Line(1, pointer.custodian, pointer.kind, local_id, pointer.record_id, told(line))
        return msgspec.json.encode(made).decode()
    except UnicodeEncodeError:  # an id that is no text: nobody can ask about that line, and the answer goes out
        return None
