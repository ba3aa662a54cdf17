"""Loads ``policies/``: reads the files once, refuses anything doubtful, and answers one immutable bundle.

A bundle is only as good as its strictness: a rule that does not load is a leak. So everything is refused that is not
understood: an unknown key or word, a source that is repealed or not in force on the day asked about, a rejected ground,
an empty list, a rule with no pinpoint or no review dates, a file in the wrong place, a listed rule with no file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import hub
from hub.errors import ConfigurationError
from hub.policy import rules, words
from hub.policy.bundle import Bundle, Purpose, Rule
from hub.policy.fields import catalogue
from hub.policy.files import (
    GatewayFile,
    HandlingFile,
    ImpedimentFile,
    PolicyFault,
    RejectedFile,
    SourceFile,
    digest,
    raise_all,
    shaped,
    table,
)
from hub.policy.rules import Check

Shape = TypeVar("Shape")
Made = TypeVar("Made", Rule, Purpose)

FILE_BYTES_MAX = 262_144
FILES_MAX = 500

SINGLE_FILES = ("vocabulary.toml", "legal-sources.toml", "rejected.toml")
DIRECTORIES = ("fields", "gateways", "impediments", "handling")

_MAY_BE_EMPTY = frozenset({"summary", "roles"})
"""Lists that say something when empty: nothing to join on the timeline; no role gives this recipient word."""


def default_policies_directory() -> Path:
    """The policies that came with the hub: inside the installed package, else beside it in a source tree."""
    package = Path(hub.__file__).parent
    packaged = package / "_policies"
    return packaged if packaged.is_dir() else package.parent / "policies"


def load_bundle(directory: Path, on: date) -> Bundle:
    """The policies in ``directory``, checked against the law in force ``on`` a day.

    Raises:
        ConfigurationError: code ``POLICY_INVALID``; the message lists every fault found, each with its file and key.
    """
    files = _read(directory)
    faults = [fault for name, body in files.items() for fault in _blanks(name, body)]
    raise_all(faults)  # not TOML: nothing further can be said
    try:
        vocabulary = words.vocabulary(files)
        sources = _rows(files, "legal-sources.toml", SourceFile)
        rejected = _rows(files, "rejected.toml", RejectedFile)
    except PolicyFault as fault:
        raise_all([fault])
        raise
    faults += words.faults(vocabulary)
    gateways = _shaped(files, "gateways/", GatewayFile, faults)
    purposes = frozenset(each.id for each in gateways.values())
    check = Check(vocabulary, sources, rejected, purposes, on, faults)
    impediments = _made(_shaped(files, "impediments/", ImpedimentFile, faults), rules.impediment, check)
    handling = _made(_shaped(files, "handling/", HandlingFile, faults), rules.handling, check)
    for both in sorted(impediments.keys() & handling.keys()):
        check.refuse(f"handling/{both}.toml", "id", "is an impediment's id too")
    rules.veil_faults(impediments.values(), check)
    rules.manifest_faults([*impediments.values(), *handling.values()], check)
    bundle = Bundle(
        digest=digest(files),
        on=on,
        catalogue=catalogue(files, vocabulary, purposes, faults),
        vocabulary=words.compiled(vocabulary),
        purposes=_made(gateways, rules.purpose, check),
        impediments=impediments,
        handling=handling,
    )
    raise_all(faults)
    return bundle


def _read(directory: Path) -> dict[str, bytes]:
    """The bytes of every policy file below ``directory``, by path relative to it.

    Raises:
        ConfigurationError: code ``POLICY_INVALID``: not a directory, a file missing, or one that is not where a policy
            can be: a rule in a misspelt directory would silently not apply.
    """
    if not directory.is_dir():
        raise ConfigurationError("The policies directory does not exist.", code="POLICY_INVALID")
    files: dict[str, bytes] = {}
    faults: list[PolicyFault] = []
    for path in sorted(directory.rglob("*.toml")):
        name = path.relative_to(directory).as_posix()
        if name.startswith("tests/"):
            continue
        folder, _, rest = name.rpartition("/")
        if name not in SINGLE_FILES and (folder not in DIRECTORIES or not rest):
            faults.append(PolicyFault(name, "", f"not a place for policies: use {', '.join(DIRECTORIES)}"))
        elif path.stat().st_size > FILE_BYTES_MAX:
            faults.append(PolicyFault(name, "", f"larger than {FILE_BYTES_MAX} bytes"))
        else:
            files[name] = path.read_bytes()
    if len(files) > FILES_MAX:
        faults.append(PolicyFault("policies", "", f"more than {FILES_MAX} files"))
    faults += [PolicyFault(name, "", "missing") for name in SINGLE_FILES if name not in files]
    faults += [
        PolicyFault(folder, "", "holds no policy: an empty set is refused")
        for folder in DIRECTORIES
        if not any(name.startswith(f"{folder}/") for name in files)
    ]
    raise_all(faults)
    return files


def _rows(files: Mapping[str, bytes], name: str, shape: type[Shape]) -> dict[str, Shape]:
    return {key: shaped(name, key, value, shape) for key, value in table(name, files[name]).items()}


def _shaped(files: Mapping[str, bytes], folder: str, shape: type[Shape], faults: list[PolicyFault]) -> dict[str, Shape]:
    """The files of one folder by name; one that does not fit is a fault and left out."""
    found: dict[str, Shape] = {}
    for name in files:
        if name.startswith(folder):
            try:
                found[name] = shaped(name, "", table(name, files[name]), shape)
            except PolicyFault as fault:
                faults.append(fault)
    return found


def _made(given: Mapping[str, Shape], make: Callable[[str, Shape, Check], Made], check: Check) -> dict[str, Made]:
    made = [make(name, each, check) for name, each in given.items()]
    return {each.id: each for each in made}


def _blanks(name: str, body: bytes) -> list[PolicyFault]:
    """A fault for each blank text and empty list or table in a file."""
    try:
        tables = table(name, body)
    except PolicyFault as fault:
        return [fault]
    return [PolicyFault(name, key, problem) for key, problem in _empty_values("", tables)]


def _empty_values(key: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, str):
        return [] if value.strip() else [(key, "is blank")]
    if isinstance(value, dict | list) and not value:
        return [] if key.rpartition(".")[2] in _MAY_BE_EMPTY else [(key or "file", "is an empty set")]
    if isinstance(value, dict):
        return [each for name, inner in value.items() for each in _empty_values(f"{key}.{name}".lstrip("."), inner)]
    if isinstance(value, list):
        return [each for number, inner in enumerate(value) for each in _empty_values(f"{key}[{number}]", inner)]
    return []
