"""A slip of the pen in the policies is noticed by the case tables, and one that is not comes with the row that would."""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest

from hub.cli.policy_tables import read_tables
from hub.policy.bundle import Condition, Effect, Rule
from hub.policy.engine import Policy
from hub.policy.files import PolicyFault
from hub.policy.load import default_policies_directory
from hub.policy.mutants import Mutant, mutants
from hub.policy.mutation import FLOOR, Score, score
from hub.policy.replay import differences
from hub.policy.rules import RANKS
from hub.policy.table_file import OPTIONAL, REQUIRED, read
from hub.policy.tables import run
from tests.policy.cases import bundle

ROWS, _ = read_tables(default_policies_directory(), bundle())


@cache
def scored() -> Score:
    return score(bundle(), ROWS)


@cache
def made() -> dict[str, Mutant]:
    return {mutant.says: mutant for mutant in mutants(bundle())}


def test_the_tables_notice_what_they_must() -> None:
    left = "\n".join(f"{each.says}\n    {each.row}" for each in scored().survivors)
    assert scored().share >= FLOOR, left


def test_each_is_made_once_and_says_what_it_is() -> None:
    every = list(mutants(bundle()))
    assert len({mutant.says for mutant in every}) == len(every) == scored().killed + len(scored().survivors)
    assert len(every) >= 119


@pytest.mark.parametrize(
    "says",
    [
        pytest.param("imp-lpp removed", id="a rule lost"),
        pytest.param("imp-gillick without its exception '", id="an exception lost"),
        pytest.param("imp-confidence without 'health_detail' in `classification_is`", id="a word lost"),
        pytest.param("restricted-location without `subject_is`", id="a key lost"),
        pytest.param("imp-lpp asks instead of withholding", id="withhold and ask"),
        pytest.param("imp-originator-marac withholds instead of asking", id="ask and withhold"),
        pytest.param("imp-adoption-s57 told openly", id="veiled and open"),
        pytest.param("imp-lpp veiled", id="open and veiled"),
        pytest.param("statute named before order", id="rank"),
        pytest.param("'intelligence' without its choice of ", id="a choice"),
        pytest.param("adoption_record without its own label 'adoption_s56'", id="a kind's own label"),
        pytest.param("mash_social_worker no longer counts as council_child_protection", id="a recipient word"),
        pytest.param("ca1989-s47 without the need of 'section_47_enquiry'", id="a decision"),
        pytest.param("ca1989-s17 removed", id="a purpose"),
        pytest.param("ca1989-s47 closed to council", id="a sector less"),
        pytest.param("ca1989-s17 open to police too", id="a sector more"),
        pytest.param("ca1989-s17 reaches ", id="a scope"),
        pytest.param("'police_detail' counts as key_facts instead of full", id="a level"),
    ],
)
def test_the_slips_that_are_made(says: str) -> None:
    found = [each for each in made() if each.startswith(says)]
    assert found
    for each in found:
        assert made()[each].bundle != bundle()


LOST = {
    "imp-lpp removed": "imp-lpp privileged",
    "imp-adoption-s57 told openly": "imp-adoption-s57 adoption_s56 adoption_record",
    "ca1989-s47 without the need of 'section_47_enquiry'": "section_47_enquiry",
    "imp-lpp asks instead of withholding": "imp-lpp privileged",
    "restricted-location removed": "restricted-location restricted_location",
}


@pytest.mark.parametrize(("says", "about"), LOST.items(), ids=LOST)
def test_it_survives_without_the_rows_about_it_and_comes_with_one(says: str, about: str) -> None:
    """The row is one that a table can hold as it is written, that holds for the policies, and not for the mutant."""
    others = [row for row in ROWS if set(about.split()).isdisjoint((*row.because, *" ".join(row.facts).split()))]
    (left,) = score(bundle(), others, [made()[says]]).survivors
    assert left.row is not None
    faults: list[PolicyFault] = []
    rows = read("tests/x.csv", f"{','.join((*REQUIRED, *OPTIONAL))}\n{left.row}\n", bundle(), faults)
    assert ([str(each) for each in faults], run(Policy(bundle()), rows)) == ([], [])
    assert run(Policy(made()[says].bundle), rows)
    assert score(bundle(), [*others, *rows], [made()[says]]).killed == 1


