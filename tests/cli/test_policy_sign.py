"""`hub policy sign`, `verify` and `past`: exit status 0 when all is well, 1 when something is not, 2 when asked wrongly."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from hub.cli.main import main
from hub.policy.files import PolicyFault
from hub.policy.table_file import past
from hub.policy.tables import Facts
from hub.store.appender import Log
from hub.store.keys import load_or_create
from hub.store.tally import add
from tests.cli.test_commands import ORIGIN, SETTINGS
from tests.service.policy_files import broken, copied, titled

NAME = "partnership-ig"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return copied(tmp_path)


def sign(directory: Path, key: str = "ig.key", name: str = NAME) -> int:
    return main(["policy", "sign", str(directory), "--key", str(directory.parent / key), "--name", name])


def signer(directory: Path, key: str = "ig.key") -> str:
    return (directory.parent / f"{key}.pub").read_text(encoding="ascii").strip()


def verify(directory: Path, *more: str, key: str = "ig.key") -> int:
    return main(["policy", "verify", str(directory), "--signer", signer(directory, key), *more])


@pytest.mark.parametrize("action", ["sign", "verify", "past"])
def test_help(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["policy", action, "--help"])
    assert end.value.code == 0
    assert f"usage: hub policy {action}" in capsys.readouterr().out


def test_signed_is_verified(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sign(directory) == 0
    key = directory.parent / "ig.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    said = capsys.readouterr().out
    assert f'policy_signers = ["{signer(directory)}"]' in said
    assert key.read_text(encoding="ascii").strip() not in said
    assert verify(directory) == 0
    assert f"is signed by {NAME}, first on 20" in capsys.readouterr().out


def test_two_must_sign(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sign(directory)
    sign(directory, "lawyer.key", "council-legal")
    assert verify(directory, "--signer", signer(directory, "lawyer.key"), "--required", "2") == 0
    assert "partnership-ig, council-legal" in capsys.readouterr().out


def test_by_the_settings(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sign(directory)
    settings = directory.parent / "settings.toml"
    top = f'policies = "policies"\npolicy_signers = ["{signer(directory)}"]\n'
    settings.write_text(top + SETTINGS.format(place=directory.parent), encoding="utf-8")
    assert main(["policy", "verify", "--settings", str(settings)]) == 0
    titled(directory, "Changed")
    assert main(["policy", "verify", "--settings", str(settings)]) == 1
    settings.write_text(SETTINGS.format(place=directory.parent), encoding="utf-8")
    assert main(["policy", "verify", "--settings", str(settings)]) == 2
    assert "policy_signers" in capsys.readouterr().err


def test_changed_after_it_was_signed(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sign(directory)
    titled(directory, "Changed")
    assert verify(directory) == 1
    said = capsys.readouterr().err
    assert "NOT SIGNED" in said
    assert "policies.sig" in said


def test_broken_policies_are_signed_by_nobody(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken(directory)
    assert sign(directory) == 2
    assert "strenght" in capsys.readouterr().err
    assert not (directory / "policies.sig").exists()
    assert not (directory.parent / "ig.key").exists()


def a_logs_key(directory: Path) -> None:
    load_or_create(directory.parent / "ig.key", NAME).remember(1, b"r" * 32)


def a_key_of_another_name(directory: Path) -> None:
    sign(directory, name="somebody-else")


def a_key_others_can_read(directory: Path) -> None:
    sign(directory)
    (directory.parent / "ig.key").chmod(0o644)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(a_logs_key, "signs a log", id="the log's own key"),
        pytest.param(a_key_of_another_name, "somebody-else", id="a key of another name"),
        pytest.param(a_key_others_can_read, "chmod 600", id="a key that others can read"),
    ],
)
def test_keys_that_do_not_sign(directory: Path, capsys: pytest.CaptureFixture[str], spoil: object, said: str) -> None:
    spoil(directory)  # type: ignore[operator]
    (directory / "policies.sig").unlink(missing_ok=True)
    assert sign(directory) == 2
    assert said in capsys.readouterr().err
    assert not (directory / "policies.sig").exists()


PLAIN = Facts("incident", "*", "ca1989-s47", "mash_social_worker", "yes")
SEALED = PLAIN._replace(labels="court_order privileged", sector="police")


@pytest.fixture
def counted(tmp_path: Path) -> Path:
    """Settings of a hub that has counted."""

    async def write() -> None:
        log = Log(f"sqlite:///{tmp_path / 'log.db'}", load_or_create(tmp_path / "log.key", ORIGIN))
        await log.start()
        await log.beside(lambda engine: add(engine, "2026-10", {PLAIN: 2}))
        await log.beside(lambda engine: add(engine, "2026-11", {PLAIN: 1, SEALED: 7}))
        await log.close()

    asyncio.run(write())
    path = tmp_path / "settings.toml"
    path.write_text(SETTINGS.format(place=tmp_path), encoding="utf-8")
    return path


@pytest.mark.parametrize(("since", "plain"), [((), 3), (("--since", "2026-11"), 1)], ids=["all", "since a month"])
def test_the_past_is_what_the_case_tables_reader_reads(
    counted: Path, capsys: pytest.CaptureFixture[str], since: tuple[str, ...], plain: int
) -> None:
    assert main(["policy", "past", "--settings", str(counted), *since]) == 0
    faults: list[PolicyFault] = []
    assert past("past.csv", capsys.readouterr().out, faults) == {SEALED: 7, PLAIN: plain}
    assert faults == []


def test_a_month_that_is_none(counted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "past", "--settings", str(counted), "--since", "2026-13"]) == 2
    assert "2026-11" in capsys.readouterr().err
