"""Limits on a document: each at its limit, and one over."""

from __future__ import annotations

import pytest

from hub.errors import BadRequest
from hub.schema.guard import ALIASES_MAX, DEPTH_MAX, ROOT_FIELDS_MAX, TOKENS_MAX, parse_guarded


def nested(depth: int) -> str:
    return "{" + "a{" * (depth - 1) + "a" + "}" * depth


def fragments_nested(depth: int) -> str:
    chain = "".join(f"fragment F{n} on T {{ a {{ ...F{n + 1} }} }} " for n in range(1, depth - 1))
    return f"{{ a {{ ...F1 }} }} {chain} fragment F{depth - 1} on T {{ a }}"


AT_THE_LIMIT = {
    "tokens": "{" + " a" * 1 + "(x: [" + "1 " * (TOKENS_MAX - 9) + "]) }",
    "depth": nested(DEPTH_MAX),
    "depth through fragments": fragments_nested(DEPTH_MAX),
    "aliases": "{ a {" + " ".join(f"b{n}: a" for n in range(ALIASES_MAX)) + "} }",
    "root fields": "{" + " ".join(["a"] * ROOT_FIELDS_MAX) + "}",
    "root fields through a fragment": "{ ...F ... { a } } fragment F on Query {"
    + " ".join(["a"] * (ROOT_FIELDS_MAX - 1))
    + "}",
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
    "very deep": ("{" * 700, "QUERY_SYNTAX"),
}


@pytest.mark.parametrize("query", AT_THE_LIMIT.values(), ids=AT_THE_LIMIT)
def test_at_the_limit(query: str) -> None:
    parse_guarded(query)


@pytest.mark.parametrize(("query", "code"), OVER.values(), ids=OVER)
def test_over(query: str, code: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        parse_guarded(query)
    assert refusal.value.code == code


def test_fifty_chained_fragments_take_no_time() -> None:
    """Each fragment is measured once: a walker that enters every spread anew would need 2^50 steps here."""
    chain = "".join(f"fragment F{n} on T {{ ...F{n + 1} ...F{n + 1} }} " for n in range(50))
    with pytest.raises(BadRequest) as refusal:
        parse_guarded("{ ...F0 } " + chain + " fragment F50 on T { a }")
    assert refusal.value.code == "QUERY_TOO_WIDE"
