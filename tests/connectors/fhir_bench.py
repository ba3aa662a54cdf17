"""What the FHIR tests share: a small world by hand, the pretend NHS on a loopback port, and ways to bend its answers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl

import nhs_number
import orjson
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.connectors.base import Deadline
from hub.connectors.fhir import FhirConnector, FhirOptions
from hub.connectors.http import BearerToken
from hub.demo.world import Address, Adult, Child, Event, Household, Known, World
from hub.domain.catalogue import Catalogue
from hub.domain.identifiers import NHSNumber
from hub.domain.organisations import Contact, Custodian, Sector
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate
from hub.policy.load import default_policies_directory, load_bundle

CREDENTIAL = "a-credential"
NHS = Custodian("nhs", "Testshire NHS", Sector.HEALTH, Contact("Safeguarding nurse", "01632 960 100"))
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def number(stem: int) -> str:
    """The ``stem``-th NHS number from the 999 range whose check digit exists."""
    found = (f"{base}{check}" for base in range(999_100_000, 999_200_000) for check in range(10))
    valid = (digits for digits in found if nhs_number.is_valid(digits))
    return next(digits for place, digits in enumerate(valid) if place == stem)


ADA, BEA, RAY, VAL, OLD, NEW, ZED = (number(stem) for stem in range(7))
"""Ada and Bea Quill are twins; Ray is restricted (R), Val very restricted (V); OLD was superseded by NEW, who is Max."""

HOME = Address("1 Mill Lane", "Testshire", "ZZ1 1AA")
PRACTICE = ("Z99001", "Weir Road Surgery")
TWINS_BORN = date(2015, 3, 4)


def known(nhs: str, given: str, family: str, born: date, sex: str, **more: Any) -> Known:
    details: dict[str, Any] = {"address": HOME, "gp_practice": PRACTICE, "phone": "01632 960 301", **more}
    return Known(nhs, given, family, born, sex, nhs, **details)


def child(nhs: str, health: Known, *events: Event) -> Child:
    return Child(
        nhs, health.given_name, health.family_name, health.birth_date, health.sex, nhs, None, health, None, events
    )


def event(kind: str, *labels: str, **values: Any) -> Event:
    return Event(kind, values, frozenset(labels))


ADAS = (
    event("health_flag", flag="Child protection plan", category="Safeguarding", status="active", since=date(2026, 9, 1)),
    event("care_plan", title="Plan", category="School nursing", status="active", started_on=date(2026, 9, 2), summary="Weekly"),
    event("health_involvement", worker_name="Pat Moss", worker_role="School nurse", phone="01632 960 142", since=date(2026, 9, 2)),
    event("attendance", on=date(2026, 10, 1), attendance_type="Emergency department", status="finished", place="Hospital", summary="Fever", discharge="Home"),
    event("attendance", "yp_objection", on=date(2026, 10, 2), attendance_type="Clinic", status="finished"),
    event("attendance", "local_code_77", on=date(2026, 10, 3), attendance_type="Clinic", status="finished"),
    event("immunisation", on=date(2016, 3, 4), vaccine="MMR vaccine", status="completed"),
    event("immunisation", on=date(2017, 3, 4), vaccine="MMR vaccine", status="not-done: Parent declined"),
)  # fmt: skip


def small_world() -> World:
    mother = Adult("m", "Rose", "Quill", date(1985, 1, 1), "F", "mother", "01632 960 302")
    quills = Household("quills", HOME, (mother,), (
        child(ADA, known(ADA, "Ada Mary", "Quill", TWINS_BORN, "F", previous_family_names=("Marsh",)), *ADAS),
        child(BEA, known(BEA, "Bea", "Quill", TWINS_BORN, "F"), event("attendance", on=date(2026, 10, 9), attendance_type="Clinic", status="finished")),
    ))  # fmt: skip
    others = Household("others", HOME, (mother,), (
        child(RAY, known(RAY, "Ray", "Holt", date(2012, 5, 6), "M", label="R")),
        child(VAL, known(VAL, "Val", "Stone", date(2011, 7, 8), "F", label="V")),
        child(OLD, known(NEW, "Max", "Dean", date(2014, 2, 3), "M")),
        child(ZED, known(ZED, "Zed", "Quill", date(2016, 6, 7), "M")),
    ))  # fmt: skip
    return World(1, date(2026, 11, 20), NOW, (quills, others))


def catalogue() -> Catalogue:
    return load_bundle(default_policies_directory(), date(2026, 11, 20)).catalogue


CATALOGUE = catalogue()


def connector(url: str, **options: Any) -> FhirConnector:
    return FhirConnector(
        NHS, url, BearerToken(CREDENTIAL), CATALOGUE, options=FhirOptions(**options), clock=lambda: NOW
    )


def identity(
    given: str | None, family: str | None, born: str | None, nhs: str | None = None, sex: str | None = None
) -> Identity:
    return Identity(
        nhs_number=NHSNumber.parse(nhs) if nhs else None,
        given_names=(given,) if given else (),
        family_names=(family,) if family else (),
        birth_date=PartialDate.parse(born) if born else None,
        sex=sex,
    )


def by_number(nhs: str) -> ChildSearch:
    return ChildSearch(identity(None, None, None, nhs))


def who(nhs: str, *, restricted: bool | None = False) -> Candidate:
    return Candidate("nhs", nhs, Identity(nhs_number=NHSNumber.parse(nhs), restricted=restricted))


def soon() -> Deadline:
    return Deadline.after(5.0)


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """``app`` on a free loopback port, in a thread of its own."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", date_header=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)


