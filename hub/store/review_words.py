"""What a step of a review says, as the row beside its entry holds it: text, who is to review, and until when."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date

from hub.audit.words import EntryInvalid, check_reference
from hub.store.sides import PLAIN, SideAltered, unpack

TEXT_MAX = 4_000
"""The longest text of one step, in characters."""


@dataclass(frozen=True, slots=True)
class Written:
    """``assigned`` is the reference of an officer, ``due`` the day the review is to be closed by."""

    text: str = field(default="", repr=False)
    assigned: str | None = None
    due: date | None = None


def pack_written(written: Written) -> bytes:
    """The bytes of the row beside a step's entry; EntryInvalid when the text is no text, or too long."""
    if len(written.text) > TEXT_MAX:
        raise EntryInvalid(f"side: at most {TEXT_MAX} characters belong here")
    said = {
        "text": written.text,
        "assigned": written.assigned,
        "due": None if written.due is None else written.due.isoformat(),
    }
    try:
        return PLAIN + json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        raise EntryInvalid("side: text belongs here") from None


def unpack_written(body: bytes) -> Written:
    """What :func:`pack_written` packed; SideAltered when it is anything else."""
    try:
        said = json.loads(unpack(body))
        assigned, due = said["assigned"], said["due"]
        if assigned is not None:
            check_reference("assigned", assigned)
        if not isinstance(said["text"], str):
            raise TypeError
        return Written(said["text"], assigned, None if due is None else date.fromisoformat(due))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SideAltered("a side row holds no step of a review") from None
