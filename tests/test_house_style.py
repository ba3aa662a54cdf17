"""The rules of CONTRIBUTING.md that a linter does not know. Each failure names the file and what to do."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70

ALONE = {"hub/audit/offline/verify.py": 700}
"""Files that people read and run without the rest of the hub, so that they cannot be divided; lines at most."""

PURE = ("hub/domain", "hub/policy", "hub/matching", "hub/audit")
"""Packages that take no clock (docs/adr/0002); imports are held by import-linter."""

VENDORED = ("hub/web/static/graphiql/", "hub/web/assets/vendor/")
GENERATED = (
    "requirements.txt",
    "requirements-dev.txt",
    "docs/schema.graphql",
    "docs/subgraph.graphql",
    "docs/joined-view.svg",
)

FORBIDDEN_TEXT = {
    "unfinished work": re.compile(r"\b(TODO|FIXME|XXX|HACK)\b"),
    "a path on somebody's machine": re.compile(r"(?<![\w.])/(?:home|Users|root|work|mnt)/[\w.-]+"),
    "a registry's host": re.compile(
        r"(?:files\.pythonhosted|pypi)\.org|registry\.(?:npmjs\.org|yarnpkg\.com)|proxy\.golang\.org", re.IGNORECASE
    ),
    "a mark of a merge": re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE),
}


@cache
def tracked() -> tuple[str, ...]:
    """Every file git knows; without git (an unpacked archive), every file that is not made by a tool."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
        return tuple(name for name in listed.decode().split("\0") if name and (ROOT / name).is_file())
    except (OSError, subprocess.CalledProcessError):
        made = {".venv", "mutants", "dist", "build", "var", "__pycache__"}
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        return tuple(str(path) for path in found if not made.intersection(path.parts) and ".cache" not in str(path))


def ours(*suffixes: str) -> list[str]:
    return [
        name
        for name in tracked()
        if name.endswith(suffixes) and not name.startswith(VENDORED) and name not in GENERATED
    ]


PYTHON = ours(".py")
PRODUCT = [name for name in PYTHON if name.startswith("hub/")]


@cache
def tree(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text(encoding="utf-8"))


def functions(name: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(name)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_there_is_something_to_look_at() -> None:
    assert len(PRODUCT) > 20


@pytest.mark.parametrize("name", PYTHON)
def test_no_file_is_too_long(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").count("\n")
    assert lines <= ALONE.get(name, FILE_LINES_MAX), "divide it by what it is about"


@pytest.mark.parametrize("name", PYTHON)
def test_no_function_is_too_long(name: str) -> None:
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in functions(name)
        if node.end_lineno is not None and node.end_lineno - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert long == [], "divide it by its steps"


@pytest.mark.parametrize("name", PRODUCT)
def test_every_module_says_what_it_is(name: str) -> None:
    said = ast.get_docstring(tree(name))
    assert said, "begin the module with what it is and why it is there"
    assert "placeholder" not in said.lower()


@pytest.mark.parametrize(
    "name", ours(".py", ".md", ".toml", ".csv", ".sh", ".js", ".css", ".html", ".yaml", ".conf", "Makefile", "run")
)
def test_nothing_that_does_not_belong(name: str) -> None:
    if name == "tests/test_house_style.py":
        return
    text = (ROOT / name).read_text(encoding="utf-8")
    found = [f"{what}: {match.group()}" for what, pattern in FORBIDDEN_TEXT.items() for match in pattern.finditer(text)]
    assert found == []


def test_locked_requirements_hold_hashes_and_no_download_address() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-linkage.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text, f"{name}: run `make lock`"
        assert not re.search(r"^\s*(?:-i|--(?:extra-)?index|--find-links|-f)\b", text, re.MULTILINE)
        pins = re.findall(
            r"^([a-z0-9][\w.-]*)==\S+((?: ;[^\\\n]*)?) \\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE
        )
        assert len(pins) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) > 20


def test_both_locks_agree() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9][^\s]*==\S+", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))

    assert pins("requirements.txt") <= pins("requirements-dev.txt")


CLOCKS = {"now", "utcnow", "today", "monotonic", "perf_counter", "time_ns"}


@pytest.mark.parametrize("name", [name for name in PRODUCT if name.startswith(PURE)])
def test_the_pure_packages_ask_nobody_what_time_it_is(name: str) -> None:
    asked = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree(name))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS
    ]
    assert asked == [], "take the moment as an argument"


def test_every_decision_is_in_the_index() -> None:
    directory = ROOT / "docs" / "adr"
    index = (directory / "README.md").read_text(encoding="utf-8")
    pages = sorted(path.name for path in directory.glob("[0-9]*.md"))
    assert [page for page in pages if f"]({page})" not in index] == []
    assert len({page[:4] for page in pages}) == len(pages), "two decisions have one number"


PAGES = ours(".md")


@pytest.mark.parametrize("name", PAGES)
def test_every_link_between_pages_leads_somewhere(name: str) -> None:
    text = re.sub(r"```.*?```", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text)
    assert [target for target in targets if not ((ROOT / name).parent / target).exists()] == []
