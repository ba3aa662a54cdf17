"""What the loader refuses, and that each refusal names the file and the key. A rule that does not load is a leak."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

import hub
from hub.domain.disclosure import Confidence, Outcome
from hub.domain.organisations import Sector
from hub.errors import ConfigurationError
from hub.policy import files, load
from hub.policy.bundle import Effect
from hub.policy.engine import Policy
from hub.policy.load import default_policies_directory, load_bundle
from hub.policy.words import REPLY_DAYS_MAX
from tests.policy.cases import ON, bundle, pointer, request
from tests.policy.refusals import (
    CODE_P,
    CONTACT_ON,
    COUNCIL,
    GILLICK,
    LAW,
    LPP,
    REFUSALS,
    SEN,
    WORDS,
    Change,
    append,
    swap,
    write,
)


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A copy of the project's policies to spoil."""
    return Path(shutil.copytree(default_policies_directory(), tmp_path / "policies"))


def refusal(directory: Path, on: date = ON) -> str:
    with pytest.raises(ConfigurationError) as error:
        load_bundle(directory, on)
    assert error.value.code == "POLICY_INVALID"
    assert str(directory) not in error.value.message
    return error.value.message


@pytest.mark.parametrize(("change", "where", "what"), REFUSALS.values(), ids=REFUSALS)
def test_the_loader_refuses(policies: Path, change: Change, where: str, what: str) -> None:
    change(policies)
    message = refusal(policies)
    (line, *_) = [line for line in message.splitlines() if where in line and what in line] or [""]
    assert line, message


def test_all_faults_are_told_at_once(policies: Path) -> None:
    swap(SEN, '"SI2014-1530"', '"STD2000"')(policies)
    for other in ("unknown label", "field of no class"):
        REFUSALS[other][0](policies)
    message = refusal(policies)
    assert all(name in message for name in (LPP, SEN, COUNCIL))


@pytest.mark.parametrize(
    ("on", "in_force"),
    [(date(2026, 9, 29), False), (date(2026, 9, 30), True)],
    ids=["the day before commencement", "the day of commencement"],
)
def test_law_counts_from_the_day_it_is_in_force(policies: Path, on: date, in_force: bool) -> None:
    for path in policies.rglob("*.toml"):
        path.write_text(path.read_text(encoding="utf-8").replace("last = 2026-11-01", "last = 2026-09-01"))
    if in_force:
        assert "ca2004-s16la" in load_bundle(policies, on).purposes
    else:
        assert "gateways/ca2004-s16la.toml: law.source: 'CWSA2026-4' is not in force on 2026-09-29" in refusal(
            policies, on
        )


def test_a_repeal_in_the_future_is_not_one_yet(policies: Path) -> None:
    swap(LAW, "checked = 2026-11-01", "checked = 2026-11-01\nrepealed_on = 2026-11-21")(policies)
    assert load_bundle(policies, ON).digest
    assert "repealed" in refusal(policies, date(2026, 11, 21))


@pytest.mark.parametrize(
    ("name", "key", "now"), [(GILLICK, "reply_days", 1), (WORDS, "veiled_reply_days", 3)], ids=["impediment", "veiled"]
)
@pytest.mark.parametrize("days", [1, REPLY_DAYS_MAX], ids=["shortest", "longest"])
def test_replies_may_be_promised_within_the_limits(policies: Path, name: str, key: str, now: int, days: int) -> None:
    swap(name, f"{key} = {now}", f"{key} = {days}")(policies)
    loaded = load_bundle(policies, ON)
    assert days in (loaded.impediments["imp-gillick"].reply_days, loaded.vocabulary.telling.veiled_reply_days)


def test_a_word_may_derive_from_every_role(policies: Path) -> None:
    every = sorted(bundle().vocabulary.roles)
    swap(WORDS, 'roles = ["mash_social_worker"]', f"roles = {every}".replace("'", '"'))(policies)
    assert load_bundle(policies, ON).vocabulary.recipients["council_child_protection"] == set(every)


def test_a_handling_rule_that_code_cannot_carry_out_is_a_gap(policies: Path) -> None:
    swap(CODE_P, 'notice = "', 'transform = "area_only" #')(policies)
    loaded = load_bundle(policies, ON)
    assert loaded.handling["handling-code-p"].effect is Effect.NOT_BUILT
    decision = Policy(loaded).decide(request(), pointer("intelligence", "handling_code_p"))
    (group,) = decision.groups
    assert (group.decision.outcome, group.decision.grounds, group.decision.missing) == (
        Outcome.GAP,
        ("handling-code-p",),
        ("handling_not_built",),
    )
    (line,) = decision.whole_lines
    assert "how to carry out a condition that travels with this" in line.next_step


