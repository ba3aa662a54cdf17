"""Good tokens are accepted, limits hold at n and n + 1, and clocks may differ by ten seconds."""

from __future__ import annotations

import asyncio
import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.access.refusal import IDENTITY_CHARS_MAX, TIME_MAX
from hub.access.signed import HEADER_BYTES_MAX
from hub.access.strict_json import DEPTH_MAX
from hub.access.token import LIFETIME_SECONDS_MAX, SKEW_SECONDS_MAX
from hub.access.verifier import TOKEN_BYTES_MAX
from hub.errors import Unauthenticated
from hub.strict_json import INTEGER_MAX
from tests.access.issuer import (
    EC_KEY,
    ED_KEY,
    ISSUER,
    NOW,
    b64,
    claims,
    ec_jwk,
    ed_jwk,
    encoded,
    header,
    token,
    verifier,
)

GOOD = {
    "Ed25519": token(header("Ed25519")),
    "ES256": token(header("ES256")),
    "PS256": token(header("PS256")),
    "typ as a media type": token(header(typ="application/at+jwt")),
    "typ in capitals": token(header(typ="AT+JWT")),
    "header with an unknown parameter": token(header(x="y")),
    "header with a thumbprint": token(header(x5t="abc")),
    "without act: the code flow": token(body=claims(act=...)),
    "nbf": token(body=claims(nbf=NOW - 30)),
    "unknown claims": token(body=claims(scope="openid", x={"y": [1, 2.5, None, True]})),
    "letters outside ASCII": token(body=claims(sub="zoë")),
}


@pytest.mark.parametrize("compact", [pytest.param(compact, id=name) for name, compact in GOOD.items()])
async def test_a_good_token_is_accepted(compact: str) -> None:
    found = await verifier().verify(f"Bearer {compact}")
    assert (found.issuer, found.client_id, found.organisation) == (ISSUER, "testshire-mash", "testshire-council")
    assert (found.role, found.strength, found.expires_at) == ("mash_social_worker", "bearer", NOW + 270)


async def test_a_client_acting_for_itself_has_no_worker() -> None:
    body = claims(sub="testshire-mash", role=..., act=..., organisation=...)
    found = await verifier().verify(f"Bearer {token(body=body)}")
    assert (found.worker, found.role, found.organisation) == (None, None, None)


async def test_the_worker_is_not_in_the_repr() -> None:
    found = await verifier().verify(f"Bearer {token()}")
    assert found.worker == "tc-0417"
    assert "tc-0417" not in repr(found)
    assert found.token_id not in repr(found)


HEADERS_WITHOUT_A_TOKEN = {
    "none": None,
    "empty": "",
    "the scheme alone": "Bearer",
    "the scheme and a space": "Bearer ",
    "Basic": "Basic dXNlcjpwYXNz",
    "a token without a scheme": token(),
    "two schemes in one": f"Bearer{token()}",
}


@pytest.mark.parametrize("value", [pytest.param(value, id=name) for name, value in HEADERS_WITHOUT_A_TOKEN.items()])
async def test_no_bearer_token_is_token_missing(value: str | None) -> None:
    with pytest.raises(Unauthenticated) as refusal:
        await verifier().verify(value)
    assert refusal.value.code == "TOKEN_MISSING"
    assert "Authorization: Bearer" in refusal.value.message


