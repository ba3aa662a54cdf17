"""The signing key's file, and the memory that keeps it from signing backwards."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from hub.audit.checkpoint import Checkpoint, open_checkpoint
from hub.audit.merkle import EMPTY_ROOT
from hub.audit.note import SignerKey, VerifierKey
from hub.errors import ConfigurationError
from hub.store.keys import KEY_FILE_MAX, FileSigner, SignsBackwards, load_or_create

ORIGIN = "testshire.example/log"
ROOT, OTHER = b"r" * 32, b"o" * 32


def test_a_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "made" / "here" / "key"
    first = load_or_create(path, ORIGIN)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().startswith("PRIVATE+KEY+testshire.example/log+")
    assert VerifierKey.parse((tmp_path / "made/here/key.pub").read_text().strip()) == first.verifier
    assert load_or_create(path, ORIGIN).verifier == first.verifier
    assert sorted(each.name for each in path.parent.iterdir()) == ["key", "key.pub"], "no draft is left"


def test_two_that_start_at_once_have_one_key(tmp_path: Path) -> None:
    made: list[FileSigner] = []
    threads = [threading.Thread(target=lambda: made.append(load_or_create(tmp_path / "key", ORIGIN))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len({str(each.verifier) for each in made}) == 1


GOOD = SignerKey(ORIGIN, b"s" * 32).secret_text()


@pytest.mark.parametrize(
    ("content", "mode", "message"),
    [
        pytest.param(GOOD + "\n", 0o644, "chmod 600", id="others may read it"),
        pytest.param(GOOD + "\n", 0o620, "chmod 600", id="the group may write it"),
        pytest.param("", 0o600, "not a signing key", id="empty"),
        pytest.param(GOOD[:-2] + "\n", 0o600, "not a signing key", id="cut"),
        pytest.param(GOOD + "\n\n", 0o600, "not a signing key", id="a blank line after it"),
        pytest.param(GOOD + "\n" + "x" * KEY_FILE_MAX, 0o600, "not a signing key", id="too long"),
        pytest.param("\u00e9", 0o600, "not a signing key", id="not ASCII"),
        pytest.param(
            SignerKey("elsewhere.example", b"s" * 32).secret_text(), 0o600, "and not of testshire", id="another log's"
        ),
    ],
)
def test_bad_key_files(tmp_path: Path, content: str, mode: int, message: str) -> None:
    path = tmp_path / "key"
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match=message) as caught:
        load_or_create(path, ORIGIN)
    assert str(path) in str(caught.value)
    assert content not in str(caught.value) or not content


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb"])
def test_a_name_that_cannot_be_a_logs(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError):
        load_or_create(tmp_path / "key", name)
    assert list(tmp_path.iterdir()) == []


def test_a_key_where_a_directory_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(ConfigurationError):
        load_or_create(tmp_path, ORIGIN)


@pytest.fixture
def signer(tmp_path: Path) -> FileSigner:
    """One that has signed and committed a log of 5 entries."""
    signer = load_or_create(tmp_path / "key", ORIGIN)
    signer.remember(5, ROOT)
    return signer


@pytest.mark.parametrize(
    ("size", "root", "accepted"),
    [
        pytest.param(6, OTHER, True, id="larger"),
        pytest.param(5, ROOT, True, id="the same"),
        pytest.param(5, OTHER, False, id="another of the same size"),
        pytest.param(4, ROOT, False, id="smaller"),
        pytest.param(0, EMPTY_ROOT, False, id="empty"),
    ],
)
@pytest.mark.parametrize("restarted", [False, True])
def test_it_never_signs_backwards(
    signer: FileSigner, tmp_path: Path, size: int, root: bytes, accepted: bool, restarted: bool
) -> None:
    if restarted:
        signer = load_or_create(tmp_path / "key", ORIGIN)
    checkpoint = Checkpoint(ORIGIN, size, root)
    if accepted:
        assert open_checkpoint(signer.sign(checkpoint).encode(), signer.verifier) == checkpoint
    else:
        for act in (lambda: signer.check(size, root), lambda: signer.sign(checkpoint)):
            with pytest.raises(SignsBackwards, match="of 5 entries"):
                act()


def test_a_new_key_signs_an_empty_log(tmp_path: Path) -> None:
    load_or_create(tmp_path / "key", ORIGIN).sign(Checkpoint(ORIGIN, 0, EMPTY_ROOT))


def test_signing_alone_is_not_remembered(signer: FileSigner) -> None:
    """A transaction that failed after signing is written again with other entries."""
    signer.sign(Checkpoint(ORIGIN, 6, ROOT))
    signer.sign(Checkpoint(ORIGIN, 6, OTHER))


def test_what_comes_late_is_not_remembered(signer: FileSigner, tmp_path: Path) -> None:
    signer.remember(3, OTHER)
    load_or_create(tmp_path / "key", ORIGIN).check(5, ROOT)
    with pytest.raises(SignsBackwards):
        load_or_create(tmp_path / "key", ORIGIN).check(3, OTHER)


def test_its_memory_is_one_line_of_fixed_length(signer: FileSigner, tmp_path: Path) -> None:
    length = (tmp_path / "key.head").stat().st_size
    signer.remember(2**62, OTHER)
    assert (tmp_path / "key.head").stat().st_size == length
    load_or_create(tmp_path / "key", ORIGIN).check(2**62, OTHER)


@pytest.mark.parametrize("content", ["", "5", "5 short", "-5 " + "A" * 43 + "=", "\u00e9", "5 x y"])
def test_an_unreadable_memory_stops_the_start(tmp_path: Path, content: str) -> None:
    load_or_create(tmp_path / "key", ORIGIN)
    (tmp_path / "key.head").write_text(content)
    with pytest.raises(ConfigurationError, match=r"key\.head"):
        load_or_create(tmp_path / "key", ORIGIN)
