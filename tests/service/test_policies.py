"""Policies that change on disk under a running hub: good ones are in force for the next question, bad ones for none."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from hub.audit.entries import Question
from hub.domain.people import Candidate
from hub.domain.view import JoinedView
from hub.errors import ConfigurationError
from hub.policy.bundle import Bundle
from hub.policy.load import load_bundle
from hub.service.policies import NeedsRestart, PolicySet, _require_built_from, built_from
from hub.service.policy_signature import FILE, Signers, sign
from tests.service.conftest import Bench, s47
from tests.service.custodians import Bendable, council, pointer
from tests.service.policy_files import AT, LPP, OFFICER, STRANGER, broken, copied, edit, titled

ONE = Signers((OFFICER.verifier,), 1)


@dataclass
class Clock:
    """A clock that stands where it is put."""

    at: datetime = AT

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Running:
    """A policy set over a directory to edit."""

    directory: Path
    clock: Clock = field(default_factory=Clock)
    signers: Signers | None = None

    def start(self) -> PolicySet:
        return PolicySet(self.directory, self.signers, settle_seconds=0, clock=self.clock)

    def sign(self, *, by: object = OFFICER) -> None:
        sign(self.directory, load_bundle(self.directory, self.clock.at.date()).digest, by, AT.date())  # type: ignore[arg-type]


@pytest.fixture
def running(tmp_path: Path) -> Running:
    return Running(copied(tmp_path))


def lpp(policies: PolicySet) -> str:
    """What the rule on privilege is called in the set in force: shows which set that is."""
    return policies.current.bundle.impediments["imp-lpp"].title


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
    edit(running.directory / LPP, "strenght = 1\n", "")
    titled(running.directory, "Copied")
    await looking
    assert policies.state.kept is None
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


# --- signatures ---


async def test_an_edit_counts_once_it_is_signed(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    running.sign()
    running.signers = ONE
    policies = running.start()
    titled(running.directory, "Approved")
    await policies.look()
    assert policies.state.kept == "POLICY_UNSIGNED"
    assert "changed after they were signed" in caplog.text
    running.sign(by=STRANGER)
    await policies.look()
    assert policies.state.kept == "POLICY_UNSIGNED"
    running.sign()
    await policies.look()
    assert policies.state.kept is None
    assert lpp(policies) == "Approved"


async def test_a_signature_taken_away_keeps_the_set_that_was_signed(running: Running) -> None:
    running.sign()
    running.signers = ONE
    policies = running.start()
    (running.directory / FILE).unlink()
    await policies.look()
    assert policies.state.kept == "POLICY_UNSIGNED"


# --- what a running hub cannot take ---


def other_title_of_a_purpose(directory: Path) -> None:
    titled(directory, "Another", "gateways/ca1989-s47.toml")


def other_field_label(directory: Path) -> None:
    edit(directory / "fields/council.toml", r'label = "[^"]+"', 'label = "Another"')


def another_word_for_records(directory: Path) -> None:
    edit(directory / LPP, r'record_has = \["privileged"', 'record_has = ["another_word", "privileged"')
    edit(
        directory / "vocabulary.toml",
        r"(?m)^\[labels\.privileged\]",
        '[labels.another_word]\nmeaning = "another"\nowner = "legal"\n\n[labels.privileged]',
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(other_title_of_a_purpose, "purposes", id="a purpose's title"),
        pytest.param(other_field_label, "fields", id="a field"),
        pytest.param(another_word_for_records, "words for records", id="a word about records"),
    ],
)
async def test_what_the_hub_was_built_from_needs_a_restart(
    running: Running, caplog: pytest.LogCaptureFixture, change: Callable[[Path], None], said: str
) -> None:
    policies = running.start()
    before = policies.current
    change(running.directory)
    await policies.look()
    assert policies.current is before
    assert policies.state.kept == "POLICY_NEEDS_RESTART"
    assert "POLICY_NEEDS_RESTART: " in caplog.text
    assert said in caplog.text
    assert running.start().current.digest != before.digest, "the set itself is good"


def test_every_part_that_a_hub_is_built_from_is_compared(running: Running) -> None:
    bundle = running.start().current.bundle
    built = built_from(bundle)
    _require_built_from(built, bundle)
    for part in built:
        with pytest.raises(NeedsRestart, match=part):
            _require_built_from({**built, part: None}, bundle)


async def test_another_class_of_a_field_and_another_rule_need_none(running: Running) -> None:
    policies = running.start()
    field_was = policies.current.bundle.catalogue["case_document"].fields
    edit(running.directory / LPP, r'record_has = \["privileged"', 'record_has = ["court_permission", "privileged"')
    await policies.look()
    assert policies.state.kept is None
    assert "court_permission" in policies.current.bundle.barring_labels
    assert policies.current.bundle.catalogue["case_document"].fields == field_was


# --- another day ---


async def test_the_day_changes_and_law_comes_into_force(running: Running) -> None:
    """A rule whose law begins tomorrow is read today, and decides from midnight (UTC)."""
    edit(running.directory / LPP, r"(?m)^effect", "commencement = 2026-11-23\neffect")
    source = policies_source(running.directory)
    edit(
        running.directory / "legal-sources.toml",
        rf"(?m)(?<=^\[{source}\]\n)",
        "in_force_from = 2026-11-23\n",
    )
    policies = running.start()
    assert "imp-lpp" in policies.current.bundle.inactive
    running.clock.at += timedelta(hours=11, minutes=59)
    await policies.look()
    assert policies.state.loaded_at == AT
    running.clock.at += timedelta(minutes=1)
    await policies.look()
    assert "imp-lpp" in policies.current.bundle.impediments
    assert policies.state.loaded_at == running.clock.at
    before = policies.current
    await policies.look()
    assert policies.current is before, "read once a day"


def policies_source(directory: Path) -> str:
    """The one source that the rule on privilege cites."""
    import tomllib

    cited = tomllib.loads((directory / LPP).read_text(encoding="utf-8"))["law"]["source"]
    assert isinstance(cited, str)
    return cited


async def test_a_review_date_that_passes_is_said_on_the_day(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    policies = running.start()
    assert "past their review date" not in caplog.text
    running.clock.at = datetime.combine(
        policies.current.bundle.impediments["imp-lpp"].review.next + timedelta(days=1), AT.timetz()
    )
    await policies.look()
    assert policies.state.kept is None
    assert "past their review date" in caplog.text
    assert "imp-lpp" in caplog.text


# --- the watcher ---


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        await asyncio.sleep(0.01)


async def test_the_watcher_goes_on_through_good_and_bad(running: Running) -> None:
    policies = running.start()
    watching = asyncio.create_task(policies.watch(0.01))
    broken(running.directory)
    await until(lambda: policies.state.kept is not None)
    edit(running.directory / LPP, "strenght = 1\n", "")
    titled(running.directory, "Watched")
    await until(lambda: lpp(policies) == "Watched")
    assert not watching.done()
    watching.cancel()


async def test_told_the_watcher_does_not_wait(running: Running) -> None:
    policies = running.start()
    watching = asyncio.create_task(policies.watch(3_600))
    titled(running.directory, "Told")
    policies.tell()
    await until(lambda: lpp(policies) == "Told")
    watching.cancel()
