"""Bundles that break what must always hold, and what a reader is then told. One row for each statement, at least."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from hub.domain.catalogue import Catalogue
from hub.policy.bundle import Bundle, Condition, Detail, Effect, Rule

Spoil = Callable[[Bundle], Bundle]
FOLDERS = ("impediments", "handling", "limits")


def changed(rule_id: str, **changes: Any) -> Spoil:
    """``rule_id`` with other attributes."""

    def spoil(of: Bundle) -> Bundle:
        folder = next(each for each in FOLDERS if rule_id in getattr(of, each))
        rules = getattr(of, folder)
        rule = dataclasses.replace(rules[rule_id], **changes)
        return dataclasses.replace(of, **{folder: {**rules, rule_id: rule}})

    return spoil


def lost(rule_id: str) -> Spoil:
    """Without ``rule_id``."""

    def spoil(of: Bundle) -> Bundle:
        folder = next(each for each in FOLDERS if rule_id in getattr(of, each))
        rules: dict[str, Rule] = getattr(of, folder)
        return dataclasses.replace(of, **{folder: {name: rule for name, rule in rules.items() if name != rule_id}})  # type: ignore[arg-type]

    return spoil


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


def also_reaches(purpose: str, kind: str, detail: Detail) -> Spoil:
    """``purpose`` with more of a kind of record, in the matrix and in the fields worked out from it."""

    def spoil(of: Bundle) -> Bundle:
        given, spec = of.purposes[purpose], of.catalogue[kind]
        wider = dataclasses.replace(given, detail={**given.detail, kind: detail})
        reached = {name for name, level in of.vocabulary.levels.items() if level.rank <= detail.rank}
        fields = tuple(
            dataclasses.replace(
                each, needed_for=each.needed_for | ({purpose} if each.classification in reached else set())
            )
            for each in spec.fields
        )
        kinds = {**of.catalogue.kinds, kind: dataclasses.replace(spec, fields=fields)}
        return dataclasses.replace(of, purposes={**of.purposes, purpose: wider}, catalogue=Catalogue(kinds))

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
    (
        "hold-is-kept-to",
        changed("imp-investigation-prejudice", veiled=False),
        ("investigation_hold", "withheld because of imp-investigation-prejudice"),
    ),
    ("hold-is-kept-to", lost("imp-investigation-prejudice"), ("investigation_hold", ": shared")),
    (
        "hold-never-stands-before-an-enquiry",
        lifted_only("imp-investigation-prejudice", lambda each: not each.purpose_is),
        ("investigation_hold", "withheld because of imp-investigation-prejudice"),
    ),
    (
        "detriment-judgement-is-kept-to",
        also_lifted("imp-detriment-16la3", purpose_is=("ca1989-s17",)),
        ("purpose ca1989-s17", "detriment_judgement", ": shared"),
    ),
    ("gender-history-never-hinted-at", changed("imp-gra-22", veiled=False), ("withheld because of imp-gra-22",)),
    (
        "legal-basis-is-for-duties-only",
        also_lifted("imp-gra-22", record_has=("legal_basis_confirmed",)),
        ("legal_basis_confirmed", "gra_protected", ": shared"),
    ),
    ("fertility-register-never-hinted-at", lost("imp-hfea-33a"), ("hfea_register", ": shared")),
    ("confidential-address-is-kept", lost("imp-fpr-29-1"), ("(location)", "confidential_address_c8", ": shared")),
    ("safe-address-is-kept", lost("imp-refuge-address"), ("(location)", "safe_address", ": shared")),
    (
        "a-safe-address-still-has-an-area",
        changed("imp-refuge-address", applies_when=Condition(record_has=("safe_address",))),
        ("(area)", "withheld because of imp-refuge-address"),
    ),
    (
        "indecent-images-never-sent",
        also_lifted("imp-iioc", record_has=("originator_agrees",)),
        ("attachment_iioc", "originator_agrees", ": shared"),
    ),
    (
        "text-beside-an-image-is-shared",
        changed("imp-iioc", applies_when=Condition(record_has=("attachment_iioc",))),
        ("attachment_iioc", "withheld because of imp-iioc"),
    ),
    ("other-people-need-a-link", lost("scope-others"), ("about_", ": shared")),
    ("birth-dates-of-others-are-for-tracing", lost("scope-birth-date-of-others"), ("(third_party_birth_date)",)),
    ("schools-get-no-narrative-or-intelligence", lost("scope-school-functions"), ("role school_safeguarding_lead",)),
    (
        "domestic-abuse-notice-is-no-narrative",
        also_reaches("da2021-s49a", "domestic_abuse_incident", Detail.FULL),
        ("purpose da2021-s49a", "(police_detail)", ": shared"),
    ),
    (
        "serious-violence-duty-leaves-out-patients",
        also_reaches("pcsca2022-s16", "attendance", Detail.KEY_FACTS),
        ("purpose pcsca2022-s16", "(health)", ": shared"),
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
