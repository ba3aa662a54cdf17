"""The register while the hub runs: a good one is logged and then in force; a bad one changes nothing."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.access.register import Register
from hub.access.register_file import load_register
from hub.access.register_set import RegisterSet
from hub.errors import AuditUnavailable, ConfigurationError

DEMO = (Path(__file__).parents[2] / "hub" / "demo" / "data" / "register.toml").read_text("utf-8")
NEWER = DEMO.replace('name = "Testshire NHS"', 'name = "Testshire NHS Trust"')


class Logged:
    """What was logged; while ``is_down``, nothing can be."""

    def __init__(self) -> None:
        self.digests: list[str] = []
        self.is_down = False

    async def record(self, register: Register) -> None:
        if self.is_down:
            raise AuditUnavailable
        if self.digests[-1:] != [register.digest]:
            self.digests.append(register.digest)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    written = tmp_path / "register.toml"
    written.write_text(DEMO, "utf-8")
    return written


@pytest.fixture
def logged() -> Logged:
    return Logged()


@pytest.fixture
def registers(path: Path, logged: Logged) -> RegisterSet:
    return RegisterSet(path, load_register, logged.record, settle_seconds=0.001)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def test_the_one_it_starts_with_is_logged(registers: RegisterSet, logged: Logged) -> None:
    await registers.start()
    assert logged.digests == [digest(DEMO)]
    assert registers.shown() == {"digest": f"sha256:{digest(DEMO)}", "state": "current"}


async def test_a_newer_one_is_logged_and_in_force(registers: RegisterSet, logged: Logged, path: Path) -> None:
    await registers.start()
    path.write_text(NEWER, "utf-8")
    await registers.look()
    assert logged.digests == [digest(DEMO), digest(NEWER)]
    assert registers.current.organisations["testshire-nhs"].name == "Testshire NHS Trust"


def emptied(path: Path) -> None:
    path.write_text("", "utf-8")


def removed(path: Path) -> None:
    path.unlink()


def garbled(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")


def with_an_unknown_key(path: Path) -> None:
    path.write_text(f"{NEWER}\n[spare]\n", "utf-8")


@pytest.mark.parametrize("spoilt", [emptied, removed, garbled, with_an_unknown_key])
async def test_a_bad_one_changes_nothing_until_it_is_mended(
    registers: RegisterSet, logged: Logged, path: Path, spoilt: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    await registers.start()
    before = registers.current
    spoilt(path)
    await registers.look()
    assert registers.current is before
    assert registers.shown()["code"] == "REGISTER_INVALID"
    assert "goes on with the register" in caplog.text
    path.write_text(NEWER, "utf-8")
    await registers.look()
    assert registers.shown()["state"] == "current"
    assert logged.digests == [digest(DEMO), digest(NEWER)]


async def test_one_that_cannot_be_logged_is_not_in_force_until_it_can(
    registers: RegisterSet, logged: Logged, path: Path
) -> None:
    await registers.start()
    logged.is_down = True
    path.write_text(NEWER, "utf-8")
    await registers.look()
    assert registers.current.digest == digest(DEMO)
    assert registers.shown()["code"] == "AUDIT_UNAVAILABLE"
    logged.is_down = False
    await registers.look()
    assert registers.current.digest == digest(NEWER)
    assert registers.shown()["state"] == "current"


async def test_a_log_that_is_down_at_the_start_is_told_later(registers: RegisterSet, logged: Logged) -> None:
    logged.is_down = True
    await registers.start()
    assert registers.shown()["state"] == "kept"
    logged.is_down = False
    await registers.look()
    assert (logged.digests, registers.shown()["state"]) == ([digest(DEMO)], "current")


async def test_a_file_that_does_not_change_is_not_read(path: Path, logged: Logged) -> None:
    reads: list[Path] = []

    def load(found: Path) -> Register:
        reads.append(found)
        return load_register(found)

    registers = RegisterSet(path, load, logged.record, settle_seconds=0.001)
    for _ in range(3):
        await registers.look()
    assert len(reads) == 1


async def test_told_to_it_reads_at_once(registers: RegisterSet, path: Path) -> None:
    watching = asyncio.create_task(registers.watch(every_seconds=60))
    path.write_text(NEWER, "utf-8")
    registers.tell()
    while registers.current.digest != digest(NEWER):
        await asyncio.sleep(0.001)
    watching.cancel()


def test_at_the_start_a_bad_one_stops_the_hub(path: Path, logged: Logged) -> None:
    emptied(path)
    with pytest.raises(ConfigurationError):
        RegisterSet(path, load_register, logged.record)
