"""The signing key's file, and the memory that keeps it from signing backwards."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.audit.checkpoint import Checkpoint, open_checkpoint
from hub.audit.merkle import EMPTY_ROOT
from hub.audit.note import SignerKey, VerifierKey
from hub.errors import ConfigurationError
from hub.store.keys import KEY_FILE_MAX, FileSigner, SignsBackwards, create_key, load_or_create

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


def test_a_key_that_is_a_symbolic_link(tmp_path: Path) -> None:
    load_or_create(tmp_path / "real", ORIGIN)
    (tmp_path / "key").symlink_to(tmp_path / "real")
    with pytest.raises(ConfigurationError, match="symbolic link"):
        load_or_create(tmp_path / "key", ORIGIN)
    (tmp_path / "nowhere").symlink_to(tmp_path / "missing")
    with pytest.raises(ConfigurationError, match="symbolic link"):
        load_or_create(tmp_path / "nowhere", ORIGIN)
    assert not (tmp_path / "missing").exists(), "no key is made through a link"


@pytest.mark.parametrize(
    ("mode", "group", "accepted"),
    [
        pytest.param(0o700, None, True, id="its owner's alone"),
        pytest.param(0o755, None, True, id="others may look"),
        pytest.param(0o775, None, True, id="its owner's own group may write"),
        pytest.param(0o775, 54_321, False, id="another group may write"),
        pytest.param(0o777, None, False, id="others may write"),
        pytest.param(0o1777, None, False, id="others may write, as in a directory for temporary files"),
    ],
)
@pytest.mark.parametrize("there", [True, False], ids=["a key that is there", "a new key"])
def test_who_may_write_the_directory(tmp_path: Path, mode: int, group: int | None, accepted: bool, there: bool) -> None:
    place = tmp_path / "place"
    place.mkdir()
    if there:
        load_or_create(place / "key", ORIGIN)
    if group is not None:
        if os.geteuid() != 0:
            pytest.skip("only Linux's root can give a directory to another group")
        os.chown(place, -1, group)
    place.chmod(mode)
    if accepted:
        load_or_create(place / "key", ORIGIN)
        return
    with pytest.raises(ConfigurationError, match="others can write the directory"):
        load_or_create(place / "key", ORIGIN)
    assert there or list(place.iterdir()) == []


def test_a_key_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_or_create(tmp_path / "key", ORIGIN)
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    with pytest.raises(ConfigurationError, match=f"belongs to user {mine}, and this runs as user {mine + 1}"):
        load_or_create(tmp_path / "key", ORIGIN)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["a directory", "a pipe"])
def test_what_is_no_file(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "key")
    with pytest.raises(ConfigurationError):
        load_or_create(tmp_path / "key", ORIGIN)


def test_its_memory_is_not_written_through_a_link(tmp_path: Path) -> None:
    signer = load_or_create(tmp_path / "key", ORIGIN)
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "key.head").symlink_to(tmp_path / "victim")
    signer.remember(5, ROOT)
    assert (tmp_path / "victim").read_text() == "precious"


def test_a_new_key_is_never_written_over_anything(tmp_path: Path) -> None:
    create_key(tmp_path / "key", ORIGIN)
    before = (tmp_path / "key").read_bytes()
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    for name in ("key", "link"):
        with pytest.raises(ConfigurationError, match="never written over"):
            create_key(tmp_path / name, ORIGIN)
    assert (tmp_path / "key").read_bytes() == before
