"""Signing in to the pages: what a session is worth, when it ends, and what becomes of what was typed."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from sqlalchemy import create_engine, text
from starlette.responses import Response

from hub.errors import AuditUnavailable
from hub.web.signing_in import _own
from tests.access.devserver_up import Running
from tests.web.site_up import MASH, NURSE, OFFICER, Browser, Up, site_up


@pytest.fixture
def up(one: Up) -> Up:
    """The hub, its clock right, and what is in its log before the test not counted."""
    one.ahead, one.logged = timedelta(), len(bodies(one))
    return one


def bodies(up: Up) -> list[str]:
    engine = create_engine(f"sqlite:///{up.place}/log.db")
    with engine.connect() as connection:
        found = connection.execute(text('SELECT body FROM log_entry ORDER BY "index"'))
        said = [bytes(body).decode() for (body,) in found]
    engine.dispose()
    return said


def entries(up: Up, code: str) -> int:
    """How many refusals with that code this test put into the log."""
    return sum(f'"{code}"' in body for body in bodies(up)[up.logged :])


def test_who_is_not_signed_in_comes_back_to_the_page_she_wanted(up: Up) -> None:
    browser = up.browser()
    back = browser.follow(browser.get("/try?page=2"), MASH)
    assert (back.status_code, back.headers["location"]) == (303, "/try?page=2")
    assert browser.get("/try").text.startswith("tc-0417 testshire-council")


def test_one_client_for_workers_of_every_agency(up: Up) -> None:
    assert up.browser().signed_in(NURSE).get("/try").text.startswith("tn-1184 testshire-nhs")


def test_nothing_personal_is_in_any_address(up: Up) -> None:
    browser = up.browser()
    away = browser.get("/try").headers["location"]
    assert set(dict(parse_qsl(urlsplit(away).query))) == {"client_id", "request_uri"}
    browser.get(browser.at_provider(away, MASH))
    out = browser.post("/sign-out", {"csrf": browser.csrf()}).headers["location"]
    assert set(dict(parse_qsl(urlsplit(out).query))) == {"client_id", "post_logout_redirect_uri"}


def changed(**changes: str) -> Callable[[str], str]:
    """The provider's answer with other parameters; an empty one is taken away."""

    def change(address: str) -> str:
        parts = urlsplit(address)
        fields = {**dict(parse_qsl(parts.query)), **changes}
        return f"{parts.path}?{urlencode({name: value for name, value in fields.items() if value})}"

    return change


BAD_ANSWERS = [
    pytest.param(changed(state="another"), id="another sign-in's state"),
    pytest.param(changed(state=""), id="no state"),
    pytest.param(changed(code="invented"), id="a code that was never given"),
    pytest.param(changed(code=""), id="no code"),
    pytest.param(changed(iss="https://evil.example"), id="another issuer's answer (mix-up)"),
    pytest.param(changed(iss=""), id="an answer that hides whose it is"),
    pytest.param(changed(code="", error="access_denied"), id="she did not sign in"),
]


@pytest.mark.parametrize("change", BAD_ANSWERS)
def test_a_bad_answer_of_the_provider_signs_nobody_in(up: Up, change: Callable[[str], str]) -> None:
    browser = up.browser()
    good = browser.at_provider(browser.get("/sign-in").headers["location"], MASH)
    response = browser.get(change(good))
    assert (response.status_code, "SIGN_IN_FAILED" in response.text) == (401, True)
    assert entries(up, "SIGN_IN_FAILED") == 1
    assert browser.get("/try").status_code == 303
    assert browser.get(good).status_code == 401, "the sign-in is over, good answer or not"


def test_an_answer_is_good_once_and_in_the_browser_that_began(up: Up) -> None:
    browser, thief = up.browser(), up.browser()
    answer = browser.at_provider(browser.get("/sign-in").headers["location"], MASH)
    assert thief.get(answer).status_code == 401
    assert browser.get(answer).status_code == 303
    assert browser.get(answer).status_code == 401


