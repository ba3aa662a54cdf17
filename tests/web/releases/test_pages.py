"""The pages of release requests: asked, seen, answered; bad input gives the form again; what is not yours is not there."""

from __future__ import annotations

import asyncio
import html
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from hub.audit.acts import JudgementAct
from hub.domain.enquiry import Searcher
from hub.domain.organisations import Sector
from hub.policy.engine import Policy
from hub.service.releasing_rounds import go_round
from tests.service.releases import ADOPTED, EHC, INTELLIGENCE, ORDERED, REASON, WHY, Hub, values_of
from tests.web.site_up import MASH, NURSE, OFFICER, Browser, Up

COUNCIL_LEAD, POLICE_LEAD = "tc-0205 release_lead", "tp-1507 release_lead"
NURSE_ASKS = Searcher(
    "hub-pages", "testshire-nhs", "Testshire NHS", Sector.HEALTH, "tn-1184", "mash_nurse", frozenset({"ca2004-s16la"})
)
RELEASE = {
    "how": "in_whole", "lift-imp-sen-reg17": "interests_decision", "days": "7", "decided_by": "Imogen Fairweather",
    "post": "send", "reasons": WHY,
}  # fmt: skip
CASES = itertools.count(1)
FACTS = {
    "step": "facts",
    "ground": "imp-sen-reg17",
    "so": "ehc_plan",
    "none": "yes",
    "note": "No decision was taken yet.",
}


@dataclass
class Pages:
    """The running site, and the same log asked through custodians that hold something."""

    up: Up
    asking: Hub
    run: Callable[[Any], Any]

    def line(self, about: Any) -> str:
        """The path of the form that asks for a record's release, of an answer to the nurse."""
        view = self.run(self.asking.question(NURSE_ASKS))
        return "/releases/ask/{}/{}".format(*self.run(self.asking.place(view, about)))

    def asked(self, about: Any, browser: Browser | None = None) -> str:
        """A request's page, once the nurse has asked."""
        response = send(browser or self.browser(NURSE), self.line(about), reason=REASON)
        assert response.status_code == 303, response.text
        return str(response.headers["location"])

    def browser(self, who: str) -> Browser:
        return self.up.browser().signed_in(who)

    def values(self) -> list[dict[str, Any]]:
        return values_of(self.run(self.asking.question(NURSE_ASKS)), EHC.kind)


def send(browser: Browser, path: str, **fields: str) -> httpx2.Response:
    return browser.post(path, {"csrf": browser.csrf(), **fields})


