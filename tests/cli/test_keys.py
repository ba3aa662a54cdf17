"""``hub keys`` and ``hub signer``: a whole rotation, and every way to do it in the wrong order."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.audit.note import VerifierKey
from hub.cli.main import main
from hub.settings import load_settings
from hub.store.appender import Log
from hub.store.verify import verify_database
from tests.store.making import ask_and_answer

ORIGIN = "hub.testshire.example/log"
SETTINGS = """
environment = "development"
[log]
database_url = "sqlite:///{place}/log.db"
key_file = "{key_file}"
origin = "hub.testshire.example/log"
{more}
[access]
issuer = "http://127.0.0.1:9"
audience = "http://127.0.0.1:9"
register = "register.toml"
[[custodians]]
id = "testshire-council"
name = "Testshire Council"
sector = "council"
kind = "ssd"
url = "sqlite:///none.db"
contact = {{ role = "Desk", phone = "01632 960 121" }}
"""

Run = Callable[..., tuple[int, str, str]]


class Site:
    """An installation: its settings, and hubs that log something under them."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.path = place / "settings.toml"
        self.configure()

    def configure(self, *more: str, key_file: str = "log.key") -> None:
        self.path.write_text(SETTINGS.format(place=self.place, key_file=key_file, more="\n".join(more)))

    def log_something(self) -> None:
        """As a hub that was started with the settings as they are."""

        async def write() -> None:
            settings = load_settings(self.path)
            log = Log(settings.log.database_url, settings.log.make_signer())
            await log.start()
            await ask_and_answer(log)
            await log.close()

        asyncio.run(write())

    def key(self, name: str) -> VerifierKey:
        return VerifierKey.parse((self.place / f"{name}.pub").read_text().strip())

    def verified(self, *names: str) -> str | None:
        """What is wrong for somebody who has these public keys; None when nothing is."""
        lines = "\n".join(str(self.key(name)) for name in names)
        return None if (fault := verify_database(f"sqlite:///{self.place}/log.db", lines).fault) is None else str(fault)


