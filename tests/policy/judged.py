"""Decisions to test with, and the policies they are checked against: the real ones, with kinds of decision of our own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from hub.domain.identifiers import CaseReference, NHSNumber
from hub.domain.organisations import Sector
from hub.policy.bundle import Bundle, Condition, JudgementKind
from hub.policy.judgements import Judgement, Request
from hub.policy.judging import Given, GivenRequest, Terms
from hub.policy.load import default_policies_directory, load_bundle

AT = datetime(2026, 11, 22, 16, 40, tzinfo=UTC)
CHILD = NHSNumber.parse("9990004021")
OTHER_CHILD = NHSNumber.parse("9990004250")
COUNCIL, POLICE = "testshire-council", "testshire-police"
ASKED = Request("testshire-nhs", CaseReference("MASH-2026-1182"), "ca2004-s16la")
REFERENCE = "0" * 31 + "1"
REASONS = "Her father has asked the school for this address, and would find them by it."

KINDS = {
    "detriment": JudgementKind("detriment_judgement", "sharing would harm more", ("legal",), 700, True, False),
    "ehc_interests": JudgementKind("interests_decision", "needed in her interests", ("send",), 8760, False, True),
    "hold": JudgementKind("yp_objection", "not before the arrest", ("intelligence", "legal"), 72, False, False),
}


@cache
def terms() -> Terms:
    """What a decision is checked against."""
    bundle: Bundle = load_bundle(default_policies_directory(), on=date(2026, 11, 22))
    detriment = replace(
        bundle.impediments["imp-gillick"],
        id="imp-test-detriment",
        applies_when=Condition(record_has=("detriment_judgement",)),
    )
    made = replace(
        bundle,
        vocabulary=replace(bundle.vocabulary, judgements=KINDS),
        impediments={**bundle.impediments, detriment.id: detriment},
    )
    return Terms(made, {COUNCIL: Sector.COUNCIL, POLICE: Sector.POLICE}, {"testshire-council", "testshire-nhs"})


def given(kind: str = "hold", **changes: Any) -> Given:
    """A decision that is accepted, with ``changes``."""
    usual: dict[str, Any] = {
        "kind": kind,
        "custodian": POLICE if kind == "hold" else COUNCIL,
        "decided_by": "Imogen Fairweather",
        "post": {"hold": "intelligence", "ehc_interests": "send", "detriment": "legal"}.get(kind, "legal"),
        "reasons": REASONS,
        "review_at": AT + timedelta(hours=24),
        "expires_at": AT + timedelta(hours=48),
        "local_id": "P-77",
    }
    if kind == "ehc_interests":
        usual["record_kinds"] = frozenset({"education_health_care_plan"})
    if kind == "detriment":
        usual["request"] = GivenRequest(organisation="testshire-nhs", case_reference="A-1", purpose="ca2004-s16la")
    return Given(**(usual | changes))


def judgement(**changes: Any) -> Judgement:
    """A hold on everything the police hold on the child, with ``changes``."""
    usual: dict[str, Any] = {
        "id": REFERENCE,
        "kind": "hold",
        "word": "investigation_hold",
        "custodian": POLICE,
        "nhs_number": None,
        "local_id": "P-77",
        "kinds": frozenset(),
        "record_id": None,
        "fields": frozenset(),
        "request": None,
        "decided_by": "Imogen Fairweather",
        "post": "intelligence",
        "decided_at": AT - timedelta(hours=1),
        "reasons": REASONS,
        "review_at": AT + timedelta(hours=24),
        "expires_at": AT + timedelta(hours=48),
    }
    return Judgement(**(usual | changes))
