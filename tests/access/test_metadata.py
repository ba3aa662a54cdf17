"""Which of an issuer's two documents is believed, and what is said when neither can be."""

from __future__ import annotations

import pytest

from hub.access.metadata import DOCUMENT_BYTES_MAX, FetchFault, Why, discover, open_session
from tests.connectors.bendable import Request, bendable, response

OPENID, OAUTH = "/tenant/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/tenant"
NONE = response({}, "404 Not Found")
PAGE = response(b"<p>", content_type="text/html")


def of(issuer: str, name: str) -> bytes:
    return response({"issuer": issuer, "says": name})


@pytest.mark.parametrize(
    ("openid", "oauth", "believed", "asked"),
    [
        pytest.param("ours", "ours", "openid", [OPENID], id="both: OpenID's, and nobody is asked twice"),
        pytest.param(NONE, "ours", "oauth", [OPENID, OAUTH], id="RFC 8414's alone"),
        pytest.param("another", "ours", "oauth", [OPENID, OAUTH], id="the first is another issuer's"),
        pytest.param(PAGE, "ours", "oauth", [OPENID, OAUTH], id="the first is a web page"),
        pytest.param(response(b"["), "ours", "oauth", [OPENID, OAUTH], id="the first is no JSON"),
        pytest.param(NONE, NONE, 404, [OPENID, OAUTH], id="neither"),
        pytest.param(NONE, "another", Why.OTHER_ISSUER, [OPENID, OAUTH], id="another issuer's alone"),
        pytest.param("another", NONE, Why.OTHER_ISSUER, [OPENID, OAUTH], id="the second says less than the first"),
        pytest.param("another", "another", Why.OTHER_ISSUER, [OPENID, OAUTH], id="both another issuer's"),
        pytest.param(PAGE, NONE, Why.CONTENT_TYPE, [OPENID, OAUTH], id="a web page"),
        pytest.param(response({}, "302 Found", Location=OAUTH), NONE, 302, [OPENID, OAUTH], id="a redirect is not followed"),
        pytest.param(response({"x": "y" * DOCUMENT_BYTES_MAX}), NONE, Why.TOO_LONG, [OPENID, OAUTH], id="too long"),
        pytest.param(response(b'{"issuer":"a","issuer":"b"}'), NONE, Why.NOT_JSON, [OPENID, OAUTH], id="one name twice"),
    ],
)  # fmt: skip
async def test_which_document_is_believed(
    openid: bytes | str, oauth: bytes | str, believed: object, asked: list[str]
) -> None:
    async def script(request: Request) -> None:
        path = request.line.split()[1]
        issuers = {"ours": f"{server.url}/tenant", "another": f"{server.url}/other"}
        said, name = (openid, "openid") if path == OPENID else (oauth, "oauth")
        request.writer.write(said if isinstance(said, bytes) else of(issuers[said], name))

    async with bendable(script) as server, open_session(5) as session:
        try:
            got: object = (await discover(session, f"{server.url}/tenant"))["says"]
        except FetchFault as fault:
            got = fault.why
    assert got == believed
    assert [request.line.split()[1] for request in server.requests] == asked
