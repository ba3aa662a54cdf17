"""Entries to write, as long as real ones, each another."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from hub.audit import entries
from hub.audit.encoding import encode
from hub.audit.merkle import leaf_hash
from hub.domain.sources import SourceState

ORIGIN = "testshire.example/log"

_KINDS = ("assessment", "case_document", "protection_plan")


def questions(count: int) -> list[entries.Question]:
    """So many, about 700 bytes each."""
    return [_question() for _ in range(count)]


def _question() -> entries.Question:
    return entries.Question(
        at=datetime.now(UTC),
        nonce=secrets.token_bytes(16),
        asker=entries.Asker("testshire-mash", "testshire-council", secrets.token_hex(16), "social_worker", "dpop"),
        purpose="ca1989-s47",
        gateway="ca1989-s47",
        decision=None,
        case=secrets.token_hex(16),
        subject=secrets.token_hex(16),
        policy=secrets.token_hex(32),
        document=secrets.token_hex(32),
        asked=tuple(entries.Asked(f"testshire-{name}", _KINDS) for name in ("council", "police", "nhs")),
        trace=secrets.token_hex(16),
    )


def answer_to(question: int) -> entries.Answer:
    """The answer to the question with that index: nobody held anything."""
    return entries.Answer(
        at=datetime.now(UTC),
        nonce=secrets.token_bytes(16),
        question=question,
        outcome=entries.AnswerOutcome.NO_MATCH,
        sources=tuple(
            entries.SourceLine(f"testshire-{name}", SourceState.NOT_HELD, None, 38, 0)
            for name in ("council", "police", "nhs")
        ),
        matches=(),
        records=(),
    )


def refusals(count: int) -> list[entries.Refused]:
    """So many, about 300 bytes each: a kind that nothing has to end."""
    return [
        entries.Refused(
            at=datetime.now(UTC),
            nonce=secrets.token_bytes(16),
            code="PURPOSE_NOT_ALLOWED",
            status=403,
            client="testshire-mash",
            organisation="testshire-council",
            worker=secrets.token_hex(16),
            purpose="ca1989-s47",
            trace=secrets.token_hex(16),
        )
        for _ in range(count)
    ]


def rows(written: Iterable[entries.Entry]) -> list[tuple[bytes, bytes]]:
    """Leaf hash and bytes of each, as the log stores them."""
    bodies = [encode(each) for each in written]
    return [(leaf_hash(body), body) for body in bodies]
