"""Why a record is decided as it is, in English: for the searcher, and for the reviewer who may know the true ground."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from hub.domain.disclosure import Confidence, Outcome
from hub.domain.records import RecordPointer
from hub.policy.bundle import Effect
from hub.policy.compile import TRUE, Reading
from hub.policy.decision import FieldDecision, Line, RecordDecision
from hub.policy.engine import Policy
from hub.policy.facts import NOTHING_JUDGED, Judged, RequestFacts
from hub.policy.prose import CHECKED, SECTORS, sentence

_EFFECTS = {
    Effect.WITHHOLD: "withholds",
    Effect.ASK: "needs its originator's agreement",
    Effect.MASK: "masks",
    Effect.NOTICE: "shares with a notice",
    Effect.NOT_BUILT: "cannot be carried out yet",
    Effect.OUT_OF_SCOPE: "puts it out of scope",
}
_WORDS = {
    Outcome.SHARED: "shared",
    Outcome.SHARED_WITH_HANDLING: "shared with handling",
    Outcome.WITHHELD: "withheld",
    Outcome.ASK: "ask the originator",
    Outcome.GAP: "gap (a fault in the data or the rules, not a refusal)",
    Outcome.OUT_OF_SCOPE: "out of scope",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision in English, one line a sentence.

    ``searcher`` says no more than the answer itself did. ``reviewer`` names the true grounds, veiled ones too: it is
    for those who may read the log's sealed part. Neither holds a value of the record.
    """

    decision: RecordDecision
    searcher: tuple[str, ...]
    reviewer: tuple[str, ...] = field(repr=False)


def explain(
    request: RequestFacts, pointer: RecordPointer, policy: Policy, judged: Judged = NOTHING_JUDGED
) -> Explanation:
    """Explain what ``policy`` decides for the record pointed at in ``request``, given what people judged of it."""
    decision = policy.decide(request, pointer, judged)
    return Explanation(decision, _for_searcher(decision), _for_reviewer(request, pointer, judged, decision, policy))


def _for_searcher(decision: RecordDecision) -> tuple[str, ...]:
    if not decision.any_released:
        if not decision.whole_lines:
            return ("Nothing is told: the purpose does not reach this, so held and not held are the same answer.",)
        return tuple(_line(line) for line in decision.whole_lines)
    assert decision.spec is not None  # something is released, so the kind is catalogued
    said = [
        f"{decision.spec.title}: {', '.join(group.fields)}: {_WORDS[group.decision.outcome]}."
        for group in decision.groups
        if group.decision.outcome.releases
    ]
    said += [
        f"With {', '.join(notice.fields)}: {notice.notice} ({_law(notice.citation, notice.confidence)})"
        for notice in decision.notices
    ]
    return (*said, *(_line(line) for line in decision.lines))


def _line(line: Line) -> str:
    what = "The whole record" if line.fields == ("*",) else ", ".join(line.fields)
    if line.impediment is not None:
        named = line.impediment
        why = f": {named.title} ({_law(named.citation, named.confidence)})"
        return f"{what}: {_WORDS[line.outcome]}{why}.{_note(named.note)} {line.next_step}"
    return f"{what}: {_WORDS[line.outcome]}. {line.next_step}"


def _for_reviewer(
    request: RequestFacts, pointer: RecordPointer, judged: Judged, decision: RecordDecision, policy: Policy
) -> tuple[str, ...]:
    said = [f"Policies {policy.digest}, law in force on {policy.bundle.on}."]
    purpose = policy.bundle.purposes.get(request.purpose)
    if purpose is None:
        said.append("The purpose is not one of the gateways: nothing is in its scope.")
    else:
        law = _law(purpose.citation, purpose.confidence)
        said.append(f"Purpose {purpose.id}: {purpose.title} ({law}).{_note(purpose.note)}")
        if request.recipient_sector not in purpose.recipient_sectors:
            said.append(f"It is not open to this sector: {SECTORS[request.recipient_sector]}.")
        elif not purpose.open_to(request.recipient_sector, request.role):
            said.append("It is not open to the searcher's role.")
    said += _judged(judged, pointer, decision, policy)
    said += [f"{', '.join(group.fields)}: {_decided(group.decision)}." for group in decision.groups]
    if decision.spec is None:
        return (*said, "The kind of record is not catalogued.")
    return (*said, *(_read(reading) for reading in policy.readings(request, pointer, judged)))


def _judged(judged: Judged, pointer: RecordPointer, decision: RecordDecision, policy: Policy) -> Iterator[str]:
    """What people decided about the record, word by word. A word that is not in the vocabulary is never repeated."""
    known = policy.bundle.vocabulary.labels
    decided = "A person decided"
    stated = pointer.labels - pointer.undetermined | (decision.spec.labels if decision.spec else frozenset())
    for word in sorted(judged.words & known.keys()):
        yield f"{decided}: {word} ({known[word].meaning})."
    for word in sorted({word for _, word in judged.parts} & known.keys()):
        fields = sorted(field for field, given in judged.parts if given == word)
        yield f"{decided}, for {', '.join(fields)} alone: {word} ({known[word].meaning})."
    for word in sorted((judged.stale - judged.words) & known.keys()):
        stands = "the holder's own system states it" if word in stated else "it counts as not known"
        yield f"{decided}, and the review is overdue: {word} ({known[word].meaning}): {stands}."
    every = judged.words | judged.stale | {word for _, word in judged.parts}
    if not every <= known.keys():
        yield f"{decided} something for which the vocabulary has no word."


def _read(reading: Reading) -> str:
    rule = reading.rule
    named = f"{rule.id} ({_law(rule.citation, rule.confidence)})"
    if reading.lifted_because is not None:
        said = f" does not apply: {reading.lifted_because}."
    elif reading.verdict == TRUE:
        why = f": {sentence(rule.explain)}" if rule.effect is Effect.OUT_OF_SCOPE and rule.explain else "."
        lift = f" It can be lifted by {rule.who_can_lift_it}." if rule.who_can_lift_it else ""
        said = f" {_EFFECTS[rule.effect]}{why}{lift}"
    else:
        said = " cannot be ruled out."
    return f"{named}{said}{_note(rule.note)}"


def _law(citation: str, confidence: Confidence) -> str:
    """What a rule rests on, and how well that was checked."""
    return f"{citation}; {CHECKED[confidence]}"


def _note(note: str) -> str:
    """What of the law was not read, or needs a lawyer's eye."""
    return f" On the law: {sentence(note)}" if note else ""


def _decided(decided: FieldDecision) -> str:
    parts = [_WORDS[decided.outcome]]
    if decided.grounds:
        parts.append(f"because of {', '.join(decided.grounds)}")
    if decided.veiled:
        parts.append("veiled to the searcher")
    elif decided.hidden:
        parts.append("the kind hidden from the searcher")
    if decided.missing:
        parts.append(f"not known: {', '.join(decided.missing)}")
    if decided.gateway:
        parts.append(f"through {decided.gateway}")
    if decided.handling:
        parts.append(f"handled as {', '.join(decided.handling)}")
    return "; ".join(parts)
