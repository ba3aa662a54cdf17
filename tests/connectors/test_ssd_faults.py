"""Everything a council's database does wrong comes back as a value that names it, and never as another child's record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from hub.connectors.base import RECORDS_MAX, Deadline, Fetched, Found, Matched
from hub.connectors.ssd import SsdConnector
from hub.connectors.ssd import statements as limits
from hub.domain.records import RecordPointer
from hub.domain.sources import NoAnswer, NoAnswerReason
from hub.errors import ConfigurationError
from tests.connectors.ssd_samples import (
    COUNCIL,
    STAR,
    by_number,
    change,
    everything,
    found,
    soon,
    sqlite_council,
    the_one,
    values_of,
)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_council(tmp_path)


@pytest_asyncio.fixture
async def council(url: str) -> AsyncIterator[SsdConnector]:
    connector = SsdConnector(COUNCIL, url)
    yield connector
    await connector.close()


def reason(answer: object) -> NoAnswerReason:
    assert isinstance(answer, NoAnswer), answer
    return answer.reason


@pytest.mark.parametrize(
    ("damage", "detail"),
    [
        pytest.param("DROP TABLE ssd_cp_plans", "its extract has no table ssd_cp_plans", id="a table is missing"),
        pytest.param(
            "ALTER TABLE ssd_contacts DROP COLUMN cont_contact_outcome_json",
            "its table ssd_contacts has no column cont_contact_outcome_json",
            id="a column is missing",
        ),
        pytest.param(
            "DROP TABLE hub_record_labels",
            "its extract has no table hub_record_labels",
            id="nobody says what is sensitive",
        ),
        pytest.param(
            "DELETE FROM ssd_version_log",
            "its table ssd_version_log does not say when the copy was taken",
            id="no time of the copy",
        ),
        pytest.param(
            "UPDATE ssd_version_log SET created_at = 'last night'",
            "its table ssd_version_log does not say when the copy was taken",
            id="an unreadable time of the copy",
        ),
    ],
)
@pytest.mark.parametrize("when", ["before the first question", "between two questions"])
async def test_a_damaged_extract(url: str, council: SsdConnector, damage: str, detail: str, when: str) -> None:
    who = await the_one(council, by_number(STAR))
    if when == "between two questions":
        records = await everything(council, who)
        asking = council
    else:
        records = ()
        asking = SsdConnector(COUNCIL, url)
    change(url, damage)
    answers: list[object] = [await asking.find(who, asking.kinds, soon())]
    if records:
        answers.append(await asking.fetch(who, [record.pointer for record in records], soon()))
    if "labels" in damage:
        del answers[1:]  # Fetch reads no labels
    for answer in answers:
        assert reason(answer) is NoAnswerReason.MALFORMED
        assert isinstance(answer, NoAnswer)
        assert answer.detail == detail
    await asking.close()


async def test_kinds_the_council_does_not_fill_may_be_missing(url: str) -> None:
    change(url, "DROP TABLE ssd_ehcp_requests")
    without = SsdConnector(
        COUNCIL, url, without=frozenset({"education_health_care_plan", "education_health_care_request"})
    )
    assert "education_health_care_plan" not in without.kinds
    assert (await found(without, await the_one(without, by_number(STAR)))).pointers
    await without.close()


async def test_no_number_column_at_all(url: str, council: SsdConnector) -> None:
    change(url, "DROP INDEX IF EXISTS x", "ALTER TABLE ssd_person DROP COLUMN pers_single_unique_id")
    answer = await council.match(by_number(STAR), soon())
    assert reason(answer) is NoAnswerReason.MALFORMED


async def test_the_extract_is_rebuilt_between_questions(url: str, council: SsdConnector) -> None:
    who = await the_one(council, by_number(STAR))
    await found(council, who)
    change(url, "ALTER TABLE ssd_person RENAME COLUMN pers_single_unique_id TO pers_common_child_id")
    assert await the_one(council, by_number(STAR)) == who
    assert (await found(council, who)).pointers


LOOSE = (
    "ALTER TABLE ssd_contacts RENAME TO c",
    (
        "CREATE TABLE ssd_contacts (cont_contact_id TEXT, cont_person_id TEXT COLLATE NOCASE, cont_contact_date TEXT, "
        "cont_contact_source_code TEXT, cont_contact_source_desc TEXT, cont_contact_outcome_json TEXT)"
    ),
    (
        "INSERT INTO ssd_contacts SELECT cont_contact_id, lower(cont_person_id), cont_contact_date, "
        "cont_contact_source_code, cont_contact_source_desc, cont_contact_outcome_json FROM c"
    ),
)
"""A database that takes c1 for C1, as SQL Server's usual collation does."""


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(
            ("UPDATE ssd_person SET pers_dob = '2001-01-01' WHERE pers_forename = 'Maya'",), id="the id was used again"
        ),
        pytest.param(LOOSE, id="rows under another id"),
    ],
)
async def test_somebody_elses_rows(url: str, council: SsdConnector, damage: tuple[str, ...]) -> None:
    who = await the_one(council, by_number(STAR))
    pointers = [record.pointer for record in await everything(council, who)]
    change(url, *damage)
    assert reason(await council.find(who, council.kinds, soon())) is NoAnswerReason.WRONG_PERSON
    assert reason(await council.fetch(who, pointers, soon())) is NoAnswerReason.WRONG_PERSON


