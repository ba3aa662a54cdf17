"""The life of a log at the command line: hold, erase, close a year, drop it, back it up."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.cli import audit_prune
from hub.cli.main import main
from hub.store.appender import Log
from hub.store.engine import make_engine
from hub.store.export import Wanted, stage_export
from hub.store.export_files import ExportFiles
from hub.store.keys import load_or_create
from hub.store.sides import AskedInWords
from tests.cli.decided import ORIGIN, SETTINGS
from tests.matching.people import A, asked
from tests.store.lives import AMIRA, OTHER, STATED, TRACES, Lives, everything
from tests.store.tampering import read_all

Run = Callable[..., tuple[int, str, str]]
WORDS = AskedInWords("{ child }", {"n": A.grouped()})
PERSON = f"{A.grouped()}\nAmira, Thornbury, 2015-04-02\n"
BY = ("--by", "Rowan Achebe", "--organisation", "testshire-council", "--reason", "retention_over")


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the settings of a hub."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUB_SETTINGS", raising=False)
    (tmp_path / "settings.toml").write_text(SETTINGS.format(place=tmp_path))
    return tmp_path


def url(place: Path) -> str:
    return f"sqlite:///{place / 'log.db'}"


def do(place: Path, work: Callable[[Lives], Awaitable[Any]], at: datetime | None = None) -> Any:
    """Do ``work`` in the log, and let go of it."""

    async def run() -> Any:
        clock = Clock()
        clock.at = at or clock.at
        log = Log(url(place), load_or_create(place / "log.key", ORIGIN), clock=clock)
        await log.start()
        try:
            return await work(Lives(log, url(place)))
        finally:
            await log.close()

    return asyncio.run(run())


@pytest.fixture
def run(place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``hub audit``; its exit status, what it printed, and what it said on stderr."""

    def run(*argv: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        status = main(["audit", *argv])
        said = capsys.readouterr()
        assert not [each for each in (*TRACES, A.value, A.grouped()) if each in said.out + said.err], "of the person"
        return status, said.out, said.err

    return run


def erase(run: Run, *more: str) -> tuple[int, str, str]:
    return run("erase", "--nhs-number-stdin", *BY, *more, typed=PERSON)


class TestErase:
    def test_what_would_go_then_exactly_that(self, run: Run, place: Path) -> None:
        do(place, Lives.about_amira)
        before = everything(url(place))
        status, out, _ = run("erase", "--nhs-number-stdin", "--dry-run", typed=PERSON)
        assert status == 0
        assert re.search(r" 4 references.*\n +3 questions.*\n +2 recorded.*\n +1 confirmations.*\n +1 possible", out)
        word = re.search(r"--confirm ([0-9a-f]{8})\n", out)
        assert word
        assert everything(url(place)) == before
        status, out, err = erase(run, "--confirm", "00000000")
        assert (status, err) == (1, "Nothing was erased.\n")
        assert everything(url(place)) == before
        status, out, err = erase(run, "--confirm", word[1])
        assert (status, err) == (0, "")
        assert re.search(r"Erased, and logged as entry \d+\.", out)
        assert "Backups made before now" in out
        left = everything(url(place))
        assert not [each for each in (*TRACES, A.value) if each in left]
        raw = b"".join(each.read_bytes() for each in place.glob("log.db*"))
        assert not [each for each in (*TRACES, A.value) if each.encode() in raw]
        status, out, _ = erase(run)
        assert (status, out) == (
            1,
            "The hub holds nothing about that person: nothing was ever asked, or it was erased before.\n",
        )

    def test_without_a_terminal_nobody_is_asked(self, run: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        do(place, Lives.about_amira)

        def none(*_: object, **__: object) -> object:
            raise OSError

        monkeypatch.setattr("builtins.open", none)
        status, _, err = erase(run)
        monkeypatch.undo()
        assert status == 1
        assert "There is no terminal" in err

    def test_on_hold(self, run: Run, place: Path) -> None:
        do(place, Lives.about_amira)
        status, out, _ = run("hold", "--set", "--nhs-number-stdin", *BY, typed=PERSON)
        assert status == 0
        assert out.count("The hold was set: entry ") == 4
        before = everything(url(place))
        status, _, err = erase(run)
        assert status == 1
        assert "NOTHING WAS ERASED. A legal hold is set, since " in err
        assert "set by Rowan Achebe" in err
        assert everything(url(place)) == before
        status, out, _ = run("hold", "--list")
        assert status == 0
        assert out.count("by Rowan Achebe, retention_over") == 4
        assert "4 holds are set." in out
        status, out, _ = run("hold", "--lift", "--nhs-number-stdin", *BY, typed=PERSON)
        assert (status, out.count("The hold was lifted")) == (0, 4)
        assert run("hold", "--list")[1] == "No hold is set.\n"
        status, out, _ = run("hold", "--lift", "--nhs-number-stdin", *BY, typed=PERSON)
        assert (status, out) == (1, "No hold is set on that person.\n")

    def test_a_hold_on_somebody_never_asked_about(self, run: Run, place: Path) -> None:
        do(place, Lives.about_another)
        assert run("hold", "--set", "--nhs-number-stdin", *BY, typed=f"{A.value}\n")[0] == 0
        subject = do(place, lambda lives: lives.ask(asked(AMIRA), WORDS))
        assert subject
        assert erase(run)[0] == 1

    @pytest.mark.parametrize(
        ("argv", "typed", "says"),
        [
            pytest.param(("erase", *BY), "", "Name the person", id="nobody"),
            pytest.param(("erase", "--nhs-number-stdin", *BY), "", "Name the person", id="an empty input"),
            pytest.param(("erase", "--nhs-number-stdin", *BY), "999 000 0000\n", "not valid", id="a wrong number"),
            pytest.param(("erase", "--nhs-number-stdin", *BY), "\nAmy Reid 2015\n", "with commas", id="no commas"),
            pytest.param(("erase", "--nhs-number-stdin", *BY), "\nAmy, Reid, soon\n", "YYYY", id="no date"),
            pytest.param(("erase", "--subject", "Amy", *BY), "", "32 of 0-9", id="no reference"),
            pytest.param(("erase", "--subject", "0b" * 16, "--by", "Rowan Achebe"), "", "--reason", id="no reason"),
            pytest.param(("erase", "--subject", "0b" * 16, *BY, "--reason", "she asked"), "", "one word", id="a sentence"),
            pytest.param(("erase", "--subject", "0b" * 16, "--reason", "asked"), "", "--by", id="by nobody"),
            pytest.param(("hold", "--set", *BY), "", "Name the person", id="a hold on nobody"),
            pytest.param(("close-year", "2999", *BY), "", "a year that is over", id="a year to come"),
            pytest.param(("close-year", "2024"), "", "--by", id="a year closed by nobody"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_understood(
        self, run: Run, place: Path, argv: tuple[str, ...], typed: str, says: str
    ) -> None:
        do(place, Lives.about_another)
        before = everything(url(place))
        status, out, err = run(*argv, typed=typed)
        assert (status, out) == (2, "")
        assert says in err
        assert everything(url(place)) == before

    @pytest.mark.parametrize("action", ["erase", "hold", "close-year", "prune", "backup"])
    def test_no_log(self, run: Run, place: Path, action: str) -> None:
        more = {
            "erase": ("--subject", "0b" * 16, *BY),
            "hold": ("--list",),
            "close-year": ("2024", *BY),
            "prune": ("--before-year", "2024", "--archive", "none", *BY),
            "backup": ("--out", "copy"),
        }[action]
        status, out, err = run(action, *more)
        assert (status, out) == (2, "")
        assert "There is no log at the database URL" in err
        assert not (place / "log.db").exists()


def export(place: Path) -> Path:
    engine = make_engine(url(place), 10)
    files = ExportFiles(place / "archive", private=False)
    stage_export(engine, files, [load_or_create(place / "log.key", ORIGIN).verifier], Wanted(), now=datetime.now(UTC))
    files.publish()
    engine.dispose()
    return place / "archive"


class TestYears:
    def lived(self, place: Path) -> None:
        for year in (2023, 2024):
            at = datetime(year, 5, 1, tzinfo=UTC)
            do(place, lambda lives: lives.ask(asked(OTHER), WORDS), at)

    def test_people_whom_no_entry_names_any_more_go_too(
        self, run: Run, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit_prune, "SETTLE_SECONDS", 0)
        do(place, lambda lives: lives.ask(asked(STATED), WORDS), datetime(2023, 5, 1, tzinfo=UTC))
        self.lived(place)
        run("close-year", "2023", *BY[:4])
        export(place)
        status, out, _ = run("prune", "--before-year", "2024", "--archive", "archive", *BY, "--confirm", "2024")
        assert status == 0
        assert out.splitlines()[-1].startswith("1 references stood for people, workers or cases that no entry names")
        assert not set(TRACES) & set(
            re.findall("[A-Za-z]+", str(read_all(url(place), "SELECT value FROM log_reference")))
        )

    def test_closed_archived_dropped(self, run: Run, place: Path) -> None:
        self.lived(place)
        status, out, _ = run("close-year", "2023", *BY[:4])
        assert status == 0
        assert out.startswith("2023 is closed: it ends before entry 2. Logged as entry 4.")
        prune = ("prune", "--before-year", "2024", "--archive", "archive", *BY)
        status, _, err = run(*prune)
        assert status == 1
        assert err.startswith("NOTHING WAS DROPPED. archive/manifest.json: cannot be read")
        export(place)
        status, out, _ = run(*prune, "--dry-run")
        assert status == 0
        assert "2 entries would lose their bytes here; 0 stay because of a legal hold." in out
        assert run(*prune, "--confirm", "2025") == (
            1,
            out.removesuffix("Nothing was dropped.\n"),
            "Nothing was dropped.\n",
        )
        assert read_all(url(place), "SELECT count(*) FROM log_entry WHERE length(body) = 0") == [(0,)]
        status, out, _ = run(*prune, "--confirm", "2024")
        assert status == 0
        assert "Dropped, and logged as entries 5 to 5." in out
        assert read_all(url(place), "SELECT count(*) FROM log_entry WHERE length(body) = 0") == [(2,)]
        status, out, _ = run(*prune)
        assert (status, out.splitlines()[-1]) == (0, "Nothing was dropped.")

    def test_what_has_to_come_first(self, run: Run, place: Path) -> None:
        self.lived(place)
        status, _, err = run("prune", "--before-year", "2024", "--archive", "archive", *BY)
        assert status == 2
        assert "Close it first: `hub audit close-year`" in err
        assert run("close-year", "2024", *BY)[0] == 0
        status, _, err = run("close-year", "2023", *BY)
        assert status == 2
        assert "The year 2024 is closed already" in err


def test_backup(run: Run, place: Path) -> None:
    do(place, Lives.about_another)
    status, out, _ = run("backup", "--out", "copy.db")
    assert status == 0
    assert "copy.db: the log's database, 2 entries; copy.db.checkpoint: its checkpoint." in out
    status, out, err = run("backup", "--out", "copy.db")
    assert (status, out) == (2, "")
    assert "never written over" in err


def test_names_are_asked_about_as_they_were_stated(run: Run, place: Path) -> None:
    do(place, lambda lives: lives.ask(asked(STATED), AskedInWords("{ child }", {})))
    status, out, _ = run("erase", "--nhs-number-stdin", "--dry-run", typed="\n amira ,THORNBURY, 2015-04-02\n")
    assert status == 0
    assert " 1 references" in out


@pytest.mark.parametrize("action", ["erase", "hold", "close-year", "prune", "backup"])
def test_help(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["audit", action, "--help"])
    assert end.value.code == 0
    assert f"usage: hub audit {action}" in capsys.readouterr().out
