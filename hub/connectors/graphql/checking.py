"""One GraphQL system compared with its mapping: by its schema, where it shows it, and by questions about nobody.

What it says in an error is never repeated: it may quote what it holds. Only places in the mapping's own operations are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from graphql import GraphQLSchema

from hub.connectors.base import Deadline, UpstreamFault
from hub.connectors.checking import NOBODY, Finding, Report, failed, mend, milliseconds, note, well
from hub.connectors.graphql.asking import request_of
from hub.connectors.graphql.check import ENTITIES
from hub.connectors.graphql.mapping import GraphqlMapping, Operation
from hub.connectors.graphql.reading import Hidden, Redaction, data_of, look
from hub.connectors.graphql.schema_compare import INTROSPECTION, faults_of, notes_of, schema_in
from hub.connectors.http import JsonClient
from hub.connectors.rest_mapping import Steps
from hub.domain.sources import NoAnswer, NoAnswerReason

LONG_AGO = "1900-01-01"
"""The birth date a search about nobody is made with."""

_TRY = "try a test patient with --nhs-number, to see whether it accepts one who is there"
_NOT_REGISTERED = frozenset({"PERSISTED_QUERY_NOT_FOUND", "PERSISTED_QUERY_ID_NOT_FOUND", "PersistedQueryNotFound"})
_BAD_VALUE = frozenset({"BAD_USER_INPUT"})
_PLACES_MAX = 3


@dataclass(frozen=True, slots=True)
class Question:
    """One of the mapping's operations, asked about nobody; ``lists`` are where its answer would hold something."""

    key: str
    operation: Operation
    given: dict[str, str]
    more: dict[str, Any]
    lists: tuple[Steps, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a question: the answer's body, or that there was none."""

    question: Question
    body: Any = field(default=None, repr=False)
    failure: NoAnswer | None = None


async def check(client: JsonClient, mapping: GraphqlMapping, redaction: Redaction, deadline: Deadline) -> Report:
    """Ask every operation about nobody, and the system for its schema.

    Raises:
        UpstreamFault: it is not there, or does not take the credential.
    """
    started = asyncio.get_running_loop().time()
    questions = list(questions_about_nobody(mapping))
    first = await _ask(client, mapping, questions[0], deadline)
    if first.failure is not None and first.failure.reason is not NoAnswerReason.MALFORMED:
        raise UpstreamFault(first.failure.reason, first.failure.detail)
    findings = [well(f"connects: answered in {milliseconds(started)} ms; the credential is not refused")]
    said = [first, *[await _ask(client, mapping, each, deadline) for each in questions[1:]]]
    schema = await _schema(client, mapping, deadline)
    if schema is None:
        hidden = "it does not show its schema (introspection), so the operations are compared by trying them"
        findings.append(note(hidden, "nothing, where the custodian keeps it closed; ask for the schema as a file"))
    for each in said:
        findings += _findings(each, mapping, redaction, schema)
    return Report(tuple(findings))


def questions_about_nobody(mapping: GraphqlMapping) -> Iterator[Question]:
    """Find first, then Fetch, then each way to search, with an id, a name and a number that nobody has."""
    find, fetch = mapping.find, mapping.fetch
    types = sorted(mapping.kinds)
    more: dict[str, Any] = {mapping.types_variable: types} if mapping.types_variable is not None else {}
    more |= {mapping.pages.variable: None} if mapping.pages is not None else {}
    about = {find.person: NOBODY}
    yield Question("find", find.operation, about, more, tuple(each.steps for each in find.lists))
    lists = tuple(each.steps for each in fetch.lists)
    yield Question("fetch", fetch.operation, {fetch.person: NOBODY}, {mapping.ids: [NOBODY]}, lists)
    for place, search in enumerate(mapping.searches):
        given = {theirs: LONG_AGO if ours.startswith("birth_date") else NOBODY for theirs, ours in search.ask.items()}
        yield Question(f"match[{place}]", search.operation, given, {}, (search.candidates or (),))


async def _ask(client: JsonClient, mapping: GraphqlMapping, question: Question, deadline: Deadline) -> Said:
    """The answer, also one that refuses the operation: GraphQL over HTTP gives that as a 400."""
    sent = request_of(question.operation, question.given, question.more)
    try:
        reply = await client.post(mapping.path, json=sent, deadline=deadline, allow=frozenset({HTTPStatus.BAD_REQUEST}))
    except UpstreamFault as fault:
        return Said(question, failure=fault.no_answer)
    return Said(question, reply.body)


async def _schema(client: JsonClient, mapping: GraphqlMapping, deadline: Deadline) -> GraphQLSchema | None:
    sent = {"query": INTROSPECTION, "operationName": "IntrospectionQuery"}
    try:
        reply = await client.post(mapping.path, json=sent, deadline=deadline)
    except UpstreamFault:  # a system that takes registered operations only has many ways to say no
        return None
    return schema_in(reply.body)


def _findings(
    said: Said, mapping: GraphqlMapping, redaction: Redaction, schema: GraphQLSchema | None
) -> Iterator[Finding]:
    key, document = said.question.key, said.question.operation.document
    faults = faults_of(key, document, schema) if schema is not None else []
    yield from faults
    if schema is not None and not faults:
        yield from notes_of(key, document, schema)
    if said.failure is not None:
        yield failed(said.failure, f"{key}, asked about a person who is none")
    elif _is_refused(said.body):
        if not faults:  # what the schema explains is said already
            yield _refusal(said, fits=schema is not None)
    else:
        yield from _answer(said, mapping, redaction, fits=schema is not None and not faults)


def _is_refused(body: Any) -> bool:
    """Whether the operation was refused before it was begun: errors, and no ``data`` (GraphQL "Request errors")."""
    return isinstance(body, dict) and bool(body.get("errors")) and "data" not in body


def _refusal(said: Said, *, fits: bool) -> Finding:
    key, codes = said.question.key, _codes(said.body)
    if codes & _NOT_REGISTERED:
        told = f"{key}: it does not have this operation registered under the mapping's `persisted`"
        return mend(told, "have the custodian register the operation's text as it stands in the mapping file")
    if fits or codes & _BAD_VALUE:
        return note(f"{key}: it answers, and does not accept a person who is none", _TRY)
    places = list(_places(said))
    where = f" ({'; '.join(places)})" if places else ""
    return mend(
        f"{key}: it refuses the operation{where}",
        "compare the operation with the custodian's schema; if that fits, what it refuses is an id that is none: "
        "then try a test patient with --nhs-number",
    )


def _codes(body: Any) -> set[str]:
    found = set()
    for each in body["errors"] if isinstance(body["errors"], list) else []:
        extensions = each.get("extensions") if isinstance(each, dict) else None
        code = extensions.get("code") if isinstance(extensions, dict) else None
        message = each.get("message") if isinstance(each, dict) else None
        found |= {word for word in (code, message) if isinstance(word, str)}
    return found


def _places(said: Said) -> Iterator[str]:
    """Where in the mapping's own text it says that the faults are: lines, and the word that stands there."""
    lines = said.question.operation.document.text.splitlines()
    errors = said.body["errors"] if isinstance(said.body["errors"], list) else []
    for each in errors[:_PLACES_MAX]:
        listed = each.get("locations") if isinstance(each, dict) else None
        at = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
        line, column = at.get("line"), at.get("column")
        if type(line) is int and type(column) is int and 0 < line <= len(lines) and column > 0:
            words = lines[line - 1][column - 1 :].split()
            yield f"line {line}" + (f", at `{words[0][:40]}`" if words else "")


def _answer(said: Said, mapping: GraphqlMapping, redaction: Redaction, *, fits: bool) -> Iterator[Finding]:
    key, had_faults = said.question.key, isinstance(said.body, dict) and bool(said.body.get("errors"))
    try:
        data = data_of(said.body, said.question.operation.document, redaction, mapping.errors)
    except UpstreamFault as fault:
        if fault.no_answer.reason is NoAnswerReason.MALFORMED and had_faults:
            yield note(f"{key}: it answers, and reports a fault for a person who is none", _TRY)
        else:
            yield failed(fault.no_answer, f"{key}, asked about a person who is none")
        return
    held = [each for root in _roots(data, said.question.operation) for each in _held(root, said.question.lists)]
    if any(not isinstance(each, Hidden) for each in held):
        yield mend(
            f"{key}: it gave something to a question about nobody: it does not look at whom it is asked about",
            "ask the custodian to correct it; until then the hub throws such answers away",
        )
    elif held:
        yield note(
            f"{key}: of a person who is none it says that it holds something back or failed: there will be no answer, "
            "and never `not held`, about any child it does not hold",
            "ask the custodian to answer null, or an empty list, for a person it does not hold",
        )
    else:
        told = "the operation fits its schema, and " if fits else ""
        yield well(f"{key}: {told}of a person who is none it holds nothing")


def _roots(data: Any, operation: Operation) -> list[Any]:
    if operation.entity is None:
        return [data]
    entities = look(data, (ENTITIES,))
    return [each for each in entities if each is not None] if isinstance(entities, list) else [entities]


def _held(root: Any, lists: tuple[Steps, ...]) -> Iterator[Any]:
    for steps in lists:
        value = look(root, steps)
        if isinstance(value, list):
            yield from value
        elif value is not None:
            yield value