def test_every_row_it_comes_with_would_notice() -> None:
    told = [left for left in score(bundle(), [], list(made().values())[::5]).survivors if left.row is not None]
    assert len(told) > 20
    text = "\n".join([",".join((*REQUIRED, *OPTIONAL)), *(str(left.row) for left in told)]) + "\n"
    assert len(list(csv.reader(text.splitlines()))) == len(told) + 1
    rows = {row.line: row for row in read("tests/x.csv", text, bundle(), [])}
    assert run(Policy(bundle()), rows.values()) == []
    for line, left in enumerate(told, start=2):
        assert run(Policy(made()[left.says].bundle), [rows[line]]), left


def test_a_row_that_does_not_hold_kills_nothing() -> None:
    wrong = [replace(row, because=("imp-gillick",)) for row in ROWS if row.because == ("imp-lpp",)]
    assert score(bundle(), wrong, [made()["imp-lpp removed"]]).killed == 0


def test_no_rows_kill_nothing() -> None:
    empty = score(bundle(), [], list(made().values())[:5])
    assert (empty.killed, empty.share) == (0, 0.0)
    assert Score(0, ()).share == 1.0


def test_a_change_that_nothing_could_show_is_not_made() -> None:
    """An exception for a purpose nobody asks under, beside one that counts."""
    rule = bundle().impediments["imp-lpp"]
    idle = Condition(purpose_is=("ca2004-macpt",), because="not yet")
    both = Condition(purpose_is=("ca1989-s47", "ca2004-macpt"), because="one of them")
    changed = replace(rule, does_not_apply_when=(idle, both))
    impediments = {**bundle().impediments, "imp-lpp": changed}
    purposes = {name: each for name, each in bundle().purposes.items() if name != "ca2004-macpt"}
    said = [each.says for each in mutants(replace(bundle(), impediments=impediments, purposes=purposes))]
    mine = [each for each in said if each.startswith("imp-lpp without")]
    assert mine == [
        "imp-lpp without its exception 'one of them'",
        "imp-lpp without 'ca1989-s47' in `purpose_is` in its exception 'one of them'",
    ]


def _rule(mutant: Mutant, name: str) -> Rule | None:
    return next((each for each in (*mutant.bundle.rules, *mutant.bundle.limiting_rules) if each.id == name), None)


def test_each_change_of_a_rule_is_the_one_it_says_and_no_other() -> None:
    """Made anew here, not remembered: every line of what makes them is run by this test."""
    rules = {each.id: each for each in (*bundle().rules, *bundle().limiting_rules)}
    seen = set()
    for mutant in mutants(bundle()):
        name, _, what = mutant.says.partition(" ")
        if name not in rules:
            continue
        was, is_now = rules[name], _rule(mutant, name)
        sort = differences(bundle(), mutant.bundle)
        assert len(sort) == 1, mutant.says
        assert f" {name} " in f" {sort[0]} ", mutant.says
        assert mutant.rules == ((was,) if is_now is None else (was, is_now))
        assert mutant.purposes == mutant.kinds == frozenset()
        seen.add(_as_it_says(what, was, is_now))
    assert seen == {"removed", "effect", "veiled", "applies_when", "does_not_apply_when"}


