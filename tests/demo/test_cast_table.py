"""The table people read, ``docs/cast.md``, says what the generator makes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.demo.generator import build_world

TABLE = (Path(__file__).parents[2] / "docs" / "cast.md").read_text(encoding="utf-8")
ROWS = {
    part: (name, number, born, known.split())
    for part, name, number, born, known in re.findall(
        r"^\| `(\w+)` \| ([^|]+?) \| (\d{10}) \| ([\d-]+) \| ([CNP ]*)\|", TABLE, re.MULTILINE
    )
}
WORLD = build_world()


def test_every_part_has_a_row_and_every_row_a_part() -> None:
    assert ROWS.keys() == WORLD.cast.keys()


@pytest.mark.parametrize("part", sorted(WORLD.cast))
def test_a_row_says_who_it_is(part: str) -> None:
    child = WORLD.played_by(part)
    holders = [
        letter
        for letter, known in (("C", child.council), ("N", child.health), ("P", child.police))
        if known is not None
    ]
    name = f"{child.given_name} {child.family_name}"
    assert ROWS[part] == (name, child.nhs_number, child.birth_date.isoformat(), holders)
