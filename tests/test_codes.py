"""Every code the hub can send is in docs/codes.md, and every code there is one the hub can send."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from hub.telemetry.lines import LogLine
from scripts import code_pages

ROOT = Path(__file__).resolve().parent.parent

CODE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")


def codes_in(source: str) -> set[str]:
    """Codes as code writes them: ``code="X"``, ``default_code = "X"``, ``{"code": "X"}``."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg == "code":
            found.append(node.value)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            names = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(name, ast.Name) and name.id == "default_code" for name in names) and node.value:
                found.append(node.value)
        elif isinstance(node, ast.Dict):
            found += [value for key, value in zip(node.keys, node.values, strict=True) if _is_code_key(key)]
    words = [node.value for node in found if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {word for word in words if CODE.fullmatch(word)}


def _is_code_key(key: ast.expr | None) -> bool:
    return isinstance(key, ast.Constant) and key.value == "code"


def documented() -> set[str]:
    text = (ROOT / "docs" / "codes.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([A-Z0-9_]+)`", text, re.MULTILINE))


def sent() -> set[str]:
    sources = [path for path in (ROOT / "hub").rglob("*.py") if "demo" not in path.relative_to(ROOT / "hub").parts]
    return set().union(*(codes_in(path.read_text(encoding="utf-8")) for path in sources))


def test_the_reader_of_codes_sees_all_three_ways_of_writing_one() -> None:
    source = (
        'class E:\n    default_code = "A_B"\nraise E("x", code="C")\nx = {"code": "D_1", "other": "E"}\ncode = "F"\n'
    )
    assert codes_in(source) == {"A_B", "C", "D_1"}


def test_every_code_is_documented() -> None:
    assert sorted(sent() - documented()) == [], "add it to docs/codes.md, with what the client should do"


def test_no_documented_code_is_gone() -> None:
    everything = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "hub").rglob("*.py"))
    everything += (ROOT / "hub/web/static/ide/ide.js").read_text(encoding="utf-8")
    gone = [code for code in documented() if f'"{code}"' not in everything and code not in LogLine.__members__]
    assert sorted(gone) == [], "clients branch on these: keep or announce"


def test_every_code_has_its_page() -> None:
    wanted = code_pages.pages((ROOT / "docs" / "codes.md").read_text(encoding="utf-8"))
    assert {f"{code}.md" for code in documented()} <= wanted.keys()
    assert list(code_pages.wrong(ROOT / "docs" / "codes", wanted)) == [], "run `make codes` and commit docs/codes"


TABLE = """
## Who asks, and why

*For whoever asks.*

| Code | HTTP | Meaning | Do |
|---|---|---|---|
| `A_B` | 403 | no, see [x](#y) | ask `z` |

## Elsewhere

*For others.*

*What to do: nothing.*

| Code | Meaning |
|---|---|
| `A_B`, `C` | other [words](words.md#there) |
"""


def test_a_page_says_what_it_means_for_whom_and_what_to_do() -> None:
    made = code_pages.pages(TABLE)
    assert made.keys() == {"A_B.md", "C.md"}
    for words in ("Sent with HTTP status 403.", "Whoever asks.", "Ask `z`.", "[x](../codes.md#y)", "codes.md#who-asks-and-why",
                  "Nothing.", "Others.", "[words](../words.md#there)"):  # fmt: skip
        assert words in made["A_B.md"]
    assert "403" not in made["C.md"]


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("*For whoever asks.*", "", "A_B, under Who asks, and why: say whom it is for"),
        ("*What to do: nothing.*", "", "A_B, under Elsewhere: say whom it is for, and what to do"),
        ("| 403 | no", "| no", "4 columns are wanted"),
    ],
)
def test_a_source_that_lacks_something(was: str, now: str, said: str) -> None:
    with pytest.raises(code_pages.Incomplete, match=said):
        code_pages.pages(TABLE.replace(was, now))


def test_drift_is_seen(tmp_path: Path) -> None:
    wanted = code_pages.pages(TABLE)
    (tmp_path / "A_B.md").write_text("old")
    (tmp_path / "GONE.md").write_text("old")
    assert list(code_pages.wrong(tmp_path, wanted)) == [
        "C.md: missing", "GONE.md: no such code any more", "A_B.md: out of date",
    ]  # fmt: skip
