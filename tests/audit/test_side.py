"""Side rows: the entry commits to the text, and says nothing about it once it is erased."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit.side import SALT_BYTES, SIDE_MAX, Side
from hub.audit.words import EntryInvalid

SALT = bytes(range(SALT_BYTES))


def test_the_documented_commitment() -> None:
    assert Side(SALT, b"why").commitment == sha256(b"\x02" + SALT + b"why").hexdigest()


@given(st.binary(max_size=50), st.binary(max_size=50), st.binary(min_size=32, max_size=32))
def test_another_text_or_salt_has_another_commitment(one: bytes, other: bytes, salt: bytes) -> None:
    assert Side(SALT, one).matches(Side(SALT, other).commitment) is (one == other)
    assert Side(salt, one).matches(Side(SALT, one).commitment) is (salt == SALT)


def test_an_entry_without_a_commitment_has_no_side_row() -> None:
    assert not Side(SALT, b"").matches(None)


@pytest.mark.parametrize(
    ("salt", "body"),
    [
        pytest.param(b"", b"why", id="no salt"),
        pytest.param(SALT[:-1], b"why", id="short salt"),
        pytest.param(SALT + b"x", b"why", id="long salt"),
        pytest.param(SALT, bytes(SIDE_MAX + 1), id="too long"),
    ],
)
def test_what_is_no_side_row(salt: bytes, body: bytes) -> None:
    with pytest.raises(EntryInvalid):
        Side(salt, body)


def test_neither_text_nor_salt_is_in_a_traceback() -> None:
    assert repr(Side(SALT, b"why")) == "Side()"
    assert len(Side(SALT, bytes(SIDE_MAX)).commitment) == 64
