"""``hub policy check``, ``diff`` and ``explain``: what they print, and 0, 1 or 2."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.cli import policy_check
from hub.cli.main import main
from hub.policy.load import default_policies_directory
from tests.policy.refusals import LPP, Change, append, remove, swap, write

Run = Callable[..., tuple[int, str, str]]
ORDER = "tests/court-order-and-privilege.csv"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*argv: str) -> tuple[int, str, str]:
        status = main(["policy", *argv])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A copy of the project's policies to spoil, with one statement to prove: all of them are proved once, as they are."""
    copy = Path(shutil.copytree(default_policies_directory(), tmp_path / "policies"))
    invariants = copy / "tests/invariants.toml"
    statements = invariants.read_text(encoding="utf-8").split("[[statement]]")
    (kept,) = (each for each in statements if 'id = "privilege-needs-waiver"' in each)
    invariants.write_text(f"[[statement]]{kept}", encoding="utf-8")
    return copy


def without_rows(name: str) -> Change:
    """Takes the rows that name a rule out of every table."""

    def change(directory: Path) -> None:
        for table in (directory / "tests").glob("*.csv"):
            lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
            table.write_text("".join(line for line in lines if name not in line), encoding="utf-8")

    return change


class TestCheck:
    def test_the_project_s_own(self, run: Run) -> None:
        status, out, err = run("check")
        assert (status, err) == (0, ""), out
        assert "kinds of record with" in out
        assert "ca1989-s47" in out
        assert out.count("PASS  ") == 7
        assert "FAIL" not in out
        assert out.endswith("All is well.\n")
        assert "\x1b" not in out  # colour is for a terminal

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            pytest.param(swap(LPP, '["privileged"]', '["priviledged"]'), f"{LPP}:17: applies_when.record_has: 'priviledged' is not a word of the vocabulary. Did you mean 'privileged'?", id="a word"),
            pytest.param(swap(ORDER, ",imp-lpp,", ",imp-llp,"), "because: 'imp-llp' is not known. Did you mean 'imp-lpp'?", id="a word in a table"),
            pytest.param(swap(ORDER, "withheld,imp-lpp", "shared,ca1989-s47"), "expected shared because of ca1989-s47; decided withheld because of imp-lpp for ", id="a row that does not hold"),
            pytest.param(append("tests/adoption.csv", "again,adoption_record,*,ca1989-s47,mash_social_worker,yes,,,,,withheld,imp-adoption-s57,veiled\n" * 40), "tests/adoption.csv: 4", id="a table out of balance"),
            pytest.param(without_rows("imp-adoption-s57"), "impediments/imp-adoption-s57.toml: id: no row of tests/*.csv names 'imp-adoption-s57': add one", id="a rule without a row"),
            pytest.param(remove("tests/invariants.toml"), "tests/invariants.toml: ", id="no invariants"),
            pytest.param(append("tests/invariants.toml", "[x]\n"), "tests/invariants.toml", id="an invariant of another shape"),
            pytest.param(swap(LPP, "next = 2027-11-01", "next = 2026-11-02"), "imp-lpp: review overdue", id="a review overdue"),
        ],
    )  # fmt: skip
    def test_a_fault(self, policies: Path, run: Run, change: Change, says: str) -> None:
        change(policies)
        status, out, err = run("check", "--policies", str(policies))
        assert (status, err) == (1, "")
        assert any(says in line for line in out.splitlines()), out
        assert "FAIL  " in out
        assert "All is well" not in out
        assert str(policies) not in out

    def test_an_invariant_that_is_broken_is_told_with_a_question_that_breaks_it(self, policies: Path, run: Run) -> None:
        swap(LPP, 'record_has = ["privilege_waived"]', 'record_has = ["privilege_waived", "consent_recorded"]')(
            policies
        )
        status, out, _ = run("check", "--policies", str(policies))
        assert status == 1
        assert "tests/invariants.toml: privilege-needs-waiver: broken: Legal advice is never shared unless " in out
        assert "consent_recorded" in out

    def test_a_directory_that_holds_none(self, run: Run, tmp_path: Path) -> None:
        status, out, err = run("check", "--policies", str(tmp_path))
        assert (status, err) == (1, "")
        assert "vocabulary.toml: missing" in out

    def test_a_directory_that_is_not_there(self, run: Run, tmp_path: Path) -> None:
        status, out, err = run("check", "--policies", str(tmp_path / "none"))
        assert (status, out, err) == (2, "", "hub: The policies directory does not exist.\n")

    @pytest.mark.parametrize(("floor", "says"), [(0.0, "PASS"), (1.0, "FAIL")], ids=["at the floor", "under it"])
    def test_mutation(self, policies: Path, run: Run, monkeypatch: pytest.MonkeyPatch, floor: float, says: str) -> None:
        """Without the rows that name it, a rule's going unnoticed is told with a row that would notice."""
        without_rows("originator")(policies)
        monkeypatch.setattr(policy_check, "FLOOR", floor)
        _, out, _ = run("check", "--policies", str(policies), "--mutation")
        assert f"{says}  mutation: the case tables notice " in out
        assert (
            "      not noticed: imp-originator-marac withholds instead of asking\n        a row that would: ...," in out
        )


