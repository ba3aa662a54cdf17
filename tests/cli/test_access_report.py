"""``hub audit access-report``: all who asked, in words; nothing veiled, nobody named, and the log knows of it first."""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import stat
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from hub.audit.acts import Report, Reveal, Review
from hub.audit.encoding import decode
from hub.audit.entries import Asker, Entry, FieldGroup, RecordLine
from hub.cli.main import main
from hub.domain.disclosure import Outcome
from hub.domain.people import ChildSearch
from hub.policy.load import default_policies_directory
from hub.store.appender import Log
from hub.store.engine import make_engine
from hub.store.keys import load_or_create
from hub.store.subjects import subject_key
from tests.cli.decided import ORIGIN, SETTINGS
from tests.matching.people import A, asked
from tests.store import making
from tests.store.lives import AMIRA, OFFICER, OTHER, STATED

WORKER = "jo.bloggs@council.test"
POLICE = """
[[custodians]]
id = "testshire-police"
name = "Testshire Police"
sector = "police"
kind = "ssd"
url = "sqlite:///none.db"
contact = { role = "Desk", phone = "01632 960 122" }
"""
REGISTER = """
[[issuers]]
id = "login"
url = "http://127.0.0.1:9"
[[organisations]]
id = "testshire-council"
name = "Testshire *Council*"
sector = "council"
[[organisations]]
id = "testshire-police"
name = "Testshire Police"
sector = "police"
[[clients]]
id = "portal"
issuer = "login"
organisation = "testshire-council"
[[roles]]
organisation = "testshire-council"
role = "mash_social_worker"
purposes = ["ca2004-s16la"]
valid_from = 2026-01-01
valid_until = 2027-12-31
signed_off_by = "Testshire Partnership"
signed_off_on = 2026-01-01
"""
BY = ("--by", "Rowan Achebe", "--organisation", "testshire-council")
BY_NUMBER = f"{A.grouped()}\n"
BOTH_WAYS = f"{A.grouped()}\nAmira, Thornbury, 2015-04-02\n"

Run = Callable[..., tuple[int, str]]


