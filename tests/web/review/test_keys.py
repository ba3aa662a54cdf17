"""What reviewers export and check is under every key the log ever had."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.audit.note import SignerKey
from hub.errors import ConfigurationError
from hub.web.review.desk import Desk
from tests.access.devserver_up import Running
from tests.web import site_up as sites

EARLIER = SignerKey("hub.test/log", b"before".ljust(32, b".")).verifier


def with_keys(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    changed = sites.SETTINGS.replace('origin = "hub.test/log"', f'origin = "hub.test/log"\nearlier_keys = ["{line}"]')
    monkeypatch.setattr(sites, "SETTINGS", changed)


def test_the_key_in_use_is_the_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: Running) -> None:
    with_keys(monkeypatch, str(EARLIER))
    with sites.site_up(tmp_path, server) as up:
        desk = Desk(up.site)
        assert desk.exporting._keys == (up.hub.log.verifier, EARLIER)
        assert desk.check._keys == (up.hub.log.verifier, EARLIER)


def test_a_key_that_is_none_stops_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: Running) -> None:
    with_keys(monkeypatch, "hub.test/log+00000000+AQID")
    with pytest.raises(ConfigurationError, match="earlier_keys"), sites.site_up(tmp_path, server):
        pass
