"""The smaller parts: outcomes, contacts, the catalogue, pointers and held records, enquiries."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from hub.domain.catalogue import Catalogue, Section
from hub.domain.disclosure import Confidence, Outcome
from hub.domain.enquiry import Enquiry, Searcher
from hub.domain.identifiers import CaseReference
from hub.domain.organisations import Contact, Custodian, Sector
from hub.domain.records import HeldRecord, RecordPointer
from hub.domain.sealed import unseal
from hub.domain.sources import NoAnswer, NoAnswerReason, NotAskedReason, Source, SourceState
from tests.domain.samples import AS_OF, CATALOGUE, COUNCIL, DESK, kind, record, view

SECRET = "Zebedee-Secret"


@pytest.mark.parametrize(
    ("outcome", "releases"),
    [
        (Outcome.SHARED, True),
        (Outcome.SHARED_WITH_HANDLING, True),
        (Outcome.WITHHELD, False),
        (Outcome.ASK, False),
        (Outcome.GAP, False),
        (Outcome.OUT_OF_SCOPE, False),
    ],
)
def test_which_outcomes_release_a_value(outcome: Outcome, releases: bool) -> None:
    assert outcome.releases is releases


def test_every_outcome_is_in_that_table() -> None:
    assert len(Outcome) == 6


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (Outcome, "shared shared_with_handling withheld ask gap out_of_scope"),
        (Confidence, "verified verified_secondary general"),
        (Sector, "council police health education housing probation justice"),
        (Section, "identity household involvement social_care police health education"),
        (SourceState, "answered not_held possible_match no_answer not_asked"),
        (NoAnswerReason, "down slow refused malformed wrong_person too_large busy suspended"),
        (NotAskedReason, "not_selected out_of_scope needs_demographics needs_nhs_number unborn not_connected"),
    ],
)
def test_words_that_the_log_and_the_schema_repeat(words: Any, expected: str) -> None:
    assert [word.value for word in words] == expected.split()


LEGAL = Contact("Council legal", "01632 960 120")


@pytest.mark.parametrize(
    ("post", "expected"),
    [
        pytest.param("legal", LEGAL, id="somebody holds the post"),
        pytest.param("send", DESK, id="nobody does"),
        pytest.param(None, DESK, id="no post is named"),
        pytest.param("", DESK, id="an empty post"),
    ],
)
def test_whom_to_ring(post: str | None, expected: Contact) -> None:
    custodian = Custodian("testshire-council", "Testshire Council", Sector.COUNCIL, DESK, {"legal": LEGAL})
    assert custodian.contact_for(post) == expected


def test_a_custodian_without_posts_is_its_single_point_of_contact() -> None:
    assert COUNCIL.contact_for("legal") == DESK
    assert len({COUNCIL, dataclasses.replace(COUNCIL)}) == 1


class TestTheCatalogue:
    def test_kinds_by_id(self) -> None:
        assert CATALOGUE["attendance"].section is Section.HEALTH
        assert list(CATALOGUE.kinds)[:2] == ["council_person", "council_address"]
        with pytest.raises(KeyError):
            CATALOGUE["horoscope"]

    def test_none_twice(self) -> None:
        one = kind("contact", Section.SOCIAL_CARE, Sector.COUNCIL, "on")
        other = kind("contact", Section.POLICE, Sector.POLICE, "since")
        with pytest.raises(ValueError, match=r"^kind contact is catalogued twice$"):
            Catalogue.of([one, other])

    def test_an_empty_one(self) -> None:
        assert Catalogue.of([]) == Catalogue()
        assert Catalogue().of_sector(Sector.POLICE) == frozenset()

    def test_a_field_by_name(self) -> None:
        assert CATALOGUE["assessment"].field("outcome").label == "Outcome"
        assert CATALOGUE["assessment"].field("started_on").name == "started_on"

    def test_a_field_that_is_not(self) -> None:
        with pytest.raises(KeyError, match=r"^'assessment has no field horoscope'$"):
            CATALOGUE["assessment"].field("horoscope")

    def test_who_holds_what(self) -> None:
        assert CATALOGUE.of_sector(Sector.HEALTH) == {"attendance"}
        assert CATALOGUE.of_sector(Sector.POLICE) == {"police_person", "missing_report", "warning_marker"}
        assert "assessment" in CATALOGUE.of_sector(Sector.COUNCIL)


POINTER = RecordPointer("testshire-council", "contact", SECRET, frozenset({"privileged"}))


def held(**values: Any) -> HeldRecord:
    return HeldRecord(POINTER, AS_OF, values)


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(vars, id="vars"),
        pytest.param(dataclasses.asdict, id="asdict"),  # type: ignore[arg-type]
        pytest.param(copy.copy, id="copy"),
        pytest.param(copy.deepcopy, id="deepcopy"),
        *[
            pytest.param(lambda r, n=n: pickle.dumps(r, n), id=f"pickle {n}")
            for n in range(pickle.HIGHEST_PROTOCOL + 1)
        ],
        pytest.param(lambda r: r.__getstate__(), id="state"),
        pytest.param(json.dumps, id="json"),
        pytest.param(iter, id="iteration"),
        pytest.param(lambda r: r["outcome"], id="subscript"),
        pytest.param(lambda r: r.outcome, id="attribute"),
        pytest.param(lambda r: r.__values, id="private attribute"),
        pytest.param(lambda r: setattr(r, "more", 1), id="a new attribute"),
    ],
)
def test_a_held_record_is_sealed(way: Callable[[Any], object]) -> None:
    with pytest.raises((TypeError, AttributeError)) as refusal:
        way(held(outcome=SECRET))
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize(
    ("way", "says"),
    [
        (lambda r: r.__getstate__(), "a held record has no state to read: release it under a decision"),
        (copy.copy, "a held record cannot be copied or pickled: release it under a decision"),
    ],
)
def test_the_refusal_says_what_to_do(way: Callable[[Any], object], says: str) -> None:
    with pytest.raises(TypeError) as refusal:
        way(held())
    assert str(refusal.value) == says


def test_a_held_record_shows_what_kind_it_is_and_whose() -> None:
    assert repr(held(outcome=SECRET)) == "<HeldRecord contact of testshire-council, sealed>"


def test_unsealed_values_are_those_there_are_and_cannot_be_changed() -> None:
    given: dict[str, Any] = {"outcome": SECRET, "on": None, "empty": "", "none_of_them": (), "no": False, "nought": 0}
    values = unseal(HeldRecord(POINTER, AS_OF, given))
    assert dict(values) == {"outcome": SECRET, "empty": "", "none_of_them": (), "no": False, "nought": 0}
    with pytest.raises(TypeError):
        values["outcome"] = "another"  # type: ignore[index]
    given["outcome"] = "changed later"
    assert values["outcome"] == SECRET


def test_a_held_record_says_what_found_it() -> None:
    assert held().pointer is POINTER
    assert held().as_of == AS_OF


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(POINTER, id="a pointer"),
        pytest.param(record("contact", outcome=SECRET), id="a released record"),
        pytest.param(view(record("contact", outcome=SECRET)), id="a view of it"),
        pytest.param(Enquiry("ca1989-s47", CaseReference(SECRET)), id="an enquiry"),
        pytest.param(
            Searcher("c", "o", "O", Sector.COUNCIL, SECRET, "mash_social_worker", frozenset()), id="who searches"
        ),
    ],
)
def test_no_repr_shows_a_value(shown: object) -> None:
    assert SECRET not in repr(shown)


def test_what_is_not_stated() -> None:
    assert (POINTER.undetermined, RecordPointer("c", "k", "1").labels) == (frozenset(), frozenset())
    assert Enquiry("ca2004-s16la", CaseReference("A")).decision is None
    searcher = Searcher("c", "o", "O", Sector.COUNCIL, None, "r", frozenset())
    assert searcher.token_strength == "bearer"
    silent = Source(COUNCIL, SourceState.NOT_HELD)
    assert [getattr(silent, name) for name in ("detail", "no_answer", "not_asked", "as_of", "records")] == [None] * 5
    assert NoAnswer(NoAnswerReason.DOWN, "refused").retry_after_seconds is None
