"""Every code the hub can send is in docs/codes.md, and every code there is one the hub can send."""

from __future__ import annotations

import ast
import re
from pathlib import Path

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
    assert sorted(code for code in documented() if f'"{code}"' not in everything) == [], (
        "clients branch on these: keep or announce"
    )
