"""The whole line that a monitor gets for each kind of entry: every key that is there, and no other."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub.audit.acts import KINDS
from hub.audit.entries import Asker, Entry, LookBack, Question, Records
from hub.audit.events import event
from tests.audit import samples
from tests.audit.samples import AT, DIGEST, NONCE, REF, SUBJECT

ORIGIN = "testshire.example/log"
MOMENT = "2026-11-20T16:41:07.113Z"
QUESTION = samples.question()
PERSON = {"client": "testshire-mash", "organisation": "testshire-council", "worker": REF, "role": "mash_social_worker"}
ASKER = PERSON | {"token": "bearer"}
OF_QUESTION = {"purpose": "ca1989-s47", "case": "c3d2" * 8, "subject": SUBJECT, "trace": "4bf9" * 8}
DIGESTS = {"policy": "7e1f" * 16, "document": "0b44" * 16}
OFFICER = {"client": "hub-pages", "organisation": "testshire-council", "worker": REF, "role": "log_officer"}
COUNTS = {"records": 1, "shared": 1, "withheld": 1, "asks": 0, "gaps": 0, "veiled": True, "grounds": []}
ZERO = {"records": 0, "shared": 0, "withheld": 0, "asks": 0, "gaps": 0, "veiled": False, "grounds": []}
UNTIL = AT + timedelta(days=90)


def line(entry: Entry, question: Question | None) -> dict[str, Any]:
    """The line without what every line has, which is looked at here."""
    made = event(ORIGIN, 7, entry, question, dropped=False)
    assert {name: made.pop(name) for name in ("log", "index", "at")} == {"log": ORIGIN, "index": 7, "at": MOMENT}
    assert json.dumps(made), "it is JSON as it stands"
    return made


ANSWERED = {
    "kind": "answer",
    "question": 3,
    "outcome": "joined_view",
    **COUNTS,
    "no_answer": 1,
    "sources": [
        {"custodian": "testshire-council", "state": "answered", "ms": 38, "match": "same", **COUNTS},
        {"custodian": "testshire-nhs", "state": "no_answer", "reason": "slow", "ms": 4000, **ZERO},
        {"custodian": "testshire-police", "state": "not_asked", "reason": "not_selected", **ZERO},
    ],
}


@pytest.mark.parametrize(
    ("entry", "question", "expected"),
    [
        pytest.param(
            QUESTION,
            None,
            {
                "kind": "question",
                **ASKER,
                **OF_QUESTION,
                "asked": ["testshire-council", "testshire-police"],
                "decided_at": "2026-11-20T15:41:07.113Z",
                **DIGESTS,
            },
            id="a question with its decision",
        ),
        pytest.param(
            samples.question(
                asker=Asker("portal", "testshire-nhs", None, "nurse", "mtls"),
                decision=None,
                look_back=LookBack(7, "new_concern"),
                asked=(),
            ),
            None,
            {
                "kind": "question",
                "client": "portal",
                "organisation": "testshire-nhs",
                "role": "nurse",
                "token": "mtls",
                **OF_QUESTION,
                "asked": [],
                "look_back": "new_concern",
                "look_back_years": 7,
                **DIGESTS,
            },
            id="a program's question that looks further back",
        ),
        pytest.param(samples.answer(3), QUESTION, ANSWERED | ASKER | OF_QUESTION, id="an answer"),
        pytest.param(samples.answer(3), None, ANSWERED, id="an answer to what is not known"),
        pytest.param(
            samples.abandoned(3),
            QUESTION,
            {"kind": "abandoned", "question": 3, "reason": "internal_failure", **ASKER, **OF_QUESTION},
            id="an abandonment",
        ),
        pytest.param(
            samples.abandoned(3),
            None,
            {"kind": "abandoned", "question": 3, "reason": "internal_failure"},
            id="an abandonment of what is not known",
        ),
        pytest.param(
            Records(AT, NONCE, 3, samples.answer(3).records),
            QUESTION,
            {"kind": "records", "question": 3},
            id="a part of an answer",
        ),
        pytest.param(
            samples.refused(organisation="testshire-nhs", purpose="ca1989-s47", trace="4bf9" * 8),
            None,
            {
                "kind": "refused",
                "code": "PURPOSE_NOT_ALLOWED",
                "status": 403,
                "client": "nhs-portal",
                "organisation": "testshire-nhs",
                "worker": REF,
                "purpose": "ca1989-s47",
                "trace": "4bf9" * 8,
            },
            id="a refusal",
        ),
        pytest.param(
            samples.refused(client=None, worker=None),
            None,
            {"kind": "refused", "code": "PURPOSE_NOT_ALLOWED", "status": 403},
            id="a refusal of nobody known",
        ),
    ],
)
def test_the_whole_line(entry: Entry, question: Question | None, expected: Any) -> None:
    assert line(entry, question) == expected


@pytest.mark.parametrize(
    ("entry", "own"),
    [
        pytest.param(
            samples.act("review"),
            {"kind": "review", "entry": 3, "act": "closed", "outcome": "in_order", "side": DIGEST},
            id="a review",
        ),
        pytest.param(
            samples.act("review", outcome=None, side=None),
            {"kind": "review", "entry": 3, "act": "closed"},
            id="a review that says less",
        ),
        pytest.param(
            samples.act("match", act="denied", until=UNTIL),
            {
                "kind": "match",
                "act": "denied",
                "confirmation": "aa" * 16,
                "custodian": "testshire-nhs",
                "subject": SUBJECT,
                "until": "2027-02-18T16:41:07.113Z",
            },
            id="a match denied until a moment",
        ),
        pytest.param(
            samples.act("erasure"),
            {"kind": "erasure", "reason": "retention", "references": (SUBJECT, REF), "sides": (3, 5)},
            id="an erasure",
        ),
        pytest.param(
            samples.act("register"), {"kind": "register", "act": "changed", "register": DIGEST}, id="a register"
        ),
    ],
)
def test_the_whole_line_of_an_act(entry: Entry, own: dict[str, Any]) -> None:
    assert line(entry, None) == OFFICER | own


@pytest.mark.parametrize("kind", KINDS)
def test_every_act_says_who_did_it(kind: str) -> None:
    assert line(samples.act(kind), None).items() >= (OFFICER | {"kind": kind}).items()
    by_itself = samples.act(kind, officer=replace(samples.OFFICER, worker=None))
    assert "worker" not in line(by_itself, None)
