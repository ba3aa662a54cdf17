"""The little Markdown that :mod:`hub.policy.show` writes, as HTML: the rules are put into words in one place. Pure.

Headings, paragraphs, lists (one within another), tables, bold, italics, code and links; anything else stays text. All
text is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from markupsafe import Markup, escape

from hub.domain.disclosure import Confidence
from hub.policy.prose import CHECKED, capital, sentence

Address = Callable[[str], str | None]
"""Where a link of the text leads in the pages; None: nowhere, its words stay."""

_INLINE = re.compile(r"`([^`]+)`|\[((?:[^\]`]|`[^`]*`)+)\]\(([^)]*)\)|\*\*(.+?)\*\*|\*([^*\s][^*]*)\*")
_ITEM = re.compile(r"( *)(?:-|\d+\.) (.*)")
_CELL = re.compile(r"(?<!\\)\|")
_COLOURS = {Confidence.VERIFIED: "green", Confidence.VERIFIED_SECONDARY: "yellow", Confidence.GENERAL: "orange"}
_TAGS: Mapping[str, str] = {capital(CHECKED[each]): _COLOURS[each] for each in Confidence}
_SAID = re.compile(
    "|".join(re.escape(each) for each in sorted((sentence(text) for text in _TAGS), key=len, reverse=True))
)


def html(blocks: Sequence[str], address: Address) -> Markup:
    """Blocks of text, which were apart by empty lines, without headings."""
    return Markup("\n").join(_block(each, address) for each in blocks)


def inline(text: str, address: Address) -> Markup:
    """A run of text; how well law was checked stands out as a tag."""
    out, at = Markup(""), 0
    for found in _INLINE.finditer(text):
        out += _tagged(text[at : found.start()]) + _marked(found, address)
        at = found.end()
    return out + _tagged(text[at:])


def plain(text: str) -> str:
    """A run of text as its reader sees it."""
    return _INLINE.sub(lambda found: plain(next(part for part in found.groups() if part is not None)), text)


def tag(confidence: Confidence) -> Markup:
    """How well law was checked, in words and in colour."""
    return _tag(capital(CHECKED[confidence]))


def said_confidence(text: str) -> str | None:
    """The words of how well the law was checked, where ``text`` says so."""
    found = _SAID.search(text)
    return found[0].removesuffix(".") if found else None


def tag_of(words: str) -> Markup:
    """The tag of what :func:`said_confidence` found."""
    return _tag(words)


def _marked(found: re.Match[str], address: Address) -> Markup:
    code, words, target, bold, italic = found.groups()
    if code is not None:
        return Markup("<code>{}</code>").format(code)
    if words is not None:
        to = address(target)
        said = inline(words, lambda _: None)
        return Markup('<a class="govuk-link" href="{}">{}</a>').format(to, said) if to is not None else said
    if bold is not None:
        return Markup("<strong>{}</strong>").format(inline(bold, address))
    return Markup("<em>{}</em>").format(inline(italic, address))


def _tagged(text: str) -> Markup:
    out, at = Markup(""), 0
    for found in _SAID.finditer(text):
        out += escape(text[at : found.start()]) + _tag(found[0].removesuffix("."))
        at = found.end()
    return out + escape(text[at:])


def _tag(words: str) -> Markup:
    colour = _TAGS.get(words, "grey")
    return Markup('<strong class="govuk-tag govuk-tag--{} rules-tag">{}</strong>').format(colour, words)


def _block(block: str, address: Address) -> Markup:
    lines = block.split("\n")
    if block.startswith("|"):
        return _table(lines, address)
    if _ITEM.match(lines[0]):
        return _list(list(_items(lines)), address)
    return Markup('<p class="govuk-body">{}</p>').format(inline(" ".join(lines), address))


def _items(lines: Sequence[str]) -> Iterator[tuple[int, bool, str]]:
    """Each item: how far in, whether it is numbered, and its text with the lines that go on."""
    current: tuple[int, bool, str] | None = None
    for line in lines:
        found = _ITEM.fullmatch(line)
        if found is not None:
            if current is not None:
                yield current
            current = (len(found[1]), not line.lstrip().startswith("-"), found[2])
        elif current is not None:
            current = (current[0], current[1], f"{current[2]} {line.strip()}")
    if current is not None:
        yield current


def _list(items: Sequence[tuple[int, bool, str]], address: Address) -> Markup:
    depth, is_numbered, _ = items[0]
    out, at = Markup(""), 0
    while at < len(items):
        below = at + 1
        while below < len(items) and items[below][0] > depth:
            below += 1
        inner = _list(items[at + 1 : below], address) if below > at + 1 else Markup("")
        out += Markup("<li>{}{}</li>").format(inline(items[at][2], address), inner)
        at = below
    name, kind = ("ol", "number") if is_numbered else ("ul", "bullet")
    return Markup('<{0} class="govuk-list govuk-list--{1}">{2}</{0}>').format(name, kind, out)


def _table(lines: Sequence[str], address: Address) -> Markup:
    head, _, *rows = ([cell.strip().replace("\\|", "|") for cell in _CELL.split(line)[1:-1]] for line in lines)
    heads = Markup("").join(
        Markup('<th scope="col" class="govuk-table__header">{}</th>').format(inline(cell, address)) for cell in head
    )
    body = Markup("").join(_row(row, address) for row in rows)
    return Markup(
        '<div class="rules-scroll" role="region" aria-label="Table: {}" tabindex="0"><table class="govuk-table">'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(", ".join(map(plain, head)), heads, body)


def _row(row: Sequence[str], address: Address) -> Markup:
    first, *rest = row
    cells = Markup('<th scope="row" class="govuk-table__header">{}</th>').format(_cell(first, address))
    for each in rest:
        cells += Markup('<td class="govuk-table__cell">{}</td>').format(_cell(each, address))
    return Markup('<tr class="govuk-table__row">{}</tr>').format(cells)


def _cell(text: str, address: Address) -> Markup:
    return _tag(text) if text in _TAGS else inline(text, address)
