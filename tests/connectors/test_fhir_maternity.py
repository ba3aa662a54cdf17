"""Maternity care of an unborn child's mother, through the whole connector and over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from hub.connectors.base import Fetched, Found, Matched
from hub.connectors.fhir.elements import Element
from hub.connectors.fhir.patients import NHS_NUMBER
from hub.demo.nhs_app import create_app
from hub.demo.nhs_resources import Holdings, load
from hub.domain.identifiers import NHSNumber
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate, Unborn
from hub.domain.sealed import unseal
from hub.domain.sources import NoAnswer, NoAnswerReason
from hub.errors import ConfigurationError
from hub.matching.resolution import Same
from hub.matching.unborn import resolve_unborn
from tests.connectors.fhir_bench import (
    ADA,
    CATALOGUE,
    CREDENTIAL,
    OLD,
    RAY,
    VAL,
    Bent,
    connector,
    served,
    small_world,
    soon,
)  # fmt: skip

HELD: Holdings = load(small_world())
SERVER = Bent(create_app(HELD, CREDENTIAL))
KIND = frozenset({"maternity_episode"})
SNOMED = "http://snomed.info/sct"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
HERS = {"reference": f"Patient/{ADA}", "type": "Patient", "identifier": {"system": NHS_NUMBER, "value": ADA}}
ANOTHERS = {"reference": f"Patient/{RAY}", "type": "Patient", "identifier": {"system": NHS_NUMBER, "value": RAY}}
ANTENATAL = {"coding": [{"system": SNOMED, "code": "424525001", "display": "Antenatal care"}]}
OWN_WORD = {"coding": [{"system": "urn:safeguarding-hub:episode-type", "code": "maternity"}], "text": "Maternity"}
SENSITIVE = {"security": [{"system": CONFIDENTIALITY, "code": "R"}]}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(SERVER) as base:
        yield base


@pytest.fixture(autouse=True)
def nothing_held() -> Iterator[None]:
    SERVER.asked.clear()
    yield
    SERVER.bend = None
    for kind in ("EpisodeOfCare", "Observation"):
        HELD.records[kind].clear()


def episode(**more: Any) -> Element:
    usual: Element = {"resourceType": "EpisodeOfCare", "id": "e1", "status": "active", "type": [ANTENATAL]}
    period = {"start": "2026-07-01"}
    return {**usual, "patient": HERS, "period": period, "managingOrganization": {"display": "Weir Maternity"}, **more}


def due(on: str, stated: str, name: str = "o1", code: str = "161714006", **more: Any) -> Element:
    return {
        "resourceType": "Observation", "id": name, "status": "final", "subject": HERS,
        "code": {"coding": [{"system": SNOMED, "code": code}]}, "valueDateTime": on, "effectiveDateTime": stated, **more,
    }  # fmt: skip


def mother(nhs: str = ADA, born: str | None = "1998-05-02", *, restricted: bool = False) -> Candidate:
    birth_date = PartialDate.parse(born) if born else None
    return Candidate(
        "nhs", nhs, Identity(NHSNumber.parse(nhs), True, birth_date=birth_date, restricted=restricted), True
    )


def hold(*resources: Element) -> None:
    for resource in resources:
        HELD.records[resource["resourceType"]].setdefault(ADA, []).append(resource)


async def told(url: str, *resources: Element, who: Candidate | None = None) -> Any:
    """What the connector makes of these resources: the pointer and the values of each record, or its failure."""
    hold(*resources)
    nhs = connector(url)
    try:
        found = await nhs.find(who or mother(), KIND, soon())
        if isinstance(found, NoAnswer):
            return found
        fetched = await nhs.fetch(who or mother(), found.pointers, soon()) if found.pointers else Fetched(())
        return (
            fetched
            if isinstance(fetched, NoAnswer)
            else [(each.pointer, dict(unseal(each))) for each in fetched.records]
        )
    finally:
        await nhs.close()


async def test_an_episode_with_its_expected_date(url: str) -> None:
    [(pointer, values)] = await told(url, episode(), due("2027-01-18", "2026-08-01"))
    assert (pointer.kind, pointer.labels, pointer.undetermined) == ("maternity_episode", frozenset(), frozenset())
    assert values == {
        "booked_on": date(2026, 7, 1), "status": "active", "service": "Antenatal care",
        "expected_date_of_birth": date(2027, 1, 18), "care_provider": "Weir Maternity",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("observations", "expected"),
    [
        pytest.param([], None, id="nobody stated one"),
        pytest.param([due("2027-01-18", "2026-07-01"), due("2027-01-25", "2026-08-20", "o2", "738070007")],
                     date(2027, 1, 25), id="the scan came later"),
        pytest.param([due("2027-01-25", "2026-08-20"), due("2027-01-18", "2026-07-01", "o2", "289206005")],
                     date(2027, 1, 25), id="in whatever order they come"),
        pytest.param([due("2024-03-01", "2026-08-20")], None, id="of an earlier pregnancy"),
        pytest.param([due("2027-01-18", "2026-08-20", status="entered-in-error")], None, id="in error"),
        pytest.param([due("2027-01-18", "2026-08-20", status="cancelled")], None, id="cancelled"),
        pytest.param([due("2027-01", "2026-08-20")], date(2027, 1, 1), id="a month alone"),
    ],
)  # fmt: skip
async def test_which_expected_date_is_shown(url: str, observations: list[Element], expected: date | None) -> None:
    [(_, values)] = await told(url, episode(), *observations)
    assert values.get("expected_date_of_birth") == expected


@pytest.mark.parametrize(
    "resource",
    [
        pytest.param(episode(status="finished"), id="over: a birth, or a loss"),
        pytest.param(episode(status="cancelled"), id="cancelled"),
        pytest.param(episode(status="entered-in-error"), id="in error"),
        pytest.param(episode(type=[{"coding": [{"system": SNOMED, "code": "73211009"}]}]), id="care of another sort"),
        pytest.param(episode(type=[]), id="no type"),
        pytest.param(episode(type=[{"text": "Maternity"}]), id="a type in words alone"),
    ],
)
async def test_what_is_not_maternity_care_that_is_going_on_is_not_read(url: str, resource: Element) -> None:
    assert await told(url, resource, due("2027-01-18", "2026-08-01")) == []


@pytest.mark.parametrize("status", ["on-hold", "ACTIVE", None])
async def test_a_status_that_fhir_does_not_know_is_not_taken_for_the_end(url: str, status: str | None) -> None:
    answer = await told(url, episode(), episode(id="e2", status=status))
    assert isinstance(answer, NoAnswer)
    assert answer.reason is NoAnswerReason.MALFORMED


async def test_the_hubs_own_word_for_the_type(url: str) -> None:
    [(_, values)] = await told(url, episode(type=[OWN_WORD], status="planned"))
    assert (values["service"], values["status"]) == ("Maternity", "planned")


@pytest.mark.parametrize(
    "resources",
    [
        pytest.param([episode(meta=SENSITIVE)], id="on the episode"),
        pytest.param([episode(), due("2027-01-18", "2026-08-01", meta=SENSITIVE)], id="on the expected date"),
    ],
)
async def test_a_label_counts_for_the_record(url: str, resources: list[Element]) -> None:
    [(pointer, _)] = await told(url, *resources)
    assert pointer.labels == {"confidentiality_R"}


@pytest.mark.parametrize(
    ("born", "unsaid"),
    [
        pytest.param("2008-11-20", set(), id="eighteen today"),
        pytest.param("2008-11-21", {"yp_objection"}, id="eighteen tomorrow"),
        pytest.param("2008", {"yp_objection"}, id="a year that may be either"),
        pytest.param(None, {"yp_objection"}, id="no birth date, as with label V"),
    ],
)
async def test_of_a_mother_who_may_be_a_child_nobody_said_whether_she_objects(
    url: str, born: str | None, unsaid: set[str]
) -> None:
    [(pointer, _)] = await told(url, episode(), who=mother(born=born))
    assert pointer.undetermined == unsaid


async def test_an_objection_that_is_stated_is_not_unknown(url: str) -> None:
    word = {"tag": [{"system": "urn:safeguarding-hub:record-label", "code": "yp_objection"}]}
    [(pointer, _)] = await told(url, episode(meta=word), who=mother(born="2010-01-01"))
    assert (pointer.labels, pointer.undetermined) == ({"yp_objection"}, frozenset())


async def test_a_restricted_mothers_record_is_restricted(url: str) -> None:
    [(pointer, _)] = await told(url, episode(), who=mother(restricted=True))
    assert pointer.labels == {"restricted"}


@pytest.mark.parametrize(
    ("resources", "reason"),
    [
        pytest.param([episode(patient=ANOTHERS)], NoAnswerReason.WRONG_PERSON, id="another's episode"),
        pytest.param([episode(), due("2027-01-18", "2026-08-01", subject=ANOTHERS)], NoAnswerReason.WRONG_PERSON,
                     id="another's expected date"),
        pytest.param([episode(patient={})], NoAnswerReason.WRONG_PERSON, id="nobody's"),
        pytest.param([episode(period="since July")], NoAnswerReason.MALFORMED, id="a period that is none"),
        pytest.param([episode(), due("soon", "2026-08-01")], NoAnswerReason.MALFORMED, id="a date that is none"),
        pytest.param([episode(), episode()], NoAnswerReason.MALFORMED, id="the same record twice"),
    ],
)  # fmt: skip
async def test_what_is_not_believed(url: str, resources: list[Element], reason: NoAnswerReason) -> None:
    answer = await told(url, *resources)
    assert isinstance(answer, NoAnswer)
    assert answer.reason is reason


@pytest.mark.parametrize(
    "later",
    [
        pytest.param([episode(meta=SENSITIVE)], id="the episode gained a label"),
        pytest.param([episode(), due("2027-01-18", "2026-08-01", meta=SENSITIVE)], id="a labelled date came"),
        pytest.param([episode(status="finished")], id="it ended"),
        pytest.param([], id="it is gone"),
    ],
)
async def test_what_changed_between_find_and_fetch_is_not_shown(url: str, later: list[Element]) -> None:
    hold(episode())
    nhs = connector(url)
    found = await nhs.find(mother(), KIND, soon())
    assert isinstance(found, Found)
    for kind in ("EpisodeOfCare", "Observation"):
        HELD.records[kind].clear()
    hold(*later)
    answer = await nhs.fetch(mother(), found.pointers, soon())
    await nhs.close()
    assert isinstance(answer, NoAnswer), answer
    assert answer.reason is NoAnswerReason.MALFORMED


async def test_a_server_that_ignores_the_code_is_not_believed(url: str) -> None:
    pulse = due("2027-01-18", "2026-08-01", code="8867-4")
    pulse["code"]["coding"].append({"system": "urn:other", "code": "161714006"})  # so that the pretend NHS gives it
    answer = await told(url, episode(), pulse)
    assert isinstance(answer, NoAnswer)
    assert answer.reason is NoAnswerReason.MALFORMED


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param(ADA, ADA, id="her number"),
        pytest.param(VAL, VAL, id="a mother whose name is withheld"),
        pytest.param("9990005524", None, id="nobody's"),
    ],
)
async def test_the_mother_is_found_by_her_number_alone(url: str, asked: str, found: str | None) -> None:
    search = ChildSearch(Identity(unborn=Unborn(NHSNumber.parse(asked), PartialDate.parse("2027-01"))))
    nhs = connector(url)
    matched = await nhs.match(search, soon())
    await nhs.close()
    assert isinstance(matched, Matched), matched
    assert [(each.local_id, each.is_mother) for each in matched.candidates] == ([(found, True)] if found else [])
    assert isinstance(resolve_unborn(search, matched.candidates), Same) is (found is not None)
    assert [path for _, path, _ in SERVER.asked] == ["/Patient/_search"]


async def test_a_number_she_no_longer_has(url: str) -> None:
    """PDS answers with whoever has the new one, as a server does that answers about somebody else."""
    nhs = connector(url)
    answer = await nhs.match(ChildSearch(Identity(unborn=Unborn(NHSNumber.parse(OLD)))), soon())
    await nhs.close()
    assert isinstance(answer, NoAnswer)
    assert answer.reason is NoAnswerReason.WRONG_PERSON
    assert "the number she has now" in answer.detail


async def test_a_system_without_maternity_care_can_still_say_who_the_mother_is(url: str) -> None:
    nhs = connector(url, kinds=CATALOGUE.of_sector(connector(url).custodian.sector) - KIND)
    assert nhs.unborn_kinds == frozenset()
    assert "maternity_episode" not in nhs.kinds
    await nhs.close()


async def test_find_asks_for_no_content(url: str) -> None:
    await told(url, episode(), due("2027-01-18", "2026-08-01"))
    asked = [path for _, path, _ in SERVER.asked]
    assert sorted(asked) == ["/EpisodeOfCare/_search"] * 2 + ["/Observation/_search"] * 2
    found, *_ = [dict(params) for _, path, params in SERVER.asked if path.startswith("/EpisodeOfCare")]
    assert found["_elements"] == "id,meta,patient,status,type"


def test_a_catalogue_with_another_field_is_refused() -> None:
    from hub.connectors.fhir import maternity

    class Other:
        def __getitem__(self, kind: str) -> Any:
            return type("Kind", (), {"fields": ()})

    with pytest.raises(ConfigurationError, match="maternity_episode"):
        maternity.check(Other(), KIND)  # type: ignore[arg-type]  a catalogue that lacks the fields
