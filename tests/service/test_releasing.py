"""A release is asked for and answered: each step in the log first, its effect through the rules, nothing told by a veil."""
# ruff: noqa: F811 - the fixtures

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from hub.audit.acts import JudgementAct, ReleaseRequest
from hub.audit.entries import Answer
from hub.domain.enquiry import Duty
from hub.errors import AuditUnavailable, NotFound
from hub.service.releasing import Standing
from hub.service.releasing_rounds import go_round
from hub.service.releasing_told import for_holder
from hub.service.releasing_words import Wrong
from tests.service.releases import (  # noqa: F401  fixtures
    ADOPTED,
    ADVICE,
    ASKER,
    COLLEAGUE,
    EHC,
    INTELLIGENCE,
    LEAD,
    MARAC,
    ORDERED,
    PARTNERSHIP,
    POLICE_LEAD,
    REASON,
    REVIEWER,
    WHY,
    Hub,
    MakeHub,
    hub,
    lines_of,
    log_url,
    make_hub,
    shown,
    values_of,
)
from tests.store.tampering import edit, read_all

POLICE_LEAD_TOO = replace(POLICE_LEAD, duties=frozenset({Duty.RELEASE, Duty.REVIEW_ALL}))
PLAN = {"started_on": date(2025, 1, 6), "needs": ("ASD",)}


class TestAsking:
    async def test_the_entry_comes_with_the_request_and_holds_no_words(self, hub: Hub, log_url: str) -> None:
        reference = await hub.asked(EHC)
        (entry,) = [each for each in await hub.entries() if isinstance(each, ReleaseRequest)]
        assert (entry.act, entry.request, entry.ground) == ("asked", reference, None)
        assert entry.officer.worker == await hub.log.reference("worker", "testshire/w-1")
        answer = await hub.log.entry(entry.answer)
        assert answer is not None
        assert isinstance(answer.entry, Answer)
        rows = b"".join(bytes(each[0]) for each in read_all(log_url, "SELECT body FROM log_entry"))
        kept = "".join(str(each) for each in read_all(log_url, "SELECT * FROM release_step"))
        for word in (REASON, "ehc-1", "local-0", "MASH-1", "9990004021", "Maya"):
            assert word.encode() not in rows
            assert word not in kept

    async def test_asked_twice_it_is_one_request(self, hub: Hub) -> None:
        view = await hub.question()
        officer, place = await hub.officer(ASKER), await hub.place(view, EHC)
        asking = (hub.releasing.ask(ASKER, officer, *place, REASON) for _ in range(4))
        assert len(set(await asyncio.gather(*asking))) == 1
        assert await hub.steps() == [("asked", None)]
        assert len(await hub.releasing.mine(ASKER)) == 1

    @pytest.mark.parametrize(
        ("who", "moved", "ordinal"),
        [
            pytest.param(COLLEAGUE, 0, None, id="a colleague's answer"),
            pytest.param(LEAD, 0, None, id="another agency's answer"),
            pytest.param(ASKER, -1, None, id="the question's own entry"),
            pytest.param(ASKER, 5, None, id="no entry yet"),
            pytest.param(ASKER, 0, 99, id="no such line"),
            pytest.param(ASKER, 0, 0, id="line nought"),
        ],
    )
    async def test_a_line_that_is_not_hers_is_not_there(
        self, hub: Hub, who: Any, moved: int, ordinal: int | None
    ) -> None:
        view = await hub.question()
        line = (await hub.place(view, EHC))[1] if ordinal is None else ordinal
        with pytest.raises(NotFound) as caught:
            await hub.releasing.ask(who, await hub.officer(who), view.log_entry + moved, line, REASON)
        assert caught.value.message == "There is no such request, or it is not for you."
        assert await hub.steps() == []

    async def test_what_is_kept_of_a_line_is_held_against_the_signed_answer(self, hub: Hub, log_url: str) -> None:
        view = await hub.question()
        answer, ordinal = await hub.place(view, EHC)
        edit(log_url, f"UPDATE release_line SET ordinal = ordinal + 90 WHERE ordinal = {ordinal}")
        with pytest.raises(NotFound):
            await hub.releasing.line(ASKER, answer, ordinal + 90)

    @pytest.mark.parametrize(
        ("reason", "said"),
        [
            pytest.param("", "Say why", id="nothing"),
            pytest.param("Please.", "at least 20", id="too short"),
            pytest.param("x" * 2_001, "2,000", id="too long"),
            pytest.param("A reason with a \u202e in it, that turns it", "plain text", id="a character that turns text"),
        ],
    )
    async def test_a_reason_that_cannot_be_taken(self, hub: Hub, reason: str, said: str) -> None:
        with pytest.raises(Wrong) as caught:
            await hub.asked(EHC, reason)
        ((name, message),) = caught.value.problems
        assert name == "reason"
        assert said in message
        assert await hub.steps() == []

    async def test_nothing_is_asked_while_the_log_is_down(self, hub: Hub, log_url: str) -> None:
        view = await hub.question()
        officer, place = await hub.officer(ASKER), await hub.place(view, EHC)
        edit(log_url, "UPDATE log_head SET size = size + 1")
        with pytest.raises(AuditUnavailable):
            await hub.releasing.ask(ASKER, officer, *place, REASON)
        assert read_all(log_url, "SELECT ref FROM release_step") == []


