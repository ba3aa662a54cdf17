"""What was asked in her own words is kept beside the question, nowhere else; what cannot be kept is not asked."""

from __future__ import annotations

import logging
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from starlette.testclient import TestClient

from hub.app import Hub, create_app
from hub.audit.entries import Question, Refused
from hub.audit.side import SIDE_MAX
from hub.audit.words import EntryInvalid
from hub.domain.enquiry import Enquiry, LookBack, Searcher
from hub.domain.identifiers import CaseReference
from hub.domain.organisations import Sector
from hub.errors import AuditUnavailable, TooLarge
from hub.service.question import Words
from hub.store.sides import (
    UNPACKED_MAX,
    AskedInWords,
    Found,
    SideAltered,
    SideState,
    asked_in,
    pack,
    read_side,
    unpack,
)
from tests.service.conftest import Bench
from tests.service.custodians import council, health, police
from tests.service.test_policies_in_app import Path, place, settings  # noqa: F401 - the fixture
from tests.store.making import question as bare_question
from tests.store.tampering import edit, read_all

DOCUMENT = 'query { child(find: {nhsNumber: "999 000 4021"}) { sources { id } } } # Maya’s school rang'
VARIABLES = {"name": "Maya", "born": [2014, {"deep": None}]}
SAID = Words(DOCUMENT, VARIABLES)
SECRETS = ("999 000 4021", "Maya", "school")


async def beside(bench: Bench, index: int = 0) -> Found | None:
    return await bench.log.beside(lambda engine: read_side(engine, index))


