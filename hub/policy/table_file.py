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
_HEADER = 1
"""The line of the header."""
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
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
    lines = body.splitlines()
    counted: Counter[Facts] = Counter()
    for line, times in Counter(lines).items():
        wrong: list[PolicyFault] = []
        for cells, _ in _lines(name, f"{header}\n{line}", (*Facts._fields, "count"), wrong, Facts._fields[:5]):
            count = cells.pop("count", "") or "1"
            if count.isdecimal():
                counted[Facts(**cells)] += times * int(count)
            else:
                wrong.append(PolicyFault(name, "count", f"{count!r} is not a whole number", _HEADER + 1))
        if wrong:  # each line was read by itself, so that its number is not known before here
            place = lines.index(line) + _HEADER + 1
            faults += [PolicyFault(name, each.key, each.problem, _HEADER if each.line == _HEADER else place)
                       for each in wrong]  # fmt: skip
            break
    return counted


def _lines(
    name: str, text: str, columns: Collection[str], faults: list[PolicyFault], required: Iterable[str]
) -> Iterator[tuple[dict[str, str], int]]:
    """The rows of a CSV by column, each with the line it begins on."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    line = _HEADER
    try:
        written = next(reader, [])
        header = ["_".join(cell.lower().split()) for cell in written]
        if problems := list(_header(header, columns, tuple(required), "".join(written))):
            faults += [PolicyFault(name, key, problem, _HEADER) for key, problem in problems]
            return
        line = reader.line_num + 1
        for given in reader:
            cells = [cell.strip() for cell in given]
            if any(cells):
                if problem := _misfit(header, cells):
                    faults.append(PolicyFault(name, "", problem, line))
                else:
                    yield {column: cell for column, cell in zip(header, cells, strict=False) if column}, line
            line = reader.line_num + 1
    except csv.Error as fault:
        faults.append(PolicyFault(name, "", _not_csv(fault), line))


def _header(
    header: Sequence[str], columns: Collection[str], required: Sequence[str], written: str
) -> Iterator[tuple[str, str]]:
    """What is wrong with the line that names the columns, by column. One with a blank name is a spreadsheet's own."""
    wanted = ",".join(columns)
    if not any(header):
        yield "", f"the first line must name the columns: {wanted}"
    elif not set(header) & set(required):
        used = next((named for mark, named in _SEPARATORS.items() if mark in written), None)
        yield (
            "",
            (
                f"has {used} between its cells: save the table as CSV UTF-8, with commas"
                if used
                else f"the first line does not name the columns. It must be: {wanted}"
            ),
        )
    else:
        lost = [column for column in required if column not in header]
        for column in dict.fromkeys(each for each in header if each):
            if column not in columns:
                hint = meant(column, columns)
                lost = [each for each in lost if repr(each) not in hint]  # told by its hint
                yield column, f"not a column{hint}"
            elif header.count(column) > 1:
                yield column, "two columns have this name: take one out"
        yield from ((column, "this column is missing") for column in lost)


def _misfit(header: Sequence[str], cells: Sequence[str]) -> str | None:
    """Why a row does not fit its header: cells lost or added, or something written where no column is named."""
    if len(cells) != len(header):
        return f"{len(cells)} cells and {len(header)} columns: count the commas, and quote a text with one"
    unnamed = [number for number, column in enumerate(header, 1) if not column and cells[number - 1]]
    return f"something stands in column {unnamed[0]}, which has no name: name it, or empty it" if unnamed else None


def _not_csv(fault: csv.Error) -> str:
    if "unexpected end of data" in str(fault):
        return "not CSV: a text here begins with a quotation mark, and nothing ends it. Write one after the text"
    return f"not CSV: {fault}. Write a quotation mark within a text twice"


def _instead(word: str) -> str:
    """What else may be meant by an unknown word."""
    if "," in word or ";" in word:
        return "Put spaces between words, and no commas"
    return f"If an unknown word is meant, write ?{word}"


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
                said = f"{word!r} is not known{meant(word, known)}"
                self._refuse(column, f"{said}{'' if said.endswith(('.', '?')) else '.'} {_instead(word)}")

    def _one_of(self, column: str, word: str, words: Sequence[str]) -> bool:
        if word not in words:
            small = "_".join(word.lower().split())
            hint = f". Write {small}" if small in words else ""
            self._refuse(column, f"{word!r} is not one of {', '.join(each for each in words if each)}{hint}")
        return word in words

    def _refuse(self, column: str, problem: str) -> None:
        self._faults.append(PolicyFault(self._file, column, problem, self._line))
