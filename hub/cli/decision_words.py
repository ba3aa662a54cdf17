"""Recorded decisions in plain words, for the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from hub.policy.bundle import Bundle, Effect, Rule
from hub.policy.judgements import Judgement, State
from hub.store.judgements import Kept

_BRINGS = {
    Effect.WITHHOLD: "held back",
    Effect.ASK: "held back until the originator agrees",
    Effect.MASK: "masked",
    Effect.NOTICE: "shared with a notice",
    Effect.NOT_BUILT: "held back, as a condition the hub cannot carry out yet",
}


def moment(at: datetime) -> str:
    """``25 Nov 2026 16:40 UTC``, for an aware time in UTC."""
    return f"{at.day} {at:%b %Y %H:%M} UTC"


def effects(judgement: Judgement, bundle: Bundle) -> Iterator[str]:
    """What a judgement that is not withdrawn does, rule by rule, and how well the law of each was checked."""
    word = bundle.vocabulary.labels.get(judgement.word)
    until = f"From now until {moment(judgement.expires_at)}, {_records(judgement)}"
    if word is None:  # it was recorded under policies that had it
        yield f"{until} ARE HELD BACK AS UNDECIDED: the policies in force do not have the word `{judgement.word}`."
        return
    yield f"{until} count as `{judgement.word}`: {word.meaning}."
    yield from _through_rules(judgement.word, bundle)
    yield (
        f"Review it before {moment(judgement.review_at)}: from then on what turns on it is held back as not known, "
        "until it is recorded anew or ends."
    )
    if judgement.local_id is None:
        yield (
            "The child is named by NHS number alone: it does not hold where a question reaches the agency's records "
            "without that number. If the agency has an id of its own for the child, record it with that."
        )


def kinds(bundle: Bundle) -> Iterator[str]:
    """Every kind of decision: what it is, who may make it, how long it lasts at most, what it does."""
    for name, kind in sorted(bundle.vocabulary.judgements.items()):
        yield f"{name}: {kind.meaning}"
        about = "one request, never a standing rule" if kind.one_request else "every request while it lasts"
        parts = "; the whole record or parts" if kind.parts else ""
        yield f"  made by: {', '.join(kind.made_by)}; at most {_lasting(kind.hours_max)}; about {about}{parts}"
        yield from _through_rules(kind.gives, bundle)


def listed(every: Sequence[Kept], at: datetime) -> list[str]:
    """One line for each: no child, no name, no reasons. Empty when there is none."""
    rows = [("reference", "what", "agency", "state", "review", "ends")] if every else []
    for each in every:
        made = each.judgement
        rows.append(
            (made.id, made.kind, made.custodian, each.state(at), moment(made.review_at), moment(made.expires_at))
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def shown(kept: Kept, state: State) -> Iterator[str]:
    """Everything that was recorded. Personal data: for the one who asked for it by reference."""
    made = kept.judgement
    yield f"{made.id}: {made.kind}, {state}"
    yield f"  agency: {made.custodian}"
    if made.nhs_number is not None:
        yield f"  child, NHS number: {made.nhs_number.grouped()}"
    if made.local_id is not None:
        yield f"  child, the agency's own id: {made.local_id}"
    yield f"  records: {', '.join(sorted(made.kinds)) or 'every kind'}"
    if made.record_id is not None:
        yield f"  one record: {made.record_id}"
    if made.fields:
        yield f"  fields: {', '.join(sorted(made.fields))}"
    if made.request is not None:
        asked = made.request
        yield f"  one request: {asked.organisation}, case {asked.case_reference.value}, {asked.purpose}"
    yield f"  decided by {made.decided_by} ({made.post}) on {moment(made.decided_at)}"
    yield f"  recorded {moment(kept.recorded_at)}"
    yield f"  review {moment(made.review_at)}; ends {moment(made.expires_at)}"
    yield f"  reasons: {made.reasons}"
    if kept.withdrawal is not None:
        taken = kept.withdrawal
        yield f"  withdrawn by {taken.by} on {moment(taken.at)}: {taken.reasons}"


def _lasting(hours: int) -> str:
    return f"{hours // 24} days" if hours % 24 == 0 and hours > 72 else f"{hours} hours"


def _through_rules(word: str, bundle: Bundle) -> Iterator[str]:
    """What a word does, and how well the law of each rule was checked."""
    turning = [(rule, said) for rule in bundle.rules if (said := _effect(rule, word)) is not None]
    for rule, said in turning:
        checked = rule.confidence.replace("_", " ")
        note = f" {rule.note}" if rule.note else ""
        yield f"  {said} {rule.title} ({rule.citation}; how well this was checked: {checked}).{note}"
    if not turning:
        yield "  NO RULE TURNS ON THAT WORD: by itself it holds nothing back and releases nothing."


def _records(judgement: Judgement) -> str:
    kinds = f" of kind {', '.join(sorted(judgement.kinds))}" if judgement.kinds else ""
    which = "this child's records" if judgement.record_id is None else "one record of this child"
    parts = f", in the fields {', '.join(sorted(judgement.fields))}," if judgement.fields else ""
    asked = judgement.request
    only = f", for {asked.organisation}'s request under {asked.purpose} on one case only," if asked else ""
    return f"{which}{kinds} at {judgement.custodian}{parts}{only}"


def _effect(rule: Rule, word: str) -> str | None:
    """What a word does through a rule; None when the rule does not speak of it."""
    if word in rule.applies_when.record_has:
        return f"{_BRINGS.get(rule.effect, 'out of scope')}:"
    if any(word in each.record_has for each in rule.does_not_apply_when):
        return "lifted, so no longer a reason to hold back:"
    return None
