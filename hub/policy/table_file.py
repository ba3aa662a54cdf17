"""The case tables in ``policies/tests/*.csv``: questions and expected answers, kept in a spreadsheet.

Columns (the last four may be left out):

================  ==================================================================================================
case              what the row is about, in a few words
kind              kinds of record, with spaces between; each is tried
fields            field names with spaces between, or ``*`` for all
purpose           id of the purpose
role              roles of the searcher, with spaces between; each is tried
decision          ``yes`` or ``no``: the decision that the purpose rests on is recorded
labels            words the holder states of the record
not_stated        words the holder should have stated and did not
child             words true of the child
child_not_stated  words about the child that nobody could say
expect            the outcome: shared, shared_with_handling, withheld, ask, gap, out_of_scope
because           the purpose for what is shared, the handling rules for what is shared with handling, the missing facts
                  for a gap, the rules otherwise; in the order they are decided
judged            words true by a judgement in force; ``field:word`` where it covers that field alone
stale             words of judgements whose review is overdue
told              ``open``; ``hidden``: the kind of record is not told; ``veiled``: no ground is told either
================  ==================================================================================================

A word that is meant to be unknown is written with a question mark before it: ``?local_code_77``.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from io import StringIO

from hub.domain.disclosure import Outcome
from hub.policy import decision as say
from hub.policy.bundle import Bundle
from hub.policy.files import PolicyFault
from hub.policy.hints import meant
from hub.policy.tables import ALL, HIDDEN, OPEN, VEILED, Facts, Row

REQUIRED = (
    "case", "kind", "fields", "purpose", "role", "decision", "labels", "not_stated", "child", "child_not_stated",
    "expect", "because",
)  # fmt: skip
OPTIONAL = ("judged", "stale", "told")
_NOT_WORDS = (
    say.UNKNOWN_LABEL, say.UNKNOWN_KIND, say.UNKNOWN_SUBJECT_FACT, say.UNCLASSIFIED, say.RECIPIENT_ROLE, say.NOT_BUILT,
)  # fmt: skip


def read(name: str, text: str, bundle: Bundle, faults: list[PolicyFault]) -> list[Row]:
    """The rows of the table ``text``; what is wrong with it is added to ``faults``, with file and line.

    A row with an unknown word is a fault and still a row: it can be decided, under these policies and under others.
    """
    return [row for cells, line in _lines(name, text, (*REQUIRED, *OPTIONAL), faults, REQUIRED)
            for row in _Reader(name, line, bundle, faults).rows(cells)]  # fmt: skip


def past(name: str, text: str, faults: list[PolicyFault]) -> Counter[Facts]:
    """How often each combination of facts was decided: a table without expectations, with a ``count`` (else 1).

    Lines that read the same are parsed once, so that a million of them take a second.
    """
    header, _, body = text.partition("\n")
    counted: Counter[Facts] = Counter()
    for line, times in Counter(body.splitlines()).items():
        for cells, _ in _lines(name, f"{header}\n{line}", (*Facts._fields, "count"), faults, Facts._fields[:5]):
            count = cells.pop("count", "") or "1"
            if not count.isdecimal():
                faults.append(PolicyFault(name, "count", f"{count!r} is not a whole number"))
                continue
            counted[Facts(**cells)] += times * int(count)
        if faults:
            break
    return counted


def _lines(
    name: str, text: str, columns: Collection[str], faults: list[PolicyFault], required: Iterable[str]
) -> Iterator[tuple[dict[str, str], int]]:
    """The rows of a CSV by column, each with the line it begins on."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        lost = [column for column in required if column not in header]
        odd = [column for column in header if column not in columns or header.count(column) > 1]
        faults += [PolicyFault(name, column, "this column is missing", 1) for column in lost]
        faults += [PolicyFault(name, column, f"not a column{meant(column, columns)}", 1) for column in odd]
        if lost or odd:
            return
        line = reader.line_num + 1
        for cells in reader:
            if len(cells) == len(header):
                yield dict(zip(header, (cell.strip() for cell in cells), strict=True)), line
            elif cells:
                problem = f"{len(cells)} cells and {len(header)} columns: count the commas, and quote a text with one"
                faults.append(PolicyFault(name, "", problem, line))
            line = reader.line_num + 1
    except csv.Error as fault:
        faults.append(PolicyFault(name, "", f"not CSV: {fault}", reader.line_num))


