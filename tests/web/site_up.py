"""A hub with its pages, in this process, and somebody's browser: the development server is a real one beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.testclient import TestClient

from hub.access.demo_register import write_demo_register
from hub.app import Hub, create_app
from hub.domain.enquiry import Duty
from hub.settings import load_settings
from hub.web.site import Site
from hub.web.visit import Visit
from tests.access.devserver_browser import _Form
from tests.access.devserver_up import Running

URL = "http://127.0.0.1:8000"
MASH = "tc-0417 mash_social_worker"
OFFICER = "tc-0031 ig_officer"
NURSE = "tn-1184 mash_nurse"

SETTINGS = """
environment = "development"
[server]
public_url = "{url}"
[log]
database_url = "sqlite:///{place}/log.db"
key_file = "log.key"
origin = "hub.test/log"
[access]
issuer = "{issuer}"
audience = "{audience}"
register = "register.toml"
[pages]
client_id = "hub-pages"
credential = {{ file = "pages.credential" }}
step_up_acr = ["multi-factor"]
contact = "Telephone 01632 960 100."
[[custodians]]
id = "testshire-council"
name = "Testshire Council"
sector = "council"
kind = "ssd"
url = "sqlite:///{place}/nothing.db"
contact = {{ role = "Duty", phone = "01632 960 121" }}
"""


@dataclass
class Up:
    """The running hub. ``ahead`` moves its pages' clock; ``logged`` entries are another test's."""

    app: Starlette
    hub: Hub
    place: Path
    ahead: timedelta = timedelta()
    logged: int = 0

    @property
    def site(self) -> Site:
        assert self.hub.pages is not None
        return self.hub.pages

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def browser(self) -> Browser:
        return Browser(TestClient(self.app, base_url=self.site.public_url, follow_redirects=False))


@contextmanager
def site_up(place: Path, server: Running, *, url: str = URL) -> Iterator[Up]:
    """Serve until the block ends; ``server`` gives tokens for ``http://127.0.0.1:8000``."""
    write_demo_register(place, server.url)
    (place / "pages.credential").write_text("hub-pages-development-only", "ascii")
    text = SETTINGS.format(place=place, issuer=server.url, url=url, audience=URL)
    (place / "settings.toml").write_text(text, "utf-8")
    built: list[Hub] = []

    def more(hub: Hub) -> list[BaseRoute]:
        built.append(hub)
        assert hub.pages is not None
        page = hub.pages.page
        return [
            page("/try", _show, methods=["GET", "POST"]),
            page("/try/strong", _show, methods=["GET", "POST"], step_up=True),
            page("/try/review", _show, duty=Duty.REVIEW),
        ]

    app = create_app(load_settings(place / "settings.toml", {}), more)
    up = Up(app, built[0], place)
    up.site.clock = up.site.sessions._clock = up.now
    with TestClient(app):
        yield up


async def _show(_site: Site, visit: Visit) -> Response:
    """A page that says back who is there and what she typed."""
    form = await visit.form()
    said = f"{visit.searcher.worker} {visit.searcher.organisation} {dict(form.values)}"
    return Response(said, headers={"csrf": visit.session.csrf})


@dataclass
class Browser:
    """Somebody's browser: it keeps the hub's cookies, and goes to the development server for real."""

    client: TestClient
    last: httpx2.Response | None = field(default=None, repr=False)

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, form: Mapping[str, Any], **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(path, data=dict(form), headers=named)

    def at_provider(self, address: str, who: str, acr: str | None = None, do: str = "sign in") -> str:
        """Sign in there; the address on the hub that it leads back to."""
        with httpx2.Client(follow_redirects=False) as outside:
            page = outside.get(address)
            assert page.status_code == 200, page.text
            form = _Form()
            form.feed(page.text)
            sent = {**form.given, "who": who, "do": do, **({} if acr is None else {"acr": acr})}
            back = outside.post(urljoin(address, "/authorize/sign-in"), data=sent)
        to = back.headers["location"]
        return to.removeprefix(f"{urlsplit(to).scheme}://{urlsplit(to).netloc}")

    def signed_in(self, who: str = MASH, acr: str | None = None) -> Browser:
        """Sign in from the first page."""
        response = self.follow(self.get("/sign-in"), who, acr)
        assert response.status_code == 303, response.text
        return self

    def follow(self, sent_away: httpx2.Response, who: str, acr: str | None = None) -> httpx2.Response:
        """What the hub answers once who was sent to sign in has done so."""
        assert sent_away.status_code == 303, sent_away.text
        return self.get(self.at_provider(sent_away.headers["location"], who, acr))

    def csrf(self) -> str:
        return self.get("/try").headers["csrf"]
