"""The public audit of GraphQL over HTTP, on two profiles: all of it holds in one, and the other refuses what that opens."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.audit.entries import Refused
from hub.errors import ConfigurationError
from hub.settings import load_settings
from tests.e2e.beside import Beside, beside, settings_beside
from tests.e2e.conftest import Town
from tests.npm import NODE, installed

HERE = Path(__file__).parent / "http_audit"
AUDIT_PROFILE = 'profile = "audit"'
AUDITS = 61

OPENED = {
    "5A70": "GET",
    "D6D5": "GET",
    "6A70": "GET",
    "BF61": "introspection",
    "2EA1": "introspection",
    "28B9": "introspection",
    "572B": "200 for a document that is wrong",
    "FDE2": "200 for a document that is wrong",
    "7B9B": "200 for a variable that is wrong",
}
"""What the standard profile refuses and the audit profile opens: the audit's own ids of it."""


@pytest.fixture(scope="module")
def opened(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    with beside(town, tmp_path_factory.mktemp("audit"), AUDIT_PROFILE) as hub:
        yield hub


@pytest.fixture(scope="module")
def production(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    limits = "limits = { client_per_minute = 0, worker_per_minute = 0 }"
    with beside(town, tmp_path_factory.mktemp("production"), limits, environment="production") as hub:
        yield hub


def audited(hub: Beside, token: str) -> dict[str, str]:
    """The status of each audit by its id."""
    modules = installed(HERE, "the public audit of GraphQL over HTTP")
    assert NODE is not None
    done = subprocess.run(
        [NODE, str(HERE / "audit.mjs"), "--modules", str(modules), f"{hub.url}/graphql"],
        input=token, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2_000:]
    results = json.loads(done.stdout)
    assert len(results) == AUDITS
    return {each["id"]: each["status"] for each in results}


@pytest.mark.slow
async def test_the_audit_profile_passes_the_whole_audit(opened: Beside) -> None:
    results = audited(opened, await opened.town.token())
    assert {name: status for name, status in results.items() if status != "ok"} == {}


@pytest.mark.slow
async def test_the_standard_profile_refuses_what_the_audit_profile_opens_and_nothing_else(production: Beside) -> None:
    before = len(production.entries())
    results = audited(production, await production.town.token())
    assert {name for name, status in results.items() if status != "ok"} == OPENED.keys()
    logged = production.entries()[before:]
    assert {type(entry) for entry in logged} == {Refused}, "nobody was asked anything"


SENT: dict[str, tuple[str, dict[str, Any], str]] = {
    "GET": ("GET", {"params": {"query": "{ __typename }"}}, "METHOD_NOT_ALLOWED"),
    "introspection": ("POST", {"json": {"query": "{ __schema { queryType { name } } }"}}, "QUERY_INVALID"),
    "a type by name": ("POST", {"json": {"query": '{ __type(name: "JoinedView") { name } }'}}, "QUERY_INVALID"),
    "a wrong document": ("POST", {"json": {"query": "{ colour }"}}, "QUERY_INVALID"),
}


@pytest.mark.parametrize(("method", "sent", "code"), SENT.values(), ids=SENT)
async def test_each_thing_that_is_opened(
    production: Beside, opened: Beside, method: str, sent: dict[str, Any], code: str
) -> None:
    headers = {"Authorization": f"Bearer {await production.town.token()}", "Accept": "application/json"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.request(method, f"{opened.url}/graphql", **sent) as reply:
            assert reply.status == 200
        async with session.request(method, f"{production.url}/graphql", **sent) as reply:
            assert reply.status in (400, 405)
            assert (await reply.json())["errors"][0]["extensions"]["code"] == code
    assert isinstance(refusal := production.entries()[-1], Refused)
    assert refusal.code == code


async def test_production_has_no_query_editor(production: Beside, opened: Beside) -> None:
    async with aiohttp.ClientSession() as session:
        for url, status in ((opened.url, 200), (production.url, 404)):
            async with session.get(f"{url}/ide") as reply:
                assert reply.status == status


NOT_FOR = {
    "production": ({"environment": "production"}, "environment"),
    "a custodian that does not say it is test data": ({"test_data": False}, "testshire-council does not say `test_data = true`"),
}  # fmt: skip


@pytest.mark.parametrize(("how", "said"), NOT_FOR.values(), ids=NOT_FOR)
def test_the_audit_profile_does_not_start(town: Town, tmp_path: Path, how: dict[str, Any], said: str) -> None:
    path = settings_beside(town, tmp_path, AUDIT_PROFILE, **how)
    with pytest.raises(ConfigurationError, match="for test data only") as fault:
        load_settings(path)
    assert said in fault.value.message
