"""A case system whose fields are `X | RedactedResult`: what is redacted never reads as not held."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from hub.connectors.base import Fetched, Found, Matched
from hub.connectors.graphql.connector import GraphqlConnector
from hub.domain.disclosure import Outcome
from hub.domain.organisations import Sector
from hub.domain.people import ChildSearch
from hub.domain.sealed import unseal
from hub.domain.sources import NoAnswer, NoAnswerReason
from hub.policy.engine import Policy
from hub.policy.facts import RequestFacts
from hub.policy.release import release, withheld_whole
from tests.connectors.fhir_bench import served
from tests.connectors.graphql_bench import (
    BUNDLE,
    BY_NAME,
    BY_NUMBER,
    CASEWORK,
    COUNCIL,
    MAYA,
    OTHER,
    OWNER,
    SEARCH,
    SECRET,
    Served,
    World,
    connector,
    fails,
    mapping,
    maya,
    redacted,
    soon,
)

KINDS = frozenset({"council_person", "protection_plan", "case_document"})
R = NoAnswerReason
FACTS = RequestFacts(
    purpose="ca1989-s47", role="mash_social_worker", recipient_sector=Sector.COUNCIL, decision_recorded=True
)
SERVER = Served(CASEWORK, lambda: World().root())


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(SERVER) as base:
        yield base


@pytest.fixture
def world() -> World:
    made = World()
    SERVER.root, SERVER.bend = made.root, lambda body: body
    SERVER.asked.clear()
    return made


@pytest.fixture
async def council(url: str, world: World) -> AsyncIterator[GraphqlConnector]:
    made = connector(url)
    yield made
    await made.close()


async def found(council: GraphqlConnector, kinds: frozenset[str] = KINDS) -> Found:
    answer = await council.find(maya(), kinds, soon())
    assert isinstance(answer, Found), answer
    return answer


async def fetched(council: GraphqlConnector, kinds: frozenset[str] = KINDS) -> Fetched:
    answer = await council.fetch(maya(), (await found(council, kinds)).pointers, soon())
    assert isinstance(answer, Fetched), answer
    return answer


# ---- the straight way -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("search", "operations"),
    [
        pytest.param(SEARCH, {"PersonByNumber", "PersonByName"}, id="by both"),
        pytest.param(BY_NUMBER, {"PersonByNumber"}, id="by number"),
        pytest.param(BY_NAME, {"PersonByName"}, id="by name"),
    ],
)
async def test_match_asks_every_way_that_is_known(
    council: GraphqlConnector, search: ChildSearch, operations: set[str]
) -> None:
    answer = await council.match(search, soon())
    assert isinstance(answer, Matched), answer
    (who,) = answer.candidates
    assert (who.local_id, who.identity.given_names, who.identity.family_names) == ("P1", ("Maya",), ("Thornbury",))
    assert who.identity.nhs_number is not None
    assert (who.identity.nhs_number.value, who.identity.nhs_number_verified, who.identity.sex) == (MAYA, True, "female")
    assert {each["operationName"] for each in SERVER.asked} == operations
    assert not any(value in each["query"] for each in SERVER.asked for value in ("Maya", MAYA, "2017"))


async def test_find_follows_pages_and_brings_no_content(council: GraphqlConnector) -> None:
    answer = await found(council)
    assert [(each.kind, each.record_id) for each in answer.pointers] == [
        ("council_person", "P1"),
        ("protection_plan", "PL1"),
        ("case_document", "N1"),
        ("case_document", "N2"),
        ("case_document", "N3"),
    ]
    assert answer.as_of == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert [each["variables"] for each in SERVER.asked] == [
        {"person": "P1", "after": None},
        {"person": "P1", "after": "2"},
    ]
    assert not any("summary" in each["query"] for each in SERVER.asked)


async def test_find_keeps_to_the_kinds_asked_for(council: GraphqlConnector) -> None:
    assert {each.kind for each in (await found(council, frozenset({"protection_plan"}))).pointers} == {
        "protection_plan"
    }


async def test_fetch_reads_every_field(council: GraphqlConnector) -> None:
    values = [dict(unseal(record)) for record in (await fetched(council)).records]
    assert values[1] == {"started_on": date(2026, 1, 5), "category": "Neglect", "initial_category": "Emotional abuse"}
    assert values[2] == {
        "on": date(2026, 10, 1), "title": "Visit 1", "document_type": "Case note", "summary": f"{SECRET} was seen",
    }  # fmt: skip
    assert values[0]["gender"] == "female"
    assert all(record.held_back == () for record in (await fetched(council)).records)


# ---- redacted -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "take", [redacted(), redacted("NOBODY_MAPPED_THIS"), fails], ids=["redacted", "with a reason", "a fault"]
)
@pytest.mark.parametrize(("part", "name"), [("end", "ended_on"), ("category", "category")])
async def test_a_hidden_field_has_a_line_of_its_own_and_the_rest_is_shared(
    council: GraphqlConnector, world: World, part: str, name: str, take: Any
) -> None:
    world.plan[part] = take
    records = (await fetched(council, frozenset({"protection_plan"}))).records
    out = release(records[0], Policy(BUNDLE).decide(FACTS, records[0].pointer), COUNCIL, datetime.now(UTC))
    assert name not in out.values
    assert out.values["started_on"] == date(2026, 1, 5)
    (line,) = out.withheld
    assert (line.fields, line.outcome, line.impediment, line.contact) == ((name,), Outcome.GAP, None, OWNER)
    assert "does not mean that nothing is known" in line.next_step
    assert SECRET not in repr(out) + repr(records)


async def test_a_field_that_is_merely_null_has_no_line(council: GraphqlConnector, world: World) -> None:
    world.plan["category"] = None
    (record,) = (await fetched(council, frozenset({"protection_plan"}))).records
    assert record.held_back == ()


WHOLE = [
    pytest.param(None, Outcome.GAP, None, id="no reason"),
    pytest.param("OTHER", Outcome.GAP, None, id="a reason nobody mapped"),
    pytest.param("LEGAL_PRIVILEGE", Outcome.WITHHELD, "imp-lpp", id="a reason policy withholds on"),
]


@pytest.mark.parametrize(("reason", "outcome", "impediment"), WHOLE)
@pytest.mark.parametrize("where", ["plan", "note", "all plans"])
async def test_a_redacted_record_exists_and_is_never_shown(
    council: GraphqlConnector, world: World, where: str, reason: str | None, outcome: Outcome, impediment: str | None
) -> None:
    target = world.plans if where != "note" else world.notes
    target[0] = redacted(reason)
    answer = await found(council)
    (pointer,) = [each for each in answer.pointers if each.held_back]
    decision = Policy(BUNDLE).decide(FACTS, pointer)
    assert not decision.any_released
    (line,) = withheld_whole(pointer, decision, COUNCIL, datetime.now(UTC))
    assert (line.outcome, line.impediment and line.impediment.id) == (outcome, impediment)
    assert line.fields == ("*",)
    assert line.kind is None


async def test_a_redacted_record_of_a_kind_not_asked_for_is_not_told(council: GraphqlConnector, world: World) -> None:
    world.plans[0] = redacted()
    assert not any(each.held_back for each in (await found(council, frozenset({"case_document"}))).pointers)


async def test_a_redacted_marking_is_not_known(council: GraphqlConnector, world: World) -> None:
    world.plan["markings"] = fails
    (pointer,) = (await found(council, frozenset({"protection_plan"}))).pointers
    assert pointer.undetermined == {"court_order", "family_court_document", "privileged", "restricted"}


PERSONS: dict[str, tuple[dict[str, Any], NoAnswerReason | None]] = {
    "the whole person": (redacted(), R.REFUSED),
    "another number": ({"nhsNumber": OTHER}, R.WRONG_PERSON),
    "no number": ({"nhsNumber": None}, R.WRONG_PERSON),
    "a number that is none": ({"nhsNumber": "9990004022"}, R.MALFORMED),
    "a name that failed": ({"surnames": fails}, None),
    "a number that failed": ({"nhsNumber": fails}, R.MALFORMED),
}


@pytest.mark.parametrize(("change", "reason"), PERSONS.values(), ids=PERSONS.keys())
async def test_who_is_found_by_number_is_compared_by_number(
    council: GraphqlConnector, world: World, change: dict[str, Any], reason: NoAnswerReason | None
) -> None:
    world.person = change if "__typename" in change else world.person | change
    answer = await council.match(BY_NUMBER, soon())
    if reason is None:
        assert isinstance(answer, Matched)
        assert answer.candidates[0].identity.family_names == ()
    else:
        assert isinstance(answer, NoAnswer)
        assert answer.reason is reason


async def test_somebody_found_by_name_whom_the_system_hides_is_no_answer(
    council: GraphqlConnector, world: World
) -> None:
    world.person |= {"dateOfBirth": fails, "nhsNumber": None}
    answer = await council.match(BY_NAME, soon())
    assert isinstance(answer, NoAnswer)
    assert answer.reason is R.MALFORMED


async def test_a_child_whose_record_is_closed_after_match_is_no_answer(council: GraphqlConnector, world: World) -> None:
    world.person = redacted()
    answer = await council.find(maya(), KINDS, soon())
    assert isinstance(answer, NoAnswer)
    assert (answer.reason, "ring the contact" in answer.detail) == (R.REFUSED, True)


# ---- persisted queries ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["digest", "id"])
@pytest.mark.parametrize("known", [True, False])
async def test_a_registered_operation_is_sent_by_its_id(url: str, world: World, form: str, known: bool) -> None:
    document = mapping("casework").find.operation.document
    ident = f"sha256:{document.sha256}" if form == "digest" else "records-of-1"
    how = mapping("casework", lambda text: text.replace("[find]\n", f'[find]\npersisted = "{ident}"\n'))
    SERVER.persisted = {ident.removeprefix("sha256:"): document.text} if known else {}
    made = connector(url, how=how)
    answer = await made.find(maya(), KINDS, soon())
    await made.close()
    assert "query" not in SERVER.asked[0]
    assert isinstance(answer, Found) is known
