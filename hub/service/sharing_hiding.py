"""Small numbers are hidden, so that nobody can tell from a report what was held back about one child. Pure.

A count of 1 to 4 is "fewer than 5". Others are hidden with it where a total, less what is shown, would give it away: a
hidden count is safe when there is another table, with the same shown figures, in which it is another number; one is
found for each before the figures leave here. Rows and columns of fewer than 5 in all are put
together with the next smallest.

A month is protected by itself and never again otherwise; a longer period is the sum of what its months show
(:func:`together`). So no difference of two periods tells more than they do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

FEW = 5
"""Counts below this, and not 0, are hidden."""

Key = tuple[str, ...]
"""The names that a row or a column stands for: one, or several that were put together."""

TOTAL: Key = ()
"""The row, or the column, of totals."""

Cell = tuple[str, str]
Counts = Mapping[Cell, int]
"""True counts by row and column. Never shown."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What is told of a count: that it is at least ``low`` and at most ``high`` (None: nobody says)."""

    low: int
    high: int | None

    @property
    def exact(self) -> int | None:
        """The count, where it is told."""
        return self.low if self.low == self.high else None

    def __add__(self, other: Figure) -> Figure:
        high = None if self.high is None or other.high is None else self.high + other.high
        return Figure(self.low + other.low, high)

    def __str__(self) -> str:
        if self.exact is not None:
            return f"{self.low:,}"
        if self == FEWER:
            return f"fewer than {FEW}"
        if self.high is None:
            return f"{self.low:,} or more" if self.low else "not shown"
        return f"{self.low:,} to {self.high:,}"


FEWER = Figure(1, FEW - 1)
HIDDEN = Figure(0, None)
NONE = Figure(0, 0)


@dataclass(frozen=True, slots=True)
class Shown:
    """A table as it may be shown.

    Attributes:
        rows: in order of size; ``columns``: by group, in order of size; a group that is not shown has none.
        figures: by row and column, ``TOTAL`` among both; ``subtotals``: by row and group.
        is_closed: nothing but the total is shown.
    """

    rows: tuple[Key, ...]
    columns: Mapping[str, tuple[Key, ...]]
    figures: Mapping[tuple[Key, Key], Figure]
    subtotals: Mapping[tuple[Key, str], Figure]
    is_closed: bool = False

    @property
    def total(self) -> Figure:
        """All of it."""
        return self.figures[TOTAL, TOTAL]

    @property
    def hides(self) -> bool:
        """Whether anything is hidden."""
        every = (*self.figures.values(), *self.subtotals.values())
        return self.is_closed or any(each.exact is None for each in every) or any(map(_several, self._keys()))

    def at(self, row: Key, column: Key, group: str = "") -> Figure:
        """What is told of a cell, 0 where there is nothing. ``group`` is the column's."""
        if (found := self.figures.get((row, column))) is not None:
            return found
        is_shown = column == TOTAL or self.subtotals.get((TOTAL, group), NONE).exact is not None
        return NONE if is_shown and not self._put_away(row, column) else HIDDEN

    def of_group(self, row: Key, group: str) -> Figure:
        """What is told of a group of columns in a row."""
        if (found := self.subtotals.get((row, group))) is not None:
            return found
        return HIDDEN if self._put_away(row) else NONE

    def _put_away(self, *keys: Key) -> bool:
        """Whether a name may be among those that were put together, or nothing is told at all."""
        return self.is_closed or any(set(key) & set(each) for key in keys for each in self._keys() if key != each)

    def _columns(self) -> Iterator[Key]:
        return (each for columns in self.columns.values() for each in columns)

    def _keys(self) -> Iterator[Key]:
        yield from self.rows
        yield from self._columns()


def _several(key: Key) -> bool:
    return len(key) > 1


_Place = tuple[Key, Key | str]
"""A cell, or a group of columns in a row."""


NOTHING_SHOWN = Shown((), {}, {(TOTAL, TOTAL): HIDDEN}, {}, is_closed=True)
"""A table of which not even the total is told."""


@dataclass(slots=True)
class _Table:
    """True counts of rows and columns that are each large enough, and what is hidden of them so far.

    Attributes:
        free: groups that are not shown at all, each as one column.
        counts: of each cell, and of each shown group in each row.
    """

    rows: tuple[Key, ...]
    columns: dict[str, tuple[Key, ...]]
    free: dict[str, Key]
    counts: dict[_Place, int]
    group: dict[Key, str]
    hidden: set[_Place]

    def shown_places(self) -> Iterator[_Place]:
        """Every cell and group in a row of which something may be told."""
        columns: list[Key | str] = [
            *self.columns,
            *(column for column, group in self.group.items() if group in self.columns),
        ]
        return product(self.rows, columns)


