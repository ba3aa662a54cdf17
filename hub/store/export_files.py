"""An export's directory: what is in it already, what is added, and the moment at which all of it appears.

New files are written under ``.new`` and moved to their places at the end, the manifest last: who reads the directory
meanwhile sees the older export, and an export that was broken off leaves the older one.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

FORMAT = "safeguarding-hub/log-export@v1"
MANIFEST, KEYS, CHECKPOINT, SIDES = "manifest.json", "log.pub", "checkpoint", "sides.jsonl"
_NEW = ".new"


class ExportRefused(Exception):
    """Nothing was exported. The message says why and what to do, and quotes no entry."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """``manifest.json``: of which log, how far, which entries' bytes (from, to), and each file's SHA-256."""

    origin: str
    size: int
    made: str
    entries: tuple[int, int]
    keys: tuple[str, ...]
    files: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> Manifest:
        """Read what :meth:`__str__` writes; ValueError when it is anything else."""
        data = json.loads(text)
        if not isinstance(data, dict) or data.pop("format", None) != FORMAT:
            raise ValueError("not the manifest of an export")
        try:
            return cls(**data | {"entries": tuple(data["entries"]), "keys": tuple(data["keys"])})
        except (TypeError, KeyError):
            raise ValueError("not the manifest of an export") from None

    def __str__(self) -> str:
        data: dict[str, Any] = {name: getattr(self, name) for name in ("origin", "size", "made", "entries", "keys")}
        return json.dumps({"format": FORMAT, **data, "files": dict(sorted(self.files.items()))}, indent=1) + "\n"


@dataclass(slots=True)
class ExportFiles:
    """The directory while an export is made. ``private`` makes its files readable for their owner only."""

    place: Path
    private: bool = False
    digests: dict[str, str] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)

    def begin(self, origin: str) -> Manifest | None:
        """Look at what is there: the manifest of the export that is added to; None when the directory is new.

        Raises:
            ExportRefused: it holds something else, or an export of another log.
        """
        self.place.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.place / _NEW, ignore_errors=True)
        there = sorted(path.name for path in self.place.iterdir())
        if not there:
            return None
        try:
            manifest = Manifest.parse((self.place / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise ExportRefused(
                f"{self.place}: has files in it and is not an export. Name an empty or new directory."
            ) from None
        if manifest.origin != origin:
            raise ExportRefused(f"{self.place}: is an export of the log {manifest.origin}. Name another directory.")
        return manifest

    def read(self, name: str) -> bytes:
        """A file of the export that is added to; ExportRefused when it is not there."""
        try:
            return (self.place / name).read_bytes()
        except OSError:
            raise ExportRefused(f"{self.place / name}: is gone. Export into a new directory.") from None

    def write(self, name: str, data: bytes) -> None:
        """Write a new file where it does not show yet."""
        self.digests[name] = sha256(data).hexdigest()
        self._opened(name).write_bytes(data)

    def write_lines(self, name: str, lines: Iterator[bytes]) -> None:
        """Write a file line by line; each line has its newline."""
        digest = sha256()
        with self._opened(name).open("wb") as file:
            for line in lines:
                digest.update(line)
                file.write(line)
        self.digests[name] = digest.hexdigest()

    def publish(self) -> None:
        """Move all new files to their places, the manifest last, and remove what was dropped."""
        names = sorted(self.digests, key=lambda name: name == MANIFEST)
        for name in names:
            target = self.place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (self.place / _NEW / name).replace(target)
        for name in self.dropped:
            (self.place / name).unlink(missing_ok=True)
            with suppress(OSError):  # others are in it
                (self.place / name).parent.rmdir()
        shutil.rmtree(self.place / _NEW)
        descriptor = os.open(self.place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def discard(self) -> None:
        """Remove what was written and does not show, and the directory when nothing else is in it."""
        shutil.rmtree(self.place / _NEW, ignore_errors=True)
        with suppress(OSError):  # something else is in it
            self.place.rmdir()

    def kept(self, old: Manifest) -> dict[str, str]:
        """What stays of the older export; partial tiles that are full now are dropped, and text not asked for again."""
        kept = {}
        for name, digest in old.files.items():
            full = name.rpartition(".p/")[0]
            if name not in self.digests and (full in self.digests or full in old.files or name == SIDES):
                self.dropped.append(name)
            else:
                kept[name] = digest
        return kept

    def _opened(self, name: str) -> Path:
        path = self.place / _NEW / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600 if self.private else 0o666)
        return path
