"""The pretend NHS as an ASGI application: FHIR R4 over HTTP, with headers, errors and paging as published."""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.demo import nhs_pds
from hub.demo.faults import FaultMiddleware, FaultSwitch
from hub.demo.nhs_cpis import CpisServer
from hub.demo.nhs_pds import Params, Refusal
from hub.demo.nhs_resources import NHS_NUMBER, Holdings, Resource

PAGE_MAX = 100
PAGES_KEPT_MAX = 1_000
RECORD_TYPES = (
    "Flag", "CarePlan", "Encounter", "Immunization", "RelatedPerson", "AllergyIntolerance", "Appointment",
    "DocumentReference", "CareTeam", "EpisodeOfCare", "Observation",
)  # fmt: skip

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_RECORD_PARAMETERS = frozenset({"patient", "_id", "_elements", "_count"})
_NOT_FHIR_SEARCH = frozenset({"identifier", "_id", "_elements", "_count"})

Handler = Callable[[Request], Awaitable[Response]]


class NhsServer:
    """The endpoints. One instance serves one :class:`Holdings` with one static credential."""

    def __init__(
        self, held: Holdings, credential: str, switch: FaultSwitch, told: Mapping[str, list[Resource]]
    ) -> None:
        self._held = held
        self._credential = credential
        self._switch = switch
        self._cpis = CpisServer(told, fhir)
        self._pages: dict[str, tuple[list[Resource], int, int]] = {}

    def routes(self) -> list[Route]:
        """Every FHIR route."""
        routes = [
            Route("/Patient", self._guarded(self._search_patients), methods=["GET"]),
            Route("/Patient/_search", self._guarded(self._search_patients), methods=["POST"]),
            Route("/Patient/{number}", self._guarded(self._read_patient), methods=["GET"]),
            Route("/_page/{token}", self._guarded(self._next_page), methods=["GET"]),
            *self._cpis.routes(self._guarded),
        ]
        for resource_type in RECORD_TYPES:
            handler = self._guarded(self._search_records)
            routes.append(Route(f"/{resource_type}", handler, methods=["GET"]))
            routes.append(Route(f"/{resource_type}/_search", handler, methods=["POST"]))
        return routes

    def _guarded(self, handler: Handler) -> Handler:
        """``handler`` behind the documented header checks, its refusals as OperationOutcomes."""

        async def guarded(request: Request) -> Response:
            sent = request.headers.get("authorization", "")
            request_id = request.headers.get("x-request-id")
            try:
                if not hmac.compare_digest(sent.encode(), f"Bearer {self._credential}".encode()):
                    raise Refusal(401, "ACCESS_DENIED", "Missing, invalid or expired access token")
                if request_id is None:
                    raise Refusal(400, "MISSING_VALUE", "Missing value - 'X-Request-ID'")
                if _UUID.fullmatch(request_id) is None:
                    raise Refusal(400, "INVALID_VALUE", "Invalid value in header 'X-Request-ID'")
                response = await handler(request)
            except Refusal as refusal:
                response = fhir(refusal.outcome, refusal.status)
            for name in ("x-request-id", "x-correlation-id"):
                if name in request.headers:
                    response.headers[name] = request.headers[name]
            return response

        return guarded

    async def _read_patient(self, request: Request) -> Response:
        found = nhs_pds.read(self._held, self._told(request.path_params["number"]))
        response = fhir(found)
        response.headers["etag"] = f'W/"{found["meta"]["versionId"]}"'
        return response

    async def _search_patients(self, request: Request) -> Response:
        """Search by PDS's rules; by POST also by identifier or id, FHIR's way of keeping a number out of a URL."""
        params = await _params(request)
        names = {name for name, _ in params}
        if request.method == "POST" and names & {"identifier", "_id"}:
            return self._look_up(params, names)
        found = nhs_pds.search(self._held, params)
        if self._switch.fault == "wrong-child":
            found = [(nhs_pds.read(self._held, self._told(str(found[0][0]["id"]))), 1.0)] if found else found
        return fhir(_bundle([_entry(request, item, score) for item, score in found], len(found)))

    def _look_up(self, params: Params, names: set[str]) -> Response:
        if names - _NOT_FHIR_SEARCH:
            raise Refusal(400, "ADDITIONAL_PROPERTIES", "Additional properties are not allowed")
        asked = dict(params)
        number = asked.get("_id") or asked["identifier"].removeprefix(f"{NHS_NUMBER}|")
        try:
            found = [nhs_pds.read(self._held, self._told(number))]
        except Refusal as refusal:
            if refusal.outcome != nhs_pds.outcome("RESOURCE_NOT_FOUND"):
                raise
            found = []
        elements = asked.get("_elements")
        entries = [{"resource": _subset(item, elements), "search": {"mode": "match"}} for item in found]
        return fhir(_bundle(entries, len(found)))

    async def _search_records(self, request: Request) -> Response:
        resource_type = request.url.path.split("/")[1]
        params = await _params(request)
        asked = dict(params)
        codes = {code.rpartition("|")[2] for code in asked.pop("code", "").split(",") if code}
        if set(asked) - _RECORD_PARAMETERS or (codes and resource_type != "Observation"):
            raise Refusal(400, "ADDITIONAL_PROPERTIES", "Additional properties are not allowed")
        if len(asked) + bool(codes) < len(params) or not asked.get("patient"):
            raise Refusal(400, "MISSING_VALUE", "Missing value - 'patient'")
        count = asked.get("_count", str(PAGE_MAX))
        if not count.isascii() or not count.isdigit() or int(count) == 0:
            raise Refusal(400, "INVALID_VALUE", "Invalid value in field '_count'")
        number = self._told(asked["patient"].removeprefix("Patient/"))
        patient = self._held.patients.get(number)
        found = [_located(item, patient.label if patient else "U") for item in self._held.of(resource_type, number)]
        if codes:
            found = [item for item in found if codes & {coding["code"] for coding in item["code"]["coding"]}]
        if "_id" in asked:
            wanted = set(asked["_id"].split(","))
            found = [item for item in found if item["id"] in wanted]
        found = [_subset(item, asked.get("_elements")) for item in sorted(found, key=lambda item: str(item["id"]))]
        entries = [_entry(request, item) for item in found]
        return fhir(self._page(request, entries, len(entries), min(int(count), PAGE_MAX)))

    def _page(self, request: Request, entries: list[Resource], total: int, size: int) -> Resource:
        bundle = _bundle(entries[:size], total)
        if len(entries) > size:
            token = token_urlsafe(16)
            if len(self._pages) >= PAGES_KEPT_MAX:
                self._pages.pop(next(iter(self._pages)))
            self._pages[token] = (entries[size:], total, size)
            bundle["link"] = [{"relation": "next", "url": f"{request.base_url}_page/{token}"}]
        return bundle

    async def _next_page(self, request: Request) -> Response:
        kept = self._pages.pop(request.path_params["token"], None)
        if kept is None:
            raise Refusal(404, "RESOURCE_NOT_FOUND")
        return fhir(self._page(request, *kept))

    def _told(self, number: str) -> str:
        """The number asked about; under the fault ``wrong-child`` that of the next child instead."""
        if self._switch.fault != "wrong-child" or number not in self._held.patients:
            return number
        numbers = sorted(self._held.patients)
        return numbers[(numbers.index(number) + 1) % len(numbers)]


