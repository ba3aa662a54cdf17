"""A log that changes its keys: what a verifier that was given some of them makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from hub.audit.acts import KeyChange, Officer
from hub.audit.checkpoint import Checkpoint
from hub.audit.encoding import encode
from hub.audit.key_chain import KEYS_MAX, KeyChain, KeyChainBroken
from hub.audit.merkle import Frontier, leaf_hash
from hub.audit.note import NoteInvalid, Signature, SignerKey, VerifierKey, parse_note
from hub.audit.verify import Report, Row, verify_log
from tests.audit import samples

NAME = "testshire.example/log"
OLD, NEW, NEXT, FORGER = (SignerKey(NAME, bytes([seed]) * 32) for seed in range(1, 5))
AT = datetime(2026, 11, 20, 16, 41, 7, tzinfo=UTC)
OFFICER = Officer("hub-cli", "testshire-council", None, "operator")


@dataclass(frozen=True)
class Step:
    """A transaction of one entry, and who signs its checkpoint."""

    entry: bytes
    by: tuple[SignerKey, ...]


def change(act: str, key: SignerKey, *by: SignerKey) -> Step:
    entry = KeyChange(at=AT, nonce=b"n" * 16, officer=OFFICER, act=act, key=key.verifier.public.hex())
    return Step(encode(entry), by)


def added(key: SignerKey, *by: SignerKey) -> Step:
    return change("added", key, *by)


def retired(key: SignerKey, *by: SignerKey) -> Step:
    return change("retired", key, *by)


def other(*by: SignerKey) -> Step:
    return Step(encode(samples.refused(at=AT)), by)


def signed(checkpoint: Checkpoint, by: tuple[SignerKey, ...]) -> str:
    text = str(checkpoint)
    return text + "\n" + "".join(str(parse_note(key.sign(text).encode()).signatures[0]) for key in by)


def log_of(steps: list[Step]) -> tuple[list[Row], list[str]]:
    """The rows, and the checkpoint of each size."""
    frontier, rows, notes = Frontier(), [], []
    for number, step in enumerate(steps):
        leaf = leaf_hash(step.entry)
        frontier = frontier.append(leaf)
        note = signed(Checkpoint(NAME, frontier.size, frontier.root), step.by) if step.by else None
        rows.append(Row(number, leaf, step.entry, note))
        notes.append(note or "")
    return rows, notes


def check(
    steps: list[Step], *given: SignerKey, head: tuple[SignerKey, ...] | None = None, known: tuple[str, ...] = ()
) -> Report:
    rows, notes = log_of(steps)
    last = notes[-1] if head is None else signed(Checkpoint(NAME, len(rows), _root(rows)), head)
    return verify_log(
        rows,
        last.encode(),
        [key.verifier for key in given],
        now=AT + timedelta(minutes=1),
        known=[each.encode() for each in known],
    )


def _root(rows: list[Row]) -> bytes:
    return Frontier().extend(row.leaf_hash for row in rows).root


ROTATED = [
    other(OLD), added(NEW, OLD, NEW), other(OLD, NEW), retired(OLD, NEW), other(NEW),
    added(NEXT, NEW, NEXT), other(NEXT), retired(NEW, NEXT), other(NEXT),
]  # fmt: skip
"""Two rotations, as ``hub keys`` does them."""


@pytest.mark.parametrize(
    "given",
    [(OLD,), (OLD, NEW), (OLD, NEW, NEXT), (NEXT, OLD)],
    ids=["the first", "two", "all", "the first and the last"],
)
def test_the_first_key_is_enough(given: tuple[SignerKey, ...]) -> None:
    report = check(ROTATED, *given)
    assert report.fault is None
    assert report.ok
    assert report.checkpoint is not None
    assert report.counts["key"] == 4


@pytest.mark.parametrize("size", range(1, len(ROTATED) + 1))
def test_at_every_moment_of_a_rotation(size: int) -> None:
    assert check(ROTATED[:size], OLD).ok


@pytest.mark.parametrize("size", range(1, len(ROTATED) + 1))
def test_every_checkpoint_kept_from_earlier_still_counts(size: int) -> None:
    assert check(ROTATED, OLD, known=(log_of(ROTATED)[1][size - 1],)).ok


def missing(key: SignerKey) -> str:
    return f"the key {key.verifier.key_id.hex()} did, which no entry before it adds"


@pytest.mark.parametrize(
    ("steps", "given", "first", "says"),
    [
        pytest.param(ROTATED, (NEW,), 0, missing(OLD), id="only the second key is given: the first is named"),
        pytest.param(ROTATED, (NEXT,), 0, missing(OLD), id="only the newest key is given"),
        pytest.param(ROTATED, (FORGER,), 0, missing(OLD), id="another log's key is given"),
        pytest.param([other(OLD), other(NEW)], (OLD,), 1, missing(NEW), id="a key that nobody added"),
        pytest.param([other(OLD), added(NEW, NEW), other(NEW)], (OLD,), 1, missing(NEW), id="a key that adds itself"),
        pytest.param([other(OLD), added(NEW, FORGER)], (OLD,), 1, missing(FORGER), id="added under a stranger's signature"),
        pytest.param([other(OLD), added(NEW), other(NEW)], (OLD,), 2, missing(NEW), id="added, but the next checkpoint is its own"),
        pytest.param([*ROTATED[:4], other(OLD)], (OLD,), 4, "which is retired", id="signed by a retired key"),
        pytest.param([*ROTATED[:3], retired(OLD, OLD)], (OLD,), 3, "which is retired", id="retired under its own signature alone"),
        pytest.param([*ROTATED[:3], retired(OLD, OLD)], (OLD, NEW), 3, "which is retired", id="the same, both keys given"),
        pytest.param([*ROTATED[:4], other(NEW), added(OLD, NEW)], (OLD,), 5, "which was retired before", id="a retired key is added again"),
        pytest.param([other(OLD), retired(OLD, OLD)], (OLD,), 1, "no other is left", id="the last key is retired"),
        pytest.param([other(OLD), retired(NEW, OLD)], (OLD,), 1, "not trusted here", id="a key is retired that never was one"),
        pytest.param([other(OLD), change("borrowed", NEW, OLD)], (OLD,), 1, "neither", id="an act that is none"),
        pytest.param([other(OLD), added(NEW, FORGER, NEW), other(NEW)], (OLD,), 1, FORGER.verifier.key_id.hex(), id="vouched for by strangers"),
    ],
)  # fmt: skip
def test_what_breaks_the_chain(steps: list[Step], given: tuple[SignerKey, ...], first: int, says: str) -> None:
    report = check(steps, *given)
    assert not report.ok
    assert report.fault is not None
    assert report.fault.first == first
    assert says in str(report.fault)


@pytest.mark.parametrize(
    ("head", "says"),
    [
        pytest.param((NEW,), None, id="by the new key"),
        pytest.param((OLD, NEW), None, id="by both"),
        pytest.param((OLD,), "signed only by the key", id="by the retired key alone"),
        pytest.param((FORGER,), "which no entry before it adds", id="by a stranger"),
        pytest.param((OLD, FORGER), "which no entry before it adds", id="by the retired key and a stranger"),
    ],
)
def test_the_head_is_held_against_the_keys_at_its_place(head: tuple[SignerKey, ...], says: str | None) -> None:
    report = check(ROTATED[:5], OLD, head=head)
    if says is None:
        assert report.ok
    else:
        assert report.fault is not None
        assert report.fault.first is None
        assert says in str(report.fault)
        assert str(report.fault).startswith("the signed head is not the log's: ")


def test_a_kept_checkpoint_of_a_stranger_is_refused() -> None:
    forged = signed(Checkpoint(NAME, 3, _root(log_of(ROTATED)[0][:3])), (FORGER,))
    report = check(ROTATED, OLD, known=(forged,))
    assert "the checkpoint to compare with is not the log's" in str(report.fault)


def test_a_kept_checkpoint_by_a_later_key_shows_a_rewrite() -> None:
    kept = log_of(ROTATED)[1][6]  # by NEXT alone
    rewritten = [
        *ROTATED[:4],
        other(NEW),
        added(NEXT, NEW, NEXT),
        Step(encode(samples.refused(at=AT, code="X")), (NEXT,)),
    ]
    report = check(rewritten, OLD, known=(kept,))
    assert report.fault is not None
    assert "disagree" in str(report.fault)
    longer = check([*rewritten, other(NEXT)], OLD, known=(kept,))
    assert longer.fault is not None
    assert longer.fault.first == 6


def test_an_edited_signature_of_a_given_key_spoils_the_note() -> None:
    rows, notes = log_of(ROTATED[:3])
    note = parse_note(notes[2].encode())
    bad = [Signature(each.name, each.key_id, bytes(64)) for each in note.signatures[:1]]
    spoiled = note.text + "\n" + "".join(map(str, (*bad, *note.signatures[1:])))
    report = verify_log(rows, spoiled.encode(), OLD.verifier, now=AT)
    assert "not that key's" in str(report.fault)


def test_a_chain_has_an_end() -> None:
    chain = KeyChain([OLD.verifier])

    def next_change(number: int) -> None:
        key = VerifierKey(NAME, number.to_bytes(32, "big"))
        chain.change(KeyChange(at=AT, nonce=b"n" * 16, officer=OFFICER, act="added", key=key.public.hex()))

    chain_of = KeyChain(VerifierKey(NAME, number.to_bytes(32, "big")) for number in range(1, KEYS_MAX + 1))
    with pytest.raises(KeyChainBroken, match=str(KEYS_MAX)):
        chain_of.change(KeyChange(at=AT, nonce=b"n" * 16, officer=OFFICER, act="added", key="f" * 64))
    next_change(1)
    assert chain.pending
    with pytest.raises(NoteInvalid):
        chain.open(b"")
    assert chain.pending, "a checkpoint that does not open changes nothing"
    assert chain.trusted == (OLD.verifier,)


def key_entry(act: str, key: VerifierKey) -> KeyChange:
    return KeyChange(at=AT, nonce=b"n" * 16, officer=OFFICER, act=act, key=key.public.hex())


def test_a_retired_key_counts_towards_the_end_of_a_chain() -> None:
    """Else a log that changes its keys for ever would have no end of them."""
    keys = [VerifierKey(NAME, number.to_bytes(32, "big")) for number in range(1, KEYS_MAX + 2)]
    chain = KeyChain(keys[: KEYS_MAX - 1])
    chain.change(key_entry("retired", keys[0]))
    chain.change(key_entry("added", keys[KEYS_MAX]))
    with pytest.raises(KeyChainBroken, match=f"^more than {KEYS_MAX} keys$"):
        chain.change(key_entry("added", keys[KEYS_MAX - 1]))


def test_every_stranger_that_signed_is_named() -> None:
    chain = KeyChain([OLD.verifier])
    note = signed(Checkpoint(NAME, 1, leaf_hash(b"")), (NEW, NEXT))
    ids = f"{NEW.verifier.key_id.hex()}, {NEXT.verifier.key_id.hex()}"
    with pytest.raises(NoteInvalid) as refused:
        chain.open(note.encode())
    assert str(refused.value) == (
        f"no trusted key signed the note: the key {ids} did, which no entry before it adds; give that public key too, "
        "if you trust it"
    )


def test_a_key_that_is_retired_by_now_is_no_stranger() -> None:
    """Of two that signed one was retired, the other nobody knows: the other is the one to ask about."""
    chain = KeyChain([OLD.verifier, NEW.verifier])
    chain.change(key_entry("retired", NEW.verifier))
    with pytest.raises(NoteInvalid, match=f"the key {NEXT.verifier.key_id.hex()} did"):
        chain.open(signed(Checkpoint(NAME, 1, leaf_hash(b"")), (NEW, NEXT)).encode())
