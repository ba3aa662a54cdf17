"""``hub connector check`` over real agencies, sound and broken: what it finds, what it asks, and that it shows no value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.cli.main import main
from hub.demo import nhs, police
from hub.demo.faults import FaultSwitch
from hub.demo.nhs_app import create_app as nhs_app
from hub.demo.nhs_resources import load as nhs_holdings
from tests.connectors.fhir_bench import Bent, served
from tests.connectors.ssd_samples import STAR, WORLD, change, sqlite_council

SETTINGS = """
environment = "development"
[log]
database_url = "sqlite:///{place}/log.db"
key_file = "log.key"
origin = "hub.testshire.example/log"
[access]
issuer = "http://127.0.0.1:9"
audience = "http://127.0.0.1:9"
register = "register.toml"
[[custodians]]
id = "testshire-council"
name = "Testshire Council"
sector = "council"
kind = "ssd"
url = "{council}"
contact = {{ role = "Desk", phone = "01632 960 121" }}
[[custodians]]
id = "testshire-police"
name = "Testshire Police"
sector = "police"
kind = "rest"
url = "{police}"
mapping = "{mapping}"
credential = {{ file = "police.credential" }}
contact = {{ role = "Desk", phone = "01632 960 131" }}
[[custodians]]
id = "testshire-nhs"
name = "Testshire NHS"
sector = "health"
kind = "fhir"
url = "{nhs}"
credential = {{ file = "nhs.credential" }}
contact = {{ role = "Desk", phone = "01632 960 114" }}
"""
NOW = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
CHILD = next(child for house in WORLD.households for child in house.children if child.nhs_number == STAR)


class Stating:
    """An application that states ``answer`` as its capabilities; without one it knows no such address."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.answer: object = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.answer is not None and scope.get("path") == "/metadata":
            headers = {"x-request-id": dict(scope["headers"])[b"x-request-id"].decode()}
            await JSONResponse(self.answer, headers=headers)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


STATING = Stating(nhs_app(nhs_holdings(WORLD), nhs.DEMO_CREDENTIAL))
NHS, POLICE = Bent(STATING), Bent(police._build(WORLD, FaultSwitch()))


@pytest.fixture(scope="module")
def urls() -> Iterator[dict[str, str]]:
    with served(NHS) as health, served(POLICE) as force:
        yield {"nhs": health, "police": force}


@dataclass(slots=True)
class Place:
    """A partnership's settings, to be broken."""

    directory: Path
    council: str
    urls: dict[str, str]
    capsys: pytest.CaptureFixture[str]
    mapping: str = "pole-demo.toml"

    def check(self, *arguments: str) -> tuple[int, str]:
        """Exit status of the command, and what it printed."""
        settings = self.directory / "settings.toml"
        places = {"place": self.directory, "council": self.council, "mapping": self.mapping, **self.urls}
        settings.write_text(SETTINGS.format(**places))
        status = main(["connector", "check", "--settings", str(settings), *arguments])
        said = self.capsys.readouterr()
        return status, said.out + said.err

    def remap(self, old: str, new: str) -> None:
        """Change the police's mapping file."""
        text = (Path(police.__file__).parents[1] / "connectors/mappings/pole-demo.toml").read_text()
        assert old in text
        (self.directory / "own.toml").write_text(text.replace(old, new))
        self.mapping = "own.toml"


