"""A custodian that keeps failing, in the whole hub: what its health says, and that it stays ready."""

from __future__ import annotations

import msgspec
import pytest
from starlette.testclient import TestClient

from hub.app import Hub, create_app
from hub.connectors.base import Deadline
from hub.domain.people import ChildSearch, Identity, PartialDate
from hub.domain.sources import NoAnswer, NoAnswerReason
from hub.settings import GuardSettings
from tests.service.test_policies_in_app import Path, place, settings  # noqa: F401 - the fixture

NAME = "Thornbury"
MAYA = ChildSearch(Identity(given_names=("Maya",), family_names=(NAME,), birth_date=PartialDate.parse("2017-03-09")))
QUIET = {"match": "asked", "find": "asked", "fetch": "asked", "in_hand": 0, "waiting": 0}


def test_health_shows_a_custodian_that_is_left_alone_and_the_hub_is_ready_all_the_same(
    place: Path,  # noqa: F811
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = settings(place)
    guard = GuardSettings(failures_max=2, pause_seconds=300)
    council = msgspec.structs.replace(made.custodians[0], guard=guard)  # its database is not there
    built: list[Hub] = []

    async def ask() -> NoAnswer:
        answer = await built[0].connectors[0].match(MAYA, Deadline.after(5))
        assert isinstance(answer, NoAnswer)
        return answer

    hub = create_app(msgspec.structs.replace(made, custodians=[council]), lambda hub: built.append(hub) or [])
    with TestClient(hub) as client:
        assert client.get("/health/ready").json()["custodians"] == {"testshire-council": QUIET}
        assert client.portal is not None
        reasons = [client.portal.call(ask).reason for _ in range(3)]
        reply = client.get("/health/ready")
    assert reasons == [NoAnswerReason.DOWN, NoAnswerReason.DOWN, NoAnswerReason.SUSPENDED]
    assert reply.status_code == 200
    assert reply.json()["custodians"] == {"testshire-council": {**QUIET, "match": "suspended"}}
    assert "CUSTODIAN_SUSPENDED testshire-council: match failed 2 times" in caplog.text
    assert NAME not in caplog.text + reply.text
