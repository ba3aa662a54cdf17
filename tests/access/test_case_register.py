"""The case register, over HTTP and as a file: what it says, and that nothing it does holds a question up or leaks one."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from hub.access import case_register
from hub.access.case_register import ANSWER_BYTES_MAX, CaseState, FileCaseRegister, HttpCaseRegister, make_case_register
from hub.access.settings import CaseRegisterSettings
from hub.errors import ConfigurationError

CASE, WORKER = "MASH-2026-1182", "tc-0417"
COUNCIL = "testshire-council"


@dataclass
class Pretend:
    """An agency's case system, which answers as it is told."""

    status: int = 200
    body: bytes = b'{"state": "open"}'
    content_type: str = "application/json"
    hangs: bool = False
    port: int = 0
    asked: list[Any] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/cases"

    async def answer(self, request: web.Request) -> web.Response:
        assert request.query_string == ""
        self.asked.append(await request.json())
        self.authorizations.append(request.headers.get("Authorization"))
        if self.hangs:
            await self.gate.wait()
        headers = {"Location": self.url} if self.status == 307 else {}
        return web.Response(status=self.status, body=self.body, content_type=self.content_type, headers=headers)


@asynccontextmanager
async def up(pretend: Pretend) -> AsyncIterator[Pretend]:
    app = web.Application()
    app.router.add_post("/cases", pretend.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    pretend.port = runner.addresses[0][1]
    try:
        yield pretend
    finally:
        pretend.gate.set()
        await runner.cleanup()


ANSWERS = [
    pytest.param(Pretend(), CaseState.OPEN, id="open"),
    pytest.param(Pretend(body=b'{"state": "closed"}'), CaseState.CLOSED, id="closed"),
    pytest.param(Pretend(body=b'{"state": "not_on_it"}'), CaseState.NOT_ON_IT, id="not on it"),
    pytest.param(Pretend(body=b'{"state": "unknown"}'), CaseState.UNKNOWN, id="unknown"),
    pytest.param(Pretend(body=b'{"state": "open", "since": "2026"}'), CaseState.OPEN, id="with more than was asked"),
    pytest.param(Pretend(body=b'{"state": "OPEN"}'), CaseState.UNKNOWN, id="a word of its own"),
    pytest.param(Pretend(body=b'{"state": true}'), CaseState.UNKNOWN, id="no word"),
    pytest.param(Pretend(body=b"{}"), CaseState.UNKNOWN, id="nothing said"),
    pytest.param(Pretend(body=b'{"state": "closed", "state": "open"}'), CaseState.UNKNOWN, id="two words"),
    pytest.param(Pretend(body=b"open"), CaseState.UNKNOWN, id="no JSON"),
    pytest.param(Pretend(body=b'["open"]'), CaseState.UNKNOWN, id="a list"),
    pytest.param(Pretend(content_type="text/html"), CaseState.UNKNOWN, id="a page"),
    pytest.param(Pretend(status=500), CaseState.UNKNOWN, id="a failure"),
    pytest.param(Pretend(status=404), CaseState.UNKNOWN, id="not there"),
    pytest.param(Pretend(status=307), CaseState.UNKNOWN, id="somewhere else"),
    pytest.param(
        Pretend(body=b'{"state": "open", "pad": "' + b"x" * ANSWER_BYTES_MAX + b'"}'), CaseState.UNKNOWN, id="too long"
    ),
]


@pytest.mark.parametrize(("pretend", "state"), ANSWERS)
async def test_what_it_answers(pretend: Pretend, state: CaseState, caplog: pytest.LogCaptureFixture) -> None:
    async with up(pretend):
        register = HttpCaseRegister(pretend.url, "s3cret", 2.0)
        assert await register.state(COUNCIL, CASE, WORKER) is state
        await register.close()
    assert pretend.asked == [{"organisation": COUNCIL, "case": CASE, "worker": WORKER}]
    assert pretend.authorizations == ["Bearer s3cret"]
    for piece in (CASE, WORKER, "s3cret", pretend.url):
        assert piece not in caplog.text


async def test_one_that_hangs_is_not_waited_for() -> None:
    async with up(Pretend(hangs=True)) as pretend:
        register = HttpCaseRegister(pretend.url, None, 0.05)
        async with asyncio.timeout(5):
            assert await register.state(COUNCIL, CASE, None) is CaseState.UNKNOWN
        await register.close()
    assert pretend.authorizations == [None]


async def test_one_that_is_gone_is_unknown_and_known_again_when_it_is_back() -> None:
    async with up(Pretend()) as pretend:
        register = HttpCaseRegister(pretend.url, None, 2.0)
        assert await register.state(COUNCIL, CASE, WORKER) is CaseState.OPEN
        port = pretend.port
    assert await register.state(COUNCIL, CASE, WORKER) is CaseState.UNKNOWN
    async with up(Pretend()) as again:
        register._url = register._url.replace(str(port), str(again.port))
        assert await register.state(COUNCIL, CASE, WORKER) is CaseState.OPEN
    await register.close()


FILE = {
    COUNCIL: {
        CASE: {"state": "open", "workers": [WORKER]},
        "OLD-1": {"state": "closed", "workers": [WORKER]},
        "ODD-1": {"state": "paused", "workers": [WORKER]},
        "NEW-1": {"state": "open"},
    }
}

LOOKS = [
    pytest.param(COUNCIL, CASE, WORKER, CaseState.OPEN, id="open, and on it"),
    pytest.param(COUNCIL, CASE, "tc-0001", CaseState.NOT_ON_IT, id="not on it"),
    pytest.param(COUNCIL, CASE, None, CaseState.OPEN, id="a system, which is on no case"),
    pytest.param(COUNCIL, "OLD-1", WORKER, CaseState.CLOSED, id="closed"),
    pytest.param(COUNCIL, "NEW-1", WORKER, CaseState.NOT_ON_IT, id="open, with nobody on it"),
    pytest.param(COUNCIL, "ODD-1", WORKER, CaseState.UNKNOWN, id="a word of its own"),
    pytest.param(COUNCIL, "MASH-1", WORKER, CaseState.UNKNOWN, id="no such case"),
    pytest.param("testshire-nhs", CASE, WORKER, CaseState.UNKNOWN, id="another agency's case of that name"),
]


@pytest.mark.parametrize(("organisation", "case", "worker", "state"), LOOKS)
async def test_what_the_file_says(
    tmp_path: Path, organisation: str, case: str, worker: str | None, state: CaseState
) -> None:
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(FILE), "utf-8")
    assert await FileCaseRegister(path, 1.0).state(organisation, case, worker) is state


