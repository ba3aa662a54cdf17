"""The REST connector and the pretend police, as two processes: what the world says is what is read."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import aiohttp
import pytest

from hub.connectors.base import Connector, Deadline, Fetched, Found, Matched
from hub.connectors.http import BearerToken, Credentials
from hub.connectors.rest import RestConnector
from hub.connectors.rest_mapping import shipped
from hub.demo.generator import build_world
from hub.demo.police import DEMO_CREDENTIAL
from hub.demo.world import Child
from hub.domain.catalogue import Catalogue
from hub.domain.identifiers import NHSNumber
from hub.domain.organisations import Contact, Custodian, Sector
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate
from hub.domain.records import HeldRecord
from hub.domain.sealed import unseal
from hub.domain.sources import NoAnswer, NoAnswerReason
from hub.policy.load import default_policies_directory, load_bundle
from tests.demo.police_process import police

WORLD = build_world()
POLICE = Custodian("testshire-police", "Testshire Police", Sector.POLICE, Contact("Duty desk", "01632 960 130"))
LABELS = {"handling_code_p", "handling_code_c", "intelligence_released", "sanitised_line"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with police() as base:
        yield base


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_bundle(default_policies_directory(), date(2026, 11, 20)).catalogue


def connector_at(url: str, catalogue: Catalogue, credentials: Credentials | None = None) -> RestConnector:
    mapping = shipped("pole-demo", catalogue)
    return RestConnector(POLICE, url, mapping, credentials or BearerToken(DEMO_CREDENTIAL), catalogue)


@pytest.fixture
async def connector(url: str, catalogue: Catalogue) -> AsyncIterator[RestConnector]:
    made = connector_at(url, catalogue)
    yield made
    await made.close()


def searching(child: Child, **known: object) -> ChildSearch:
    stated = Identity(
        given_names=(child.given_name,),
        family_names=(child.family_name,),
        birth_date=PartialDate.exactly(child.birth_date),
    )
    return ChildSearch(replace(stated, **known))  # type: ignore[arg-type]


async def matched(connector: RestConnector, child: Child) -> Candidate:
    """The candidate who is this child; there must be one."""
    assert child.police is not None
    known = {"given_names": (child.police.given_name,), "family_names": (child.police.family_name,)}
    answer = await connector.match(searching(child, **known), Deadline.after(5))
    assert isinstance(answer, Matched)
    return next(who for who in answer.candidates if who.local_id == child.police.local_id)


def expected(child: Child, kinds: frozenset[str]) -> list[tuple[str, dict[str, object], frozenset[str]]]:
    """What the police hold of ``child``: kind, values, labels."""
    known = child.police
    assert known is not None
    person = {
        "given_name": known.given_name,
        "family_name": known.family_name,
        "date_of_birth": known.birth_date,
        "sex": {"F": "female", "M": "male"}[known.sex],
        "address": f"{known.address.line}, {known.address.town}" if known.address else None,
        "postcode": known.address.postcode if known.address else None,
        "phone": known.phone,
        "school": known.school,
    }
    held = {name: value for name, value in person.items() if value is not None}
    events = [(event.kind, event.values, event.labels) for event in child.events if event.kind in kinds]
    return [("police_person", held, frozenset()), *events]


async def test_every_record_of_every_child_is_read_as_the_world_says(connector: RestConnector) -> None:
    seen: set[str] = set()
    fields: set[tuple[str, str]] = set()
    for child in WORLD.children.values():
        if child.police is None:
            continue
        who = await matched(connector, child)
        found = await connector.find(who, connector.kinds, Deadline.after(5))
        assert isinstance(found, Found)
        assert abs(found.as_of - datetime.now(UTC)) < timedelta(minutes=1)
        fetched = await connector.fetch(who, found.pointers, Deadline.after(5))
        assert isinstance(fetched, Fetched)
        assert [record.pointer for record in fetched.records] == list(found.pointers)
        got = [(record.pointer.kind, dict(unseal(record)), record.pointer.labels) for record in fetched.records]
        assert got == expected(child, connector.kinds), child.key
        seen.update(kind for kind, _, _ in got)
        fields.update((kind, name) for kind, values, _ in got for name in values)
    assert seen >= connector.kinds
    assert len(fields) >= 50


def test_it_is_a_connector(catalogue: Catalogue) -> None:
    made: Connector = connector_at("http://127.0.0.1:9", catalogue)
    assert made.kinds == catalogue.of_sector(Sector.POLICE)
    assert not made.matches_nhs_number


async def test_the_cast_of_intelligence_carries_its_handling_codes(connector: RestConnector) -> None:
    who = await matched(connector, WORLD.played_by("intelligence"))
    found = await connector.find(who, frozenset({"intelligence"}), Deadline.after(5))
    assert isinstance(found, Found)
    assert {pointer.kind for pointer in found.pointers} == {"intelligence"}
    assert sorted(sorted(pointer.labels & LABELS) for pointer in found.pointers) == [
        ["handling_code_c"],
        ["handling_code_c", "intelligence_released"],
        ["handling_code_c", "sanitised_line"],
        ["handling_code_p"],
    ]


async def test_a_large_record_comes_over_pages_and_in_batches(connector: RestConnector) -> None:
    who = await matched(connector, WORLD.played_by("large_record"))
    found = await connector.find(who, connector.kinds, Deadline.after(5))
    assert isinstance(found, Found)
    assert len(found.pointers) > 100
    backwards = found.pointers[::-1]
    fetched = await connector.fetch(who, backwards, Deadline.after(5))
    assert isinstance(fetched, Fetched)
    assert tuple(record.pointer for record in fetched.records) == backwards


async def test_a_child_nobody_here_knows_is_an_empty_match(connector: RestConnector) -> None:
    born = PartialDate.exactly(date(2019, 1, 1))
    nobody = Identity(given_names=("Zebedee",), family_names=("Quillfeather",), birth_date=born)
    assert await connector.match(ChildSearch(nobody), Deadline.after(5)) == Matched(())


async def test_the_unknown_twin_finds_her_sister_for_matching_to_tell_apart(connector: RestConnector) -> None:
    unknown, known = WORLD.played_by("twin_unknown"), WORLD.played_by("twin_known")
    answer = await connector.match(searching(unknown), Deadline.after(5))
    assert isinstance(answer, Matched)
    assert known.police is not None
    assert [who.local_id for who in answer.candidates] == [known.police.local_id]
    assert answer.candidates[0].identity.given_names == (known.given_name,)
    assert answer.candidates[0].identity.nhs_number is None


async def test_another_agencys_version_of_the_name_finds_the_child(connector: RestConnector) -> None:
    child = WORLD.played_by("conflicting_names")
    assert child.police is not None
    stated = searching(child, family_names=("Nobodysname",), given_names=("Nobody",)).stated
    alias = searching(child, family_names=(child.police.family_name,), given_names=(child.police.given_name,)).stated
    answer = await connector.match(ChildSearch(stated, (alias, alias)), Deadline.after(5))
    assert isinstance(answer, Matched)
    assert child.police.local_id in {who.local_id for who in answer.candidates}


@pytest.mark.parametrize(
    "known",
    [{"birth_date": None}, {"given_names": ()}, {"family_names": ()}],
    ids=["no birth date", "no given name", "no family name"],
)
async def test_too_little_to_search_with_is_no_answer(connector: RestConnector, known: dict[str, object]) -> None:
    star = WORLD.played_by("protection_plan")
    search = searching(star, nhs_number=NHSNumber.parse(star.nhs_number), **known)
    answer = await connector.match(search, Deadline.after(5))
    assert isinstance(answer, NoAnswer)
    assert answer.reason is NoAnswerReason.REFUSED


async def test_a_birth_date_of_which_only_the_year_is_known(connector: RestConnector) -> None:
    star = WORLD.played_by("protection_plan")
    search = searching(star, birth_date=PartialDate.parse(str(star.birth_date.year)))
    answer = await connector.match(search, Deadline.after(5))
    assert isinstance(answer, Matched)
    assert star.police is not None
    assert star.police.local_id in {who.local_id for who in answer.candidates}


async def test_nothing_to_fetch_is_nothing_fetched(connector: RestConnector) -> None:
    who = await matched(connector, WORLD.played_by("protection_plan"))
    assert await connector.fetch(who, (), Deadline.after(5)) == Fetched(())


async def test_a_wrong_credential_is_refused(url: str, catalogue: Catalogue) -> None:
    made = connector_at(url, catalogue, BearerToken("wrong"))
    answer = await made.match(searching(WORLD.played_by("protection_plan")), Deadline.after(5))
    await made.close()
    assert answer == NoAnswer(NoAnswerReason.REFUSED, "it refused the hub's credentials")


R = NoAnswerReason
FAULTS = {
    "down": (R.DOWN, R.DOWN),
    "slow": (R.SLOW, R.SLOW),
    "hang": (R.SLOW, R.SLOW),
    "malformed": (R.MALFORMED, R.MALFORMED),
    "too-large": (R.TOO_LARGE, R.TOO_LARGE),
    "wrong-child": (None, R.WRONG_PERSON),
}


@pytest.mark.parametrize(("fault", "reasons"), FAULTS.items(), ids=FAULTS.keys())
async def test_each_fault_switched_on_is_its_own_reason_and_off_is_well_again(
    url: str, connector: RestConnector, fault: str, reasons: tuple[NoAnswerReason | None, NoAnswerReason]
) -> None:
    child = WORLD.played_by("protection_plan")
    who = await matched(connector, child)
    found = await connector.find(who, connector.kinds, Deadline.after(5))
    assert isinstance(found, Found)
    async with aiohttp.ClientSession() as session:
        await session.post(f"{url}/_demo/fault", json={"fault": fault})
        began = time.monotonic()
        answers = [
            await connector.match(searching(child), Deadline.after(0.4)),
            await connector.find(who, connector.kinds, Deadline.after(0.4)),
            await connector.fetch(who, found.pointers, Deadline.after(0.4)),
        ]
        assert time.monotonic() - began < 2
        await session.post(f"{url}/_demo/fault", json={"fault": None})
    told = [answer.reason if isinstance(answer, NoAnswer) else None for answer in answers]
    assert told == [reasons[0], reasons[1], reasons[1]]
    assert isinstance(await connector.find(who, connector.kinds, Deadline.after(5)), Found)


async def test_no_content_is_in_any_repr(connector: RestConnector) -> None:
    child = WORLD.played_by("protection_plan")
    who = await matched(connector, child)
    found = await connector.find(who, connector.kinds, Deadline.after(5))
    assert isinstance(found, Found)
    fetched = await connector.fetch(who, found.pointers, Deadline.after(5))
    assert isinstance(fetched, Fetched)
    record: HeldRecord = fetched.records[0]
    shown = repr((who, found, fetched, record, connector))
    for secret in (child.given_name, child.family_name, who.local_id, found.pointers[0].record_id):
        assert secret not in shown