def text(response: httpx2.Response) -> str:
    """What a page says, without its markup and what is typed in it."""
    body = re.sub(r"<(script|head|option|textarea).*?</\1>", " ", response.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.fixture
def pages(one: Up) -> Iterator[Pages]:
    one.ahead = timedelta()
    loop = asyncio.new_event_loop()
    policy = Policy(one.site.policies.current.bundle)
    held_by = ("testshire-council", "testshire-police")
    case = f"MASH-{next(CASES)}"  # a release is for one case: each test has its own
    asking = Hub(one.site.log, one.site.judgements, policy, now=one.now(), holders=held_by, case=case)
    yield Pages(one, asking, loop.run_until_complete)
    loop.close()


def test_asked_released_and_asked_again(pages: Pages) -> None:
    nurse, lead = pages.browser(NURSE), pages.browser(COUNCIL_LEAD)
    assert "Education, health and care plan" in text(nurse.get(pages.line(EHC)))
    path = pages.asked(EHC, nurse)
    assert "Waiting for an answer" in text(nurse.get(path))
    assert path in lead.get("/releases").text
    seen = text(lead.get(path))
    for said in (REASON, "NHS number 999 000 4021", pages.asking.case, "tn-1184", "ehc-1", "2 days 23 hours left"):
        assert said in seen, said
    assert send(lead, f"{path}/release", **RELEASE).headers["location"] == path
    assert "Decided by Imogen Fairweather" in text(lead.get(path))
    assert "under the same purpose and case: the answer then has it" in text(nurse.get(path))
    assert WHY not in text(nurse.get(path))
    assert pages.values() != []
    acts = [each for each in pages.run(pages.asking.entries()) if isinstance(each, JudgementAct)]
    assert [each.officer.client for each in acts[-1:]] == ["hub-pages"]
    for again in ("release", "refuse"):
        assert lead.get(f"{path}/{again}").headers["location"] == path
        assert send(lead, f"{path}/{again}", **FACTS).headers["location"] == path
    assert "Released" in text(nurse.get(path))


def test_the_same_form_sent_twice_asks_once(pages: Pages) -> None:
    nurse, path = pages.browser(NURSE), pages.line(EHC)
    first, second = (send(nurse, path, reason=REASON).headers["location"] for _ in range(2))
    assert first == second


def test_sanitised_and_with_conditions(pages: Pages) -> None:
    nurse, lead, police = pages.browser(NURSE), pages.browser(COUNCIL_LEAD), pages.browser(POLICE_LEAD)
    own_words = pages.asked(ORDERED, nurse)
    page = lead.get(f"{own_words}/release").text
    assert "nothing that can be recorded here lifts this" in page
    assert 'value="in_whole"' not in page
    sent = RELEASE | {
        "how": "sanitised",
        "wording": "No contact until <b>the hearing</b>.\r\nThen ask.",
        "post": "legal",
    }
    assert send(lead, f"{own_words}/release", **sent).status_code == 303
    assert "No contact until &lt;b&gt;the hearing&lt;/b&gt;.\nThen ask." in nurse.get(own_words).text
    conditions = pages.asked(INTELLIGENCE, nurse)
    sent = RELEASE | {"how": "with_handling", "conditions": "Do not name the address.", "post": "intelligence"}
    sent |= {"lift-imp-intel-conditions": "intelligence_released"}
    assert send(police, f"{conditions}/release", **sent).status_code == 303
    assert "Do not name the address." in text(nurse.get(conditions))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"how": ""}, "Choose how you are releasing it", id="no way chosen"),
        pytest.param({"lift-imp-sen-reg17": ""}, "say what lifts it", id="nothing lifts it"),
        pytest.param({"days": "90"}, "1 to 28", id="too long"),
        pytest.param({"post": "intelligence"}, "That post cannot decide this", id="the wrong post"),
        pytest.param({"decided_by": "Team"}, "Name the person who decided", id="nobody"),
    ],
)
def test_a_release_with_problems_keeps_what_was_typed(pages: Pages, changes: dict[str, str], said: str) -> None:
    lead, path = pages.browser(COUNCIL_LEAD), pages.asked(EHC)
    response = send(lead, f"{path}/release", **RELEASE | changes)
    assert response.status_code == 400
    assert "<title>Error: " in response.text
    assert said in text(response)
    assert html.escape(WHY) in response.text or WHY in response.text
    assert pages.values() == []


def test_refused_under_an_impediment_and_its_facts(pages: Pages) -> None:
    nurse, lead = pages.browser(NURSE), pages.browser(COUNCIL_LEAD)
    path = pages.asked(EHC, nurse)
    asks = send(lead, f"{path}/refuse", step="ground", ground="imp-sen-reg17")
    assert asks.status_code == 200
    assert "None of these is so" in text(asks) or "none of these is so" in text(asks)
    unticked = send(lead, f"{path}/refuse", **FACTS | {"so": "", "note": "short"})
    assert unticked.status_code == 400
    assert "Tick what is so" in text(unticked)
    assert ">short</textarea>" in unticked.text
    lifted = send(lead, f"{path}/refuse", **FACTS | {"lifts": "court_permission"})
    assert "this does not stop sharing: release it" in text(lifted)
    assert send(lead, f"{path}/refuse", **FACTS).headers["location"] == path
    seen = text(nurse.get(path))
    for said in ("Refused", "SI 2014/1530", "No decision was taken yet.", "Who can lift it"):
        assert said in seen, said
    assert pages.values() == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        pytest.param("GDPR", "Data protection law is a framework for sharing", id="GDPR"),
        pytest.param("It's confidential & the parent refused", "Consent is not the lawful basis", id="two at once"),
        pytest.param("Because", "That is none of the impediments", id="no ground at all"),
    ],
)
def test_what_is_no_impediment_is_answered_with_why(pages: Pages, typed: str, said: str) -> None:
    lead, path = pages.browser(COUNCIL_LEAD), pages.asked(EHC)
    response = send(lead, f"{path}/refuse", step="ground", ground="other", other=typed)
    assert response.status_code == 400
    assert said in text(response)
    assert f'value="{html.escape(typed).replace("&#x27;", "&#39;")}"' in response.text
    assert "Legal professional privilege" in text(response)
    assert "Waiting" in text(lead.get(path))


