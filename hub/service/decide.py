"""Step 7: decide every field of every record, existence before content, and number what is held back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import msgspec

from hub.domain.disclosure import ReleasedRecord, Withheld
from hub.domain.organisations import Custodian
from hub.domain.records import RecordPointer
from hub.policy.decision import RecordDecision
from hub.policy.engine import Policy
from hub.policy.facts import Judged, RequestFacts
from hub.policy.release import is_beyond, release, withheld_whole
from hub.service.ask import Asked
from hub.service.judging import Judging


@dataclass(frozen=True, slots=True)
class Decided:
    """One record, decided: what leaves of it (None: nothing), and the numbered lines about what does not.

    The decision keeps the true grounds for the log; the lines hold only what the searcher may be told. ``judged`` is
    what people had decided about it; None for a record that is older than the purpose looks back.
    """

    pointer: RecordPointer
    decision: RecordDecision
    released: ReleasedRecord | None
    lines: tuple[Withheld, ...]
    judged: Judged | None = None


def decide_all(
    policy: Policy,
    facts: RequestFacts,
    asked: Sequence[Asked],
    at: datetime,
    *,
    judging: Judging,
    read: frozenset[str],
    since: date | None = None,
) -> list[Decided]:
    """Every record of every custodian that surely holds the child, in the custodians' order.

    Args:
        policy: the rules in force.
        facts: what is known of the question and the child.
        asked: what the custodians answered.
        at: now (aware, UTC).
        judging: what people have decided, as far as it was known when records were fetched.
        read: the kinds whose content was selected.
        since: the day the purpose looks back to; what is surely older is out of scope and not told, record by record:
            the answer says once that nobody looked further back.

    Records that were found but not fetched, because nothing selected them, leave a trace only if they are held back
    whole: that something is held back is told whichever lists were selected.
    """
    decided = []
    ordinal = 0
    finally_known = judging.knowing(one.same.candidate for one in asked if one.same is not None)
    for pointer, custodian, one in _records(asked):
        assert one.same is not None  # its records are here
        judged = finally_known.about(one.same.candidate, pointer)
        decision = policy.decide(facts, pointer, judged)
        held = one.held.get(pointer)
        if held is None and decision.any_released and pointer.kind in read:
            # What lifts the bar was learnt too late to fetch the record: it is told as it was then, not passed over.
            judged = judging.about(one.same.candidate, pointer)
            decision = policy.decide(facts, pointer, judged)
        released = None
        if since and held is not None and decision.spec is not None and is_beyond(held, decision.spec, since):
            decided.append(Decided(pointer, policy.beyond_look_back(pointer), None, ()))
            continue
        if held is not None and decision.any_released:
            released = release(held, decision, custodian, at)
            lines = released.withheld
        elif not decision.any_released:
            lines = withheld_whole(pointer, decision, custodian, at)
        else:
            continue
        numbered = tuple(replace(line, ordinal=ordinal + n) for n, line in enumerate(lines, 1))
        ordinal += len(numbered)
        if released is not None:
            released = msgspec.structs.replace(released, withheld=numbered)
        decided.append(Decided(pointer, decision, released, numbered, judged))
    return decided


def _records(asked: Sequence[Asked]) -> Iterator[tuple[RecordPointer, Custodian, Asked]]:
    for one in asked:
        if one.same is not None and one.found is not None:
            for pointer in one.found.pointers:
                yield pointer, one.connector.custodian, one
