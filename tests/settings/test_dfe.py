"""An agency of kind ``dfe`` in the settings file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from hub.app import load_policies, make_connector
from hub.connectors.dfe import DfeConnector
from hub.domain.sources import NoAnswer
from hub.errors import ConfigurationError
from hub.settings import load_settings
from tests.connectors.bendable import Request, bendable, response
from tests.connectors.fhir_bench import ADA, by_number, soon
from tests.settings.test_load import GOOD

SCHOOL = """
[[custodians]]
id = "testshire-academy"
name = "Testshire Academy"
sector = "education"
kind = "dfe"
url = "https://custodian.testshire-academy.example"
credential = { file = "academy.secret" }
contact = { role = "Designated safeguarding lead", phone = "01632 960140" }
"""
AGREED = '[custodians.dfe]\norganisation = "ACADEMY-1"\nclient_id = "hub"\n'


def write(place: Path, *parts: str) -> Path:
    (place / "academy.secret").write_text("s3cret\n", encoding="ascii")
    path = place / "settings.toml"
    path.write_text("\n".join((GOOD, *parts)), encoding="utf-8")
    return path


async def test_a_school_is_connected(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, SCHOOL, AGREED))
    bundle = load_policies()
    made = make_connector(settings.custodians[1], lambda: bundle)
    assert isinstance(made, DfeConnector)
    assert "safeguarding_file" in made.kinds
    assert "incident" not in made.kinds
    await made.close()


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        pytest.param((SCHOOL,), "needs \\[custodians.dfe\\]", id="what was agreed is missing"),
        pytest.param((SCHOOL.replace('"dfe"', '"fhir"'), AGREED), "no other kind has it", id="with another kind"),
        pytest.param((SCHOOL.replace("credential", "# credential"), AGREED), "its secret", id="a client without its secret"),
        pytest.param((SCHOOL, AGREED.replace("ACADEMY-1", "../x")), "organisation", id="an orgId that is a path"),
        pytest.param((SCHOOL, AGREED, "person_id = 1\n"), "person_id", id="an unknown key"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, parts: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load_settings(write(tmp_path, *parts))


@dataclass
class Academy:
    """An agency that takes one secret or one token; ``shown`` keeps what it was shown."""

    secret: str
    shown: list[str] = field(default_factory=list)

    async def __call__(self, request: Request) -> None:
        if request.line.startswith("POST /api/v1/Auth/token "):
            self.shown.append(dict(parse_qsl(request.body.decode()))["client_secret"])
            refused = response({"error": "invalid_client"}, "400 Bad Request")
            given = response({"access_token": self.shown[-1], "token_type": "Bearer"})  # it says no end: it serves once
            request.writer.write(given if self.shown[-1] == self.secret else refused)
            return
        shown = request.headers["authorization"].removeprefix("Bearer ")
        self.shown.append(shown)
        body, status = ([], "200 OK") if shown == self.secret else ({}, "401 Unauthorized")
        request.writer.write(response(body, status))


CLIENT = [pytest.param('client_id = "hub"\n', id="a-clients-secret"), pytest.param("", id="a-fixed-token")]


@contextlib.asynccontextmanager
async def connected(place: Path, academy: Academy, client: str) -> AsyncIterator[DfeConnector]:
    """The agency as its settings connect it, with the secret ``s3cret`` in its file."""
    rules = load_policies()
    async with bendable(academy) as server:
        where = SCHOOL.replace("https://custodian.testshire-academy.example", server.url)
        agreed = AGREED.replace('client_id = "hub"\n', client)
        made = make_connector(load_settings(write(place, where, agreed)).custodians[1], lambda: rules)
        assert isinstance(made, DfeConnector)
        try:
            yield made
        finally:
            await made.close()


@pytest.mark.parametrize("client", CLIENT)
async def test_a_secret_that_was_exchanged_in_its_file_is_used(tmp_path: Path, client: str) -> None:
    academy = Academy("s3cret")
    async with connected(tmp_path, academy, client) as made:
        assert not isinstance(await made.match(by_number(ADA), soon()), NoAnswer)
        academy.secret = "a-longer-one"
        (tmp_path / "academy.secret").write_text("a-longer-one\n", encoding="ascii")
        academy.shown.clear()
        assert not isinstance(await made.match(by_number(ADA), soon()), NoAnswer)
        assert set(academy.shown) == {"a-longer-one"}, "the old one is not shown again"


@pytest.mark.parametrize("client", CLIENT)
@pytest.mark.parametrize("written", ["", None], ids=["empty", "gone"])
async def test_while_the_file_holds_nothing_the_last_secret_is_used(
    tmp_path: Path, client: str, written: str | None
) -> None:
    academy, path = Academy("s3cret"), tmp_path / "academy.secret"
    async with connected(tmp_path, academy, client) as made:
        path.unlink()
        if written is not None:
            path.write_text(written, encoding="ascii")
        assert not isinstance(await made.match(by_number(ADA), soon()), NoAnswer)


@pytest.mark.parametrize("client", CLIENT)
async def test_one_that_looks_as_it_did_is_found_when_the_old_one_is_refused(tmp_path: Path, client: str) -> None:
    academy, path = Academy("s3cret"), tmp_path / "academy.secret"
    async with connected(tmp_path, academy, client) as made:
        stamp = path.stat().st_mtime_ns
        path.write_text("t3cret\n", encoding="ascii")
        os.utime(path, ns=(stamp, stamp))
        academy.secret = "t3cret"
        assert not isinstance(await made.match(by_number(ADA), soon()), NoAnswer)


def test_a_file_that_holds_nothing_at_the_start_is_told(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, SCHOOL, AGREED))
    (tmp_path / "academy.secret").write_text("", encoding="ascii")
    with pytest.raises(ConfigurationError, match="holds no token"):
        make_connector(settings.custodians[1], load_policies)
