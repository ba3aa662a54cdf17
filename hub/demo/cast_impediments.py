"""The cast of withholding: one child for each legal bar or condition, with a plain record beside it to share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from hub.demo.build import adult, ago, born, child, event
from hub.demo.cast_identity import family, referred, seen_at_hospital, witness
from hub.demo.names import SCHOOLS, STREETS
from hub.demo.world import Address, Event, Household

_EACH = (
    # part, NHS number, given name, family name, years old, sex
    ("protected_adoption", "9990004188", "Iris", "Penhale", 6, "F"),
    ("court_papers", "9990004196", "Jonah", "Stainforth", 8, "M"),
    ("court_order", "9990004218", "Halima", "Osman", 11, "F"),
    ("privileged_advice", "9990004226", "Conor", "Tattersall", 9, "M"),
    ("intelligence", "9990004234", "Dante", "Okoro", 15, "M"),
    ("objection", "9990004242", "Bethan", "Lloyd-Price", 16, "F"),
    ("ehc_plan", "9990004250", "Arlo", "Whitlow", 12, "M"),
    ("ehc_plan_released", "9990004269", "Saanvi", "Reddy", 13, "F"),
    ("confidence", "9990004277", "Mila", "Petrov", 14, "F"),
    ("originator", "9990004285", "Ruben", "Castell", 7, "M"),
)


def impediment_families(today: date) -> Iterator[Household]:
    """The families of this part of the cast, each with one parent and one child."""
    for place, (part, number, given, surname, years, sex) in enumerate(_EACH):
        home = Address(f"{20 + place} {STREETS[place]}", "Testshire", f"ZZ1 5A{'ABDEFGHJLN'[place]}")
        known = (*referred(today, 90 + place, home), seen_at_hospital(today, 60 + place), witness(today, 95, home))
        who = child(
            part, number, given, surname, born(today, years, 15 + 9 * place), sex, home,
            events=(*known, *_HELD[part](today)), school=SCHOOLS[place % 3 if years < 11 else 3 + place % 2], gp=place,
        )  # fmt: skip
        mother = adult(f"{part}_mother", "Rachel", surname, born(today, 30 + place, 3 * place), "F", "mother")
        yield family(home, (mother,), who)


def _protected_adoption(today: date) -> Iterator[Event]:
    yield event("adoption_record", "adoption_s56", decided_on=ago(today, 1_900), placement_order_on=ago(today, 1_850),
                matched_on=ago(today, 1_800), placed_on=ago(today, 1_770), order_on=ago(today, 1_500),
                order_type="Adoption")  # fmt: skip


def _court_papers(today: date) -> Iterator[Event]:
    yield event("case_document", "family_court_document", on=ago(today, 70), document_type="Court document",
                title="Section 7 report", summary="Report to the family court on living arrangements.")  # fmt: skip
    yield event("case_document", "family_court_document", "court_permission", on=ago(today, 40),
                document_type="Court document", title="Fact-finding judgment",
                summary="Judgment that the court has permitted to be shared.")  # fmt: skip


def _court_order(today: date) -> Iterator[Event]:
    yield event("case_document", "court_order", on=ago(today, 45), document_type="Court order",
                title="Order restricting disclosure", summary="A matter the court has restricted.")  # fmt: skip


def _privileged(today: date) -> Iterator[Event]:
    yield event("case_document", "privileged", on=ago(today, 33), document_type="Legal advice",
                title="Advice of counsel", summary="Counsel's advice on issuing care proceedings.")  # fmt: skip


def _intelligence(today: date) -> Iterator[Event]:
    graded: dict[str, Any] = {
        "source_grade": "Untested (2)",
        "information_grade": "Known indirectly to the source, but corroborated (B)",
    }
    for days, labels, summary in (
        (50, ("handling_code_p",), "Seen several times with older males at the Station Parade flats."),
        (40, ("handling_code_c",), "Reported to be carrying items for an organised group."),
        (30, ("handling_code_c", "intelligence_released"), "Believed to be travelling to another town at weekends."),
    ):
        yield event("intelligence", *labels, on=ago(today, days), summary=summary, **graded)
    yield event("intelligence", "handling_code_c", "sanitised_line", on=ago(today, 20), **graded,
                conditions="For child protection only. Ring the intelligence bureau before acting on it.",
                summary="A source close to the family saw him hand over a package at the Kiln Walk garages.",
                sanitised="He may be at risk of criminal exploitation near his home.")  # fmt: skip


def _objection(today: date) -> Iterator[Event]:
    yield event("attendance", "yp_objection", on=ago(today, 18), attendance_type="Sexual health clinic",
                status="finished", place="Testshire Young People's Clinic", summary="Contraception advice",
                discharge="Advice given")  # fmt: skip


def _ehc_plan(today: date) -> Iterator[Event]:
    yield event("education_health_care_plan", started_on=ago(today, 700), reviewed_on=ago(today, 200),
                needs=("ASD", "SLCN"))  # fmt: skip


def _ehc_plan_released(today: date) -> Iterator[Event]:
    yield event("education_health_care_plan", "interests_decision", started_on=ago(today, 900),
                reviewed_on=ago(today, 150), needs=("SEMH",))  # fmt: skip
    yield event("disability", disability="BEH")


def _confidence(today: date) -> Iterator[Event]:
    yield event("attendance", "confidence_heightened", on=ago(today, 27), attendance_type="CAMHS appointment",
                status="finished", place="Testshire CAMHS", summary="Disclosed self-harm in confidence",
                discharge="Follow-up in two weeks")  # fmt: skip


def _originator(today: date) -> Iterator[Event]:
    yield event("case_document", "originator_condition", on=ago(today, 35), document_type="MARAC minutes",
                title="MARAC minutes", summary="Minutes that their originator must agree to pass on.")  # fmt: skip


_HELD = {
    "protected_adoption": _protected_adoption,
    "court_papers": _court_papers,
    "court_order": _court_order,
    "privileged_advice": _privileged,
    "intelligence": _intelligence,
    "objection": _objection,
    "ehc_plan": _ehc_plan,
    "ehc_plan_released": _ehc_plan_released,
    "confidence": _confidence,
    "originator": _originator,
}
