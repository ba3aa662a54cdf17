"""The schema: one root field that matters, ``child``, and the proof that its answer was recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from operator import attrgetter
from typing import Annotated, Any

import strawberry
from graphql import GraphQLSchema, is_object_type
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from hub.domain import asking
from hub.domain import view as domain
from hub.domain.catalogue import Catalogue
from hub.domain.enquiry import Enquiry, Searcher
from hub.domain.identifiers import CaseReference
from hub.domain.people import ChildSearch
from hub.errors import BadRequest
from hub.schema import joined, types
from hub.schema.compiled import Plans
from hub.schema.names import enum_name
from hub.schema.records import section_types
from hub.schema.selection import needed_kinds
from hub.service.question import Question, Words
from hub.service.stating import not_in_token
from hub.service.view_child import ViewChild


@dataclass(frozen=True, slots=True)
class Context:
    """What a resolver may use: who asks, the use case, and what the log is to say about the document."""

    searcher: Searcher
    view_child: ViewChild
    document_sha256: str
    trace_id: str
    words: Words
    plans: Plans | None = None


@strawberry.type(
    description="Somebody here may be the child, nobody is sure: a person must look before anything is joined."
)
class PossibleMatches:
    notices: list[str] = strawberry.field(description=joined.NOTICES)
    candidates: list[types.Candidate]
    sources: list[types.Source]
    log_entry: types.LogEntry


@strawberry.type(
    description="No agency that answered holds this child. Look at `sources`: not every one may have answered."
)
class NoMatch:
    notices: list[str] = strawberry.field(description=joined.NOTICES)
    sources: list[types.Source]
    log_entry: types.LogEntry


@dataclass(frozen=True, slots=True)
class Parts:
    """What every schema over one catalogue is made of: its types, and the one way from a resolver to the use case."""

    catalogue: Catalogue
    view_type: type[Any]
    enquiry_type: type[Any]
    result: Any

    async def answer(self, info: strawberry.Info, enquiry: Any, search: Callable[[], ChildSearch]) -> Any:
        """What the agencies know of the child of ``search``, as far as the field being resolved selects it.

        ``enquiry`` is the argument as it was sent, or None where the token must say purpose and case.
        """
        context: Context = info.context
        raw = info._raw_info  # noqa: SLF001  the selection as graphql-core has it, fragments and all
        look, read = needed_kinds(raw.field_nodes, raw.fragments, self.catalogue, raw.variable_values)
        answer = await context.view_child(
            Question(
                searcher=context.searcher,
                enquiry=lambda: _stated(context.searcher) if enquiry is None else _enquiry(enquiry),
                search=search,
                look=look,
                read=read,
                document_sha256=context.document_sha256,
                trace_id=context.trace_id,
                words=context.words,
            )
        )
        return _rendered(answer, self.view_type)


def schema_parts(catalogue: Catalogue, purposes: Mapping[str, str], reasons: Mapping[str, str]) -> Parts:
    """The types over ``catalogue``; the arguments are those of :func:`build_schema`."""
    view_type = joined.joined_view_type(catalogue, section_types(catalogue))
    members: Any = view_type
    for other in (PossibleMatches, NoMatch):
        members = members | other
    said = "A joined view, people who may be the child, or nobody."
    result: Any = Annotated[members, strawberry.union(name="ChildResult", description=said)]
    return Parts(catalogue, view_type, _enquiry_input(purposes, reasons), result)


def child_field(parts: Parts, directives: Sequence[object] = ()) -> Any:
    """The root field ``child``; ``directives`` are printed with it, and enforced elsewhere."""

    async def child(info: strawberry.Info, find: types.ChildSearch, enquiry: Any) -> Any:
        return await parts.answer(info, enquiry, lambda: _search(find))

    child.__annotations__.update({"enquiry": parts.enquiry_type, "return": parts.result | None})
    return strawberry.field(
        resolver=child,
        description="What council, police and NHS together know about one child, under a stated purpose. "
        "Each call is a question to the agencies and is recorded in the signed log.",
        directives=directives,
    )


def build_schema(catalogue: Catalogue, purposes: Mapping[str, str], reasons: Mapping[str, str]) -> GraphQLSchema:
    """The executable schema.

    Args:
        catalogue: the field catalogue; every kind in it becomes a type.
        purposes: purpose id to its title, in the order they are offered.
        reasons: word to meaning: why somebody may look further back than the purpose does.
    """
    parts = schema_parts(catalogue, purposes, reasons)
    query = type("Query", (), {"child": child_field(parts)})
    return executable(strawberry.Schema(query=strawberry.type(query), config=StrawberryConfig(auto_camel_case=True)))


def executable(schema: strawberry.Schema) -> GraphQLSchema:
    """The schema as it is run: by graphql-core, directly (see :mod:`hub.schema.endpoint`)."""
    made = schema._schema  # noqa: SLF001  as said
    _read_attributes_directly(made)
    return made


def _read_attributes_directly(schema: GraphQLSchema) -> None:
    """Let plain fields be read by ``getattr`` alone: below ``child`` the answer is data, and most fields are plain."""
    for kind in schema.type_map.values():
        for field in kind.fields.values() if is_object_type(kind) else ():
            definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
            if isinstance(definition, StrawberryField) and definition.is_basic_field:
                field.resolve = _attribute(definition.python_name)


def _attribute(name: str) -> Callable[[Any, Any], Any]:
    read = attrgetter(name)
    return lambda source, _info: read(source)


def _enum(name: str, said: str, words: Mapping[str, str]) -> Any:
    """An enum whose members are policy, not code: word to what it means."""
    values = {enum_name(word): strawberry.enum_value(word, description=meaning) for word, meaning in words.items()}
    made: Any = Enum(name, values)  # type: ignore[misc]  # as above
    return strawberry.enum(made, description=said)


def _look_back_input(reasons: Mapping[str, str]) -> type[Any]:
    """``LookBackInput``, with the vocabulary's reasons as an enum."""
    body = {
        "__annotations__": {
            "years": int | None,
            "reason": _enum("LookBackReason", "Why older records are needed.", reasons),
        },
        "years": strawberry.field(default=None, description="How many years back; without it, the child's whole life."),
    }
    said = "Ask for older records than the purpose looks back to by itself. That you did, and why, is in the log."
    made: type[Any] = strawberry.input(type("LookBackInput", (), body), description=said)
    return made


