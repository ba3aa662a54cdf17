"""The fast verifier by itself, without a database: what a chunk tells of its entries, and chunks held together."""

from __future__ import annotations

from array import array
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from hub.audit import verify_fast
from hub.audit.acts import KeyChange
from hub.audit.merkle import Frontier, leaf_hash, perfect_root
from hub.audit.note import SignerKey
from hub.audit.verify_chunk import MISSING, Chunk, PlainRow, check_chunk
from hub.audit.verify_fast import FastWalk
from hub.audit.verify_found import Fault, Report, Stop
from tests.audit import samples
from tests.audit.tampering import (
    SECOND,
    SIGNER,
    STORY,
    Change,
    World,
    key_change,
    note,
    side,
    strictly,
)
from tests.audit.test_verify_tampering import CASES, CHANGED, both, put, told

GOOD = World.of()
Q, END, PART = 1, 2, 3
FACTS = [Q, 0, END, Q + MISSING, Q, END + 16 * 4, PART + 16 * 3, END + 16 * 3, 0, Q, END + 16 * 9, 0]
"""What each entry of the good log is, and of which question."""


def plain(world: World, first: int, last: int) -> list[PlainRow]:
    return [(row.number, row.leaf_hash, row.body, row.note) for row in world.rows[first:last]]


def beside(world: World, first: int, last: int) -> dict[int, str]:
    return {number: row.commitment for number, row in world.sides.items() if first <= number < last}


def checked(world: World, first: int = 0, last: int = 12, sizes: tuple[int, ...] = ()) -> Chunk:
    return check_chunk(first, plain(world, first, last), beside(world, first, last), sizes)


def quickly(world: World, width: int) -> Report:
    """What the fast verifier says by itself, in chunks so wide; a fault comes out as Stop."""
    walk = FastWalk(world.keys, world.head.encode(), [each.encode() for each in world.known])
    sizes = tuple(walk.trust.known)
    for first in range(0, len(world.bodies), width):
        walk.take(checked(world, first, first + width, sizes))
    return walk.finish(world.now, world.bodies.__getitem__, sides=True)


def trees(*sizes: int, first: int = 0) -> dict[int, list[bytes]]:
    return {size: list(Frontier().extend(GOOD.leaves[first:size]).nodes) for size in sizes}


def test_what_a_chunk_tells() -> None:
    assert checked(GOOD) == Chunk(
        0,
        array("q", FACTS),
        {7: 1},
        [(8, GOOD.bodies[8])],
        {size: GOOD.notes[size] for size in (2, 9, 12)},  # the first, the one after what explains a gap, the last
        trees(2, 9, 12),
        Counter(question=4, refused=2, answer=3, abandoned=1, records=1, erasure=1),
    )


@pytest.mark.parametrize(
    ("first", "last", "sizes", "notes", "told_at"),
    [
        pytest.param(4, 8, (), (6,), (6, 8), id="in the middle"),
        pytest.param(4, 8, (3, 4, 5, 8, 9), (6,), (5, 6, 8), id="only at sizes that are within it"),
        pytest.param(8, 12, (), (9, 12), (9, 12), id="its first and its last checkpoint"),
        pytest.param(6, 8, (), (), (8,), id="no checkpoint"),
        pytest.param(11, 12, (), (12,), (12,), id="one entry"),
    ],
)
def test_a_part_of_the_log(
    first: int, last: int, sizes: tuple[int, ...], notes: tuple[int, ...], told_at: tuple[int, ...]
) -> None:
    chunk = checked(GOOD, first, last, sizes)
    assert list(chunk.facts) == FACTS[first:last]
    assert chunk.notes == {size: GOOD.notes[size] for size in notes}
    assert chunk.nodes == trees(*told_at, first=first)


def test_every_change_of_keys_is_followed_by_a_checkpoint() -> None:
    """So that what a retired key signs is found out."""
    story = (samples.refused(), key_change("added", SECOND), samples.refused(), samples.refused(), samples.refused())
    world = World.of(story, {})
    world.notes = {size: note(world.leaves, size) for size in range(1, 6)}
    assert list(checked(world, 0, 5).notes) == [1, 2, 5]
    assert checked(world, 0, 5).counts == {"refused": 4, "key": 1}


