"""The contract of every HTTP connector, for a store of child-health events."""

from __future__ import annotations

from collections.abc import Callable

from hub.connectors.fhir import EventsConnector
from hub.domain.records import RecordPointer
from tests.connectors.bendable import Request
from tests.connectors.fhir_bench import ADA, BEA, CATALOGUE, NHS, by_number, who
from tests.connectors.fhir_messages import Body, header, immunization, message, patient, searchset, vaccination
from tests.connectors.hostile import Bench, HostileUpstream, Lie
from tests.connectors.test_hostile import (
    CIRCLE,
    ELSEWHERE,
    ENDLESS,
    FHIR_WRONG,
    MISCOUNTED,
    OTHER_KIND,
    OUTSIDE,
    TWICE,
    Asked,
    bent,
    malformed,
)

IMMUNISATION = frozenset({"immunisation"})
POINTERS = (
    RecordPointer("nhs", "immunisation", "m1#0", frozenset()),
    RecordPointer("nhs", "immunisation", "m2#0", frozenset()),
)
CHANGED = malformed("its events changed while they were being read: ask again")


def one(message_id: str, thing: str | None = None) -> Body:
    return vaccination(message_id, identifier=[{"value": thing or message_id}])


def of_bea(message_id: str) -> Body:
    return message(message_id, header("Vaccinations", "focus", routed=BEA), patient(BEA), immunization())


def says(_request: Request) -> Body:
    return searchset(one("m1"), one("m2"))


def instead(*messages: Body, sees: object) -> Lie:
    return Lie(lambda _body, _asked: searchset(*messages), sees)


def page(link: Callable[[Asked], str]) -> Callable[[Body, Asked], Body]:
    def bend(_honest: Body, asked: Asked) -> Body:
        more = [{"relation": "next", "url": link(asked)}]
        return {**searchset(one(f"m{asked.count}")), "total": 10**6, "link": more}

    return bend


_LIES = {
    "answers about another child": instead(of_bea("m1"), of_bea("m2"), sees=FHIR_WRONG),
    "a record of another child among ours": instead(one("m1"), of_bea("m2"), sees=FHIR_WRONG),
    "the same record twice": instead(one("m1"), one("m1"), sees=TWICE),
    "a record that was not asked for": instead(one("m1"), {"resourceType": "Observation", "id": "x"}, sees=OTHER_KIND),
    "leaves out a record it was asked for": bent(lambda body: body["entry"].pop(), MISCOUNTED),
    "more than may be": "it takes more than the bytes that may be sent",
    "says that there is more than it sent": bent(lambda body: body.update(total=3), MISCOUNTED),
    "a next page on another host": Lie(page(lambda _: ELSEWHERE), OUTSIDE),
    "next pages in a circle": Lie(page(lambda asked: f"{asked.url}/_page/{asked.count % 2}"), CIRCLE),
    "next pages without end": Lie(page(lambda asked: f"{asked.url}/_page/{asked.count}"), ENDLESS),
}
EVENTS = Bench(
    lambda url: EventsConnector(NHS, url, None, CATALOGUE, echoes_request_id=False),
    "application/fhir+json",
    says,
    {
        "match": lambda it, deadline: it.match(by_number(ADA), deadline),
        "find": lambda it, deadline: it.find(who(ADA), IMMUNISATION, deadline),
        "fetch": lambda it, deadline: it.fetch(who(ADA), POINTERS, deadline),
    },
    {
        "match": _LIES,
        "find": _LIES,
        "fetch": _LIES | {"leaves out a record it was asked for": instead(one("m1"), sees=CHANGED)},
    },
)


class TestFhirEvents(HostileUpstream):
    bench = EVENTS
