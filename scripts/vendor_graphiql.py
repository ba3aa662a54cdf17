"""Renew the query editor's files in ``hub/web/static/graphiql/``. For a maintainer with npm; users never run it.

    python -m scripts.vendor_graphiql

Takes GraphiQL 4 (the last major version with a build that a plain ``<script>`` can load: no module graph, no worker
scripts, no ``eval``) with React 18 from the npm registry the machine is set up for, and accepts no other bytes than
those whose digests are pinned here. Two changes are made: the embedded fonts are cut out of the style sheet (another
360 KB under two more licences; the page uses the system's), and pointers to source maps are cut off. ``manifest.json``
has the digest of every file, and ``tests/web/test_ide.py`` holds the files to it.
"""

from __future__ import annotations

import re
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from scripts.vendored import install, write

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
        packages = install(Path(directory), PINNED)
        modules = Path(directory) / "node_modules"
        files = {name: _changed(name, (modules / place).read_bytes()) for name, place in FILES.items()}
        files["LICENCES.txt"] = _licences(modules, packages).encode()
    write(TARGET, files, PINNED, ["embedded fonts cut from graphiql.min.css", "source map pointers cut off"])


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
