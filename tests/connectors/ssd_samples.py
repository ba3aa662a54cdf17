"""What the tests of the SSD connector share: the council, its databases, and short ways of asking."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.pool import StaticPool

from hub.connectors.base import Deadline, Fetched, Found, Matched
from hub.connectors.ssd import SsdConnector
from hub.connectors.ssd.published import metadata
from hub.demo.council_load import load
from hub.demo.generator import build_world
from hub.domain.identifiers import NHSNumber
from hub.domain.organisations import Contact, Custodian, Sector
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate
from hub.domain.records import HeldRecord, Value
from hub.domain.sealed import unseal

COUNCIL = Custodian("testshire-council", "Testshire Council", Sector.COUNCIL, Contact("Duty desk", "01632 960 121"))
WORLD = build_world()
STAR = "9990004021"


@cache
def _template(nhs_column: str) -> bytes:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    load(engine, WORLD, nhs_column)
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        return bytes(driver.serialize())


@cache
def _no_rows() -> bytes:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata().create_all(engine)
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        return bytes(driver.serialize())


def sqlite_empty(file: Path) -> str:
    """The URL of a SQLite file with every table and no row: made once, for tables take long to make."""
    file.write_bytes(_no_rows())
    return f"sqlite:///{file}"


def sqlite_council(directory: Path, nhs_column: str = "pers_single_unique_id") -> str:
    """The URL of a SQLite file with the whole council in it."""
    file = directory / "council.db"
    file.write_bytes(_template(nhs_column))
    return f"sqlite:///{file}"


def change(url: str, *statements: str) -> None:
    """Run ``statements`` in the database."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def soon(seconds: float = 20.0) -> Deadline:
    """A deadline that a slow machine meets."""
    return Deadline.after(seconds)


def by_number(number: str) -> ChildSearch:
    """A search by NHS number alone."""
    return ChildSearch(Identity(nhs_number=NHSNumber.parse(number)))


def by_name(given: str, family: str, born: str) -> ChildSearch:
    """A search by name and birth date."""
    return ChildSearch(Identity(given_names=(given,), family_names=(family,), birth_date=PartialDate.parse(born)))


async def the_one(connector: SsdConnector, search: ChildSearch) -> Candidate:
    """The only candidate."""
    matched = await connector.match(search, soon())
    assert isinstance(matched, Matched), matched
    assert len(matched.candidates) == 1
    return matched.candidates[0]


async def found(connector: SsdConnector, who: Candidate) -> Found:
    """Everything that exists for ``who``."""
    answer = await connector.find(who, connector.kinds, soon())
    assert isinstance(answer, Found), answer
    return answer


async def everything(connector: SsdConnector, who: Candidate) -> tuple[HeldRecord, ...]:
    """Every record of ``who``."""
    answer = await connector.fetch(who, (await found(connector, who)).pointers, soon())
    assert isinstance(answer, Fetched), answer
    return answer.records


async def values_of(connector: SsdConnector, number: str, kind: str) -> list[Mapping[str, Value]]:
    """The values of the child's records of ``kind``."""
    records = await everything(connector, await the_one(connector, by_number(number)))
    return [unseal(record) for record in records if record.pointer.kind == kind]
