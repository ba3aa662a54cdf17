"""A pretend school's information system, and the pupils it holds. Fourth custodian of the hard cases.

It speaks the protocol the pretend police speak (:mod:`hub.demo.police_app`), with its own words in it, and says what
those mean in a mapping file, as any school system would.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.applications import Starlette

from hub.demo.build import EVERYBODY, adult, born, child
from hub.demo.cast_identity import family, referred
from hub.demo.police_app import create_app
from hub.demo.police_records import Held, PoliceHoldings
from hub.demo.world import Address, Household, Known, World

CREDENTIAL = "hard-cases-school-credential"
ACADEMY = "Testshire Vale Academy"
REFUGE = {"address": "Rowan House, 3 Harbour Row, Saltmere", "postcode": "ZZ7 4QP", "phone": "01632 960 377"}
"""Where Nadia and her mother fled to. The school is the only agency that has been told."""

_OLD_HOME = Address("8 Kiln Walk", "Testshire", "ZZ1 6AF")
_BRIGHTWATER = Address("30 Bobbin Street", "Testshire", "ZZ1 6AG")

MAPPING = """
[system]
name = "Pretend school information system"
echoes_request_id = true

[match]
path = "/v1/persons/search"
candidates = "candidates"
truncated = "truncated"
ask = { surname = "family_name", givenName = "given_name", dateOfBirthFrom = "birth_date_earliest", dateOfBirthTo = "birth_date_latest" }

[match.candidate]
id = "personId"
given_names = ["givenName"]
family_names = ["surname", "previousSurnames"]
birth_date = "dateOfBirth"

[find]
path = "/v1/persons/{person}/records/index"
types = "types"
person = "personId"
as_of = "asOf"
records = "records"
next = "next"

[fetch]
path = "/v1/persons/{person}/records"
ids = "ids"
batch_max = 200
person = "personId"
as_of = "asOf"
records = "records"
repeats_labels = true

[record]
id = "recordId"
person = "personId"
type = "type"

[[labels]]                        # the office asks every parent: is there an order about who may be told?
path = "handling.courtOrder"
required_for = ["pupil"]
words = { ORDER = "court_order" }
ignore = ["NONE"]

[[labels]]
path = "markings"
required_for = ["pupil"]
words = { REFUGE = "safe_address" }

[kinds.pupil]
types = ["PUPIL"]

[kinds.pupil.fields]
given_name = "person.forename"
family_name = "person.surname"
date_of_birth = "person.dateOfBirth"
address = "person.address"
postcode = "person.postcode"
school = "person.school"
phone = "person.telephone"
"""


def school_families(today: date) -> tuple[Household, ...]:
    """Two children of the test's own, known to all three agencies of the demo and to the school."""
    nadia = child(
        "refuge", "9990004331", "Nadia", "Brannigan", born(today, 12, 50), "F", _OLD_HOME, EVERYBODY,
        referred(today, 31, _OLD_HOME), school=ACADEMY, gp=0,
    )  # fmt: skip
    callum = child(
        "order_unknown", "9990004358", "Callum", "Brightwater", born(today, 13, 90), "M", _BRIGHTWATER, EVERYBODY,
        referred(today, 32, _BRIGHTWATER), school=ACADEMY, gp=1,
    )  # fmt: skip
    return (
        family(_OLD_HOME, (adult("nadia_mother", "Orla", "Brannigan", born(today, 33, 4), "F", "mother"),), nadia),
        family(_BRIGHTWATER, (adult("callum_mother", "Jess", "Brightwater", born(today, 38, 6), "F", "mother"),), callum),
    )  # fmt: skip


def school_app(world: World) -> Starlette:
    """The school's system over its two pupils."""
    holdings = PoliceHoldings(World(world.seed, world.today, world.extracted_at, ()))
    nadia, callum = world.children["refuge"], world.children["order_unknown"]
    home = {"address": f"{_BRIGHTWATER.line}, {_BRIGHTWATER.town}", "postcode": _BRIGHTWATER.postcode}
    for who, number, where, marked, order in (
        (nadia.council, "S-4471", REFUGE, ["REFUGE"], "NONE"),
        (callum.council, "S-4502", {**home, "phone": "01632 960 388"}, [], None),
    ):
        assert who is not None
        holdings.people[number] = _pupil(number, who, where, marked, order)
    return create_app(holdings, CREDENTIAL)


def _pupil(number: str, who: Known, where: dict[str, str], marked: list[str], order: str | None) -> Held:
    """One pupil's record; ``order`` is None where nobody in the office has asked."""
    record: dict[str, Any] = {
        "recordId": f"PU-{number}",
        "personId": number,
        "type": "PUPIL",
        "markings": marked,
        "handling": {"courtOrder": order} if order else {},
        "person": {
            "forename": who.given_name,
            "surname": who.family_name,
            "dateOfBirth": who.birth_date.isoformat(),
            "address": where["address"],
            "postcode": where["postcode"],
            "telephone": where["phone"],
            "school": ACADEMY,
        },
    }
    known = Known(number, who.given_name, who.family_name, who.birth_date, who.sex, None, None)
    return Held(known, {record["recordId"]: record})