class TestDiff:
    def test_of_the_same(self, policies: Path, run: Run) -> None:
        status, out, err = run("diff", str(default_policies_directory()), str(policies))
        assert (status, err) == (0, "")
        first, second, *others = out.splitlines()
        assert first.removeprefix("old ") == second.removeprefix("new ")
        (closing,) = others
        assert closing.startswith("0 of ")

    def test_of_a_comment(self, policies: Path, run: Run) -> None:
        append(LPP, "# as the lawyers read it\n")(policies)
        status, out, _ = run("diff", str(default_policies_directory()), str(policies))
        assert status == 0
        assert "\n  only comments and the order of things differ: nothing that is decided or told\n" in out

    def test_of_a_rule_less_says_which_way_the_answers_flip(self, policies: Path, run: Run) -> None:
        swap(LPP, '["privileged"]', '["privileged", "accuracy_disputed"]')(policies)
        _, out, _ = run("diff", str(default_policies_directory()), str(policies))
        assert ": in 0 something is shared that was not, in " in out.splitlines()[-1]
        _, back, _ = run("diff", str(policies), str(default_policies_directory()))
        assert back.splitlines()[-1].endswith(", in 0 something is no longer shared that was")

    def test_of_another_rule(self, policies: Path, run: Run) -> None:
        swap(
            LPP, 'record_has = ["privilege_waived"]', 'record_has = ["privilege_waived"]\npurpose_is = ["ca1989-s47"]'
        )(policies)
        swap(LPP, '"absolute"', '"conditional"')(policies)
        append(
            "tests/adoption.csv",
            "mine,case_document,title,ca2004-s16la,mash_nurse,no,privileged privilege_waived,,,,shared,ca2004-s16la,\n",
        )(policies)
        status, out, err = run("diff", str(default_policies_directory()), str(policies))
        assert (status, err) == (1, "")
        waived = 'the record is marked "the client has waived privilege in it"'
        assert (
            "  impediment imp-lpp (Legal professional privilege):\n"
            f"    no longer lifted when {waived} (the client has waived privilege)\n"
            f'    now lifted when {waived}, and the purpose is "Child protection enquiry" (the client has waived privilege)\n'
            "    strength: absolute -> conditional\n"
        ) in out
        assert "mine (case_document, ca2004-s16la, mash_nurse; tests/adoption.csv:" in out
        assert "\n  title: shared because of ca2004-s16la -> withheld because of imp-lpp\n" in out

    def test_of_past_decisions(self, policies: Path, run: Run, tmp_path: Path) -> None:
        swap(LPP, 'effect = "withhold"', 'effect = "ask"')(policies)
        past = tmp_path / "past.csv"
        past.write_text(
            "kind,fields,purpose,role,decision,labels,count\n"
            "case_document,*,ca1989-s47,mash_nurse,yes,privileged,77\n"
            "case_document,*,ca1989-s47,mash_nurse,yes,,5\n"
        )
        status, out, err = run("diff", str(default_policies_directory()), str(policies), "--past", str(past))
        assert (status, err) == (1, "")
        assert out.endswith(
            "77 of 82 past decisions would flip: in 0 something is shared that was not, in 0 something is no longer "
            "shared that was\n"
            "  (decided from 2 different combinations of facts)\n"
            "         77  ca1989-s47  case_document: withheld because of imp-lpp -> ask because of imp-lpp\n"
        )

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            pytest.param(None, "past.csv: cannot be read: No such file or directory", id="none"),
            pytest.param("kind,purpose\nx,y\n", "past.csv:1: fields: this column is missing", id="another table"),
            pytest.param("kind,fields,purpose,role,decision\n", "past.csv: holds no decision", id="a header alone"),
            pytest.param("", "past.csv: holds no decision", id="an empty file"),
        ],
    )
    def test_of_past_decisions_that_cannot_be_read(self, run: Run, tmp_path: Path, text: str | None, says: str) -> None:
        if text is not None:
            (tmp_path / "past.csv").write_text(text)
        own = str(default_policies_directory())
        status, out, err = run("diff", own, own, "--past", str(tmp_path / "past.csv"))
        assert (status, out) == (2, "")  # nothing is printed that would have to be read again
        assert says in err
        assert str(tmp_path) not in err

    def test_of_policies_that_do_not_load(self, policies: Path, run: Run) -> None:
        write(LPP, "id = \n")(policies)
        status, out, err = run("diff", str(default_policies_directory()), str(policies))
        assert (status, out) == (2, "")
        assert err.startswith(f"hub: {policies}: The policies cannot be used:\n  {LPP}:1: not TOML: ")


