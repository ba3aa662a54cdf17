"""What leaves by the pages, or shows who somebody is: names, exports, samples, the report; and the box in red."""

from __future__ import annotations

import hashlib
import html
import re
from pathlib import Path

from hub.audit.acts import Report, Reveal
from tests.web.review.conftest import Pages, checked, newest, post, text_of
from tests.web.site_up import OFFICER, Browser


def test_a_name_needs_a_reason_and_a_strong_sign_in(pages: Pages, officer: Browser, asked: dict[str, int]) -> None:
    path = f"/review/entries/{asked['council']}/reveal"
    weak = pages.signed_in(OFFICER, "single-factor")
    assert weak.get(path).status_code == 303, "sent to sign in again"
    assert officer.get(path).status_code == 200
    for fields in (
        {},
        {"what": "subject"},
        {"what": "subject", "reason": "review"},
        {"what": "everything", "reason": "x", "why": "y"},
    ):
        page = post(officer, path, **fields)
        assert page.status_code == 400
        assert "999 000 0018" not in page.text
    page = post(officer, path, what="subject", reason="complaint", why="The mother wrote on Monday.")
    assert "999 000 0018" in page.text
    entry = newest(pages)
    assert isinstance(entry, Reveal)
    assert (entry.reason, entry.entry) == ("subject:complaint", asked["council"])
    assert "tc-0417" in post(officer, path, what="worker", reason="review", why="x").text
    assert "{ child { name } }" in html.unescape(post(officer, path, what="words", reason="review", why="x").text)


def test_rows_are_exported_with_their_proofs(
    officer: Browser, pages: Pages, asked: dict[str, int], tmp_path: Path
) -> None:
    assert pages.signed_in(OFFICER, "single-factor").get("/review/export").status_code == 303
    page = officer.get("/review/export?preset=open").text
    assert "Not answered yet" in page
    assert post(officer, "/review/export", preset="open").status_code == 400
    export = post(officer, "/review/export", preset="open", reason="review")
    done = checked(export.content, tmp_path, pages)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "export" / "proofs").glob("*.entry")} == {f"{asked['open']}.entry"}
    nothing = post(officer, "/review/export", preset="abandoned", reason="review")
    assert (nothing.status_code, "nothing to export" in nothing.text) == (400, True)


def test_a_sample_that_anybody_can_draw_again(officer: Browser, asked: dict[str, int]) -> None:
    days = {
        "first-day": "1",
        "first-month": "1",
        "first-year": "2026",
        "last-day": "1",
        "last-month": "1",
        "last-year": "2100",
    }
    gone = post(officer, "/review/samples", preset="questions", many="2", **days)
    assert gone.status_code == 303, text_of(gone.text)
    path = gone.headers["location"]
    page = officer.get(path).text
    drawn = [int(number) for number in re.findall(r'href="/review/entries/(\d+)"', page)]
    seed = re.search(r"fromhex\(&#34;([0-9a-f]{64})&#34;\)|fromhex\(\"([0-9a-f]{64})\"\)", page)
    assert seed is not None
    numbers = [int(line) for line in officer.get(f"{path}/population").text.split()]
    key = bytes.fromhex(seed[1] or seed[2])
    assert drawn == sorted(numbers, key=lambda n: hashlib.sha256(key + n.to_bytes(8, "big")).digest())[:2]
    assert path in officer.get("/review/samples").text
    wrong = {**days, "last-year": "2025"}
    for fields in (
        {},
        {"preset": "questions", "many": "0", **days},
        {"preset": "questions", "many": "5", **wrong},
        {"preset": "refused", "many": "5", **days},
    ):
        assert post(officer, "/review/samples", **fields).status_code == 400


def test_who_has_seen_a_record(officer: Browser, pages: Pages, asked: dict[str, int]) -> None:
    for fields in ({}, {"nhs-number": "999 000 0019"}, {"given-1": "Amira"}, {"nhs-number": "999 000 1375"}):
        assert post(officer, "/review/report", do="show", **fields).status_code == 400, fields
    page = post(officer, "/review/report", do="show", **{"nhs-number": "999 000 0018"})
    assert page.status_code == 200, text_of(page.text)
    said = text_of(page.text)
    assert "Who has asked about this child" in said
    assert all(f">{asked[name]}</a>" in page.text for name in ("council", "police", "open"))
    assert f">{asked['other']}</a>" not in page.text
    assert "999" not in said.replace("9990", "")
    assert "imp-adoption-s57" not in said, "what was veiled is in no report"
    assert isinstance(newest(pages), Report)
    text = post(officer, "/review/report", do="download", **{"nhs-number": "9990000018"})
    assert text.headers["content-disposition"] == 'attachment; filename="who-has-asked.md"'
    assert text.text.startswith("# Who has asked about this child")


def test_the_box_turns_red_and_says_where(pages: Pages, officer: Browser) -> None:
    from sqlalchemy import create_engine, text

    assert "The log checks out" in text_of(officer.get("/review").text)
    engine = create_engine(f"sqlite:///{pages.up.place}/log.db")
    with engine.begin() as connection:
        connection.execute(text("UPDATE log_entry SET body = body || X'20' WHERE \"index\" = 2"))
    from hub.service import reviewing_check

    reviewing_check.EVERY, kept = reviewing_check.EVERY * 0, reviewing_check.EVERY
    try:
        said = text_of(officer.get("/review").text)
    finally:
        reviewing_check.EVERY = kept
    engine.dispose()
    assert "The log does not check out" in said
    assert "(entry 2)" in said
