"""The tables of care, visits, identifiers and the child's own voice: a row of each comes back in words."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from hub.connectors.ssd import SsdConnector
from hub.connectors.ssd.published import metadata
from hub.domain.records import HeldRecord, Value
from hub.domain.sealed import unseal
from tests.connectors.ssd_samples import COUNCIL, STAR, by_number, everything, sqlite_empty, the_one

BESIDE = ("council_person", "looked_after_episode", "education_health_care_plan")
DAY = datetime.date(2026, 5, 4)
AT = datetime.datetime(2026, 5, 4)
WHO = "17"
Rows = Sequence[tuple[str, Mapping[str, object]]]

CASES = [
    pytest.param(
        "child_in_need_visit",
        [("ssd_cin_visits", {"cinv_cin_visit_id": "1", "cinv_person_id": WHO, "cinv_cin_visit_date": AT,
                             "cinv_cin_visit_seen": "Y", "cinv_cin_visit_seen_alone": "N", "cinv_cin_visit_bedroom": "N"})],
        {"on": DAY, "child_seen": True, "child_seen_alone": False, "bedroom_seen": False}, set(), id="visit in need",
    ),
    pytest.param(
        "looked_after_visit",
        [("ssd_cla_visits", {"clav_cla_visit_id": "1", "clav_cla_id": "P", "clav_person_id": WHO,
                             "clav_cla_visit_date": AT, "clav_cla_visit_seen": "1", "clav_cla_visit_seen_alone": "0"})],
        {"on": DAY, "child_seen": True, "child_seen_alone": False}, set(), id="visit in care",
    ),
    pytest.param(
        "looked_after_review",
        [("ssd_cla_episodes", {"clae_cla_episode_id": "e1", "clae_person_id": WHO, "clae_cla_id": "P"}),
         ("ssd_cla_episodes", {"clae_cla_episode_id": "e2", "clae_person_id": WHO, "clae_cla_id": "P"}),
         ("ssd_cla_episodes", {"clae_cla_episode_id": "e3", "clae_person_id": "18", "clae_cla_id": "Q"}),
         ("ssd_cla_reviews", {"clar_cla_review_id": "1", "clar_cla_id": "P", "clar_cla_review_due_date": AT,
                              "clar_cla_review_date": AT, "clar_cla_review_cancelled": "N",
                              "clar_cla_review_participation": "PN7"}),
         ("ssd_cla_reviews", {"clar_cla_review_id": "2", "clar_cla_id": "Q", "clar_cla_review_date": AT})],
        {"due_on": DAY, "held_on": DAY, "cancelled": False,
         "participation": "Did not attend and sent no views (PN7)"}, set(), id="review of the child's own period of care, once",
    ),
    pytest.param(
        "looked_after_plan",
        [("ssd_cla_care_plan", {"lacp_table_id": "1", "lacp_person_id": WHO, "lacp_cla_care_plan_start_date": AT,
                                "lacp_cla_care_plan_json": '{"RETURNEV": "9", "LTFOST18": "Y", "ADOPTION": "", "OTHERPLN": "N"}'})],
        {"started_on": DAY, "plan": ("Return to birth family in the end (RETURNEV): 9",
                                     "Long-term placement with foster carers until 18 (LTFOST18)")},
        set(), id="care plan",
    ),
    pytest.param(
        "looked_after_health_check",
        [("ssd_cla_health", {"clah_health_check_id": "1", "clah_person_id": WHO, "clah_health_check_type": "Dental Check",
                             "clah_health_check_date": AT, "clah_health_check_status": "Refused"})],
        {"on": DAY, "check_type": "Dental Check", "status": "Refused"}, set(), id="health check",
    ),
    pytest.param(
        "looked_after_immunisations",
        [("ssd_cla_immunisations", {"clai_person_id": WHO, "clai_immunisations_status": "N",
                                    "clai_immunisations_status_date": AT})],
        {"up_to_date": False, "stated_on": DAY}, set(), id="immunisations",
    ),
    pytest.param(
        "substance_misuse",
        [("ssd_cla_substance_misuse", {"clas_substance_misuse_id": "1", "clas_person_id": WHO, "clas_substance_misuse_date": AT,
                                       "clas_substance_misused": "Alcohol   ", "clas_intervention_received": "Y"})],
        {"on": DAY, "substance": "Alcohol", "intervention_received": True}, set(), id="substance, padded",
    ),
    pytest.param(
        "strengths_and_difficulties",
        [("ssd_sdq_scores", {"csdq_table_id": "1", "csdq_person_id": WHO, "csdq_sdq_completed_date": AT,
                             "csdq_sdq_score": "17", "csdq_sdq_reason": "PLACEHOLDER_DATA"})],
        {"completed_on": DAY, "score": "17"}, set(), id="questionnaire",
    ),
    pytest.param(
        "conviction",
        [("ssd_cla_convictions", {"clac_cla_conviction_id": "1", "clac_person_id": WHO, "clac_cla_conviction_date": AT,
                                  "clac_cla_conviction_offence": "Criminal damage"})],
        {"offence_on": DAY, "offence": "Criminal damage"}, set(), id="conviction",
    ),
    pytest.param(
        "previous_permanence",
        [("ssd_cla_previous_permanence", {"lapp_table_id": "1", "lapp_person_id": WHO, "lapp_previous_permanence_option": "P2",
                                          "lapp_previous_permanence_order_date": "zz/05/2020",
                                          "lapp_previous_permanence_la": "Testshire"})],
        {"option": "Special guardianship order (P2)", "ordered": "2020-05", "arranged_by": "Testshire"}, set(),
        id="earlier order, day not known",
    ),
    pytest.param(
        "previous_permanence",
        [("ssd_cla_previous_permanence", {"lapp_table_id": "1", "lapp_person_id": WHO, "lapp_previous_permanence_option": "P1",
                                          "lapp_previous_permanence_order_date": "zz/zz/zzzz"})],
        {"option": "Adoption (P1)"}, {"adoption_s56"}, id="earlier adoption is labelled as one",
    ),
    pytest.param(
        "permanence_order",
        [("ssd_permanence", {"perm_table_id": "1", "perm_person_id": WHO, "perm_permanence_order_date": AT,
                             "perm_permanence_order_type": "Special Guardianship"})],
        {"order_on": DAY, "order_type": "Special Guardianship"}, set(), id="an order that is no adoption",
    ),
    pytest.param(
        "adoption_record",
        [("ssd_permanence", {"perm_table_id": "1", "perm_person_id": WHO, "perm_permanence_order_date": AT,
                             "perm_permanence_order_type": "Special Guardianship", "perm_decision_reversed_date": AT})],
        {"order_on": DAY, "order_type": "Special Guardianship"}, set(), id="an order after an adoption plan was given up",
    ),
    pytest.param(
        "care_leaver",
        [("ssd_department", {"dept_team_id": "T", "dept_team_name": "Leaving care"}),
         ("ssd_care_leavers", {"clea_table_id": "1", "clea_person_id": WHO, "clea_care_leaver_eligibility": "Relevant",
                               "clea_care_leaver_in_touch": "NO", "clea_care_leaver_latest_contact": AT,
                               "clea_care_leaver_accommodation": "S", "clea_care_leaver_accom_suitable": "2",
                               "clea_care_leaver_activity": "G5", "clea_pathway_plan_review_date": AT,
                               "clea_care_leaver_personal_advisor": "A. Adviser", "clea_care_leaver_allocated_team": "T",
                               "clea_care_leaver_worker_id": "W99"})],
        {"eligibility": "Relevant", "in_touch": "Not in touch (NO)", "last_contact_on": DAY,
         "accommodation": "No fixed abode or homeless (S)", "suitable": "Unsuitable (2)",
         "activity": "Not in education, employment or training: other circumstances (G5)", "plan_reviewed_on": DAY,
         "personal_adviser": "A. Adviser", "worker": "W99", "team": "Leaving care"}, set(), id="care leaver",
    ),
    pytest.param(
        "voice_of_child",
        [("ssd_voice_of_child", {"voch_table_id": "1", "voch_person_id": WHO, "voch_explained_worries": "Y",
                                 "voch_agree_worker": "N", "voch_plan_safe": "?"})],
        {"worries_explained": "Yes", "agrees_with_worker": "No", "plan_is_clear": "?"}, set(), id="what the child said",
    ),
    pytest.param(
        "education_health_care_request",
        [("ssd_send", {"send_table_id": "s", "send_person_id": WHO}),
         ("ssd_ehcp_requests", {"ehcr_ehcp_request_id": "1", "ehcr_send_table_id": "s", "ehcr_ehcp_req_date": AT,
                                "ehcr_ehcp_req_outcome": "Refused"}),
         ("ssd_ehcp_requests", {"ehcr_ehcp_request_id": "2", "ehcr_send_table_id": "s", "ehcr_ehcp_req_date": AT}),
         ("ssd_ehcp_active_plans", {"ehcp_active_ehcp_id": "p", "ehcp_ehcp_request_id": "2"})],
        {"requested_on": DAY, "outcome": "Refused"}, set(), id="a request that led to no plan",
    ),
]  # fmt: skip


def identifier(kind: str | None) -> Rows:
    return [("ssd_linked_identifiers", {"link_table_id": "1", "link_person_id": WHO, "link_identifier_type": kind,
                                        "link_identifier_value": "X1", "link_valid_from_date": AT})]  # fmt: skip


NUMBERS = [
    pytest.param("council_identifier", identifier("YOT Number"),
                 {"identifier_type": "YOT Number", "identifier": "X1", "from_date": DAY}, set(), id="a number"),
    pytest.param("council_identifier", identifier(None), {"identifier": "X1", "from_date": DAY}, set(), id="of no type"),
    pytest.param("council_identifier", identifier("RAA ID"),
                 {"identifier_type": "RAA ID", "identifier": "X1", "from_date": DAY}, {"adoption_s56"},
                 id="an adoption agency's number is labelled as one"),
    pytest.param("immigration_status", identifier("Home Office Registration"),
                 {"status": "Home Office Registration X1", "started_on": DAY}, set(), id="the Home Office's number"),
    pytest.param("pre_proceedings", identifier("Court Case Number"), {"court_reference": "X1"}, set(), id="a court's number"),
    pytest.param("council_identifier", [("ssd_send", {"send_table_id": "s", "send_person_id": WHO, "send_upn": "U1"})],
                 {"identifier_type": "Unique Pupil Number", "identifier": "U1"}, set(), id="the pupil number"),
]  # fmt: skip


async def read(url: str, rows: Rows) -> list[HeldRecord]:
    engine = create_engine(url)
    tables = metadata()
    born = datetime.datetime(2012, 1, 1)
    base: Rows = [
        ("ssd_person", {"pers_person_id": WHO, "pers_single_unique_id": STAR, "pers_dob": born}),
        ("ssd_version_log", {"version_number": "1", "created_at": datetime.datetime(2026, 11, 20, 2)}),
    ]
    with engine.begin() as connection:
        tables.create_all(connection)
        for name, row in (*base, *rows):
            connection.execute(tables.tables[name].insert(), [row])
    engine.dispose()
    council = SsdConnector(COUNCIL, url)
    try:
        return list(await everything(council, await the_one(council, by_number(STAR))))
    finally:
        await council.close()


def of_interest(records: Sequence[HeldRecord]) -> list[HeldRecord]:
    return [record for record in records if record.pointer.kind not in BESIDE]


@pytest.mark.parametrize(("kind", "rows", "shown", "labels"), CASES + NUMBERS)
async def test_a_row_comes_back(
    tmp_path: Path, kind: str, rows: Rows, shown: Mapping[str, Value], labels: set[str]
) -> None:
    (record,) = of_interest(await read(sqlite_empty(tmp_path / "council.db"), rows))
    assert (record.pointer.kind, dict(unseal(record)), set(record.pointer.labels)) == (kind, dict(shown), labels)


async def test_all_of_them_from_postgresql(new_database: Callable[[], str]) -> None:
    rows: list[tuple[str, Mapping[str, object]]] = []
    expected = []
    for number, case in enumerate(CASES + NUMBERS):
        kind, own, shown, labels = case.values
        tag = f"-{number}"
        for name, row in own:  # type: ignore[union-attr]
            keys = {column.name for column in metadata().tables[name].primary_key} - {"clai_person_id"}
            linked = {"clae_cla_id", "clar_cla_id", "ehcr_send_table_id", "ehcp_ehcp_request_id",
                      "clea_care_leaver_allocated_team"}  # fmt: skip
            rows.append((name, {k: f"{v}{tag}" if k in keys | linked else v for k, v in row.items()}))
        expected.append((kind, dict(shown), set(labels)))  # type: ignore[call-overload]
    records = of_interest(await read(new_database(), rows))
    found = [(r.pointer.kind, dict(unseal(r)), set(r.pointer.labels)) for r in records]
    for each in expected:
        found.remove(each)
    assert found == []


@pytest.mark.parametrize(
    ("text", "adoption"),
    [
        pytest.param('{"ADOPTION": "Y"}', True, id="ticked"),
        pytest.param('{"ADOPTION": "12/03/2026"}', True, id="says something else"),
        pytest.param('{ "ADOPTION" :\n "y" }', True, id="ticked, over two lines"),
        pytest.param("{ADOPTION: 1}", True, id="ticked, as the specification writes it"),
        pytest.param("Adoption", True, id="not JSON at all"),
        pytest.param('{"ADOPTION": "", "OTHERPLN": "Y"}', False, id="empty"),
        pytest.param('{"OTHERPLN": "Y", "ADOPTION": " "}', False, id="blank"),
        pytest.param('{ADOPTION: "",\n OTHERPLN: "Y"}', False, id="empty, as the specification writes it"),
        pytest.param('{"ADOPTION": null}', False, id="null"),
        pytest.param('{"ADOPTION": "N", "OTHERPLN": ""}', False, id="no"),
        pytest.param('{"ADOPTION": false}', False, id="false"),
        pytest.param('{"OTHERPLN": "Y"}', False, id="no such key"),
    ],
)
async def test_a_plan_for_adoption_is_labelled_and_no_other(tmp_path: Path, text: str, adoption: bool) -> None:
    rows: Rows = [("ssd_cla_care_plan", {"lacp_table_id": "1", "lacp_person_id": WHO, "lacp_cla_care_plan_json": text})]
    (record,) = of_interest(await read(sqlite_empty(tmp_path / "council.db"), rows))
    assert ("adoption_s56" in record.pointer.labels) is adoption
