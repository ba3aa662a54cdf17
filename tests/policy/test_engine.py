"""The decision order: against a second implementation, under completion of what is unknown, and at its limits."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.disclosure import Outcome
from hub.domain.organisations import Sector
from hub.domain.records import RecordPointer
from hub.policy.bundle import Rule
from hub.policy.decision import RecordDecision
from hub.policy.engine import DECISIONS_MAX, Policy
from hub.policy.facts import NOTHING_JUDGED, Judged, RequestFacts
from tests.policy import naive
from tests.policy.cases import bundle, pointer, policy, request

LABELS = [*sorted(bundle().vocabulary.labels), "local_code_77"]
KINDS = [*sorted(bundle().catalogue.kinds), "horoscope"]
ROLES = [*sorted(bundle().vocabulary.roles), "locum"]
PURPOSES = [*sorted(bundle().purposes), "curiosity"]
SUBJECT = [*sorted(bundle().vocabulary.subject_facts), "moved_abroad"]

few_labels = st.frozensets(st.sampled_from(LABELS), max_size=4)
field_names = sorted({field.name for kind in bundle().catalogue.kinds.values() for field in kind.fields})
judgements = st.builds(
    Judged,
    words=st.frozensets(st.sampled_from(LABELS), max_size=2),
    stale=st.frozensets(st.sampled_from(LABELS), max_size=2),
    parts=st.frozensets(st.tuples(st.sampled_from(field_names), st.sampled_from(LABELS)), max_size=3),
)
few_facts = st.frozensets(st.sampled_from(SUBJECT), max_size=1)
pointers = st.builds(
    RecordPointer,
    custodian=st.just("council"),
    kind=st.sampled_from(KINDS),
    record_id=st.just("r-1"),
    labels=few_labels,
    undetermined=few_labels,
)
requests = st.builds(
    RequestFacts,
    purpose=st.sampled_from(PURPOSES),
    role=st.sampled_from(ROLES),
    recipient_sector=st.sampled_from(Sector),
    decision_recorded=st.booleans(),
    subject_facts=few_facts,
    subject_unknown=few_facts,
)


def outcome_of(decision: RecordDecision) -> dict[str, naive.Answer]:
    groups = decision.groups
    return {
        name: (
            group.decision.outcome,
            group.decision.handling if group.decision.outcome.releases else group.decision.grounds,
            group.decision.veiled,
        )
        for group in groups
        for name in group.fields
    }


@given(requests, pointers, st.just(NOTHING_JUDGED) | judgements)
@settings(max_examples=500, deadline=None)
def test_the_compiled_engine_agrees_with_the_naive_one(
    facts: RequestFacts, record: RecordPointer, judged: Judged
) -> None:
    assert outcome_of(policy().decide(facts, record, judged)) == naive.decide(bundle(), facts, record, judged)


def assignments(words: list[str]) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """Every way of each word being false, true or not stated: (true, not stated)."""
    for values in itertools.product("FTU", repeat=len(words)):
        pairs = list(zip(words, values, strict=True))
        yield frozenset(w for w, v in pairs if v == "T"), frozenset(w for w, v in pairs if v == "U")


def record_words(rule: Rule) -> list[str]:
    conditions = (rule.applies_when, *rule.does_not_apply_when)
    return sorted({word for condition in conditions for word in condition.record_has})


@pytest.mark.parametrize("rule", bundle().rules, ids=lambda rule: rule.id)
def test_every_state_of_the_words_of_one_rule_agrees(rule: Rule) -> None:
    compiled = Policy(bundle())
    conditions = (rule.applies_when, *rule.does_not_apply_when)
    recipients = bundle().vocabulary.recipients
    given = [sorted(recipients[word])[:1] for condition in conditions for word in condition.recipient_is]
    roles = dict.fromkeys(
        ["mash_social_worker", *(role for each in given for role in each), *(["locum"] if given else [])]
    )
    spoken = {purpose for condition in conditions for purpose in condition.purpose_is}
    purposes = [*sorted(spoken), next(each for each in bundle().purposes if each not in spoken)]
    kind = "patient" if rule.applies_when.classification_is == ("location",) else "case_document"
    for true, unstated in assignments(record_words(rule)):
        record = RecordPointer("council", kind, "r-1", true, unstated)
        for purpose, role in itertools.product(purposes, roles):
            sector = bundle().vocabulary.roles.get(role, Sector.COUNCIL)
            facts = request(purpose=purpose, role=role, recipient_sector=sector)
            assert outcome_of(compiled.decide(facts, record)) == naive.decide(bundle(), facts, record)


@given(requests, pointers, st.data())
@settings(max_examples=200, deadline=None)
def test_what_is_shared_while_facts_are_unknown_is_shared_however_they_turn_out(
    facts: RequestFacts, record: RecordPointer, data: st.DataObject
) -> None:
    """And what is withheld or asked stays so, unless a limit turns out to end the purpose's reach before it."""
    turned_true = data.draw(st.frozensets(st.sampled_from(sorted(record.undetermined) or ["none"])))
    completed = RecordPointer(
        record.custodian,
        record.kind,
        record.record_id,
        (record.labels - record.undetermined) | (turned_true & record.undetermined),
    )
    child_true = facts.subject_unknown if data.draw(st.booleans()) else frozenset[str]()
    known = RequestFacts(
        facts.purpose,
        facts.role,
        facts.recipient_sector,
        facts.decision_recorded,
        (facts.subject_facts - facts.subject_unknown) | child_true,
    )
    before = outcome_of(policy().decide(facts, record))
    after = outcome_of(policy().decide(known, completed))
    for name, (outcome, grounds, _) in before.items():
        if outcome.releases:
            assert after[name][:2] == (outcome, grounds)
        elif outcome is Outcome.WITHHELD:
            assert after[name][0] in (Outcome.WITHHELD, Outcome.OUT_OF_SCOPE)
        elif outcome is Outcome.ASK:
            assert after[name][0] in (Outcome.ASK, Outcome.WITHHELD, Outcome.OUT_OF_SCOPE)


