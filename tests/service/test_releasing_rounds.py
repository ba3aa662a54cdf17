"""What a veil must not tell through the whole of a request; what the hub does by itself; what is erased."""
# ruff: noqa: F811 - the fixtures

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.audit.acts import Officer, ReleaseRequest
from hub.errors import AuditUnavailable, BadRequest
from hub.policy.engine import Policy
from hub.service.releasing_rounds import go_round
from hub.service.releasing_told import State, for_holder, row
from hub.service.releasing_words import AskedWords, Wrong
from hub.store.erasure import erase, plan
from hub.store.keys import load_or_create
from hub.store.subjects import Whom
from hub.store.verify import verify_database
from tests.service.custodians import NUMBER
from tests.service.releases import (  # noqa: F401  fixtures
    ADOPTED,
    ADVICE,
    ASKER,
    EHC,
    LEAD,
    ORDERED,
    Hub,
    MakeHub,
    hub,
    log_url,
    make_hub,
    shown,
    values_of,
)
from tests.store.tampering import edit, read_all

OFFICER = Officer("command-line", "testshire", None, "records_manager")
VEILED = [
    pytest.param(ADOPTED, "imp-adoption-s57", "adoption_s56", id="adoption"),
    pytest.param(ORDERED, "imp-court-order-sealed", "court_order_sealed", id="a sealed order"),
]


class TestVeil:
    """Two classes of what is veiled, each through the whole of a request: what the searcher sees must not differ."""

    async def test_nothing_in_the_flow_tells_the_classes_apart(self, make_hub: MakeHub) -> None:
        flows = []
        for about, rule, fact in (
            (ADOPTED, "imp-adoption-s57", "adoption_s56"),
            (ORDERED, "imp-court-order-sealed", "court_order_sealed"),
        ):
            hub = await make_hub()
            hub.held, hub.case = (about,), f"MASH-{about.record_id}"
            reference = await hub.asked(about)
            seen = [await shown(hub, reference)]
            hub.later(days=2, hours=23)
            await go_round(hub.releasing)
            seen.append(await shown(hub, reference))
            hub.later(hours=1)
            await go_round(hub.releasing)
            seen.append(await shown(hub, reference))
            await hub.refuse(reference, rule=rule, so=frozenset({fact}))
            seen.append(await shown(hub, reference))
            rows = [row(each, hub.now, holder=False) for each in await hub.releasing.mine(ASKER)][:1]
            flows.append([same(each, reference) for each in (*seen, *rows)])
        assert flows[0] == flows[1]
        states = [each["row"]["state"] for each in flows[0][:4]]
        assert states == [State.WAITING, State.WAITING, State.OVERDUE, State.REFUSED]

    async def test_the_clock_is_one_for_all_veiled_whatever_a_rule_promises(self, hub: Hub) -> None:
        bundle = hub.policy.bundle
        quick = dataclasses.replace(bundle.impediments["imp-adoption-s57"], reply_days=1)
        hub.policy = Policy(dataclasses.replace(bundle, impediments={**bundle.impediments, quick.id: quick}))
        due = [(await shown(hub, await hub.asked(about))).row.due for about in (ADOPTED, ORDERED)]
        assert due == [hub.now + timedelta(days=3)] * 2

    @pytest.mark.parametrize(("about", "rule", "fact"), VEILED)
    async def test_the_log_keeps_the_true_ground(self, hub: Hub, about: Any, rule: str, fact: str) -> None:
        await hub.refuse(await hub.asked(about), rule=rule, so=frozenset({fact}))
        assert await hub.steps() == [("asked", None), ("refused", rule)]


def same(seen: Any, reference: str) -> dict[str, Any]:
    """What is shown, without what differs between any two requests: numbers and references."""

    def masked(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: masked(each, key) for key, each in value.items()}
        if name in {"entry", "answer", "line"}:
            return "number"
        return value if value != reference else "reference"

    made: dict[str, Any] = masked(dataclasses.asdict(seen))
    return {key: repr(value) if key == "told" else value for key, value in made.items()}


