"""The kinds of record that were selected and that this question does not reach, each with the line that says so.

Whether anybody holds such a record makes no difference to the line, so it tells nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hub.connectors.base import offered
from hub.domain.disclosure import Outcome, Withheld
from hub.domain.organisations import Custodian
from hub.domain.people import ChildSearch
from hub.policy.bundle import Bundle
from hub.policy.decision import Scope
from hub.service.ask import Asked, Line, is_mother_another, is_mother_linked
from hub.service.question import Question

ABOUT_ADULT = "about_adult"
"""The vocabulary's word."""

BEFORE_BIRTH = "This is looked for only in a question about an unborn child."
NOT_BEFORE_BIRTH = (
    "This was not looked for: of an unborn child's mother nothing but her maternity care is. What she needs herself is "
    "asked about her, under a purpose of her own."
)
NOT_LINKED = (
    "This is the mother's own record, and is shown only where a council recorded whose mother she is. None did, so "
    "neither whether there is any nor whether her whereabouts are restricted is told. Ask the council to record it "
    "with her NHS number, then ask again."
)
LINK_UNKNOWN = (
    "This is the mother's own record, and is shown only where a council recorded whose mother she is. No council could "
    "say for certain, so neither whether there is any nor whether her whereabouts are restricted is told. Ask the "
    "council whose mother she is, then ask again. It does not mean that nothing is known."
)
ANOTHER = (
    "This is the mother's own record, and is shown only where a council recorded whose mother she is. The council and "
    "the NHS say of the mother with this number that she was born on different days, so it may be another woman's: "
    "neither whether there is any record nor whether her whereabouts are restricted is told. Ring both to find out "
    "whose number it is. It does not mean that nothing is known."
)
STEPS = frozenset({BEFORE_BIRTH, NOT_BEFORE_BIRTH, NOT_LINKED, LINK_UNKNOWN, ANOTHER})
"""What is said where it is the question, and not the purpose or the role, that does not reach a kind."""


@dataclass(frozen=True, slots=True)
class Unreached:
    """One question and all whom it could be put to."""

    bundle: Bundle
    asked_of: Sequence[Line]
    question: Question
    search: ChildSearch
    scope: Scope

    def lines(self, asked: Sequence[Asked]) -> Mapping[str, Withheld]:
        """By kind of record, once all have answered; what the purpose does not reach goes before the rest."""
        return {**dict(self._unlinked(asked)), **dict(self._not_looked_for()), **dict(self._out_of_scope())}

    def _out_of_scope(self) -> Iterable[tuple[str, Withheld]]:
        """What this purpose or role does not reach."""
        by_sector = {line.connector.custodian.sector: line.connector.custodian for line in reversed(self.asked_of)}
        step = self.bundle.vocabulary.telling.out_of_scope_next_step
        for kind in sorted(self.question.look - self.scope.kinds):
            custodian = by_sector.get(self.bundle.catalogue[kind].sector)
            if custodian is not None:
                yield kind, _line(kind, custodian, step)

    def _not_looked_for(self) -> Iterable[tuple[str, Withheld]]:
        """What agencies supply, but not in a question like this one; of one that was not asked, its own line tells."""
        step = NOT_BEFORE_BIRTH if self.search.unborn is not None else BEFORE_BIRTH
        offers = [(line.connector, offered(line.connector, self.search)) for line in self.asked_of]
        looked_for = frozenset[str]().union(*(kinds for _, kinds in offers if kinds))
        for connector, kinds in offers:
            supplied = connector.kinds | (getattr(connector, "unborn_kinds", None) or frozenset())
            for kind in sorted(self._selected() & supplied - looked_for if kinds is not None else ()):
                yield kind, _line(kind, connector.custodian, step)

    def _unlinked(self, asked: Sequence[Asked]) -> Iterable[tuple[str, Withheld]]:
        """Of an unborn child's mother, whom no council that was asked surely knows as such: her own record.

        Otherwise whoever has a woman's number could learn that she is expecting, whenever a council does not answer.
        """
        linked = is_mother_linked(asked)
        if self.search.unborn is None or linked:
            return
        unknown = ANOTHER if is_mother_another(asked) else LINK_UNKNOWN
        step, outcome = (unknown, Outcome.GAP) if linked is None else (NOT_LINKED, Outcome.OUT_OF_SCOPE)
        for line in self.asked_of:
            for kind in sorted(self._selected() & (offered(line.connector, self.search) or frozenset())):
                if ABOUT_ADULT in self.bundle.catalogue[kind].labels:
                    yield kind, _line(kind, line.connector.custodian, step, outcome)

    def _selected(self) -> frozenset[str]:
        return self.question.look & self.scope.kinds


def _line(kind: str, custodian: Custodian, step: str, outcome: Outcome = Outcome.OUT_OF_SCOPE) -> Withheld:
    return Withheld(("*",), outcome, None, custodian.contact, step, kind=kind)
