"""An explanation says as much as its reader may know: the searcher what the answer said, the reviewer the true ground."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from hub.domain.organisations import Sector
from hub.domain.records import RecordPointer
from hub.policy.bundle import Condition, Effect
from hub.policy.engine import Policy
from hub.policy.explain import explain
from hub.policy.facts import Judged, RequestFacts
from tests.policy.cases import bundle, pointer, policy, request
from tests.policy.test_engine import pointers, requests

RESTRICTED = request(subject_facts=frozenset({"restricted_location"}))
LPP = bundle().impediments["imp-lpp"]
LPP_LAW = f"{LPP.citation}; general knowledge: check before relying on it"
TELLING = bundle().vocabulary.telling


def names(kind: str) -> str:
    """The fields of a kind of record, as explanations list them."""
    return ", ".join(each.name for each in bundle().catalogue[kind].fields)


DOCUMENT = names("case_document")


@pytest.mark.parametrize(
    ("facts", "record", "searcher", "reviewer"),
    [
        (
            request(),
            pointer("contact"),
            ("Contact with children's social care: on, contact_source, outcome: shared.",),
            ("on, contact_source, outcome: shared; through ca1989-s47.",),
        ),
        (
            request(),
            pointer("case_document", "privileged"),
            (
                f"The whole record: withheld: {LPP.title} ({LPP_LAW}). On the law: {LPP.note} {LPP.next_step}",
            ),
            (
                f"{DOCUMENT}: withheld; because of imp-lpp.",
                "withholds. It can be lifted by the client: the head of legal",
                f" On the law: {LPP.note}",
            ),
        ),
        (
            request(),
            pointer("case_document", "privileged", "adoption_s56"),
            ("The whole record: withheld: Legal professional privilege (",),
            ("because of imp-lpp; the kind hidden from the searcher.", "imp-adoption-s57 (Adoption", "cannot be ruled out."),
        ),
        (
            request(),
            pointer("case_document", "privileged court_order"),
            ("The whole record: withheld: Court order restricting disclosure (",),
            (f"{DOCUMENT}: withheld; because of imp-court-order, imp-lpp.",),
        ),
        (
            request(),
            pointer("intelligence"),
            (f"The whole record: gap (a fault in the data or the rules, not a refusal). {TELLING.gap_next_step}",),
            ("the kind hidden from the searcher; not known: handling_code_c, handling_code_p.",),
        ),
        (
            request(purpose="ca2004-s16la"),
            pointer("case_document", "family_court_document accuracy_disputed"),
            ("Document on the case file: on, ti", f"With {DOCUMENT}: Acc", f"With {DOCUMENT}: From"),
            ("handled as accuracy-disputed, family-court-document.",),
        ),
        (
            request(),
            pointer("adoption_record"),
            (f"The whole record: withheld. {TELLING.veiled_next_step}",),
            ("because of imp-adoption-s57; veiled to the searcher.", "; the official text was read) withholds."),
        ),
        (
            RESTRICTED,
            pointer("council_address"),
            (
                "Address, as the council knows it: address_type, from_date, to_date: shared.",
                f"address, postcode, area: withheld. {TELLING.veiled_next_step}",
            ),
            ("address, postcode, area: withheld; because of restricted-location; veiled to the searcher.", " masks."),
        ),
        (
            request(),
            pointer("attendance", "yp_objection"),
            (
                "Attendance or contact: on, attendance_type, status, place, summary, discharge: shared with handling.",
                "With on, attendance_type, status, place, summary, discharge: The young person objects",
            ),
            (
                "; through ca1989-s47; handled as young-person-objection.",
                "; a secondary source was read) does not apply: serious harm: a s.47 enquiry",
                "young-person-objection (Gillick",
                ") shares with a notice.",
            ),
        ),
        (
            request(),
            pointer("case_document", "originator_condition"),
            ("The whole record: ask the originator: Originator's condition",),
            ("ask the originator; because of imp-originator-marac.", ") needs its originator's agreement."),
        ),
        (
            request(),
            pointer("case_document", "", "privileged"),
            ("The whole record: gap (a fault in the data or the rules, not a refusal). It is not known whether this is leg",),
            ("gap (a fault in the data or the rules, not a refusal); because of imp-lpp; not known: privileged.",),
        ),
        (
            request(purpose="ca1989-s17"),
            pointer("intelligence", "handling_code_c"),
            ("Nothing is told: the purpose does not reach this, so held and not held are the same answer.",),
            (f"{names('intelligence')}: out of scope.", "Purpose ca1989-s17: Child in need assessment and services (Children"),
        ),
        (
            request(purpose="ca1989-s17", role="mash_nurse", recipient_sector=Sector.HEALTH),
            pointer("contact"),
            ("Nothing is told",),
            ("It is not open to this sector: the NHS.",),
        ),
        (
            request(purpose="curiosity"),
            pointer("contact"),
            ("Nothing is told",),
            ("The purpose is not one of the gateways: nothing is in its scope.",),
        ),
        (
            request(),
            pointer("horoscope"),
            (f"The whole record: gap (a fault in the data or the rules, not a refusal). {TELLING.gap_next_step}",),
            ("*: gap (a fault in the data or the rules, not a refusal); the kind hidden", "The kind of record is not catalogued."),
        ),
    ],
    ids=[
        "shared",
        "open",
        "open beside a possible veiled one",
        "two grounds",
        "two missing facts",
        "two notices",
        "veiled",
        "veiled fields",
        "lifted, with a notice",
        "ask",
        "gap",
        "kind out of scope",
        "purpose of another sector",
        "unknown purpose",
        "unknown kind",
    ],
)  # fmt: skip
def test_explanations(
    facts: RequestFacts, record: RecordPointer, searcher: tuple[str, ...], reviewer: tuple[str, ...]
) -> None:
    explained = explain(facts, record, policy())
    assert len(explained.searcher) == len(searcher)
    for said, line in zip(searcher, explained.searcher, strict=True):
        assert line.startswith(said)
    assert explained.reviewer[0] == f"Policies {bundle().digest}, law in force on 2026-11-20."
    together = "\n".join(explained.reviewer)
    assert [said for said in reviewer if said not in together] == []
    assert all(said in explained.reviewer for said in reviewer if said.startswith(("The ", "It ")))
    assert explained.decision == policy().decide(facts, record)


PRIVILEGED = pointer("case_document", "privileged")
WAIVED = bundle().vocabulary.labels["privilege_waived"].meaning


@pytest.mark.parametrize(
    ("record", "judged", "expected", "outcome"),
    [
        (
            PRIVILEGED,
            Judged(words=frozenset({"privilege_waived"})),
            f"A person decided: privilege_waived ({WAIVED}).",
            "shared; through ca1989-s47",
        ),
        (
            PRIVILEGED,
            Judged(stale=frozenset({"privilege_waived"})),
            f"A person decided, and the review is overdue: privilege_waived ({WAIVED}): it counts as not known.",
            "not known: privilege_waived",
        ),
        (
            pointer("case_document", "privileged privilege_waived"),
            Judged(stale=frozenset({"privilege_waived"})),
            f"the review is overdue: privilege_waived ({WAIVED}): the holder's own system states it.",
            "shared; through ca1989-s47",
        ),
        (
            pointer("case_document", "privileged privilege_waived", "privilege_waived"),
            Judged(stale=frozenset({"privilege_waived"})),
            "it counts as not known.",
            "not known: privilege_waived",
        ),
        (
            PRIVILEGED,
            Judged(parts=frozenset({("title", "privilege_waived"), ("on", "privilege_waived")})),
            f"A person decided, for on, title alone: privilege_waived ({WAIVED}).",
            "on, title: shared; through ca1989-s47",
        ),
        (
            PRIVILEGED,
            Judged(words=frozenset({"local_code_77"}), parts=frozenset({("on", "local_code_78")})),
            "A person decided something for which the vocabulary has no word.",
            "withheld; because of imp-lpp",
        ),
    ],
    ids=["in force", "overdue", "overdue, but stated", "overdue, and stated both ways", "parts", "unknown word"],
)
def test_the_reviewer_is_told_what_people_decided(
    record: RecordPointer, judged: Judged, expected: str, outcome: str
) -> None:
    explained = explain(request(), record, policy(), judged)
    told = "\n".join(explained.reviewer)
    assert expected in told
    assert outcome in told
    assert "local_code" not in told
    assert "A person decided" not in "\n".join(explained.searcher)
    assert explained.decision == policy().decide(request(), record, judged)


def test_nothing_is_said_of_judgements_where_nobody_made_any() -> None:
    assert "A person decided" not in "\n".join(explain(request(), PRIVILEGED, policy()).reviewer)


def limited(record_has: str, **parts: object) -> Policy:
    """The policies with one more limit, about records that carry a word."""
    limit = replace(
        LPP,
        id="scope-example",
        effect=Effect.OUT_OF_SCOPE,
        explain="Sharing goes only so far.",
        applies_when=Condition((record_has,)),
        does_not_apply_when=(),
        who_can_lift_it="",
        carried_out_by="rule",
        **parts,  # type: ignore[arg-type]
    )
    return Policy(replace(bundle(), limits={**bundle().limits, limit.id: limit}))


def test_a_limit_says_its_reason_to_the_reviewer_and_no_more_than_the_answer_to_the_searcher() -> None:
    kept = limited("victim_material", note="Half of it was read.")
    explained = explain(request(), pointer("case_document", "victim_material"), kept)
    assert explained.searcher == (
        "Nothing is told: the purpose does not reach this, so held and not held are the same answer.",
    )
    assert explained.reviewer[-2] == (
        f"scope-example ({LPP_LAW}) puts it out of scope: Sharing goes only so far. On the law: Half of it was read."
    )
    assert f"{DOCUMENT}: out of scope; because of scope-example." in explained.reviewer


def test_every_effect_has_words() -> None:
    for effect in Effect:
        rule = replace(LPP, effect=effect, veiled=False)
        kept = Policy(replace(bundle(), impediments={**bundle().impediments, rule.id: rule}))
        assert any(said.startswith("imp-lpp (") for said in explain(request(), PRIVILEGED, kept).reviewer)


def test_the_reviewer_is_told_that_a_purpose_is_not_open_to_a_role() -> None:
    narrow = replace(
        bundle().purposes["ca1989-s47"], recipient_roles=frozenset({"mash_police_officer"}), note="Part read"
    )
    kept = Policy(replace(bundle(), purposes={**bundle().purposes, narrow.id: narrow}))
    told = explain(request(), pointer("contact"), kept).reviewer
    assert "It is not open to the searcher's role." in told
    assert told[1].endswith("; the official text was read). On the law: Part read.")


@given(requests, pointers)
@settings(max_examples=200, deadline=None)
def test_the_searchers_explanation_never_says_a_veiled_ground_and_the_reviewers_always_does(
    facts: RequestFacts, record: RecordPointer
) -> None:
    explained = explain(facts, record, policy())
    said, told = "\n".join(explained.searcher), "\n".join(explained.reviewer)
    openly = {rule.citation for rule in bundle().rules if not rule.veiled}
    for rule in bundle().rules:
        if rule.veiled:
            assert rule.id not in said
            assert rule.title not in said
            assert rule.citation in openly or rule.citation not in said
    for group in explained.decision.groups:
        assert all(ground in told for ground in group.decision.grounds)
    assert "local_code_77" not in said + told