def test_where_nobody_looked_no_text_is_missing() -> None:
    chunk = check_chunk(0, plain(GOOD, 0, 12), None)
    assert list(chunk.facts) == [fact - MISSING if number == 3 else fact for number, fact in enumerate(FACTS)]


def test_of_what_was_pruned_only_the_hash_is_left() -> None:
    rows = plain(GOOD, 0, 2)
    rows[0] = (0, rows[0][1], b"", None)
    chunk = check_chunk(0, rows, {0: "ab" * 32})
    assert (list(chunk.facts), chunk.counts) == ([4, 0], {"refused": 1})
    assert chunk.nodes[2] == trees(2)[2]


NOT_ROW = "missing, or stored in another form"
BESIDE = "there is text beside it that it does not speak of"


def row(at: int, **changes: Any) -> list[PlainRow]:
    """The good log's rows, with parts of one changed."""
    parts = {"number": at, "leaf": GOOD.leaves[at], "body": GOOD.bodies[at], "note": None} | changes
    rows = plain(GOOD, 0, 12)
    rows[at] = tuple(parts.values())  # type: ignore[assignment]
    return rows


def forged(at: int, body: bytes) -> list[PlainRow]:
    return row(at, body=body, leaf=leaf_hash(body))


@pytest.mark.parametrize(
    ("rows", "sides", "fault"),
    [
        pytest.param(row(3, number=4), {}, Fault(NOT_ROW, 3), id="one is missing"),
        pytest.param(row(3, number=2), {}, Fault(NOT_ROW, 3), id="one twice"),
        pytest.param(row(1, number=True), {}, Fault(NOT_ROW, 1), id="a number that is none"),
        pytest.param(row(3, leaf="a hash"), {}, Fault(NOT_ROW, 3), id="a hash that is text"),
        pytest.param(row(3, body="an entry"), {}, Fault(NOT_ROW, 3), id="an entry that is text"),
        pytest.param(row(3, body=None), {}, Fault(NOT_ROW, 3), id="no entry and nothing in its place"),
        pytest.param(row(4, body=GOOD.bodies[4] + b" "), {}, Fault(CHANGED, 4), id="a byte more"),
        pytest.param(row(4, leaf=bytes(32)), {}, Fault(CHANGED, 4), id="another hash"),
        pytest.param(
            forged(1, GOOD.bodies[1].replace(b"403", b" 403")),
            {},
            Fault("not an entry of this format", 1),
            id="a space",
        ),
        pytest.param(forged(1, b"hello"), {}, Fault("not an entry of this format", 1), id="nothing like an entry"),
        pytest.param(plain(GOOD, 0, 12), {2: "ab" * 32}, Fault(BESIDE, 2), id="a text beside an answer"),
        pytest.param(plain(GOOD, 0, 12), {6: "ab" * 32}, Fault(BESIDE, 6), id="a text beside records"),
        pytest.param(
            plain(GOOD, 0, 12),
            {1: "ab" * 32},
            Fault("the text beside it is not what was written then", 1),
            id="a text beside a refusal",
        ),
        pytest.param(
            plain(GOOD, 0, 12),
            {9: "ab" * 32},
            Fault("the text beside it is not what was written then", 9),
            id="another text",
        ),
        pytest.param(plain(GOOD, 0, 12), {14: "", 13: ""}, Fault(BESIDE, 13), id="a text beside no entry"),
    ],
)
def test_what_a_chunk_refuses(rows: list[PlainRow], sides: dict[int, str], fault: Fault) -> None:
    with pytest.raises(Stop) as stop:
        check_chunk(0, rows, sides)
    assert stop.value.fault == fault


@pytest.fixture(params=[1, 2, 4, 16])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """So many entries in a chunk, instead of 4,096."""
    monkeypatch.setattr(verify_fast, "CHUNK_ROWS", request.param)
    return int(request.param)