def test_a_sign_in_that_takes_too_long(up: Up) -> None:
    browser = up.browser()
    answer = browser.at_provider(browser.get("/sign-in").headers["location"], MASH)
    up.ahead = timedelta(minutes=16)
    assert browser.get(answer).status_code == 401


ENDS = [
    pytest.param([29], 200, id="within half an hour"),
    pytest.param([31], 303, id="idle for longer"),
    pytest.param([29, 58, 87], 200, id="each use counts"),
    pytest.param([29, 58, 90], 303, id="idle since the last use"),
    pytest.param([*range(25, 600, 25), 601], 303, id="ten hours at most, however busy"),
]


@pytest.mark.parametrize(("minutes", "status"), ENDS)
def test_when_a_session_is_over(up: Up, minutes: list[int], status: int) -> None:
    browser = up.browser().signed_in()
    for each in minutes:
        up.ahead = timedelta(minutes=each)
        found = browser.get("/try").status_code
    assert found == status


TYPED = {"family_name": "Thornbury", "who": ["a", "b"], "note": "Two\r\nlines & <b>"}


def test_what_was_typed_when_the_session_ran_out_is_there_after_signing_in(up: Up) -> None:
    browser = up.browser().signed_in()
    sent = {**TYPED, "csrf": browser.csrf()}
    up.ahead = timedelta(minutes=31)
    away = browser.post("/try", sent)
    assert "Thornbury" not in away.headers["location"]
    stored = (up.place / "log.db").read_bytes() + (up.place / "log.db-wal").read_bytes()
    assert b"Thornbury" not in stored, "what she typed is sealed with a key that only her browser has"
    back = browser.follow(away, MASH)
    assert back.headers["location"] == "/continue"
    page = browser.get("/continue").text
    assert 'action="/try"' in page
    for value in ("Thornbury", 'value="a"', 'value="b"', "Two\r\nlines &amp; &lt;b&gt;"):
        assert value in page, value
    assert browser.get("/continue").headers["location"] == "/", "it is given back once"


GIVEN_BACK_TO = [
    pytest.param(NURSE, id="another worker"),
    pytest.param("tc-0562 early_help_worker", id="another worker of the same agency"),
]


@pytest.mark.parametrize("who", GIVEN_BACK_TO)
def test_nobody_else_is_given_what_was_typed(up: Up, who: str) -> None:
    browser = up.browser().signed_in()
    sent = {**TYPED, "csrf": browser.csrf()}
    up.ahead = timedelta(minutes=31)
    back = browser.follow(browser.post("/try", sent), who)
    assert back.headers["location"] == "/continue"
    assert browser.get("/continue").headers["location"] == "/"


def test_a_form_without_a_session_ever_keeps_nothing(up: Up) -> None:
    browser = up.browser()
    back = browser.follow(browser.post("/try", TYPED), MASH)
    assert back.headers["location"] == "/"


FORGED = [
    pytest.param({"csrf": "0" * 64}, {}, id="another session's token"),
    pytest.param({"csrf": "\udcff"}, {}, id="a token that is no text"),
    pytest.param({}, {}, id="no token"),
    pytest.param(None, {"origin": "https://evil.example"}, id="from another site"),
    pytest.param(None, {"sec_fetch_site": "cross-site"}, id="from another site that hides its name"),
    pytest.param(None, {"sec_fetch_site": "same-site"}, id="from a neighbour under the same name"),
]


