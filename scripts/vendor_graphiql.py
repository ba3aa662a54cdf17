"""Renew the query editor's files in ``hub/web/static/graphiql/``. For a maintainer with npm; users never run it.

    python scripts/vendor_graphiql.py

Takes GraphiQL 4 (the last major version with a build that a plain ``<script>`` can load: no module graph, no worker
scripts, no ``eval``) with React 18 from the npm registry the machine is set up for, and accepts no other bytes than
those whose digests are pinned here. Two changes are made: the embedded fonts are cut out of the style sheet (another
360 KB under two more licences; the page uses the system's), and pointers to source maps are cut off. ``manifest.json``
has the digest of every file, and ``tests/web/test_ide.py`` holds the files to it.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

PINNED = {
    "graphiql": (
        "4.1.2",
        "sha512-rNlzQIAzm6i2KBXmVQWBgLvt0TloxFVB2d18bukvdsvjEuFDHsKx5IVOomL1W1o5WW+tE54+ioHb2AEKzO2cUg==",
    ),
    "react": (
        "18.3.1",
        "sha512-wS+hAgJShR0KhEvPJArfuPVN1+Hz1t0Y6n5jLrGQbkb4urgPE/0Rve+1kMB1v/oWgHgm4WIcV+i7F2pTVj+2iQ==",
    ),
    "react-dom": (
        "18.3.1",
        "sha512-5m4nQKp+rZRb09LNH59GM4BxTh9251/ylbKIbpe7TpGxfJ+9kv6BLkLBXIjjspbgbnIBNqlI23tRnTWT0snUIw==",
    ),
}
"""Package to version and to the digest npm publishes for it (subresource integrity of the packed archive)."""

FILES = {
    "graphiql.min.js": "graphiql/graphiql.min.js",
    "graphiql.min.css": "graphiql/graphiql.min.css",
    "react.production.min.js": "react/umd/react.production.min.js",
    "react-dom.production.min.js": "react-dom/umd/react-dom.production.min.js",
}
"""Our name to the place in ``node_modules``."""

TARGET = Path(__file__).resolve().parent.parent / "hub" / "web" / "static" / "graphiql"


def main() -> None:
    """Fetch, check, change, write."""
    with tempfile.TemporaryDirectory() as directory:
        packages = _install(Path(directory))
        modules = Path(directory) / "node_modules"
        files = {name: _changed(name, (modules / place).read_bytes()) for name, place in FILES.items()}
        files["LICENCES.txt"] = _licences(modules, packages).encode()
    manifest = {
        "packages": {name: {"version": version, "integrity": digest} for name, (version, digest) in PINNED.items()},
        "changes": ["embedded fonts cut from graphiql.min.css", "source map pointers cut off"],
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
    }
    files["manifest.json"] = (json.dumps(manifest, indent=2) + "\n").encode()
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (TARGET / name).write_bytes(content)
        print(f"{len(content):>9,} bytes  {name}")


def _install(directory: Path) -> dict[str, Any]:
    """Install the pinned packages without running their scripts; return the lock file's packages."""
    wanted = {name: version for name, (version, _) in PINNED.items()}
    (directory / "package.json").write_text(json.dumps({"private": True, "dependencies": wanted}), encoding="utf-8")
    subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=directory, check=True)
    packages: dict[str, Any] = json.loads((directory / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name, (_, digest) in PINNED.items():
        if packages[f"node_modules/{name}"]["integrity"] != digest:
            sys.exit(f"{name}: the registry's digest is not the pinned one. Nothing was written.")
    return packages


def _changed(name: str, content: bytes) -> bytes:
    text = content.decode()
    if name.endswith(".css"):
        text = re.sub(r"@font-face\s*\{[^}]*\}", "", text)
    text = re.sub(r"\n?(//# sourceMappingURL=\S+|/\*# sourceMappingURL=\S+ ?\*/)\s*$", "", text)
    return text.rstrip("\n").encode() + b"\n"


def _licences(modules: Path, packages: dict[str, Any]) -> str:
    """Every licence text of the packages and of what they are built from, each text once."""
    users: defaultdict[str, list[str]] = defaultdict(list)
    for place, facts in sorted(packages.items()):
        name = place.rpartition("node_modules/")[2]
        if not place or name.startswith("@types/") or name == "argparse":  # types and a command line: not in a browser
            continue
        texts = sorted((modules.parent / place).glob("LICEN[CS]E*"))
        text = texts[0].read_text(encoding="utf-8").strip() if texts else f"Licence: {facts['license']}"
        users["\n".join(line.rstrip() for line in text.splitlines())].append(f"{name} {facts['version']}")
    head = (
        "GraphiQL's browser build contains parts of the packages below. It was built by its maintainers; the versions\n"
        "named here are those its own requirements resolve to, which may be newer than the ones inside.\n"
    )
    return head + "".join(f"\n{'=' * 80}\n{', '.join(names)}\n{'-' * 80}\n{text}\n" for text, names in users.items())


if __name__ == "__main__":
    main()
