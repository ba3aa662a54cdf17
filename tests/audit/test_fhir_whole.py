"""The whole AuditEvent of each kind of entry, part by part: nothing is missing, nothing is there twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.audit.acts import KINDS
from hub.audit.entries import Answer, AnswerOutcome, Asker, Entry, FieldGroup, LookBack, Question, RecordLine
from hub.audit.fhir import audit_event
from hub.domain.disclosure import Outcome
from tests.audit import samples
from tests.audit.fhir_r4 import faults
from tests.audit.samples import REF, SUBJECT

ORIGIN = "testshire.example/log"
MOMENT = "2026-11-20T16:41:07.113Z"
DCM = "http://dicom.nema.org/resources/ontology/DCM"
LIFE = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
CODED = "http://terminology.hl7.org/CodeSystem"
QUESTION = samples.question()
ANSWERED = samples.answer(3)
Told = tuple[Any, ...]
QUERY, EXPORT, ALERT, USED = (DCM, "110112"), (DCM, "110106"), (DCM, "110113"), (DCM, "110101")


def made(entry: Entry | None, question: Question | None = None) -> Any:
    resource = audit_event(ORIGIN, 7, entry, question, dropped=False)
    assert faults(resource) == []
    return resource


def called(what: str, value: str) -> dict[str, Any]:
    return {"identifier": {"system": f"https://{ORIGIN}/{what}", "value": value}}


def own_code(what: str, code: str) -> list[Any]:
    return [{"coding": [{"system": f"https://{ORIGIN}/{what}", "code": code}]}]


def agents(resource: Any) -> list[Any]:
    """Every agent: its type's code, who, whether it asked, and its role where it has one."""
    told = []
    for each in resource["agent"]:
        assert each.keys() - {"role"} == {"type", "who", "requestor"}
        roles = [role["coding"][0]["code"] for role in each.get("role", ())]
        assert each.get("role", []) == [own_code("role", role)[0] for role in roles]
        told.append((each["type"]["coding"][0]["code"], each["who"], each["requestor"], *roles))
    return told


def entities(resource: Any) -> list[Any]:
    """Every entity: its type's code, its role's or None, what it is, and its details."""
    told = []
    for each in resource["entity"]:
        assert each.keys() <= {"type", "role", "what", "detail"}
        assert each["type"]["system"] == f"{CODED}/audit-entity-type"
        assert each.get("role", {"system": f"{CODED}/object-role"})["system"] == f"{CODED}/object-role"
        details = {detail["type"]: detail["valueString"] for detail in each.get("detail", ())}
        told.append((each["type"]["code"], each.get("role", {}).get("code"), each.get("what"), details))
    return told


def kinds(resource: Any) -> tuple[Any, ...]:
    """Type, subtype or None, action, outcome, what is said of it."""
    subs: list[Any] = [(sub["system"], sub["code"]) for sub in resource.get("subtype", ())] or [None]
    kind = (resource["type"]["system"], resource["type"]["code"])
    return kind, *subs, resource["action"], resource["outcome"], resource.get("outcomeDesc")


PERSON: Told = ("IRCP", called("worker", REF), True, "mash_social_worker")
AGENCY: Told = ("AGNT", called("organisation", "testshire-council"), False)
HUB_ASKED, HUB_TOLD = ("110152", called("hub", ORIGIN), False), ("110153", called("hub", ORIGIN), False)
PATIENT: Told = ("1", "1", {"type": "Patient"} | called("subject", SUBJECT), {})
CASE: Told = ("4", None, called("case", "c3d2" * 8), {})
ITSELF: Told = ("2", "13", called("entry", "7"), {})
ENDED: Told = ("2", "13", called("entry", "3"), {})
DIGESTS = {"trace": "4bf9" * 8, "document-sha256": "0b44" * 16, "policy-sha256": "7e1f" * 16}
COUNCIL, POLICE, NHS = (called("organisation", f"testshire-{name}") for name in ("council", "police", "nhs"))
ASKERS = [PERSON, ("110153", called("client", "testshire-mash"), False), AGENCY, HUB_ASKED]
COUNTS = dict.fromkeys(("records", "shared", "withheld", "asks", "gaps"), "0")


def test_what_every_resource_says_of_itself() -> None:
    resource = made(QUESTION)
    assert (resource["resourceType"], resource["id"], resource["recorded"]) == ("AuditEvent", "log-7", MOMENT)
    assert resource["source"] == {
        "observer": called("hub", ORIGIN),
        "type": [
            {"system": f"{CODED}/security-source-type", "code": "4", "display": "Application Server"},
        ],
    }
    assert resource["purposeOfEvent"] == own_code("purpose", "ca1989-s47")
    assert resource["type"] == {"system": DCM, "code": "110112", "display": "Query"}
    displays = [agent["type"]["coding"][0]["display"] for agent in resource["agent"]]
    assert displays == ["information recipient", "Source Role ID", "agent", "Destination Role ID"]
    assert "meta" not in resource


