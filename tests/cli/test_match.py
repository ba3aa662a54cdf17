"""``hub match`` in process: what is recorded is said back without the child, the record and the reasons."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from hub.cli.main import main
from hub.domain.people import Identity
from hub.matching.resolution import Said
from hub.matching.weights_file import load
from hub.store.appender import Log
from hub.store.confirmations import ConfirmationStore
from hub.store.keys import load_or_create
from tests.cli.decided import ORIGIN, SETTINGS
from tests.matching.confirming import shown
from tests.matching.people import BORN, MIA, asked, who
from tests.matching.test_train import HEADER
from tests.matching.test_twins import as_recorded, twins

Run = Callable[..., tuple[int, str, str]]

REASONS = "Her mother and the police desk both know the address."
WHO = ("--by", "Amina Yusuf", "--reasons", REASONS)
SECRETS = ("Amina", "Yusuf", "mother", "p0", "Okafor", "Reid", "Mia")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of a hub whose answer number 812 showed one possible match."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUB_SETTINGS", raising=False)
    search, moved = asked(MIA), who("Mia", "Reid", BORN, "F", "ZZ7 7ZZ")

    async def start() -> None:
        log = Log(f"sqlite:///{tmp_path / 'log.db'}", load_or_create(tmp_path / "log.key", ORIGIN))
        await log.start()
        await log.close()
        store = ConfirmationStore(f"sqlite:///{tmp_path / 'log.db'}")
        await store.remember(812, search, [shown(search, moved)], datetime.now(UTC))
        await store.close()

    asyncio.run(start())
    path = tmp_path / "settings.toml"
    path.write_text(SETTINGS.format(place=tmp_path))
    return path


@pytest.fixture
def run(settings: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``hub match``; its exit status, what it printed, and what it said on stderr."""

    def run(*argv: str) -> tuple[int, str, str]:
        status = main(["match", *argv])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def kept(settings: Path) -> list[tuple[Said, str, str, bool, timedelta]]:
    """Everything recorded: what, by whom, why, whether withdrawn, for how long."""

    async def read() -> list[tuple[Said, str, str, bool, timedelta]]:
        store = ConfirmationStore(f"sqlite:///{settings.parent / 'log.db'}")
        every = await store.every()
        await store.close()
        made = [(each.confirmation, each.withdrawn) for each in every]
        return [(one.said, one.by, one.reasons, taken is not None, one.expires_at - one.at) for one, taken in made]

    return asyncio.run(read())


@pytest.mark.parametrize(
    "whom",
    [
        pytest.param(("812-c1",), id="by the reference in the answer"),
        pytest.param(("--custodian", "police", "--local-id", "p0"), id="by the agency's own id"),
    ],
)
@pytest.mark.parametrize(
    ("action", "said", "words"),
    [("confirm", Said.SAME, "at police is the child."), ("reject", Said.DIFFERENT, "at police is not the child.")],
)
def test_recorded(run: Run, settings: Path, whom: tuple[str, ...], action: str, said: Said, words: str) -> None:
    status, out, err = run(action, *whom, *WHO)
    assert (status, err) == (0, "")
    assert re.match(r"Recorded under [0-9a-f]{32}\nFrom the next question until ", out)
    assert words in out
    assert not [secret for secret in SECRETS if secret in out]
    assert kept(settings) == [(said, "Amina Yusuf", REASONS, False, timedelta(days=90))]


def test_listed_and_withdrawn(run: Run, settings: Path) -> None:
    assert run("list")[1] == "Nothing recorded.\n"
    reference = run("confirm", "812-c1", "--days", "10", *WHO)[1].split()[2]
    _, out, _ = run("list")
    assert re.match(rf"{reference}  police: is the child; said .* UTC, until .* UTC\n", out)
    assert not [secret for secret in SECRETS if secret in out]
    status, out, _ = run(
        "withdraw", reference, "--by", "Rowan Achebe", "--reasons", "It was her cousin, says the desk."
    )
    assert (status, out.startswith("Withdrawn at ")) == (0, True)
    assert [row[3:] for row in kept(settings)] == [(True, timedelta(days=10))]
    assert ", withdrawn " in run("list")[1]


