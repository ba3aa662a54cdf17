"""The sharing report in a real Chromium, with figures of months that are over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine

from tests.web.conftest import PartnershipSite, Visitor
from tests.web.sharing.months import busy, filled, month_before

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Look = Callable[["Page", str], None]
OFFICER = ("tc-0031", "ig_officer")
NOW = datetime.now(UTC)
BACK = next(each for each in range(1, 4) if int(month_before(NOW, each)[5:]) % 3 == 0)
QUARTER = [month_before(NOW, BACK + each) for each in range(3)]


@pytest.fixture
def figures(partnership_site: PartnershipSite) -> None:
    facts, deeds = busy(month_before(NOW))
    for month in QUARTER:
        more, done = busy(month)
        facts, deeds = facts | more, deeds | done
    engine = create_engine(f"sqlite:///{partnership_site.directory / 'log.db'}")
    filled(engine, facts, deeds)
    engine.dispose()


@pytest.mark.parametrize("javascript", [True, False], ids=["JavaScript on", "JavaScript off"])
def test_the_report(
    javascript: bool, visitor: Visitor, partnership_site: PartnershipSite, figures: None, look_at: Look
) -> None:
    page = visitor(*OFFICER, javascript=javascript)
    page.goto(f"{partnership_site.url}/sharing?period={month_before(NOW)}")
    assert "the agencies found 4,440 records" in page.locator("main").inner_text()
    assert page.get_by_role("img", name="What each agency shared").count() == 1
    if javascript:
        look_at(page, "sharing-report")
    page.select_option("#period", f"{QUARTER[0][:4]}-q{int(QUARTER[0][5:]) // 3}")
    page.get_by_role("button", name="Show").press("Enter")
    page.wait_for_load_state()
    assert "the agencies found 13,320 records" in page.locator("main").inner_text()
    if javascript:
        look_at(page, "sharing-report-quarter")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download these figures (CSV)").press("Enter")
    rows = Path(download.value.path()).read_text("utf-8")
    assert rows.startswith("period,table,row,column,figure")
    assert "13,320" in rows


def test_a_worker_finds_no_such_page(visitor: Visitor, partnership_site: PartnershipSite) -> None:
    page = visitor()
    assert page.get_by_role("link", name="Sharing report").count() == 0
    response = page.goto(f"{partnership_site.url}/sharing")
    assert response is not None
    assert response.status == 404
