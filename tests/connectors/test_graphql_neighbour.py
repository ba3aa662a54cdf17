"""An agency behind another hub: its state there is its state here, and what is held back there is told as that."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from hub.connectors.base import ENQUIRY, RELAYED, Fetched, Found, Matched
from hub.connectors.graphql.neighbour import NeighbourConnector
from hub.connectors.graphql.neighbour_file import KINDS_MAX, SECTIONS, build, records_document, who_document
from hub.domain.catalogue import READ_WHEN_NAMED
from hub.domain.disclosure import Confidence, Outcome
from hub.domain.enquiry import Enquiry, RecordedDecision
from hub.domain.identifiers import CaseReference
from hub.domain.organisations import Contact, Custodian, Sector
from hub.domain.people import Candidate
from hub.domain.sealed import unseal
from hub.domain.sources import NoAnswer, NoAnswerReason
from hub.errors import ConfigurationError
from hub.policy.engine import Policy
from hub.policy.facts import RequestFacts
from hub.policy.release import release, withheld_whole
from hub.schema.documents import Documents
from hub.schema.names import list_name
from hub.schema.query import build_schema as hub_schema
from tests.connectors.bendable import Bendable, Request, bendable, response
from tests.connectors.graphql_bench import BUNDLE, BY_NUMBER, CATALOGUE, MAPPINGS, MAYA, OTHER, SEARCH, SECRET, soon

import orjson  # isort: skip

TEXT = (MAPPINGS / "neighbour-hub.toml").read_text(encoding="utf-8")
NEIGHBOUR = build("neighbour-hub.toml", TEXT, CATALOGUE)
POLICE = Custodian("northshire-police", "Northshire Police", Sector.POLICE, Contact("Northshire desk", "01632 960200"))
KINDS = frozenset({"incident", "missing_report"})
AGENCY = {"id": "northshire-police"}
R = NoAnswerReason
FACTS = RequestFacts(
    purpose="ca1989-s47", role="mash_social_worker", recipient_sector=Sector.COUNCIL, decision_recorded=True
)
ASKED_UNDER = Enquiry(
    "ca1989-s47",
    CaseReference("MASH-2026-1"),
    RecordedDecision("Team manager", datetime(2026, 11, 20, 16, 40, tzinfo=UTC)),
)
Json = dict[str, Any]
Bend = Callable[[Json], object]


@pytest.fixture(autouse=True)
def enquiry() -> Iterator[None]:
    token = ENQUIRY.set(ASKED_UNDER)
    yield
    ENQUIRY.reset(token)


def line(**more: Any) -> Json:
    return {
        "fields": ["summary"],
        "outcome": "WITHHELD",
        "kind": "incident",
        "custodian": AGENCY,
        "impediment": {
            "id": "imp-lpp", "title": "Legal privilege", "citation": "Common law", "confidence": "GENERAL", "note": None,
        },
        "__typename": "Withheld",
        "contact": {"role": "Northshire legal", "phone": "01632 960201"},
        "reference": "812-3",
        "nextStep": "Ask whether privilege is waived.",
        "replyBy": "2026-11-25T09:00:00+00:00",
    } | more  # fmt: skip


VEILED = {"impediment": None, "kind": None, "fields": ["*"], "nextStep": "Restricted."}


def incident(**more: Any) -> Json:
    return {
        "on": "2026-10-01", "incidentType": "Disorder", "role": "Witness", "summary": None, "outcome": None,
        "location": None, "custodian": AGENCY, "asOf": "2026-11-20T10:00:00+00:00", "withheld": [line()],
        "handling": [
            {"__typename": "Handling", "id": "h1", "notice": "Do not tell the family.", "citation": "", "confidence": "GENERAL", "fields": ["on", "incidentType"]}
        ],
    } | more  # fmt: skip


def source(state: str = "ANSWERED", **more: Any) -> Json:
    return {
        "custodian": AGENCY, "state": state, "noAnswerReason": None, "notAskedReason": None, "retryAfterSeconds": None,
        "asOf": "2026-11-20T10:00:00+00:00",
    } | more  # fmt: skip


def stated(value: str) -> Json:
    return {"value": value, "custodian": AGENCY}


def view() -> Json:
    """The whole of an answer; what an operation did not select is taken away when it is served."""
    elsewhere = incident(custodian={"id": "eastshire-police"}, summary=SECRET)
    return {
        "__typename": "JoinedView",
        "sources": [source(), source("NO_ANSWER", custodian={"id": "eastshire-police"}, noAnswerReason="DOWN")],
        "alerts": [],
        "identity": {
            "names": [stated("Maya Thornbury")],
            "dateOfBirth": [stated("2017-03-09")],
            "nhsNumber": [stated(MAYA)],
            "withheld": [],
        },
        "police": {
            "__typename": "PoliceRecord", "incidents": [incident(), elsewhere], "missingReports": [], "withheld": [],
        },
        "withheld": [],
        "logEntry": {"number": 812},
    }  # fmt: skip


def says(body: Json) -> Callable[[Request], Any]:
    async def script(request: Request) -> None:
        child = copy.deepcopy(body)
        is_find = orjson.loads(request.body)["operationName"] == "ChildRecords"
        if child["__typename"] == "JoinedView":
            child.pop("alerts" if is_find else "police")
            if is_find:
                child["identity"].pop("names")
        await request.send(response({"data": {"child": child}}))

    return script


async def asked(call: str, body: Json, sector: Custodian = POLICE) -> tuple[Any, Bendable]:
    async with bendable(says(body)) as server:
        connector = NeighbourConnector(sector, server.url, NEIGHBOUR, None, CATALOGUE)
        if call == "match":
            answer: Any = await connector.match(BY_NUMBER, soon())
        else:
            answer = await connector.find(Candidate(POLICE.id, "entry-1", SEARCH.stated), KINDS, soon())
        if call == "fetch" and isinstance(answer, Found):
            who = Candidate(POLICE.id, "entry-1", SEARCH.stated)
            answer = await connector.fetch(who, [each for each in answer.pointers if not each.held_back], soon())
        await connector.close()
    return answer, server


def bent(bend: Bend) -> Json:
    body = view()
    bend(body)
    return body


# ---- the operations fit the public schema --------------------------------------------------------------------------


PURPOSES = {purpose.id: purpose.title for purpose in BUNDLE.purposes.values()}
SCHEMA = hub_schema(CATALOGUE, PURPOSES, BUNDLE.vocabulary.look_back_reasons)


def test_every_kind_that_has_a_list_is_asked_for() -> None:
    """All but two: a read of CP-IS is recorded nationally, and no other hub is asked about a child not yet born."""
    listed = {kind.id: list_name(kind.id) for kind in CATALOGUE.kinds.values() if kind.section in SECTIONS}
    for kind in (*READ_WHEN_NAMED, "maternity_episode"):
        del listed[kind]
    assert dict(NEIGHBOUR.lists) == listed, "a new kind belongs into hub/connectors/mappings/neighbour-hub.toml too"


def test_a_hub_of_today_would_answer_both_questions() -> None:
    """By the public schema and its own guards: the rule against silence that could be misread, the limits on size."""
    documents = Documents(SCHEMA, is_development=False)
    documents.prepare(who_document().text)
    for section in SECTIONS:
        kinds = sorted(kind for kind in NEIGHBOUR.lists if CATALOGUE[kind].section is section)
        for start in range(len(kinds)):
            part = frozenset(kinds[start : start + KINDS_MAX])
            documents.prepare(records_document(CATALOGUE, NEIGHBOUR, part).text)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('agency = "northshire-police"', "", "neighbour-hub.toml, line 4: hub: Object missing required field `agency`"),
        ('incident = "incidents"', 'incidnt = "incidents"', "lists.incidnt: the field catalogue has no such kind"),
        ('incident = "incidents"', 'police_person = "x"', "lists.police_person: the other hub joins this section"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(old: str, new: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match="line") as refused:
        build("neighbour-hub.toml", TEXT.replace(old, new, 1), CATALOGUE)
    assert told in str(refused.value)


# ---- who it is ---------------------------------------------------------------------------------------------------


async def test_match_gives_who_it_is_to_be_compared_again() -> None:
    answer, server = await asked("match", view())
    assert isinstance(answer, Matched), answer
    (who,) = answer.candidates
    assert who.identity.nhs_number == BY_NUMBER.stated.nhs_number
    assert (who.identity.given_names, who.identity.family_names) == (("Maya",), ("Thornbury",))
    sent = orjson.loads(server.requests[0].body)["variables"]
    assert sent["find"] == {"nhsNumber": MAYA}
    assert sent["enquiry"] == {
        "purpose": "CA1989_S47",
        "caseReference": "MASH-2026-1",
        "decision": {"by": "Team manager", "at": "2026-11-20T16:40:00+00:00"},
    }
    assert server.requests[0].headers["x-hub-relayed"] == "1"


def state(name: str, **more: Any) -> Bend:
    return lambda body: body.update(sources=[source(name, **more)])


STATES: dict[str, tuple[Bend, NoAnswerReason | None]] = {
    "not held": (state("NOT_HELD"), None),
    "possible match": (state("POSSIBLE_MATCH"), R.REFUSED),
    "not asked": (state("NOT_ASKED", notAskedReason="OUT_OF_SCOPE"), R.REFUSED),
    "down": (state("NO_ANSWER", noAnswerReason="DOWN"), R.DOWN),
    "slow": (state("NO_ANSWER", noAnswerReason="SLOW"), R.SLOW),
    "a reason nobody knows": (state("NO_ANSWER", noAnswerReason="ON_STRIKE"), R.DOWN),
    "a state nobody knows": (state("ASLEEP"), R.MALFORMED),
    "no line": (lambda body: body.update(sources=[]), R.MALFORMED),
    "two lines": (lambda body: body["sources"].append(source("NOT_HELD")), R.MALFORMED),
    "possible matches": (
        lambda body: body.update({"__typename": "PossibleMatches", "sources": [source("POSSIBLE_MATCH")]}),
        R.REFUSED,
    ),
    "another child": (lambda body: body["identity"].update(nhsNumber=[stated(OTHER)]), R.WRONG_PERSON),
    "nothing of who it is": (
        lambda body: body["identity"].update(nhsNumber=[], dateOfBirth=[], names=[]),
        R.REFUSED,
    ),
}


@pytest.mark.parametrize(("bend", "reason"), STATES.values(), ids=STATES.keys())
async def test_the_state_there_is_the_state_here(bend: Bend, reason: NoAnswerReason | None) -> None:
    body = bent(bend)
    if body["__typename"] != "JoinedView":
        body = {key: body[key] for key in ("__typename", "sources", "logEntry")}
    answer, _ = await asked("match", body)
    if reason is None:
        assert answer == Matched(())
    else:
        assert isinstance(answer, NoAnswer), answer
        assert (answer.reason, SECRET in answer.detail) == (reason, False)


async def test_no_match_there_is_not_held_here_only_where_it_says_so() -> None:
    answer, _ = await asked(
        "match", {"__typename": "NoMatch", "sources": [source("NOT_HELD")], "logEntry": {"number": 9}}
    )
    assert answer == Matched(())


@pytest.mark.parametrize(
    ("alerts", "restricted"),
    [
        ([], False),
        ([{"kind": "RESTRICTED", "state": "CURRENT"}], True),
        ([{"kind": "RESTRICTED", "state": "UNKNOWN"}], None),
    ],
)
async def test_whether_whereabouts_are_restricted_is_the_word_of_health_there(
    alerts: list[Json], restricted: bool | None
) -> None:
    health = Custodian(POLICE.id, "x", Sector.HEALTH, POLICE.contact)
    answer, _ = await asked("match", bent(lambda body: body.update(alerts=alerts)), health)
    assert answer.candidates[0].identity.restricted is restricted
    answer, _ = await asked("match", bent(lambda body: body.update(alerts=alerts)))
    assert answer.candidates[0].identity.restricted is None


async def test_a_question_from_another_hub_goes_no_further_and_nobody_is_asked() -> None:
    token = RELAYED.set(True)
    answer, server = await asked("match", view())
    RELAYED.reset(token)
    assert (answer.reason, server.requests) == (R.REFUSED, [])


async def test_without_a_purpose_nobody_is_asked() -> None:
    token = ENQUIRY.set(None)
    answer, server = await asked("match", view())
    ENQUIRY.reset(token)
    assert (answer.reason, server.requests) == (R.REFUSED, [])


# ---- what it holds and holds back ------------------------------------------------------------------------------------


async def test_a_record_comes_with_what_was_held_back_there_and_its_conditions() -> None:
    answer, server = await asked("fetch", view())
    assert isinstance(answer, Fetched), answer
    assert len(server.requests) == 1
    (record,) = answer.records  # the other force's is that force's own custodian's to show
    assert dict(unseal(record)) == {"on": date(2026, 10, 1), "incident_type": "Disorder", "role": "Witness"}
    out = release(record, Policy(BUNDLE).decide(FACTS, record.pointer), POLICE, datetime.now(UTC))
    (held_back,) = [each for each in out.withheld if "summary" in each.fields]
    assert (held_back.fields, held_back.outcome) == (("summary",), Outcome.WITHHELD)
    assert held_back.impediment is not None
    assert (held_back.impediment.id, held_back.impediment.confidence) == ("imp-lpp", Confidence.GENERAL)
    assert held_back.contact == Contact("Northshire legal", "01632 960201")
    assert held_back.next_step == (
        "Ask whether privilege is waived. Held back there, by the neighbouring hub: quote its reference 812-3."
    )
    assert held_back.reply_by == datetime(2026, 11, 25, 9, tzinfo=UTC)
    (notice,) = [each for each in out.handling if each.id == "h1"]
    assert notice.fields == ("on", "incident_type")


WHOLE: dict[str, tuple[Json, str | None, bool]] = {
    "an open refusal": (line(fields=["*"]), "incident", True),
    "a veiled one": (line(**VEILED), None, False),
    "one that names no agency": (line(**VEILED, custodian=None), None, False),
}


@pytest.mark.parametrize(("withheld", "kind", "named"), WHOLE.values(), ids=WHOLE.keys())
async def test_a_record_held_back_whole_there_is_told_as_that(withheld: Json, kind: str | None, named: bool) -> None:
    answer, _ = await asked("find", bent(lambda body: body.update(withheld=[withheld])))
    assert isinstance(answer, Found), answer
    (pointer,) = [each for each in answer.pointers if each.held_back]
    decision = Policy(BUNDLE).decide(FACTS, pointer)
    assert not decision.any_released
    (told,) = withheld_whole(pointer, decision, POLICE, datetime.now(UTC))
    assert (told.kind, told.impediment is not None, told.outcome) == (kind, named, Outcome.WITHHELD)
    assert "812-3" in told.next_step


async def test_a_line_of_another_agency_is_not_told_twice() -> None:
    other = line(custodian={"id": "eastshire-police"})
    answer, _ = await asked("find", bent(lambda body: body.update(withheld=[other])))
    assert not any(each.held_back for each in answer.pointers)


async def test_a_list_that_is_out_of_scope_there_is_not_an_empty_one() -> None:
    why = line(outcome="OUT_OF_SCOPE", impediment=None, kind="missing_report", fields=["*"], custodian=None)
    answer, _ = await asked("find", bent(lambda body: body["police"].update(missingReports=None, withheld=[why])))
    (pointer,) = [each for each in answer.pointers if each.held_back]
    assert (pointer.kind, pointer.held_back.outcome) == ("missing_report", Outcome.OUT_OF_SCOPE)


ODD: dict[str, tuple[Bend, NoAnswerReason]] = {
    "a list that is null and no line": (lambda body: body["police"].update(missingReports=None), R.MALFORMED),
    "answered, and no section": (lambda body: body.update(police={"__typename": "NotHeld"}), R.MALFORMED),
    "a section nobody knows": (lambda body: body.update(police={"__typename": "Elsewhere"}), R.MALFORMED),
    "a shared line": (lambda body: body.update(withheld=[line(outcome="SHARED")]), R.MALFORMED),
    "a record of nobody": (lambda body: body["police"]["incidents"][0].update(custodian=None), R.MALFORMED),
    "a date that is none": (lambda body: body["police"]["incidents"][0].update(on=SECRET), R.MALFORMED),
    "another child": (lambda body: body["identity"].update(nhsNumber=[stated(OTHER)]), R.WRONG_PERSON),
    "another birth date": (lambda body: body["identity"].update(dateOfBirth=[stated("2016-03-09")]), R.WRONG_PERSON),
    "no longer held": (state("NOT_HELD"), R.MALFORMED),
    "no entry of its log": (lambda body: body.update(logEntry={"number": None}), R.MALFORMED),
}


@pytest.mark.parametrize(("bend", "reason"), ODD.values(), ids=ODD.keys())
async def test_an_odd_answer_is_no_answer(bend: Bend, reason: NoAnswerReason) -> None:
    answer, _ = await asked("find", bent(bend))
    assert isinstance(answer, NoAnswer), answer
    assert (answer.reason, SECRET in answer.detail) == (reason, False)


async def test_ids_are_never_used_for_two_answers() -> None:
    first, _ = await asked("find", view())
    second, _ = await asked("find", bent(lambda body: body.update(logEntry={"number": 813})))
    assert not {each.record_id for each in first.pointers} & {each.record_id for each in second.pointers}


async def test_many_kinds_are_asked_for_in_several_questions_that_each_fit() -> None:
    council = Custodian("northshire-police", "x", Sector.COUNCIL, POLICE.contact)

    async def script(request: Request) -> None:
        await request.send(response({"data": {"child": None}}))

    async with bendable(script) as server:
        connector = NeighbourConnector(council, server.url, NEIGHBOUR, None, CATALOGUE)
        answer = await connector.find(Candidate(council.id, "entry-1", SEARCH.stated), connector.kinds, soon())
        await connector.close()
    assert isinstance(answer, NoAnswer)
    assert answer.reason is R.MALFORMED
    assert len(connector.kinds) > KINDS_MAX
    assert len(server.requests) > 1
