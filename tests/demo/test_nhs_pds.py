"""The pretend PDS keeps the documented rules: what a caller built against it meets in the real one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from starlette.testclient import TestClient

from hub.demo.nhs_app import PAGE_MAX, PAGES_KEPT_MAX, create_app
from hub.demo.nhs_pds import MATCHES_MAX, NAME_LENGTH_MAX
from hub.demo.nhs_resources import Holdings, Patient, load
from tests.connectors.fhir_bench import ADA, BEA, CREDENTIAL, NEW, OLD, RAY, VAL, ZED, number, small_world

REQUEST_ID = "60e0b220-8136-4ca5-ae46-1d97ef59d068"
HEADERS = {"Authorization": f"Bearer {CREDENTIAL}", "X-Request-ID": REQUEST_ID}
WITHDRAWN = number(51)

BORN = "birthdate=eq2015-03-04"


@pytest.fixture(scope="module")
def nhs() -> Iterator[TestClient]:
    held = load(small_world())
    held.invalidated = frozenset({WITHDRAWN})
    with TestClient(create_app(held, CREDENTIAL), headers=HEADERS) as client:
        yield client


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["resourceType"] == "Bundle"
    found = [entry["resource"]["id"] for entry in body.get("entry", [])]
    assert body["total"] == len(found)
    return found


def code(answer: Any) -> tuple[int, str]:
    body = answer.json()
    assert body["resourceType"] == "OperationOutcome"
    return answer.status_code, body["issue"][0]["details"]["coding"][0]["code"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param(f"family=quill&{BORN}", [ADA, BEA], id="least-a-search-needs"),
        pytest.param(f"family=Quill&given=Bea&{BORN}", [BEA], id="given"),
        pytest.param(f"family=Quill&given=Ada&given=Mary&{BORN}", [ADA], id="both-given-names"),
        pytest.param(f"family=Quill&given=Mary&{BORN}", [ADA], id="middle-name"),
        pytest.param(f"family=Qu*&{BORN}", [ADA, BEA], id="wildcard"),
        pytest.param(f"family=Quill&given=Mar*&{BORN}", [], id="given-wildcard-looks-at-the-first-name-only"),
        pytest.param(f"family=Marsh&{BORN}", [], id="former-name-without-history"),
        pytest.param(f"family=Marsh&{BORN}&_history=true", [ADA], id="former-name-with-history"),
        pytest.param(f"family=Quil&given=Ada&{BORN}", [], id="misspelt"),
        pytest.param(f"family=Kwill&given=Ada&{BORN}&_fuzzy-match=true", [], id="soundex-keeps-the-first-letter"),
        pytest.param(f"family=Quiil&given=Ada&{BORN}&_fuzzy-match=true", [ADA], id="fuzzy"),
        pytest.param(f"family=Bea&given=Quill&{BORN}&_fuzzy-match=true", [BEA], id="fuzzy-names-swapped"),
        pytest.param("family=Quill&birthdate=ge2015-01-01&birthdate=le2015-12-31", [ADA, BEA], id="range"),
        pytest.param("family=Quill&birthdate=ge2015-01-01&birthdate=le2016-12-31&_max-results=3", [ADA, BEA, ZED], id="as-many-as-max-results"),
        pytest.param(f"family=Quill&{BORN}&gender=male", [], id="gender"),
        pytest.param(f"family=Quill&{BORN}&address-postalcode=zz11aa", [ADA, BEA], id="postcode-without-space"),
        pytest.param(f"family=Quill&{BORN}&address-postalcode=ZZ2*", [], id="another-postcode"),
        pytest.param(f"family=Quill&{BORN}&general-practitioner=Z99001", [ADA, BEA], id="practice"),
        pytest.param(f"family=Quill&{BORN}&general-practitioner=Z99002", [], id="another-practice"),
        pytest.param(f"family=Quill&{BORN}&phone=01632%20960%20301", [ADA, BEA], id="phone"),
        pytest.param(f"family=Quill&{BORN}&email=a@example.com", [], id="email-nobody-has"),
        pytest.param(f"family=Quill&{BORN}&death-date=eq2020-01-01", [], id="nobody-has-died"),
        pytest.param(f"family=Qu*&given=Ada&{BORN}&_exact-match=true", [], id="exact-takes-no-wildcard-match"),
        pytest.param("family=Holt&birthdate=eq2012-05-06", [RAY], id="restricted-is-found"),
        pytest.param("family=Holt&birthdate=eq2012-05-06&address-postalcode=ZZ1%201AA", [], id="restricted-not-by-postcode"),
        pytest.param("family=Holt&birthdate=eq2012-05-06&address-postcode=ZZ1%201AA", [], id="restricted-not-by-old-postcode-name"),
        pytest.param("family=Holt&birthdate=eq2012-05-06&general-practitioner=Z99001", [], id="restricted-not-by-practice"),
        pytest.param("family=Stone&birthdate=eq2011-07-08", [VAL], id="very-restricted-is-found"),
    ],
)  # fmt: skip
def test_search(nhs: TestClient, query: str, found: list[str]) -> None:
    assert ids(nhs.get(f"/Patient?{query}")) == found
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert ids(nhs.post("/Patient/_search", content=query, headers=form)) == found


@pytest.mark.parametrize(
    ("path", "status", "spine"),
    [
        pytest.param("/Patient", 400, "UNSUPPORTED_SERVICE", id="no-parameters"),
        pytest.param("/Patient?family=Quill", 400, "INVALID_SEARCH_DATA", id="no-birth-date"),
        pytest.param(f"/Patient?{BORN}", 400, "INVALID_SEARCH_DATA", id="no-family"),
        pytest.param(f"/Patient?family=Quill&{BORN}&nickname=A", 400, "ADDITIONAL_PROPERTIES", id="unknown-parameter"),
        pytest.param(f"/Patient?family=Quill&{BORN}&identifier=1", 400, "ADDITIONAL_PROPERTIES", id="identifier-is-no-search"),
        pytest.param("/Patient?family=Quill&birthdate=eq04-03-2015", 400, "INVALID_SEARCH_DATA", id="date-form"),
        pytest.param("/Patient?family=Quill&birthdate=eq2015-02-30", 400, "INVALID_SEARCH_DATA", id="no-such-day"),
        pytest.param(f"/Patient?family=Q*&{BORN}", 400, "INVALID_SEARCH_DATA", id="wildcard-too-early"),
        pytest.param(f"/Patient?family=Qui*&given=Ada&{BORN}&_fuzzy-match=true", 400, "INVALID_SEARCH_DATA", id="fuzzy-wildcard"),
        pytest.param(f"/Patient?family=Quill&{BORN}&_fuzzy-match=true", 400, "INVALID_SEARCH_DATA", id="fuzzy-without-given"),
        pytest.param(f"/Patient?family=Quill&family=Holt&{BORN}", 400, "INVALID_SEARCH_DATA", id="family-twice"),
        pytest.param(f"/Patient?family=Quill&{BORN}&address-postcode=A&address-postalcode=A", 400, "INVALID_SEARCH_DATA", id="both-postcodes"),
        pytest.param(f"/Patient?family={'Q' * (NAME_LENGTH_MAX + 1)}&{BORN}", 400, "INVALID_SEARCH_DATA", id="name-one-too-long"),
        pytest.param(f"/Patient?family=Quill&{BORN}&gender=mal", 400, "INVALID_VALUE", id="gender"),
        pytest.param(f"/Patient?family=Quill&{BORN}&_history=yes", 400, "INVALID_VALUE", id="flag"),
        pytest.param(f"/Patient?family=Quill&{BORN}&_max-results=0", 400, "INVALID_VALUE", id="max-results-none"),
        pytest.param(f"/Patient?family=Quill&{BORN}&_max-results={MATCHES_MAX + 1}", 400, "INVALID_VALUE", id="max-results-one-too-many"),
        pytest.param(f"/Patient?family=Quill&{BORN}&_max-results=1", 200, "TOO_MANY_MATCHES", id="too-many-is-a-200"),
        pytest.param("/Patient/9000000000", 400, "INVALID_RESOURCE_ID", id="read-bad-check-digit"),
        pytest.param("/Patient/999000402", 400, "INVALID_RESOURCE_ID", id="read-nine-digits"),
        pytest.param("/Patient/9111231130", 404, "RESOURCE_NOT_FOUND", id="read-nobody"),
        pytest.param(f"/Patient/{WITHDRAWN}", 404, "INVALIDATED_RESOURCE", id="read-withdrawn"),
        pytest.param("/Encounter", 400, "MISSING_VALUE", id="records-of-nobody"),
        pytest.param(f"/Encounter?patient={ADA}&date=2026", 400, "ADDITIONAL_PROPERTIES", id="records-unknown-parameter"),
        pytest.param(f"/Encounter?patient={ADA}&_count=0", 400, "INVALID_VALUE", id="records-count"),
        pytest.param("/_page/nothing", 404, "RESOURCE_NOT_FOUND", id="no-such-page"),
    ],
)  # fmt: skip
def test_refusals(nhs: TestClient, path: str, status: int, spine: str) -> None:
    assert code(nhs.get(path)) == (status, spine)


@pytest.mark.parametrize(
    ("headers", "status", "spine"),
    [
        pytest.param({"Authorization": ""}, 401, "ACCESS_DENIED", id="no-token"),
        pytest.param({"Authorization": "Bearer other"}, 401, "ACCESS_DENIED", id="another-token"),
        pytest.param({"X-Request-ID": "abc"}, 400, "INVALID_VALUE", id="request-id-is-no-uuid"),
    ],
)
def test_headers(nhs: TestClient, headers: dict[str, str], status: int, spine: str) -> None:
    assert code(nhs.get(f"/Patient/{ADA}", headers=headers)) == (status, spine)


def test_a_request_id_is_needed_and_mirrored(nhs: TestClient) -> None:
    del nhs.headers["x-request-id"]
    try:
        assert code(nhs.get(f"/Patient/{ADA}")) == (400, "MISSING_VALUE")
    finally:
        nhs.headers["x-request-id"] = REQUEST_ID
    answer = nhs.get(f"/Patient/{ADA}", headers={"X-Correlation-ID": "c-1"})
    assert (answer.headers["x-request-id"], answer.headers["x-correlation-id"]) == (REQUEST_ID, "c-1")
    assert answer.headers["etag"] == 'W/"2"'
    assert answer.headers["content-type"].startswith("application/fhir+json")


@pytest.mark.parametrize(
    ("asked", "sent", "absent"),
    [
        pytest.param(ADA, ADA, set(), id="U"),
        pytest.param(RAY, RAY, {"address", "telecom", "generalPractitioner"}, id="R"),
        pytest.param(VAL, VAL, {"address", "telecom", "generalPractitioner", "name", "birthDate"}, id="V"),
        pytest.param(OLD, NEW, set(), id="superseded"),
    ],
)
def test_read(nhs: TestClient, asked: str, sent: str, absent: set[str]) -> None:
    patient = nhs.get(f"/Patient/{asked}").json()
    assert patient["id"] == sent
    assert {"address", "telecom", "generalPractitioner", "name", "birthDate"} - set(patient) == absent


def test_search_results_have_no_old_names_and_a_score(nhs: TestClient) -> None:
    entries = nhs.get(f"/Patient?family=Marsh&{BORN}&_history=true").json()["entry"]
    assert [name["family"] for name in entries[0]["resource"]["name"]] == ["Quill"]
    assert entries[0]["search"]["score"] < 1.0
    assert [name["family"] for name in nhs.get(f"/Patient/{ADA}").json()["name"]] == ["Quill", "Marsh"]


@pytest.mark.parametrize(("people", "found"), [(MATCHES_MAX, True), (MATCHES_MAX + 1, False)])
def test_matches_at_the_limit(people: int, found: bool) -> None:
    held = Holdings()
    for stem in range(people):
        name = [{"use": "usual", "family": "Quill", "given": ["A"]}]
        resource = {
            "resourceType": "Patient",
            "id": number(stem),
            "name": name,
            "gender": "female",
            "birthDate": "2015-03-04",
        }
        held.patients[number(stem)] = Patient(resource, "U")
    with TestClient(create_app(held, CREDENTIAL), headers=HEADERS) as client:
        answer = client.get(f"/Patient?family=Quill&{BORN}")
    if found:
        assert len(ids(answer)) == people
    else:
        assert code(answer) == (200, "TOO_MANY_MATCHES")


class TestRecords:
    def test_find_shows_labels_and_no_content(self, nhs: TestClient) -> None:
        answer = nhs.get(f"/Encounter?patient={ADA}&_elements=id,meta,subject").json()
        for entry in answer["entry"]:
            assert set(entry["resource"]) == {"resourceType", "id", "meta", "subject"}
        words = [label["code"] for entry in answer["entry"] for label in entry["resource"]["meta"].get("security", [])]
        assert sorted(words) == ["local_code_77", "yp_objection"]

    def test_fetch_gives_what_was_asked_for(self, nhs: TestClient) -> None:
        every = ids(nhs.get(f"/Encounter?patient={ADA}"))
        assert ids(nhs.get(f"/Encounter?patient=Patient/{ADA}&_id={every[0]},{every[2]}")) == [every[0], every[2]]

    def test_one_childs_id_under_another_child_gives_nothing(self, nhs: TestClient) -> None:
        (bea,) = ids(nhs.get(f"/Encounter?patient={BEA}"))
        assert ids(nhs.get(f"/Encounter?patient={ADA}&_id={bea}")) == []

    def test_a_restricted_childs_relatives_have_no_telephone(self, nhs: TestClient) -> None:
        for who, has_phone in ((ADA, True), (RAY, False)):
            person = nhs.get(f"/RelatedPerson?patient={who}").json()["entry"][0]["resource"]
            assert ("telecom" in person) is has_phone

    def test_pages(self, nhs: TestClient) -> None:
        first = nhs.get(f"/Encounter?patient={ADA}&_count=2").json()
        assert (first["total"], len(first["entry"])) == (3, 2)
        second = nhs.get(first["link"][0]["url"]).json()
        assert len(second["entry"]) == 1
        assert "link" not in second

    def test_kept_pages_are_bounded(self) -> None:
        with TestClient(create_app(load(small_world()), CREDENTIAL), headers=HEADERS) as client:
            links = [
                client.get(f"/Encounter?patient={ADA}&_count=2").json()["link"][0]["url"]
                for _ in range(PAGES_KEPT_MAX + 1)
            ]
            assert client.get(links[0]).status_code == 404
            assert client.get(links[1]).status_code == 200
        assert PAGE_MAX == 100


class TestPostLookUps:
    """FHIR's way of keeping an NHS number out of a URL."""

    @pytest.mark.parametrize(
        ("form", "found"),
        [
            pytest.param({"identifier": f"https://fhir.nhs.uk/Id/nhs-number|{ADA}"}, [ADA], id="identifier"),
            pytest.param({"_id": ADA}, [ADA], id="id"),
            pytest.param({"_id": OLD}, [NEW], id="superseded"),
            pytest.param({"_id": number(50)}, [], id="nobody"),
        ],
    )
    def test_found(self, nhs: TestClient, form: dict[str, str], found: list[str]) -> None:
        assert ids(nhs.post("/Patient/_search", data=form)) == found

    @pytest.mark.parametrize(
        ("form", "status", "spine"),
        [
            pytest.param({"_id": ADA, "family": "Quill"}, 400, "ADDITIONAL_PROPERTIES", id="mixed"),
            pytest.param({"_id": "12"}, 400, "INVALID_RESOURCE_ID", id="no-number"),
            pytest.param({"_id": WITHDRAWN}, 404, "INVALIDATED_RESOURCE", id="withdrawn"),
        ],
    )
    def test_refused(self, nhs: TestClient, form: dict[str, str], status: int, spine: str) -> None:
        assert code(nhs.post("/Patient/_search", data=form)) == (status, spine)


def test_a_status_that_fhir_does_not_have_is_a_fault_of_the_world() -> None:
    from hub.demo.world import Household, World
    from tests.connectors.fhir_bench import HOME, NOW, TWINS_BORN, child, event, known

    odd = child(ADA, known(ADA, "Ada", "Quill", TWINS_BORN, "F"), event("attendance", status="seen"))
    with pytest.raises(ValueError, match="Encounter status"):
        load(World(1, date(2026, 1, 1), NOW, (Household("h", HOME, (), (odd,)),)))
