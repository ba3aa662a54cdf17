"""Documents: prepared once and remembered, and refused without repeating a value that was in them."""

from __future__ import annotations

import contextlib

import pytest
from graphql import GraphQLSchema

from hub.errors import BadRequest
from hub.schema.documents import DOCUMENTS_MAX, ERRORS_MAX, Documents, Invalid, purpose_unknown

SECRET = "Zebedee-Secret"
WHO = "sources { custodian { name } state }"


def child(inside: str = f"__typename ... on JoinedView {{ {WHO} }} ... on PossibleMatches {{ {WHO} }} ... on NoMatch {{ {WHO} }}",
          find: str = '{nhsNumber: "9990004021"}', purpose: str = "CA1989_S47") -> str:  # fmt: skip
    return f'{{ child(find: {find}, enquiry: {{purpose: {purpose}, caseReference: "A-1"}}) {{ {inside} }} }}'


@pytest.fixture
def production(schema: GraphQLSchema) -> Documents:
    return Documents(schema, is_development=False)


@pytest.fixture
def development(schema: GraphQLSchema) -> Documents:
    return Documents(schema, is_development=True)


def refusal(documents: Documents, text: str) -> BadRequest:
    with pytest.raises(BadRequest) as refused:
        documents.prepare(text)
    return refused.value


def test_a_document_is_prepared_once(production: Documents) -> None:
    first = production.prepare("{ __typename }")
    assert production.prepare("{ __typename }") is first
    assert production.prepare("{ __typename } ") is not first


@pytest.mark.parametrize(
    "text",
    [child(), '{ __typename @include(if: true) a: __type(name: "Query") { name } }', "{ nothing }", "{{"],
    ids=["a number in it", "a text in it", "it does not fit the schema", "it is no GraphQL"],
)
def test_what_may_name_somebody_is_not_remembered(development: Documents, text: str) -> None:
    with contextlib.suppress(BadRequest):
        development.prepare(text)
    assert not development._known


def test_comments_are_not_remembered(production: Documents) -> None:
    prepared = production.prepare(f"# {SECRET}\n{{ __typename }}")
    assert prepared.document.loc is not None
    assert SECRET not in prepared.document.loc.source.body
    assert production.prepare(f"# {SECRET}\n{{ __typename }}") is prepared


def test_the_digest_is_of_the_shape_so_no_number_can_be_guessed_from_it(production: Documents) -> None:
    one, other = production.prepare(child()), production.prepare(child(find='{nhsNumber: "9990004048"}'))
    assert one.sha256 == other.sha256
    assert len(one.sha256) == 64
    by_name = production.prepare(child(find='{givenName: "A", familyName: "B", dateOfBirth: "2014"}'))
    assert by_name.sha256 != one.sha256


def test_the_least_recently_used_is_forgotten(production: Documents) -> None:
    first, second = (production.prepare(f"{{ {name}: __typename }}") for name in "ab")
    for number in range(DOCUMENTS_MAX - 2):
        production.prepare(f"{{ c{number}: __typename }}")
    assert production.prepare("{ a: __typename }") is first, "at the limit nothing is forgotten"
    production.prepare("{ d: __typename }")
    assert production.prepare("{ a: __typename }") is first, "it was used since"
    assert production.prepare("{ b: __typename }") is not second, "it was not"
    assert len(production._known) == DOCUMENTS_MAX


INTROSPECTION = ["{ __schema { queryType { name } } }", '{ __type(name: "JoinedView") { name } }']


@pytest.mark.parametrize("query", INTROSPECTION)
def test_introspection_is_for_development(production: Documents, development: Documents, query: str) -> None:
    assert refusal(production, query).code == "QUERY_INVALID"
    assert development.prepare(query).document


def test_the_type_of_an_object_may_always_be_asked(production: Documents) -> None:
    assert production.prepare("{ __typename }")


