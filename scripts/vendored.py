"""What the scripts that renew vendored files share: pinned packages from npm, and a manifest of what was written."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Pinned = Mapping[str, tuple[str, str]]
"""Package to version and to the digest npm publishes for it (subresource integrity of the packed archive)."""


def install(directory: Path, pinned: Pinned, *options: str) -> dict[str, Any]:
    """Install the pinned packages without running their scripts; return the lock file's packages.

    ``options`` are more of npm's own. Ends the program when a package's digest is not the pinned one.
    """
    wanted = {name: version for name, (version, _) in pinned.items()}
    (directory / "package.json").write_text(json.dumps({"private": True, "dependencies": wanted}), encoding="utf-8")
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *options]
    subprocess.run(command, cwd=directory, check=True)
    packages: dict[str, Any] = json.loads((directory / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name, (_, digest) in pinned.items():
        if packages[f"node_modules/{name}"]["integrity"] != digest:
            sys.exit(f"{name}: the registry's digest is not the pinned one. Nothing was written.")
    return packages


def write(target: Path, files: dict[str, bytes], pinned: Pinned, changes: Sequence[str]) -> None:
    """Write the files, and ``manifest.json`` with where they come from and the SHA-256 of each."""
    manifest = {
        "packages": {name: {"version": version, "integrity": digest} for name, (version, digest) in pinned.items()},
        "changes": list(changes),
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
    }
    files["manifest.json"] = (json.dumps(manifest, indent=2) + "\n").encode()
    target.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (target / name).write_bytes(content)
        print(f"{len(content):>9,} bytes  {name}")
