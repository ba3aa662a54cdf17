"""Queries for everything the public schema offers about a child: what no answer to them holds is not to be had at all.

One document may not ask for all of it at once (:mod:`hub.schema.guard`), so there are several.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphql import GraphQLObjectType, GraphQLUnionType, Lexer, Source, TokenKind, build_schema, get_named_type

from hub.schema.guard import TOKENS_MAX

_QUERY = """query Everything($find: ChildSearch!, $enquiry: EnquiryInput!) {
  child(find: $find, enquiry: $enquiry) {
    __typename
    ... on JoinedView { %s sources { custodian { id } state } withheld { fields outcome } logEntry { number } }
    ... on PossibleMatches {
      candidates { reference custodian { id } evidence { compared outcome } } sources { custodian { id } state reason }
    }
    ... on NoMatch { sources { custodian { id } state reason } }
  }
}
"""
_SILENCE = "withheld { fields outcome } unanswered { custodian { id } state }"
_LISTS_AT_ONCE = 3
_FRAGMENTS = {
    "Withheld": "fields outcome impediment { id title citation confidence note } contact { role phone } reference"
    " nextStep replyBy kind custodian { id name }",
    "Handling": "id notice citation confidence fields",
    "Custodian": "id name sector",
    "Contact": "role phone",
    "Source": "custodian { id } state reason noAnswerReason notAskedReason asOf answeredInMs records retryAfterSeconds"
    " contact { role phone }",
}


def queries_for_everything(published: str) -> Iterator[str]:
    """Queries that together select every field of the joined view, from the published schema ``published``."""
    together: list[str] = []
    for each in _selections(published):
        if together and _tokens(_document(" ".join([*together, each]))) > TOKENS_MAX:
            yield _document(" ".join(together))
            together = []
        together.append(each)
    yield _document(" ".join(together))


def _tokens(document: str) -> int:
    lexer, tokens = Lexer(Source(document)), 1
    while lexer.advance().kind is not TokenKind.EOF:
        tokens += 1
    return tokens


def _selections(published: str) -> Iterator[str]:
    """Parts of the joined view, each small enough for a document of its own."""
    schema = build_schema(published)
    view = schema.type_map["JoinedView"]
    assert isinstance(view, GraphQLObjectType)
    for name, field in view.fields.items():
        kind = get_named_type(field.type)
        if not isinstance(kind, GraphQLUnionType):
            yield f"{name} {_selected(kind)}"
            continue
        record, *states = kind.types
        lists = list(record.fields)
        for start in range(0, len(lists), _LISTS_AT_ONCE):
            some = " ".join(
                f"{each} {_selected(get_named_type(record.fields[each].type))}"
                for each in lists[start:][:_LISTS_AT_ONCE]
            )
            yield f"{name} {{ __typename ... on {record.name} {{ {some} {_SILENCE} }} }}"
        # of a section nobody was asked for there is nothing to see, and its `reason` is of another type than the others'
        told = " ".join(f"... on {each.name} {_selected(each)}" for each in states if each.name != "NotAsked")
        yield f"{name} {{ __typename {told} }}"


def _document(selection: str) -> str:
    used = [
        f"fragment {name} on {name} {{ {all_of} }}" for name, all_of in _FRAGMENTS.items() if f"...{name} " in selection
    ]
    return "\n".join([_QUERY % selection, *used])


def _selected(kind: object) -> str:
    """Every field of ``kind``, in braces; nothing for a scalar."""
    if not isinstance(kind, GraphQLObjectType):
        return ""
    if kind.name in _FRAGMENTS:
        return f"{{ ...{kind.name} }}"
    return (
        "{ " + " ".join(f"{name} {_selected(get_named_type(each.type))}" for name, each in kind.fields.items()) + " }"
    )
