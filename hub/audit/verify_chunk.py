"""A chunk of the log, checked by itself: each entry's form and hash. What is left to check comes back small.

Chunks start at multiples of ``CHUNK_ROWS``, so that a full one is a subtree, and may be checked in any order.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from hub.audit.forms import FORMS, KIND_AT
from hub.audit.merkle import node_hash, perfect_parts
from hub.audit.verify_found import Stop
from hub.audit.verify_story import Role

CHUNK_ROWS = 4_096
"""Entries in a chunk: a power of two."""

MISSING = 8
"""Added to the role of an entry whose side row is not there."""


_ROLES = {b"question": Role.QUESTION, b"answer": Role.END, b"abandoned": Role.END, b"records": Role.RECORDS}
_ACTS = frozenset({b"erasure", b"prune", b"key"})


class _Kind(NamedTuple):
    name: str
    form: re.Pattern[bytes]
    role: int = Role.OTHER
    refers: bool = False
    act: bool = False


_KINDS = {
    (kind + b'"')[:4]: _Kind(
        kind.decode(),
        form,
        int(_ROLES.get(kind, Role.OTHER)),
        _ROLES.get(kind) in (Role.END, Role.RECORDS),
        kind in _ACTS,
    )
    for kind, form in FORMS.items()
}
"""By the first four letters, which tell the kinds apart."""

_NO_KIND = _Kind("", re.compile(rb"(?!)"))


PlainRow = tuple[int, bytes, bytes, str | None]
"""A stored entry as the driver gives it: number, leaf hash, bytes, kept checkpoint."""


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


def check_chunk(
    first: int, rows: Iterable[PlainRow], sides: Mapping[int, str] | None, sizes: Iterable[int] = ()
) -> Chunk:
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
    for index, (number, leaf, body, note) in enumerate(rows, first):
        if number != index or type(number) is not int or type(leaf) is not bytes or type(body) is not bytes:
            raise Stop("missing, or stored in another form", index)
        found = left.pop(index, None) if left else None
        if body:
            if sha256(b"\x00" + body).digest() != leaf:  # leaf_hash, without the call
                raise Stop("its bytes are not those that were logged", index)
            chunk.facts.append(_fact(chunk, index, body, found, looked=sides is not None))
        else:
            chunk.facts.append(Role.BARE)
        hashes.append(leaf)
        if note is not None:
            newest = index + 1, note
            if not chunk.notes or (chunk.acts and chunk.acts[-1][0] >= max(chunk.notes)):
                chunk.notes[index + 1] = note
    if newest is not None:
        chunk.notes[newest[0]] = newest[1]
    if left:
        raise Stop("there is text beside it that it does not speak of", min(left))
    end = first + len(hashes)
    wanted = {end, *chunk.notes, *(size for size in sizes if first < size <= end)}
    chunk.nodes = _nodes(hashes, [size - first for size in wanted], first)
    return chunk


def _fact(chunk: Chunk, index: int, body: bytes, found: str | None, *, looked: bool) -> int:
    """Check an entry's form; ``found`` is its side row, where there is one."""
    kind = _KINDS.get(body[KIND_AT : KIND_AT + 4], _NO_KIND)
    match = kind.form.fullmatch(body)
    if match is None:
        raise Stop("not an entry of this format", index)
    chunk.counts[kind.name] += 1
    said = match[1] if match.lastindex else None
    if kind.refers:
        if match.lastindex == 2:
            chunk.parts[index] = int(match[2])
        if found is not None:
            raise Stop("there is text beside it that it does not speak of", index)
        return kind.role + 16 * int(said or 0)
    if kind.act:
        chunk.acts.append((index, body))
    if (said.decode() if said else None) != found:
        if said and found is None:
            return kind.role + MISSING * looked
        raise Stop("the text beside it is not what was written then", index)
    return kind.role


def _nodes(hashes: Sequence[bytes], sizes: Iterable[int], first: int) -> dict[int, list[bytes]]:
    """The perfect subtrees that make up the first so many ``hashes``, by the size of the whole log."""
    levels = [list(hashes)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(left, right) for left, right in zip(below[::2], below[1::2], strict=False)])
    return {first + size: [levels[height][at] for height, at in perfect_parts(0, size)] for size in sizes}
