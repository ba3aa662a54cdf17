"""Trouble below the content: statuses, connections, and answers larger than the stated limits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hub.connectors.base import RECORDS_MAX, Deadline, Fetched, Found
from hub.connectors.fhir import FhirConnector
from hub.connectors.fhir.connector import IDS_MAX
from hub.connectors.http import PAGES_MAX, BearerToken
from hub.demo.nhs_app import create_app
from hub.demo.nhs_resources import load
from hub.domain.records import RecordPointer
from hub.domain.sources import NoAnswer, NoAnswerReason
from tests.connectors.fhir_bench import (
    ADA,
    ASKED,
    CATALOGUE,
    CREDENTIAL,
    NHS,
    Bent,
    by_number,
    connector,
    raw_server,
    served,
    small_world,
    soon,
    who,
)

SERVER = Bent(create_app(load(small_world()), CREDENTIAL))
MALFORMED, DOWN = NoAnswerReason.MALFORMED, NoAnswerReason.DOWN
REFUSED, TOO_LARGE = NoAnswerReason.REFUSED, NoAnswerReason.TOO_LARGE


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(SERVER) as base:
        yield base


@pytest.fixture(autouse=True)
def straight() -> Iterator[None]:
    yield
    SERVER.bend, SERVER.status, SERVER.headers = None, None, {}


STATUSES = [
    pytest.param(500, {}, DOWN, None, id="500"),
    pytest.param(503, {"retry-after": "30"}, DOWN, 30, id="503-retry-after"),
    pytest.param(429, {"retry-after": "12"}, DOWN, 12, id="429-retry-after"),
    pytest.param(401, {}, REFUSED, None, id="401"),
    pytest.param(403, {}, REFUSED, None, id="403"),
    pytest.param(400, {}, MALFORMED, None, id="400"),
    pytest.param(302, {"location": "http://127.0.0.1:1/"}, MALFORMED, None, id="redirect"),
    pytest.param(404, {}, MALFORMED, None, id="404-that-is-not-fhirs"),
    pytest.param(200, {"content-type": "text/html"}, MALFORMED, None, id="html"),
    pytest.param(200, {"x-request-id": "0"}, MALFORMED, None, id="answer-to-another-question"),
]


@pytest.mark.parametrize(("status", "headers", "reason", "retry_after"), STATUSES)
@pytest.mark.parametrize("search_by", ["post", "get"])
async def test_statuses(
    url: str, search_by: str, status: int, headers: dict[str, str], reason: NoAnswerReason, retry_after: int | None
) -> None:
    SERVER.status, SERVER.headers = status, headers
    nhs = connector(url, search_by=search_by)
    answers = [await nhs.match(by_number(ADA), soon()), await nhs.find(who(ADA), frozenset({"attendance"}), soon())]
    await nhs.close()
    for answer in answers:
        assert isinstance(answer, NoAnswer)
        assert (answer.reason, answer.retry_after_seconds) == (reason, retry_after)


async def test_a_wrong_credential_is_refused_and_not_not_held(url: str) -> None:
    nhs = FhirConnector(NHS, url, BearerToken("another"), CATALOGUE)
    answer = await nhs.match(by_number(ADA), soon())
    await nhs.close()
    assert isinstance(answer, NoAnswer)
    assert answer.reason is REFUSED


async def cut(_head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: 900\r\n\r\n{")
    await writer.drain()


async def drip(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(200):
        writer.write(b"1\r\n \r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


async def say_nothing(_head: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(10)


async def hang_up(_head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.close()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(cut, DOWN, id="connection-cut"),
        pytest.param(hang_up, DOWN, id="hangs-up"),
        pytest.param(drip, NoAnswerReason.SLOW, id="drips"),
        pytest.param(say_nothing, NoAnswerReason.SLOW, id="hangs"),
    ],
)
async def test_wires(answer: Any, reason: NoAnswerReason) -> None:
    with raw_server(answer) as base:
        nhs = connector(base, echoes_request_id=False)
        found = await nhs.match(by_number(ADA), Deadline.after(0.4))
        await nhs.close()
    assert isinstance(found, NoAnswer)
    assert found.reason is reason


async def test_nobody_listens() -> None:
    nhs = connector("http://127.0.0.1:1")
    answer = await nhs.match(by_number(ADA), soon())
    await nhs.close()
    assert isinstance(answer, NoAnswer)
    assert answer.reason is DOWN


class TestLimits:
    @staticmethod
    def many(records: int, per_page: int, base: str) -> Callable[[Any], Any]:
        """A bend that gives ``records`` of Ada's attendances on pages of ``per_page``."""
        given = [0]

        def bend(body: Any) -> Any:
            start, given[0] = given[0], min(records, given[0] + per_page)
            about = {"reference": f"Patient/{ADA}"}
            entries = [
                {"resource": {"resourceType": "Encounter", "id": f"e{place}", "subject": about}}
                for place in range(start, given[0])
            ]
            link = [{"relation": "next", "url": f"{base}/_page/{given[0]}"}] if given[0] < records else []
            return {"resourceType": "Bundle", "type": "searchset", "total": records, "entry": entries, "link": link}

        return bend

    @pytest.mark.parametrize(
        ("records", "per_page", "reason"),
        [
            pytest.param(RECORDS_MAX, 500, None, id="records-max"),
            pytest.param(RECORDS_MAX + 1, 501, TOO_LARGE, id="one-record-more"),
            pytest.param(PAGES_MAX, 1, None, id="pages-max"),
            pytest.param(PAGES_MAX + 1, 1, TOO_LARGE, id="one-page-more"),
        ],
    )
    async def test_records_and_pages(
        self, url: str, records: int, per_page: int, reason: NoAnswerReason | None
    ) -> None:
        SERVER.bend, SERVER.status = self.many(records, per_page, url), 200
        nhs = connector(url)
        answer = await nhs.find(who(ADA), frozenset({"attendance"}), Deadline.after(20))
        await nhs.close()
        if reason is None:
            assert isinstance(answer, Found)
            assert len(answer.pointers) == records
        else:
            assert isinstance(answer, NoAnswer)
            assert answer.reason is reason

    @pytest.mark.parametrize(("records", "requests"), [(IDS_MAX, 1), (IDS_MAX + 1, 2)])
    async def test_ids_of_one_request(self, url: str, records: int, requests: int) -> None:
        pointers = [RecordPointer("nhs", "attendance", f"e{place}#0") for place in range(records)]

        def bend(body: Any) -> Any:
            ids = ASKED.get()["_id"].split(",")
            about = {"reference": f"Patient/{ADA}"}
            entries = [{"resource": {"resourceType": "Encounter", "id": one, "subject": about}} for one in ids]
            return {"resourceType": "Bundle", "type": "searchset", "total": len(ids), "entry": entries}

        SERVER.bend = bend
        SERVER.asked.clear()
        nhs = connector(url)
        answer = await nhs.fetch(who(ADA), pointers, soon())
        await nhs.close()
        assert len(SERVER.asked) == requests
        assert isinstance(answer, Fetched)
        assert [record.pointer for record in answer.records] == pointers
