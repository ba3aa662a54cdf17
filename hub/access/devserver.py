"""A development authorization server, for the demo and the tests: ``python -m hub.access.devserver --help``.

It stands in for the partnership's own server and for each agency's sign-in: whoever names an invented worker is that
worker. So it refuses to start outside development, binds to this machine only, and answers nobody else.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.access.details import AUTHORIZATION_TYPE
from hub.access.devclientauth import AUTH_METHODS, GRANTS
from hub.access.devdpop import PROOF_ALGORITHMS
from hub.access.devform import FormError, read_form
from hub.access.devgrants import DevAuthorizationServer
from hub.access.devrequest import SIGN_IN_SCOPES
from hub.access.devsettings import DevServerSettings, dev_keys, load_people
from hub.access.devsignin import DevSignIn
from hub.access.devtokens import SUBJECT_TOKEN_SECONDS
from hub.access.jwks import is_loopback
from hub.errors import ConfigurationError

DEMO_FILE = Path(__file__).parent.parent / "demo" / "data" / "devserver.toml"

_NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class _LoopbackOnly:
    """Answers nobody but this machine, however the app was put on a socket."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not is_loopback((scope.get("client") or ("",))[0]):
            refusal = JSONResponse({"error": "access_denied", "error_description": "Loopback only."}, 403, _NO_STORE)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def create_app(settings: DevServerSettings) -> Starlette:
    """The server as an ASGI application.

    Raises:
        ConfigurationError: ``DEVSERVER_REFUSED`` unless the environment is ``development`` and the host is loopback.
    """
    settings.require_development()
    keys = dev_keys(settings)
    server = DevAuthorizationServer(settings, keys)
    endpoints = _Endpoints(server)
    metadata = _document(_metadata(settings))
    jwks = {"keys": [{**keys.signing.as_dict(private=False), "use": "sig", "alg": "Ed25519"}]}
    workers = [
        {"id": worker.id, "name": worker.name, "organisation": worker.organisation, "roles": worker.roles}
        for worker in settings.people.workers
    ]
    return Starlette(
        routes=[
            Route("/.well-known/oauth-authorization-server", metadata),
            Route("/.well-known/openid-configuration", metadata),
            Route("/jwks", _document(jwks)),
            Route("/token", endpoints.token, methods=["POST"]),
            Route("/par", endpoints.push, methods=["POST"]),
            *DevSignIn(settings, server).routes(),
            Route("/dev/worker-token", endpoints.worker_token, methods=["POST"]),
            Route("/dev/workers", _document({"workers": workers, "acr": settings.people.acr})),
        ],
        # The Host check stops a web page elsewhere from reaching this server under a name of its own (DNS rebinding).
        middleware=[
            Middleware(_LoopbackOnly),
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]", settings.host]),
        ],
        exception_handlers={FormError: _form_refused},
    )


class _Endpoints:
    """What the server does on request."""

    def __init__(self, server: DevAuthorizationServer) -> None:
        self._server = server

    async def token(self, request: Request) -> JSONResponse:
        """RFC 6749 s.3.2."""
        form = await read_form(request)
        authorization, proofs = request.headers.get("authorization"), request.headers.getlist("dpop")
        if len(proofs) > 1:  # RFC 9449 s.4.3
            raise FormError("There is more than one DPoP proof.")
        proof = proofs[0] if proofs else None
        status, body, headers = await asyncio.to_thread(self._server.answer, form, authorization, proof)
        return JSONResponse(body, status, {**dict(headers), **_NO_STORE})

    async def push(self, request: Request) -> JSONResponse:
        """RFC 9126: an authorization request sent ahead of the browser."""
        form = await read_form(request)
        authorization = request.headers.get("authorization")
        status, body, headers = await asyncio.to_thread(self._server.pushed, form, authorization)
        return JSONResponse(body, status, {**dict(headers), **_NO_STORE})

    async def worker_token(self, request: Request) -> JSONResponse:
        """What signing in at the agency would give: a subject token for a worker in one of their roles."""
        form = await read_form(request)
        who = self._server.tokens.sign_in(form.get("worker", ""), form.get("role", ""), form.get("acr"))
        if who is None:
            raise FormError("No such worker with that role, or no such acr; GET /dev/workers lists them.")
        answer = {"subject_token": self._server.tokens.subject_token(who), "expires_in": SUBJECT_TOKEN_SECONDS}
        return JSONResponse(answer, headers=_NO_STORE)


def _metadata(settings: DevServerSettings) -> dict[str, Any]:
    """RFC 8414 s.2 and OpenID Connect Discovery s.3, one document for both."""
    issuer = settings.issuer
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "pushed_authorization_request_endpoint": f"{issuer}/par",
        "end_session_endpoint": f"{issuer}/end-session",
        "jwks_uri": f"{issuer}/jwks",
        "scopes_supported": [*SIGN_IN_SCOPES, *settings.people.scopes],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GRANTS),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,  # RFC 9207
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["Ed25519"],
        "acr_values_supported": settings.people.acr,
        "claims_supported": ["sub", "role", "organisation", "name", "acr", "auth_time"],
        "token_endpoint_auth_methods_supported": AUTH_METHODS,
        "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
        "dpop_signing_alg_values_supported": PROOF_ALGORITHMS,  # RFC 9449 s.5.1
        "authorization_details_types_supported": [AUTHORIZATION_TYPE],  # RFC 9396 s.10
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,  # OpenID's, by address; pushed ones are RFC 9126's
    }


def _document(content: Mapping[str, Any]) -> Callable[[Request], Awaitable[JSONResponse]]:
    async def respond(_: Request) -> JSONResponse:
        return JSONResponse(content, headers=_NO_STORE)

    return respond


async def _form_refused(_: Request, fault: Exception) -> JSONResponse:
    return JSONResponse({"error": "invalid_request", "error_description": str(fault)}, 400, _NO_STORE)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the server until it is stopped; 2 when it refuses to start."""
    parser = argparse.ArgumentParser(prog="python -m hub.access.devserver", description=__doc__)
    parser.add_argument("--environment", required=True, help="must be `development`, said outright")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (default: %(default)s)")
    parser.add_argument("--port", type=int, default=9400, help="default: %(default)s")
    parser.add_argument("--file", type=Path, default=DEMO_FILE, help="clients and workers, TOML (default: the demo's)")
    parser.add_argument("--audience", help="the hub's identifier, for `aud` (default: the file's)")
    parser.add_argument("--keys-directory", type=Path, help="keep keys here (default: in memory, new at each start)")
    options = parser.parse_args(argv)
    try:
        settings = DevServerSettings(
            environment=options.environment,
            host=options.host,
            port=options.port,
            people=load_people(options.file, audience=options.audience),
            keys_directory=options.keys_directory,
        )
        app = create_app(settings)
    except ConfigurationError as fault:
        sys.stderr.write(f"{fault.message}\n")
        return 2
    uvicorn.run(app, host=settings.host, port=settings.port, log_level="warning", access_log=False, server_header=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
