"""The pretend police records system as an ASGI application: three questions, each by POST, in JSON.

::

    POST /v1/persons/search                {surname, givenName, dateOfBirth | dateOfBirthFrom + dateOfBirthTo}
         -> {asOf, truncated, candidates: [{personId, surname, givenName, dateOfBirth, ...}]}
    POST /v1/persons/{id}/records/index    {types: [...]}
         -> {asOf, personId, records: [{recordId, personId, type, handling?, markings?}], next?}
    POST /v1/persons/{id}/records          {ids: [...]}
         -> {asOf, personId, records: [the same, and person | officer | event | flag]}

No NHS number goes in or comes out. Errors are ``{"error": {"code", "message"}}``.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.demo.faults import FaultMiddleware, FaultSwitch
from hub.demo.police_records import Held, Json, PoliceHoldings

PAGE_SIZE = 100
IDS_MAX = 200

_SEARCH_KEYS = frozenset({"surname", "givenName", "dateOfBirth", "dateOfBirthFrom", "dateOfBirthTo"})
_INDEX_KEYS = ("recordId", "personId", "type", "handling", "markings")

Handler = Callable[[Request], Awaitable[Json]]


class Refusal(Exception):
    """An error answer: HTTP status, the system's code, words for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status = status
        self.body = {"error": {"code": code, "message": message}}


class PoliceServer:
    """The endpoints over one force's holdings, behind one static credential."""

    def __init__(self, holdings: PoliceHoldings, credential: str, switch: FaultSwitch) -> None:
        self._holdings = holdings
        self._credential = credential
        self._switch = switch

    def routes(self) -> list[Route]:
        """Every route; the index is also read by GET, to follow its ``next``."""
        return [
            Route("/v1/persons/search", self._guarded(self._search), methods=["POST"]),
            Route("/v1/persons/{person}/records/index", self._guarded(self._index), methods=["GET", "POST"]),
            Route("/v1/persons/{person}/records", self._guarded(self._records), methods=["POST"]),
        ]

    def _guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            sent = request.headers.get("authorization", "")
            try:
                if not hmac.compare_digest(sent.encode(), f"Bearer {self._credential}".encode()):
                    raise Refusal(401, "NOT_AUTHENTICATED", "Send the credential agreed with the force.")
                status, body = 200, await handler(request)
            except Refusal as refusal:
                status, body = refusal.status, refusal.body
            headers = {"cache-control": "no-store"}
            if "x-request-id" in request.headers:
                headers["x-request-id"] = request.headers["x-request-id"]
            return Response(orjson.dumps(body), status, headers, "application/json")

        return guarded

    async def _search(self, request: Request) -> Json:
        asked = await _body(request)
        if set(asked) - _SEARCH_KEYS or not all(isinstance(value, str) for value in asked.values()):
            raise Refusal(400, "UNKNOWN_CRITERION", f"Search by {', '.join(sorted(_SEARCH_KEYS))} only, as text.")
        if not asked.get("surname", "").strip() or not asked.get("givenName", "").strip():
            raise Refusal(400, "CRITERIA_MISSING", "Give a surname and a given name.")
        candidates, more = self._holdings.search(asked["surname"], asked["givenName"], _born(asked))
        return {"asOf": _now(), "truncated": more, "candidates": candidates}

    async def _index(self, request: Request) -> Json:
        held = self._held(request)
        if request.method == "GET":
            types, start = request.query_params.get("types", "").split(","), request.query_params.get("from", "")
            if not start.isascii() or not start.isdigit():
                raise Refusal(400, "PAGE_INVALID", "Follow `next` as it was given.")
            place = int(start)
        else:
            types, place = _texts(await _body(request), "types"), 0
        rows = [row for row in held.records.values() if row["type"] in types]
        page: Json = {
            "asOf": _now(),
            "personId": held.person.local_id,
            "records": [_index_row(row) for row in rows[place : place + PAGE_SIZE]],
        }
        if place + PAGE_SIZE < len(rows):
            page["next"] = "?" + urlencode({"from": place + PAGE_SIZE, "types": ",".join(types)})
        return page

    async def _records(self, request: Request) -> Json:
        asked_of, ids = self._held(request), _texts(await _body(request), "ids")
        if len(ids) > IDS_MAX:
            raise Refusal(413, "TOO_MANY_IDS", f"Ask for at most {IDS_MAX} records at once.")
        if self._switch.fault == "wrong-child":
            rows: list[Json] = list(asked_of.records.values())[: len(ids)]
        else:
            rows = [asked_of.records[record_id] for record_id in ids if record_id in asked_of.records]
            if len(rows) != len(ids):
                raise Refusal(404, "NO_SUCH_RECORD", "A record asked for is not this person's.")
        return {"asOf": _now(), "personId": asked_of.person.local_id, "records": rows}

    def _held(self, request: Request) -> Held:
        """The person asked about; under the fault ``wrong-child`` somebody else."""
        person_id = request.path_params["person"]
        if person_id not in self._holdings.people:
            raise Refusal(404, "NO_SUCH_PERSON", "No person has that id.")
        if self._switch.fault == "wrong-child":
            person_id = self._holdings.next_to(person_id)
        return self._holdings.people[person_id]


def create_app(holdings: PoliceHoldings, credential: str, switch: FaultSwitch | None = None) -> Starlette:
    """The pretend police over ``holdings``; ``switch`` sets the faults it starts with."""
    switch = switch or FaultSwitch()
    app = Starlette(routes=[*PoliceServer(holdings, credential, switch).routes(), switch.route()])
    app.add_middleware(FaultMiddleware, switch=switch, media_type="application/json")
    return app


async def _body(request: Request) -> Json:
    try:
        body = orjson.loads(await request.body())
    except ValueError:
        raise Refusal(400, "NOT_JSON", "Send one JSON object.") from None
    if not isinstance(body, dict):
        raise Refusal(400, "NOT_JSON", "Send one JSON object.")
    return body


def _texts(body: Json, key: str) -> list[str]:
    texts: Any = body.get(key)
    if set(body) != {key} or not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise Refusal(400, "CRITERIA_MISSING", f"Send `{key}`, a list of texts, and nothing else.")
    return texts


def _born(asked: Json) -> tuple[date, date]:
    try:
        if "dateOfBirth" in asked:
            day = date.fromisoformat(asked["dateOfBirth"])
            return day, day
        return date.fromisoformat(asked["dateOfBirthFrom"]), date.fromisoformat(asked["dateOfBirthTo"])
    except (KeyError, ValueError):
        message = "Give dateOfBirth, or dateOfBirthFrom and dateOfBirthTo, as YYYY-MM-DD."
        raise Refusal(400, "CRITERIA_MISSING", message) from None


def _index_row(record: Json) -> Json:
    return {key: record[key] for key in _INDEX_KEYS if key in record}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
