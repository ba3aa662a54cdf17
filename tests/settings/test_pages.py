"""``[pages]``: how the pages prove themselves to the issuer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey

from hub.access.client_auth import ClientKey, ClientSecret
from hub.errors import ConfigurationError
from hub.settings import load_settings
from hub.web.settings import PagesSettings
from tests.settings.test_load import GOOD

PAGES = '\n[pages]\nclient_id = "hub-pages"\nstep_up_acr = ["multi-factor"]\n'
SECRET, KEY = 'credential = { file = "pages.secret" }\n', 'key_file = "pages.jwk"\n'


def load(place: Path, proof: str) -> PagesSettings:
    (place / "pages.secret").write_text("s3cret\n", encoding="ascii")
    key = place / "pages.jwk"
    key.write_text(json.dumps(OKPKey.generate_key("Ed25519", {"kid": "t"}).as_dict(private=True)), encoding="ascii")
    key.chmod(0o600)
    path = place / "settings.toml"
    path.write_text(GOOD + PAGES + proof, encoding="utf-8")
    pages = load_settings(path).pages
    assert pages is not None
    return pages


@pytest.mark.parametrize(
    ("proof", "made"), [pytest.param(SECRET, ClientSecret, id="secret"), pytest.param(KEY, ClientKey, id="key")]
)
def test_a_secret_or_a_key_from_beside_the_settings(tmp_path: Path, proof: str, made: type) -> None:
    pages = load(tmp_path, proof)
    assert isinstance(pages.client(), made)
    assert pages.client().client_id == "hub-pages"
    assert pages.step_up.acr_values == ("multi-factor",)


@pytest.mark.parametrize("proof", [pytest.param("", id="neither"), pytest.param(SECRET + KEY, id="both")])
def test_neither_or_both_are_refused(tmp_path: Path, proof: str) -> None:
    with pytest.raises(
        ConfigurationError, match=r"\[pages\] needs `credential` \(a secret\) or `key_file`.*one of them"
    ):
        load(tmp_path, proof)


def test_an_unknown_key_is_still_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="secret"):
        load(tmp_path, SECRET + 'secret = "s3cret"\n')
