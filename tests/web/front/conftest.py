"""The front door in this process, over custodians that hold what a test gives them."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import create_engine, text

from hub.service.ask import Line
from tests.service.custodians import Bendable
from tests.web.site_up import MASH, Browser, Up

ASKED = {"nhs_number": "999 000 4021", "purpose": "ca2004-s16la", "case_reference": "MASH-1"}
BY_NAME = {
    "given_name": "Maya", "family_name": "Thornbury", "birth-day": "9", "birth-month": "3", "birth-year": "2017",
    "purpose": "ca2004-s16la", "case_reference": "MASH-1",
}  # fmt: skip


@dataclass
class Front:
    """The running site. ``logged`` entries are another test's."""

    up: Up
    custodians: tuple[Bendable, ...] = ()
    logged: int = 0

    def hold(self, *custodians: Bendable) -> None:
        """From now on these are who is asked."""
        lines = [Line(one, one.kinds | {"case_document", "adoption_record"}, 0.5) for one in custodians]
        site = self.up.site
        site.view_child = replace(site.view_child, lines=lines, match_grace_seconds=0.05)
        self.custodians = custodians

    def browser(self, who: str = MASH, acr: str | None = "multi-factor") -> Browser:
        return self.up.browser().signed_in(who, acr)

    def entries(self) -> list[str]:
        """The bodies of the entries that this test put into the log."""
        engine = create_engine(f"sqlite:///{self.up.place}/log.db")
        with engine.connect() as connection:
            found = connection.execute(text('SELECT body FROM log_entry ORDER BY "index"'))
            bodies = [bytes(body).decode() for (body,) in found]
        engine.dispose()
        return bodies[self.logged :]

    @property
    def asked(self) -> int:
        """How often any custodian was called."""
        return sum(len(one.calls) for one in self.custodians)


def send(browser: Browser, path: str, **fields: Any) -> httpx2.Response:
    """Post a form of the session's own."""
    return browser.post(path, {"csrf": browser.csrf(), **{name.replace("__", "-"): v for name, v in fields.items()}})


def said(response: httpx2.Response) -> str:
    """What a page says, without its markup and what is typed in it."""
    body = re.sub(r"<(script|head|option|textarea).*?</\1>", " ", response.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def hidden(response: httpx2.Response, path: str) -> dict[str, Any]:
    """The hidden fields of the first form that leads to ``path``."""
    form = re.search(rf'<form[^>]*action="{path}".*?</form>', response.text, re.DOTALL)
    assert form is not None, path
    fields: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form[0]):
        fields.setdefault(html.unescape(name), []).append(html.unescape(value))
    return fields


@pytest.fixture
def front(one: Up) -> Front:
    one.ahead = timedelta()
    made = Front(one)
    made.logged = len(made.entries())
    return made
