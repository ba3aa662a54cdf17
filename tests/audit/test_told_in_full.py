"""What whoever checks a log is told when it does not check out: the whole sentence, and no other fault's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hub.audit import acts
from hub.audit.acts import LIST_MAX
from hub.audit.checkpoint import Checkpoint
from hub.audit.entries import LookBack
from hub.audit.merkle import (
    EMPTY_ROOT,
    PROOF_MAX,
    SIZE_MAX,
    Frontier,
    ProofInvalid,
    consistency_parts,
    inclusion_parts,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from hub.audit.note import NoteInvalid, SignerKey, VerifierKey, decode_base64, parse_signature
from hub.audit.proof import LogProof, verify_proof
from hub.audit.side import SIDE_MAX, Side
from hub.audit.words import COUNT_MAX, EntryInvalid, check_count

A, B, C = (leaf_hash(each) for each in (b"a", b"b", b"c"))
AB = node_hash(A, B)
ABC = node_hash(AB, C)
SIGNER = SignerKey("testshire.example/log", bytes(range(32)))
KEY = str(SIGNER.verifier)
SECRET = SIGNER.secret_text()
NOT_BEGINNING = "the older tree is not the beginning of the newer one"
FEW, MANY = "the proof has too few hashes", "the proof has too many hashes"

PROOFS = [
    pytest.param(lambda: verify_inclusion(A, 3, 3, (), ABC), "the entry is outside the tree", id="outside"),
    pytest.param(lambda: verify_inclusion(A, 0, 3, (B, C, C), ABC), MANY, id="an entry, too many"),
    pytest.param(lambda: verify_inclusion(A, 0, 3, (B,), ABC), FEW, id="an entry, too few"),
    pytest.param(
        lambda: verify_inclusion(B, 0, 3, (B, C), ABC), "the entry is not in the tree with this root", id="not in it"
    ),
    pytest.param(
        lambda: verify_inclusion(A, 0, 3, (B,) * (PROOF_MAX + 1), ABC),
        "an inclusion proof has at most 63 hashes",
        id="an entry, far too many",
    ),
    pytest.param(lambda: verify_inclusion(A, 0, 3, (B, C[1:]), ABC), "a hash is 32 bytes", id="an entry, a short hash"),
    pytest.param(lambda: verify_consistency(3, ABC, 2, AB, ()), "the older tree is the larger one", id="larger"),
    pytest.param(lambda: verify_consistency(0, A, 3, ABC, ()), NOT_BEGINNING, id="an empty tree with a root"),
    pytest.param(lambda: verify_consistency(3, AB, 3, ABC, ()), NOT_BEGINNING, id="a fork"),
    pytest.param(lambda: verify_consistency(0, EMPTY_ROOT, 3, ABC, (A,)), NOT_BEGINNING, id="nothing needs no proof"),
    pytest.param(lambda: verify_consistency(2, A, 3, ABC, (C,)), NOT_BEGINNING, id="another beginning"),
    pytest.param(lambda: verify_consistency(3, ABC, 4, ABC, ()), FEW, id="growth without a hash"),
    pytest.param(lambda: verify_consistency(2, AB, 3, ABC, (C, C)), MANY, id="growth, too many"),
    pytest.param(lambda: verify_consistency(1, A, 3, ABC, (B,)), FEW, id="growth, too few"),
    pytest.param(
        lambda: verify_consistency(2, AB, 3, ABC, (C,) * (PROOF_MAX + 2)),
        "a consistency proof has at most 64 hashes",
        id="growth, far too many",
    ),
    pytest.param(lambda: verify_consistency(2, AB, 3, ABC, (C[1:],)), "a hash is 32 bytes", id="growth, a short hash"),
]


@pytest.mark.parametrize(("check", "message"), PROOFS)
def test_a_proof_that_is_none(check: Callable[[], None], message: str) -> None:
    with pytest.raises(ProofInvalid) as refused:
        check()
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("check", "message"),
    [
        pytest.param(lambda: inclusion_parts(3, 3), "no such leaf in a tree of this size", id="no such leaf"),
        pytest.param(lambda: consistency_parts(4, 3), "the older tree cannot be the larger one", id="the larger one"),
        pytest.param(lambda: Frontier(3, (A,)), "a frontier has one node for each one bit of its size", id="few nodes"),
        pytest.param(lambda: Frontier(1, (A[1:],)), "a node of a frontier is 32 bytes", id="a short node"),
    ],
)
def test_a_proof_or_a_tree_that_cannot_be(check: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=r"tree|frontier") as refused:
        check()
    assert str(refused.value) == message


def test_the_largest_tree_there_is_has_proofs() -> None:
    assert Frontier(SIZE_MAX, (A,) * 63).size == SIZE_MAX
    assert consistency_parts(0, SIZE_MAX) == consistency_parts(SIZE_MAX, SIZE_MAX) == []
    with pytest.raises(ValueError, match="larger"):
        consistency_parts(SIZE_MAX + 1, SIZE_MAX + 1)


@pytest.mark.parametrize(
    ("read", "message"),
    [
        pytest.param(lambda: SignerKey.parse(KEY), "a private key starts with PRIVATE+KEY+", id="a public key"),
        pytest.param(
            lambda: VerifierKey.parse("name"), "a key is its name, 8 hex digits and base64, joined by +", id="no key"
        ),
        pytest.param(
            lambda: VerifierKey.parse(KEY.replace("testshire", "elsewhere")),
            "the key's id does not fit the key: it was not copied whole",
            id="another's name",
        ),
        pytest.param(
            lambda: SignerKey.parse(SECRET.replace("testshire", "elsewhere")),
            "the key's id does not fit the key: it was not copied whole",
            id="another's name, private",
        ),
        pytest.param(lambda: decode_base64("AA!AA"), "not base64", id="a mark that is not of base64"),
        pytest.param(lambda: decode_base64("AB=="), "not canonical base64", id="stray bits"),
        pytest.param(lambda: SIGNER.sign("a text"), "the text of a note ends in a newline", id="no newline"),
        pytest.param(
            lambda: parse_signature("\u2014 name AAAA"), "a signature is one line, with its newline", id="half a line"
        ),
    ],
)
def test_a_key_or_a_note_that_is_none(read: Callable[[], object], message: str) -> None:
    with pytest.raises(NoteInvalid) as refused:
        read()
    assert str(refused.value) == message


NOTE = SIGNER.sign(str(Checkpoint(SIGNER.name, 3, ABC)))
PROOF = LogProof(0, A, (B, C), NOTE)
OF_NOTHING = LogProof(0, None, (B, C), NOTE)


@pytest.mark.parametrize(
    ("raw", "body", "message"),
    [
        pytest.param(
            str(PROOF).replace("index", "place").encode(),
            None,
            "a proof has an index line after its first line, or after the extra line",
            id="no index",
        ),
        pytest.param(b"\xff", None, "a proof is UTF-8", id="not UTF-8"),
        pytest.param(
            str(OF_NOTHING).encode(),
            None,
            "the proof does not say of which entry it is: give the entry's bytes too",
            id="of which entry?",
        ),
        pytest.param(str(PROOF).encode(), b"b", "the proof is of another entry", id="another entry"),
    ],
)
def test_the_text_of_a_proof_that_is_none(raw: bytes, body: bytes | None, message: str) -> None:
    with pytest.raises(ProofInvalid) as refused:
        verify_proof(raw, SIGNER.verifier, body=body)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("build", "message"),
    [
        pytest.param(
            lambda: LookBack(-1, "x"), f"years: a whole number from 0 to {COUNT_MAX} belongs here", id="years"
        ),
        pytest.param(
            lambda: Side(b"short", b""), f"side: 32 bytes of salt and at most {SIDE_MAX} of text belong here", id="salt"
        ),
        pytest.param(
            lambda: acts._list(check_count)("sides", [1] * (LIST_MAX + 1)),
            f"sides: at most {LIST_MAX} belong here",
            id="a long list",
        ),
        pytest.param(
            lambda: acts._list(check_count)("sides", "12"), f"sides: at most {LIST_MAX} belong here", id="a text"
        ),
        pytest.param(
            lambda: acts._list(check_count)("sides", [1, -2]),
            f"sides: a whole number from 0 to {COUNT_MAX} belongs here",
            id="one of a list",
        ),
    ],
)
def test_a_part_of_an_entry_that_is_none(build: Callable[[], object], message: str) -> None:
    with pytest.raises(EntryInvalid) as refused:
        build()
    assert str(refused.value) == message


def test_the_longest_list_there_is() -> None:
    assert len(acts._list(lambda _, each: each)("sides", [1] * LIST_MAX)) == LIST_MAX
