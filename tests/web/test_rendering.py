"""From templates to pages: what is escaped, what fails, what the policy lets through, and times as people write them."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from jinja2 import TemplateError, UndefinedError

from hub.domain.disclosure import Outcome
from hub.domain.sources import NoAnswerReason, NotAskedReason, SourceState
from hub.web.forms import Form
from hub.web.rendering import GOVUK, TEMPLATES, Renderer, counted, page_headers, uk_date, uk_time
from hub.web.words import OUTCOMES, REASONS, SOURCES, in_words

HOSTILE = "<script>alert('x')</script>\"'&"
NAV = [{"href": "/find", "text": "Find a child", "current": True}]
WHO = {"name": HOSTILE, "agency": HOSTILE, "role": "mash_nurse"}
BUTTON = '{% from "govuk_frontend_jinja/components/button/macro.html" import govukButton %}'
ROW = '{% from "govuk_frontend_jinja/components/summary-list/macro.html" import govukSummaryList %}'


def page_of(tmp_path: Path, content: str, head: str = "", **context: object) -> str:
    """A page with ``content``, made as the hub's are."""
    text = f'{{% extends "layout.html" %}}{head}{{% block title %}}T{{% endblock %}}'
    (tmp_path / "it.html").write_text(f"{text}{{% block content %}}<h1>T</h1>{content}{{% endblock %}}")
    return Renderer(development=True, templates=[tmp_path]).page("it.html", **context)


ESCAPED = [
    pytest.param("{{ typed }}", id="in the page"),
    pytest.param(f'{BUTTON}{{{{ govukButton({{"text": typed}}) }}}}', id="a macro's text"),
    pytest.param(f'{BUTTON}{{{{ govukButton({{"html": typed}}) }}}}', id="a macro's HTML that is a plain string"),
    pytest.param(
        f'{BUTTON}{{{{ govukButton({{"text": "x", "attributes": {{"data-x": typed}}}}) }}}}', id="an attribute"
    ),
    pytest.param(
        f'{ROW}{{{{ govukSummaryList({{"rows": [{{"key": {{"text": "x"}}, "value": {{"html": typed}}}}]}}) }}}}',
        id="a row's HTML that is a plain string",
    ),
]


@pytest.mark.parametrize("content", ESCAPED)
def test_nothing_that_was_typed_becomes_markup(content: str, tmp_path: Path) -> None:
    page = page_of(tmp_path, content, typed=HOSTILE, signed_in=WHO, nav=NAV, csrf_token=HOSTILE)
    assert "alert(" in page.partition("<main")[2]
    assert "<script>alert" not in page
    assert "alert('x')" not in page
    assert page.count("<script") == 2  # the layout's own


def test_what_a_template_made_is_markup_to_a_macro(tmp_path: Path) -> None:
    content = f'{ROW}{{{{ govukSummaryList({{"rows": [{{"key": {{"text": "x"}}, "value": {{"html": outcome("ask")}}}}]}}) }}}}'
    page = page_of(tmp_path, content, '{% from "parts.html" import outcome %}')
    assert '<strong class="govuk-tag govuk-tag--yellow' in page


FAILS = [
    pytest.param("{{ tpyed }}", UndefinedError, id="a misspelt name"),
    pytest.param("{% if tpyed %}{% endif %}", UndefinedError, id="a misspelt name in a question"),
    pytest.param("{{ found.tpyed }}", UndefinedError, id="a misspelt attribute"),
    pytest.param("{{ typed | safe }}", TemplateError, id="a string declared safe"),
    pytest.param("{{ asset('page.css') }}", KeyError, id="a file that is not there"),
]


@pytest.mark.parametrize(("content", "fault"), FAILS)
def test_a_mistake_in_a_template_is_found_when_it_is_used(content: str, fault: type[Exception], tmp_path: Path) -> None:
    with pytest.raises(fault):
        page_of(tmp_path, content, typed="x", found={"typed": "x"})


