"""The tree and the entries as static files: C2SP tlog-tiles.

A tile is up to 256 neighbouring hashes: at level 0 those of entries, above it the roots of full tiles of the level
below. A bundle is the entries of a level-0 tile. A tile or bundle of fewer than 256 is *partial*, and the last of its
level.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hub.audit.merkle import HASH_BYTES, SIZE_MAX, fold, node_hash, perfect_parts

TILE_WIDTH = 256
"""Hashes in a full tile, entries in a full bundle."""

LEVEL_MAX = 7
"""The highest level a tree of ``SIZE_MAX`` entries has; the specification allows for 63."""

ENTRY_MAX = 65_535
"""The longest entry in a bundle, in bytes: its length is a uint16."""


class TileInvalid(ValueError):
    """A tile, a bundle or the place of one is malformed. The message quotes no entry."""


class Tile(NamedTuple):
    """Which tile: its level, its number there, how many hashes it holds."""

    level: int
    number: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where its hashes are, from the export's top."""
        return f"tile/{self.level}/{_numbered(self)}"

    @property
    def bundle_path(self) -> str:
        """Where its entries are (level 0)."""
        return f"tile/entries/{_numbered(self)}"


def tiles_of(size: int, level: int) -> Iterator[Tile]:
    """The tiles of one level for a tree of ``size`` entries, in order; the last may be partial."""
    held = size >> (8 * level)
    for index in range(held // TILE_WIDTH):
        yield Tile(level, index)
    if held % TILE_WIDTH:
        yield Tile(level, held // TILE_WIDTH, held % TILE_WIDTH)


def bundle(bodies: Iterable[bytes]) -> bytes:
    """Entries as a bundle: each after its length; a dropped (pruned) entry is one of length 0.

    Raises:
        TileInvalid: an entry is over ``ENTRY_MAX`` bytes.
    """
    parts: list[bytes] = []
    for body in bodies:
        if len(body) > ENTRY_MAX:
            raise TileInvalid(f"an entry in a bundle has at most {ENTRY_MAX} bytes")
        parts += len(body).to_bytes(2, "big"), body
    return b"".join(parts)


def split_bundle(data: bytes, width: int) -> list[bytes]:
    """The entries of a bundle of ``width``; the inverse of :func:`bundle`.

    Raises:
        TileInvalid: it is cut short, or holds more or fewer.
    """
    bodies, at = [], 0
    while at < len(data):
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if at > len(data) or start > len(data):
            raise TileInvalid("the bundle is cut short")
        bodies.append(data[start:at])
    if len(bodies) != width:
        raise TileInvalid(f"the bundle holds {len(bodies)} entries and not {width}")
    return bodies


def split_tile(data: bytes, width: int) -> list[bytes]:
    """The hashes of a tile of ``width``; TileInvalid when there are more or fewer."""
    if len(data) != width * HASH_BYTES:
        raise TileInvalid(f"the tile is not of {width} hashes")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over neighbouring hashes of one height; their number is a power of two."""
    while len(hashes) > 1:
        pairs = iter(hashes)
        hashes = [node_hash(left, right) for left, right in zip(pairs, pairs, strict=True)]
    return hashes[0]


@dataclass(slots=True)
class TileTree:
    """A tree that grows by whole tiles: only the last tile of each level is in memory.

    ``pending`` is, by level, the hashes of the tile that is not full yet.
    """

    size: int = 0
    pending: list[list[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not 0 <= self.size <= SIZE_MAX:
            raise TileInvalid(f"a tree has at most {SIZE_MAX} entries")
        if [len(each) for each in self.pending] != [each.width % TILE_WIDTH for each in last_tiles(self.size)]:
            raise TileInvalid("the hashes do not fit the size")

    def extend(self, leaves: Iterable[bytes]) -> Iterator[tuple[Tile, bytes]]:
        """Add leaf hashes in order; each tile they fill, with its bytes. Use it up: it works as it is read."""
        for leaf in leaves:
            self.size += 1
            carried, level = leaf, 0
            while True:
                if level == len(self.pending):
                    self.pending.append([])
                held = self.pending[level]
                held.append(carried)
                if len(held) < TILE_WIDTH:
                    break
                yield Tile(level, (self.size >> (8 * (level + 1))) - 1), b"".join(held)
                carried, level = perfect_root(held), level + 1
                held.clear()

    def partial(self) -> Iterator[tuple[Tile, bytes]]:
        """The partial tile of each level that has one, with its bytes."""
        for level, held in enumerate(self.pending):
            if held:
                yield Tile(level, self.size >> (8 * (level + 1)), len(held)), b"".join(held)

    @property
    def root(self) -> bytes:
        """The root of the tree so far."""
        nodes = []
        for held in reversed(self.pending):
            for height, index in perfect_parts(0, len(held)):
                start = index << height
                nodes.append(perfect_root(held[start : start + (1 << height)]))
        return fold(nodes)


def last_tiles(size: int) -> Iterator[Tile]:
    """By level, the last tile of a tree of ``size``: one of width 0 where the level's tiles are all full."""
    level = 0
    while size >> (8 * level):
        held = size >> (8 * level)
        yield Tile(level, held // TILE_WIDTH, held % TILE_WIDTH)
        level += 1


def _numbered(tile: Tile) -> str:
    if not (0 <= tile.level <= LEVEL_MAX and tile.number >= 0 and 1 <= tile.width <= TILE_WIDTH):
        raise TileInvalid("there is no such tile")
    digits = str(tile.number)
    digits = digits.rjust(-(-len(digits) // 3) * 3, "0")
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join((*(f"x{each}" for each in groups[:-1]), groups[-1]))
    return path if tile.width == TILE_WIDTH else f"{path}.p/{tile.width}"
