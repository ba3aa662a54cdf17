"""A witness in this process, on a state file of its own, with a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from hub.audit.cosignature import WitnessKey
from hub.audit.note import VerifierKey
from hub.witness.server import Witness, create_app
from hub.witness.state import State, open_state
from tests.witness.logs import LOG_KEY, OTHER_LOG, WITNESS_KEY

AT = 1_795_000_000
LOGS = (LOG_KEY.verifier, OTHER_LOG.verifier)

Posting = Callable[[bytes], tuple[int, str, str]]


@pytest.fixture
def state(tmp_path: Path) -> State:
    return open_state(tmp_path / "state.sqlite", WitnessKey.of(WITNESS_KEY), tmp_path / "key")


def client_of(state: State, logs: tuple[VerifierKey, ...] = LOGS, at: float = AT) -> TestClient:
    return TestClient(create_app(Witness(WITNESS_KEY, logs, state, lambda: at)))


@pytest.fixture
def client(state: State) -> Iterator[TestClient]:
    with client_of(state) as made:
        yield made


@pytest.fixture
def post(client: TestClient) -> Posting:
    """Posts a request: the answer's status, content type and text."""

    def posting(body: bytes) -> tuple[int, str, str]:
        answer = client.post("/add-checkpoint", content=body)
        return answer.status_code, answer.headers["content-type"], answer.text

    return posting
