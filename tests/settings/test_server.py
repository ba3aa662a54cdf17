"""The [server] table: profile, registered documents and limits, and what does not go together."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import ConfigurationError
from hub.schema.limits import LimitSettings
from tests.settings.test_load import GOOD, load

SERVER = "[server]\n{}\n[log]"


def with_server(lines: str, environment: str = "development", test_data: bool = False) -> str:
    text = GOOD.replace("[log]", SERVER.format(lines)).replace('"development"', f'"{environment}"')
    return text.replace('id = "testshire-police"', 'id = "testshire-police"\ntest_data = true') if test_data else text


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def test_left_out(place: Path) -> None:
    server = load(place, GOOD).server
    assert (server.profile, server.documents, server.documents_file, server.limits) == ("standard", "free", None, None)
    assert server.limits_in(is_development=False) == LimitSettings(5, None, 600, 60)
    off = server.limits_in(is_development=True)
    assert (off.client_per_minute, off.worker_per_minute) == (0, 0)


def test_given(place: Path) -> None:
    text = with_server(
        'documents = "trusted"\ndocuments_file = "d.json"\nlimits = { worker_per_minute = 5, calls_max = 9 }'
    )
    server = load(place, text).server
    assert server.documents_file == str(place.parent / "d.json")
    for is_development in (True, False):
        assert server.limits_in(is_development=is_development) == LimitSettings(5, 9, 600, 5)


def test_the_audit_profile(place: Path) -> None:
    assert load(place, with_server('profile = "audit"', test_data=True)).server.profile == "audit"


BAD = {
    "documents without a file": (with_server('documents = "trusted"'), "documents_file"),
    "an unknown profile": (with_server('profile = "open"'), "profile"),
    "an unknown word for documents": (with_server('documents = "some"'), "documents"),
    "a negative rate": (with_server("limits = { worker_per_minute = -1 }"), "worker_per_minute"),
    "more children than the root may hold": (with_server("limits = { children_max = 6 }"), "children_max"),
    "an unknown limit": (with_server("limits = { fields = 6 }"), "fields"),
    "the audit profile in production": (with_server('profile = "audit"', "production", test_data=True), "environment"),
    "the audit profile over real records": (with_server('profile = "audit"'), "testshire-police"),
    "the audit profile on every address": (with_server('profile = "audit"\nhost = "0.0.0.0"', test_data=True), "host"),
}


@pytest.mark.parametrize(("text", "named"), BAD.values(), ids=BAD)
def test_refused(place: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigurationError) as fault:
        load(place, text)
    assert named in fault.value.message
    assert str(place) in fault.value.message
