"""The contract of ``hostile.py`` for the connectors that speak HTTP."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from hub.connectors.base import CANDIDATES_MAX, RECORDS_MAX, Connector, Deadline
from hub.connectors.fhir.connector import FhirConnector
from hub.connectors.http import PAGES_MAX
from hub.connectors.rest import RestConnector
from hub.connectors.rest_mapping import shipped
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate
from hub.domain.records import RecordPointer
from hub.domain.sources import NoAnswer
from tests.connectors.bendable import Request, bendable, response
from tests.connectors.fhir_bench import ADA, BEA, CATALOGUE, by_number, connector, who
from tests.connectors.hostile import CALLS, LONG_SECONDS, Asked, Bench, HostileUpstream, Lie, no_answer
from tests.connectors.hostile_rows import LENGTHS, LINES, PROTOCOL
from tests.connectors.test_rest_hostile import POLICE, candidates, incident, records

ELSEWHERE = "http://127.0.0.1:9/next"
OUTSIDE = no_answer("malformed", "its next page is outside its configured address")
CIRCLE = no_answer("malformed", "its pages go round in a circle")
ENDLESS = no_answer("too_large", f"its answer has more than {PAGES_MAX} pages")
NO_PAGES = "this call has no pages"
ONE = "it is asked for one record"

Body = dict[str, Any]


def bent(change: Callable[[Body], object], sees: tuple[Any, ...]) -> Lie:
    def bend(honest: Body, _: Asked) -> Body:
        body = copy.deepcopy(honest)
        change(body)
        return body

    return Lie(bend, sees)


# ---- REST: the police ----------------------------------------------------------------------------------------------

MAYA = Candidate("testshire-police", "P1", Identity())
SEARCH = ChildSearch(
    Identity(given_names=("Maya",), family_names=("Thornbury",), birth_date=PartialDate.exactly(date(2017, 3, 9)))
)
INCIDENT = frozenset({"incident"})
POINTERS = [RecordPointer("testshire-police", "incident", f"R{number}") for number in (1, 2)]
REST_WRONG = no_answer("wrong_person", "it answered about somebody else: all of it was thrown away")


def police_says(request: Request) -> Body:
    if "/records" in request.line:
        return records(incident(1), incident(2))
    return candidates()


def police(url: str) -> Connector:
    mapping = replace(shipped("pole-demo", CATALOGUE), echoes_request_id=False)
    return RestConnector(POLICE, url, mapping, None, CATALOGUE)


def malformed(detail: str) -> tuple[Any, ...]:
    return no_answer("malformed", detail)


def rest_page(link: Callable[[Asked], str]) -> Callable[[Body, Asked], Body]:
    def bend(honest: Body, asked: Asked) -> Body:
        rows = [incident(asked.count * 10 + number) for number in (1, 2)]
        return {**honest, "records": rows, "next": link(asked)}

    return bend


_MANY = [incident(number) for number in range(RECORDS_MAX + 1)]
NOT_ASKED_FOR = malformed("it sent a record that was not asked for")
TOO_MANY_PEOPLE = no_answer(
    "too_large", f"it holds more than {CANDIDATES_MAX} people like that: ask with more names or a whole birth date"
)
JUDGED = "who the candidates are is for matching to judge: a police search rightly names several"

REST = Bench(
    police,
    "application/json",
    police_says,
    {
        "match": lambda one, deadline: one.match(SEARCH, deadline),
        "find": lambda one, deadline: one.find(MAYA, INCIDENT, deadline),
        "fetch": lambda one, deadline: one.fetch(MAYA, POINTERS, deadline),
    },
    {
        "match": {
            "answers about another child": JUDGED,
            "a record of another child among ours": JUDGED,
            "the same record twice": bent(lambda body: body["candidates"].append(body["candidates"][0]), (None,)),
            "a record that was not asked for": JUDGED,
            "leaves out a record it was asked for": "nobody is asked for by name of record",
            "more than may be": Lie(lambda _body, _asked: candidates(CANDIDATES_MAX + 1), TOO_MANY_PEOPLE),
            "says that there is more than it sent": bent(lambda body: body.update(truncated=True), TOO_MANY_PEOPLE),
            "a next page on another host": NO_PAGES,
            "next pages in a circle": NO_PAGES,
            "next pages without end": NO_PAGES,
        },
        "find": {
            "answers about another child": bent(lambda body: body.update(personId="P2"), REST_WRONG),
            "a record of another child among ours": bent(lambda body: body["records"][1].update(personId="P2"), REST_WRONG),
            "the same record twice": bent(lambda body: body["records"].append(body["records"][0]), malformed("it listed a record twice")),
            "a record that was not asked for": bent(lambda body: body["records"][0].update(type="WARNING_FLAG"), malformed("it listed a type of record that was not asked for")),
            "leaves out a record it was asked for": "the index is what says which there are",
            "more than may be": bent(lambda body: body.update(records=_MANY), no_answer("too_large", f"it holds more than {RECORDS_MAX:,} records")),
            "says that there is more than it sent": bent(lambda body: body.update(next=7), malformed("its next page is not a link")),
            "a next page on another host": Lie(rest_page(lambda _: ELSEWHERE), OUTSIDE),
            "next pages in a circle": Lie(rest_page(lambda asked: f"?page={asked.count % 2}"), CIRCLE),
            "next pages without end": Lie(rest_page(lambda asked: f"?page={asked.count}"), ENDLESS),
        },
        "fetch": {
            "answers about another child": bent(lambda body: body.update(personId="P2"), REST_WRONG),
            "a record of another child among ours": bent(lambda body: body["records"][1].update(personId="P2"), REST_WRONG),
            "the same record twice": bent(lambda body: body["records"].append(body["records"][0]), NOT_ASKED_FOR),
            "a record that was not asked for": bent(lambda body: body["records"].append(incident(3)), NOT_ASKED_FOR),
            "leaves out a record it was asked for": bent(lambda body: body["records"].pop(), malformed("it left out a record that was asked for")),
            "more than may be": bent(lambda body: body.update(records=_MANY), NOT_ASKED_FOR),
            "says that there is more than it sent": NO_PAGES,
            "a next page on another host": NO_PAGES,
            "next pages in a circle": NO_PAGES,
            "next pages without end": NO_PAGES,
        },
    },
)  # fmt: skip


class TestRest(HostileUpstream):
    bench = REST


# ---- FHIR: the NHS --------------------------------------------------------------------------------------------------

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
ATTENDANCE = frozenset({"attendance"})
ENCOUNTERS = [RecordPointer("nhs", "attendance", f"e{number}#0") for number in (1, 2)]
FHIR_WRONG = no_answer("wrong_person", "it answered about somebody else: all of its answer is discarded")
SUPERSEDED = no_answer(
    "wrong_person",
    "it answered about somebody else, or the NHS number was superseded: all of its answer is discarded; ask again with "
    "the family name and the date of birth",
)
OTHER_KIND = malformed("it sent records of a kind that was not asked for")
TWICE = malformed("it sent the same record twice")
MISCOUNTED = malformed("its answer does not have as many records as it says")
SEVERAL = malformed("it has several people under one number")
INEXACT = malformed("it did not send exactly the records it was asked for")


def patient(number: str) -> Body:
    name = [{"use": "usual", "family": "Quill", "given": ["Ada"]}]
    identifier = [{"system": NHS_NUMBER, "value": number}]
    return {"resourceType": "Patient", "id": number, "identifier": identifier, "name": name, "birthDate": "2015-03-04"}


def encounter(number: int, about: str = ADA) -> Body:
    subject = {"reference": f"Patient/{about}"}
    return {"resourceType": "Encounter", "id": f"e{number}", "status": "finished", "subject": subject}


def bundle(*resources: Body) -> Body:
    entry = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entry), "entry": entry}


def nhs_says(request: Request) -> Body:
    return bundle(patient(ADA)) if "/Patient/" in request.line else bundle(encounter(1), encounter(2))


def nhs(url: str) -> FhirConnector:
    return connector(url, echoes_request_id=False)


def instead(*resources: Body, sees: tuple[Any, ...]) -> Lie:
    return Lie(lambda _body, _asked: bundle(*resources), sees)


def fhir_page(link: Callable[[Asked], str]) -> Callable[[Body, Asked], Body]:
    def bend(_honest: Body, asked: Asked) -> Body:
        more = [{"relation": "next", "url": link(asked)}]
        return {**bundle(encounter(asked.count)), "total": 10**6, "link": more}

    return bend


_CROWD = [encounter(number) for number in range(RECORDS_MAX + 1)]
_RECORDS = {
    "answers about another child": instead(encounter(1, BEA), encounter(2, BEA), sees=FHIR_WRONG),
    "a record of another child among ours": instead(encounter(1), encounter(2, BEA), sees=FHIR_WRONG),
    "the same record twice": instead(encounter(1), encounter(1), sees=TWICE),
    "more than may be": instead(*_CROWD, sees=no_answer("too_large", f"it holds more than {RECORDS_MAX:,} such records")),
    "says that there is more than it sent": bent(lambda body: body.update(total=3), MISCOUNTED),
    "a next page on another host": Lie(fhir_page(lambda _: ELSEWHERE), OUTSIDE),
    "next pages in a circle": Lie(fhir_page(lambda asked: f"{asked.url}/_page/{asked.count % 2}"), CIRCLE),
    "next pages without end": Lie(fhir_page(lambda asked: f"{asked.url}/_page/{asked.count}"), ENDLESS),
}  # fmt: skip

FHIR = Bench(
    nhs,
    "application/fhir+json",
    nhs_says,
    {
        "match": lambda one, deadline: one.match(by_number(ADA), deadline),
        "find": lambda one, deadline: one.find(who(ADA), ATTENDANCE, deadline),
        "fetch": lambda one, deadline: one.fetch(who(ADA), ENCOUNTERS, deadline),
    },
    {
        "match": {
            "answers about another child": instead(patient(BEA), sees=SUPERSEDED),
            "a record of another child among ours": instead(patient(ADA), patient(BEA), sees=SEVERAL),
            "the same record twice": instead(patient(ADA), patient(ADA), sees=SEVERAL),
            "a record that was not asked for": instead(encounter(1), sees=OTHER_KIND),
            "leaves out a record it was asked for": bent(lambda body: body.update(entry=[]), MISCOUNTED),
            "more than may be": instead(*[patient(ADA)] * (CANDIDATES_MAX + 1), sees=SEVERAL),
            "says that there is more than it sent": bent(lambda body: body.update(total=2), MISCOUNTED),
            "a next page on another host": NO_PAGES,
            "next pages in a circle": NO_PAGES,
            "next pages without end": NO_PAGES,
        },
        "find": {
            **_RECORDS,
            "a record that was not asked for": instead(encounter(1), {"resourceType": "Observation", "id": "x"}, sees=OTHER_KIND),
            "leaves out a record it was asked for": bent(lambda body: body["entry"].pop(), MISCOUNTED),
        },
        "fetch": {
            **_RECORDS,
            "a record that was not asked for": instead(encounter(1), encounter(2), encounter(3), sees=INEXACT),
            "leaves out a record it was asked for": instead(encounter(1), sees=INEXACT),
        },
    },
)  # fmt: skip


class TestFhir(HostileUpstream):
    bench = FHIR


@pytest.mark.parametrize(
    ("release", "sees"),
    [
        pytest.param("4.0", None, id="R4"),
        pytest.param("4.3", None, id="R4B"),
        pytest.param("3.0", malformed("it answered in another release of FHIR than R4")[0], id="STU3"),
        pytest.param("5.0", malformed("it answered in another release of FHIR than R4")[0], id="R5"),
        pytest.param("", malformed("it answered in another release of FHIR than R4")[0], id="none"),
    ],
)
@pytest.mark.parametrize("call", CALLS)
async def test_another_release_of_fhir(call: str, release: str, sees: Any) -> None:
    async def script(request: Request) -> None:
        kind = f"application/fhir+json; fhirVersion={release}"
        request.writer.write(response(nhs_says(request), content_type=kind))

    async with bendable(script) as server:
        one = nhs(server.url)
        answer = await FHIR.calls[call](one, Deadline.after(LONG_SECONDS))
        await one.close()
    assert isinstance(answer, NoAnswer) is (sees is not None)
    assert sees in (None, answer)


async def test_an_id_does_not_become_anothers_by_losing_a_control_character() -> None:
    async with bendable(response(bundle({**encounter(1), "id": "e1\0"}, encounter(2)))) as server:
        one = nhs(server.url)
        answer = await one.fetch(who(ADA), ENCOUNTERS, Deadline.after(LONG_SECONDS))
        await one.close()
    assert answer == INEXACT[0]


class TestFhirOnConnectionsThatAreUsedAgain(HostileUpstream):
    bench = replace(FHIR, make=connector, echoes=True)
    rows = (*LENGTHS, *LINES, *PROTOCOL)
