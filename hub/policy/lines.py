"""Where in a policy file a key stands. :mod:`tomllib` tells what a file says and not where, and a fault needs its line.

A scanner for TOML that is known to parse: it finds keys, tables and the elements of lists, and reads no values.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}' r"|'''(?:[^']|'(?!''))*'{3,5}" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'",
    re.DOTALL,
)
_SPACE = re.compile(r"[ \t]+")
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)+")
_SCALAR = re.compile(r"[^,\]}\n#]+")
_LAST_PART = re.compile(r"(?:\.[^.\[\]]+|\[[^\]]*\]|^[^.\[\]]+)\Z")


def line_of(body: bytes, key: str) -> int | None:
    """The line of ``body``, from 1, where ``key`` is written; where its table is when the key itself is not there.

    ``key`` is as the loader names it: ``law.source``, ``does_not_apply_when[0].record_has``, ``labels.privileged``,
    ``rules[3]``, ``contact.fields[...].type``. None when nothing of it is there, or the file is not TOML.
    """
    index = lines(body)
    while key and key not in index:
        key, before = _LAST_PART.sub("", key), key
        if key == before:
            return None
    return index.get(key)


@lru_cache(maxsize=256)
def lines(body: bytes) -> dict[str, int]:
    """Every key, table and list element of ``body`` with the line it starts on; empty when it is not TOML."""
    try:
        text = body.decode("utf-8")
        tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}
    return _Scanner(text).scanned()


class _Scanner:
    """One pass over a text that parses."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0  # the offset up to which `_line` has counted
        self._found: dict[str, int] = {}
        self._tables: dict[str, int] = {}  # arrays of tables: how many so far

    def scanned(self) -> dict[str, int]:
        inside = ""
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text.startswith("[", self._at):
                inside = self._header()
            else:
                self._pair(inside)
            self._skip(_BLANK)
        return self._found

    def _header(self) -> str:
        """``[a.b]`` or ``[[a.b]]``; answers the path of what follows it."""
        many = self._text.startswith("[[", self._at)
        here = self._here()
        self._at += 2 if many else 1
        path = ""
        parts = self._key()
        for number, part in enumerate(parts, start=1):
            path = f"{path}.{part}".lstrip(".")
            self._found.setdefault(path, here)
            if many and number == len(parts):
                self._tables[path] = self._tables.get(path, 0) + 1
            if path in self._tables:
                path = f"{path}[{self._tables[path] - 1}]"
                self._found.setdefault(path, here)
        self._at += 2 if many else 1
        return path

    def _pair(self, inside: str) -> None:
        here, path = self._here(), inside
        for part in self._key():
            path = f"{path}.{part}".lstrip(".")
            self._found.setdefault(path, here)
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _key(self) -> list[str]:
        """The parts of a dotted key, up to the character after it."""
        parts = []
        while True:
            self._skip(_SPACE)
            if bare := _BARE.match(self._text, self._at):
                parts.append(bare[0])
            else:
                bare = _STRING.match(self._text, self._at)
                assert bare is not None  # the text parses, so a key is bare or quoted
                parts.append(tomllib.loads(f"k = {bare[0]}")["k"])
            self._at = bare.end()
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return parts
            self._at += 1

    def _value(self, path: str) -> None:
        opening = self._text[self._at]
        if opening == "[":
            self._members(path, "]")
        elif opening == "{":
            self._members(path, "}")
        else:
            self._skip(_STRING if opening in "\"'" else _SCALAR)

    def _members(self, path: str, closing: str) -> None:
        """The elements of a list, each by its number, or the pairs of an inline table."""
        self._at += 1
        number = 0
        while True:
            self._skip(_BLANK)
            if self._text.startswith(closing, self._at):
                self._at += 1
                return
            if self._text.startswith(",", self._at):
                self._at += 1
            elif closing == "}":
                self._pair(path)
            else:
                self._found.setdefault(f"{path}[{number}]", self._here())
                self._value(f"{path}[{number}]")
                number += 1

    def _skip(self, pattern: re.Pattern[str]) -> None:
        if match := pattern.match(self._text, self._at):
            self._at = match.end()

    def _here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line
