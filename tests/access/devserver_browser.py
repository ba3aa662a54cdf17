"""A client with a browser: what a worker sees of signing in, and what the client makes of the answer."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import msgspec
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from hub.access.devserver import DEMO_FILE
from hub.access.devsettings import DevClient, DevServerSettings, load_people
from tests.access.devserver_up import Running, basic, settings_of

BACK = "http://127.0.0.1:8000/signed-in"
OUT = "http://127.0.0.1:8000/signed-out"
PAGES = ("hub-pages", "hub-pages-development-only")
FRONT_DOOR = ("front-door", "front-door-development-only")
BOUND = ("bound", "bound-development-only")
WHO = "tc-0417 mash_social_worker"


def with_front_doors() -> DevServerSettings:
    """The demo's settings, a front-door tool of the council that signs workers in itself, and one that must use DPoP."""
    people = load_people(DEMO_FILE)
    back = ["http://127.0.0.1:8001/cb", "http://127.0.0.1:8001/cb?tenant=1"]
    doors = [
        DevClient(FRONT_DOOR[0], "testshire-council", FRONT_DOOR[1], redirect_uris=back),
        DevClient(BOUND[0], "testshire-council", BOUND[1], redirect_uris=back, dpop_only=True),
    ]
    return settings_of(people=msgspec.structs.replace(people, clients=[*people.clients, *doors], scopes=["ask"]))


class _Form(HTMLParser):
    """The fields a page's form has: those given already, and the choices of each other name."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.given: dict[str, str] = {}
        self.choices: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = {name: value or "" for name, value in attrs}
        if tag == "input" and (found["type"] == "hidden" or "checked" in found):
            self.given[found["name"]] = found["value"]
        if tag in ("input", "button") and found.get("type") != "hidden":
            self.choices.setdefault(found["name"], []).append(found["value"])


@dataclass
class Page:
    """What the browser was given: a page, or an address to go to with what is in its query."""

    status: int
    headers: Mapping[str, str]
    text: str
    to: str | None = None
    query: dict[str, str] = field(default_factory=dict)

    @property
    def form(self) -> _Form:
        form = _Form()
        form.feed(self.text)
        return form


@dataclass
class Flow:
    """One sign-in through a client of ``server``: the defaults are a good one through the hub's pages."""

    server: Running
    client: tuple[str, str] = PAGES
    back: str = BACK
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    def parameters(self, **changes: Any) -> dict[str, str]:
        """Of the authorization request; ``...`` takes one away."""
        good = {
            "response_type": "code",
            "client_id": self.client[0],
            "redirect_uri": self.back,
            "scope": "openid",
            "state": self.state,
            "nonce": "n-0S6",
            "code_challenge": create_s256_code_challenge(self.verifier),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in {**good, **changes}.items() if value is not ...}

    async def visit(self, path: str, parameters: Mapping[str, str]) -> Page:
        async with (
            aiohttp.ClientSession() as session,
            session.get(self.server.url + path, params=dict(parameters), allow_redirects=False) as answer,
        ):
            return await _page(answer)

    async def submit(self, path: str, form: Mapping[str, str]) -> Page:
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.server.url + path, data=dict(form), allow_redirects=False) as answer,
        ):
            return await _page(answer)

    async def sign_in(self, page: Page, who: str = WHO, **changes: str) -> Page:
        """Fill in the page and send it."""
        form = {**page.form.given, "who": who, "do": "sign in", **changes}
        return await self.submit("/authorize/sign-in", form)

    async def code(self, who: str = WHO, **changes: Any) -> str:
        """The code of a sign-in that goes well."""
        answer = await self.sign_in(await self.visit("/authorize", self.parameters(**changes)), who)
        assert answer.query["state"] == self.state
        return answer.query["code"]

    async def redeem(self, code: str, /, proofs: str | None = None, **changes: Any) -> tuple[int, dict[str, Any]]:
        """The answer of the token endpoint."""
        good = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.back,
            "code_verifier": self.verifier,
        }
        form = {name: value for name, value in {**good, **changes}.items() if value is not ...}
        headers = {"Authorization": basic(*self.client), **({} if proofs is None else {"DPoP": proofs})}
        return await self.server.post("/token", form, **headers)


async def _page(answer: aiohttp.ClientResponse) -> Page:
    to = answer.headers.get("Location")
    query = dict(parse_qsl(urlsplit(to or "").query))
    return Page(answer.status, answer.headers, await answer.text(), to, query)
