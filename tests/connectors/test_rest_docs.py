"""``docs/mapping-files.md`` says what is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec

from hub.connectors import base, http, rest_file, rest_who

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "mapping-files.md").read_text(encoding="utf-8")


def test_every_key_of_a_mapping_file_is_explained() -> None:
    shapes = [
        value for value in vars(rest_file).values() if isinstance(value, type) and issubclass(value, msgspec.Struct)
    ]
    keys = {name for shape in shapes for name in getattr(shape, "__struct_fields__", ())}
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", PAGE)] == []


def test_its_examples_are_toml() -> None:
    examples = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) == 4
    for example in examples:
        assert tomllib.loads(example)


def test_its_example_of_a_kind_is_a_kind() -> None:
    example = tomllib.loads(re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[2])
    assert msgspec.convert(example["kinds"]["incident"], rest_file.KindFile).not_held == ["outcome"]


def test_its_limits_are_the_limits() -> None:
    limits = PAGE.split("## Limits")[1]
    assert f"{base.CANDIDATES_MAX} candidates, {base.RECORDS_MAX:,} records" in limits
    assert f"{http.BYTES_MAX // 2**20} MiB in one answer, {http.CONNECTIONS_MAX} connections" in limits
    assert f"at most {http.PAGES_MAX} pages" in PAGE
    assert f"at most {rest_who.QUESTIONS_MAX}." in PAGE