async def test_the_person_is_gone(url: str, council: SsdConnector) -> None:
    who = await the_one(council, by_number(STAR))
    change(url, "DELETE FROM ssd_person WHERE pers_forename = 'Maya'")
    assert reason(await council.find(who, council.kinds, soon())) is NoAnswerReason.MALFORMED


async def test_a_record_is_gone_or_was_never_theirs(url: str, council: SsdConnector) -> None:
    who = await the_one(council, by_number(STAR))
    other = await the_one(council, by_number("9990004013"))
    theirs = [p for p in (await found(council, other)).pointers if p.kind == "contact"]
    assert reason(await council.fetch(who, theirs, soon())) is NoAnswerReason.MALFORMED
    never = RecordPointer(COUNCIL.id, "contact", "ssd_contacts/none")
    assert reason(await council.fetch(who, [never], soon())) is NoAnswerReason.MALFORMED
    odd = RecordPointer(COUNCIL.id, "contact", "ssd_person/none")
    assert reason(await council.fetch(who, [odd], soon())) is NoAnswerReason.MALFORMED


async def test_fetch_reads_only_what_it_is_asked_for_in_its_order(council: SsdConnector) -> None:
    who = await the_one(council, by_number(STAR))
    pointers = (await found(council, who)).pointers
    chosen = [pointers[9], pointers[2], pointers[5]]
    answer = await council.fetch(who, chosen, soon())
    assert isinstance(answer, Fetched)
    assert [record.pointer for record in answer.records] == chosen
    assert await council.fetch(who, [], soon()) == Fetched(())


async def test_find_keeps_to_the_kinds_asked_for(council: SsdConnector) -> None:
    who = await the_one(council, by_number(STAR))
    answer = await council.find(who, frozenset({"contact", "protection_plan", "attendance"}), soon())
    assert isinstance(answer, Found)
    assert {pointer.kind for pointer in answer.pointers} == {"contact", "protection_plan"}
    nothing = await council.find(who, frozenset(), soon())
    assert isinstance(nothing, Found)
    assert nothing.pointers == ()


async def test_a_value_that_cannot_be_read_is_left_as_text(url: str, council: SsdConnector) -> None:
    """Its wrong type makes it a gap when released; dropping it would say that the council holds nothing there."""
    change(
        url,
        "UPDATE ssd_cp_plans SET cppl_cp_plan_start_date = 'Michaelmas'",
        "UPDATE ssd_cin_episodes SET cine_referral_nfa = '?'",
    )
    (plan,) = await values_of(council, STAR, "protection_plan")
    assert plan["started_on"] == "Michaelmas"
    (referral,) = await values_of(council, STAR, "referral")
    assert referral["no_further_action"] == "?"


TELLING = (
    ("ssd_cla_episodes", "clae", "cla_episode_id", "cla_episode_ceased_reason", "E11"),
    ("ssd_cla_episodes", "clae", "cla_episode_id", "cla_episode_ceased_reason", "Adopted - consent dispensed with"),
    ("ssd_cla_placement", "clap", "cla_placement_id", "cla_placement_type", "A5"),
    ("ssd_legal_status", "lega", "legal_status_id", "legal_status", "E1"),
    ("ssd_legal_status", "lega", "legal_status_id", "legal_status", "Freeing order"),
    ("ssd_cin_episodes", "cine", "referral_id", "close_reason", "RC1"),
    ("ssd_contacts", "cont", "contact_id", "contact_outcome_json", '{"NON_AGENCY_ADOPTION_FLAG": "Y"}'),
)


@pytest.mark.parametrize(("table", "prefix", "key", "column", "value"), TELLING)
async def test_a_row_that_tells_of_adoption_is_marked_so(
    url: str, council: SsdConnector, table: str, prefix: str, key: str, column: str, value: str
) -> None:
    who = await the_one(council, by_number(STAR))
    rows = f"INSERT INTO {table} ({prefix}_{key}, {prefix}_person_id, {prefix}_{column}) VALUES "
    escaped = value.replace(":", "\\:")
    change(url, f"{rows} ('telling', '{who.local_id}', '{escaped}')", f"{rows} ('plain', '{who.local_id}', 'Z9')")
    labels = {p.record_id: p.labels for p in (await found(council, who)).pointers}
    assert labels[f"{table}/telling"] == {"adoption_s56"}
    assert labels[f"{table}/plain"] == frozenset()


