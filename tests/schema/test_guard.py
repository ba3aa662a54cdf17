"""Limits on a document: each at its limit, and one over."""

from __future__ import annotations

import pytest

from benchmarks.guard import over_a_limit, within_every_limit
from hub.errors import BadRequest
from hub.schema.guard import (
    ALIASES_MAX,
    CHARACTERS_MAX,
    DEPTH_MAX,
    FIELDS_MAX,
    FRAGMENTS_MAX,
    MERGES_MAX,
    NESTING_MAX,
    ROOT_FIELDS_MAX,
    SPREADS_MAX,
    TOKEN_LENGTH_MAX,
    TOKENS_MAX,
    check_size,
    parse_guarded,
)


def nested(depth: int) -> str:
    return "{" + "a{" * (depth - 1) + "a" + "}" * depth


def fragments_nested(depth: int) -> str:
    chain = "".join(f"fragment F{n} on T {{ a {{ ...F{n + 1} }} }} " for n in range(1, depth - 1))
    return f"{{ a {{ ...F1 }} }} {chain} fragment F{depth - 1} on T {{ a }}"


REPEATED = 45
"""Of one field in one place: as many as make at most MERGES_MAX pairs."""
assert REPEATED * (REPEATED - 1) // 2 <= MERGES_MAX < (REPEATED + 1) * REPEATED // 2


def fragments(number: int) -> str:
    return "{ a { ...F0 } }" + " ".join(f"fragment F{n} on T {{ a{n} }}" for n in range(number))


def spread(times: int) -> str:
    return "{ a {" + "...F " * times + "} } fragment F on T { a }"


def expanded(fields: int) -> str:
    """So many fields once fragments are written out, of which 70 are spread 20 times."""
    rest = fields - 1 - 20 * 70
    many = "fragment F on T { " + " ".join(f"a{n}" for n in range(70)) + " } "
    return "{ a { " + "...F " * 20 + " ".join(f"b{n}" for n in range(rest)) + " } } " + many


