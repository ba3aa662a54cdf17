"""Hostile words sent over HTTP: whatever the hub answers, its log stays well-formed and holds none of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.audit.encoding import decode
from hub.cli.client import VIEW
from tests.e2e.conftest import Town, log_checks_out
from tests.e2e.test_bad_input import ENQUIRY, FIND, entries, post

MARK = "zqxforged"
POISON = f'{MARK}\nERROR {MARK}\x00\u202e"}},{{"v":1,"kind":"refused"'


def asked(find: Any = FIND, **enquiry: Any) -> dict[str, Any]:
    return {"query": VIEW, "variables": {"find": find, "enquiry": {**ENQUIRY, **enquiry}}}


def decided(by: str) -> dict[str, Any]:
    return {"purpose": "CA1989_S47", "decision": {"by": by, "at": "2026-11-20T16:40:00Z"}}


ROWS = {
    "the post that decided": asked(**decided(POISON)),
    "the post that decided, 60 KB": asked(**decided(MARK * 6_000)),
    "half a surrogate pair": json.dumps(asked(**decided(f"{MARK} \ud800"))),
    "the case reference": asked(caseReference=POISON),
    "a name": asked({"givenName": POISON, "familyName": MARK, "dateOfBirth": "2017-03-09"}),
    "the purpose": asked(purpose=POISON),
    "a comment in the query": {**asked(), "query": f"# {MARK} \u202e\n{VIEW}"},
    "the operation's name": {**asked(), "operationName": POISON},
}


@pytest.mark.parametrize("sent", ROWS.values(), ids=ROWS)
async def test_hostile_words_do_not_reach_an_entry(town: Town, sent: Any) -> None:
    before = len(entries(town))
    headers = {"Authorization": f"Bearer {await town.token()}", "Content-Type": "application/json"}
    headers["traceparent"] = f"00-{MARK}-zz-01"
    status, _, _ = await post(town, (sent if isinstance(sent, str) else json.dumps(sent)).encode(), **headers)
    assert status in (200, 400, 413)
    written = entries(town)[before:]
    assert written, "whatever became of it was logged"
    for body in written:
        decode(body)
        assert all(0x20 <= byte < 0x7F for byte in body)
        assert MARK.encode() not in body.lower()
    assert log_checks_out(town)
