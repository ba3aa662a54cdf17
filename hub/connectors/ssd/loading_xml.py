"""A statutory return in XML, element by element with line numbers, and nothing that XML can do beside elements.

No document type, no entities, no processing instructions, no depth or length without a bound: a return needs none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from hub.connectors.ssd.loading import FILE_BYTES_MAX, TEXT_LENGTH_MAX
from hub.errors import BadRequest

DEPTH_MAX = 16
CHILDREN_MAX = 2_000
"""Elements inside one element, within one child's part."""

_CHUNK = 65_536


@dataclass(slots=True)
class Node:
    """An element: its text when it has no elements inside, and the line it begins on.

    ``stray``: text beside the elements inside it, which no return has a meaning for.
    """

    tag: str
    line: int
    text: str = field(default="", repr=False)
    inside: list[Node] = field(default_factory=list)
    stray: bool = False

    def all(self, tag: str) -> list[Node]:
        """The elements called ``tag`` directly inside."""
        return [node for node in self.inside if node.tag == tag]


class _Refused(Exception):
    """Raised inside expat's handlers; carries why."""


def elements(file: Path, tag: str, progress: Callable[[int], None] = lambda _: None) -> Iterator[Node]:
    """Every element called ``tag``, whole, one at a time. ``progress`` is told the bytes read.

    Raises:
        BadRequest: not well-formed, or uses what is not accepted; says the line.
    """
    try:
        if file.stat().st_size > FILE_BYTES_MAX:
            raise BadRequest(f"{file.name}: larger than {FILE_BYTES_MAX >> 20} MB.")
        with file.open("rb") as opened:
            yield from _Reader(file.name, tag).read(opened, progress)
    except OSError as fault:
        raise BadRequest(f"{file.name}: cannot be read ({fault.strerror}).") from None


class _Reader:
    def __init__(self, name: str, tag: str) -> None:
        self._name = name
        self._tag = tag
        self._open: list[Node] = []
        self._depth = 0
        self._done: list[Node] = []
        self._root: str | None = None
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        for handler in (
            "StartDoctypeDecl",
            "EntityDecl",
            "ExternalEntityRef",
            "ProcessingInstruction",
            "SkippedEntity",
        ):
            setattr(parser, f"{handler}Handler", self._refuse)

    def read(self, opened: BinaryIO, progress: Callable[[int], None]) -> Iterator[Node]:
        chunk = opened.read(_CHUNK)
        if not chunk:
            raise BadRequest(f"{self._name}: the file is empty.")
        while True:
            try:
                self._parser.Parse(chunk, not chunk)
            except expat.ExpatError as fault:
                problem = expat.ErrorString(fault.code) or "not XML"
                raise BadRequest(f"{self._name}, line {fault.lineno}: not well-formed ({problem}).") from None
            except (_Refused, LookupError, ValueError) as fault:
                why = str(fault) if isinstance(fault, _Refused) else "an encoding that is not known"
                raise BadRequest(f"{self._name}, line {self._parser.CurrentLineNumber}: {why}.") from None
            yield from self._done
            self._done.clear()
            progress(len(chunk))
            if not chunk:
                return
            chunk = opened.read(_CHUNK)

    def _refuse(self, *_: object) -> None:
        raise _Refused("a document type, an entity or a processing instruction, which no return needs")

    def _start(self, tag: str, _attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise _Refused("elements inside elements too deep")
        if not self._open and tag != self._tag:
            return
        node = Node(tag, self._parser.CurrentLineNumber)
        if self._open:
            parent = self._open[-1]
            if len(parent.inside) >= CHILDREN_MAX:
                raise _Refused("too many elements inside one")
            parent.stray = parent.stray or bool(parent.text.strip())
            parent.text = ""
            parent.inside.append(node)
        self._open.append(node)

    def _end(self, _tag: str) -> None:
        self._depth -= 1
        if not self._open:
            return
        node = self._open.pop()
        if node.inside:
            node.stray = node.stray or bool(node.text.strip())
            node.text = ""
        if not self._open:
            self._done.append(node)

    def _characters(self, text: str) -> None:
        if not self._open:
            return
        node = self._open[-1]
        node.text += text
        if len(node.text) > TEXT_LENGTH_MAX:
            raise _Refused("a text that is too long")
