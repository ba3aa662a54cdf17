"""What must be signed, what needs a restart, what a new day brings, and the watcher that notices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hub.service.policies import NeedsRestart, _require_built_from, built_from
from hub.service.policy_signature import FILE, Signers
from tests.service.policy_files import (
    AT,
    LPP,
    OFFICER,
    STRANGER,
    Running,
    broken,
    copied,
    edit,
    lpp,
    titled,
    until,
)

ONE = Signers((OFFICER.verifier,), 1)


@pytest.fixture
def running(tmp_path: Path) -> Running:
    return Running(copied(tmp_path))


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
    assert "POLICY_OVERDUE" not in caplog.text
    running.clock.at = datetime.combine(
        policies.current.bundle.impediments["imp-lpp"].review.next + timedelta(days=1), AT.timetz()
    )
    await policies.look()
    assert policies.state.kept is None
    assert "POLICY_OVERDUE imp-lpp: past its review date" in caplog.text


# --- the watcher ---


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
