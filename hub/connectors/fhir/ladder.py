"""Finding a patient: by NHS number, then by name and birth date, from the narrowest question to the widest.

A search by sound is a pass of its own, made only when every other question was answered with nobody: it finds more
people who are not the child, PDS records that each of them was looked at, and its finds are never mixed with others.

No rung ever states a postcode or a practice: PDS leaves restricted patients out of such a search "even if a match is
identified" (search-patient, "Restricted patients"), and an empty answer would read as "not known".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hub.connectors.base import CANDIDATES_MAX, Deadline, UpstreamFault
from hub.connectors.fhir.bundles import Invalidated, TooManyMatches
from hub.connectors.fhir.elements import Element
from hub.connectors.fhir.exchange import Exchange, Params, together
from hub.connectors.fhir.patients import candidate, replaced_by
from hub.connectors.fhir.references import wrong_person
from hub.domain.identifiers import NHSNumber
from hub.domain.people import Candidate, ChildSearch, Identity, PartialDate
from hub.domain.sources import NoAnswerReason

NAME_LENGTH_MAX = 35
"""PDS refuses longer names; the wildcard it has stands for the rest (search-patient, ``family``)."""

NAMES_MAX = 8
"""Different names asked for in one question. With more, an empty answer is not one."""

_GENDERS = {"f": "female", "female": "female", "m": "male", "male": "male"}

Rung = Params


class Ladder:
    """Match against one server.

    Args:
        exchange: the server.
        custodian: the id that candidates carry.
        knows_pds: whether the server knows PDS's own search parameters, ``_history`` and ``_fuzzy-match``.
    """

    def __init__(self, exchange: Exchange, custodian: str, *, knows_pds: bool = True) -> None:
        self._exchange = exchange
        self._custodian = custodian
        self._knows_pds = knows_pds

    async def climb(self, search: ChildSearch, deadline: Deadline) -> tuple[Candidate, ...]:
        """Everybody who may be the child; empty only when every question was asked and answered with nobody.

        Raises:
            UpstreamFault: as the server failed; TOO_LARGE when more people fit than can be told apart; REFUSED when
                the number was withdrawn and nothing else is known to ask by.
        """
        by_number, withdrawn = await self._by_numbers(search, deadline)
        if any(_agree(search.stated, found) for found in by_number):
            return tuple(by_number)
        by_name, all_asked = await self._by_names(search.identities, deadline)
        found = {who.local_id: who for who in (*by_number, *by_name)}
        if len(found) > CANDIDATES_MAX:
            raise TooManyMatches
        if not found and withdrawn:
            raise Invalidated
        if not found and not all_asked:
            raise UpstreamFault(
                NoAnswerReason.REFUSED,
                "it can be asked by NHS number, or by a family name and a date of birth: not all that is known could "
                "be asked",
            )
        return tuple(found.values())

    async def mother(self, number: NHSNumber, deadline: Deadline) -> tuple[Candidate, ...]:
        """Her whom a question about an unborn child names, by her number and by nothing else.

        Raises:
            UpstreamFault: as :meth:`climb`.
        """
        try:
            found, withdrawn = await self._by_number(number.value, Identity(nhs_number=number), deadline)
        except UpstreamFault as fault:
            if fault.no_answer.reason is not NoAnswerReason.WRONG_PERSON:
                raise
            raise UpstreamFault(
                NoAnswerReason.WRONG_PERSON,
                "it answered about somebody else, or the mother's NHS number was superseded: all of its answer is "
                "discarded; ask again with the number she has now",
            ) from None
        if withdrawn:
            raise Invalidated
        return () if found is None else (replace(found, is_mother=True),)

    async def _by_numbers(self, search: ChildSearch, deadline: Deadline) -> tuple[list[Candidate], bool]:
        """Who has the stated NHS numbers, and whether one of these was withdrawn."""
        asked = {who.nhs_number.value: who for who in reversed(search.identities) if who.nhs_number}
        answers = await together([self._by_number(number, who, deadline) for number, who in asked.items()])
        return [who for who, _ in answers if who], any(withdrawn for _, withdrawn in answers)

    async def _by_number(self, number: str, stated: Identity, deadline: Deadline) -> tuple[Candidate | None, bool]:
        try:
            patient = await self._exchange.patient_by_number(number, deadline)
        except Invalidated:
            return None, True
        if patient is None:
            return None, False
        successor = replaced_by(patient)
        if successor is not None:
            return await self._successor(patient, number, successor, deadline), False
        found = candidate(self._custodian, patient)
        return (found if _has(found, number) else _superseding(found, number, stated)), False

    async def _successor(self, replaced: Element, number: str, successor: str, deadline: Deadline) -> Candidate:
        """Who has the number that took the place of ``number``, asked for once: a record that leads on is a fault."""
        if not _has(candidate(self._custodian, replaced), number):
            raise wrong_person()
        patient = await self._exchange.patient_by_number(successor, deadline)
        if patient is None or replaced_by(patient) is not None:
            raise UpstreamFault(NoAnswerReason.MALFORMED, "it says that the NHS number was replaced, and not by whom")
        found = candidate(self._custodian, patient)
        if not _has(found, successor):
            raise wrong_person()
        return _with_former(found, number)

    async def _by_names(self, identities: Sequence[Identity], deadline: Deadline) -> tuple[list[Candidate], bool]:
        """Who fits the names and birth dates, and whether all that is known was asked (False when nothing was)."""
        asked = list(dict.fromkeys(name for who in identities for name in _names(who)))
        found: list[Candidate] = []
        for passed in (self._plainly, self._by_sound) if self._knows_pds else (self._plainly,):
            answers = await together([passed(*name, deadline) for name in asked[:NAMES_MAX]])
            found = [who for answer in answers for who in answer]
            if found:
                break
        has_numbers = any(who.nhs_number for who in identities)
        return found, len(asked) <= NAMES_MAX and (bool(asked) or has_numbers)

    async def _plainly(
        self, given: str | None, family: str, born: PartialDate, gender: str | None, deadline: Deadline
    ) -> list[Candidate]:
        for rung in _rungs(given, family, born, knows_pds=self._knows_pds):
            if found := await self._narrowing(rung, born, gender, deadline):
                return found
        return []

    async def _by_sound(
        self, given: str | None, family: str, born: PartialDate, gender: str | None, deadline: Deadline
    ) -> list[Candidate]:
        """PDS's own fuzzy search, which needs a given name and always looks at former names."""
        if given is None:
            return []
        names = [("given", given[:NAME_LENGTH_MAX]), ("family", family[:NAME_LENGTH_MAX])]
        rung = [*names, *_dates(born), ("_fuzzy-match", "true")]
        return await self._narrowing(rung, born, gender, deadline)

    async def _narrowing(
        self, rung: Rung, born: PartialDate, gender: str | None, deadline: Deadline
    ) -> list[Candidate]:
        """One search, with the sex as well when too many people fit without it."""
        try:
            return await self._ask(rung, born, None, deadline)
        except TooManyMatches:
            if gender is None:
                raise
            return await self._ask([*rung, ("gender", gender)], born, gender, deadline)

    async def _ask(self, rung: Rung, born: PartialDate, gender: str | None, deadline: Deadline) -> list[Candidate]:
        """One search. Everybody it gives must fit what was asked: a server that ignores a parameter gives everybody."""
        page = await self._exchange.search("Patient", rung, deadline, _whole)
        if len(page.taken) > CANDIDATES_MAX:
            raise TooManyMatches
        for patient in page.taken:
            if gender is not None and patient.get("gender", gender) != gender:
                raise wrong_person()
        found = [candidate(self._custodian, patient) for patient in page.taken]
        for who in found:
            birth_date = who.identity.birth_date
            if birth_date is not None and not birth_date.overlaps(born):
                raise wrong_person()
        return found