class TestExplain:
    @pytest.mark.parametrize(
        ("options", "searcher"),
        [
            pytest.param([], "withheld", id="nothing judged"),
            pytest.param(["--judged", "interests_decision"], "shared", id="judged"),
            pytest.param(["--stale", "interests_decision"], "gap (a fault", id="a judgement overdue for review"),
        ],
    )
    def test_a_judgement(self, run: Run, options: list[str], searcher: str) -> None:
        status, out, _ = run("explain", "--kind", "education_health_care_plan", *options)
        assert status == 0
        told, true = out.split("For the reviewer\n")
        assert searcher in told
        assert "imp-sen-reg17" in true

    @pytest.mark.parametrize("option", ["--judged", "--stale"])
    def test_a_judgement_of_an_unknown_word(self, run: Run, option: str) -> None:
        status, _, err = run("explain", "--kind", "contact", option, "hunch")
        assert status == 2
        assert err.startswith("hub: There is no label 'hunch'. There are: about_adult, ")

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            pytest.param(["--kind", "atendance"], "There is no kind 'atendance'. Did you mean 'attendance'?", id="a slip"),
            pytest.param(["--kind", "horoscope"], "There is no kind 'horoscope'. There are: adoption_record, ", id="no such kind"),
            pytest.param(["--purpose", "s17"], "There is no purpose 's17'. Did you mean 'ca1989-s17'?", id="a section alone"),
            pytest.param(["--purpose", "CA1989-S17"], "There is no purpose 'CA1989-S17'. Did you mean 'ca1989-s17'?", id="capitals"),
            pytest.param(["--purpose", "ca2004-macpt"], "'ca2004-macpt' is law that is not in force: Not commenced", id="law not in force"),
            pytest.param(["--purpose", "ca2004-s11"], "'ca2004-s11' is law under which nobody asks. It supports a disclosure", id="law that supports"),
            pytest.param(["--role", "social_worker"], "There is no role 'social_worker'. Did you mean 'mash_social_worker'?", id="a part of a role"),
            pytest.param(["--label", "yp_objection,under_13"], "There is no label 'yp_objection,under_13'. Did you mean 'yp_objection'?", id="two labels with a comma"),
            pytest.param(["--label", "imp-gillick"], "'imp-gillick' is a rule and no label: it decides by labels, such as yp_objection", id="a rule for a label"),
            pytest.param(["--unknown", "restricted_location"], "'restricted_location' is a fact of the child and no label: use --restricted yes", id="a fact of the child for a label"),
        ],
    )  # fmt: skip
    def test_a_mistake_says_what_to_write_instead(self, run: Run, options: list[str], says: str) -> None:
        kind = [] if "--kind" in options else ["--kind", "attendance"]
        status, out, err = run("explain", *kind, *options)
        assert (status, out) == (2, "")
        assert err.startswith(f"hub: {says}")
