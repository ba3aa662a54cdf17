"""How the hub proves itself at a token endpoint: each proof is looked at as the endpoint would, by other code."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc.jwk import ECKey, OKPKey, RSAKey

from hub.access.client_auth import ASSERTION_TYPE, ClientKey, ClientSecret, ClientSecretInForm, read_client_key
from hub.connectors.base import Deadline, UpstreamFault
from hub.connectors.token import IssuedToken
from hub.domain.sources import NoAnswerReason
from hub.errors import ConfigurationError
from tests.access.devserver_up import SECRET, settings_of, up
from tests.connectors.bendable import bendable
from tests.connectors.test_token import Place, issued

# ---- how the hub proves itself --------------------------------------------------------------------------------------


async def form_sent(proof: Any, **how: Any) -> tuple[dict[str, str], dict[str, str], str]:
    """The form, the headers, and the token endpoint's URL."""
    place = Place()
    async with bendable(place) as server:
        credentials = issued(server, place, proof, **how)
        await credentials.headers(Deadline.after(5))
        await credentials.close()
        (request,) = server.requests
        return dict(parse_qsl(request.body.decode())), request.headers, f"{server.url}/oauth2/token"


async def test_a_secret_in_the_header() -> None:
    form, headers, _ = await form_sent(ClientSecret("hub:1", "s3cret/ö"), scope="read", audience="https://x.example")
    assert form == {"grant_type": "client_credentials", "scope": "read", "audience": "https://x.example"}
    assert base64.b64decode(headers["authorization"].removeprefix("Basic ")) == b"hub%3A1:s3cret%2F%C3%B6"


async def test_a_secret_in_the_form() -> None:
    form, headers, _ = await form_sent(ClientSecretInForm("hub", "s3cret"))
    assert form == {"grant_type": "client_credentials", "client_id": "hub", "client_secret": "s3cret"}
    assert "authorization" not in headers


def unpacked(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verify(key: Any, alg: str, signed: bytes, signature: bytes) -> None:
    """By the cryptography library alone, which did not make the signature's frame. Raises where it is wrong."""
    public = key.raw_value.public_key()
    if isinstance(public, rsa.RSAPublicKey) and alg == "RS512":
        public.verify(signature, signed, padding.PKCS1v15(), hashes.SHA512())
    elif isinstance(public, rsa.RSAPublicKey):
        public.verify(signature, signed, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    elif isinstance(public, ec.EllipticCurvePublicKey):
        halves = (int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
        public.verify(encode_dss_signature(*halves), signed, ec.ECDSA(hashes.SHA256()))
    else:
        assert isinstance(public, ed25519.Ed25519PublicKey)
        public.verify(signature, signed)


def rsa_key(alg: str | None = "RS512", kid: str | None = "test-1", bits: int = 2_048) -> RSAKey:
    named = {name: value for name, value in (("alg", alg), ("kid", kid)) if value is not None}
    return RSAKey.generate_key(bits, named)


KEYS: dict[str, Callable[[], Any]] = {
    "ES256": lambda: ECKey.generate_key("P-256", {"alg": "ES256", "kid": "test-1"}),
    "Ed25519": lambda: OKPKey.generate_key("Ed25519", {"alg": "Ed25519", "kid": "test-1"}),
    "PS256": lambda: rsa_key("PS256"),
    "RS512": rsa_key,
}


@pytest.mark.parametrize("alg", KEYS)
@pytest.mark.parametrize("issuer", [None, "https://issuer.example"], ids=["to the endpoint", "to the issuer"])
async def test_an_assertion(alg: str, issuer: str | None, tmp_path: Path) -> None:
    path = write(tmp_path, KEYS[alg]())
    key = read_client_key(path)
    form, _, url = await form_sent(ClientKey("hub", key), issuer=issuer)
    assert (form["grant_type"], form["client_assertion_type"]) == ("client_credentials", ASSERTION_TYPE)
    head, claims, signature = form["client_assertion"].split(".")
    assert json.loads(unpacked(head)) == {"typ": "JWT", "alg": alg, "kid": "test-1"}
    verify(key, alg, f"{head}.{claims}".encode(), unpacked(signature))
    with pytest.raises(InvalidSignature):
        verify(key, alg, f"{head}.{claims}x".encode(), unpacked(signature))
    said = json.loads(unpacked(claims))
    assert (said["iss"], said["sub"], said["aud"]) == ("hub", "hub", issuer or url)
    assert time.time() < said["exp"] <= time.time() + 300
    assert said["jti"]


def write(place: Path, key: Any, mode: int = 0o600, **changes: object) -> Path:
    path = place / "client.jwk"
    path.write_text(json.dumps({**key.as_dict(private=True), **changes}), encoding="ascii")
    path.chmod(mode)
    return path


@pytest.mark.filterwarnings("ignore:Key size")
@pytest.mark.parametrize(
    ("made", "changes", "mode", "said"),
    [
        pytest.param(lambda: rsa_key(None), {}, 0o600, "`alg` says how it signs", id="RSA without alg"),
        pytest.param(lambda: rsa_key("RS256"), {}, 0o600, "write PS256 or RS512", id="RS256"),
        pytest.param(lambda: rsa_key(kid=None), {}, 0o600, "needs a `kid`", id="RSA without kid"),
        pytest.param(lambda: rsa_key(bits=1_024), {}, 0o600, "shorter than 2,048 bits", id="RSA of 1024 bits"),
        pytest.param(KEYS["ES256"], {"alg": "ES512"}, 0o600, "not a private JWK", id="P-256 said to be ES512"),
        pytest.param(lambda: ECKey.generate_key("P-521"), {}, 0o600, "not a private JWK", id="P-521"),
        pytest.param(KEYS["RS512"], {"kty": "oct"}, 0o600, "not a private JWK", id="another type"),
        pytest.param(KEYS["RS512"], {}, 0o644, "chmod 600", id="others may read it"),
    ],
)
def test_a_key_that_cannot_be_used(
    made: Callable[[], Any], changes: dict[str, object], mode: int, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_client_key(write(tmp_path, made(), mode, **changes))


# ---- against an authorization server --------------------------------------------------------------------------------


async def test_the_development_server_takes_both_proofs(tmp_path: Path) -> None:
    with up(settings_of(tmp_path)) as server:
        url = f"{server.url}/token"
        key = read_client_key(tmp_path / "nhs-portal.jwk")
        proofs = (ClientKey("nhs-portal", key), ClientSecret("testshire-mash", SECRET))
        issuers = (None, server.url, None)
        for proof, issuer in zip((proofs[0], *proofs), issuers, strict=True):
            credentials = IssuedToken.at(url, lambda proof=proof: proof, issuer=issuer)
            sent = await credentials.headers(Deadline.after(20))
            token = await server.verifier().verify(sent["Authorization"])
            await credentials.close()
            assert token is not None


async def test_the_development_server_refuses_a_stranger(tmp_path: Path) -> None:
    with up(settings_of(tmp_path)) as server:
        proof = ClientKey("nhs-portal", ECKey.generate_key("P-256"))
        credentials = IssuedToken.at(f"{server.url}/token", lambda: proof)
        with pytest.raises(UpstreamFault, match="its token endpoint") as caught:
            await credentials.headers(Deadline.after(20))
        await credentials.close()
        assert caught.value.no_answer.reason is NoAnswerReason.REFUSED