class _Reader:
    """Checks the words of one line against the policies."""

    def __init__(self, file: str, line: int, bundle: Bundle, faults: list[PolicyFault]) -> None:
        self._file, self._line, self._bundle, self._faults = file, line, bundle, faults

    def rows(self, cells: Mapping[str, str]) -> list[Row]:
        """The line as rows, one for each kind and role; none when its expectation cannot be read."""
        vocabulary, kinds = self._bundle.vocabulary, self._bundle.catalogue.kinds
        self._known("kind", cells["kind"], kinds.keys())
        self._known("purpose", cells["purpose"], self._bundle.purposes.keys())
        self._known("role", cells["role"], vocabulary.roles.keys())
        judged = " ".join(word.rpartition(":")[2] for word in cells.get("judged", "").split())
        for column, text in (*((each, cells.get(each, "")) for each in ("labels", "not_stated", "stale")),
                             ("judged", judged)):  # fmt: skip
            self._known(column, text, vocabulary.labels.keys())
        for column in ("child", "child_not_stated"):
            self._known(column, cells[column], vocabulary.subject_facts.keys())
        for kind in cells["kind"].split():
            if kind in kinds:
                self._fields(cells, {each.name for each in kinds[kind].fields})
        self._one_of("decision", cells["decision"], ("yes", "no"))
        self._one_of("told", cells.get("told", ""), ("", OPEN, HIDDEN, VEILED))
        self._known("because", cells["because"], self._reasons())
        for column in ("case", "kind", "fields", "purpose", "role"):
            if not cells[column]:
                self._refuse(column, "is blank")
        if not self._one_of("expect", cells["expect"], tuple(Outcome)):
            return []
        return [
            Row(
                self._file,
                self._line,
                cells["case"],
                Facts(**{name: cells.get(name, "") for name in Facts._fields} | {"kind": kind, "role": role}),
                Outcome(cells["expect"]),
                tuple(cells["because"].split()),
                cells.get("told", ""),
            )
            for kind in cells["kind"].split()
            for role in cells["role"].split()
        ]

    def _reasons(self) -> set[str]:
        bundle, vocabulary = self._bundle, self._bundle.vocabulary
        words = (*vocabulary.labels, *vocabulary.subject_facts, *vocabulary.decisions, *_NOT_WORDS)
        return {*bundle.purposes, *bundle.impediments, *bundle.handling, *bundle.limits, *words}

    def _fields(self, cells: Mapping[str, str], known: Collection[str]) -> None:
        if cells["fields"] != ALL:
            self._known("fields", cells["fields"], known)
        parts = (word.partition(":") for word in cells.get("judged", "").split())
        self._known("judged", " ".join(field for field, colon, _ in parts if colon), known)

    def _known(self, column: str, text: str, known: Collection[str]) -> None:
        for word in text.split():
            bare = word.removeprefix("?")
            if bare != word and bare in known:
                self._refuse(column, f"{bare!r} is known: take the question mark out")
            elif bare == word and word not in known:
                hint = meant(word, known)
                self._refuse(column, f"{word!r} is not known{hint}. If that is meant, write ?{word}")

    def _one_of(self, column: str, word: str, words: Sequence[str]) -> bool:
        if word not in words:
            self._refuse(column, f"{word!r} is not one of {', '.join(each for each in words if each)}")
        return word in words

    def _refuse(self, column: str, problem: str) -> None:
        self._faults.append(PolicyFault(self._file, column, problem, self._line))
