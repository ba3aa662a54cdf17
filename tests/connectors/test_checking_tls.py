"""The certificate a check looks at: whose it is, and for how long."""

from __future__ import annotations

import asyncio
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.connectors import checking_tls
from hub.connectors.checking import Grade
from hub.connectors.checking_tls import certificate
from tests.connectors.test_http_tls import certificate as made_for


@pytest.mark.parametrize(
    ("named", "trusted", "days_min", "grade", "says"),
    [
        pytest.param("127.0.0.1", True, 0, Grade.WELL, "its certificate ends", id="in-order"),
        pytest.param("127.0.0.1", True, 30, Grade.NOTE, "its certificate ends", id="ends-tomorrow"),
        pytest.param("127.0.0.1", False, 0, Grade.MEND, "it is signed by itself", id="nobody-we-trust"),
        pytest.param("127.0.0.2", True, 0, Grade.MEND, "for another address", id="somebody-elses"),
    ],
)
async def test_what_a_certificate_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, trusted: bool, days_min: int, grade: Grade, says: str
) -> None:
    monkeypatch.setattr(checking_tls, "DAYS_MIN", days_min)
    cert, key = made_for(tmp_path, named)
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(cert, key)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=serving)
    port = server.sockets[0].getsockname()[1]
    tls = ssl.create_default_context(cafile=str(cert)) if trusted else None
    found = await certificate(f"https://127.0.0.1:{port}/R4", 5, tls)
    server.close()
    assert found is not None
    assert found.grade is grade, found
    assert says in found.what
    if grade is not Grade.MEND:
        days = {datetime.now(UTC).date() + timedelta(days=each) for each in (0, 1)}
        assert any(f"ends {day}" in found.what for day in days)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "sqlite:///council.db", "postgresql://reader@db.example/ssd"])
async def test_no_certificate_where_there_is_no_https(url: str) -> None:
    assert await certificate(url, 5) is None


async def test_nobody_answers() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        assert await certificate(f"https://127.0.0.1:{held.getsockname()[1]}", 5) is None
