"""How often each combination of facts was decided, by month, in a table beside the log.

It is what a change of the policies is tried on: which past decisions would come out otherwise? It names no child, case,
worker or custodian and no day, and holds words of the vocabulary only. It is no evidence: the log is.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from hub.errors import ConfigurationError
from hub.policy.tables import ALL, Facts
from hub.store.engine import exists, make_engine, reading
from hub.store.tables import decision_tally

TALLY_ROWS_MAX = 50_000
"""Rows in the table; combinations that are new when it is full are not counted."""

MONTHS_MAX = 13
"""Months kept, this one included: a year, and the same month of the year before."""

_COLUMNS = tuple(name for name in Facts._fields if name != "fields")  # every field is decided


def add(engine: Engine, month: str, counted: Mapping[Facts, int]) -> int:
    """Add to the counts of ``month`` (``YYYY-MM``), and forget months that are too old.

    At most some thousand combinations at one time. Returns how many decisions could not be counted for want of room.
    """
    rows = sorted((_row(month, facts, times) for facts, times in counted.items()), key=lambda row: str(row["key"]))
    with engine.begin() as connection:
        connection.execute(delete(decision_tally).where(decision_tally.c.month < _oldest(month)))
        keys = select(decision_tally.c.key).where(
            decision_tally.c.month == month, decision_tally.c.key.in_([row["key"] for row in rows])
        )
        known = set(connection.scalars(keys))
        rows_now: int = connection.execute(select(func.count()).select_from(decision_tally)).scalar_one()
        new = [row["key"] for row in rows if row["key"] not in known]
        known.update(new[: max(0, TALLY_ROWS_MAX - rows_now)])
        kept = [row for row in rows if row["key"] in known]
        if kept:
            connection.execute(_upsert(connection), kept)  # in order of key: two hubs never wait for each other
    return sum(counted.values()) - sum(int(row["times"]) for row in kept)


def read(url: str, since: str = "") -> Counter[Facts]:
    """The counts in the database at ``url``, of ``since`` (``YYYY-MM``) and later months, the most frequent first.

    Raises:
        ConfigurationError: there is no such database, or no hub has counted in it.
    """
    counted: Counter[Facts] = Counter()
    if not exists(url):
        raise ConfigurationError("The log's database is not there.")
    engine = make_engine(url, 5.0)
    columns = [decision_tally.c[name] for name in _COLUMNS]
    query = select(*columns, func.sum(decision_tally.c.times)).where(decision_tally.c.month >= since).group_by(*columns)
    try:
        with engine.connect() as connection:
            for *words, times in reading(connection).execute(query):
                counted[Facts(**dict(zip(_COLUMNS, words, strict=True)), fields=ALL)] = int(times)
    except SQLAlchemyError:
        raise ConfigurationError(
            "The tally of past decisions cannot be read: the database does not answer, or its hub is an older one."
        ) from None
    finally:
        engine.dispose()
    return Counter(dict(sorted(counted.items(), key=lambda each: (-each[1], each[0]))))


def _row(month: str, facts: Facts, times: int) -> dict[str, Any]:
    words = {name: getattr(facts, name) for name in _COLUMNS}
    key = hashlib.sha256("\n".join(words.values()).encode()).hexdigest()
    return {"month": month, "key": key, "times": times, **words}


def _upsert(connection: Connection) -> Any:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement: Any = insert(decision_tally)
    return statement.on_conflict_do_update(
        index_elements=["month", "key"], set_={"times": decision_tally.c.times + statement.excluded.times}
    )


def _oldest(month: str) -> str:
    """The oldest month that is kept in ``month``."""
    months = int(month[:4]) * 12 + int(month[5:]) - 1 - (MONTHS_MAX - 1)
    return f"{months // 12:04}-{months % 12 + 1:02}"
