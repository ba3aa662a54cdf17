"""The sharing report's page and file: for whom, for when, and figures that say no more than they may."""

from __future__ import annotations

import csv
import io
import re

import pytest
from sqlalchemy import create_engine

from hub.service.sharing_report import Reporting
from hub.store.sharing_facts import Came, Fact, What
from hub.web.sharing.charts import Bar, Look, Part, bars
from hub.web.sharing.routes import written
from hub.web.sharing.tables import Table, milliseconds
from tests.web.sharing.months import COUNCIL, busy, filled, month_before
from tests.web.site_up import MASH, OFFICER, Browser, Up


def fill(up: Up, *months: str, more: dict[Fact, int] | None = None) -> None:
    facts: dict[Fact, int] = dict(more or {})
    deeds: dict[tuple[str, str, str, str, str], int] = {}
    for month in months:
        added, done = busy(month)
        facts |= added
        deeds |= done
    engine = create_engine(f"sqlite:///{up.place / 'log.db'}")
    filled(engine, facts, deeds)
    engine.dispose()


@pytest.fixture
def officer(up: Up) -> Browser:
    return up.browser().signed_in(OFFICER)


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.replace("&#39;", "'")))


def test_who_has_no_such_duty_finds_no_such_page(up: Up) -> None:
    worker = up.browser().signed_in(MASH)
    for path in ("/sharing", "/sharing/figures.csv"):
        response = worker.get(path)
        assert response.status_code == 404
        assert "report" not in text(response.text).lower()


def test_a_month_that_is_over_is_shown_first_and_answers_with_figures(up: Up, officer: Browser) -> None:
    month = month_before(up.now())
    fill(up, month)
    page = officer.get("/sharing")
    assert page.status_code == 200
    said = text(page.text)
    assert "the agencies found 4,440 records about the children who were asked about" in said
    assert "They shared 4,177 of them in full (94.1%)." in said
    assert "over police themselves" in said
    for name in ("What each agency shared", "What stopped sharing", "Gaps, and who can mend them", "Time to answer"):
        assert name in said
    assert "Testshire Council" in said
    assert "fewer than 5" in said
    assert page.headers["cache-control"] == "no-store"
    assert "style=" not in page.text


def test_nothing_veiled_and_nothing_small_is_in_the_page_or_the_file(up: Up, officer: Browser) -> None:
    month = month_before(up.now())
    veiled = {
        Fact(month, What.RECORD, COUNCIL, "", Came.REFUSED, "imp-adoption-s57"): 17,
        Fact(month, What.PURPOSE, "", "ca1989-s47", Came.REFUSED, "imp-adoption-s57"): 17,
    }
    fill(up, month, more=veiled)
    page, file = officer.get("/sharing"), officer.get("/sharing/figures.csv")
    assert file.headers["content-type"].startswith("text/csv")
    assert month in file.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(file.text)))
    assert rows[0] == ["period", "table", "row", "column", "figure"]
    for shown in (page.text, file.text):
        assert "adoption" not in shown.lower()
        assert "imp-" not in shown
    told = {tuple(row[1:4]): row[4] for row in rows}
    assert told["What stopped sharing", "Restricted", "All"] == "52"
    assert [key for key, figure in told.items() if figure in {"1", "2", "3", "4"}] == []
    assert "fewer than 5" in told.values()


@pytest.mark.parametrize(
    ("period", "status"),
    [
        pytest.param("2020-01", 404, id="before the log"),
        pytest.param("2026-q5", 404, id="no such quarter"),
        pytest.param("' OR 1=1", 404, id="no period at all"),
        pytest.param("", 404, id="empty"),
    ],
)
def test_periods_that_are_not(up: Up, officer: Browser, period: str, status: int) -> None:
    fill(up, month_before(up.now()))
    assert officer.client.get("/sharing", params={"period": period}).status_code == status


def test_a_quarter_adds_up_its_months(up: Up, officer: Browser) -> None:
    back = next(each for each in range(1, 4) if int(month_before(up.now(), each)[5:]) % 3 == 0)
    months = [month_before(up.now(), back + each) for each in range(3)]
    fill(up, *months)
    quarter = f"{months[0][:4]}-q{int(months[0][5:]) // 3}"
    said = text(officer.get(f"/sharing?period={quarter}").text)
    assert "the agencies found 13,320 records" in said


def test_a_month_that_is_not_over_tells_of_records_only_where_everybody_is_invented(up: Up, officer: Browser) -> None:
    month = month_before(up.now(), 0)
    fill(up, month)
    said = text(officer.get("/sharing").text)
    assert "so far" in said
    assert "everybody in this hub is invented" in said


async def test_elsewhere_a_month_that_is_not_over_tells_of_no_records(up: Up) -> None:
    month = month_before(up.now(), 0)
    fill(up, month)
    site = up.site

    class Caught:
        async def caught_up(self) -> object:
            return type("Caught", (), {"up": True})()

    reporting = Reporting(site.log, Caught(), lambda: site.policies.current.bundle, up.now)  # type: ignore[arg-type]
    report = await reporting.report()
    assert report is not None
    assert (report.sharing, report.period.is_over, report.questions["joined_view"]) == (None, False, 551)


def test_an_empty_log(up: Up, officer: Browser) -> None:
    fill(up)
    assert officer.get("/sharing").status_code == 200


# ------------------------------------------------------------------------------------------------------------ pieces


def test_a_chart_has_words_and_no_style() -> None:
    chart = str(bars("c", 'A "title"', "What it shows", [Bar("<b>Agency</b>", "9%", (Part(Look.HATCHED, 0.5),))]))
    assert 'role="img"' in chart
    assert "<desc" in chart
    assert "&lt;b&gt;Agency&lt;/b&gt;" in chart
    assert "style=" not in chart
    assert 'fill="url(#c-hatched)"' in chart
    assert 'width="50.00%"' in chart


def test_bars_never_run_out_of_the_chart() -> None:
    chart = str(bars("c", "t", "d", [Bar("x", "y", (Part(Look.SOLID, 0.8), Part(Look.DOTTED, 0.8)))]))
    widths = [float(each) for each in re.findall(r'x="[\d.]+%" y="\d+" width="([\d.]+)%"', chart)]
    assert widths == [100.0, 80.0, 20.0]


@pytest.mark.parametrize(("time", "said"), [(0, "0 ms"), (999, "999 ms"), (1000, "1 second"), (4100, "4.1 seconds")])
def test_times_in_words(time: int, said: str) -> None:
    assert milliseconds(time) == said


def test_no_cell_of_the_file_is_a_formula() -> None:
    class Period:
        title = "=cmd()"

    class Report:
        period = Period()

    table = Table("n", "+t", "", ("Row", "@c"), (("-r", "=1+1"),))
    lines = list(csv.reader(io.StringIO(written(Report(), [table]))))  # type: ignore[arg-type]
    assert lines[1] == ["'=cmd()", "'+t", "'-r", "'@c", "'=1+1"]