class TestRounds:
    async def test_late_ones_are_escalated_once_by_several_processes(self, hub: Hub, make_hub: MakeHub) -> None:
        reference = await hub.asked(EHC)
        others = [await make_hub() for _ in range(3)]
        for each in (hub, *others):
            each.later(days=3)
        rounds = await asyncio.gather(*(go_round(each.releasing) for each in (hub, *others)))
        assert sum(each.escalated for each in rounds) == 1
        assert await hub.steps() == [("asked", None), ("escalated", None)]
        request, _ = await hub.releasing.one(ASKER, reference)
        assert request.escalated_at == hub.now
        (entry,) = [
            each for each in await hub.entries() if isinstance(each, ReleaseRequest) and each.act == "escalated"
        ]
        assert (entry.officer.worker, entry.officer.organisation) == (None, "council")

    async def test_in_time_or_answered_nothing_is_escalated(self, hub: Hub) -> None:
        await hub.refuse(await hub.asked(EHC))
        await hub.asked(ADVICE)
        hub.later(days=2, hours=23)
        assert (await go_round(hub.releasing)).escalated == 0
        hub.later(hours=1)
        assert (await go_round(hub.releasing)).escalated == 1

    async def test_a_crash_between_entry_and_effect_is_made_good(
        self, hub: Hub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reference = await hub.asked(EHC)

        async def crash(*_: object) -> None:
            raise AuditUnavailable

        with monkeypatch.context() as patch:
            patch.setattr(hub.judgements, "record", crash)
            await hub.release(reference)
        told = (await shown(hub, reference)).released
        assert told is not None
        assert not told.in_effect
        assert values_of(await hub.question(), EHC.kind) == []
        assert (await go_round(hub.releasing)).effected == 1
        assert len(values_of(await hub.question(), EHC.kind)) == 1
        assert (await go_round(hub.releasing)).effected == 0

    async def test_what_was_taken_back_is_not_brought_back(self, hub: Hub, log_url: str) -> None:
        reference = await hub.asked(EHC)
        await hub.release(reference)
        edit(log_url, "DELETE FROM judgement")
        await go_round(hub.releasing)
        assert not await hub.judgements.every()

    async def test_lines_are_forgotten_and_requests_are_not(self, hub: Hub, log_url: str) -> None:
        reference = await hub.asked(EHC)
        hub.later(days=31)
        await go_round(hub.releasing)
        assert read_all(log_url, "SELECT * FROM release_line") == []
        await hub.release(reference)
        assert len(values_of(await hub.question(), EHC.kind)) == 1

    async def test_erased_words_are_gone_for_everybody(self, hub: Hub, log_url: str) -> None:
        reference = await hub.asked(EHC)
        edit(log_url, "DELETE FROM log_side")
        assert (await shown(hub, reference)).reason is None
        with pytest.raises(Wrong) as caught:
            await hub.release(reference)
        assert [name for name, _ in caught.value.problems] == ["how"]
        request, _ = await hub.releasing.one(ASKER, reference)
        assert await hub.releasing.words(request.entry, AskedWords) is None


async def test_the_log_verifies_with_all_of_it(hub: Hub, log_url: str, tmp_path: Path) -> None:
    await hub.release(await hub.asked(EHC), how="with_handling", text="For the meeting alone, not for the file.")
    await hub.refuse(await hub.asked(ADVICE), rule="imp-lpp", so=frozenset({"privileged"}))
    await hub.asked(ADOPTED)
    hub.later(days=3)
    await go_round(hub.releasing)
    report = verify_database(log_url, load_or_create(tmp_path / "key", "hub.test/log").verifier)
    assert report.ok, report


async def test_who_is_erased_leaves_nothing_of_her_requests(hub: Hub, log_url: str) -> None:
    reference = await hub.asked(EHC)
    await hub.release(reference, days="1")
    engine, her = hub.log._engine, Whom(numbers=frozenset({NUMBER}))
    with pytest.raises(BadRequest, match="in force"):
        await erase(hub.log, engine, plan(engine, her, hub.now), OFFICER, "retention_over")
    hub.later(days=2)
    planned = plan(engine, her, hub.now)
    assert len(planned.rows.judgements) == 1
    await erase(hub.log, engine, planned, OFFICER, "retention_over")
    assert read_all(log_url, "SELECT * FROM release_line") == []
    assert not await hub.judgements.every()
    request, _ = await hub.releasing.one(ASKER, reference)
    assert await hub.releasing.words(request.entry, AskedWords) is None
    told = await shown(hub, reference)
    assert (told.reason, told.released is not None and told.released.text) == (None, None)
    seen = await for_holder(hub.releasing, await hub.releasing.to_answer(LEAD, reference))
    assert (seen.whom.child, seen.whom.local_id) == ("erased from the log", None)
