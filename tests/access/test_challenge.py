"""What a 401 tells a client to do, and what the hub says of itself."""

from __future__ import annotations

import pytest

from hub.access.challenge import challenge, metadata_path, resource_metadata
from hub.errors import BadRequest, Forbidden, HubError, IssuerUnavailable, StepUpNeeded, Unauthenticated
from tests.access.issuer import AUDIENCE, ISSUER

ALGS = 'algs="PS256 ES256 Ed25519"'
AT = 'resource_metadata="https://hub.example/m"'

CHALLENGES = [
    pytest.param(
        Unauthenticated("x", code="TOKEN_MISSING"),
        f"DPoP {ALGS}, Bearer",
        f"DPoP {ALGS}, {AT}, Bearer {AT}",
        id="no token",
    ),
    pytest.param(
        Unauthenticated("x"),
        f'DPoP {ALGS}, error="invalid_token", Bearer error="invalid_token"',
        f'DPoP {ALGS}, error="invalid_token", {AT}, Bearer error="invalid_token", {AT}',
        id="a bad token",
    ),
    pytest.param(
        Unauthenticated("x", code="DPOP_PROOF_REPLAYED"),
        f'DPoP {ALGS}, error="invalid_dpop_proof", Bearer',
        f'DPoP {ALGS}, error="invalid_dpop_proof", {AT}, Bearer {AT}',
        id="a bad proof is no word on the token",
    ),
    pytest.param(
        StepUpNeeded(("phrh", "phr"), 600),
        f'DPoP {ALGS}, error="insufficient_user_authentication", acr_values="phrh phr", max_age="600", '
        'Bearer error="insufficient_user_authentication", acr_values="phrh phr", max_age="600"',
        f'DPoP {ALGS}, error="insufficient_user_authentication", acr_values="phrh phr", max_age="600", {AT}, '
        f'Bearer error="insufficient_user_authentication", acr_values="phrh phr", max_age="600", {AT}',
        id="another sign-in",
    ),
    pytest.param(
        StepUpNeeded((), 0),
        f'DPoP {ALGS}, error="insufficient_user_authentication", max_age="0", '
        'Bearer error="insufficient_user_authentication", max_age="0"',
        None,
        id="a sign-in this very moment",
    ),
    pytest.param(
        Forbidden("x"),
        'DPoP error="insufficient_scope", Bearer error="insufficient_scope"',
        None,
        id="a good token that may not",
    ),
    pytest.param(BadRequest("x"), None, None, id="nothing to do with the token"),
    pytest.param(IssuerUnavailable("x"), None, None, id="neither accepted nor refused"),
]


@pytest.mark.parametrize(("error", "plain", "with_metadata"), CHALLENGES)
def test_the_challenge_of_each_error(error: HubError, plain: str | None, with_metadata: str | None) -> None:
    assert challenge(error) == plain
    if with_metadata is not None:
        assert challenge(error, "https://hub.example/m") == with_metadata


def test_the_resource_metadata_names_this_hub_and_its_issuer() -> None:
    found = resource_metadata(AUDIENCE, ISSUER)
    assert (found["resource"], found["authorization_servers"]) == (AUDIENCE, [ISSUER])
    assert found["tls_client_certificate_bound_access_tokens"] is False
    assert resource_metadata(AUDIENCE, ISSUER, mtls=True)["tls_client_certificate_bound_access_tokens"] is True


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        ("https://hub.example", "/.well-known/oauth-protected-resource"),
        ("https://hub.example/", "/.well-known/oauth-protected-resource"),
        ("https://hub.example/graphql", "/.well-known/oauth-protected-resource/graphql"),
    ],
)
def test_the_resource_path_goes_behind_the_well_known_one(resource: str, path: str) -> None:
    assert metadata_path(resource) == path
