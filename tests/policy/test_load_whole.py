"""Nothing in the policy files is lost or changed on its way in, and each refusal reads as it is written down here."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hub.errors import ConfigurationError
from hub.policy.bundle import Bundle, Condition, Listed, Purpose, Rule
from hub.policy.load import default_policies_directory, load_bundle
from tests.policy.cases import ON
from tests.policy.refusals import REFUSALS

MESSAGES = Path(__file__).with_name("refusals.txt")
"""Every refusal in full; ``python -m tests.policy.test_load_whole`` writes it anew, to be read before it is committed."""


def toml(name: str) -> dict[str, Any]:
    return tomllib.loads((default_policies_directory() / name).read_text(encoding="utf-8"))


def folder(name: str) -> dict[str, dict[str, Any]]:
    paths = sorted((default_policies_directory() / name).glob("*.toml"))
    return {path.stem: toml(f"{name}/{path.name}") for path in paths}


@pytest.fixture(scope="module")
def loaded() -> Bundle:
    return load_bundle(default_policies_directory(), ON)


def test_each_gateway_is_asked_under_or_says_why_not(loaded: Bundle) -> None:
    files = folder("gateways")
    supporting = {name for name, file in files.items() if "not_asked_under" in file}
    inactive = {name for name, file in files.items() if "not_commenced" in file or file.get("commencement", ON) > ON}
    assert set(loaded.supporting) == supporting
    assert set(loaded.inactive) & files.keys() == inactive
    assert set(loaded.purposes) == files.keys() - supporting - inactive
    for name in supporting:
        assert_listed(loaded.supporting[name], f"gateways/{name}.toml", files[name], files[name]["not_asked_under"])
    for name in inactive:
        assert_listed(loaded.inactive[name], f"gateways/{name}.toml", files[name], files[name].get("not_commenced"))


def assert_listed(listed: Listed, path: str, file: dict[str, Any], because: str | None) -> None:
    law = file["law"]
    assert (listed.id, listed.title, listed.explain) == (file["id"], file["title"], file["explain"])
    assert (listed.confidence, listed.note, listed.file) == (law["confidence"], law.get("note", ""), path)
    assert listed.citation == f"{toml('legal-sources.toml')[law['source']]['title']} {law['pinpoint']}"
    if because is not None:
        assert listed.because == because


def test_purposes_are_whole(loaded: Bundle) -> None:
    for name, purpose in loaded.purposes.items():
        file = toml(f"gateways/{name}.toml")
        assert purpose_facts(purpose) == {
            "id": name,
            "explain": file["explain"],
            "note": file["law"].get("note", ""),
            "source": file["law"]["source"],
            "file": f"gateways/{name}.toml",
            "why": file["scope"]["why"],
            "look_back_years": file["scope"].get("look_back_years"),
            "recipient_roles": set(file.get("recipient_roles", [])),
            "review": file["review"],
        }


def purpose_facts(purpose: Purpose) -> dict[str, Any]:
    names = ("id", "explain", "note", "source", "file", "why", "look_back_years", "recipient_roles")
    review = {"owner": purpose.review.owner, "last": purpose.review.last, "next": purpose.review.next}
    return {name: getattr(purpose, name) for name in names} | {"review": review}


@pytest.mark.parametrize("name", ["impediments", "handling", "limits"])
def test_rules_are_whole(loaded: Bundle, name: str) -> None:
    files = folder(name)
    waiting = loaded.inactive.keys() & files.keys()
    made: dict[str, Rule] = getattr(loaded, name)
    assert made.keys() == files.keys() - waiting
    for rule_id, rule in made.items():
        file = files[rule_id]
        assert (rule.id, rule.file, rule.explain) == (rule_id, f"{name}/{rule_id}.toml", file["explain"])
        assert (rule.source, rule.note) == (file["law"]["source"], file["law"].get("note", ""))
        assert rule.covers == file.get("covers", "")
        assert rule.carried_out_by == file.get("carried_out_by", "rule")
    for rule_id in waiting:
        assert loaded.inactive[rule_id].because


def test_limits_are_whole(loaded: Bundle) -> None:
    for rule_id, rule in loaded.limits.items():
        file = toml(f"limits/{rule_id}.toml")
        assert (rule.title, rule.confidence, rule.next_step) == (
            file["title"],
            file["law"]["confidence"],
            file["tell"]["next_step"],
        )
        assert (rule.effect, rule.veiled, rule.strength, rule.notice) == ("out_of_scope", False, "scope", "")
        assert {key: list(words) for key, words in rule.applies_when.keys().items()} == file.get("applies_when", {})
        assert [told(each) for each in rule.does_not_apply_when] == file.get("does_not_apply_when", [])
        assert (rule.review.owner, rule.review.last, rule.review.next) == tuple(file["review"].values())
        assert (
            rule.citation == f"{toml('legal-sources.toml')[file['law']['source']]['title']} {file['law']['pinpoint']}"
        )
        assert rule.rank == next(iter(loaded.limits.values())).rank > max(each.rank for each in loaded.rules)


def told(condition: Condition) -> dict[str, Any]:
    return {"because": condition.because} | {key: list(words) for key, words in condition.keys().items()}


def test_sources_are_whole(loaded: Bundle) -> None:
    usual = {"in_force_from": None, "repealed_on": None, "bars": True, "note": ""}
    given = {name: usual | row for name, row in toml("legal-sources.toml").items()}
    names = ("title", "in_force", "confidence", "checked", *usual)
    assert {name: {each: getattr(row, each) for each in names} for name, row in loaded.sources.items()} == given


def test_rejected_grounds_are_whole(loaded: Bundle) -> None:
    given = toml("rejected.toml")
    assert {
        name: {"phrases": list(row.phrases), "say_instead": row.say_instead, "confidence": row.confidence}
        for name, row in loaded.rejected.items()
    } == given


def test_the_vocabulary_is_whole(loaded: Bundle) -> None:
    file, words = toml("vocabulary.toml"), loaded.vocabulary
    for name, kind in words.judgements.items():
        given = {"one_request": False, "parts": False} | file["judgements"][name]
        assert {each: getattr(kind, each) for each in given} | {"made_by": list(kind.made_by)} == given
    assert words.judgements.keys() == file["judgements"].keys()
    for section, made in (
        ("look_back_reasons", words.look_back_reasons),
        ("roles", words.role_meanings),
        ("recipients", words.recipient_meanings),
        ("posts", words.posts),
    ):
        assert dict(made) == {name: each["meaning"] for name, each in file[section].items()}
    for name, silent in words.silent.items():
        given = {"citation": ""} | file["silent"][name]
        assert {each: getattr(silent, each) for each in given} == given
    assert dict(words.levels) == {name: each["level"] for name, each in file["classifications"].items()}


def test_the_catalogue_is_whole(loaded: Bundle) -> None:
    for path in folder("fields").values():
        for kind_id, given in path.items():
            if kind_id == "sector":
                continue
            kind = loaded.catalogue[kind_id]
            timeline = given.get("timeline")
            assert (None if kind.timeline is None else kind.timeline.until) == (timeline or {}).get("until")
            for each in kind.fields:
                derived = given["fields"][each.name].get("derived")
                made = None if each.derived is None else {"from": each.derived.source, "as": each.derived.how}
                assert made == derived


def message(name: str, directory: Path) -> str:
    REFUSALS[name][0](directory)
    with pytest.raises(ConfigurationError) as error:
        load_bundle(directory, ON)
    return re.sub(r"\.toml:\d+: ", ".toml:N: ", error.value.message)  # the lines are checked where they stand


def messages() -> dict[str, str]:
    parts = MESSAGES.read_text(encoding="utf-8").split("\n== ")
    return dict(part.removeprefix("== ").rstrip("\n").split("\n", 1) for part in parts)


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_reads_as_it_is_written_down(name: str, policies: Path) -> None:
    assert message(name, policies) == messages()[name]


def test_no_refusal_is_written_down_that_nothing_causes() -> None:
    assert messages().keys() == REFUSALS.keys()


def _write() -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        said = {
            name: message(name, Path(shutil.copytree(default_policies_directory(), Path(place) / str(number))))
            for number, name in enumerate(REFUSALS)
        }
    MESSAGES.write_text("\n".join(f"== {name}\n{text}\n" for name, text in said.items()), encoding="utf-8")


if __name__ == "__main__":
    _write()
