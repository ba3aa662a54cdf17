"""Whatever is sent, the pure parts answer with a value or with a refusal that repeats none of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.access.address import normalised
from hub.access.binding import binding
from hub.access.details import AUTHORIZATION_TYPE, stated_in
from hub.access.dpop import check_proof
from hub.access.keys import public_key, thumbprint
from hub.errors import Unauthenticated
from tests.access.issuer import AUDIENCE, NOW, b64
from tests.access.prover import BOUND, JWK, URL, presented, proof_claims, proof_header, thumb

Value = TypeVar("Value")

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
SCHEMES = st.sampled_from(["https://", "HTTPS://", "http://", ""])
HOSTS = st.sampled_from(["hub.example", "HUB.example:443", "hub.example:80", "[::1]", "u@hub.example", "hub.example:x"])


@given(st.text() | st.builds(lambda scheme, host, path: f"{scheme}{host}/{path}", SCHEMES, HOSTS, st.text()))
@example("https://hub.example/%zz%41%2f")
def test_an_address_has_one_spelling_or_none(address: str) -> None:
    once = normalised(address)
    if once is not None:
        assert normalised(once) == once
        assert once.isascii()
        assert "?" not in once
        assert "#" not in once
        assert "@" not in once.split("/")[2]


def outcome(work: Callable[[], Value]) -> Value | Unauthenticated:
    try:
        return work()
    except Unauthenticated as refusal:
        return refusal


@given(JSON)
@example({"jkt": thumb(JWK["ES256"])})
def test_a_binding_is_one_thumbprint_or_refused(confirmation: Any) -> None:
    found = outcome(lambda: binding({"cnf": confirmation}))
    if isinstance(found, Unauthenticated):
        assert found.code == "TOKEN_INVALID"
    else:
        assert found is not None
        assert list(confirmation.values()) == [found.thumbprint]


ELEMENTS = st.fixed_dictionaries(
    {"type": st.just(AUTHORIZATION_TYPE) | JSON, "purpose": st.text() | JSON, "case": st.text() | JSON},
    optional={"locations": JSON, "actions": JSON},
)


@given(JSON | st.lists(ELEMENTS, max_size=2), st.integers(0, 900))
@example([{"type": AUTHORIZATION_TYPE, "purpose": "p", "case": "C-1"}], 300)
def test_details_are_purpose_and_case_or_refused(details: Any, lifetime: int) -> None:
    claims = {"authorization_details": details}
    found = outcome(lambda: stated_in(claims, audience=AUDIENCE, lifetime_seconds=lifetime))
    if isinstance(found, Unauthenticated):
        assert found.code == "TOKEN_INVALID"
    else:
        assert found is not None
        assert (found.purpose, found.case_reference.value) == (details[0]["purpose"], details[0]["case"])
        assert lifetime <= 300
        assert "actions" not in details[0]


@given(
    st.dictionaries(
        st.sampled_from(["kty", "crv", "x", "y", "n", "e", "d"]),
        st.sampled_from(["EC", "RSA", "OKP", "P-256", "AQAB", "", "é", '"']) | JSON,
    )
)
def test_a_jwk_is_a_key_or_none(jwk: dict[str, Any]) -> None:
    assert public_key(jwk) is None, "no key comes of chance"
    found = thumbprint(jwk)
    assert found is None or len(found) == 43


@pytest.mark.parametrize("part", ["header", "claims"])
@given(data=st.data())
def test_a_proof_that_was_made_up_is_refused(part: str, data: st.DataObject) -> None:
    base = proof_header() if part == "header" else proof_claims()
    name = data.draw(st.sampled_from(sorted(base)))
    made = {**base, name: data.draw(JSON)}
    head, body = (made, proof_claims()) if part == "header" else (proof_header(), made)
    forged = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(body).encode())}.{b64(bytes(64))}"
    with pytest.raises(Unauthenticated) as refusal:
        check_proof(presented(forged), BOUND.encode(), thumb(JWK["ES256"]), NOW)
    assert refusal.value.code == "DPOP_PROOF_INVALID"
    assert URL not in refusal.value.message


@given(st.text())
def test_any_text_as_a_proof_is_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        check_proof(presented(text), BOUND.encode(), thumb(JWK["ES256"]), NOW)
