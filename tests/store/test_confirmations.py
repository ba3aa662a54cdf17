"""What answers showed, and what people said of it: seen by every process at once, never lost in silence, never quoted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from hub.audit.acts import MatchAct
from hub.errors import AuditUnavailable, BadRequest
from hub.matching.confirmations import Book, Confirmation, Said, Withdrawn, see
from hub.store.appender import Log
from hub.store.confirmations import SHOWN_DAYS_MAX, ConfirmationStore, Kept
from tests.matching.confirming import AT, LATER, SALT, shown, word
from tests.matching.people import BORN, HER_TWIN, MIA, asked, held, who
from tests.store.making import ask_and_answer
from tests.store.tampering import edit, read_all

MakeStore = Callable[..., ConfirmationStore]
ASK = asked(MIA)
MOVED = who("Mia", "Reid", BORN, "F", "ZZ7 7ZZ")
SECRETS = ("p0", "p1", "Mia", "Okafor", "Reid", "ZZ7", "2014", "Amina", "Rang", SALT.decode())
TAKEN_BACK = Withdrawn("Rowan Achebe", AT + timedelta(hours=1), "It was her cousin.")


def made(number: int, said: Said = Said.SAME) -> Confirmation:
    return word(ASK, shown(ASK, MOVED), said, reference=f"{number:032x}")


def counts(book: Book) -> bool:
    return book.about(ASK, held(MOVED)[0], LATER) is not None


@pytest.fixture
async def make_store(log: Log, log_url: str) -> AsyncIterator[MakeStore]:
    """Makes stores in a log's database."""
    stores: list[ConfirmationStore] = []

    def make(**more: Any) -> ConfirmationStore:
        stores.append(ConfirmationStore(log_url, log, **more))
        return stores[-1]

    yield make
    await asyncio.gather(*(each.close() for each in stores))


@pytest.fixture
async def store(make_store: MakeStore) -> ConfirmationStore:
    return make_store()


