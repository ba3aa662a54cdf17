"""What bad input gets: a stable code and what to do, a log entry, no custodian asked, nothing personal repeated."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.audit.encoding import decode
from hub.audit.entries import Refused
from hub.cli.client import VIEW
from hub.settings import load_settings
from tests.e2e.conftest import Town

FIND = {"nhsNumber": "9990004021"}
ENQUIRY = {"purpose": "CA2004_S16LA", "caseReference": "MASH-1"}
SECRETS = ("9990004021", "9990004022", "Maya", "Thornbury", "MASH-1")


def variables(find: dict[str, Any] | None = None, **enquiry: Any) -> dict[str, Any]:
    merged = {**ENQUIRY, **enquiry}
    return {"find": FIND if find is None else find, "enquiry": {k: v for k, v in merged.items() if v is not None}}


def query(body: Any) -> dict[str, Any]:
    return {"query": VIEW, "variables": body}


LITERAL = (
    '{ child(find: {nhsNumber: "9990004022"}, enquiry: {purpose: CA2004_S16LA, caseReference: "MASH-1"}) '
    "{ __typename ... on JoinedView { sources { state custodian { name } } }"
    " ... on PossibleMatches { sources { state custodian { name } } } ... on NoMatch { sources { state custodian { name } } } } }"
)

ROWS: dict[str, tuple[Any, int, str, str]] = {
    # what is sent, HTTP status, code, words that say what to do
    "unknown purpose": (query(variables(purpose="BECAUSE")), 400, "PURPOSE_UNKNOWN", "CA1989_S47"),
    "unknown purpose, in the document": (
        {"query": LITERAL.replace("CA2004_S16LA", "BECAUSE")}, 400, "PURPOSE_UNKNOWN", "CA1989_S47",
    ),
    "no purpose": (query(variables(purpose=None)), 400, "PURPOSE_MISSING", "no default"),
    "no case reference": (query(variables(caseReference=None)), 400, "CASE_REFERENCE_MISSING", "caseReference"),
    "an empty case reference": (query(variables(caseReference="  ")), 400, "CASE_REFERENCE_MISSING", "case"),
    "a case reference with a name in it": (
        query(variables(caseReference="Maya Thornbury, our case")), 400, "CASE_REFERENCE_INVALID", "letters",
    ),
    "section 47 without its decision": (query(variables(purpose="CA1989_S47")), 400, "PURPOSE_DECISION_MISSING", "decision"),
    "a malformed NHS number": (query(variables({"nhsNumber": "9990004022"})), 400, "NHS_NUMBER_INVALID", "check digit"),
    "a malformed NHS number, in the document": ({"query": LITERAL}, 400, "NHS_NUMBER_INVALID", "check digit"),
    "a short NHS number": (query(variables({"nhsNumber": "999000"})), 400, "NHS_NUMBER_INVALID", "ten digits"),
    "an NHS number as a number": (query(variables({"nhsNumber": 9990004021})), 400, "VARIABLES_INVALID", "type"),
    "too little to search with": (query(variables({"familyName": "Thornbury"})), 400, "SEARCH_TOO_LITTLE", "date of birth"),
    "an impossible date": (
        query(variables({"givenName": "Maya", "familyName": "Thornbury", "dateOfBirth": "2017-02-30"})), 400, "DATE_INVALID", "YYYY",
    ),
    "a date of birth in the future": (
        query(variables({"givenName": "Maya", "familyName": "T", "dateOfBirth": "2999-03-09"})), 400, "DATE_INVALID", "`unborn`",
    ),
    "control characters in a name": (
        query(variables({"givenName": "Ma\u202eya", "familyName": "T", "dateOfBirth": "2017-03-09"})), 400, "SEARCH_INVALID", "plain text",
    ),
    "an unknown field": ({"query": VIEW.replace("basis", "colour"), "variables": variables()}, 400, "QUERY_INVALID", "colour"),
    "silence that could be misread": (
        {"query": VIEW.replace("\n      withheld { ...Why }", ""), "variables": variables()}, 400, "AMBIGUOUS_SILENCE", "withheld",
    ),
    "too deep": ({"query": "{" + "a{" * 30 + "a" + "}" * 31}, 400, "QUERY_TOO_DEEP", "levels"),
    "too many tokens": ({"query": "{" + "a " * 900 + "}"}, 400, "QUERY_TOO_LARGE", "tokens"),
    "too wide": ({"query": "{" + " ".join(f"a{n}: __typename" for n in range(40)) + "}"}, 400, "QUERY_TOO_WIDE", ""),
    "two operations": ({"query": "query A { __typename } query B { __typename }"}, 400, "ONE_OPERATION", "one"),
    "a mutation": ({"query": "mutation { delete }"}, 400, "QUERIES_ONLY", "queries"),
    "not GraphQL": ({"query": "what do you know about Maya Thornbury?"}, 400, "QUERY_SYNTAX", "line 1"),
    "no query": ({"variables": {}}, 400, "BODY_INVALID", "query"),
    "a list": ([{"query": VIEW}], 400, "BODY_INVALID", "object"),
    "variables that are none": ({"query": VIEW, "variables": "Maya"}, 400, "BODY_INVALID", "variables"),
    "too large": (query(variables({"givenName": "x" * 70_000})), 413, "REQUEST_TOO_LARGE", "bytes"),
}  # fmt: skip


async def post(town: Town, body: bytes, **headers: str) -> tuple[int, dict[str, Any], Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{town.running.state.hub_url}/graphql", data=body, headers=headers) as reply,
    ):
        return reply.status, json.loads(await reply.read()), reply.headers


def entries(town: Town) -> list[bytes]:
    path = Path(load_settings(town.running.settings).log.database_url.removeprefix("sqlite:///"))
    with sqlite3.connect(path) as database:
        return [row[0] for row in database.execute('SELECT body FROM log_entry ORDER BY "index"')]


def check_refused(town: Town, before: int, body: dict[str, Any], code: str) -> None:
    assert body.get("data") in (None, {"child": None})
    assert body["errors"][0]["extensions"]["code"] == code, body
    logged = [decode(entry) for entry in entries(town)[before:]]
    assert [type(entry) for entry in logged] == [Refused], "one refusal, and no question: nobody was asked"
    assert isinstance(logged[0], Refused)
    assert logged[0].code == code
    said = json.dumps(body)
    assert not [secret for secret in SECRETS if secret in said]


@pytest.mark.parametrize(("sent", "status", "code", "words"), ROWS.values(), ids=ROWS)
async def test_refused(town: Town, sent: Any, status: int, code: str, words: str) -> None:
    before = len(entries(town))
    headers = {"Authorization": f"Bearer {await town.token()}", "Content-Type": "application/json"}
    got, body, answered = await post(town, json.dumps(sent).encode(), **headers)
    assert got == status, body
    check_refused(town, before, body, code)
    assert words in body["errors"][0]["message"]
    assert answered["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("header", "code", "challenge"),
    [
        pytest.param(None, "TOKEN_MISSING", "Bearer", id="no token"),
        pytest.param("Basic abc", "TOKEN_MISSING", "Bearer", id="another scheme"),
        pytest.param("Bearer Maya.Thornbury.x", "TOKEN_INVALID", "invalid_token", id="no token at all"),
    ],
)
async def test_token_refused(town: Town, header: str | None, code: str, challenge: str) -> None:
    before = len(entries(town))
    headers = {"Content-Type": "application/json", **({"Authorization": header} if header else {})}
    status, body, answered = await post(town, json.dumps(query(variables())).encode(), **headers)
    assert status == 401
    check_refused(town, before, body, code)
    assert challenge in answered["WWW-Authenticate"]
    assert ("error" in answered["WWW-Authenticate"]) is (code == "TOKEN_INVALID")


@pytest.mark.parametrize(
    ("worker", "purpose", "status", "code"),
    [
        pytest.param("tc-0562", "CA2004_S16LA", 403, "PURPOSE_NOT_ALLOWED", id="early help may state s.17 only"),
        pytest.param("tc-0031", "CA1989_S17", 403, "PURPOSE_NOT_ALLOWED", id="an IG officer asks about no child"),
    ],
)
async def test_purpose_refused(town: Town, worker: str, purpose: str, status: int, code: str) -> None:
    before = len(entries(town))
    reply = await town.ask("protection_plan", worker=worker, purpose=purpose)
    assert reply.status == status
    check_refused(town, before, reply.body, code)
    (logged,) = [decode(entry) for entry in entries(town)[before:]]
    assert isinstance(logged, Refused)
    assert (logged.client, logged.purpose) == ("testshire-mash", purpose.lower().replace("_", "-"))


@pytest.mark.parametrize("media", ["text/plain", "application/graphql", "multipart/form-data; boundary=x", ""])
async def test_content_type(town: Town, media: str) -> None:
    headers = {"Authorization": f"Bearer {await town.token()}", "Content-Type": media or "application/octet-stream"}
    status, body, _ = await post(town, b"{}", **headers)
    assert status == 415
    assert body["errors"][0]["extensions"]["code"] == "CONTENT_TYPE"


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b'{"query": NaN}', b'{"query": "a", "query": "b"}', b"\xff\xfe", b"[" * 5_000, b'{"query": "\\ud800"}'],
    ids=["empty", "cut", "NaN", "twice", "not UTF-8", "deep", "half a character"],
)
async def test_body_that_is_not_strict_json(town: Town, raw: bytes) -> None:
    headers = {"Authorization": f"Bearer {await town.token()}", "Content-Type": "application/json"}
    status, body, _ = await post(town, raw, **headers)
    assert status == 400
    assert body["errors"][0]["extensions"]["code"] == "BODY_INVALID"


async def test_get_is_not_answered(town: Town) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{town.running.state.hub_url}/graphql", params={"query": "{ __typename }"}) as reply,
    ):
        assert reply.status == 405


async def test_proof_of_ones_own_entry_and_of_nobody_elses(town: Town) -> None:
    child = await town.child("protection_plan")
    url = town.running.state.hub_url + child["logEntry"]["proofUrl"]
    async with aiohttp.ClientSession() as session:
        for worker, status in (("tc-0417", 200), ("tp-2290", 404)):
            headers = {"Authorization": f"Bearer {await town.token(worker)}"}
            async with session.get(url, headers=headers) as reply:
                assert reply.status == status
                text = await reply.text()
                assert text.startswith("c2sp.org/tlog-proof@v1\n") is (status == 200)
        before = len(entries(town))
        async with session.get(url) as reply:
            assert reply.status == 401
    assert [type(decode(entry)) for entry in entries(town)[before:]] == [Refused]


async def test_operational_logs_name_nobody(town: Town) -> None:
    """After everything above: no name, number or reference in what the processes wrote out."""
    await town.child("protection_plan")
    written = (town.running.settings.parent / "hub.log").read_text(encoding="utf-8")
    assert not [secret for secret in SECRETS if secret in written]