@pytest.mark.parametrize("prefix", ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
async def test_the_scheme_is_read_without_regard_to_case(prefix: str) -> None:
    assert (await verifier().verify(prefix + token())).client_id == "testshire-mash"


SKEW = [
    # (claims, accepted)
    pytest.param({"iat": NOW + 10, "exp": NOW + 300}, None, id="iat 10 s ahead"),
    pytest.param({"iat": NOW + 11, "exp": NOW + 300}, "TOKEN_INVALID", id="iat 11 s ahead"),
    pytest.param({"iat": NOW + 60, "exp": NOW + 300}, "TOKEN_INVALID", id="iat 60 s ahead"),
    pytest.param({"nbf": NOW + 10}, None, id="nbf 10 s ahead"),
    pytest.param({"nbf": NOW + 11}, "TOKEN_INVALID", id="nbf 11 s ahead"),
    pytest.param({"exp": NOW}, None, id="exp now"),
    pytest.param({"exp": NOW - 10}, None, id="exp 10 s ago"),
    pytest.param({"exp": NOW - 11}, "TOKEN_EXPIRED", id="exp 11 s ago"),
    pytest.param({"exp": NOW - 60, "iat": NOW - 360}, "TOKEN_EXPIRED", id="exp 60 s ago"),
    pytest.param({"iat": NOW - 10, "exp": NOW - 10 + 900}, None, id="lives 15 min"),
    pytest.param({"iat": NOW - 10, "exp": NOW - 10 + 901}, "TOKEN_INVALID", id="lives 15 min and 1 s"),
]


@pytest.mark.parametrize(("times", "code"), SKEW)
async def test_clocks_may_differ_by_ten_seconds(times: dict[str, int], code: str | None) -> None:
    compact = token(body=claims(**{"iat": NOW - 300, "exp": NOW + 270, **times}))
    if code is None:
        assert (await verifier().verify(f"Bearer {compact}")).client_id == "testshire-mash"
        return
    with pytest.raises(Unauthenticated) as refusal:
        await verifier().verify(f"Bearer {compact}")
    assert refusal.value.code == code


async def test_an_expired_token_that_is_also_forged_is_invalid_not_expired() -> None:
    good = token(body=claims(iat=NOW - 900, exp=NOW - 600))
    forged = good[: good.rindex(".")] + "." + b64(bytes(64))
    with pytest.raises(Unauthenticated) as refusal:
        await verifier().verify(f"Bearer {forged}")
    assert refusal.value.code == "TOKEN_INVALID"


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."


@given(st.data())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_token_with_one_character_changed_is_refused(data: st.DataObject) -> None:
    compact = data.draw(st.sampled_from([GOOD["Ed25519"], GOOD["ES256"], GOOD["PS256"]]))
    place = data.draw(st.integers(0, len(compact) - 1))
    other = data.draw(st.sampled_from([char for char in ALPHABET if char != compact[place]]))
    with pytest.raises(Unauthenticated):
        asyncio.run(verifier().verify(f"Bearer {compact[:place]}{other}{compact[place + 1 :]}"))


def of_size(size: int) -> str:
    """A good token exactly ``size`` bytes long."""
    start = (size - len(token())) * 3 // 4 - 40
    return next(
        compact
        for extra in range(4)  # base64 grows in steps of one or two: the header makes up the difference
        for pad in range(start, start + 60)
        if len(compact := token(header(p="x" * extra), claims(pad="x" * pad))) == size
    )


def with_header_of(size: int) -> str:
    """A good token whose header segment is exactly ``size`` bytes long."""
    return next(compact for pad in range(size) if len((compact := token(header(p="x" * pad))).split(".")[0]) == size)


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


LIMITS = [
    pytest.param(lambda: of_size(TOKEN_BYTES_MAX), True, id="token of the largest size"),
    pytest.param(lambda: of_size(TOKEN_BYTES_MAX + 1), False, id="token one byte larger"),
    pytest.param(lambda: with_header_of(HEADER_BYTES_MAX), True, id="header of the largest size"),
    pytest.param(lambda: with_header_of(HEADER_BYTES_MAX + 2), False, id="header a step larger"),
    pytest.param(lambda: token(body=claims(x=nested(DEPTH_MAX - 1))), True, id="as deep as may be"),
    pytest.param(lambda: token(body=claims(x=nested(DEPTH_MAX))), False, id="one deeper"),
    pytest.param(lambda: token(body=claims(x=INTEGER_MAX)), True, id="the largest integer"),
    pytest.param(lambda: token(body=claims(x=-INTEGER_MAX)), True, id="the smallest integer"),
    pytest.param(lambda: token(body=claims(x=INTEGER_MAX + 1)), False, id="one more"),
    pytest.param(lambda: token(body=claims(sub="x" * IDENTITY_CHARS_MAX)), True, id="the longest identity"),
    pytest.param(lambda: token(body=claims(sub="x" * (IDENTITY_CHARS_MAX + 1))), False, id="one character longer"),
]


@pytest.mark.parametrize(("make", "accepted"), LIMITS)
async def test_limits_hold_at_n_and_n_plus_one(make, accepted: bool) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    if accepted:
        assert (await verifier().verify(f"Bearer {make()}")).client_id == "testshire-mash"
    else:
        with pytest.raises(Unauthenticated, match="refused"):
            await verifier().verify(f"Bearer {make()}")


async def test_the_last_second_of_time_is_a_date_and_the_next_is_not() -> None:
    body = claims(iat=TIME_MAX - LIFETIME_SECONDS_MAX, exp=TIME_MAX)
    assert (await verifier(now=TIME_MAX - SKEW_SECONDS_MAX).verify(f"Bearer {token(body=body)}")).expires_at == TIME_MAX
    with pytest.raises(Unauthenticated, match="whole number"):
        await verifier(now=TIME_MAX).verify(f"Bearer {token(body=claims(iat=TIME_MAX - 1, exp=TIME_MAX + 1))}")


async def test_nothing_is_logged_about_a_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Unauthenticated):
        await verifier().verify(f"Bearer {token(body=claims(aud='x'))}")
    await verifier().verify(f"Bearer {token()}")
    assert caplog.records == []


async def test_the_same_key_id_of_another_kind_of_key_is_refused() -> None:
    jwks = {"keys": [ec_jwk(EC_KEY, kid="ed"), ed_jwk(ED_KEY, kid="other")]}
    with pytest.raises(Unauthenticated, match="not the one its key is for"):
        await verifier(jwks=jwks).verify(f"Bearer {token()}")


def test_the_tests_write_segments_as_they_say() -> None:
    assert encoded(b"{}") == "e30"
    assert encoded("as it is") == "as it is"