def test_confidence_under_the_duty_to_share_stops_nothing(pages: Pages) -> None:
    lead, path = pages.browser(COUNCIL_LEAD), pages.asked(EHC)
    response = send(lead, f"{path}/refuse", step="ground", ground="imp-confidence")
    assert response.status_code == 400
    assert "not available against a statutory duty to share: s.16LA" in text(response)


def test_a_refusal_on_a_veiled_line_reads_the_same_whatever_it_was(pages: Pages) -> None:
    seen = []
    nurse, lead = pages.browser(NURSE), pages.browser(COUNCIL_LEAD)
    for about, rule, fact in (
        (ADOPTED, "imp-adoption-s57", "adoption_s56"),
        (ORDERED, "imp-court-order-sealed", "court_order_sealed"),
    ):
        form = pages.line(about)
        said = [nurse.get(form)]
        path = send(nurse, form, reason=REASON).headers["location"]
        said.append(nurse.get(path))
        assert "They were not told which" in text(lead.get(path))
        sent = FACTS | {"ground": rule, "so": fact, "note": "What it protects would show at once."}
        assert send(lead, f"{path}/refuse", **sent).status_code == 303
        said.append(nurse.get(path))
        seen.append(
            [
                re.sub(r"[0-9a-f]{32}|\b[0-9a-f]{8}\b|\d[\d,]*-\d+|log entry \d+|\d+:\d+|\d+/\d+", "#", text(each))
                for each in said
            ]
        )
        for word in ("adoption", "order", "Adoption", "protects"):
            assert word not in seen[-1][2].replace("in order", "")
    assert seen[0] == seen[1]


@pytest.mark.parametrize("who", [MASH, POLICE_LEAD, OFFICER], ids=["a searcher", "another agency's lead", "a reviewer"])
def test_what_is_not_yours_is_not_there(pages: Pages, who: str) -> None:
    path, browser = pages.asked(EHC), pages.browser(who)
    nowhere = browser.get("/releases/" + "0" * 32)
    for each in (
        path,
        f"{path}/release",
        f"{path}/refuse",
        pages.line(EHC),
        "/releases/ask/0/1",
        "/releases/ask/99999999999999999999/1",
    ):
        answer = browser.get(each)
        assert answer.status_code == 404, each
        assert text(answer) == text(nowhere)
    assert send(browser, f"{path}/release", **RELEASE).status_code == 404
    assert path not in browser.get("/releases").text


def test_a_late_one_is_seen_by_who_oversees_and_not_what_it_is_about(pages: Pages) -> None:
    path, officer = pages.asked(EHC), pages.browser(OFFICER)
    assert path not in officer.get("/releases").text
    pages.asking.later(days=3, minutes=1)
    pages.run(go_round(pages.asking.releasing))
    pages.up.ahead = timedelta(days=3, minutes=1)
    officer, nurse = pages.browser(OFFICER), pages.browser(NURSE)
    assert path in officer.get("/releases").text
    assert "care plan" not in text(officer.get("/releases"))
    seen = text(officer.get(path))
    assert "A release request that was late" in seen
    for word in (REASON, "999 000", pages.asking.case, "ehc-1", "plan"):
        assert word not in seen
    assert "The answer is overdue" in text(nurse.get(path))
    assert "overdue" in text(pages.browser(COUNCIL_LEAD).get("/releases"))


@pytest.mark.parametrize("reason", ["", "short", "x" * 3_000], ids=["none", "too short", "too long"])
def test_a_reason_that_cannot_be_taken_is_still_there(pages: Pages, reason: str) -> None:
    response = send(pages.browser(NURSE), pages.line(EHC), reason=reason)
    assert response.status_code == 400
    assert f">{reason}</textarea>" in response.text
    assert 'href="#reason"' in response.text


def test_a_forged_form_changes_nothing(pages: Pages) -> None:
    lead, path = pages.browser(COUNCIL_LEAD), pages.asked(EHC)
    assert lead.post(f"{path}/release", RELEASE | {"csrf": "0" * 32}).status_code in {403, 400, 404}
    assert pages.values() == []
