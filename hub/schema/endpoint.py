"""The GraphQL endpoint: POST of JSON, one operation, authorised before the body is read.

Every request that is turned down is in the log before its answer leaves, and an answer that cannot be logged is a 503.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Mapping
from datetime import UTC, datetime
from types import CoroutineType
from typing import Any, TypeGuard

import orjson
from graphql import ExecutionResult, GraphQLError, GraphQLSchema, execute
from starlette.requests import Request
from starlette.responses import Response

from hub.access.challenge import challenge
from hub.access.register import Register
from hub.access.verifier import Verifier
from hub.connectors.base import RELAYED
from hub.domain.enquiry import Searcher
from hub.errors import AuditUnavailable, BadRequest, HubError, TooLarge, Unauthenticated
from hub.schema.compiled import CompiledExecutor
from hub.schema.documents import Documents, Invalid, purpose_unknown
from hub.schema.query import Context
from hub.service.question import Words
from hub.service.refuse import record_refusal
from hub.service.view_child import ViewChild
from hub.strict_json import NotStrict, parse_json

HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""On every answer: nothing about a child is kept by anything between the hub and the searcher."""

_log = logging.getLogger(__name__)


class Endpoint:
    """Authenticates, reads, runs and renders one GraphQL request.

    Args:
        schema: what :func:`hub.schema.query.build_schema` made.
        documents: prepares and remembers documents against the same schema.
        verifier: checks access tokens; ``register`` says what their holders may ask.
        view_child: the use case.
        body_bytes_max: the largest body read.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        documents: Documents,
        verifier: Verifier,
        register: Register,
        view_child: ViewChild,
        body_bytes_max: int = 65_536,
    ) -> None:
        self._schema = schema
        self._documents = documents
        self._verifier = verifier
        self._register = register
        self._view_child = view_child
        self._body_bytes_max = body_bytes_max

    async def respond(self, request: Request) -> Response:
        """The answer to one request. Never raises."""
        trace_id = secrets.token_hex(16)
        RELAYED.set("x-hub-relayed" in request.headers)
        searcher: Searcher | None = None
        try:
            searcher = await self.searcher(request)
            asked = await self._read(request)
            prepared = self._documents.prepare(asked.document)
            context = Context(searcher, self._view_child, prepared.sha256, trace_id, asked, prepared.plans)
            pending = execute(
                self._schema,
                prepared.document,
                context_value=context,
                variable_values=dict(asked.variables),
                is_awaitable=_is_coroutine,
                executor_class=CompiledExecutor,
            )
            result = pending if isinstance(pending, ExecutionResult) else await pending
            return await self._rendered(result, searcher, trace_id)
        except HubError as error:
            return await self.refused(error, searcher, trace_id)
        except Exception as fault:  # the edge: nothing of what went wrong inside goes out
            _log.error("unforeseen fault of type %s, trace %s", type(fault).__name__, trace_id)
            return answer(500, {"errors": [_internal(trace_id)]}, trace_id)

    async def searcher(self, request: Request) -> Searcher:
        """Who sends the request.

        Raises:
            Unauthenticated, Forbidden, IssuerUnavailable: no good token, or not in the register.
        """
        sent = request.headers.getlist("authorization")
        if len(sent) > 1:  # two readers could each believe a different one
            raise Unauthenticated("Send one Authorization header.")
        token = await self._verifier.verify(sent[0] if sent else None)
        return self._register.searcher(token, datetime.now(UTC).date())

    async def refused(self, error: HubError, searcher: Searcher | None, trace_id: str) -> Response:
        """The refusal, once it is in the log; if it cannot be logged, that is what is said instead."""
        try:
            await record_refusal(self._view_child.log, error, searcher=searcher, trace_id=trace_id)
        except AuditUnavailable as unavailable:
            error = unavailable
        errors = error.errors if isinstance(error, Invalid) else [shown(error)]
        response = answer(error.http_status, {"errors": errors}, trace_id)
        if (wanted := challenge(error)) is not None:
            response.headers["WWW-Authenticate"] = wanted
        return response

    async def _read(self, request: Request) -> Words:
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            raise UnsupportedMedia("Send the query as JSON, with Content-Type: application/json.")
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._body_bytes_max:
                raise TooLarge(f"The request is over {self._body_bytes_max} bytes.")
        try:
            sent = parse_json(bytes(body))
        except NotStrict as fault:
            raise BadRequest(f"The body is not JSON as it must be: {fault}.", code="BODY_INVALID") from None
        if not isinstance(sent, dict) or not isinstance(sent.get("query"), str):
            raise BadRequest("Send a JSON object with `query`, a text, and `variables`.", code="BODY_INVALID")
        variables = sent.get("variables")
        if variables is not None and not isinstance(variables, dict):
            raise BadRequest("`variables` is a JSON object.", code="BODY_INVALID")
        return Words(sent["query"], variables or {})

    async def _rendered(self, result: ExecutionResult, searcher: Searcher, trace_id: str) -> Response:
        body: dict[str, Any] = {}
        statuses = []
        for error in result.errors or ():
            cause = error.original_error
            if isinstance(cause, HubError):
                statuses.append(cause.http_status)
                body.setdefault("errors", []).append(_placed(shown(cause), error))
            elif cause is None or isinstance(cause, GraphQLError):  # graphql-core's own: a variable of a wrong type
                return await self.refused(variables_error(error, self._schema), searcher, trace_id)
            else:
                statuses.append(500)
                _log.error("unforeseen fault of type %s, trace %s", type(cause).__name__, trace_id)
                body.setdefault("errors", []).append(_placed(_internal(trace_id), error))
        body["data"] = result.data
        empty = result.data is None or not any(result.data.values())
        return answer(max(statuses) if statuses and empty else 200, body, trace_id)


def _is_coroutine(value: object) -> TypeGuard[Awaitable[Any]]:
    """Nothing but a coroutine is awaited here: the general test, made for each value, costs a tenth of the answer."""
    return type(value) is CoroutineType


class UnsupportedMedia(BadRequest):
    """The body is of a type the endpoint does not read."""

    http_status = 415
    default_code = "CONTENT_TYPE"


def shown(error: HubError) -> dict[str, Any]:
    """An error as GraphQL shows it."""
    return {"message": error.message, "extensions": {"code": error.code}}


def variables_error(error: GraphQLError, schema: GraphQLSchema) -> BadRequest:
    """What is wrong with a variable, by its type and without its value (graphql-core's message repeats it)."""
    if "'Purpose' enum" in error.message:
        return purpose_unknown(schema)
    if "required field 'purpose'" in error.message:
        return BadRequest("Say under which `purpose` you ask: there is no default.", code="PURPOSE_MISSING")
    if "required field 'caseReference'" in error.message or ".caseReference:" in error.message:
        return BadRequest("Give `caseReference`, the reference of the case as text.", code="CASE_REFERENCE_MISSING")
    return BadRequest(
        "A variable does not fit its type. Compare the variables with docs/schema.graphql.", code="VARIABLES_INVALID"
    )


def answer(status: int, body: Mapping[str, Any], trace_id: str) -> Response:
    """``body`` as JSON, with the headers every answer carries."""
    content = orjson.dumps(body, default=str)
    headers = {**HEADERS, "X-Trace-Id": trace_id}
    return Response(content, status, headers, media_type="application/json")


def _internal(trace_id: str) -> dict[str, Any]:
    message = f"Something failed inside the hub; nothing is known from this. Quote trace {trace_id} to whoever runs it."
    return {"message": message, "extensions": {"code": "INTERNAL"}}


def _placed(body: dict[str, Any], error: GraphQLError) -> dict[str, Any]:
    if error.path:
        body["path"] = error.path
    return body
