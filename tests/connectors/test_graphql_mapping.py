"""GraphQL mapping files: those that are shipped are whole, and every mistake is told with file, line, key and remedy."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.app import make_connector
from hub.connectors.graphql.connector import GraphqlConnector
from hub.connectors.graphql.document import BadDocument, read
from hub.connectors.graphql.mapping import build, load
from hub.connectors.graphql.neighbour import NeighbourConnector
from hub.errors import ConfigurationError
from hub.settings import ContactSettings, CustodianSettings
from tests.connectors.graphql_bench import BUNDLE, CATALOGUE, MAPPINGS, VOCABULARY

TEXT = (MAPPINGS / "casework-graphql.toml").read_text(encoding="utf-8")
SUBGRAPH = (MAPPINGS / "subgraph-graphql.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["casework-graphql", "subgraph-graphql"])
def test_the_shipped_mappings_are_whole(name: str) -> None:
    mapping = load(MAPPINGS / f"{name}.toml", CATALOGUE, VOCABULARY)
    assert mapping.readings


def swap(old: str, new: str, count: int = 1) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, count)

    return change


BAD: dict[str, tuple[Callable[[str], str], str]] = {
    # what is changed, and what is told, the key first
    "not TOML": (lambda text: text + "= 1", "not TOML"),
    "an unknown key": (swap("batch_max = 100", "batch_max = 100\nbatchmax = 1"), "fetch: Object contains unknown field `batchmax`"),
    "a missing key": (swap("batch_max = 100\n", ""), "fetch: Object missing required field `batch_max`"),
    "a batch of none": (swap("batch_max = 100", "batch_max = 0"), "fetch.batch_max: Expected `int` >= 1"),
    "a path that is none": (swap('"summary.text"', '"summary..text"'), "kinds.case_document.fields.summary: Expected"),
    "not GraphQL": (swap("query RecordsOf(", "query RecordsOf(("), "find.operation: not GraphQL: Syntax Error"),
    "a mutation": (swap("query RecordsOf", "mutation RecordsOf"), "find.operation: it is a mutation: the hub only asks"),
    "no name": (swap("query RecordsOf(", "query ("), "find.operation: its operation has no name"),
    "two operations": (swap("query RecordsOf(", "query Other { asOf }\nquery RecordsOf("), "find.operation: it must hold one operation"),
    "introspection": (swap("  asOf\n", "  asOf\n  __schema { queryType { name } }\n"), "find.operation: it asks for __schema"),
    "a directive": (swap("plans { ...Row }", "plans @include(if: true) { ...Row }"), "find.operation: it has a directive"),
    "a variable nobody gives": (swap("($person: ID!, $after: String)", "($person: ID!, $after: String, $x: ID)"), "find.operation: it declares $x and does not use it"),
    "a variable nobody fills": (swap("person(id: $person)", "person(id: $person, as: $as)"), "find.operation: it uses $as and does not declare it"),
    "a variable that is not declared": (swap('ids = "ids"', 'ids = "numbers"'), "fetch.operation: it does not declare $numbers, which the file gives a value"),
    "no type name": (swap("fragment Words on WordsResult { __typename", "fragment Words on WordsResult {"), "fetch.operation: a selection that depends on the type (RedactedResult, Words) must hold __typename"),
    "a type name by another name": (swap("fragment Words on WordsResult { __typename", "fragment Words on WordsResult { t: __typename"), "fetch.operation: __typename must go by its own name"),
    "an unused fragment": (swap("query Records(", "fragment Left on CaseNote { id }\nquery Records("), "fetch.operation: its fragment Left is not used"),
    "a path that is not asked for": (swap('title = "title"', 'title = "heading"'), "kinds.case_document.fields.title: its operation does not select heading"),
    "a path to an object": (swap('summary = "summary.text"', 'summary = "summary"'), "kinds.case_document.fields.summary: its operation selects an object at summary"),
    "whom it is about, not asked for": (swap("id nhsNumber dateOfBirth\n", "id nhsNumber\n"), "find.about.birth_date: its operation does not select person.dateOfBirth"),
    "a marking not asked of one type": (swap("... on CaseNote { id markings subject { id } }", "... on CaseNote { id subject { id } }"), "labels[0].path: its operation does not select markings"),
    "whose record it is, not asked of one type": (swap("... on CaseNote { id markings subject { id } }", "... on CaseNote { id markings }"), "record.person: its operation does not select subject.id"),
    "a type nobody mapped": (swap('types = ["CaseNote"]', 'types = ["Note"]'), "kinds.case_document.types: find has no `... on Note`"),
    "a number that is not compared": (swap('nhs_number = "nhsNumber"\nnhs_number_verified', "nhs_number_verified"), "candidate.nhs_number: missing: who is searched by number"),
    "a search by half a date": (swap(', bornTo = "birth_date_latest"', ""), "match[1].ask: a search is asked with nhs_number, or with"),
    "a time that is nowhere": (swap('as_of = "asOf"\n', ""), "find.as_of: the path of the time"),
    "live and yet a time": (swap('path = "/graphql"', 'path = "/graphql"\nlive = true'), "find.as_of: the path of the time"),
    "a digest of another text": (swap("[fetch]\n", '[fetch]\npersisted = "sha256:' + "0" * 64 + '"\n'), "fetch.persisted: not the digest of this text: review it, then write sha256:"),
    "an entity where none is asked": (swap("[find]\n", '[find]\nentity = "Person"\n'), "find.entity: name the entity's type where, and only where"),
    "pages of no list": (swap('of = "person.notes.nodes"', 'of = "person.notes"'), "find.pages.of: it is the path of one of find.records"),
    "a list of a kind nobody mapped": (swap('kind = "case_document" }', 'kind = "referral" }'), "find.records[2]: referral is not mapped in this file"),
    "a word the policies do not know": (swap('LEGAL_PRIVILEGE = "privileged", ', 'LEGAL_PRIVILEGE = "secret", '), "redacted.words: secret is not in the policies' vocabulary"),
    "redaction that is not asked about": (swap('types = ["RedactedResult"]', 'types = ["RedactedResult", "Hidden"]'), "redacted.types: no operation asks `... on Hidden`"),
    "redaction forgotten": (swap("[redacted]", "[redacted_]"), "unknown field `redacted_`"),
    "a field nobody catalogued": (swap('title = "title"', 'title = "title"\nname = "title"'), "kinds.case_document.fields.name: the field catalogue has no such field"),
    "no such time zone": (swap("Europe/London", "Europe/Lundun"), "system.timezone: not a time zone"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "told"), BAD.values(), ids=BAD.keys())
def test_a_mistake_is_told_with_file_line_and_key(change: Callable[[str], str], told: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        build("ours.toml", change(TEXT), CATALOGUE, VOCABULARY)
    assert refused.value.code == "MAPPING_INVALID"
    lines = refused.value.message.splitlines()
    assert any(told in line for line in lines), lines
    assert all(re.match(r"ours\.toml(, line \d+)?: ", line) for line in lines), lines


def test_the_line_is_that_of_the_key() -> None:
    with pytest.raises(ConfigurationError) as refused:
        build("ours.toml", TEXT.replace('title = "title"', 'title = "heading"'), CATALOGUE, VOCABULARY)
    line = TEXT.splitlines().index('title = "title"') + 1
    assert refused.value.message.startswith(f"ours.toml, line {line}: kinds.case_document.fields.title")


def test_a_redacted_type_must_be_mapped_as_one() -> None:
    """Left out of ``[redacted]`` it would be a kind of record that nobody mapped."""
    start = TEXT.index("[redacted]")
    with pytest.raises(ConfigurationError, match="it asks for RedactedResult, which no kind is mapped to"):
        build("ours.toml", TEXT[:start] + TEXT[TEXT.index("# ---- Match") :], CATALOGUE, VOCABULARY)


def test_a_representation_is_asked_for_by_itself() -> None:
    both = SUBGRAPH.replace(
        "query ChildKnown($representations: [_Any!]!) {", "query ChildKnown($representations: [_Any!]!) { now"
    )
    with pytest.raises(ConfigurationError, match=r"match\[0\].operation: beside _entities it asks for more"):
        build("ours.toml", both, CATALOGUE)


def test_the_right_digest_is_accepted() -> None:
    digest = load(MAPPINGS / "casework-graphql.toml", CATALOGUE).fetch.operation.document.sha256
    build("ours.toml", TEXT.replace("[fetch]\n", f'[fetch]\npersisted = "sha256:{digest}"\n'), CATALOGUE)


@given(st.text(alphabet="query{}() .on$:IDab_@!#\n", max_size=80))
def test_any_text_is_an_operation_or_refused_in_a_sentence(text: str) -> None:
    with contextlib.suppress(BadDocument):
        assert read(text).name


@pytest.mark.parametrize(
    ("mapping", "made"),
    [
        ("casework-graphql.toml", GraphqlConnector),
        ("subgraph-graphql.toml", GraphqlConnector),
        ("neighbour-hub.toml", NeighbourConnector),
    ],
)
async def test_settings_name_a_mapping_and_the_mapping_says_what_it_is(mapping: str, made: type) -> None:
    entry = CustodianSettings(
        id="casework",
        name="x",
        sector="police" if made is NeighbourConnector else "council",
        kind="graphql",
        url="https://casework.example",
        contact=ContactSettings("x", "1"),
        mapping=str(Path(MAPPINGS) / mapping),
    )
    connector = make_connector(entry, lambda: replace(BUNDLE))
    assert isinstance(connector, made)
    assert connector.kinds
    await connector.close()