def test_a_question() -> None:
    resource = made(QUESTION)
    assert kinds(resource) == (QUERY, None, "E", "0", None)
    assert agents(resource) == ASKERS
    asked: list[Told] = [("3", None, COUNCIL, {}), ("3", None, POLICE, {})]
    assert entities(resource) == [PATIENT, CASE, ("2", "24", None, DIGESTS), *asked, ITSELF]


def test_a_program_s_question_that_looks_further_back() -> None:
    asker = Asker("portal", "testshire-nhs", None, "nurse", "mtls")
    resource = made(samples.question(asker=asker, look_back=LookBack(7, "new_concern"), asked=()))
    assert agents(resource) == [("110153", called("client", "portal"), True, "nurse"), ("AGNT", NHS, False), HUB_ASKED]
    assert entities(resource) == [PATIENT, CASE, ("2", "24", None, DIGESTS | {"look-back": "new_concern"}), ITSELF]


CUSTODIANS = [("CST", COUNCIL, False), ("CST", NHS, False), ("CST", POLICE, False)]
LINES = [
    (
        "2",
        "3",
        COUNCIL,
        COUNTS
        | {"state": "answered", "match": "same", "records": "1", "shared": "1", "withheld": "1", "veiled": "true"},
    ),
    ("2", "3", NHS, COUNTS | {"state": "no_answer", "reason": "slow"}),
    ("2", "3", POLICE, COUNTS | {"state": "not_asked", "reason": "not_selected"}),
]


@pytest.mark.parametrize(
    ("question", "askers", "about"),
    [
        pytest.param(
            QUESTION,
            [PERSON, ("110152", called("client", "testshire-mash"), False), AGENCY],
            [PATIENT, CASE],
            id="to a question",
        ),
        pytest.param(None, [], [], id="to what is not known"),
    ],
)
def test_an_answer(question: Question | None, askers: list[Any], about: list[Any]) -> None:
    resource = made(ANSWERED, question)
    assert kinds(resource) == (EXPORT, (LIFE, "disclose"), "R", "0", "joined_view")
    assert ("purposeOfEvent" in resource) is (question is not None)
    assert agents(resource) == [HUB_TOLD, *askers, *CUSTODIANS]
    assert entities(resource) == [*about, ENDED, *LINES, ITSELF]
    assert resource["recorded"] == MOMENT


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        pytest.param(
            AnswerOutcome.POSSIBLE_MATCHES, (EXPORT, (LIFE, "disclose"), "R", "0", "possible_matches"), id="faces"
        ),
        pytest.param(AnswerOutcome.NO_MATCH, (QUERY, None, "E", "0", "no_match"), id="nobody"),
    ],
)
def test_what_an_answer_disclosed(outcome: AnswerOutcome, expected: tuple[Any, ...]) -> None:
    assert kinds(made(samples.answer(3, outcome=outcome), QUESTION)) == expected


def test_grounds_stand_in_one_text() -> None:
    withheld = FieldGroup(Outcome.WITHHELD, ("notes",), ("imp-b", "imp-a"))
    gaps = (withheld, FieldGroup(Outcome.ASK, ("name",), ("imp-c",)), FieldGroup(Outcome.GAP, ("date",)))
    record = RecordLine("testshire-council", "assessment", 1, gaps)
    resource = made(Answer(samples.AT, samples.NONCE, 3, AnswerOutcome.JOINED_VIEW, (), (), (record,)), QUESTION)
    counted = COUNTS | {"records": "1", "withheld": "1", "asks": "1", "gaps": "1"}
    told = {"state": "not_stated", "grounds": "imp-a imp-b imp-c"} | counted
    assert entities(resource)[3] == ("2", "3", COUNCIL, told)


def test_an_abandonment() -> None:
    resource = made(samples.abandoned(3), QUESTION)
    assert kinds(resource) == (QUERY, None, "E", "8", "internal_failure")
    assert resource["purposeOfEvent"] == own_code("purpose", "ca1989-s47")
    assert agents(resource) == ASKERS
    assert entities(resource) == [PATIENT, CASE, ENDED, ITSELF]


def test_an_abandonment_of_what_is_not_known() -> None:
    resource = made(samples.abandoned(3))
    assert (agents(resource), entities(resource)) == ([HUB_ASKED], [ENDED, ITSELF])
    assert "purposeOfEvent" not in resource


