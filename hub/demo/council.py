"""The pretend council as a process: ``python -m hub.demo.council --port 8201 --seed 2026 --directory DIR``.

Starts a PostgreSQL, loads it with the council's part of the invented world in the Safeguarding Dataset layout, and
prints ``ready <SQLAlchemy URL>``: the hub's login, which may only read. Without PostgreSQL it uses a SQLite file in
DIR and says so. Stops on SIGTERM and on Ctrl-C.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, text

from hub.demo import council_postgres
from hub.demo.council_load import load
from hub.demo.council_postgres import Postgres
from hub.demo.generator import build_world
from hub.demo.processes import DidNotStart, free_ports
from hub.demo.proxy import Line, Proxy
from hub.demo.world import World

FAULTS = ("down", "slow", "hang", "wrong-child", "malformed")
SLOW_SECONDS = 10.0
LOST_TABLE = "ssd_cp_plans"
"""The table that ``--fault malformed`` loses, as an extract does whose script failed half way."""
_WATCH_SECONDS = 0.3


@dataclass(slots=True)
class Options:
    """The command line."""

    port: int
    seed: int
    directory: Path
    fault: str | None
    latency_ms: int


async def serve(options: Options) -> None:
    """Run until told to stop."""
    stopping = asyncio.Event()
    for word in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(word, stopping.set)
    if options.fault == "down":
        port = options.port or free_ports(1)[0]
        _say_ready(URL.create("postgresql+psycopg", "hub_reader", None, council_postgres.HOST, port, "postgres"))
        await _until(stopping, None)
        return
    world = build_world(options.seed)
    proxied = options.fault in ("slow", "hang", "wrong-child") or options.latency_ms > 0
    try:
        server = council_postgres.start(0 if proxied else options.port)
    except (ImportError, DidNotStart) as fault:
        await _serve_sqlite(options, world, str(fault), stopping)
        return
    try:
        _fill(create_engine(server.owner), world, options.fault)
        server.let_read()
        if proxied:
            await _serve_proxied(options, server, world, stopping)
        else:
            _say_ready(server.reader(server.port))
            await _until(stopping, server)
    finally:
        server.stop()


async def _serve_proxied(options: Options, server: Postgres, world: World, stopping: asyncio.Event) -> None:
    proxy = Proxy(server.port, latency_seconds=options.latency_ms / 1000)
    if options.fault == "slow":
        proxy.latency_seconds = SLOW_SECONDS
    elif options.fault == "hang":
        proxy.line = Line.HANG
    elif options.fault == "wrong-child":
        proxy.swaps = swapped_people(world)
    port = await proxy.start(options.port)
    try:
        _say_ready(server.reader(port))
        await _until(stopping, server)
    finally:
        await proxy.close()


async def _serve_sqlite(options: Options, world: World, why: str, stopping: asyncio.Event) -> None:
    if options.fault not in (None, "malformed"):
        raise SystemExit(f"The fault {options.fault} needs PostgreSQL, and there is none: {why}")
    file = options.directory / "council.db"
    print(f"No PostgreSQL ({why}): the council's database is a SQLite file instead.", file=sys.stderr, flush=True)
    file.unlink(missing_ok=True)
    try:
        _fill(create_engine(f"sqlite:///{file}"), world, options.fault)
        _say_ready(URL.create("sqlite", database=str(file)))
        await _until(stopping, None)
    finally:
        file.unlink(missing_ok=True)


def swapped_people(world: World) -> dict[bytes, bytes]:
    """Each child's council id to the next child's: a council that is asked about one and answers about the other."""
    ids = sorted(child.council.local_id.encode() for child in world.children.values() if child.council is not None)
    return dict(zip(ids, (*ids[1:], ids[0]), strict=True))


def _fill(engine: Engine, world: World, fault: str | None) -> None:
    try:
        load(engine, world)
        if fault == "malformed":
            with engine.begin() as connection:
                connection.execute(text(f"DROP TABLE {LOST_TABLE}"))
    finally:
        engine.dispose()


def _say_ready(url: URL) -> None:
    print(f"ready {url.render_as_string(hide_password=False)}", flush=True)


async def _until(stopping: asyncio.Event, server: Postgres | None) -> None:
    """Wait for a signal, or for the database to die."""
    while not stopping.is_set():
        if server is not None and not server.is_running:
            raise SystemExit("The council's PostgreSQL ended by itself.")
        try:
            await asyncio.wait_for(stopping.wait(), _WATCH_SECONDS)
        except TimeoutError:
            continue


def main(arguments: Sequence[str] | None = None) -> None:
    """Run until told to stop. See the module's text for the options."""
    parser = argparse.ArgumentParser(
        prog="python -m hub.demo.council", description="A pretend council: a Safeguarding Dataset on loopback."
    )
    parser.add_argument("--port", type=int, required=True, help="0 takes a free port")
    parser.add_argument("--seed", type=int, default=2026, help="which invented world")
    parser.add_argument("--directory", type=Path, required=True, help="for the SQLite file, if it comes to that")
    parser.add_argument("--fault", choices=FAULTS, help="start broken in this way")
    parser.add_argument("--latency-ms", type=int, default=0, help="added to everything the hub sends")
    given = parser.parse_args(arguments)
    asyncio.run(serve(Options(given.port, given.seed, given.directory, given.fault, given.latency_ms)))


if __name__ == "__main__":
    main()
