"""The development server's pages: what a browser may do with them, and a client nobody here wrote signing in by them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.starlette_client import OAuth
from joserfc.errors import JoseError
from starlette.requests import Request

from tests.access.devserver_browser import FRONT_DOOR, OUT, PAGES, WHO, Flow, with_front_doors
from tests.access.devserver_up import Running, up

DOOR = "http://127.0.0.1:8001/cb"


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with up(with_front_doors()) as server:
        yield server


async def test_the_page_lists_each_worker_in_each_role(running: Running) -> None:
    flow = Flow(running)
    form = (await flow.visit("/authorize", flow.parameters())).form
    assert set(form.choices["who"]) == {
        WHO,
        "tc-0562 early_help_worker",
        "tc-0031 ig_officer",
        "tp-2290 mash_police_officer",
        "tn-1184 mash_nurse",
        "tc-0007 partnership_ig_lead",
        "tp-0118 ig_officer",
        "tn-0042 ig_officer",
        "tc-0205 release_lead",
        "tp-1507 release_lead",
        "tn-0330 release_lead",
    }
    assert form.choices["acr"] == ["single-factor", "multi-factor"]


async def test_an_agencys_own_tool_lists_its_own_workers(running: Running) -> None:
    flow = Flow(running, FRONT_DOOR, DOOR)
    page = await flow.visit("/authorize", flow.parameters())
    assert {who.partition("-")[0] for who in page.form.choices["who"]} == {"tc"}
    answer = await flow.sign_in(page, "tp-2290 mash_police_officer")
    assert (answer.status, answer.to) == (400, None)


async def test_the_page_can_do_nothing_but_be_sent(running: Running) -> None:
    flow = Flow(running)
    page = await flow.visit("/authorize", flow.parameters())
    policy = dict(part.strip().partition(" ")[::2] for part in page.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self' http://127.0.0.1:8000"
    assert "script-src" not in policy
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in page.headers


async def test_the_page_reads_well_without_sight_or_script(running: Running) -> None:
    flow = Flow(running)
    page = await flow.visit("/authorize", flow.parameters())
    tags = page.form.tags
    assert '<html lang="en-GB">' in page.text
    assert "script" not in tags
    assert (tags.count("h1"), tags.count("main"), tags.count("title")) == (1, 1, 1)
    assert tags.count("fieldset") == tags.count("legend") == 2
    fields = [name for name in tags if name == "input"]
    assert tags.count("label") == len(fields) - 1  # all but the hidden one


async def test_what_a_client_sends_is_text_on_the_page(running: Running) -> None:
    bad = '"><script>alert(1)</script>'
    page = await Flow(running).visit("/authorize", {"client_id": bad, "redirect_uri": bad, "state": bad})
    assert page.status == 400
    assert "script" not in page.text


@pytest.mark.parametrize(
    ("changes", "who"),
    [
        pytest.param({}, "nobody mash_nurse", id="an unknown worker"),
        pytest.param({}, "tc-0417 mash_nurse", id="another's role"),
        pytest.param({}, "", id="nobody"),
        pytest.param({"acr": "by-fax"}, WHO, id="an unknown way"),
        pytest.param({"ticket": "x"}, WHO, id="another page's form"),
    ],
)
async def test_nobody_else_signs_in(running: Running, changes: dict[str, str], who: str) -> None:
    flow = Flow(running)
    answer = await flow.sign_in(await flow.visit("/authorize", flow.parameters()), who, **changes)
    assert (answer.status, answer.to) == (400, None)


async def test_a_page_is_good_once(running: Running) -> None:
    flow = Flow(running)
    page = await flow.visit("/authorize", flow.parameters())
    assert [(await flow.sign_in(page)).status for _ in range(2)] == [303, 400]


async def test_who_cancels_goes_back_without_a_code(running: Running) -> None:
    flow = Flow(running)
    page = await flow.visit("/authorize", flow.parameters())
    answer = await flow.sign_in(page, do="cancel")
    assert answer.query["error"] == "access_denied"
    assert (answer.query["state"], answer.query["iss"]) == (flow.state, running.url)
    assert "code" not in answer.query


async def id_token(running: Running) -> str:
    flow = Flow(running)
    token: str = (await flow.redeem(await flow.code()))[1]["id_token"]
    return token


async def test_signing_out_goes_back_to_the_client(running: Running) -> None:
    hint = {"id_token_hint": await id_token(running), "post_logout_redirect_uri": OUT, "state": "s 1"}
    page = await Flow(running).visit("/end-session", hint)
    assert (page.status, page.to) == (303, f"{OUT}?state=s+1")
    page = await Flow(running).visit("/end-session", {"client_id": "hub-pages", "post_logout_redirect_uri": OUT})
    assert (page.status, page.to) == (303, OUT)


SIGNED_OUT: list[Any] = [
    pytest.param({}, 200, id="by itself"),
    pytest.param({"id_token_hint": "{id}"}, 200, id="with nowhere to go"),
    pytest.param({"post_logout_redirect_uri": OUT}, 400, id="to a client that is not certain"),
    pytest.param({"id_token_hint": "{id}", "post_logout_redirect_uri": OUT + "x"}, 400, id="elsewhere"),
    pytest.param({"id_token_hint": "{id}", "client_id": "front-door"}, 400, id="for two clients"),
    pytest.param({"id_token_hint": "x.y.z", "post_logout_redirect_uri": OUT}, 400, id="with no token"),
    pytest.param({"id_token_hint": "{subject}"}, 400, id="with another kind of token"),
]


@pytest.mark.parametrize(("fields", "status"), SIGNED_OUT)
async def test_signing_out_sends_nobody_astray(running: Running, fields: dict[str, str], status: int) -> None:
    _, subject = await running.post("/dev/worker-token", {"worker": "tc-0417", "role": "mash_social_worker"})
    known = {"{id}": await id_token(running), "{subject}": subject["subject_token"]}
    page = await Flow(running).submit("/end-session", {name: known.get(value, value) for name, value in fields.items()})
    assert (page.status, page.to) == (status, None)


class Site:
    """A web site that signs workers in with Authlib's client: its own checks of state, issuer, nonce and signature."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.session: dict[str, Any] = {}
        self.client = OAuth().register(
            "login",
            client_id=PAGES[0],
            client_secret=PAGES[1],
            server_metadata_url=f"{running.url}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid profile", "code_challenge_method": "S256"},
        )

    def request(self, query: str = "") -> Request:
        scope = {"type": "http", "method": "GET", "path": "/signed-in", "query_string": query.encode(), "headers": []}
        return Request({**scope, "session": self.session})

    async def go(self) -> str:
        """Where the browser is sent back to."""
        sent = await self.client.authorize_redirect(self.request(), "http://127.0.0.1:8000/signed-in")
        flow = Flow(self.running)
        page = await flow.visit("/authorize", dict(parse_qsl(urlsplit(sent.headers["location"]).query)))
        answer = await flow.sign_in(page, "tc-0031 ig_officer")
        assert answer.to is not None
        return urlsplit(answer.to).query


async def test_a_client_that_nobody_here_wrote_signs_a_worker_in(running: Running) -> None:
    site = Site(running)
    found = await site.client.authorize_access_token(site.request(await site.go()))
    claims = found["userinfo"]
    assert (claims["sub"], claims["role"], claims["organisation"]) == ("tc-0031", "ig_officer", "testshire-council")
    assert found["token_type"] == "Bearer"


async def test_that_client_believes_no_answer_to_another_browser(running: Running) -> None:
    site, victim = Site(running), Site(running)
    query = await site.go()
    with pytest.raises(OAuthError, match="state"):
        await victim.client.authorize_access_token(victim.request(query))


async def test_that_client_believes_no_other_nonce(running: Running) -> None:
    site = Site(running)
    query = await site.go()
    for kept in site.session.values():
        kept["data"]["nonce"] = "another"
    with pytest.raises(JoseError, match="nonce"):
        await site.client.authorize_access_token(site.request(query))