def _as_it_says(what: str, was: Rule, is_now: Rule | None) -> str:
    """What part of the rule differs; AssertionError when that is not what the words say."""
    if what == "removed":
        assert is_now is None
        return what
    assert is_now is not None
    if what == "withholds instead of asking":
        assert (was.effect, is_now) == (Effect.ASK, replace(was, effect=Effect.WITHHOLD))
        return "effect"
    if what == "asks instead of withholding":
        assert (was.effect, is_now) == (Effect.WITHHOLD, replace(was, effect=Effect.ASK, veiled=False))
        return "effect"
    if what in ("told openly", "veiled"):
        assert (was.veiled, is_now) == (what == "told openly", replace(was, veiled=not was.veiled))
        return "veiled"
    assert what.startswith("without ")
    lost, _, where = what.removeprefix("without ").partition(" in its exception ")
    if lost.startswith("its exception "):
        because = lost.removeprefix("its exception ").strip("'")
        fewer = tuple(each for each in was.does_not_apply_when if each.because != because)
        assert len(fewer) == len(was.does_not_apply_when) - 1
        assert is_now == replace(was, does_not_apply_when=fewer)
        return "does_not_apply_when"
    if where:
        (number,) = (at for at, each in enumerate(was.does_not_apply_when) if each.because == where.strip("'"))
        changed = list(was.does_not_apply_when)
        changed[number] = _without(changed[number], lost)
        assert is_now == replace(was, does_not_apply_when=tuple(changed))
        return "does_not_apply_when"
    assert is_now == replace(was, applies_when=_without(was.applies_when, lost))
    return "applies_when"


def _without(condition: Condition, lost: str) -> Condition:
    """Without a key (`` `key` ``), or without a word of one (``'word' in `key` ``)."""
    word, _, key = lost.rpartition("`")[0].rpartition("`")
    word, key = (word or "").removesuffix(" in ").strip("'"), key or lost.strip("`")
    left = tuple(each for each in getattr(condition, key) if each != word) if word else ()
    assert getattr(condition, key) != left
    assert bool(left) == bool(word)
    return replace(condition, **{key: left})  # type: ignore[arg-type]


def test_neighbouring_ranks_change_places() -> None:
    swaps = [each for each in mutants(bundle()) if " named before " in each.says]
    used = sorted({each.rank for each in bundle().impediments.values()
                   if each.effect is Effect.WITHHOLD and each.applies_when.record_has})  # fmt: skip
    assert [each.says for each in swaps] == [
        f"{RANKS[higher]} named before {RANKS[lower]}" for lower, higher in pairwise(used)
    ]
    for mutant, (lower, higher) in zip(swaps, pairwise(used), strict=True):
        to = {lower: higher, higher: lower}
        for name, rule in bundle().impediments.items():
            assert mutant.bundle.impediments[name] == replace(rule, rank=to.get(rule.rank, rule.rank))
        words = [tuple(each.split(" ")) for each in mutant.shown_by]
        assert words
        assert len(set(words)) == len(words)
        ranked = {rule.applies_when.record_has[0]: rule.rank for rule in bundle().impediments.values()
                  if rule.effect is Effect.WITHHOLD and rule.applies_when.record_has}  # fmt: skip
        for one, other in words:
            assert {ranked[one], ranked[other]} <= {lower, higher}


def test_each_choice_label_and_recipient_word_is_lost_by_itself() -> None:
    words = bundle().vocabulary
    said = {each.says: each for each in mutants(bundle())}
    for number, (when, one_of) in enumerate(words.choices):
        mutant = said[f"{when!r} without its choice of {', '.join(one_of)}"]
        left = (*words.choices[:number], *words.choices[number + 1 :])
        assert mutant.bundle == replace(bundle(), vocabulary=replace(words, choices=left))
    own = [each for each in said if " without its own label " in each]
    assert own
    for each in own:
        kind, label = each.split(" ")[0], each.rsplit("'")[-2]
        assert said[each].kinds == frozenset({kind})
        spec = bundle().catalogue[kind]
        assert said[each].bundle.catalogue[kind] == replace(spec, labels=spec.labels - {label})
        assert differences(bundle(), said[each].bundle) == [f"kind of record {kind} changed: labels"]
    counted = [each for each in said if " no longer counts as " in each]
    assert counted
    for each in counted:
        role, _, word = each.partition(" no longer counts as ")
        assert said[each].bundle.vocabulary.recipients == {**words.recipients, word: words.recipients[word] - {role}}
        reading = tuple(
            rule for rule in (*bundle().rules, *bundle().limiting_rules)
            if any(word in (*it.record_has, *it.recipient_is) for it in (rule.applies_when, *rule.does_not_apply_when))
        )  # fmt: skip
        assert said[each].rules == reading
