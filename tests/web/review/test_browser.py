"""An information governance officer's job in a real Chromium, from the question to the export that somebody else checks."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.web.conftest import PartnershipSite, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Look = Callable[["Page", str], None]
scripts = pytest.mark.parametrize("javascript", [True, False], ids=["JavaScript on", "JavaScript off"])
OFFICER = ("tc-0031", "ig_officer")


def without_council_case(site: PartnershipSite) -> str:
    """The NHS number of a child the council does not know at all."""
    return next(child.nhs_number for child in site.world.children.values() if child.council is None and child.health)


def ask(page: Page, site: PartnershipSite, number: str) -> None:
    page.goto(f"{site.url}/find")
    page.fill("#nhs_number", number)
    page.fill("#case_reference", "MASH-2026-7")
    page.check('input[name="purpose"][value="ca2004-s16la"]')
    page.locator("main form button[type=submit], main form button").last.click()
    page.wait_for_load_state()


@scripts
def test_an_officers_job(
    javascript: bool, visitor: Visitor, partnership_site: PartnershipSite, look_at: Look, tmp_path: Path
) -> None:
    site = partnership_site
    worker = visitor(javascript=javascript)
    ask(worker, site, without_council_case(site))
    officer = visitor(*OFFICER, javascript=javascript, acr="multi-factor")

    # She finds a worker who looked at a child with no open case ...
    officer.goto(f"{site.url}/review")
    officer.get_by_role("heading", name="The log checks out").wait_for()
    look_at(officer, "review-list")
    officer.get_by_role("link", name="No case found", exact=True).click()
    officer.locator("main tbody tr").first.get_by_role("link").first.click()
    heading = officer.get_by_role("heading", level=1).inner_text()
    number = int(re.sub(r"\D", "", heading))
    assert "No case found" in officer.locator("main").inner_text()
    look_at(officer, "review-entry")

    # ... asks her why ...
    officer.fill("#opened-text", "No council holds a case.")
    officer.get_by_role("button", name="Open a review").click()
    officer.get_by_text("Ask the worker", exact=True).first.click()
    officer.fill("#asked-text", "What did you need to know about this child?")
    officer.get_by_role("button", name="Ask the worker").click()
    officer.get_by_text("What did you need to know about this child?").first.wait_for()

    # ... she answers ...
    worker.goto(f"{site.url}/my/questions")
    look_at(worker, "my-questions")
    worker.fill(f"#answer-{number}", "The school called about her that morning; no case was open yet.")
    worker.get_by_role("button", name="Send your answer").click()
    worker.get_by_text("Your answer is in the log").wait_for()

    # ... and the officer records the outcome; first with a mistake, which the page explains.
    officer.reload()
    if not officer.locator("#closed-text").is_visible():
        officer.get_by_text("Close the review", exact=True).first.click()
    officer.fill("#closed-text", "A referral the same day explains it.")
    officer.get_by_role("button", name="Close the review").click()
    officer.get_by_role("heading", name="There is a problem").wait_for()
    look_at(officer, "review-entry-problem")
    assert officer.input_value("#closed-text") == "A referral the same day explains it."
    officer.check('input[value="justified"]')
    officer.get_by_role("button", name="Close the review").click()
    assert "Review closed: Justified" in officer.locator("#review").locator("..").inner_text()

    # She exports the evidence, and somebody else checks it with a verifier and a key of their own.
    officer.get_by_role("link", name="Export the evidence of this review").click()
    look_at(officer, "review-export")
    officer.check('input[name="reason"][value="review"]')
    with officer.expect_download() as download:
        officer.get_by_role("button", name="Write this to the log and download").click()
    path = tmp_path / "export.zip"
    download.value.save_as(path)
    done = verified(path, tmp_path, site)
    assert (done.returncode, done.stderr) == (0, "")
    assert "The export checks out" in done.stdout
    assert "The school called" in (tmp_path / "export" / "review.json").read_text()


def verified(path: Path, place: Path, site: PartnershipSite) -> subprocess.CompletedProcess[str]:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(place)
    key = site.running.settings.parent / "log.key.pub"
    command = [sys.executable, "-I", str(files("hub.audit") / "offline" / "verify.py"), str(place / "export")]
    return subprocess.run([*command, "--key", str(key), "--partial"], capture_output=True, text=True, timeout=60)


def test_samples_names_reports_and_checks(visitor: Visitor, partnership_site: PartnershipSite, look_at: Look) -> None:
    site, number = partnership_site, without_council_case(partnership_site)
    ask(visitor(), site, number)
    officer = visitor(*OFFICER, acr="multi-factor")

    officer.goto(f"{site.url}/review/samples")
    look_at(officer, "review-samples")
    for name, day in (("first", ("1", "1", "2026")), ("last", ("31", "12", "2099"))):
        for part, value in zip(("day", "month", "year"), day, strict=True):
            officer.fill(f'input[name="{name}-{part}"]', value)
    officer.fill("#many", "3")
    officer.get_by_role("button", name="Draw the sample").click()
    officer.get_by_role("heading", name="Draw it again yourself").wait_for()
    look_at(officer, "review-sample")

    officer.locator(".review-sample a").first.click()
    officer.get_by_role("link", name="Show who this is about").click()
    look_at(officer, "review-reveal")
    officer.check('input[name="what"][value="subject"]')
    officer.check('input[name="reason"][value="complaint"]')
    officer.fill("#why", "The family asks who looked.")
    officer.get_by_role("button", name="Write this to the log and show me").click()
    officer.get_by_role("heading", name="Who the child is").wait_for()
    assert "/reveal" in officer.url
    assert not re.search(r"\d{10}", officer.url)
    look_at(officer, "review-revealed")

    officer.goto(f"{site.url}/review/report")
    officer.fill("#nhs-number", number)
    look_at(officer, "review-report")
    officer.get_by_role("button", name="Show the report").click()
    officer.get_by_role("heading", name="Who has asked about this child").wait_for()
    look_at(officer, "review-report-made")

    officer.goto(f"{site.url}/review/check")
    look_at(officer, "review-check")
    officer.goto(f"{site.url}/review/cases")
    look_at(officer, "review-cases")


def test_filters_and_views_by_keyboard(visitor: Visitor, partnership_site: PartnershipSite) -> None:
    officer = visitor(*OFFICER)
    officer.goto(f"{partnership_site.url}/review?preset=refused")
    officer.fill("#view-name", "Refused, mine")
    officer.locator("#view-name").press("Enter")
    officer.get_by_role("link", name="Refused, mine").wait_for()
    officer.locator("summary").filter(has_text="Filter by worker, child, agency or date").focus()
    officer.keyboard.press("Enter")
    officer.fill("#worker", "Amina")
    officer.locator("#worker").press("Enter")
    officer.get_by_role("heading", name="There is a problem").wait_for()
    officer.get_by_role("link", name="Worker must be a whole reference").click()
    assert officer.evaluate("() => document.activeElement.id") == "worker"
    officer.get_by_role("button", name="Remove the view Refused, mine").click()
    assert officer.get_by_role("link", name="Refused, mine").count() == 0
