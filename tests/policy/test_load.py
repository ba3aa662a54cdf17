"""What the loader refuses, and that each refusal names the file and the key. A rule that does not load is a leak."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

import hub
from hub.domain.disclosure import Outcome
from hub.errors import ConfigurationError
from hub.policy import files, load
from hub.policy.bundle import Effect
from hub.policy.engine import Policy
from hub.policy.load import default_policies_directory, load_bundle
from hub.policy.words import REPLY_DAYS_MAX
from tests.policy.cases import ON, bundle, pointer, request
from tests.policy.refusal_texts import without_lines, written
from tests.policy.refusals import (
    CODE_P,
    COUNCIL,
    GILLICK,
    LAW,
    LPP,
    REFUSALS,
    S47,
    SEN,
    WORDS,
    Change,
    append,
    swap,
    write,
)


def refusal(directory: Path, on: date = ON) -> str:
    with pytest.raises(ConfigurationError) as error:
        load_bundle(directory, on)
    assert error.value.code == "POLICY_INVALID"
    assert str(directory) not in error.value.message
    return error.value.message


FAULT = re.compile(r"  (?P<file>[^:]+?)(?::(?P<line>\d+))?: (?:(?P<key>[^ :]+): )?(?P<problem>.+)")


WRITTEN = written()


@pytest.mark.parametrize("name", REFUSALS)
def test_the_loader_refuses_with_file_and_line_and_says_what_to_write_instead(policies: Path, name: str) -> None:
    change, where, what, *instead = REFUSALS[name]
    change(policies)
    message = refusal(policies)
    told = [found for line in message.splitlines() if (found := FAULT.fullmatch(line))]
    (fault, *_) = [each for each in told if where in without_line(each) and what in each["problem"]] or [None]
    assert fault is not None, message
    assert all(each in fault["problem"] for each in instead), fault[0]
    assert stands_there(policies, fault), fault[0]
    assert without_lines(message) == WRITTEN[name], "python -m tests.policy.refusal_texts writes the texts anew"


def test_no_refusal_is_written_down_that_nothing_causes() -> None:
    assert WRITTEN.keys() == REFUSALS.keys()


def without_line(fault: re.Match[str]) -> str:
    return (
        f"{fault['file']}: {fault['key']}: {fault['problem']}"
        if fault["key"]
        else f"{fault['file']}: {fault['problem']}"
    )


def stands_there(policies: Path, fault: re.Match[str]) -> bool:
    """Whether the line told is that of the key, or of the table it is missing from; none for a file as a whole."""
    path = policies / fault["file"]
    if fault["line"] is None:
        return not path.is_file() or not fault["key"] or f"\n{fault['key']} = " not in path.read_text()
    line = path.read_bytes().splitlines()[int(fault["line"]) - 1].decode("utf-8", "replace")
    key = fault["key"] or ""
    if re.search(r"\[\d+\]$", key) and not key.startswith("does_not_apply_when"):
        return fault["problem"].split("'")[1] in line
    return key.rpartition(".")[2].partition("[")[0] in line


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none") == "The policies directory does not exist."


def test_a_file_for_a_directory(policies: Path) -> None:
    assert refusal(policies / WORDS) == "The policies directory is a file and no directory."


def test_another_directory(policies: Path) -> None:
    """The one above: what is below it is not looked through, and one line says so."""
    other = policies / "tests"
    assert refusal(other) == (
        "The policies cannot be used:\n  vocabulary.toml: missing, and so is all else: is this the policies directory?"
    )


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
        assert ": law.source: 'CWSA2026-4' is not in force on 2026-09-29" in refusal(policies, on)


def test_a_gateway_that_waited_for_law_is_asked_under_from_the_day_it_begins(policies: Path) -> None:
    swap("gateways/ca1989-s17.toml", "[law]", "commencement = 2026-11-20\n\n[law]")(policies)
    assert "ca1989-s17" in load_bundle(policies, ON).purposes


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
    here = sum(1 for each in policies.rglob("*.toml") if each.parent.name != "tests")
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


@pytest.mark.parametrize(
    ("scope", "reached"),
    [
        pytest.param('full = ["social_care"]', {"contact": "full", "case_document": "full"}, id="a section"),
        pytest.param('existence = ["social_care"]\nkey_facts = ["contact"]', {"contact": "key_facts", "case_document": "existence"}, id="a kind's own mention comes before its section's"),
        pytest.param('full = ["social_care"]\nout = ["case_document"]', {"contact": "full"}, id="a kind left out of its section"),
        pytest.param('key_facts = ["contact"]', {"contact": "key_facts"}, id="a kind by itself"),
    ],
)  # fmt: skip
def test_a_scope_gives_each_kind_its_level(policies: Path, scope: str, reached: dict[str, str]) -> None:
    swap(S47, 'full = ["identity", "household", "involvement", "social_care", "police", "health", "education"]', scope)(
        policies
    )
    loaded = load_bundle(policies, ON)
    detail = loaded.purposes["ca1989-s47"].detail
    assert {kind: detail.get(kind) for kind in ("contact", "case_document")} == {
        "case_document": None,
        **reached,
    }
    for kind, level in detail.items():
        for each in loaded.catalogue[kind].fields:
            within = loaded.vocabulary.levels[each.classification].rank <= level.rank
            assert ("ca1989-s47" in each.needed_for) == within
    assert not any("ca1989-s47" in each.needed_for for each in loaded.catalogue["incident"].fields)


@pytest.mark.parametrize(
    ("on", "overdue"), [(date(2027, 11, 1), False), (date(2027, 11, 2), True)], ids=["due", "overdue"]
)
def test_reviews_that_are_overdue_are_listed_and_do_not_stop_the_hub(on: date, overdue: bool) -> None:
    late = load_bundle(default_policies_directory(), on).overdue
    every = {*bundle().purposes, *bundle().limits} | {rule.id for rule in bundle().rules}
    assert set(late) == (every if overdue else set())


def test_the_installed_package_s_own_policies_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "hub"
    package.mkdir()
    monkeypatch.setattr(hub, "__file__", str(package / "__init__.py"))
    assert load.default_policies_directory() == tmp_path / "policies"
    (package / "_policies").mkdir()
    assert load.default_policies_directory() == package / "_policies"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(f"{LPP}~", id="an editor's backup"),
        pytest.param(f"{LPP}.bak", id="another editor's backup"),
        pytest.param(f"{LPP}.txt", id="a copy beside the rule"),
        pytest.param("impediments/.imp-lpp.toml.swp", id="an editor's own"),
        pytest.param("impediments/.#imp-lpp.toml", id="an editor's lock"),
        pytest.param("impediments/~$imp-lpp.toml", id="a word processor's lock"),
        pytest.param("impediments/._imp-lpp.toml", id="a system's own"),
        pytest.param("impediments/notes.txt", id="somebody's notes"),
        pytest.param("README.toml.txt", id="not in a folder of policies"),
    ],
)
def test_what_an_editor_or_a_system_leaves_beside_a_policy_changes_nothing(policies: Path, name: str) -> None:
    (policies / name).write_bytes(b"\x00\xff")
    assert load_bundle(policies, ON).digest == bundle().digest


def test_an_editor_s_lock_that_leads_nowhere_changes_nothing(policies: Path) -> None:
    (policies / "impediments/.#imp-lpp.toml").symlink_to("alice@desk.1234")
    assert load_bundle(policies, ON).digest == bundle().digest


def test_a_policy_that_leads_nowhere_cannot_be_read(policies: Path) -> None:
    (policies / LPP).unlink()
    (policies / LPP).symlink_to("nowhere.toml")
    assert f"{LPP}: cannot be read: No such file or directory" in refusal(policies)
