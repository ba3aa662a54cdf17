"""What the tests of the loader share."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hub.policy import files
from hub.policy.load import default_policies_directory

_read = cache(tomllib.loads)


@pytest.fixture(scope="session", autouse=True)
def _each_text_is_parsed_once() -> Iterator[None]:
    """Hundreds of tests load the same eighty files with one of them changed; the parser is most of that time."""
    patch = pytest.MonkeyPatch()

    def loads(text: str) -> dict[str, Any]:
        return _read(text)

    patch.setattr(files, "tomllib", SimpleNamespace(loads=loads, TOMLDecodeError=tomllib.TOMLDecodeError))
    yield
    patch.undo()


@pytest.fixture(scope="session")
def _copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(default_policies_directory(), tmp_path_factory.mktemp("copied") / "policies"))


@pytest.fixture
def policies(_copied: Path) -> Iterator[Path]:
    """A copy of the project's policies to spoil; what a test did to it is undone, which is quicker than a new copy."""
    before = _state(_copied)
    yield _copied
    after = _state(_copied)
    for path in after.keys() - before.keys():
        path.unlink()
    for path in before.keys() - {path for path in after if after[path] == before.get(path)}:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(default_policies_directory() / path.relative_to(_copied), path)
    for folder in sorted((each for each in _copied.rglob("*") if each.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def _state(directory: Path) -> dict[Path, tuple[int, int, int]]:
    """What tells that a file was changed: inode, size and when it was written, as :func:`shutil.copy2` keeps it."""
    return {
        path: (found.st_ino, found.st_size, found.st_mtime_ns)
        for path in directory.rglob("*")
        if path.is_file()
        for found in [path.stat()]
    }