@pytest.fixture
def place(tmp_path: Path, urls: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Place:
    """Everything sound, nothing asked yet."""
    (tmp_path / "nhs.credential").write_text(nhs.DEMO_CREDENTIAL)
    (tmp_path / "police.credential").write_text(police.DEMO_CREDENTIAL)
    council = sqlite_council(tmp_path)
    change(council, f"UPDATE ssd_version_log SET created_at = '{NOW}'")
    NHS.bend = POLICE.bend = STATING.answer = None
    NHS.at = POLICE.at = "/"
    NHS.asked.clear()
    POLICE.asked.clear()
    return Place(tmp_path, council, dict(urls), capsys)


def values_of(text: str) -> list[str]:
    """What of the star child's own details is in ``text``."""
    known = [CHILD.health, CHILD.police]
    words = [STAR, CHILD.given_name, CHILD.family_name, CHILD.birth_date.isoformat()]
    words += [
        each for who in known if who for each in (who.given_name, who.family_name, who.local_id, who.phone) if each
    ]
    words += [str(value) for event in CHILD.events for value in event.values.values() if isinstance(value, str)]
    return [word for word in words if len(word) > 3 and re.search(rf"\b{re.escape(word)}\b", text)]


def test_all_is_well_and_nobody_is_asked_about(place: Place) -> None:
    status, said = place.check()
    assert status == 0, said
    assert "Nothing to be mended." in said
    assert "MEND" not in said
    everything = [*NHS.asked, *POLICE.asked]
    assert everything
    assert not any(STAR in str(asked) for asked in everything)
    assert not any(name in ("family", "given", "birthdate") for _, _, asked in everything for name, _ in asked)
    assert [path for _, path, _ in POLICE.asked] == ["/v1/persons/hub-connector-check/records/index"]


def test_one_custodian_alone(place: Place) -> None:
    status, said = place.check("testshire-council")
    assert status == 0, said
    assert "testshire-nhs" not in said
    assert (NHS.asked, POLICE.asked) == ([], [])


def test_a_test_patient_is_counted_and_never_shown(place: Place) -> None:
    status, said = place.check("--nhs-number", STAR)
    assert status == 0, said
    assert "Each system asked records that the hub looked at the test patient." in said
    assert "patient of the test patient" in said
    assert re.search(r"given_name +1 present, 0 absent; text; length \d+", said)
    assert "give --local-id" in said
    assert values_of(said) == []
    assert [path for _, path, _ in POLICE.asked if "records" in path] == [
        "/v1/persons/hub-connector-check/records/index"
    ]
    assert not (place.directory / "log.db").exists()


def test_a_system_without_nhs_numbers_is_walked_through_with_its_own_id(place: Place) -> None:
    assert CHILD.police is not None
    status, said = place.check("testshire-police", "--nhs-number", STAR, "--local-id", CHILD.police.local_id)
    assert status == 0, said
    assert re.search(r"Fetch answered in \d+ ms: [1-9]\d* record", said)
    assert re.search(r"(\d+) of \d+ mapped paths were there", said)
    assert values_of(said) == []


def test_an_id_the_search_did_not_give_is_not_asked_about(place: Place) -> None:
    _, said = place.check("testshire-police", "--nhs-number", STAR, "--local-id", "somebody-else")
    assert "it does not hold the test patient" in said
    assert not any("somebody-else" in path for _, path, _ in POLICE.asked)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["--nhs-number", "9434765919"], "not written to the hub's log", id="a-number-somebody-may-have"),
        pytest.param(["--nhs-number", "9990004022"], "check digit", id="no-number"),
        pytest.param(["testshire-fire"], "no custodian of that id", id="no-such-custodian"),
        pytest.param(["--local-id", "x"], "--local-id goes with", id="an-id-of-nobody"),
    ],
)  # fmt: skip
def test_what_is_refused_before_anybody_is_asked(place: Place, arguments: list[str], says: str) -> None:
    status, said = place.check(*arguments)
    assert status == 2
    assert says in said
    assert (NHS.asked, POLICE.asked) == ([], [])


# ---------------------------------------------------------------------------------------------------------- the council

COUNCIL = [
    pytest.param("DROP TABLE ssd_s47_enquiry", "lacks the table ssd_s47_enquiry; lost by it: section47_enquiry", id="no-table"),
    pytest.param("ALTER TABLE ssd_contacts DROP COLUMN cont_contact_outcome_json", "lacks the column ssd_contacts.cont_contact_outcome_json; lost by it: contact", id="no-column"),
    pytest.param("DROP TABLE hub_record_labels", "no record can be shown", id="no-labels"),
    pytest.param("DROP TABLE ssd_version_log", "lacks the table ssd_version_log; lost by it: nobody can be found", id="no-version-log"),
    pytest.param("DELETE FROM ssd_version_log", "does not say when the copy was taken", id="no-time-of-copy"),
    pytest.param("UPDATE ssd_version_log SET created_at = '2020-01-01 00:00:00'", "days ago", id="an-old-copy"),
    pytest.param("UPDATE ssd_person SET pers_single_unique_id = NULL", "0 of 132 people have one", id="no-numbers"),
    pytest.param("ALTER TABLE ssd_person RENAME COLUMN pers_single_unique_id TO pers_other", "has neither pers_single_unique_id nor pers_common_child_id", id="no-number-column"),
    pytest.param("DELETE FROM ssd_person", "every child would read as not known", id="nobody"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "says"), COUNCIL)
