"""Make a picture of what a command printed in a terminal: the one in the README.

    FORCE_COLOR=1 COLUMNS=110 .venv/bin/hub demo --once | python scripts/terminal_svg.py docs/joined-view.svg

Keeps colours, cuts the reference to a font on another host that rich puts in, and adds the words for those who cannot
see it.
"""

from __future__ import annotations

import re
import sys
from html import escape
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

WIDTH_COLUMNS = 110
TITLE = "hub demo"
DESCRIPTION = "One question to three agencies, and the joined-up answer in a terminal"
FONTS = 'ui-monospace, "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono"'


def main() -> None:
    """Read the terminal's text, with its colours, from standard input; write the file named."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    Path(sys.argv[1]).write_text(picture(sys.stdin.read()), encoding="utf-8")


def picture(printed: str) -> str:
    """The SVG of ``printed``, with no reference to any other host."""
    console = Console(record=True, width=WIDTH_COLUMNS, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(printed.rstrip("\n")), soft_wrap=False)
    svg = console.export_svg(title=TITLE, theme=SVG_EXPORT_THEME, unique_id="view")
    svg = re.sub(r"@font-face\s*\{[^}]*\}", "", svg)
    svg = svg.replace("Fira Code, monospace", f"{FONTS}, monospace")
    svg = re.sub(r"<!-- Generated with Rich .*? -->\s*", "", svg)
    title = f"<title>{escape(DESCRIPTION)}</title>"
    return re.sub(r"(<svg[^>]*?)>", rf'\1 role="img">{title}', svg, count=1)


if __name__ == "__main__":
    main()
