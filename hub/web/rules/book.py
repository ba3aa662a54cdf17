"""The document of the policies as chapters and rules that can be opened and searched one by one. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from hub.policy.bundle import Bundle
from hub.policy.prose import slug
from hub.policy.show import document
from hub.web.rules.markdown import html, plain, said_confidence, tag_of

WHOLE_MAX = 14_000
"""A chapter of at most so many characters is one page; a longer one has a page for each of its rules."""

FOUND_MAX = 30
"""The most rules that a search shows."""

_HEADING = re.compile(r"(#{1,4}) (?:\[(.+)\]\((.*)\)|(.+))")
_BEGINNING_MAX = 220


@dataclass(frozen=True, slots=True)
class Part:
    """A rule, a purpose or another part of a chapter.

    Attributes:
        path: its page, and where in it.
        group: the heading over it; empty where there is none.
        file: where it is written, relative to ``policies/``; empty for what is made of all files.
        beginning: its first words.
        tag: how well its law was checked; empty where it rests on none.
        blocks: its text.
    """

    anchor: str
    title: str
    group: str
    file: str
    chapter: str
    path: str
    beginning: str
    tag: Markup
    blocks: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter; ``is_whole``: one page has all of it."""

    anchor: str
    title: str
    blocks: tuple[str, ...]
    parts: tuple[Part, ...]
    is_whole: bool

    @property
    def groups(self) -> tuple[tuple[str, tuple[Part, ...]], ...]:
        """Its parts under their headings, in order."""
        return tuple((group, tuple(parts)) for group, parts in groupby(self.parts, lambda part: part.group))


@dataclass(frozen=True, slots=True)
class Book:
    """The whole set."""

    preface: tuple[str, ...]
    chapters: tuple[Chapter, ...]

    def chapter(self, anchor: str) -> Chapter | None:
        """The chapter of that name."""
        return next((each for each in self.chapters if each.anchor == anchor), None)

    def part(self, chapter: str, anchor: str) -> Part | None:
        """The part of that name in a chapter."""
        found = self.chapter(chapter)
        return None if found is None else next((each for each in found.parts if each.anchor == anchor), None)

    def search(self, text: str) -> tuple[Part, ...]:
        """Parts with every word of ``text``; those with a word in their title first."""
        words = text.casefold().split()
        every = [part for chapter in self.chapters for part in chapter.parts]
        found = [part for part in every if words and all(word in part.text for word in words)]
        found.sort(key=lambda part: -sum(word in part.title.casefold() for word in words))
        return tuple(found)

    def address(self, target: str) -> str | None:
        """Where a link of the text leads."""
        if not target.startswith("#"):
            return None
        for chapter in self.chapters:
            if chapter.anchor == target[1:]:
                return f"/rules/{chapter.anchor}"
            for part in chapter.parts:
                if part.anchor == target[1:]:
                    return part.path
        return None

    def html(self, blocks: Sequence[str]) -> Markup:
        """Blocks of its text as HTML."""
        return html(blocks, self.address)


def book_of(bundle: Bundle) -> Book:
    """The set as it stands."""
    blocks = document(bundle, lambda file: file).rstrip().split("\n\n")
    pieces = list(_pieces(blocks))
    (_, _, _, opening), *rest = pieces
    # What comes first there is about the file that the document is kept in; the pages say what they are themselves.
    preface = [block for block in opening[1:] if not block.startswith(("**Contents**", "- ["))]
    chapters = []
    at = 0
    while at < len(rest):
        end = next((each for each in range(at + 1, len(rest)) if rest[each][0] == 2), len(rest))
        chapters.append(_chapter(rest[at:end]))
        at = end
    return Book(tuple(preface), tuple(chapters))


_Piece = tuple[int, str, str, tuple[str, ...]]
"""Level, heading, file, and the blocks under it."""


def _pieces(blocks: Sequence[str]) -> Iterator[_Piece]:
    head: tuple[int, str, str] | None = None
    under: list[str] = []
    for block in blocks:
        found = _HEADING.fullmatch(block)
        if found is None:
            under.append(block)
            continue
        if head is not None:
            yield (*head, tuple(under))
        head, under = (len(found[1]), found[2] or found[4], found[3] or ""), []
    if head is not None:
        yield (*head, tuple(under))


def _chapter(pieces: Sequence[_Piece]) -> Chapter:
    (_, title, _, blocks), *rest = pieces
    is_whole = sum(len(block) for piece in pieces for block in piece[3]) <= WHOLE_MAX or not any(
        piece[2] for piece in rest
    )
    anchor, group, parts = slug(title), "", []
    for level, heading, file, under in rest:
        if level == 3 and not file and not under:
            group = heading
            continue
        parts.append(_part(anchor, group, heading, file, under, is_whole=is_whole))
    return Chapter(anchor, title, blocks, tuple(parts), is_whole)


def _part(chapter: str, group: str, title: str, file: str, blocks: tuple[str, ...], *, is_whole: bool) -> Part:
    anchor = slug(title)
    text = plain("\n".join(blocks))
    confidence = said_confidence(text) if file else None
    return Part(
        anchor,
        title,
        group,
        file,
        chapter,
        f"/rules/{chapter}#{anchor}" if is_whole else f"/rules/{chapter}/{anchor}",
        _beginning(text),
        tag_of(confidence) if confidence else Markup(""),
        blocks,
        f"{title}\n{group}\n{text}".casefold(),
    )


def _beginning(text: str) -> str:
    if text.startswith("|"):  # a table: its head says nothing by itself
        return ""
    first = text.split("\n", 1)[0].removeprefix("- ").strip()
    return first if len(first) <= _BEGINNING_MAX else f"{first[: _BEGINNING_MAX - 1].rstrip()}…"
