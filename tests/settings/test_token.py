"""``[custodians.token]``: a custodian whose tokens the hub asks for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from joserfc.jwk import RSAKey

from hub.app import load_policies, make_connector
from hub.connectors.checking import Grade, examine
from hub.errors import ConfigurationError
from hub.settings import CustodianSettings, load_settings
from tests.connectors.bendable import Request, bendable, response
from tests.settings.test_load import GOOD

TOKEN = """
[custodians.token]
url = "https://issuer.example/oauth2/token"
client_id = "safeguarding-hub"
"""
SECRET = 'credential = { file = "client.secret" }\n'
KEY = 'key_file = "client.jwk"\n'
KINDS = {
    "rest": 'kind = "rest"\nmapping = "pole-demo.toml"',
    "graphql": 'kind = "graphql"\nmapping = "casework-graphql.toml"',
    "a neighbour hub": 'kind = "graphql"\nmapping = "neighbour-hub.toml"',
    "fhir": 'kind = "fhir"',
    "dfe": 'kind = "dfe"\ndfe = { organisation = "A-1" }',
    "ssd": 'kind = "ssd"',
}
SECTORS = {"fhir": "health", "dfe": "education", "graphql": "council", "ssd": "council"}


def load(place: Path, *parts: str, kind: str = "rest", url: str = "http://127.0.0.1:9001") -> CustodianSettings:
    (place / "client.secret").write_text("s3cret\n", encoding="ascii")
    key = place / "client.jwk"
    if not key.exists():
        key.write_text(
            json.dumps(RSAKey.generate_key(2_048, {"alg": "RS512", "kid": "t"}).as_dict(private=True)), encoding="ascii"
        )
        key.chmod(0o600)
    text = GOOD.replace('kind = "rest"\n', KINDS[kind] + "\n").replace('mapping = "pole-demo.toml"\ncontact', "contact")
    text = text.replace('"police"', f'"{SECTORS.get(kind, "police")}"').replace("http://127.0.0.1:9001", url)
    path = place / "settings.toml"
    path.write_text("\n".join((text, *parts)), encoding="utf-8")
    return load_settings(path).custodians[0]


@pytest.mark.parametrize("kind", ["rest", "graphql", "a neighbour hub", "fhir"])
@pytest.mark.parametrize("proof", [SECRET, SECRET + 'method = "post"\n', KEY], ids=["basic", "post", "key"])
async def test_what_is_taken(tmp_path: Path, kind: str, proof: str) -> None:
    bundle = load_policies()
    made = make_connector(load(tmp_path, TOKEN + proof, kind=kind), lambda: bundle)
    await made.close()


@pytest.mark.parametrize(
    ("kind", "token", "said"),
    [
        pytest.param("rest", TOKEN, "needs `credential` \\(a secret\\) or `key_file`", id="no proof"),
        pytest.param("rest", TOKEN + SECRET + KEY, "one of them", id="two proofs"),
        pytest.param("rest", TOKEN.replace("https", "http") + KEY, "`url` must be an https address", id="in clear"),
        pytest.param("rest", TOKEN.replace("/token", "/token?x=1") + KEY, "without user, query", id="a query"),
        pytest.param("rest", TOKEN + SECRET + 'assertion_audience = "x"\n', "for `key_file` alone", id="aud of no assertion"),
        pytest.param("rest", TOKEN + KEY + 'method = "post"\n', "for a secret alone", id="method of no secret"),
        pytest.param("rest", TOKEN + KEY + 'scopes = "x"\n', "scopes", id="an unknown key"),
        pytest.param("rest", TOKEN.replace("client_id", "# client_id") + KEY, "client_id", id="nobody asks"),
        pytest.param("dfe", TOKEN + KEY, "for `dfe` it is `dfe.client_id`", id="dfe"),
        pytest.param("ssd", TOKEN + KEY, "not for `ssd`", id="a database"),
        pytest.param("rest", 'credential = { env = "T" }\n' + TOKEN + KEY, "is a fixed one: remove", id="a fixed token beside it"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, kind: str, token: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        load(tmp_path, token, kind=kind)
    assert "settings.toml" in caught.value.message


def test_a_key_that_is_not_there_is_told_at_the_start(tmp_path: Path) -> None:
    entry = load(tmp_path, TOKEN + KEY)
    (tmp_path / "client.jwk").unlink()
    with pytest.raises(
        ConfigurationError, match=r"testshire-police: \[custodians.token\]: .*client.jwk: the client's key"
    ):
        make_connector(entry, load_policies)


@pytest.mark.parametrize("kind", ["rest", "graphql", "a neighbour hub", "fhir"])
async def test_the_check_says_that_the_token_endpoint_refuses(tmp_path: Path, kind: str) -> None:
    async def refuses(request: Request) -> None:
        request.writer.write(response({"error": "invalid_client"}, "400 Bad Request"))

    bundle = load_policies()
    async with bendable(refuses) as server:
        asking = TOKEN.replace("https://issuer.example", server.url) + SECRET
        made = make_connector(load(tmp_path, asking, kind=kind, url=server.url), lambda: bundle)
        report = await examine(made, 5)
        await made.close()
        assert {request.line.split()[1] for request in server.requests} == {"/oauth2/token"}
    told = [finding for finding in report.findings if finding.grade is Grade.MEND]
    assert any("its token endpoint: it does not accept the hub's client id" in finding.what for finding in told)
    assert any("[custodians.token]" in finding.do for finding in told)
