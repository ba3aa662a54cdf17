"""The contract of ``hostile.py`` for the DfE custodian API, and what its two questions can be lied to about."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from hub.connectors.base import Deadline
from hub.connectors.dfe import DfeConnector
from hub.connectors.dfe.api import LISTED_MAX
from hub.domain.records import RecordPointer
from hub.domain.sources import NoAnswer, NoAnswerReason
from tests.connectors.bendable import Request, bendable, response
from tests.connectors.dfe_bench import (
    BY_NUMBER,
    EDUCATION,
    FILE,
    OTHER,
    PERSONAL,
    SECRET,
    Json,
    Upstream,
    connector,
    education,
    envelope,
    item,
    personal,
    soon,
    who,
    year,
)
from tests.connectors.hostile import Asked, Bench, HostileUpstream, Lie, no_answer

KINDS = frozenset({"school_attendance", "school_exclusion"})
POINTERS = [
    RecordPointer("testshire-education", kind, f"{EDUCATION}/E1/{kind}/{first}-{first + 1}")
    for kind in ("school_attendance", "school_exclusion")
    for first in (2025, 2026)
]
NOBODY = "the list names nobody: only the records do"
NO_PAGES = "this interface has no pages"
ONE = "it is asked for one record"
WRONG = no_answer("wrong_person", "it answered about somebody else: all of it was thrown away")
TWICE = no_answer("malformed", "it listed a record twice")
NOT_ASKED_FOR = no_answer("malformed", "it sent a record that was not asked for")
MANY = no_answer("too_large", f"it lists more than {LISTED_MAX} records of one child")
UNTRUE = no_answer("malformed", "a record changed while it was read: ask again")


def says(request: Request) -> Any:
    if "/Find/" in request.line:
        return [item(FILE, "F1"), item(EDUCATION)]
    return envelope(EDUCATION, education())


def bent(change: Callable[[Any], object], sees: tuple[Any, ...]) -> Lie:
    def bend(honest: Any, _: Asked) -> Any:
        body = copy.deepcopy(honest)
        change(body)
        return body

    return Lie(bend, sees)


_LISTS = {
    "answers about another child": NOBODY,
    "a record of another child among ours": NOBODY,
    "the same record twice": bent(lambda body: body.append(body[0]), TWICE),
    "a record that was not asked for": "every type is asked for",
    "leaves out a record it was asked for": "the list is what says which there are",
    "more than may be": bent(
        lambda body: body.extend(item(EDUCATION, f"E{n}") for n in range(2, LISTED_MAX + 2)), MANY
    ),
    "says that there is more than it sent": NO_PAGES,
    "a next page on another host": NO_PAGES,
    "next pages in a circle": NO_PAGES,
    "next pages without end": NO_PAGES,
}


class TestDfe(HostileUpstream):
    bench = Bench(
        connector,
        "application/json",
        says,
        {
            "match": lambda one, deadline: one.match(BY_NUMBER, deadline),
            "find": lambda one, deadline: one.find(who(), frozenset({"safeguarding_file"}), deadline),
            "fetch": lambda one, deadline: one.fetch(who(), POINTERS, deadline),
        },
        {
            "match": _LISTS,
            "find": _LISTS,
            "fetch": {
                "answers about another child": bent(lambda body: body.update(personId=OTHER), WRONG),
                "a record of another child among ours": bent(lambda body: body["payload"].update(nhsNumber=OTHER), WRONG),
                "the same record twice": ONE,
                "a record that was not asked for": bent(lambda body: body.update(recordId="E2"), NOT_ASKED_FOR),
                "leaves out a record it was asked for": bent(lambda body: body["payload"]["yearlyEducationAttendances"].pop(), UNTRUE),
                "more than may be": bent(lambda body: body["payload"].update(yearlyEducationAttendances=[year(2025)] * 1_001), no_answer("malformed", "its record has a list that is too long to be one child's")),
                "says that there is more than it sent": NO_PAGES,
                "a next page on another host": NO_PAGES,
                "next pages in a circle": NO_PAGES,
                "next pages without end": NO_PAGES,
            },
        },
    )  # fmt: skip


ENVELOPES: dict[str, tuple[Callable[[Json], Json], NoAnswerReason]] = {
    "of another child": (lambda body: body | {"personId": OTHER}, NoAnswerReason.WRONG_PERSON),
    "of nobody": (lambda body: body | {"personId": None}, NoAnswerReason.MALFORMED),
    "whose payload is another child's, by sui": (
        lambda body: body | {"payload": body["payload"] | {"SUI": OTHER}},
        NoAnswerReason.WRONG_PERSON,
    ),
    "of another record": (lambda body: body | {"recordId": "E9"}, NoAnswerReason.MALFORMED),
    "of another type": (lambda body: body | {"recordType": "HealthDataRecordV1"}, NoAnswerReason.MALFORMED),
    "of another version": (lambda body: body | {"version": 2}, NoAnswerReason.MALFORMED),
    "with no payload": (lambda body: body | {"payload": None}, NoAnswerReason.MALFORMED),
    "with a list for a payload": (lambda body: body | {"payload": [SECRET]}, NoAnswerReason.MALFORMED),
    "with a key in two cases": (
        lambda body: body | {"payload": body["payload"] | {"FIRSTNAME": SECRET, "firstname": SECRET}},
        NoAnswerReason.MALFORMED,
    ),
}


@pytest.mark.parametrize("name", ENVELOPES)
@pytest.mark.parametrize("call", ["match", "find"])
async def test_a_record_that_is_read_on_the_way(name: str, call: str, caplog: pytest.LogCaptureFixture) -> None:
    bend, reason = ENVELOPES[name]
    upstream = Upstream({PERSONAL: personal()}, bend=bend)
    async with bendable(upstream) as server:
        one = connector(server.url)
        asked = one.match(BY_NUMBER, soon()) if call == "match" else one.find(who(), frozenset({"pupil"}), soon())
        answer = await asked
        await one.close()
    assert isinstance(answer, NoAnswer)
    assert answer.reason is reason
    assert not any(word in caplog.text + repr(answer) for word in (SECRET, OTHER, "Maya"))


LISTS: dict[str, tuple[Any, NoAnswerReason]] = {
    "an object": ({"items": []}, NoAnswerReason.MALFORMED),
    "null": (None, NoAnswerReason.MALFORMED),
    "of texts": ([SECRET], NoAnswerReason.MALFORMED),
    "without a type": ([item("")], NoAnswerReason.MALFORMED),
    "without an id or an address": ([item(EDUCATION, None, recordUrl=None)], NoAnswerReason.MALFORMED),
    "with one record twice, its type written in two ways": (
        [item(EDUCATION), item("education-details")],
        NoAnswerReason.MALFORMED,
    ),
    "of too many": ([item(EDUCATION, str(n)) for n in range(LISTED_MAX + 1)], NoAnswerReason.TOO_LARGE),
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_that_is_none(name: str) -> None:
    body, reason = LISTS[name]
    async with bendable(response(body)) as server:
        one = connector(server.url)
        answer = await one.match(BY_NUMBER, soon())
        await one.close()
    assert isinstance(answer, NoAnswer)
    assert answer.reason is reason


@pytest.mark.parametrize("record_id", ["../../Auth/token", "..", ".", "a/b?c#d", "E1 é"])
async def test_an_id_cannot_choose_another_path(record_id: str) -> None:
    upstream = Upstream({PERSONAL: personal()}, listed=[item(PERSONAL, record_id)])
    async with bendable(upstream) as server:
        one = connector(server.url)
        await one.match(BY_NUMBER, soon())
        await one.close()
        lines = [request.line.split(" ")[1] for request in server.requests[1:]]
    assert all(line.startswith(f"/api/v1/Fetch/ORG-1/{PERSONAL}/") and line.count("/") == 6 for line in lines)


async def test_a_connector_that_asks_of_another_sector_supplies_nothing() -> None:
    from hub.domain.organisations import Sector

    one: DfeConnector = connector("http://127.0.0.1:9", Sector.HOUSING)
    assert one.kinds == frozenset()
    assert isinstance(await one.match(BY_NUMBER, Deadline.after(1)), NoAnswer)
    await one.close()
