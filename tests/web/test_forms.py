"""Reading a form: what each bad input gets, and that nothing that was typed is lost."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.web.forms import Form


def form(**sent: str | list[str]) -> Form:
    return Form({name.replace("_", "-"): [value] if isinstance(value, str) else value for name, value in sent.items()})


def day(day: str = "", month: str = "", year: str = "", time: str = "") -> Form:
    return form(on_day=day, on_month=month, on_year=year, on_time=time)


DAYS = [
    pytest.param(day("27", "3", "2014"), date(2014, 3, 27), None, id="good"),
    pytest.param(day(" 27", "03 ", "2014"), date(2014, 3, 27), None, id="with spaces and zeros"),
    pytest.param(day(), None, "Enter a date.", id="nothing"),
    pytest.param(day("", "3", "2014"), None, "Birth date must include a day.", id="no day"),
    pytest.param(day("27", "", "2014"), None, "Birth date must include a month.", id="no month"),
    pytest.param(day("27", "3", ""), None, "Birth date must include a year.", id="no year"),
    pytest.param(day("30", "2", "2014"), None, "real date", id="30 February"),
    pytest.param(day("29", "2", "2023"), None, "real date", id="29 February of no leap year"),
    pytest.param(day("27", "3", "14"), None, "real date", id="a year of two digits"),
    pytest.param(day("x", "3", "2014"), None, "real date", id="no number"),
    pytest.param(day("٢٧", "3", "2014"), None, "real date", id="digits of another script"),
    pytest.param(day("-1", "3", "2014"), None, "real date", id="a negative day"),
]


@pytest.mark.parametrize(("sent", "read", "said"), DAYS)
def test_a_date(sent: Form, read: date | None, said: str | None) -> None:
    assert sent.day("on", label="Birth date", missing="Enter a date.") == read
    assert sent.ok == (said is None)
    assert said is None or said in (sent.error("on") or {})["text"]


def test_a_date_may_be_left_out_where_none_is_needed() -> None:
    sent = day()
    assert sent.day("on", label="From") is None
    assert sent.ok


MOMENTS = [
    pytest.param("16:40", datetime(2026, 11, 20, 16, 40, tzinfo=UTC), id="winter"),
    pytest.param("9.05", datetime(2026, 11, 20, 9, 5, tzinfo=UTC), id="with a full stop"),
    pytest.param("", None, id="no time"),
    pytest.param("25:00", None, id="no such hour"),
    pytest.param("9:5", None, id="one digit of minutes"),
    pytest.param("nine", None, id="a word"),
]


@pytest.mark.parametrize(("time", "read"), MOMENTS)
def test_a_moment(time: str, read: datetime | None) -> None:
    sent = day("20", "11", "2026", time)
    assert sent.moment("on", label="Decision") == read
    assert sent.ok == (read is not None)


def test_a_moment_is_of_the_clock_on_the_wall() -> None:
    sent = day("20", "7", "2026", "16:40")
    assert sent.moment("on", label="Decision") == datetime(2026, 7, 20, 15, 40, tzinfo=UTC)


TEXTS = [
    pytest.param("  Maya ", "Maya", None, id="spaces around it"),
    pytest.param("", "", "Enter a name.", id="nothing"),
    pytest.param("   ", "", "Enter a name.", id="spaces"),
    pytest.param("x" * 201, "x" * 201, "at most 200", id="too long"),
    pytest.param("Ma\x00ya", "Ma\x00ya", "cannot be seen", id="a NUL"),
    pytest.param("Ma\u202eya", "Ma\u202eya", "cannot be seen", id="text that turns round"),
    pytest.param("a\nb", "a\nb", "cannot be seen", id="two lines where one belongs"),
    pytest.param("Zoë O’Brien-Łukasz 李", "Zoë O’Brien-Łukasz 李", None, id="names of many languages"),
]


@pytest.mark.parametrize(("typed", "read", "said"), TEXTS)
def test_text(typed: str, read: str, said: str | None) -> None:
    sent = form(name=typed)
    assert sent.text("name", missing="Enter a name.") == read
    assert sent.values["name"] == typed, "it is shown again as it was typed"
    assert said is None or said in (sent.error("name") or {})["text"]
    assert sent.ok == (said is None)


def test_several_lines_where_they_belong() -> None:
    sent = form(why="one\r\ntwo")
    assert sent.text("why", lines=True) == "one\ntwo"
    assert sent.ok


CHOICES = [
    pytest.param("a", "a", True, id="offered"),
    pytest.param("z", "", False, id="not offered"),
    pytest.param("", "", False, id="none"),
]


@pytest.mark.parametrize(("sent", "read", "ok"), CHOICES)
def test_a_choice(sent: str, read: str, ok: bool) -> None:
    given_ = form(which=sent)
    assert given_.choice("which", ("a", "b"), missing="Choose.") == read
    assert given_.ok == ok


NUMBERS = [
    pytest.param("5", 5, True, id="good"),
    pytest.param("0", None, False, id="too small"),
    pytest.param("11", None, False, id="too large"),
    pytest.param("1.5", None, False, id="not whole"),
    pytest.param("9" * 5_000, None, False, id="thousands of digits"),
    pytest.param("٣", None, False, id="digits of another script"),
    pytest.param("", None, True, id="left out"),
]


@pytest.mark.parametrize(("sent", "read", "ok"), NUMBERS)
def test_a_number(sent: str, read: int | None, ok: bool) -> None:
    given_ = form(n=sent)
    assert given_.number("n", label="Entries", least=1, most=10) == read
    assert given_.ok == ok


def test_many_are_each_of_those_offered_and_once() -> None:
    sent = form(who=["a", "z", "b", "a"])
    assert sent.many("who", ("a", "b", "c")) == ("a", "b")


def test_the_first_word_on_a_field_stands_and_the_order_is_the_pages() -> None:
    sent = form()
    sent.text("one", missing="Enter one.")
    sent.text("two", missing="Enter two.")
    sent.wrong("one", "Something else.")
    assert [(each.field, each.message) for each in sent.problems] == [("one", "Enter one."), ("two", "Enter two.")]


@given(st.dictionaries(st.text(max_size=8), st.lists(st.text(), min_size=1, max_size=3), max_size=5))
def test_no_input_is_a_fault(sent: dict[str, list[str]]) -> None:
    tried = Form(sent)
    for name in [*sent, "missing"]:
        tried.text(name, missing="m")
        tried.choice(name, ("a",), missing="m")
        tried.number(name, label="n", least=0, most=9)
        tried.day(name, label="d")
        tried.moment(name, label="d")
        assert tried.value(name) == (sent[name][-1] if name in sent else "")
