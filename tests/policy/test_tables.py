"""The decision tables that information governance officers keep in ``policies/tests/*.csv``, and how they are read."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from hub.cli.policy_tables import read_tables
from hub.domain.disclosure import Outcome
from hub.policy.engine import Policy
from hub.policy.facts import Judged
from hub.policy.files import PolicyFault
from hub.policy.load import default_policies_directory
from hub.policy.table_file import REQUIRED, past, read
from hub.policy.tables import Answer, Facts, Row, answers, question, run, unbalanced, undecided
from tests.policy.cases import bundle, policy

ROWS, FAULTS = read_tables(default_policies_directory(), bundle())
POLICY = policy()


def test_the_tables_can_be_read() -> None:
    assert [str(fault) for fault in FAULTS] == []
    assert len(ROWS) >= 139


@pytest.mark.parametrize("file", sorted({row.file for row in ROWS}))
def test_every_row_is_decided_as_its_table_says(file: str) -> None:
    assert [str(each) for each in run(POLICY, (row for row in ROWS if row.file == file))] == []


def test_a_table_has_as_many_must_share_rows_as_must_withhold() -> None:
    assert [str(fault) for fault in unbalanced(ROWS)] == []


def test_every_rule_and_purpose_decides_some_row() -> None:
    assert [str(fault) for fault in undecided(ROWS, bundle())] == []


HEADER = ",".join((*REQUIRED, "judged", "stale", "told"))
GOOD = "privileged,case_document,*,ca1989-s47,mash_social_worker,yes,privileged,,,,withheld,imp-lpp,,,open"


def reading(*lines: str, header: str = HEADER) -> tuple[list[Row], list[str]]:
    faults: list[PolicyFault] = []
    rows = read("tests/x.csv", "\n".join((header, *lines)) + "\n", bundle(), faults)
    return rows, [str(fault) for fault in faults]


def test_a_row_as_it_is_read() -> None:
    rows, faults = reading(GOOD)
    facts = Facts("case_document", "*", "ca1989-s47", "mash_social_worker", "yes", "privileged")
    assert rows == [Row("tests/x.csv", 2, "privileged", facts, Outcome.WITHHELD, ("imp-lpp",), "open")]
    assert faults == []
    assert run(policy(), rows) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        pytest.param("case_document", "case_documnet", "kind: 'case_documnet' is not known. Did you mean 'case_document'?", id="kind"),
        pytest.param("ca1989-s47", "ca1989-s470", "purpose: 'ca1989-s470' is not known. Did you mean 'ca1989-s47'?", id="purpose"),
        pytest.param("mash_social_worker", "mash_worker", "role: 'mash_worker' is not known. Did you mean 'mash_social_worker'?", id="role"),
        pytest.param("yes,privileged", "yes,priviledged", "labels: 'priviledged' is not known. Did you mean 'privileged'?", id="label"),
        pytest.param(",privileged,,", ",privileged,privilege_waved,", "not_stated: 'privilege_waved' is not known. Did you mean 'privilege_waived'?", id="unstated label"),
        pytest.param("privileged,,,,", "privileged,,moved,,", "child: 'moved' is not known", id="fact of the child"),
        pytest.param("privileged,,,,", "privileged,,,moved,", "child_not_stated: 'moved' is not known", id="unstated fact of the child"),
        pytest.param("imp-lpp,,,", "imp-lpp,waived,,", "judged: 'waived' is not known", id="judged word"),
        pytest.param("imp-lpp,,,", "imp-lpp,titel:privileged,,", "judged: 'titel' is not known. Did you mean 'title'?", id="judged field"),
        pytest.param("imp-lpp,,,", "imp-lpp,,waived,", "stale: 'waived' is not known", id="stale word"),
        pytest.param("imp-lpp,", "imp-llp,", "because: 'imp-llp' is not known. Did you mean 'imp-lpp'?", id="reason"),
        pytest.param(",*,", ",titel,", "fields: 'titel' is not known. Did you mean 'title'?", id="field"),
        pytest.param("withheld", "witheld", "expect: 'witheld' is not one of shared, shared_with_handling, withheld", id="outcome"),
        pytest.param(",yes,", ",perhaps,", "decision: 'perhaps' is not one of yes, no", id="decision"),
        pytest.param(",open", ",shut", "told: 'shut' is not one of open, hidden, veiled", id="told"),
        pytest.param(",privileged,,", ",?privileged,,", "labels: 'privileged' is known: take the question mark out", id="a known word said to be unknown"),
        pytest.param("privileged,case", ",case", "case: is blank", id="blank case"),
        pytest.param("mash_social_worker", "", "role: is blank", id="blank role"),
        pytest.param(",open", "", "14 cells and 15 columns: count the commas", id="too few cells"),
        pytest.param(",open", ",open,", "16 cells and 15 columns", id="too many cells"),
        pytest.param("privileged,case", "“a, b”,case", "16 cells and 15 columns", id="typographic marks round a text with a comma"),
        pytest.param("privileged,case", '"a" b,case', "not CSV: ',' expected after '\"'. Write a quotation mark within a text twice", id="a quote within a text"),
        pytest.param(",yes,", ",Yes,", "decision: 'Yes' is not one of yes, no. Write yes", id="a capital"),
        pytest.param(",yes,", ",TRUE,", "decision: 'TRUE' is not one of yes, no", id="a spreadsheet's own truth"),
        pytest.param(",yes,", ",45982,", "decision: '45982' is not one of yes, no", id="a date that became a number"),
        pytest.param("withheld", "shared with handling", "expect: 'shared with handling' is not one of shared, shared_with_handling, withheld, ask, gap, out_of_scope. Write shared_with_handling", id="an outcome with spaces"),
        pytest.param("ca1989-s47", "CA1989-S47", "purpose: 'CA1989-S47' is not known. Did you mean 'ca1989-s47'? If an unknown word is meant, write ?CA1989-S47", id="a word in capitals"),
        pytest.param("mash_social_worker", "mash_nurse; mash_social_worker", "role: 'mash_nurse;' is not known. Did you mean 'mash_nurse'? Put spaces between words, and no commas", id="semicolons between words"),
        pytest.param("mash_social_worker", '"mash_nurse,mash_social_worker"', "role: 'mash_nurse,mash_social_worker' is not known. Did you mean 'mash_social_worker'? Put spaces between words", id="a comma and no space"),
        pytest.param(",open", ',"open', "not CSV: a text here begins with a quotation mark, and nothing ends it. Write one after", id="a quote that does not end"),
    ],
)  # fmt: skip
def test_a_fault_in_a_row_is_told_with_its_line(old: str, new: str, fault: str) -> None:
    assert old in GOOD
    _, faults = reading("", GOOD, GOOD.replace(old, new, 1))
    assert len(faults) == 1
    assert faults[0].startswith(f"tests/x.csv:4: {fault}")


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        pytest.param(HEADER.replace("because", "becuase"), "becuase: not a column. Did you mean 'because'?", id="misspelt"),
        pytest.param(HEADER.replace("purpose,", ""), "purpose: this column is missing", id="missing"),
        pytest.param(HEADER + ",told", "told: two columns have this name: take one out", id="twice"),
        pytest.param("", "the first line must name the columns: case,kind,fields,", id="empty file"),
        pytest.param(",,", "the first line must name the columns: case,", id="a blank first line"),
        pytest.param(HEADER.replace(",", ";"), "has semicolons between its cells: save the table as CSV UTF-8, with commas", id="semicolons"),
        pytest.param(HEADER.replace(",", "\t"), "has tabs between its cells: save the table as CSV UTF-8, with commas", id="tabs"),
        pytest.param("sep=,", "the first line does not name the columns. It must be: case,kind,", id="a spreadsheet's own first line"),
    ],
)  # fmt: skip
def test_a_fault_in_the_header(header: str, fault: str) -> None:
    rows, faults = reading(GOOD, header=header)
    assert rows == []
    assert [each for each in faults if each.startswith(f"tests/x.csv:1: {fault}")] == faults


@pytest.mark.parametrize(
    ("header", "lines"),
    [
        pytest.param(HEADER + ",,", [GOOD + ",,"], id="blank columns at the end"),
        pytest.param("," + HEADER, ["," + GOOD], id="a blank column at the start"),
        pytest.param(HEADER, [",,,,,,,,,,,,,,", GOOD, ",,", " ,"], id="rows of nothing but commas"),
        pytest.param(HEADER.title(), [GOOD], id="capitals"),
        pytest.param(HEADER.replace("_", " ").replace(",", " ,"), [GOOD], id="spaces in the names of columns"),
        pytest.param(",".join(f'"{each}"' for each in HEADER.split(",")), [",".join(f'"{each}"' for each in GOOD.split(","))], id="every cell quoted"),
    ],
)  # fmt: skip
def test_what_a_spreadsheet_adds_by_itself_is_read_over(header: str, lines: list[str]) -> None:
    rows, faults = reading(*lines, header=header)
    assert ([row.case for row in rows], faults) == (["privileged"], [])
    assert run(policy(), rows) == []


def test_what_stands_in_a_column_without_a_name_is_not_read_over() -> None:
    _, faults = reading(GOOD + ",,but ask legal", header=HEADER + ",,")
    assert faults == ["tests/x.csv:2: something stands in column 17, which has no name: name it, or empty it"]


def test_columns_that_may_be_left_out_and_stand_in_any_order() -> None:
    rows, faults = reading(
        "imp-lpp,withheld,x,case_document,*,ca1989-s47,mash_nurse,yes,privileged,,,",
        header="because,expect,case,kind,fields,purpose,role,decision,labels,not_stated,child,child_not_stated",
    )
    assert (faults, [row.told for row in rows], run(policy(), rows)) == ([], [""], [])


def test_a_text_with_a_comma_and_a_text_of_two_lines() -> None:
    rows, faults = reading(GOOD.replace("privileged", '"a, b\nc"', 1), GOOD)
    assert ([(row.line, row.case) for row in rows], faults) == ([(2, "a, b\nc"), (4, "privileged")], [])


def test_several_kinds_and_roles_are_each_tried() -> None:
    line = "x,incident contact,*,ca1989-s47,mash_nurse mash_social_worker,yes,,,,,shared,ca1989-s47,,,"
    rows, faults = reading(line)
    tried = [(row.facts.kind, row.facts.role) for row in rows]
    both = ["mash_nurse", "mash_social_worker"]
    assert (tried, faults) == ([(kind, role) for kind in ("incident", "contact") for role in both], [])
    assert run(policy(), rows) == []
    (wrong,) = run(policy(), [replace(rows[2], outcome=Outcome.GAP)])
    assert str(wrong).startswith(
        "tests/x.csv:2: x (contact, mash_nurse): expected gap because of ca1989-s47; decided shared "
    )


def test_words_that_are_meant_to_be_unknown() -> None:
    line = "x,?horoscope,*,?curiosity,?locum,no,?a,?b,?c,?d,gap,unknown_kind,?e f:?g,?h,hidden"
    (row,), faults = reading(line)
    asked = question(row.facts, bundle().vocabulary)
    assert faults == []
    assert (asked.pointer.kind, asked.request.purpose, asked.request.role) == ("horoscope", "curiosity", "locum")
    assert (asked.pointer.labels, asked.pointer.undetermined) == ({"a"}, {"b"})
    assert (asked.request.subject_facts, asked.request.subject_unknown) == ({"c"}, {"d"})
    assert asked.judged == Judged(frozenset({"e"}), frozenset({"h"}), frozenset({("f", "g")}))


@pytest.mark.parametrize(
    ("judged", "stale", "expect", "because"),
    [
        pytest.param("", "", "withheld", "imp-sen-reg17", id="nothing judged"),
        pytest.param("interests_decision", "", "shared", "ca1989-s47", id="judged"),
        pytest.param("", "interests_decision", "gap", "interests_decision", id="its review is overdue"),
    ],
)  # fmt: skip
def test_a_judgement_counts_as_a_row_says(judged: str, stale: str, expect: str, because: str) -> None:
    line = f"x,education_health_care_plan,*,ca1989-s47,mash_nurse,yes,,,,,{expect},{because},{judged},{stale},"
    rows, faults = reading(line)
    assert (faults, run(policy(), rows)) == ([], [])


def test_a_judgement_on_a_part() -> None:
    kind = bundle().catalogue["education_health_care_plan"]
    part, *others = (each.name for each in kind.fields)
    facts = Facts(kind.id, "*", "ca1989-s47", "mash_nurse", "yes", judged=f"{part}:interests_decision")
    answered = dict(answers(policy(), question(facts, bundle().vocabulary)))
    assert {names: answer.outcome for names, answer in answered.items()} == {
        (part,): Outcome.SHARED,
        tuple(others): Outcome.WITHHELD,
    }


def test_how_much_is_told_is_part_of_a_row_only_when_it_says_so() -> None:
    (row,), _ = reading(GOOD)
    assert row.met_by(Answer(Outcome.WITHHELD, ("imp-lpp",), "open"))
    assert not row.met_by(Answer(Outcome.WITHHELD, ("imp-lpp",), "veiled"))
    assert replace(row, told="").met_by(Answer(Outcome.WITHHELD, ("imp-lpp",), "veiled"))


def test_a_table_that_withholds_more_than_it_shares() -> None:
    shared = GOOD.replace("withheld,imp-lpp", "shared,ca1989-s47")
    rows, _ = reading(GOOD, GOOD.replace("mash_social_worker", "mash_nurse mash_police_officer"), shared)
    (fault,) = unbalanced(rows)
    assert str(fault) == "tests/x.csv: 2 rows must withhold and only 1 must share: add some"
    rows, _ = reading(GOOD, shared)
    assert unbalanced(rows) == []


def test_a_rule_that_no_row_names() -> None:
    rows = [row for row in ROWS if "imp-lpp" not in row.because]
    assert [str(fault) for fault in undecided(rows, bundle())] == [
        "impediments/imp-lpp.toml: id: no row of tests/*.csv names 'imp-lpp': add one"
    ]


def test_rows_notice_that_a_rule_is_gone() -> None:
    impediments = {name: rule for name, rule in bundle().impediments.items() if name != "imp-lpp"}
    wrong = run(Policy(replace(bundle(), impediments=impediments)), ROWS)
    assert {each.row.case for each in wrong} >= {"privileged advice", "privilege not stated"}


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        pytest.param(None, "tests: holds no case table", id="no table"),
        pytest.param(b"\xff", "tests/x.csv:1: not UTF-8: save the table as CSV UTF-8", id="not UTF-8"),
        pytest.param(
            f"{HEADER}\n\nthe holder\x92s".encode("latin-1"),
            "tests/x.csv:3: not UTF-8",
            id="typographic marks of Windows",
        ),
        pytest.param(
            b"PK\x03\x04\x14\x00\xff",
            "tests/x.csv: a workbook and not a table of text: save the sheet as",
            id="a workbook by another name",
        ),
        pytest.param(
            HEADER.encode(), "tests/x.csv: holds no row: write its rows anew, or delete the table", id="a header alone"
        ),
        pytest.param(b"x" * 5_000_000, "tests/x.csv: larger than", id="too large"),
    ],
)
def test_tables_that_cannot_be_read(tmp_path: Path, body: bytes | None, fault: str) -> None:
    (tmp_path / "tests").mkdir()
    if body is not None:
        (tmp_path / "tests/x.csv").write_bytes(body)
    rows, faults = read_tables(tmp_path, bundle())
    assert rows == []
    assert str(faults[0]).startswith(fault)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        pytest.param("x.csv.txt", "tests/x.csv.txt: not read: save it as CSV UTF-8, with a name that ends in .csv", id="renamed"),
        pytest.param("x.xlsx", "tests/x.xlsx: not read: save it as CSV UTF-8, with a name that ends in .csv", id="a workbook"),
        pytest.param("x.CSV", "tests/x.CSV: not read: save it as CSV UTF-8, with a name that ends in .csv", id="capitals"),
        pytest.param("old/x.csv", "tests/old: not read: put its tables into tests/ itself", id="in a folder"),
        pytest.param("~$good.csv", None, id="a spreadsheet's lock"),
        pytest.param(".~lock.good.csv#", None, id="another spreadsheet's lock"),
        pytest.param("good.csv~", None, id="an editor's backup"),
        pytest.param("invariants.toml", None, id="the invariants"),
    ],
)  # fmt: skip
def test_a_table_is_lost_to_its_name_only_with_a_word(tmp_path: Path, name: str, fault: str | None) -> None:
    (tmp_path / "tests/old").mkdir(parents=True)
    (tmp_path / "tests" / name).write_text("alice", encoding="utf-8")
    if name.partition("/")[0] != "old":
        (tmp_path / "tests/old").rmdir()
    (tmp_path / "tests/good.csv").write_text(f"{HEADER}\n{GOOD}\n", encoding="utf-8")
    rows, faults = read_tables(tmp_path, bundle())
    assert (len(rows), [str(each) for each in faults]) == (1, [fault] if fault else [])


def test_a_table_as_a_spreadsheet_saves_it(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/x.csv").write_bytes(b"\xef\xbb\xbf" + f"{HEADER}\r\n{GOOD}\r\n".encode())
    rows, faults = read_tables(tmp_path, bundle())
    assert (len(rows), faults) == (1, [])


PAST = "kind,fields,purpose,role,decision,labels,count"
LINE = "contact,*,ca1989-s47,mash_nurse,yes,privileged"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_with_the_line_ends_of_any_system(end: str) -> None:
    faults: list[PolicyFault] = []
    rows = read(
        "tests/x.csv", end.join([HEADER, GOOD.replace("privileged", '"a\r\nb"', 1), GOOD, ""]), bundle(), faults
    )
    assert (faults, [(row.line, row.case) for row in rows]) == ([], [(2, "a\r\nb"), (4, "privileged")])


def test_a_list_of_past_decisions_needs_its_first_columns_and_no_others() -> None:
    faults: list[PolicyFault] = []
    counted = past("p.csv", "kind,fields,purpose,role,decision\ncontact,*,ca1989-s47,mash_nurse,yes\n", faults)
    assert (counted, faults) == (Counter({Facts("contact", "*", "ca1989-s47", "mash_nurse", "yes"): 1}), [])
    past("p.csv", "kind,fields,purpose,role\ncontact,*,ca1989-s47,mash_nurse\n", faults)
    assert [str(each) for each in faults] == ["p.csv:1: decision: this column is missing"]


def test_a_line_with_a_wrong_count_does_not_hide_what_the_others_say() -> None:
    faults: list[PolicyFault] = []
    past("p.csv", f'{PAST}\n"contact\ncontact",*,x,y,yes,,many\n', faults)
    assert all(each.file == "p.csv" for each in faults)
    faults.clear()
    assert past("p.csv", f"{PAST}\n{LINE},many\n", faults) == Counter()
    assert [str(each) for each in faults] == ["p.csv:2: count: 'many' is not a whole number"]


WORD = min(bundle().vocabulary.judgements)


@pytest.mark.parametrize(
    ("judged", "faults"),
    [
        pytest.param(f"title:{WORD}", [], id="a field's word"),
        pytest.param(f"titel:{WORD}", ["judged: 'titel' is not known. Did you mean 'title'?"], id="a field nobody has"),
        pytest.param(f"title:{WORD} summary:{WORD}", [], id="two fields' words"),
        pytest.param(
            f"title:{WORD} odd:{WORD}",
            ["judged: 'odd' is not known. There are: attachment, document_type, on, summary, title."],
            id="the second field nobody has",
        ),
        pytest.param(f"title:x:{WORD}", [], id="a word with a colon of its own is the field's"),
        pytest.param(
            f"odd:title:{WORD}",
            ["judged: 'odd' is not known. There are: attachment, document_type, on, summary, title."],
            id="the field is what is before the first",
        ),
    ],
)
def test_a_judgement_on_one_field_names_a_field(judged: str, faults: list[str]) -> None:
    assert {"title", "summary"} <= {each.name for each in bundle().catalogue["case_document"].fields}
    _, found = reading(GOOD.replace("imp-lpp,,,", f"imp-lpp,{judged},,"))
    assert [each.removeprefix("tests/x.csv:2: ").partition(" If an unknown")[0] for each in found] == faults


def test_a_row_that_is_decided_otherwise_says_what_and_where() -> None:
    rows, _ = reading(GOOD.replace("withheld", "shared", 1).replace("imp-lpp", "ca1989-s47", 1))
    (mismatch,) = run(policy(), rows)
    names = ", ".join(each.name for each in bundle().catalogue["case_document"].fields)
    assert str(mismatch).endswith(
        f"expected shared because of ca1989-s47; decided withheld because of imp-lpp for {names}"
    )
    assert str(Answer(Outcome.WITHHELD, ("a", "b"), "veiled")) == "withheld because of a b, veiled"
    assert str(Answer(Outcome.SHARED, (), "open")) == "shared"


def test_past_decisions_are_counted() -> None:
    faults: list[PolicyFault] = []
    counted = past("p.csv", f"{PAST}\n{LINE},3\n{LINE},\n{LINE},\n{LINE.replace('yes', 'no')},1\n", faults)
    facts = Facts(*LINE.split(","))
    assert (counted, faults) == (Counter({facts: 5, facts._replace(decision="no"): 1}), [])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(
            f"{PAST}\n{LINE},1\n{LINE},many\n", "p.csv:3: count: 'many' is not a whole number", id="no number"
        ),
        pytest.param(f"{PAST}\n{LINE},1\n{LINE},1\n{LINE}\n", "p.csv:4: 6 cells and 7 columns", id="too few cells"),
        pytest.param(f"kind,expect\n{LINE}\n", "p.csv:1: expect: not a column", id="another table"),
    ],
)
def test_a_list_of_past_decisions_that_cannot_be_read(text: str, fault: str) -> None:
    faults: list[PolicyFault] = []
    past("p.csv", text, faults)
    assert any(fault in str(each) for each in faults), faults
