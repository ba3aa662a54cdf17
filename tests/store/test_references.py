"""References: random, lasting, shared, and the one place where a person is named."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from hub.audit.verify import Report
from hub.errors import AuditUnavailable
from hub.store import reader
from hub.store.appender import Log
from tests.store.conftest import MakeLog
from tests.store.tampering import edit

Verify = Callable[..., Report]


async def test_references_are_random_lasting_and_shared(make_log: MakeLog) -> None:
    logs = [make_log(), make_log()]
    await asyncio.gather(*(log.start() for log in logs))
    first = await logs[0].reference("worker", "council/jane.smith")
    assert len(bytes.fromhex(first)) == 16
    assert await logs[1].reference("worker", "council/jane.smith") == first
    assert await logs[0].reference("case", "council/jane.smith") != first
    assert await logs[0].reference("worker", "council/jane.smitH") != first
    several = await logs[1].references([("case", "a"), ("worker", "council/jane.smith"), ("case", "a"), ("case", "b")])
    assert several[1] == first
    assert several[0] == several[2] != several[3]
    assert await logs[0].references([]) == []


async def test_a_reference_asked_for_by_many_at_once_is_one(make_log: MakeLog) -> None:
    logs = [make_log(), make_log()]
    await asyncio.gather(*(log.start() for log in logs))
    found = await asyncio.gather(*(logs[n % 2].reference("subject", "nhs:9990004021") for n in range(40)))
    assert len(set(found)) == 1


@pytest.mark.parametrize(
    ("kind", "value", "accepted"),
    [
        pytest.param("k" * reader.REFERENCE_KIND_MAX, "v", True, id="longest kind"),
        pytest.param("k" * (reader.REFERENCE_KIND_MAX + 1), "v", False, id="kind too long"),
        pytest.param("a kind", "v", False, id="kind with a space"),
        pytest.param("", "v", False, id="no kind"),
        pytest.param("k", "v" * reader.REFERENCE_VALUE_MAX, True, id="longest value"),
        pytest.param("k", "v" * (reader.REFERENCE_VALUE_MAX + 1), False, id="value too long"),
        pytest.param("k", "\u00e9" * (reader.REFERENCE_VALUE_MAX // 2), True, id="longest accented value"),
        pytest.param("k", "\u00e9" * (reader.REFERENCE_VALUE_MAX // 2 + 1), False, id="accented value too long"),
        pytest.param("k", "", False, id="no value"),
        pytest.param("k", "secret\0", False, id="NUL"),
        pytest.param("k", "secret\ud800", False, id="half a surrogate"),
        pytest.param("k", "'; DROP TABLE log_entry; --", True, id="SQL"),
    ],
)
async def test_what_a_reference_can_stand_for(log: Log, kind: str, value: str, accepted: bool) -> None:
    if accepted:
        assert await log.reference(kind, value) == await log.reference(kind, value)
    else:
        with pytest.raises(ValueError, match="a reference has") as caught:
            await log.reference(kind, value)
        assert "secret" not in str(caught.value)


async def test_no_personal_data_in_what_the_log_says_of_itself(
    log: Log, log_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "nhs:9990004021"
    edit(log_url, "DROP TABLE log_reference")
    with pytest.raises(AuditUnavailable) as caught:
        await log.reference("subject", secret)
    seen = caplog.text + repr(caught.value) + str(caught.value) + repr(caught.value.__cause__) + repr(log)
    assert "ProgrammingError" in seen or "OperationalError" in seen
    assert "9990004021" not in seen
