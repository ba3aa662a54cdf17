"""Entries to test with."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.audit.acts import KINDS, Act, Officer
from hub.audit.entries import (
    Abandoned,
    Answer,
    AnswerOutcome,
    Asked,
    Asker,
    DecisionTaken,
    FieldGroup,
    MatchLine,
    MatchResult,
    Question,
    RecordLine,
    Refused,
    SourceLine,
)
from hub.domain.disclosure import Outcome
from hub.domain.sources import SourceState

AT = datetime(2026, 11, 20, 16, 41, 7, 113_000, tzinfo=UTC)
REF = "5f0c" * 8
NONCE = bytes(range(16))
SUBJECT = "0b44" * 8
DIGEST = "7e1f" * 16
OFFICER = Officer("hub-pages", "testshire-council", REF, "log_officer")

_ACTS: dict[str, dict[str, Any]] = {
    "review": {"entry": 3, "act": "closed", "outcome": "in_order", "side": DIGEST},
    "reveal": {"reference": "cd" * 16, "entry": 3, "reason": "complaint"},
    "sample": {"preset": "veiled", "seed": DIGEST, "population": 40, "drawn": 4},
    "export": {"entries": 9, "size": 12, "manifest": DIGEST, "reason": "inspection"},
    "report": {"subject": SUBJECT, "size": 12, "reason": "sar-2026-114"},
    "consultation": {"seen": "entry", "entry": 3},
    "judgement": {
        "act": "recorded",
        "judgement": "aa" * 16,
        "word": "serious-harm",
        "custodian": "testshire-nhs",
        "subject": SUBJECT,
        "until": AT + timedelta(days=90),
    },
    "match": {"act": "confirmed", "confirmation": "aa" * 16, "custodian": "testshire-nhs", "subject": SUBJECT},
    "release_request": {"act": "refused", "request": "ee" * 16, "answer": 4, "line": 1, "ground": "imp-adoption-s57"},
    "register": {"act": "changed", "register": DIGEST},
    "hold": {"act": "set", "subject": SUBJECT, "reason": "inquest"},
    "erasure": {"reason": "retention", "references": (SUBJECT, REF), "sides": (3, 5)},
    "year": {"year": 2026, "size": 90, "root": DIGEST},
    "prune": {"before": 90, "kept": 2, "archive": DIGEST, "reason": "retention"},
    "key": {"act": "added", "key": DIGEST},
}


def question(at: datetime = AT, nonce: bytes = NONCE, **changes: Any) -> Question:
    values: dict[str, Any] = {
        "asker": Asker("testshire-mash", "testshire-council", REF, "mash_social_worker", "bearer"),
        "purpose": "ca1989-s47",
        "gateway": "ca1989-s47",
        "decision": DecisionTaken("91aa" * 8, AT - timedelta(hours=1)),
        "case": "c3d2" * 8,
        "subject": "0b44" * 8,
        "policy": "7e1f" * 16,
        "document": "0b44" * 16,
        "asked": (Asked("testshire-council", ("cp_plan", "assessment")), Asked("testshire-police", ("incident",))),
        "trace": "4bf9" * 8,
    }
    return Question(at=at, nonce=nonce, **(values | changes))


def answer(to: int, at: datetime = AT, nonce: bytes = NONCE, **changes: Any) -> Answer:
    values: dict[str, Any] = {
        "outcome": AnswerOutcome.JOINED_VIEW,
        "sources": (
            SourceLine("testshire-council", SourceState.ANSWERED, None, 38, 6),
            SourceLine("testshire-nhs", SourceState.NO_ANSWER, "slow", 4000),
            SourceLine("testshire-police", SourceState.NOT_ASKED, "not_selected"),
        ),
        "matches": (MatchLine("testshire-council", MatchResult.SAME, 2, (("date_of_birth", "agree"),)),),
        "records": (
            RecordLine(
                "testshire-council",
                "case_document",
                1,
                (
                    FieldGroup(Outcome.SHARED, ("title",)),
                    FieldGroup(Outcome.WITHHELD, ("summary", "date"), ("imp-adoption-s57",), True, 4),
                ),
            ),
        ),
    }
    return Answer(at=at, nonce=nonce, question=to, **(values | changes))


def refused(**changes: Any) -> Refused:
    values: dict[str, Any] = {"code": "PURPOSE_NOT_ALLOWED", "status": 403, "client": "nhs-portal", "worker": REF}
    return Refused(**({"at": AT, "nonce": NONCE} | values | changes))


def abandoned(of: int, **changes: Any) -> Abandoned:
    return Abandoned(**({"at": AT, "nonce": NONCE, "question": of, "reason": "internal_failure"} | changes))


def act(kind: str, **changes: Any) -> Act:
    return KINDS[kind](at=AT, nonce=NONCE, **({"officer": OFFICER} | _ACTS[kind] | changes))


def rewritten(body: bytes, **changes: Any) -> bytes:
    """``body`` with some keys changed (``...`` takes one out), in the same compact form and order."""
    data = json.loads(body) | changes
    kept = {key: value for key, value in data.items() if value is not ...}
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass")
