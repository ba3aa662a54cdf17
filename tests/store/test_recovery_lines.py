"""What an operator is told of entries that were signed and never committed: each act that is to be done again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.audit.acts import Erasure, Officer
from hub.audit.encoding import encode
from hub.audit.entries import Abandoned, Entry
from hub.store.recovery import explained

AT, NONCE = datetime(2026, 11, 20, 16, 41, tzinfo=UTC), bytes(16)
OFFICER = Officer("hub", "hub", None, "hub")
ACT: Entry = Erasure(at=AT, nonce=NONCE, officer=OFFICER, reason="request", references=(), sides=(1,))
END: Entry = Abandoned(AT, NONCE, 3, "stale")

ROWS = [
    pytest.param([END, END], [], id="no act"),
    pytest.param([ACT], [7], id="one"),
    pytest.param([END, ACT, END, ACT], [8, 10], id="each on a line of its own, by its number"),
]


@pytest.mark.parametrize(("entries", "numbers"), ROWS)
def test_acts_that_were_not_done(entries: list[Entry], numbers: list[int], caplog: pytest.LogCaptureFixture) -> None:
    explained([encode(each) for each in entries], 7, int(AT.timestamp() * 1000))
    said = [record.getMessage() for record in caplog.records]
    assert said[0].startswith(f"ENTRIES_RECOVERED: {len(entries)} entries")
    assert said[1:] == [f"ACT_NOT_DONE: what entry {each} says was logged, and was not done" for each in numbers]