@pytest.mark.parametrize(("form", "headers"), FORGED)
def test_a_form_that_no_page_of_hers_sent(up: Up, form: dict[str, str] | None, headers: dict[str, str]) -> None:
    browser = up.browser().signed_in()
    sent = {"csrf": browser.csrf()} if form is None else form
    body = urlencode(sent, errors="surrogateescape")
    kind = "application/x-www-form-urlencoded"
    named = {"content-type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    response = browser.client.post("/try", content=body, headers=named)
    assert response.status_code in (400, 403)
    assert entries(up, "FORM_NOT_OURS") + entries(up, "FORM_INVALID") == 1
    assert browser.post("/try", {"csrf": browser.csrf(), "a": "b"}, sec_fetch_site="same-origin").status_code == 200


NO_FORMS = [
    pytest.param("application/json", b'{"csrf": 1}', 400, id="JSON"),
    pytest.param("multipart/form-data; boundary=x", b"--x--", 400, id="a file upload"),
    pytest.param("application/x-www-form-urlencoded", b"a=" + b"x" * 70_000, 413, id="too large"),
    pytest.param("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 301), 400, id="too many fields"),
    pytest.param("application/x-www-form-urlencoded", b"a=%FF", 400, id="no UTF-8"),
    pytest.param("application/x-www-form-urlencoded", b"just text", 400, id="no fields"),
]


@pytest.mark.parametrize(("kind", "body", "status"), NO_FORMS)
def test_what_is_no_form(up: Up, kind: str, body: bytes, status: int) -> None:
    browser = up.browser().signed_in()
    assert browser.client.post("/try", content=body, headers={"content-type": kind}).status_code == status


def test_a_page_that_is_not_for_her_and_one_that_is_not_there_look_alike(up: Up) -> None:
    browser = up.browser().signed_in()
    forbidden, nowhere = browser.get("/try/review"), browser.get("/nowhere", accept="text/html")
    assert (forbidden.status_code, forbidden.text) == (nowhere.status_code, nowhere.text) == (404, nowhere.text)
    assert dict(forbidden.headers) == dict(nowhere.headers)
    assert entries(up, "PAGE_NOT_FOR_ROLE") == 1
    assert up.browser().signed_in(OFFICER).get("/try/review").status_code == 200


def test_a_program_is_told_in_json_that_nothing_is_there(up: Up) -> None:
    assert up.browser().get("/nowhere").json()["errors"][0]["extensions"]["code"] == "ADDRESS_UNKNOWN"


def test_a_page_that_needs_a_strong_sign_in_asks_for_one(up: Up) -> None:
    browser = up.browser().signed_in(acr="single-factor")
    back = browser.follow(browser.get("/try/strong"), MASH, "multi-factor")
    assert back.headers["location"] == "/try/strong"
    assert browser.get("/try/strong").status_code == 200
    up.ahead = timedelta(minutes=11)
    assert browser.get("/try/strong").status_code == 303, "and a fresh one"
    assert browser.get("/try").status_code == 200


def test_a_sign_in_that_stays_weak_is_told_so_and_does_not_go_round_in_circles(up: Up) -> None:
    browser = up.browser().signed_in(acr="single-factor")
    response = browser.follow(browser.get("/try/strong"), MASH, "single-factor")
    assert (response.status_code, "stronger or fresher sign-in" in response.text) == (403, True)
    assert entries(up, "SIGN_IN_TOO_WEAK") == 1


def test_a_provider_that_lets_her_in_as_before_does_not_send_her_round_in_circles(up: Up) -> None:
    browser = up.browser().signed_in()
    up.ahead = timedelta(minutes=12)  # to the pages, what the provider says of when she signed in is that long ago
    response = browser.follow(browser.get("/try/strong"), MASH, "multi-factor")
    assert (response.status_code, entries(up, "SIGN_IN_TOO_WEAK")) == (403, 1)
    assert browser.get("/try").status_code == 200, "she is signed in as she was"


def test_a_form_sent_to_a_page_that_needs_a_strong_sign_in_is_kept(up: Up) -> None:
    browser = up.browser().signed_in(acr="single-factor")
    away = browser.post("/try/strong", {**TYPED, "csrf": browser.csrf()})
    assert browser.follow(away, MASH, "multi-factor").headers["location"] == "/continue"
    assert "Thornbury" in browser.get("/continue").text


@pytest.mark.parametrize(
    ("where", "then"),
    [
        pytest.param({}, [303, 200, 200], id="here"),
        pytest.param({"where": "everywhere"}, [303, 303, 200], id="everywhere"),
    ],
)
def test_signing_out_ends_sessions_of_hers_and_nobody_elses(up: Up, where: dict[str, str], then: list[int]) -> None:
    here, there, other = up.browser().signed_in(), up.browser().signed_in(), up.browser().signed_in(OFFICER)
    out = here.post("/sign-out", {"csrf": here.csrf(), **where})
    assert out.status_code == 303
    assert [each.get("/try").status_code for each in (here, there, other)] == then


def test_a_link_cannot_sign_her_out(up: Up) -> None:
    browser = up.browser().signed_in()
    assert browser.get("/sign-out").status_code == 405
    assert browser.get("/try").status_code == 200


def test_a_new_sign_in_ends_the_old_session_of_that_browser(up: Up) -> None:
    browser = up.browser().signed_in()
    before = browser.client.cookies["hub"]
    browser.signed_in(OFFICER)
    browser.client.cookies.clear()
    browser.client.cookies["hub"] = before
    assert browser.get("/try").status_code == 303


async def test_access_that_is_taken_away_ends_at_once(up: Up) -> None:
    browser = up.browser().signed_in()
    register = up.place / "register.toml"
    kept = register.read_text("utf-8")
    try:
        register.write_text(kept.replace('role = "mash_social_worker"', 'role = "somebody_else"'), "utf-8")
        up.hub.admission.registers.tell()
        response = _until(browser, 403)
        assert "lists no such role" in response
        newcomer = up.browser()
        assert newcomer.follow(newcomer.get("/sign-in"), MASH).status_code == 403
    finally:  # the other tests use the same hub
        register.write_text(kept, "utf-8")
        up.hub.admission.registers.tell()
        _until(browser, 200)


def _until(browser: Browser, status: int) -> str:
    """The page once it answers so: the register is read on a thread of its own, which a busy machine keeps waiting."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        response = browser.get("/try")
        if response.status_code == status:
            return response.text
        time.sleep(0.02)
    raise AssertionError(f"never {status}")


def test_with_the_log_down_nothing_is_shown(up: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = up.browser().signed_in()

    async def down(*_: object, **__: object) -> None:
        raise AuditUnavailable

    monkeypatch.setattr(up.hub.log, "beside", down)
    response = browser.get("/try")
    assert (response.status_code, "Do not read it as" in response.text) == (503, True)


OVER_TLS = "https://127.0.0.1:8000"


def test_cookies_over_tls_are_of_this_host_alone(tmp_path: Path, server: Running) -> None:
    with site_up(tmp_path, server, url=OVER_TLS) as running:
        response = Response()
        running.site.set_cookie(response, "session", "x", None)
    sent = response.headers["set-cookie"]
    assert sent.startswith("__Host-hub=x; ")
    assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(sent.split("; "))


WAYS = [
    pytest.param("/review?page=2", "/review?page=2", id="a page of the hub"),
    pytest.param("//evil.example/a", "/", id="another host"),
    pytest.param("/\\evil.example", "/", id="another host, as browsers read it"),
    pytest.param("https://evil.example", "/", id="another site"),
    pytest.param("find", "/", id="no path"),
    pytest.param("/" + "x" * 500, "/", id="too long"),
]


@pytest.mark.parametrize(("asked", "led"), WAYS)
def test_after_signing_in_nobody_is_led_elsewhere(asked: str, led: str) -> None:
    assert _own(asked) == led


def test_every_page_has_the_headers(up: Up) -> None:
    for path in ("/", "/help", "/accessibility", "/signed-out", "/sign-in"):
        headers = up.browser().get(path).headers
        assert headers["cache-control"] == "no-store", path
        assert "unsafe" not in headers["content-security-policy"], path
        assert (headers["referrer-policy"], headers["x-robots-tag"]) == ("no-referrer", "noindex, nofollow")
