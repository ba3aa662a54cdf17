"""Agencies that die, stall or answer about somebody else; a log that goes away; a log that was edited."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.settings import load_settings
from tests.e2e.conftest import StartTown, Town, log_checks_out

COUNCIL, POLICE, HEALTH = "Testshire Council", "Testshire Police", "Testshire NHS"
SECTION = {COUNCIL: "socialCare", POLICE: "police", HEALTH: "health"}


def source(child: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in child["sources"] if each["custodian"]["name"] == name)
    return found


async def set_fault(town: Town, agency: str, fault: str | None) -> None:
    url = town.running.agencies[agency].ready
    async with aiohttp.ClientSession() as session, session.post(f"{url}/_demo/fault", json={"fault": fault}) as reply:
        assert reply.status < 300


@pytest.mark.parametrize(("agency", "name"), [("police", POLICE), ("health", HEALTH)])
@pytest.mark.parametrize(
    ("fault", "words"),
    [("down", ""), ("slow", "no reply within"), ("hang", "no reply within"), ("wrong-child", "somebody else"), ("malformed", ""), ("too-large", "")],
)  # fmt: skip
async def test_an_agency_on_request(town: Town, agency: str, name: str, fault: str, words: str) -> None:
    await set_fault(town, agency, fault)
    try:
        child = await town.child("wrong_child_source", **town.names("wrong_child_source"))
    finally:
        await set_fault(town, agency, None)
    line = source(child, name)
    assert line["state"] == "NO_ANSWER", line
    assert words in line["reason"]
    assert line["contact"]["phone"]
    assert child[SECTION[name]]["__typename"] == "NoAnswer"
    others = {COUNCIL, POLICE, HEALTH} - {name}
    assert {source(child, other)["state"] for other in others} == {"ANSWERED"}
    assert name not in {one["custodian"]["name"] for one in child["identity"]["names"]}


@pytest.mark.parametrize("fault", ["down", "slow", "wrong-child"])
async def test_the_council_on_request(start_town: StartTown, fault: str) -> None:
    town = start_town(faults={"council": fault})
    child = await town.child("protection_plan")
    assert source(child, COUNCIL)["state"] == "NO_ANSWER"
    assert child["socialCare"]["__typename"] == "NoAnswer"
    assert {("PROTECTION_PLAN", "UNKNOWN"), ("LOOKED_AFTER", "UNKNOWN")} <= {
        (alert["kind"], alert["state"]) for alert in child["alerts"]
    }


async def test_agencies_killed_one_after_the_other(start_town: StartTown) -> None:
    town = start_town()
    names = town.names("protection_plan")
    expected = {COUNCIL: "ANSWERED", POLICE: "ANSWERED", HEALTH: "ANSWERED"}
    for agency, name in (("police", POLICE), ("health", HEALTH), ("council", COUNCIL)):
        town.running.agencies[agency].process.send_signal(signal.SIGTERM)
        town.running.agencies[agency].process.wait(20)
        expected[name] = "NO_ANSWER"
        child = await town.child("protection_plan", **names)
        assert {one["custodian"]["name"]: one["state"] for one in child["sources"]} == expected
        assert all(one["reason"] for one in child["sources"] if one["state"] == "NO_ANSWER")
    assert child["__typename"] == "NoMatch", "nobody answered: that is said, not 'nothing known'"
    assert log_checks_out(town)


def log_file(town: Town) -> Path:
    return Path(load_settings(town.running.settings).log.database_url.removeprefix("sqlite:///"))


def verify(town: Town) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hub", "audit", "verify", "--settings", str(town.running.settings)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def rename(old: str, new: str) -> Callable[[sqlite3.Connection], object]:
    return lambda database: database.execute(f"ALTER TABLE {old} RENAME TO {new}")


async def test_the_log_goes_away_and_comes_back(start_town: StartTown) -> None:
    town = start_town()
    await town.child("protection_plan")
    for agency in town.running.agencies.values():  # nobody may be asked: whoever is would not answer anyway
        os.killpg(agency.pid, signal.SIGSTOP)
    with sqlite3.connect(log_file(town)) as database:
        rename("log_entry", "log_entry_gone")(database)
    try:
        for how in ({}, {"purpose": "CA1989_S17"}, {"worker": "tn-1184"}, {"query": "{ nonsense }"}):
            reply = await town.ask("protection_plan", **how)
            assert reply.status == 503
            assert [error["extensions"]["code"] for error in reply.body["errors"]] == ["AUDIT_UNAVAILABLE"]
            assert reply.child is None
    finally:
        with sqlite3.connect(log_file(town)) as database:
            rename("log_entry_gone", "log_entry")(database)
        for agency in town.running.agencies.values():
            os.killpg(agency.pid, signal.SIGCONT)
    child = await town.child("protection_plan")
    assert child["__typename"] == "JoinedView"
    assert log_checks_out(town)


async def test_one_byte_edited(start_town: StartTown) -> None:
    town = start_town()
    for _ in range(3):
        child = await town.child("protection_plan")
    assert verify(town).returncode == 0
    entry = child["logEntry"]["number"]
    with sqlite3.connect(log_file(town)) as database:
        (body,) = database.execute('SELECT body FROM log_entry WHERE "index" = ?', (entry,)).fetchone()
        edited = bytes([body[0] ^ 1]) + body[1:]
        database.execute('UPDATE log_entry SET body = ? WHERE "index" = ?', (edited, entry))
    checked = verify(town)
    assert checked.returncode == 1
    assert f"entry {entry}" in checked.stderr
