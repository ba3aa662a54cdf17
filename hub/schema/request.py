"""One HTTP request to the endpoint: refused by its method, its headers and its length before its body is looked at.

GraphQL over HTTP, working draft: a POST of JSON with ``query`` or ``documentId`` (its appendix A), ``variables``,
``operationName`` and ``extensions``. ``extensions.persistedQuery.sha256Hash``, Apollo's older way to name a document,
is understood too. GET is read in the audit profile only: an address is written into logs on its way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import ClientDisconnect, Request

from hub.errors import BadRequest, HubError, TooLarge
from hub.strict_json import NotStrict, parse_json

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"

_ID = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]{0,127}")
_PARAMETERS = ("query", "documentId", "operationName", "variables", "extensions")


class MethodNotAllowed(HubError):
    """Not a POST."""

    http_status = 405
    default_code = "METHOD_NOT_ALLOWED"


class UnsupportedMedia(BadRequest):
    """The body is of a type the endpoint does not read."""

    http_status = 415
    default_code = "CONTENT_TYPE"


class Unfinished(BadRequest):
    """The body did not come whole: the caller went away, or took too long."""

    http_status = 408
    default_code = "REQUEST_UNFINISHED"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was sent: a document, or the SHA-256 (hex) of a registered one, or both, with its variables."""

    document: str | None = field(repr=False)
    sha256: str | None
    operation: str | None
    variables: Mapping[str, Any] = field(repr=False)


def media_type(request: Request) -> str:
    """The media type of the answer: the newer one for who accepts it and does not prefer the older."""
    wanted: dict[str, float] = {}
    for part in ",".join(request.headers.getlist("accept")).lower().split(","):
        name, *parameters = (text.strip() for text in part.split(";"))
        quality = next((text[2:].strip() for text in parameters if text.startswith("q=")), "1")
        wanted[name] = float(quality) if re.fullmatch(r"[01](?:\.[0-9]{0,3})?", quality) else 1.0
    return GRAPHQL if wanted.get(GRAPHQL, 0.0) > 0.0 and wanted[GRAPHQL] >= wanted.get(JSON, 0.0) else JSON


def check_head(request: Request, bytes_max: int, *, allows_get: bool) -> None:
    """Refuse by the request's headers alone.

    Raises:
        UnsupportedMedia, TooLarge: 415 and 413.
    """
    if request.method == "GET" and allows_get:
        return
    name, *parameters = (text.strip().lower() for text in request.headers.get("content-type", "").split(";"))
    if name != JSON or any(text not in ("", "charset=utf-8", 'charset="utf-8"') for text in parameters):
        raise UnsupportedMedia(f"Send the query as JSON in UTF-8, with Content-Type: {JSON}.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("Send the query without compressing it.")
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length[:20]) > bytes_max:
        raise _too_large(bytes_max)


def check_method(request: Request, *, allows_get: bool) -> None:
    """Refuse what is no POST.

    Raises:
        MethodNotAllowed: 405.
    """
    if request.method != "POST" and not (request.method == "GET" and allows_get):
        raise MethodNotAllowed("Send the query in a POST: what is in an address is written down on its way.")


async def read(request: Request, bytes_max: int) -> Asked:
    """The request's parameters, once :func:`check_head` found nothing wrong.

    Raises:
        BadRequest, TooLarge, Unfinished: ``BODY_INVALID`` and 413, 408.
    """
    sent = _from_address(request) if request.method == "GET" else _object(await _body(request, bytes_max))
    document, variables = sent.get("query"), _mapping(sent, "variables")
    if document is not None and not isinstance(document, str):
        raise _invalid("`query` is a text.")
    operation = sent.get("operationName") or None
    if "operationName" in sent and not isinstance(sent["operationName"], str | None):
        raise _invalid("`operationName` is a text.")
    if operation is not None and not _NAME.fullmatch(operation):
        raise _invalid("`operationName` is a name.")
    sha256 = _sha256(sent)
    if document is None and sha256 is None:
        raise _invalid("Send a JSON object with `query`, a text, or `documentId`, and `variables`.")
    return Asked(document, sha256, operation, variables)


async def _body(request: Request, bytes_max: int) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > bytes_max:
                raise _too_large(bytes_max)
    except ClientDisconnect:
        raise Unfinished("The request ended before its body did.") from None
    return bytes(body)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        sent = parse_json(raw)
    except NotStrict as fault:
        raise BadRequest(f"The body is not JSON as it must be: {fault}.", code="BODY_INVALID") from None
    if not isinstance(sent, dict):
        raise _invalid("Send a JSON object with `query`, a text, and `variables`.")
    return sent


def _from_address(request: Request) -> dict[str, Any]:
    sent: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in _PARAMETERS:
            if name in sent:
                raise _invalid("A parameter is given twice.")
            sent[name] = _value(value) if name in ("variables", "extensions") else value
    return sent


def _value(text: str) -> Any:
    try:
        return parse_json(text.encode("utf-8", "surrogatepass"))
    except NotStrict as fault:
        raise BadRequest(f"A parameter is not JSON as it must be: {fault}.", code="BODY_INVALID") from None


def _mapping(sent: Mapping[str, Any], name: str) -> dict[str, Any]:
    given = sent.get(name)
    if given is not None and not isinstance(given, dict):
        raise _invalid(f"`{name}` is a JSON object.")
    return given or {}


def _sha256(sent: Mapping[str, Any]) -> str | None:
    """The document's digest, from whichever place names it; both must agree."""
    persisted = _mapping(_mapping(sent, "extensions"), "persistedQuery")
    given = [each for each in (sent.get("documentId"), persisted.get("sha256Hash")) if each is not None]
    if not given:
        return None
    found = [match[1] for each in given if isinstance(each, str) and (match := _ID.fullmatch(each))]
    if len(found) != len(given) or len(set(found)) != 1 or persisted.get("version", 1) != 1:
        raise _invalid("A document is named by `sha256:` and 64 hexadecimal digits in lower case.")
    return found[0]


def _too_large(bytes_max: int) -> TooLarge:
    return TooLarge(f"The request is over {bytes_max} bytes.")


def _invalid(message: str) -> BadRequest:
    return BadRequest(message, code="BODY_INVALID")
