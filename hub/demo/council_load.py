"""The council's part of the invented world, as rows of the Standard Safeguarding Dataset and its two companions."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Engine

from hub.connectors.ssd.published import ASSESSED, LABELS_TABLE, NHS_COLUMNS, metadata
from hub.demo import names
from hub.demo.council_shapes import SHAPES, as_flag, as_time
from hub.demo.world import Adult, Child, Event, Expecting, Household, Known, World

Row = dict[str, Any]
SEX_CODES = {"M": "1", "F": "2"}


def load(engine: Engine, world: World, nhs_column: str = NHS_COLUMNS[0]) -> None:
    """Create the tables in ``engine``'s database and fill them with what the council holds of ``world``.

    ``nhs_column`` is the name this build gives the NHS number's column (one of
    :data:`hub.connectors.ssd.published.NHS_COLUMNS`).
    """
    tables = metadata(nhs_column)
    rows = _Extract(world, nhs_column).rows()
    with engine.begin() as connection:
        tables.create_all(connection)
        for name, held in rows.items():
            table = tables.tables[name]
            every = {column.name: None for column in table.columns}
            connection.execute(table.insert(), [{**every, **row} for row in held])


@dataclass(slots=True)
class _Extract:
    world: World
    nhs_column: str
    held: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    teams: dict[str, str] = field(default_factory=dict)
    workers: dict[str, str] = field(default_factory=dict)

    def rows(self) -> Mapping[str, list[Row]]:
        """Every table's rows, by table."""
        for worker, team in names.SOCIAL_WORKERS:
            self._worker(worker, team)
        for household in self.world.households:
            self._family(household)
        for expecting in self.world.expecting:
            self._expecting(expecting)
        self.held["ssd_version_log"].append(
            {
                "version_number": "1.4.0",
                "release_date": as_time(date(2026, 4, 1)),
                "description": "Standard Safeguarding Dataset",
                "is_current": True,
                "created_at": self.world.extracted_at.replace(tzinfo=None),
                "created_by": "nightly",
            }
        )
        return self.held

    def _worker(self, worker: str, team: str) -> None:
        if team not in self.teams:
            self.teams[team] = f"T{len(self.teams) + 1}"
            self.held["ssd_department"].append({"dept_team_id": self.teams[team], "dept_team_name": team})
        self.workers[worker] = f"W{len(self.workers) + 1}"
        self.held["ssd_professionals"].append(
            {
                "prof_professional_id": self.workers[worker],
                "prof_professional_name": worker,
                "prof_professional_job_title": "Social worker",
            }
        )

    def _family(self, household: Household) -> None:
        known = [(child, child.council) for child in household.children if child.council is not None]
        if not known:
            return
        family_id = f"F{known[0][1].local_id}"
        for child, council in known:
            self._child(child, council)
            self._member(family_id, council.local_id)
        for place, adult in enumerate(household.adults):
            person_id = f"A{place}{known[0][1].local_id}"
            self._adult(adult, person_id)
            self._member(family_id, person_id)
            self._words("ssd_family", f"{family_id}-{person_id}", adult.labels)
            if adult.relationship == "mother":
                for child, council in known:
                    self._words("ssd_mother", f"M{council.local_id}", adult.labels)
                    self.held["ssd_mother"].append(
                        {
                            "moth_table_id": f"M{council.local_id}",
                            "moth_person_id": person_id,
                            "moth_childs_person_id": council.local_id,
                            "moth_childs_dob": as_time(child.birth_date),
                        }
                    )

    def _expecting(self, expecting: Expecting) -> None:
        """The mother, and each child she expects; of a mother without a pre-birth record the council knows nothing."""
        mother = expecting.mother
        people: list[Row] = [
            {"pers_person_id": each, "pers_forename": "Unborn", "pers_surname": mother.family_name,
             "pers_expected_dob": as_time(expecting.due)}
            for each in expecting.unborn_ids
        ]  # fmt: skip
        links = [
            {"moth_table_id": f"M{each}", "moth_person_id": mother.local_id, "moth_childs_person_id": each}
            for each in expecting.unborn_ids
        ]
        if not people:
            return
        herself = {
            "pers_person_id": mother.local_id,
            "pers_forename": mother.given_name,
            "pers_surname": mother.family_name,
            "pers_sex": SEX_CODES[mother.sex],
            "pers_dob": as_time(mother.birth_date),
            "pers_is_mother": as_flag(True),
            self.nhs_column: mother.nhs_number,
        }
        self.held["ssd_person"] += [herself, *people]
        self.held["ssd_mother"] += links
        for place, event in enumerate(expecting.events, 1):
            self._event(event, expecting.unborn_ids[0], f"{expecting.unborn_ids[0]}-{place}")

    def _member(self, family_id: str, person_id: str) -> None:
        self.held["ssd_family"].append(
            {"fami_table_id": f"{family_id}-{person_id}", "fami_family_id": family_id, "fami_person_id": person_id}
        )

    def _adult(self, adult: Adult, person_id: str) -> None:
        self.held["ssd_person"].append(
            {
                "pers_person_id": person_id,
                "pers_forename": adult.given_name,
                "pers_surname": adult.family_name,
                "pers_sex": SEX_CODES[adult.sex],
                "pers_dob": as_time(adult.birth_date),
                "pers_is_mother": as_flag(adult.relationship == "mother"),
            }
        )

    def _child(self, child: Child, known: Known) -> None:
        more: Row = {}
        for event in child.events:
            if event.kind == "council_person":
                more |= event.values
        self.held["ssd_person"].append(
            {
                "pers_person_id": known.local_id,
                "pers_forename": known.given_name,
                "pers_surname": known.family_name,
                "pers_sex": SEX_CODES[known.sex],
                "pers_gender": more.get("gender"),
                "pers_ethnicity": more.get("ethnicity"),
                "pers_nationality": more.get("nationality"),
                "pers_dob": as_time(known.birth_date),
                self.nhs_column: known.nhs_number,
            }
        )
        for place, event in enumerate(child.events, 1):
            record_id = f"{known.local_id}-{place}"
            if event.kind == "education_health_care_plan":
                self._special_needs_plan(event, known.local_id, record_id)
                self._label(event, "ssd_ehcp_active_plans", record_id)
            elif event.kind in SHAPES:
                self._event(event, known.local_id, record_id)
                self._label(event, SHAPES[event.kind].table, record_id)

    def _event(self, event: Event, person_id: str, record_id: str) -> None:
        shape, values = SHAPES[event.kind], dict(event.values)
        more: Row = {}
        if event.kind == "assessment":
            factors = json.dumps(list(values.pop("factors", ())))
            self.held["ssd_assessment_factors"].append(
                {
                    "cinf_table_id": f"{record_id}-f",
                    "cinf_assessment_id": record_id,
                    "cinf_assessment_factors_json": factors,
                }
            )
        elif event.kind == "council_involvement":
            more["invo_professional_id"] = self.workers[values.pop("worker_name")]
            more["invo_professional_team"] = self.teams[values.pop("team")]
        elif event.kind == "child_in_need_plan":
            more["cinp_cin_plan_team"] = self.teams[values.pop("team")]
        self.held[shape.table].append({**shape.row(values), **more, shape.key: record_id, shape.person: person_id})

    def _special_needs_plan(self, event: Event, person_id: str, record_id: str) -> None:
        """The five tables from a child to the needs in their plan."""
        given = event.values
        self.held["ssd_send"].append({"send_table_id": f"{record_id}-s", "send_person_id": person_id})
        self.held["ssd_ehcp_requests"].append(
            {"ehcr_ehcp_request_id": f"{record_id}-r", "ehcr_send_table_id": f"{record_id}-s"}
        )
        self.held["ssd_ehcp_assessment"].append(
            {"ehca_ehcp_assessment_id": f"{record_id}-a", "ehca_ehcp_request_id": f"{record_id}-r"}
        )
        self.held["ssd_ehcp_named_plan"].append(
            {
                "ehcn_named_plan_id": f"{record_id}-n",
                "ehcn_ehcp_asmt_id": f"{record_id}-a",
                "ehcn_named_plan_start_date": as_time(given.get("started_on")),
                "ehcn_named_plan_ceased_date": as_time(given.get("ended_on")),
            }
        )
        self.held["ssd_ehcp_active_plans"].append(
            {
                "ehcp_active_ehcp_id": record_id,
                "ehcp_ehcp_request_id": f"{record_id}-r",
                "ehcp_active_ehcp_last_review_date": as_time(given.get("reviewed_on")),
            }
        )
        for rank, need in enumerate(given.get("needs", ()), 1):
            self.held["ssd_sen_need"].append(
                {
                    "senn_table_id": f"{record_id}-{rank}",
                    "senn_active_ehcp_id": record_id,
                    "senn_active_ehcp_need_type": need,
                    "senn_active_ehcp_need_rank": str(rank),
                }
            )

    def _label(self, event: Event, table: str, record_id: str) -> None:
        words = set(event.labels)
        if event.kind == "case_document" and event.assessed:
            words.add(ASSESSED)
        self._words(table, record_id, words)

    def _words(self, table: str, record_id: str, words: AbstractSet[str]) -> None:
        self.held[LABELS_TABLE] += (
            {"rela_table": table, "rela_record_id": record_id, "rela_label": word} for word in sorted(words)
        )