def protect(counts: Counts, group_of: Callable[[str], str] = lambda _: "") -> Shown:
    """What may be shown of ``counts``; ``group_of`` says in which group a column is."""
    counts = {cell: times for cell, times in counts.items() if times}
    total = sum(counts.values())
    if total < FEW:
        return _closed(FEWER if total else NONE, is_closed=bool(total))
    groups: dict[str, int] = defaultdict(int)
    for (_, column), times in counts.items():
        groups[group_of(column)] += times
    hidden = _hidden_groups(groups)
    if hidden is None:
        return _closed(Figure(total, total), is_closed=True)
    table = _merged(counts, group_of, groups, hidden)
    is_safe = _hide(table)
    return _shown(table, groups, hidden, is_safe=is_safe)


def together(parts: Sequence[Shown]) -> Shown:
    """The sum of what ``parts`` show: nothing that was hidden in one of them is made of anything but that."""
    rows = _names(row for part in parts for row in part.rows)
    groups = list(dict.fromkeys(group for part in parts for group, _ in _groups_of(part)))
    columns = {group: _names(key for part in parts for key in part.columns.get(group, ())) for group in groups}
    every = [("", TOTAL), *((group, column) for group in groups for column in columns[group])]
    figures = {
        (row, column): _sum(part.at(row, column, group) for part in parts)
        for row, (group, column) in product((TOTAL, *rows), every)
    }
    subtotals = {
        (row, group): _sum(part.of_group(row, group) for part in parts)
        for row, group in product((TOTAL, *rows), groups)
    }
    rows = tuple(sorted(rows, key=lambda row: (-figures[row, TOTAL].low, row)))
    return Shown(rows, columns, figures, subtotals, all(part.is_closed for part in parts))


def _names(keys: Iterable[Key]) -> tuple[Key, ...]:
    """The names in ``keys``, each by itself; those that are together wherever they occur stay so."""
    known: dict[str, set[Key]] = defaultdict(set)
    for key in keys:
        for name in key:
            known[name].add(key)
    kept = {key for found in known.values() for key in found if all(known[name] == {key} for name in key)}
    return tuple(dict.fromkeys(key if (key := min(found)) in kept else (name,) for name, found in known.items()))


def _groups_of(part: Shown) -> Iterator[tuple[str, Figure]]:
    return ((group, figure) for (row, group), figure in part.subtotals.items() if row == TOTAL)


def _sum(figures: Iterable[Figure]) -> Figure:
    return sum(figures, NONE)


def _closed(total: Figure, *, is_closed: bool) -> Shown:
    return Shown((), {}, {(TOTAL, TOTAL): total}, {}, is_closed)


def _is_few(times: int) -> bool:
    return 0 < times < FEW


def _hidden_groups(groups: Mapping[str, int]) -> frozenset[str] | None:
    """Groups that are too small to be told, with the largest that hides them; None when it cannot."""
    small = {group for group, times in groups.items() if _is_few(times)}
    if not small:
        return frozenset()
    # By name where two are as large: another table of the same totals must hide the same.
    large = max(groups, key=lambda group: (groups[group], group))
    if large in small or (groups[large] == FEW and 1 in groups.values()):
        return None
    return frozenset({*small, large})


def _merged(
    counts: Counts, group_of: Callable[[str], str], groups: Mapping[str, int], hidden: frozenset[str]
) -> _Table:
    by_row: dict[str, int] = defaultdict(int)
    by_column: dict[str, int] = defaultdict(int)
    for (name, column), times in counts.items():
        by_row[name] += times
        by_column[column] += times
    rows = _large(by_row)
    columns = {
        group: _large({name: times for name, times in by_column.items() if group_of(name) == group})
        for group in groups
        if group not in hidden
    }
    free: dict[str, Key] = {group: (group, "*") for group in hidden}
    of_row = {name: key for key in rows for name in key}
    of_column = {name: key for keys in columns.values() for key in keys for name in key}
    group_by = {key: each for each, keys in columns.items() for key in keys} | {key: each for each, key in free.items()}
    summed: dict[_Place, int] = dict.fromkeys(product(rows, (*group_by, *columns)), 0)
    for (name, column), times in counts.items():
        key, group = of_column.get(column), group_of(column)
        summed[of_row[name], key or free[group]] += times
        if group in columns:
            summed[of_row[name], group] += times
    return _Table(rows, columns, free, summed, group_by, set(product(rows, free.values())))


