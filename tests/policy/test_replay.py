"""What-if: which answers would flip, and how often they were given."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from hub.domain.catalogue import Catalogue
from hub.policy.bundle import Bundle, Condition
from hub.policy.engine import Policy
from hub.policy.files import PolicyFault
from hub.policy.replay import Change, compare, differences, replay
from hub.policy.table_file import past
from hub.policy.tables import Answer, Facts
from tests.policy.cases import bundle, policy

PRIVILEGED = Facts("case_document", "*", "ca1989-s47", "mash_nurse", "yes", "privileged")
ORDINARY = PRIVILEGED._replace(labels="")
SHARED, WITHHELD = "shared because of ca1989-s47", "withheld because of imp-lpp"


def without(rule: str) -> Bundle:
    return replace(bundle(), impediments={name: each for name, each in bundle().impediments.items() if name != rule})


def without_field(kind: str, field: str) -> Bundle:
    spec = bundle().catalogue[kind]
    fewer = replace(spec, fields=tuple(each for each in spec.fields if each.name != field))
    return replace(bundle(), catalogue=Catalogue({**bundle().catalogue.kinds, kind: fewer}))


def test_the_same_policies_flip_nothing() -> None:
    flips = replay(policy(), policy(), [PRIVILEGED, ORDINARY, PRIVILEGED])
    assert (flips.decided, flips.distinct, flips.flipped, flips.changes) == (3, 2, 0, {})


def test_flips_are_counted_as_often_as_they_were_decided() -> None:
    rows = [PRIVILEGED] * 3 + [ORDINARY] * 2
    for given in (rows, Counter(rows), iter(rows)):
        flips = replay(policy(), Policy(without("imp-lpp")), given)
        assert (flips.decided, flips.distinct, flips.flipped) == (5, 2, 3)
        assert flips.changes == {("ca1989-s47", "case_document", WITHHELD, SHARED): 3}


def test_one_decision_may_change_in_several_ways() -> None:
    """Confidence withholds what was said and not that it was said: without the location mask nothing is left of it."""
    facts = Facts(
        "attendance", "*", "ca1989-s47", "mash_nurse", "yes", "confidence_heightened", "", "restricted_location"
    )
    changed = replace(without("imp-confidence"), handling={})
    flips = replay(policy(), Policy(changed), [facts, facts])
    assert flips.flipped == 2
    assert set(flips.changes.values()) == {2}
    assert len(flips.changes) > 1


def test_fields_with_the_same_change_stand_together() -> None:
    (change,) = compare(policy(), Policy(without("imp-lpp")), PRIVILEGED)
    names = tuple(each.name for each in bundle().catalogue["case_document"].fields)
    assert change == Change(names, *(Answer(*each) for each in (
        ("withheld", ("imp-lpp",), "open"), ("shared", ("ca1989-s47",), "open"))))  # fmt: skip


def test_only_the_fields_asked_about_count() -> None:
    confidence = Facts("attendance", "on", "ca1989-s47", "mash_nurse", "yes", "confidence_heightened")
    new = Policy(without("imp-confidence"))
    assert compare(policy(), new, confidence) == []
    (change,) = compare(policy(), new, confidence._replace(fields="on summary"))
    assert change.fields == ("summary",)


@pytest.mark.parametrize("gone", ["before", "after"])
def test_a_field_or_kind_that_only_one_set_has(gone: str) -> None:
    field = Policy(without_field("case_document", "title"))
    kind = Policy(replace(bundle(), catalogue=Catalogue({
        name: each for name, each in bundle().catalogue.kinds.items() if name != "case_document"})))  # fmt: skip
    for other, fields in (
        (field, ("title",)),
        (kind, tuple(each.name for each in bundle().catalogue["case_document"].fields)),
    ):
        pair = (policy(), other) if gone == "after" else (other, policy())
        (change,) = compare(*pair, ORDINARY)
        there, lost = (change.before, change.after) if gone == "after" else (change.after, change.before)
        assert change.fields == fields
        assert str(there) == SHARED
        assert lost is None or lost.because == ("unknown_kind",)


def test_what_one_set_has_no_field_for_is_told_so() -> None:
    flips = replay(policy(), Policy(without_field("case_document", "title")), [ORDINARY, PRIVILEGED])
    assert flips.changes == {
        ("ca1989-s47", "case_document", SHARED, "no such field"): 1,
        ("ca1989-s47", "case_document", WITHHELD, "no such field"): 1,
    }


def test_changes_of_several_decisions_add_up() -> None:
    """Two combinations of facts with the same change: an adult's role and a nurse's."""
    facts = {PRIVILEGED: 2, PRIVILEGED._replace(role="mash_social_worker"): 3, ORDINARY: 4}
    flips = replay(policy(), Policy(without("imp-lpp")), facts)
    assert flips.changes == {("ca1989-s47", "case_document", WITHHELD, SHARED): 5}


def test_a_whole_kind_that_only_one_set_has_changes_field_by_field() -> None:
    """What is said of the whole kind there is said of each field here."""
    kinds = {name: each for name, each in bundle().catalogue.kinds.items() if name != "case_document"}
    other, names = Policy(replace(bundle(), catalogue=Catalogue(kinds))), bundle().catalogue["case_document"].fields
    (lost,), (found,) = compare(policy(), other, ORDINARY), compare(other, policy(), ORDINARY)
    unknown = "gap because of unknown_kind, hidden"
    assert lost.fields == found.fields == tuple(each.name for each in names)
    assert (str(lost.before), str(lost.after)) == (SHARED, unknown)
    assert (str(found.before), str(found.after)) == (unknown, SHARED)
    assert compare(other, other, ORDINARY) == []


def test_how_much_is_told_is_part_of_an_answer() -> None:
    rule = bundle().impediments["imp-lpp"]
    veiled = replace(bundle(), impediments={**bundle().impediments, "imp-lpp": replace(rule, veiled=True)})
    flips = replay(policy(), Policy(veiled), [PRIVILEGED])
    assert list(flips.changes) == [("ca1989-s47", "case_document", WITHHELD, f"{WITHHELD}, veiled")]


def test_a_million_past_decisions_are_decided_once_for_each_combination() -> None:
    """Counted, not timed: few thousand combinations are decided, however many lines there are."""
    header = "kind,fields,purpose,role,decision,labels"
    lines = [",".join(PRIVILEGED[:6]), ",".join(ORDINARY[:6])] * 100_000
    faults: list[PolicyFault] = []
    counted = past("past.csv", "\n".join([header, *lines]), faults)
    old, new = policy(), Policy(without("imp-lpp"))
    flips = replay(old, new, counted)
    assert (faults, flips.decided, flips.distinct, flips.flipped) == ([], 200_000, 2, 100_000)
    assert len(old._decisions) == len(new._decisions) == 2


def lpp(**changes: object) -> Bundle:
    rule = replace(bundle().impediments["imp-lpp"], **changes)  # type: ignore[arg-type]
    return replace(bundle(), impediments={**bundle().impediments, "imp-lpp": rule})


@pytest.mark.parametrize(
    ("new", "said"),
    [
        pytest.param(bundle(), [], id="nothing"),
        pytest.param(without("imp-lpp"), ["impediment imp-lpp removed"], id="a rule less"),
        pytest.param(lpp(applies_when=Condition(record_has=("court_order",))), ["impediment imp-lpp changed: applies_when"], id="a rule's condition"),
        pytest.param(lpp(title="x", rank=0), ["impediment imp-lpp changed: title, rank"], id="a rule's words"),
        pytest.param(without_field("contact", "outcome"), ["kind of record contact changed: fields"], id="a field less"),
        pytest.param(replace(bundle(), vocabulary=replace(bundle().vocabulary, choices=())), ["choice intelligence: handling_code_p or handling_code_c removed"], id="a choice less"),
        pytest.param(replace(bundle(), vocabulary=replace(bundle().vocabulary, recipients={**bundle().vocabulary.recipients, "council_child_protection": frozenset()})), ["word of [recipients] council_child_protection changed"], id="a recipient word's roles"),
    ],
)  # fmt: skip
def test_what_differs_is_listed(new: Bundle, said: list[str]) -> None:
    assert differences(bundle(), new) == said


@pytest.mark.parametrize(
    ("part", "what"),
    [
        ("purposes", "purpose"),
        ("impediments", "impediment"),
        ("handling", "handling rule"),
        ("limits", "limit"),
        ("inactive", "law not in force"),
        ("supporting", "supporting law"),
        ("sources", "source"),
        ("rejected", "rejected ground"),
    ],
)
def test_each_part_is_called_by_its_name(part: str, what: str) -> None:
    first, *_ = getattr(bundle(), part)
    fewer = {name: each for name, each in getattr(bundle(), part).items() if name != first}
    assert differences(bundle(), replace(bundle(), **{part: fewer})) == [f"{what} {first} removed"]


def test_which_way_an_answer_flips_is_counted() -> None:
    rows = {PRIVILEGED: 3, ORDINARY: 2}
    old, open_to_all = policy(), Policy(without("imp-lpp"))
    other_words = Policy(lpp(veiled=True))
    counts = [
        (flips.flipped, flips.opened, flips.closed)
        for flips in (replay(old, open_to_all, rows), replay(open_to_all, old, rows), replay(old, other_words, rows))
    ]
    assert counts == [(3, 3, 0), (3, 0, 3), (3, 0, 0)]


def test_what_was_added_is_listed() -> None:
    assert differences(without("imp-lpp"), bundle()) == ["impediment imp-lpp added"]
