"""Finds questions with the solver z3 (``safeguarding-hub[assurance]``): what it does not find is not there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from hub.domain.organisations import Sector
from hub.policy.assurance.cases import Case
from hub.policy.assurance.claims import Claim, PairClaim
from hub.policy.assurance.question import NONE, Question, consistent, question
from hub.policy.assurance.reading import Reading
from hub.policy.bundle import Bundle


class Prover:
    """The solver z3. A claim that no question meets is refuted for all of them."""

    proves = True

    def __init__(self, bundle: Bundle, reading: type[Reading[Any]] = Reading) -> None:
        """Read ``bundle`` once for a question of which nothing is known, and once more for pairs."""
        import z3  # type: ignore[import-untyped]

        self._z3, self._bundle = z3, bundle
        self._solver = z3.Solver()
        self._readings = [self._reading(reading, prefix) for prefix in ("", "other ")]

    def _reading(self, reading: type[Reading[Any]], prefix: str) -> Reading[Any]:
        logic = _Formulas(self._z3)
        asked = question(self._bundle, lambda name: self._z3.Bool(prefix + name))
        self._solver.add(consistent(self._bundle, asked, logic))
        return reading(self._bundle, asked, logic)

    def find(self, claim: Claim, about: Collection[str] = (), *, short: bool = False) -> Case | None:
        """A question of which ``claim`` holds; None when there is none."""
        del about
        found = self._found(claim(self._readings[0]), self._readings[:1], short=short)
        return found[0] if found else None

    def find_pair(self, claim: PairClaim, about: Collection[str] = ()) -> tuple[Case, Case] | None:
        """Two questions of which ``claim`` holds, with as few facts as may be."""
        del about
        found = self._found(claim(*self._readings), self._readings, short=True)
        return (found[0], found[1]) if found else None

    def _found(self, formula: Any, readings: Sequence[Reading[Any]], *, short: bool) -> list[Case]:
        self._solver.push()
        try:
            self._solver.add(formula)
            if self._solver.check() != self._z3.sat:
                return []
            for plain in self._plainer(readings) if short else ():
                self._solver.push()
                self._solver.add(plain)
                if self._solver.check() != self._z3.sat:
                    self._solver.pop()  # what stays pushed is undone below
            self._solver.check()
            model = self._solver.model()
            return [self._case(model, each.asked) for each in readings]
        finally:
            self._solver.pop(self._solver.num_scopes())

    def _plainer(self, readings: Sequence[Reading[Any]]) -> Iterator[Any]:
        """What makes a counterexample shorter to read, most wanted first."""
        for each in readings:
            asked = each.asked
            yield self._z3.Not(asked.odd)
            yield asked.decided
            yield self._z3.Not(asked.role[NONE])
            yield self._z3.Or(asked.sector[Sector.COUNCIL], asked.sector[Sector.POLICE], asked.sector[Sector.HEALTH])
            for true, unknown in (*asked.record.values(), *asked.child.values()):
                yield self._z3.Not(unknown)
                yield self._z3.Not(true)

    def _case(self, model: Any, asked: Question[Any]) -> Case:
        def so(value: Any) -> bool:
            return bool(self._z3.is_true(model.eval(value, model_completion=True)))

        return Case.of(
            self._bundle,
            Question(
                purpose={name: so(each) for name, each in asked.purpose.items()},
                role={name: so(each) for name, each in asked.role.items()},
                sector={name: so(each) for name, each in asked.sector.items()},
                kind={name: so(each) for name, each in asked.kind.items()},
                classification={name: so(each) for name, each in asked.classification.items()},
                record={name: (so(true), so(unknown)) for name, (true, unknown) in asked.record.items()},
                child={name: (so(true), so(unknown)) for name, (true, unknown) in asked.child.items()},
                decided=so(asked.decided),
                odd=so(asked.odd),
            ),
        )


class _Formulas:
    """The logic of the solver's formulas."""

    def __init__(self, z3: Any) -> None:
        self._z3 = z3

    def all_of(self, values: Sequence[Any]) -> Any:
        return self._z3.And(*values)

    def any_of(self, values: Sequence[Any]) -> Any:
        return self._z3.Or(*values)

    def exactly_one(self, values: Sequence[Any]) -> Any:
        return self._z3.PbEq([(value, 1) for value in values], 1)

    def negated(self, value: Any) -> Any:
        return self._z3.Not(value)