def _large(sizes: Mapping[str, int]) -> tuple[Key, ...]:
    """Names by size; those too small by themselves are put together with the next smallest."""
    ordered = sorted(sizes, key=lambda name: (sizes[name], name))
    put: list[str] = []
    while ordered and (_is_few(sizes[ordered[0]]) or 0 < sum(sizes[name] for name in put) < FEW):
        put.append(ordered.pop(0))
    alone = [(name,) for name in reversed(ordered)]
    return (*alone, tuple(sorted(put))) if put else tuple(alone)


def _hide(table: _Table) -> bool:
    """Hide what is small, and what would give it away; whether that was possible with anything left to show."""
    small = [place for place in table.shown_places() if _is_few(table.counts[place])]
    table.hidden |= set(small)
    may = {place: _may(table, place) for place in table.counts}
    for place in small:
        cheapest: tuple[int, int, set[_Place]] | None = None
        for move in _moves(table, place, may):
            new = set(move) - table.hidden
            cost = len(new), sum(table.counts[each] for each in new)
            if cheapest is None or cost < cheapest[:2]:
                cheapest = *cost, new
            if not new:
                break
        if cheapest is None:
            return False
        table.hidden |= cheapest[2]
    return True


_May = Mapping[_Place, tuple[bool, bool]]


def _may(table: _Table, place: _Place) -> tuple[bool, bool]:
    """Whether a hidden count could be one more, and one less, for all that a reader can know of it."""
    times, column = table.counts[place], place[1]
    if not isinstance(column, str) and table.group[column] in table.free:
        return True, times > 0
    if _is_few(times):
        return times + 1 < FEW, times > 1
    return times >= FEW, times > FEW  # a 0 is shown


def _moves(table: _Table, place: _Place, may: _May) -> Iterator[Collection[_Place]]:
    """Places whose counts, each changed by one, could be the true ones: ``place`` changed, and every total kept."""
    row, column = place
    own = table.columns[column] if isinstance(column, str) else (column,)
    others = [other for other in table.rows if other != row]
    for first, up in product(own, (True, False)):
        down, group = not up, table.group[first]
        if not may[row, first][down]:
            continue
        rows = [other for other in others if may[other, first][up]]
        for second, of_second in table.group.items():
            same = of_second == group
            if second == first or not may[row, second][up] or (same and isinstance(column, str)):
                continue
            for other in rows:
                if may[other, second][down]:
                    move = [(row, first), (row, second), (other, first), (other, second)]
                    groups = [] if same else [(group, up), (of_second, down)]
                    beside = [(each, way) for each, way in groups if each in table.columns]
                    if all(may[row, each][not way] and may[other, each][way] for each, way in beside):
                        yield [*move, *((each, name) for name, _ in beside for each in (row, other))]


def _shown(table: _Table, groups: Mapping[str, int], hidden: frozenset[str], *, is_safe: bool) -> Shown:
    def told(row: Key, column: Key | str) -> Figure:
        times = table.counts[row, column]
        if not is_safe:
            return HIDDEN
        if (row, column) not in table.hidden:
            return Figure(times, times)
        return FEWER if _is_few(times) else HIDDEN

    figures: dict[tuple[Key, Key], Figure] = {}
    subtotals: dict[tuple[Key, str], Figure] = {}
    for group, columns in table.columns.items():
        for column in columns:
            figures |= {(row, column): told(row, column) for row in table.rows}
            of_all = sum(table.counts[row, column] for row in table.rows)
            figures[TOTAL, column] = Figure(of_all, of_all)
        subtotals |= {(row, group): told(row, group) for row in table.rows}
        subtotals[TOTAL, group] = Figure(groups[group], groups[group])
    for group in hidden:
        subtotals |= dict.fromkeys(((row, group) for row in table.rows), HIDDEN)
        subtotals[TOTAL, group] = FEWER if _is_few(groups[group]) else HIDDEN
    for row in table.rows:
        of_row = sum(table.counts[row, column] for column in table.group)
        figures[row, TOTAL] = Figure(of_row, of_row)
    total = sum(groups.values())
    figures[TOTAL, TOTAL] = Figure(total, total)
    return Shown(table.rows, table.columns, figures, subtotals)
