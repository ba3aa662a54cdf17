"""The development authorization server, on a real loopback port, as a client sees it."""

from __future__ import annotations

import base64
import json
import logging
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from hub.access.devclient import client_key, fetch_client_token, fetch_worker_token
from hub.access.devform import FORM_BYTES_MAX, FORM_FIELDS_MAX
from hub.access.devsettings import TOKEN_EXCHANGE
from hub.access.devtokens import ACCESS_TOKEN_SECONDS
from hub.errors import Unauthenticated
from tests.access.devserver_up import SECRET, Running, basic, settings_of, up

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with up(settings_of(tmp_path_factory.mktemp("keys"))) as server:
        yield server


def assertion(running: Running, key: ECKey, **changes: Any) -> str:
    now = int(time.time())
    good = {
        "iss": "nhs-portal",
        "sub": "nhs-portal",
        "aud": running.url,
        "jti": secrets.token_hex(8),
        "iat": now,
        "exp": now + 60,
    }
    claims = {name: value for name, value in {**good, **changes}.items() if value is not ...}
    return jwt.encode({"alg": "ES256"}, claims, key, algorithms=["ES256"])


async def test_a_worker_gets_a_token_that_the_hub_accepts(running: Running) -> None:
    token = await fetch_worker_token(
        running.url, "testshire-mash", worker="tc-0417", role="mash_social_worker", secret=SECRET
    )
    found = await running.verifier().verify(f"Bearer {token}")
    assert (found.worker, found.client_id, found.role) == ("tc-0417", "testshire-mash", "mash_social_worker")
    assert found.organisation == "testshire-council"
    assert found.expires_at - found.issued_at == ACCESS_TOKEN_SECONDS == 300


async def test_a_client_signs_with_its_own_key(running: Running) -> None:
    key = client_key(running.keys_directory, "nhs-portal")
    token = await fetch_worker_token(running.url, "nhs-portal", worker="tn-1184", role="mash_nurse", key=key)
    assert (await running.verifier().verify(f"Bearer {token}")).worker == "tn-1184"


async def test_a_client_for_itself_has_no_worker(running: Running) -> None:
    token = await fetch_client_token(running.url, "council-case-system", secret="council-case-system-development-only")
    found = await running.verifier().verify(f"Bearer {token}")
    assert (found.worker, found.role, found.client_id) == (None, None, "council-case-system")


async def test_a_subject_token_is_not_an_access_token(running: Running) -> None:
    _, answer = await running.post("/dev/worker-token", {"worker": "tc-0417", "role": "mash_social_worker"})
    with pytest.raises(Unauthenticated, match="typ"):
        await running.verifier().verify(f"Bearer {answer['subject_token']}")


async def test_a_token_of_one_start_is_refused_after_the_keys_changed() -> None:
    settings = settings_of()
    with up(settings) as first:
        token = await fetch_client_token(
            first.url, "council-case-system", secret="council-case-system-development-only"
        )
    with up(settings) as second, pytest.raises(Unauthenticated, match="does not publish"):
        await second.verifier().verify(f"Bearer {token}")


