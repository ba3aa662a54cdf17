"""The offline verifier against every way a log can be wrong: it names the first bad entry and never passes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit import verify
from hub.audit.checkpoint import Checkpoint
from hub.audit.encoding import encode
from hub.audit.entries import Entry
from hub.audit.merkle import Frontier, leaf_hash
from hub.audit.note import SignerKey
from hub.audit.verify import OPEN_FOR_MAX, Fault, Report, Row, verify_log
from tests.audit.samples import AT, abandoned, answer, question, refused

SIGNER = SignerKey("testshire.example/log", bytes(range(32)))
OTHER = SignerKey("testshire.example/log", bytes(range(1, 33)))
ELSEWHERE = SignerKey("elsewhere.example/log", bytes(range(2, 34)))

# 0 question, 1 refused, 2 answer, 3 question, 4 question, 5 abandoned (4), 6 answer (3), 7 refused
STORY: tuple[Entry, ...] = (
    question(),
    refused(),
    answer(0),
    question(),
    question(),
    abandoned(4),
    answer(3),
    refused(),
)
UNKNOWN_KEY = (
    f"no trusted key signed the note: the key {OTHER.verifier.key_id.hex()} did, which no entry before it adds; give "
    "that public key too, if you trust it"
)
NOW = AT + timedelta(minutes=1)


def bodies(story: Iterable[Entry] = STORY) -> list[bytes]:
    """Encoded, each with its own nonce."""
    return [encode(replace(entry, nonce=number.to_bytes(16))) for number, entry in enumerate(story)]


def note_at(leaves: Sequence[bytes], signer: SignerKey = SIGNER) -> str:
    root = Frontier().extend(map(leaf_hash, leaves)).root
    return signer.sign(str(Checkpoint(signer.name, len(leaves), root)))


def stored(leaves: Sequence[bytes], batches: Iterable[int] = count(1)) -> list[Row]:
    """Rows as the appender leaves them, with a checkpoint on the last entry of each transaction of ``batches``."""
    ends = set()
    for end in batches:
        ends.add(end)
        if end >= len(leaves):
            break
    return [
        Row(number, leaf_hash(body), body, note_at(leaves[: number + 1]) if number + 1 in ends else None)
        for number, body in enumerate(leaves)
    ]


GOOD = bodies()
ROWS = stored(GOOD)
UNMARKED = [row._replace(note=None) for row in ROWS]
HEAD = note_at(GOOD).encode()


def check(rows: Iterable[Row], head: bytes = HEAD, **more: object) -> Report:
    return verify_log(rows, head, SIGNER.verifier, **({"now": NOW} | more))  # type: ignore[arg-type]


def with_row(which: int, rows: list[Row] = ROWS, **changes: object) -> list[Row]:
    return [row._replace(**changes) if row.number == which else row for row in rows]


def edited(body: bytes) -> bytes:
    """The body with one byte changed so that it is still a good entry."""
    return body.replace(b"2026-11-20", b"2026-11-19")


@pytest.mark.parametrize("rows", [ROWS, UNMARKED, stored(GOOD, [3, 4, 8])], ids=["each", "none", "batches"])
def test_a_good_log_checks_out(rows: list[Row]) -> None:
    report = check(rows)
    assert report.ok
    assert report.fault is None
    assert report.checked == 8
    assert report.counts == {"question": 3, "answer": 2, "refused": 2, "abandoned": 1}
    assert report.open == ()
    assert report.checkpoint is not None
    assert report.checkpoint.size == 8


def test_an_empty_log_checks_out() -> None:
    report = check([], note_at([]).encode())
    assert report.ok
    assert report.checked == 0


@given(st.integers(0, 7), st.data())
def test_one_edited_byte_anywhere_names_the_entry(number: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD[number]) - 1))
    bit = data.draw(st.integers(0, 7))
    body = bytearray(GOOD[number])
    body[at] ^= 1 << bit
    report = check(with_row(number, body=bytes(body)))
    assert not report.ok
    assert report.fault == Fault("its bytes are not those that were logged", number)
    assert report.checked == number


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("marked", [True, False])
def test_an_edit_with_its_hash_made_to_fit_is_found_too(number: int, marked: bool) -> None:
    body = edited(GOOD[number])
    rows = with_row(number, ROWS if marked else UNMARKED, body=body, leaf_hash=leaf_hash(body))
    fault = check(rows).fault
    assert fault is not None
    if marked:  # each entry came with its own checkpoint, so it is that very entry
        assert fault == Fault("not what was signed", number, number)
        assert str(fault) == f"entry {number}: not what was signed"
    else:
        assert fault == Fault("not what was signed", 0, 7)
        assert str(fault) == "between entries 0 and 7: not what was signed"


def test_a_rewrite_is_narrowed_to_the_transaction() -> None:
    body = edited(GOOD[5])
    rows = with_row(5, stored(GOOD, [3, 4, 7, 8]), body=body, leaf_hash=leaf_hash(body))
    assert check(rows).fault == Fault("not what was signed", 4, 6)


def resigned(leaves: list[bytes], signer: SignerKey) -> tuple[list[Row], bytes]:
    rows = [row._replace(note=None) for row in stored(leaves)]
    return rows, note_at(leaves, signer).encode()


def renumbered(rows: Iterable[Row]) -> list[Row]:
    return [row._replace(number=number) for number, row in enumerate(rows)]


def swapped(rows: list[Row]) -> list[Row]:
    a, b = rows[3], rows[4]
    return [*rows[:3], b._replace(number=3), a._replace(number=4), *rows[5:]]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        pytest.param(ROWS[1:], Fault("missing", 0), id="first dropped"),
        pytest.param(ROWS[:4] + ROWS[5:], Fault("missing", 4), id="one dropped"),
        pytest.param(renumbered(ROWS[:4] + ROWS[5:]), Fault("not what was signed", 4, 4), id="dropped, renumbered"),
        pytest.param(ROWS[:-1], Fault("missing: the log is shorter than what was signed", 7), id="last dropped"),
        pytest.param([], Fault("missing: the log is shorter than what was signed", 0), id="all dropped"),
        pytest.param([*ROWS[:3], ROWS[4], ROWS[3], *ROWS[5:]], Fault("missing", 3), id="out of order"),
        pytest.param(swapped(ROWS), Fault("not what was signed", 3, 3), id="two swapped"),
        pytest.param(swapped(UNMARKED), Fault("not what was signed", 0, 7), id="two swapped, no marks"),
        pytest.param(ROWS[:5] + ROWS[4:], Fault("stored out of order or twice", 5), id="one twice"),
        pytest.param(renumbered(ROWS[:5] + ROWS[4:]), Fault("not what was signed", 5, 5), id="one twice, renumbered"),
        pytest.param(
            [*ROWS, ROWS[0]._replace(number=8)], Fault("beyond the signed head: nobody signed it", 8), id="one too many"
        ),
        pytest.param(
            [ROWS[0]._replace(number=-1), *ROWS], Fault("stored out of order or twice", 0), id="a negative index"
        ),
        pytest.param(with_row(2, number="2"), Fault("stored out of order or twice", 2), id="an index as text"),
        pytest.param(with_row(2, number=2.0), Fault("stored out of order or twice", 2), id="an index as fraction"),
        pytest.param(
            with_row(2, body=GOOD[2].decode()), Fault("stored as something other than bytes", 2), id="a body as text"
        ),
        pytest.param(with_row(2, leaf_hash=None), Fault("stored as something other than bytes", 2), id="no leaf hash"),
        pytest.param(
            with_row(2, leaf_hash=b"x" * 32), Fault("its bytes are not those that were logged", 2), id="hash edited"
        ),
        pytest.param(with_row(2, note=ROWS[1].note), Fault("not what was signed", 2, 2), id="an older mark"),
        pytest.param(
            with_row(2, note=note_at(GOOD[:3], OTHER)),
            Fault(f"the checkpoint kept with it is not the log's: {UNKNOWN_KEY}", 2),
            id="a mark by another key",
        ),
        pytest.param(
            with_row(2, note="scribble"),
            Fault("the checkpoint kept with it is not the log's: a note has a text, a blank line and signatures", 2),
            id="a scribbled mark",
        ),
        pytest.param(
            with_row(2, note=5), Fault("the checkpoint kept with it is not the log's: not text", 2), id="a number mark"
        ),
        pytest.param(
            with_row(2, note="\ud800"),
            Fault("the checkpoint kept with it is not the log's: not text", 2),
            id="half mark",
        ),
    ],
)
def test_what_was_done_to_the_entries_is_found(rows: list[Row], fault: Fault) -> None:
    report = check(rows)
    assert report.fault == fault
    assert not report.ok
    assert report.checked == fault.first


@pytest.mark.parametrize(
    ("head", "message"),
    [
        pytest.param(note_at(GOOD, OTHER).encode(), "no trusted key", id="another key"),
        pytest.param(note_at(GOOD, ELSEWHERE).encode(), "no trusted key", id="another log"),
        pytest.param(HEAD.replace(b"\n8\n", b"\n7\n"), "not that key's", id="edited size"),
        pytest.param(HEAD[:-1], "newline", id="cut"),
        pytest.param(b"", "blank line", id="empty"),
    ],
)
def test_a_head_that_is_not_the_logs_is_refused(head: bytes, message: str) -> None:
    report = check(ROWS, head)
    assert not report.ok
    assert report.fault is not None
    assert report.fault.first is None
    assert message in str(report.fault)
    assert str(report.fault).startswith("the signed head is not the log's: ")
    assert report.checkpoint is None


def test_a_whole_log_signed_again_by_another_key_is_refused() -> None:
    rows, head = resigned([edited(body) for body in GOOD], OTHER)
    assert not check(rows, head).ok
    assert verify_log(rows, head, [OTHER.verifier], now=NOW).ok  # it is the key alone that tells


def test_keys_during_a_change() -> None:
    assert verify_log(ROWS, HEAD, [OTHER.verifier, SIGNER.verifier], now=NOW).ok


@pytest.mark.parametrize(
    ("known", "fault"),
    [
        pytest.param([note_at(GOOD[:5])], None, id="an earlier checkpoint"),
        pytest.param([note_at(GOOD)], None, id="the head itself"),
        pytest.param([note_at([])], None, id="the empty log's"),
        pytest.param([note_at(GOOD[:2]), note_at(GOOD[:6]), note_at(GOOD[:6])], None, id="several"),
        pytest.param(
            [note_at([*GOOD, b"more"])],
            Fault("the log was rolled back: a checkpoint is known that has more entries", 8),
            id="rolled back",
        ),
        pytest.param(
            [note_at([edited(body) for body in GOOD])],
            Fault("two signed checkpoints of one size disagree: the log was forked", 8),
            id="rewritten whole",
        ),
        pytest.param(
            [note_at(GOOD[:5]), note_at([edited(body) for body in GOOD[:5]])],
            Fault("two signed checkpoints of one size disagree: the log was forked", 5),
            id="forked",
        ),
        pytest.param(
            [note_at([*GOOD[:4], edited(GOOD[4])])], Fault("not what was signed", 4, 4), id="rewritten from entry 4"
        ),
        pytest.param(
            [note_at(GOOD[:5], OTHER)],
            Fault("the checkpoint to compare with is not the log's: no trusted key signed the note"),
            id="another key's",
        ),
    ],
)
def test_earlier_checkpoints_are_held_against_the_log(known: list[str], fault: Fault | None) -> None:
    report = check(ROWS, known=[each.encode() for each in known])
    assert report.fault == fault
    assert report.ok == (fault is None)


def test_a_checkpoint_of_another_log_by_a_trusted_key_is_refused() -> None:
    report = verify_log(
        ROWS, HEAD, [SIGNER.verifier, ELSEWHERE.verifier], now=NOW, known=[note_at(GOOD, ELSEWHERE).encode()]
    )
    assert report.fault == Fault("the checkpoint to compare with is another log's")


def test_known_checkpoints_narrow_a_rewrite() -> None:
    body = edited(GOOD[6])
    rows = with_row(6, UNMARKED, body=body, leaf_hash=leaf_hash(body))
    assert check(rows, known=[note_at(GOOD[:5]).encode()]).fault == Fault("not what was signed", 5, 7)


OPEN_FOR = timedelta(minutes=10)


@pytest.mark.parametrize(
    ("story", "fault"),
    [
        pytest.param((question(), answer(0)), None, id="answered"),
        pytest.param((question(), abandoned(0)), None, id="abandoned"),
        pytest.param((question(), answer(0), answer(0)), Fault(ends := "ends entry 0, which is not a question still open", 2), id="answered twice"),
        pytest.param((question(), answer(0), abandoned(0)), Fault(ends, 2), id="answered and abandoned"),
        pytest.param((answer(0),), Fault(ends, 0), id="answers itself"),
        pytest.param((answer(1), question()), Fault("ends entry 1, which is not a question still open", 0), id="answered before it was asked"),
        pytest.param((refused(), answer(0)), Fault(ends, 1), id="answers a refusal"),
        pytest.param((question(), answer(0), answer(1)), Fault("ends entry 1, which is not a question still open", 2), id="answers an answer"),
        pytest.param((question(), answer(7)), Fault("ends entry 7, which is not a question still open", 1), id="answers nothing"),
        pytest.param((question(at=NOW - OPEN_FOR),), None, id="open for just 10 minutes"),
        pytest.param((refused(), question(at=NOW - OPEN_FOR - timedelta(milliseconds=1)), refused()), Fault("a question that has had no end for over 10 minutes", 1), id="open for longer"),
        pytest.param((question(at=NOW + OPEN_FOR + timedelta(milliseconds=1)),), Fault("a question that has had no end for over 10 minutes", 0), id="from the future"),
    ],
)  # fmt: skip
def test_every_question_has_exactly_one_end(story: tuple[Entry, ...], fault: Fault | None) -> None:
    leaves = bodies(story)
    report = check(stored(leaves), note_at(leaves).encode())
    assert report.fault == fault
    assert report.ok == (fault is None)


def test_questions_still_open_are_told() -> None:
    leaves = bodies((question(), question(), answer(0)))
    report = check(stored(leaves), note_at(leaves).encode())
    assert report.ok
    assert report.open == (1,)


@pytest.mark.parametrize("surplus", [0, 1])
def test_open_questions_limit(monkeypatch: pytest.MonkeyPatch, surplus: int) -> None:
    monkeypatch.setattr("hub.audit.verify_story.OPEN_MAX", 3)
    leaves = bodies([question()] * (3 + surplus))
    report = check([row._replace(note=None) for row in stored(leaves)], note_at(leaves).encode())
    assert report.fault == (Fault("more than 3 questions without an end", 3) if surplus else None)


@pytest.mark.parametrize(
    "body", [b" ", b"{}", b"not json", GOOD[0].replace(b'"v":1', b'"v":2'), GOOD[0] + b" "], ids=range(5)
)
def test_signed_bytes_that_are_no_entry_are_a_fault(body: bytes) -> None:
    leaves = [GOOD[1], body]
    report = check(stored(leaves), note_at(leaves).encode())
    assert report.fault is not None
    assert report.fault.first == 1
    assert report.fault.reason.startswith("not an entry of this format: ")


def test_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "PROGRESS_EVERY", 3)
    told: list[tuple[int, int]] = []
    check(ROWS, progress=lambda done, of: told.append((done, of)))
    assert told == [(3, 8), (6, 8), (8, 8)]


def test_rows_are_taken_one_at_a_time() -> None:
    """A log of any size: nothing is read ahead, and nothing is kept but open questions."""
    taken = 0

    def rows() -> Iterable[Row]:
        nonlocal taken
        for row in with_row(3, body=b"bad"):
            taken += 1
            yield row

    assert check(rows()).fault is not None
    assert taken == 4


def test_a_report_is_ok_only_when_all_was_checked() -> None:
    good = check(ROWS)
    assert not replace(good, checked=7).ok
    assert not replace(good, checkpoint=None).ok
    assert not replace(good, fault=Fault("anything")).ok
    assert str(Fault("anything")) == "anything"
    assert str(Fault("bad", 3)) == "entry 3: bad"
    assert OPEN_FOR_MAX == OPEN_FOR
