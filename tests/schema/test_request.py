"""One request: what is refused by its head, what its body may be, and which media type its answer has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from starlette.requests import Request

from hub.errors import HubError
from hub.schema.request import GRAPHQL, JSON, Asked, check_head, check_method, media_type, read

SHA = "ab" * 32
OTHER = "cd" * 32
KIND = ("content-type", "application/json")


def request(
    *headers: tuple[str, str], method: str = "POST", body: Any = None, query: str = "", parts: int = 1
) -> Request:
    raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
    step = max(1, -(-len(raw) // parts))
    messages: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": raw[at : at + step], "more_body": True} for at in range(0, len(raw), step)]
        + [{"type": "http.request", "body": b"", "more_body": False}]
    )

    async def receive() -> Any:
        return next(messages)

    named = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    scope = {"type": "http", "method": method, "path": "/", "headers": named, "query_string": query.encode()}
    return Request(scope, receive)


def code(fault: HubError) -> tuple[int, str]:
    return fault.http_status, fault.code


HEADS: dict[str, tuple[list[tuple[str, str]], tuple[int, str] | None]] = {
    "JSON": ([KIND], None),
    "JSON, in capitals": ([("content-type", "Application/JSON")], None),
    "JSON in UTF-8": ([("content-type", "application/json; charset=UTF-8")], None),
    "JSON in UTF-16": ([("content-type", "application/json; charset=utf-16")], (415, "CONTENT_TYPE")),
    "JSON of a profile": ([("content-type", 'application/json; profile="x"')], (415, "CONTENT_TYPE")),
    "nothing said": ([], (415, "CONTENT_TYPE")),
    "a form": ([("content-type", "application/x-www-form-urlencoded")], (415, "CONTENT_TYPE")),
    "a form of parts": ([("content-type", "multipart/form-data; boundary=x")], (415, "CONTENT_TYPE")),
    "GraphQL": ([("content-type", "application/graphql")], (415, "CONTENT_TYPE")),
    "text that may be JSON": ([("content-type", "text/plain")], (415, "CONTENT_TYPE")),
    "compressed": ([KIND, ("content-encoding", "gzip")], (415, "CONTENT_TYPE")),
    "not compressed": ([KIND, ("content-encoding", "identity")], None),
    "as long as may be": ([KIND, ("content-length", "100")], None),
    "longer": ([KIND, ("content-length", "101")], (413, "REQUEST_TOO_LARGE")),
    "longer than can be counted": ([KIND, ("content-length", "9" * 5_000)], (413, "REQUEST_TOO_LARGE")),
    "of no length": ([KIND, ("content-length", "many")], (413, "REQUEST_TOO_LARGE")),
}


@pytest.mark.parametrize(("headers", "refused"), HEADS.values(), ids=HEADS)
def test_the_head(headers: list[tuple[str, str]], refused: tuple[int, str] | None) -> None:
    if refused is None:
        check_head(request(*headers), 100, allows_get=False)
        return
    with pytest.raises(HubError) as fault:
        check_head(request(*headers), 100, allows_get=False)
    assert code(fault.value) == refused


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "post", "QUERY"])
def test_only_post(method: str) -> None:
    check_method(request(method="POST"), allows_get=False)
    with pytest.raises(HubError) as fault:
        check_method(request(method=method), allows_get=False)
    assert code(fault.value) == (405, "METHOD_NOT_ALLOWED")
    if method == "GET":
        check_method(request(method=method), allows_get=True)
        check_head(request(method=method), 100, allows_get=True)
    else:
        with pytest.raises(HubError):
            check_method(request(method=method), allows_get=True)


BODIES: dict[str, tuple[Any, Asked]] = {
    "a query": ({"query": "{ a }"}, Asked("{ a }", None, None, {})),
    "everything": (
        {"query": "query Q { a }", "variables": {"b": [1]}, "operationName": "Q", "extensions": {"c": {}}},
        Asked("query Q { a }", None, "Q", {"b": [1]}),
    ),
    "nulls": ({"query": "{ a }", "variables": None, "operationName": None, "extensions": None, "documentId": None}, Asked("{ a }", None, None, {})),
    "an empty name": ({"query": "{ a }", "operationName": ""}, Asked("{ a }", None, None, {})),
    "a document's digest": ({"documentId": f"sha256:{SHA}", "variables": {"b": 1}}, Asked(None, SHA, None, {"b": 1})),
    "a document's digest, bare": ({"documentId": SHA}, Asked(None, SHA, None, {})),
    "as Apollo says it": ({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": SHA}}}, Asked(None, SHA, None, {})),
    "both say the same": ({"documentId": f"sha256:{SHA}", "extensions": {"persistedQuery": {"sha256Hash": SHA}}}, Asked(None, SHA, None, {})),
    "a query and its digest": ({"query": "{ a }", "documentId": f"sha256:{SHA}"}, Asked("{ a }", SHA, None, {})),
}  # fmt: skip


@pytest.mark.parametrize(("body", "asked"), BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("parts", [1, 9])
async def test_what_is_read(body: Any, asked: Asked, parts: int) -> None:
    assert await read(request(KIND, body=body, parts=parts), 10_000) == asked


def with_query(**more: Any) -> dict[str, Any]:
    return {"query": "{ a }", **more}


BAD: dict[str, Any] = {
    "nothing": b"",
    "cut": b'{"query": "',
    "no object": [with_query()],
    "a batch of none": [],
    "neither query nor digest": {"variables": {}},
    "a query that is none": {"query": {"a": 1}},
    "a number": with_query(operationName=1),
    "false": with_query(operationName=False),
    "a name that is none": with_query(operationName="a b"),
    "a long name": with_query(operationName="a" * 129),
    "variables that are none": with_query(variables="a"),
    "a list of variables": with_query(variables=[1]),
    "zero variables": with_query(variables=0),
    "extensions that are none": with_query(extensions=False),
    "persisted, but no object": with_query(extensions={"persistedQuery": SHA}),
    "a digest in capitals": {"documentId": SHA.upper()},
    "a short digest": {"documentId": SHA[:63]},
    "another kind of id": {"documentId": f"md5:{SHA}"},
    "an id that is a number": {"documentId": 7},
    "an unknown version": {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": SHA}}},
    "two digests": {"documentId": SHA, "extensions": {"persistedQuery": {"sha256Hash": OTHER}}},
    "one digest good, one bad": {"documentId": SHA, "extensions": {"persistedQuery": {"sha256Hash": "x"}}},
}  # fmt: skip


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
async def test_what_is_not_read(body: Any) -> None:
    with pytest.raises(HubError) as fault:
        await read(request(KIND, body=body), 10_000)
    assert code(fault.value) == (400, "BODY_INVALID")


async def test_a_body_is_read_no_further_than_the_limit() -> None:
    exact = orjson.dumps(with_query())
    assert (await read(request(KIND, body=exact), len(exact))).document == "{ a }"
    taken = 0

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": b" " * 10, "more_body": True}

    endless = Request({"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}, receive)
    with pytest.raises(HubError) as fault:
        await read(endless, 100)
    assert code(fault.value) == (413, "REQUEST_TOO_LARGE")
    assert taken == 11


async def test_a_caller_who_goes_away() -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    gone = Request({"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}, receive)
    with pytest.raises(HubError) as fault:
        await read(gone, 100)
    assert code(fault.value) == (408, "REQUEST_UNFINISHED")


async def test_an_address_is_read_in_a_get() -> None:
    asked = await read(
        request(method="GET", query="query=%7Ba%7D&variables=%7B%22b%22%3A1%7D&operationName=Q&other=x"), 100
    )
    assert asked == Asked("{a}", None, "Q", {"b": 1})


@pytest.mark.parametrize(
    "query", ["", "query=a&query=b", "query=a&variables=x", "query=a&variables=[1]", "query=a&extensions=0"]
)
async def test_an_address_that_is_not_understood(query: str) -> None:
    with pytest.raises(HubError) as fault:
        await read(request(method="GET", query=query), 100)
    assert code(fault.value) == (400, "BODY_INVALID")


ACCEPTED = {
    "": JSON,
    "*/*": JSON,
    "application/json": JSON,
    "application/graphql-response+json": GRAPHQL,
    "Application/GraphQL-Response+JSON; charset=utf-8": GRAPHQL,
    "application/graphql-response+json, application/json;q=0.9": GRAPHQL,
    "application/json, application/graphql-response+json": GRAPHQL,
    "application/json, application/graphql-response+json;q=0.5": JSON,
    "application/graphql-response+json;q=0": JSON,
    "application/graphql-response+json;q=nonsense": GRAPHQL,
    "text/html": JSON,
    ",;,;q=,": JSON,
}


@pytest.mark.parametrize(("accept", "media"), ACCEPTED.items(), ids=lambda value: value or "nothing")
def test_the_media_type(accept: str, media: str) -> None:
    assert media_type(request(*([("accept", accept)] if accept else []))) == media