Bend = Callable[[Any], Any]

ASKED: ContextVar[dict[str, str]] = ContextVar("asked")
"""The parameters of the request that is being bent."""


@dataclass(slots=True)
class Bent:
    """An application whose JSON answers pass through ``bend`` when their path starts with ``at``.

    ``bend`` gets the parsed answer and gives another, or bytes sent as they are; ``status`` and ``headers`` replace
    those of the answer. ``asked`` keeps (method, path, parameters) of every request.
    """

    app: ASGIApp
    at: str = "/"
    bend: Bend | None = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, list[tuple[str, str]]]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = await receive()
        query = scope["query_string"] + b"&" + request.get("body", b"")
        self.asked.append((scope["method"], scope["path"], parse_qsl(query.decode())))
        ASKED.set(dict(self.asked[-1][2]))
        kept: list[Message] = []
        requests = iter([request])

        async def again() -> Message:
            return next(requests, None) or await receive()

        async def keep(message: Message) -> None:
            kept.append(message)

        await self.app(scope, again, keep)
        start, body = kept[0], b"".join(message.get("body", b"") for message in kept[1:])
        if scope["path"].startswith(self.at):
            start, body = self._bent(start, body)
        await send(start)
        await send({"type": "http.response.body", "body": body})

    def _bent(self, start: Message, body: bytes) -> tuple[Message, bytes]:
        if self.bend is not None:
            bent = self.bend(orjson.loads(body))
            body = bent if isinstance(bent, bytes) else orjson.dumps(bent)
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        headers.update({"content-length": str(len(body)), **self.headers})
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        return {**start, "status": self.status or start["status"], "headers": raw}, body


@contextmanager
def raw_server(answer: Callable[[bytes, asyncio.StreamWriter], Any]) -> Iterator[str]:
    """A loopback port on which ``answer`` gets each request's head and writes what it likes, HTTP or not."""
    started, port, loop = threading.Event(), [0], asyncio.new_event_loop()

    async def serve() -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await answer(await reader.readuntil(b"\r\n\r\n"), writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        port[0] = server.sockets[0].getsockname()[1]
        started.set()

    loop.create_task(serve())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    assert started.wait(5)
    try:
        yield f"http://127.0.0.1:{port[0]}"
    finally:
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
