"""The pretend CP-IS, below ``/cpis`` of the pretend NHS: what the council told, and who looked.

By NHS England's CP-IS API consumer implementation guide: two endpoints, ``GET`` alone, by verified NHS number. It shows
no example answers, so their shape is this project's reading of FHIR R4. Each look of unscheduled care is listed for
whoever looks next, as there; looks at the list itself are not, which the guide leaves open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.demo.nhs_pds import Refusal
from hub.demo.nhs_resources import NHS_NUMBER, Resource
from hub.demo.world import Event, World

LISTED_MAX = 25
INCLUDE = "AuditEvent:entity-type=http://terminology.hl7.org/CodeSystem/v3-RoleClass|ASSIGNED"

_PLANS = {"protection_plan": "Child protection plan", "looked_after_episode": "Looked after child"}
_ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleClass"
_WHO = {"resourceType": "PractitionerRole", "id": "hub", "practitioner": {"display": "Safeguarding hub"}}

Handler = Callable[[Request], Awaitable[Response]]


class CpisServer:
    """The two endpoints. ``teams`` is what councils told, by NHS number; ``fhir`` makes a response of a resource."""

    def __init__(self, teams: Mapping[str, list[Resource]], fhir: Callable[[Resource], Response]) -> None:
        self._teams = teams
        self._fhir = fhir
        self._looks: dict[str, list[datetime]] = defaultdict(list)

    def routes(self, guarded: Callable[[Handler], Handler]) -> list[Route]:
        """Both, each behind ``guarded``."""
        return [
            Route("/cpis/CareTeam", guarded(self._care_teams), methods=["GET"]),
            Route("/cpis/AuditEvent", guarded(self._audit_events), methods=["GET"]),
        ]

    async def _care_teams(self, request: Request) -> Response:
        number = _asked(request, {})
        if request.headers["isunscheduledaccessevent"] == "true":
            self._looks[number] = [*self._looks[number], datetime.now(UTC)][-LISTED_MAX:]
        return self._fhir(_searchset(self._teams.get(number, [])))

    async def _audit_events(self, request: Request) -> Response:
        number = _asked(request, {"_include": INCLUDE})
        looks = self._looks[number][::-1]
        events = [_look(number, at, place) for place, at in enumerate(looks)]
        return self._fhir(_searchset(events, [_WHO] if looks else []))


def told(world: World) -> dict[str, list[Resource]]:
    """What the council told CP-IS of every child whom the NHS knows: plans, and that a child is looked after."""
    teams: dict[str, list[Resource]] = {}
    for child in world.children.values():
        plans = [event for event in child.events if event.kind in _PLANS and not event.labels and event.assessed]
        if child.health is not None and plans:
            number = child.health.nhs_number or child.nhs_number
            teams[number] = [_team(number, plan, place) for place, plan in enumerate(plans)]
    return teams


def _asked(request: Request, more: Mapping[str, str]) -> str:
    """The NHS number that is asked about, where the request is as the guide says."""
    if request.headers.get("isunscheduledaccessevent") not in ("true", "false"):
        raise Refusal(400, "MISSING_VALUE", "Missing value - 'IsUnscheduledAccessEvent'")
    asked = dict(request.query_params)
    number = asked.pop("patient:identifier", "").removeprefix(f"{NHS_NUMBER}|")
    if not number or asked != more:
        raise Refusal(400, "INVALID_VALUE", "Invalid search parameters")
    return number


def _patient(number: str) -> Resource:
    return {"type": "Patient", "identifier": {"system": NHS_NUMBER, "value": number}}


def _team(number: str, plan: Event, place: int) -> Resource:
    ends = {"start": plan.values.get("started_on"), "end": plan.values.get("ended_on")}
    return {
        "resourceType": "CareTeam",
        "id": f"{number}-{place}",
        "subject": _patient(number),
        "category": [{"text": _PLANS[plan.kind]}],
        "period": {name: day.isoformat() for name, day in ends.items() if isinstance(day, date)},
        "managingOrganization": [{"display": "Testshire Council"}],
        "telecom": [{"system": "phone", "value": "01632 960 110"}],
    }


def _look(number: str, at: datetime, place: int) -> Resource:
    return {
        "resourceType": "AuditEvent",
        "id": f"{number}-{place}",
        "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"},
        "recorded": at.isoformat(),
        "agent": [{"who": {"type": "Organization", "display": "Testshire Safeguarding Hub"}, "requestor": True}],
        "source": {"observer": {"display": "CP-IS"}},
        "entity": [
            {"what": _patient(number)},
            {"what": {"reference": "PractitionerRole/hub"}, "type": {"system": _ROLE, "code": "ASSIGNED"}},
        ],
    }


def _searchset(found: list[Resource], included: list[Resource] | None = None) -> Resource:
    entries: list[dict[str, Any]] = [{"resource": each, "search": {"mode": "match"}} for each in found]
    entries += [{"resource": each, "search": {"mode": "include"}} for each in included or []]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(found), "entry": entries}
