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
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.access.devgrants import AUTH_METHODS, SUBJECT_TOKEN_SECONDS, DevAuthorizationServer
from hub.access.devsettings import TOKEN_EXCHANGE, DevServerSettings, dev_keys, load_people
from hub.access.jwks import is_loopback
from hub.errors import ConfigurationError

FORM_BYTES_MAX = 16_384
FORM_FIELDS_MAX = 20
DEMO_FILE = Path(__file__).parent.parent / "demo" / "data" / "devserver.toml"

_NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class _FormError(Exception):
    """The form cannot be acted on; the message is for the developer who sent it."""


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
    endpoints = _Endpoints(DevAuthorizationServer(settings, keys))
    jwks = {"keys": [{**keys.signing.as_dict(private=False), "use": "sig", "alg": "Ed25519"}]}
    workers = [
        {"id": worker.id, "name": worker.name, "organisation": worker.organisation, "roles": worker.roles}
        for worker in settings.people.workers
    ]
    return Starlette(
        routes=[
            Route("/.well-known/oauth-authorization-server", _document(_metadata(settings.issuer))),
            Route("/jwks", _document(jwks)),
            Route("/token", endpoints.token, methods=["POST"]),
            Route("/dev/worker-token", endpoints.worker_token, methods=["POST"]),
            Route("/dev/workers", _document({"workers": workers})),
        ],
        # The Host check stops a web page elsewhere from reaching this server under a name of its own (DNS rebinding).
        middleware=[
            Middleware(_LoopbackOnly),
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]", settings.host]),
        ],
        exception_handlers={_FormError: _form_refused},
    )


class _Endpoints:
    """What the server does on request."""

    def __init__(self, server: DevAuthorizationServer) -> None:
        self._server = server

    async def token(self, request: Request) -> JSONResponse:
        """RFC 6749 s.3.2."""
        form = await _form(request)
        authorization = request.headers.get("authorization")
        status, body, headers = await asyncio.to_thread(self._server.answer, form, authorization)
        return JSONResponse(body, status, {**dict(headers), **_NO_STORE})

    async def worker_token(self, request: Request) -> JSONResponse:
        """What signing in at the agency would give: a subject token for a worker in one of their roles."""
        form = await _form(request)
        subject_token = self._server.subject_token(form.get("worker", ""), form.get("role", ""))
        if subject_token is None:
            raise _FormError("No such worker with that role; GET /dev/workers lists them.")
        answer = {"subject_token": subject_token, "expires_in": SUBJECT_TOKEN_SECONDS}
        return JSONResponse(answer, headers=_NO_STORE)


def _metadata(issuer: str) -> dict[str, Any]:
    """RFC 8414 s.2."""
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/jwks",
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials", TOKEN_EXCHANGE],
        "token_endpoint_auth_methods_supported": AUTH_METHODS,
        "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
    }


def _document(content: Mapping[str, Any]) -> Callable[[Request], Awaitable[JSONResponse]]:
    async def respond(_: Request) -> JSONResponse:
        return JSONResponse(content, headers=_NO_STORE)

    return respond


async def _form(request: Request) -> dict[str, str]:
    """The body as a form, each field once (RFC 6749 s.3.2)."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise _FormError("Send application/x-www-form-urlencoded.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES_MAX:
            raise _FormError(f"The form is over {FORM_BYTES_MAX} bytes.")
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX)
    except ValueError:
        raise _FormError(f"The form is not UTF-8, or has more than {FORM_FIELDS_MAX} fields.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise _FormError("A field is given twice.")
    return form


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
