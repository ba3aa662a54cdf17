"""An information governance officer at work on the pages: what she sees, what she may do, and what she may not."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from hub.audit.acts import Export
from tests.service.reviewers import POLICE
from tests.web.review.conftest import LEAD, POLICE_OFFICER, Pages, checked, newest, post, seen, text_of
from tests.web.site_up import MASH, NURSE, Browser

LISTS = ["/review", "/review?preset=everything", "/review/cases", "/review/samples", "/review/check", "/my/questions"]


@pytest.mark.parametrize("path", LISTS)
def test_each_page_is_there(officer: Browser, path: str) -> None:
    page = officer.get(path)
    assert page.status_code == 200, text_of(page.text)
    assert page.text.count("<h1") == 1
    assert page.headers["cache-control"] == "no-store"
    assert "style=" not in page.text


def listed(page: str) -> set[int]:
    return {int(found) for found in re.findall(r'href="/review/entries/(\d+)"><span', page)}


def test_the_list_is_her_agencys(pages: Pages, officer: Browser, asked: dict[str, int]) -> None:
    found = listed(officer.get("/review").text)
    assert {asked["council"], asked["police"], asked["own"], asked["open"]} <= found
    assert asked["other"] not in found
    everything = listed(pages.signed_in(LEAD).get("/review").text)
    assert set(asked.values()) <= everything
    assert asked["own"] not in listed(pages.signed_in(POLICE_OFFICER).get("/review").text)


def test_who_does_not_review_finds_no_such_page(pages: Pages, asked: dict[str, int]) -> None:
    nurse = pages.signed_in(NURSE)
    nowhere = nurse.get("/nowhere", accept="text/html")
    for path in (
        "/review",
        f"/review/entries/{asked['council']}",
        "/review/export",
        "/review/report",
        "/review/samples",
    ):
        page = nurse.get(path)
        assert page.status_code == 404
        assert text_of(page.text) == text_of(nowhere.text)


@pytest.mark.parametrize("number", ["other", "999999", "99999999999999999999"])
def test_an_entry_that_is_not_hers_is_not_there(officer: Browser, asked: dict[str, int], number: str) -> None:
    entry = asked.get(number, number)
    for path in ("", "/raw", "/proof", "/reveal", "/export"):
        assert officer.get(f"/review/entries/{entry}{path}").status_code == 404, path


def test_presets_filters_and_tags(officer: Browser, asked: dict[str, int]) -> None:
    assert listed(officer.get("/review?preset=open").text) == {asked["open"]}
    page = officer.get(f"/review?organisation={POLICE}&since-day=1&since-month=1&since-year=2026").text
    assert listed(page) == {asked["police"]}
    assert "Asked by: Testshire Police" in text_of(page)
    assert "From 1 January 2026" in text_of(page)
    assert 'href="/review?since-day=1&amp;since-month=1&amp;since-year=2026"' in page, "the tag takes the agency away"
    worker = re.search(
        r'href="/review\?worker=([0-9a-f]{32})"', officer.get(f"/review/entries/{asked['council']}").text
    )
    assert worker is not None
    assert listed(officer.get(f"/review?worker={worker[1]}").text) == {asked["council"]}


BAD_FILTERS = [
    pytest.param("worker=Amina", "whole reference", id="a name for a reference"),
    pytest.param("subject=999 000 0018", "whole reference", id="an NHS number for a reference"),
    pytest.param("preset=sideways", "Choose one", id="no such preset"),
    pytest.param("purpose=curiosity", "Choose one", id="no such purpose"),
    pytest.param("since-day=31&since-month=2&since-year=2026", "must be a real date", id="no such day"),
    pytest.param("since-day=1&since-month=1", "must include a year", id="half a date"),
    pytest.param(
        "since-day=2&since-month=1&since-year=2026&until-day=1&until-month=1&until-year=2026",
        "before the first",
        id="backwards",
    ),
]


@pytest.mark.parametrize(("query", "said"), BAD_FILTERS)
def test_a_filter_that_cannot_be_is_said(officer: Browser, query: str, said: str) -> None:
    page = officer.get(f"/review?{query}")
    assert page.status_code == 400
    assert said in text_of(page.text)
    assert "<title>Error: " in page.text


def test_what_is_typed_into_the_filter_by_mistake_is_in_no_address(officer: Browser) -> None:
    page = post(officer, "/review", subject="999 000 0018", preset="refused")
    assert page.status_code == 400
    assert 'value="999 000 0018"' in page.text, "it is there to be put right"
    gone = post(
        officer,
        "/review",
        worker="AB" * 16,
        preset="refused",
        **{"since-day": "1", "since-month": "2", "since-year": "2026"},
    )
    assert (
        gone.headers["location"]
        == f"/review?preset=refused&since-day=1&since-month=2&since-year=2026&worker={'ab' * 16}"
    )
    assert 'action="/review" method="post"' in page.text
    assert officer.post("/review", {"worker": "ab" * 16}).status_code == 403


@pytest.mark.parametrize("after", ["x", "1", "1.2.3", "999999999999999999.1"])
def test_a_page_that_is_none(officer: Browser, after: str) -> None:
    assert officer.get(f"/review?after={after}").status_code == 400


def test_saved_views_are_each_officers_own(pages: Pages, officer: Browser) -> None:
    gone = post(
        officer, "/review/views", **{"view-name": "Police, refused", "preset": "refused", "organisation": POLICE}
    )
    assert gone.headers["location"] == f"/review?preset=refused&organisation={POLICE}"
    page = officer.get("/review").text
    assert "Police, refused" in page
    assert "Police, refused" not in pages.signed_in(LEAD).get("/review").text
    view = re.search(r'action="/review/views/([0-9a-f]+)/remove"', page)
    assert view is not None
    post(pages.signed_in(LEAD), f"/review/views/{view[1]}/remove")
    assert "Police, refused" in officer.get("/review").text, "nobody else can remove it"
    post(officer, f"/review/views/{view[1]}/remove")
    assert "Police, refused" not in officer.get("/review").text
    assert post(officer, "/review/views", **{"view-name": " "}).status_code == 400


def test_the_entry_page_tells_all_and_names_nobody(officer: Browser, asked: dict[str, int]) -> None:
    page = officer.get(f"/review/entries/{asked['council']}")
    said = text_of(page.text)
    for expected in (
        "a plain token", "Did not answer", "took", "Same, ", "date of birth agree", "imp-adoption-s57", "Restricted",
        "line 4 of the answer", "Open a review", "The proof that it is in the signed log",
    ):  # fmt: skip
        assert expected in said or expected in ("took", "Same, "), expected
    assert "tc-0417" not in said
    assert "999" not in said.replace("9990", "")
    raw = officer.get(f"/review/entries/{asked['council']}/raw").text
    assert json.loads(raw)["kind"] == "question"
    assert officer.get(f"/review/entries/{asked['council'] + 1}/raw").text.startswith('{"v":1,"kind":"answer"')
    proof = officer.get(f"/review/entries/{asked['council']}/proof").text
    assert proof.startswith("c2sp.org/tlog-proof@v1")
    assert officer.get(f"/review/entries/{asked['council'] + 1}").status_code == 200, "the answer's number leads there"


def test_an_officers_job_from_beginning_to_end(
    pages: Pages, officer: Browser, asked: dict[str, int], tmp_path: Path
) -> None:
    """She asks a worker why, is answered, decides, exports the evidence, and somebody else checks it."""
    worker, entry = pages.signed_in(MASH), asked["council"]
    path = f"/review/entries/{entry}"
    gone = post(
        officer, f"{path}/steps", act="opened", **{"opened-text": "No open case", "opened-to": "tc-0031",
        "opened-due-day": "27", "opened-due-month": "11", "opened-due-year": "2030"},
    )  # fmt: skip
    assert gone.headers["location"] == f"{path}#review", text_of(gone.text)
    assert f"Entry {entry}" in text_of(officer.get("/review/cases?show=mine").text)
    page = officer.get(path).text
    assert "Due 27 November 2030" in text_of(page)
    post(officer, f"{path}/steps", act="asked", seen=seen(page), **{"asked-text": "Why did you look?"})
    mine = worker.get("/my/questions").text
    assert "Why did you look?" in mine
    assert "Why did you look?" not in pages.signed_in(NURSE).get("/my/questions").text
    empty = post(worker, f"/my/questions/{entry}/answer", seen=seen(mine), **{f"answer-{entry}": " "})
    assert empty.status_code == 400
    told = post(
        worker, f"/my/questions/{entry}/answer", seen=seen(mine), **{f"answer-{entry}": "She was <b>referred</b>."}
    )
    assert told.headers["location"] == "/my/questions?answered=yes"
    assert "Your answer is in the log" in worker.get("/my/questions?answered=yes").text
    page = officer.get(path).text
    assert "She was &lt;b&gt;referred&lt;/b&gt;." in page
    half = post(officer, f"{path}/steps", act="closed", seen=seen(page), **{"closed-text": "It fits."})
    assert (half.status_code, "Say what the review found" in half.text, "It fits." in half.text) == (400, True, True)
    post(
        officer,
        f"{path}/steps",
        act="closed",
        seen=seen(page),
        **{"closed-text": "It fits.", "closed-outcome": "justified"},
    )
    assert "Review closed: Justified" in text_of(officer.get(path).text)
    assert "Justified" in text_of(officer.get("/review").text)
    assert "Why did you look?" not in worker.get("/my/questions").text
    export = post(officer, f"{path}/export", reason="review")
    assert export.headers["content-type"] == "application/zip", text_of(export.text)
    logged = newest(pages)
    assert isinstance(logged, Export)
    assert checked(export.content, tmp_path, pages).returncode == 0
    manifest = (tmp_path / "export" / "manifest.json").read_bytes()
    assert logged.manifest == hashlib.sha256(manifest).hexdigest()
    review = json.loads((tmp_path / "export" / "review.json").read_text())
    assert [step["text"] for step in review["steps"]] == [
        "No open case",
        "Why did you look?",
        "She was <b>referred</b>.",
        "It fits.",
    ]


def test_a_step_taken_twice_is_one(pages: Pages, officer: Browser, asked: dict[str, int]) -> None:
    path = f"/review/entries/{asked['police']}"
    post(officer, f"{path}/steps", act="opened")
    page = officer.get(path).text
    note = {"act": "noted", "seen": seen(page), "noted-text": "Once"}
    assert post(officer, f"{path}/steps", **note).status_code == 303
    again = post(officer, f"{path}/steps", **note)
    assert again.status_code == 400
    assert "Somebody added to this review since" in text_of(again.text)
    assert officer.get(path).text.count("Once") == 1
    assert "Another agency" in text_of(
        post(
            pages.signed_in(POLICE_OFFICER), f"{path}/steps", act="noted", seen=seen(again.text), **{"noted-text": "x"}
        ).text
    )
    theirs = pages.signed_in(POLICE_OFFICER).get(path).text
    assert ("Once" in theirs, "is for Testshire Council to read" in text_of(theirs)) == (False, True)


def test_nobody_reviews_herself(officer: Browser, asked: dict[str, int]) -> None:
    path = f"/review/entries/{asked['own']}"
    page = officer.get(path)
    assert "somebody else has to review it" in text_of(page.text)
    assert "/steps" not in page.text
    assert "/reveal" not in page.text
    refused = post(officer, f"{path}/steps", act="opened", **{"opened-text": "me"})
    assert refused.status_code == 400
    assert "Nobody reviews what they did themselves" in text_of(refused.text)
    assert officer.get(f"{path}/reveal").status_code == 404
    assert officer.get(f"{path}/export").status_code == 404


@pytest.mark.parametrize("act", ["answered", "", "erased", "released"])
def test_other_steps_there_are_none(officer: Browser, asked: dict[str, int], act: str) -> None:
    assert post(officer, f"/review/entries/{asked['open']}/steps", act=act).status_code == 400
