"""Tiles and bundles: the specification's own examples, and every size held against the tree."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.audit.merkle import EMPTY_ROOT, Frontier, leaf_hash
from hub.audit.tiles import (
    ENTRY_MAX,
    Tile,
    TileInvalid,
    TileTree,
    bundle,
    last_tiles,
    perfect_root,
    split_bundle,
    split_tile,
    tiles_of,
)
from tests.audit.test_merkle import LEAVES as PUBLISHED
from tests.audit.test_merkle import ROOTS

LEAVES = [leaf_hash(str(number).encode()) for number in range(70_000)]


@pytest.mark.parametrize(
    ("tile", "path", "entries"),
    [
        pytest.param(Tile(0, 1234067), "tile/0/x001/x234/067", "tile/entries/x001/x234/067", id="the example"),
        pytest.param(Tile(0, 0), "tile/0/000", "tile/entries/000", id="the first"),
        pytest.param(Tile(1, 999, 1), "tile/1/999.p/1", "tile/entries/999.p/1", id="partial"),
        pytest.param(Tile(7, 1000, 255), "tile/7/x001/000.p/255", "tile/entries/x001/000.p/255", id="a thousand"),
    ],
)
def test_paths(tile: Tile, path: str, entries: str) -> None:
    assert (tile.path, tile.bundle_path) == (path, entries)


@pytest.mark.parametrize("tile", [Tile(-1, 0), Tile(8, 0), Tile(0, -1), Tile(0, 0, 0), Tile(0, 0, 257)])
def test_no_such_tile(tile: Tile) -> None:
    with pytest.raises(TileInvalid):
        _ = tile.path


def test_the_specifications_example_of_70_000() -> None:
    shape = {level: list(tiles_of(70_000, level)) for level in range(4)}
    assert [len(tiles) for tiles in shape.values()] == [274, 2, 1, 0]
    assert shape[0][-1] == Tile(0, 273, 112)
    assert shape[1] == [Tile(1, 0), Tile(1, 1, 17)]
    assert shape[2] == [Tile(2, 0, 1)]
    assert list(tiles_of(256, 0)) == [Tile(0, 0)]
    assert list(tiles_of(256, 1)) == [Tile(1, 0, 1)]


def test_a_tree_of_70_000_has_just_those_tiles_and_the_trees_root() -> None:
    tree = TileTree()
    made = dict(tree.extend(LEAVES))
    made |= dict(tree.partial())
    assert sorted(made) == sorted(tile for level in range(3) for tile in tiles_of(70_000, level))
    assert tree.root == Frontier().extend(LEAVES).root
    assert made[Tile(0, 5)] == b"".join(LEAVES[5 * 256 : 6 * 256])
    assert made[Tile(1, 0)][32:64] == Frontier().extend(LEAVES[256:512]).root
    assert made[Tile(2, 0, 1)] == Frontier().extend(LEAVES[:65_536]).root


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    """RFC 6962's hashes, as the transparency-dev/merkle test data has them."""
    tree = TileTree()
    list(tree.extend(leaf_hash(body) for body in PUBLISHED[:size]))
    assert tree.root.hex() == ROOTS[size]


@settings(deadline=None)  # how fast is not asked here
@given(st.integers(0, 1_100), st.integers(0, 1_100))
def test_growing_in_steps_is_growing_at_once(first: int, more: int) -> None:
    whole, steps = TileTree(), TileTree()
    at_once = [*whole.extend(LEAVES[: first + more]), *whole.partial()]
    kept = list(steps.extend(LEAVES[:first]))
    resumed = TileTree(steps.size, [list(each) for each in steps.pending])
    kept += resumed.extend(LEAVES[first : first + more])
    assert sorted([*kept, *resumed.partial()]) == sorted(at_once)
    assert resumed.root == whole.root == Frontier().extend(LEAVES[: first + more]).root


@pytest.mark.parametrize(
    ("size", "pending"),
    [
        pytest.param(1, [], id="a hash missing"),
        pytest.param(0, [[b"x"]], id="one too many"),
        pytest.param(256, [[]], id="level 1 missing"),
        pytest.param(-1, [], id="negative"),
    ],
)
def test_a_tree_resumed_from_hashes_that_do_not_fit(size: int, pending: list[list[bytes]]) -> None:
    with pytest.raises(TileInvalid):
        TileTree(size, pending)


def test_the_empty_tree() -> None:
    assert TileTree().root == EMPTY_ROOT == hashlib.sha256(b"").digest()
    assert list(TileTree().partial()) == list(last_tiles(0)) == []


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_a_bundle_and_back(bodies: list[bytes]) -> None:
    assert split_bundle(bundle(bodies), len(bodies)) == bodies


def test_the_longest_entry() -> None:
    body = b"x" * ENTRY_MAX
    assert split_bundle(bundle([body, b"", body]), 3) == [body, b"", body]
    with pytest.raises(TileInvalid):
        bundle([body + b"x"])


@pytest.mark.parametrize(
    ("data", "width"),
    [
        pytest.param(b"\0", 1, id="half a length"),
        pytest.param(b"\0\1", 1, id="no entry after its length"),
        pytest.param(b"\0\2a", 1, id="half an entry"),
        pytest.param(b"\0\1a", 2, id="one too few"),
        pytest.param(b"\0\1a\0\1b", 1, id="one too many"),
        pytest.param(b"\0\1a\0", 1, id="surplus"),
        pytest.param(b"", 1, id="empty"),
    ],
)
def test_bundles_that_are_none(data: bytes, width: int) -> None:
    with pytest.raises(TileInvalid):
        split_bundle(data, width)


@pytest.mark.parametrize("surplus", [-1, 1, 32])
def test_tiles_that_are_none(surplus: int) -> None:
    assert split_tile(b"a" * 96, 3) == [b"a" * 32] * 3
    with pytest.raises(TileInvalid):
        split_tile(b"a" * (96 + surplus), 3)


def test_the_root_of_one_is_itself() -> None:
    assert perfect_root(LEAVES[:1]) == LEAVES[0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(
            lambda: bundle([b"x" * 65_536]), "an entry in a bundle has at most 65535 bytes", id="a long entry"
        ),
        pytest.param(lambda: split_bundle(b"\0\2a", 1), "the bundle is cut short", id="cut short"),
        pytest.param(lambda: split_bundle(b"\0\1a", 2), "the bundle holds 1 entries and not 2", id="too few entries"),
        pytest.param(lambda: split_tile(bytes(33), 1), "the tile is not of 1 hashes", id="a byte too many"),
        pytest.param(lambda: TileTree(-1), f"a tree has at most {2**63 - 1} entries", id="fewer than none"),
        pytest.param(lambda: TileTree(1), "the hashes do not fit the size", id="no hash of one entry"),
        pytest.param(lambda: Tile(-1, 0).path, "there is no such tile", id="no such tile"),
    ],
)
def test_what_is_wrong_is_said_in_full(make: Callable[[], object], message: str) -> None:
    with pytest.raises(TileInvalid) as refused:
        make()
    assert str(refused.value) == message


def test_the_last_tile_of_each_level() -> None:
    assert list(last_tiles(70_000)) == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert list(last_tiles(256)) == [Tile(0, 1, 0), Tile(1, 0, 1)]


def test_a_partial_tile_is_its_hashes() -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(3)]
    tree = TileTree()
    assert list(tree.extend(leaves)) == []
    assert list(tree.partial()) == [(Tile(0, 0, 3), b"".join(leaves))]
