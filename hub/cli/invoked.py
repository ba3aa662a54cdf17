"""How the hub was started, so that commands it suggests can be copied and pasted."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path


def command_word(
    started_as: str,
    *,
    python: str = sys.executable,
    here: Path | None = None,
    which: Callable[[str], str | None] = shutil.which,
) -> str:
    """What to type where documents say ``hub``: that word if the shell finds this program under it, else its path.

    Args:
        started_as: ``sys.argv[0]``.
        python: the interpreter, for ``python -m hub``.
        here: the working directory; the process's own when None.
        which: what the shell finds under a name.
    """
    here = here or Path.cwd()
    if Path(started_as).name == "__main__.py":
        return f"{_typed(Path(python), here)} -m hub"
    on_path = which("hub")
    # Not resolved: a `hub` that is a link to another installation's would be the wrong program under the right word.
    if on_path is not None and Path(on_path).absolute() == (here / started_as).absolute():
        return "hub"
    return _typed(Path(started_as), here)


def _typed(program: Path, here: Path) -> str:
    """``program`` as a shell takes it, from ``here`` where that is shorter."""
    path = here / program
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else program))
