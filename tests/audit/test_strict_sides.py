"""The strict verifier and the text beside entries: what is there, what is gone, and what nobody looked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from hub.audit.verify import verify_log
from hub.audit.verify_found import Fault, Row, Stop
from tests.audit import samples
from tests.audit.tampering import ELSEWHERE, SIGNER, Change, World, erasure, note, pruning, side, strictly
from tests.audit.test_verify_tampering import CASES

GOOD = World.of()
TEXTS = {number: side(number).commitment for number in range(42)}
GONE = "the text beside it is gone, and no later entry says that it was erased"
NOT_SAID = "there is text beside it that it does not speak of"


def fault_of(world: World, sides: Sequence[tuple[int, str]] | None) -> Fault | None:
    report = verify_log(world.rows, world.head.encode(), SIGNER.verifier, now=world.now, sides=sides)
    assert report.ok == (report.fault is None)
    return report.fault


def at(*numbers: int) -> list[tuple[int, str]]:
    return [(number, TEXTS[number]) for number in numbers]


@pytest.mark.parametrize(
    ("sides", "fault"),
    [
        pytest.param(at(0, 9), None, id="all there, 3 was erased"),
        pytest.param(None, None, id="nobody looked"),
        pytest.param(at(), Fault(GONE, 0), id="nothing there"),
        pytest.param(at(0), Fault(GONE, 9), id="the last one gone"),
        pytest.param(at(9), Fault(GONE, 0), id="the first one gone"),
        pytest.param(at(0, 1, 9), Fault(NOT_SAID, 1), id="beside a refusal"),
        pytest.param(at(0, 2, 9), Fault(NOT_SAID, 2), id="beside an answer"),
        pytest.param(at(0, 9, 11), Fault(NOT_SAID, 11), id="beside the last entry"),
        pytest.param(
            [*at(0), (9, TEXTS[0])], Fault("the text beside it is not what was written then", 9), id="another text"
        ),
        pytest.param(
            at(0, 3, 9), Fault("erases the text beside entry 3, which has none or still has it", 8), id="back again"
        ),
        pytest.param(
            at(0, 9, 40), Fault("there is text beside entry 40, which is not there or came before"), id="of no entry"
        ),
        pytest.param(
            at(0, 9, 9), Fault("there is text beside entry 9, which is not there or came before"), id="one twice"
        ),
    ],
)
def test_what_is_said_of_them(sides: list[tuple[int, str]] | None, fault: Fault | None) -> None:
    assert fault_of(GOOD, sides) == fault


@pytest.mark.parametrize("sides", [at(), at(0)], ids=["gone with it", "left behind"])
def test_beside_what_was_pruned_there_may_be_text_or_not(sides: list[tuple[int, str]]) -> None:
    story = (samples.question(side=TEXTS[0]), samples.answer(0), pruning(2), samples.refused())
    world = World.of(story, {})
    world.bodies[:2] = [b"", b""]
    assert fault_of(world, sides) is None


def test_an_erasure_of_what_nobody_looked_for_is_taken() -> None:
    world = World.of((samples.question(side=TEXTS[0]), samples.answer(0), erasure(0, 1)), {})
    assert fault_of(world, None) is None
    assert fault_of(world, at()) == Fault("erases the text beside entry 1, which has none or still has it", 2)


ROW = GOOD.rows[3]


def row(**parts: Any) -> Row:
    """Entry 3 as a database can have it: any type in any column."""
    return ROW._replace(**parts)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        pytest.param(row(number=2), "stored out of order or twice", id="a number that was"),
        pytest.param(row(number=4), "missing", id="a number to come"),
        pytest.param(row(number="3"), "stored out of order or twice", id="a number that is text"),
        pytest.param(row(body="{}"), "stored as something other than bytes", id="an entry that is text"),
        pytest.param(row(body=None), "stored as something other than bytes", id="nothing, not even bytes"),
        pytest.param(row(leaf_hash="ab"), "stored as something other than bytes", id="a hash that is text"),
        pytest.param(row(leaf_hash=bytes(32)), "its bytes are not those that were logged", id="another hash"),
        pytest.param(
            row(note="no note"),
            "the checkpoint kept with it is not the log's: a note has a text, a blank line and signatures",
            id="a checkpoint that is none",
        ),
        pytest.param(
            row(note=b"no text"),
            "the checkpoint kept with it is not the log's: not text",
            id="a checkpoint that is no text",
        ),
    ],
)
def test_what_is_wrong_with_one_row(bad: Row, reason: str) -> None:
    world = GOOD.copy()
    rows = [*world.rows[:3], bad, *world.rows[4:]]
    report = verify_log(rows, world.head.encode(), SIGNER.verifier, now=world.now)
    assert (report.fault, report.checked) == (Fault(reason, 3), 3)
    assert report.checkpoint is not None, "the head is the log's all the same"
    assert report.checkpoint.size == 12


@pytest.mark.parametrize(("change", "says"), [pytest.param(*case.values[:2], id=str(case.id)) for case in CASES])
def test_whatever_was_done_it_names_the_entry_or_the_reason(change: Change, says: str) -> None:
    world = GOOD.copy()
    change(world)
    report = strictly(world)
    assert says in str(report.fault)


@pytest.mark.parametrize(
    ("head", "known", "reason"),
    [
        pytest.param(
            note(GOOD.leaves, 12, ELSEWHERE),
            [],
            "the signed head is not the log's: no trusted key signed it, and it is another log's",
            id="another log's head",
        ),
        pytest.param(
            GOOD.head,
            ["nothing"],
            "the checkpoint to compare with is not the log's: a note has a text, a blank line and signatures",
            id="nothing to compare with",
        ),
    ],
)
def test_what_is_wrong_with_what_was_signed(head: str, known: list[str], reason: str) -> None:
    report = verify_log(GOOD.rows, head.encode(), GOOD.keys, now=GOOD.now, known=[each.encode() for each in known])
    assert (report.fault, report.checked) == (Fault(reason), 0)


def test_a_fault_comes_whole_out_of_another_process() -> None:
    """An exception is sent as its arguments."""
    stop = Stop("missing", 3, 5)
    assert stop.args == ("missing", 3, 5)
    assert Stop(*stop.args).fault == stop.fault == Fault("missing", 3, 5)
    assert Stop("missing").fault == Fault("missing", None, None)


def test_an_entry_beyond_the_head_is_nobodys() -> None:
    world = GOOD.copy()
    report = verify_log(world.rows, note(world.leaves, 11).encode(), SIGNER.verifier, now=world.now)
    assert report.fault == Fault("beyond the signed head: nobody signed it", 11)
