"""A scope is read as the standard writes it, or not at all."""

from __future__ import annotations

import pytest

from hub.access.scopes import SCOPE_CHARS_MAX, scopes_in
from tests.access.issuer import claims, token, verifier

ONE = "safeguarding:enquire"
READ = {
    "one": (ONE, {ONE}),
    "two": (f"openid {ONE}", {"openid", ONE}),
    "one twice": (f"{ONE} {ONE}", {ONE}),
    "as long as may be": (("a" * 99 + " ") * 19 + "b" * 100, {"a" * 99, "b" * 100}),
    "a list, as some servers write it": ([ONE], set()),
    "null": (None, set()),
    "a number": (7, set()),
    "empty": ("", set()),
    "a comma is part of a scope, not between two": (f"openid,{ONE}", {f"openid,{ONE}"}),
    "two spaces": (f"openid  {ONE}", set()),
    "a space at the end": (f"{ONE} ", set()),
    "a line end at the end": (f"{ONE}\n", set()),
    "a tab between": (f"openid\t{ONE}", set()),
    "a quotation mark": (f'{ONE}"', set()),
    "a letter that only looks like the scope's": ("safeguarding:enquіre", set()),
    "one too long": ("a" * 101, set()),
    "all too long": ("a " * (SCOPE_CHARS_MAX // 2) + ONE, set()),
}


@pytest.mark.parametrize(("sent", "found"), READ.values(), ids=READ.keys())
def test_scopes(sent: object, found: set[str]) -> None:
    assert scopes_in({"scope": sent}) == found


def test_no_claim_is_no_scope() -> None:
    assert scopes_in({"scp": ONE}) == frozenset()


async def test_the_verifier_keeps_them() -> None:
    found = await verifier().verify(f"Bearer {token(body=claims(scope=f'openid {ONE}'))}")
    assert found.scopes == {"openid", ONE}