def test_a_council_to_be_mended(place: Place, statement: str, says: str) -> None:
    change(
        place.council,
        *(["DROP INDEX IF EXISTS ix_ssd_person_pers_single_unique_id"] if "RENAME" in statement else []),
        statement,
    )
    status, said = place.check("testshire-council")
    assert status == 1, said
    assert says in said
    assert "->" in said
    assert "To be mended: testshire-council." in said


@pytest.mark.parametrize(
    ("statements", "says"),
    [
        pytest.param(["DELETE FROM ssd_s47_enquiry"], "ssd_s47_enquiry has no rows: section47_enquiry", id="empty"),
        pytest.param(["ALTER TABLE ssd_person DROP COLUMN pers_death_date", "ALTER TABLE ssd_person ADD COLUMN pers_death_date VARCHAR(20)"],
                     "text where date is published: ssd_person.pers_death_date", id="dates-as-text"),
        pytest.param(["ALTER TABLE ssd_person ADD COLUMN pers_common_child_id VARCHAR(48)"],
                     "ssd_person.pers_single_unique_id and ssd_person.pers_common_child_id", id="both-columns"),
    ],
)  # fmt: skip
def test_a_council_to_know_about(place: Place, statements: list[str], says: str) -> None:
    change(place.council, *statements)
    status, said = place.check("testshire-council")
    assert status == 0, said
    assert says in said


# ---------------------------------------------------------------------------------------------- reaching, and the mapping


@pytest.mark.parametrize("agency", ["police", "nhs"])
@pytest.mark.parametrize(
    ("what", "says"),
    [
        pytest.param("down", "down: no connection could be made", id="down"),
        pytest.param("credential", "refused: it refused the hub's credentials", id="credential"),
        pytest.param("empty", "holds no token", id="no-credential"),
    ],
)
def test_an_agency_that_cannot_be_asked(place: Place, agency: str, what: str, says: str) -> None:
    if what == "down":
        place.urls[agency] = "http://127.0.0.1:9"
    else:
        (place.directory / f"{agency}.credential").write_text("another" if what == "credential" else "")
    status, said = place.check()
    assert status == 1
    assert says in said
    assert f"To be mended: testshire-{agency}." in said


def test_a_mapping_that_is_wrong_is_told_and_the_others_are_checked(place: Place) -> None:
    place.remap('outcome = "event.outcome"', 'outcme = "event.outcome"')
    status, said = place.check()
    assert status == 1
    assert "the field catalogue has no such field" in said
    assert "it speaks FHIR" in said or "/metadata" in said


MAPPINGS = [
    pytest.param('children_present = "event.childrenPresent"', 'children_present = "event.nowhere"', 0, "kinds.domestic_abuse_incident.fields.children_present is absent in all 3", id="a-path-that-leads-nowhere"),
    pytest.param('location = "event.location.address"', 'location = "event"', 1, "kinds.domestic_abuse_incident.fields.location is of another type in 3 of 3", id="another-type"),
    pytest.param("[words.gender]", '[words.gender]\nZ9 = "?"\n[words.other]', 0, "match.candidate.sex: codes without a word, of the form", id="codes-without-a-word"),
    pytest.param('types = ["DOMESTIC_ABUSE"]', 'types = ["ABUSE"]', 0, "the test patient has no domestic_abuse_incident", id="a-type-misspelt"),
    pytest.param('birth_date = "dateOfBirth"', 'birth_date = "born"', 0, "match.candidate.birth_date is absent in all", id="no-birth-date"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected", "says"), MAPPINGS)
def test_a_mapping_compared_with_what_came(place: Place, old: str, new: str, expected: int, says: str) -> None:
    assert CHILD.police is not None
    place.remap(old, new)
    status, said = place.check("testshire-police", "--nhs-number", STAR, "--local-id", CHILD.police.local_id)
    assert says in said, said
    assert status == expected
    assert values_of(said) == []


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        pytest.param("markings", ["Odd 7"], "markings without a word, of the form AAA 9 (8)", id="a-marking"),
        pytest.param(
            "markings", ["SECRET"], "above OFFICIAL-SENSITIVE in 8: each is a fault of the feed", id="above-official"
        ),
        pytest.param("markings", 7, "labels[4] (markings) is of another type in 8 of 8", id="markings-of-another-type"),
        pytest.param(
            "type", "ODD_7", "record.type (in find): types without a kind, of the form AAA_9 (8)", id="a-type"
        ),
        pytest.param("recordId", None, "record.id (in find) is absent in 8 of 8", id="no-id"),
    ],
)
def test_records_the_mapping_does_not_fit(place: Place, key: str, value: object, says: str) -> None:
    def changed(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "records": [{**row, key: value} for row in body["records"]]}

    assert CHILD.police is not None
    POLICE.at, POLICE.bend = f"/v1/persons/{CHILD.police.local_id}/records/index", changed
    status, said = place.check("testshire-police", "--nhs-number", STAR, "--local-id", CHILD.police.local_id)
    assert status == 1
    assert says in said, said


