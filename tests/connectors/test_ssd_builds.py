"""Builds of the dataset differ: types drift, columns are renamed, databases are not the same. The answers are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Dialect, create_engine, text
from sqlalchemy.dialects import mssql, postgresql, sqlite
from sqlalchemy.types import DateTime, TypeEngine, Unicode

from hub.connectors.base import Matched
from hub.connectors.ssd import SsdConnector, published, sql
from hub.connectors.ssd.layout import Layout
from hub.connectors.ssd.source import Tables
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


@pytest.mark.parametrize("folder", ["../shared/data/council/ssd/objects"])
def test_the_published_specification_where_it_is_at_hand(folder: str, request: pytest.FixtureRequest) -> None:
    """Our table definitions against the specification itself."""
    yaml = pytest.importorskip("yaml", reason="no YAML reader here")
    directory = request.config.rootpath / folder
    if not directory.is_dir():
        pytest.skip("the published specification is not beside the project")
    for name in published.PUBLISHED:
        (node,) = yaml.safe_load((directory / f"{name}.yml").read_text(encoding="utf-8"))["nodes"]
        theirs = {field["name"].strip() for field in node["fields"]}
        assert theirs <= set(published.column_names(name)), name
