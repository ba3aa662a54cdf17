"""A log in which children were asked about, decided about and confirmed, for what is done with it later."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import create_engine, inspect, text

from hub.audit.acts import Officer
from hub.domain.people import ChildSearch
from hub.matching.confirmations import Said
from hub.store.appender import Log
from hub.store.confirmations import ConfirmationStore
from hub.store.judgements import JudgementStore
from hub.store.sides import AskedInWords, SideAltered, pack, unpack
from hub.store.subjects import subject_key
from tests.matching.confirming import shown, word
from tests.matching.people import BORN, A, B, asked, who
from tests.policy.judged import judgement
from tests.store import making

OFFICER = Officer("command-line", "testshire-council", "5f0c" * 8, "ig_officer")
AMIRA = who("Amira", "Thornbury", "2015-04-02", number=A)
"""She who is erased: by number, and as stated without one."""
STATED = who("Amira", "Thornbury", "2015-04-02")
OTHER = who("Oskar", "Lindqvist", BORN, number=B)
MOVED = who("Amira", "Reid", "2015-04-02", "F", "ZZ7 7ZZ")
TRACES = ("Amira", "amira", "Thornbury", "thornbury")
LATER = datetime.now(UTC) + timedelta(days=1)


def by_number(search: ChildSearch) -> str:
    number = search.stated.nhs_number
    assert number is not None
    return number.grouped()


@dataclass
class Lives:
    """The log, and the stores beside it."""

    log: Log
    url: str

    async def ask(self, search: ChildSearch, words: AskedInWords, *, answered: bool = True) -> int:
        """One question about whom ``search`` names; its number."""
        subject = await self.log.reference("subject", subject_key(search))
        side = self.log.sealed(pack(words))
        entry = making.question(self.log, subject=subject, side=side.commitment)
        index = (await self.log.append(entry, side=side)).index
        if answered:
            await self.log.append(making.answer(self.log, index))
        return index

    async def about_amira(self) -> list[int]:
        """Two questions about her and one that names her beside another child; decided, confirmed, shown."""
        number = by_number(asked(AMIRA))
        numbered = await self.ask(asked(AMIRA), AskedInWords("query($n: String!) { child }", {"n": number}))
        named = AskedInWords('{ child(find: {givenName: "Amira", familyName: "THORNBURY"}) }', {"born": "2015-04-02"})
        stated = await self.ask(asked(STATED), named)
        both = AskedInWords('{ a: child(n: "999-000-0018") b: child }'.replace("999-000-0018", escaped(number)), {})
        beside = await self.ask(asked(OTHER), both)
        judgements, confirmations = JudgementStore(self.url, self.log), ConfirmationStore(self.url, self.log)
        for made in (
            judgement(id="a" * 32, nhs_number=A, local_id="P-1"),
            judgement(id="b" * 32, local_id="P-1", reasons="Amira Thornbury is at her aunt's."),
            judgement(id="c" * 32, nhs_number=B, local_id="P-2"),
        ):
            await judgements.record(replace(made, expires_at=making_now() - timedelta(days=1)), made.decided_at)
        search = asked(AMIRA)
        await confirmations.remember(numbered + 1, search, [shown(asked(STATED), MOVED)], making_now())
        twins = shown(asked(OTHER), who("Oskar", "Berg", BORN), who("Oskar", "Lund", BORN), place=1)
        await confirmations.remember(beside + 1, asked(OTHER), [twins], LATER)
        made = word(search, shown(asked(STATED), MOVED), Said.SAME, reference="d" * 32)
        await confirmations.record(made)
        await judgements.close()
        await confirmations.close()
        return [numbered, stated, beside]

    async def about_another(self) -> int:
        """One question about another child."""
        return await self.ask(asked(OTHER), AskedInWords("{ child }", {"n": by_number(asked(OTHER)), "who": "Oskar"}))


def making_now() -> datetime:
    return datetime.now(UTC)


def escaped(number: str) -> str:
    """A number as somebody may write it who wants it found by nobody."""
    return "".join(f"\\u{ord(digit):04x}" if digit == "9" else digit for digit in number)


def everything(url: str) -> str:
    """Every column of every table of the database, as text; bytes unpacked where they are a side row."""
    engine = create_engine(url)
    found: list[str] = []
    try:
        with engine.connect() as connection:
            for table in inspect(connection).get_table_names():
                for row in connection.execute(text(f'SELECT * FROM "{table}"')):
                    found += (_shown(value) for value in row)
    finally:
        engine.dispose()
    return "\n".join(found)


def _shown(value: Any) -> str:
    if not isinstance(value, bytes | memoryview):
        return str(value)
    try:
        return unpack(bytes(value))
    except SideAltered:
        return bytes(value).decode(errors="replace") + json.dumps(bytes(value).hex())
