"""That an earlier state of the log begins a later one, proved from what is stored, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest

from hub.audit.merkle import EMPTY_ROOT, Frontier, verify_consistency
from hub.errors import AuditUnavailable
from hub.store.appender import Log
from hub.store.consistency import read_consistency
from tests.store.making import refused
from tests.store.tampering import edit, read_all

SIZE = 600
"""More than two subtrees of 256, so that proofs are made of both: stored subtrees and entries."""


@pytest.fixture
async def roots(log: Log, log_url: str) -> list[bytes]:
    """The root at each size of a log of ``SIZE`` entries, by appending leaf after leaf."""
    await asyncio.gather(*(log.append(refused(log)) for _ in range(SIZE)))
    frontier = Frontier()
    found = [frontier.root]
    for (leaf,) in read_all(log_url, 'SELECT leaf_hash FROM log_entry ORDER BY "index"'):
        assert isinstance(leaf, bytes | memoryview)
        frontier = frontier.append(bytes(leaf))
        found.append(frontier.root)
    return found


async def consistency(log: Log, old: int, new: int) -> tuple[bytes, ...] | None:
    return await log.beside(lambda engine: read_consistency(engine, old, new))


PAIRS = {
    "nothing of nothing": (0, 0),
    "nothing of all": (0, SIZE),
    "all of all": (SIZE, SIZE),
    "the first entry": (1, SIZE),
    "across the first stored subtree": (255, 256),
    "one stored subtree, a power of two": (256, SIZE),
    "neither is a head": (257, 513),
    "two stored subtrees": (512, SIZE),
    "all but the last": (599, SIZE),
}


async def test_it_proves_what_a_witness_checks(log: Log, roots: list[bytes]) -> None:
    for said, (old, new) in PAIRS.items():  # one log for all of them: it takes longer to make than to read
        hashes = await consistency(log, old, new)
        assert hashes is not None, said
        verify_consistency(old, roots[old], new, roots[new], hashes)


async def test_an_empty_log_is_consistent_with_itself(log: Log) -> None:
    assert await consistency(log, 0, 0) == ()
    verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, ())


async def test_there_is_none_to_a_size_the_log_has_not_reached(log: Log, roots: list[bytes]) -> None:
    assert await consistency(log, 3, SIZE + 1) is None


@pytest.mark.parametrize(("old", "new"), [(2, 1), (-1, 1)], ids=["older is larger", "less than nothing"])
async def test_sizes_that_make_no_sense_are_refused(log: Log, log_url: str, old: int, new: int) -> None:
    with pytest.raises(AuditUnavailable):
        await consistency(log, old, new)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("DELETE FROM log_tile", id="gone"),
        pytest.param("UPDATE log_tile SET hash = (SELECT root FROM log_head)", id="wrong"),
        pytest.param('UPDATE log_tile SET hash = (SELECT root FROM log_head) WHERE "index" = 0', id="one wrong"),
    ],
)
async def test_damaged_subtrees_cost_time_and_no_more(log: Log, log_url: str, roots: list[bytes], damage: str) -> None:
    edit(log_url, damage)
    for old, new in ((256, SIZE), (300, 512), (1, SIZE)):
        hashes = await consistency(log, old, new)
        assert hashes is not None
        verify_consistency(old, roots[old], new, roots[new], hashes)


@pytest.mark.parametrize("at", [0, 255, 300, SIZE - 1])
async def test_no_proof_is_given_of_what_was_not_signed(log: Log, log_url: str, roots: list[bytes], at: int) -> None:
    """Not even of a part that ends before the damage where the head cannot vouch for it."""
    edit(log_url, f'UPDATE log_entry SET leaf_hash = (SELECT root FROM log_head) WHERE "index" = {at}')
    edit(log_url, "DELETE FROM log_tile")
    for old, new in ((1, SIZE), (256, 512), (SIZE, SIZE)):
        with pytest.raises(AuditUnavailable):
            await consistency(log, old, new)
