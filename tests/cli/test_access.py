"""``hub access`` and ``hub register``: what they do, what the log says of it, and what they say to who mistypes."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from hub.audit.acts import RegisterChange
from hub.audit.encoding import decode
from hub.cli.main import main
from hub.store.appender import Log
from hub.store.keys import load_or_create
from tests.cli.decided import ORIGIN, REGISTER, SETTINGS
from tests.service.policy_files import copied

BY = ["--by", "Imogen Fairweather", "--organisation", "testshire-nhs", "--reason", "left-the-agency"]


@pytest.fixture
async def place(tmp_path: Path) -> Path:
    copied(tmp_path)
    (tmp_path / "register.toml").write_text(REGISTER, encoding="utf-8")
    (tmp_path / "settings.toml").write_text(SETTINGS.format(place=tmp_path), encoding="utf-8")
    log = Log(f"sqlite:///{tmp_path / 'log.db'}", load_or_create(tmp_path / "log.key", ORIGIN))
    await log.start()
    await log.close()
    return tmp_path


def run(place: Path, *words: str) -> int:
    return main([*words, "--settings", str(place / "settings.toml")])


def entries(place: Path) -> list[RegisterChange]:
    engine = create_engine(f"sqlite:///{place / 'log.db'}")
    with engine.connect() as connection:
        bodies = list(connection.scalars(text('SELECT body FROM log_entry ORDER BY "index"')))
    engine.dispose()
    found = [decode(body) for body in bodies]
    assert all(isinstance(each, RegisterChange) for each in found)
    return [each for each in found if isinstance(each, RegisterChange)]


def test_a_token_is_denied_listed_and_allowed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(place, "access", "deny", "--token", "j-1", *BY) == 0
    reference = re.search(r"[0-9a-f]{32}", capsys.readouterr().out)
    assert reference is not None
    assert run(place, "access", "list") == 0
    listed = capsys.readouterr().out
    assert f"{reference[0]}  token j-1" in listed
    assert ", until " in listed, "a token's denial ends by itself"
    assert run(place, "access", "allow", reference[0], *BY) == 0
    assert run(place, "access", "list") == 0
    assert "Nothing is denied." in capsys.readouterr().out
    assert [each.act for each in entries(place)] == ["denied:token", "allowed:token"]
    assert all(each.officer.worker for each in entries(place)), "who did it is behind a reference"


def test_a_worker_is_named_on_standard_input_and_shown_only_when_asked(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("tc-0417\n"))
    assert run(place, "access", "deny", "--worker-stdin", *BY) == 0
    assert run(place, "access", "list") == 0
    out = capsys.readouterr().out
    assert "tc-0417" not in out
    assert "until it is allowed again" in out
    assert run(place, "access", "list", "--names") == 0
    assert "worker tc-0417" in capsys.readouterr().out
    assert "tc-0417" not in str(entries(place))


MISTYPED = [
    pytest.param(["access", "deny", "--client", "mash"], "--reason", id="no reason"),
    pytest.param(["access", "deny", "--client", "mash", "--reason", "left"], "--by", id="nobody"),
    pytest.param(["access", "deny", "--client", "", *BY], "Name what to deny", id="nothing"),
    pytest.param(["access", "deny", "--client", "a\nb", *BY], "Name what to deny", id="two lines"),
    pytest.param(["access", "deny", "--token", "x" * 256, *BY], "Name what to deny", id="too long"),
    pytest.param(["access", "deny", "--client", "mash", "--hours", "0", *BY], "--hours", id="for no time"),
    pytest.param(["access", "deny", "--client", "mash", "--hours", "nan", *BY], "--hours", id="for no number"),
    pytest.param(["register", "put", "nowhere.toml", *BY], "cannot be read", id="no such register"),
]


@pytest.mark.parametrize(("words", "said"), MISTYPED)
def test_what_is_mistyped_is_told_and_nothing_is_done(
    place: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert run(place, *words) == 2
    assert said in capsys.readouterr().err
    assert entries(place) == []


def test_what_is_not_denied_cannot_be_allowed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(place, "access", "allow", "0" * 32, *BY) == 1
    assert "hub access list" in capsys.readouterr().out


def test_the_register_is_shown_agency_by_agency(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(place, "register", "show") == 0
    out = capsys.readouterr().out
    for line in (
        "Testshire NHS (testshire-nhs, health)",
        "role mash_nurse: ca2004-s16la; 2026-01-01 to 2027-12-31, signed off by Testshire Partnership",
        "system portal: purpose and case by token only",
    ):
        assert line in out


NEWER = REGISTER.replace('role = "mash_nurse"', 'role = "ward_nurse"')


def test_a_new_register_is_checked_with_what_it_would_change(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newer = place / "newer.toml"
    newer.write_text(NEWER, "utf-8")
    assert run(place, "register", "check", str(newer)) == 0
    out = capsys.readouterr().out
    assert "good. sha256:" in out
    assert "- Testshire NHS (testshire-nhs, health): role mash_nurse" in out
    assert "+ Testshire NHS (testshire-nhs, health): role ward_nurse" in out
    assert entries(place) == [], "a check changes nothing"


def test_a_bad_register_is_told_with_its_place(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = place / "bad.toml"
    bad.write_text(REGISTER.replace("ca2004-s16la", "ca1989-s999"), "utf-8")
    assert run(place, "register", "check", str(bad)) == 1
    assert "`roles[0].purposes`" in capsys.readouterr().out
    assert run(place, "register", "put", str(bad), *BY) == 2
    assert (place / "register.toml").read_text("utf-8") == REGISTER


def test_a_grant_that_ended_is_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "register.toml").write_text(REGISTER.replace("2027-12-31", "2026-02-01"), "utf-8")
    assert run(place, "register", "check") == 0
    assert "testshire-nhs mash_nurse: ended on 2026-02-01" in capsys.readouterr().out


def test_put_in_force_it_is_logged_and_in_its_place(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newer = place / "newer.toml"
    newer.write_text(NEWER, "utf-8")
    assert run(place, "register", "put", str(newer), *BY) == 0
    assert (place / "register.toml").read_text("utf-8") == NEWER
    (entry,) = entries(place)
    assert entry.act == "put"
    assert f"sha256:{entry.register}" in capsys.readouterr().out
    assert run(place, "register", "put", str(newer), *BY) == 0
    assert len(entries(place)) == 1, "one change is one entry"
    assert not list(place.glob(".register-*")), "nothing is left lying about"


def test_what_the_log_does_not_say_is_in_force_is_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newer = place / "newer.toml"
    newer.write_text(NEWER, "utf-8")
    assert run(place, "register", "put", str(newer), *BY) == 0
    (place / "register.toml").write_text(REGISTER, "utf-8")
    assert run(place, "register", "check") == 0
    assert "not the one the log says is in force" in capsys.readouterr().out