class TestWhoSeesWhat:
    async def test_the_lead_sees_what_lies_behind_a_veil_and_the_searcher_does_not(self, hub: Hub) -> None:
        reference = await hub.asked(ADOPTED)
        request = await hub.releasing.to_answer(LEAD, reference)
        seen = await for_holder(hub.releasing, request)
        assert (seen.veiled, seen.shown.row.kind, seen.whom.local_id) == (True, "adoption_record", "local-0")
        assert (seen.whom.child, seen.whom.case, seen.whom.worker) == ("NHS number 999 000 4021", "MASH-1", "w-1")
        hers = repr(dataclasses.asdict(await shown(hub, reference)))
        for word in ("adoption", "ad-1", "local-0", "imp-"):
            assert word not in hers

    @pytest.mark.parametrize(
        ("who", "late", "seen"),
        [
            pytest.param(LEAD, False, Standing.LEAD, id="the holder's lead"),
            pytest.param(POLICE_LEAD, True, None, id="another agency's lead"),
            pytest.param(COLLEAGUE, True, None, id="a colleague of hers"),
            pytest.param(REVIEWER, False, None, id="the holder's reviewer, in time"),
            pytest.param(REVIEWER, True, Standing.OVERSEER, id="the holder's reviewer, late"),
            pytest.param(PARTNERSHIP, True, Standing.OVERSEER, id="the partnership's reviewer, late"),
            pytest.param(POLICE_LEAD_TOO, False, None, id="another agency's lead who reviews everything, in time"),
            pytest.param(
                POLICE_LEAD_TOO, True, Standing.OVERSEER, id="another agency's lead who reviews everything, late"
            ),
        ],
    )
    async def test_who_sees_a_request(self, hub: Hub, who: Any, late: bool, seen: Standing | None) -> None:
        reference = await hub.asked(EHC)
        if late:
            hub.later(days=4)
            await go_round(hub.releasing)
        if seen is None:
            with pytest.raises(NotFound):
                await hub.releasing.one(who, reference)
            assert await hub.releasing.of_agency(who) == []
        else:
            assert (await hub.releasing.one(who, reference))[1] is seen
            assert [(each.reference, how) for each, how in await hub.releasing.of_agency(who)] == [(reference, seen)]

    @pytest.mark.parametrize("who", [ASKER, POLICE_LEAD, REVIEWER, PARTNERSHIP], ids=lambda who: who.role)
    async def test_only_the_lead_answers(self, hub: Hub, who: Any) -> None:
        reference = await hub.asked(EHC)
        hub.later(days=4)
        await go_round(hub.releasing)
        for answering in (hub.release(reference, who), hub.refuse(reference, who)):
            with pytest.raises(NotFound):
                await answering
        assert [act for act, _ in await hub.steps()] == ["asked", "escalated"]


