"""The policies' pages: what is in force, chapters, rules, the search, and the form that explains a decision."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from hub.service.policies import State
from tests.web.site_up import MASH, OFFICER, Browser, Up

ADOPTED = {
    "kind": "case_document",
    "purpose": "ca2004-s16la",
    "role": "mash_social_worker",
    "label-1": "adoption_s56",
    "standing-1": "stated",
    "restricted": "no",
}


def text(page: str) -> str:
    page = page.replace("&#39;", "'").replace("&#34;", '"')
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.fixture
def worker(up: Up) -> Browser:
    return up.browser().signed_in(MASH)


def posted(browser: Browser, path: str, **form: str) -> tuple[int, str]:
    response = browser.post(path, {"csrf": browser.csrf(), **form})
    return response.status_code, response.text


def test_nobody_reads_them_without_signing_in(up: Up) -> None:
    for path in ("/rules", "/rules/explain", "/rules/what-stops-sharing"):
        assert up.browser().get(path).status_code == 303


def test_the_start_says_which_set_is_in_force(up: Up, worker: Browser) -> None:
    page = worker.get("/rules")
    assert page.status_code == 200
    said = text(page.text)
    assert up.site.policies.current.digest in said
    assert "No newer set was refused." in said
    assert "This is not legal advice" in said
    assert "General knowledge: check before relying on it" in said


def test_the_start_says_that_a_newer_set_was_refused(up: Up, worker: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    was = up.site.policies.state
    refused = State(was.digest, was.loaded_at, was.since + timedelta(hours=1), "POLICY_UNSIGNED")
    monkeypatch.setattr(up.site.policies, "_state", refused)
    said = text(worker.get("/rules").text)
    assert "A newer set of policies was refused" in said
    assert "POLICY_UNSIGNED" in said


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        pytest.param("/rules/what-stops-sharing", 200, "Nothing else does", id="a long chapter"),
        pytest.param("/rules/never-connected", 200, "cannot tell whether there are any", id="a short chapter"),
        pytest.param(
            "/rules/what-is-not-an-impediment", 200, "do not by themselves stop sharing", id="rejected grounds"
        ),
        pytest.param("/rules/shared-with-a-condition", 200, "do not stop sharing", id="handling"),
        pytest.param("/rules/what-lies-outside-a-purpose", 200, "These are not refusals", id="limits"),
        pytest.param("/rules/what-stops-sharing/protected-adoption-information", 200, "Who can lift it", id="a rule"),
        pytest.param("/rules/what-stops-sharing/nothing-like-it", 404, "", id="no such rule"),
        pytest.param("/rules/nothing-like-it", 404, "", id="no such chapter"),
    ],
)
def test_chapters_and_rules(worker: Browser, path: str, status: int, words: str) -> None:
    page = worker.get(path)
    assert page.status_code == status
    assert words in text(page.text)
    assert len(page.content) <= 60_000


def test_every_page_of_the_book_is_there_and_light(worker: Browser) -> None:
    start = worker.get("/rules").text
    seen, todo = set(), set(re.findall(r'href="(/rules/[^"#]+)"', start))
    while todo:
        path = todo.pop()
        seen.add(path)
        page = worker.get(path)
        assert page.status_code == 200, path
        assert len(page.content) <= 60_000, path
        todo |= set(re.findall(r'href="(/rules/[^"#]+)"', page.text)) - seen
    assert len(seen) > 60


def test_a_search_keeps_what_was_typed_and_out_of_the_address(worker: Browser) -> None:
    status, page = posted(worker, "/rules", q="adoption")
    assert status == 200
    assert "Protected adoption information" in text(page)
    assert 'value="adoption"' in page
    assert worker.client.get("/rules", params={"q": "adoption"}).text.count("result") == 0


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        pytest.param("", 400, "Enter a word to search the policies for.", id="nothing"),
        pytest.param("x" * 101, 400, "Write at most 100 characters. You wrote 101.", id="too long"),
        pytest.param("xylophone", 200, "No rule has all of these words.", id="nowhere"),
        pytest.param("<script>alert(1)</script>", 200, "0 results", id="markup"),
    ],
)
def test_searches_that_find_nothing(worker: Browser, typed: str, status: int, words: str) -> None:
    got, page = posted(worker, "/rules", q=typed)
    assert got == status
    assert words in text(page)
    assert "<script>alert" not in page


def test_a_decision_is_explained_to_a_searcher_without_its_veiled_ground(worker: Browser) -> None:
    status, page = posted(worker, "/rules/explain", **ADOPTED)
    assert status == 200
    answer = text(page[page.index('id="answer"') : page.index('<form action="/rules/explain')])
    assert "The whole record: withheld. Restricted." in answer
    assert "For the reviewer" not in answer
    assert "adoption" not in answer.lower()


def test_a_reviewer_is_told_the_true_ground(up: Up) -> None:
    status, page = posted(up.browser().signed_in(OFFICER), "/rules/explain", **ADOPTED)
    assert status == 200
    assert "imp-adoption-s57" in text(page)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"label-1": ""}, "shared", id="nothing marked"),
        pytest.param({"standing-1": "unstated"}, "withheld", id="nobody said whether"),
        pytest.param({"label-1": "privileged"}, "withheld: Legal professional privilege", id="an open ground"),
        pytest.param({"purpose": "police-common-law"}, "Nothing is told", id="a purpose that does not reach it"),
        pytest.param({"label-1": "privileged", "label-2": "privilege_waived", "standing-2": "judged"}, "shared", id="lifted by a person"),
        pytest.param({"label-1": "", "sector": "housing"}, "Nothing is told", id="for another agency than the role's"),
    ],
)  # fmt: skip
def test_explanations(worker: Browser, changes: dict[str, str], words: str) -> None:
    status, page = posted(worker, "/rules/explain", **(ADOPTED | changes))
    assert status == 200
    answer = text(page[page.index('id="answer"') : page.index('<form action="/rules/explain')])
    assert words in answer or (words == "withheld" and "gap" in answer)


def test_a_form_with_nothing_chosen_comes_back_with_what_is_wrong(worker: Browser) -> None:
    status, page = posted(worker, "/rules/explain", **{"label-1": "privileged", "purpose": "ca1989-s47"})
    assert status == 400
    for message in ("Choose a kind of record.", "Choose who asks."):
        assert message in text(page)
    assert '<option value="privileged" selected' in page
    assert "<title>Error: " in page


@pytest.mark.parametrize("field", ["kind", "purpose", "role", "sector", "label-1", "standing-1", "restricted"])
def test_what_no_page_offers_is_refused(worker: Browser, field: str) -> None:
    status, _ = posted(worker, "/rules/explain", **(ADOPTED | {field: "../../etc"}))
    assert status == 400
