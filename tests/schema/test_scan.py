"""What the scan counts is what the parser's tree holds, for whatever document the parser accepts."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    Lexer,
    OperationDefinitionNode,
    SelectionSetNode,
    Source,
    TokenKind,
    parse,
)
from hypothesis import given
from hypothesis import strategies as st

from hub.cli.client import VIEW
from hub.schema.scan import Definition, Size, measure

Place = tuple[str, ...]


class Tree:
    """The same measures, taken from the parser's tree."""

    def __init__(self, text: str) -> None:
        self.aliases = 0
        self.places: Counter[Place] = Counter()
        self.definitions: dict[str, Definition] = {}
        lexer, self.tokens = Lexer(Source(text)), 0
        while lexer.advance().kind is not TokenKind.EOF:
            self.tokens += 1
        for node in parse(text).definitions:
            made = Definition()
            if isinstance(node, FragmentDefinitionNode):
                self.definitions[node.name.value] = made
                self._walk(node.selection_set, made, ("fragment",), 0)
            elif isinstance(node, OperationDefinitionNode):
                self.definitions[""] = made
                self._walk(node.selection_set, made, ("operation",), 0)

    def _walk(self, selections: SelectionSetNode | None, made: Definition, place: Place, above: int) -> None:
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                self.aliases += node.alias is not None
                here = (*place, (node.alias or node.name).value)
                self.places[here] += 1
                made.fields += 1
                made.depth = max(made.depth, above + 1)
                made.width += above == 0
                self._walk(node.selection_set, made, here, above + 1)
            elif isinstance(node, InlineFragmentNode):
                self._walk(node.selection_set, made, place, above)
            elif isinstance(node, FragmentSpreadNode):
                made.spreads.append((above, node.name.value))

    def merges(self) -> int:
        return sum(times * (times - 1) // 2 for times in self.places.values())


def check_same(text: str) -> None:
    tree, size = Tree(text), measure(text, tokens_max=100_000)
    assert (size.tokens, size.aliases, size.merges) == (tree.tokens, tree.aliases, tree.merges())
    assert [definitions(size)] == [tree.definitions]


def definitions(size: Size) -> dict[str, Definition]:
    assert size.defined == len(size.fragments)
    return {"": size.operations[0], **size.fragments}


NAMES = ["a", "b", "on_", "query", "fragment", "type", "true", "_x1", "mutation"]
ARGUMENTS = [
    "",
    "()",
    '(x: "}{", y: [{a: 1, b: [2]}, $v])',
    '(x: """ } \\""" " "" { """)',
    "(x: -1.5e3, y: ON, z: {})",
    '(a: "\\"{", b: "\\u007b")',
]
DIRECTIVES = ["", "@skip(if: true)", "@a @b(c: {d: {}})"]
GAPS = [" ", "\n", ", ", " # } ... on { \n", "\ufeff "]


def selections(depth: int) -> st.SearchStrategy[str]:
    inside = st.just("") if depth == 0 else st.one_of(st.just(""), selections(depth - 1))
    aliased = st.builds(lambda alias, name: f"{alias}: {name}", st.sampled_from(NAMES), st.sampled_from([*NAMES, "on"]))
    plain = st.builds(
        " ".join,
        st.tuples(
            st.one_of(st.sampled_from([*NAMES, "on"]), aliased),
            st.sampled_from(["", *[a for a in ARGUMENTS if a != "()"]]),
            st.sampled_from(DIRECTIVES),
            inside,
        ),
    )
    spread = st.builds(lambda name, on: f"...{name} {on}", st.sampled_from(NAMES), st.sampled_from(DIRECTIVES))
    body = st.just("{a}") if depth == 0 else selections(depth - 1)
    inline = st.builds(
        " ".join, st.tuples(st.sampled_from(["...", "... on T", "...on on"]), st.sampled_from(DIRECTIVES), body)
    )
    each = st.lists(st.one_of(plain, spread, inline), min_size=1, max_size=4)
    return st.builds(lambda items, gap: "{" + gap.join(items) + gap + "}", each, st.sampled_from(GAPS))


HEADS = [
    "",
    "query",
    "query on",
    "query Q($v: [Int!]! = [1] @a, $w: T = {a: {b: 1}}) @b(c: {})",
    "mutation M",
    "subscription",
]


@given(
    st.sampled_from(HEADS),
    selections(3),
    st.dictionaries(st.sampled_from(NAMES), selections(2), max_size=3),
    st.booleans(),
)
def test_the_scan_counts_what_the_parser_reads(head: str, body: str, fragments: dict[str, str], first: bool) -> None:
    defined = " ".join(f"fragment {name} on {name} @d(e: {{}}) {inside}" for name, inside in fragments.items())
    operation = f"{head} {body}"
    check_same(f"{defined} {operation}" if first else f"{operation} {defined}")


def test_the_hubs_own_query() -> None:
    check_same(VIEW)


@given(st.text(alphabet='{}()[]"\\.:@$!&|=#\n ,ab1-', max_size=200))
def test_whatever_is_sent_is_measured(text: str) -> None:
    size = measure(text, tokens_max=50)
    assert size.tokens <= 51
    assert size.nesting <= len(text)


HARD: dict[str, tuple[str, dict[str, Any]]] = {
    "a brace in a text": ('{ a(x: "{ b { c }") }', {"fields": 1, "depth": 1}),
    "a brace in a block of text": ('{ a(x: """ " "" { \\""" { """) { b } }', {"fields": 2, "depth": 2}),
    "a brace in a comment": ("{ a # { b }\n c }", {"fields": 2, "depth": 1}),
    "a field called on": ("{ on { on } }", {"fields": 2, "depth": 2}),
    "a type called on": ("{ ... on on { a } }", {"fields": 1, "depth": 1}),
    "an object in a directive": ("{ a @b(c: {d: {e: 1}}) { f } }", {"fields": 2, "depth": 2}),
    "a variable's default": ("query($a: T = {b: {c: 1}}) { d }", {"fields": 1, "depth": 1}),
}


@pytest.mark.parametrize(("text", "expected"), HARD.values(), ids=HARD)
def test_hard_to_count(text: str, expected: dict[str, Any]) -> None:
    (operation,) = measure(text, tokens_max=100).operations
    assert {name: getattr(operation, name) for name in expected} == expected
    check_same(text)


UNENDED = ['{ a(x: "' + "b" * 9_000, '{ a(x: """' + '"\\\\"""" ' * 1_000, '{ a(x: "' + '\\"' * 4_000, '"""' * 3_001]


@pytest.mark.parametrize("text", UNENDED, ids=["a text", "a block of text", "escapes", "quotes"])
def test_a_text_without_end_ends_the_scan(text: str) -> None:
    assert measure(text, tokens_max=100_000).tokens < 3_001
