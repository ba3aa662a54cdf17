"""The query editor's page: who may have it, what it may contact, what it keeps."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest
from graphql import build_client_schema, build_schema, print_schema
from starlette.applications import Starlette
from starlette.testclient import TestClient

from hub.errors import Unauthenticated
from hub.web.ide import STATIC, TOKEN_REQUEST_BYTES_MAX, IdeWorker, ide_routes

WORKERS = [IdeWorker("sw", "Social worker, MASH"), IdeWorker("po", "Police officer, MASH")]


async def token_for(worker: str) -> str:
    if worker == "po":
        raise Unauthenticated("The authorization server gave no token.", code="TOKEN_INVALID")
    return f"token-of-{worker}"


def client(host: str = "127.0.0.1:8000") -> TestClient:
    routes = ide_routes("/graphql", token_for, WORKERS, "{ child { name } }", '{"n": 1}')
    return TestClient(Starlette(routes=routes), base_url=f"http://{host}")


def code_of(response: Any) -> str:
    code: str = response.json()["errors"][0]["extensions"]["code"]
    return code


PATHS = ["/ide", "/ide/config", "/ide/static/ide.js", "/ide/static/graphiql.min.js", "/ide/static/LICENCES.txt"]


@pytest.mark.parametrize("path", PATHS)
def test_every_part_comes_with_the_strict_headers(path: str) -> None:
    response = client().get(path)
    assert response.status_code == 200
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_each_page_has_its_own_nonce_and_says_it_once_to_the_script() -> None:
    seen = set()
    for _ in range(3):
        response = client().get("/ide")
        (nonce,) = re.findall(r'nonce="([^"]+)"', response.text)
        assert f"style-src 'self' 'nonce-{nonce}'" in response.headers["content-security-policy"]
        seen.add(nonce)
    assert len(seen) == 3


def test_every_file_that_the_page_names_is_served() -> None:
    names = re.findall(r'(?:src|href)="(/[^"]+)"', client().get("/ide").text)
    assert len(names) == 6
    assert [client().get(name).status_code for name in names] == [200] * 6


def test_the_configuration_has_workers_and_question_and_no_token() -> None:
    config = client().get("/ide/config").json()
    assert config == {
        "endpoint": "/graphql",
        "workers": [{"id": "sw", "label": "Social worker, MASH"}, {"id": "po", "label": "Police officer, MASH"}],
        "query": "{ child { name } }",
        "variables": '{"n": 1}',
        "schema": None,
    }
    assert client().get("/ide/schema").json() == {"data": None}


def test_a_schema_that_is_given_is_described_without_a_token() -> None:
    schema = build_schema("type Query { child(name: String): String }")
    with_schema = ide_routes("/graphql", token_for, WORKERS, "", schema=schema)
    asked = TestClient(Starlette(routes=with_schema), base_url="http://127.0.0.1")
    assert asked.get("/ide/config").json()["schema"] == "/ide/schema"
    described = asked.get("/ide/schema").json()["data"]
    assert print_schema(build_client_schema(described)) == print_schema(schema)


@pytest.mark.parametrize("name", ["manifest.json", "index.html", "..%2f..%2fide.py", "%2e%2e/ide.py", "", "ide.js.map"])
def test_no_other_name_is_served(name: str) -> None:
    assert client().get(f"/ide/static/{name}").status_code == 404


def test_a_chosen_worker_gets_that_workers_token() -> None:
    response = client().post("/ide/token", json={"worker": "sw"})
    assert response.json() == {"token": "token-of-sw"}
    assert response.headers["cache-control"] == "no-store"


BAD_TOKEN_REQUESTS = [
    pytest.param(b'{"worker": "nobody"}', "application/json", 400, "BAD_REQUEST", id="not in the list"),
    pytest.param(b'{"worker": ["sw"]}', "application/json", 400, "BAD_REQUEST", id="not a word"),
    pytest.param(b'["sw"]', "application/json", 400, "BAD_REQUEST", id="not an object"),
    pytest.param(b"{", "application/json", 400, "BAD_REQUEST", id="not JSON"),
    pytest.param(b"\xff\xfe\x00", "application/json", 400, "BAD_REQUEST", id="not text"),
    pytest.param(b"[" * 1_000, "application/json", 400, "BAD_REQUEST", id="deep"),
    pytest.param(b"", "application/json", 400, "BAD_REQUEST", id="empty"),
    pytest.param(b'{"worker": "sw"}', "text/plain", 400, "BAD_REQUEST", id="what a form elsewhere can send"),
    pytest.param(b"worker=sw", "application/x-www-form-urlencoded", 400, "BAD_REQUEST", id="a form"),
    pytest.param(b'{"worker": "po"}', "application/json", 401, "TOKEN_INVALID", id="the issuer refuses"),
]


@pytest.mark.parametrize(("body", "content_type", "status", "code"), BAD_TOKEN_REQUESTS)
def test_a_bad_request_for_a_token(body: bytes, content_type: str, status: int, code: str) -> None:
    response = client().post("/ide/token", content=body, headers={"content-type": content_type})
    assert (response.status_code, code_of(response)) == (status, code)
    assert "nobody" not in response.text


@pytest.mark.parametrize(("over", "status"), [(0, 200), (1, 413)], ids=["at the limit", "one byte over"])
def test_the_size_of_a_request_for_a_token(over: int, status: int) -> None:
    body = b'{"worker": "sw"}'.ljust(TOKEN_REQUEST_BYTES_MAX + over)
    assert client().post("/ide/token", content=body, headers={"content-type": "application/json"}).status_code == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("[::1]:8000", 200),
        ("attacker.example:8000", 403),
        ("127.0.0.1.attacker.example", 403),
        ("localhost:80.attacker.example", 403),
        ("", 403),
    ],
)
def test_only_a_loopback_name_is_answered(host: str, status: int) -> None:
    asked = client()
    assert asked.get("/ide", headers={"host": host}).status_code == status
    assert asked.post("/ide/token", json={"worker": "sw"}, headers={"host": host}).status_code == status


@pytest.mark.parametrize(
    "endpoint", ["https://elsewhere.example/graphql", "//elsewhere.example/graphql", "graphql", ""]
)
def test_an_endpoint_elsewhere_is_refused_at_start(endpoint: str) -> None:
    with pytest.raises(ValueError, match="path on this host"):
        ide_routes(endpoint, token_for, WORKERS, "")


def test_an_editor_with_nobody_to_be_is_refused_at_start() -> None:
    with pytest.raises(ValueError, match="at least one worker"):
        ide_routes("/graphql", token_for, [], "")


def test_the_vendored_files_are_the_ones_the_manifest_was_made_for() -> None:
    directory = STATIC / "graphiql"
    digests = json.loads((directory / "manifest.json").read_text())["sha256"]
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.iterdir()}
    del found["manifest.json"]
    assert found == digests


def test_our_own_files_name_no_other_host() -> None:
    for path in (STATIC / "ide").iterdir():
        assert re.findall(r"(?:https?:)?//[\w.-]+\.\w+", path.read_text()) == []
