"""Short ways to write down somebody invented. NHS numbers are from the 999 range, which is never issued."""

from __future__ import annotations

from hub.domain.identifiers import NHSNumber
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate
from hub.matching.resolution import Agreement, Compared, Evidence


def nhs(number: int) -> NHSNumber:
    """The ``number``-th NHS number of the 999 range whose check digit exists."""
    found = -1
    for middle in range(1_000_000):
        digits = f"999{middle:06d}"
        check = 11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=True)) % 11
        if check == 10:
            continue
        found += 1
        if found == number:
            return NHSNumber.parse(f"{digits}{check % 11}")
    raise AssertionError


A, B, C = (nhs(number) for number in range(3))


def who(
    given: str = "",
    family: str = "",
    born: str = "",
    sex: str | None = None,
    postcode: str | None = None,
    number: NHSNumber | None = None,
    *,
    verified: bool = False,
    restricted: bool | None = None,
) -> Identity:
    """An identity; several versions of a name are written ``Mia/Maya``."""
    return Identity(
        nhs_number=number,
        nhs_number_verified=verified,
        given_names=tuple(filter(None, given.split("/"))),
        family_names=tuple(filter(None, family.split("/"))),
        birth_date=PartialDate.parse(born) if born else None,
        sex=sex,
        postcode=postcode,
        restricted=restricted,
    )


def asked(stated: Identity, *aliases: Identity) -> ChildSearch:
    """A search for ``stated``, of whom ``aliases`` were learnt."""
    return ChildSearch(stated, aliases)


def held(*identities: Identity, custodian: str = "police") -> list[Candidate]:
    """Candidates of one custodian, with local ids ``p0``, ``p1``, ..."""
    return [Candidate(custodian, f"p{place}", identity) for place, identity in enumerate(identities)]


def outcome(evidence: tuple[Evidence, ...], compared: Compared) -> Agreement:
    """How ``compared`` came out."""
    return next(line.outcome for line in evidence if line.compared is compared)


BORN = "2014-02-03"
HOME = "ZZ1 1AA"

MIA = who("Mia", "Okafor", BORN, "F", HOME)
HER_TWIN = who("Ava", "Okafor", BORN, "F", HOME)
HER_BROTHER = who("Kofi", "Okafor", BORN, "M", HOME)
NUMBERED = who("Mia", "Okafor", BORN, "F", HOME, A)
TRACED = who("Mia", "Okafor", BORN, "F", HOME, A, verified=True)
NUMBER = who(number=A)
