"""GraphQL systems on loopback: a case system that redacts, and a federation subgraph. Real schemas, real HTTP."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from graphql import GraphQLError, build_schema, execute_sync, parse, validate
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

import hub.connectors
from hub.connectors.base import Deadline
from hub.connectors.graphql.connector import GraphqlConnector
from hub.connectors.graphql.mapping import GraphqlMapping, build
from hub.connectors.http import BearerToken
from hub.domain.identifiers import NHSNumber
from hub.domain.organisations import Contact, Custodian, Sector
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate
from hub.policy.load import default_policies_directory, load_bundle

BUNDLE = load_bundle(default_policies_directory(), date(2026, 11, 20))
CATALOGUE, VOCABULARY = BUNDLE.catalogue, BUNDLE.vocabulary.labels.keys()
MAPPINGS = Path(hub.connectors.__file__).parent / "mappings"
OWNER = Contact("Children's data quality lead", "01632 960123")
COUNCIL = Custodian(
    "testshire-casework",
    "Testshire Council",
    Sector.COUNCIL,
    Contact("Single point of contact", "01632 960121"),
    {"data_owner": OWNER},
)
MAYA, OTHER = "9990004021", "9990004064"
SECRET = "Zebedee-Secret"
BORN = PartialDate.exactly(date(2017, 3, 9))
SEARCH = ChildSearch(Identity(NHSNumber(MAYA), False, ("Maya",), ("Thornbury",), BORN))
BY_NUMBER = ChildSearch(Identity(NHSNumber(MAYA)))
BY_NAME = ChildSearch(Identity(given_names=("Maya",), family_names=("Thornbury",), birth_date=BORN))

Json = dict[str, Any]

CASEWORK = """
scalar Date
union PersonResult = Person | RedactedResult
union Record = Person | ProtectionPlan | CaseNote | RedactedResult
union WordsResult = Words | RedactedResult
union DayResult = Day | RedactedResult
type RedactedResult { reason: String }
type Words { text: String }
type Day { date: Date }
type Code { code: String }
type People { more: Boolean! items: [PersonResult!]! }
type Page { end: String hasMore: Boolean! }
type Notes { nodes: [Record]! page: Page! }
type Person {
  id: ID! forename: String surname: String forenames: [String!] surnames: [String!] dateOfBirth: Date gender: String nhsNumber: String
  nhsNumberTraced: Boolean markings: [String!] self: Person!
  identity: [Record]! plans: [Record]! notes(after: String): Notes! records(ids: [ID!]!): [Record]!
}
type ProtectionPlan {
  id: ID! markings: [String!] subject: Person! start: Date end: DayResult category: WordsResult firstCategory: WordsResult
}
type CaseNote { id: ID! markings: [String!] subject: Person! on: Date title: String type: Code summary: WordsResult }
type Query {
  asOf: String!
  people(nhsNumber: String, surname: String, forename: String, bornFrom: Date, bornTo: Date): People!
  person(id: ID!): PersonResult
}
"""

SUBGRAPH = """
scalar _Any
scalar Date
union _Entity = Child
type Name { given: [String!] family: String }
type Team { name: String }
type FamilyHelpEpisode {
  id: ID! subject: Child! flags: [String!] opened: Date closed: Date why: String whyClosed: String team: Team
}
type Child { nhsNumber: ID! name: Name born: Date episodes(ids: [ID!]): [FamilyHelpEpisode!]! }
type Query { _entities(representations: [_Any!]!): [_Entity]! }
"""

Bend = Callable[[Any], Any]


def redacted(reason: str | None = None) -> Json:
    return {"__typename": "RedactedResult", "reason": reason}


def fails(*_: object, **__: object) -> Any:
    raise GraphQLError(f"could not read {SECRET}")


class World:
    """One child's case file; a test puts in it what it needs."""

    def __init__(self) -> None:
        self.person: Json = {
            "__typename": "Person",
            "id": "P1",
            "forename": "Maya",
            "surname": "Thornbury",
            "forenames": ["Maya"],
            "surnames": ["Thornbury"],
            "dateOfBirth": "2017-03-09",
            "gender": "FEMALE",
            "nhsNumber": MAYA,
            "nhsNumberTraced": True,
            "markings": [],
        }
        self.person["self"] = {"id": "P1"}
        self.plan: Json = {
            "__typename": "ProtectionPlan",
            "id": "PL1",
            "markings": [],
            "subject": {"id": "P1"},
            "start": "2026-01-05",
            "end": None,
            "category": {"__typename": "Words", "text": "Neglect"},
            "firstCategory": {"__typename": "Words", "text": "Emotional abuse"},
        }
        self.notes: list[Any] = [self.note(1), self.note(2), self.note(3)]
        self.plans: list[Any] = [self.plan]
        self.page_size = 2

    @staticmethod
    def note(number: int, **more: Any) -> Json:
        return {
            "__typename": "CaseNote",
            "id": f"N{number}",
            "markings": [],
            "subject": {"id": "P1"},
            "on": "2026-10-01",
            "title": f"Visit {number}",
            "type": {"code": "CN"},
            "summary": {"__typename": "Words", "text": f"{SECRET} was seen"},
        } | more

    def root(self) -> Json:
        people = lambda *_, **__: {"more": False, "items": [self.person]}  # noqa: E731
        return {"asOf": "2026-11-20T10:00:00Z", "people": people, "person": lambda *_, **__: self._person()}

    def _person(self) -> Any:
        if self.person["__typename"] == "RedactedResult":
            return self.person
        whole = {
            row["id"]: row for row in [self.person, *self.plans, *self.notes] if isinstance(row, dict) and "id" in row
        }
        return self.person | {
            "identity": [self.person],
            "plans": self.plans,
            "notes": self._notes,
            "records": lambda _, ids: [whole[each] for each in ids],
        }

    def _notes(self, _: object, after: str | None = None) -> Json:
        start = int(after or 0)
        end = start + self.page_size
        page = {"end": str(end), "hasMore": end < len(self.notes)}
        return {"nodes": self.notes[start:end], "page": page}


