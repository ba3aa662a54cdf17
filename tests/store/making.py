"""Entries stamped by the log they go to."""

from __future__ import annotations

from typing import Any

from hub.audit.entries import Abandoned, Answer, Question, Refused
from hub.store.appender import Appended, Log
from tests.audit import samples


def question(log: Log, **changes: Any) -> Question:
    return samples.question(*log.stamp(), **changes)


def answer(log: Log, to: int, **changes: Any) -> Answer:
    return samples.answer(to, *log.stamp(), **changes)


def refused(log: Log) -> Refused:
    at, nonce = log.stamp()
    return samples.refused(at=at, nonce=nonce)


def abandoned(log: Log, of: int) -> Abandoned:
    at, nonce = log.stamp()
    return samples.abandoned(of, at=at, nonce=nonce)


async def ask_and_answer(log: Log) -> tuple[Appended, Appended]:
    """One question and its answer, each durable before the next step."""
    asked = await log.append(question(log))
    return asked, await log.append(answer(log, asked.index))