AT_THE_LIMIT = {
    "tokens": "{" + " a" * 1 + "(x: [" + "1 " * (TOKENS_MAX - 9) + "]) }",
    "depth": nested(DEPTH_MAX),
    "depth through fragments": fragments_nested(DEPTH_MAX),
    "aliases": "{ a {" + " ".join(f"b{n}: a" for n in range(ALIASES_MAX)) + "} }",
    "root fields": "{" + " ".join(["a"] * ROOT_FIELDS_MAX) + "}",
    "root fields through a fragment": "{ ...F ... { a } } fragment F on Query {"
    + " ".join(["a"] * (ROOT_FIELDS_MAX - 1))
    + "}",
    "characters": "{ a }" + "," * (CHARACTERS_MAX - 5),
    "a long text": '{ a(b: "' + "x" * (TOKEN_LENGTH_MAX - 2) + '") }',
    "brackets": "{ a(b: " + "[" * (NESTING_MAX - 2) + "]" * (NESTING_MAX - 2) + ") }",
    "one field again and again": "{ a {" + "b " * REPEATED + "} }",
    "fragments": fragments(FRAGMENTS_MAX),
    "spreads": spread(SPREADS_MAX),
    "fields through fragments": expanded(FIELDS_MAX),
}
OVER = {
    "tokens": ("{" + " a" * TOKENS_MAX + "}", "QUERY_TOO_LARGE"),
    "depth": (nested(DEPTH_MAX + 1), "QUERY_TOO_DEEP"),
    "depth through fragments": (fragments_nested(DEPTH_MAX + 1), "QUERY_TOO_DEEP"),
    "depth through inline fragments": ("{ ... {" + nested(DEPTH_MAX + 1)[1:] + "}", "QUERY_TOO_DEEP"),
    "a fragment that contains itself": ("{ ...F } fragment F on Query { a { ...F } }", "QUERY_TOO_DEEP"),
    "fragments that contain each other": (
        "{ ...F } fragment F on Q { a { ...G } } fragment G on Q { b { ...F } }",
        "QUERY_TOO_DEEP",
    ),
    "aliases": ("{ a {" + " ".join(f"b{n}: a" for n in range(ALIASES_MAX + 1)) + "} }", "QUERY_TOO_WIDE"),
    "aliases in a fragment": (
        "{ ...F } fragment F on Q { a {" + " ".join(f"b{n}: a" for n in range(ALIASES_MAX + 1)) + "} }",
        "QUERY_TOO_WIDE",
    ),
    "root fields": ("{" + " ".join(["a"] * (ROOT_FIELDS_MAX + 1)) + "}", "QUERY_TOO_WIDE"),
    "root fields through a fragment": ("{ ...F ...F } fragment F on Query { a a a }", "QUERY_TOO_WIDE"),
    "two operations": ("query A { a } query B { b }", "ONE_OPERATION"),
    "no operation": ("fragment F on Query { a }", "ONE_OPERATION"),
    "a mutation": ("mutation { a }", "QUERIES_ONLY"),
    "a subscription": ("subscription { a }", "QUERIES_ONLY"),
    "not GraphQL": ("{ child( }", "QUERY_SYNTAX"),
    "empty": ("", "QUERY_SYNTAX"),
    "very deep": ("{" * 700, "QUERY_TOO_DEEP"),
    "a very deep value": ("{ a(b: " + "[" * 700, "QUERY_TOO_DEEP"),
    "characters": ("{ a }" + "," * (CHARACTERS_MAX - 4), "QUERY_TOO_LARGE"),
    "a long text": ('{ a(b: "' + "x" * (TOKEN_LENGTH_MAX - 1) + '") }', "QUERY_TOO_LARGE"),
    "a long name": ("{ " + "a" * (TOKEN_LENGTH_MAX + 1) + " }", "QUERY_TOO_LARGE"),
    "a long number": ("{ a(b: " + "1" * (TOKEN_LENGTH_MAX + 1) + ") }", "QUERY_TOO_LARGE"),
    "brackets": ("{ a(b: " + "[" * (NESTING_MAX - 1) + "]" * (NESTING_MAX - 1) + ") }", "QUERY_TOO_DEEP"),
    "one field again and again": ("{ a {" + "b " * (REPEATED + 1) + "} }", "QUERY_TOO_WIDE"),
    "one field in inline fragments": ("{ a {" + "... on T { b } " * (REPEATED + 1) + "} }", "QUERY_TOO_WIDE"),
    "fragments": (fragments(FRAGMENTS_MAX + 1), "QUERY_TOO_WIDE"),
    "fragments of one name": ("{ a { ...F } }" + "fragment F on T { a } " * (FRAGMENTS_MAX + 1), "QUERY_TOO_WIDE"),
    "spreads": (spread(SPREADS_MAX + 1), "QUERY_TOO_WIDE"),
    "fields through fragments": (expanded(FIELDS_MAX + 1), "QUERY_TOO_WIDE"),
}


@pytest.mark.parametrize("query", AT_THE_LIMIT.values(), ids=AT_THE_LIMIT)
def test_at_the_limit(query: str) -> None:
    parse_guarded(query)


@pytest.mark.parametrize(("query", "code"), OVER.values(), ids=OVER)
def test_over(query: str, code: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        parse_guarded(query)
    assert refusal.value.code == code


def test_chained_fragments_take_no_time() -> None:
    """Each fragment is measured once: a walker that enters every spread anew would need 5^16 steps here."""
    last = FRAGMENTS_MAX - 1
    chain = "".join(f"fragment F{n} on T {{ {f'...F{n + 1} ' * 5} }} " for n in range(last))
    with pytest.raises(BadRequest) as refusal:
        check_size("{ a { ...F0 } } " + chain + f" fragment F{last} on T {{ a }}")
    assert refusal.value.code == "QUERY_TOO_WIDE"


@pytest.mark.parametrize("text", over_a_limit().values(), ids=over_a_limit())
def test_the_worst_we_can_write_never_reaches_the_parser(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(*_: object, **__: object) -> None:
        raise AssertionError("it was parsed")

    monkeypatch.setattr("hub.schema.guard.parse", parse)
    with pytest.raises(BadRequest, match="The document "):
        parse_guarded(text)


@pytest.mark.parametrize("text", within_every_limit().values(), ids=within_every_limit())
def test_what_is_measured_as_within_every_limit_is(text: str) -> None:
    check_size(text)
