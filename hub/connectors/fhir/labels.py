"""Sensitivity as FHIR carries it, in ``meta``, turned into the vocabulary's words."""

from __future__ import annotations

import re

from hub.connectors.fhir.elements import Element, element, elements, text

CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
RECORD_LABEL = "urn:safeguarding-hub:record-label"
"""The code system in which an NHS system states the vocabulary's record words (``yp_objection``, ...)."""

RESTRICTED = "restricted"
VERY_RESTRICTED = "very_restricted"
"""PDS label V, which takes the name and birth date off a Patient as well. No word of the vocabulary, on purpose: those
fields are empty because they were taken away, and a gap says so where an empty field would not."""

UNREADABLE = "unreadable_label"
"""Stands for a label that is not a code: no word of the vocabulary either."""

_BEARERS = frozenset({"security", "tag"})
_ORDINARY = frozenset({"U", "L", "M", "N"})
_ON_A_PATIENT = {"R": frozenset({RESTRICTED}), "V": frozenset({RESTRICTED, VERY_RESTRICTED})}
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)


def is_restricted(patient: Element) -> bool | None:
    """Whether a Patient is labelled R or V; None when the server states no confidentiality at all.

    A confidentiality code that nobody has heard of restricts: better a location too few than one too many.
    """
    codes = {
        text(coding.get("code"), "Patient.meta.security.code")
        for coding in elements(element(patient.get("meta"), "Patient.meta").get("security"), "Patient.meta.security")
        if coding.get("system") == CONFIDENTIALITY
    }
    return bool(codes - _ORDINARY) if codes else None


def record_labels(resource: Element) -> frozenset[str]:
    """The words on one resource.

    Every security label counts (FHIR R4 §6.1.1): one that the hub was not told of is passed on under its code, and
    policy, not knowing the word, makes a gap of the record. R and V have PDS's meaning, restricted whereabouts, on a
    Patient only; on any other resource they say "sensitive content" without saying which, so they are passed on too.
    A DocumentReference carries those of the document in ``securityLabel``, which count as its own.
    Tags count in the hub's own code system only: other tags are workflow (``SUBSETTED``) and say nothing of law.
    """
    meta = element(resource.get("meta"), "meta")
    if _BEARERS.isdisjoint(meta) and "securityLabel" not in resource:
        return frozenset()
    security = elements(meta.get("security"), "meta.security")
    tags = [tag for tag in elements(meta.get("tag"), "meta.tag") if tag.get("system") == RECORD_LABEL]
    concepts = elements(resource.get("securityLabel"), "securityLabel")  # DocumentReference only
    security += [coding for each in concepts for coding in elements(each.get("coding"), "securityLabel.coding")]
    on_patient = resource.get("resourceType") == "Patient"
    return frozenset().union(*(_words(coding, on_patient=on_patient) for coding in (*security, *tags)))


def _words(coding: Element, *, on_patient: bool) -> frozenset[str]:
    code = text(coding.get("code"), "meta.security.code") or ""
    if coding.get("system") == CONFIDENTIALITY:
        if code in _ORDINARY:
            return frozenset()
        if on_patient and code in _ON_A_PATIENT:
            return _ON_A_PATIENT[code]
        code = f"confidentiality_{code}"
    return frozenset({code if _WORD.fullmatch(code) else UNREADABLE})
