"""Builds of the dataset differ: types drift, columns are renamed, databases are not the same. The answers are."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from sqlalchemy import Dialect, TableClause, create_engine, text
from sqlalchemy.dialects import mssql, postgresql, sqlite
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnClause
from sqlalchemy.types import DateTime, TypeEngine, Unicode

from hub.connectors.base import Matched
from hub.connectors.ssd import SsdConnector, published, sql, values
from hub.connectors.ssd.layout import Layout
from hub.connectors.ssd.source import Source, Tables
from hub.connectors.ssd.sources import all_sources
from hub.connectors.ssd.statements import Statements
from hub.domain.sealed import unseal
from tests.connectors.ssd_samples import COUNCIL, by_name, by_number, everything, soon, the_one

DRIFTED = (
    # what a build from flat files looks like: numbers where text was, text where dates were, booleans, wide padding
    (
        "CREATE TABLE ssd_person (pers_person_id INTEGER, pers_forename CHAR(20), pers_surname CHAR(20), pers_sex INTEGER, "
        "pers_gender INTEGER, pers_ethnicity TEXT, pers_dob TEXT, pers_common_child_id BIGINT, pers_expected_dob TEXT, "
        "pers_death_date TEXT, pers_nationality TEXT)"
    ),
    "INSERT INTO ssd_person VALUES (17, 'Maya', 'Thornbury', 2, 2, 'WBRI', '09/03/2017', 9990004021, '', NULL, NULL)",
    "INSERT INTO ssd_person VALUES (18, 'Theo', 'Garrick', 1, 1, 'WBRI', '30/06/2022', 9990004005, '', NULL, NULL)",
    (
        "CREATE TABLE ssd_cp_plans (cppl_cp_plan_id BIGINT, cppl_person_id INTEGER, cppl_cp_plan_start_date TEXT, "
        "cppl_cp_plan_end_date TEXT, cppl_cp_plan_initial_category TEXT, cppl_cp_plan_latest_category CHAR(12), "
        "cppl_cp_plan_ola TEXT)"
    ),
    "INSERT INTO ssd_cp_plans VALUES (900, 17, '23/09/2026', '', 'Neglect', 'NEG', 'f')",
    "INSERT INTO ssd_cp_plans VALUES (901, 18, '23/09/2026', '', 'Neglect', 'NEG', NULL)",
    (
        "CREATE TABLE ssd_cp_visits (cppv_cp_visit_id INTEGER, cppv_person_id INTEGER, cppv_cp_visit_date DATE, "
        "cppv_cp_visit_seen BOOLEAN, cppv_cp_visit_seen_alone SMALLINT, cppv_cp_visit_bedroom CHAR(3))"
    ),
    "INSERT INTO ssd_cp_visits VALUES (1, 17, '2026-10-11', TRUE, 0, 'No')",
    (
        "CREATE TABLE ssd_address (addr_table_id INTEGER, addr_address_json TEXT, addr_person_id INTEGER, "
        "addr_address_type TEXT, addr_address_start_date TEXT, addr_address_end_date TEXT, addr_address_postcode CHAR(10))"
    ),
    "INSERT INTO ssd_address VALUES (1, '14 Tannery Lane', 17, 'Primary', '2024-06-03', NULL, 'ZZ1 1AA')",
    "CREATE TABLE hub_record_labels (rela_table TEXT, rela_record_id BIGINT, rela_label CHAR(30))",
    "INSERT INTO hub_record_labels VALUES ('ssd_cp_plans', 900, 'privileged')",
    "CREATE TABLE ssd_version_log (version_number TEXT, created_at TEXT)",
    "INSERT INTO ssd_version_log VALUES ('1.2', '2026-11-20T02:00:00')",
)
KEPT = frozenset({"council_person", "council_address", "protection_plan", "plan_visit"})


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def drifted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "SQLite":
        url = f"sqlite:///{tmp_path_factory.mktemp('drift') / 'council.db'}"
    else:
        make: Callable[[], str] = request.getfixturevalue("new_database")
        url = make()
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in DRIFTED:
            connection.execute(text(statement))
    engine.dispose()
    return url


async def test_a_drifted_build_reads_the_same(drifted: str) -> None:
    everything_else = SsdConnector(COUNCIL, drifted).kinds - KEPT
    council = SsdConnector(COUNCIL, drifted, without=everything_else)
    who = await the_one(council, by_number("9990004021"))
    assert who.local_id == "17"
    for search in (by_name("Maya", "Thornbury", "2017-03-09"), by_name("M", "T", "2017-03-09")):
        assert await the_one(council, search) == who
    shown = [(r.pointer.kind, set(r.pointer.labels), dict(unseal(r))) for r in await everything(council, who)]
    person, address, plan, visit = (values for _, _, values in shown)
    assert (person["family_name"], person["sex"], str(person["date_of_birth"])) == (
        "Thornbury",
        "Female (2)",
        "2017-03-09",
    )
    assert person["nhs_number"] == "9990004021"
    assert address["postcode"] == "ZZ1 1AA"
    assert (plan["initial_category"], plan["category"]) == ("Neglect", "Neglect (NEG)")
    assert (str(plan["started_on"]), "ended_on" in plan) == ("2026-09-23", False)
    assert (visit["child_seen"], visit["child_seen_alone"], visit["bedroom_seen"]) == (True, False, False)
    assert plan["other_authority"] is False
    assert [labels for _, labels, _ in shown] == [set(), set(), {"privileged"}, set()]
    await council.close()


async def test_a_year_of_birth_asked_of_text_dates_needs_the_name(drifted: str) -> None:
    council = SsdConnector(COUNCIL, drifted, without=SsdConnector(COUNCIL, drifted).kinds - KEPT)
    matched = await council.match(by_name("Maya", "Thornbury", "2017"), soon())
    assert isinstance(matched, Matched)
    assert [who.local_id for who in matched.candidates] == ["17"]
    await council.close()


DIALECTS: list[Dialect] = [module.dialect() for module in (mssql, postgresql, sqlite)]


def full_layout(*, nhs: tuple[str, ...] = ("pers_single_unique_id",), dates: type = DateTime) -> Layout:
    tables: dict[str, dict[str, TypeEngine[Any]]] = {
        name: {column: Unicode() for column in published.column_names(name)}
        for name in (*published.PUBLISHED, *published.COMPANIONS)
    }
    for name in published.NHS_COLUMNS:
        if name not in nhs:
            del tables["ssd_person"][name]
    return Layout({**tables, "ssd_person": {**tables["ssd_person"], "pers_dob": dates()}})


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("nhs", [("pers_single_unique_id",), ("pers_common_child_id",), published.NHS_COLUMNS])
def test_every_statement_compiles_for_every_database(dialect: Dialect, nhs: tuple[str, ...]) -> None:
    statements = Statements(full_layout(nhs=nhs), dialect, "ssd_live")
    for narrow in (False, True):
        assert "ssd_live" in statements.match(2, narrow=narrow, by_number=True).text
    found, fetched = statements.find(statements.sources).text, statements.fetch(statements.sources).text
    for name in (*published.PUBLISHED, *published.COMPANIONS):
        if name not in ("ssd_version_log", published.LABELS_TABLE):
            assert name in fetched or name in found
    for column in published.NHS_COLUMNS:
        assert (column in fetched) == (column in nhs)
    assert not any(word in found + fetched for word in ("INSERT", "UPDATE", "DELETE"))


def test_sql_server_reads_dates_in_iso_form_and_lists_as_json() -> None:
    statements = Statements(full_layout(), DIALECTS[0], None)
    fetched = statements.fetch(statements.sources).text
    assert "CONVERT(NVARCHAR(MAX), ssd_cp_plans.cppl_cp_plan_start_date, 126)" in fetched
    assert "OPENJSON(" in fetched
    assert "TOP" in statements.match(1, narrow=False, by_number=True).text


def test_all_tables_have_their_published_columns() -> None:
    created = published.metadata("pers_common_child_id")
    for name in published.PUBLISHED:
        columns = set(created.tables[name].columns.keys())
        assert columns == set(published.column_names(name)) - {"pers_single_unique_id"}


def test_every_source_reads_published_columns_only() -> None:
    tables = Tables()
    layout = full_layout(nhs=published.NHS_COLUMNS)
    sources = all_sources(tables, tables["ssd_person"].c["pers_common_child_id"])
    layout.check(sql.find(tables, sources, 10))
    layout.check(sql.fetch(tables, sources))
    assert len({source.kind for source in sources}) == 39


SQL_SERVER = mssql.dialect(paramstyle="qmark")  # as its ODBC driver wants parameters
SERVER_SQL = re.compile(r"\bLIMIT\b|\|\||\bTRUE\b|\bFALSE\b|::|\bILIKE\b|json_each|AS TEXT", re.IGNORECASE)
"""What SQL Server does not understand."""

EVERY = all_sources(Tables(), Tables()["ssd_person"].c["pers_common_child_id"])


@pytest.mark.parametrize("schema", [None, "dbo", "warehouse.ssd"])
@pytest.mark.parametrize("place", range(len(EVERY)), ids=[f"{s.kind}-{s.table}" for s in EVERY])
def test_every_query_is_sql_server_s_own(place: int, schema: str | None) -> None:
    statements = Statements(full_layout(), SQL_SERVER, schema)
    only = (statements.sources[place],)
    for asked in (statements.find(only), statements.fetch(only)):
        assert not SERVER_SQL.search(re.sub(r"'[^']*'", "''", asked.text))
        assert asked.positions is not None
        assert asked.text.count("?") == len(asked.positions)
        tables = set(re.findall(r"(?:FROM|JOIN) ([\w.\[\]]*?)(?:ssd|hub)_\w+", asked.text))
        assert {each.replace("[", "").replace("]", "") for each in tables} == {f"{schema}." if schema else ""}


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("by_number", [False, True])
@pytest.mark.parametrize("days", [0, 1, 16])
def test_match_is_sql_server_s_own(days: int, by_number: bool, narrow: bool) -> None:
    if not days and not by_number:
        return  # the connector never asks with neither
    asked = Statements(full_layout(dates=Unicode), SQL_SERVER, None).match(days, narrow=narrow, by_number=by_number)
    assert not SERVER_SQL.search(re.sub(r"'[^']*'", "''", asked.text))
    assert asked.text.count("?") == len(asked.positions or ())


@pytest.fixture(scope="module")
def specification(pytestconfig: pytest.Config) -> Mapping[str, Mapping[str, str]]:
    """The published tables: column to type."""
    file = pytestconfig.rootpath / "../shared/data/council/ssd/data_objects_specification.csv"
    if not file.is_file():
        pytest.skip("the published specification is not beside the project")
    tables: dict[str, dict[str, str]] = {}
    with file.open(encoding="utf-8-sig", newline="") as opened:
        for row in csv.DictReader(opened):
            tables.setdefault(row["object_name"], {})[row["field_name"].strip()] = row["type"].strip().lower()
    return tables


def test_every_published_table_is_read_or_said_not_to_be(specification: Mapping[str, Mapping[str, str]]) -> None:
    assert len(specification) == 48
    assert sum(map(len, specification.values())) == 359
    assert set(published.PUBLISHED) | set(published.UNREAD) == set(specification)
    assert not set(published.PUBLISHED) & set(published.UNREAD)
    read = {column.table.name for source in EVERY for column in _columns(source)} | {"ssd_version_log"}
    assert set(published.PUBLISHED) - read == set(), "said to be read, and is not"


def test_every_table_has_the_published_columns(specification: Mapping[str, Mapping[str, str]]) -> None:
    for name in published.PUBLISHED:
        ours = set(published.column_names(name)) - {published.NHS_COLUMNS[0]}
        assert ours == set(specification[name]), name


def test_dates_are_read_as_dates_and_text_as_text(specification: Mapping[str, Mapping[str, str]]) -> None:
    for source in EVERY:
        for read in source.reads:
            for column in (each for each in read.columns if each.name in specification.get(source.table, {})):
                a_date = specification[source.table][column.name] == "datetime"
                assert a_date == (read.how is values.day), f"{source.table}.{column.name}"


def _columns(source: Source) -> Iterable[ColumnClause[str]]:
    for element in visitors.iterate(sql.fetch(Tables(), [source])):
        if isinstance(element, ColumnClause) and isinstance(element.table, TableClause):
            yield element