async def test_kept_keys_outlive_a_restart_and_are_for_the_owner_alone(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "keys")
    with up(settings) as first:
        token = await fetch_client_token(
            first.url, "council-case-system", secret="council-case-system-development-only"
        )
    files = sorted((tmp_path / "keys").iterdir())
    assert [file.name for file in files] == ["nhs-portal.jwk", "signing-key.jwk"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    with up(settings) as second:
        assert (await second.verifier().verify(f"Bearer {token}")).worker is None


async def test_the_published_keys_have_no_private_part(running: Running) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{running.url}/jwks") as answer:
        (key,) = (await answer.json())["keys"]
    assert key.keys() == {"kty", "crv", "x", "kid", "use", "alg"}


EXCHANGE = {
    "grant_type": TOKEN_EXCHANGE,
    "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
}
COUNCIL = {"Authorization": basic("testshire-mash", SECRET)}
POLICE = {"Authorization": basic("police-rms", "police-rms-development-only")}
CREDENTIALS = {"grant_type": "client_credentials"}
REFUSED: list[Any] = [
    # (form, headers, status, error); "{subject}" is a good subject token of tc-0417
    pytest.param(CREDENTIALS, {}, 401, "invalid_client", id="nobody"),
    pytest.param(
        CREDENTIALS, {"Authorization": basic("testshire-mash", "wrong")}, 401, "invalid_client", id="a wrong secret"
    ),
    pytest.param(
        CREDENTIALS, {"Authorization": basic("testshire-mash", "")}, 401, "invalid_client", id="an empty secret"
    ),
    pytest.param(CREDENTIALS, {"Authorization": basic("x", "y")}, 401, "invalid_client", id="an unknown client"),
    pytest.param(
        CREDENTIALS, {"Authorization": basic("nhs-portal", "None")}, 401, "invalid_client", id="a key client by secret"
    ),
    pytest.param(CREDENTIALS, {"Authorization": "Basic gICAgICA"}, 400, "invalid_request", id="credentials not UTF-8"),
    pytest.param(
        {**CREDENTIALS, "client_id": "testshire-mash", "client_secret": SECRET},
        {},
        401,
        "invalid_client",
        id="a secret in the body",
    ),
    pytest.param({"grant_type": "password"}, COUNCIL, 400, "unsupported_grant_type", id="another grant"),
    pytest.param({}, COUNCIL, 400, "unsupported_grant_type", id="no grant"),
    pytest.param(EXCHANGE, COUNCIL, 400, "invalid_request", id="exchange of nothing"),
    pytest.param({**EXCHANGE, "subject_token": "{subject}"}, {}, 401, "invalid_client", id="exchange by nobody"),
    pytest.param(
        {**EXCHANGE, "subject_token": "{subject}"}, POLICE, 400, "invalid_grant", id="another agency's worker"
    ),
    pytest.param({**EXCHANGE, "subject_token": "x.y.z"}, COUNCIL, 400, "invalid_grant", id="not a token"),
    pytest.param({**EXCHANGE, "subject_token": "{access}"}, COUNCIL, 400, "invalid_grant", id="an access token"),
    pytest.param({**EXCHANGE, "subject_token": "{forged}"}, COUNCIL, 400, "invalid_grant", id="a forged subject token"),
    pytest.param(
        {**EXCHANGE, "subject_token": "{subject}", "subject_token_type": "x"},
        COUNCIL,
        400,
        "invalid_request",
        id="another type of subject token",
    ),
    pytest.param(
        {**EXCHANGE, "subject_token": "{subject}", "requested_token_type": "urn:ietf:params:oauth:token-type:saml2"},
        COUNCIL,
        400,
        "invalid_request",
        id="another type asked for",
    ),
]


@pytest.mark.parametrize(("form", "headers", "status", "error"), REFUSED)
async def test_a_token_request_is_refused(
    running: Running, form: dict[str, str], headers: dict[str, str], status: int, error: str
) -> None:
    _, signed_in = await running.post("/dev/worker-token", {"worker": "tc-0417", "role": "mash_social_worker"})
    subject = signed_in["subject_token"]
    forged = ECKey.generate_key("P-256")
    known = {
        "{subject}": subject,
        "{access}": await fetch_client_token(running.url, "testshire-mash", secret=SECRET),
        "{forged}": jwt.encode({"alg": "ES256"}, {"sub": "tc-0417"}, forged, algorithms=["ES256"]),
    }
    sent = {name: known.get(value, value) for name, value in form.items()}
    found, answer = await running.post("/token", sent, **headers)
    assert (found, answer["error"]) == (status, error)
    assert "access_token" not in answer


ASSERTIONS: list[Any] = [
    pytest.param({}, 200, id="good"),
    pytest.param({"aud": "{url}/token"}, 200, id="for the token endpoint"),
    pytest.param({"aud": "https://other.example"}, 400, id="for another server"),
    pytest.param({"aud": ...}, 400, id="for nobody"),
    pytest.param({"sub": "police-rms"}, 400, id="of a client with a secret"),
    pytest.param({"iss": "police-rms"}, 400, id="issued by another"),
    pytest.param({"sub": "nobody"}, 400, id="of an unknown client"),
    pytest.param({"sub": ...}, 400, id="of nobody"),
    pytest.param({"jti": ...}, 400, id="without an id"),
    pytest.param({"exp": ...}, 400, id="that never expires"),
    pytest.param({"exp": 1}, 400, id="expired"),
]


@pytest.mark.parametrize(("changes", "status"), ASSERTIONS)
async def test_client_assertions(running: Running, changes: dict[str, Any], status: int) -> None:
    filled = {
        name: value.replace("{url}", running.url) if isinstance(value, str) else value
        for name, value in changes.items()
    }
    signed = assertion(running, client_key(running.keys_directory, "nhs-portal"), **filled)
    form = {**CREDENTIALS, "client_assertion_type": JWT_BEARER, "client_assertion": signed}
    assert (await running.post("/token", form))[0] == status


async def test_an_assertion_is_good_once(running: Running) -> None:
    signed = assertion(running, client_key(running.keys_directory, "nhs-portal"))
    form = {**CREDENTIALS, "client_assertion_type": JWT_BEARER, "client_assertion": signed}
    assert [(await running.post("/token", form))[0] for _ in range(2)] == [200, 400]


@pytest.mark.parametrize("alg", ["none", "HS256"])
async def test_an_assertion_without_the_clients_own_signature(running: Running, alg: str) -> None:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = {"iss": "nhs-portal", "sub": "nhs-portal", "aud": running.url, "jti": "x", "exp": int(time.time()) + 60}
    for signature in ("", "AAAA"):
        unsigned = f"{part({'alg': alg})}.{part(claims)}.{signature}"
        form = {**CREDENTIALS, "client_assertion_type": JWT_BEARER, "client_assertion": unsigned}
        assert (await running.post("/token", form))[0] == 400


FORMS: list[Any] = [
    pytest.param(b"grant_type=a&grant_type=b", "application/x-www-form-urlencoded", id="a field twice"),
    pytest.param(b'{"grant_type":"client_credentials"}', "application/json", id="JSON"),
    pytest.param(b"x=\xff", "application/x-www-form-urlencoded", id="not UTF-8"),
    pytest.param(b"x=" + b"a" * (FORM_BYTES_MAX - 1), "application/x-www-form-urlencoded", id="one byte too large"),
    pytest.param(
        b"&".join(b"a%d=1" % number for number in range(FORM_FIELDS_MAX + 1)),
        "application/x-www-form-urlencoded",
        id="one field too many",
    ),
]


@pytest.mark.parametrize("path", ["/token", "/dev/worker-token"])
@pytest.mark.parametrize(("body", "content_type"), FORMS)
async def test_a_form_that_cannot_be_read(running: Running, path: str, body: bytes, content_type: str) -> None:
    status, answer = await running.post(path, body, Content_Type=content_type)
    assert (status, answer["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("body", [b"x=" + b"a" * (FORM_BYTES_MAX - 2), b"&".join(b"a%d=1" % n for n in range(20))])
async def test_a_form_as_large_as_may_be_is_read(running: Running, body: bytes) -> None:
    _, answer = await running.post("/token", body, Content_Type="application/x-www-form-urlencoded")
    assert answer["error"] == "unsupported_grant_type"


@pytest.mark.parametrize(("worker", "role"), [("tc-0417", "mash_nurse"), ("nobody", "mash_nurse"), ("", "")])
async def test_nobody_signs_in_as_what_they_are_not(running: Running, worker: str, role: str) -> None:
    assert (await running.post("/dev/worker-token", {"worker": worker, "role": role}))[0] == 400


async def test_a_web_page_under_another_name_is_refused(running: Running) -> None:
    assert (await running.post("/dev/worker-token", {}, Host="evil.example"))[0] == 400


async def test_no_token_is_logged(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = await fetch_client_token(running.url, "testshire-mash", secret=SECRET)
    assert token not in caplog.text
    assert SECRET not in caplog.text
