"""How many changes of a small set of policies some rows would notice, and the very row that comes with each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.policy import mutation
from hub.policy.bundle import Condition
from hub.policy.engine import Policy
from hub.policy.mutants import Mutant, mutants
from hub.policy.mutation import Score, Survivor, score
from hub.policy.table_file import OPTIONAL, REQUIRED, read
from hub.policy.tables import Row, run
from tests.policy.small import IMPEDIMENTS, SMALL

HEADER = ",".join((*REQUIRED, *OPTIONAL))

WOULD_NOTICE = {
    # What is said of a change, and the row that would notice it, without its first cell; None where none is found.
    "bar-order removed": "note,*,wide,worker,yes,sealed,,,,withheld,bar-order,,,open",
    "bar-order asks instead of withholding": "note,*,wide,worker,yes,sealed,,,,withheld,bar-order,,,open",
    "bar-order veiled": "note,*,wide,worker,yes,sealed,,,,withheld,bar-order,,,open",
    "bar-other removed": "note,*,wide,worker,yes,sealed,,grown,,withheld,bar-order bar-other,,,open",
    "bar-other without `record_has`": "note,*,wide,worker,yes,,,grown,,shared_with_handling,tell-them,,,",
    "bar-other without 'sealed' in `record_has`": "note,*,wide,worker,yes,sealed,,grown,,withheld,bar-order bar-other,,,open",
    "bar-other without 'shut' in `record_has`": "note,*,wide,worker,yes,shut,,grown,,withheld,bar-other,,,open",
    "bar-other without `subject_is`": "note,*,wide,worker,yes,sealed,,,,withheld,bar-order,,,open",
    "bar-other without its exception 'agreed'": "note,*,wide,worker,yes,sealed agreed,,grown,,withheld,bar-order,,,open",
    "bar-other asks instead of withholding": "note,*,wide,worker,yes,sealed,,grown,,withheld,bar-order bar-other,,,open",
    "bar-other veiled": "note,*,wide,worker,yes,sealed,,grown,,withheld,bar-order bar-other,,,open",
    "ask-high removed": "note,held seen,wide,constable,yes,high,,,,ask,ask-high,,,open",
    "ask-high without `record_has`": "note,held seen,wide,constable,yes,,,,,shared_with_handling,tell-them,,,",
    "ask-high without `recipient_is`": "note,*,wide,worker,yes,high,,,,shared_with_handling,tell-them,,,",
    "ask-high withholds instead of asking": "note,held seen,wide,constable,yes,high,,,,ask,ask-high,,,open",
    "bar-second removed": "note,*,wide,worker,yes,barred,,,,withheld,bar-second,,,open",
    "bar-second asks instead of withholding": "note,*,wide,worker,yes,barred,,,,withheld,bar-second,,,open",
    "bar-second veiled": "note,*,wide,worker,yes,barred,,,,withheld,bar-second,,,open",
    "bar-statute removed": "visit,who,wide,?somebody,yes,,,,,gap,recipient_role high low,,,hidden",
    "bar-statute without `record_has`": "note,seen,wide,?somebody,yes,,,,,shared_with_handling,tell-them,,,",
    "bar-statute without 'shut' in `record_has`": "note,seen,wide,?somebody,yes,shut,,,,gap,recipient_role,,,hidden",
    "bar-statute without 'own' in `record_has`": "visit,who,wide,?somebody,yes,,,,,gap,recipient_role high low,,,hidden",
    "bar-statute without `classification_is`": "visit,day,single,nurse,yes,,,,,gap,low,,,open",
    "bar-statute without 'deep' in `classification_is`": "note,said,wide,?somebody,yes,shut,,,,gap,recipient_role,,,hidden",
    "bar-statute without 'plain' in `classification_is`": "visit,who,wide,?somebody,yes,,,,,gap,recipient_role high low,,,hidden",
    "bar-statute without its exception 'agreed'": "visit,who,wide,?somebody,yes,shut agreed,,,,gap,high recipient_role low,,,open",
    "bar-statute without its exception 'their work'": "visit,who,wide,leader,yes,,,,,gap,low,,,open",
    "bar-statute without `purpose_is` in its exception 'their work'": None,
    "bar-statute without 'wide' in `purpose_is` in its exception 'their work'": "visit,who,wide,leader,yes,,,,,gap,low,,,open",
    "bar-statute without `recipient_is` in its exception 'their work'": "visit,who,wide,?somebody,yes,,,,,gap,recipient_role high low,,,hidden",
    "bar-statute without 'inner' in `recipient_is` in its exception 'their work'": "visit,who,wide,leader,yes,,,,,gap,low,,,open",
    "bar-statute without 'outer' in `recipient_is` in its exception 'their work'": "visit,who,wide,constable,yes,,,,,gap,high low,,,open",
    "bar-statute asks instead of withholding": "visit,who,wide,?somebody,yes,,,,,gap,recipient_role high low,,,hidden",
    "bar-statute told openly": "visit,who,wide,?somebody,yes,,,,,gap,recipient_role high low,,,hidden",
    "ask-low removed": "note,*,wide,worker,yes,low,,,,ask,ask-low,,,open",
    "ask-low without its exception 'whoever it is'": "note,held seen,wide,?somebody,yes,low,,,,gap,recipient_role,,,open",
    "ask-low withholds instead of asking": "note,*,wide,worker,yes,low,,,,ask,ask-low,,,open",
    "hide-who removed": "note,*,wide,worker,yes,mild,,,,withheld,hide-who,,,open",
    "hide-who veiled": "note,*,wide,worker,yes,mild,,,,withheld,hide-who,,,open",
    "tell-them removed": "note,*,wide,worker,yes,,,,,shared_with_handling,tell-them,,,",
    "end-deep removed": "note,said,wide,constable,yes,,,,,out_of_scope,end-deep,,,",
    "end-deep without `classification_is`": "note,held seen,wide,constable,yes,,,,,shared_with_handling,tell-them,,,",
    "end-deep without `purpose_is`": None,
    "end-deep without 'wide' in `purpose_is`": "note,said,wide,constable,yes,,,,,out_of_scope,end-deep,,,",
    "end-deep without its exception 'inner'": "note,said,wide,leader,yes,,,,,shared_with_handling,tell-them,,,",
    "statute named before order": "note,*,wide,worker,yes,sealed barred,,,,withheld,bar-order bar-second,,,open",
    "privilege named before statute": None,
    "'heard' without its choice of low, high": "note,*,wide,worker,yes,heard,,,,gap,low,,,open",
    "'mild' without its choice of low, agreed": None,
    "visit without its own label 'heard'": "visit,*,wide,worker,yes,,,,,gap,low,,,open",
    "visit without its own label 'own'": "visit,who,wide,?somebody,yes,,,,,gap,recipient_role high low,,,hidden",
    "leader no longer counts as inner": "visit,who,wide,leader,yes,,,,,gap,low,,,open",
    "worker no longer counts as inner": "visit,who,wide,worker,yes,,,,,gap,low,,,open",
    "constable no longer counts as outer": "note,held seen,wide,constable,yes,high,,,,ask,ask-high,,,open",
    "wide removed": "note,*,wide,worker,yes,,,,,shared_with_handling,tell-them,,,",
    "wide without the need of 'minuted'": "note,*,wide,worker,no,,,,,gap,minuted,,,open",
    "wide closed to council": "note,*,wide,worker,yes,,,,,shared_with_handling,tell-them,,,",
    "wide closed to police": "note,held seen,wide,constable,yes,,,,,shared_with_handling,tell-them,,,",
    "wide open to health too": "note,*,wide,nurse,yes,,,,,out_of_scope,,,,",
    "wide reaches key_facts instead of full of note": "note,said,wide,worker,yes,,,,,shared_with_handling,tell-them,,,",
    "wide reaches existence instead of full of event": "event,what,wide,worker,yes,,,,,shared_with_handling,tell-them,,,",
    "wide reaches key_facts instead of nothing of letter": "letter,*,wide,worker,yes,,,,,out_of_scope,,,,",
    "narrow removed": "note,held seen,narrow,worker,yes,,,,,shared,narrow,,,",
    "narrow closed to constable": "note,held seen,narrow,constable,yes,,,,,shared,narrow,,,",
    "narrow closed to worker": "note,held seen,narrow,worker,yes,,,,,shared,narrow,,,",
    "narrow open to every role of its sectors": "note,held seen,narrow,leader,yes,,,,,out_of_scope,,,,",
    "narrow closed to council": "note,held seen,narrow,worker,yes,,,,,shared,narrow,,,",
    "narrow closed to police": "note,held seen,narrow,constable,yes,,,,,shared,narrow,,,",
    "narrow reaches full instead of key_facts of note": "note,said,narrow,worker,yes,,,,,out_of_scope,,,,",
    "narrow reaches existence instead of key_facts of note": "note,seen,narrow,worker,yes,,,,,shared,narrow,,,",
    "narrow reaches existence instead of nothing of visit": "visit,day,narrow,worker,yes,,,,,out_of_scope,,,,",
    "narrow reaches existence instead of nothing of event": "event,when,narrow,worker,yes,,,,,out_of_scope,,,,",
    "narrow reaches key_facts instead of nothing of letter": "letter,*,narrow,worker,yes,,,,,out_of_scope,,,,",
    "all removed": "note,held,all,worker,yes,,,,,shared,all,,,",
    "all closed to leader": "note,held,all,leader,yes,,,,,shared,all,,,",
    "all closed to worker": "note,held,all,worker,yes,,,,,shared,all,,,",
    "all closed to council": "note,held,all,worker,yes,,,,,shared,all,,,",
    "all reaches key_facts instead of existence of note": "note,seen,all,worker,yes,,,,,out_of_scope,,,,",
    "all reaches nothing instead of existence of note": "note,held,all,worker,yes,,,,,shared,all,,,",
    "all reaches existence instead of nothing of visit": "visit,day,all,worker,yes,,,,,out_of_scope,,,,",
    "all reaches key_facts instead of existence of event": "event,what,all,worker,yes,,,,,out_of_scope,,,,",
    "all reaches nothing instead of existence of event": "event,when,all,worker,yes,,,,,shared,all,,,",
    "all reaches key_facts instead of nothing of letter": "letter,*,all,worker,yes,,,,,out_of_scope,,,,",
    "single removed": "note,held,single,nurse,yes,,,,,shared,single,,,",
    "single closed to health": "note,held,single,nurse,yes,,,,,shared,single,,,",
    "single reaches key_facts instead of existence of note, visit": "note,seen,single,nurse,yes,,,,,out_of_scope,,,,",
    "single reaches nothing instead of existence of note, visit": "note,held,single,nurse,yes,,,,,shared,single,,,",
    "single reaches existence instead of nothing of event": "event,when,single,nurse,yes,,,,,out_of_scope,,,,",
    "single reaches key_facts instead of nothing of letter": "letter,*,single,nurse,yes,,,,,out_of_scope,,,,",
    "'bare' counts as key_facts instead of existence": "note,held,all,worker,yes,,,,,shared,all,,,",
    "'plain' counts as existence instead of key_facts": "note,seen,all,worker,yes,,,,,out_of_scope,,,,",
    "'plain' counts as full instead of key_facts": "note,seen,narrow,worker,yes,,,,,shared,narrow,,,",
    "'deep' counts as key_facts instead of full": "note,said,narrow,worker,yes,,,,,out_of_scope,,,,",
}

MADE = {each.says: each for each in mutants(SMALL)}


def table(*lines: str) -> list[Row]:
    """The rows of a table; the first cell of each line is left out."""
    text = "\n".join((HEADER, *(f"a case,{line}" for line in lines)))
    faults: list[object] = []
    rows = read("tests/small.csv", text, SMALL, faults)  # type: ignore[arg-type]
    assert faults == []
    return rows


@pytest.mark.parametrize(("says", "row"), WOULD_NOTICE.items(), ids=WOULD_NOTICE)
def test_the_row_that_would_notice(says: str, row: str | None) -> None:
    (left,) = score(SMALL, [], [MADE[says]]).survivors
    assert left == Survivor(says, None if row is None else f"...,{row}")


@pytest.mark.parametrize(("says", "row"), [each for each in WOULD_NOTICE.items() if each[1]], ids=str)
def test_it_holds_and_kills(says: str, row: str) -> None:
    rows = table(row)
    assert run(Policy(SMALL), rows) == []
    assert run(Policy(MADE[says].bundle), rows)
    assert score(SMALL, rows, [MADE[says]]) == Score(1, ())


def test_without_being_told_which_every_change_is_tried() -> None:
    left = score(SMALL, [])
    assert left.killed == 0
    assert [each.says for each in left.survivors] == [each.says for each in mutants(SMALL)] == list(WOULD_NOTICE)
    every = score(SMALL, table(*(row for row in WOULD_NOTICE.values() if row)))
    lost = [says for says, row in WOULD_NOTICE.items() if row is None]
    assert [each.says for each in every.survivors] == lost
    assert every.killed == len(WOULD_NOTICE) - len(lost)


def test_killed_and_left_are_told_apart_in_one_run() -> None:
    """After one that is left, and after one that is killed, the next is still counted."""
    rows = table("note,*,wide,worker,yes,sealed,,,,withheld,bar-order,,,open")
    some = [MADE[says] for says in ("bar-second removed", "bar-order removed", "bar-order veiled", "ask-low removed")]
    found = score(SMALL, rows, some)
    assert (found.killed, [each.says for each in found.survivors]) == (2, ["bar-second removed", "ask-low removed"])
    assert found.share == 0.5


@pytest.mark.parametrize(
    ("row", "because"),
    [
        pytest.param("note,*,wide,worker,yes,sealed,,,,withheld,bar-second,,,open", "another rule", id="another rule"),
        pytest.param("note,*,wide,worker,yes,sealed,,,,ask,bar-order,,,open", "another outcome", id="another outcome"),
        pytest.param("note,*,wide,worker,yes,sealed,,,,withheld,bar-order,,,veiled", "not open", id="more is told"),
    ],
)
def test_a_row_that_does_not_hold_counts_for_nothing(row: str, because: str) -> None:
    assert score(SMALL, table(row), [MADE["bar-order removed"]]).killed == 0, because


SEALED = "note,*,wide,worker,yes,sealed,,,,withheld,bar-order,,,open"
WITHOUT = MADE["bar-order removed"].bundle


@pytest.mark.parametrize(
    ("touches", "killed"),
    [
        pytest.param({}, 1, id="said of nothing, it may matter to all"),
        pytest.param({"purposes": frozenset({"wide", "all"})}, 1, id="the purpose"),
        pytest.param({"purposes": frozenset({"narrow"})}, 0, id="another purpose"),
        pytest.param({"kinds": frozenset({"note", "visit"})}, 1, id="the kind"),
        pytest.param({"kinds": frozenset({"visit"})}, 0, id="another kind"),
        pytest.param({"purposes": frozenset({"wide"}), "kinds": frozenset({"visit"})}, 0, id="its purpose alone"),
        pytest.param({"purposes": frozenset({"narrow"}), "kinds": frozenset({"note"})}, 0, id="its kind alone"),
        pytest.param({"rules": (IMPEDIMENTS["bar-order"],)}, 1, id="the rule"),
        pytest.param({"rules": (IMPEDIMENTS["bar-second"],)}, 0, id="a rule that is not about it"),
        pytest.param({"rules": (IMPEDIMENTS["bar-second"], IMPEDIMENTS["bar-order"])}, 1, id="one of two rules"),
        pytest.param(
            {"kinds": frozenset({"visit"}), "rules": (IMPEDIMENTS["bar-order"],)}, 0, id="the rule, another kind"
        ),
    ],
)
def test_only_rows_that_a_change_can_touch_are_decided(touches: dict[str, frozenset[str]], killed: int) -> None:
    assert score(SMALL, table(SEALED), [Mutant("changed", WITHOUT, **touches)]).killed == killed  # type: ignore[arg-type]


def _about(**words: tuple[str, ...]) -> Mutant:
    """All is lost, but it is said to matter only where a rule may hold that reads ``words``."""
    condition = Condition(**words)  # type: ignore[arg-type]
    nothing = replace(SMALL, purposes={})
    return Mutant("all is lost", nothing, (replace(IMPEDIMENTS["bar-order"], applies_when=condition),))


PLAIN = "note,seen,wide,worker,yes,,,,,shared_with_handling,tell-them,,,"


@pytest.mark.parametrize(
    ("row", "words", "touched"),
    [
        pytest.param(PLAIN, {}, True, id="no word"),
        pytest.param(PLAIN, {"record_has": ("sealed",)}, False, id="record: not stated"),
        pytest.param(SEALED, {"record_has": ("shut", "sealed")}, True, id="record: stated"),
        pytest.param("note,*,wide,worker,yes,,sealed,,,gap,sealed,,,", {"record_has": ("sealed",)}, True,
                     id="record: not said"),
        pytest.param("note,*,wide,worker,yes,,,,,withheld,bar-order,sealed,,", {"record_has": ("sealed",)}, True,
                     id="record: judged"),
        pytest.param("note,*,wide,worker,yes,,,,,gap,sealed,,sealed,", {"record_has": ("sealed",)}, True,
                     id="record: judged long ago"),
        pytest.param("note,seen,wide,worker,yes,,,,,withheld,bar-order,seen:sealed,,", {"record_has": ("sealed",)},
                     True, id="record: judged of a part"),
        pytest.param("visit,*,wide,worker,yes,low,,,,ask,ask-low,,,", {"record_has": ("own",)}, True,
                     id="record: by its nature"),
        pytest.param("visit,*,wide,worker,yes,low,,,,ask,ask-low,,,", {"record_has": ("high",)}, True,
                     id="record: one of a choice that the kind has to make"),
        pytest.param("visit,*,wide,worker,yes,low,,,,ask,ask-low,,,", {"record_has": ("agreed",)}, False,
                     id="record: one of a choice that is another's"),
        pytest.param("note,*,wide,worker,yes,mild,,,,withheld,hide-who,,,", {"record_has": ("agreed",)}, True,
                     id="record: one of a choice that its own word makes"),
        pytest.param(PLAIN, {"classification_is": ("plain",)}, True, id="class: of the field"),
        pytest.param(PLAIN, {"classification_is": ("deep",)}, False, id="class: of another field"),
        pytest.param(SEALED, {"classification_is": ("deep",)}, True, id="class: of any field, for all"),
        pytest.param(SEALED, {"classification_is": ("secret",)}, False, id="class: of none"),
        pytest.param(PLAIN, {"subject_is": ("grown",)}, False, id="child: not so"),
        pytest.param("note,seen,wide,worker,yes,,,grown,,shared_with_handling,tell-them,,,",
                     {"subject_is": ("grown",)}, True, id="child: so"),
        pytest.param("note,seen,wide,worker,yes,,,,grown,shared_with_handling,tell-them,,,",
                     {"subject_is": ("grown",)}, True, id="child: not known"),
        pytest.param(PLAIN, {"purpose_is": ("wide",)}, True, id="purpose"),
        pytest.param(PLAIN, {"purpose_is": ("narrow",)}, False, id="purpose: another"),
        pytest.param(PLAIN, {"recipient_is": ("inner",)}, True, id="recipient"),
        pytest.param(PLAIN, {"recipient_is": ("outer", "nobody")}, False, id="recipient: another"),
        pytest.param("note,held,wide,?somebody,yes,,,,,shared_with_handling,tell-them,,,",
                     {"recipient_is": ("outer",)}, True, id="recipient: a role that nobody knows may be any"),
        pytest.param(PLAIN, {"purpose_is": ("wide",), "recipient_is": ("outer",)}, False, id="all of the words"),
    ],
)  # fmt: skip
def test_where_a_rule_may_hold(row: str, words: dict[str, tuple[str, ...]], touched: bool) -> None:
    rows = table(row)
    assert run(Policy(SMALL), rows) == [], "else it counts for nothing"
    assert score(SMALL, rows, [_about(**words)]).killed == touched


def test_a_kind_that_nobody_knows_has_no_words_of_its_own() -> None:
    """The row is decided, and is none that a rule about records can be about."""
    row = table("?photo,*,wide,worker,yes,,,,,gap,unknown_kind,,,hidden")
    assert score(SMALL, row, [_about(record_has=("own",)), _about(classification_is=("bare",))]).killed == 0


def test_so_many_questions_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """``bar-second`` is shown by the 17th: two kinds, four roles and two purposes are tried with nothing stated."""
    said = "bar-second removed"
    for tries, row in ((16, None), (17, f"...,{WOULD_NOTICE[said]}")):
        monkeypatch.setattr(mutation, "TRIES_MAX", tries)
        assert score(SMALL, [], [MADE[said]]).survivors == (Survivor(said, row),)


def test_so_many_rules_are_tried_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rules that show nothing before the one that does."""
    shows = IMPEDIMENTS["bar-second"]
    hides = [replace(shows, applies_when=replace(shows.applies_when, record_has=("idle",)))] * 3
    changed = Mutant("changed", MADE["bar-second removed"].bundle, (*hides, shows))
    assert score(SMALL, [], [changed]).survivors == (Survivor("changed", None),)
    monkeypatch.setattr(mutation, "RULES_TRIED_MAX", 4)
    assert score(SMALL, [], [changed]).survivors[0].row is not None
