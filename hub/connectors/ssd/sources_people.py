"""Where people are kept: the child, their addresses, who is linked with them, and which workers are involved."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_

from hub.connectors.ssd import codes, values
from hub.connectors.ssd.source import Read, Source, Tables, simple


def people_sources(tables: Tables, nhs_number: ColumnElement[str]) -> tuple[Source, ...]:
    """The sources of this module."""
    return (
        _person(tables, nhs_number),
        simple(
            tables, "council_address", "ssd_address", "addr", "table_id",
            ("address", "address_json", values.address), ("postcode", "address_postcode", values.plain),
            ("address_type", "address_type", values.plain), ("from_date", "address_start_date", values.day),
            ("to_date", "address_end_date", values.day),
        ),
        _mother(tables),
        _family(tables),
        _involvement(tables),
    )  # fmt: skip


def _person(tables: Tables, nhs_number: ColumnElement[str]) -> Source:
    own = tables["ssd_person"]
    return Source(
        "council_person", "ssd_person", own, own.c.pers_person_id, own.c.pers_person_id,
        (
            Read("given_name", (own.c.pers_forename,), values.plain),
            Read("family_name", (own.c.pers_surname,), values.plain),
            Read("date_of_birth", (own.c.pers_dob,), values.day),
            Read("expected_date_of_birth", (own.c.pers_expected_dob,), values.day),
            Read("date_of_death", (own.c.pers_death_date,), values.day),
            Read("sex", (own.c.pers_sex,), values.coded(codes.SEX)),
            Read("gender", (own.c.pers_gender,), values.coded(codes.GENDER)),
            Read("ethnicity", (own.c.pers_ethnicity,), values.coded(codes.ETHNICITY)),
            Read("nationality", (own.c.pers_nationality,), values.plain),
            Read("nhs_number", (nhs_number,), values.plain),
        ),
    )  # fmt: skip


def _mother(tables: Tables) -> Source:
    own, other = tables["ssd_mother"], tables["ssd_person"]
    return Source(
        "linked_person", "ssd_mother", own.join(other, other.c.pers_person_id == own.c.moth_person_id),
        own.c.moth_table_id, own.c.moth_childs_person_id,
        (
            Read("name", (other.c.pers_forename, other.c.pers_surname), values.joined),
            Read("relationship", (), values.plain, always="Mother"),
            Read("date_of_birth", (other.c.pers_dob,), values.day),
        ),
    )  # fmt: skip


def _family(tables: Tables) -> Source:
    """The others of the child's family group. The dataset does not say who they are to the child; nor does this.

    The mother is left out where ``ssd_mother`` names her, so that nobody is shown twice.
    """
    own, person, mothers = tables["ssd_family"], tables["ssd_person"], tables["ssd_mother"]
    others = own.alias("others")
    is_mother = and_(
        mothers.c.moth_childs_person_id == own.c.fami_person_id, mothers.c.moth_person_id == others.c.fami_person_id
    )
    return Source(
        "linked_person", "ssd_family",
        own.join(others, others.c.fami_family_id == own.c.fami_family_id)
        .join(person, person.c.pers_person_id == others.c.fami_person_id)
        .outerjoin(mothers, is_mother),
        others.c.fami_table_id, own.c.fami_person_id,
        (
            Read("name", (person.c.pers_forename, person.c.pers_surname), values.joined),
            Read("relationship", (), values.plain, always="In the same family group"),
            Read("date_of_birth", (person.c.pers_dob,), values.day),
        ),
        where=and_(others.c.fami_person_id != own.c.fami_person_id, mothers.c.moth_table_id.is_(None)),
    )  # fmt: skip


def _involvement(tables: Tables) -> Source:
    own, workers, teams = tables["ssd_involvements"], tables["ssd_professionals"], tables["ssd_department"]
    return Source(
        "council_involvement", "ssd_involvements",
        own.outerjoin(workers, workers.c.prof_professional_id == own.c.invo_professional_id)
        .outerjoin(teams, teams.c.dept_team_id == own.c.invo_professional_team),
        own.c.invo_involvements_id, own.c.invo_person_id,
        (
            Read("worker_name", (workers.c.prof_professional_name,), values.plain),
            Read("worker_role", (own.c.invo_professional_role_id, workers.c.prof_professional_job_title),
                 values.plain),
            Read("team", (teams.c.dept_team_name, own.c.invo_professional_team), values.plain),
            Read("since", (own.c.invo_involvement_start_date,), values.day),
            Read("until", (own.c.invo_involvement_end_date,), values.day),
        ),
    )  # fmt: skip
