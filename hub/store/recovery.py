"""What was signed and never committed, because a hub died in between: it is written, and the log says what is missing.

Only a signer that keeps what it signs (:mod:`hub.store.signers.process`) ever has such entries. It will sign nothing
else first: nobody can take back the newest entries by saying that their transaction failed. What belonged to the
entries beside the log (text, a decision's row) died with the hub; whoever wrote them was told that they failed.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from hub.audit.acts import Act, Erasure, Officer
from hub.audit.encoding import decode, encode
from hub.audit.entries import Question, ends, side
from hub.audit.merkle import leaf_hash
from hub.audit.words import NONCE_BYTES
from hub.store.pending import Pending
from hub.telemetry.lines import LogLine, say

REASON = "not_committed"
"""The reason in the :class:`~hub.audit.acts.Erasure` that explains side rows which were never written."""

_HUB = Officer("hub", "hub", None, "hub")


def restored(bodies: Sequence[bytes]) -> list[Pending]:
    """The entries in ``bodies``, ready to be written again; EntryInvalid when one is none."""
    pending = []
    for body in bodies:
        entry = decode(body)
        opened_at = int(entry.at.timestamp() * 1000) if isinstance(entry, Question) else None
        pending.append(Pending((body,), (leaf_hash(body),), opened_at, ends(entry)))
    return pending


def explained(bodies: Sequence[bytes], start: int, now: int) -> list[Pending]:
    """The entry that says which of these (the first has index ``start``) have no side row; none when all are whole.

    ``now`` is in milliseconds. Acts whose effect was lost are told to the operator by their numbers.
    """
    entries = [decode(body) for body in bodies]
    say(LogLine.ENTRIES_RECOVERED, count=len(bodies), start=start)
    for index, entry in enumerate(entries, start):
        if isinstance(entry, Act):
            say(LogLine.ACT_NOT_DONE, entry=index)
    without = tuple(start + at for at, entry in enumerate(entries) if side(entry) is not None)
    if not without:
        return []
    at = datetime.fromtimestamp(now / 1000, UTC)
    nonce = secrets.token_bytes(NONCE_BYTES)
    body = encode(Erasure(at=at, nonce=nonce, officer=_HUB, reason=REASON, references=(), sides=without))
    return [Pending((body,), (leaf_hash(body),))]
