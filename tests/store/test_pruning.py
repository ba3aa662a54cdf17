"""Years of the log: closed where no question is open, archived, dropped; every proof made before or after still holds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from hub.audit.acts import Pruning, YearClosed
from hub.audit.note import VerifierKey
from hub.audit.proof import verify_proof
from hub.domain.people import ChildSearch, Identity, PartialDate, Unborn
from hub.errors import AuditUnavailable, BadRequest
from hub.store import pruning
from hub.store.archive import ArchiveInvalid, check_archive
from hub.store.engine import make_engine
from hub.store.export import Wanted, stage_export
from hub.store.export_files import ExportFiles, ExportRefused
from hub.store.holds import SET, hold, make_hold
from hub.store.pruning import plan_pruning, prune
from hub.store.sides import AskedInWords, SideState, read_side
from hub.store.years import Year, close_year, find_boundary, read_years
from tests.matching.people import asked
from tests.store import making
from tests.store.conftest import MakeLog
from tests.store.lives import AMIRA, OFFICER, OTHER, Lives
from tests.store.tampering import edit, read_all

OFFLINE = Path(__file__).parents[2] / "hub" / "audit" / "offline" / "verify.py"
ARCHIVE = "ab" * 32
WORDS = AskedInWords("{ child }", {"n": 1})


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.at = datetime(2018, 6, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def lives(make_log: MakeLog, log_url: str, clock: Clock) -> Lives:
    log = make_log(clock=clock)
    await log.start()
    return Lives(log, log_url)


@pytest.fixture
async def engine(lives: Lives, log_url: str) -> AsyncIterator[Engine]:
    made = make_engine(log_url, 10)
    yield made
    made.dispose()


async def years(lives: Lives, engine: Engine, clock: Clock, count: int = 3) -> list[Year]:
    """Two questions about two children in each year from 2018 on, each year closed in the next."""
    found = []
    for year in range(2018, 2018 + count):
        clock.at = datetime(year, 6, 1, tzinfo=UTC)
        for who in (AMIRA, OTHER):
            await lives.ask(asked(who), WORDS)
        clock.at = datetime(year + 1, 1, 2, tzinfo=UTC)
        found.append(find_boundary(engine, year))
        await close_year(lives.log, found[-1], OFFICER)
    return found


def archived(engine: Engine, key: VerifierKey, directory: Path, clock: Clock) -> Path:
    """An export of all of the log."""
    files = ExportFiles(directory, private=False)
    stage_export(engine, files, [key], Wanted(), now=clock.at)
    files.publish()
    return directory


def checked(engine: Engine, lives: Lives, place: Path, clock: Clock, *more: str) -> int:
    """The exit status of the verifier that needs no hub, on an export of the log as it is."""
    try:
        exported = archived(engine, lives.log.verifier, place / "export", clock)
    except ExportRefused:
        return 1
    (place / "key").write_text(str(lives.log.verifier))
    command = [sys.executable, str(OFFLINE), str(exported), "--key", str(place / "key"), "--jobs", "1", *more]
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode


def lengths(url: str) -> list[int]:
    return [int(str(row[0])) for row in read_all(url, 'SELECT length(body) FROM log_entry ORDER BY "index"')]


class TestYears:
    async def test_a_boundary_is_where_the_year_ends(self, lives: Lives, engine: Engine, clock: Clock) -> None:
        found = await years(lives, engine, clock)
        assert [(each.year, each.size) for each in found] == [(2018, 4), (2019, 9), (2020, 14)]
        with engine.connect() as connection:
            assert read_years(connection) == found
        stored = await lives.log.entry(4)
        assert stored is not None
        assert isinstance(stored.entry, YearClosed)
        assert (stored.entry.year, stored.entry.size, stored.entry.root) == (2018, 4, found[0].root.hex())

    async def test_it_moves_back_before_questions_that_straddle_it(
        self, lives: Lives, engine: Engine, clock: Clock
    ) -> None:
        """Not only before the one it cuts: another that ends after that one began may begin before it."""
        await lives.ask(asked(OTHER), WORDS)
        clock.at = datetime(2018, 12, 31, 23, 59, tzinfo=UTC)
        first = await lives.ask(asked(OTHER), WORDS, answered=False)
        second = await lives.ask(asked(AMIRA), WORDS, answered=False)
        await lives.log.append(making.answer(lives.log, first))
        clock.at = datetime(2019, 1, 1, tzinfo=UTC)
        await lives.log.append(making.answer(lives.log, second))
        await lives.ask(asked(OTHER), WORDS)
        assert find_boundary(engine, 2018).size == first == 2

    async def test_a_year_without_a_question(self, lives: Lives, engine: Engine, clock: Clock) -> None:
        clock.at = datetime(2019, 6, 1, tzinfo=UTC)
        await lives.ask(asked(OTHER), WORDS)
        assert find_boundary(engine, 2018).size == 0
        assert find_boundary(engine, 2019).size == 2

    async def test_a_question_of_it_is_still_open(self, lives: Lives, engine: Engine, clock: Clock) -> None:
        number = await lives.ask(asked(OTHER), WORDS, answered=False)
        clock.at = datetime(2019, 1, 1, tzinfo=UTC)
        with pytest.raises(BadRequest, match=f"Question {number} has no end") as caught:
            find_boundary(engine, 2018)
        assert caught.value.code == "YEAR_OPEN"

    @pytest.mark.parametrize("year", [2018, 2019, 2020])
    async def test_closed_before(self, lives: Lives, engine: Engine, clock: Clock, year: int) -> None:
        found = await years(lives, engine, clock)
        with pytest.raises(BadRequest) as caught:
            find_boundary(engine, year)
        assert caught.value.code == "YEAR_CLOSED"
        with pytest.raises(BadRequest):
            await close_year(lives.log, Year(year, 1, found[0].root), OFFICER)
        assert len(read_all(lives.url, "SELECT * FROM log_year")) == 3


class TestPruned:
    async def test_hashes_and_proofs_stay(
        self, lives: Lives, engine: Engine, clock: Clock, log_url: str, tmp_path: Path
    ) -> None:
        found = await years(lives, engine, clock)
        old = await lives.log.proof(1)
        checkpoint = await lives.log.checkpoint()
        digest = check_archive(engine, archived(engine, lives.log.verifier, tmp_path / "archive", clock), found[1])
        planned = plan_pruning(engine, 2020)
        assert (planned.closed, planned.left, planned.on_hold) == (found[1], 8, 0)
        (at,) = await prune(lives.log, planned, digest, OFFICER, "retention_over")
        assert [number for number, length in enumerate(lengths(log_url)) if not length] == [0, 1, 2, 3, 5, 6, 7, 8]
        stored = await lives.log.entry(at)
        assert stored is not None
        assert isinstance(stored.entry, Pruning)
        assert (stored.entry.before, stored.entry.kept, stored.entry.archive) == (9, 1, digest)
        new = await lives.log.proof(1)
        assert old is not None
        assert new is not None
        for proof in (old, new):
            verify_proof(proof.encode(), lives.log.verifier)
        (tmp_path / "before").write_text(checkpoint)
        assert checked(engine, lives, tmp_path, clock, "--known", str(tmp_path / "before")) == 0
        gone = read_side(engine, 0)
        assert gone is not None
        assert gone.state is SideState.GONE
        assert read_all(log_url, 'SELECT "index" FROM log_side ORDER BY "index"') == [(10,), (12,)]
        assert plan_pruning(engine, 2020).left == 0

    async def test_what_is_on_hold_stays_whole(
        self, lives: Lives, engine: Engine, clock: Clock, log_url: str, tmp_path: Path
    ) -> None:
        await years(lives, engine, clock)
        await hold(lives.log, make_hold(lives.log, SET, OFFICER, await her(lives), "inquest"))
        planned = plan_pruning(engine, 2020)
        assert (planned.left, planned.on_hold, planned.kept.tolist()) == (4, 4, [0, 1, 4, 5, 6])
        await prune(lives.log, planned, ARCHIVE, OFFICER, "retention_over")
        assert [number for number, length in enumerate(lengths(log_url)) if not length] == [2, 3, 7, 8]
        assert checked(engine, lives, tmp_path, clock) == 0
        kept = read_side(engine, 5)
        assert kept is not None
        assert kept.state is SideState.KEPT

    async def test_a_hold_on_her_keeps_what_was_asked_about_her_unborn_child_afterwards(
        self, lives: Lives, engine: Engine, clock: Clock
    ) -> None:
        await lives.ask(asked(AMIRA), WORDS)
        await hold(lives.log, make_hold(lives.log, SET, OFFICER, await her(lives), "inquest"))
        number = asked(AMIRA).stated.nhs_number
        assert number is not None
        expected = Unborn(number, PartialDate.parse("2018-12"))
        index = await lives.ask(ChildSearch(Identity(unborn=expected)), WORDS)
        clock.at = datetime(2019, 1, 2, tzinfo=UTC)
        await close_year(lives.log, find_boundary(engine, 2018), OFFICER)
        assert {index, index + 1} <= set(plan_pruning(engine, 2019).kept)

    async def test_a_hold_the_table_lost_holds(self, lives: Lives, engine: Engine, clock: Clock, log_url: str) -> None:
        await years(lives, engine, clock)
        await hold(lives.log, make_hold(lives.log, SET, OFFICER, await her(lives), "inquest"))
        edit(log_url, "DELETE FROM log_hold")
        assert plan_pruning(engine, 2020).on_hold == 4

    async def test_a_hold_that_is_set_meanwhile(self, lives: Lives, engine: Engine, clock: Clock, log_url: str) -> None:
        await years(lives, engine, clock)
        planned = plan_pruning(engine, 2020)
        await hold(lives.log, make_hold(lives.log, SET, OFFICER, await her(lives), "inquest"))
        with pytest.raises(BadRequest) as caught:
            await prune(lives.log, planned, ARCHIVE, OFFICER, "retention_over")
        assert caught.value.code == "HOLDS_CHANGED"
        assert 0 not in lengths(log_url)

    async def test_in_pieces_and_on_after_a_stop(
        self, lives: Lives, engine: Engine, clock: Clock, log_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:  # fmt: skip
        monkeypatch.setattr(pruning, "CHUNK_ROWS", 3)
        await years(lives, engine, clock)
        planned, seen = plan_pruning(engine, 2021), 0

        def fail(_connection: Any, _cursor: Any, said: str, *_: object) -> None:
            nonlocal seen
            seen += said.startswith("DELETE FROM log_side")
            if seen == 3:
                raise RuntimeError

        event.listen(lives.log._engine, "before_cursor_execute", fail)
        with pytest.raises(AuditUnavailable):
            await prune(lives.log, planned, ARCHIVE, OFFICER, "retention_over")
        event.remove(lives.log._engine, "before_cursor_execute", fail)
        assert [number for number, length in enumerate(lengths(log_url)) if not length] == [0, 1, 2, 3, 5]
        assert checked(engine, lives, tmp_path / "1", clock) == 0
        again = plan_pruning(engine, 2021)
        assert (again.first, again.left) == (6, 7)
        await prune(lives.log, again, ARCHIVE, OFFICER, "retention_over")
        assert lengths(log_url)[:14].count(0) == 12
        assert checked(engine, lives, tmp_path / "2", clock) == 0

    async def test_no_year_before_it_is_closed(self, lives: Lives, engine: Engine, clock: Clock) -> None:
        await years(lives, engine, clock)
        with pytest.raises(BadRequest) as caught:
            plan_pruning(engine, 2018)
        assert caught.value.code == "YEAR_NOT_CLOSED"

    @pytest.mark.parametrize("statement", ['UPDATE log_entry SET body = :empty WHERE "index" = 12', 'UPDATE log_entry SET body = :empty WHERE "index" = 13'])  # fmt: skip
    async def test_a_body_that_is_gone_without_an_entry_is_a_fault(
        self, lives: Lives, engine: Engine, clock: Clock, log_url: str, statement: str, tmp_path: Path
    ) -> None:
        await years(lives, engine, clock)
        await prune(lives.log, plan_pruning(engine, 2020), ARCHIVE, OFFICER, "retention_over")
        edit(log_url, statement, empty=b"")
        assert checked(engine, lives, tmp_path, clock) == 1


class TestArchive:
    async def test_what_is_no_archive(self, lives: Lives, engine: Engine, clock: Clock, tmp_path: Path) -> None:
        (first, *_) = await years(lives, engine, clock)
        with pytest.raises(ArchiveInvalid, match="cannot be read"):
            check_archive(engine, tmp_path / "nothing", first)

    async def test_one_from_before_the_year_was_over(
        self, lives: Lives, engine: Engine, clock: Clock, tmp_path: Path
    ) -> None:
        await lives.ask(asked(OTHER), WORDS)
        archive = archived(engine, lives.log.verifier, tmp_path / "archive", clock)
        (first, *_) = await years(lives, engine, clock)
        with pytest.raises(ArchiveInvalid, match=r"2 entries.* ends at 6"):
            check_archive(engine, archive, first)

    @pytest.mark.parametrize(
        "spoil",
        [
            pytest.param(lambda data: data[:-1], id="cut short"),
            pytest.param(lambda data: data.replace(b'"trace":"4', b'"trace":"5', 1), id="an entry changed"),
            pytest.param(lambda data: b"\0\0" + data[2 + int.from_bytes(data[:2], "big") :], id="an entry left out"),
            pytest.param(lambda _data: b"", id="empty"),
        ],
    )
    async def test_one_that_was_changed(
        self, lives: Lives, engine: Engine, clock: Clock, tmp_path: Path, spoil: Callable[[bytes], bytes]
    ) -> None:
        (first, *_) = await years(lives, engine, clock)
        archive = archived(engine, lives.log.verifier, tmp_path / "archive", clock)
        check_archive(engine, archive, first)
        (bundle,) = (each for each in (archive / "tile" / "entries").rglob("*") if each.is_file())
        bundle.write_bytes(spoil(bundle.read_bytes()))
        with pytest.raises(ArchiveInvalid):
            check_archive(engine, archive, first)

    async def test_of_another_log_of_the_same_length(
        self, lives: Lives, engine: Engine, clock: Clock, tmp_path: Path
    ) -> None:
        (first, *_) = await years(lives, engine, clock)
        archive = archived(engine, lives.log.verifier, tmp_path / "archive", clock)
        with pytest.raises(ArchiveInvalid, match="not those of this log"):
            check_archive(engine, archive, Year(first.year, first.size, b"\1" * 32))

    async def test_what_was_dropped_before_may_be_missing(
        self, lives: Lives, engine: Engine, clock: Clock, tmp_path: Path
    ) -> None:
        """An archive made after the years before it were dropped."""
        (_, second, third) = await years(lives, engine, clock)
        await prune(lives.log, plan_pruning(engine, 2020), ARCHIVE, OFFICER, "retention_over")
        archive = archived(engine, lives.log.verifier, tmp_path / "archive", clock)
        for year in (second, third):
            check_archive(engine, archive, year)


async def her(lives: Lives) -> str:
    return await lives.log.reference("subject", f"nhs:{AMIRA.nhs_number.value}")  # type: ignore[union-attr]
