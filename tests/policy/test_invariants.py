"""What must always hold of the policies does; a set that breaks it is caught, and the reader is told by which question."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from hub.domain.disclosure import Impediment, Outcome
from hub.domain.records import RecordPointer
from hub.errors import ConfigurationError
from hub.policy.assurance import invariants
from hub.policy.assurance.invariants import Finding, Verdict, check, load
from hub.policy.assurance.prover import Prover
from hub.policy.assurance.reading import Reading
from hub.policy.assurance.statements import NAME, Statement, WhenFile
from hub.policy.assurance.trier import Trier
from hub.policy.bundle import Bundle, Detail
from hub.policy.decision import RecordDecision
from hub.policy.engine import Policy
from hub.policy.facts import NOTHING_JUDGED, Judged, RequestFacts
from hub.policy.load import default_policies_directory
from tests.policy.cases import bundle
from tests.policy.spoilt import SPOILT, Spoil, changed, lost

STATEMENTS = {each.id: each for each in load(default_policies_directory(), bundle())}


def finding(of: Bundle, statement: str) -> Finding:
    (found,) = check(of, [STATEMENTS[statement]])
    return found


@pytest.fixture(scope="module")
def prover() -> Prover:
    return Prover(bundle())


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
def test_it_is_proved(statement: Statement, prover: Prover) -> None:
    (found,) = check(bundle(), [statement], prover)
    assert (found.verdict, found.told, found.ok) == (Verdict.PROVED, "", True)
    assert (found.id, found.says) == (statement.id, statement.says)


@pytest.mark.parametrize(
    ("statement", "spoil", "told"), [pytest.param(*row, id=f"{row[0]} {number}") for number, row in enumerate(SPOILT)]
)
def test_a_set_that_breaks_it_is_caught(statement: str, spoil: Spoil, told: tuple[str, ...]) -> None:
    found = finding(spoil(bundle()), statement)
    assert found.verdict is Verdict.BROKEN
    assert not found.ok
    for each in told:
        assert each in found.told


class Hopeful(Reading[bool]):
    """Takes what is not known for no."""

    @property
    def released(self) -> bool:  # type: ignore[override]
        refused = self.logic.any_of([self.withheld, self.ask])
        return self.all_of(self.in_scope, self.logic.negated(refused))


class HopefulPolicy(Policy):
    """An engine that does the same."""

    def decide(self, request: RequestFacts, pointer: RecordPointer, judged: Judged = NOTHING_JUDGED) -> RecordDecision:
        return super().decide(request, dataclasses.replace(pointer, undetermined=frozenset()), judged)


class BluntPolicy(Policy):
    """An engine that tells a gap as a refusal."""

    def decide(self, request: RequestFacts, pointer: RecordPointer, judged: Judged = NOTHING_JUDGED) -> RecordDecision:
        decision = super().decide(request, pointer, judged)
        rule = next(iter(self.bundle.impediments.values()))
        named = Impediment(rule.id, rule.title, rule.citation, rule.confidence)
        lines = tuple(
            dataclasses.replace(line, impediment=named) if line.outcome is Outcome.GAP else line
            for line in decision.lines
        )
        return dataclasses.replace(decision, lines=lines)


BY_ENGINE = {"unknown-is-never-shared", "learning-only-closes-gaps", "gaps-name-no-impediment"}
"""No bundle can break these, only an engine that reads it wrongly."""


def test_every_statement_has_a_set_or_an_engine_that_breaks_it() -> None:
    assert {statement for statement, *_ in SPOILT} | BY_ENGINE == STATEMENTS.keys()
    assert len(STATEMENTS) >= 15


@pytest.mark.parametrize("statement", ["unknown-is-never-shared", "learning-only-closes-gaps"])
def test_a_reading_that_takes_silence_for_no_is_caught(statement: str) -> None:
    (found,) = check(bundle(), [STATEMENTS[statement]], Prover(bundle(), Hopeful))
    assert found.verdict is Verdict.BROKEN
    assert "not known whether" in found.told


def test_an_engine_that_takes_silence_for_no_is_caught(prover: Prover) -> None:
    engine = HopefulPolicy(bundle())
    (found,) = check(bundle(), [STATEMENTS["unknown-is-never-shared"]], prover, engine)
    assert found.verdict is Verdict.BROKEN
    assert "cannot be ruled out" in found.told


def test_an_engine_that_tells_a_gap_as_a_refusal_is_caught(prover: Prover) -> None:
    (found,) = check(bundle(), [STATEMENTS["gaps-name-no-impediment"]], prover, BluntPolicy(bundle()))
    assert found.verdict is Verdict.BROKEN
    assert "told as a refusal" in found.told


def test_a_counterexample_is_short() -> None:
    """Nothing in it that does not matter: a reader should see the mistake, not look for it."""
    found = finding(lost("imp-lpp")(bundle()), "privilege-needs-waiver")
    assert found.told.count(" has ") == 1
    assert "the record has privileged" in found.told
    assert "not known" not in found.told
    assert "the child" not in found.told
    assert "does not know" not in found.told


def test_an_engine_that_decides_otherwise_than_the_policies_read_is_told() -> None:
    """A purpose widened in its matrix, but not in the fields that were worked out from it."""
    of = bundle()
    wider = dataclasses.replace(of.purposes["pcsca2022-s16"], detail={"attendance": Detail.FULL})
    spoilt = dataclasses.replace(of, purposes={**of.purposes, "pcsca2022-s16": wider})
    told = finding(spoilt, "serious-violence-duty-leaves-out-patients").told
    assert told.endswith(": out of scope (by the engine; the policies read as shared)")


def test_a_statement_about_nothing_says_so() -> None:
    statement = STATEMENTS["order-never-shared"]
    when = WhenFile(classification_is=("intelligence",), record_lacks=("intelligence",))  # every such kind carries it
    (found,) = check(bundle(), [dataclasses.replace(statement, when=when)])
    assert (found.verdict, found.ok) == (Verdict.SAYS_NOTHING, False)


# ---- where there is no solver ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("installed", "kind"), [(True, Prover), (False, Trier)])
def test_the_solver_is_used_where_it_is_installed(installed: bool, kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invariants, "find_spec", lambda name: object() if installed and name == "z3" else None)
    assert type(invariants.finder(bundle())) is kind


def test_without_a_solver_nothing_is_called_proved() -> None:
    found = check(bundle(), STATEMENTS.values(), Trier(bundle()))
    assert {each.verdict for each in found} == {Verdict.NOT_PROVED}
    assert all(each.ok and "questions tried" in each.told for each in found)


@pytest.mark.parametrize(
    ("statement", "spoil"),
    [
        ("order-never-shared", lost("imp-court-order")),
        ("privilege-needs-waiver", lost("imp-lpp")),
        ("one-veil", changed("imp-originator-marac", veiled=True)),
        ("refusals-are-named", changed("imp-lpp", next_step="")),
    ],
)
def test_without_a_solver_trying_still_finds_the_plain_mistakes(statement: str, spoil: Spoil) -> None:
    of = spoil(bundle())
    (found,) = check(of, [STATEMENTS[statement]], Trier(of))
    assert found.verdict is Verdict.BROKEN


def test_trying_finds_a_reading_that_takes_silence_for_no() -> None:
    found = check(
        bundle(),
        [STATEMENTS["unknown-is-never-shared"], STATEMENTS["learning-only-closes-gaps"]],
        Trier(bundle(), Hopeful),
    )
    assert {each.verdict for each in found} == {Verdict.BROKEN}


# ---- the file ----------------------------------------------------------------------------------------------------

GOOD = '[[statement]]\nid = "a"\nsays = "A."\nwhen = { record_has = ["privileged"] }\nnever = ["released"]\n'


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("id =\n", None, "not TOML"),
        ('[[statement]]\nid = "a"\nnever = ["released"]\n', 1, "says"),
        (GOOD + "urgent = true\n", None, "urgent"),
        (GOOD.replace("privileged", "priviledged"), 4, "'priviledged' is not a word of the vocabulary"),
        (GOOD.replace("record_has", "record_hass"), None, "record_hass"),
        (GOOD.replace("released", "leaked"), 5, "'leaked' is not an outcome"),
        (GOOD.replace('["released"]', "[]"), 5, "is an empty set"),
        (GOOD.replace('["privileged"]', "[]"), 4, "is an empty set"),
        (GOOD + GOOD, None, "is another statement's id too"),
        (GOOD.replace('"A."', '" "'), 3, "is blank"),
        (GOOD + 'always = ["gap"]\n', None, "give one of `never`, `always` and `proof`"),
        (GOOD.replace('never = ["released"]\n', ""), None, "give one of `never`, `always` and `proof`"),
        (GOOD.replace('never = ["released"]', 'proof = "one-veil"'), None, "a `proof` has none"),
        ('[[statement]]\nid = "a"\nsays = "A."\nproof = "guess"\n', 4, "'guess' is not one of"),
        ('[[statement]]\nid = "a"\nsays = "A."\nnever = ["gap"]\n', None, "`when` belongs to"),
        (GOOD.replace("record_has", "purpose_is"), 4, "'privileged' is not a word"),
        (GOOD.replace('record_has = ["privileged"]', 'purpose_kind_is = ["habit"]'), None, "habit"),
    ],
)
def test_the_file_is_read_strictly(tmp_path: Path, text: str, line: int | None, what: str) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / NAME).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as error:
        load(tmp_path, bundle())
    assert error.value.code == "POLICY_INVALID"
    assert what in error.value.message
    assert (NAME if line is None else f"{NAME}:{line}: ") in error.value.message


def test_a_lost_file_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"tests/invariants.toml: missing"):
        load(tmp_path, bundle())
