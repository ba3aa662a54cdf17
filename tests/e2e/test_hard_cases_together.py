"""What holds of the ten hardest cases together, and of the page that tells them (``docs/hard-cases.md``)."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp
import pytest

from tests.e2e import test_hard_cases
from tests.e2e.hard.reading import shape, veiled
from tests.e2e.hard.town import HardTown

POLICE = "testshire-police"
PAGE = Path("docs/hard-cases.md")


async def test_veiled_lines_of_different_cases_are_told_alike(hard_town: HardTown) -> None:
    """Adoption, code C, a gender history and a hold: whole records, four grounds, one shape."""
    shapes: dict[str, set[str]] = {}
    with hard_town.decided(
        "investigation_hold", "wrong_child_source", POLICE, post="senior_investigating_officer", record_kind="incident"
    ):
        for part in ("two_identities", "intelligence", "protected_history", "wrong_child_source"):
            child = (await hard_town.ask(part)).child
            whole = [line for line in veiled(child) if line["fields"] == ["*"]]
            assert whole, part
            for line in whole:
                shapes.setdefault(shape(line, child), set()).add(part)
    assert [len(parts) for parts in shapes.values()] == [4], shapes


async def test_the_proof_a_searcher_can_fetch_does_not_hold_the_true_ground(hard_town: HardTown) -> None:
    asked = await hard_town.ask("two_identities")
    assert "imp-adoption-s57" in hard_town.log_text()
    headers = {"Authorization": f"Bearer {await hard_town.token()}"}
    url = f"{hard_town.url}{asked.child['logEntry']['proofUrl']}"
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        assert answer.status == 200
        proof = await answer.text()
    assert "imp-" not in proof
    assert "adoption" not in proof


def test_the_log_checks_out(hard_town: HardTown) -> None:
    assert "Entry 0 is one of them." in hard_town.command("audit", "verify", "--entry", "0")


# ---- The page ------------------------------------------------------------------------------------------------------


def told() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_the_page_tells_the_cases_that_are_tested() -> None:
    headings = [int(number) for number in re.findall(r"^## (\d+)\. ", told(), re.MULTILINE)]
    tested = {int(case[1]) for name in vars(test_hard_cases) if (case := re.match(r"test_(\d+)_", name))}
    assert headings == list(range(1, 11)) == sorted(tested)


@pytest.mark.parametrize("number", range(1, 11))
def test_each_case_says_who_sees_what_why_and_what_the_log_holds(number: int) -> None:
    part = re.split(r"^## (?:\d+\. )?", told(), flags=re.MULTILINE)[number]
    for said in ("**Facts.**", "| Who asks", "**Why.**", "**In the log.**"):
        assert said in part, said


def test_every_link_of_the_page_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", told())
    assert len(links) > 20
    for link in links:
        file, _, anchor = link.partition("#")
        path = (PAGE.parent / file).resolve() if file else PAGE
        assert path.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {_anchor(heading) for heading in headings}, link


def _anchor(heading: str) -> str:
    """As GitHub makes it: the words in lower case, joined with hyphens."""
    words = re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