def test_files_are_read_up_to_the_size_limit(policies: Path) -> None:
    body = (policies / LPP).read_bytes()
    (policies / LPP).write_bytes(body + b"#" * (load.FILE_BYTES_MAX - len(body)))
    assert load_bundle(policies, ON).digest
    (policies / LPP).write_bytes(body + b"#" * (load.FILE_BYTES_MAX - len(body) + 1))
    assert f"{LPP}: larger than {load.FILE_BYTES_MAX} bytes" in refusal(policies)


def test_as_many_files_are_read_as_the_limit_says(policies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = sum(1 for _ in policies.rglob("*.toml"))
    monkeypatch.setattr(load, "FILES_MAX", here)
    assert load_bundle(policies, ON).digest
    monkeypatch.setattr(load, "FILES_MAX", here - 1)
    assert f"more than {here - 1} files" in refusal(policies)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (swap(LPP, "Three Rivers;", "Three  Rivers;"), False),
        (append(LPP, "# a comment\n"), False),
        (write("README.md", "other words"), True),
        (append("tests/adoption.csv", "\n"), True),
        (write("tests/invariants.toml", "x = 1\n"), True),
    ],
    ids=["a space in a rule", "a comment", "the readme", "a table", "an invariant"],
)
def test_the_digest_is_over_every_policy_file(policies: Path, change: Change, same: bool) -> None:
    change(policies)
    assert (load_bundle(policies, ON).digest == bundle().digest) is same


def test_the_digest_is_over_names_and_lengths_too() -> None:
    assert files.digest({}) == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    ways = [{"a": b"bc"}, {"ab": b"c"}, {"a": b"b", "c": b""}, {"a": b"bc", "d": b""}]
    assert len({files.digest(each) for each in ways}) == len(ways)
    assert files.digest({"a": b"1", "b": b"2"}) == files.digest({"b": b"2", "a": b"1"})


def test_what_was_loaded() -> None:
    loaded = bundle()
    s47, s17 = loaded.purposes["ca1989-s47"], loaded.purposes["ca1989-s17"]
    assert (s47.citation, s47.kind, s47.needs_decision) == ("Children Act 1989 s.47(1)-(3)", "duty", True)
    assert (s47.graphql_name, s47.confidence) == ("CA1989_S47", Confidence.VERIFIED)
    assert (s17.needs_decision, set(s17.recipient_sectors)) == (False, {Sector.COUNCIL})
    assert loaded.impediments["imp-lpp"].citation.startswith("Common law of legal professional privilege, Three Rivers")
    assert loaded.impediments["imp-sen-reg17"].citation.endswith("(SI 2014/1530) reg 17")
    assert loaded.impediments["imp-adoption-s57"].veiled
    assert loaded.impediments["imp-originator-marac"].effect is Effect.ASK
    assert loaded.handling["restricted-location"].effect is Effect.MASK
    assert [rule.rank for rule in loaded.rules] == sorted(rule.rank for rule in loaded.rules)
    assert min(rule.rank for rule in loaded.handling.values()) > max(rule.rank for rule in loaded.impediments.values())
    assert loaded.vocabulary.silent == {"chis", "ipa", "socpa", "sar", "ctsa"}
    assert len(loaded.catalogue.kinds) >= 40
    assert sum(len(kind.fields) for kind in loaded.catalogue.kinds.values()) >= 80
    assert loaded.catalogue["plan_visit"].timeline is not None
    assert loaded.catalogue["disability"].timeline is None


def test_a_field_may_be_needed_for_less_than_its_kind(policies: Path) -> None:
    swap(COUNCIL, CONTACT_ON, CONTACT_ON + ', needed_for = ["ca1989-s47"]')(policies)
    kind = load_bundle(policies, ON).catalogue["contact"]
    assert kind.field("on").needed_for == {"ca1989-s47"}
    assert kind.field("outcome").needed_for == {"ca1989-s47", "ca2004-s16la", "ca1989-s17"}


@pytest.mark.parametrize(
    ("on", "overdue"), [(date(2027, 11, 1), False), (date(2027, 11, 2), True)], ids=["due", "overdue"]
)
def test_reviews_that_are_overdue_are_listed_and_do_not_stop_the_hub(on: date, overdue: bool) -> None:
    late = load_bundle(default_policies_directory(), on).overdue
    assert set(late) == (({*bundle().purposes} | {rule.id for rule in bundle().rules}) if overdue else set())


def test_the_installed_package_s_own_policies_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "hub"
    package.mkdir()
    monkeypatch.setattr(hub, "__file__", str(package / "__init__.py"))
    assert load.default_policies_directory() == tmp_path / "policies"
    (package / "_policies").mkdir()
    assert load.default_policies_directory() == package / "_policies"
