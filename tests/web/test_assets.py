"""The pages' files: the vendored bytes are the pinned ones, and what is served is found, kept, and nothing else."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from hub.web.static_files import ASSETS, Assets, assets
from scripts.vendor_pages import PINNED

VENDOR = ASSETS / "vendor"
COLD_BYTES_MAX = 60_000
"""What every page has in common, as it is sent: leaves room for the page and for its part's own."""


def client(given: Assets | None = None) -> TestClient:
    return TestClient(Starlette(routes=[(given or assets()).route()]), base_url="http://127.0.0.1:8000")


def test_the_vendored_files_are_the_ones_the_manifest_was_made_for() -> None:
    manifest = json.loads((VENDOR / "manifest.json").read_text())
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.iterdir()}
    del found["manifest.json"]
    assert found == manifest["sha256"]
    pinned = {name: {"version": version, "integrity": digest} for name, (version, digest) in PINNED.items()}
    assert manifest["packages"] == pinned


def test_the_style_sheet_has_nothing_that_only_gov_uk_may_show() -> None:
    css = (VENDOR / "govuk.css").read_text(encoding="utf-8")
    for word in ("GDS Transport", "crown", "crest", "@font-face", "url(", "govuk-header__"):
        assert word not in css, word
    assert f'--govuk-frontend-version: "{PINNED["govuk-frontend"][0]}"' in css


def test_every_licence_text_is_there() -> None:
    text = (VENDOR / "LICENCES.txt").read_text(encoding="utf-8")
    assert text.count("Permission is hereby granted") == 2
    notices = (Path(__file__).parents[2] / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8")
    for name, (version, _) in PINNED.items():
        if name != "sass":
            assert f"{name} {version}" in text
    assert "GOV.UK Frontend 6.3.0" in notices
    assert "MOJ Frontend 11.1.0" in notices


@pytest.mark.parametrize("name", sorted(assets().names()))
def test_each_file_is_served_for_good(name: str) -> None:
    response = client().get(assets().url(name), headers={"accept-encoding": "identity"})
    assert response.status_code == 200
    assert response.url.path.split(".")[-2] == hashlib.sha256(response.content).hexdigest()[:8]
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize("name", [name for name in sorted(assets().names()) if name.endswith((".css", ".js"))])
def test_our_own_files_name_no_other_host(name: str) -> None:
    text = client().get(assets().url(name)).text
    assert re.findall(r"(?:https?:)//[\w.-]+\.\w+", text) == []


ENCODINGS = [
    pytest.param("gzip, deflate, br", True, id="a browser"),
    pytest.param("br;q=1, GZIP;q=0.5", True, id="with a weight"),
    pytest.param("gzip;q=0", False, id="refused"),
    pytest.param("gzip;q=0.000, br", False, id="refused at length"),
    pytest.param("x-gzip, br", False, id="another name that ends alike"),
    pytest.param("", False, id="none"),
]


@pytest.mark.parametrize(("accepted", "is_compressed"), ENCODINGS)
def test_compressed_for_whoever_can_read_it(accepted: str, is_compressed: bool) -> None:
    response = client().get(assets().url("govuk.css"), headers={"accept-encoding": accepted})
    assert (response.headers.get("content-encoding") == "gzip") is is_compressed
    assert response.headers["vary"] == "Accept-Encoding"
    assert response.text.startswith('@charset "UTF-8"')


def test_what_every_page_needs_is_light() -> None:
    common = ("govuk.css", "pages.css", "govuk-frontend.js", "pages.js", "icon.svg")
    sent = sum(len(gzip.compress(client().get(assets().url(name)).content, 9)) for name in common)
    assert sent < COLD_BYTES_MAX


NOT_SERVED = ["manifest.json", "govuk.css", "govuk.00000000.css", "..%2frendering.py", "vendor%2fgovuk.css", ""]


@pytest.mark.parametrize("path", NOT_SERVED)
def test_no_other_name_is_served(path: str) -> None:
    response = client().get(f"/assets/{path}")
    assert response.status_code == 404
    assert "immutable" not in response.headers.get("cache-control", "")


def test_a_name_that_is_not_there_is_found_when_the_page_is_made() -> None:
    with pytest.raises(KeyError):
        assets().url("page.css")


def test_a_script_imports_another_by_the_name_with_its_digest(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text('import { one } from "./b.js";\n')
    (tmp_path / "b.js").write_text("export const one = 1;\n")
    before = Assets(tmp_path)
    text = client(before).get(before.url("a.js")).text
    assert f'"./{before.url("b.js").removeprefix("/assets/")}"' in text
    (tmp_path / "b.js").write_text("export const one = 2;\n")
    after = Assets(tmp_path)
    assert before.url("a.js") != after.url("a.js"), "a browser that keeps the old a.js would run the old b.js"


BROKEN = [
    pytest.param({"a.js": 'import "./gone.js";'}, id="imports what is not there"),
    pytest.param({"a.js": 'import "./b.js";', "b.js": 'import "./a.js";'}, id="two that import each other"),
    pytest.param({"a.js": "1", "more/a.js": "2"}, id="two of one name"),
]


@pytest.mark.parametrize("files", BROKEN)
def test_files_that_do_not_fit_stop_the_start(files: dict[str, str], tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=r"a\.js|gone\.js"):
        Assets(tmp_path)
