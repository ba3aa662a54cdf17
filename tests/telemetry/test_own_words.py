"""Nothing writes a log line but `say`, and what `say` repeats word for word was made of nothing that came from outside."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import hub
from hub.errors import Complaint, ConfigurationError

LINES = "hub/telemetry/lines.py"

SETS_UP = {
    "hub/access/devgrants.py": "the development server quietens a library",
    "hub/cli/main.py": "writes what a line says, and which lines are written",
    "hub/cli/signer.py": "which lines are written",
    "hub/watching.py": "how lines are written",
}
"""The modules that may import `logging`, and what for; they write nothing."""

WRITES = {"critical", "debug", "error", "exception", "fatal", "info", "log", "warn", "warning"}
OTHER_WAYS = {"hub.telemetry.lines.LOGGER", "syslog", "traceback", "warnings"}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(Path("hub").rglob("*.py")):
        yield path.as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    """Every name that is imported anywhere in a module, with where it comes from; and the parts of a name before it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name.split(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def bypasses(path: str, tree: ast.Module) -> list[str]:
    """What in a module could write a line that no `LogLine` is."""
    names = set(imported(tree))
    found = sorted(names & OTHER_WAYS)
    if any(name.split(".")[0] == "logging" for name in names):
        found += [] if path in SETS_UP else ["logging"]
        calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
        found += [call.attr for call in calls if isinstance(call, ast.Attribute) and call.attr in WRITES]
    return found


def test_no_line_is_written_but_by_say() -> None:
    assert {path: found for path, tree in sources() if path != LINES and (found := bypasses(path, tree))} == {}


def test_those_that_set_logging_up_still_do() -> None:
    with_logging = {path for path, tree in sources() if "logging" in set(imported(tree)) and path != LINES}
    assert with_logging == SETS_UP.keys()


BYPASSES = [
    pytest.param("import logging\n_log = logging.getLogger()", ["logging"], id="a logger of its own"),
    pytest.param("from logging import getLogger", ["logging"], id="by name"),
    pytest.param("def f():\n    import logging.handlers", ["logging"], id="within a function"),
    pytest.param(
        "from hub.telemetry.lines import LOGGER, say", ["hub.telemetry.lines.LOGGER"], id="the one that say has"
    ),
    pytest.param("import warnings", ["warnings"], id="a warning"),
    pytest.param("import logging\nlogging.getLogger('x').error(said)", ["logging", "error"], id="a call"),
]


@pytest.mark.parametrize(("source", "found"), BYPASSES)
def test_a_bypass_is_seen(source: str, found: list[str]) -> None:
    assert bypasses("hub/x.py", ast.parse(source)) == found


def test_a_call_is_seen_where_logging_may_be_set_up() -> None:
    assert bypasses("hub/watching.py", ast.parse("import logging\nlogging.error('x')")) == ["error"]


# --- what a complaint says ---

PARTS = {
    "type(fault).__name__": "a class",
    "type(no).__name__": "a class",
    "words.__name__": "a class",
    "name": "a field of an entry, by the hub's own name for it",
    "digits": "a number", "many": "a number", "last_size": "a number", "size": "a number",
    "BODY_MAX": "a number", "COUNT_MAX": "a number", "LIST_MAX": "a number", "NONCE_BYTES": "a number",
    "SALT_BYTES": "a number", "SIDE_MAX": "a number", "TEXT_MAX": "a number", "VERSION": "a number", "int(lines[0])": "a number",
    "self._path": "the signer's socket, from settings",
    "self._where.label": "the key's label on its token, from settings",
    "self._where.token": "the token's label, from settings",
    "where.token": "the token's label, from settings",
    "why": "hub.service.witness_asking.Failed, whose words quote nothing that a witness sent",
}  # fmt: skip
"""All that is put into a complaint beside fixed words. Before a part is added: could it hold what somebody sent?"""


def complaints() -> set[str]:
    """The names of the complaints that are not of the settings or policies, whose own checks see to their words."""
    for module in pkgutil.walk_packages(hub.__path__, "hub."):
        if module.name.rpartition(".")[2] != "__main__":
            importlib.import_module(module.name)
    found, new = set[type](), {Complaint}
    while new:
        found |= new
        new = {sub for each in new for sub in each.__subclasses__() if not issubclass(sub, ConfigurationError)}
    return {each.__name__ for each in found}


def parts(tree: ast.Module, names: set[str]) -> Iterator[str]:
    """What is put into the complaints made in a module, as it is written there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            for said in node.args:
                values = said.values if isinstance(said, ast.JoinedStr) else [said]
                for value in values:
                    if not isinstance(value, ast.Constant):
                        yield ast.unparse(value.value if isinstance(value, ast.FormattedValue) else value)


def test_a_complaint_is_of_the_hub_s_own_words() -> None:
    names = complaints()
    assert {"EntryInvalid", "HeadDamaged", "SignerGone", "StateUnavailable", "WireInvalid"} <= names
    assert {part for _, tree in sources() for part in parts(tree, names)} == PARTS.keys()


def test_the_parts_of_a_complaint_are_seen() -> None:
    tree = ast.parse("raise A('x')\nraise A(f'{n} of {m!r}')\nraise A(str(fault))\nraise B(f'{k}')")
    assert list(parts(tree, {"A"})) == ["n", "m", "str(fault)"]
