"""The cast of hard cases: protected histories, and an objection that gives way to signs of exploitation.

What each of them shows a searcher is told in ``docs/hard-cases.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from hub.demo.build import COUNCIL, POLICE, adult, ago, born, child, event
from hub.demo.cast_identity import family, referred, seen_at_hospital, witness
from hub.demo.names import SCHOOLS
from hub.demo.world import Address, Household


def hard_families(today: date) -> Iterator[Household]:
    """The families of this part of the cast."""
    yield from _two_identities(today)
    yield _protected_history(today)
    yield _objection_exploited(today)


def _two_identities(today: date) -> Iterator[Household]:
    """One girl, twice: as she is, and as she was before she was adopted. No agency states a link that a hub may read.

    The council keeps both files, as councils do, and marks what would join them. The NHS knows the present number only.
    """
    birth = born(today, 6, 200)
    home = Address("16 Sorrel Gardens", "Testshire", "ZZ1 6AA")
    esme = child(
        "two_identities", "9990004293", "Esme", "Hartwell", birth, "F", home,
        events=(
            *referred(today, 48, home),
            event("adoption_record", "adoption_s56", decided_on=ago(today, 1_500), placement_order_on=ago(today, 1_460),
                  matched_on=ago(today, 1_400), placed_on=ago(today, 1_370), order_on=ago(today, 1_100),
                  order_type="Adoption"),
            seen_at_hospital(today, 47),
            witness(today, 49, home),
        ),
        school=SCHOOLS[1], gp=1,
    )  # fmt: skip
    yield family(home, (adult("esme_mother", "Judith", "Hartwell", born(today, 44, 12), "F", "mother"),), esme)
    home = Address("3 Weir Road", "Testshire Vale", "ZZ1 6AB")
    chloe = child(
        "earlier_identity", "9990004307", "Chloe", "Drummond", birth, "F", home, (COUNCIL, POLICE),
        events=(
            *referred(today, 1_700, home),
            event("case_document", "adoption_s56", on=ago(today, 1_400), document_type="Matching report",
                  title="Matching report", summary="Chloe Drummond, matched with Judith Hartwell, to be called Esme."),
            witness(today, 1_705, home),
        ),
    )  # fmt: skip
    yield family(home, (adult("chloe_mother", "Tracey", "Drummond", born(today, 29, 77), "F", "mother"),), chloe)


def _protected_history(today: date) -> Household:
    """His father is on the council's file and the NHS's a second time, as the woman who gave birth to him."""
    home = Address("41 Chapel Fold", "Testshire", "ZZ1 6AD")
    robin = child(
        "protected_history", "9990004315", "Robin", "Ashworth", born(today, 8, 66), "M", home,
        events=(*referred(today, 39, home), seen_at_hospital(today, 38), witness(today, 40, home)),
        school=SCHOOLS[2], gp=2,
    )  # fmt: skip
    birth = born(today, 35, 140)
    adults = (
        adult("robin_father", "Mark", "Ashworth", birth, "M", "father", "01632 960 318"),
        adult("robin_father_earlier", "Marianne", "Ashworth", birth, "F", "mother", labels=("gra_protected",)),
    )
    return family(home, adults, robin)


def _objection_exploited(today: date) -> Household:
    home = Address("12 Station Parade", "Testshire", "ZZ1 6AE")
    keeley = child(
        "objection_exploited", "9990004323", "Keeley", "Sanderson", born(today, 15, 31), "F", home,
        events=(
            *referred(today, 25, home),
            event("attendance", "yp_objection", "exploitation_indicators", on=ago(today, 15),
                  attendance_type="Sexual health clinic", status="finished",
                  place="Testshire Young People's Clinic", summary="Came with an older man who answered for her",
                  discharge="Advice given"),
            witness(today, 26, home),
        ),
        school=SCHOOLS[3], gp=3,
    )  # fmt: skip
    return family(home, (adult("keeley_mother", "Denise", "Sanderson", born(today, 39, 8), "F", "mother"),), keeley)
