"""Reviewers: each sees her own agency's part, nobody reviews herself, and each look is in the log before it is had."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.audit.acts import Consultation, Export, Reveal, ReviewAct, Sample
from hub.audit.entries import Entry
from hub.errors import AuditUnavailable, BadRequest, Forbidden, NotFound
from hub.service.reviewing import Answering, Reviewer, filter_text
from hub.service.reviewing_exports import Exporting
from hub.service.reviewing_reveals import What, in_lines, may, reveal
from hub.service.reviewing_samples import QUESTIONS, Frame, Sampling, draw
from hub.store.appender import Log
from hub.store.log_search import Filter
from hub.store.reviews import Finding, ReviewRefused, Wanted
from hub.store.sides import read_side
from tests.service.reviewers import COUNCIL, NHS, POLICE, Office, checked, searcher
from tests.store.conftest import log, log_url, make_log, signer  # noqa: F401  fixtures


@pytest.fixture
async def office(log: Log) -> Office:  # noqa: F811
    return Office(log)


async def indexes(office: Office, reviewer: Reviewer, wanted: Filter | None = None) -> list[int]:
    listed = await office.reviewing.list(reviewer, wanted or Filter(kind="question"))
    return [row.index for row in listed.page.rows]


async def test_each_agency_sees_its_staff_and_the_uses_of_its_records(office: Office) -> None:
    ours = await office.ask("sw1", COUNCIL, "nhs:9990000018", NHS)
    theirs = await office.ask("dc1", POLICE, "nhs:9990000018", COUNCIL, NHS)
    other = await office.ask("dc1", POLICE, "nhs:9990000018", NHS)
    council, police, all_of_it = (
        await office.reviewer(COUNCIL), await office.reviewer(POLICE), await office.reviewer(NHS, of_all=True)
    )  # fmt: skip
    assert await indexes(office, council) == [theirs, ours]
    assert await indexes(office, police) == [other, theirs]
    assert await indexes(office, all_of_it) == [other, theirs, ours]
    for reviewer, hidden in ((council, other), (police, ours)):
        for number in (hidden, hidden + 1, 10_000):  # the question, its answer, one that is not there: all alike
            with pytest.raises(NotFound, match="There is no such entry"):
                await office.reviewing.entry(reviewer, number)
        with pytest.raises(NotFound):
            await office.reviewing.step(reviewer, hidden, ReviewAct.OPENED, "x", None)
        with pytest.raises(NotFound):
            await reveal(office.reviewing, reviewer, hidden, What.SUBJECT, "review", "why")


async def test_no_filter_widens_what_an_agency_sees(office: Office) -> None:
    await office.ask("dc1", POLICE, "nhs:9990000018", NHS)
    council = await office.reviewer(COUNCIL)
    for wanted in (Filter(concerns=POLICE), Filter(organisation=POLICE), Filter(custodian=NHS), Filter()):
        assert await indexes(office, council, replace(wanted, kind="question")) == []


def test_who_has_no_such_duty_reviews_nothing() -> None:
    with pytest.raises(Forbidden):
        Reviewer.of(searcher(COUNCIL), None)  # type: ignore[arg-type]


async def test_each_look_is_an_entry_first(office: Office) -> None:
    asked = await office.ask()
    reviewer = await office.reviewer()
    before = await office.size()
    await indexes(office, reviewer, Filter(kind="question", out_of_hours=True))
    looked = await office.newest()
    assert isinstance(looked, Consultation)
    said = f"concerns={COUNCIL}\nkind=question\nout_of_hours=True\n"
    assert (looked.seen, looked.entry, looked.wanted) == ("list", None, hashlib.sha256(said.encode()).hexdigest())
    await office.reviewing.entry(reviewer, asked + 1)
    looked = await office.newest()
    assert isinstance(looked, Consultation)
    assert (looked.seen, looked.entry, looked.officer) == ("entry", asked, reviewer.officer)
    assert await office.size() == before + 2


@pytest.mark.parametrize("what", ["list", "entry", "cases", "sample", "reveal", "export"])
async def test_when_the_log_cannot_be_written_nothing_is_shown(office: Office, what: str) -> None:
    asked = await office.ask()
    reviewer = await office.reviewer()
    reviewing, sampling = office.reviewing, Sampling(office.reviewing, office.following)
    today = datetime.now(UTC).date()
    drawn = await sampling.draw(reviewer, QUESTIONS, today, today, 1)
    await office.following.caught_up()

    def shut(_: Entry) -> None:
        raise AuditUnavailable

    office.log.gate = shut
    tries: dict[str, Any] = {
        "list": lambda: reviewing.list(reviewer, Filter()),
        "entry": lambda: reviewing.entry(reviewer, asked),
        "cases": lambda: reviewing.cases(reviewer, Wanted(), 0, 50),
        "sample": lambda: sampling.sample(reviewer, drawn),
        "reveal": lambda: reveal(reviewing, reviewer, asked, What.SUBJECT, "review", "why"),
        "export": lambda: Exporting(reviewing).rows(reviewer, Filter(), "review"),
    }
    with pytest.raises(AuditUnavailable):
        await tries[what]()


def test_a_filter_is_said_in_one_way() -> None:
    at = datetime(2026, 7, 1, tzinfo=UTC)
    one = Filter(since=at, no_case=True, worker="ab" * 16)
    other = replace(one, since=at.astimezone(datetime.now().astimezone().tzinfo))
    assert filter_text(one) == filter_text(other)
    assert filter_text(one) == f"no_case=True\nsince=2026-07-01T00:00:00.000+00:00\nworker={'ab' * 16}\n"
    assert filter_text(Filter()) == ""


async def test_the_officers_day(office: Office, tmp_path: Path) -> None:
    """Open, ask, be answered, close, export, and have somebody else check it."""
    asked = await office.ask("sw1", COUNCIL, "nhs:9990000018", POLICE)
    await office.ask("sw2", COUNCIL, "nhs:9990000026", POLICE)
    officer, reviewing = await office.reviewer(), office.reviewing
    answering, worker = Answering(office.log, office.following), await office.worker("sw1")
    last = await reviewing.step(
        officer, asked, ReviewAct.OPENED, "No open case", None, assigned="ig2", due=datetime(2026, 12, 1, tzinfo=UTC)
    )
    last = await reviewing.step(officer, asked, ReviewAct.ASKED, "Why did you look?", last)
    (request,) = await answering.requests(worker)
    assert [said.written.text for *_, said in request.asked] == ["Why did you look?"]
    assert await answering.requests(await office.worker("sw2")) == ()
    by = replace(officer.officer, worker=worker, role="mash_social_worker")
    last = await answering.answer(by, asked, "She was referred that morning.", request.case.last)
    last = await reviewing.step(officer, asked, ReviewAct.CLOSED, "As she says.", last, outcome=Finding.JUSTIFIED)
    assert await answering.requests(worker) == ()
    shown = await reviewing.entry(officer, asked)
    assert [said.written.text for said in shown.said.values()] == [
        "No open case", "Why did you look?", "She was referred that morning.", "As she says.",
    ]  # fmt: skip
    (case,) = await reviewing.cases(officer, Wanted(), 0, 50)
    assert case.assigned == await office.worker("ig2")
    file = await Exporting(reviewing).case(officer, shown, "review")
    done = checked(file, office.log, tmp_path)
    assert done.returncode == 0, done.stderr
    review = json.loads((tmp_path / "export" / "review.json").read_text())
    assert [step["act"] for step in review["steps"]] == ["opened", "asked", "answered", "closed"]
    assert review["steps"][2]["text"] == "She was referred that morning."
    proofs = sorted(int(path.stem) for path in (tmp_path / "export" / "proofs").glob("*.entry"))
    assert set(proofs) == {asked, asked + 1, *(step.index for step in shown.opened.steps)}, "and no other entry"
    sides = (tmp_path / "export" / "sides.jsonl").read_text()
    row = json.loads(sides.splitlines()[1])
    forged = sides.replace(row["body"], row["body"][:-8] + "eCJ9IH0K"[:8])
    (tmp_path / "export" / "sides.jsonl").write_text(forged)
    manifest = (tmp_path / "export" / "manifest.json").read_text()
    for old, new in ((sides, forged),):
        manifest = manifest.replace(hashlib.sha256(old.encode()).hexdigest(), hashlib.sha256(new.encode()).hexdigest())
    (tmp_path / "export" / "manifest.json").write_text(manifest)
    assert "not what was written then" in checked(file, office.log, tmp_path).stderr
    file.remove()
    assert not file.path.exists()


async def test_nobody_reviews_herself(office: Office) -> None:
    asked = await office.ask("ig1")
    officer, reviewing = await office.reviewer(name="ig1"), office.reviewing
    shown = await reviewing.entry(officer, asked)
    assert shown.is_own
    with pytest.raises(ReviewRefused, match="Nobody reviews"):
        await reviewing.step(officer, asked, ReviewAct.OPENED, "mine", None)
    last = await reviewing.step(await office.reviewer(name="ig2"), asked, ReviewAct.OPENED, "hers", None)
    with pytest.raises(ReviewRefused, match="Nobody reviews"):
        await reviewing.step(officer, asked, ReviewAct.CLOSED, "fine", last, outcome=Finding.JUSTIFIED)
    with pytest.raises(ReviewRefused, match="somebody else"):
        await reviewing.step(await office.reviewer(name="ig2"), asked, ReviewAct.ASSIGNED, "", last, assigned="ig1")
    assert (await reviewing.entry(officer, asked)).said == {}, "what others write about her she does not read"
    for what in What:
        with pytest.raises(Forbidden):
            await reveal(reviewing, officer, asked, what, "review", "curious")


async def test_what_one_agency_writes_the_other_does_not_read(office: Office) -> None:
    asked = await office.ask("sw1", COUNCIL, "nhs:9990000018", POLICE)
    council, police = await office.reviewer(COUNCIL), await office.reviewer(POLICE)
    last = await office.reviewing.step(council, asked, ReviewAct.OPENED, "ours", None)
    shown = await office.reviewing.entry(police, asked)
    assert shown.said == {}
    assert shown.opened.review is not None
    with pytest.raises(ReviewRefused, match="Another agency"):
        await office.reviewing.step(police, asked, ReviewAct.NOTED, "we think", last)
    last = await office.reviewing.step(council, asked, ReviewAct.CLOSED, "done", last, outcome=Finding.INCIDENT)
    last = await office.reviewing.step(police, asked, ReviewAct.OPENED, "now ours", last)
    said = (await office.reviewing.entry(police, asked)).said
    assert [each.written.text for each in said.values()] == ["now ours"]


@pytest.mark.parametrize("what", What)
async def test_a_name_is_shown_once_the_reason_is_logged(office: Office, what: What) -> None:
    asked = await office.ask("sw1", COUNCIL, "nhs:9990000018", POLICE)
    officer = await office.reviewer()
    found = await reveal(office.reviewing, officer, asked, what, "complaint", "Her mother wrote on Monday")
    entry = await office.entry(found.reveal)
    assert isinstance(entry, Reveal)
    assert (entry.entry, entry.reason, entry.officer) == (asked, f"{what.value}:complaint", officer.officer)
    kept = await office.log.beside(lambda engine: read_side(engine, found.reveal))
    assert kept is not None
    assert b"Her mother wrote" in (kept.body or b"")
    told = "\n".join(f"{name}: {value}" for name, value in found.lines)
    assert {"subject": "999 000 0018", "worker": "sw1", "case": "CASE-1", "words": "{ child { name } }"}[what] in told
    assert "999 000" not in repr(found)


async def test_a_worker_of_another_agency_is_not_named(office: Office) -> None:
    asked = await office.ask("dc1", POLICE, "nhs:9990000018", COUNCIL)
    council = await office.reviewer(COUNCIL)
    row = await office.reviewing.row(council, asked)
    assert (may(council, row, What.WORKER), may(council, row, What.SUBJECT)) == (False, True)
    with pytest.raises(Forbidden):
        await reveal(office.reviewing, council, asked, What.WORKER, "review", "why")
    assert (
        await reveal(office.reviewing, await office.reviewer(NHS, of_all=True), asked, What.WORKER, "review", "x")
    ).lines


@pytest.mark.parametrize(("reason", "said"), [("", "x"), ("because", "x"), ("review", "  ")])
async def test_no_name_without_a_reason(office: Office, reason: str, said: str) -> None:
    asked = await office.ask()
    before = await office.size()
    with pytest.raises(BadRequest):
        await reveal(office.reviewing, await office.reviewer(), asked, What.SUBJECT, reason, said)
    assert await office.size() == before


@pytest.mark.parametrize(
    ("kind", "value", "lines"),
    [
        ("subject", "nhs:9990000018", [("NHS number", "999 000 0018")]),
        ("subject", 'stated:[["amira"],["thornbury","x"],"2015-04"]',
         [("Given names", "amira"), ("Family names", "thornbury x"), ("Date of birth", "2015-04")]),
        ("subject", "unborn:9990000018/2027-01",
         [("Mother's NHS number", "999 000 0018"), ("Expected date of birth", "2027-01")]),
        ("subject", "local:testshire-police/N/77", [("Agency", "testshire-police"), ("Its own number for the child", "N/77")]),
        ("case", "testshire-council/A/1", [("Agency", "testshire-council"), ("Case reference", "A/1")]),
    ],
)  # fmt: skip
def test_what_a_reference_stands_for_in_words(kind: str, value: str, lines: list[tuple[str, str]]) -> None:
    assert list(in_lines(kind, value)) == lines


async def test_a_sample_is_the_same_for_whoever_draws_it_again(office: Office) -> None:
    asked = [await office.ask(f"sw{number}", COUNCIL) for number in range(12)]
    unfinished = await office.ask(answered=False)
    reviewer, sampling = await office.reviewer(), Sampling(office.reviewing, office.following)
    today = datetime.now(UTC).date()
    made = await sampling.draw(reviewer, QUESTIONS, today - timedelta(days=1), today + timedelta(days=1), 5)
    later = await office.ask()
    found = await sampling.sample(reviewer, made)
    entry = await office.entry(made)
    assert isinstance(entry, Sample)
    assert (entry.population, entry.drawn, len(found.entries), found.matches) == (12, 5, 5, True)
    assert Frame.parse(entry.preset) == found.frame
    population = await sampling.population(reviewer, made)
    assert list(population) == asked
    assert not {unfinished, later} & {*found.entries}
    # as the page tells anybody to do it
    ranked = sorted(population, key=lambda n: hashlib.sha256(bytes.fromhex(entry.seed) + n.to_bytes(8, "big")).digest())
    assert tuple(ranked[:5]) == found.entries == (await sampling.sample(reviewer, made)).entries
    with pytest.raises(NotFound):
        await sampling.sample(await office.reviewer(POLICE), made)
    with pytest.raises(NotFound):
        await sampling.sample(reviewer, asked[0])


async def test_other_seeds_draw_other_samples() -> None:
    drawn = {draw(f"{number:064x}", range(1_000), 3) for number in range(50)}
    assert len(drawn) == 50
    counted = [index for number in range(400) for index in draw(f"{number:064x}", range(10), 5)]
    assert all(150 <= counted.count(index) <= 250 for index in range(10)), "each about as often"


async def test_nothing_to_draw_from(office: Office) -> None:
    sampling, day = Sampling(office.reviewing, office.following), datetime(2020, 1, 1, tzinfo=UTC).date()
    await office.ask()
    await office.following.caught_up()
    before = await office.size()
    with pytest.raises(BadRequest, match="Nothing fits"):
        await sampling.draw(await office.reviewer(), "no-case", day, day, 5)
    assert await office.size() == before


@pytest.mark.parametrize("text", ["", "x", "questions:20260101:20260131:5", "nonsense:20260101:20260131:5:*", "questions:20261301:20260131:5:*"])  # fmt: skip
def test_other_text_is_no_frame(text: str) -> None:
    assert Frame.parse(text) is None


async def test_an_export_of_rows_is_only_of_what_she_sees(office: Office, tmp_path: Path) -> None:
    ours = await office.ask("sw1", COUNCIL, "nhs:9990000018", NHS)
    await office.ask("dc1", POLICE, "nhs:9990000018", NHS)
    council = await office.reviewer(COUNCIL)
    await office.following.caught_up()
    file = await Exporting(office.reviewing).rows(council, Filter(kind="question"), "audit")
    entry = await office.newest()
    assert isinstance(entry, Export)
    assert (entry.entries, entry.reason, file.export) == (2, "audit", await office.size() - 1)
    done = checked(file, office.log, tmp_path)
    assert done.returncode == 0, done.stderr
    assert hashlib.sha256((tmp_path / "export" / "manifest.json").read_bytes()).hexdigest() == entry.manifest
    held = b"".join(path.read_bytes() for path in (tmp_path / "export").rglob("*") if path.suffix in (".entry", ".csv"))
    assert f"{POLICE}-mash".encode() not in held
    assert {path.stem for path in (tmp_path / "export" / "proofs").glob("*.entry")} == {str(ours), str(ours + 1)}
    assert not (tmp_path / "export" / "sides.jsonl").exists()
    (tmp_path / "export" / "proofs" / f"{ours}.entry").write_bytes(b"{}")
    assert checked(file, office.log, tmp_path).returncode == 1
    file.remove()


async def test_an_export_of_nothing_is_none(office: Office) -> None:
    before = await office.size()
    with pytest.raises(BadRequest, match="nothing to export"):
        await Exporting(office.reviewing).rows(await office.reviewer(), Filter(outcome="abandoned"), "audit")
    assert await office.size() == before
