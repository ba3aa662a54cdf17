"""``[log.signer]``: what may stand there, and where a PIN may come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import ConfigurationError
from hub.settings import load_settings
from hub.store.keys import FileSigner
from hub.store.signers.making import PIN_FILE_MAX, KeyInFile, KeyInProcess, KeyOnToken, Pin, read_pin
from tests.cli.test_keys import SETTINGS


def written(place: Path, *more: str) -> Path:
    path = place / "settings.toml"
    path.write_text(SETTINGS.format(place=place, key_file="log.key", more="\n".join(more)))
    return path


def test_nothing_said_is_a_key_in_a_file(tmp_path: Path) -> None:
    log = load_settings(written(tmp_path)).log
    assert (log.signer, log.next_signer, log.earlier_keys) == (KeyInFile(), None, [])
    assert isinstance(log.make_signer(), FileSigner)
    assert (tmp_path / "log.key.pub").exists()


def test_without_create_no_key_is_made(tmp_path: Path) -> None:
    log = load_settings(written(tmp_path)).log
    with pytest.raises(ConfigurationError, match=r"log\.key"):
        log.make_signer(create=False)
    assert not (tmp_path / "log.key").exists()


def test_paths_are_taken_from_the_settings_file(tmp_path: Path) -> None:
    token = 'kind = "pkcs11", module = "hsm.so", token = "hub", key = "log", pin = { file = "pin" }'
    log = load_settings(written(tmp_path, f"signer = {{ {token} }}")).log
    assert log.signer == KeyOnToken(str(tmp_path / "hsm.so"), "hub", "log", Pin(file=str(tmp_path / "pin")))
    log = load_settings(written(tmp_path, 'signer = { kind = "process", socket = "s" }')).log
    assert log.signer == KeyInProcess(str(tmp_path / "s"))
    log = load_settings(written(tmp_path, 'next_signer = { kind = "file", file = "n" }')).log
    assert log.next_signer == KeyInFile(str(tmp_path / "n"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        pytest.param('signer = { kind = "paper" }', "paper", id="no such kind"),
        pytest.param("signer = { }", "kind", id="no kind"),
        pytest.param('signer = "file"', "log.signer", id="a word"),
        pytest.param('signer = { kind = "process" }', "socket", id="no socket"),
        pytest.param('signer = { kind = "process", socket = "s", pin = "1234" }', "pin", id="a key too many"),
        pytest.param('signer = { kind = "pkcs11", module = "m", token = "t", key = "k" }', "pin", id="no PIN"),
        pytest.param('signer = { kind = "pkcs11", module = "m", token = "t", key = "k", pin = "1234" }', "log.signer.pin", id="the PIN itself"),
        pytest.param('signer = { kind = "pkcs11", module = "m", token = "t", key = "", pin = { env = "P" } }', "key", id="an empty label"),
        pytest.param('next_signer = { kind = "process", socket = "s" }', "process", id="a process gets its second key itself"),
    ],
)  # fmt: skip
def test_what_may_not_stand_there(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        load_settings(written(tmp_path, line))
    assert "1234" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "mode", "pin", "says"),
    [
        pytest.param("135790\n", 0o600, Pin(file="pin"), None, id="a file"),
        pytest.param("135790", 0o600, Pin(env="TOKEN_PIN"), None, id="the environment"),
        pytest.param("135790", 0o600, Pin(), "one of them", id="neither"),
        pytest.param("135790", 0o600, Pin(env="TOKEN_PIN", file="pin"), "one of them", id="both"),
        pytest.param("135790", 0o640, Pin(file="pin"), "chmod 600", id="a file others may read"),
        pytest.param("\n", 0o600, Pin(file="pin"), "holds no PIN", id="an empty file"),
        pytest.param("135790", 0o600, Pin(file="elsewhere"), "holds no PIN", id="no file"),
        pytest.param("135790", 0o600, Pin(env="OTHER"), "holds no PIN", id="not in the environment"),
    ],
)
def test_where_a_pin_comes_from(tmp_path: Path, content: str, mode: int, pin: Pin, says: str | None) -> None:
    (tmp_path / "pin").write_text(content)
    (tmp_path / "pin").chmod(mode)
    given = Pin(pin.env, str(tmp_path / pin.file) if pin.file else None)
    if says is None:
        assert read_pin(given, {"TOKEN_PIN": "135790"}) == "135790"
        return
    with pytest.raises(ConfigurationError, match=says) as caught:
        read_pin(given, {"TOKEN_PIN": "135790"})
    assert "135790" not in str(caught.value)


def test_a_pin_file_is_read_no_further_than_a_pin_goes(tmp_path: Path) -> None:
    (tmp_path / "pin").write_text("1" * (PIN_FILE_MAX * 2))
    (tmp_path / "pin").chmod(0o600)
    assert len(read_pin(Pin(file=str(tmp_path / "pin")), {})) == PIN_FILE_MAX
