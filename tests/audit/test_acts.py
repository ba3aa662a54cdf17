"""Acts: what people do with the log itself is in the log, in codes, one documented form each."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from hub.audit import acts, encoding
from hub.audit.acts import KINDS, LIST_MAX, Act, Erasure, Form, KeyChange, Officer, Reveal, Review, forms
from hub.audit.encoding import BODY_MAX, decode, encode, kind_of
from hub.audit.words import EntryInvalid
from tests.audit.samples import AT, NONCE, REF, rewritten
from tests.audit.strategies import acts as any_act

BY = Officer("hub-pages", "testshire-council", REF, "ig_officer")
DIGEST = "7e1f" * 16

HEAD = (
    '"at":"2026-11-20T16:41:07.113Z","nonce":"000102030405060708090a0b0c0d0e0f",'
    '"client":"hub-pages","organisation":"testshire-council","worker":"5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c",'
    '"role":"ig_officer",'
)


def stamped(kind: Callable[..., Act], **fields: Any) -> Act:
    return kind(at=AT, nonce=NONCE, officer=BY, **fields)


@pytest.mark.parametrize(
    ("act", "text"),
    [
        pytest.param(
            stamped(Review, entry=18442, act="closed", outcome="proper", side=DIGEST),
            f'{{"v":1,"kind":"review",{HEAD}"entry":18442,"act":"closed","outcome":"proper","side":"{DIGEST}"}}',
            id="review",
        ),
        pytest.param(
            stamped(Reveal, reference=REF, reason="review"),
            f'{{"v":1,"kind":"reveal",{HEAD}"reference":"{REF}","entry":null,"reason":"review","side":null}}',
            id="reveal, with what is not there as null",
        ),
        pytest.param(
            stamped(Erasure, reason="end_of_retention", references=(REF, "0b44" * 8), sides=(3, 19)),
            f'{{"v":1,"kind":"erasure",{HEAD}"reason":"end_of_retention","references":["{REF}","{"0b44" * 8}"],'
            '"sides":[3,19]}',
            id="erasure, with lists",
        ),
        pytest.param(
            stamped(
                acts.JudgementAct,
                act="recorded",
                judgement=REF,
                word="detriment",
                subject=REF,
                until=datetime(2026, 12, 1, tzinfo=UTC),
            ),
            f'{{"v":1,"kind":"judgement",{HEAD}"act":"recorded","judgement":"{REF}","word":"detriment",'
            f'"custodian":null,"subject":"{REF}","until":"2026-12-01T00:00:00.000Z"}}',
            id="judgement, with a moment",
        ),
        pytest.param(
            stamped(KeyChange, act="added", key=DIGEST),
            f'{{"v":1,"kind":"key",{HEAD}"act":"added","key":"{DIGEST}"}}',
            id="key",
        ),
    ],
)
def test_the_documented_bytes(act: Act, text: str) -> None:
    """A log written today is read for decades: this text may never change, only a new version be added."""
    assert encode(act).decode() == text
    assert decode(text.encode()) == act


@given(any_act)
def test_reading_is_the_inverse_of_writing(act: Act) -> None:
    body = encode(act)
    assert decode(body) == act
    assert all(0x20 <= byte < 0x7F for byte in body)
    assert b"\\" not in body


def test_every_kind_is_known_by_one_name() -> None:
    kinds = [
        each for each in vars(acts).values() if isinstance(each, type) and issubclass(each, Act) and each is not Act
    ]
    assert sorted(KINDS.values(), key=str) == sorted(kinds, key=str)
    for name, kind in KINDS.items():
        body = rewritten(encode(stamped(KeyChange, act="added", key=DIGEST)), kind=name)
        if kind is not KeyChange:
            with pytest.raises(EntryInvalid):
                decode(body)


@given(any_act)
def test_a_reader_made_anew_reads_the_same(act: Act) -> None:
    """The readers are made once, when the module is loaded: here one is made for each act."""
    assert encoding._act_reader(type(act))(json.loads(encode(act))) == act


def test_and_names_the_moment_that_is_none() -> None:
    (act,) = (each for each in one_of_each() if isinstance(each, acts.JudgementAct))
    with pytest.raises(EntryInvalid, match=r"^until: a moment such as "):
        encoding._act_reader(acts.JudgementAct)(json.loads(encode(act)) | {"until": "yesterday"})


def test_an_act_of_the_hub_itself_names_no_person() -> None:
    act = KeyChange(
        at=AT, nonce=NONCE, officer=Officer("hub", "testshire-council", None, "hub"), act="added", key=DIGEST
    )
    assert b'"worker":null' in encode(act)
    assert decode(encode(act)) == act
    assert kind_of(act) == "key"


WRONG: dict[Form, tuple[Any, ...]] = {
    Form.CODE: (7, ["a"], True),
    Form.REFERENCE: ("", "5F0C" * 8, "5f0c" * 9, 5, ["5f0c" * 8]),
    Form.DIGEST: ("", "5f0c" * 8, 7),
    Form.COUNT: (-1, 2**53, 1.0, True, "1"),
    Form.MOMENT: ("2026-11-20", "2026-11-20T16:41:07Z", 7),
    Form.REFERENCES: ("5f0c" * 8, ["5f0c"], [5], 7, [REF] * (LIST_MAX + 1)),
    Form.COUNTS: ("17", [-1], [True], 7, [1] * (LIST_MAX + 1)),
}


def one_of_each() -> list[Act]:
    fit: dict[Form, Any] = {
        Form.CODE: "word",
        Form.REFERENCE: REF,
        Form.DIGEST: DIGEST,
        Form.COUNT: 7,
        Form.MOMENT: AT,
        Form.REFERENCES: (REF,),
        Form.COUNTS: (7,),
    }
    return [stamped(kind, **{name: fit[form] for name, form, _ in forms(kind)}) for kind in KINDS.values()]


@pytest.mark.parametrize("act", one_of_each(), ids=kind_of)
def test_each_field_takes_its_form_and_no_other(act: Act) -> None:
    body = encode(act)
    assert decode(body) == act
    for name, form, optional in forms(type(act)):
        for wrong in WRONG[form]:
            with pytest.raises(EntryInvalid):
                decode(rewritten(body, **{name: wrong}))
        with pytest.raises(EntryInvalid):
            decode(rewritten(body, **{name: ...}))
        if optional:
            assert getattr(decode(rewritten(body, **{name: None})), name) is None
        else:
            with pytest.raises(EntryInvalid):
                decode(rewritten(body, **{name: None}))


@pytest.mark.parametrize("act", one_of_each(), ids=kind_of)
@pytest.mark.parametrize("name", ["client", "organisation", "role", "worker"])
def test_who_acted_is_said_in_the_same_way_by_each(act: Act, name: str) -> None:
    with pytest.raises(EntryInvalid):
        decode(rewritten(encode(act), **{name: 7}))
    with pytest.raises(EntryInvalid):
        decode(rewritten(encode(act), **{name: "two words" if name != "worker" else "5f0c"}))


def test_the_longest_act_fits_in_an_entry() -> None:
    act = stamped(Erasure, reason="x" * 80, references=(REF,) * LIST_MAX, sides=(2**53 - 1,) * LIST_MAX)
    assert len(encode(act)) <= BODY_MAX


def test_an_act_is_of_its_form_when_it_is_built_too() -> None:
    with pytest.raises(EntryInvalid):
        stamped(KeyChange, act="added", key="short")
    with pytest.raises(EntryInvalid):
        dataclasses.replace(one_of_each()[0], nonce=b"short")
    with pytest.raises(EntryInvalid):
        dataclasses.replace(one_of_each()[0], at=datetime(2026, 1, 1))
