"""Bundles that break what must always hold, and what a reader is then told. One row for each statement, at least."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from hub.policy.bundle import Bundle, Condition, Effect, Rule

Spoil = Callable[[Bundle], Bundle]


def changed(rule_id: str, **changes: Any) -> Spoil:
    """``rule_id`` with other attributes."""

    def spoil(of: Bundle) -> Bundle:
        rules = of.impediments if rule_id in of.impediments else of.handling
        rule = dataclasses.replace(rules[rule_id], **changes)
        name = "impediments" if rule_id in of.impediments else "handling"
        return dataclasses.replace(of, **{name: {**rules, rule_id: rule}})  # type: ignore[arg-type]

    return spoil


def lost(rule_id: str) -> Spoil:
    """Without ``rule_id``."""

    def without(rules: Any) -> dict[str, Rule]:
        return {name: rule for name, rule in rules.items() if name != rule_id}

    return lambda of: dataclasses.replace(of, impediments=without(of.impediments), handling=without(of.handling))


def also_lifted(rule_id: str, **condition: Any) -> Spoil:
    """``rule_id`` with one more exception."""

    def spoil(of: Bundle) -> Bundle:
        given = of.impediments[rule_id].does_not_apply_when
        return changed(rule_id, does_not_apply_when=(*given, Condition(**condition, because="spoilt")))(of)

    return spoil


def lifted_only(rule_id: str, keep: Callable[[Condition], bool]) -> Spoil:
    """``rule_id`` with only the exceptions to ``keep``."""

    def spoil(of: Bundle) -> Bundle:
        given = of.impediments[rule_id].does_not_apply_when
        return changed(rule_id, does_not_apply_when=tuple(each for each in given if keep(each)))(of)

    return spoil


def no_choice(of: Bundle) -> Bundle:
    return dataclasses.replace(of, vocabulary=dataclasses.replace(of.vocabulary, choices=()))


def no_decision(purpose: str) -> Spoil:
    def spoil(of: Bundle) -> Bundle:
        free = dataclasses.replace(of.purposes[purpose], decision=None, needs_decision=False)
        return dataclasses.replace(of, purposes={**of.purposes, purpose: free})

    return spoil


def limit_that_bars(of: Bundle) -> Bundle:
    rule = dataclasses.replace(of.impediments["imp-lpp"], id="scope-spoilt", carried_out_by="rule")
    return dataclasses.replace(of, limits={**of.limits, rule.id: rule})


DETAILS = ("health_detail", "social_care_detail", "police_detail")

SPOILT: list[tuple[str, Spoil, tuple[str, ...]]] = [
    ("order-never-shared", lost("imp-court-order"), ("the record has court_order", ": shared")),
    ("order-never-shared", lost("imp-court-order-sealed"), ("court_order_sealed", ": shared")),
    ("sealed-order-never-named", changed("imp-court-order-sealed", veiled=False), ("withheld because of imp-court",)),
    (
        "privilege-needs-waiver",
        also_lifted("imp-lpp", purpose_is=("ca1989-s47",)),
        ("purpose ca1989-s47", "privileged", ": shared"),
    ),
    ("adoption-needs-release", lost("imp-adoption-s57"), ("adoption_s56", ": shared")),
    (
        "adoption-never-hinted-at",
        changed("imp-adoption-s57", veiled=False),
        ("adoption_s56", "withheld because of imp-adoption-s57"),
    ),
    (
        "family-court-papers-need-a-listed-recipient",
        also_lifted("imp-family-proceedings", purpose_is=("ca1989-s17",)),
        ("purpose ca1989-s17", "family_court_document", "shared with handling"),
    ),
    ("intelligence-needs-a-code", no_choice, ("intelligence", ": shared")),
    ("intelligence-with-conditions-needs-release", lost("imp-intel-conditions"), ("handling_code_c", ": shared")),
    (
        "plan-needs-a-decision",
        also_lifted("imp-sen-reg17", purpose_is=("ca2004-s16la",)),
        ("purpose ca2004-s16la", "ehc_plan", ": shared"),
    ),
    ("originator-is-asked", lost("imp-originator-marac"), ("originator_condition", ": shared")),
    (
        "young-person-heard",
        also_lifted("imp-gillick", purpose_is=("ca1989-s17",)),
        ("purpose ca1989-s17", "the record has yp_objection", "shared with handling"),
    ),
    ("whereabouts-of-a-hidden-child", lost("restricted-location"), ("(location)", "restricted_location", ": shared")),
    ("whereabouts-a-holder-restricts", lost("restricted-record"), ("(location)", "restricted", ": shared")),
    (
        "nothing-against-it-is-shared",
        changed("imp-confidence", applies_when=Condition(classification_is=DETAILS), does_not_apply_when=()),
        ("_detail", "withheld because of imp-confidence"),
    ),
    ("stated-facts-are-decided", changed("accuracy-disputed", effect=Effect.NOT_BUILT), ("accuracy_disputed", ": gap")),
    (
        "duty-outweighs-confidence",
        lifted_only("imp-confidence", lambda each: not each.purpose_is),
        ("purpose ca2004-s16la", "withheld because of imp-confidence"),
    ),
    (
        "serious-harm-outweighs-objection",
        lifted_only("imp-gillick", lambda each: "ca1989-s47" not in each.purpose_is),
        ("purpose ca1989-s47", "withheld because of imp-gillick"),
    ),
    (
        "court-papers-reach-child-protection",
        lifted_only("imp-family-proceedings", lambda each: not each.recipient_is),
        ("role mash_", "withheld because of imp-family-proceedings"),
    ),
    (
        "enquiry-needs-its-decision",
        no_decision("ca1989-s47"),
        ("purpose ca1989-s47", ": shared"),
    ),
    ("refusals-are-named", changed("imp-lpp", next_step=" "), ("privileged", "has no next step")),
    ("refusals-are-named", changed("imp-gillick", post=None, citation=""), ("has no citation, no post",)),
    ("refusals-are-named", changed("restricted-location", veiled=False), ("has no who can lift it",)),
    ("one-veil", changed("imp-originator-marac", veiled=True), ("openly although imp-originator-marac is veiled",)),
    ("limits-are-no-impediments", limit_that_bars, ("scope-spoilt is a limit, and its effect is withhold",)),
    (
        "limits-are-no-impediments",
        changed("imp-lpp", effect=Effect.OUT_OF_SCOPE),
        ("imp-lpp is an impediment or a handling rule",),
    ),
    (
        "absolute-is-absolute",
        also_lifted("imp-court-order", purpose_is=("ca2004-s16la",)),
        ("court_order", "imp-court-order is absolute, and yet", "purpose ca2004-s16la", ": shared"),
    ),
    (
        "absolute-is-absolute",
        also_lifted("imp-lpp", recipient_is=("council_child_protection",)),
        ("imp-lpp is absolute, and yet", "role mash_social_worker"),
    ),
    (
        "every-rule-matters",
        also_lifted("imp-lpp", record_has=("privileged",)),
        ("imp-lpp never applies to anything",),
    ),
    (
        "every-rule-matters",
        also_lifted("imp-lpp", record_has=("privilege_waived",), purpose_is=("ca1989-s47",)),
        ("imp-lpp is never lifted by its exception 'spoilt' alone",),
    ),
    (
        "consent-is-no-key",
        lifted_only("imp-sen-reg17", lambda each: each.record_has == ("consent_recorded",)),
        ("imp-sen-reg17 can only be lifted by consent_recorded",),
    ),
    (
        "consent-is-no-key",
        changed("imp-lpp", applies_when=Condition(record_has=("consent_recorded",))),
        ("imp-lpp applies because of consent_recorded",),
    ),
]
