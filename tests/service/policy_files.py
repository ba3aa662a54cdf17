"""A copy of the project's policies to edit, and keys to sign it with."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from hub.audit.note import SignerKey
from hub.policy.load import default_policies_directory

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
OFFICER, LAWYER, STRANGER = (SignerKey(name, name[:1].encode() * 32) for name in ("ig-officer", "lawyer", "stranger"))
LPP = "impediments/imp-lpp.toml"


def copied(to: Path) -> Path:
    """The policies, copied to ``to``/policies."""
    return Path(shutil.copytree(default_policies_directory(), to / "policies"))


def titled(directory: Path, title: str, file: str = LPP) -> None:
    """A harmless edit that shows in the next answer: the rule in ``file`` is called ``title``."""
    edit(directory / file, r'(?m)^title = ".*"$', f'title = "{title}"')


def broken(directory: Path) -> None:
    """An edit that no loader accepts."""
    edit(directory / LPP, r"\A", "strenght = 1\n")


def edit(file: Path, pattern: str, by: str) -> None:
    text, count = re.subn(pattern, lambda _: by, file.read_text(encoding="utf-8"), count=1)
    assert count == 1, f"nothing to edit in {file.name}"
    file.write_text(text, encoding="utf-8")
