"""Checking a log from the command line, with progress where there is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hub.errors import ConfigurationError
from hub.store.verify import verify_database


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether the log checks out, and in words."""

    ok: bool
    size: int
    text: str


def public_key(key_file: str | Path) -> str:
    """The log's public key, from the ``.pub`` file beside the signing key.

    Raises:
        ConfigurationError: it cannot be read.
    """
    file = Path(f"{key_file}.pub")
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{file}: the log's public key is not there. Name it with --public-key.") from None


def verify(
    database_url: str,
    key_file: str | Path,
    public: str | None = None,
    *,
    known: Iterable[bytes] = (),
    thorough: bool = False,
) -> Checked:
    """Check every entry of the log. Raises as :func:`hub.store.verify.verify_database`."""
    columns = (TextColumn("checking the log"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Not refreshed by a thread of its own: a process without other threads can start the checking ones at no cost.
    with Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        auto_refresh=False,
        disable=not sys.stderr.isatty(),
    ) as progress:
        task = progress.add_task("check", total=None)
        report = verify_database(
            database_url,
            public or public_key(key_file),
            known=known,
            thorough=thorough,
            progress=lambda done, total: progress.update(task, completed=done, total=total, refresh=True),
        )
    if report.ok:
        return Checked(
            True, report.checked, f"The log checks out: {report.checked} entries, every one as it was signed."
        )
    return Checked(False, report.checked, f"THE LOG DOES NOT CHECK OUT: {report.fault}")
