"""The Merkle tree of RFC 6962 section 2.1 (SHA-256), without storage.

A tree of ``size`` leaves is cut into *perfect* subtrees, each of which never changes once it is complete: the node at
``(level, index)`` covers the ``2**level`` leaves that start at ``index * 2**level``. Whoever keeps the leaves says
what those hashes are; this module says which ones a root or a proof needs, and puts them together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

HASH_BYTES = 32
SIZE_MAX = 2**63 - 1
"""The largest tree: what a signed 64-bit column can count."""

PROOF_MAX = 63
"""The most hashes an inclusion proof can need in a tree of ``SIZE_MAX`` leaves; a consistency proof needs one more."""

EMPTY_ROOT = hashlib.sha256(b"").digest()

Node = tuple[int, int]
"""``(level, index)`` of a perfect subtree."""

Lookup = Callable[[Node], bytes]
"""Gives the hash of a perfect subtree."""


class ProofInvalid(Exception):
    """A proof does not prove what it is said to prove. The message says why and carries no entry's text."""


def leaf_hash(body: bytes) -> bytes:
    """The hash of a leaf (RFC 6962 section 2.1: the 0x00 keeps a leaf from being passed off as a node)."""
    return hashlib.sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an interior node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over neighbouring perfect subtrees, the largest (leftmost) first; of none, the empty tree's root."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def perfect_root(hashes: bytes) -> bytes:
    """The root over ``hashes``, one after the other and a power of two of them.

    A proof needs hundreds, so they are neither cut up nor joined one by one.
    """
    sha256 = hashlib.sha256
    while len(hashes) > HASH_BYTES:
        pairs = range(0, len(hashes), 2 * HASH_BYTES)
        hashes = b"".join([sha256(b"\x01" + hashes[at : at + 2 * HASH_BYTES]).digest() for at in pairs])
    return hashes


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that is needed to append: the perfect subtrees of a tree of ``size`` leaves, the largest first.

    ValueError when the number of ``nodes`` is not the number of one bits in ``size``, or one is not 32 bytes.
    """

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= SIZE_MAX or self.size.bit_count() != len(self.nodes):
            raise ValueError("a frontier has one node for each one bit of its size")
        if any(len(node) != HASH_BYTES for node in self.nodes):
            raise ValueError(f"a node of a frontier is {HASH_BYTES} bytes")

    def append(self, leaf: bytes) -> Frontier:
        """The frontier with one more leaf hash."""
        return self.extend((leaf,))

    def extend(
        self, leaves: Iterable[bytes], completed: Callable[[Node, bytes], object] = lambda _node, _hash: None
    ) -> Frontier:
        """The frontier with more leaf hashes, in order; ``completed`` hears of each subtree they complete."""
        size, nodes = self.size, list(self.nodes)
        for leaf in leaves:
            carried, level = leaf, 0
            while size >> level & 1:
                carried = node_hash(nodes.pop(), carried)
                level += 1
                completed((level, size >> level), carried)
            nodes.append(carried)
            size += 1
        return Frontier(size, tuple(nodes))

    @property
    def root(self) -> bytes:
        """The root of the tree."""
        return fold(self.nodes)

    def encode(self) -> bytes:
        """The nodes, one after the other; :meth:`decode` needs the size beside them."""
        return b"".join(self.nodes)

    @classmethod
    def decode(cls, size: int, encoded: bytes) -> Frontier:
        """What :meth:`encode` wrote; ValueError when it does not fit ``size``."""
        nodes = tuple(encoded[at : at + HASH_BYTES] for at in range(0, len(encoded), HASH_BYTES))
        return cls(size, nodes)


def perfect_parts(start: int, end: int) -> list[Node]:
    """The perfect subtrees that leaves ``start`` to ``end`` (exclusive) are made of, left to right.

    ``start`` must be a multiple of the largest power of two in ``end - start``, as it is for every range below.
    """
    parts = []
    while start < end:
        level = (end - start).bit_length() - 1
        parts.append((level, start >> level))
        start += 1 << level
    return parts


def inclusion_parts(index: int, size: int) -> list[list[Node]]:
    """The subtrees behind each hash of the proof that leaf ``index`` is in a tree of ``size`` (RFC 6962 2.1.1).

    Ordered from the leaf's sibling up. ValueError when there is no such leaf.
    """
    if not 0 <= index < size <= SIZE_MAX:
        raise ValueError("no such leaf in a tree of this size")
    low, high, ranges = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return [perfect_parts(*each) for each in reversed(ranges)]


def consistency_parts(old: int, new: int) -> list[list[Node]]:
    """The subtrees behind each hash of the proof that the tree of ``old`` leaves begins that of ``new`` (2.1.2).

    Nothing is needed when ``old`` is 0 or ``new``. ValueError when ``old`` is larger.
    """
    if not 0 <= old <= new <= SIZE_MAX:
        raise ValueError("the older tree cannot be the larger one")
    low, high, ranges = 0, new, []
    while old not in (0, high):
        middle = low + _split(high - low)
        if old <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    if low:  # the old tree's last subtree is not its root, so the verifier cannot know it
        ranges.append((low, high))
    return [perfect_parts(*each) for each in reversed(ranges)]


def assemble(parts: Iterable[Sequence[Node]], lookup: Lookup) -> tuple[bytes, ...]:
    """The hashes of a proof, from the subtrees behind them."""
    return tuple(fold([lookup(node) for node in group]) for group in parts)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that ``leaf`` (its hash) is entry ``index`` of the tree of ``size`` with ``root``.

    The algorithm of RFC 9162 section 2.1.3.2 (the hashes are RFC 6962's).

    Raises:
        ProofInvalid: it is not, or the proof has the wrong number of hashes.
    """
    if not 0 <= index < size <= SIZE_MAX:
        raise ProofInvalid("the entry is outside the tree")
    _check_hashes((leaf, root, *proof))
    if len(proof) > PROOF_MAX:
        raise ProofInvalid(f"an inclusion proof has at most {PROOF_MAX} hashes")
    position, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofInvalid("the proof has too many hashes")
        if position & 1 or position == last:
            computed = node_hash(sibling, computed)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise ProofInvalid("the proof has too few hashes")
    if computed != root:
        raise ProofInvalid("the entry is not in the tree with this root")


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of ``old`` leaves is the beginning of the tree of ``new`` (RFC 9162 section 2.1.4.2).

    Raises:
        ProofInvalid: it is not: history was rewritten, or the proof has the wrong number of hashes.
    """
    if not 0 <= old <= new <= SIZE_MAX:
        raise ProofInvalid("the older tree is the larger one")
    _check_hashes((old_root, new_root, *proof))
    if len(proof) > PROOF_MAX + 1:
        raise ProofInvalid(f"a consistency proof has at most {PROOF_MAX + 1} hashes")
    if old in (0, new):
        same = old_root == (EMPTY_ROOT if old == 0 else new_root)
        if proof or not same or (new == 0 and new_root != EMPTY_ROOT):
            raise ProofInvalid("the older tree is not the beginning of the newer one")
        return
    if old & (old - 1) == 0:  # a perfect tree is its own first hash, which the prover leaves out
        proof = (old_root, *proof)
    if not proof:
        raise ProofInvalid("the proof has too few hashes")
    if _grown(old - 1, new - 1, proof) != (old_root, new_root):
        raise ProofInvalid("the older tree is not the beginning of the newer one")


def _grown(position: int, last: int, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The older and the newer root that a consistency proof leads to."""
    while position & 1:
        position, last = position >> 1, last >> 1
    older = newer = proof[0]
    for each in proof[1:]:
        if last == 0:
            raise ProofInvalid("the proof has too many hashes")
        if position & 1 or position == last:
            older, newer = node_hash(each, older), node_hash(each, newer)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            newer = node_hash(newer, each)
        position, last = position >> 1, last >> 1
    if last:
        raise ProofInvalid("the proof has too few hashes")
    return older, newer


def _split(size: int) -> int:
    """The largest power of two smaller than ``size`` (at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def _check_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(each) != HASH_BYTES for each in hashes):
        raise ProofInvalid(f"a hash is {HASH_BYTES} bytes")
