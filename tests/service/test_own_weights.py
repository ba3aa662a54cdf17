"""The weights a hub is set to: used, named by their digest at the start, and refused with the file's name."""

from __future__ import annotations

import logging
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from hub.app import load_weights
from hub.domain.sources import SourceState
from hub.errors import ConfigurationError
from hub.matching.resolution import Compared
from hub.matching.weights import SHIPPED, WEIGHTS, Level, Weight, Weights
from hub.matching.weights_file import write
from hub.service.matching import Matching
from hub.settings import Settings, load_settings
from tests.cli.decided import SETTINGS
from tests.service.conftest import Bench
from tests.service.custodians import BY_NAME, MAYA_AT_POLICE, police

DOUBTFUL = Weights({**WEIGHTS, Compared.BIRTH_DATE: {**WEIGHTS[Compared.BIRTH_DATE], Level.EXACT: Weight(0.955, 0.5)}})
"""By which a birth date that agrees says next to nothing."""


def settings(place: Path, line: str) -> Settings:
    (place / "settings.toml").write_text(f"{line}\n{SETTINGS.format(place=place)}")
    return load_settings(place / "settings.toml")


def test_none_named(tmp_path: Path) -> None:
    assert load_weights(settings(tmp_path, "")) is SHIPPED


def test_a_file_beside_the_settings(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = write(SHIPPED, trained_on="x", method="y")
    (tmp_path / "weights.toml").write_text(text)
    assert load_weights(settings(tmp_path, 'match_weights = "weights.toml"')).bits.keys() == SHIPPED.bits.keys()
    with caplog.at_level(logging.WARNING):
        load_weights(settings(tmp_path, 'match_weights = "weights.toml"'))
    assert sha256(text.encode()).hexdigest() in caplog.text


@pytest.mark.parametrize(("content", "says"), [(None, "cannot be read"), ("format = 1", "must have exactly")])
def test_a_hub_with_bad_weights_does_not_start(tmp_path: Path, content: str | None, says: str) -> None:
    if content is not None:
        (tmp_path / "weights.toml").write_text(content)
    with pytest.raises(ConfigurationError, match=f"weights.toml: the weights file .*{says}") as caught:
        load_weights(settings(tmp_path, 'match_weights = "weights.toml"'))
    assert caught.value.code == "WEIGHTS_INVALID"


async def test_questions_are_resolved_with_them(bench: Bench) -> None:
    thin = replace(MAYA_AT_POLICE, postcode=None)
    first = await bench.ask(police(people=(thin,)), search=BY_NAME)
    bench.matching = Matching(weights=DOUBTFUL)
    second = await bench.ask(police(people=(thin,)), search=BY_NAME)
    assert [answer.sources[0].state for answer in (first, second)] == [SourceState.ANSWERED, SourceState.POSSIBLE_MATCH]
