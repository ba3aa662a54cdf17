"""``hub ssd load``: public returns (CIN census, SSDA903) into a Safeguarding Dataset database, to try real shapes.

For files with nobody real in them. What cannot be taken is left out and told with its line; nothing is lost in silence.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from hub.cli.main import EXIT_WRONG
from hub.connectors.ssd.loading import Fault, Loaded, Loader, Row
from hub.connectors.ssd.loading_903 import Return903
from hub.connectors.ssd.loading_cin import read_cin
from hub.errors import BadRequest, ConfigurationError

FAULTS_SHOWN_MAX = 50

Given = Iterator[Row | Fault]
Report = Callable[[int], None]


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's actions and options."""
    actions = command.add_subparsers(required=True, metavar="ACTION")
    loading = actions.add_parser("load", help="write returns into a database; again changes nothing")
    loading.add_argument("returns", nargs="+", type=Path, metavar="CIN.xml|FOLDER", help="a census, or SSDA903 files")
    loading.add_argument(
        "--into", required=True, metavar="URL", help="an SQLAlchemy URL: sqlite:///... or postgresql://..."
    )
    loading.add_argument("--beside", action="store_true", help="write even where there is other data")
    loading.add_argument("--report", type=Path, metavar="FILE", help="every line that was not taken, as CSV")
    loading.set_defaults(run=load)


def load(options: argparse.Namespace) -> int:
    """Load the returns; 1 when something of them was not taken.

    Raises:
        BadRequest, ConfigurationError: a file, the URL or the database is not what it should be; nothing is written.
    """
    console = Console(highlight=False, soft_wrap=True)
    aside: Counter[str] = Counter()
    sources = [_source(path, aside) for path in options.returns]
    engine = _engine(options.into)
    try:
        with _bar(console) as bar:
            given = (each for source in sources for each in source(bar))
            loaded = Loader(engine, datetime.now(UTC), beside=options.beside).load(given, aside)
    except SQLAlchemyError as fault:
        raise ConfigurationError(
            f"The database did not take it ({type(fault).__name__}); nothing is written."
        ) from None
    finally:
        engine.dispose()
    _say(console, loaded, options.report)
    return EXIT_WRONG if loaded.faults else 0


def _source(path: Path, aside: Counter[str]) -> Callable[[Progress], Given]:
    """What reads ``path``, telling a line of the progress bar how far it is."""
    if path.is_dir():
        folder = Return903(path, aside)
        return lambda bar: folder.read(_line(bar, path.name, folder.rows))
    if not path.is_file():
        raise BadRequest(f"{path}: there is no such file or folder.")
    return lambda bar: read_cin(path, aside, _line(bar, path.name, path.stat().st_size))


def _line(bar: Progress, name: str, total: int) -> Report:
    task = bar.add_task(name, total=total)
    return lambda done: bar.advance(task, done)


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), console=console
    )


def _engine(text: str) -> Engine:
    try:
        url = make_url(text)
        if url.drivername in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+psycopg")
        if url.get_backend_name() not in ("sqlite", "postgresql"):
            raise ConfigurationError("`--into` takes SQLite or PostgreSQL: this is for trying, not for a live extract.")
        return create_engine(url, hide_parameters=True)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError):
        raise ConfigurationError("`--into` cannot be read; it is an SQLAlchemy URL such as sqlite:///try.db.") from None


def _say(console: Console, loaded: Loaded, report: Path | None) -> None:
    table = Table("table", "new", "changed", "as before", box=None)
    for name in sorted({*loaded.added, *loaded.changed, *loaded.unchanged}):
        table.add_row(name, *(str(each[name]) for each in (loaded.added, loaded.changed, loaded.unchanged)))
    console.print(table)
    if loaded.aside:
        held = ", ".join(f"{name} ({count})" for name, count in sorted(loaded.aside.items()) if count)
        console.print(f"No column of the dataset for: {held}", markup=False)
    whole = sum(fault.whole for fault in loaded.faults)
    console.print(f"{whole} rows left out; {len(loaded.faults) - whole} values left out of rows that were taken")
    alike: dict[tuple[str, str], list[int]] = {}
    for fault in loaded.faults:
        alike.setdefault((fault.file, _said(fault)), []).append(fault.line)
    for (file, said), lines in list(alike.items())[:FAULTS_SHOWN_MAX]:
        often = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
        console.print(f"  {file}, line {lines[0]}{often}: {said}", markup=False)
    if len(alike) > FAULTS_SHOWN_MAX:
        console.print(f"  and {len(alike) - FAULTS_SHOWN_MAX} more sorts of fault")
    if loaded.faults and not report:
        console.print("--report FILE writes every one with its line")
    if report:
        _write(report, loaded.faults)


def _said(fault: Fault) -> str:
    return f"{'row' if fault.whole else 'value'} left out: {fault.reason}"


def _write(report: Path, faults: Sequence[Fault]) -> None:
    try:
        with report.open("w", encoding="utf-8", newline="") as opened:
            rows = csv.writer(opened)
            rows.writerow(("file", "line", "left out", "reason"))
            rows.writerows((each.file, each.line, "row" if each.whole else "value", each.reason) for each in faults)
    except OSError as fault:
        raise ConfigurationError(f"{report}: cannot be written ({fault.strerror}); the load is done.") from None
