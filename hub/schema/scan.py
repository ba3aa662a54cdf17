"""The size of a document, read from its text in one pass, before any parser sees it.

A parser builds a tree of whatever it is sent, and a rule that compares fields may compare each with each: both cost
what the sender likes. This counts instead. It knows as much of GraphQL's grammar as counting needs (spec section 2), it
looks at each token once, and it stops at the first limit. It judges nothing else: what is no GraphQL is left for the
parser to say, and ``tests/schema/test_scan.py`` holds its counts to those of the parser's tree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"""
    (?: [\ufeff\s,]++ | \#[^\n\r]*+ )*+                    # what GraphQL ignores
    (?:
        (?P<name> [_A-Za-z][_0-9A-Za-z]*+ )
      | (?P<mark> \.\.\. | [!$&()\[\]{}:=@|] )
      | (?P<value> "{3} (?: [^"\\] | \\"{3} | \\ | "(?!"") )*+ "{3}
                 | " (?!"") (?: [^"\\\n\r] | \\[^\n\r] )*+ "
                 | -? [0-9] [0-9A-Za-z_.+-]*+ )
      | (?P<end> \Z )
    )
    """,
    re.VERBOSE,
)


@dataclass(slots=True)
class Definition:
    """One operation or fragment, its spreads not followed.

    Attributes:
        fields: fields selected.
        depth: fields inside each other, at most.
        width: fields at its root.
        spreads: (fields above it, fragment's name) of each fragment it spreads.
    """

    fields: int = 0
    depth: int = 0
    width: int = 0
    spreads: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class Size:
    """What a document measures, as far as it was read.

    Attributes:
        tokens: as the parser counts them.
        nesting: brackets of any kind inside each other, at most.
        token_length: characters of the longest token.
        aliases: fields given another name.
        merges: pairs of fields that stand at one place under one name, which a rule compares; fragments count as if
            all stood at one place.
        operations: the operations, in order.
        fragments: the fragments by name; of two with one name, the last.
        defined: how many fragments were defined, whatever their names.
    """

    tokens: int = 0
    nesting: int = 0
    token_length: int = 0
    aliases: int = 0
    merges: int = 0
    operations: list[Definition] = field(default_factory=list)
    fragments: dict[str, Definition] = field(default_factory=dict)
    defined: int = 0


def measure(text: str, *, tokens_max: int) -> Size:
    """The size of ``text``; reading ends at what is no token, or one token after ``tokens_max``."""
    scan = _Scan()
    size, at, match = scan.size, 0, _TOKEN.match
    while found := match(text, at):
        at = found.end()
        kind = found.lastgroup
        if kind == "end":
            break
        assert kind is not None
        word = found[kind]
        size.tokens += 1
        size.token_length = max(size.token_length, len(word))
        if size.tokens > tokens_max:
            break
        if kind == "mark":
            scan.mark(word)
        elif kind == "name":
            scan.name(word)
    return scan.size


class _Scan:
    """Where in the document the pass is. ``_levels`` are the selection sets it is in: (place, fields above)."""

    def __init__(self) -> None:
        self.size = Size()
        self._levels: list[tuple[int, int]] = []
        self._arguments = 0
        self._before = ""  # the mark that says what the next name is
        self._item: tuple[int, int] | None = None  # where the next `{` leads
        self._keyword = ""
        self._definition = Definition()
        self._places: dict[tuple[int, str], int] = {}
        self._times: list[int] = [0, 0]

    def mark(self, word: str) -> None:
        """A punctuator."""
        if word in "([" or (word == "{" and self._arguments):
            self._arguments += 1
        elif word in ")]" or (word == "}" and self._arguments):
            self._arguments = max(0, self._arguments - 1)
        elif not self._arguments:
            self._structure(word)
        self.size.nesting = max(self.size.nesting, self._arguments + len(self._levels))

    def _structure(self, word: str) -> None:
        if word == "{":
            if not self._levels and not self._keyword:
                self._define("query")
            self._levels.append(self._item or (0, 0))
            self._before, self._item = "", None
        elif word == "}":
            if self._levels:
                self._levels.pop()
            if not self._levels:
                self._keyword = ""
            self._before, self._item = "", None
        elif word == "..." and self._levels:
            self._before, self._item = "...", self._levels[-1]
        elif word == ":" and self._before == "field":
            self.size.aliases += 1
            self._before = ":"
        elif word == "@":
            self._before = "@"

    def name(self, word: str) -> None:
        """A name: of a field, an alias, a fragment, a type, a directive, or a keyword."""
        if self._arguments:
            return
        before, self._before = self._before, ""
        if before in ("@", "on"):
            return
        if not self._levels:
            self._outside(before, word)
        elif before == "...":
            if word == "on":
                self._before = "on"
            else:
                self._definition.spreads.append((self._levels[-1][1], word))
        elif before != ":":
            self._field(word)
            self._before = "field"

    def _outside(self, before: str, word: str) -> None:
        if not self._keyword:
            self._define(word)
        elif before == "fragment":
            self.size.fragments[word] = self._definition
        elif word == "on":
            self._before = "on"

    def _define(self, keyword: str) -> None:
        self._keyword, self._definition = keyword, Definition()
        if keyword == "fragment":
            self.size.defined += 1
            self._before, self._item = "fragment", (1, 0)
        else:
            self.size.operations.append(self._definition)
            self._item = (0, 0)

    def _field(self, name: str) -> None:
        parent, above = self._levels[-1]
        place = self._places.get((parent, name))
        if place is None:
            place = self._places[parent, name] = len(self._times)
            self._times.append(0)
        self.size.merges += self._times[place]
        self._times[place] += 1
        mine = self._definition
        mine.fields += 1
        mine.depth = max(mine.depth, above + 1)
        mine.width += above == 0
        self._item = (place, above + 1)