class TestReleased:
    async def test_asking_again_gives_the_value_on_that_case_alone(self, hub: Hub) -> None:
        before = await hub.question()
        assert values_of(before, "education_health_care_plan") == []
        await hub.release(await hub.asked(EHC))
        assert values_of(await hub.question(), "education_health_care_plan") == [PLAN]
        assert values_of(await hub.question(case="MASH-2"), "education_health_care_plan") == []
        assert values_of(await hub.question(purpose="ca1989-s17"), "education_health_care_plan") == []
        assert await hub.steps() == [("asked", None), ("released", "in_whole")]

    async def test_it_ends(self, hub: Hub) -> None:
        reference = await hub.asked(EHC)
        await hub.release(reference, days="2")
        hub.later(days=2)
        assert values_of(await hub.question(), "education_health_care_plan") == []
        told = (await shown(hub, reference)).released
        assert told is not None
        assert told.over

    async def test_one_record_of_several_of_its_kind(self, hub: Hub) -> None:
        hub.held = (INTELLIGENCE, *hub.held[-1:])
        reference = await hub.asked(INTELLIGENCE)
        await hub.release(
            reference, POLICE_LEAD, lifted_by={"imp-intel-conditions": "intelligence_released"}, post="intelligence"
        )
        view = await hub.question()
        assert [each["summary"] for each in values_of(view, "intelligence")] == ["Seen at the address."]
        assert [line.impediment for line in lines_of(view) if line.outcome == "withheld"] == [None]

    async def test_conditions_travel_with_the_value(self, hub: Hub) -> None:
        reference = await hub.asked(EHC)
        await hub.release(reference, how="with_handling", text="Read it aloud in the meeting; do not copy it.")
        (record,) = [each for each in (await hub.question()).records if each.kind == EHC.kind]
        assert [each.id for each in record.handling] == ["release-conditions"]
        told = (await shown(hub, reference)).released
        assert told is not None
        assert (told.text, told.in_effect) == ("Read it aloud in the meeting; do not copy it.", True)
        assert await hub.steps() == [("asked", None), ("released", "with_handling")]

    async def test_a_sanitised_release_is_told_in_the_holders_words_and_lifts_nothing(self, hub: Hub) -> None:
        reference = await hub.asked(ORDERED)
        await hub.release(
            reference, how="sanitised", text="No contact with the father until the hearing.", post="legal", days=""
        )
        told = (await shown(hub, reference)).released
        assert told is not None
        assert (told.text, told.until, told.reasons) == ("No contact with the father until the hearing.", None, "")
        assert values_of(await hub.question(), "case_document") == []
        assert not await hub.judgements.every()

    async def test_the_decisions_name_who_decided_and_the_log_tells_of_each(self, hub: Hub) -> None:
        await hub.release(await hub.asked(MARAC), lifted_by={"imp-originator-marac": "risk_release"}, post="originator")
        ((kept),) = await hub.judgements.every()
        made = kept.judgement
        assert (made.word, made.decided_by, made.reasons) == ("risk_release", "Imogen Fairweather", WHY)
        assert (made.record_id, made.kinds) == ("marac-1", frozenset({"case_document"}))
        acts = [type(each) for each in await hub.entries() if isinstance(each, ReleaseRequest | JudgementAct)]
        assert acts == [ReleaseRequest, ReleaseRequest, JudgementAct]

    @pytest.mark.parametrize(
        ("about", "changes", "fields"),
        [
            pytest.param(EHC, {"how": "somehow"}, {"how"}, id="no known way"),
            pytest.param(EHC, {"lifted_by": {}}, {"lift-imp-sen-reg17"}, id="nothing lifts it"),
            pytest.param(
                EHC,
                {"lifted_by": {"imp-sen-reg17": "privilege_waived"}},
                {"lift-imp-sen-reg17"},
                id="what lifts another",
            ),
            pytest.param(ORDERED, {}, {"how"}, id="what nothing lifts, in whole"),
            pytest.param(EHC, {"post": "intelligence"}, {"post"}, id="a post that may not decide it"),
            pytest.param(EHC, {"post": "mayor"}, {"post"}, id="no post"),
            pytest.param(EHC, {"decided_by": "The team"}, {"decided_by"}, id="a team decided"),
            pytest.param(EHC, {"reasons": "ok"}, {"reasons"}, id="no reasons"),
            pytest.param(EHC, {"days": "29"}, {"days"}, id="too long"),
            pytest.param(EHC, {"days": "0"}, {"days"}, id="no time at all"),
            pytest.param(EHC, {"days": "٣"}, {"days"}, id="digits of another script"),
            pytest.param(EHC, {"how": "sanitised", "text": " "}, {"wording"}, id="sanitised to nothing"),
            pytest.param(EHC, {"how": "with_handling"}, {"conditions"}, id="conditions that are none"),
        ],
    )
    async def test_a_form_with_problems_releases_nothing(
        self, hub: Hub, about: Any, changes: dict[str, Any], fields: set[str]
    ) -> None:
        reference = await hub.asked(about)
        with pytest.raises(Wrong) as caught:
            await hub.release(reference, **changes)
        assert {name for name, _ in caught.value.problems} == fields
        assert await hub.steps() == [("asked", None)]
        assert not await hub.judgements.every()