class TestKept:
    async def test_the_question_commits_to_what_was_asked(self, bench: Bench) -> None:
        await bench.ask(council(), police(), health(), words=SAID)
        found = await beside(bench)
        assert found is not None
        assert found.state is SideState.KEPT
        assert found.body is not None
        assert asked_in(found.body) == AskedInWords(DOCUMENT, VARIABLES)
        assert await beside(bench, 1) == Found(SideState.NONE), "the answer has no text of anybody's"
        assert await beside(bench, 2) is None

    async def test_why_older_records_were_asked_for(self, bench: Bench) -> None:
        reason = next(iter(bench.policy.bundle.vocabulary.look_back_reasons))
        enquiry = Enquiry("ca2004-s16la", CaseReference("MASH-1"), None, LookBack(None, reason))
        await bench.ask(council(), enquiry=enquiry, words=SAID)
        found = await beside(bench)
        assert found is not None
        assert found.body is not None
        assert asked_in(found.body).reason == reason

    async def test_it_is_nowhere_else(self, bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        await bench.ask(council(), words=SAID)
        (entry, _) = await bench.entries()
        bodies = b"".join(bytes(row[0]) for row in read_all(f"sqlite:///{bench.path}", "SELECT body FROM log_entry"))
        shown = bodies.decode() + caplog.text + repr(entry) + repr(SAID) + repr(AskedInWords(DOCUMENT, VARIABLES))
        assert not [secret for secret in SECRETS if secret in shown]

    async def test_two_questions_alike_have_unlike_commitments(self, bench: Bench) -> None:
        for _ in range(2):
            await bench.ask(council(), words=SAID)
        asked = [entry.side for entry in await bench.entries() if isinstance(entry, Question)]
        assert len({*asked, None}) == 3


class TestNotAsked:
    async def test_the_row_cannot_be_kept(self, bench: Bench) -> None:
        custodians = [council(), police(), health()]
        edit(f"sqlite:///{bench.path}", "ALTER TABLE log_side RENAME TO log_side_gone")
        with pytest.raises(AuditUnavailable):
            await bench.ask(*custodians, words=SAID)
        assert [one.calls for one in custodians] == [[], [], []]
        assert await bench.entries() == []

    async def test_it_is_longer_than_a_row(self, bench: Bench) -> None:
        asked = council()
        noise = zlib.compress(bytes(range(256)), 9).hex()
        words = Words("".join(chr(0x4E00 + (n * 7919) % 20_000) for n in range(700_000)) + noise, {})
        with pytest.raises(TooLarge):
            await bench.ask(asked, words=words)
        assert asked.calls == []
        (refused,) = await bench.entries()
        assert isinstance(refused, Refused)
        assert (refused.code, refused.status) == ("REQUEST_TOO_LARGE", 413)


class TestReader:
    @pytest.mark.parametrize(
        "statement",
        [
            pytest.param("UPDATE log_side SET body = x'007b7d' WHERE \"index\" = 0", id="other text"),
            pytest.param('UPDATE log_side SET salt = zeroblob(32) WHERE "index" = 0', id="other salt"),
            pytest.param("UPDATE log_side SET salt = x'00' WHERE \"index\" = 0", id="a salt that is none"),
            pytest.param('UPDATE log_side SET body = (SELECT body FROM log_side WHERE "index" = 2)', id="another question's"),
        ],
    )  # fmt: skip
    async def test_what_is_not_what_was_committed_to(self, bench: Bench, statement: str) -> None:
        for words in (SAID, Words("{ other }", {})):
            await bench.ask(council(), words=words)
        edit(f"sqlite:///{bench.path}", statement)
        fault = await bench.log.beside(lambda engine: altered(engine, 0))
        assert not [secret for secret in SECRETS if secret in str(fault)]

    async def test_a_row_beside_an_entry_that_commits_to_none(self, bench: Bench) -> None:
        await bench.ask(council(), words=SAID)
        edit(f"sqlite:///{bench.path}", 'UPDATE log_side SET "index" = 1')
        assert await bench.log.beside(lambda engine: altered(engine, 1))

    async def test_what_was_erased_is_gone_and_never_none(self, bench: Bench) -> None:
        await bench.ask(council(), words=SAID)
        edit(f"sqlite:///{bench.path}", "DELETE FROM log_side")
        assert await beside(bench) == Found(SideState.GONE)
        edit(f"sqlite:///{bench.path}", "UPDATE log_entry SET body = x''")
        assert await beside(bench) == Found(SideState.GONE), "a dropped entry does not say what it committed to"

    async def test_a_question_of_before_side_rows(self, bench: Bench) -> None:
        await bench.log.append(bare_question(bench.log))
        assert await beside(bench) == Found(SideState.NONE)


def altered(engine: Engine, index: int) -> SideAltered:
    """The fault that reading the row is."""
    with pytest.raises(SideAltered) as caught:
        read_side(engine, index)
    return caught.value


class TestPacked:
    @given(st.text(), st.dictionaries(st.text(), st.none() | st.booleans() | st.text() | st.lists(st.integers())))
    def test_reads_as_it_was_packed(self, document: str, variables: dict[str, Any]) -> None:
        asked = AskedInWords(document, variables)
        assert asked_in(pack(asked)) == asked

    def test_it_is_deflated_where_that_is_shorter(self) -> None:
        short, long = AskedInWords("{a}", {}), AskedInWords("{ a }" * 1_000, {})
        assert pack(short)[:1] == b"\0"
        assert pack(long)[:1] == b"\1"
        assert len(pack(long)) < 200

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"", id="nothing"),
            pytest.param(b"\2{}", id="a packing of no meaning"),
            pytest.param(b"\0\xff", id="not UTF-8"),
            pytest.param(b"\1garbage", id="not zlib"),
            pytest.param(b"\1" + zlib.compress(b"{}")[:-1], id="cut short"),
            pytest.param(b"\1" + zlib.compress(b"{}") + b"x", id="more after the end"),
            pytest.param(b"\1" + zlib.compress(b" " * (UNPACKED_MAX + 1)), id="a bomb"),
            pytest.param(b"\0[]", id="no object"),
            pytest.param(b'\0{"document":""}', id="half a question"),
            pytest.param(b"\0" + b"[" * 100_000, id="very deep"),
        ],
    )
    def test_what_holds_no_question(self, body: bytes) -> None:
        with pytest.raises(SideAltered):
            asked_in(body)

    def test_limits(self) -> None:
        assert unpack(b"\0" + b"x" * 10) == "x" * 10
        for document in ("x" * UNPACKED_MAX, "half a \ud83d pair"):
            with pytest.raises(EntryInvalid):
                pack(AskedInWords(document, {}))
        assert len(pack(AskedInWords("x" * (UNPACKED_MAX - 100), {}))) < SIDE_MAX


def test_what_is_sent_to_the_hub_is_what_is_kept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    built: list[Hub] = []
    searcher = Searcher(
        "mash", "testshire-council", "T", Sector.COUNCIL, "w-1", "mash_social_worker", frozenset({"ca1989-s47"})
    )

    async def known(_: object) -> Searcher:
        return searcher

    sources = "sources { custodian { id } state reason }"
    document = (
        'query($n: String!) { child(find: {nhsNumber: $n}, enquiry: {purpose: CA1989_S47, caseReference: "A-1", '
        'decision: {by: "Team manager", at: "2026-01-05T10:00:00Z"}}) '
        f"{{ ... on JoinedView {{ {sources} }} ... on NoMatch {{ {sources} }} ... on PossibleMatches {{ {sources} }} }} }}"
    )
    hub = create_app(settings(place), lambda hub: built.append(hub) or [])  # type: ignore[func-returns-value]
    with TestClient(hub) as client:
        monkeypatch.setattr(built[0].endpoint, "searcher", known)
        sent = {"query": document, "variables": {"n": "9990004021"}}
        reply = client.post("/graphql", json=sent)
        assert "errors" not in reply.json()
        assert client.portal is not None
        # entry 0 says which register is in force
        found = client.portal.call(built[0].log.beside, lambda engine: read_side(engine, 1))
    assert found is not None
    assert found.body is not None
    assert asked_in(found.body) == AskedInWords(document, {"n": "9990004021"})
