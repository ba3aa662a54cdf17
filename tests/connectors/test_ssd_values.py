"""What columns hold in the builds that exist, and what becomes of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.connectors.ssd import codes, values
from hub.connectors.ssd.source import Tables
from hub.connectors.ssd.sources import all_sources

_TABLES = Tables()
READERS = sorted(
    {
        read.how
        for source in all_sources(_TABLES, _TABLES["ssd_person"].c["pers_common_child_id"])
        for read in source.reads
    },
    key=str,
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param("2017-03-09", date(2017, 3, 9), id="ISO date"),
        pytest.param("2017-03-09 00:00:00.000000", date(2017, 3, 9), id="ISO date with a time"),
        pytest.param("2017-03-09T00:00:00", date(2017, 3, 9), id="ISO date with a T"),
        pytest.param("09/03/2017", date(2017, 3, 9), id="British, day first"),
        pytest.param("9/3/2017 00:00", date(2017, 3, 9), id="British without zeros, with a time"),
        pytest.param("20170309", date(2017, 3, 9), id="compact"),
        pytest.param(" 2017-03-09 ", date(2017, 3, 9), id="padded"),
        pytest.param("", None, id="empty"),
        pytest.param("PLACEHOLDER_DATA", None, id="not yet built"),
        pytest.param(None, None, id="null"),
    ],
)
def test_day(text: str | None, meant: date | None) -> None:
    assert values.day((text,)) == meant


@pytest.mark.parametrize("text", ["2017-13-01", "30/02/2017", "soon", "2017", "1489017600"])
def test_a_date_that_is_none_is_not_guessed(text: str) -> None:
    with pytest.raises(ValueError, match=r"date|month|day"):
        values.day((text,))


@pytest.mark.parametrize(
    ("text", "meant"),
    [(word, True) for word in ("Y", "y", "Yes", "1", "true", "T ", "True")]
    + [(word, False) for word in ("N", "No", "0", "false", "F")]
    + [(word, None) for word in ("", "NA", "N/A", "NULL", None)],
)
def test_flag(text: str | None, meant: bool | None) -> None:
    assert values.flag((text,)) is meant


def test_a_flag_that_is_none_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="yes-or-no"):
        values.flag(("perhaps",))


@pytest.mark.parametrize(
    ("texts", "meant"),
    [
        pytest.param(("NEG",), "Neglect (NEG)", id="code"),
        pytest.param(("neg ",), "Neglect (neg)", id="code in another case, padded"),
        pytest.param(("Neglect",), "Neglect", id="words already"),
        pytest.param(("XYZ",), "XYZ (code not known)", id="a local code is shown, and said not to be known"),
        pytest.param(("emotional ABUSE",), "emotional ABUSE", id="words already, in other letters"),
        pytest.param(("XYZ", "Local thing"), "Local thing (XYZ)", id="a local code with its description"),
        pytest.param((None, "Local thing"), "Local thing", id="a description alone"),
        pytest.param((None,), None, id="null"),
    ],
)
def test_coded(texts: tuple[str | None, ...], meant: str | None) -> None:
    assert values.coded(codes.ABUSE)(texts) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param('{"NFA_FLAG": "N", "SINGLE_ASSESSMENT_FLAG": "Y"}', "Assessment", id="one flag"),
        pytest.param('{"NFA_FLAG": "Y", "ADVICE_FLAG": true}', "No further action; Advice given", id="two flags"),
        pytest.param('{"LOCAL_THING_FLAG": "Y"}', "Local thing", id="a local flag"),
        pytest.param('{"NFA_FLAG": "", "TOTAL_NO_OF_OUTCOMES": 1, "COMMENTS": "Y"}', None, id="none, and not a flag"),
        pytest.param("Strategy discussion", "Strategy discussion", id="words"),
        pytest.param('{"NFA_FLAG": "Y"', '{"NFA_FLAG": "Y"', id="broken JSON is shown as it is"),
        pytest.param(None, None, id="null"),
    ],
)
def test_outcome(text: str | None, meant: str | None) -> None:
    assert values.outcome((text,)) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param('["1B", "16A"]', ("Alcohol misuse by a parent or carer (1B)", "Neglect (16A)"), id="array"),
        pytest.param('{"1B": "Yes", "16A": "No"}', ("Alcohol misuse by a parent or carer (1B)",), id="object"),
        pytest.param("1B,16A", ("Alcohol misuse by a parent or carer (1B)", "Neglect (16A)"), id="commas"),
        pytest.param(
            '["1B", "99Z"]', ("Alcohol misuse by a parent or carer (1B)", "99Z (code not known)"), id="unknown"
        ),
        pytest.param("[]", None, id="none"),
        pytest.param(None, None, id="null"),
    ],
)
def test_coded_list(text: str | None, meant: tuple[str, ...] | None) -> None:
    assert values.coded_list(codes.FACTORS)((text,)) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param(
            '{"HOUSE": "14", "STREET": "Tannery Lane", "TOWN": "Testshire"}', "14 Tannery Lane, Testshire", id="house"
        ),
        pytest.param(
            '{"FLAT": "Flat 2", "HOUSE": "14A", "STREET": "Weir Road", "TOWN": ""}', "Flat 2, 14A Weir Road", id="flat"
        ),
        pytest.param(
            '{"house": 14, "street": "Weir Road", "UPRN": "10001"}', "14 Weir Road", id="lower case, a number"
        ),
        pytest.param("14 Weir Road, Testshire", "14 Weir Road, Testshire", id="words"),
        pytest.param("{}", None, id="empty"),
        pytest.param(None, None, id="null"),
    ],
)
def test_address(text: str | None, meant: str | None) -> None:
    assert values.address((text,)) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param("2026-11-20 02:00:00", datetime(2026, 11, 20, 1, tzinfo=UTC), id="the database's own time"),
        pytest.param("2026-11-20T02:00:00.123", datetime(2026, 11, 20, 1, 0, 0, 123000, UTC), id="with a T"),
        pytest.param("2026-11-20T02:00:00Z", datetime(2026, 11, 20, 2, tzinfo=UTC), id="UTC"),
        pytest.param("2026-11-20 02:00:00+00:00", datetime(2026, 11, 20, 2, tzinfo=UTC), id="an offset"),
    ],
)
def test_moment(text: str, meant: datetime) -> None:
    assert values.moment(text, timezone(timedelta(hours=1))) == meant


@pytest.mark.parametrize("how", READERS, ids=lambda how: how.__qualname__)
@given(text=st.none() | st.text() | st.from_regex(r"[\[{].{0,30}"))
def test_no_text_surprises_a_reader(how: values.Reader, text: str | None) -> None:
    try:
        assert how((text,)) != ""
    except ValueError:
        assert text  # a null is never unreadable


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000], ids=["arrays", "objects"])
def test_deep_json_is_text(text: str) -> None:
    assert values.outcome((text,)) == text
