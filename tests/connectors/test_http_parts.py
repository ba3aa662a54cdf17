"""The HTTP client's parts: addresses."""

from __future__ import annotations

import pytest

from hub.connectors.base import UpstreamFault
from hub.connectors.http_address import BaseAddress, segment
from hub.errors import ConfigurationError

BASES = {
    "https": ("https://police.example/api/", "https://police.example/api"),
    "with a port": ("https://police.example:8443", "https://police.example:8443"),
    "this machine": ("http://127.0.0.1:8202", "http://127.0.0.1:8202"),
    "this machine, otherwise": ("http://127.8.8.8/x", "http://127.8.8.8/x"),
    "this machine by name": ("http://localhost:1", "http://localhost:1"),
    "this machine, IPv6": ("http://[::1]:1", "http://[::1]:1"),
}
BAD_BASES = {
    "plain http elsewhere": "http://police.example",
    "plain http to a private address": "http://10.0.0.1",
    "plain http to a name like ours": "http://localhost.example",
    "file": "file:///etc/passwd",
    "no scheme": "police.example/api",
    "no host": "https:///api",
    "with a user": "https://hub:secret@police.example",
    "with a query": "https://police.example/?key=secret",
    "with a fragment": "https://police.example/#x",
    "an impossible port": "https://police.example:99999",
    "an impossible host": "https://[::1",
    "empty": "",
}


@pytest.mark.parametrize(("given_url", "text"), BASES.values(), ids=BASES.keys())
def test_a_base_url(given_url: str, text: str) -> None:
    assert BaseAddress.parse(given_url).text == text


@pytest.mark.parametrize("given_url", BAD_BASES.values(), ids=BAD_BASES.keys())
def test_a_base_url_that_may_not_be_used(given_url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        BaseAddress.parse(given_url)
    assert "secret" not in str(caught.value)


BASE = BaseAddress.parse("https://police.example/api")
SEEN_AT = "https://police.example/api/list?from=1"
WITHIN = {
    "only a query": ("?from=2", "https://police.example/api/list?from=2"),
    "a sibling": ("next", "https://police.example/api/next"),
    "from the root": ("/api/next?x=%20", "https://police.example/api/next?x=%20"),
    "absolute": ("https://police.example/api/next", "https://police.example/api/next"),
    "absolute with the default port": ("https://police.example:443/api/n", "https://police.example:443/api/n"),
    "capitals in the host": ("https://POLICE.example/api/n", "https://POLICE.example/api/n"),
    "dots that stay within": ("x/../y", "https://police.example/api/y"),
    "a fragment is dropped": ("/api/n#x", "https://police.example/api/n"),
}
OUTSIDE = {
    "another host": "https://evil.example/api/next",
    "another scheme": "http://police.example/api/next",
    "another port": "https://police.example:444/api/next",
    "no scheme": "//evil.example/api/next",
    "another path": "/other",
    "a path that only begins alike": "/apix",
    "out by dots": "../x",
    "out by quoted dots": "/api/%2e%2e/x",
    "out by quoted slashes": "/api/..%2fx",
    "out by backslashes": "/api/..\\x",
    "a user in front": "https://police.example@evil.example/api/",
    "a user": "https://u@police.example/api/x",
    "script": "javascript:alert(1)",
    "a line break": "/api/x\r\nHost: evil",
    "a blank": "/api/x y",
    "not ASCII": "/api/é",
    "an impossible address": "https://[::1/api",
}


@pytest.mark.parametrize(("link", "url"), WITHIN.values(), ids=WITHIN.keys())
def test_a_link_within(link: str, url: str) -> None:
    assert BASE.within(link, SEEN_AT) == url


@pytest.mark.parametrize("link", OUTSIDE.values(), ids=OUTSIDE.keys())
def test_a_link_outside(link: str) -> None:
    with pytest.raises(UpstreamFault, match="outside its configured address"):
        BASE.within(link, SEEN_AT)


@pytest.mark.parametrize(
    ("value", "quoted"),
    [("P1", "P1"), ("a/b", "a%2Fb"), ("../x", "..%2Fx"), ("a?b#c", "a%3Fb%23c"), ("é", "%C3%A9"), ("%2e", "%252e")],
)
def test_an_id_stays_one_segment(value: str, quoted: str) -> None:
    assert segment(value) == quoted
    assert BASE.url(f"/persons/{quoted}", [("a", "1"), ("a", "2")]).endswith(f"/persons/{quoted}?a=1&a=2")


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_an_id_that_would_be_another_path(value: str) -> None:
    with pytest.raises(UpstreamFault):
        segment(value)


@pytest.mark.parametrize("path", ["persons", "//evil.example/x", "https://evil.example"])
def test_a_path_starts_with_one_slash(path: str) -> None:
    with pytest.raises(ValueError, match="one slash"):
        BASE.url(path)
