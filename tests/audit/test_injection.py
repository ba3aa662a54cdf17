"""Whatever words reach an entry, it stays one line of printable ASCII that reads back as itself."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit import encoding
from hub.audit.acts import KINDS
from hub.audit.encoding import BODY_MAX, decode, encode_all
from hub.audit.entries import LookBack, Records
from hub.audit.words import EntryInvalid
from tests.audit.samples import AT, NONCE, abandoned, answer, question, refused
from tests.audit.strategies import acts

FORGED = '"},{"v":1,"kind":"refused"'
POISONS = {
    "newline": "mash\nERROR forged line",
    "carriage return": "mash\r\nSet-Cookie: a=b",
    "NUL": "mash\x00",
    "bidi override": "mash\u202ehcraes\u2066",
    "zero width": "ma\u200bsh\ufeff",
    "half a surrogate pair": "mash\ud800",
    "line separator": "mash\u2028x\u2029y\x85z",
    "escape sequence": "\x1b[2Jmash",
    "quotes": FORGED,
    "backslash": "mash\\u0000\\",
    "70 KB": "Maya " * 14_000,
    "70 KB of one letter": "x" * 70_000,
    "70 KB outside ASCII": "\U0001f9d2" * 17_500,
    "empty": "",
    "spaces": " \t ",
}

ENTRIES: dict[str, Any] = {
    "question": question(look_back=LookBack(None, "new_concern")),
    "answer": answer(3),
    "refused": refused(organisation="testshire-council", purpose="ca1989-s47", trace="4bf9" * 8),
    "abandoned": abandoned(3),
    "records": Records(AT, NONCE, 3, answer(3).records),
}


def changed(value: Any, poison: str) -> Iterator[tuple[str, Callable[[], Any]]]:
    """``value`` with one of its texts, at any depth, replaced: where, and how to build it (which may refuse)."""
    if type(value) is str:
        yield "", lambda: poison
    elif type(value) is tuple:
        for at, one in enumerate(value):
            for where, build in changed(one, poison):
                yield f"[{at}]{where}", _in_tuple(value, at, build)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            for where, build in changed(getattr(value, field.name), poison):
                yield f".{field.name}{where}", _in_field(value, field.name, build)


def _in_tuple(value: tuple[Any, ...], at: int, build: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: (*value[:at], build(), *value[at + 1 :])


def _in_field(value: Any, name: str, build: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: dataclasses.replace(value, **{name: build()})


def well_formed(entry: Any, poison: str) -> None:
    for body in encode_all(entry):
        assert len(body) <= BODY_MAX
        assert all(0x20 <= byte < 0x7F for byte in body), "printable ASCII, on one line"
        assert b"\\" not in body, "nothing is escaped, so nothing can be unescaped"
        assert len(poison) < 81 or poison.encode(errors="replace") not in body
        read = decode(body)
        assert type(read) is type(entry), "nobody's words made it another entry"
        assert list(json.loads(body)) == list(json.loads(encode_all(read)[0])), "or gave it another key"


PLACES = [pytest.param(kind, poison, id=f"{kind}-{name}") for kind in ENTRIES for name, poison in POISONS.items()]


@pytest.mark.parametrize(("kind", "poison"), PLACES)
def test_any_text_of_an_entry_may_be_anything(kind: str, poison: str) -> None:
    tried, said = 0, []
    for _, build in changed(ENTRIES[kind], poison):
        tried += 1
        try:
            entry = build()
        except EntryInvalid as fault:  # a reference or digest: the hub makes these itself
            said.append(str(fault))
            continue
        well_formed(entry, poison)
    assert tried, "an entry has texts"
    assert not poison.strip() or not [words for words in said if poison in words], "a refusal repeats nothing"


def test_every_text_of_a_question_is_tried() -> None:
    places = {where for where, _ in changed(ENTRIES["question"], "x")}
    assert {".asker.client", ".asker.organisation", ".asker.worker", ".asker.role", ".asker.token"} <= places
    assert {".purpose", ".gateway", ".asked[0].custodian", ".asked[0].kinds[1]", ".look_back.reason"} <= places


@given(acts, st.sampled_from(sorted(POISONS)))
def test_any_text_of_an_act_may_be_anything(act: Any, name: str) -> None:
    for _, build in changed(act, POISONS[name]):
        try:
            entry = build()
        except EntryInvalid:
            continue
        well_formed(entry, POISONS[name])


def test_no_kind_of_entry_is_forgotten() -> None:
    assert {type(each) for each in ENTRIES.values()} | {*KINDS.values()} == {*encoding._KINDS}
