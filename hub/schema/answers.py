"""What every answer of the endpoint looks like: its headers, its errors, and that nothing is at an address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.errors import HubError
from hub.schema.request import JSON

HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""On every answer: nothing about a child is kept by anything between the hub and the searcher."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
"""All of them go to the endpoint, so that those it does not take are refused by it, and in the log."""


def shown(error: HubError) -> dict[str, Any]:
    """An error as GraphQL shows it."""
    return {"message": error.message, "extensions": {"code": error.code}}


def answer(status: int, body: Mapping[str, Any], trace_id: str, media: str = JSON) -> Response:
    """``body`` as JSON, with the headers every answer carries."""
    content = orjson.dumps(body, default=str)
    headers = {**HEADERS, "X-Trace-Id": trace_id}
    return Response(content, status, headers, media_type=media)


def internal(trace_id: str) -> dict[str, Any]:
    """A fault of the hub's own, of which nothing is told."""
    message = f"Something failed inside the hub; nothing is known from this. Quote trace {trace_id} to whoever runs it."
    return {"message": message, "extensions": {"code": "INTERNAL"}}


async def nothing_here(_: Request, fault: Exception) -> Response:
    """No such address, or not by this method."""
    assert isinstance(fault, HTTPException)
    said = {"message": "There is nothing at this address.", "extensions": {"code": "ADDRESS_UNKNOWN"}}
    if fault.status_code == 405:
        said = {"message": "This address is read in another way.", "extensions": {"code": "METHOD_NOT_ALLOWED"}}
    response = answer(fault.status_code, {"errors": [said]}, "")
    del response.headers["X-Trace-Id"]  # no question was asked that it could be the trace of
    response.headers.update(fault.headers or {})
    return response