class TestRefused:
    async def test_an_open_refusal_names_its_impediment(self, hub: Hub) -> None:
        reference = await hub.asked(EHC)
        await hub.refuse(reference)
        told = (await shown(hub, reference)).refused
        assert told is not None
        assert told.rule is not None
        assert (told.rule.id, told.facts) == (
            "imp-sen-reg17",
            ("an education, health and care plan, or the advice behind one",),
        )
        assert await hub.steps() == [("asked", None), ("refused", "imp-sen-reg17")]

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            pytest.param({"rule": "rej-gdpr"}, "ground", id="data protection is no impediment"),
            pytest.param({"rule": ""}, "ground", id="none chosen"),
            pytest.param({"rule": "imp-confidence", "so": frozenset({"confidence_heightened"})}, "ground", id="confidence, under a duty"),
            pytest.param({"so": frozenset()}, "so", id="its facts are not so"),
            pytest.param({"so": frozenset({"ehc_plan", "interests_decision"})}, "lifts", id="what lifts it is so"),
            pytest.param({"none_lifts": False}, "lifts", id="not checked"),
            pytest.param({"note": "no"}, "note", id="nothing said"),
            pytest.param({"note": "GDPR and our policy, I am afraid."}, "note", id="nothing but rejected ones"),
            pytest.param({"note": "We cannot, because of GDPR and our policy."}, "note", id="no ground but rejected ones"),
        ],
    )  # fmt: skip
    async def test_a_refusal_rests_on_one_impediment_and_its_facts(
        self, hub: Hub, changes: dict[str, Any], field: str
    ) -> None:
        reference = await hub.asked(EHC)
        with pytest.raises(Wrong) as caught:
            await hub.refuse(reference, **changes)
        assert [name for name, _ in caught.value.problems] == [field]
        assert await hub.steps() == [("asked", None)]

    async def test_a_veiled_ground_is_veiled_for_whoever_was_told_an_open_one(self, hub: Hub) -> None:
        reference = await hub.asked(ADVICE)
        await hub.refuse(reference, rule="imp-adoption-s57", so=frozenset({"adoption_s56"}))
        told = (await shown(hub, reference)).refused
        assert told is not None
        assert (told.rule, told.note, told.facts) == (None, "", ())

    async def test_of_two_leads_at_once_one_answers(self, hub: Hub, make_hub: MakeHub) -> None:
        reference = await hub.asked(EHC)
        desks = [await make_hub() for _ in range(3)]
        answering = [*(each.refuse(reference) for each in desks), *(each.release(reference) for each in desks)]
        await asyncio.gather(*answering)
        acts = [act for act, _ in await hub.steps()]
        assert (acts[0], len(acts)) == ("asked", 2)
        is_released = acts[1] == "released"
        assert len(await hub.judgements.every()) == int(is_released)
        await hub.release(reference)
        await hub.refuse(reference)
        assert len(await hub.steps()) == 2