async def test_a_special_guardianship_is_no_adoption_record(url: str, council: SsdConnector) -> None:
    who = await the_one(council, by_number("9990004013"))
    change(
        url,
        "INSERT INTO ssd_permanence (perm_table_id, perm_person_id, perm_permanence_order_type) "
        f"VALUES ('sgo', '{who.local_id}', 'Special Guardianship'), ('early', '{who.local_id}', NULL)",
    )
    ids = {p.record_id for p in (await found(council, who)).pointers if p.kind == "adoption_record"}
    assert ids == {"ssd_permanence/early"}


async def test_labels_are_passed_on_as_they_are(url: str, council: SsdConnector) -> None:
    who = await the_one(council, by_number(STAR))
    change(
        url,
        "INSERT INTO hub_record_labels SELECT 'ssd_cp_plans', cppl_cp_plan_id, ' Local_Code_9 ' FROM ssd_cp_plans",
        "DELETE FROM hub_record_labels WHERE rela_label = 'sensitivity_assessed'",
    )
    pointers = (await found(council, who)).pointers
    assert {p.labels for p in pointers if p.kind == "protection_plan"} == {frozenset({"local_code_9"})}
    courts = [p for p in pointers if "family_court_document" in p.labels]
    assert courts
    assert all("family_court_document" not in p.undetermined and "privileged" in p.undetermined for p in courts)


@pytest.mark.parametrize(("records", "answered"), [(RECORDS_MAX, True), (RECORDS_MAX + 1, False)])
async def test_at_most_so_many_records(url: str, council: SsdConnector, records: int, answered: bool) -> None:
    who = await the_one(council, by_number(STAR))
    change(
        url,
        f"DELETE FROM ssd_contacts WHERE cont_person_id = '{who.local_id}'",
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {records}) "
        f"INSERT INTO ssd_contacts (cont_contact_id, cont_person_id) SELECT 'x' || i, '{who.local_id}' FROM n",
    )
    answer = await council.find(who, frozenset({"contact"}), soon())
    if answered:
        assert isinstance(answer, Found)
        assert len(answer.pointers) == records
        fetched = await council.fetch(who, answer.pointers, soon())
        assert isinstance(fetched, Fetched)
    else:
        assert reason(answer) is NoAnswerReason.TOO_LARGE


async def test_at_most_so_many_rows(url: str, council: SsdConnector) -> None:
    who = await the_one(council, by_number(STAR))
    rows = len((await found(council, who)).pointers)
    assert rows < limits.FIND_ROWS_MAX
    change(
        url,
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {limits.FIND_ROWS_MAX}) "
        "INSERT INTO hub_record_labels SELECT 'ssd_cp_plans', cppl_cp_plan_id, 'w' || i "
        f"FROM n, ssd_cp_plans WHERE cppl_person_id = '{who.local_id}'",
    )
    assert reason(await council.find(who, frozenset({"protection_plan"}), soon())) is NoAnswerReason.TOO_LARGE
    change(url, "DELETE FROM hub_record_labels WHERE rela_label = 'w1'")
    assert isinstance(await council.find(who, frozenset({"protection_plan"}), soon()), Found)


async def test_no_file_no_answer_and_no_new_file(tmp_path: Path) -> None:
    missing = tmp_path / "nothing.db"
    council = SsdConnector(COUNCIL, f"sqlite:///{missing}")
    assert reason(await council.match(by_number(STAR), soon())) is NoAnswerReason.DOWN
    assert not missing.exists()
    await council.close()


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "letter.db"
    file.write_text("Dear Sir or Madam, " * 100)
    council = SsdConnector(COUNCIL, f"sqlite:///{file}")
    assert reason(await council.match(by_number(STAR), soon())) is NoAnswerReason.MALFORMED
    await council.close()


async def test_a_deadline_that_has_passed(council: SsdConnector) -> None:
    assert reason(await council.match(by_number(STAR), Deadline.after(0))) is NoAnswerReason.SLOW
    assert isinstance(await council.match(by_number(STAR), soon()), Matched)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        pytest.param("not a url", "cannot be read", id="no URL"),
        pytest.param("mysql://h/d", "may be one of", id="a database nobody tested"),
        pytest.param("mssql+pyodbc://h/d", "not installed", id="a driver that is not there"),
        pytest.param("postgresql+nodriver://h/d", "cannot be read", id="a driver that does not exist"),
    ],
)
def test_a_url_that_cannot_be_used(url: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        SsdConnector(COUNCIL, url)


async def test_many_at_once(url: str) -> None:
    council = SsdConnector(COUNCIL, url, pool_size=2)
    answers = await asyncio.gather(*(council.match(by_number(STAR), soon()) for _ in range(40)))
    assert all(isinstance(answer, Matched) for answer in answers)
    await council.close()


def test_what_is_held_does_not_show(url: str) -> None:
    assert "sqlite" not in repr(SsdConnector(COUNCIL, url))
