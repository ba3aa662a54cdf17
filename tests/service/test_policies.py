"""Policies that change on disk under a running hub: good ones are in force for the next question, bad ones for none."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from hub.audit.entries import Question
from hub.domain.people import Candidate
from hub.domain.view import JoinedView
from hub.errors import ConfigurationError
from hub.policy.bundle import Bundle
from hub.policy.load import load_bundle
from hub.service.policies import PolicySet
from tests.service.conftest import Bench, s47
from tests.service.custodians import Bendable, council, pointer
from tests.service.policy_files import (
    AT,
    LPP,
    Running,
    broken,
    copied,
    edit,
    lpp,
    titled,
)


@pytest.fixture
def running(tmp_path: Path) -> Running:
    return Running(copied(tmp_path))


async def named(bench: Bench, *custodians: Bendable) -> str | None:
    """The impediment that an answer names."""
    view = await bench.ask(*custodians, enquiry=s47())
    assert isinstance(view, JoinedView)
    (line,) = view.withheld
    return line.impediment.title if line.impediment else None


def privileged(cls: type[Bendable] = Bendable) -> Bendable:
    usual = council()
    return cls(usual.custodian, {pointer("case_document", "d-1", "privileged", at="council"): {}})


async def test_a_good_edit_changes_the_next_answer_and_a_bad_one_does_not(bench: Bench, running: Running) -> None:
    policies = running.start()
    bench.newest = lambda: policies.current
    titled(running.directory, "As it was reviewed")
    await policies.look()
    assert await named(bench, privileged()) == "As it was reviewed"
    titled(running.directory, "As somebody spoilt it")
    broken(running.directory)
    await policies.look()
    assert await named(bench, privileged()) == "As it was reviewed"
    logged = [entry.policy for entry in await bench.entries() if isinstance(entry, Question)]
    assert [f"sha256:{digest}" for digest in logged] == [policies.current.digest] * 2


async def test_a_question_in_flight_keeps_its_set_to_the_end(bench: Bench, running: Running) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    class Waits(Bendable):
        async def find(self, who: Candidate, kinds: frozenset[str], deadline: object) -> object:  # type: ignore[override]
            asked.set()
            await go_on.wait()
            return await super().find(who, kinds, deadline)  # type: ignore[arg-type]

    titled(running.directory, "Before")
    policies = running.start()
    bench.newest = lambda: policies.current
    in_flight = asyncio.create_task(named(bench, privileged(Waits)))
    await asked.wait()
    titled(running.directory, "After")
    assert await policies.reload()
    go_on.set()
    assert await in_flight == "Before"
    assert await named(bench, privileged()) == "After"


def gone(directory: Path) -> None:
    shutil.rmtree(directory)


def half_written(directory: Path) -> None:
    body = (directory / LPP).read_bytes()
    (directory / LPP).write_bytes(body[: len(body) // 2])


def cut_between_tables(directory: Path) -> None:
    """What is left is good TOML: only the strictness of the loader notices."""
    edit(directory / LPP, r"(?s)\n\[review\].*", "\n")


def not_readable_text(directory: Path) -> None:
    (directory / LPP).write_bytes(b"\xff\xfe")


def emptied(directory: Path) -> None:
    (directory / LPP).write_bytes(b"")


def rule_lost(directory: Path) -> None:
    (directory / LPP).unlink()


def directory_in_its_place(directory: Path) -> None:
    (directory / LPP).unlink()
    (directory / LPP).mkdir()


def word_gone(directory: Path) -> None:
    edit(directory / "vocabulary.toml", r"(?m)^\[labels\.privileged\]", "[labels.privilegedd]")


BAD = [
    pytest.param(gone, "does not exist", id="the directory is removed"),
    pytest.param(broken, LPP, id="a key that means nothing"),
    pytest.param(half_written, LPP, id="a half-written file"),
    pytest.param(cut_between_tables, LPP, id="a file cut off between two tables"),
    pytest.param(not_readable_text, LPP, id="not text"),
    pytest.param(emptied, LPP, id="an emptied file"),
    pytest.param(rule_lost, "imp-lpp", id="a rule's file is lost"),
    pytest.param(directory_in_its_place, "cannot be read", id="a directory where a file was"),
    pytest.param(word_gone, "privileged", id="a word is gone"),
]


@pytest.mark.parametrize(("spoil", "said"), BAD)
async def test_a_bad_set_is_kept_out_with_an_alarm_and_refused_at_a_start(
    running: Running, caplog: pytest.LogCaptureFixture, spoil: Callable[[Path], None], said: str
) -> None:
    policies = running.start()
    before = policies.current
    running.clock.at += timedelta(minutes=1)
    spoil(running.directory)
    caplog.clear()
    await policies.look()
    assert policies.current is before
    (line,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert line.getMessage().startswith("POLICY_INVALID: ")
    assert said in line.getMessage()
    assert "\n" not in line.getMessage()
    assert policies.state.shown() == {
        "digest": before.digest,
        "loaded_at": "2026-11-22T12:00:00Z",
        "state": "kept",
        "since": "2026-11-22T12:01:00Z",
        "code": "POLICY_INVALID",
    }
    with pytest.raises(ConfigurationError) as refused:
        running.start()
    assert refused.value.code == "POLICY_INVALID"


async def test_the_alarm_stays_until_a_good_set_loads_and_counts_from_its_beginning(running: Running) -> None:
    policies = running.start()
    running.clock.at += timedelta(minutes=1)
    broken(running.directory)
    await policies.look()
    running.clock.at += timedelta(minutes=1)
    broken(running.directory)
    await policies.look()
    assert policies.state.since == AT + timedelta(minutes=1)
    edit(running.directory / LPP, r"(?m)(^strenght = 1\n)+", "")
    titled(running.directory, "Mended")
    running.clock.at += timedelta(minutes=1)
    await policies.look()
    assert (policies.state.kept, policies.state.since, policies.state.loaded_at) == (
        None,
        *[AT + timedelta(minutes=3)] * 2,
    )
    assert lpp(policies) == "Mended"


async def test_putting_the_old_files_back_ends_the_alarm_and_keeps_what_was_compiled(running: Running) -> None:
    policies = running.start()
    before = policies.current
    good = (running.directory / LPP).read_bytes()
    broken(running.directory)
    await policies.look()
    assert policies.state.kept
    (running.directory / LPP).write_bytes(good)
    await policies.look()
    assert policies.state.kept is None
    assert policies.state.loaded_at == AT
    assert policies.current is before


async def test_nothing_is_read_when_nothing_changed_and_a_bad_set_is_read_once(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []

    def counted(directory: Path, on: date) -> Bundle:
        reads.append(on)
        return load_bundle(directory, on)

    policies = running.start()
    monkeypatch.setattr("hub.service.policies.load_bundle", counted)
    await policies.look()
    assert reads == []
    broken(running.directory)
    for _ in range(3):
        await policies.look()
    assert reads == [AT.date()]


async def test_told_to_it_reads_though_nothing_looks_changed(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    policies = running.start()
    broken(running.directory)
    assert not await policies.reload()
    assert not await policies.reload()
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 2


async def test_a_file_of_the_same_size_and_date_is_noticed(running: Running) -> None:
    policies = running.start()
    file = running.directory / LPP
    found = file.stat()
    text = file.read_text(encoding="utf-8")
    title = policies.current.bundle.impediments["imp-lpp"].title
    file.write_text(text.replace(title, title[::-1]), encoding="utf-8")
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))
    await policies.look()
    assert lpp(policies) == title[::-1]


async def test_files_still_being_copied_are_left_until_they_lie_still(running: Running) -> None:
    policies = PolicySet(running.directory, settle_seconds=0.05, clock=running.clock)
    broken(running.directory)
    looking = asyncio.create_task(policies.look())
    await asyncio.sleep(0.02)
    broken(running.directory)  # still at it
    await looking
    assert policies.state.kept is None, "half a copy is no alarm"
    edit(running.directory / LPP, r"\A(strenght = 1\n)+", "")
    titled(running.directory, "Copied")
    await policies.look()
    assert lpp(policies) == "Copied"


async def test_files_that_change_while_they_are_read_are_neither_taken_nor_an_alarm(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies = running.start()

    def slow(directory: Path, on: date) -> Bundle:
        found = load_bundle(directory, on)
        titled(directory, "Changed meanwhile")
        return found

    titled(running.directory, "Read")
    with monkeypatch.context() as patched:
        patched.setattr("hub.service.policies.load_bundle", slow)
        await policies.look()
    assert lpp(policies) not in ("Read", "Changed meanwhile")
    assert policies.state.kept is None
    await policies.look()
    assert lpp(policies) == "Changed meanwhile"


async def test_a_fault_in_the_reader_itself_keeps_the_last_good_set(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crashes(_directory: Path, _on: date) -> Bundle:
        raise RecursionError("with a secret in it")

    policies = running.start()
    titled(running.directory, "Never read")
    monkeypatch.setattr("hub.service.policies.load_bundle", crashes)
    await policies.look()
    assert policies.state.kept == "POLICY_INVALID"
    assert "RecursionError" in caplog.text
    assert "secret" not in caplog.text
