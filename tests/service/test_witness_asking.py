"""One exchange with one witness: an honest one always ends well, a forked one never does, and nothing goes on for ever."""

from __future__ import annotations

import asyncio
from itertools import repeat

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.audit.checkpoint import Checkpoint
from hub.audit.cosignature import WitnessKey, cosign
from hub.audit.merkle import (
    Frontier,
    Node,
    ProofInvalid,
    assemble,
    consistency_parts,
    fold,
    leaf_hash,
    verify_consistency,
)
from hub.audit.note import SignerKey
from hub.connectors.witness import Conflict, Shown, Signed, Silent, Unproved
from hub.service.witness_asking import ASKS_MAX, Ahead, Cosigned, Dispute, Disputed, Failed, Head, Outcome, ask

LOG = SignerKey("hub.test/log", b"l" * 32)
WITNESS = SignerKey("witness.test", b"w" * 32)
KEY = WitnessKey.of(WITNESS)
NOW = 1_795_000_000
LEAVES = [leaf_hash(bytes([number])) for number in range(40)]
OTHERS = [leaf_hash(bytes([number, 1])) for number in range(40)]

Sizes = st.integers(0, 40)


def root(size: int, leaves: list[bytes] = LEAVES) -> bytes:
    return Frontier().extend(leaves[:size]).root


def head_of(size: int) -> Head:
    return Head.read(LOG.sign(str(Checkpoint("hub.test/log", size, root(size)))))


def look_up(node: Node) -> bytes:
    hashes = LEAVES[node[1] << node[0] : (node[1] + 1) << node[0]]
    while len(hashes) > 1:
        hashes = [fold(hashes[at : at + 2]) for at in range(0, len(hashes), 2)]
    return hashes[0]


async def prove(old: int, new: int) -> tuple[bytes, ...]:
    return assemble(consistency_parts(old, new), look_up)


class Honest:
    """A witness as the specification has it, that has seen the first ``size`` of ``leaves``."""

    def __init__(self, size: int, leaves: list[bytes]) -> None:
        self.size, self.leaves, self.asked = size, leaves, 0

    async def show(self, old: int, proof: tuple[bytes, ...], note: str) -> Shown:
        self.asked += 1
        head = Head.read(note)
        if old != self.size:
            return Conflict(self.size)
        if head.size == self.size and head.checkpoint.root != root(self.size, self.leaves):
            return Conflict(self.size)
        try:
            verify_consistency(old, root(self.size, self.leaves), head.size, head.checkpoint.root, proof)
        except ProofInvalid:
            return Unproved()
        return Signed(cosign(WITNESS, head.text, NOW))


def exchange(size: int, old: int, witness: Honest) -> Outcome:
    return asyncio.run(ask(head_of(size), old, KEY, witness.show, prove, lambda: NOW))


@given(Sizes, Sizes, Sizes)
def test_an_honest_witness_of_this_log_cosigns_or_is_ahead(size: int, old: int, seen: int) -> None:
    witness = Honest(seen, LEAVES)
    outcome = exchange(size, old, witness)
    assert outcome == Ahead(seen) if seen > size else isinstance(outcome, Cosigned)
    assert witness.asked <= 2, "it is told once what the witness has seen"


@given(Sizes, Sizes, st.integers(1, 40))
def test_a_witness_of_another_log_is_always_found_out(size: int, old: int, seen: int) -> None:
    outcome = exchange(size, old, Honest(seen, OTHERS))
    assert outcome == (Ahead(seen) if seen > size else Disputed(Dispute.OTHER, seen, size))


def test_one_proof_that_a_witness_rejects_is_asked_about_before_it_is_believed() -> None:
    """The log would stop: so a witness that took back what it said has said nothing."""
    witness = Honest(3, LEAVES)
    honest = witness.show

    async def at_first_not(old: int, proof: tuple[bytes, ...], note: str) -> Shown:
        answered = await honest(old, proof, note)
        return Unproved() if witness.asked == 1 else answered

    outcome = asyncio.run(ask(head_of(5), 3, KEY, at_first_not, prove, lambda: NOW))
    assert isinstance(outcome, Cosigned)
    assert witness.asked == 3


ANSWERS = st.one_of(
    st.builds(Conflict, st.none() | st.integers(0, 45)),
    st.just(Unproved()),
    st.builds(Silent, st.just("no reply")),
    st.builds(Signed, st.text(max_size=30)),
)


@settings(max_examples=300)
@given(Sizes, Sizes, st.lists(ANSWERS, min_size=1, max_size=8))
def test_whatever_a_witness_says_the_exchange_ends_and_nothing_is_taken_for_a_cosignature(
    size: int, old: int, answers: list[Shown]
) -> None:
    asked = 0
    left = iter([*answers, *repeat(answers[-1], ASKS_MAX)])

    async def show(old_size: int, proof: tuple[bytes, ...], note: str) -> Shown:
        nonlocal asked
        asked += 1
        assert old_size <= size
        return next(left)

    outcome = asyncio.run(ask(head_of(size), old, KEY, show, prove, lambda: NOW))
    assert asked <= ASKS_MAX
    assert isinstance(outcome, Ahead | Disputed | Failed)
    if isinstance(outcome, Disputed):
        assert size > 0, "an empty log cannot be another"


def test_a_witness_may_sign_with_several_keys() -> None:
    head = head_of(3)
    other = SignerKey("witness.test", b"o" * 32)
    lines = "\u2014 witness.test AAAAAAAA\n" + cosign(other, head.text, NOW) + cosign(WITNESS, head.text, NOW)

    async def show(old: int, proof: tuple[bytes, ...], note: str) -> Shown:
        return Signed(lines)

    outcome = asyncio.run(ask(head, 0, KEY, show, prove, lambda: NOW))
    assert outcome == Cosigned(cosign(WITNESS, head.text, NOW), NOW)


def test_a_log_that_became_shorter_than_its_head_proves_nothing() -> None:
    async def nothing(old: int, new: int) -> None:
        return None

    async def show(old: int, proof: tuple[bytes, ...], note: str) -> Shown:
        raise AssertionError("nothing is shown")

    assert isinstance(asyncio.run(ask(head_of(3), 1, KEY, show, nothing, lambda: NOW)), Failed)
