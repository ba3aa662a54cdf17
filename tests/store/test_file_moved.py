"""The log's file is taken away under a running hub: nothing is acknowledged, and all is well when it is back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hub.errors import AuditUnavailable
from hub.store.appender import Log
from hub.store.keys import load_or_create
from hub.store.verify import verify_database
from tests.audit.samples import refused
from tests.store.conftest import ORIGIN

AWAY = ".away"


def move(directory: Path) -> None:
    for file in directory.glob("log.sqlite*"):
        file.rename(file.with_name(file.name + AWAY))


def remove(directory: Path) -> None:
    for file in directory.glob("log.sqlite*"):
        (directory / (file.name + AWAY)).hardlink_to(file)  # a name to put it back by; the log's own name is gone
        file.unlink()


def replace(directory: Path) -> None:
    move(directory)
    (directory / "log.sqlite").write_bytes(b"")


@pytest.mark.parametrize("take", [move, remove, replace])
async def test_taken_away_and_put_back(tmp_path: Path, take: Callable[[Path], None]) -> None:
    url = f"sqlite:///{tmp_path / 'log.sqlite'}"
    signer = load_or_create(tmp_path / "key", ORIGIN)
    log = Log(url, signer, wait_seconds=1.0)
    await log.start()
    before = [await log.reference("case", "one"), (await log.append(refused(at=log.stamp()[0]))).index]
    take(tmp_path)
    for _ in range(2):
        with pytest.raises(AuditUnavailable):
            await log.append(refused(at=log.stamp()[0]))
        with pytest.raises(AuditUnavailable):
            await log.reference("case", "one")
        with pytest.raises(AuditUnavailable):
            await log.reference("case", "two")
    made = [file for file in tmp_path.glob("log.sqlite*") if not file.name.endswith(AWAY)]
    assert not made or take is replace, "nothing is made in its place"
    for file in made:
        file.unlink()
    for file in tmp_path.glob(f"*{AWAY}"):
        file.rename(file.with_name(file.name.removesuffix(AWAY)))
    assert await log.reference("case", "one") == before[0]
    assert (await log.append(refused(at=log.stamp()[0]))).index == 1
    await log.close()
    report = verify_database(url, signer.verifier)
    assert report.ok, report.fault
    assert report.checked == 2
