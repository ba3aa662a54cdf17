"""Every way a log can be wrong, each refused by all three verifiers, with the entry or the reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.audit.entries import Entry
from hub.audit.merkle import leaf_hash
from hub.audit.note import decode_base64, encode_base64
from tests.audit import samples
from tests.audit.samples import abandoned, answer, question, refused
from tests.audit.tampering import (
    ELSEWHERE,
    SECOND,
    SIDES,
    SIGNER,
    STORY,
    THIRD,
    Change,
    World,
    encoded,
    erasure,
    in_database,
    key_change,
    note,
    offline,
    parted,
    pruning,
    records,
    side,
    strictly,
)

GOOD = World.of()
LONG = (*STORY, *(refused() for _ in range(290)))
"""A log with a full tile."""


def edited(body: bytes) -> bytes:
    """The body with one byte changed so that it is still a good entry."""
    return body.replace(b"2026-11-20", b"2026-11-19", 1)


def told(*story: Entry, **more: object) -> Change:
    """A log that its own hub wrote so, with all signatures in order."""

    def change(world: World) -> None:
        world.__dict__.update(World.of(story, **({"sides": {}} | more)).__dict__)  # type: ignore[arg-type]

    return change


def forged(number: int, body: bytes | None = None) -> Change:
    """Another entry in one's place, with its hash."""
    return lambda world: world.forge(number, edited(world.bodies[number]) if body is None else body)


def moved(*order: int) -> Change:
    """The entries in another order, or some only."""

    def change(world: World) -> None:
        world.bodies = [world.bodies[number] for number in order]
        world.leaves = [world.leaves[number] for number in order]

    return change


def noted(size: int, signer: object = SIGNER) -> Change:
    def change(world: World) -> None:
        world.notes[size] = note(world.leaves, size, signer)  # type: ignore[arg-type]

    return change


def rewritten(world: World) -> None:
    """The whole log anew with the log's own key; only who kept a checkpoint can tell."""
    world.known = [world.notes[6]]
    told(*(replace(entry, at=entry.at - timedelta(days=1)) for entry in STORY), sides=SIDES, known=world.known)(world)


def rolled_back(world: World) -> None:
    world.known = [world.head]
    told(*STORY[:9], sides={0: side(0)}, known=world.known)(world)


def both(*changes: Change) -> Change:
    def change(world: World) -> None:
        for each in changes:
            each(world)

    return change


def put(**values: object) -> Change:
    return lambda world: world.__dict__.update(values)


def head(make: object) -> Change:
    return lambda world: world.__dict__.update(head=make(world.head))  # type: ignore[operator]


def stray_bits(text: str) -> str:
    """The root in base64 that a lax reader takes for the same bytes."""
    at = text.index("=\n\n") - 1
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return f"{text[:at]}{letters[letters.index(text[at]) | 1]}{text[at + 1 :]}"


def flipped(text: str) -> str:
    """The last bit of the last signature is another."""
    rest, _, value = text.rstrip("\n").rpartition(" ")
    data = bytearray(decode_base64(value))
    data[-1] ^= 1
    return f"{rest} {encode_base64(bytes(data))}\n"


def resigned(old: str, new: str) -> Change:
    """The log's key signed another text, also one that our signer would not sign."""

    def signed(note: str) -> str:
        text = (note.partition("\n\n")[0] + "\n").replace(old, new)
        value = encode_base64(SIGNER.verifier.key_id + SIGNER.sign_bytes(text.encode()))
        return f"{text}\n\u2014 {SIGNER.name} {value}\n"

    return head(signed)


def beside(number: int, row: object) -> Change:
    def change(world: World) -> None:
        if row is None:
            del world.sides[number]
        else:
            world.sides[number] = row  # type: ignore[assignment]

    return change


def bare(*numbers: int) -> Change:
    def change(world: World) -> None:
        for number in numbers:
            world.bodies[number] = b""

    return change