@pytest.mark.parametrize(
    ("status", "kind", "outcome"),
    [
        pytest.param(400, QUERY, "4", id="not understood"),
        pytest.param(401, ALERT, "4", id="not known"),
        pytest.param(402, QUERY, "4", id="between the two"),
        pytest.param(403, ALERT, "4", id="not allowed"),
        pytest.param(404, QUERY, "4", id="not there"),
        pytest.param(499, QUERY, "4", id="the last that is hers"),
        pytest.param(500, QUERY, "8", id="the first that is the hub's"),
        pytest.param(503, QUERY, "8", id="the log was down"),
    ],
)
def test_how_bad_a_refusal_is(status: int, kind: Any, outcome: str) -> None:
    assert kinds(made(samples.refused(status=status))) == (kind, None, "E", outcome, "PURPOSE_NOT_ALLOWED")


def test_a_refusal() -> None:
    everything = {"organisation": "testshire-council", "purpose": "ca1989-s47", "trace": "4bf9" * 8}
    resource = made(samples.refused(**everything))
    person, client = ("IRCP", called("worker", REF), True), ("110153", called("client", "nhs-portal"), False)
    assert agents(resource) == [person, client, AGENCY, HUB_ASKED]
    assert entities(resource) == [("2", None, None, {"trace": "4bf9" * 8, "status": "403"}), ITSELF]
    assert (resource["purposeOfEvent"], resource["recorded"]) == (own_code("purpose", "ca1989-s47"), MOMENT)


def test_a_refusal_of_nobody_known() -> None:
    resource = made(samples.refused(client=None, worker=None))
    assert agents(resource) == [HUB_ASKED]
    assert entities(resource) == [("2", None, None, {"status": "403"}), ITSELF]
    assert "purposeOfEvent" not in resource


def test_bytes_that_are_no_entry() -> None:
    resource = made(None, QUESTION)
    assert kinds(resource) == (ALERT, None, "E", "12", "unreadable")
    assert resource["recorded"] == "1970-01-01T00:00:00.000Z"
    assert (agents(resource), entities(resource)) == ([HUB_ASKED], [ITSELF])
    assert "purposeOfEvent" not in resource


FOURTH: Told = ("2", "13", called("entry", "4"), {})
AT_NHS: Told = ("3", None, NHS, {})
ACTS: dict[str, tuple[Any, Any, str, str, list[Any], dict[str, str]]] = {
    "review": (USED, None, "E", "closed", [ENDED], {"act": "closed"}),
    "reveal": (
        USED, None, "R", "reveal", [("4", None, called("reference", "cd" * 16), {}), ENDED], {"reason": "complaint"},
    ),
    "sample": (USED, None, "E", "sample", [], {}),
    "export": (EXPORT, None, "R", "export", [], {"reason": "inspection"}),
    "report": (EXPORT, (LIFE, "disclose"), "R", "report", [PATIENT], {"reason": "sar-2026-114"}),
    "consultation": (USED, None, "R", "consultation", [], {}),
    "judgement": ((LIFE, "attest"), None, "C", "recorded", [PATIENT, AT_NHS], {"act": "recorded"}),
    "match": ((LIFE, "link"), None, "C", "confirmed", [PATIENT, AT_NHS], {"act": "confirmed"}),
    "release_request": ((LIFE, "attest"), None, "E", "refused", [FOURTH], {"act": "refused"}),
    "register": (ALERT, (DCM, "110136"), "U", "changed", [], {"act": "changed"}),
    "hold": ((LIFE, "hold"), None, "U", "set", [PATIENT], {"act": "set", "reason": "inquest"}),
    "erasure": ((LIFE, "destroy"), None, "D", "erasure", [], {"reason": "retention"}),
    "year": ((LIFE, "archive"), None, "E", "year", [], {}),
    "prune": ((LIFE, "destroy"), None, "D", "prune", [], {"reason": "retention"}),
    "key": (ALERT, (DCM, "110129"), "U", "added", [], {"act": "added"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_an_act(kind: str) -> None:
    resource = made(samples.act(kind), QUESTION)
    what, sub, action, said, about, details = ACTS[kind]
    assert kinds(resource) == (what, sub, action, "0", said)
    assert agents(resource) == [
        ("IRCP", called("worker", REF), True, "log_officer"),
        ("110153", called("client", "hub-pages"), False),
        AGENCY,
        HUB_ASKED,
    ]
    assert entities(resource) == [*about, ("2", None, None, {"kind": kind} | details), ITSELF]
    assert (resource["recorded"], "purposeOfEvent" in resource) == (MOMENT, False)


def test_an_act_of_the_hub_itself_that_points_nowhere() -> None:
    nobody = replace(samples.OFFICER, worker=None)
    resource = made(samples.act("reveal", officer=nobody, entry=None))
    assert agents(resource)[0] == ("110153", called("client", "hub-pages"), True, "log_officer")
    assert entities(resource)[1:] == [("2", None, None, {"kind": "reveal", "reason": "complaint"}), ITSELF]
