"""A weights file is read whole and strictly, or not at all."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import ConfigurationError
from hub.matching.resolution import Compared, Same
from hub.matching.resolve import resolve
from hub.matching.weights import SHIPPED, WEIGHTS, Level, Weight, Weights
from hub.matching.weights_file import BYTES_MAX, load, write
from tests.matching.people import HER_TWIN, MIA, asked, held

TEXT = write(SHIPPED, trained_on="nothing: these are the shipped ones", method="judgement")


def test_what_is_written_reads_as_it_was() -> None:
    read = load(TEXT.encode())
    for compared, rows in SHIPPED.bits.items():
        assert read.weights.bits[compared] == pytest.approx(rows, abs=1e-3)
    assert re.fullmatch(r"[0-9a-f]{64}", read.digest)
    assert read.notes == {"trained_on": "nothing: these are the shipped ones", "method": "judgement"}
    assert load(TEXT.encode() + b"\n").digest != read.digest


def test_a_note_cannot_break_out_of_its_line() -> None:
    text = write(SHIPPED, trained_on='x"\nformat = 2\u0000\\', method="y" * 900)
    assert load(text.encode()).notes["trained_on"] == "x  format = 2  "


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        pytest.param("format = 1", "format = 2", "`format` must be 1", id="another format"),
        pytest.param("format = 1", "format = true", "`format` must be 1", id="true is not 1"),
        pytest.param("format = 1\n", "", "the file must have exactly", id="no format"),
        pytest.param("[sex]", "[gender]", "the file must have exactly", id="another field"),
        pytest.param("[sex]\nexact", "[sex]\nexakt", r"\[sex\] must have exactly: differ, exact", id="misspelt level"),
        pytest.param("[sex]\n", "[sex]\nnear = { m = 0.1, u = 0.1 }\n", r"\[sex\] must have", id="a level too many"),
        pytest.param("m = 0.985000000, u = 0.5", "m = 0.985000000, v = 0.5", r"\[sex\] exact must have exactly: m, u", id="misspelt value"),
        pytest.param("m = 0.985000000, u = 0.5", "m = 1, u = 0.5", "between 0 and 1", id="certainty"),
        pytest.param("m = 0.985000000, u = 0.5", "m = nan, u = 0.5", "between 0 and 1", id="not a number"),
        pytest.param("m = 0.985000000, u = 0.5", "m = inf, u = 0.5", "between 0 and 1", id="no end"),
        pytest.param("m = 0.985000000, u = 0.5", 'm = "1", u = 0.5', "between 0 and 1", id="text"),
        pytest.param("m = 0.985000000, u = 0.5", "m = 0.5, u = 0.5", "add up to 1", id="does not add up"),
        pytest.param("u = 0.000001000", "u = 0.00000001", "worth more than 24 bits", id="worth too much"),
        pytest.param("trained_on = ", "trained_on = 5\nx = ", "the file must have", id="one key too many"),
        pytest.param('method = "judgement"', "method = 5", "in words", id="a note that is no text"),
        pytest.param('method = "judgement"', 'method = ""', "in words", id="an empty note"),
        pytest.param("[sex]", "[sex", "not a TOML file", id="not TOML"),
    ],
)  # fmt: skip
def test_refused(before: str, after: str, says: str) -> None:
    assert before in TEXT
    with pytest.raises(ConfigurationError, match=says) as caught:
        load(TEXT.replace(before, after, 1).encode())
    assert caught.value.code == "WEIGHTS_INVALID"


@pytest.mark.parametrize(
    "raw", [b"\xff", b"sex = 1", b"#" * (BYTES_MAX + 1)], ids=["not UTF-8", "no table", "too long"]
)
def test_refused_as_bytes(raw: bytes) -> None:
    with pytest.raises(ConfigurationError):
        load(raw)


def test_agreeing_must_not_speak_against_a_match() -> None:
    text = write(
        Weights({**WEIGHTS, Compared.SEX: {Level.EXACT: Weight(0.4, 0.5), Level.DIFFER: Weight(0.6, 0.5)}}),
        trained_on="x",
        method="y",
    )
    with pytest.raises(ConfigurationError, match="to agree must speak for a match"):
        load(text.encode())


def rows(levels: dict[Level, Weight]) -> st.SearchStrategy[dict[Level, Weight]]:
    shares = st.floats(0.001, 0.999)
    return st.fixed_dictionaries({level: st.builds(Weight, shares, shares) for level in levels})


@given(st.fixed_dictionaries({compared: rows(levels) for compared, levels in WEIGHTS.items()}))
def test_no_weights_link_the_twin(table: dict[Compared, dict[Level, Weight]]) -> None:
    """The rules do not rest on the weights: whatever somebody trains, given names that differ never link."""
    assert not isinstance(resolve(asked(MIA), held(HER_TWIN), weights=Weights(table)), Same)


def test_weights_are_used() -> None:
    light = Weights(
        {**WEIGHTS, Compared.GIVEN_NAME: {level: Weight(0.5, 0.5) for level in WEIGHTS[Compared.GIVEN_NAME]}}
    )
    one, other = resolve(asked(MIA), held(MIA)), resolve(asked(MIA), held(MIA), weights=light)
    assert isinstance(one, Same)
    assert isinstance(other, Same)
    assert one.score - other.score == pytest.approx(SHIPPED.bits[Compared.GIVEN_NAME][Level.EXACT])