class TestSaid:
    async def test_reads_as_it_was_made(self, store: ConfirmationStore, make_store: MakeStore) -> None:
        assert await store.every() == ()
        await store.record(made(1))
        await store.withdraw(made(1).id, TAKEN_BACK)
        for each in (store, make_store()):
            assert await each.every() == (Kept(made(1), TAKEN_BACK),)

    async def test_counts_until_it_is_withdrawn_in_every_process(self, make_store: MakeStore) -> None:
        hub, desk = make_store(), make_store()
        assert not counts(await hub.book())
        await desk.record(made(1))
        assert counts(await hub.book())
        await hub.withdraw(made(1).id, TAKEN_BACK)
        assert not counts(await desk.book())

    async def test_nothing_is_read_again_while_nothing_is_new(self, store: ConfirmationStore) -> None:
        await store.record(made(1))
        first = await store.book()
        statements: list[str] = []
        event.listen(store._engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
        assert await store.book() is first
        assert len([each for each in statements if each.startswith("SELECT")]) == 1

    @pytest.mark.parametrize(
        ("before", "reference", "code"),
        [
            pytest.param(False, "f" * 32, "CONFIRMATION_NOT_FOUND", id="no such reference"),
            pytest.param(False, "'; DROP TABLE confirmation; --", "CONFIRMATION_NOT_FOUND", id="no reference"),
            pytest.param(True, f"{1:032x}", "CONFIRMATION_WITHDRAWN", id="withdrawn before"),
        ],
    )
    async def test_what_cannot_be_withdrawn(
        self, store: ConfirmationStore, before: bool, reference: str, code: str
    ) -> None:
        await store.record(made(1))
        if before:
            await store.withdraw(made(1).id, TAKEN_BACK)
        count = len(await store.every())
        with pytest.raises(BadRequest) as caught:
            await store.withdraw(reference, TAKEN_BACK)
        assert caught.value.code == code
        assert len(await store.every()) == count

    async def test_rows_are_only_added(self, store: ConfirmationStore, log_url: str) -> None:
        await store.record(made(1))
        before = read_all(log_url, "SELECT * FROM confirmation")
        await store.withdraw(made(1).id, TAKEN_BACK)
        after = read_all(log_url, "SELECT * FROM confirmation ORDER BY number")
        assert after[:1] == before
        assert [row[:3] for row in after] == [(1, made(1).id, "recorded"), (2, made(1).id, "withdrawn")]

    @pytest.mark.parametrize(
        "break_it",
        [
            pytest.param("DROP TABLE confirmation", id="no table"),
            pytest.param("UPDATE confirmation SET body = '{\"version\"\\:1}' WHERE number = 2", id="a row that says nothing"),
            pytest.param("UPDATE confirmation SET body = '{' || body WHERE number = 2", id="a row that is not JSON"),
            pytest.param("UPDATE confirmation SET body = replace(body, '\"version\"\\:1', '\"version\"\\:2') WHERE number = 2", id="a later hub's row"),
            pytest.param("UPDATE confirmation SET body = replace(body, '\"same\"', '\"maybe\"') WHERE number = 2", id="neither same nor different"),
            pytest.param("UPDATE confirmation SET act = 'withdrawn' WHERE number = 2", id="a withdrawal that is none"),
        ],
    )  # fmt: skip
    async def test_what_cannot_be_read_is_never_read_as_nothing(
        self, store: ConfirmationStore, log_url: str, break_it: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, "hub")
        await store.record(made(1))
        await store.book()
        await store.record(made(2))
        edit(log_url, break_it)
        for _ in range(2):
            with pytest.raises(AuditUnavailable, match="nothing is released") as caught:
                await store.book()
            assert not [one for one in SECRETS if one in str(caught.value) + caplog.text]

    async def test_a_database_put_back_is_read_anew(self, store: ConfirmationStore, log_url: str) -> None:
        await store.record(made(1))
        assert counts(await store.book())
        edit(log_url, "DELETE FROM confirmation")
        assert not counts(await store.book())
        await store.record(made(2))
        assert [each.confirmation.id for each in await store.every()] == [made(2).id]

    async def test_nothing_in_the_table_can_be_read_as_a_match_field(
        self, store: ConfirmationStore, log_url: str
    ) -> None:
        await store.record(made(1))
        ((body,),) = read_all(log_url, "SELECT body FROM confirmation")
        assert not [one for one in ("Mia", "mia", "Okafor", "okafor", "reid", "2014", "ZZ77ZZ") if one in str(body)]


class TestLogged:
    async def test_who_was_asked_about_when_it_was_shown(
        self, store: ConfirmationStore, log: Log, log_url: str
    ) -> None:
        asked, answered = await ask_and_answer(log)
        await store.remember(answered.index, ASK, [shown(ASK, MOVED)], AT)
        kept = replace(made(1, Said.DIFFERENT), seen=await store.seen(answered.index, 1))
        await store.record(kept)
        await store.withdraw(kept.id, TAKEN_BACK)
        question = await log.entry(asked.index)
        told = [await log.entry(answered.index + n) for n in (1, 2)]
        assert question is not None
        assert [(each.entry.act, each.entry.subject) for each in told] == [  # type: ignore[union-attr]
            ("denied", question.entry.subject),  # type: ignore[union-attr]
            ("withdrawn", question.entry.subject),  # type: ignore[union-attr]
        ]
        bodies = b"".join(bytes(row[0]) for row in read_all(log_url, "SELECT body FROM log_entry"))
        assert not [one for one in SECRETS if one.encode() in bodies and one != "2014"]  # random digits may be those

    async def test_what_was_shown_is_not_kept_any_more(self, store: ConfirmationStore, log: Log) -> None:
        await store.record(made(1))
        told = await log.entry(0)
        assert told is not None
        assert isinstance(told.entry, MatchAct)
        assert told.entry.subject == await log.reference("subject", "local:police/p0")

    async def test_nothing_is_said_while_the_log_is_down(self, store: ConfirmationStore, log_url: str) -> None:
        edit(log_url, "UPDATE log_head SET size = size + 1")
        with pytest.raises(AuditUnavailable, match="not certain"):
            await store.record(made(1))
        assert await store.every() == ()


class TestShown:
    async def test_by_the_reference_in_the_answer(self, store: ConfirmationStore, make_store: MakeStore) -> None:
        await store.remember(812, ASK, [shown(ASK, MOVED), shown(ASK, MIA, HER_TWIN, HER_TWIN, MIA, place=3)], AT)
        for ordinal, local_id in ((1, "p0"), (2, "p3")):
            seen = await make_store().seen(812, ordinal)
            assert (seen.custodian, seen.local_id) == ("police", local_id)
        seen = await store.seen(812, 1)
        assert seen == see(ASK, shown(ASK, MOVED), seen.salt)

    async def test_every_one_has_a_salt_of_its_own(self, store: ConfirmationStore) -> None:
        await store.remember(1, ASK, [shown(ASK, MOVED)] * 2, AT)
        one, other = await store.seen(1, 1), await store.seen(1, 2)
        assert one.salt != other.salt
        assert one.held["given_name"].isdisjoint(other.held["given_name"])

    async def test_by_the_custodians_own_id_in_the_newest_answer(self, store: ConfirmationStore) -> None:
        await store.remember(2, asked(who("Mia", "Osei", BORN)), [shown(ASK, MOVED)], AT)
        await store.remember(1, ASK, [shown(ASK, MOVED)], AT)
        assert await store.last_seen("police", "p0") == await store.seen(2, 1)

    @pytest.mark.parametrize(("answer", "ordinal"), [(812, 2), (813, 1), (812, 0)])
    async def test_nobody_was_shown_there(self, store: ConfirmationStore, answer: int, ordinal: int) -> None:
        await store.remember(812, ASK, [shown(ASK, MOVED)], AT)
        with pytest.raises(BadRequest) as caught:
            await store.seen(answer, ordinal)
        assert caught.value.code == "CANDIDATE_NOT_FOUND"

    @pytest.mark.parametrize(("custodian", "local_id"), [("police", "p1"), ("council", "p0"), ("", "")])
    async def test_nobody_of_that_id_was_shown(self, store: ConfirmationStore, custodian: str, local_id: str) -> None:
        await store.remember(812, ASK, [shown(ASK, MOVED)], AT)
        with pytest.raises(BadRequest) as caught:
            await store.last_seen(custodian, local_id)
        assert caught.value.code == "CANDIDATE_NOT_FOUND"

    async def test_what_is_old_is_deleted_when_something_new_is_shown(
        self, store: ConfirmationStore, log_url: str
    ) -> None:
        for answer, days in ((1, 0), (2, 1), (3, SHOWN_DAYS_MAX + 1)):
            await store.remember(answer, ASK, [shown(ASK, MOVED)], AT + timedelta(days=days))
        assert read_all(log_url, "SELECT answer FROM match_shown ORDER BY answer") == [(2,), (3,)]

    async def test_what_cannot_be_kept_costs_no_answer(
        self, store: ConfirmationStore, log_url: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        edit(log_url, "DROP TABLE match_shown")
        await store.remember(1, ASK, [shown(ASK, MOVED)], AT)
        assert "cannot be confirmed" in caplog.text
        assert not [one for one in SECRETS if one in caplog.text]


async def test_a_database_that_does_not_answer(tmp_path: Path) -> None:
    store = ConfirmationStore(f"postgresql://u:secret@/db?host={tmp_path}", wait_seconds=2)
    with pytest.raises(AuditUnavailable) as caught:
        await store.book()
    assert "secret" not in str(caught.value)
    await store.close()