def test_police_who_do_not_look_at_whom_they_are_asked_about(place: Place) -> None:
    POLICE.at, POLICE.status = "/v1/persons/hub-connector-check", 200
    POLICE.bend = lambda _: {"personId": "x", "asOf": NOW, "records": [{"recordId": "1"}]}
    try:
        status, said = place.check("testshire-police")
    finally:
        POLICE.status = None
    assert status == 1
    assert "it gave records of a person who is none" in said


# ------------------------------------------------------------------------------------------------------------------ NHS

PARAMETERS = {
    name: ["patient", "_id"]
    for name in (
        "AllergyIntolerance",
        "Appointment",
        "CarePlan",
        "CareTeam",
        "DocumentReference",
        "Encounter",
        "EpisodeOfCare",
        "Flag",
        "Immunization",
        "RelatedPerson",
    )
}
PARAMETERS["Observation"] = ["patient", "code"]
PARAMETERS["Patient"] = ["_id", "identifier", "family", "given", "birthdate", "_history", "_fuzzy-match"]


def statement(version: str = "4.0.1", **changed: list[str] | None) -> dict[str, Any]:
    """A CapabilityStatement; ``changed``: search parameters by resource type, None to leave the type out."""
    offered = {**PARAMETERS, **changed}
    resource = [
        {"type": name, "searchParam": [{"name": each} for each in names]}
        for name, names in offered.items()
        if names is not None
    ]
    return {"resourceType": "CapabilityStatement", "fhirVersion": version, "rest": [{"resource": resource}]}


@pytest.mark.parametrize(
    ("stated", "expected", "says"),
    [
        pytest.param(statement(), 0, "Patient: every search parameter the hub uses is there", id="all-there"),
        pytest.param(statement("3.0.2"), 1, "does not state FHIR R4", id="another-version"),
        pytest.param(statement(Flag=None), 1, "does not offer Flag", id="a-resource-less"),
        pytest.param(statement(Encounter=["_id"]), 1, "does not state the search parameter(s) patient of Encounter", id="a-parameter-less"),
        pytest.param(statement(Patient=["_id", "identifier", "family", "given", "birthdate"]), 1, "set `pds_search` to false", id="not-pds"),
        pytest.param(statement(Observation=["patient"]), 1, "parameter(s) code of Observation", id="no-search-by-code"),
        pytest.param(statement(Patient=None), 1, "does not offer Patient", id="no-patients"),
        pytest.param({"resourceType": "OperationOutcome"}, 0, "states no capabilities", id="none-stated"),
        pytest.param({"resourceType": "CapabilityStatement", "rest": 7}, 1, "malformed", id="malformed"),
    ],
)  # fmt: skip
def test_capabilities(place: Place, stated: dict[str, Any], expected: int, says: str) -> None:
    STATING.answer = stated
    status, said = place.check("testshire-nhs")
    assert says in said, said
    assert status == expected


def test_a_server_that_gives_everybody(place: Place) -> None:
    def everything(_: object) -> dict[str, Any]:
        flag = {"resourceType": "Flag", "id": "f1", "subject": {"reference": "Patient/1"}}
        return {"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": [{"resource": flag}]}

    NHS.at, NHS.bend, NHS.status = "/Flag/_search", everything, 200
    try:
        status, said = place.check("testshire-nhs")
    finally:
        NHS.status = None
    assert status == 1
    assert "Flag: it gave records to a question about nobody, so it ignores the search parameter patient" in said