NEXT = 'next_signer = { kind = "file", file = "next.key" }'


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """With a log of two entries."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUB_SETTINGS", raising=False)
    site = Site(tmp_path)
    site.log_something()
    return site


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*argv: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        status = main(argv)
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def rotated(site: Site, run: Run) -> Site:
    """With a new key in the log, and hubs that sign with both."""
    assert run("keys", "new", "--out", "next.key")[0] == 0
    site.configure(NEXT)
    site.log_something()
    assert run("keys", "rotate", "--to", "next.key")[0] == 0
    site.log_something()
    return site


def test_a_whole_rotation(site: Site, run: Run) -> None:
    status, out, _ = run("keys", "new", "--out", "next.key")
    assert status == 0
    old, new = site.key("log.key"), site.key("next.key")
    assert str(new) in out
    assert (site.place / "next.key").stat().st_mode & 0o777 == 0o600
    assert (site.place / "next.key").read_text().strip() not in out
    site.configure(NEXT)
    site.log_something()
    assert site.verified("log.key") is None
    status, out, _ = run("keys", "rotate", "--to", "next.key")
    assert (status, str(new) in out) == (0, True)
    assert "Entry 4" in out
    site.log_something()
    assert site.verified("log.key") is None
    status, out, err = run("keys", "retire", typed=f"{old.key_id.hex()}\n")
    assert status == 0, err
    assert f'earlier_keys = ["{old}"]' in out
    site.configure(f'earlier_keys = ["{old}"]', key_file="next.key")
    site.log_something()
    assert site.verified("log.key") is None, "the first key is enough for ever"
    assert site.verified("log.key", "next.key") is None
    assert f"the key {old.key_id.hex()} did" in str(site.verified("next.key"))
    assert run("audit", "verify") == (0, "The log checks out: 10 entries, every one as it was signed.\n", "")
    status, out, err = run("keys", "show")
    assert (status, err) == (0, "")
    assert re.search(f"{old.key_id.hex()} .*\n +from the beginning; retired on .* \\(entry 7\\)\n", out)
    assert re.search(
        f"{new.key_id.hex()} .*\n +since .* \\(entry 4\\), vouched for by {old.key_id.hex()}; signs the newest", out
    )


def test_a_hub_with_the_old_settings_stops_once_its_key_is_retired(rotated: Site, run: Run) -> None:
    old = rotated.key("log.key")
    assert run("keys", "retire", typed=old.key_id.hex() + "\n")[0] == 0
    rotated.configure()
    with pytest.raises(Exception, match="not signed by this hub's key"):
        rotated.log_something()
    assert rotated.verified("log.key") is None


def test_show_before_anything_changed(site: Site, run: Run) -> None:
    status, out, err = run("keys", "show")
    assert (status, err) == (0, "")
    assert out.count("\n") == 2
    assert "from the beginning; signs the newest checkpoint" in out


def test_show_with_another_logs_key(site: Site, run: Run) -> None:
    other = run("keys", "new", "--out", "other.key")[1]
    assert other
    (site.place / "log.key.pub").write_text((site.place / "other.key.pub").read_text())
    status, _, err = run("keys", "show")
    assert (status, "NO KEY" in err) == (1, True)


def test_new_writes_nothing_over(site: Site, run: Run) -> None:
    before = (site.place / "log.key").read_text()
    status, out, err = run("keys", "new", "--out", "log.key")
    assert (status, out) == (2, "")
    assert "never written over" in err
    assert (site.place / "log.key").read_text() == before


@pytest.mark.parametrize(
    ("prepare", "to", "says"),
    [
        pytest.param(lambda _: None, "next.key", "hub keys new", id="no such key"),
        pytest.param(lambda _: main(["keys", "new", "--out", "next.key"]), "next.key", "does not sign with the key", id="the hubs do not know it yet"),
        pytest.param(lambda _: None, "log.key", "is the log's already (from the beginning)", id="to the same key"),
        pytest.param(lambda site: (site.place / "next.key.pub").write_text("x"), "next.key", "not a public key", id="no key"),
        pytest.param(lambda site: (site.place / "next.key.pub").write_text(str(VerifierKey("elsewhere.example", b"k" * 32))), "next.key.pub", "a key of elsewhere.example", id="another log's"),
    ],
)  # fmt: skip
def test_rotating_too_soon(site: Site, run: Run, prepare: Callable[[Site], object], to: str, says: str) -> None:
    prepare(site)
    status, _, err = run("keys", "rotate", "--to", to)
    assert status == 2
    assert says in err
    assert verify_database(f"sqlite:///{site.place}/log.db", str(site.key("log.key"))).checked == 2, (
        "nothing was logged"
    )


def test_rotating_twice(rotated: Site, run: Run) -> None:
    status, _, err = run("keys", "rotate", "--to", "next.key")
    assert (status, "is the log's already (since" in err) == (2, True)


def test_a_retired_key_comes_not_back(rotated: Site, run: Run) -> None:
    old = rotated.key("log.key")
    run("keys", "retire", typed=old.key_id.hex())
    status, _, err = run("keys", "rotate", "--to", "log.key")
    assert (status, "was retired by entry" in err) == (2, True)
    status, _, err = run("keys", "retire", typed=rotated.key("next.key").key_id.hex())
    assert (status, "would have none" in err) == (2, True)


@pytest.mark.parametrize(
    "typed", ["", "\n", "yes\n", "00000000\n", "the new one"], ids=["nothing", "enter", "yes", "another id", "new"]
)
def test_retiring_takes_the_id(rotated: Site, run: Run, typed: str) -> None:
    typed = rotated.key("next.key").key_id.hex() if typed == "the new one" else typed
    status, out, err = run("keys", "retire", typed=typed)
    assert (status, out) == (1, "")
    assert "Nothing was done" in err
    assert verify_database(f"sqlite:///{rotated.place}/log.db", str(rotated.key("log.key"))).counts["key"] == 1


def test_retiring_the_only_key(site: Site, run: Run) -> None:
    status, _, err = run("keys", "retire", typed=site.key("log.key").key_id.hex())
    assert (status, "would have none" in err) == (2, True)


def test_retiring_before_a_hub_has_signed_with_the_new_key(site: Site, run: Run) -> None:
    run("keys", "new", "--out", "next.key")
    site.configure(NEXT)
    run("keys", "rotate", "--to", "next.key")
    status, _, err = run("keys", "retire", typed=site.key("log.key").key_id.hex())
    assert (status, "none has logged anything since" in err) == (2, True)
    site.configure()  # a hub that was forgotten
    site.log_something()
    site.configure(NEXT)
    status, _, err = run("keys", "retire", typed=site.key("log.key").key_id.hex())
    assert (status, "a hub still runs with the old settings" in err) == (2, True)
    assert site.verified("log.key") is None


def test_retiring_without_a_signer_for_what_stays(rotated: Site, run: Run) -> None:
    rotated.configure()
    status, _, err = run("keys", "retire", typed=rotated.key("log.key").key_id.hex())
    assert (status, "name no signer for a key that stays" in err) == (2, True)


def test_the_new_key_is_never_made_by_mistake(site: Site, run: Run) -> None:
    site.configure(NEXT)
    with pytest.raises(Exception, match=r"next\.key"):
        site.log_something()
    assert not (site.place / "next.key").exists()


def test_the_same_key_twice_in_the_settings(site: Site) -> None:
    site.configure('next_signer = { kind = "file", file = "log.key" }')
    with pytest.raises(Exception, match="same key"):
        site.log_something()


@pytest.mark.parametrize("command", [["keys"], ["keys", "show"], ["keys", "new"], ["keys", "rotate"], ["keys", "retire"],
                                     ["signer"], ["signer", "serve"], ["signer", "begin"], ["signer", "handover"]], ids=" ".join)  # fmt: skip
def test_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([*command, "--help"])
    assert end.value.code == 0
    assert " ".join(["usage: hub", *command]) in capsys.readouterr().out


class TestHandover:
    """A log that was signed from a file gets a signer process."""

    def test_it_begins_where_the_log_stands(self, site: Site, run: Run) -> None:
        assert run("signer", "handover", "--out", "handover")[0] == 0
        status, out, _ = run("signer", "begin", "--key", "log.key", "--from", "handover")
        assert (status, "begins at 2 entries" in out) == (0, True)
        assert (site.place / "log.state").exists()

    def test_it_is_not_begun_twice(self, site: Site, run: Run) -> None:
        run("signer", "begin", "--key", "log.key", "--new-log")
        status, _, err = run("signer", "begin", "--key", "log.key", "--new-log")
        assert (status, "there already" in err) == (2, True)

    def test_nothing_is_written_over(self, site: Site, run: Run) -> None:
        status, _, err = run("signer", "handover", "--out", "log.key.pub")
        assert (status, "there is a file already" in err) == (2, True)

    @pytest.mark.parametrize(
        ("spoil", "says"),
        [
            pytest.param(lambda _: "", "not a handover", id="empty"),
            pytest.param(lambda text: text.replace("\n2\n", "\n3\n"), "not a handover", id="an edited size"),
            pytest.param(lambda text: "A" * 43 + "=" + text[text.index("\n") :], "its frontier is not", id="another frontier"),
            pytest.param(lambda text: text.split("\n\n")[0], "not a handover", id="no signature"),
        ],
    )  # fmt: skip
    def test_a_spoilt_handover(self, site: Site, run: Run, spoil: Callable[[str], str], says: str) -> None:
        run("signer", "handover", "--out", "handover")
        (site.place / "handover").write_text(spoil((site.place / "handover").read_text()))
        status, _, err = run("signer", "begin", "--key", "log.key", "--from", "handover")
        assert (status, says in err) == (2, True), err
        assert not (site.place / "log.state").exists()

    def test_another_keys_log(self, site: Site, run: Run) -> None:
        run("signer", "handover", "--out", "handover")
        run("keys", "new", "--out", "other.key")
        status, _, err = run("signer", "begin", "--key", "other.key", "--from", "handover")
        assert (status, "not a handover of this key's log" in err) == (2, True)
