"""The GraphQL endpoint: POST of JSON, one operation, authorised before its body is read, within limits before it runs.

Every request that is turned down is in the log before its answer leaves, and an answer that cannot be logged is a 503.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from types import CoroutineType
from typing import Any, TypeGuard

from graphql import ExecutionResult, GraphQLError, GraphQLSchema, execute
from starlette.requests import Request
from starlette.responses import Response

from hub.access.gate import Gate
from hub.connectors.base import RELAYED
from hub.domain.enquiry import Searcher
from hub.errors import AuditUnavailable, BadRequest, HubError, TooManyRequests, Unauthenticated
from hub.schema.answers import answer, internal, shown
from hub.schema.compiled import CompiledExecutor
from hub.schema.documents import Documents, Invalid, Prepared, purpose_unknown
from hub.schema.limits import UNLIMITED, Budget, Rates
from hub.schema.query import Context
from hub.schema.request import JSON, Asked, MethodNotAllowed, check_head, check_method, media_type, read
from hub.schema.trusted import Trusted
from hub.service.question import Words
from hub.service.refuse import record_refusal
from hub.service.view_child import ViewChild
from hub.telemetry import steps as telemetry
from hub.telemetry.lines import Digest, LogLine, say


@dataclass(frozen=True, slots=True)
class Front:
    """What stands before a question.

    Attributes:
        body_bytes_max: the largest body read.
        trusted: the documents that clients registered.
        budget: what one request may cost the agencies; None where nobody is asked.
        rates: how many questions a minute.
        is_audit: whether this is the audit profile (``docs/endpoint.md``): GET is read, and a document that is wrong is
            told by a 200 to who takes only the older media type, as public conformance suites expect.
    """

    body_bytes_max: int = 65_536
    trusted: Trusted = field(default_factory=Trusted)
    budget: Budget | None = None
    rates: Rates = field(default_factory=lambda: Rates(UNLIMITED))
    is_audit: bool = False


@dataclass(slots=True)
class _Turn:
    """How far one request came; ``is_read``: it was understood, so that what is wrong is its document."""

    trace_id: str
    media: str
    searcher: Searcher | None = None
    is_read: bool = False


class Endpoint:
    """Authenticates, reads, runs and renders one GraphQL request.

    Args:
        schema: what :func:`hub.schema.query.build_schema` made.
        documents: prepares and remembers documents against the same schema.
        gate: lets searchers in.
        view_child: the use case.
        front: what stands before a question.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        documents: Documents,
        gate: Gate,
        view_child: ViewChild,
        front: Front | None = None,
    ) -> None:
        self._schema = schema
        self._documents = documents
        self._gate = gate
        self._view_child = view_child
        self._front = front or Front()

    async def respond(self, request: Request) -> Response:
        """The answer to one request. Never raises."""
        with telemetry.question(request.headers):
            return await self._respond(request)

    async def _respond(self, request: Request) -> Response:
        turn = _Turn(secrets.token_hex(16), media_type(request))
        RELAYED.set("x-hub-relayed" in request.headers)
        try:
            asked = await self._admitted(request, turn)
            prepared, words = self._prepared(asked, turn)
            assert turn.searcher is not None
            context = Context(turn.searcher, self._view_child, prepared.sha256, turn.trace_id, words, prepared.plans)
            pending = execute(
                self._schema,
                prepared.document,
                context_value=context,
                variable_values=dict(words.variables),
                is_awaitable=_is_coroutine,
                executor_class=CompiledExecutor,
            )
            result = pending if isinstance(pending, ExecutionResult) else await pending
            with telemetry.timed(telemetry.Step.ANSWER):
                return await self._rendered(result, turn)
        except HubError as error:
            return await self._refused(error, turn)
        except Exception as fault:  # the edge: nothing of what went wrong inside goes out
            say(LogLine.UNFORESEEN_FAULT, fault=type(fault), trace=Digest(turn.trace_id))
            return answer(500, {"errors": [internal(turn.trace_id)]}, turn.trace_id, turn.media)

    async def _admitted(self, request: Request, turn: _Turn) -> Asked:
        """The request, read once all that can be judged without its body was judged."""
        front = self._front
        check_method(request, allows_get=front.is_audit)
        with telemetry.timed(telemetry.Step.AUTHENTICATE):
            turn.searcher = await self.searcher(request)
        turn.searcher = self.required(turn.searcher)
        front.rates.take(turn.searcher)
        check_head(request, front.body_bytes_max, allows_get=front.is_audit)
        asked = await read(request, front.body_bytes_max)
        turn.is_read = True
        return asked

    def _prepared(self, asked: Asked, turn: _Turn) -> tuple[Prepared, Words]:
        """The document, ready to run and within every limit."""
        assert turn.searcher is not None
        text = self._front.trusted.document(turn.searcher.client_id, asked)
        prepared = self._documents.prepare(text)
        if asked.operation is not None and asked.operation != prepared.operation:
            raise BadRequest("`operationName` is not the name of the document's operation.", code="QUERY_INVALID")
        children = self.children(prepared, asked.variables)
        if self._front.budget is not None:
            self._front.budget.check(children)
        self._front.rates.take(turn.searcher, len(children) - 1)
        return prepared, Words(text, asked.variables)

    async def searcher(self, request: Request) -> Searcher:
        """Who sends the request.

        Raises:
            Unauthenticated, Forbidden, IssuerUnavailable: no good token, or not in the register.
        """
        return await self._gate.searcher(request)

    def required(self, searcher: Searcher) -> Searcher:
        """The searcher, who meets what this endpoint asks of all of them: at ``/graphql``, nothing more."""
        return searcher

    def children(self, prepared: Prepared, _variables: Mapping[str, Any]) -> Sequence[frozenset[str]]:
        """For each child that is asked about, the kinds of record looked for."""
        return prepared.children

    async def asker(self, request: Request) -> Searcher:
        """Who sends the request, counted as one of their questions.

        Raises:
            HubError: as :meth:`searcher`, or TooManyRequests.
        """
        searcher = await self.searcher(request)
        self._front.rates.take(searcher)
        return searcher

    async def refused(self, error: HubError, searcher: Searcher | None, trace_id: str) -> Response:
        """The refusal, once it is in the log; if it cannot be logged, that is what is said instead."""
        return await self._refused(error, _Turn(trace_id, JSON, searcher))

    async def _refused(self, error: HubError, turn: _Turn) -> Response:
        try:
            await record_refusal(self._view_child.log, error, searcher=turn.searcher, trace_id=turn.trace_id)
        except AuditUnavailable as unavailable:
            error = unavailable
        errors = error.errors if isinstance(error, Invalid) else [shown(error)]
        is_told_plainly = self._front.is_audit and turn.is_read and turn.media == JSON and error.http_status == 400
        status = 200 if is_told_plainly else error.http_status
        response = answer(status, {"errors": errors}, turn.trace_id, turn.media)
        if (wanted := self._gate.challenge(error)) is not None:
            response.headers["WWW-Authenticate"] = wanted
        if isinstance(error, TooManyRequests):
            response.headers["Retry-After"] = str(error.retry_after)
        if isinstance(error, MethodNotAllowed):
            response.headers["Allow"] = "GET, POST" if self._front.is_audit else "POST"
        return response

    async def _rendered(self, result: ExecutionResult, turn: _Turn) -> Response:
        body: dict[str, Any] = {}
        statuses = []
        for error in result.errors or ():
            cause = error.original_error
            if isinstance(cause, HubError):
                statuses.append(cause.http_status)
                body.setdefault("errors", []).append(_placed(shown(cause), error))
            elif cause is None or isinstance(cause, GraphQLError):  # graphql-core's own: a variable of a wrong type
                return await self._refused(variables_error(error, self._schema), turn)
            else:
                statuses.append(500)
                say(LogLine.UNFORESEEN_FAULT, fault=type(cause), trace=Digest(turn.trace_id))
                body.setdefault("errors", []).append(_placed(internal(turn.trace_id), error))
        body["data"] = result.data
        empty = result.data is None or not any(result.data.values())
        response = answer(max(statuses) if statuses and empty else 200, body, turn.trace_id, turn.media)
        for error in result.errors or ():  # a sign-in that is too weak for the purpose is found while answering
            if isinstance(error.original_error, Unauthenticated):
                response.headers["WWW-Authenticate"] = self._gate.challenge(error.original_error) or ""
        return response


def _is_coroutine(value: object) -> TypeGuard[Awaitable[Any]]:
    """Nothing but a coroutine is awaited here: the general test, made for each value, costs a tenth of the answer."""
    return type(value) is CoroutineType


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


def _placed(body: dict[str, Any], error: GraphQLError) -> dict[str, Any]:
    if error.path:
        body["path"] = error.path
    return body
