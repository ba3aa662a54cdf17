"""``verify.py`` on the proofs in an export: those that prove nothing, and those that are right but of another log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hub.audit.merkle import ProofInvalid, assemble, inclusion_parts, leaf_hash
from hub.audit.note import SignerKey, encode_base64
from hub.audit.proof import LogProof, verify_proof
from hub.audit.tiles import perfect_root
from tests.audit.tampering import SECOND, SIGNER, World, note, offline

GOOD = World.of()


def subtree(leaves: list[bytes], level: int, number: int) -> bytes:
    return perfect_root(leaves[number << level : (number + 1) << level])


def proof_of(index: int, size: int = 12) -> LogProof:
    hashes = assemble(inclusion_parts(index, size), lambda where: subtree(GOOD.leaves, *where))
    return LogProof(index, GOOD.leaves[index], hashes, note(GOOD.leaves, size))


PROOF = str(proof_of(5))
EMPTY = note([])


def lines(change: Callable[[list[str]], object]) -> str:
    split = PROOF.split("\n")
    change(split)
    return "\n".join(split)


BAD_PROOFS = [
    pytest.param("5", lines(lambda each: each.pop(3)), id="a hash missing"),
    pytest.param("5", lines(lambda each: each.insert(3, each[3])), id="a hash too many"),
    pytest.param("5", lines(lambda each: each.insert(6, each[6])), id="a hash too many at the end"),
    pytest.param("5", lines(lambda each: each.__setitem__(slice(3, 5), [each[4], each[3]])), id="two hashes swapped"),
    pytest.param("5", lines(lambda each: each.__setitem__(slice(3, 3), [each[3]] * 60)), id="64 hashes"),
    pytest.param("5", lines(lambda each: each.__setitem__(3, encode_base64(b"short"))), id="a short hash"),
    pytest.param("5", lines(lambda each: each.__setitem__(3, each[3][:-1] + " ")), id="a hash with a space"),
    pytest.param("12", PROOF.replace("index 5", "index 12"), id="an index out of range"),
    pytest.param("4", PROOF.replace("index 5", "index 4"), id="the index of another"),
    pytest.param("5", PROOF.replace("index 5", "index 05"), id="a leading zero"),
    pytest.param("5", PROOF.replace("index 5", "index -5"), id="a negative index"),
    pytest.param("5", PROOF.replace("proof@v1", "proof@v2"), id="another version"),
    pytest.param("5", PROOF.replace("extra ", "entry "), id="another line"),
    pytest.param("5", PROOF.replace(encode_base64(GOOD.leaves[5]), encode_base64(GOOD.leaves[4])), id="of another entry"),
    pytest.param("5", PROOF.partition("\n\n")[0] + "\n\n" + EMPTY, id="under a checkpoint of size 0"),
    pytest.param("0", f"c2sp.org/tlog-proof@v1\nextra {encode_base64(GOOD.leaves[0])}\nindex 0\n\n{EMPTY}", id="no hashes, size 0"),
    pytest.param("5", PROOF.partition("\n\n")[0] + "\n\n" + note(GOOD.leaves, 9), id="under another checkpoint"),
    pytest.param("5", PROOF.partition("\n\n")[0] + "\n\n" + note(GOOD.leaves, 12, SignerKey("x", bytes(32))), id="under another log's"),
    pytest.param("5", PROOF.partition("\n\n")[0], id="no checkpoint"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "proof"), BAD_PROOFS)
def test_bad_proofs(name: str, proof: str, tmp_path: Path) -> None:
    with pytest.raises(ProofInvalid):
        verify_proof(proof.encode(), SIGNER.verifier)
    world = GOOD.copy()
    world.files = {f"proofs/{name}.tlog-proof": proof.encode()}
    assert offline(world, tmp_path) != ""


def test_a_good_proof(tmp_path: Path) -> None:
    world = GOOD.copy()
    for index in range(12):
        world.files[f"proofs/{index}.tlog-proof"] = str(proof_of(index)).encode()
        world.files[f"proofs/{index}.entry"] = GOOD.bodies[index]
    world.files["proofs/2.tlog-proof"] = str(proof_of(2, 9)).encode()
    assert offline(world, tmp_path) == ""
    world.files["proofs/3.entry"] = GOOD.bodies[4]
    assert "3.tlog-proof: not a proof, or not of the entry beside it" in offline(world, tmp_path / "again")


OTHER_PROOFS = [
    pytest.param(SIGNER, [*GOOD.leaves[:11], leaf_hash(b"x")], id="of a fork"),
    pytest.param(SIGNER, [*GOOD.leaves, leaf_hash(b"x")], id="of a longer log"),
    pytest.param(SECOND, GOOD.leaves, id="by a key that nobody trusts"),
]


@pytest.mark.parametrize(("signer", "leaves"), OTHER_PROOFS)
def test_proofs_that_are_right_by_themselves(signer: SignerKey, leaves: list[bytes], tmp_path: Path) -> None:
    assert offline(with_proof(signer, leaves), tmp_path) != ""


def with_proof(signer: SignerKey, leaves: list[bytes]) -> World:
    """The good log, exported with a proof of the last of these leaves."""
    index = len(leaves) - 1
    hashes = assemble(inclusion_parts(index, len(leaves)), lambda where: subtree(leaves, *where))
    proof = LogProof(index, leaves[index], hashes, note(leaves, None, signer))
    assert verify_proof(str(proof).encode(), signer.verifier)[0] == index
    world = GOOD.copy()
    world.files = {f"proofs/{index}.tlog-proof": str(proof).encode()}
    return world
