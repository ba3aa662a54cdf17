"""Loads ``policies/``: reads the files once, refuses anything doubtful, and answers one immutable bundle.

A bundle is only as good as its strictness: a rule that does not load is a leak. So everything is refused that is not
understood: an unknown key or word, a source that is repealed or not in force on the day asked about, a rejected ground,
an empty list, a rule with no pinpoint or no review dates, a file in the wrong place, a listed rule with no file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import hub
from hub.errors import ConfigurationError
from hub.policy import fields as kinds_of
from hub.policy import rules, words
from hub.policy.bundle import Bundle, Listed, Purpose, Rejected, Rule, Source
from hub.policy.files import (
    GatewayFile,
    HandlingFile,
    ImpedimentFile,
    LimitFile,
    PolicyFault,
    RejectedFile,
    SourceFile,
    digest,
    raise_all,
    shaped,
    table,
)
from hub.policy.lint import lint, repeats
from hub.policy.rules import Check
from hub.policy.scopes import gateway_faults, reach

Table = Mapping[str, Any]
Tables = Mapping[str, Table]
"""The files as TOML, by name."""

Shape = TypeVar("Shape")
Made = TypeVar("Made", bound=Rule)

FILE_BYTES_MAX = 262_144
FILES_MAX = 500

SINGLE_FILES = ("vocabulary.toml", "legal-sources.toml", "rejected.toml")
DIRECTORIES = ("fields", "gateways", "impediments", "handling", "limits")

RULES = ("impediments/", "handling/", "limits/")
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
        ConfigurationError: code ``POLICY_INVALID``; the message lists every fault found, each with file, line, key and
            what to write instead.
    """
    files = _read(directory)
    faults: list[PolicyFault] = []
    tables = _tables(files, faults)
    raise_all(faults, files)  # not TOML, or parts of it blank: nothing further can be said
    try:
        vocabulary = words.vocabulary(tables)
        sources = _rows(tables, "legal-sources.toml", SourceFile)
        rejected = _rows(tables, "rejected.toml", RejectedFile)
    except PolicyFault as fault:
        raise_all([fault], files)
        raise
    faults += words.faults(vocabulary)
    gateways = _shaped(tables, "gateways/", GatewayFile, faults)
    named = frozenset(PurePosixPath(name).stem for name in files if name.startswith("gateways/"))  # usable or not
    known = named | {each.id for each in gateways.values()} | set(vocabulary.purposes)
    check = Check(vocabulary, sources, rejected, known, on, faults)
    rules.gateways_listed(named, check)
    kinds = kinds_of.read(tables, vocabulary, faults)
    purposes, idle = _purposes(gateways, kinds, check)
    stops = _shaped(tables, "impediments/", ImpedimentFile, faults)
    impediments = _made(stops, rules.impediment, check)
    waiting = {each.id: when for each in stops.values() if (when := check.waits(each)) is not None}
    handling = _made(_shaped(tables, "handling/", HandlingFile, faults), rules.handling, check)
    limits = _made(_shaped(tables, "limits/", LimitFile, faults), rules.limit, check)
    for both in sorted(impediments.keys() & handling.keys()):
        check.refuse(f"handling/{both}.toml", "id", "is an impediment's id too")
    rules.veil_faults(impediments.values(), check)
    made = [*impediments.values(), *handling.values(), *limits.values()]
    if len(made) == sum(name.startswith(RULES) for name in files):  # else a rule only seems lost, and its words idle
        rules.manifest_faults(made, check)
    bundle = Bundle(
        digest=digest(files),
        on=on,
        catalogue=kinds.catalogue(vocabulary, purposes),
        vocabulary=words.compiled(vocabulary),
        purposes=purposes,
        impediments={name: rule for name, rule in impediments.items() if name not in waiting},
        handling=handling,
        limits=limits,
        inactive=idle.inactive | {name: rules.listed(impediments[name], why) for name, why in waiting.items()},
        supporting=idle.supporting,
        sources={name: _source(row) for name, row in sources.items()},
        rejected={name: Rejected(row.phrases, row.say_instead, row.confidence) for name, row in rejected.items()},
    )
    faults += lint((*bundle.rules, *bundle.limiting_rules), bundle.vocabulary.recipients)
    raise_all(faults, files)
    return bundle


@dataclass(frozen=True, slots=True)
class _Idle:
    """Gateways that decide nothing: not in force, or under which nobody asks."""

    inactive: dict[str, Listed] = field(default_factory=dict)
    supporting: dict[str, Listed] = field(default_factory=dict)


def _purposes(
    gateways: Mapping[str, GatewayFile], kinds: kinds_of.Kinds, check: Check
) -> tuple[dict[str, Purpose], _Idle]:
    """The purposes a question can be asked under, and the gateways that are only written down."""
    purposes: dict[str, Purpose] = {}
    idle = _Idle()
    for file, gateway in gateways.items():
        check.faults.extend(gateway_faults(file, gateway))
        detail = reach(file, gateway.scope, kinds.files, check.faults) if gateway.scope else {}
        made = rules.purpose(file, gateway, detail, check)
        if (when := check.waits(gateway)) is not None:
            idle.inactive[made.id] = rules.listed(made, when)
        elif gateway.not_asked_under is not None:
            idle.supporting[made.id] = rules.listed(made, gateway.not_asked_under)
        else:
            purposes[made.id] = made
    if not purposes:
        check.refuse("gateways", "", "none of these is law in force under which anybody may ask")
    return purposes, idle