BROKEN = {
    "an unknown field": child(f"{SECRET.replace('-', '_')} __typename"),
    "an unknown field of the search": child(find=f'{{surname: "{SECRET}"}}'),
    "a text where an object belongs": child(find=f'"{SECRET}"'),
    "a list where a text belongs": child(find=f'{{givenName: ["{SECRET}"]}}'),
    "a text where a purpose belongs": child(purpose=f'"{SECRET}"'),
    "a purpose nobody knows": child(purpose=SECRET.replace("-", "_")),
    "an unknown argument": f'{{ child(who: "{SECRET}") {{ __typename }} }}',
    "a missing argument": "{ child { __typename } }",
    "a text for a date": child(f'... on JoinedView {{ timeline(since: "{SECRET}") {{ total }} }}'),
    "a text for a number": child(f'... on JoinedView {{ timeline(first: "{SECRET}") {{ total }} }}'),
    "an unknown type": child("... on Horoscope { sign }"),
    "an unknown fragment": child("...Horoscope"),
    "a variable nobody declared": child(find="$find"),
    "a default of the wrong type": f'query($n: Int = "{SECRET}") {{ __typename }}',
    "not GraphQL": f'{{ child(find: "{SECRET}',
    "no selection": '{ child(find: {}, enquiry: {purpose: CA1989_S47, caseReference: "A"}) }',
}


@pytest.mark.parametrize("query", BROKEN.values(), ids=BROKEN)
def test_no_message_holds_a_value(production: Documents, development: Documents, query: str) -> None:
    for documents in (production, development):
        refused = refusal(documents, query)
        shown = [refused.message, str(refused), *(str(each) for each in getattr(refused, "errors", ()))]
        quoted = f'"{SECRET}"' in query or f'"{SECRET}' in query
        assert not (quoted and any(SECRET in text for text in shown))
        if documents is production:
            assert not any(SECRET in text or SECRET.replace("-", "_") in text for text in shown)


@pytest.mark.parametrize("name", ["an unknown field", "an unknown type", "an unknown fragment", "an unknown argument"])
def test_development_names_what_is_unknown_and_production_does_not(
    production: Documents, development: Documents, name: str
) -> None:
    said, unsaid = refusal(development, BROKEN[name]).message, refusal(production, BROKEN[name]).message
    assert any(word in said for word in ("Zebedee_Secret", "Horoscope", "'who'")), said
    assert unsaid.startswith("The document does not fit the schema at line 1, column ")
    assert unsaid.endswith(". Compare it with docs/schema.graphql.")


def test_a_purpose_nobody_knows_says_those_there_are(production: Documents, schema: GraphQLSchema) -> None:
    refused = refusal(production, BROKEN["a purpose nobody knows"])
    assert refused.code == "PURPOSE_UNKNOWN"
    assert refused.message == purpose_unknown(schema).message
    assert "CA1989_S47" in refused.message


def test_silence_is_judged_once_the_document_fits(production: Documents) -> None:
    assert refusal(production, child("... on JoinedView { alerts { kind } }")).code == "AMBIGUOUS_SILENCE"
    both = child("... on JoinedView { alerts { kind horoscope } }")
    refused = refusal(production, both)
    assert isinstance(refused, Invalid)
    assert [each["extensions"] for each in refused.errors] == [{"code": "QUERY_INVALID"}]


def test_every_error_says_where_it_is(production: Documents) -> None:
    refused = refusal(production, "{\n  nothing\n  nowhere\n}")
    assert isinstance(refused, Invalid)
    assert [each["locations"] for each in refused.errors] == [
        [{"line": 2, "column": 3}],
        [{"line": 3, "column": 3}],
    ]


def test_only_so_many_errors_are_told(production: Documents) -> None:
    refused = refusal(
        production, "{" + " ".join(f"a{n}: __typename @skip(no: {n})" for n in range(ERRORS_MAX + 1)) + "}"
    )
    assert isinstance(refused, BadRequest)
    many = refusal(production, child(" ".join(f"x{n}" for n in range(3 * ERRORS_MAX))))
    assert isinstance(many, Invalid)
    assert len(many.errors) == ERRORS_MAX
