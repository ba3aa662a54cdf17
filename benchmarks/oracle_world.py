"""Invented children in pairs that differ in one thing: whether an agency holds what the searcher is not to learn of.

The two of a pair have names, numbers and addresses of the same length, and the same records beside the one in question,
so that whatever tells their answers apart tells of that record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from random import Random

from hub.demo.build import COUNCIL, EVERYBODY, HEALTH, POLICE, adult, ago, born, child, event
from hub.demo.cast_identity import family, referred, seen_at_hospital, witness
from hub.demo.generator import SEED, TODAY
from hub.demo.names import SCHOOLS, nhs_numbers
from hub.demo.world import Address, Child, Event, Household, World

FIRST_STEM = 999_300_000
_CONSONANTS, _VOWELS = "bdfgklmnprstv", "aeiou"

Events = Callable[[date], Sequence[Event]]


@dataclass(frozen=True, slots=True)
class Row:
    """One way in which the two of a pair differ.

    Attributes:
        name: what the row says, in words.
        purpose: asked under, as the schema spells it.
        worker: who asks.
        one, other: the records that only the one, only the other has.
        one_known_to, other_known_to: which agencies know them at all.
        by: ``number`` or ``name``: how they are asked about.
        beside: whether the police, if they know them, hold an incident of each beside the record in question.
    """

    name: str
    purpose: str
    worker: str
    one: Events
    other: Events
    one_known_to: tuple[str, ...] = EVERYBODY
    other_known_to: tuple[str, ...] = EVERYBODY
    by: str = "number"
    beside: bool = True


@dataclass(frozen=True, slots=True)
class Pair:
    """Two children who differ as their row says."""

    row: Row
    one: Child
    other: Child


def _nothing(_: date) -> Sequence[Event]:
    return ()


def _intelligence(today: date) -> Sequence[Event]:
    return [event("intelligence", "handling_code_c", on=ago(today, 40 + n), summary="Seen there.",
                  source_grade="Untested (2)", information_grade="Known directly (A)") for n in range(3)]  # fmt: skip


def _many(today: date) -> Sequence[Event]:
    return [event("incident", on=ago(today, 40 + n), incident_type="Concern for safety", role="Named",
                  summary="Attended.", outcome="No further action") for n in range(40)]  # fmt: skip


def _warning(_: date) -> Sequence[Event]:
    return (event("warning_marker", marker="Weapons"),)


def _adoption(today: date) -> Sequence[Event]:
    return (event("adoption_record", "adoption_s56", decided_on=ago(today, 1_900), placement_order_on=ago(today, 1_850),
                  matched_on=ago(today, 1_800), placed_on=ago(today, 1_770), order_on=ago(today, 1_500),
                  order_type="Adoption"),)  # fmt: skip


def _immigration(_: date) -> Sequence[Event]:
    return (event("immigration_status", status="Leave to remain"),)


def _long_ago(today: date) -> Sequence[Event]:
    return (event("incident", on=ago(today, 4_700), incident_type="Concern for safety", role="Named",
                  summary="Attended.", outcome="No further action"),)  # fmt: skip


def _document(label: str) -> Events:
    def events(today: date) -> Sequence[Event]:
        return (event("case_document", label, on=ago(today, 60), document_type="Letter", title="Letter",
                      summary="What it says is restricted."),)  # fmt: skip

    return events


SOCIAL_WORKER, EARLY_HELP = "tc-0417", "tc-0562"
S17, S27, S16LA = "CA1989_S17", "CA1989_S27", "CA2004_S16LA"

OUT_OF_REACH: tuple[Row, ...] = (
    Row("known to an agency out of reach", S27, SOCIAL_WORKER, _warning, _nothing, EVERYBODY, (COUNCIL, HEALTH)),
    Row("known to an agency out of reach, by name", S27, SOCIAL_WORKER, _warning, _nothing, EVERYBODY,
        (COUNCIL, HEALTH), by="name"),
    Row("police intelligence, out of reach", S17, SOCIAL_WORKER, _intelligence, _nothing),
    Row("a warning marker, out of reach", S17, EARLY_HELP, _warning, _nothing),
    Row("an adoption record, out of reach", S27, SOCIAL_WORKER, _adoption, _nothing),
    Row("an immigration status, out of reach", S17, SOCIAL_WORKER, _immigration, _nothing),
    Row("an incident longer ago than the purpose looks back", S17, SOCIAL_WORKER, _long_ago, _nothing),
)  # fmt: skip

VEILED: tuple[Row, ...] = (
    Row("adoption or gender history", S16LA, SOCIAL_WORKER, _document("adoption_s56"), _document("gra_protected")),
    Row("sealed order or fertility treatment", S16LA, SOCIAL_WORKER, _document("court_order_sealed"),
        _document("hfea_register")),
    Row("sealed order or adoption", S16LA, SOCIAL_WORKER, _document("court_order_sealed"), _document("adoption_s56")),
)  # fmt: skip

ROWS = (*OUT_OF_REACH, *VEILED)
"""What must not be told apart."""

TOLD_APART: tuple[Row, ...] = (
    Row("within reach, held or not: the control", S16LA, SOCIAL_WORKER, _warning, _nothing, EVERYBODY,
        (COUNCIL, HEALTH)),
    Row("within reach, forty records or none: the control", S16LA, SOCIAL_WORKER, _many, _nothing),
    Row("an agency's only record, longer ago than the purpose looks back", S17, SOCIAL_WORKER, _long_ago, _nothing,
        beside=False),
)  # fmt: skip
"""What can be: the controls, where it may, and a known rest (``docs/no-oracle.md``)."""


def pairs_of(rows: Iterable[Row], each: int, seed: int = SEED, today: date = TODAY) -> list[Pair]:
    """``each`` pairs for every row; the same for the same arguments."""
    draw = _Draw(Random(seed), today)
    return [draw.pair(row, f"r{at}-{n}") for at, row in enumerate(rows) for n in range(each)]


def world_of(pairs: Iterable[Pair], seed: int = SEED, today: date = TODAY) -> World:
    """The world in which only they live, each with one parent, in no order that says who is which."""
    homes = [_household(who) for pair in pairs for who in (pair.one, pair.other)]
    Random(seed).shuffle(homes)
    return World(seed, today, datetime.combine(today, time(2, 0), UTC), tuple(homes))


def _household(who: Child) -> Household:
    known = who.council
    assert known is not None
    assert known.address is not None
    mother = adult(f"{who.key}-mother", "Judith", who.family_name, born(TODAY, 41, 9), "F", "mother")
    return family(known.address, (mother,), who)


class _Draw:
    """Draws pairs: alike in every length, different in every value."""

    def __init__(self, random: Random, today: date) -> None:
        self._random = random
        self._today = today
        self._numbers = nhs_numbers(FIRST_STEM)
        self._taken: set[str] = set()

    def pair(self, row: Row, key: str) -> Pair:
        days = 15 + self._random.randrange(300)
        return Pair(
            row,
            self._child(f"{key}-one", row, row.one_known_to, row.one(self._today), days),
            self._child(f"{key}-other", row, row.other_known_to, row.other(self._today), days),
        )

    def _child(self, key: str, row: Row, known_to: tuple[str, ...], more: Sequence[Event], days: int) -> Child:
        today, place = self._today, self._random.randrange(10, 99)
        home = Address(f"{place} {self._word(7)} Street", "Testshire", f"ZZ{self._random.randrange(1, 9)} 4AB")
        events = [*referred(today, 90, home), seen_at_hospital(today, 60)]
        if row.beside and POLICE in known_to:
            events.append(witness(today, 95, home))
        return child(
            key, next(self._numbers), self._word(6), self._word(9), born(today, 15, days), "F", home, known_to,
            (*events, *more), school=SCHOOLS[3],
        )  # fmt: skip

    def _word(self, letters: int) -> str:
        """A word nobody has been called, of so many letters."""
        while True:
            pick = (self._random.choice(_VOWELS if n % 2 else _CONSONANTS) for n in range(letters))
            word = "".join(pick).capitalize()
            if word not in self._taken:
                self._taken.add(word)
                return word
