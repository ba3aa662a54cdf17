"""One agency's side of the custodian API, tried by questions about nobody: the token, Find, Fetch.

Source: the published document "Custodians API" v1. It answers no question about itself but whether it is alive, so its
shape is seen from what it says of a person who is none and of a record that is none.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from hub.connectors.base import Deadline, UpstreamFault
from hub.connectors.checking import NOBODY, Finding, Report, failed, mend, milliseconds, note, well
from hub.connectors.dfe.api import FIND, Api, check_problem
from hub.connectors.http import Reply
from hub.connectors.http_address import segment
from hub.connectors.rest_values import malformed
from hub.domain.sources import NoAnswerReason

ANY_TYPE = "PersonalDetailsRecordV1"
"""The published type that a record which is none is asked for as."""

_REFUSES = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST})
_FIND, _FETCH = "Find, asked about a person who is none", "Fetch, asked for a record that is none"
_TRY = "try a test patient with --nhs-number, to see whether it accepts one who is there"


async def check(api: Api, deadline: Deadline) -> Report:
    """Find and Fetch, each asked for what is not there.

    Raises:
        UpstreamFault: it is not there, or does not give or take a token.
    """
    started = asyncio.get_running_loop().time()
    try:
        found = await _find(api, deadline)
    except UpstreamFault as fault:
        if fault.no_answer.reason is not NoAnswerReason.MALFORMED:
            raise
        found = failed(fault.no_answer, _FIND)
    connected = well(f"connects: answered in {milliseconds(started)} ms; the credential is not refused for Find")
    try:
        fetched = await _fetch(api, deadline)
    except UpstreamFault as fault:
        fetched = failed(fault.no_answer, _FETCH)
    return Report((connected, found, fetched))


async def _find(api: Api, deadline: Deadline) -> Finding:
    asked = {"orgId": api.organisation, "personId": NOBODY, "recordType": None}
    reply = await api.client.post(FIND, json=asked, deadline=deadline, allow=_REFUSES)
    if reply.status == HTTPStatus.OK:
        if not isinstance(reply.body, list):
            raise malformed("its answer lacks the list of records")
        return _listed_something("Find") if reply.body else well("Find: of a person who is none it lists nothing")
    check_problem(reply.body)
    if reply.status == HTTPStatus.BAD_REQUEST:
        return note("Find: it answers, and does not accept a person who is none", _TRY)
    both = "Find: a person who is none is a 404, and so would an `organisation` be that is not its own"
    if api.not_found_is_not_held:
        do = "have the custodian confirm `organisation`: with `not_found_is_not_held` a wrong one reads as `not held`"
        return note(both, do)
    told = f"{both}: of every child it does not hold there will be no answer, and never `not held`"
    return note(told, "have the custodian confirm `organisation`, then set `not_found_is_not_held = true`")


async def _fetch(api: Api, deadline: Deadline) -> Finding:
    path = f"/api/v1/Fetch/{segment(api.organisation)}/{ANY_TYPE}/{NOBODY}"
    reply: Reply = await api.client.get(path, deadline=deadline, allow=_REFUSES)
    if reply.status == HTTPStatus.OK:
        return _listed_something("Fetch")
    check_problem(reply.body)
    if reply.status == HTTPStatus.BAD_REQUEST:
        return note("Fetch: it answers, and does not accept the id of a record that is none", _TRY)
    return well("Fetch: a record that is none is not found")


def _listed_something(step: str) -> Finding:
    return mend(
        f"{step}: it gave something to a question about nobody: it does not look at whom it is asked about",
        "ask the custodian to correct it; until then the hub throws such answers away",
    )
