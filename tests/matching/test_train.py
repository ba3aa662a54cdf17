"""Weights trained on generated pairs of which the truth is known, and pairs that cannot be trained on."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from hub.errors import BadRequest
from hub.matching.compare import Prepared
from hub.matching.examples import Example, read
from hub.matching.resolution import Compared
from hub.matching.train import PAIRS_MIN, SHIPPED_COUNTS, train
from hub.matching.weights import WEIGHTS, Level
from tests.matching.test_twins import as_recorded, twins

HEADER = [
    "a_given_names",
    "a_family_names",
    "a_birth_date",
    "a_sex",
    "b_given_names",
    "b_family_names",
    "b_birth_date",
    "same",
]
ROW = ["Mia", "Okafor", "2014-02-03", "F", "Mya", "Okafor/Reid", "2014-02", ""]


def examples(seed: int, *, matches: int, others: int, marked: bool | None = None) -> list[Example]:
    """Pairs of one child as two agencies recorded her, and of two children."""
    random = Random(seed)
    found = []
    for n in range(matches + others):
        a, other = twins(random)[0], twins(random)[0]
        same = n < matches
        b = as_recorded(random, a if same else other)
        found.append(Example(Prepared.of(a), Prepared.of(b), same if marked else None))
    random.shuffle(found)
    return found


class TestTrain:
    @pytest.mark.parametrize("marked", [None, True], ids=["nobody has marked them", "marked by people"])
    def test_the_errors_of_the_population_are_found_again(self, marked: bool | None) -> None:
        """The generator: postcode another in 25 %, sex missing (not wrong), 3 % of birth dates a day off, surname in 8 %."""
        trained = train(examples(1, matches=1_000, others=1_000, marked=marked))
        rows = trained.weights.rows
        assert trained.share == pytest.approx(0.5, abs=0.02)
        assert rows[Compared.POSTCODE][Level.EXACT].m == pytest.approx(0.75, abs=0.05)
        assert rows[Compared.BIRTH_DATE][Level.EXACT].m == pytest.approx(0.97, abs=0.02)
        assert rows[Compared.SEX][Level.EXACT].m > 0.97
        assert rows[Compared.SEX][Level.EXACT].u == pytest.approx(0.5, abs=0.05)
        assert rows[Compared.FAMILY_NAME][Level.EXACT].u == pytest.approx(1 / 37, abs=0.02)
        assert trained.marked == (2_000 if marked else 0)

    def test_every_table_adds_up_and_nothing_is_impossible(self) -> None:
        for levels in train(examples(2, matches=200, others=100)).weights.rows.values():
            assert sum(row.m for row in levels.values()) == pytest.approx(1)
            assert sum(row.u for row in levels.values()) == pytest.approx(1)
            assert all(0 < row.m < 1 and 0 < row.u < 1 for row in levels.values())

    def test_what_no_stranger_shows_is_not_rarer_than_once_in_all_of_them(self) -> None:
        trained = train(examples(2, matches=200, others=100))
        once = 1 / (trained.strangers + SHIPPED_COUNTS)
        for compared, levels in trained.weights.rows.items():
            for level, row in levels.items():
                assert row.u >= 0.99 * min(WEIGHTS[compared][level].u, once), (compared, level)

    def test_what_no_pair_shows_keeps_the_shipped_weight(self) -> None:
        """None of them has an NHS number."""
        trained = train(examples(3, matches=100, others=100))
        assert trained.weights.bits[Compared.NHS_NUMBER][Level.EXACT] == pytest.approx(19.9, abs=0.1)

    def test_the_order_of_the_pairs_changes_little(self) -> None:
        pairs = examples(4, matches=400, others=400)
        one, other = train(pairs), train(sorted(pairs, key=lambda pair: pair.a.family[0].joined))
        assert one.share == pytest.approx(other.share, abs=0.01)

    def test_too_few(self) -> None:
        with pytest.raises(BadRequest, match="50 pairs are needed") as caught:
            train(examples(5, matches=PAIRS_MIN - 1, others=0))
        assert caught.value.code == "TRAINING_FAILED"

    def test_a_field_that_would_speak_against_a_match_is_refused(self) -> None:
        """The second agency codes sex the other way round, say."""
        other = {"F": "M", "M": "F", None: None}
        pairs = [
            replace(one, b=replace(one.b, sex=other[one.b.sex]))
            for one in examples(6, matches=500, others=500, marked=True)
        ]
        with pytest.raises(BadRequest, match="sex that agrees would speak against a match"):
            train(pairs)


class TestRead:
    def test_a_row(self) -> None:
        (pair,) = read([HEADER, ROW], "pairs.csv")
        assert pair.same is None
        assert [name.joined for name in pair.b.family] == ["okafor", "reid"]
        assert pair.a.birth_date
        assert pair.b.birth_date
        assert (pair.a.birth_date.is_exact, pair.b.birth_date.is_exact) == (True, False)
        assert pair.a.nhs_number is None

    @pytest.mark.parametrize(("said", "same"), [("1", True), ("0", False), (" ", None)])
    def test_what_people_said(self, said: str, same: bool | None) -> None:
        assert read([HEADER, [*ROW[:-1], said]], "pairs.csv")[0].same is same

    @pytest.mark.parametrize(
        ("rows", "says"),
        [
            pytest.param([], "line 1: the first line must name", id="empty"),
            pytest.param([["Mia", "Okafor"]], "line 1: column 1 is not one of", id="no header"),
            pytest.param([["a_sex", "a_sex"]], "line 1: the first line", id="a column twice"),
            pytest.param([["same"]], "line 1: the first line", id="no records"),
            pytest.param([HEADER, ROW[:-1]], "line 2: not as many columns", id="short row"),
            pytest.param([HEADER, ROW, [*ROW[:-1], "yes"]], "line 3: same must be", id="same"),
            pytest.param([HEADER, [*ROW[:2], "3 Feb 2014", *ROW[3:]]], "line 2: a birth_date", id="birth date"),
            pytest.param([["a_nhs_number"], ["9990004022"]], "line 2: an nhs_number", id="NHS number"),
        ],
    )
    def test_refused_without_a_value(self, rows: list[list[str]], says: str) -> None:
        with pytest.raises(BadRequest, match=f"pairs.csv, {says}") as caught:
            read(rows, "pairs.csv")
        assert caught.value.code == "PAIRS_INVALID"
        assert not [value for value in ("Mia", "Okafor", "Feb", "yes", "9990") if value in caught.value.message]
