"""Reads the files beside the policies that the hub itself does not need: the case tables."""

from __future__ import annotations

from pathlib import Path

from hub.policy.bundle import Bundle
from hub.policy.files import PolicyFault
from hub.policy.table_file import read
from hub.policy.tables import Row

TABLE_BYTES_MAX = 4_194_304


def read_tables(directory: Path, bundle: Bundle) -> tuple[list[Row], list[PolicyFault]]:
    """The rows of every ``tests/*.csv`` of a policies directory, and what is wrong with them."""
    rows: list[Row] = []
    faults: list[PolicyFault] = []
    for path in sorted((directory / "tests").glob("*.csv")):
        name = f"tests/{path.name}"
        text = read_text(path, name, faults)
        if text is not None:
            rows += read(name, text, bundle, faults)
    if not rows and not faults:
        faults.append(PolicyFault("tests", "", "holds no case table: nothing would show that a rule was changed"))
    return rows, faults


def read_text(path: Path, name: str, faults: list[PolicyFault], bytes_max: int = TABLE_BYTES_MAX) -> str | None:
    """What the file holds, as spreadsheets save it (UTF-8, with a byte-order mark or without); None when it cannot be.

    Told to ``faults`` under ``name``: the path may be somebody's own.
    """
    try:
        if path.stat().st_size > bytes_max:
            faults.append(PolicyFault(name, "", f"larger than {bytes_max} bytes"))
            return None
        return path.read_text(encoding="utf-8-sig")
    except OSError as fault:
        faults.append(PolicyFault(name, "", f"cannot be read: {fault.strerror}"))
    except UnicodeDecodeError:
        faults.append(PolicyFault(name, "", "not UTF-8: save the table as CSV UTF-8"))
    return None
