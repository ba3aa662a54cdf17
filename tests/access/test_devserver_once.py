"""What the development server hands out is good once, soon, and not without end."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.access.devonce import KEPT_MAX, Once, Seen
from hub.access.devsettings import load_people
from hub.errors import ConfigurationError


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_value_is_given_out_once_and_in_time() -> None:
    clock = Clock()
    kept: Once[str] = Once(60, clock)
    first, second = kept.put("a"), kept.put("b")
    assert first != second
    assert [kept.take(first), kept.take(first), kept.take("c")] == ["a", None, None]
    clock.now = 60
    assert kept.take(second) is None


@pytest.mark.parametrize(("age", "found"), [(0.0, "a"), (59.9, "a"), (60.0, None), (61.0, None)])
def test_its_time(age: float, found: str | None) -> None:
    clock = Clock()
    kept: Once[str] = Once(60, clock)
    name = kept.put("a")
    clock.now = age
    assert kept.take(name) == found


def test_the_oldest_makes_room() -> None:
    kept: Once[int] = Once(60, Clock())
    kept._kept = {str(number): (60.0, number) for number in range(KEPT_MAX)}
    name = kept.put(-1)
    assert (kept.take("0"), kept.take("1"), kept.take(name)) == (None, 1, -1)


def test_an_id_is_new_once_until_it_is_too_old_anyway() -> None:
    seen = Seen()
    assert seen.is_new(("client", "a"), until=60, now=0)
    assert not seen.is_new(("client", "a"), until=60, now=59)
    assert seen.is_new(("other", "a"), until=60, now=59)
    assert seen.is_new(("client", "a"), until=120, now=60)


def test_when_no_more_can_be_remembered_nothing_is_new() -> None:
    seen = Seen()
    seen._until = {("client", str(number)): 60.0 for number in range(KEPT_MAX)}
    assert not seen.is_new(("client", "x"), until=60, now=0)


FILE = """
audience = "http://127.0.0.1:8000/"
[[clients]]
id = "pages"
organisation = "council"
redirect_uris = ["{address}"]
"""


def test_the_hubs_address_is_put_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "people.toml"
    path.write_text(FILE.replace("{address}", "{audience}/signed-in"))
    assert load_people(path).clients[0].redirect_uris == ["http://127.0.0.1:8000/signed-in"]
    moved = load_people(path, audience="https://hub.testshire.example")
    assert moved.clients[0].redirect_uris == ["https://hub.testshire.example/signed-in"]
    assert moved.audience == "https://hub.testshire.example"


@pytest.mark.parametrize("address", ["/signed-in", "javascript:x", "http://a b", "ftp://a", "", "{other}/x"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, address: str) -> None:
    path = tmp_path / "people.toml"
    path.write_text(FILE.replace("{address}", address))
    with pytest.raises(ConfigurationError, match="redirect_uris"):
        load_people(path)
