"""Checks that what must always hold of a set of policies does: proved where the solver is installed, else tried.

``tests/invariants.toml`` says what must hold. A statement that no question could be about says nothing, and fails too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hub.policy.assurance import proofs, statements
from hub.policy.assurance.claims import Finder
from hub.policy.assurance.prover import Prover
from hub.policy.assurance.reading import Reading
from hub.policy.assurance.statements import Statement
from hub.policy.assurance.trier import TRIES_MAX, Trier
from hub.policy.bundle import Bundle
from hub.policy.engine import Policy


class Verdict(StrEnum):
    """How a statement came out."""

    PROVED = "proved"
    NOT_PROVED = "not proved"  # no counterexample among the questions tried
    BROKEN = "broken"
    SAYS_NOTHING = "says nothing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement and how it came out.

    Attributes:
        told: for people: the counterexample, or how many questions were tried; empty when proved.
    """

    id: str
    says: str
    verdict: Verdict
    told: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against it."""
        return self.verdict in (Verdict.PROVED, Verdict.NOT_PROVED)


def load(directory: Path, bundle: Bundle) -> tuple[Statement, ...]:
    """The statements kept with the policies in ``directory``; ConfigurationError ``POLICY_INVALID`` as for policies."""
    return statements.load_statements(directory, bundle, proofs.PROOFS)


def finder(bundle: Bundle, reading: type[Reading[Any]] = Reading) -> Finder:
    """The solver where it is installed (``safeguarding-hub[assurance]``), else trying."""
    return Prover(bundle, reading) if find_spec("z3") else Trier(bundle, reading)


def check(
    bundle: Bundle, given: Iterable[Statement], using: Finder | None = None, engine: Policy | None = None
) -> list[Finding]:
    """How each of ``given`` comes out for ``bundle``, in order; what is told is as ``engine`` decides and tells it."""
    looking = using or finder(bundle)
    policy = engine or Policy(bundle)
    return [_proof(policy, each, looking) if each.proof else _outcomes(policy, each, looking) for each in given]


def _outcomes(policy: Policy, statement: Statement, looking: Finder) -> Finding:
    case = looking.find(statement.broken, statement.about, short=True)
    if case is not None:
        told = proofs.told(policy, case)
        return Finding(statement.id, statement.says, Verdict.BROKEN, told)
    if looking.proves and looking.find(statement.premise) is None:
        told = "No question in scope is like this: change the statement, or take it out."
        return Finding(statement.id, statement.says, Verdict.SAYS_NOTHING, told)
    return _holds(statement, looking)


def _proof(policy: Policy, statement: Statement, looking: Finder) -> Finding:
    problem = proofs.PROOFS[statement.proof](policy, looking, statement.words)
    if problem is not None:
        return Finding(statement.id, statement.says, Verdict.BROKEN, problem)
    return _holds(statement, looking)


def _holds(statement: Statement, looking: Finder) -> Finding:
    if looking.proves:
        return Finding(statement.id, statement.says, Verdict.PROVED)
    told = f"Up to {TRIES_MAX} questions tried. To prove it, install the extra `assurance` (the solver z3)."
    return Finding(statement.id, statement.says, Verdict.NOT_PROVED, told)