def test_the_policy_lets_the_layouts_one_script_through_and_nothing_else(tmp_path: Path) -> None:
    page = page_of(tmp_path, "")
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    policy = page_headers(form_targets=["https://login.example"])["Content-Security-Policy"]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert "form-action 'self' https://login.example;" in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    from importlib.resources import files

    assert f"{script}</script>" in files(GOVUK).joinpath("templates/template.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_template_has_what_the_policy_would_stop(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=|<style|\son\w+\s*=\s*[\"']|javascript:|https?://(?!www\.w3\.org/)", text)
    assert path.name == "layout.html" or not re.search(r"<script(?![^>]*\bsrc=)", text)


def test_problems_are_summed_up_in_the_title_and_above_the_page(tmp_path: Path) -> None:
    form = Form({"name": [HOSTILE]})
    form.wrong("name", "Enter a name")
    page = page_of(tmp_path, "", form=form)
    assert "<title>Error: T - Safeguarding hub</title>" in page
    assert '<a href="#name">Enter a name</a>' in page
    assert "Error:" not in page_of(tmp_path, "", form=Form())


def test_only_who_is_signed_in_is_offered_to_sign_out(tmp_path: Path) -> None:
    assert "/sign-out" not in page_of(tmp_path, "")
    assert page_of(tmp_path, "", signed_in=WHO, csrf_token="t").count('name="csrf" value="t"') == 2


TIMES = [
    pytest.param(datetime(2026, 11, 20, 16, 40, tzinfo=UTC), "20 November 2026 at 4:40pm", id="winter"),
    pytest.param(datetime(2026, 7, 1, 16, 40, tzinfo=UTC), "1 July 2026 at 5:40pm", id="summer"),
    pytest.param(datetime(2026, 7, 1, 23, 30, tzinfo=UTC), "2 July 2026 at 12:30am", id="already the next day here"),
    pytest.param(datetime(2026, 7, 1, 8, 5, tzinfo=UTC), "1 July 2026 at 9:05am", id="a small minute"),
    pytest.param(datetime(2026, 1, 1, 9, tzinfo=UTC), "1 January 2026 at 9am", id="on the hour"),
    pytest.param(datetime(2026, 1, 1, 0, tzinfo=UTC), "1 January 2026 at midnight", id="midnight"),
    pytest.param(datetime(2026, 1, 1, 12, tzinfo=UTC), "1 January 2026 at midday", id="midday"),
]


@pytest.mark.parametrize(("at", "said"), TIMES)
def test_times(at: datetime, said: str) -> None:
    assert uk_time(at) == said
    assert uk_date(at) == said.partition(" at ")[0]


def test_a_day_is_a_day_and_a_time_without_a_zone_is_refused() -> None:
    assert uk_date(date(2019, 3, 4)) == "4 March 2019"
    for show in (uk_time, uk_date):
        with pytest.raises(ValueError, match="zone"):
            show(datetime(2026, 7, 1, 23, 30))


def test_every_code_has_words_and_no_two_signs_look_alike() -> None:
    assert set(OUTCOMES) == set(Outcome)
    assert set(SOURCES) == set(SourceState)
    assert set(REASONS) == {*NoAnswerReason, *NotAskedReason}
    for table in (OUTCOMES, SOURCES):
        assert len({sign.mark for sign in table.values()}) == len(table)
        assert len({sign.text for sign in table.values()}) == len(table)
    assert SOURCES[SourceState.NO_ANSWER].colour != SOURCES[SourceState.NOT_HELD].colour


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("mash_social_worker", "MASH social worker"),
        ("withheld", "Withheld"),
        ("refused", "refused"),
        ("ig_officer", "IG officer"),
    ],
)
def test_codes_in_words(code: str, said: str) -> None:
    assert in_words(code) == said


def test_numbers_with_their_word() -> None:
    assert counted(1, "entry", "entries") == "1 entry"
    assert counted(1204, "entry", "entries") == "1,204 entries"
    assert counted(0, "child", "children") == "0 children"
    assert counted(2, "question") == "2 questions"
