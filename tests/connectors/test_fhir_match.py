"""Who may be the child: the ladder of questions, and when an empty answer is an answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from hub.app import load_policies, make_connector
from hub.connectors.base import CANDIDATES_MAX, Matched
from hub.connectors.fhir.ladder import NAME_LENGTH_MAX, NAMES_MAX
from hub.demo.nhs_app import create_app
from hub.demo.nhs_pds import outcome
from hub.demo.nhs_resources import load
from hub.domain.people import ChildSearch, Identity, PartialDate
from hub.domain.sources import NoAnswer, NoAnswerReason
from hub.errors import ConfigurationError
from hub.settings import CustodianSettings
from tests.connectors.fhir_bench import (
    ADA,
    BEA,
    CREDENTIAL,
    NEW,
    OLD,
    RAY,
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

NOBODY = number(50)
WITHDRAWN = number(51)

HELD = load(small_world())
HELD.invalidated = frozenset({WITHDRAWN})
SERVER = Bent(create_app(HELD, CREDENTIAL))


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


async def matched(url: str, search: ChildSearch, **options: Any) -> Any:
    nhs = connector(url, **options)
    try:
        answer = await nhs.match(search, soon())
    finally:
        await nhs.close()
    return {found.local_id for found in answer.candidates} if isinstance(answer, Matched) else answer


def search(
    given: str | None, family: str | None, born: str | None, nhs: str | None = None, sex: str | None = None
) -> ChildSearch:
    return ChildSearch(identity(given, family, born, nhs, sex))


@pytest.mark.parametrize("search_by", ["post", "get"])
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param(search(None, None, None, ADA), {ADA}, id="number"),
        pytest.param(search("Bea", "Quill", "2015-03-04", ADA), {ADA}, id="number-wins-when-the-birth-date-agrees"),
        pytest.param(search("Zed", "Quill", "2016-06-07", ADA), {ADA, ZED}, id="mistyped-number-both-are-shown"),
        pytest.param(search("Zed", "Quill", "2016-06-07", NOBODY), {ZED}, id="unknown-number-then-name"),
        pytest.param(search(None, None, None, NOBODY), set(), id="number-nobody-has"),
        pytest.param(search("Ada", "Quill", "2015-03-04"), {ADA}, id="name-not-the-twin"),
        pytest.param(search("ADA MARY", "quill", "2015-03-04"), {ADA}, id="name-case-and-middle-name"),
        pytest.param(search("Ada", "Marsh", "2015-03-04"), {ADA}, id="former-family-name"),
        pytest.param(search("Addy", "Quill", "2015-03-04"), {ADA, BEA}, id="other-given-name-widens"),
        pytest.param(search(None, "Quill", "2015-03-04"), {ADA, BEA}, id="no-given-name"),
        pytest.param(search("Ada", "Quil", "2015-03-04"), {ADA}, id="misspelt-by-sound"),
        pytest.param(search("Ada", "Quill", "2015-03"), {ADA}, id="month-of-birth"),
        pytest.param(search("Ada", "Quill", "2015"), {ADA}, id="year-of-birth"),
        pytest.param(search("Ada", "Quill", "2015-03-05"), set(), id="another-birth-date"),
        pytest.param(search("Ray", "Holt", "2012-05-06"), {RAY}, id="restricted-is-found"),
        pytest.param(search("Val", "Stone", "2011-07-08"), {VAL}, id="very-restricted-is-found"),
        pytest.param(search("Q*", "Qu*ll", "2015-03-04"), set(), id="asterisks-from-outside-do-not-widen"),
        pytest.param(search("Max", "Dean", "2014-02-03", OLD), {NEW}, id="superseded-number-confirmed-by-name"),
    ],
)  # fmt: skip
async def test_who_is_found(url: str, asked: ChildSearch, found: set[str], search_by: str) -> None:
    assert await matched(url, asked, search_by=search_by) == found


@pytest.mark.parametrize("search_by", ["post", "get"])
@pytest.mark.parametrize(
    ("asked", "reason", "says"),
    [
        pytest.param(by_number(OLD), NoAnswerReason.WRONG_PERSON, "somebody else", id="another-number-and-nothing-to-confirm-it"),
        pytest.param(search("Eve", "Hill", "2014-02-03", OLD), NoAnswerReason.WRONG_PERSON, "somebody else", id="another-number-and-another-name"),
        pytest.param(search("Max", "Dean", "2014-02-04", OLD), NoAnswerReason.WRONG_PERSON, "somebody else", id="another-number-and-another-birth-date"),
        pytest.param(by_number(WITHDRAWN), NoAnswerReason.REFUSED, "invalidated", id="withdrawn-number"),
        pytest.param(search("Eve", "Hill", "2014-02-03", WITHDRAWN), NoAnswerReason.REFUSED, "invalidated", id="withdrawn-number-and-nobody-by-name"),
        pytest.param(ChildSearch(Identity()), NoAnswerReason.REFUSED, "date of birth", id="nothing-to-ask-by"),
        pytest.param(search("Ada", "Quill", None), NoAnswerReason.REFUSED, "date of birth", id="no-birth-date"),
        pytest.param(search("Ada", None, "2015-03-04"), NoAnswerReason.REFUSED, "date of birth", id="no-family-name"),
    ],
)  # fmt: skip
async def test_what_is_never_not_held(
    url: str, asked: ChildSearch, reason: NoAnswerReason, says: str, search_by: str
) -> None:
    answer = await matched(url, asked, search_by=search_by)
    assert isinstance(answer, NoAnswer)
    assert answer.reason is reason
    assert says in answer.detail


async def test_a_withdrawn_number_and_a_name_find_the_name(url: str) -> None:
    assert await matched(url, search("Zed", "Quill", "2016-06-07", WITHDRAWN)) == {ZED}


async def test_a_superseded_number_named_by_the_record_itself(url: str) -> None:
    def bend(body: Any) -> Any:
        old = {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": OLD}
        body["entry"][0]["resource"]["link"] = [{"type": "replaces", "other": {"identifier": old}}]
        return body

    SERVER.bend = bend
    assert await matched(url, by_number(OLD)) == {NEW}


async def test_identity_of_a_candidate(url: str) -> None:
    nhs = connector(url)
    answers = {nhs_number: await nhs.match(by_number(nhs_number), soon()) for nhs_number in (ADA, RAY)}
    await nhs.close()
    ada, ray = (answer.candidates[0].identity for answer in answers.values() if isinstance(answer, Matched))
    assert ada.nhs_number is not None
    assert (ada.nhs_number.value, ada.nhs_number_verified) == (ADA, True)
    assert ada.given_names == ("Ada Mary",)
    assert ada.family_names == ("Quill", "Marsh")
    assert ada.birth_date == PartialDate.parse("2015-03-04")
    assert (ada.sex, ada.postcode, ada.restricted) == ("F", "ZZ1 1AA", False)
    assert (ray.postcode, ray.restricted) == (None, True)
    assert ADA not in repr(list(answers.values()))
    assert "Quill" not in repr(answers)


async def test_every_identity_is_asked_and_nobody_twice(url: str) -> None:
    asked = ChildSearch(
        identity("Adda", "Marshe", "2015-03-04"),
        (identity("Bea", "Quill", "2015-03-04"), identity("Ada", "Marsh", "2015-03-04")),
    )
    assert await matched(url, asked) == {ADA, BEA}


async def test_no_question_ever_states_a_postcode_or_a_practice(url: str) -> None:
    somebody = Identity(
        given_names=("Ray",), family_names=("Nobody",), birth_date=PartialDate.parse("2012-05-06"), postcode="ZZ1 1AA"
    )
    assert await matched(url, ChildSearch(somebody)) == set()
    named = {name for _, _, params in SERVER.asked for name, _ in params}
    assert named == {"given", "family", "birthdate", "_history", "_fuzzy-match"}
    assert len(SERVER.asked) == 4, "an empty answer stands only after every rung"


async def test_by_post_nothing_personal_is_in_a_url(url: str) -> None:
    await matched(url, search("Zed", "Quill", "2016-06-07", ADA))
    assert {(method, path) for method, path, _ in SERVER.asked} == {("POST", "/Patient/_search")}


class TestTooMany:
    """More people than the server will name: the child may be among them."""

    @staticmethod
    def crowd(_body: Any) -> Any:
        return outcome("TOO_MANY_MATCHES")

    async def test_is_not_not_held(self, url: str) -> None:
        SERVER.bend = self.crowd
        answer = await matched(url, search("Ada", "Quill", "2015-03-04"))
        assert isinstance(answer, NoAnswer)
        assert answer.reason is NoAnswerReason.TOO_LARGE
        assert "add a given name" in answer.detail

    async def test_the_sex_is_tried_before_giving_up(self, url: str) -> None:
        SERVER.bend = self.crowd
        await matched(url, search("Ada", "Quill", "2015-03-04", sex="F"))
        assert [dict(params).get("gender") for _, _, params in SERVER.asked] == [None, "female"]

    @pytest.mark.parametrize(("people", "held"), [(CANDIDATES_MAX, True), (CANDIDATES_MAX + 1, False)])
    async def test_candidates_at_the_limit(self, url: str, people: int, held: bool) -> None:
        def bend(body: Any) -> Any:
            (entry,) = body["entry"]
            numbers = [number(stem) for stem in range(100, 100 + people)]
            system = "https://fhir.nhs.uk/Id/nhs-number"
            entries = [
                {"resource": {**entry["resource"], "id": nhs, "identifier": [{"system": system, "value": nhs}]}}
                for nhs in numbers
            ]
            return {**body, "entry": entries, "total": people}

        SERVER.bend = bend
        answer = await matched(url, search("Ada", "Quill", "2015-03-04"))
        assert (len(answer) == people) if held else (answer.reason is NoAnswerReason.TOO_LARGE)

    @pytest.mark.parametrize(("names", "held"), [(NAMES_MAX, True), (NAMES_MAX + 1, False)])
    async def test_names_at_the_limit(self, url: str, names: int, held: bool) -> None:
        born = PartialDate.parse("2012-05-06")
        somebody = Identity(
            given_names=("Eve",), family_names=tuple(f"Hill{chr(97 + n)}" for n in range(names)), birth_date=born
        )
        answer = await matched(url, ChildSearch(somebody))
        assert (answer == set()) if held else (answer.reason is NoAnswerReason.REFUSED)


@pytest.mark.parametrize(("letters", "asked"), [(NAME_LENGTH_MAX, "Q" * 35), (NAME_LENGTH_MAX + 1, "Q" * 34 + "*")])
async def test_a_name_longer_than_pds_takes_ends_in_a_wildcard(url: str, letters: int, asked: str) -> None:
    assert await matched(url, search(None, "Q" * letters, "2015-03-04")) == set()
    assert dict(SERVER.asked[0][2])["family"] == asked


@pytest.mark.parametrize(
    ("options", "requests"),
    [
        pytest.param({}, {("POST", "/Patient/_search")}, id="post-unless-said-otherwise"),
        pytest.param({"search_by": "get"}, {("GET", f"/Patient/{ADA}")}, id="get-for-pds"),
    ],
)
async def test_the_settings_choose_how_it_is_asked(
    url: str, options: dict[str, Any], requests: set[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_NHS_TOKEN", CREDENTIAL)
    entry = {
        "id": "nhs", "name": "NHS", "sector": "health", "kind": "fhir", "url": url,
        "contact": {"role": "Nurse", "phone": "01632 960 100"}, "credential": {"env": "HUB_NHS_TOKEN"}, **options,
    }  # fmt: skip
    nhs = make_connector(msgspec.convert(entry, CustodianSettings), load_policies)
    answer = await nhs.match(by_number(ADA), soon())
    await nhs.close()
    assert isinstance(answer, Matched)
    assert {(method, path) for method, path, _ in SERVER.asked} == requests


@pytest.mark.parametrize(
    ("part", "lacks", "has"),
    [
        pytest.param({}, "cpis_information", "appointment", id="all-but-cpis"),
        pytest.param({"without": ["appointment"]}, "appointment", "attendance", id="less-what-it-does-not-hold"),
        pytest.param({"cpis_url": "http://127.0.0.1:1"}, "council_person", "cpis_information", id="cpis-where-it-is-set"),
    ],
)  # fmt: skip
async def test_the_settings_choose_what_is_held(part: dict[str, Any], lacks: str, has: str) -> None:
    nhs = make_connector(fhir_settings(part), load_policies)
    await nhs.close()
    assert has in nhs.kinds
    assert lacks not in nhs.kinds


def test_a_kind_nobody_knows_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no kind of record"):
        make_connector(fhir_settings({"without": ["horoscope"]}), load_policies)


def fhir_settings(part: dict[str, Any]) -> CustodianSettings:
    entry = {
        "id": "nhs", "name": "NHS", "sector": "health", "kind": "fhir", "url": "http://127.0.0.1:1", "fhir": part,
        "contact": {"role": "Nurse", "phone": "01632 960 100"},
    }  # fmt: skip
    return msgspec.convert(entry, CustodianSettings)
