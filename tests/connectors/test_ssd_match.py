"""Who the council offers as the child: by number, by name, by birth date, and when there are too many."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from hub.connectors.base import CANDIDATES_MAX, Matched
from hub.connectors.ssd import SsdConnector
from hub.domain.people import ChildSearch, Identity, PartialDate
from hub.domain.sources import NoAnswer, NoAnswerReason
from tests.connectors.ssd_samples import COUNCIL, STAR, by_name, by_number, change, soon, sqlite_council


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_council(tmp_path)


@pytest_asyncio.fixture
async def council(url: str) -> AsyncIterator[SsdConnector]:
    connector = SsdConnector(COUNCIL, url)
    yield connector
    await connector.close()


async def names(council: SsdConnector, search: ChildSearch) -> set[str]:
    matched = await council.match(search, soon())
    assert isinstance(matched, Matched), matched
    return {" ".join((*who.identity.given_names, *who.identity.family_names)) for who in matched.candidates}


@pytest.mark.parametrize(
    ("search", "offered"),
    [
        pytest.param(by_number(STAR), {"Maya Thornbury"}, id="number"),
        pytest.param(by_number("9990004099"), set(), id="a number the council does not hold"),
        pytest.param(by_name("Maya", "Thornbury", "2017-03-09"), {"Maya Thornbury"}, id="name and birth date"),
        pytest.param(by_name("MAYA", "thornbury", "2017-03-09"), {"Maya Thornbury"}, id="other letter case"),
        pytest.param(by_name("Mia", "Thornberry", "2017-03-09"), {"Maya Thornbury"}, id="misspelt, same birth date"),
        pytest.param(by_name("Maya", "Thornbury", "2017-09-03"), {"Maya Thornbury"}, id="birth date turned round"),
        pytest.param(by_name("Maya", "Thornbury", "2017"), {"Maya Thornbury"}, id="year of birth alone"),
        pytest.param(by_name("Nobody", "Atall", "1930-01-01"), set(), id="nobody"),
    ],
)
async def test_who_is_offered(council: SsdConnector, search: ChildSearch, offered: set[str]) -> None:
    got = await names(council, search)
    assert offered <= got
    if not offered:
        assert not got


async def test_both_twins_are_offered(council: SsdConnector) -> None:
    born = "2015-07-23"
    assert {"Amara Eze", "Chidera Eze"} <= await names(council, by_name("Amara", "Eze", born))


async def test_every_identity_is_asked_with(council: SsdConnector) -> None:
    alias = by_name("Lena", "Wojcik", "2018-09-04").stated
    nobody = by_number("9990004064").stated
    assert await names(council, ChildSearch(nobody)) == set()
    assert "Lena Wojcik" in await names(council, ChildSearch(nobody, (alias,)))


@pytest.mark.parametrize("written", ["999 000 4021", "999-000-4021"])
async def test_numbers_written_in_groups(url: str, council: SsdConnector, written: str) -> None:
    change(url, f"UPDATE ssd_person SET pers_single_unique_id = '{written}' WHERE pers_forename = 'Maya'")
    assert await names(council, by_number(STAR)) == {"Maya Thornbury"}


async def test_what_a_candidate_says(council: SsdConnector) -> None:
    matched = await council.match(by_number(STAR), soon())
    assert isinstance(matched, Matched)
    (who,) = matched.candidates
    assert who.custodian == COUNCIL.id
    assert who.identity == Identity(
        nhs_number=by_number(STAR).stated.nhs_number,
        given_names=("Maya",),
        family_names=("Thornbury",),
        birth_date=PartialDate.parse("2017-03-09"),
        sex="2",
        postcode="ZZ1 1AA",
    )
    assert "Maya" not in repr(who)
    assert "ZZ1" not in repr(who)


async def test_numbers_are_verified_where_the_council_says_so(url: str) -> None:
    tracing = SsdConnector(COUNCIL, url, numbers_are_verified=True)
    matched = await tracing.match(by_number(STAR), soon())
    assert isinstance(matched, Matched)
    assert matched.candidates[0].identity.nhs_number_verified
    await tracing.close()


async def test_a_bad_number_or_date_in_the_extract_is_a_missing_one(url: str, council: SsdConnector) -> None:
    change(
        url,
        "UPDATE ssd_person SET pers_single_unique_id = '9990004022' WHERE pers_forename = 'Maya'",
        "UPDATE ssd_person SET pers_dob = 'unknown' WHERE pers_forename = 'Maya'",
    )
    matched = await council.match(by_name("Maya", "Thornbury", "2017-03-09"), soon())
    assert isinstance(matched, Matched)
    (who,) = matched.candidates
    assert who.identity.nhs_number is None
    assert who.identity.birth_date is None


@pytest.mark.parametrize(("born_then", "answered"), [(CANDIDATES_MAX, True), (CANDIDATES_MAX + 1, False)])
async def test_at_most_so_many_candidates(url: str, council: SsdConnector, born_then: int, answered: bool) -> None:
    change(
        url,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
        f"{born_then}) INSERT INTO ssd_person (pers_person_id, pers_forename, pers_surname, pers_dob) "
        "SELECT 'X' || i, 'Noor', 'Sami', '2001-01-01 00:00:00.000000' FROM n",
    )
    matched = await council.match(by_name("Noor", "Sami", "2001-01-01"), soon())
    if answered:
        assert isinstance(matched, Matched)
        assert len(matched.candidates) == born_then
    else:
        assert isinstance(matched, NoAnswer)
        assert matched.reason is NoAnswerReason.TOO_LARGE


async def test_a_common_birth_date_is_narrowed_by_name(url: str, council: SsdConnector) -> None:
    change(
        url,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60) "
        "INSERT INTO ssd_person (pers_person_id, pers_forename, pers_surname, pers_dob) "
        "SELECT 'X' || i, 'Given' || i, 'Family' || i, '2017-03-09 00:00:00.000000' FROM n",
    )
    assert await names(council, by_name("Maya", "Thornbury", "2017-03-09")) == {"Maya Thornbury"}


async def test_a_question_it_cannot_ask(council: SsdConnector) -> None:
    answer = await council.match(ChildSearch(Identity(given_names=("Maya",))), soon())
    assert isinstance(answer, NoAnswer)
    assert answer.reason is NoAnswerReason.REFUSED


async def test_nothing_in_a_name_is_sql(council: SsdConnector) -> None:
    assert await names(council, by_name("'); DROP TABLE ssd_person; --", "%", "1930-01-01")) == set()
    assert await names(council, by_number(STAR)) == {"Maya Thornbury"}
