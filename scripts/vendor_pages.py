"""Renew the pages' style sheet and script in ``hub/web/assets/vendor/``. For a maintainer with npm; users never run it.

    python -m scripts.vendor_pages

Compiles ``scripts/pages.scss`` (the parts of GOV.UK Frontend and of the Ministry of Justice's components that the pages
use, in our own colours) with Sass, and takes GOV.UK Frontend's script as it is, from the npm registry the machine is
set up for. No other bytes are accepted than those whose digests are pinned here. The version must be the one whose
macros ``govuk-frontend-jinja`` has. ``manifest.json`` has the digest of every file, and ``tests/web/test_assets.py``
holds the files to it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from scripts.vendored import install, write

PINNED = {
    "govuk-frontend": (
        "6.3.0",
        "sha512-cXIQxm5PHCsbic47GXZrVBZhAeeshTLRL6ZBKilLsR6rMCjJuWb7Fruq0VUNMBJFlJk/srsRj/q8d5bM9cgKoA==",
    ),
    "@ministryofjustice/frontend": (
        "11.1.0",
        "sha512-1bkUbm2M4DpcpX/pOmumQRBsbJco9W2RwmJv5h/ZC/ZqrAOn2/FjpF+A7vS0gs7oMXBizr9O5huDrSYbLx73Nw==",
    ),
    "sass": (
        "1.94.0",
        "sha512-Dqh7SiYcaFtdv5Wvku6QgS5IGPm281L+ZtVD1U2FJa7Q0EFRlq8Z3sjYtz6gYObsYThUOz9ArwFqPZx+1azILQ==",
    ),
}

CHANGES = [
    "compiled from scripts/pages.scss: own colours and font stack, only the components in use",
    "the icon of a document in a timeline cut from govuk.css",
    "pointer to the source map cut off",
]

MIT = """Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""
HOLDERS = {
    "govuk-frontend": "Copyright (C) 2017 Crown Copyright (Government Digital Service)",
    "@ministryofjustice/frontend": "Copyright (c) 2021 dxw",
}
"""The packages say "MIT" but have no text inside; these lines are from the licence files of their repositories."""

TARGET = Path(__file__).resolve().parent.parent / "hub" / "web" / "assets" / "vendor"


def main() -> None:
    """Fetch, check, compile, write."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        install(place, PINNED, "--legacy-peer-deps")  # without the date library of components we leave out
        shutil.copy(Path(__file__).with_name("pages.scss"), place)
        script = (place / "node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.js").read_text(encoding="utf-8")
        files = {"govuk.css": _style_sheet(place).encode(), "govuk-frontend.js": _without_map(script).encode()}
    files["LICENCES.txt"] = _licences().encode()
    write(TARGET, files, PINNED, CHANGES)


def _style_sheet(place: Path) -> str:
    sass = ["node", "node_modules/sass/sass.js", "--load-path=.", "--style=compressed", "--no-source-map"]
    subprocess.run([*sass, "pages.scss", "pages.css"], cwd=place, check=True)
    css = (place / "pages.css").read_text(encoding="utf-8-sig")
    css = re.sub(r"background-image:url\([^)]*icon-document\.svg\);", "", css)
    return '@charset "UTF-8";' + css if not css.startswith("@charset") else css


def _without_map(script: str) -> str:
    return re.sub(r"\n?//# sourceMappingURL=\S+\s*$", "", script).rstrip("\n") + "\n"


def _licences() -> str:
    parts = [f"{name} {PINNED[name][0]}\n{'-' * 80}\nMIT License\n\n{who}\n\n{MIT}" for name, who in HOLDERS.items()]
    return f"\n{'=' * 80}\n".join(parts)


if __name__ == "__main__":
    main()
