"""Charts as SVG: bars that keep their letters at any width, told apart by pattern as well as by colour. Pure.

Lengths are per cent and letters are the page's, so nothing is scaled down on a telephone. There is no style attribute
and no script: presentation attributes and classes only, as the pages' Content-Security-Policy demands. Each chart says
in its description what it shows; the figures are in the table beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from markupsafe import Markup

ROW, BAR, LABEL, VALUE = 78, 20, 16, 37
"""Heights in pixels: of a row, its bar, and from its top to the foot of its two lines of letters."""

LABEL_MAX = 36
"""Characters of a label; the table beside the chart has all of it."""


class Look(StrEnum):
    """How a part of a bar looks."""

    SOLID = "solid"
    HATCHED = "hatched"
    DOTTED = "dotted"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar; ``share`` of the chart's width, 0 to 1."""

    look: Look
    share: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A row: its label, what stands at its end, and its parts from the left."""

    label: str
    value: str
    parts: tuple[Part, ...]


_PATTERNS = Markup(
    '<defs><pattern id="{0}-hatched" class="sharing-chart__hatched" width="7" height="7" '
    'patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="sharing-chart__ground" width="7" '
    'height="7"/><rect class="sharing-chart__stroke" width="3.5" height="7"/></pattern>'
    '<pattern id="{0}-dotted" class="sharing-chart__dotted" width="7" height="7" patternUnits="userSpaceOnUse">'
    '<rect class="sharing-chart__ground" width="7" height="7"/>'
    '<circle class="sharing-chart__stroke" cx="3.5" cy="3.5" r="2"/></pattern></defs>'
)
_TEXT = Markup('<text class="sharing-chart__{}" x="0" y="{}">{}</text>')
_RECT = Markup('<rect class="sharing-chart__{}" x="{:.2f}%" y="{}" width="{:.2f}%" height="{}"{}/>')


def bars(name: str, title: str, description: str, rows: Sequence[Bar]) -> Markup:
    """A chart; ``name`` is its id in the page."""
    drawn = Markup("").join(_row(name, number, row) for number, row in enumerate(rows))
    return Markup(
        '<svg class="sharing-chart" role="img" aria-labelledby="{0}-title {0}-desc" width="100%" height="{1}">'
        '<title id="{0}-title">{2}</title><desc id="{0}-desc">{3}</desc>{4}{5}</svg>'
    ).format(name, ROW * len(rows), title, description, _PATTERNS.format(name), drawn)


def swatch(name: str, look: Look) -> Markup:
    """What stands for a look in the key of chart ``name``."""
    box = _RECT.format(look, 0, 0, 100, "100%", _fill(name, look))
    return Markup('<svg class="sharing-key__swatch" width="22" height="16" aria-hidden="true">{}</svg>').format(box)


def _row(name: str, number: int, row: Bar) -> Markup:
    top = number * ROW
    said = _TEXT.format("label", top + LABEL, _short(row.label))
    said += _TEXT.format("value", top + VALUE, row.value)
    at, boxes = 0.0, [_RECT.format("track", 0, top + VALUE + 7, 100, BAR, "")]
    for part in row.parts:
        width = max(0.0, min(part.share, 1 - at))
        if width > 0:
            boxes.append(_RECT.format(part.look, at * 100, top + VALUE + 7, width * 100, BAR, _fill(name, part.look)))
        at += width
    return said + Markup("").join(boxes)


def _short(label: str) -> str:
    return label if len(label) <= LABEL_MAX else f"{label[: LABEL_MAX - 1].rstrip()}…"


def _fill(name: str, look: Look) -> Markup:
    return Markup(' fill="url(#{}-{})"').format(name, look) if look in (Look.HATCHED, Look.DOTTED) else Markup("")
