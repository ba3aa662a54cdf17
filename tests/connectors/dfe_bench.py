"""An agency's side of the DfE custodian API on loopback: real HTTP, the published shapes, invented people."""

from __future__ import annotations

import urllib.parse
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson

from hub.connectors.base import Deadline
from hub.connectors.checking import NOBODY
from hub.connectors.dfe import DfeConnector, DfeOptions
from hub.domain.identifiers import NHSNumber
from hub.domain.organisations import Contact, Custodian, Sector
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate
from hub.policy.load import default_policies_directory, load_bundle
from tests.connectors.bendable import Request, response

BUNDLE = load_bundle(default_policies_directory(), date(2026, 11, 20))
CATALOGUE = BUNDLE.catalogue
DESK, OWNER = Contact("Safeguarding lead", "01632 960 140"), Contact("Data manager", "01632 960 141")
MAYA, OTHER = "9990004021", "9990004064"
SECRET = "Zebedee-Secret"
BORN = PartialDate.exactly(date(2017, 3, 9))
SEARCH = ChildSearch(Identity(NHSNumber(MAYA), False, ("Maya",), ("Thornbury",), BORN))
BY_NUMBER = ChildSearch(Identity(NHSNumber(MAYA), True))
PERSONAL, EDUCATION = "PersonalDetailsRecordV1", "EducationDetailsRecordV1"
SERVICES, HEALTH, CRIME = "ChildrensServicesDetailsRecordV1", "HealthDataRecordV1", "CrimeDataRecordV1"
FILE = "SafeguardingFile"

Json = dict[str, Any]


def agency(sector: Sector = Sector.EDUCATION) -> Custodian:
    return Custodian(f"testshire-{sector}", f"Testshire {sector}", sector, DESK, {"data_owner": OWNER})


def connector(
    url: str, sector: Sector = Sector.EDUCATION, credential: str | None = "token", **how: Any
) -> DfeConnector:
    return DfeConnector(
        agency(sector),
        url,
        None if credential is None else lambda _again: credential,
        CATALOGUE,
        options=DfeOptions("ORG-1", **how),
        unassessed=lambda: BUNDLE.barring_labels,
    )


def who(number: str = MAYA, sector: Sector = Sector.EDUCATION) -> Candidate:
    return Candidate(f"testshire-{sector}", number, Identity(NHSNumber(number)))


def soon() -> Deadline:
    return Deadline.after(5)


def personal(**more: Any) -> Json:
    return {
        "firstName": "Maya",
        "lastName": "Thornbury",
        "dateOfBirth": "2017-03-09",
        "birthAssignedSex": "Female",
    } | more


def year(first: int, **more: Any) -> Json:
    return {
        "academicTermYearStart": first,
        "academicTermYearEnd": first + 1,
        "attendancePercentage": 81.5,
        "unauthorisedAbsencePercentage": 6,
        "suspensions": 2,
        "exclusions": 0,
        "schoolMovesNonTransitional": 1,
        "schoolsAverageAttendance": 95.0,
    } | more


def education(**more: Any) -> Json:
    return {
        "educationSettingName": "Weir Road Academy",
        "educationSettingAddress": {"line1": "Weir Road", "townOrCity": "Testford", "postcode": "ZZ1 1AA"},
        "educationSettingTelephone": "01632 960 140",
        "educationActiveStatusesAndPlans": [{"status": "SEN support", "plan": None}],
        "yearlyEducationAttendances": [year(2025), year(2026)],
    } | more


def item(kind: str, record_id: str | None = "E1", **more: Any) -> Json:
    return {
        "recordType": kind,
        "recordUrl": f"https://x.example/{kind}/{record_id}",
        "recordId": record_id,
        "systemId": "S",
    } | more


def envelope(kind: str, payload: Any, record_id: str = "E1", person: str = MAYA, **more: Any) -> Json:
    return {
        "recordId": record_id,
        "personId": person,
        "schemaUri": f"https://schemas.example.gov.uk/sui/{kind}",
        "recordType": kind,
        "version": 1,
        "contactDetails": None,
        "recordLinks": None,
        "payload": payload,
    } | more


@dataclass
class Upstream:
    """The agency. ``records``: payloads by type. A test changes ``listed``, ``bend`` or ``tokens`` as it needs."""

    records: dict[str, Any] = field(default_factory=dict)
    listed: list[Json] | None = None
    bend: Callable[[Json], Json] = lambda body: body
    known: frozenset[str] = frozenset({MAYA})
    tokens: dict[str, Any] = field(
        default_factory=lambda: {"access_token": "t1", "token_type": "Bearer", "expires_in": "3600"}
    )
    token_status: str = "200 OK"
    accepts: str | None = None
    asked: list[tuple[str, Any]] = field(default_factory=list)

    async def __call__(self, request: Request) -> None:
        request.writer.write(self._answer(request))

    def _answer(self, request: Request) -> bytes:
        path = urllib.parse.unquote(request.line.split(" ")[1])
        if path == "/api/v1/Auth/token":
            self.asked.append((path, dict(urllib.parse.parse_qsl(request.body.decode()))))
            return response(self.tokens, self.token_status)
        if self.accepts is not None and request.headers["authorization"] != f"Bearer {self.accepts}":
            return response({"title": "no"}, "401 Unauthorized")
        if path == "/api/v1/Find/manifest":
            asked = orjson.loads(request.body)
            self.asked.append((path, asked))
            if asked["personId"] not in self.known:
                return response([])
            return response([item(kind) for kind in self.records] if self.listed is None else self.listed)
        self.asked.append((path, None))
        *_, kind, record_id = path.split("/")
        if kind not in self.records or record_id == NOBODY:
            return response({"title": "Not Found", "status": 404}, "404 Not Found", "application/problem+json")
        return response(self.bend(envelope(kind, self.records[kind], record_id)))

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


Ask = Callable[[DfeConnector], Awaitable[Any]]
