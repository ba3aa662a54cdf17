"""Reads the files beside the policies that the hub itself does not need: the case tables."""

from __future__ import annotations

from pathlib import Path

from hub.policy.bundle import Bundle
from hub.policy.files import PolicyFault
from hub.policy.load import left_by_an_editor
from hub.policy.table_file import read
from hub.policy.tables import Row

TABLE_BYTES_MAX = 4_194_304
_BESIDE = frozenset({"invariants.toml", "README.md"})
"""What stands beside the tables."""
_ZIPPED = b"PK\x03\x04"
"""How a workbook begins, whatever its name."""


def read_tables(directory: Path, bundle: Bundle) -> tuple[list[Row], list[PolicyFault]]:
    """The rows of every ``tests/*.csv`` of a policies directory, and what is wrong with them."""
    rows: list[Row] = []
    faults: list[PolicyFault] = []
    tables = 0
    for path in sorted((directory / "tests").glob("*")):
        name = f"tests/{path.name}"
        if left_by_an_editor(path.name) or path.name in _BESIDE:
            continue
        if path.is_dir() or not path.name.endswith(".csv"):
            where = (
                "put its tables into tests/ itself"
                if path.is_dir()
                else "save it as CSV UTF-8, with a name that ends in .csv"
            )
            faults.append(PolicyFault(name, "", f"not read: {where}"))
            continue
        tables += 1
        text = read_text(path, name, faults)
        if text is not None:
            rows += _rows(name, text, bundle, faults)
    if not tables:
        faults.append(PolicyFault("tests", "", "holds no case table: nothing would show that a rule was changed"))
    return rows, faults


def _rows(name: str, text: str, bundle: Bundle, faults: list[PolicyFault]) -> list[Row]:
    """The rows of one table; that there is none is a fault of its own, for that is how a table is lost."""
    before = len(faults)
    rows = read(name, text, bundle, faults)
    if not rows and len(faults) == before:
        faults.append(PolicyFault(name, "", "holds no row: write its rows anew, or delete the table"))
    return rows


def read_text(path: Path, name: str, faults: list[PolicyFault], bytes_max: int = TABLE_BYTES_MAX) -> str | None:
    """What the file holds, as spreadsheets save it (UTF-8, with a byte-order mark or without); None when it cannot be.

    Told to ``faults`` under ``name``: the path may be somebody's own.
    """
    try:
        if path.stat().st_size > bytes_max:
            faults.append(PolicyFault(name, "", f"larger than {bytes_max} bytes"))
            return None
        body = path.read_bytes()
    except OSError as fault:
        faults.append(PolicyFault(name, "", f"cannot be read: {fault.strerror}"))
        return None
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        if body.startswith(_ZIPPED):
            faults.append(PolicyFault(name, "", "a workbook and not a table of text: save the sheet as CSV UTF-8"))
        else:
            line = body.count(b"\n", 0, fault.start) + 1
            faults.append(PolicyFault(name, "", "not UTF-8: save the table as CSV UTF-8", line))
    return None
