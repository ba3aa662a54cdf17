"""Every refusal of the loader in full. ``python -m tests.policy.refusal_texts`` writes them anew, to be read."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from hub.errors import ConfigurationError
from hub.policy.load import default_policies_directory, load_bundle
from tests.policy.cases import ON
from tests.policy.refusals import REFUSALS

TEXTS = Path(__file__).with_name("refusals.txt")


def without_lines(message: str) -> str:
    """A refusal without the numbers of lines, which are checked where they stand."""
    return re.sub(r"\.toml:\d+: ", ".toml:N: ", message)


def written() -> dict[str, str]:
    """The refusals as they are written down, by name."""
    parts = TEXTS.read_text(encoding="utf-8").split("\n== ")
    return dict(part.removeprefix("== ").rstrip("\n").split("\n", 1) for part in parts)


def _refusal(name: str) -> str:
    with tempfile.TemporaryDirectory() as place:
        directory = Path(shutil.copytree(default_policies_directory(), Path(place) / "policies"))
        REFUSALS[name][0](directory)
        try:
            load_bundle(directory, ON)
        except ConfigurationError as refused:
            return without_lines(refused.message)
    raise AssertionError(f"{name}: not refused")


if __name__ == "__main__":
    TEXTS.write_text("\n".join(f"== {name}\n{_refusal(name)}\n" for name in REFUSALS), encoding="utf-8")
