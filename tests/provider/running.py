"""A certified OpenID provider on a loopback port, and a client of it that does what FAPI 2.0 asks of one."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import aiohttp
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc.jwk import ECKey

from hub.access.client_auth import ClientKey
from hub.access.details import AUTHORIZATION_TYPE
from hub.access.devclient import dpop_proof
from tests.npm import NODE, installed

HERE = Path(__file__).parent / "authorization_server"
AUDIENCE = "https://hub.testshire.example"
BACK = "https://front-door.testshire.example/signed-in"
WORKER = "tc-0417"
DETAILS = [{"type": AUTHORIZATION_TYPE, "purpose": "ca1989-s47", "case": "MASH-2026-1182"}]


@dataclass(frozen=True)
class Client:
    """A registered client and its keys: one to authenticate with, one to bind tokens to."""

    id: str
    organisation: str
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", auto_kid=True))
    dpop_key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))

    def registered(self) -> dict[str, Any]:
        """What the provider knows of it; its name is its agency's id."""
        return {
            "client_id": self.id,
            "client_name": self.organisation,
            "redirect_uris": [BACK],
            "jwks": {"keys": [{**self.key.as_dict(private=False), "use": "sig"}]},
        }


@dataclass
class Provider:
    """The provider, up."""

    issuer: str
    process: subprocess.Popen[str]
    client: Client

    def publish(self, *keys: str) -> None:
        """Publish these keys, and sign with the first from now on."""
        self._tell({"keys": keys})

    def _tell(self, told: Any) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    async def token(self, form: dict[str, str], *, bound: bool = True) -> dict[str, Any]:
        """The token endpoint's answer to the client."""
        url = f"{self.issuer}/token"
        headers = {"DPoP": dpop_proof(self.client.dpop_key, "POST", url)} if bound else {}
        async with aiohttp.ClientSession() as session:
            return await self._post(session, url, form, headers)

    async def client_token(self, *, bound: bool = True, details: Any = DETAILS) -> str:
        """An access token for the client itself."""
        asked = {} if details is None else {"authorization_details": json.dumps(details)}
        form = {"grant_type": "client_credentials", "scope": "ask", **asked}
        return str((await self.token(form, bound=bound))["access_token"])

    async def worker_token(self, details: Any = DETAILS) -> dict[str, Any]:
        """The token endpoint's answer after a worker signed in: pushed request, sign-in and consent pages, code."""
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        asked = {
            "response_type": "code",
            "redirect_uri": BACK,
            "scope": "openid ask",
            "state": state,
            "nonce": "n",
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
            "dpop_jkt": self.client.dpop_key.thumbprint(),
            "authorization_details": json.dumps(details),
        }
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            pushed = await self._post(browser, f"{self.issuer}/request", asked, {})
            query = f"client_id={self.client.id}&request_uri={pushed['request_uri']}"
            answer = await self._sign_in(browser, f"{self.issuer}/auth?{query}")
        assert (answer["state"], answer["iss"]) == (state, self.issuer)
        form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": BACK}
        return await self.token({**form, "code_verifier": verifier})

    async def _sign_in(self, browser: aiohttp.ClientSession, url: str) -> dict[str, str]:
        """Follow the provider's pages until it sends the browser back; what it says there."""
        form: dict[str, str] | None = None
        for _ in range(12):
            sending = browser.get(url, allow_redirects=False) if form is None else browser.post(
                url, data=form, allow_redirects=False
            )  # fmt: skip
            async with sending as answer:
                page = await answer.text()
                to = answer.headers.get("Location")
            form = None
            if to is not None and to.startswith(BACK):
                return dict(parse_qsl(urlsplit(to).query))
            if to is not None:
                url = urljoin(url, to)
                continue
            action = re.search(r'action="([^"]+)"', page)
            assert action is not None, page
            url = urljoin(url, action[1])
            prompt = "login" if 'name="login"' in page else "consent"
            form = {"prompt": prompt, "login": WORKER, "password": "x"}
        raise AssertionError("the provider never sent the browser back")

    async def _post(
        self, session: aiohttp.ClientSession, url: str, form: dict[str, str], headers: dict[str, str]
    ) -> dict[str, Any]:
        assertion = ClientKey(self.client.id, self.client.key).fields(self.issuer)
        whole = {"client_id": self.client.id, **assertion, **form}
        async with session.post(url, data=whole, headers=headers) as answer:
            body: dict[str, Any] = await answer.json()
            assert answer.status in (200, 201), body
            return body


@contextmanager
def provider(alg: str = "PS256", seconds: int = 300, audience: str = AUDIENCE) -> Iterator[Provider]:
    """The provider, signing with ``alg`` access tokens that live ``seconds``, for one client and one worker."""
    client = Client("testshire-mash", "testshire-council")
    place = installed(HERE, "the certified authorization server")
    assert NODE is not None
    process = subprocess.Popen(
        [NODE, str(HERE / "server.mjs"), "--modules", str(place)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    setup = {
        "audience": audience,
        "type": AUTHORIZATION_TYPE,
        "alg": alg,
        "seconds": seconds,
        "clients": [client.registered()],
        "workers": {WORKER: {"organisation": "testshire-council", "role": "mash_social_worker"}},
    }
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(setup) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line.startswith("ready "):
            process.kill()
            raise AssertionError(f"the authorization server did not start: {process.communicate()[1][-2_000:]}")
        yield Provider(line.split()[1], process, client)
    finally:
        process.kill()
        process.communicate(timeout=10)