def create_app(
    held: Holdings,
    credential: str,
    switch: FaultSwitch | None = None,
    told: Mapping[str, list[Resource]] | None = None,
) -> Starlette:
    """The pretend NHS over ``held``; ``switch`` sets the faults it starts with, ``told`` what CP-IS was told."""
    switch = switch or FaultSwitch()
    app = Starlette(routes=[*NhsServer(held, credential, switch, told or {}).routes(), switch.route()])
    app.add_middleware(FaultMiddleware, switch=switch)
    return app


def fhir(resource: Resource, status: int = 200) -> Response:
    """``resource`` as a FHIR JSON response with today's Date."""
    headers = {"date": format_datetime(datetime.now(UTC), usegmt=True), "cache-control": "no-store"}
    return Response(orjson.dumps(resource), status, headers, "application/fhir+json; charset=utf-8")


async def _params(request: Request) -> Params:
    """Search parameters of the URL, and with POST those of the form as well (FHIR R4 §3.1.1.3)."""
    params = list(request.query_params.multi_items())
    if request.method == "POST":
        body = (await request.body()).decode("utf-8", "replace")
        params += parse_qsl(body, keep_blank_values=True)
    return params


def _located(resource: Resource, label: str) -> Resource:
    """A related person of a restricted patient without what says where they are."""
    if resource["resourceType"] != "RelatedPerson" or label == "U":
        return resource
    return {key: value for key, value in resource.items() if key not in ("telecom", "address")}


def _subset(resource: Resource, elements: str | None) -> Resource:
    """The elements asked for, marked as incomplete (FHIR R4 §3.1.1.5.9)."""
    if elements is None:
        return resource
    wanted = {"resourceType", "id", *elements.split(",")}
    subset = {key: value for key, value in resource.items() if key in wanted}
    tag = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
    subset["meta"] = {**resource.get("meta", {}), "tag": [*resource.get("meta", {}).get("tag", []), tag]}
    return subset


def _entry(request: Request, resource: Resource, score: float | None = None) -> Resource:
    search: dict[str, Any] = {"mode": "match"} if score is None else {"score": score}
    url = f"{request.base_url}{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": url, "resource": resource, "search": search}


def _bundle(entries: list[Resource], total: int) -> Resource:
    bundle: Resource = {
        "resourceType": "Bundle",
        "type": "searchset",
        "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
        "total": total,
    }
    return {**bundle, "entry": entries} if entries else bundle
