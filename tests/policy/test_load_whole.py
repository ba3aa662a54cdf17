"""Nothing in the policy files is lost or changed on its way in."""

from __future__ import annotations

import dataclasses
import tomllib
from typing import Any

import pytest

from hub.domain.organisations import Sector
from hub.policy.bundle import Bundle, Condition, Detail, Listed, Purpose, Review, Rule
from hub.policy.load import default_policies_directory, load_bundle
from tests.policy.cases import ON
from tests.policy.refusals import WORDS


def toml(name: str) -> dict[str, Any]:
    return tomllib.loads((default_policies_directory() / name).read_text(encoding="utf-8"))


def folder(name: str) -> dict[str, dict[str, Any]]:
    paths = sorted((default_policies_directory() / name).glob("*.toml"))
    return {path.stem: toml(f"{name}/{path.name}") for path in paths}


@pytest.fixture
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


def test_gateways_are_as_their_files_say(loaded: Bundle) -> None:
    for purpose in loaded.purposes.values():
        file = toml(f"gateways/{purpose.id}.toml")
        assert (purpose.title, purpose.kind, purpose.threshold) == (file["title"], file["kind"], file["threshold"])
        assert (purpose.confidence, purpose.decision) == (file["law"]["confidence"], file.get("needs_decision"))
        assert purpose.needs_decision == ("needs_decision" in file)
        assert set(purpose.recipient_sectors) == set(file["recipient_sectors"])
        assert purpose.citation.endswith(f" {file['law']['pinpoint']}")
    s47, s17 = loaded.purposes["ca1989-s47"], loaded.purposes["ca1989-s17"]
    assert (s47.citation, s47.graphql_name) == ("Children Act 1989 s.47(1)-(3)", "CA1989_S47")
    assert (s47.needs_decision, s17.needs_decision) == (True, False)


@pytest.mark.parametrize("folder", ["impediments", "handling"])
def test_rules_are_as_their_files_say(loaded: Bundle, folder: str) -> None:
    sources = toml("legal-sources.toml")
    for rule in getattr(loaded, folder).values():
        file = toml(f"{folder}/{rule.id}.toml")
        tell, law = file.get("tell", {}), file["law"]
        between = " " if law["kind"] == "statute" else ", "
        assert rule.citation == f"{sources[law['source']]['title']}{between}{law['pinpoint']}"
        assert (rule.title, rule.veiled, rule.confidence) == (
            file["title"],
            file["cite"] == "veiled",
            law["confidence"],
        )
        assert rule.effect == (file.get("effect") or file.get("transform") or "notice")
        assert (rule.strength, rule.notice) == (file.get("strength", "handling"), file.get("notice", ""))
        assert (rule.who_can_lift_it, rule.next_step) == (
            tell.get("who_can_lift_it", file.get("who_can_lift_it", "")),
            tell.get("next_step", ""),
        )
        assert (rule.post, rule.reply_days) == (tell.get("post"), tell.get("reply_days"))
        assert {key: list(words) for key, words in rule.applies_when.keys().items()} == file["applies_when"]
        lifted = [
            {"because": each.because} | {key: list(words) for key, words in each.keys().items()}
            for each in rule.does_not_apply_when
        ]
        assert lifted == file.get("does_not_apply_when", [])
        assert vars_of(rule.review) == file["review"]
    ranks = {rule.id: rule.rank for rule in loaded.rules}
    assert list(ranks.values()) == sorted(ranks.values())
    assert ranks["imp-court-order"] < ranks["imp-sen-reg17"] < ranks["imp-lpp"] < ranks["imp-confidence"]
    assert ranks["imp-confidence"] < ranks["imp-intel-conditions"] < min(ranks[each] for each in loaded.handling)


def vars_of(review: Review) -> dict[str, Any]:
    return {"owner": review.owner, "last": review.last, "next": review.next}


def test_words_are_as_the_vocabulary_says(loaded: Bundle) -> None:
    file, words = toml(WORDS), loaded.vocabulary
    for section in ("labels", "subject_facts", "decisions", "classifications"):
        given = {
            name: (each["meaning"], each.get("owner"), each.get("when_unknown")) for name, each in file[section].items()
        }
        made = getattr(words, section).items()
        assert {name: (word.meaning, word.owner, word.when_unknown) for name, word in made} == given
    assert words.choices == (("intelligence", ("handling_code_p", "handling_code_c")),)
    assert dict(words.roles) == {name: each["sector"] for name, each in file["roles"].items()}
    assert {name: set(roles) for name, roles in words.recipients.items()} == {
        name: set(each["roles"]) for name, each in file["recipients"].items()
    }
    assert (set(words.posts), set(words.silent)) == (set(file["posts"]), {"chis", "ipa", "socpa", "sar", "ctsa"})
    assert dataclasses.asdict(words.telling) == file["tell"]


@pytest.mark.parametrize("sector", [each.stem for each in (default_policies_directory() / "fields").iterdir()])
def test_the_catalogue_is_as_its_files_say(loaded: Bundle, sector: str) -> None:
    file = toml(f"fields/{sector}.toml")
    assert file.pop("sector") == sector
    assert loaded.catalogue.of_sector(Sector(sector)) == file.keys()
    for kind_id, given in file.items():
        kind = loaded.catalogue[kind_id]
        assert (kind.id, kind.title, kind.section, kind.standard) == (
            kind_id,
            given["title"],
            given["section"],
            given["standard"],
        )
        assert set(kind.labels) == set(given.get("labels", []))
        assert [each.name for each in kind.fields] == list(given["fields"])
        timeline = given.get("timeline")
        assert (kind.timeline is None) == (timeline is None)
        if kind.timeline is not None and timeline is not None:
            assert (list(kind.timeline.on), list(kind.timeline.summary)) == (timeline["on"], timeline["summary"])
        for each in kind.fields:
            said = given["fields"][each.name]
            assert (each.label, each.type, each.classification, each.source) == tuple(
                said[key] for key in ("label", "type", "classification", "source")
            )
            level = toml(WORDS)["classifications"][each.classification]["level"]
            assert set(each.needed_for) == {
                name
                for name, purpose in loaded.purposes.items()
                if (reached := purpose.detail.get(kind_id)) is not None and Detail(level).rank <= reached.rank
            }


def test_the_catalogue_is_as_large_as_the_three_sections_need(loaded: Bundle) -> None:
    assert sum(len(kind.fields) for kind in loaded.catalogue.kinds.values()) >= 80
