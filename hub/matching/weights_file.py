"""Weights as a text people review: what ``hub match train`` writes and a hub may be set to use. Pure.

Every field and every level must be there once and nothing else: a level that is missing would be worth nothing, and
one that is misspelt would be believed to count.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from math import isclose
from typing import Any

from hub.errors import ConfigurationError
from hub.matching.resolution import Compared
from hub.matching.weights import WEIGHTS, Level, Weight, Weights

FORMAT = 1
BYTES_MAX = 65_536
BITS_MAX = 24.0
"""No single comparison may be worth more, or less: beyond this is a slip of the pen."""
SUM_TOLERANCE = 0.005
NOTE_MAX = 500

_NOTES = ("trained_on", "method")


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """A weights file that was read.

    Attributes:
        digest: SHA-256 of the file's bytes, in hexadecimal: what a hub says it started with.
        notes: what the weights were trained on, and how; in words.
    """

    weights: Weights
    digest: str
    notes: Mapping[str, str]


def load(raw: bytes) -> WeightsFile:
    """Read a weights file.

    Raises:
        ConfigurationError: code ``WEIGHTS_INVALID``; says which field and level.
    """
    if len(raw) > BYTES_MAX:
        raise _invalid(f"a weights file has at most {BYTES_MAX} bytes")
    try:
        read = tomllib.loads(raw.decode("utf-8"))
    except ValueError:  # not UTF-8 is one too
        raise _invalid("not a TOML file in UTF-8") from None
    _same_keys("the file", read, {"format", *_NOTES, *(each.name.lower() for each in WEIGHTS)})
    if type(read["format"]) is not int or read["format"] != FORMAT:
        raise _invalid(f"`format` must be {FORMAT}")
    notes = {name: read[name] for name in _NOTES}
    if any(type(note) is not str or not 0 < len(note) <= NOTE_MAX for note in notes.values()):
        raise _invalid(f"`trained_on` and `method` must say so in words, at most {NOTE_MAX} characters each")
    rows = {compared: _rows(compared, read[compared.name.lower()]) for compared in WEIGHTS}
    return WeightsFile(Weights(rows), sha256(raw).hexdigest(), notes)


def write(weights: Weights, *, trained_on: str, method: str) -> str:
    """``weights`` as the text of a file, with each weight in bits beside it."""
    lines = [
        "# Weights of matching: m, how often an outcome is seen for one child; u, for two (docs/matching.md).",
        "# Read it before you set match_weights: whoever signs off the policies signs this off.",
        f"format = {FORMAT}",
        f"trained_on = {_quoted(trained_on)}",
        f"method = {_quoted(method)}",
    ]
    for compared, rows in weights.rows.items():
        lines += ["", f"[{compared.name.lower()}]"]
        lines += [
            f"{level.value} = {{ m = {row.m:.9f}, u = {row.u:.9f} }}  # {row.bits:+.2f} bits"
            for level, row in rows.items()
        ]
    return "\n".join(lines) + "\n"


def _rows(compared: Compared, read: Any) -> dict[Level, Weight]:
    name = compared.name.lower()
    levels = WEIGHTS[compared]
    _same_keys(f"[{name}]", read, {level.value for level in levels})
    rows = {level: _weight(f"[{name}] {level.value}", read[level.value]) for level in levels}
    for one in ("m", "u"):
        if not isclose(sum(getattr(row, one) for row in rows.values()), 1.0, abs_tol=SUM_TOLERANCE):
            raise _invalid(f"[{name}]: the values of {one} must add up to 1")
    if not rows[Level.DIFFER].bits < 0 < rows[Level.EXACT].bits:
        raise _invalid(f"[{name}]: to agree must speak for a match, and to differ against it")
    return rows


def _weight(where: str, read: Any) -> Weight:
    _same_keys(where, read, {"m", "u"})
    values = (read["m"], read["u"])
    if any(type(value) is not float or not 0 < value < 1 for value in values):
        raise _invalid(f"{where}: m and u must lie between 0 and 1")
    weight = Weight(*values)
    if not -BITS_MAX <= weight.bits <= BITS_MAX:
        raise _invalid(f"{where}: worth more than {BITS_MAX:.0f} bits, which no one comparison is")
    return weight


def _same_keys(where: str, read: Any, expected: set[str]) -> None:
    if not isinstance(read, dict):
        raise _invalid(f"{where} must be a table")
    if read.keys() != expected:
        raise _invalid(f"{where} must have exactly: {', '.join(sorted(expected))}")


def _quoted(text: str) -> str:
    return '"' + "".join(each if each.isprintable() and each not in '"\\' else " " for each in text)[:NOTE_MAX] + '"'


def _invalid(problem: str) -> ConfigurationError:
    return ConfigurationError(f"the weights file is wrong: {problem}.", code="WEIGHTS_INVALID")
