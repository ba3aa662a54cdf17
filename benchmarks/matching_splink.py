"""Splink (MIT) beside the hub, on the same searches and the same candidates; None where it is not installed.

Splink is made for whole files, not for one child at a time, and links by its score alone. Its own defaults: the
comparisons its documentation recommends for people, ``u`` from random pairs, ``m`` from expectation-maximisation.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from benchmarks.matching_cases import Case, OnFile, Outcomes
from hub.domain.people import Identity

PROBABILITY_MIN = 0.999
RANDOM_PAIRS = 1_000_000


class Splink:
    """A model trained on the searches and the file of ``cases``."""

    def __init__(self, cases: Sequence[Case], file: OnFile) -> None:
        from splink import (  # type: ignore[import-not-found, unused-ignore]
            Linker,
            SettingsCreator,
            block_on,
        )
        from splink import comparison_library as compare

        settings = SettingsCreator(
            link_type="link_only",
            comparisons=[
                compare.JaroWinklerAtThresholds("given_name", [0.92, 0.8]),
                compare.JaroWinklerAtThresholds("surname", [0.92, 0.8]),
                compare.DateOfBirthComparison("birth_date", input_is_string=True),
                compare.ExactMatch("sex"),
                compare.ExactMatch("postcode"),
            ],
            blocking_rules_to_generate_predictions=[
                block_on("birth_date"),
                block_on("given_name", "surname"),
                block_on("surname", "postcode"),
                block_on("given_name", "postcode"),
            ],
            probability_two_random_records_match=1 / max(len(file.people), 1),
        )
        self._linker = Linker(_tables(cases, file), settings, log_level=logging.ERROR)
        training = self._linker.training
        training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=1)
        for rule in (block_on("birth_date"), block_on("surname", "postcode")):
            training.estimate_parameters_using_expectation_maximisation(rule)
        self._cases = cases

    def outcomes(self, first: int) -> Outcomes:
        """What it links at ``PROBABILITY_MIN`` for the first so many searches: the best of each. It has no review."""
        predicted = self._linker.inference.predict(threshold_match_probability=PROBABILITY_MIN)
        best: dict[str, tuple[float, str]] = {}
        for row in predicted.as_record_list():
            asked, held = _sides(row)
            best[asked] = max(best.get(asked, (0.0, "")), (row["match_probability"], held))
        tally = Outcomes()
        for number, case in enumerate(self._cases[:first]):
            found = best.get(str(number))
            if found is None:
                tally.not_held += 1
            else:
                tally.right += found[1] == case.truth
                tally.wrong += found[1] != case.truth
        return tally


def is_installed() -> bool:
    """Whether Splink and its engine are there."""
    return find_spec("splink") is not None and find_spec("duckdb") is not None and find_spec("pandas") is not None


def _sides(row: dict[str, Any]) -> tuple[str, str]:
    left = (str(row["unique_id_l"]), row["source_dataset_l"])
    right = (str(row["unique_id_r"]), row["source_dataset_r"])
    asked, held = (left, right) if left[1] == "asked" else (right, left)
    return asked[0], held[0]


def _tables(cases: Sequence[Case], file: OnFile) -> Any:
    import pandas  # type: ignore[import-untyped, import-not-found, unused-ignore]
    from splink.backends.duckdb import DuckDBAPI  # type: ignore[import-not-found, unused-ignore]

    asked = pandas.DataFrame([_row(str(number), case.asked) for number, case in enumerate(cases)])
    held = pandas.DataFrame([_row(local_id, who) for local_id, who in file.people.items()])
    engine = DuckDBAPI()
    return [engine.register(asked, dataset_display_name="asked"), engine.register(held, dataset_display_name="held")]


def _row(name: str, who: Identity) -> dict[str, str | None]:
    return {
        "unique_id": name,
        "given_name": who.given_names[0].casefold() if who.given_names else None,
        "surname": who.family_names[0].casefold() if who.family_names else None,
        "birth_date": who.birth_date.isoformat() if who.birth_date else None,
        "sex": who.sex,
        "postcode": who.postcode,
    }
