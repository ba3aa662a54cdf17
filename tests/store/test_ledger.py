"""What the signer process keeps on disk: it survives being killed anywhere, and is never quietly wrong."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.audit.merkle import Frontier, leaf_hash
from hub.errors import ConfigurationError
from hub.store.signers import ledger as module
from hub.store.signers.ledger import Ledger, LedgerBroken

BATCHES = [(b'{"a":1}',), (b'{"b":1}', b'{"b":2}', b'{"b":3}'), (b'{"c":1}', b'{"c":2}')]


def grown(batches: list[tuple[bytes, ...]]) -> Frontier:
    return Frontier().extend(leaf_hash(body) for batch in batches for body in batch)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of three batches."""
    path = tmp_path / "log.state"
    Ledger.begin(path, Frontier())
    ledger = Ledger(path)
    for batch in BATCHES:
        ledger.append(batch)
    ledger.close()
    return path


def test_it_is_read_as_it_was_written(path: Path) -> None:
    ledger = Ledger(path)
    assert (ledger.before, ledger.batch, ledger.frontier) == (grown(BATCHES[:2]), BATCHES[2], grown(BATCHES))
    ledger.close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_log_that_was_there_before(tmp_path: Path) -> None:
    Ledger.begin(tmp_path / "log.state", grown(BATCHES))
    ledger = Ledger(tmp_path / "log.state")
    assert (ledger.frontier, ledger.batch) == (grown(BATCHES), ())
    ledger.append(BATCHES[0])
    ledger.close()
    ledger = Ledger(tmp_path / "log.state")
    assert ledger.frontier == grown([*BATCHES, BATCHES[0]])
    ledger.close()


def test_cut_anywhere_it_holds_what_was_answered(path: Path, tmp_path: Path) -> None:
    """A write that was cut off was never answered; every whole record before it was."""
    raw = path.read_bytes()
    ends = [end for end, _ in module._records(raw)]
    for length in range(ends[0], len(raw) + 1):
        cut = tmp_path / "cut"
        cut.write_bytes(raw[:length])
        ledger = Ledger(cut)
        whole = sum(end <= length for end in ends) - 1
        assert ledger.frontier == grown(BATCHES[:whole])
        ledger.append((b'{"d":1}',))
        ledger.close()
        ledger = Ledger(cut)
        assert ledger.frontier == grown([*BATCHES[:whole], (b'{"d":1}',)])
        ledger.close()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_flipped_byte_is_never_read_as_another_history(path: Path, tmp_path: Path, at: int, flip: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[at % len(raw)] ^= flip
    (tmp_path / "flipped").write_bytes(raw)
    try:
        ledger = Ledger(tmp_path / "flipped")
    except ConfigurationError:
        return
    assert ledger.frontier in [grown(BATCHES[:count]) for count in range(3)], "only the end may be missing"
    ledger.close()


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda raw: raw[:0], id="empty"),
        pytest.param(lambda raw: raw[:20], id="no whole record"),
        pytest.param(lambda raw: raw[next(module._records(raw))[0] :], id="the start is missing"),
        pytest.param(lambda raw: raw.replace(b'{"b":2}', b'{"b":9}'), id="an entry edited before a good record"),
        pytest.param(lambda raw: raw[: list(module._records(raw))[1][0]] + raw[list(module._records(raw))[2][0] :], id="a record is missing"),
        pytest.param(lambda raw: raw + module._record(b"start\n0\n\n"), id="a second start"),
        pytest.param(lambda raw: raw + module._record(b"batch\n6\n"), id="a batch of nothing"),
        pytest.param(lambda raw: raw + module._record(b"batch\n06\n{}\n"), id="a size with a leading zero"),
        pytest.param(lambda raw: raw + module._record(b"\xff\n6\n{}\n"), id="not a record"),
    ],
)  # fmt: skip
def test_damage_stops_the_start(path: Path, spoil: object) -> None:
    path.write_bytes(spoil(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(ConfigurationError, match="damaged"):
        Ledger(path)


def test_a_journal_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="hub signer begin"):
        Ledger(tmp_path / "log.state")


def test_beginning_twice(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there already"):
        Ledger.begin(path, Frontier())
    ledger = Ledger(path)
    assert ledger.frontier == grown(BATCHES)
    ledger.close()


def test_two_at_once(path: Path) -> None:
    ledger = Ledger(path)
    with pytest.raises(ConfigurationError, match="another signer"):
        Ledger(path)
    ledger.close()
    Ledger(path).close()


def test_it_is_begun_anew_when_it_grows_long(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "JOURNAL_BYTES_MAX", 1_000)
    ledger = Ledger(path)
    batches = list(BATCHES)
    for number in range(200):
        batches.append((b'{"n":%d}' % number,))
        ledger.append(batches[-1])
        assert path.stat().st_size < 1_300
    with pytest.raises(ConfigurationError, match="another signer"):
        Ledger(path)
    ledger.close()
    ledger = Ledger(path)
    assert (ledger.before, ledger.batch, ledger.frontier) == (grown(batches[:-1]), batches[-1], grown(batches))
    ledger.close()
    assert sorted(each.name for each in path.parent.iterdir()) == ["log.state", "log.state.lock"]


@pytest.mark.parametrize("call", ["write", "fdatasync"])
def test_a_disk_that_fails(path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    ledger = Ledger(path)
    really = getattr(os, call)

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(LedgerBroken):
        ledger.append((b"{}",))
    monkeypatch.setattr(os, call, really)
    assert ledger.frontier == grown(BATCHES)
    with pytest.raises(LedgerBroken):  # what is on disk is not known any more
        ledger.append((b"{}",))
    ledger.close()
    again = Ledger(path)
    assert again.frontier in (grown(BATCHES), grown([*BATCHES, (b"{}",)]))
    again.close()