@given(requests, pointers, st.sampled_from(LABELS))
@settings(max_examples=200, deadline=None)
def test_not_stating_a_word_never_shares_more(facts: RequestFacts, record: RecordPointer, word: str) -> None:
    unstated = RecordPointer(
        record.custodian, record.kind, record.record_id, record.labels, record.undetermined | {word}
    )
    before = outcome_of(policy().decide(facts, record))
    after = outcome_of(policy().decide(facts, unstated))
    assert all(before[name][0].releases for name, (outcome, *_) in after.items() if outcome.releases)


@given(requests, pointers, judgements)
@settings(max_examples=200, deadline=None)
def test_a_stale_judgement_shares_only_what_it_would_in_force_and_without_it(
    facts: RequestFacts, record: RecordPointer, judged: Judged
) -> None:
    """Past its review date nobody knows whether it still holds; so nothing is shared that turns on it."""
    engine = policy()
    stale = outcome_of(engine.decide(facts, record, Judged(stale=judged.words)))
    for settled in (Judged(words=judged.words), NOTHING_JUDGED):
        after = outcome_of(engine.decide(facts, record, settled))
        assert all(after[name][0].releases for name, (outcome, *_) in stale.items() if outcome.releases)


@given(requests, pointers, st.sampled_from(LABELS), st.sampled_from(field_names))
@settings(max_examples=200, deadline=None)
def test_a_judgement_on_one_field_changes_no_other(
    facts: RequestFacts, record: RecordPointer, word: str, name: str
) -> None:
    if word in bundle().vocabulary.labels:
        before = outcome_of(policy().decide(facts, record))
        after = outcome_of(policy().decide(facts, record, Judged(parts=frozenset({(name, word)}))))
        whole = outcome_of(policy().decide(facts, record, Judged(words=frozenset({word}))))
        assert after == {each: whole[each] if each == name else before[each] for each in before}


@given(requests, pointers)
@settings(max_examples=200, deadline=None)
def test_nothing_is_released_without_a_gateway_and_no_gateway_given_to_what_is_not(
    facts: RequestFacts, record: RecordPointer
) -> None:
    decision = policy().decide(facts, record)
    for group in decision.groups:
        assert (group.decision.gateway == facts.purpose) == group.decision.outcome.releases
        assert bool(group.decision.missing) == (group.decision.outcome is Outcome.GAP)
        assert bool(group.decision.grounds) or group.decision.outcome not in (Outcome.WITHHELD, Outcome.ASK)
    assert decision.any_released == any(each.outcome.releases for each in decision.fields.values())
    assert not (decision.any_released and decision.whole)