def _source(row: SourceFile) -> Source:
    return Source(
        title=row.title,
        in_force=row.in_force,
        confidence=row.confidence,
        checked=row.checked,
        in_force_from=row.in_force_from,
        repealed_on=row.repealed_on,
        bars=row.bars,
        note=row.note,
    )


def _read(directory: Path) -> dict[str, bytes]:
    """The bytes of every policy file below ``directory``, by path relative to it.

    Raises:
        ConfigurationError: code ``POLICY_INVALID``: not a directory, a file missing, or one that is not where a policy
            can be: a rule in a misspelt directory would silently not apply.
    """
    if not directory.is_dir():
        what = "is a file and no directory" if directory.exists() else "does not exist"
        raise ConfigurationError(f"The policies directory {what}.", code="POLICY_INVALID")
    if not any((directory / name).exists() for name in (*SINGLE_FILES, *DIRECTORIES)):
        raise_all([PolicyFault("vocabulary.toml", "", "missing, and so is all else: is this the policies directory?")])
    files: dict[str, bytes] = {}
    faults: list[PolicyFault] = []
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        folder, _, rest = name.rpartition("/")
        if name.startswith("tests/") or left_by_an_editor(path.name):
            continue
        if not name.endswith(".toml"):
            if folder in DIRECTORIES and _renamed(path):
                faults.append(PolicyFault(name, "", "not read: rename it so that it ends in .toml, or move it away"))
        elif name not in SINGLE_FILES and (folder not in DIRECTORIES or not rest):
            faults.append(PolicyFault(name, "", f"not a place for policies: use {', '.join(DIRECTORIES)}"))
        else:
            _read_file(name, path, files, faults)
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


def _read_file(name: str, path: Path, files: dict[str, bytes], faults: list[PolicyFault]) -> None:
    """The bytes of one file, or a fault; they say nothing of where the directory is."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            faults.append(PolicyFault(name, "", f"larger than {FILE_BYTES_MAX} bytes"))
        else:
            files[name] = path.read_bytes()
    except OSError as fault:
        faults.append(PolicyFault(name, "", f"cannot be read: {fault.strerror}"))


def _renamed(path: Path) -> bool:
    """Whether this is a policy that something renamed (``x.toml.txt``, ``x.TOML``), and no copy beside the policy."""
    stem, mark, _ = path.name.lower().partition(".toml")
    return bool(mark) and not (path.parent / f"{path.name[: len(stem)]}.toml").exists()


def left_by_an_editor(name: str) -> bool:
    """Whether a file is an editor's own, or a system's: a lock, a backup or a hidden file. None is a policy."""
    return name.startswith((".", "~$")) or name.endswith(("~", ".swp", ".bak", ".orig"))


def _rows(tables: Tables, name: str, shape: type[Shape]) -> dict[str, Shape]:
    return {key: shaped(name, key, value, shape) for key, value in tables[name].items()}


def _shaped(tables: Tables, folder: str, shape: type[Shape], faults: list[PolicyFault]) -> dict[str, Shape]:
    """The files of one folder by name; one that does not fit is a fault and left out."""
    found: dict[str, Shape] = {}
    for name, given in tables.items():
        if name.startswith(folder):
            try:
                found[name] = shaped(name, "", given, shape)
            except PolicyFault as fault:
                faults.append(fault)
    return found


def _made(given: Mapping[str, Shape], make: Callable[[str, Shape, Check], Made], check: Check) -> dict[str, Made]:
    made = [make(name, each, check) for name, each in given.items()]
    return {each.id: each for each in made}


def _tables(files: Mapping[str, bytes], faults: list[PolicyFault]) -> Tables:
    """Each file as TOML; a fault for one that is not, each blank text, empty list or table, and word given twice."""
    tables: dict[str, Table] = {}
    for name, body in files.items():
        try:
            tables[name] = table(name, body)
        except PolicyFault as fault:
            faults.append(fault)
        else:
            faults += [PolicyFault(name, key, problem) for key, problem in _empty_values("", tables[name])]
            faults += repeats(name, tables[name])
    return tables


def _empty_values(key: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, str):
        return [] if value.strip() else [(key, "is blank")]
    if isinstance(value, dict | list) and not value:
        if not key:
            return [("file", "is empty: put back what it held, or delete it")]
        return [] if key.rpartition(".")[2] in _MAY_BE_EMPTY else [(key, "is an empty set")]
    if isinstance(value, dict):
        return [each for name, inner in value.items() for each in _empty_values(f"{key}.{name}".lstrip("."), inner)]
    if isinstance(value, list):
        return [each for number, inner in enumerate(value) for each in _empty_values(f"{key}[{number}]", inner)]
    return []