LONG_AGO = samples.AT - timedelta(hours=1)
NO_END = "a question that has had no end for over 10 minutes"
CHANGED = "its bytes are not those that were logged"
GONE = "its bytes are gone, and no later entry says that it was pruned"
ERASED = "the text beside it is gone, and no later entry says that it was erased"
OTHER_TEXT = "the text beside it is not what was written then"
NOT_OPEN = "which is not a question still open"
PARTS = "parts of an answer are missing, or belong to another"
HEAD = "the signed head is not the log's: "

# what was done, what the two verifiers of a database say, what verify.py says
CASES = [
    pytest.param(lambda world: world.bodies.__setitem__(5, edited(world.bodies[5])), f"entry 5: {CHANGED}", f"entry 5: {CHANGED}", id="an entry edited"),
    pytest.param(lambda world: world.bodies.__setitem__(11, world.bodies[11] + b" "), f"entry 11: {CHANGED}", f"entry 11: {CHANGED}", id="a byte added to the last entry"),
    pytest.param(lambda world: world.leaves.__setitem__(4, leaf_hash(b"")), f"entry 4: {CHANGED}", f"entry 4: {CHANGED}", id="a hash edited"),
    pytest.param(forged(4), "between entries 3 and 5: not what was signed", "between entries 3 and 5: not what was signed", id="an entry and its hash edited"),
    pytest.param(both(forged(4), put(notes={})), "between entries 0 and 11: not what was signed", "between entries 0 and 11: not what was signed", id="and the kept checkpoints rubbed out"),
    pytest.param(both(forged(11), lambda world: world.notes.pop(12)), "between entries 11 and 11: not what was signed".replace("between entries 11 and 11", "entry 11"), "between entries 11 and 11: not what was signed", id="the last entry and its hash edited"),
    pytest.param(moved(0, 1, 2, 3, 5, 4, 6, 7, 8, 9, 10, 11), "entry 4: ends entry 4, ", "between entries 3 and 5: not what was signed", id="two entries swapped"),
    pytest.param(moved(0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), "between entries 0 and 1: not what was signed", "between entries 0 and 1: not what was signed", id="one inserted, the last pushed out"),
    pytest.param(moved(0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 11), "between entries 6 and 8: not what was signed", "between entries 6 and 8: not what was signed", id="one dropped, the last doubled"),
    pytest.param(moved(0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), "between entries 0 and 1: not what was signed", "tile/0/000.p/12", id="one dropped"),
    pytest.param(moved(*range(9)), "entry 9: missing: the log is shorter than what was signed", "tile/0/000.p/12", id="a truncated tail"),
    pytest.param(moved(*range(12), 11), "entry 12: beyond the signed head: nobody signed it", "tile/", id="one added at the end"),
    pytest.param(rolled_back, "entry 9: the log was rolled back: a checkpoint is known that has more entries", "a checkpoint of 12 entries is known, the export has 9: it was rolled back", id="a rollback"),
    pytest.param(rewritten, "between entries 3 and 5: not what was signed", "between entries 3 and 5: not what was signed", id="a rewrite signed anew"),
    pytest.param(lambda world: world.known.append(note([*world.leaves[:11], leaf_hash(b"x")])), "entry 12: two signed checkpoints of one size disagree: the log was forked", "between entries 11 and 11: not what was signed", id="a fork"),
    pytest.param(lambda world: world.known.append(note([leaf_hash(b"x")] * 4)), "entry 3: not what was signed", "between entries 3 and 3: not what was signed", id="an older checkpoint of another history"),
    pytest.param(lambda world: world.known.append(note(world.leaves, 12, ELSEWHERE)), "the checkpoint to compare with is not the log's: no trusted key signed it, and it is another log's", "the checkpoint is another log's", id="a checkpoint of another log to compare with"),
    pytest.param(put(keys=(SECOND.verifier,)), "entry 1: the checkpoint kept with it is not the log's", "no key that is trusted here signed the checkpoint", id="another key is trusted"),
    pytest.param(lambda world: world.__dict__.update(head=note(world.leaves, 12, SECOND), notes={}), HEAD, "no key that is trusted here signed the checkpoint", id="a head signed by another key"),
    pytest.param(lambda world: world.__dict__.update(head=note(world.leaves, 12, ELSEWHERE)), HEAD, "the checkpoint is another log's", id="the head of another log"),
    pytest.param(head(lambda text: text.replace("\n12\n", "\n13\n")), HEAD, "not that key's", id="a head with its size edited"),
    pytest.param(head(flipped), HEAD, "not that key's", id="a head with its signature edited"),
    pytest.param(resigned("testshire", "elsewhere"), HEAD, "another log's", id="a head that its key signed for another log"),
    pytest.param(resigned("=\n", "=\nx\x0by\n"), HEAD, "a note has", id="signed, with a control character"),
    pytest.param(resigned("=\n", "=\n" + "x" * 70_000 + "\n"), HEAD, "a note has", id="signed, and too long"),
    pytest.param(resigned("=\n", "=\n\nx\n"), HEAD, "an origin, a size and a root", id="signed, with an empty line"),
    pytest.param(resigned("\n12\n", "\n012\n"), HEAD, "without leading zeros", id="signed, with a leading zero"),
    pytest.param(head(lambda text: text.replace("\n12\n", "\n012\n")), HEAD, "without leading zeros", id="a leading zero"),
    pytest.param(head(lambda text: text.replace("\n12\n", "\n+12\n")), HEAD, "without leading zeros", id="a sign before the size"),
    pytest.param(head(lambda text: text.replace("\n12\n", "\n9223372036854775808\n")), HEAD, "below 2^63", id="a size of 2^63"),
    pytest.param(head(lambda text: text.replace("\n", "\r\n")), HEAD, "a note has", id="carriage returns"),
    pytest.param(head(lambda text: text.replace("log\n", "log\x0b\n", 1)), HEAD, "a note has", id="a control character"),
    pytest.param(head(lambda text: text[:-1]), HEAD, "a newline at its end", id="no newline at the end"),
    pytest.param(head(lambda text: text.replace("\n\n", "\n")), HEAD, "a note has", id="no blank line"),
    pytest.param(head(stray_bits), HEAD, "not canonical base64", id="a root that is not canonical base64"),
    pytest.param(head(lambda text: text.replace("\u2014 ", "- ")), HEAD, "em dash", id="another dash"),
    pytest.param(head(lambda text: text + text.rpartition("\n\n")[2]), HEAD, "two signatures by one key", id="a signature twice"),
    pytest.param(head(lambda text: "\n" + text), HEAD, "", id="a line before the origin"),
    pytest.param(noted(9, SECOND), "entry 8: the checkpoint kept with it is not the log's", "no key that is trusted here signed the checkpoint of 9", id="a kept checkpoint by another key"),
    pytest.param(lambda world: world.notes.update({9: note([leaf_hash(b"x")] * 9)}), "between entries 6 and 8: not what was signed", "between entries 6 and 8: not what was signed", id="a kept checkpoint of another history"),
    pytest.param(beside(0, side(9)), f"entry 0: {OTHER_TEXT}", f"entry 0: {OTHER_TEXT}", id="two texts swapped"),
    pytest.param(beside(9, replace(side(9), body=b"something else")), f"entry 9: {OTHER_TEXT}", f"entry 9: {OTHER_TEXT}", id="a text edited"),
    pytest.param(beside(9, None), f"entry 9: {ERASED}", f"entry 9: {ERASED}", id="a text gone without an erasure"),
    pytest.param(beside(1, side(1)), "entry 1: there is text beside it that it does not speak of", "entry 1: there is text beside it that it does not speak of", id="a text beside a refusal"),
    pytest.param(beside(2, side(1)), "entry 2: there is text beside it that it does not speak of", "entry 2: there is text beside it that it does not speak of", id="a text beside an answer"),
    pytest.param(beside(40, side(1)), "there is text beside entry 40", "entry 40: ", id="a text beside no entry"),
    pytest.param(beside(3, side(3)), "entry 8: erases the text beside entry 3, which has none or still has it", "entry 8: erases text beside entry 3", id="a text that was erased, back again"),
    pytest.param(told(question(), answer(0), erasure(0)), "entry 2: erases the text beside entry 0", "entry 2: erases text beside entry 0", id="an erasure of what never was"),
    pytest.param(told(erasure(1), question(side="ab" * 32), answer(1)), "entry 0: erases the text beside entry 1", "entry 0: erases text beside entry 1", id="an erasure before its entry"),
    pytest.param(told(question(side="ab" * 32), answer(0), question(side="cd" * 32), answer(2), erasure(2)), f"entry 0: {ERASED}", f"entry 0: {ERASED}", id="an erasure of another"),
    pytest.param(told(refused(), answer(0)), f"entry 1: ends entry 0, {NOT_OPEN}", f"entry 1: of entry 0, {NOT_OPEN}", id="an answer without a question"),
    pytest.param(told(answer(1), question()), f"entry 0: ends entry 1, {NOT_OPEN}", f"entry 0: of entry 1, {NOT_OPEN}", id="an answer before its question"),
    pytest.param(told(question(), answer(0), refused(), answer(0)), f"entry 3: ends entry 0, {NOT_OPEN}", f"entry 3: of entry 0, {NOT_OPEN}", id="two answers"),
    pytest.param(told(question(), answer(0), abandoned(0)), f"entry 2: ends entry 0, {NOT_OPEN}", f"entry 2: of entry 0, {NOT_OPEN}", id="an answer, and abandoned"),
    pytest.param(told(refused(), question(at=LONG_AGO), refused()), f"entry 1: {NO_END}", f"entry 1: {NO_END}", id="a question without an end"),
    pytest.param(told(question(), parted(0)), f"entry 1: {PARTS}", f"entry 1: {PARTS}", id="parts missing"),
    pytest.param(told(question(), records(0), records(0), parted(0)), f"entry 3: {PARTS}", f"entry 3: {PARTS}", id="a part too many"),
    pytest.param(told(question(), records(0), answer(0)), f"entry 2: {PARTS}", f"entry 2: {PARTS}", id="parts that are not claimed"),
    pytest.param(told(question(), question(), records(0), parted(1), answer(0)), f"entry 3: {PARTS}", f"entry 3: {PARTS}", id="parts of another answer"),
    pytest.param(told(question(), records(0), refused(), parted(0)), f"entry 2: {PARTS}", f"entry 2: {PARTS}", id="something between parts and answer"),
    pytest.param(told(question(), question(), records(0), records(1), parted(1, 2)), "entry 3: records of entry 1", "entry 3: records of two", id="parts of two answers mixed"),
    pytest.param(told(question(), records(0)), "entry 1: parts of an answer that is not there", "entry 1: parts of an answer that is not there", id="parts at the end"),
    pytest.param(told(refused(), records(0)), "entry 1: records of entry 0", f"entry 1: of entry 0, {NOT_OPEN}", id="parts of no question"),
    pytest.param(bare(1), f"entry 1: {GONE}", f"entry 1: {GONE}", id="bytes gone"),
    pytest.param(bare(0, 1, 2), f"entry 0: {GONE}", f"entry 0: {GONE}", id="a question and its answer gone"),
    pytest.param(both(told(question(), answer(0), refused(), pruning(2)), bare(0, 1, 2)), f"entry 2: {GONE}", f"entry 2: {GONE}", id="more gone than was pruned"),
    pytest.param(told(question(), answer(0), pruning(9)), "entry 2: prunes entries that come after it", "entry 2: prunes entries that come after it", id="a pruning of what is to come"),
    pytest.param(told(refused(), question(at=LONG_AGO), refused(), pruning(2)), f"entry 1: {NO_END}", f"entry 1: {NO_END}", id="a question without an end, and a pruning of nothing"),
    pytest.param(both(told(refused(), question(at=LONG_AGO), refused(), pruning(2)), bare(0)), f"entry 1: {NO_END}", f"entry 1: {NO_END}", id="a question without an end, and all after it there"),
    pytest.param(both(told(question(), answer(0), refused(), abandoned(0), pruning(1)), bare(0)), f"entry 3: ends entry 0, {NOT_OPEN}", f"entry 3: of entry 0, {NOT_OPEN}", id="two ends of a pruned question"),
    pytest.param(both(told(question(), answer(0), records(0), parted(0), pruning(1)), bare(0)), "entry 2: records of entry 0", f"entry 2: of entry 0, {NOT_OPEN}", id="parts of a pruned question that was answered"),
    pytest.param(both(told(question(), refused(), records(0), answer(0), pruning(2)), bare(1)), f"entry 3: {PARTS}", f"entry 3: {PARTS}", id="parts after what was pruned that are not claimed"),
    pytest.param(both(told(question(), question(), refused(), records(0), parted(1, 2), abandoned(0), pruning(3)), bare(2)), f"entry 4: {PARTS}", f"entry 4: {PARTS}", id="parts after what was pruned, of another answer"),
    pytest.param(both(told(question(), refused(), records(0), records(0), parted(0), pruning(2)), bare(1)), f"entry 4: {PARTS}", f"entry 4: {PARTS}", id="parts after what was pruned, one too many"),
    pytest.param(told(refused(), key_change("retired", THIRD), refused()), "entry 1: retires the key", "a change of keys that cannot be", id="a key retired that never was"),
    pytest.param(told(refused(), key_change("retired", SIGNER), refused()), "entry 1: retires the key", "a change of keys that cannot be", id="the only key retired"),
    pytest.param(told(refused(), key_change("lost", SECOND)), "entry 1: a change of keys that is neither", "a change of keys that cannot be", id="a change of keys that is none"),
    pytest.param(both(told(key_change("added", SECOND), refused(), key_change("retired", SIGNER), refused()), lambda world: world.__dict__.update(notes={1: note(world.leaves, 1)})), HEAD, "no key that is trusted here signed the checkpoint of 4", id="a retired key signs"),
    pytest.param(both(told(key_change("added", SECOND), refused(), key_change("retired", SIGNER), refused(), key_change("added", SIGNER)), lambda world: world.__dict__.update(notes={1: note(world.leaves, 1), 3: note(world.leaves, 3, SECOND)}, head=note(world.leaves, 5, SECOND))), "entry 4: adds the key", "a change of keys that cannot be", id="a retired key comes back"),
    pytest.param(both(told(refused(), refused(), refused()), lambda world: world.__dict__.update(head=note(world.leaves, 3, SECOND))), HEAD, "no key that is trusted here signed the checkpoint of 3", id="a key signs that nobody added"),
    pytest.param(both(told(*STORY[:2], key_change("added", SECOND)), lambda world: world.__dict__.update(notes={}, head=note(world.leaves, 3, SECOND))), HEAD, "no key that is trusted here signed the checkpoint of 3", id="a key adds itself"),
    *(
        pytest.param(both(told(*STORY, sides=SIDES), lambda world, body=body: both(forged(11, body), lambda world: world.__dict__.update(notes={}, head=note(world.leaves)))(world)), "entry 11: not an entry of this format", "entry 11: not an entry of this format", id=f"signed, and {name}")
        for name, body in {
            "of another version": GOOD.bodies[11].replace(b'"v":1', b'"v":2'),
            "of no kind": GOOD.bodies[11].replace(b"refused", b"revised"),
            "with a space": GOOD.bodies[11].replace(b":403", b": 403"),
            "with a key twice": GOOD.bodies[11].replace(b'"code"', b'"code":"A","code"'),
            "with a name in it": GOOD.bodies[11].replace(b"nhs-portal", "Zo\u00eb".encode()),
            "with a line break": GOOD.bodies[11].replace(b"nhs-portal", b"nhs\\nportal"),
            "no JSON": b"hello",
        }.items()
    ),
    pytest.param(both(told(*LONG, sides=SIDES), forged(300)), "between entries 11 and 301: not what was signed", "between entries 11 and 301: not what was signed", id="a long log: an entry in the last tile"),
    pytest.param(both(told(*LONG, sides=SIDES), forged(100)), "between entries 11 and 301: not what was signed", "between entries 11 and 301: not what was signed", id="a long log: an entry in a full tile"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "says", "offline_says"), CASES)