HOLDERS = {kind.sector for kind in bundle().catalogue.kinds.values()}


@pytest.mark.parametrize(
    ("purpose", "role", "sectors", "a_kind", "not_a_kind"),
    [
        ("ca1989-s47", "mash_social_worker", HOLDERS, "intelligence", "horoscope"),
        ("ca2004-s16la", "mash_nurse", HOLDERS, "immigration_status", "horoscope"),
        ("ca1989-s17", "early_help_worker", HOLDERS, "attendance", "intelligence"),
        ("ca1989-s17", "mash_police_officer", set(), None, "incident"),
        ("ca1989-s17", "locum", HOLDERS, "incident", "warning_marker"),
        ("curiosity", "mash_social_worker", set(), None, "attendance"),
    ],
    ids=[
        "a section 47 enquiry reaches everything",
        "the duty to share reaches everything",
        "section 17 does not reach intelligence",
        "section 17 is not for the police",
        "an unknown role narrows nothing yet",
        "an unknown purpose reaches nothing",
    ],
)
def test_scope(purpose: str, role: str, sectors: set[Sector], a_kind: str | None, not_a_kind: str) -> None:
    compiled = policy()
    scope = compiled.scope(purpose, role)
    assert scope.sectors == sectors
    assert not_a_kind not in scope.kinds
    assert a_kind is None or a_kind in scope.kinds
    assert compiled.scope(purpose, role) == scope
    assert compiled.scope(purpose, "mash_social_worker").sectors == (HOLDERS if purpose in bundle().purposes else set())


@given(requests, st.sampled_from(sorted(bundle().catalogue.kinds)))
def test_scope_and_decisions_agree(facts: RequestFacts, kind: str) -> None:
    """What a role's own sector may be told of a record that carries no label is the scope: no more need be asked for."""
    sector = bundle().vocabulary.roles.get(facts.role)
    if sector is not None:
        same = RequestFacts(facts.purpose, facts.role, sector, facts.decision_recorded)
        decided = policy().decide(same, pointer(kind)).fields
        reached = policy().scope(facts.purpose, facts.role).fields.get(kind, frozenset())
        told = {name for name, each in decided.items() if each.outcome is not Outcome.OUT_OF_SCOPE}
        assert told == reached


def test_decisions_are_kept_up_to_the_limit_and_the_oldest_dropped_beyond_it() -> None:
    compiled = Policy(bundle())
    first = pointer("attendance", "local_0")
    kept = compiled.decide(request(), first)
    for number in range(1, DECISIONS_MAX):
        compiled.decide(request(), pointer("attendance", f"local_{number}"))
    assert compiled.decide(request(), first) is kept  # n
    compiled.decide(request(), pointer("attendance", f"local_{DECISIONS_MAX}"))
    assert compiled.decide(request(), first) is not kept  # n + 1
    last = pointer("attendance", f"local_{DECISIONS_MAX}")
    assert compiled.decide(request(), last) is compiled.decide(request(), last)


@pytest.mark.parametrize(
    "other",
    [
        request(purpose="ca2004-s16la"),
        request(role="mash_nurse"),
        request(recipient_sector=Sector.HEALTH),
        request(decision_recorded=False),
        request(subject_facts=frozenset({"restricted_location"})),
        request(subject_unknown=frozenset({"restricted_location"})),
    ],
    ids=["purpose", "role", "sector", "decision", "fact of the child", "unknown fact of the child"],
)
def test_every_fact_read_is_in_the_key_of_a_kept_decision(other: RequestFacts) -> None:
    compiled = Policy(bundle())
    record = pointer("council_address", "confidence_heightened family_court_document")
    compiled.decide(request(), record)
    assert compiled.decide(other, record) == Policy(bundle()).decide(other, record)
    assert compiled.decide(request(), pointer("council_address")) == Policy(bundle()).decide(
        request(), pointer("council_address")
    )


def test_roles_nobody_knows_share_one_kept_scope() -> None:
    """Roles come from outside too: what is kept for them must not grow with them."""
    compiled = policy()
    assert compiled.scope("ca1989-s17", "locum") is compiled.scope("ca1989-s17", "another")


def test_the_digest_is_the_bundles() -> None:
    assert policy().digest == bundle().digest