def _whole(patient: Element) -> Element:
    return patient


def _names(who: Identity) -> Iterable[tuple[str | None, str, PartialDate, str | None]]:
    """Every name of one identity that PDS can be asked by: it needs a family name and a birth date."""
    if who.birth_date is None:
        return
    gender = _GENDERS.get((who.sex or "").strip().casefold())
    given = [first for name in who.given_names if (first := _clean(name).split(" ")[0])]
    for family in filter(None, map(_clean, who.family_names)):
        yield from ((first, family, who.birth_date, gender) for first in given or (None,))


def _rungs(given: str | None, family: str, born: PartialDate, *, knows_pds: bool) -> list[Rung]:
    """Narrow to wide: as written, then without the given name, both with former names.

    The last is in plain FHIR: a server that does not know PDS's parameters may answer "nobody" to whatever has them.
    """
    dates = _dates(born)
    plain: Rung = [("family", family[:NAME_LENGTH_MAX]), *dates]
    if not knows_pds:
        return [plain] if given is None else [[("given", given[:NAME_LENGTH_MAX]), *plain], plain]
    rungs: list[Rung] = [[("family", _cut(family)), *dates, ("_history", "true")]]
    if given is not None:
        rungs.insert(0, [("given", _cut(given)), *rungs[0]])
    return [*rungs, plain]


def _dates(born: PartialDate) -> Params:
    if born.is_exact:
        return [("birthdate", f"eq{born.earliest.isoformat()}")]
    return [("birthdate", f"ge{born.earliest.isoformat()}"), ("birthdate", f"le{born.latest.isoformat()}")]


def _clean(name: str) -> str:
    """A name without wildcards: an asterisk from outside must not widen the question."""
    return " ".join(name.replace("*", " ").split())


def _cut(name: str) -> str:
    return name if len(name) <= NAME_LENGTH_MAX else f"{name[: NAME_LENGTH_MAX - 1]}*"


def _agree(stated: Identity, found: Candidate) -> bool:
    """Whether a number's holder can be the child stated: if the birth dates differ, the number may be mistyped."""
    ours, theirs = stated.birth_date, found.identity.birth_date
    return ours is None or theirs is None or ours.overlaps(theirs)


def _has(found: Candidate, number: str) -> bool:
    return found.identity.nhs_number is not None and found.identity.nhs_number.value == number


def _with_former(found: Candidate, number: str) -> Candidate:
    """``found`` as somebody who had ``number`` before: the evidence then says that it was superseded."""
    former = dict.fromkeys((*found.identity.former_numbers, NHSNumber.parse(number)))
    return replace(found, identity=replace(found.identity, former_numbers=tuple(former)))


def _superseding(found: Candidate, number: str, stated: Identity) -> Candidate:
    """Somebody with another number than the one asked for, as who took it over.

    PDS "automatically" sends the superseding patient and says so only by the other id (get-patient, "Superseded
    patients"), which is also what a server does that answers about the wrong child. So the record must name the old
    number, or the birth date and family name that were stated must be theirs.

    Raises:
        UpstreamFault: WRONG_PERSON otherwise.
    """
    if any(former.value == number for former in found.identity.former_numbers):
        return found
    names = {name.casefold() for name in found.identity.family_names} & {
        name.casefold() for name in stated.family_names
    }
    ours, theirs = stated.birth_date, found.identity.birth_date
    if not names or ours is None or theirs is None or not ours.overlaps(theirs):
        raise UpstreamFault(
            NoAnswerReason.WRONG_PERSON,
            "it answered about somebody else, or the NHS number was superseded: all of its answer is discarded; ask "
            "again with the family name and the date of birth",
        )
    return _with_former(found, number)
