"""The line a key is said to stand on is the line it stands on."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.policy.lines import line_of, lines
from hub.policy.load import default_policies_directory

SHIPPED = sorted(default_policies_directory().rglob("*.toml"))


def paths(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every key, table and element of a TOML document, named as the loader names it, with what it holds."""
    if path:
        yield path, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths(inner, f"{path}.{name}".lstrip("."))
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from paths(inner, f"{path}[{number}]")


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.relative_to(default_policies_directory()).as_posix())
def test_every_key_of_every_shipped_file_is_on_the_line_found(file: Path) -> None:
    body = file.read_bytes()
    text = [*body.decode("utf-8").splitlines()]
    found = list(paths(tomllib.loads(body.decode("utf-8"))))
    assert found
    for path, value in found:
        line = line_of(body, path)
        assert line is not None, path
        if path.endswith("]"):
            assert isinstance(value, dict | list) or str(value) in text[line - 1], path
        else:
            name = path.rpartition(".")[2]
            assert name in text[line - 1], path
            scalar = isinstance(value, str) and "\n" not in value and '"' not in value
            assert not scalar or value in text[line - 1], path
    assert {path for path, _ in found} == lines(body).keys()


TRICKS = b'''
a = "# no comment ] } , [b]"   # c = 1
b = \'\'\'
c = "inside a text"
\'\'\'
d = """x\\"""
[e]
still = "text" """
e.f."g.h" = [  # [
  "one, two",   # "three",
  [
    { x = 1, y = "}" }, 2026-11-01 10:00:00,
  ],
  """
"""   ,
  \'#\' ]
[labels."a b"]
x = 1
[[choices]]
x = 1
[[choices]]
  # x = 0

x = { y.z = [
  1, 2] }
[choices.inner]
x = 1e5
[[choices.deep]]
x = true
[[choices.deep]]
'x' = 0x10
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        pytest.param("a", 2, id="a string that holds a comment sign and brackets"),
        pytest.param("b", 3, id="a text of several lines"),
        pytest.param("c", None, id="what only a text or a comment says"),
        pytest.param("d", 6, id="a text with quotes in it"),
        pytest.param("e.still", 9, id="a table and a key inside a text are none, so the enclosing table answers"),
        pytest.param("e.f.g.h", 9, id="dotted and quoted key"),
        pytest.param("e.f", 9, id="table made by a dotted key"),
        pytest.param("e.f.g.h[0]", 10, id="first element"),
        pytest.param("e.f.g.h[1][0].y", 12, id="inline table in a list in a list"),
        pytest.param("e.f.g.h[1][1]", 12, id="a time with a space"),
        pytest.param("e.f.g.h[2]", 14, id="a text of several lines in a list"),
        pytest.param("e.f.g.h[3]", 16, id="last element"),
        pytest.param("labels.a b.x", 18, id="quoted table"),
        pytest.param("choices", 19, id="an array of tables begins with its first"),
        pytest.param("choices[0].x", 20, id="first table"),
        pytest.param("choices[1]", 21, id="second table"),
        pytest.param("choices[1].x", 24, id="key after a comment"),
        pytest.param("choices[1].x.y.z[1]", 25, id="list in a dotted key in an inline table"),
        pytest.param("choices[1].inner.x", 27, id="table in the last table of an array"),
        pytest.param("choices[1].deep[1].x", 31, id="array in an array"),
        pytest.param("choices[1].because", 21, id="missing key: its table"),
        pytest.param("choices[...].because", 19, id="any of many: where they begin"),
        pytest.param("labels.nothing.owner", 17, id="missing table: the one around it"),
        pytest.param("nothing.here", None, id="nothing of it is there"),
        pytest.param("", None, id="the file as a whole"),
    ],
)
def test_strings_and_comments_do_not_fool_it(key: str, line: int | None) -> None:
    assert line_of(TRICKS, key) == line


@pytest.mark.parametrize("body", [b"a = ", b"\xff", b"a = 1\na = 2"], ids=["not TOML", "not UTF-8", "a key twice"])
def test_a_file_that_does_not_parse_has_no_lines(body: bytes) -> None:
    assert line_of(body, "a") is None


def test_lines_end_as_they_do_on_other_systems() -> None:
    assert [line_of(b"a = 1\r\n# x\r\nb = [\r\n 1]\r\n", key) for key in ("a", "b", "b[0]")] == [1, 3, 4]


NAMES = st.from_regex(r"[a-z_]{1,6}", fullmatch=True)
TEXTS = st.text(st.sampled_from("ab#[]{}=,.\"'\\ \n"), max_size=12)
VALUES = st.recursive(
    TEXTS | st.integers() | st.dates() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


class Writer:
    """Writes TOML in varied ways and notes the line of each key as it goes: the other way round from the scanner."""

    def __init__(self, choose: Any) -> None:
        self.text, self.noted, self._choose = "", {}, choose

    def here(self, path: str) -> None:
        self.noted.setdefault(path, self.text.count("\n") + 1)

    def tables(self, tables: dict[str, list[dict[str, Any]]]) -> None:
        for name, rows in tables.items():
            single = len(rows) == 1 and self._choose([True, False])
            for number, row in enumerate(rows):
                self.text += self._choose(["", "\n", "#\n", '# x = [ "\n'])
                self.here(name)
                path = name if single else f"{name}[{number}]"
                self.here(path)
                self.text += f"[{name}] # [y]\n" if single else f"[[{name}]]\n"
                for key, value in row.items():
                    self.pair(path, key, value)
                    self.text += self._choose(["\n", " # a = 1\n", "\n\n"])

    def pair(self, path: str, key: str, value: Any) -> None:
        self.here(f"{path}.{key}")
        self.text += self._choose([key, f'"{key}"', f"'{key}'"]) + self._choose(["=", " = "])
        self.value(f"{path}.{key}", value)

    def value(self, path: str, value: Any) -> None:
        if isinstance(value, dict):
            self.text += "{"
            for number, (key, inner) in enumerate(value.items()):
                self.text += ", " if number else " "
                self.pair(path, key, inner)
            self.text += " }"
        elif isinstance(value, list):
            self.text += "["
            for number, inner in enumerate(value):
                self.text += self._choose(["", "\n ", " # ] , \n"])
                self.here(f"{path}[{number}]")
                self.value(f"{path}[{number}]", inner)
                self.text += self._choose([",", " ,", "\n,"])
            self.text += "]"
        else:
            self.text += self.scalar(value)

    def scalar(self, value: Any) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        if not isinstance(value, str):
            return str(value)
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        ways = ['"' + escaped.replace("\n", "\\n") + '"', f'"""\n{escaped}"""']
        if "'" not in value:
            ways += [f"'''\n{value}'''"] + ([] if "\n" in value else [f"'{value}'"])
        return str(self._choose(ways))


@given(
    st.dictionaries(NAMES, st.lists(st.dictionaries(NAMES, VALUES, max_size=4), min_size=1, max_size=3), max_size=4),
    st.data(),
)
def test_any_document_s_keys_are_found_where_they_were_written(
    tables: dict[str, list[dict[str, Any]]], data: st.DataObject
) -> None:
    writer = Writer(lambda ways: data.draw(st.sampled_from(ways)))
    writer.tables(tables)
    tomllib.loads(writer.text)
    assert lines(writer.text.encode()) == writer.noted
