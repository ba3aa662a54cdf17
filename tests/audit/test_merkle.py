"""The tree against published vectors, against a naive reading of RFC 6962, and against forged proofs."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit import merkle
from hub.audit.merkle import (
    EMPTY_ROOT,
    PROOF_MAX,
    SIZE_MAX,
    Frontier,
    Node,
    ProofInvalid,
    assemble,
    consistency_parts,
    inclusion_parts,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)

# The leaves, roots and proofs of Certificate Transparency's own tests (google/certificate-transparency, merkletree).
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = naive_split(len(leaves))
    return hashlib.sha256(b"\1" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962 section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = naive_split(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(m: int, leaves: list[bytes], known: bool) -> list[bytes]:
    """RFC 6962 section 2.1.2, word for word."""
    if m == len(leaves):
        return [] if known else [naive_root(leaves)]
    k = naive_split(len(leaves))
    if m <= k:
        return [*naive_subproof(m, leaves[:k], known), naive_root(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive_root(leaves[:k])]


def naive_split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def lookup_in(leaves: list[bytes]) -> merkle.Lookup:
    def look_up(node: Node) -> bytes:
        level, index = node
        part = leaves[index << level : (index + 1) << level]
        assert len(part) == 1 << level, "only perfect subtrees may be asked for"
        return naive_root(part)

    return look_up


def inclusion(index: int, leaves: list[bytes]) -> tuple[bytes, ...]:
    return assemble(inclusion_parts(index, len(leaves)), lookup_in(leaves))


def consistency(old: int, leaves: list[bytes]) -> tuple[bytes, ...]:
    return assemble(consistency_parts(old, len(leaves)), lookup_in(leaves))


def some_leaves(count: int) -> list[bytes]:
    return [str(number).encode() for number in range(count)]


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    assert Frontier().extend(map(leaf_hash, LEAVES[:size])).root.hex() == ROOTS[size]


@pytest.mark.parametrize(
    ("index", "size", "published"),
    [(0, 1, ()), (0, 8, (A, B, C)), (5, 8, (D, E, ROOTS[4])), (2, 3, (ROOTS[2],)), (1, 5, (ROOTS[1], B, D))],
)
def test_published_inclusion_proofs(index: int, size: int, published: tuple[str, ...]) -> None:
    proof = inclusion(index, LEAVES[:size])
    assert tuple(each.hex() for each in proof) == published
    verify_inclusion(leaf_hash(LEAVES[index]), index, size, proof, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(
    ("old", "new", "published"),
    [(1, 1, ()), (1, 8, (A, B, C)), (6, 8, (F, E, ROOTS[4])), (2, 5, (B, D)), (0, 5, ())],
)
def test_published_consistency_proofs(old: int, new: int, published: tuple[str, ...]) -> None:
    proof = consistency(old, LEAVES[:new])
    assert tuple(each.hex() for each in proof) == published
    verify_consistency(old, bytes.fromhex(ROOTS[old]), new, bytes.fromhex(ROOTS[new]), proof)


def test_empty_root() -> None:
    assert Frontier().root == EMPTY_ROOT == bytes.fromhex(ROOTS[0])


@given(st.integers(0, 70), st.integers(0, 70))
def test_appending_in_two_steps_gives_the_naive_root(first: int, second: int) -> None:
    leaves = some_leaves(first + second)
    hashes = [leaf_hash(each) for each in leaves]
    frontier = Frontier().extend(hashes[:first]).extend(hashes[first:])
    assert frontier.root == naive_root(leaves)
    assert frontier.size == first + second
    assert Frontier.decode(frontier.size, frontier.encode()) == frontier


@given(st.integers(0, 70), st.integers(1, 70))
def test_extending_tells_of_every_completed_subtree(first: int, second: int) -> None:
    leaves = some_leaves(first + second)
    told: dict[Node, bytes] = {}
    Frontier().extend(map(leaf_hash, leaves[:first])).extend(map(leaf_hash, leaves[first:]), told.__setitem__)
    expected = {
        (level, index): lookup_in(leaves)((level, index))
        for level in range(1, 8)
        for index in range(len(leaves) >> level)
        if (index + 1) << level > first
    }
    assert told == expected


@given(st.integers(1, 70).flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size))))
def test_inclusion_proofs_are_the_naive_ones_and_verify(where: tuple[int, int]) -> None:
    index, size = where
    leaves = some_leaves(size)
    proof = inclusion(index, leaves)
    assert list(proof) == naive_path(index, leaves)
    verify_inclusion(leaf_hash(leaves[index]), index, size, proof, naive_root(leaves))


@given(st.integers(1, 70).flatmap(lambda new: st.tuples(st.integers(1, new), st.just(new))))
def test_consistency_proofs_are_the_naive_ones_and_verify(sizes: tuple[int, int]) -> None:
    old, new = sizes
    leaves = some_leaves(new)
    proof = consistency(old, leaves)
    assert list(proof) == naive_subproof(old, leaves, True)
    verify_consistency(old, naive_root(leaves[:old]), new, naive_root(leaves), proof)


def test_no_inclusion_proof_is_accepted_for_anything_else() -> None:
    """Every index, size, cut, surplus and flipped bit over small trees, not a sample."""
    for size in range(1, 18):
        leaves = some_leaves(size)
        root = naive_root(leaves)
        for index in range(size):
            leaf, proof = leaf_hash(leaves[index]), inclusion(index, leaves)
            forged = [(leaf, other, size, proof, root) for other in range(-1, size + 2) if other != index]  # moved
            forged += [(leaf_hash(b"other"), index, size, proof, root), (leaf, index, size, proof, leaf_hash(b"root"))]
            forged += [(leaf, index, size, (*proof, leaf), root), (leaf, index, size, (leaf, *proof), root)]
            forged += [(leaf, index, size, proof[:-1], root), (leaf, index, size, proof[1:], root)] if proof else []
            forged += [
                (leaf, index, size, (*proof[:at], flipped(proof[at]), *proof[at + 1 :]), root)
                for at in range(len(proof))
            ]
            for each in forged:
                with pytest.raises(ProofInvalid):
                    verify_inclusion(*each)


def test_no_consistency_proof_is_accepted_for_anything_else() -> None:
    for new in range(1, 18):
        leaves = some_leaves(new)
        root = naive_root(leaves)
        for old in range(1, new + 1):
            old_root, proof = naive_root(leaves[:old]), consistency(old, leaves)
            forged = [(old, flipped(old_root), new, root, proof), (old, old_root, new, flipped(root), proof)]
            forged += [(old, old_root, new, root, (*proof, root)), (old, old_root, new, root, (root, *proof))]
            forged += [(old, old_root, new, root, proof[:-1]), (old, old_root, new, root, proof[1:])] if proof else []
            forged += [(new + 1, old_root, new, root, proof), (-1, old_root, new, root, proof)]
            forged += [(other, old_root, new, root, proof) for other in range(new + 1) if other != old]
            forged += [
                (old, old_root, new, root, (*proof[:at], flipped(proof[at]), *proof[at + 1 :]))
                for at in range(len(proof))
            ]
            for each in forged:
                with pytest.raises(ProofInvalid):
                    verify_consistency(*each)


@pytest.mark.parametrize(
    ("old", "old_root", "new", "new_root", "accepted"),
    [
        pytest.param(0, EMPTY_ROOT, 0, EMPTY_ROOT, True, id="nothing and nothing"),
        pytest.param(0, EMPTY_ROOT, 3, leaf_hash(b""), True, id="nothing begins everything"),
        pytest.param(0, leaf_hash(b""), 0, leaf_hash(b""), False, id="an empty tree has one root"),
        pytest.param(0, leaf_hash(b""), 3, leaf_hash(b""), False, id="an old empty tree has one root"),
        pytest.param(0, EMPTY_ROOT, 0, leaf_hash(b""), False, id="a new empty tree has one root"),
        pytest.param(3, leaf_hash(b"a"), 3, leaf_hash(b"b"), False, id="a fork at one size"),
    ],
)
def test_consistency_without_hashes(old: int, old_root: bytes, new: int, new_root: bytes, accepted: bool) -> None:
    if accepted:
        verify_consistency(old, old_root, new, new_root, ())
    else:
        with pytest.raises(ProofInvalid):
            verify_consistency(old, old_root, new, new_root, ())
    with pytest.raises(ProofInvalid):
        verify_consistency(old, old_root, new, new_root, (new_root,))


@pytest.mark.parametrize(
    ("count", "message"), [(PROOF_MAX, "not in the tree"), (PROOF_MAX + 1, "at most 63 hashes")], ids=["63", "64"]
)
def test_inclusion_proof_length_limit(count: int, message: str) -> None:
    with pytest.raises(ProofInvalid, match=message):
        verify_inclusion(leaf_hash(b""), 0, SIZE_MAX, [leaf_hash(b"")] * count, leaf_hash(b""))


@pytest.mark.parametrize(
    ("count", "message"),
    [(PROOF_MAX + 1, "not the beginning|too many"), (PROOF_MAX + 2, "at most 64 hashes")],
    ids=["64", "65"],
)
def test_consistency_proof_length_limit(count: int, message: str) -> None:
    with pytest.raises(ProofInvalid, match=message):
        verify_consistency(2**62 - 1, leaf_hash(b""), SIZE_MAX, leaf_hash(b""), [leaf_hash(b"")] * count)


def test_size_limit() -> None:
    verify_consistency(SIZE_MAX, EMPTY_ROOT, SIZE_MAX, EMPTY_ROOT, ())
    assert len(inclusion_parts(SIZE_MAX - 1, SIZE_MAX)) == 62
    assert len(inclusion_parts(0, SIZE_MAX)) == PROOF_MAX
    with pytest.raises(ProofInvalid, match="larger"):
        verify_consistency(SIZE_MAX, EMPTY_ROOT, SIZE_MAX + 1, EMPTY_ROOT, ())
    with pytest.raises(ProofInvalid, match="outside"):
        verify_inclusion(EMPTY_ROOT, 0, SIZE_MAX + 1, (), EMPTY_ROOT)
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion_parts(0, SIZE_MAX + 1)
    with pytest.raises(ValueError, match="larger"):
        consistency_parts(0, SIZE_MAX + 1)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_hashes_have_one_length(length: int) -> None:
    good, bad = leaf_hash(b""), b"x" * length
    for arguments in ((bad, 0, 2, (good,), good), (good, 0, 2, (bad,), good), (good, 0, 2, (good,), bad)):
        with pytest.raises(ProofInvalid, match="32 bytes"):
            verify_inclusion(*arguments)
    for old_root, new_root, proof in ((bad, good, (good,)), (good, bad, (good,)), (good, good, (bad,))):
        with pytest.raises(ProofInvalid, match="32 bytes"):
            verify_consistency(1, old_root, 2, new_root, proof)


@pytest.mark.parametrize(
    ("size", "nodes"),
    [(1, ()), (0, (EMPTY_ROOT,)), (3, (EMPTY_ROOT,)), (1, (b"short",)), (-1, (EMPTY_ROOT,)), (2**63, (EMPTY_ROOT,))],
)
def test_a_frontier_that_does_not_fit_is_refused(size: int, nodes: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="frontier"):
        Frontier(size, nodes)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_proof_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion_parts(index, size)
    with pytest.raises(ProofInvalid, match="outside"):
        verify_inclusion(EMPTY_ROOT, index, size, (), EMPTY_ROOT)


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (4, 3)])
def test_no_proof_that_a_larger_tree_begins_a_smaller(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="larger"):
        consistency_parts(old, new)


def flipped(value: bytes) -> bytes:
    return bytes([value[0] ^ 1]) + value[1:]