def test_reasons_from_standard_input(run: Run, settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(REASONS))
    assert run("confirm", "812-c1", "--by", "Amina Yusuf", "--reasons", "-")[0] == 0
    assert kept(settings)[0][2] == REASONS


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        pytest.param(("confirm", "812-c2", *WHO), "No answer of the last 30 days", id="nobody was shown there"),
        pytest.param(("confirm", "c1", *WHO), "not a candidate's reference", id="a reference without its answer"),
        pytest.param(("confirm", *WHO), "Name the candidate", id="nobody named"),
        pytest.param(("confirm", "812-c1", "--local-id", "p0", *WHO), "Name the candidate", id="named twice"),
        pytest.param(("confirm", "--custodian", "police", *WHO), "Name the candidate", id="half an id"),
        pytest.param(("confirm", "--custodian", "police", "--local-id", "p9", *WHO), "No answer", id="never shown"),
        pytest.param(("confirm", "812-c1", "--days", "0", *WHO), "must end: after now", id="no time"),
        pytest.param(("confirm", "812-c1", "--days", "366", *WHO), "within 365 days", id="too long"),
        pytest.param(("confirm", "812-c1", "--days", "9" * 30, *WHO), "within 365 days", id="far too long"),
        pytest.param(("confirm", "812-c1", "--by", "the desk", "--reasons", REASONS), "Name the person", id="no person"),
        pytest.param(("confirm", "812-c1", "--by", "Amina Yusuf", "--reasons", "yes"), "Give the reasons", id="no reasons"),
        pytest.param(("withdraw", "f" * 32, *WHO), "No confirmation has that reference", id="no such confirmation"),
    ],
)  # fmt: skip
def test_refused(run: Run, settings: Path, argv: tuple[str, ...], says: str) -> None:
    status, out, err = run(*argv)
    assert (status, out) == (2, "")
    assert says in err
    assert not [secret for secret in ("p9", "p0", REASONS) if secret in err]
    assert kept(settings) == []


def test_no_database_is_made_by_mistake(run: Run, settings: Path) -> None:
    (settings.parent / "log.db").unlink()
    assert run("list")[0] == 2
    assert not (settings.parent / "log.db").exists()


class TestTrain:
    def test_writes_a_file_that_a_hub_can_be_set_to(self, run: Run, tmp_path: Path) -> None:
        pairs(tmp_path / "pairs.csv", 300)
        status, out, err = run("train", "pairs.csv", "--out", "weights.toml")
        assert (status, err) == (0, "")
        read = load((tmp_path / "weights.toml").read_bytes())
        assert f"sha256:{read.digest}" in out
        assert read.notes["trained_on"].startswith("300 pairs, 0 of them marked by people; ")
        assert "300 pairs, of which" in out

    def test_never_overwrites(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "weights.toml").write_text("reviewed")
        pairs(tmp_path / "pairs.csv", 100)
        status, _, err = run("train", "pairs.csv", "--out", "weights.toml")
        assert (status, "there is one already" in err) == (2, True)
        assert (tmp_path / "weights.toml").read_text() == "reviewed"

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            pytest.param(None, "pairs.csv: cannot be read", id="no file"),
            pytest.param(b"\xff\xfe", "not a CSV file in UTF-8", id="not UTF-8"),
            pytest.param(b'a_sex,b_sex\n"F', "not a CSV file", id="a quote without its end"),
            pytest.param(b"a_sex,b_sex\nF\n", "pairs.csv, line 2", id="a short row"),
            pytest.param(b"a_sex,b_sex\nF,F\n", "50 pairs are needed", id="too few"),
        ],
    )
    def test_refused(self, run: Run, tmp_path: Path, content: bytes | None, says: str) -> None:
        if content is not None:
            (tmp_path / "pairs.csv").write_bytes(content)
        status, out, err = run("train", "pairs.csv", "--out", "weights.toml")
        assert (status, out) == (2, "")
        assert says in err
        assert not (tmp_path / "weights.toml").exists()


def pairs(path: Path, count: int) -> None:
    """Pairs as a partnership would export them: of one child, and, every other time, of two."""
    random = Random(7)
    with path.open("w", newline="", encoding="utf-8") as opened:
        out = csv.writer(opened)
        out.writerow(HEADER)
        for n in range(count):
            a, other = twins(random)[0], twins(random)[0]
            b = as_recorded(random, a if n % 2 else other)
            out.writerow([*fields(a), *fields(b)[:3], ""])


def fields(one: Identity) -> list[str]:
    born = one.birth_date.isoformat() if one.birth_date else ""
    return ["/".join(one.given_names), "/".join(one.family_names), born, one.sex or ""]
