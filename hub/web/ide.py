"""The query editor (GraphiQL) in development mode, from files the hub carries itself: no other host is contacted.

A person chooses which invented worker to be; the page fetches that worker's token from ``POST /ide/token`` and sends
it with each question. Whoever can reach these routes can be any of those workers, so :mod:`hub.app` adds them in
development only, where the hub listens on the loopback address; and they answer only to a loopback host name, so that a
page elsewhere cannot reach them by pointing its own name at this machine (DNS rebinding).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema, introspection_from_schema
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from hub.errors import BadRequest, Forbidden, HubError, TooLarge

STATIC = Path(__file__).parent / "static"

TOKEN_REQUEST_BYTES_MAX = 1_024
"""A request for a token holds one short word."""

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})

_FILES: Mapping[str, tuple[str, str]] = {
    "ide.js": ("ide/ide.js", "text/javascript"),
    "ide.css": ("ide/ide.css", "text/css"),
    "graphiql.min.js": ("graphiql/graphiql.min.js", "text/javascript"),
    "graphiql.min.css": ("graphiql/graphiql.min.css", "text/css"),
    "react.production.min.js": ("graphiql/react.production.min.js", "text/javascript"),
    "react-dom.production.min.js": ("graphiql/react-dom.production.min.js", "text/javascript"),
    "LICENCES.txt": ("graphiql/LICENCES.txt", "text/plain"),
}
"""The only names served: an allow-list needs no thought about ``..``."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'{nonce}; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _POLICY.format(nonce=""),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class IdeWorker:
    """Somebody to be in the editor: ``id`` is what ``token_for`` understands, ``label`` is what people choose by."""

    id: str
    label: str


def ide_routes(
    endpoint: str,
    token_for: Callable[[str], Awaitable[str]],
    workers: Sequence[IdeWorker],
    default_query: str,
    default_variables: str = "{}",
    schema: GraphQLSchema | None = None,
) -> list[Route]:
    """The editor's routes: the page at ``/ide``, its files, its configuration, and tokens.

    Args:
        endpoint: path of the GraphQL endpoint on this same host, such as ``/graphql``.
        token_for: gives a fresh access token for the id of one of ``workers``; may raise :class:`HubError`.
        workers: whom a person may choose to be, the first one chosen at the start.
        default_query: the document already in the editor.
        default_variables: its variables, as JSON text.
        schema: described to the editor directly, when given, so that the endpoint's limits on depth need no exception
            for the very deep introspection query; without it the editor sends that query to the endpoint.

    Raises:
        ValueError: the endpoint is not a path here, or there is nobody to be.
    """
    if not endpoint.startswith("/") or endpoint.startswith("//"):
        raise ValueError("the editor's endpoint is a path on this host")
    if not workers:
        raise ValueError("the editor needs at least one worker")
    known = frozenset(worker.id for worker in workers)
    config = {
        "endpoint": endpoint,
        "workers": [asdict(worker) for worker in workers],
        "query": default_query,
        "variables": default_variables,
        "schema": "/ide/schema" if schema else None,
    }
    description = {"data": introspection_from_schema(schema, input_value_deprecation=True) if schema else None}

    async def page(_: Request) -> Response:
        return _page(secrets.token_urlsafe(16))

    async def static(request: Request) -> Response:
        entry = _FILES.get(request.path_params["name"])
        if entry is None:
            raise HTTPException(404)
        return _file(*entry)

    async def configuration(_: Request) -> Response:
        return JSONResponse(config, headers=dict(HEADERS))

    async def described(_: Request) -> Response:
        return JSONResponse(description, headers=dict(HEADERS))

    async def token(request: Request) -> Response:
        worker = _worker(await _body(request), known)
        return JSONResponse({"token": await token_for(worker)}, headers=dict(HEADERS))

    return [
        Route("/ide", _guarded(page), methods=["GET"]),
        Route("/ide/config", _guarded(configuration), methods=["GET"]),
        Route("/ide/schema", _guarded(described), methods=["GET"]),
        Route("/ide/token", _guarded(token), methods=["POST"]),
        Route("/ide/static/{name}", _guarded(static), methods=["GET"]),
    ]


Endpoint = Callable[[Request], Awaitable[Response]]


def _guarded(endpoint: Endpoint) -> Endpoint:
    """``endpoint``, for loopback host names only, with the hub's errors as JSON."""

    async def guarded(request: Request) -> Response:
        try:
            if _host_name(request.headers.get("host", "")) not in LOOPBACK_HOSTS:
                raise Forbidden("The query editor answers to this machine's own name only: open it on 127.0.0.1.")
            return await endpoint(request)
        except HubError as error:
            body = {"errors": [{"message": error.message, "extensions": {"code": error.code}}]}
            return JSONResponse(body, status_code=error.http_status, headers=dict(HEADERS))

    return guarded


def _host_name(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name.lower() if colon and port.isdecimal() else host.lower()


def _page(nonce: str) -> Response:
    """The page. GraphiQL's dialogs inject one style element, which the nonce allows: no 'unsafe-inline' is needed."""
    html = (STATIC / "ide/index.html").read_text(encoding="utf-8").replace("{{nonce}}", nonce)
    policy = {"Content-Security-Policy": _POLICY.format(nonce=f" 'nonce-{nonce}'")}
    return HTMLResponse(html, headers={**HEADERS, **policy})


def _file(place: str, media_type: str) -> Response:
    return Response((STATIC / place).read_bytes(), media_type=media_type, headers=dict(HEADERS))


async def _body(request: Request) -> bytes:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        # A form on another site's page can post without the browser asking first; JSON cannot (Fetch standard).
        raise BadRequest("Send the worker's id as application/json.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > TOKEN_REQUEST_BYTES_MAX:
            raise TooLarge(f"A request for a token has at most {TOKEN_REQUEST_BYTES_MAX} bytes.")
    return body


def _worker(body: bytes, known: frozenset[str]) -> str:
    try:
        sent: Any = json.loads(body)
    except (ValueError, RecursionError):
        sent = None
    worker = sent.get("worker") if isinstance(sent, dict) else None
    if not isinstance(worker, str) or worker not in known:
        raise BadRequest("Choose one of the workers the editor lists.")
    return worker
