"""What a policy file that is no TOML is told to write instead, for any line and whatever the parser calls its problem."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.policy.files import PolicyFault, table
from hub.policy.toml_hints import instead


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param("last = 1st November 2026", "Write a date with the year first", id="a date in words"),
        pytest.param("last = 01.11.2026", "Write a date with the year first", id="points"),
        pytest.param("last = 2026/11/01", "Write a date with the year first", id="strokes, the year first"),
        pytest.param("strength: 'absolute'", "Write = between", id="a colon"),
        pytest.param("in_force = Yes", "Write true or false", id="yes"),
        pytest.param("effect = withhold", "Write a text in quotation marks", id="no marks"),
        pytest.param("record_has = [privileged]", "Write a text in quotation marks", id="no marks in a list"),
        pytest.param("roles = [“a”, “b”]", "The quotation marks are typographic", id="typographic marks"),
        pytest.param('roles = ["a" "b"]', "Write a comma between two words", id="no comma"),
        pytest.param('title = "the “duty” to share', "A quotation mark is missing", id="typographic marks within a text are no fault"),
        pytest.param("=======", "Two people's changes", id="the middle of two versions"),
        pytest.param("[tell", "", id="nothing surer than what the parser says"),
        pytest.param("reply_days = ", "", id="nothing at all"),
    ],
)  # fmt: skip
def test_what_to_write_instead(line: str, said: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as fault:
        tomllib.loads(line + "\n")
    hint = instead(str(fault.value), line)
    assert hint.startswith(said)
    assert bool(hint) is bool(said)


@given(st.text(alphabet=" =\"[]{}\\:#/-.,\n'abT0129\u201c\ufeff", max_size=40))
def test_no_text_whatever_is_met_with_anything_but_its_table_or_a_fault_with_its_line(text: str) -> None:
    found: PolicyFault | None = None
    try:
        table("x.toml", text.encode())
    except PolicyFault as fault:
        found = fault
    if found is not None:
        assert found.line is not None
        assert 1 <= found.line <= text.count("\n") + 1
        assert found.problem.startswith("not TOML: ")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["without", "with"])
def test_a_byte_order_mark_is_an_editor_s_own(mark: bytes) -> None:
    assert table("x.toml", mark + b'id = "x"\n') == {"id": "x"}
