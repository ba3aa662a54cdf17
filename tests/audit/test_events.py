"""Entries for other systems: FHIR AuditEvents by the published definitions, and flat lines for a monitor."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit.acts import KINDS, Hold, MatchAct, Reveal
from hub.audit.entries import Answer, AnswerOutcome, Entry, FieldGroup, Question, RecordLine, Records
from hub.audit.events import event
from hub.audit.fhir import audit_event
from hub.domain.disclosure import Outcome
from tests.audit import samples, strategies
from tests.audit.fhir_r4 import faults

ORIGIN = "testshire.example/log"
OFFICER = strategies.acts.map(lambda act: act.officer)


def fhir(entry: Entry | None, question: Question | None = None, index: int = 7, *, dropped: bool = False) -> Any:
    return audit_event(ORIGIN, index, entry, question, dropped=dropped)


def line(entry: Entry | None, question: Question | None = None, index: int = 7, *, dropped: bool = False) -> Any:
    return event(ORIGIN, index, entry, question, dropped=dropped)


@given(entry=strategies.entries, known=st.booleans(), index=st.integers(0, 2**53 - 1))
def test_every_entry_there_can_be_is_a_fhir_audit_event(entry: Entry, known: bool, index: int) -> None:
    resource = fhir(entry, samples.question() if known else None, index)
    if isinstance(entry, Records):
        assert resource is None
        return
    assert faults(json.loads(json.dumps(resource))) == []
    assert resource["id"] == f"log-{index}"
    assert {"system": f"https://{ORIGIN}/entry", "value": str(index)} in identifiers(resource)


def identifiers(value: Any) -> list[dict[str, str]]:
    if isinstance(value, list):
        return [found for each in value for found in identifiers(each)]
    if not isinstance(value, dict):
        return []
    own = [value["identifier"]] if "identifier" in value else []
    return own + [found for each in value.values() for found in identifiers(each)]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"type": ...}, "type: missing", id="no type"),
        pytest.param({"agent": ...}, "agent: missing", id="no agent"),
        pytest.param({"agent": []}, "empty list", id="nobody"),
        pytest.param({"recorded": "2026-11-20"}, "recorded: not of its form", id="a date is no instant"),
        pytest.param({"recorded": ...}, "recorded: missing", id="no moment"),
        pytest.param({"outcome": "1"}, "outcome: 1 is no code", id="an outcome that is none"),
        pytest.param({"action": "X"}, "action: X is no code", id="an action that is none"),
        pytest.param({"note": "x"}, "note: not a part", id="something of our own"),
        pytest.param({"id": "log_7"}, "id: not of its form", id="an id with an underscore"),
        pytest.param({"source": {}}, "observer: missing", id="recorded by nobody"),
        pytest.param(
            {"type": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110112", "display": "Export"}},
            "is not Export",
            id="a code under another's name",
        ),
    ],
)
def test_the_check_finds_what_is_no_audit_event(change: dict[str, Any], says: str) -> None:
    resource = fhir(samples.question()) | change
    broken = {key: value for key, value in resource.items() if value is not ...}
    assert says in " | ".join(faults(broken))


def test_a_question_follows_the_query_pattern() -> None:
    question = samples.question()
    resource = fhir(question)
    assert resource["type"]["code"] == "110112"
    assert resource["recorded"] == "2026-11-20T16:41:07.113Z"
    assert resource["purposeOfEvent"] == [{"coding": [{"system": f"https://{ORIGIN}/purpose", "code": "ca1989-s47"}]}]
    person, client = resource["agent"][0], resource["agent"][1]
    assert (person["requestor"], person["who"]["identifier"]["value"]) == (True, samples.REF)
    assert person["role"][0]["coding"][0]["code"] == "mash_social_worker"
    assert client["type"]["coding"][0]["code"] == "110153"
    patient = resource["entity"][0]
    assert (patient["type"]["code"], patient["role"]["code"]) == ("1", "1")
    assert patient["what"] == {
        "type": "Patient",
        "identifier": {"system": f"https://{ORIGIN}/subject", "value": question.subject},
    }


def test_an_answer_follows_the_disclosure_pattern() -> None:
    question = samples.question()
    resource = fhir(samples.answer(3), question)
    assert (resource["type"]["code"], resource["subtype"][0]["code"], resource["action"]) == ("110106", "disclose", "R")
    roles = [agent["type"]["coding"][0]["code"] for agent in resource["agent"]]
    assert roles == ["110153", "IRCP", "110152", "AGNT", "CST", "CST", "CST"]
    details = {each["type"]: each["valueString"] for entity in resource["entity"][3:4] for each in entity["detail"]}
    assert details == {
        "state": "answered",
        "match": "same",
        "records": "1",
        "shared": "1",
        "withheld": "1",
        "asks": "0",
        "gaps": "0",
        "veiled": "true",
    }


@pytest.mark.parametrize(
    ("entry", "kind", "outcome"),
    [
        pytest.param(samples.answer(3, outcome=AnswerOutcome.NO_MATCH), "110112", "0", id="nothing was disclosed"),
        pytest.param(samples.refused(status=403), "110113", "4", id="not allowed"),
        pytest.param(samples.refused(status=400), "110112", "4", id="not understood"),
        pytest.param(samples.refused(status=503), "110112", "8", id="the log was down"),
        pytest.param(samples.abandoned(3), "110112", "8", id="no answer came of it"),
        pytest.param(None, "110113", "12", id="bytes that are no entry"),
    ],
)
def test_what_went_wrong_and_how_badly(entry: Entry | None, kind: str, outcome: str) -> None:
    resource = fhir(entry, samples.question())
    assert (resource["type"]["code"], resource["outcome"]) == (kind, outcome)
    assert faults(resource) == []


def act(kind: str, **changes: Any) -> Any:
    made = next(each for each in _examples() if type(each) is KINDS[kind])
    return replace(made, **changes)


def _examples() -> list[Any]:
    from hub.audit.acts import Officer

    stamp = {
        "at": samples.AT,
        "nonce": samples.NONCE,
        "officer": Officer("hub-pages", "testshire-council", samples.REF, "log_officer"),
    }
    return [
        Hold(**stamp, act="set", subject="0b44" * 8, reason="inquest"),
        MatchAct(**stamp, act="confirmed", confirmation="aa" * 16, custodian="testshire-nhs", subject="0b44" * 8),
        Reveal(**stamp, reference="cd" * 16, entry=3, reason="complaint"),
    ]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        pytest.param(act("hold"), "hold", id="a hold"),
        pytest.param(act("hold", act="lifted"), "unhold", id="no hold any more"),
        pytest.param(act("match"), "link", id="the same child"),
        pytest.param(act("match", act="denied"), "unlink", id="another child"),
        pytest.param(act("match", act="withdrawn"), "unlink", id="said no more"),
    ],
)
def test_what_is_undone_is_another_event(entry: Entry, code: str) -> None:
    resource = fhir(entry)
    assert (resource["type"]["code"], faults(resource)) == (code, [])


def test_a_revealed_reference_is_nobodys_patient() -> None:
    resource = fhir(act("reveal"))
    assert "/subject" not in json.dumps(resource)
    assert {"system": f"https://{ORIGIN}/reference", "value": "cd" * 16} in identifiers(resource)


def veiled_answer() -> Answer:
    groups = (
        FieldGroup(Outcome.WITHHELD, ("name",), ("imp-adoption-s57",), veiled=True, line=1),
        FieldGroup(Outcome.WITHHELD, ("notes",), ("imp-confidence",)),
    )
    return samples.answer(3, records=(RecordLine("testshire-council", "adoption_record", 1, groups),))


@pytest.mark.parametrize("make", [fhir, line])
def test_what_was_veiled_is_veiled_here(make: Any) -> None:
    said = json.dumps(make(veiled_answer(), samples.question()))
    assert "imp-confidence" in said
    assert "adoption" not in said


@pytest.mark.parametrize("make", [fhir, line])
@given(entry=strategies.entries)
def test_nothing_is_said_that_no_entry_has(make: Any, entry: Entry) -> None:
    """Printable ASCII without a space, but for the words FHIR and this hub put there themselves."""
    for text in _texts(make(entry, samples.question())):
        assert (
            re.fullmatch(r"[!-~]*", text)
            or re.fullmatch(r"[A-Za-z/() ]+", text)
            or set(text.split()) <= _grounds(entry)
        )


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [text for each in value.values() for text in _texts(each)] if isinstance(value, dict) else []


def _grounds(entry: Entry) -> set[str]:
    records = entry.records if isinstance(entry, Answer) else ()
    return {ground for record in records for group in record.groups for ground in group.grounds}


@given(entry=strategies.entries)
def test_a_line_for_every_entry_says_which(entry: Entry) -> None:
    made = line(entry, None, 12)
    assert (made["log"], made["index"]) == (ORIGIN, 12)
    assert made["kind"]
    assert "side" not in made or made["side"] == getattr(entry, "side", None)


@pytest.mark.parametrize(
    ("dropped", "kind", "resource"),
    [pytest.param(True, "dropped", None, id="dropped"), pytest.param(False, "unreadable", "AuditEvent", id="damaged")],
)
def test_what_is_not_there_is_a_line_too(dropped: bool, kind: str, resource: str | None) -> None:
    assert line(None, dropped=dropped) == {"log": ORIGIN, "index": 7, "kind": kind}
    made = fhir(None, dropped=dropped)
    assert (made and made["resourceType"]) == resource


def test_a_line_of_an_answer_says_who_asked_and_what_came_of_it() -> None:
    made = line(samples.answer(3), samples.question(), 4)
    assert {
        "question": 3,
        "worker": samples.REF,
        "purpose": "ca1989-s47",
        "outcome": "joined_view",
    }.items() <= made.items()
    assert (made["shared"], made["withheld"], made["no_answer"], made["veiled"]) == (1, 1, 1, True)
    assert [source["custodian"] for source in made["sources"]] == [
        "testshire-council",
        "testshire-nhs",
        "testshire-police",
    ]