class Hub:
    """A hub's directory, and what was asked of it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.url = f"sqlite:///{place / 'log.db'}"

    def do(self, work: Callable[[Log], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            log = Log(self.url, load_or_create(self.place / "log.key", ORIGIN))
            await log.start()
            try:
                return await work(log)
            finally:
                await log.close()

        return asyncio.run(run())

    def ask(
        self, search: ChildSearch, *, organisation: str = "testshire-council", answer: bool = True, **changes: Any
    ) -> int:
        async def work(log: Log) -> int:
            subject = await log.reference("subject", subject_key(search))
            worker = await log.reference("worker", f"{organisation}/{WORKER}")
            asker = Asker("portal", organisation, worker, "mash_social_worker", "bearer")
            index = (await log.append(making.question(log, subject=subject, asker=asker))).index
            if answer:
                await log.append(making.answer(log, index, **changes))
            return index

        return int(self.do(work))

    def add(self, make: Callable[[Log], Entry]) -> None:
        self.do(lambda log: log.append(make(log)))

    def execute(self, statement: str) -> None:
        engine = make_engine(self.url, 5.0)
        with engine.begin() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def entries(self) -> list[Any]:
        engine = make_engine(self.url, 5.0)
        with engine.connect() as connection:
            bodies = connection.execute(text('SELECT body FROM log_entry ORDER BY "index"')).scalars().all()
        engine.dispose()
        return [decode(body) for body in bodies if body]

    def read(self, name: str) -> str:
        return (self.place / name).read_text(encoding="utf-8")

    def files(self) -> set[str]:
        return {path.name for path in self.place.iterdir() if "report" in path.name}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUB_SETTINGS", raising=False)
    (tmp_path / "settings.toml").write_text(SETTINGS.format(place=tmp_path) + POLICE)
    shutil.copytree(default_policies_directory(), tmp_path / "policies")
    (tmp_path / "register.toml").write_text(REGISTER)
    made = Hub(tmp_path)
    made.do(lambda log: log.checkpoint())
    return made


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*argv: str, typed: str = BY_NUMBER, named: bool = True) -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        how = ("--nhs-number-stdin",) if named else ()
        status = main(["audit", "access-report", *how, "--out", "report", *BY, *argv])
        said = capsys.readouterr()
        assert A.value not in said.out + said.err
        assert "Thornbury" not in said.out + said.err
        return status, said.out + said.err

    return run


def groups(*made: FieldGroup, kind: str = "assessment", custodian: str = "testshire-council") -> dict[str, Any]:
    return {"records": (RecordLine(custodian, kind, 1, made),), "matches": ()}


# --------------------------------------------------------------------------------------------------------- what it says


def test_who_asked_and_why_in_words(hub: Hub, run: Run) -> None:
    hub.ask(asked(AMIRA), **groups(FieldGroup(Outcome.SHARED, ("*",))))
    hub.ask(asked(OTHER))
    assert run()[0] == 0
    report = hub.read("report.md")
    assert "Who: Testshire \\*Council\\*, as mash social worker" in report
    assert "Why: Child protection enquiry" in report
    assert "parts of its record were seen: children's social care" in report
    assert "testshire-nhs: did not answer" in report
    assert "Testshire Police: was not asked" in report
    assert "found in it by the NHS number" in report
    assert report.count("\n## ") == 2, "one question, and what it does not show"
    assert "[check]" not in report


@pytest.mark.parametrize(
    ("typed", "questions", "found_by"),
    [
        pytest.param(BY_NUMBER, 1, ["nhs_number"], id="by the number alone"),
        pytest.param(BOTH_WAYS, 2, ["nhs_number", "stated"], id="and as she was stated without it"),
        pytest.param("\nAmira, Thornbury, 2015-04-02\n", 1, ["stated"], id="as stated alone"),
    ],
)
def test_all_of_a_persons_references_are_asked_for(
    hub: Hub, run: Run, typed: str, questions: int, found_by: list[str]
) -> None:
    hub.ask(asked(AMIRA))
    hub.ask(asked(STATED))
    assert run(typed=typed)[0] == 0
    made = json.loads(hub.read("report.json"))
    assert len(made["lines"]) == questions
    assert sorted(made["subjects"].values()) == found_by
    assert [entry.subject for entry in hub.entries() if isinstance(entry, Report)] == list(made["subjects"])


def test_by_reference(hub: Hub, run: Run) -> None:
    index = hub.ask(asked(AMIRA))
    subject = hub.entries()[index].subject
    assert run("--subject", subject, named=False)[0] == 0
    assert json.loads(hub.read("report.json"))["subjects"] == {subject: "nhs_number"}


def test_what_came_of_it(hub: Hub, run: Run) -> None:
    hub.ask(asked(AMIRA), outcome="no_match", sources=(), **groups())
    first = hub.ask(asked(AMIRA), answer=False)
    hub.add(lambda log: making.abandoned(log, first))
    hub.ask(asked(AMIRA), answer=False)
    hub.ask(asked(AMIRA))
    assert run()[0] == 0
    report = hub.read("report.md")
    for said in ("was told that no agency that answered knows", "got no answer", "has no answer yet", "was shown what"):
        assert said in report


# ------------------------------------------------------------------------------------------------- what it must not say


def test_what_was_veiled_is_named_nowhere_and_marked(hub: Hub, run: Run) -> None:
    veiled = FieldGroup(Outcome.WITHHELD, ("*",), ("imp-investigation-prejudice",), veiled=True, line=1)
    hub.ask(asked(AMIRA), **groups(veiled))
    assert run()[0] == 0
    for name in hub.files():
        assert "investigation-prejudice" not in hub.read(name), name
    assert "[check]** Who" in hub.read("report.md")
    assert "something was restricted" in hub.read("report.check.md")


def test_open_grounds_are_for_the_officer_alone_and_read_the_same_to_others(hub: Hub, run: Run) -> None:
    plain = FieldGroup(Outcome.WITHHELD, ("*",), ("imp-confidence",))
    hub.ask(asked(AMIRA), **groups(plain))
    hub.ask(asked(AMIRA), **groups(replace(plain, grounds=("imp-adoption-s57",), veiled=True)))
    assert run()[0] == 0
    first, second = hub.read("report.md").split("\n## ")[1:3]
    assert _body(first) == _body(second), "a veiled refusal reads as an open one"
    assert "imp-" not in hub.read("report.md") + hub.read("report.json")
    assert "imp-confidence" in hub.read("report.check.md")


def _body(section: str) -> list[str]:
    return [line for line in section.splitlines()[1:] if not line.startswith("- Log entry")]


def test_that_the_police_asked_is_to_be_decided_on(hub: Hub, run: Run) -> None:
    hub.ask(asked(AMIRA), organisation="testshire-police", **groups(FieldGroup(Outcome.SHARED, ("*",))))
    assert run()[0] == 0
    assert "[check]** Who: Testshire Police" in hub.read("report.md")
    assert "Testshire Police asked: that it did" in hub.read("report.check.md")


def test_other_acts_about_her_are_for_the_officer_to_tell_or_not(hub: Hub, run: Run) -> None:
    index = hub.ask(asked(AMIRA))
    stamp = dict(zip(("at", "nonce"), hub.do(lambda log: asyncio.sleep(0, log.stamp())), strict=True))
    hub.add(lambda _: Review(**stamp, officer=OFFICER, entry=index, act="opened"))
    subject = hub.entries()[index].subject
    hub.add(lambda _: Reveal(**stamp, officer=OFFICER, reference=subject, reason="complaint"))
    assert run()[0] == 0
    report = hub.read("report.md")
    assert "was shown whom a reference in the log stands for" in report
    assert "review" not in report.lower()
    assert "is about this person and is not in the report: review" in hub.read("report.check.md")


def test_neither_number_nor_name_is_in_any_file_or_entry(hub: Hub, run: Run) -> None:
    hub.ask(asked(AMIRA))
    hub.ask(asked(STATED))
    assert run(typed=BOTH_WAYS)[0] == 0
    said = "".join(map(hub.read, hub.files())) + repr(hub.entries())
    for trace in (A.value, A.grouped(), "Amira", "Thornbury", WORKER, "Achebe"):
        assert trace not in said


def test_markup_and_controls_in_a_workers_name_stay_text(hub: Hub, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "WORKER", "jo\n# <b>x</b>\u202e[a](b)")
    hub.ask(asked(AMIRA))
    assert run("--with-names", "--decision", "tribunal")[0] == 0
    line = next(line for line in hub.read("report.md").splitlines() if "Who:" in line)
    assert line.endswith("testshire-council/jo \\# \\<b\\>x\\</b\\> \\[a\\](b)")


# --------------------------------------------------------------------------------------------------- what the log knows


def test_names_only_by_decision_and_each_is_in_the_log_before(hub: Hub, run: Run) -> None:
    first = hub.ask(asked(AMIRA))
    hub.ask(asked(AMIRA))
    worker = hub.entries()[first].asker.worker
    assert run("--with-names", "--decision", "tribunal-order", "--reason", "appeal")[0] == 0
    assert WORKER.replace("_", "\\_") in hub.read("report.md")
    acts = hub.entries()[4:]
    assert [type(each) for each in acts] == [Reveal, Report]
    assert (acts[0].reference, acts[0].reason, acts[1].reason, acts[1].size) == (worker, "tribunal-order", "appeal", 4)
    assert acts[0].officer.worker == acts[1].officer.worker is not None


def test_a_name_that_was_erased_is_said_to_be(hub: Hub, run: Run) -> None:
    hub.ask(asked(AMIRA))
    hub.execute("DELETE FROM log_reference WHERE kind = 'worker'")
    assert run("--with-names", "--decision", "tribunal")[0] == 0
    assert "a person whose name is not kept any more" in hub.read("report.md")


@pytest.mark.parametrize(
    ("argv", "named", "says"),
    [
        pytest.param(("--with-names",), True, "--decision", id="names without a decision"),
        pytest.param(("--with-names", "--decision", "he asked me"), True, "one word", id="a decision in a sentence"),
        pytest.param(("--reason", "Amira's mother"), True, "one word", id="a reason with a name"),
        pytest.param((), False, "Name the person", id="about nobody"),
        pytest.param(("--subject", "xyz"), False, "32 of 0-9", id="no reference"),
        pytest.param(("--out", "none/report"), True, "no directory", id="nowhere to write"),
    ],
)
def test_typed_wrong(hub: Hub, run: Run, argv: tuple[str, ...], named: bool, says: str) -> None:
    hub.ask(asked(AMIRA))
    status, said = run(*argv, named=named)
    assert (status, hub.files(), len(hub.entries())) == (2, set(), 2)
    assert says in said


@pytest.mark.parametrize("name", ["report.md", "report.json", "report.check.md"])
def test_nothing_is_written_over(hub: Hub, run: Run, name: str) -> None:
    hub.ask(asked(AMIRA))
    (hub.place / name).write_text("kept")
    status, said = run()
    assert (status, hub.files(), hub.read(name), len(hub.entries())) == (2, {name}, "kept", 2)
    assert "is there already" in said


def test_log_down_no_report(hub: Hub, run: Run) -> None:
    hub.ask(asked(AMIRA))
    hub.execute("CREATE TRIGGER full BEFORE INSERT ON log_entry BEGIN SELECT RAISE(FAIL, 'full'); END")
    assert run()[0] == 2
    assert hub.files() == set()


def test_files_are_for_their_owner_alone_and_leave_nothing_beside(hub: Hub, run: Run) -> None:
    hub.ask(asked(AMIRA))
    before = os.umask(0)
    try:
        assert run("--out", "report.md")[0] == 0
    finally:
        os.umask(before)
    assert hub.files() == {"report.md", "report.json", "report.check.md"}
    assert {stat.S_IMODE((hub.place / name).stat().st_mode) for name in hub.files()} == {0o600}
