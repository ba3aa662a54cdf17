"""The set in English: nothing is missing from it, it leads to the files, and the page that is kept says the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from hub.cli import policy_show
from hub.cli.main import main
from hub.domain.catalogue import Section
from hub.domain.disclosure import Confidence
from hub.policy import prose
from hub.policy.bundle import Bundle, Condition, Detail, JudgementKind, Listed, Purpose, Rule
from hub.policy.load import default_policies_directory
from hub.policy.show import document
from tests.policy.cases import bundle

ROOT = Path(__file__).resolve().parents[2]
PAGE = policy_show.text(bundle())
WORDS = "## The words"


def changed(**parts: object) -> Bundle:
    return replace(bundle(), **parts)  # type: ignore[arg-type]


def shown(of: Bundle) -> str:
    return document(of, lambda file: f"../policies/{file}")


def section(text: str, heading: str) -> str:
    """What stands below a heading, up to the next of the same rank or higher."""
    marks = heading.split(" ", 1)[0]
    body = text.split(f"\n{heading}\n", 1)[1]
    return re.split(rf"^#{{1,{len(marks)}}} ", body, maxsplit=1, flags=re.MULTILINE)[0]


def entry(text: str, title: str) -> str:
    """What is said of one rule or purpose, where it has its heading."""
    found = re.search(rf"^(#+) \[{re.escape(title)}\]\(.*\)$", text, re.MULTILINE)
    assert found, f"{title} has no heading"
    return re.split(r"^#+ ", text[found.end() :], maxsplit=1, flags=re.MULTILINE)[0]


def everything() -> list[Purpose | Rule | Listed]:
    kept = bundle()
    groups = (kept.purposes, kept.impediments, kept.handling, kept.limits, kept.inactive, kept.supporting)
    return [each for group in groups for each in group.values()]


def test_the_page_that_is_kept_says_what_the_policies_say() -> None:
    page = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    assert page == PAGE, "run `make policies-doc`"


@pytest.mark.parametrize("each", everything(), ids=lambda each: each.id)
def test_each_rule_is_there_with_its_file_its_law_and_how_well_that_was_checked(each: Purpose | Rule | Listed) -> None:
    said = entry(PAGE, each.title)
    assert f"[{each.title}](../policies/{each.file})" in PAGE
    assert (default_policies_directory() / each.file).is_file()
    assert f"`{each.id}`" in said
    assert each.citation in said
    assert prose.sentence(prose.CHECKED[each.confidence]) in said
    assert prose.linked(prose.sentence(each.note), bundle()) in said if each.note else True
    if isinstance(each, Rule):
        assert all(prose.sentence(case.because) in said for case in each.does_not_apply_when)


@pytest.mark.parametrize("each", everything(), ids=lambda each: each.id)
def test_what_was_not_fully_read_is_in_one_place_with_its_note(each: Purpose | Rule | Listed) -> None:
    lawyers = section(PAGE, "## Ask your lawyers first")
    line = next((line for line in lawyers.splitlines() if line.startswith(f"- {prose.within(each.title)} ")), None)
    if each.confidence is Confidence.VERIFIED and not each.note:
        assert line is None
    else:
        assert line is not None
        assert each.citation in line
        assert line.endswith(prose.linked(prose.sentence(each.note), bundle()) if each.note else ").")


def test_links_within_the_page_lead_to_a_heading_and_no_two_headings_are_alike() -> None:
    titles = re.findall(r"^#+ (?:\[(.*)\]\([^)]*\)|(.*))$", PAGE, re.MULTILINE)
    anchors = [prose.slug(linked or plain) for linked, plain in titles]
    assert sorted(set(anchors)) == sorted(anchors)
    assert set(re.findall(r"\]\(#([^)]*)\)", PAGE)) <= set(anchors)


def test_links_to_other_files_resolve() -> None:
    linked = set(re.findall(r"\]\((?!#)([^)]*)\)", PAGE))
    assert linked > {"../policies/README.md", "how-a-field-is-decided.md"}
    assert [target for target in sorted(linked) if not (ROOT / "docs" / target).exists()] == []


def test_no_word_of_the_files_is_said_where_its_meaning_can_be() -> None:
    before, _, after = PAGE.partition(f"\n{WORDS}\n")
    prose_of_it = re.sub(r"`[^`]*`|\]\([^)]*\)", "", before + after[after.index("\n## ") :])
    assert re.findall(r"\b[a-z]+_[a-z_]+\b", prose_of_it) == []


@pytest.mark.parametrize(
    "jars",
    [r"\.\.", r"\. \.", r"\.\"\.", r"\b(\w{2,}) \1\b", r"\ban? an?\b", r" ,", r"\(\)", "  ", "None", '""'],
    ids=["two stops", "parted stops", "stop after a quoted stop", "a word twice", "two articles", "space before a comma",
         "empty brackets", "two spaces", "None", "empty quotation"],
)  # fmt: skip
def test_nothing_jars(jars: str) -> None:
    without_links = re.sub(r"\]\([^)]*\)", "]", PAGE).replace("|  |", "| |")
    found = [line for line in without_links.splitlines() if re.search(jars, line.lstrip())]
    assert found == []


def test_every_word_of_the_vocabulary_is_explained() -> None:
    said, words = section(PAGE, WORDS), bundle().vocabulary
    known = [*words.labels, *words.subject_facts, *words.classifications, *words.roles, *words.recipients]
    known += [*words.decisions, *words.posts, *words.look_back_reasons]
    assert [word for word in known if f"| `{word}` |" not in said] == []
    meanings = [each.meaning for each in (*words.labels.values(), *words.classifications.values())]
    assert [meaning for meaning in meanings if meaning not in said] == []


def test_decisions_silent_classes_rejected_grounds_and_sources_are_all_there() -> None:
    kept = bundle()
    decisions = section(PAGE, "## Decisions by people")
    assert [each.meaning for each in kept.vocabulary.judgements.values() if each.meaning[1:] not in decisions] == []
    silent = section(PAGE, "## Never connected")
    assert [each.law for each in kept.vocabulary.silent.values() if f"`{each.law}`" not in silent] == []
    rejected = section(PAGE, "## What is not an impediment")
    assert [
        each.say_instead for each in kept.rejected.values() if prose.linked(each.say_instead, bundle()) not in rejected
    ] == []
    sources = section(f"{PAGE}\n# end", "## Sources")
    for source in kept.sources.values():
        row = next(row for row in sources.splitlines() if row.startswith(f"| {source.title.rstrip(':')} |"))
        assert ("**Repealed**" in row) is (source.repealed_on is not None)
        assert ("| In force" in row) is source.in_force


LPP = bundle().impediments["imp-lpp"]
S47 = bundle().purposes["ca1989-s47"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (LPP, '- **Held back when** the record is marked "legal advice, or made for litigation".\n'),
        (
            replace(LPP, applies_when=Condition(("privileged",), ("health", "police"), purpose_is=("ca1989-s47",))),
            (
                'marked "legal advice, or made for litigation", and the information is "that and when the NHS saw the '
                'child" or "what the police recorded, and when", and the purpose is [Child protection enquiry](#child'
            ),
        ),
        (
            replace(LPP, applies_when=Condition(subject_is=("restricted_location",))),
            'when** this is recorded of the child: "the child\'s whereabouts are restricted".',
        ),
        (
            replace(LPP, applies_when=Condition(recipient_is=("cafcass_officer", "council_child_protection"))),
            "the searcher is an officer of Cafcass or an officer of the council exercising child protection functions.",
        ),
        (replace(LPP, does_not_apply_when=()), "- **Lifted by** nothing but the holder's taking the mark off: no decision recorded here does it.\n"),
        (replace(LPP, does_not_apply_when=()), "- **Strength:** absolute: neither who asks nor why lifts it.\n"),
        (LPP, "- **Strength:** absolute: neither who asks nor why lifts it, only what the holder has recorded.\n"),
        (replace(LPP, strength="handling"), "- **Strength:** handling: it may be shared, on conditions as to who receives it, what for, or its going further.\n"),
        (replace(LPP, veiled=True), "- **The searcher is told** only that something is restricted.\n"),
        (replace(LPP, reply_days=1), "The contact is the holder's legal team, who answers within 1 day.\n"),
        (replace(LPP, note="Not all was read."), "check before relying on it. Not all was read.\n"),
        (replace(LPP, note=""), "General knowledge: check before relying on it.\n"),
    ],
    ids=["one marking", "and", "of the child", "or", "nothing lifts it", "absolute, and nothing lifts it", "absolute, and something recorded lifts it", "a matter of handling", "veiled", "reply", "note", "no note"],
)  # fmt: skip
def test_a_rule_in_english(rule: Rule, expected: str) -> None:
    said = entry(shown(changed(impediments={**bundle().impediments, rule.id: rule})), rule.title)
    assert expected in said


def test_a_condition_says_who_can_lift_it_where_the_law_does() -> None:
    said = entry(shown(bundle()), "Refuge or safe address")
    assert "- **Who can lift it:** The holder, the chair of the MARAC, or the adult.\n" in said
    assert "**Strength:**" not in said  # the section says of all of them that they stop nothing


@pytest.mark.parametrize(
    ("purpose", "expected"),
    [
        (S47, "  - Everything: who the child is, the household, who is involved, children's social care, police, health, schools and colleges.\n"),
        (
            replace(S47, detail={kind: level for kind, level in S47.detail.items() if kind != "intelligence"}),
            "  - Police: everything, but not *Intelligence*.\n",
        ),
        (replace(S47, detail={"incident": S47.detail["incident"]}), "  - Police: only all of *Incident or crime*.\n"),
        (replace(S47, look_back_years=1), "- **How far back:** 1 year, unless the searcher gives a reason to look further.\n"),
        (S47, "- **How far back:** the child's whole life.\n"),
        (S47, "- **Decision needed:** A named manager decided"),
        (replace(S47, recipient_roles=frozenset({"mash_nurse"})), "only this role: safeguarding nurse at the multi-agency"),
    ],
    ids=["all", "all but one", "one alone", "one year", "whole life", "decision", "role"],
)  # fmt: skip
def test_a_purpose_in_english(purpose: Purpose, expected: str) -> None:
    assert expected in entry(shown(changed(purposes={**bundle().purposes, purpose.id: purpose})), purpose.title)


INVOLVED = tuple(kind.id for kind in bundle().catalogue.kinds.values() if kind.section is Section.INVOLVEMENT)
HALF = len(INVOLVED) // 2


@pytest.mark.parametrize(
    ("detail", "cell"),
    [
        (dict.fromkeys(INVOLVED, Detail.KEY_FACTS), "key facts"),
        (dict.fromkeys(INVOLVED, Detail.EXISTENCE), "existence"),
        ({INVOLVED[0]: Detail.FULL}, "some *"),
        ({**dict.fromkeys(INVOLVED[1:], Detail.FULL)}, "everything *"),
        (
            dict.fromkeys(INVOLVED[:HALF], Detail.FULL) | dict.fromkeys(INVOLVED[HALF : 2 * HALF], Detail.EXISTENCE),
            "everything *",
        ),
        ({}, "nothing"),
    ],
    ids=["one level", "the least", "less than half", "more than half", "as many of each: the higher", "none"],
)
def test_a_cell_of_the_table_of_purposes(detail: dict[str, Detail], cell: str) -> None:
    purpose = replace(S47, detail={"incident": Detail.FULL} | detail)
    text = shown(changed(purposes={**bundle().purposes, purpose.id: purpose}))
    row = next(line for line in text.splitlines() if line.startswith(f"| {prose.within(S47.title)} |"))
    assert row.split(" | ")[3] == cell


@pytest.mark.parametrize(
    ("gives", "said"),
    [
        ("privileged", "Brings to bear [Legal professional privilege](#legal-professional-privilege)"),
        ("privilege_waived", "Lifts [Legal professional privilege](#legal-professional-privilege)"),
        ("accuracy_disputed", "Adds the notice [Accuracy disputed](#accuracy-disputed)"),
        ("under_nothing", "Nothing: no rule reads it"),
    ],
    ids=["brings", "lifts", "notice", "nothing"],
)
def test_what_a_decision_by_a_person_does(gives: str, said: str) -> None:
    kind = JudgementKind(gives, "an example of a decision", ("legal", "send"), 48, one_request=True, parts=True)
    text = shown(changed(vocabulary=replace(bundle().vocabulary, judgements={"example": kind})))
    assert (
        "| An example of a decision | The holder's legal team; the council's special educational needs manager | "
        f"{said} | At most 48 hours, for one request, and never a standing rule; it is about the record, or parts of it |"
    ) in text


def test_a_rule_that_is_lost_or_added_changes_the_document() -> None:
    fewer = {name: rule for name, rule in bundle().impediments.items() if name != "imp-lpp"}
    assert "imp-lpp" not in shown(changed(impediments=fewer))
    waiting = Listed(
        "imp-new", "New Act", "It is to stop it", "New Act s.1", Confidence.GENERAL, "in 2030", "", "x.toml"
    )
    later = shown(changed(inactive={"imp-new": waiting}))
    assert "- **When it begins:** In 2030.\n- **Law:** New Act s.1. General knowledge: check before" in later


def test_the_day_on_which_it_is_read_changes_nothing() -> None:
    assert shown(changed(on=date(2031, 1, 1))) == PAGE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the court agrees", "The court agrees."),
        ("It ends here.", "It ends here."),
        ("s.16 was read", "s.16 was read."),
        ('he said "stop."', 'He said "stop."'),
        ("HMRC agrees", "HMRC agrees."),
        ("the child's plan", "The child's plan."),
    ],
    ids=["capital and stop", "as it was", "a citation", "quoted stop", "initials", "apostrophe"],
)
def test_sentences(text: str, said: str) -> None:
    assert prose.sentence(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("under imp-lpp.", "under [Legal professional privilege](#legal-professional-privilege)."),
        ("ca1989-s47 and imp-nobody", "[Child protection enquiry](#child-protection-enquiry) and imp-nobody"),
        ("imp-lppx and `imp-lpp`", "imp-lppx and `imp-lpp`"),
        ("imp-court-order-sealed", "[Sealed court order restricting disclosure](#sealed-court-order-restricting-disclosure)"),
    ],
    ids=["a rule", "a purpose, and no rule", "part of a word, and code", "the longer of two"],
)  # fmt: skip
def test_an_id_in_a_sentence_becomes_a_title(text: str, said: str) -> None:
    assert prose.linked(text, bundle()) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "1 hour"), (72, "72 hours"), (672, "28 days"), (8760, "365 days"), (4380, "4,380 hours (about 182 days)")],
    ids=str,
)
def test_lengths_of_time(count: int, said: str) -> None:
    assert prose.hours(count) == said


Spoil = Callable[[str], str]


@pytest.mark.parametrize(
    ("spoil", "status", "said"),
    [
        (str, 0, "says what the policies say"),
        (lambda page: page.replace("# The policies", "# Our policies", 1), 1, "policies.md:1: is not what"),
        (lambda page: page + "Approved.\n", 1, "is not what"),
        (lambda page: "\n".join(page.splitlines()[:-1]) + "\n", 1, "is not what"),
    ],
    ids=["the same", "first line", "more", "less"],
)
def test_check(
    spoil: Spoil, status: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    page = tmp_path / "policies.md"
    assert main(["policy", "show"]) == 0
    page.write_text(spoil(capsys.readouterr().out), encoding="utf-8")
    assert main(["policy", "show", "--check", str(page)]) == status
    assert said in capsys.readouterr().out


def test_check_without_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "show", "--check", str(tmp_path / "none.md")]) == 2
    assert "none.md: cannot be read" in capsys.readouterr().err


def test_what_every_record_of_a_kind_is_marked_by_its_nature() -> None:
    said = shown(bundle())
    for kind in bundle().catalogue.kinds.values():
        line = f"- Every record of the kind *{kind.title}* is marked "
        assert (line in said) is bool(kind.labels)
        for word in kind.labels:
            meaning = bundle().vocabulary.labels[word].meaning
            assert f'"{meaning}"' in said.partition(line)[2].partition("\n")[0]
