"""Three agencies' witnesses, each a process of its own, and a hub whose log they cosign: all real, over HTTP."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hub.audit.checkpoint import Checkpoint
from hub.audit.cosigned import Cosigned, read_cosigned
from hub.audit.encoding import decode
from hub.audit.merkle import Frontier
from hub.audit.note import SignerKey, VerifierKey
from hub.audit.proof import verify_proof
from hub.audit.witness_policy import parse_policy
from hub.cli.client import VIEW, Reply, ask, question
from hub.demo.processes import Parts, free_ports
from hub.store.keys import load_or_create
from tests.e2e.conftest import Town

AGENCIES = ("council", "police", "nhs")
ORIGIN = "witnessed.testshire.example/log"
HUB = [sys.executable, "-m", "hub"]
PATIENCE = 60

pytestmark = pytest.mark.slow


@dataclass
class Watched:
    """A hub on the town's agencies, with a log of its own, and the three witnesses of that."""

    town: Town
    directory: Path
    parts: Parts
    ports: list[int] = field(default_factory=lambda: free_ports(4))
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[3]}"

    @property
    def database(self) -> Path:
        return self.directory / "log.db"

    @property
    def log_key(self) -> VerifierKey:
        return VerifierKey.parse((self.directory / "log.key.pub").read_text().strip())

    def prepare(self) -> None:
        """Keys, the policy file and the settings, by the commands an operator types."""
        load_or_create(self.directory / "log.key", ORIGIN)
        lines = []
        for name, port in zip(AGENCIES, self.ports, strict=False):
            url = f"http://127.0.0.1:{port}"
            key = [*HUB, "witness", "key", *self.whose(name), "--url", url]
            made = subprocess.run(key, capture_output=True, text=True, check=True)
            lines.append(made.stdout.strip().rpartition("\n")[2])
        names = [line.split()[1] for line in lines]
        lines += [f"group agencies 2 {' '.join(names)}", "quorum agencies", ""]
        (self.directory / "witnesses.policy").write_text("\n".join(lines))
        self.write_settings("log.db")

    def write_settings(self, database: str) -> None:
        of_town = self.town.running.settings
        text = of_town.read_text(encoding="utf-8")
        head, _, rest = text.partition("[log]")
        rest = rest[rest.index("[access]") :]
        head = head.replace(f"port = {self.town.running.state.hub_url.rpartition(':')[2]}", f"port = {self.ports[3]}")
        log = (
            f'[log]\ndatabase_url = "sqlite:///{self.directory / database}"\nkey_file = "log.key"\n'
            f'origin = "{ORIGIN}"\n[log.witnesses]\npolicy = "witnesses.policy"\n'
            "every_seconds = 0.2\nalarm_minutes = 0.05\nstop_hours = 0.002\n\n"
        )
        for name in ("register.toml", "police.credential", "nhs.credential", "pages.credential"):
            shutil.copy(of_town.parent / name, self.directory)
        (self.directory / "settings.toml").write_text(head + log + rest, encoding="utf-8")

    def whose(self, name: str) -> list[str]:
        return ["--key", str(self.directory / f"{name}.key"), "--name", f"witness.{name}.testshire.example"]

    def state(self, name: str) -> list[str]:
        return ["--state", str(self.directory / f"{name}.state.db")]

    def start_witness(self, name: str) -> None:
        port = self.ports[AGENCIES.index(name)]
        log = ["--log", str(self.directory / "log.key.pub"), "--port", str(port)]
        part = self.parts.start(name, "hub", "witness", "serve", *self.whose(name), *self.state(name), *log)
        self.parts.wait_listening(part, port)
        self.running[name] = part.process

    def kill(self, name: str) -> None:
        self.running[name].kill()
        self.running[name].wait()

    def start_hub(self) -> None:
        part = self.parts.start("hub", "hub", "serve", "--settings", str(self.directory / "settings.toml"))
        self.parts.wait_listening(part, self.ports[3])
        self.running["hub"] = part.process

    def stop_hub(self) -> None:
        self.running["hub"].terminate()
        self.running["hub"].wait(20)

    def refuses_to_start(self) -> str:
        """What the hub says as it does not start."""
        command = [*HUB, "serve", "--settings", str(self.directory / "settings.toml")]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        assert (ran.returncode, "Traceback" in ran.stderr) == (1, False), ran.stderr
        return ran.stderr

    def get(self, path: str, token: str = "") -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + path, headers=headers), timeout=20) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as fault:
            return fault.code, fault.read().decode()

    def health(self) -> tuple[int, dict[str, Any]]:
        status, body = self.get("/health/ready")
        witnesses: dict[str, Any] = json.loads(body)["witnesses"]
        return status, witnesses

    def cosigned(self) -> Cosigned:
        policy = parse_policy((self.directory / "witnesses.policy").read_bytes())
        return read_cosigned(self.get("/log/checkpoint")[1].encode(), self.log_key, policy)

    def until(self, come: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not come():
            assert time.monotonic() < end, self.health()
            time.sleep(0.05)

    async def ask(self) -> Reply:
        number = self.town.world.played_by("protection_plan").nhs_number
        variables = question(purpose="CA2004_S16LA", case_reference="MASH-2026-0001", nhsNumber=number)
        return await ask(self.url, await self.town.token(), variables, VIEW)

    def kinds(self) -> list[str]:
        with sqlite3.connect(self.database) as database:
            rows = database.execute('SELECT body FROM log_entry ORDER BY "index"').fetchall()
        return [type(decode(body)).__name__ for (body,) in rows]

    def submit(self, name: str, old: int, note: str) -> tuple[int, str]:
        """A checkpoint sent to a witness by whoever holds the log's key."""
        url = f"http://127.0.0.1:{self.ports[AGENCIES.index(name)]}/add-checkpoint"
        try:
            with urllib.request.urlopen(url, f"old {old}\n\n{note}".encode(), timeout=20) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as fault:
            return fault.code, fault.read().decode()


@pytest.fixture(scope="module")
def watched(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    directory = tmp_path_factory.mktemp("witnesses")
    made = Watched(town, directory, Parts(directory))
    try:
        made.prepare()
        for name in AGENCIES:
            made.start_witness(name)
        made.start_hub()
        yield made
    finally:
        made.parts.stop()


async def test_three_agencies_cosign_what_was_asked_and_answered(watched: Watched) -> None:
    reply = await watched.ask()
    assert reply.status == 200, reply.body
    child = reply.body["data"]["child"]
    number = child["logEntry"]["number"]
    watched.until(lambda: watched.cosigned().checkpoint.size > number and len(watched.cosigned().times) == 3)
    status, proof = watched.get(f"/log/entries/{number}/proof", await watched.town.token())
    assert status == 200
    index, signed = verify_proof(proof.encode(), watched.log_key)
    assert (index, signed.size) == (number, watched.cosigned().checkpoint.size)
    assert proof.count("\u2014 witness.") == 3
    assert watched.health()[1]["state"] == "witnessed"


async def test_with_one_of_three_down_the_quorum_is_still_met(watched: Watched) -> None:
    watched.kill("nhs")
    reply = await watched.ask()
    number = reply.body["data"]["child"]["logEntry"]["number"]
    watched.until(lambda: watched.cosigned().checkpoint.size > number)
    assert len(watched.cosigned().times) == 2, "the killed one's last cosignature is of an earlier head"
    assert watched.health()[0] == 200


async def test_with_two_down_there_is_an_alarm_then_nothing_is_answered_until_one_is_back(watched: Watched) -> None:
    watched.kill("police")
    watched.until(lambda: watched.health()[1]["state"] == "late")
    assert (watched.health()[0], watched.health()[1]["code"]) == (200, "WITNESSES_LATE")
    watched.until(lambda: watched.health()[1]["state"] == "silent")
    before = watched.kinds()
    reply = await watched.ask()
    assert (reply.status, reply.body["errors"][0]["extensions"]["code"]) == (503, "WITNESSES_SILENT")
    assert "telephone" in reply.body["errors"][0]["message"]
    assert watched.kinds() == before, "no question was written, and so nobody was asked"
    assert watched.health()[0] == 503
    watched.start_witness("police")
    watched.until(lambda: watched.health()[0] == 200)
    assert (await watched.ask()).status == 200
    said = (watched.directory / "hub.log").read_text()
    assert all(word in said for word in ("WITNESSES_LATE", "WITNESSES_SILENT", "witnessed again"))


def test_the_witnesses_refuse_a_fork_and_a_rollback_by_the_holder_of_the_key(watched: Watched) -> None:
    watched.stop_hub()
    key = SignerKey.parse((watched.directory / "log.key").read_text().strip())
    with sqlite3.connect(watched.database) as database:
        ((size, note),) = database.execute("SELECT size, note FROM log_head").fetchall()
        ((earlier,),) = database.execute('SELECT note FROM log_entry WHERE "index" = 1').fetchall()
    status, text = watched.submit("council", size, key.sign(str(Checkpoint(ORIGIN, size, b"\x07" * 32))))
    assert (status, "\u2014" in text) == (409, False), "another tree of that size"
    status, text = watched.submit("council", size, key.sign(str(Checkpoint(ORIGIN, size + 1, b"\x07" * 32))))
    assert (status, "\u2014" in text) == (422, False), "a tree that does not continue it"
    status, text = watched.submit("council", 0, earlier)
    assert (status, text) == (409, f"{size}\n"), "an earlier state of the log"
    assert watched.submit("council", size, note)[0] == 200, "the true one"
    show = [*HUB, "witness", "show", *watched.state("council")]
    shown = subprocess.run(show, capture_output=True, text=True)
    assert shown.returncode == 1
    assert "two histories" in shown.stdout


def test_the_hub_does_not_start_on_a_restored_older_database(watched: Watched) -> None:
    """As on a new machine: the key was put back from its own backup, without its memory of what it signed."""
    watched.stop_hub()
    keep = watched.directory / "kept.db"
    with sqlite3.connect(watched.database) as source, sqlite3.connect(keep) as copy:
        source.backup(copy)
    with sqlite3.connect(watched.database) as database:
        (row,) = database.execute('SELECT note FROM log_entry WHERE "index" = 1').fetchall()
        restore(database, row[0])
    for each in watched.directory.glob("log.key.*"):
        if each.suffix != ".pub":
            each.unlink()
    said = watched.refuses_to_start()
    assert "more entries than the database holds" in said
    assert "docs/runbook.md" in said
    done = subprocess.run(
        [
            *(*HUB, "audit", "hold", "--set", "--subject", "0b44" * 8, "--by", "Rowan Achebe"),
            *("--reason", "court_case", "--settings", str(watched.directory / "settings.toml")),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2, done.stdout
    assert "more entries than the database holds" in done.stderr, "an act is refused for the same reason"
    with sqlite3.connect(watched.database) as database:
        assert database.execute("SELECT size FROM log_head").fetchall() == [(2,)], "nothing was appended"
    for each in watched.directory.glob("log.db*"):
        each.unlink()
    keep.rename(watched.database)
    watched.start_hub()
    watched.until(lambda: watched.health()[1]["state"] == "witnessed")


def restore(database: sqlite3.Connection, note: str) -> None:
    """Make the database what a backup taken at two entries would be."""
    leaves = [leaf for (leaf,) in database.execute('SELECT leaf_hash FROM log_entry WHERE "index" < 2')]
    frontier = Frontier().extend(leaves)
    database.execute('DELETE FROM log_entry WHERE "index" >= 2')
    database.execute("DELETE FROM log_cosignature")
    database.execute("DELETE FROM log_quorum")
    database.execute(
        "UPDATE log_head SET size = 2, frontier = ?, root = ?, note = ?", (frontier.encode(), frontier.root, note)
    )