def test_all_three_refuse_it(
    change: Change, says: str, offline_says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = GOOD.copy()
    change(world)
    report = strictly(world)
    assert not report.ok
    assert says in str(report.fault)
    assert in_database(world, tmp_path).fault == report.fault
    assert in_database(world, tmp_path, thorough=True).fault == report.fault
    asked: list[object] = []
    monkeypatch.setattr("hub.store.verify._Checking.strict", lambda self: asked.append(self) or report)
    in_database(world, tmp_path)
    assert asked, "the fast pass itself must have noticed"
    found = offline(world, tmp_path)
    assert found != ""
    assert offline_says in found


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 30


TAKEN = [
    pytest.param(told(), {}, id="an empty log"),
    pytest.param(put(), {"question": 4}, id="a day's log"),
    pytest.param(told(*LONG, sides=SIDES), {"refused": 292}, id="a long log"),
    pytest.param(put(notes={}), {"question": 4}, id="no kept checkpoints"),
    pytest.param(lambda world: world.known.extend([world.notes[3], world.head]), {}, id="known checkpoints"),
    pytest.param(both(told(question(), answer(0), refused(), pruning(2)), bare(0, 1)), {"prune": 1}, id="pruned"),
    pytest.param(both(told(question(), answer(0), question(), answer(2), pruning(3)), bare(0, 2)), {"answer": 2}, id="pruned, ends on hold"),
    pytest.param(both(told(question(), records(0), parted(0), refused(), pruning(2)), bare(0, 1)), {"answer": 1}, id="pruned, an answer without its parts"),
    pytest.param(both(told(question(side="ab" * 32), answer(0), erasure(0), pruning(1)), bare(0)), {"erasure": 1}, id="pruned after an erasure"),
    pytest.param(both(told(question(), records(0), records(0), parted(0, 2), pruning(2)), bare(1)), {"records": 1}, id="pruned, an answer without its first part"),
    pytest.param(both(told(question(at=LONG_AGO), abandoned(0), refused(), pruning(2)), bare(1)), {"question": 1}, id="pruned, a question without its end on hold"),
    pytest.param(told(question(side="ab" * 32), answer(0), erasure(0), erasure(0)), {"erasure": 2}, id="a text erased twice"),
    pytest.param(both(told(key_change("added", SECOND), refused()), lambda world: world.__dict__.update(notes={1: note(world.leaves, 1)}, head=note(world.leaves, 2, SECOND))), {"key": 1}, id="a new key signs"),
    pytest.param(both(told(key_change("added", SECOND), refused(), key_change("retired", SIGNER), refused()), lambda world: world.__dict__.update(notes={1: note(world.leaves, 1), 3: note(world.leaves, 3, SECOND, SIGNER)}, head=note(world.leaves, 4, SECOND))), {"key": 2}, id="the old key is retired"),
    pytest.param(resigned("=\n", "=\nfurther\nlines\n"), {"question": 4}, id="further lines in the head"),
    pytest.param(told(refused(), question()), {"question": 1}, id="a question still being answered"),
    pytest.param(told(refused(at=samples.AT + timedelta(days=1)), refused()), {"refused": 2}, id="a clock stepped back"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "counts"), TAKEN)
def test_what_all_three_take(change: Change, counts: dict[str, int], tmp_path: Path) -> None:
    world = GOOD.copy()
    change(world)
    report = strictly(world)
    assert report.ok, report.fault
    assert report.counts.items() >= counts.items()
    quick = in_database(world, tmp_path)
    assert quick.ok
    assert {**report.counts, "pruned": 0} == {"pruned": 0, **quick.counts}
    assert (quick.open, quick.checked, quick.checkpoint) == (report.open, report.checked, report.checkpoint)
    assert offline(world, tmp_path) == ""


def test_the_fast_pass_answers_for_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.store.verify._Checking.strict", None)
    assert in_database(GOOD, tmp_path).ok


def test_encoded_entries_differ_by_their_nonce() -> None:
    assert len(set(encoded([refused()] * 3))) == 3
