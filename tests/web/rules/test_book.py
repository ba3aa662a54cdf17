"""The policies as chapters and rules: nothing lost, every link leads somewhere, and nothing that was written gets out as HTML."""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hub.domain.disclosure import Confidence
from hub.policy.bundle import Bundle
from hub.policy.load import load_bundle
from hub.policy.prose import CHECKED, capital
from hub.policy.show import document
from hub.web.rules.book import Book, book_of
from hub.web.rules.markdown import html, inline, plain, said_confidence


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle(Path("policies"), date(2026, 11, 22))


@pytest.fixture(scope="module")
def book(bundle: Bundle) -> Book:
    return book_of(bundle)


def test_every_heading_of_the_document_is_a_chapter_or_a_part(bundle: Bundle, book: Book) -> None:
    headings = re.findall(r"(?m)^#{2,4} (?:\[(.+)\]\(.*\)|(.+))$", document(bundle, lambda file: file))
    known = {chapter.title for chapter in book.chapters}
    known |= {part.title for chapter in book.chapters for part in chapter.parts}
    known |= {part.group for chapter in book.chapters for part in chapter.parts}
    assert {linked or bare for linked, bare in headings} <= known


def test_nothing_that_the_document_says_is_lost(bundle: Bundle, book: Book) -> None:
    written = {block for block in document(bundle, lambda file: file).rstrip().split("\n\n")[2:] if block[0] != "#"}
    kept = {*book.preface}
    for chapter in book.chapters:
        kept |= {*chapter.blocks, *(block for part in chapter.parts for block in part.blocks)}
    lost = {block for block in written - kept if not block.startswith(("**Contents**", "- ["))}
    assert lost == set()


def test_every_purpose_and_rule_has_its_page_its_file_and_how_well_its_law_was_checked(
    bundle: Bundle, book: Book
) -> None:
    parts = {part.file: part for chapter in book.chapters for part in chapter.parts if part.file}
    rested = [*bundle.purposes.values(), *bundle.rules, *bundle.limits.values()]
    for each in rested:
        part = parts[each.file]
        assert part.title == each.title
        assert capital(CHECKED[each.confidence]) in part.tag
        assert each.citation.casefold() in part.text
        shown = plain(re.sub(r"<[^>]+>", " ", book.html(part.blocks)))
        assert "Next review" in shown


def test_every_link_leads_to_a_page_that_has_it(book: Book) -> None:
    pages = {f"/rules/{chapter.anchor}" for chapter in book.chapters}
    pages |= {part.path for chapter in book.chapters for part in chapter.parts}
    for chapter in book.chapters:
        for blocks in (chapter.blocks, *(part.blocks for part in chapter.parts)):
            links = re.findall(r'href="([^"]*)"', book.html(blocks))
            assert set(links) <= pages
            assert len(links) == len(re.findall(r"\]\(#([^)]+)\)", "\n".join(blocks)))


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        pytest.param("adoption", {"Protected adoption information"}, id="a word of a title"),
        pytest.param("s.57", {"Protected adoption information"}, id="a citation"),
        pytest.param("imp-lpp", {"Legal professional privilege"}, id="the id in the log"),
        pytest.param("PRIVILEGE legal", {"Legal professional privilege"}, id="any order, any case"),
        pytest.param("   ", set(), id="nothing but spaces"),
        pytest.param("xylophone", set(), id="a word that is nowhere"),
    ],
)
def test_a_search(book: Book, text: str, titles: set[str]) -> None:
    found = [part.title for part in book.search(text)]
    assert titles <= set(found)
    assert bool(found) is bool(titles)


def test_titles_come_first(book: Book) -> None:
    assert book.search("adoption")[0].title == "Protected adoption information"


# -------------------------------------------------------------------------------------------------------- the Markdown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("a < b & c", "a &lt; b &amp; c", id="text"),
        pytest.param("`<b>`", "<code>&lt;b&gt;</code>", id="code"),
        pytest.param("**x** and *y*", "<strong>x</strong> and <em>y</em>", id="bold and italics"),
        pytest.param("[a](#b)", '<a class="govuk-link" href="/b">a</a>', id="a link"),
        pytest.param("[`x`](file.toml)", "<code>x</code>", id="a link to a file stays words"),
        pytest.param("[<i>](#b)", '<a class="govuk-link" href="/b">&lt;i&gt;</a>', id="a link's words"),
        pytest.param("everything *", "everything *", id="a star alone"),
        pytest.param("[a](javascript:alert(1))", "a)", id="no other address"),
    ],
)
def test_a_run_of_text(text: str, said: str) -> None:
    assert inline(text, lambda target: f"/{target[1:]}" if target.startswith("#") else None) == said


def test_a_list_in_a_list_and_a_table() -> None:
    made = html(
        ["- a\n  - b\n  - c\n- d", "| H | I |\n|---|---|\n| x \\| y | z |", "1. one\n   goes on\n2. two"],
        lambda _: None,
    )
    assert "<li>a<ul" in made
    assert "<li>b</li><li>c</li></ul></li><li>d</li>" in made
    assert ">x | y</th>" in made
    assert "<ol" in made
    assert "<li>one goes on</li>" in made


@pytest.mark.parametrize("confidence", Confidence)
def test_how_well_law_was_checked_stands_out(confidence: Confidence) -> None:
    words = capital(CHECKED[confidence])
    made = inline(f"An Act s.1. {words}. More.", lambda _: None)
    assert f"{words}</strong> More." in made
    assert said_confidence(f"- Law: An Act. {words}.") == words


def test_all_of_it_is_well_formed(book: Book) -> None:
    checker = _Balanced()
    for chapter in book.chapters:
        for blocks in (chapter.blocks, *(part.blocks for part in chapter.parts)):
            checker.feed(book.html(blocks))
    checker.close()
    assert (checker.open, checker.bad) == ([], [])


class _Balanced(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.bad.append(tag)
