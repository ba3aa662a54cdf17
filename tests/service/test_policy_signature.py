"""Signed policies: what counts as signed, and what stops a start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from hub.audit.note import SignerKey, parse_note
from hub.errors import ConfigurationError
from hub.policy.load import load_bundle
from hub.service.policies import PolicySet
from hub.service.policy_signature import FILE, PolicyUnsigned, Signers, sign, verify
from tests.service.policy_files import AT, LAWYER, OFFICER, STRANGER, broken, copied, titled

DAY = AT.date()
BOTH = Signers((OFFICER.verifier, LAWYER.verifier), 2)
EITHER = Signers((OFFICER.verifier, LAWYER.verifier), 1)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return copied(tmp_path)


def digest(directory: Path) -> str:
    return load_bundle(directory, DAY).digest


def signed_by(directory: Path, *keys: SignerKey, on: date = DAY) -> None:
    for key in keys:
        sign(directory, digest(directory), key, on)


def start(directory: Path, signers: Signers | None) -> PolicySet:
    return PolicySet(directory, signers, clock=lambda: AT)


def test_signing_does_not_change_what_is_signed(directory: Path) -> None:
    before = digest(directory)
    signed_by(directory, OFFICER)
    assert digest(directory) == before
    assert (directory / FILE).read_text(encoding="utf-8").splitlines()[:3] == [
        "safeguarding-hub/policies/v1",
        before,
        "2026-11-22",
    ]


def test_the_second_signature_is_over_the_same_text(directory: Path) -> None:
    signed_by(directory, OFFICER)
    signed_by(directory, LAWYER, on=DAY + timedelta(days=1))
    signed = verify(directory, digest(directory), BOTH)
    assert (signed.on, signed.names) == (DAY, ("ig-officer", "lawyer"))
    assert start(directory, BOTH).current.digest == digest(directory)


def test_signing_again_replaces_ones_own_signature_and_keeps_the_others(directory: Path) -> None:
    signed_by(directory, OFFICER, LAWYER, OFFICER)
    note = parse_note((directory / FILE).read_bytes())
    assert [each.name for each in note.signatures] == ["lawyer", "ig-officer"]


def test_signing_other_policies_drops_the_signatures_over_the_old(directory: Path) -> None:
    signed_by(directory, OFFICER, LAWYER)
    titled(directory, "Another")
    signed_by(directory, LAWYER)
    with pytest.raises(PolicyUnsigned, match="1 of the 2"):
        verify(directory, digest(directory), BOTH)


def test_no_draft_is_left(directory: Path) -> None:
    signed_by(directory, OFFICER)
    assert [each.name for each in directory.iterdir() if each.name.startswith(".")] == []


def damaged(directory: Path) -> None:
    signed_by(directory, OFFICER)
    file = directory / FILE
    file.write_text(file.read_text(encoding="utf-8").replace("2026-11-22", "2026-11-23"), encoding="utf-8")


def changed_after(directory: Path) -> None:
    signed_by(directory, OFFICER)
    titled(directory, "Changed after it was signed")


def of_another_set(directory: Path) -> None:
    signed_by(directory, OFFICER)
    note = (directory / FILE).read_bytes()
    titled(directory, "Another set")
    (directory / FILE).write_bytes(note)


def text_says_something_else(directory: Path) -> None:
    note = OFFICER.sign(f"safeguarding-hub/policies/v2\n{digest(directory)}\n2026-11-22\n")
    (directory / FILE).write_text(note, encoding="utf-8")


def more_is_signed_than_is_read(directory: Path) -> None:
    note = OFFICER.sign(f"safeguarding-hub/policies/v1\n{digest(directory)}\n2026-11-22\nand more\n")
    (directory / FILE).write_text(note, encoding="utf-8")


def not_a_day(directory: Path) -> None:
    note = OFFICER.sign(f"safeguarding-hub/policies/v1\n{digest(directory)}\nyesterday\n")
    (directory / FILE).write_text(note, encoding="utf-8")


def half_written(directory: Path) -> None:
    signed_by(directory, OFFICER)
    (directory / FILE).write_bytes((directory / FILE).read_bytes()[:-20])


def another_under_the_name(directory: Path) -> None:
    signed_by(directory, SignerKey(OFFICER.name, b"z" * 32))


BAD = [
    pytest.param(lambda _: None, "cannot be read", id="no signature file"),
    pytest.param(lambda directory: signed_by(directory, STRANGER), "no trusted key", id="a stranger's signature"),
    pytest.param(another_under_the_name, "no trusted key", id="another key under the officer's name"),
    pytest.param(changed_after, "changed after", id="policies changed after they were signed"),
    pytest.param(of_another_set, "changed after", id="the signature of another set"),
    pytest.param(damaged, "not that key's", id="a text that was not signed"),
    pytest.param(text_says_something_else, "the text signed is not", id="a signature over something else"),
    pytest.param(more_is_signed_than_is_read, "the text signed is not", id="a longer text"),
    pytest.param(not_a_day, "not a date", id="no day"),
    pytest.param(half_written, "policies.sig", id="half a file"),
    pytest.param(lambda directory: (directory / FILE).mkdir(), "cannot be read", id="a directory in its place"),
    pytest.param(lambda directory: (directory / FILE).write_bytes(b"\0" * 100_000), "policies.sig", id="too long"),
]


@pytest.mark.parametrize(("do", "said"), BAD)
def test_a_set_that_is_not_signed_refuses_to_start(directory: Path, do: Callable[[Path], object], said: str) -> None:
    do(directory)
    with pytest.raises(PolicyUnsigned, match=said) as refused:
        start(directory, EITHER)
    assert refused.value.code == "POLICY_UNSIGNED"
    assert str(directory / FILE) in refused.value.message
    assert "sign" in refused.value.message
    start(directory, None)


def test_one_signature_of_two_is_not_enough(directory: Path) -> None:
    signed_by(directory, OFFICER, STRANGER)
    with pytest.raises(PolicyUnsigned, match="1 of the 2 signatures that must be there, of ig-officer, lawyer"):
        start(directory, BOTH)
    start(directory, EITHER)


def test_a_broken_set_says_what_is_broken_not_that_it_is_unsigned(directory: Path) -> None:
    broken(directory)
    with pytest.raises(ConfigurationError, match="strenght") as refused:
        start(directory, EITHER)
    assert refused.value.code == "POLICY_INVALID"


OFFICERS, LAWYERS = str(OFFICER.verifier), str(LAWYER.verifier)


@pytest.mark.parametrize(
    ("texts", "required", "said"),
    [
        pytest.param([OFFICERS[:-1]], 1, "policy_signers", id="a key cut short"),
        pytest.param(["ig-officer"], 1, "policy_signers", id="a name alone"),
        pytest.param([OFFICERS, OFFICERS], 1, "named twice", id="one key twice"),
        pytest.param([OFFICERS, str(SignerKey("b", OFFICER.seed).verifier)], 2, "named twice", id="under two names"),
        pytest.param([OFFICERS, LAWYERS], 3, "names 2 keys", id="more required than there are"),
        pytest.param([], 2, "names 0 keys", id="required, and nobody named"),
    ],
)
def test_settings_that_cannot_be_meant(texts: list[str], required: int, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        Signers.parse(texts, required)


def test_settings_that_can() -> None:
    assert Signers.parse([], 1) is None
    assert Signers.parse([OFFICERS, LAWYERS], 2) == BOTH


def test_the_logs_own_key_signs_no_policies() -> None:
    EITHER.refuse_key_of_log(STRANGER.verifier)
    log = SignerKey("hub.testshire.example/log", LAWYER.seed).verifier
    with pytest.raises(ConfigurationError, match="log's own key"):
        EITHER.refuse_key_of_log(log)
