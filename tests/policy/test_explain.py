"""An explanation says as much as its reader may know: the searcher what the answer said, the reviewer the true ground."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from hub.domain.organisations import Sector
from hub.domain.records import RecordPointer
from hub.policy.explain import explain
from hub.policy.facts import RequestFacts
from tests.policy.cases import bundle, pointer, policy, request
from tests.policy.test_engine import pointers, requests

RESTRICTED = request(subject_facts=frozenset({"restricted_location"}))
LPP = bundle().impediments["imp-lpp"]
TELLING = bundle().vocabulary.telling


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
                f"The whole record: withheld: {LPP.title} ({LPP.citation}; how well this was checked: general). {LPP.next_step}",
            ),
            (
                "on, title, document_type, summary: withheld; because of imp-lpp.",
                "withholds. It can be lifted by the client: the head of legal",
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
            ("on, title, document_type, summary: withheld; because of imp-court-order, imp-lpp.",),
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
            ("Document on the case file: on, ti", "With on, title, document_type, summary: Acc", "With on, title, document_type, summary: From"),
            ("handled as accuracy-disputed, family-court-document.",),
        ),
        (
            request(),
            pointer("adoption_record"),
            (f"The whole record: withheld. {TELLING.veiled_next_step}",),
            ("because of imp-adoption-s57; veiled to the searcher.", "how well this was checked: verified) withholds."),
        ),
        (
            RESTRICTED,
            pointer("council_address"),
            (
                "Address, as the council knows it: address_type, from_date, to_date: shared.",
                f"address, postcode: withheld. {TELLING.veiled_next_step}",
            ),
            ("address, postcode: withheld; because of restricted-location; veiled to the searcher.", " masks."),
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
                "how well this was checked: verified secondary) does not apply: serious harm: a s.47 enquiry",
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
            ("on, summary, grade: out of scope.", "Purpose ca1989-s17: Child in need assessment and services (Children"),
        ),
        (
            request(purpose="ca1989-s17", role="mash_nurse", recipient_sector=Sector.HEALTH),
            pointer("contact"),
            ("Nothing is told",),
            ("Agencies of the health sector may not state this purpose.",),
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
    assert all(said in explained.reviewer for said in reviewer if said.startswith(("The ", "Agencies ")))
    assert explained.decision == policy().decide(facts, record)


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
