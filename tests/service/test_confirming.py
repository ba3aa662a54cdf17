"""Who may say what of a possible match: only she who was shown it, and the log says that she did, not why."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.audit.acts import MatchAct, Officer
from hub.domain.enquiry import Searcher
from hub.domain.organisations import Sector
from hub.domain.people import ChildSearch, Identity, Unborn
from hub.domain.view import JoinedView, PossibleMatches
from hub.errors import BadRequest
from hub.matching.confirmations import Confirmation
from hub.matching.resolution import Said
from hub.policy.engine import Policy
from hub.service.confirming import DAYS, Confirming
from hub.service.entries import worker_key
from hub.service.matching import Matching
from hub.store.appender import Log
from hub.store.confirmations import ConfirmationStore
from hub.store.keys import load_or_create
from tests.service import unborn
from tests.service.conftest import NOW, Bench
from tests.service.custodians import BORN, MAYA, Bendable, council
from tests.store.tampering import read_all

WORKER = Searcher(
    "testshire-mash", "testshire-council", "Testshire", Sector.COUNCIL, "w-1", "mash_social_worker", frozenset()
)
WHY = "Compared the mother's name with the officer in the case, on the telephone."
ASKED = ChildSearch(Identity(None, False, ("Maya",), ("Thornbury",), BORN))
ALMOST = replace(MAYA, nhs_number=None, nhs_number_verified=False, given_names=("Maia",), postcode="ZZ9 9ZZ")


@dataclass
class Desk:
    """A hub that showed one possible match, and somebody who says what it is."""

    log: Log
    store: ConfirmationStore
    bench: Bench
    url: str

    async def shown(self, *custodians: Bendable, search: ChildSearch = ASKED) -> str:
        """The reference of a possible match that worker ``w-1`` was shown."""
        answer = await self.bench.ask(*(custodians or (council(people=(ALMOST,)),)), search=search)
        assert isinstance(answer, PossibleMatches)
        return f"{answer.log_entry}-c1"

    async def says(self, who: Searcher, reference: str, said: Said = Said.SAME, reasons: str = WHY) -> Confirmation:
        worker = await self.log.reference("worker", worker_key(who.organisation, who.worker or ""))
        officer = Officer(who.client_id, who.organisation, worker, who.role)
        saying = Confirming(self.log, self.store)
        return await saying.say(who, officer, reference, said, name="Amina Okafor", reasons=reasons, at=NOW)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def desk(request: pytest.FixtureRequest, tmp_path: Path, policy: Policy) -> AsyncIterator[Desk]:
    url = f"sqlite:///{tmp_path / 'log.sqlite'}"
    if request.param == "postgresql":
        make: Callable[[], str] = request.getfixturevalue("new_schema")
        url = make()
    log = Log(url, load_or_create(tmp_path / "log.key", "hub.test/log"), wait_seconds=2.0)
    await log.start()
    store = ConfirmationStore(url, log, wait_seconds=2.0)
    yield Desk(log, store, Bench(log, policy, tmp_path, matching=Matching(store.book, store.remember)), url)
    await store.close()
    await log.close()


@pytest.mark.parametrize("said", list(Said))
async def test_it_counts_and_the_log_says_who_said_it_and_not_why(desk: Desk, said: Said) -> None:
    made = await desk.says(WORKER, await desk.shown(), said)
    assert made.expires_at - made.at == timedelta(days=DAYS)
    assert [kept.confirmation.said for kept in await desk.store.every()] == [said]
    (act,) = [entry for entry in await desk.bench.entries() if isinstance(entry, MatchAct)]
    assert (act.officer.organisation, act.officer.role) == ("testshire-council", "mash_social_worker")
    assert act.officer.worker == await desk.log.reference("worker", "testshire-council/w-1")
    logged = b"".join(bytes(row[0]) for row in read_all(desk.url, "SELECT body FROM log_entry"))
    assert not any(word in logged for word in (b"Amina", b"telephone", b"Maia", b"Thornbury", b"local-0"))


@pytest.mark.parametrize(
    "who",
    [
        pytest.param(replace(WORKER, worker="w-2"), id="a colleague"),
        pytest.param(replace(WORKER, organisation="testshire-nhs"), id="her namesake at another agency"),
    ],
)
async def test_what_was_shown_to_somebody_else_is_as_if_it_were_not_there(desk: Desk, who: Searcher) -> None:
    reference = await desk.shown()
    refusals = []
    for each in (reference, "999-c1"):
        with pytest.raises(BadRequest) as refused:
            await desk.says(who, each)
        refusals.append((refused.value.code, refused.value.message))
    assert refusals[0] == refusals[1]
    assert refusals[0][0] == "CANDIDATE_NOT_FOUND"
    assert await desk.store.every() == ()


@pytest.mark.parametrize(
    ("reference", "reasons", "code"),
    [
        pytest.param("{0}-c2", WHY, "CANDIDATE_NOT_FOUND", id="one more than were shown"),
        pytest.param("c1", WHY, "CANDIDATE_NOT_FOUND", id="without its answer"),
        pytest.param("{0}-c1' OR 1", WHY, "CANDIDATE_NOT_FOUND", id="no reference"),
        pytest.param("9999999999999999-c1", WHY, "CANDIDATE_NOT_FOUND", id="a number no log reaches"),
        pytest.param("0-c1", WHY, "CANDIDATE_NOT_FOUND", id="a question's number, not its answer's"),
        pytest.param("{0}-c1", "It is her.", "JUDGEMENT_REASONS_INVALID", id="reasons that say nothing"),
        pytest.param("{0}-c1", WHY + "\x00", "JUDGEMENT_REASONS_INVALID", id="reasons with a NUL"),
    ],
)
async def test_refused_and_nothing_is_recorded(desk: Desk, reference: str, reasons: str, code: str) -> None:
    shown = (await desk.shown()).removesuffix("-c1")
    with pytest.raises(BadRequest) as refused:
        await desk.says(WORKER, reference.format(shown), reasons=reasons)
    assert refused.value.code == code
    assert await desk.store.every() == ()


UNDATED = replace(unborn.UNBORN, unborn=Unborn(unborn.MOTHER))


async def test_that_a_record_is_of_a_pregnancy_counts_and_the_log_tells_neither_the_mother_nor_the_date(
    desk: Desk,
) -> None:
    made = await desk.says(WORKER, await desk.shown(unborn.council(UNDATED), search=unborn.SEARCH))
    view = await desk.bench.ask(unborn.council(UNDATED), unborn.nhs(), search=unborn.SEARCH)
    assert isinstance(view, JoinedView)
    assert {match.custodian.id: match.basis for match in view.matches}["council"] == "a person's confirmation"
    assert [record.kind for record in view.of_kinds(("maternity_episode",))], "a council recorded whose mother she is"
    assert made.expires_at - made.at == timedelta(days=DAYS), "an end tied to the birth would tell of it in the log"
    logged = b"".join(bytes(row[0]) for row in read_all(desk.url, "SELECT body FROM log_entry"))
    assert not any(
        word in logged for word in (unborn.MOTHER.value.encode(), b"2027-01", b"2027-02-08", b"Marsh", b"Lena")
    )


@pytest.mark.parametrize(
    ("people", "says"),
    [
        pytest.param((unborn.UNBORN, unborn.UNBORN), "ring the agency", id="twins"),
        pytest.param((replace(unborn.UNBORN, birth_date=unborn.DUE),), "has been born", id="already born"),
    ],
)
async def test_what_no_persons_word_settles_is_refused_with_what_to_do(
    desk: Desk, people: tuple[Identity, ...], says: str
) -> None:
    reference = await desk.shown(unborn.council(*people), search=unborn.SEARCH)
    with pytest.raises(BadRequest) as refused:
        await desk.says(WORKER, reference)
    assert refused.value.code == "CANDIDATE_NOT_CONFIRMABLE"
    assert says in refused.value.message
    assert await desk.store.every() == ()
