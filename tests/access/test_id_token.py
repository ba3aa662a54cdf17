"""ID tokens: the good one names the worker, and each bad one is refused for its own reason."""

from __future__ import annotations

from typing import Any

import pytest

from hub.access.id_token import BYTES_MAX, IdToken
from hub.errors import Unauthenticated
from tests.access.issuer import ISSUER, NOW, STRANGER_KEY, header, token, verifier

NONCE = "n-0S6_WzA2Mj"


def said(**changes: Any) -> dict[str, Any]:
    good = {
        "iss": ISSUER,
        "aud": "hub-pages",
        "sub": "tc-0417",
        "nonce": NONCE,
        "iat": NOW - 5,
        "exp": NOW + 60,
        "name": "Amina Okafor",
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def id_token(**changes: Any) -> str:
    return token(header(typ="JWT"), said(**changes))


GOOD = [
    pytest.param(id_token(), IdToken("tc-0417", "Amina Okafor"), id="as it should be"),
    pytest.param(token(header(typ=...), said()), IdToken("tc-0417", "Amina Okafor"), id="no typ"),
    pytest.param(id_token(aud=["hub-pages"]), IdToken("tc-0417", "Amina Okafor"), id="aud as a list of one"),
    pytest.param(id_token(azp="hub-pages", sid="s1"), IdToken("tc-0417", "Amina Okafor", "s1"), id="azp and sid"),
    pytest.param(id_token(name=...), IdToken("tc-0417"), id="no name"),
    pytest.param(id_token(name=7), IdToken("tc-0417"), id="a name that is no text"),
    pytest.param(id_token(name="Ami\u202ena"), IdToken("tc-0417"), id="a name that turns text round"),
    pytest.param(id_token(name="x" * 101), IdToken("tc-0417"), id="a name without end"),
    pytest.param(id_token(exp=NOW - 10), IdToken("tc-0417", "Amina Okafor"), id="ten seconds old: clocks differ"),
]


async def read(compact: str) -> IdToken:
    return await verifier().id_token(compact, client_id="hub-pages", nonce=NONCE)


@pytest.mark.parametrize(("compact", "who"), GOOD)
async def test_a_good_one(compact: str, who: IdToken) -> None:
    assert await read(compact) == who


BAD = [
    pytest.param(token(header(), said()), "`typ`", id="an access token's typ"),
    pytest.param(token(header(typ="logout+jwt"), said()), "`typ`", id="a logout token"),
    pytest.param(token(header(typ="JWT", alg="none"), said()), "`alg`", id="signed by nobody"),
    pytest.param(token(header(typ="JWT", alg="HS256"), said()), "`alg`", id="signed with a secret"),
    pytest.param(token(header(typ="JWT", jwk={"kty": "OKP"}), said()), "`jwk`", id="it brings its own key"),
    pytest.param(id_token(iss="https://evil.example"), "`iss`", id="another issuer"),
    pytest.param(id_token(aud="testshire-mash"), "`aud`", id="for another client"),
    pytest.param(id_token(aud=["hub-pages", "testshire-mash"]), "`aud`", id="for another client too"),
    pytest.param(id_token(aud=...), "`aud`", id="for nobody"),
    pytest.param(id_token(azp="testshire-mash"), "`azp`", id="given to another client"),
    pytest.param(id_token(nonce="another"), "`nonce`", id="of another sign-in"),
    pytest.param(id_token(nonce=...), "`nonce`", id="of no sign-in"),
    pytest.param(id_token(nonce=["x"]), "`nonce`", id="a nonce that is no text"),
    pytest.param(id_token(exp=NOW - 11), "out of date", id="too old"),
    pytest.param(id_token(iat=NOW + 11), "out of date", id="from the future"),
    pytest.param(id_token(exp=...), "`exp`", id="good for ever"),
    pytest.param(id_token(sub=...), "`sub`", id="nobody"),
    pytest.param(id_token(sub=""), "`sub`", id="an empty somebody"),
    pytest.param(id_token(sub="tc\u200b-0417"), "`sub`", id="somebody who looks like another"),
    pytest.param(id_token(sid=7), "`sid`", id="a session that is no text"),
    pytest.param(id_token() + "x", "malformed", id="bytes too many"),
    pytest.param(token(header(typ="JWT"), said(), STRANGER_KEY.sign), "signature", id="signed by a stranger"),
    pytest.param("x." * 3, "malformed", id="no JWT"),
    pytest.param("x" * (BYTES_MAX + 1), "malformed", id="without end"),
    pytest.param("ö.ö.ö", "malformed", id="not ASCII"),
]


@pytest.mark.parametrize(("compact", "reason"), BAD)
async def test_a_bad_one(compact: str, reason: str) -> None:
    with pytest.raises(Unauthenticated) as refusal:
        await read(compact)
    assert reason in refusal.value.message
    assert "tc-0417" not in refusal.value.message
