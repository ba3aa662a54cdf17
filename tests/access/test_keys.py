"""Which published keys may check a token."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hub.access.keys import KEYS_MAX, usable_keys
from tests.access.issuer import EC_KEY, RSA_KEY, b64, ec_jwk, ed_jwk, number, rsa_jwk

WEAK = rsa.generate_private_key(65537, 1024)
LARGE = {"kty": "RSA", "kid": "rsa", "n": number((1 << 8256) + 1), "e": "AQAB"}
P384 = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()

TABLE: list[Any] = [
    pytest.param(rsa_jwk(RSA_KEY), "PS256", id="RSA"),
    pytest.param(ec_jwk(), "ES256", id="EC"),
    pytest.param(ed_jwk(), "Ed25519", id="Ed25519"),
    pytest.param(ec_jwk(use="sig", alg="ES256", key_ops=["verify"]), "ES256", id="for signatures, said in full"),
    pytest.param(ed_jwk(alg="EdDSA"), "Ed25519", id="Ed25519 by its older name"),
    pytest.param(ec_jwk(x5c=["MIIB"], unknown=1), "ES256", id="with more beside the key"),
    pytest.param(rsa_jwk(RSA_KEY, alg="RS256"), None, id="RSA for RS256"),
    pytest.param(rsa_jwk(RSA_KEY, alg="RSA-OAEP"), None, id="RSA for encryption"),
    pytest.param(ec_jwk(use="enc"), None, id="use enc"),
    pytest.param(ec_jwk(use=None), None, id="use null"),
    pytest.param(ec_jwk(key_ops=["encrypt"]), None, id="key_ops without verify"),
    pytest.param(ec_jwk(key_ops="verify"), None, id="key_ops a text"),
    pytest.param(ec_jwk(alg="ES384"), None, id="EC for another algorithm"),
    pytest.param(ec_jwk(alg=["ES256"]), None, id="alg a list"),
    pytest.param(ec_jwk(kid=None), None, id="kid null"),
    pytest.param({name: value for name, value in ec_jwk().items() if name != "kid"}, None, id="no kid"),
    pytest.param(ec_jwk(kid=1), None, id="kid a number"),
    pytest.param(ec_jwk(d=b64(bytes(32))), None, id="published with its private part"),
    pytest.param({"kty": "oct", "kid": "o", "k": b64(bytes(32))}, None, id="symmetric"),
    pytest.param(ec_jwk(kty="oct", k=b64(bytes(32))), None, id="symmetric, dressed as EC"),
    pytest.param(ec_jwk(kty="AKP"), None, id="a kind not known"),
    pytest.param(ec_jwk(kty=None), None, id="kty null"),
    pytest.param(rsa_jwk(WEAK), None, id="RSA of 1024 bits"),
    pytest.param(LARGE, None, id="RSA over 8192 bits"),
    pytest.param(ec_jwk(crv="P-384"), None, id="P-256 point, called P-384"),
    pytest.param(
        {"kty": "EC", "kid": "e", "crv": "P-384", "x": number(P384.x), "y": number(P384.y)}, None, id="a P-384 key"
    ),
    pytest.param(ed_jwk(crv="X25519"), None, id="X25519"),
    pytest.param(ed_jwk(crv="Ed448"), None, id="Ed448"),
    pytest.param(ec_jwk(y=b64(bytes(32))), None, id="a point off the curve"),
    pytest.param(ec_jwk(x="!"), None, id="x not base64url"),
    pytest.param(ec_jwk(x=1), None, id="x a number"),
    pytest.param({"kty": "EC", "kid": "ec", "crv": "P-256"}, None, id="no point"),
    pytest.param(ed_jwk(x=b64(bytes(31))), None, id="Ed25519 one byte short"),
    pytest.param({"kty": "RSA", "kid": "rsa", "n": "", "e": "AQAB"}, None, id="RSA with no modulus"),
    pytest.param("not an object", None, id="not an object"),
]


@pytest.mark.parametrize(("entry", "algorithm"), TABLE)
def test_a_key_is_for_one_algorithm_or_none(entry: Any, algorithm: str | None) -> None:
    found = usable_keys({"keys": [entry, ec_jwk(kid="another")]})
    assert "another" in found  # one bad key does not cost the others
    assert [key.algorithm for kid, key in found.items() if kid != "another"] == ([algorithm] if algorithm else [])


def test_a_key_id_two_keys_share_names_neither() -> None:
    assert usable_keys({"keys": [ec_jwk(kid="a"), ed_jwk(kid="a"), ed_jwk(kid="b")]}).keys() == {"b"}


def test_a_key_is_not_in_the_repr() -> None:
    (key,) = usable_keys({"keys": [ec_jwk(EC_KEY)]}).values()
    assert repr(key) == "IssuerKey(kid='ec', algorithm='ES256')"


@pytest.mark.parametrize("jwks", [{}, {"keys": None}, {"keys": {}}, {"keys": "x"}])
def test_what_is_not_a_key_set_is_refused(jwks: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a JWK set"):
        usable_keys(jwks)


def test_the_number_of_keys_is_limited() -> None:
    assert len(usable_keys({"keys": [ed_jwk(kid=str(number)) for number in range(KEYS_MAX)]})) == KEYS_MAX
    with pytest.raises(ValueError, match="not a JWK set"):
        usable_keys({"keys": [ed_jwk(kid=str(number)) for number in range(KEYS_MAX + 1)]})