def subgraph_root(known: Json) -> Json:
    """``known``: children by NHS number."""

    def entity(representation: Json) -> Any:
        child = known.get(representation["nhsNumber"])
        if not isinstance(child, dict):
            return child

        def episodes(_: object, ids: list[str] | None = None) -> list[Json]:
            return [each for each in child["episodes"] if ids is None or each["id"] in ids]

        return {"__typename": representation["__typename"], **child, "episodes": episodes}

    return {"_entities": lambda _, representations: [entity(each) for each in representations]}


def child(number: str = MAYA) -> Json:
    episode = {"id": "F1", "subject": {"nhsNumber": number}, "flags": [], "opened": "2026-05-01", "why": "Parenting"}
    return {
        "nhsNumber": number,
        "name": {"given": ["Maya"], "family": "Thornbury"},
        "born": "2017-03-09",
        "episodes": [episode],
    }


@dataclass
class Served:
    """A schema over HTTP; ``bend`` changes the whole answer, ``asked`` keeps every request's JSON."""

    sdl: str
    root: Callable[[], Json]
    bend: Bend = lambda body: body
    asked: list[Json] = field(default_factory=list)
    persisted: dict[str, str] = field(default_factory=dict)
    refuses: bool = False
    """Whether a text that does not fit the schema is refused, instead of being the test's own mistake."""

    def __post_init__(self) -> None:
        self.schema = build_schema(self.sdl)

    def respond(self, sent: Json) -> Json:
        """The answer, before it is bent."""
        digest = sent.get("extensions", {}).get("persistedQuery", {}).get("sha256Hash") or sent.get("documentId")
        if digest is not None and digest not in self.persisted:
            return {
                "errors": [{"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}]
            }
        document = parse(sent["query"] if digest is None else self.persisted[digest])
        if faults := validate(self.schema, document):
            assert self.refuses, faults
            return {"errors": [each.formatted for each in faults]}
        result = execute_sync(
            self.schema,
            document,
            self.root(),
            variable_values=sent.get("variables"),
            operation_name=sent.get("operationName"),
        )
        body: Json = {"data": copy.deepcopy(result.data)}
        if result.errors:
            body["errors"] = [each.formatted for each in result.errors]
        return body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        sent = orjson.loads(await Request(scope, receive).body())
        self.asked.append(sent)
        body = orjson.dumps(self.bend(self.respond(sent)))
        await Response(body, media_type="application/graphql-response+json")(scope, receive, send)


def unchanged(text: str) -> str:
    return text


@cache
def mapping(name: str, change: Callable[[str], str] = unchanged) -> GraphqlMapping:
    text = (MAPPINGS / f"{name}-graphql.toml").read_text(encoding="utf-8")
    return build(f"{name}-graphql.toml", change(text), CATALOGUE, VOCABULARY)


def connector(url: str, name: str = "casework", how: GraphqlMapping | None = None) -> GraphqlConnector:
    return GraphqlConnector(COUNCIL, url, how or mapping(name), BearerToken("x"), CATALOGUE)


def soon() -> Deadline:
    return Deadline.after(5)


def maya(local_id: str = "P1") -> Candidate:
    return Candidate(COUNCIL.id, local_id, SEARCH.stated)
