"""An answer too long for one entry is told in several, and a verifier holds them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit import encoding
from hub.audit.encoding import BODY_MAX, decode, encode, encode_all
from hub.audit.entries import Answer, Entry, FieldGroup, Question, RecordLine, Records
from hub.audit.verify import verify_log
from hub.audit.words import EntryInvalid
from hub.domain.disclosure import Outcome
from tests.audit.samples import AT, abandoned, answer, question
from tests.audit.strategies import entries
from tests.audit.test_verify import SIGNER, bodies, note_at, stored


def record(number: int, fields: int = 5) -> RecordLine:
    names = tuple(f"field_{at}" for at in range(fields))
    return RecordLine("testshire-council", "assessment", number, (FieldGroup(Outcome.SHARED, names),))


def long_answer(records: int, fields: int = 5) -> Answer:
    return answer(0, records=tuple(record(number, fields) for number in range(1, records + 1)))


@pytest.mark.parametrize("count", [0, 1, 400, 500, 5_000, 25_000])
def test_every_record_is_told_once_and_in_order(count: int) -> None:
    whole = long_answer(count)
    told = [decode(body) for body in encode_all(whole)]
    last = told.pop()
    assert isinstance(last, Answer)
    assert last.parts == len(told)
    parts = [part for part in told if isinstance(part, Records)]
    assert parts == told
    assert tuple(each for part in (*parts, last) for each in part.records) == whole.records
    assert replace(last, records=whole.records, parts=0) == whole
    assert {part.question for part in parts} <= {whole.question}


def test_no_two_parts_have_one_nonce_and_none_has_the_answers() -> None:
    told = [decode(body) for body in encode_all(long_answer(25_000))]
    assert len({each.nonce for each in told}) == len(told) > 10


def test_a_parts_nonce_follows_from_the_answers_and_its_place() -> None:
    """So that an answer that is written again is written the same."""
    whole = long_answer(1_500)
    *told, _ = (decode(body) for body in encode_all(whole))
    places = (sha256(whole.nonce + bytes((0, 0, 0, number))).digest()[:16] for number in range(len(told)))
    assert [each.nonce for each in told] == list(places)


@pytest.mark.parametrize(
    ("surplus", "parts"), [pytest.param(0, 1, id="to the byte"), pytest.param(1, 2, id="one more")]
)
def test_a_part_is_filled(surplus: int, parts: int) -> None:
    """Records of 65,279 bytes with their commas: what an entry has besides them may take 256."""
    spread = replace(record(1), kind="x")
    each = len(orjson.dumps(encoding._write_record(spread))) + 1
    count, rest = divmod(BODY_MAX - 256 + surplus, each)
    pads = [1 + rest // count + (number < rest % count) for number in range(count)]
    whole = answer(0, records=tuple(replace(spread, kind="x" * pad) for pad in pads))
    assert len(encode_all(whole)) == parts + 1


@given(st.integers(440, 660))
def test_at_the_limit_nothing_is_too_long_for_its_entry(count: int) -> None:
    bodies = encode_all(long_answer(count))
    assert max(map(len, bodies)) <= BODY_MAX
    assert len(bodies) == 1 or len(encode(decode(bodies[0]))) > BODY_MAX - 1_000, "the first part is nearly full"


@given(entries)
def test_what_fits_is_one_entry(entry: Entry) -> None:
    assert encode_all(entry) == [encode(entry)]


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(question(asked=question().asked * 1_000), id="a question that asks for too much"),
        pytest.param(answer(0, sources=answer(0).sources * 1_000), id="an answer whose sources alone are too many"),
        pytest.param(long_answer(1, fields=8_000), id="an answer with one record too long by itself"),
    ],
)
def test_what_cannot_be_told_in_parts_is_refused(entry: Entry) -> None:
    with pytest.raises(EntryInvalid):
        encode_all(entry)


PART = Records(question().at, bytes(16), 0, (record(1),))
ELSE = Records(question().at, bytes(16), 1, (record(1),))
END = replace(long_answer(0), parts=2)


@pytest.mark.parametrize(
    ("history", "bad"),
    [
        pytest.param([question(), PART, PART, END], None, id="as it is written"),
        pytest.param([question(), PART, END], 2, id="a part is missing"),
        pytest.param([question(), PART, PART, PART, END], 4, id="a part too many"),
        pytest.param([question(), PART, PART, replace(END, parts=0)], 3, id="the answer does not know of them"),
        pytest.param([question(), END], 1, id="no part at all"),
        pytest.param([question(), question(), PART, ELSE, END], 3, id="of two questions"),
        pytest.param([question(), PART, question(), PART, END], 2, id="something between"),
        pytest.param([question(), PART, PART, abandoned(0)], 3, id="then nothing was answered"),
        pytest.param([PART, PART], 0, id="of no question"),
        pytest.param([question(), END, PART], 1, id="after the answer"),
        pytest.param([question(), answer(0), PART], 2, id="after an end without parts"),
        pytest.param([question(), PART], 1, id="at the very end"),
        pytest.param([question(), question(), PART, PART, replace(END, question=1)], 4, id="the answer is another's"),
    ],
)
def test_parts_stand_right_before_their_answer(history: Sequence[Question | Answer | Records], bad: int | None) -> None:
    leaves = bodies(history)
    report = verify_log(stored(leaves), note_at(leaves).encode(), SIGNER.verifier, now=AT)
    assert (report.fault.first if report.fault else None) == bad
