"""A chunk of the log, checked by itself: each entry's form and hash. What is left to check comes back small.

Chunks start at multiples of ``CHUNK_ROWS``, so that a full one is a subtree, and may be checked in any order.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hub.audit.forms import FORMS, kind_of
from hub.audit.merkle import leaf_hash, node_hash, perfect_parts
from hub.audit.verify_found import Row, Stop
from hub.audit.verify_story import Role

CHUNK_ROWS = 4_096
"""Entries in a chunk: a power of two."""

ROLES: Mapping[bytes, Role] = {
    b"question": Role.QUESTION,
    b"answer": Role.END,
    b"abandoned": Role.END,
    b"records": Role.RECORDS,
}
_ACTS = frozenset({b"erasure", b"prune", b"key"})

MISSING = 8
"""Added to the role of an entry whose side row is not there."""


@dataclass(slots=True)
class Chunk:
    """What is left to check of the entries from ``first`` on.

    ``facts`` has, for each entry, its role, ``MISSING`` where its side row is, and 16 times the question it speaks of;
    ``parts`` by answer in how many parts it is; ``acts`` the bytes of what explains something missing or changes keys;
    ``notes`` some kept checkpoints by their size; ``nodes``, by size, the subtrees from ``first`` to there.
    """

    first: int
    facts: array[int] = field(default_factory=lambda: array("q"))
    parts: dict[int, int] = field(default_factory=dict)
    acts: list[tuple[int, bytes]] = field(default_factory=list)
    notes: dict[int, str] = field(default_factory=dict)
    nodes: dict[int, list[bytes]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


def check_chunk(first: int, rows: Iterable[Row], sides: Mapping[int, str] | None, sizes: Iterable[int] = ()) -> Chunk:
    """Check the entries of one chunk.

    Of the checkpoints kept with entries, the first, the last and those after a change of keys are handed on: with one
    in some thousand entries a rewrite cannot hide, and the strict verifier narrows it down.

    Args:
        first: the first one's number.
        rows: all of them; they are not kept.
        sides: the side rows there are of these entries: number, and the row's commitment. None: not looked at.
        sizes: the tree is compared at these sizes, too.

    Raises:
        Stop: something is wrong; whether it is the first thing that is, the strict verifier says.
    """
    chunk = Chunk(first)
    left = dict(sides or {})
    hashes: list[bytes] = []
    newest: tuple[int, str] | None = None
    for index, row in enumerate(rows, first):
        if row.number != index or {type(row.number), type(row.leaf_hash), type(row.body)} != {int, bytes}:
            raise Stop("missing, or stored in another form", index)
        chunk.facts.append(_fact(chunk, index, row, left, looked=sides is not None))
        hashes.append(row.leaf_hash)
        if row.note is not None:
            newest = index + 1, row.note
            if not chunk.notes or (chunk.acts and chunk.acts[-1][0] >= max(chunk.notes)):
                chunk.notes[index + 1] = row.note
    if newest is not None:
        chunk.notes[newest[0]] = newest[1]
    if left:
        raise Stop("there is text beside it that it does not speak of", min(left))
    end = first + len(hashes)
    wanted = {end, *chunk.notes, *(size for size in sizes if first < size <= end)}
    chunk.nodes = _nodes(hashes, [size - first for size in wanted], first)
    return chunk


def _fact(chunk: Chunk, index: int, row: Row, left: dict[int, str], *, looked: bool) -> int:
    body = row.body
    found = left.pop(index, None) if left else None
    if not body:
        chunk.counts["pruned"] += 1
        return Role.BARE
    if leaf_hash(body) != row.leaf_hash:
        raise Stop("its bytes are not those that were logged", index)
    kind = kind_of(body)
    form = FORMS.get(kind)
    match = form.fullmatch(body) if form is not None else None
    if match is None:
        raise Stop("not an entry of this format", index)
    chunk.counts[kind.decode()] += 1
    role = ROLES.get(kind, Role.OTHER)
    said = match[1] if match.lastindex else None
    if role in (Role.END, Role.RECORDS):
        if match.lastindex == 2:
            chunk.parts[index] = int(match[2])
        return role + 16 * int(said or 0)
    if kind in _ACTS:
        chunk.acts.append((index, body))
    commitment = said.decode() if said is not None else None
    if found is not None and found != commitment:
        raise Stop("the text beside it is not what was written then", index)
    return role + (MISSING if looked and commitment is not None and found is None else 0)


def _nodes(hashes: Sequence[bytes], sizes: Iterable[int], first: int) -> dict[int, list[bytes]]:
    """The perfect subtrees that make up the first so many ``hashes``, by the size of the whole log."""
    levels = [list(hashes)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(left, right) for left, right in zip(below[::2], below[1::2], strict=False)])
    return {first + size: [levels[height][at] for height, at in perfect_parts(0, size)] for size in sizes}
