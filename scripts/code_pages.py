"""A page for each code, ``docs/codes/<CODE>.md``, made from the tables of ``docs/codes.md``: ``make codes``.

The tables are the one source. Under a heading, ``*For ...*`` says whom its codes are for, and ``*What to do: ...*``
what to do about those of the tables that have no column for it. ``--check`` writes nothing, and is 1 when a page is
missing, out of date or too many.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"

_HEADING = re.compile(r"## (.+)")
_FOR = re.compile(r"\*For (.+)\*")
_DO = re.compile(r"\*What to do: (.+)\*")
_CODE = re.compile(r"`([A-Z0-9_]+)`")
_LINK = re.compile(r"\]\((?!https?:)([^)]+)\)")


@dataclass(frozen=True, slots=True)
class Said:
    """What one row of a table says of a code."""

    section: str
    audience: str
    http: str
    meaning: str
    do: str


class Incomplete(Exception):
    """The source lacks something that a page needs; the message says what and where."""


def read(text: str) -> dict[str, list[Said]]:
    """Every code, with what each of its rows says.

    Raises:
        Incomplete: a heading does not say whom its codes are for, or nothing says what to do about a code.
    """
    found: dict[str, list[Said]] = {}
    section = audience = do = ""
    columns: Sequence[str] = ()
    for line in text.splitlines():
        if heading := _HEADING.fullmatch(line):
            section, audience, do = heading[1], "", ""
        elif match := _FOR.fullmatch(line):
            audience = match[1]
        elif match := _DO.fullmatch(line):
            do = match[1]
        elif line.startswith("| Code "):
            columns = _cells(line)
        elif line.startswith("| `"):
            cells = _cells(line)
            if len(cells) != len(columns):
                raise Incomplete(f"{cells[0]}, under {section}: {len(columns)} columns are wanted")
            row = dict(zip(columns, cells, strict=True))
            said = Said(section, audience, row.get("HTTP", ""), row["Meaning"], row.get("Do") or do)
            for code in _CODE.findall(row["Code"]):
                if not said.audience or not said.do:
                    raise Incomplete(f"{code}, under {section}: say whom it is for, and what to do")
                found.setdefault(code, []).append(said)
    return found


def page(code: str, rows: Sequence[Said]) -> str:
    """The page of one code."""
    parts = [f"# `{code}`", ""]
    for said in rows:
        if len(rows) > 1:
            parts += [f"## {said.section}", ""]
        level = "###" if len(rows) > 1 else "##"
        sent = f"Sent with HTTP status {said.http}." if said.http[:1].isdigit() else "Not an answer to a question."
        anchor = said.section.lower().replace(" ", "-").replace(",", "")
        parts += [
            *(f"{level} What it means", "", _sentence(_moved(said.meaning)), "", sent, ""),
            *(f"{level} For whom", "", _sentence(_moved(said.audience)), ""),
            *(f"{level} What to do", "", _sentence(_moved(said.do)), ""),
            *(f"All codes of this kind: [{said.section}](../codes.md#{anchor}).", ""),
        ]
    return "\n".join([*parts, "<!-- Made from docs/codes.md by `make codes`: change it there. -->", ""])


def pages(text: str) -> dict[str, str]:
    """Every page by its file's name."""
    return {f"{code}.md": page(code, rows) for code, rows in read(text).items()}


def wrong(directory: Path, wanted: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the pages in ``directory``."""
    there = {path.name: path.read_text(encoding="utf-8") for path in directory.glob("*.md")}
    yield from (f"{name}: missing" for name in sorted(wanted.keys() - there.keys()))
    yield from (f"{name}: no such code any more" for name in sorted(there.keys() - wanted.keys()))
    yield from (f"{name}: out of date" for name in sorted(wanted) if there.get(name, wanted[name]) != wanted[name])


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="write nothing; 1 when a page is not what it should be")
    options = parser.parse_args(arguments)
    directory = DOCS / "codes"
    try:
        wanted = pages((DOCS / "codes.md").read_text(encoding="utf-8"))
    except Incomplete as fault:
        sys.stderr.write(f"docs/codes.md: {fault}\n")
        return 1
    if options.check:
        faults = list(wrong(directory, wanted))
        sys.stderr.writelines(f"docs/codes/{fault}: run `make codes` and commit it\n" for fault in faults)
        return 1 if faults else 0
    directory.mkdir(exist_ok=True)
    for path in directory.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (directory / name).write_text(text, encoding="utf-8")
    return 0


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def _moved(text: str) -> str:
    """``text`` with its links as they lead from one directory below."""
    return _LINK.sub(lambda link: f"](../{'codes.md' if link[1].startswith('#') else ''}{link[1]})", text)


def _sentence(text: str) -> str:
    begun = text if text.startswith(("`", "[")) else text[:1].upper() + text[1:]
    return begun if begun.endswith((".", "?", "!")) else begun + "."


if __name__ == "__main__":
    sys.exit(main())