def _enquiry_input(purposes: Mapping[str, str], reasons: Mapping[str, str]) -> type[Any]:
    """``EnquiryInput``, with the purposes in force as an enum."""
    body = {
        "__annotations__": {
            "purpose": _enum("Purpose", "Why you ask: the law under which you do.", purposes),
            "case_reference": str,
            "decision": types.DecisionInput | None,
            "look_back": _look_back_input(reasons) | None,
        },
        "look_back": strawberry.field(
            default=None, description="To see older records than the purpose needs by itself."
        ),
        "case_reference": strawberry.field(description="Your agency's reference for the case. No names in it."),
        "decision": strawberry.field(default=None, description="Needed for purposes that rest on a recorded decision."),
    }
    made_input: type[Any] = strawberry.input(
        type("EnquiryInput", (), body), description="Why you ask, and on which case."
    )
    return made_input


def _stated(searcher: Searcher) -> Enquiry:
    """Purpose and case as the token itself states them."""
    if searcher.stated is None and not searcher.states_itself:
        raise not_in_token()
    if searcher.stated is None:
        raise BadRequest("Say under which `purpose` you ask: there is no default.", code="PURPOSE_MISSING")
    return Enquiry(searcher.stated.purpose, searcher.stated.case_reference)


def _enquiry(given: Any) -> Enquiry:
    decision = asking.recorded_decision(given.decision.by, given.decision.at) if given.decision is not None else None
    look_back = None
    if given.look_back is not None:
        look_back = asking.look_back(given.look_back.years, given.look_back.reason.value)
    return Enquiry(given.purpose.value, CaseReference.parse(given.case_reference), decision, look_back)


def _search(given: types.ChildSearch) -> ChildSearch:
    if given.unborn is not None:
        return asking.unborn_search(
            mother=given.unborn.mother_nhs_number,
            expected=given.unborn.expected_date_of_birth,
            beside=(
                given.nhs_number,
                given.given_name,
                given.family_name,
                given.date_of_birth,
                given.sex,
                given.postcode,
            ),
        )
    return asking.child_search(
        nhs_number=given.nhs_number,
        given_name=given.given_name,
        family_name=given.family_name,
        date_of_birth=given.date_of_birth,
        sex=given.sex,
        postcode=given.postcode,
    )


def _rendered(answer: domain.ChildAnswer, view_type: type[Any]) -> Any:
    match answer:
        case domain.JoinedView():
            return view_type(view=answer)
        case domain.PossibleMatches():
            return PossibleMatches(
                notices=list(answer.notices),
                candidates=[types.Candidate.of(line, answer.log_entry) for line in answer.candidates],
                sources=[types.Source.of(source) for source in answer.sources],
                log_entry=joined.log_entry(answer.log_entry),
            )
        case domain.NoMatch():
            return NoMatch(
                notices=list(answer.notices),
                sources=[types.Source.of(source) for source in answer.sources],
                log_entry=joined.log_entry(answer.log_entry),
            )