OPEN = told(samples.refused(), samples.question(), samples.refused())


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(told(), id="an empty log"),
        pytest.param(put(), id="a day's log"),
        pytest.param(told(*STORY, *[samples.refused()] * 40, sides={0: side(0), 9: side(9)}), id="a longer one"),
        pytest.param(OPEN, id="a question still being answered"),
        pytest.param(lambda world: world.known.extend([world.notes[3], world.notes[9]]), id="known checkpoints"),
        pytest.param(
            both(
                told(key_change("added", SECOND), samples.refused(), key_change("retired", SIGNER)),
                lambda world: world.__dict__.update(
                    notes={1: note(world.leaves, 1)}, head=note(world.leaves, 3, SECOND)
                ),
            ),
            id="one key after another",
        ),
    ],
)
def test_it_says_of_a_good_log_what_the_strict_one_says(change: Change, width: int) -> None:
    world = GOOD.copy()
    change(world)
    report, strict = quickly(world, width), strictly(world)
    assert strict.ok
    assert (report.fault, report.checkpoint, report.checked, report.open) == (
        strict.fault,
        strict.checkpoint,
        strict.checked,
        strict.open,
    )
    assert report.counts == strict.counts


ELSEWHERE_FOUND = {"one added at the end", "a text beside no entry"}
"""What is outside the entries that were signed, whoever reads the database looks for."""


@pytest.mark.parametrize("change", [pytest.param(case.values[0], id=str(case.id)) for case in CASES
                                    if case.id not in ELSEWHERE_FOUND])  # fmt: skip
def test_it_refuses_what_the_strict_one_refuses(change: Change, width: int) -> None:
    world = GOOD.copy()
    change(world)
    with pytest.raises(Stop):
        quickly(world, width)


@pytest.mark.parametrize(
    ("act", "signer"),
    [
        pytest.param(key_change("added", SECOND), SECOND, id="a key that is added next"),
        pytest.param(key_change("retired", SIGNER), SECOND, id="a key that was never added"),
    ],
)
def test_a_change_of_keys_counts_from_its_own_entry_on(act: KeyChange, signer: SignerKey, width: int) -> None:
    world = World.of((samples.refused(), act, samples.refused()), {})
    world.notes = {1: note(world.leaves, 1, signer)}
    with pytest.raises(Stop) as stop:
        quickly(world, width)
    assert stop.value.fault == strictly(world).fault
    assert stop.value.fault.first == 0


def test_chunks_come_in_order() -> None:
    walk = FastWalk((SIGNER.verifier,), GOOD.head.encode(), ())
    with pytest.raises(Stop) as stop:
        walk.take(checked(GOOD, 4, 8))
    assert stop.value.fault == Fault("missing", 0)


def test_a_log_that_is_short_is_not_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_fast, "CHUNK_ROWS", 4)
    walk = FastWalk((SIGNER.verifier,), GOOD.head.encode(), ())
    walk.take(checked(GOOD, 0, 4))
    walk.take(checked(GOOD, 4, 8))
    with pytest.raises(Stop) as stop:
        walk.finish(GOOD.now, GOOD.bodies.__getitem__, sides=True)
    assert stop.value.fault == Fault("missing: the log is shorter than what was signed", 8)


@pytest.mark.parametrize(
    ("late", "fault"),
    [
        pytest.param(timedelta(minutes=10), None, id="ten minutes"),
        pytest.param(timedelta(minutes=10, seconds=1), 1, id="more"),
    ],
)
def test_how_long_a_question_is_open(late: timedelta, fault: int | None) -> None:
    world = GOOD.copy()
    OPEN(world)
    world.now = samples.AT + late
    if fault is None:
        assert quickly(world, 4_096).open == (1,)
        return
    with pytest.raises(Stop) as stop:
        quickly(world, 4_096)
    assert stop.value.fault == Fault("a question that has had no end for over 10 minutes", fault)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (2, 3), (0, 8), (4, 8), (8, 12)])
def test_the_root_of_a_perfect_subtree(low: int, high: int) -> None:
    joined = b"".join(GOOD.leaves[low:high])
    assert perfect_root(joined) == Frontier().extend(GOOD.leaves[low:high]).root
