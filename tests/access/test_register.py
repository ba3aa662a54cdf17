"""The register decides: who is listed, in which role, on which day, and what a token cannot make up."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import pytest

from hub.access.demo_register import DEMO_ISSUER, write_demo_register
from hub.access.register import Register
from hub.access.register_file import load_register
from hub.access.token import VerifiedToken
from hub.domain.enquiry import Duty
from hub.domain.organisations import Sector
from hub.errors import Forbidden

DEMO = Path(__file__).parents[2] / "hub" / "demo" / "data" / "register.toml"
PURPOSES = {"ca2004-s16la", "ca1989-s47", "ca1989-s17"}
TODAY = date(2026, 11, 22)
TOKEN = VerifiedToken(
    issuer=DEMO_ISSUER,
    client_id="testshire-mash",
    subject="tc-0417",
    token_id="j",
    issued_at=0,
    expires_at=300,
    organisation="testshire-council",
    role="mash_social_worker",
)
ALL_THREE = frozenset(PURPOSES)


@pytest.fixture(scope="module")
def register() -> Register:
    return load_register(DEMO, known_purposes=PURPOSES)


def bent(**changes: str | None) -> VerifiedToken:
    return dataclasses.replace(TOKEN, **changes)  # type: ignore[arg-type]


POLICE = {"client_id": "police-rms", "organisation": "testshire-police"}
NURSE = {"client_id": "nhs-portal", "organisation": "testshire-nhs", "role": "mash_nurse"}
PAGES = {"client_id": "hub-pages"}
ACCEPTED = [
    pytest.param(bent(), Sector.COUNCIL, ALL_THREE, id="MASH social worker"),
    pytest.param(bent(organisation=None), Sector.COUNCIL, ALL_THREE, id="a token that names no organisation"),
    pytest.param(bent(**POLICE, role="mash_police_officer"), Sector.POLICE, ALL_THREE, id="MASH police officer"),
    pytest.param(bent(**NURSE), Sector.HEALTH, ALL_THREE, id="MASH nurse"),
    pytest.param(bent(role="early_help_worker"), Sector.COUNCIL, frozenset({"ca1989-s17"}), id="early help worker"),
    pytest.param(bent(role="ig_officer"), Sector.COUNCIL, frozenset(), id="IG officer: no purpose"),
    pytest.param(bent(client_id="hub-pages"), Sector.COUNCIL, ALL_THREE, id="a council worker through the pages"),
    pytest.param(bent(**NURSE | PAGES), Sector.HEALTH, ALL_THREE, id="a nurse through the same pages"),
]


@pytest.mark.parametrize(("token", "sector", "purposes"), ACCEPTED)
def test_a_registered_worker(
    register: Register, token: VerifiedToken, sector: Sector, purposes: frozenset[str]
) -> None:
    found = register.searcher(token, TODAY)
    assert (found.client_id, found.worker, found.role) == (token.client_id, "tc-0417", token.role)
    assert (found.sector, found.purposes, found.token_strength) == (sector, purposes, "bearer")
    assert "tc-0417" not in repr(found)


REFUSED = [
    pytest.param(bent(client_id="stranger"), "CLIENT_NOT_REGISTERED", id="a client not listed"),
    pytest.param(bent(issuer="https://evil.example"), "CLIENT_NOT_REGISTERED", id="the same name, another issuer"),
    pytest.param(bent(issuer=f"{DEMO_ISSUER}/"), "CLIENT_NOT_REGISTERED", id="an issuer with a slash more"),
    pytest.param(bent(organisation="testshire-police"), "ORGANISATION_MISMATCH", id="another agency in the token"),
    pytest.param(bent(organisation="Testshire Council"), "ORGANISATION_MISMATCH", id="the agency's name, not its id"),
    pytest.param(bent(**PAGES, organisation="nobody"), "ORGANISATION_MISMATCH", id="through the pages, of no agency"),
    pytest.param(bent(**PAGES, organisation=None), "ORGANISATION_MISMATCH", id="through the pages, agency not said"),
    pytest.param(bent(**PAGES, organisation="testshire-nhs"), "ROLE_NOT_REGISTERED", id="pages, another agency's role"),
    pytest.param(bent(role="mash_police_officer"), "ROLE_NOT_REGISTERED", id="another agency's role"),
    pytest.param(bent(role="director"), "ROLE_NOT_REGISTERED", id="a role not listed"),
    pytest.param(bent(role="unattended"), "ROLE_NOT_REGISTERED", id="a worker called unattended"),
    pytest.param(bent(role=None), "ROLE_NOT_REGISTERED", id="no role"),
    pytest.param(bent(subject="testshire-mash"), "WORKER_REQUIRED", id="a client with no worker"),
    pytest.param(bent(subject="testshire-mash", role=None), "WORKER_REQUIRED", id="a client with no worker and role"),
]


@pytest.mark.parametrize(("token", "code"), REFUSED)
def test_refused(register: Register, token: VerifiedToken, code: str) -> None:
    with pytest.raises(Forbidden) as refusal:
        register.searcher(token, TODAY)
    assert refusal.value.code == code
    for piece in (token.subject, token.client_id, token.organisation, token.role):
        assert piece is None or piece not in refusal.value.message


DUTIES = [
    pytest.param(bent(), frozenset(), id="a searcher has none"),
    pytest.param(bent(role="ig_officer"), frozenset({Duty.REVIEW, Duty.REPORT}), id="an IG officer"),
    pytest.param(
        bent(**PAGES, organisation="testshire-police", role="release_lead"), frozenset({Duty.RELEASE}), id="a lead"
    ),
]


@pytest.mark.parametrize(("token", "duties"), DUTIES)
def test_what_a_role_does_besides_asking(register: Register, token: VerifiedToken, duties: frozenset[Duty]) -> None:
    assert register.searcher(token, TODAY).duties == duties


DAYS = [
    (date(2024, 12, 31), False),
    (date(2025, 1, 1), True),
    (date(2035, 12, 31), True),
    (date(2036, 1, 1), False),
]


@pytest.mark.parametrize(("today", "in_force"), DAYS)
def test_a_role_holds_from_its_first_to_its_last_day(register: Register, today: date, in_force: bool) -> None:
    if in_force:
        assert register.searcher(TOKEN, today).purposes == ALL_THREE
    else:
        with pytest.raises(Forbidden) as refusal:
            register.searcher(TOKEN, today)
        assert refusal.value.code == "ROLE_NOT_REGISTERED"


UNATTENDED = bent(client_id="council-case-system", subject="council-case-system", role=None)


@pytest.mark.parametrize(("today", "in_force"), DAYS)
def test_an_unattended_client_states_only_its_own_purpose_and_only_in_its_days(
    register: Register, today: date, in_force: bool
) -> None:
    found = register.searcher(UNATTENDED, today)
    assert (found.worker, found.role) == (None, "unattended")
    assert found.purposes == (frozenset({"ca2004-s16la"}) if in_force else frozenset())


def test_an_unattended_client_cannot_borrow_a_role(register: Register) -> None:
    borrowed = dataclasses.replace(UNATTENDED, role="mash_social_worker")
    assert register.searcher(borrowed, TODAY).purposes == {"ca2004-s16la"}


def test_rows_for_one_role_add_up_while_each_is_in_force(tmp_path: Path) -> None:
    text = DEMO.read_text("utf-8") + (
        '\n[[roles]]\norganisation = "testshire-council"\nrole = "early_help_worker"\npurposes = ["ca1989-s47"]\n'
        'valid_from = 2026-01-01\nvalid_until = 2026-01-31\nsigned_off_by = "x"\nsigned_off_on = 2025-12-01\n'
    )
    path = tmp_path / "register.toml"
    path.write_text(text, "utf-8")
    register = load_register(path)
    during, after = (register.searcher(bent(role="early_help_worker"), date(2026, month, 1)) for month in (1, 2))
    assert during.purposes == {"ca1989-s17", "ca1989-s47"}
    assert after.purposes == {"ca1989-s17"}


def test_the_register_says_which_purposes_it_speaks_of(register: Register) -> None:
    assert register.purposes_named() == PURPOSES


def test_the_demo_register_is_made_out_for_another_address(tmp_path: Path) -> None:
    register = load_register(write_demo_register(tmp_path, "http://127.0.0.1:54321"))
    assert register.searcher(bent(issuer="http://127.0.0.1:54321"), TODAY).worker == "tc-0417"
    with pytest.raises(Forbidden):
        register.searcher(TOKEN, TODAY)
