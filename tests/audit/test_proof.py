"""The proof of one entry as text: made, read back, checked, and forged."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit.checkpoint import Checkpoint
from hub.audit.merkle import PROOF_MAX, SIZE_MAX, ProofInvalid, leaf_hash
from hub.audit.note import SignerKey, encode_base64
from hub.audit.proof import PROOF_TEXT_MAX, LogProof, verify_proof
from tests.audit.test_merkle import inclusion, naive_root, some_leaves

SIGNER = SignerKey("testshire.example/log", bytes(range(32)))
OTHER = SignerKey("testshire.example/log", bytes(range(1, 33)))
LEAVES = some_leaves(11)
NOTE = SIGNER.sign(str(Checkpoint(SIGNER.name, 11, naive_root(LEAVES))))
PROOF = LogProof(5, leaf_hash(LEAVES[5]), inclusion(5, LEAVES), NOTE)
TEXT = str(PROOF)


def test_the_text_is_the_published_form() -> None:
    head, _, checkpoint = TEXT.partition("\n\n")
    lines = head.split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", f"extra {encode_base64(leaf_hash(LEAVES[5]))}", "index 5"]
    assert lines[3:] == [encode_base64(each) for each in PROOF.hashes]
    assert checkpoint == NOTE


@pytest.mark.parametrize("index", range(11))
def test_every_entry_can_be_proved(index: int) -> None:
    proof = LogProof(index, leaf_hash(LEAVES[index]), inclusion(index, LEAVES), NOTE)
    assert LogProof.parse(str(proof).encode()) == proof
    found, checkpoint = verify_proof(str(proof).encode(), SIGNER.verifier, body=LEAVES[index])
    assert (found, checkpoint.size, checkpoint.root) == (index, 11, naive_root(LEAVES))


def test_the_body_is_not_needed_and_the_key_may_be_one_of_several() -> None:
    assert verify_proof(TEXT.encode(), [OTHER.verifier, SIGNER.verifier])[0] == 5


def test_without_the_extra_line_the_body_is_needed() -> None:
    text = str(LogProof(5, None, PROOF.hashes, NOTE))
    assert "extra" not in text
    assert LogProof.parse(text.encode()).leaf is None
    assert verify_proof(text.encode(), SIGNER.verifier, body=LEAVES[5])[0] == 5
    with pytest.raises(ProofInvalid, match="does not say of which entry"):
        verify_proof(text.encode(), SIGNER.verifier)
    with pytest.raises(ProofInvalid, match="not in the tree"):
        verify_proof(text.encode(), SIGNER.verifier, body=LEAVES[6])


def test_a_log_of_one_entry() -> None:
    note = SIGNER.sign(str(Checkpoint(SIGNER.name, 1, leaf_hash(b"only"))))
    text = str(LogProof(0, leaf_hash(b"only"), (), note))
    assert verify_proof(text.encode(), SIGNER.verifier, body=b"only")[0] == 0


FIRST_HASH = encode_base64(PROOF.hashes[0])
LEAF = encode_base64(leaf_hash(LEAVES[5]))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        pytest.param(b"", "starts with", id="empty"),
        pytest.param(TEXT.replace("@v1", "@v2").encode(), "starts with", id="another version"),
        pytest.param(("\ufeff" + TEXT).encode(), "starts with", id="byte order mark"),
        pytest.param(TEXT.replace("\n\n", "\n", 1).encode(), ".", id="no blank line"),
        pytest.param(TEXT.encode().replace(b"index", b"ind\xffx"), "UTF-8", id="not UTF-8"),
        pytest.param(TEXT.replace("index 5", "index 05").encode(), "leading zeros", id="leading zero"),
        pytest.param(TEXT.replace("index 5", "index +5").encode(), "decimal", id="plus"),
        pytest.param(TEXT.replace("index 5", "index -5").encode(), "decimal", id="minus"),
        pytest.param(TEXT.replace("index 5", "index  5").encode(), "decimal", id="two spaces"),
        pytest.param(TEXT.replace("index 5", "index").encode(), "index line", id="no index"),
        pytest.param(TEXT.replace("index 5\n", "").encode(), "index line", id="no index line"),
        pytest.param(TEXT.replace("index", "Index").encode(), "index line", id="capital"),
        pytest.param(re.sub(r"(extra .*)\n(index 5)", r"\2\n\1", TEXT).encode(), "base64", id="lines swapped"),
        pytest.param(
            TEXT.replace(f"extra {LEAF}", f"extra {LEAF}\nextra {LEAF}").encode(), "index line", id="two extra"
        ),
        pytest.param(TEXT.replace(LEAF, LEAF[:-1]).encode(), "base64", id="extra without padding"),
        pytest.param(TEXT.replace(LEAF, "").encode(), "32 bytes", id="empty extra"),
        pytest.param(TEXT.replace(LEAF, encode_base64(b"x" * 31)).encode(), "32 bytes", id="short extra"),
        pytest.param(TEXT.replace(FIRST_HASH, FIRST_HASH[:-1]).encode(), "base64", id="hash without padding"),
        pytest.param(TEXT.replace(FIRST_HASH, encode_base64(b"x" * 31)).encode(), "32 bytes", id="short hash"),
        pytest.param(TEXT.replace(FIRST_HASH + "\n", "").encode(), "too few|not in the tree", id="a hash dropped"),
        pytest.param(
            TEXT.replace(FIRST_HASH, FIRST_HASH + "\n" + FIRST_HASH).encode(), "too many", id="a hash doubled"
        ),
        pytest.param(TEXT.replace("index 5", "index 4").encode(), "not in the tree", id="another index"),
        pytest.param(TEXT.replace("index 5", "index 11").encode(), "outside", id="beyond the tree"),
        pytest.param(TEXT.replace(LEAF, encode_base64(b"x" * 32)).encode(), "another entry", id="another leaf"),
        pytest.param(TEXT.replace("\n11\n", "\n12\n").encode(), "not that key's", id="another size"),
        pytest.param(TEXT.replace("\r\n", "\n").replace("\n", "\r\n").encode(), "starts with", id="CR"),
        pytest.param(TEXT.rstrip("\n").encode(), "newline after its last", id="cut at the end"),
        pytest.param(str(LogProof(5, PROOF.leaf, PROOF.hashes, "")).encode(), "text, a blank line", id="no checkpoint"),
        pytest.param(
            str(LogProof(5, PROOF.leaf, PROOF.hashes, OTHER.sign(NOTE.partition("\n\n")[0] + "\n"))).encode(),
            "no trusted key",
            id="signed by another key",
        ),
    ],
)
def test_bad_proofs_are_refused(raw: bytes, message: str) -> None:
    with pytest.raises(ProofInvalid, match=message):
        verify_proof(raw, SIGNER.verifier, body=LEAVES[5])


def test_a_proof_of_another_entry_is_refused() -> None:
    with pytest.raises(ProofInvalid, match="another entry"):
        verify_proof(TEXT.encode(), SIGNER.verifier, body=LEAVES[6])


@pytest.mark.parametrize("count", [PROOF_MAX, PROOF_MAX + 1])
def test_hash_count_limit(count: int) -> None:
    raw = TEXT.replace(FIRST_HASH, "\n".join([FIRST_HASH] * (count - len(PROOF.hashes) + 1))).encode()
    with pytest.raises(ProofInvalid, match="at most 63" if count > PROOF_MAX else "too many hashes"):
        verify_proof(raw, SIGNER.verifier)


@pytest.mark.parametrize("surplus", [0, 1])
def test_text_length_limit(surplus: int) -> None:
    raw = TEXT.encode()
    raw += b"x" * (PROOF_TEXT_MAX - len(raw) + surplus)
    with pytest.raises(ProofInvalid, match="at most 73728 bytes" if surplus else "a note has at most"):
        verify_proof(raw, SIGNER.verifier)


def test_the_largest_proof_fits() -> None:
    proof = LogProof(SIZE_MAX, leaf_hash(b""), (leaf_hash(b""),) * PROOF_MAX, NOTE)
    assert len(str(proof)) - len(NOTE) < PROOF_TEXT_MAX - 65_536
    assert LogProof.parse(str(proof).encode()) == proof


@pytest.mark.parametrize(
    ("index", "leaf", "hashes"), [(-1, None, ()), (SIZE_MAX + 1, None, ()), (0, b"x", ()), (0, None, (b"x",))]
)
def test_impossible_proofs(index: int, leaf: bytes | None, hashes: tuple[bytes, ...]) -> None:
    with pytest.raises(ProofInvalid):
        LogProof(index, leaf, hashes, NOTE)


@given(st.text(max_size=100) | st.integers(0, len(TEXT)).map(lambda at: TEXT[:at] + "\n" + TEXT[at:]))
def test_parsing_is_the_inverse_of_writing(text: str) -> None:
    try:
        raw = text.encode()
        proof = LogProof.parse(raw)
    except (ProofInvalid, UnicodeEncodeError):
        return
    assert str(proof).encode() == raw