def removed(path: Path) -> None:
    path.unlink()


def garbled(path: Path) -> None:
    path.write_bytes(b'{"testshire-council": {"MASH-2026-1182": ')


def of_another_shape(path: Path) -> None:
    path.write_text(json.dumps([FILE]), "utf-8")


def too_long(path: Path) -> None:
    path.write_bytes(b" " * (case_register.FILE_BYTES_MAX + 1))


@pytest.mark.parametrize("spoilt", [removed, garbled, of_another_shape, too_long])
async def test_a_file_that_goes_bad_makes_every_case_unknown(
    tmp_path: Path, spoilt: Callable[[Path], None], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_register, "FILE_BYTES_MAX", 10_000)
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(FILE), "utf-8")
    register = make_case_register(CaseRegisterSettings(file=str(path), deadline_seconds=5.0))
    assert await register.state(COUNCIL, CASE, WORKER) is CaseState.OPEN
    spoilt(path)
    assert await register.state(COUNCIL, CASE, WORKER) is CaseState.UNKNOWN
    assert CASE not in caplog.text
    path.write_text(json.dumps(FILE), "utf-8")
    assert await register.state(COUNCIL, CASE, WORKER) is CaseState.OPEN
    await register.close()


async def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(FILE), "utf-8")
    register = FileCaseRegister(path, 5.0)
    assert await register.state(COUNCIL, CASE, WORKER) is CaseState.OPEN
    path.write_text(json.dumps(FILE).replace('"open"', '"closed"'), "utf-8")
    os.utime(path, ns=(1, 1))
    assert await register.state(COUNCIL, CASE, WORKER) is CaseState.CLOSED


WRONG = [
    pytest.param(CaseRegisterSettings(), "one of them", id="neither url nor file"),
    pytest.param(CaseRegisterSettings(url="https://a.example", file="x"), "one of them", id="both"),
    pytest.param(CaseRegisterSettings(url="http://a.example/cases"), "https", id="over plain http"),
    pytest.param(CaseRegisterSettings(file="x", token_file="y"), "token_file", id="a token for a file"),
]


@pytest.mark.parametrize(("settings", "said"), WRONG)
def test_wrong_settings_stop_the_start(settings: CaseRegisterSettings, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=said):
        settings.located(tmp_path)


@pytest.mark.parametrize("text", [None, "", "  \n", "é"])
def test_a_token_that_is_not_there_stops_the_start(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "token").write_text(text, "utf-8")
    settings = CaseRegisterSettings(url="https://cases.example/", token_file="token").located(tmp_path)
    with pytest.raises(ConfigurationError, match="no token"):
        make_case_register(settings)


def test_a_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        make_case_register(CaseRegisterSettings(file="cases.json").located(tmp_path))
    assert refusal.value.code == "CASE_REGISTER_INVALID"
