"""NHS numbers that were superseded, and people whose label takes away what they would be matched by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hub.connectors.base import Matched
from hub.connectors.fhir.elements import Element
from hub.connectors.fhir.patients import NHS_NUMBER
from hub.demo.nhs_app import create_app
from hub.demo.nhs_pds import outcome
from hub.demo.nhs_resources import load
from hub.domain.people import ChildSearch
from hub.domain.sources import NoAnswer, NoAnswerReason
from hub.matching.resolution import Agreement, Basis, Compared, Doubt, Review, Same
from hub.matching.resolve import resolve
from tests.connectors.fhir_bench import (
    ADA,
    CREDENTIAL,
    NEW,
    OLD,
    VAL,
    ZED,
    Bent,
    by_number,
    connector,
    identity,
    number,
    served,
    small_world,
    soon,
)

LAST, SUCCESSOR = number(60), number(61)
SERVER = Bent(create_app(load(small_world()), CREDENTIAL))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(SERVER) as base:
        yield base


@pytest.fixture(autouse=True)
def straight() -> Iterator[None]:
    SERVER.asked.clear()
    SERVER.bend = None
    yield
    SERVER.bend = None


async def asked(url: str, search: ChildSearch) -> Any:
    nhs = connector(url)
    try:
        return await nhs.match(search, soon())
    finally:
        await nhs.close()


def person(nhs: str, *, replaced_by: str | None = None, **more: Any) -> Element:
    patient: Element = {
        "resourceType": "Patient",
        "id": nhs,
        "identifier": [{"system": NHS_NUMBER, "value": nhs}],
        "name": [{"use": "usual", "family": "Quill", "given": ["Zed"]}],
        "birthDate": "2016-06-07",
        **more,
    }
    if replaced_by is not None:
        to = {"system": NHS_NUMBER, "value": replaced_by}
        patient["link"] = [{"type": "replaced-by", "other": {"identifier": to}}]
    return patient


def answering(people: dict[str, Element]) -> Any:
    """Answers with whoever ``people`` has for the number asked for."""

    def bend(_body: Any) -> Any:
        params = dict(SERVER.asked[-1][2])
        found = people.get(params.get("identifier", "").rpartition("|")[2])
        entries = [{"resource": found}] if found else []
        return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}

    return bend


class TestSuperseded:
    """A number that was given up for another is followed once, and the evidence says so."""

    @pytest.mark.parametrize("search_by", ["post", "get"])
    async def test_who_took_it_over_is_linked_and_the_evidence_says_superseded(self, url: str, search_by: str) -> None:
        nhs = connector(url, search_by=search_by)
        search = ChildSearch(identity("Max", "Dean", "2014-02-03", OLD))
        answer = await nhs.match(search, soon())
        await nhs.close()
        assert isinstance(answer, Matched)
        same = resolve(search, answer.candidates)
        assert isinstance(same, Same)
        assert (same.candidate.local_id, same.basis) == (NEW, Basis.VERIFIED_NUMBER_AND_BIRTH_DATE)
        (number_line,) = [line for line in same.evidence if line.compared is Compared.NHS_NUMBER]
        assert number_line.outcome is Agreement.SUPERSEDED

    async def test_a_record_that_names_its_successor_is_followed(self, url: str) -> None:
        SERVER.bend = answering({LAST: person(LAST, replaced_by=SUCCESSOR), SUCCESSOR: person(SUCCESSOR)})
        answer = await asked(url, by_number(LAST))
        (who,) = answer.candidates
        assert who.local_id == SUCCESSOR
        assert [former.value for former in who.identity.former_numbers] == [LAST]
        assert len(SERVER.asked) == 2

    @pytest.mark.parametrize(
        ("people", "reason", "requests"),
        [
            pytest.param(
                {LAST: person(LAST, replaced_by=SUCCESSOR), SUCCESSOR: person(SUCCESSOR, replaced_by=ADA)},
                NoAnswerReason.MALFORMED, 2, id="leads-on-is-not-followed-twice",
            ),
            pytest.param(
                {LAST: person(LAST, replaced_by=SUCCESSOR)}, NoAnswerReason.MALFORMED, 2, id="nobody-has-the-new-number"
            ),
            pytest.param(
                {LAST: person(LAST, replaced_by=SUCCESSOR), SUCCESSOR: person(ZED)},
                NoAnswerReason.WRONG_PERSON, 2, id="the-new-number-is-answered-by-another",
            ),
            pytest.param(
                {LAST: person(ZED, replaced_by=SUCCESSOR), SUCCESSOR: person(SUCCESSOR)},
                NoAnswerReason.WRONG_PERSON, 1, id="the-replaced-record-is-another-childs",
            ),
            pytest.param(
                {LAST: person(LAST, link=[{"type": "replaced-by", "other": {"reference": "Patient/9"}}])},
                NoAnswerReason.MALFORMED, 1, id="replaced-and-not-said-by-which-number",
            ),
            pytest.param(
                {LAST: person(LAST, replaced_by="9990000000")}, NoAnswerReason.MALFORMED, 1, id="replaced-by-no-nhs-number"
            ),
        ],
    )  # fmt: skip
    async def test_what_is_not_followed_is_never_not_held(
        self, url: str, people: dict[str, Element], reason: NoAnswerReason, requests: int
    ) -> None:
        SERVER.bend = answering(people)
        answer = await asked(url, by_number(LAST))
        assert isinstance(answer, NoAnswer)
        assert answer.reason is reason
        assert len(SERVER.asked) == requests

    async def test_nothing_to_confirm_it_says_what_to_add(self, url: str) -> None:
        answer = await asked(url, by_number(OLD))
        assert isinstance(answer, NoAnswer)
        assert "family name and the date of birth" in answer.detail


class TestLabelV:
    """Name and birth date are taken away: only the NHS number can tell, and "not held" would be false."""

    @pytest.mark.parametrize(
        ("search", "same"),
        [
            pytest.param(ChildSearch(identity(None, None, None, VAL)), True, id="by-number"),
            pytest.param(ChildSearch(identity("Val", "Stone", "2011-07-08", VAL)), True, id="by-number-and-name"),
            pytest.param(ChildSearch(identity("Val", "Stone", "2011-07-08")), False, id="by-name-a-person-looks"),
        ],
    )
    async def test_linked_by_verified_number_and_by_nothing_else(
        self, url: str, search: ChildSearch, same: bool
    ) -> None:
        answer = await asked(url, search)
        found = resolve(search, answer.candidates)
        if same:
            assert isinstance(found, Same)
            assert found.basis is Basis.VERIFIED_NUMBER
            assert found.candidate.identity.restricted is True
        else:
            assert isinstance(found, Review)
            assert [who.doubt for who in found.candidates] == [Doubt.WITHHELD]


class TestBySound:
    """The fuzzy pass is made by itself, last, and only when the others found nobody."""

    @staticmethod
    def passes() -> list[str]:
        """Each request as the parameters that make it what it is."""
        return [
            "sound" if "_fuzzy-match" in names else "history" if "_history" in names else "plain"
            for names in ({name for name, _ in params} for _, _, params in SERVER.asked)
        ]

    async def test_after_every_other_question(self, url: str) -> None:
        answer = await asked(url, ChildSearch(identity("Ada", "Quil", "2015-03-04")))
        assert [who.local_id for who in answer.candidates] == [ADA]
        assert self.passes() == ["history", "history", "plain", "sound"]

    async def test_never_when_one_of_the_names_is_found_as_written(self, url: str) -> None:
        search = ChildSearch(identity("Adda", "Nobody", "2015-03-04"), (identity("Ada", "Quill", "2015-03-04"),))
        answer = await asked(url, search)
        assert [who.local_id for who in answer.candidates] == [ADA]
        assert "sound" not in self.passes()

    async def test_never_with_a_wildcard_or_former_names(self, url: str) -> None:
        await asked(url, ChildSearch(identity("Ada", "Q" * 40, "2015-03-04")))
        (by_sound,) = [dict(params) for _, _, params in SERVER.asked if dict(params).get("_fuzzy-match")]
        assert set(by_sound) == {"given", "family", "birthdate", "_fuzzy-match"}
        assert "*" not in "".join(by_sound.values())

    async def test_too_many_by_sound_is_not_nobody(self, url: str) -> None:
        def bend(body: Any) -> Any:
            return outcome("TOO_MANY_MATCHES") if self.passes()[-1] == "sound" else body

        SERVER.bend = bend
        answer = await asked(url, ChildSearch(identity("Ada", "Nobody", "2015-03-04")))
        assert isinstance(answer, NoAnswer)
        assert answer.reason is NoAnswerReason.TOO_LARGE
