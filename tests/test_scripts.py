"""The maintainers' scripts that others rely on the output of."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from scripts.mutation_score import tally
from scripts.terminal_svg import picture


def test_a_picture_names_no_other_host_and_can_be_read_aloud() -> None:
    svg = picture("\x1b[1;31mNO ANSWER\x1b[0m from <Testshire> & others\n")
    assert set(re.findall(r"https?://[^\"' )]+", svg)) == {"http://www.w3.org/2000/svg"}
    assert "@font-face" not in svg
    assert 'role="img"><title>' in svg
    assert "NO&#160;ANSWER" in svg
    assert "&lt;Testshire&gt;" in svg


KILLED, SURVIVED, NO_TESTS, TIMEOUT, SKIPPED, NOT_TRIED = 1, 0, 33, 36, 34, None


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        pytest.param([KILLED, KILLED, SURVIVED], (2, 3), id="a survivor counts against"),
        pytest.param([KILLED, NO_TESTS], (1, 2), id="so does one no test reaches"),
        pytest.param([KILLED, NOT_TRIED], (1, 2), id="and one that was not tried"),
        pytest.param([TIMEOUT, SKIPPED], (1, 1), id="a timeout is a kill, one left out on purpose is neither"),
    ],
)
def test_the_mutation_score(tmp_path: Path, codes: list[int | None], expected: tuple[int, int]) -> None:
    place = tmp_path / "hub" / "audit"
    place.mkdir(parents=True)
    results = {f"mutant {number}": code for number, code in enumerate(codes)}
    (place / "merkle.py.meta").write_text(json.dumps({"exit_code_by_key": results}))
    assert tally(tmp_path) == {"hub/audit": expected}
