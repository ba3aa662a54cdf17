"""Entries to test with."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

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


def rewritten(body: bytes, **changes: Any) -> bytes:
    """``body`` with some keys changed (``...`` takes one out), in the same compact form and order."""
    data = json.loads(body) | changes
    kept = {key: value for key, value in data.items() if value is not ...}
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass")
