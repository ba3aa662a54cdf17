"""A representation is a Child's key and nothing else, or it is refused without an echo."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import BadRequest
from hub.schema.federation import key_of

NUMBER = "9990004021"
GOOD = {"__typename": "Child", "nhsNumber": NUMBER}

REFUSED: dict[str, tuple[Any, str]] = {
    "another entity": ({**GOOD, "__typename": "Dog"}, "ENTITY_UNKNOWN"),
    "a type of this schema that is no entity": ({**GOOD, "__typename": "Custodian"}, "ENTITY_UNKNOWN"),
    "a type of the machinery": ({**GOOD, "__typename": "Query"}, "ENTITY_UNKNOWN"),
    "the entity in lower case": ({**GOOD, "__typename": "child"}, "ENTITY_UNKNOWN"),
    "no type": ({"nhsNumber": NUMBER}, "ENTITY_INVALID"),
    "a type that is no text": ({**GOOD, "__typename": 7}, "ENTITY_INVALID"),
    "a type that is a list": ({**GOOD, "__typename": ["Child"]}, "ENTITY_INVALID"),
    "no key": ({"__typename": "Child"}, "ENTITY_INVALID"),
    "a key too many": ({**GOOD, "name": "Maya"}, "ENTITY_INVALID"),
    "a key that is an argument of a constructor": ({**GOOD, "self": 1}, "ENTITY_INVALID"),
    "a key that is the context's name": ({**GOOD, "info": {}}, "ENTITY_INVALID"),
    "the key as Python writes it": ({"__typename": "Child", "nhs_number": NUMBER}, "ENTITY_INVALID"),
    "a number for a text": ({**GOOD, "nhsNumber": int(NUMBER)}, "ENTITY_INVALID"),
    "null for the key": ({**GOOD, "nhsNumber": None}, "ENTITY_INVALID"),
    "an object for the key": ({**GOOD, "nhsNumber": {"value": NUMBER}}, "ENTITY_INVALID"),
    "a text": ("Child:9990004021", "ENTITY_INVALID"),
    "a list": ([GOOD], "ENTITY_INVALID"),
    "nothing": (None, "ENTITY_INVALID"),
    "a wrong check digit": ({**GOOD, "nhsNumber": "9990004020"}, "NHS_NUMBER_INVALID"),
    "nine digits": ({**GOOD, "nhsNumber": "999000402"}, "NHS_NUMBER_INVALID"),
    "digits of another script": ({**GOOD, "nhsNumber": "९९९०००४०२१"}, "NHS_NUMBER_INVALID"),
    "empty": ({**GOOD, "nhsNumber": ""}, "NHS_NUMBER_INVALID"),
}


@pytest.mark.parametrize(("sent", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(sent: Any, code: str) -> None:
    with pytest.raises(BadRequest) as refused:
        key_of(sent)
    assert refused.value.code == code
    assert not any(word in refused.value.message for word in ("9990", "Maya", "Dog", "self", "info", "Custodian"))


@pytest.mark.parametrize("number", [NUMBER, "999 000 4021", "999-000-4021"])
def test_accepted(number: str) -> None:
    assert key_of({"__typename": "Child", "nhsNumber": number}).value == NUMBER


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["__typename", "nhsNumber", "name"]), ANYTHING | st.just("Child")) | ANYTHING)
def test_whatever_is_sent_is_a_key_or_a_refusal(sent: Any) -> None:
    try:
        code, found = None, key_of(sent).value
    except BadRequest as refusal:
        code, found = refusal.code, None
    if code is None:
        assert set(sent) == {"__typename", "nhsNumber"}
        assert "".join(each for each in sent["nhsNumber"] if each.isdigit()) == found
    else:
        assert code in {"ENTITY_UNKNOWN", "ENTITY_INVALID", "NHS_NUMBER_INVALID"}
