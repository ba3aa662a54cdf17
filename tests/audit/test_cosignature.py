"""Cosignatures: a checkpoint of the public witness network, round trips, and what is not believed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from hub.audit.cosignature import SKEW_MAX, TIME_MAX, WitnessKey, cosign, stated_time, verify_cosignature
from hub.audit.cosigned import QuorumUnmet, open_cosigned, read_cosigned
from hub.audit.note import NoteInvalid, Signature, SignerKey, VerifierKey, encode_base64, parse_note, parse_signature
from hub.audit.witness_policy import parse_policy

# A checkpoint as a public CT log published it in May 2026, cosigned by four witnesses of the public network; and their
# published keys. The first signature is of a type this reader does not know.
PUBLIC_TEXT = "arche2025h1.staging.ct.transparency.dev\n1432088532\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n"
PUBLIC_LINES = (
    "\u2014 arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=\n",
    "\u2014 arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n",
    "\u2014 transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==\n",
    "\u2014 witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==\n",
    "\u2014 remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n",
    "\u2014 witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==\n",
)
PUBLIC_NOTE = (PUBLIC_TEXT + "\n" + "".join(PUBLIC_LINES)).encode()
PUBLIC_POLICY = """\
log arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f
witness garden transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM
witness smartit witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO
witness remora remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2
witness stagemole witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv
group most 3 garden smartit remora stagemole
quorum most
"""
PUBLIC_TIME = 1_779_573_024

LOG = SignerKey("testshire.example/log", bytes(range(32)))
KEYS = {
    name: SignerKey(f"witness.{name}.example", bytes([seed] * 32))
    for seed, name in enumerate(("council", "police", "nhs"), 1)
}
TEXT = f"{LOG.name}\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
AT = 1_790_000_000
POLICY = parse_policy(
    "".join(f"witness {name} {WitnessKey.of(key)}\n" for name, key in KEYS.items())
    + "group agencies 2 council police nhs\nquorum agencies\n"
)


def test_a_checkpoint_of_the_public_network_opens() -> None:
    policy = parse_policy(PUBLIC_POLICY)
    opened = open_cosigned(PUBLIC_NOTE, policy.logs[0].key, policy, now=PUBLIC_TIME + 10, age_max=60)
    assert opened.times == dict.fromkeys(("garden", "smartit", "remora", "stagemole"), PUBLIC_TIME)
    assert opened.checkpoint.size == 1_432_088_532
    assert str(opened.note) == PUBLIC_TEXT + "\n" + "".join(PUBLIC_LINES[1:])


@pytest.mark.parametrize("number", range(4))
def test_each_public_cosignature_holds_and_no_changed_one(number: int) -> None:
    key, line = parse_policy(PUBLIC_POLICY).witnesses[number].key, PUBLIC_LINES[number + 2]
    assert verify_cosignature(line, PUBLIC_TEXT, key) == PUBLIC_TIME
    with pytest.raises(NoteInvalid, match="not this witness's"):
        verify_cosignature(line, PUBLIC_TEXT.replace("1432088532", "1432088533"), key)


def test_the_specification_s_example_states_its_time() -> None:
    line = "\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    assert stated_time(parse_signature(line)) == 1_679_315_147


def test_what_is_signed_is_what_the_specification_says() -> None:
    key = KEYS["police"]
    signature = parse_signature(cosign(key, TEXT, AT))
    public = key.verifier.public
    assert signature.key_id == hashlib.sha256(key.name.encode() + b"\n\x04" + public).digest()[:4]
    assert signature.value[:8] == AT.to_bytes(8, "big")
    message = f"cosignature/v1\ntime {AT}\n{TEXT}".encode()
    Ed25519PublicKey.from_public_bytes(public).verify(signature.value[8:], message)


def test_a_witness_key_survives_its_text_and_is_no_log_s() -> None:
    key = WitnessKey.of(KEYS["nhs"])
    assert WitnessKey.parse(str(key)) == key
    with pytest.raises(NoteInvalid, match="type 1"):
        VerifierKey.parse(str(key))
    with pytest.raises(NoteInvalid, match="type 4"):
        WitnessKey.parse(str(KEYS["nhs"].verifier))
    assert key != KEYS["nhs"].verifier


@given(st.integers(1, TIME_MAX))
def test_round_trip(at: int) -> None:
    line = cosign(KEYS["police"], TEXT, at)
    assert line.endswith("\n")
    assert verify_cosignature(line, TEXT, WitnessKey.of(KEYS["police"])) == at


@pytest.mark.parametrize("at", [0, -1, TIME_MAX + 1])
def test_no_cosignature_without_a_time(at: int) -> None:
    with pytest.raises(NoteInvalid, match="after 1970"):
        cosign(KEYS["police"], TEXT, at)


@pytest.mark.parametrize("text", ["", TEXT[:-1], TEXT + " "], ids=["nothing", "cut short", "a space behind it"])
def test_no_cosignature_of_a_text_that_is_no_note_s(text: str) -> None:
    with pytest.raises(NoteInvalid, match=r"^the text of a note ends in a newline$"):
        cosign(KEYS["police"], text, AT)


@pytest.mark.parametrize(
    ("value", "at"),
    [
        pytest.param(b"", None, id="nothing"),
        pytest.param(bytes(8), None, id="a time and no signature"),
        pytest.param(bytes(9), 0, id="a time and a byte"),
        pytest.param(AT.to_bytes(8, "big") + b"x" * 64, AT, id="a time and a signature"),
        pytest.param(b"\x7f" + b"\xff" * 7 + b"x", TIME_MAX, id="the last time there is"),
        pytest.param(b"\x80" + bytes(8), None, id="a second later"),
    ],
)
def test_the_time_that_is_stated(value: bytes, at: int | None) -> None:
    assert stated_time(Signature("w.example", b"1234", value)) == at


def made(name: str = "police", at: int = AT, text: str = TEXT, value: bytes | None = None) -> str:
    """A cosignature that states any time, and with any bytes in place of the time and the signature."""
    key = KEYS[name]
    own = at.to_bytes(8, "big") + key.sign_bytes(f"cosignature/v1\ntime {at}\n{text}".encode())
    return str(Signature(key.name, WitnessKey.of(key).key_id, own if value is None else value))


GOOD = made()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param("", "one line", id="nothing"),
        pytest.param(GOOD[:-1], "one line", id="no newline"),
        pytest.param(GOOD + GOOD, "one line", id="two lines"),
        pytest.param(GOOD + "\n", "one line", id="a blank line after it"),
        pytest.param(GOOD.replace("\u2014", "-"), "em dash", id="hyphen"),
        pytest.param(GOOD.replace("\n", "\r\n"), "control", id="CR"),
        pytest.param(made("nhs"), "another key", id="another witness's"),
        pytest.param(GOOD.replace("police", "polite"), "another key", id="another name"),
        pytest.param(LOG.sign(TEXT).rpartition("\n\n")[2], "another key", id="the log's signature"),
        pytest.param(made(text=TEXT.replace("20852163", "20852164")), "not this witness's", id="of another size"),
        pytest.param(made(value=b"x" * 72), "not this witness's", id="forged"),
        pytest.param(made(value=b"x" * 71), "not this witness's", id="short by a byte"),
        pytest.param(made(value=b"x" * 8), "not this witness's", id="a time alone"),
        pytest.param(made(value=b"x"), "not this witness's", id="one byte"),
        pytest.param(made(value=KEYS["police"].sign_bytes(TEXT.encode())), "not this witness's", id="no time"),
        pytest.param(made(at=2**63), "not this witness's", id="a time beyond 2^63 - 1"),
        pytest.param(made(at=0), "states no time", id="time 0"),
        pytest.param(made(at=AT + SKEW_MAX + 1), "in the future", id="a second too far ahead"),
    ],
)
def test_what_is_no_cosignature(line: str, message: str) -> None:
    with pytest.raises(NoteInvalid, match=message):
        verify_cosignature(line, TEXT, WitnessKey.of(KEYS["police"]), now=AT)


def test_the_limits_are_those_of_the_documents() -> None:
    assert (SKEW_MAX, TIME_MAX) == (300, 9_223_372_036_854_775_807)


def test_a_small_skew_is_believed_and_without_a_clock_any_time() -> None:
    key = WitnessKey.of(KEYS["police"])
    assert verify_cosignature(made(at=AT + SKEW_MAX), TEXT, key, now=AT) == AT + SKEW_MAX
    assert verify_cosignature(made(at=TIME_MAX), TEXT, key) == TIME_MAX


def test_a_time_cannot_be_moved_to_another_signature() -> None:
    later = parse_signature(made(at=AT + 60)).value[:8] + parse_signature(GOOD).value[8:]
    with pytest.raises(NoteInvalid, match="not this witness's"):
        verify_cosignature(made(value=later), TEXT, WitnessKey.of(KEYS["police"]))


def cosigned(*lines: str, text: str = TEXT, log: SignerKey = LOG) -> bytes:
    return (log.sign(text) + "".join(lines)).encode()


@pytest.mark.parametrize(
    ("lines", "times"),
    [
        pytest.param([], {}, id="nobody"),
        pytest.param([made("nhs")], {"nhs": AT}, id="one"),
        pytest.param([made(each) for each in KEYS], dict.fromkeys(KEYS, AT), id="all"),
        pytest.param([made("nhs"), made("police", at=0)], {"nhs": AT}, id="time 0 does not count"),
        pytest.param([made("nhs").replace("witness.", "w.")], {}, id="a stranger's is left aside"),
        pytest.param(
            [str(Signature("w.example", b"1234", b"x" * 2428)), made("nhs")], {"nhs": AT}, id="ML-DSA is left aside"
        ),
    ],
)
def test_who_cosigned(lines: list[str], times: dict[str, int]) -> None:
    read = read_cosigned(cosigned(*lines), LOG.verifier, POLICY)
    assert read.times == times
    assert read.checkpoint.size == 20_852_163


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        pytest.param(cosigned(made("nhs", value=b"x" * 72)), "not that key's", id="one forged cosignature"),
        pytest.param(
            cosigned(made("nhs"), made("nhs", at=AT + 1)), "two signatures by one key", id="one witness twice"
        ),
        pytest.param(
            (TEXT + "\n" + made("nhs") + made("police")).encode(), "has not signed", id="without the log's signature"
        ),
        pytest.param(
            cosigned(made("nhs"), log=SignerKey(LOG.name, b"y" * 32)), "has not signed", id="signed by another key"
        ),
        pytest.param(
            cosigned(text=TEXT.replace("testshire", "elsewhere")), "has not signed", id="another log's checkpoint"
        ),
        pytest.param(cosigned(text="no checkpoint\n"), "origin, a size", id="not a checkpoint"),
        pytest.param(cosigned(made("nhs"))[:-1], "newline", id="cut short"),
        pytest.param(b"", "blank line", id="empty"),
    ],
)
def test_what_does_not_open(raw: bytes, message: str) -> None:
    with pytest.raises(NoteInvalid, match=message):
        read_cosigned(raw, LOG.verifier, POLICY)


def test_a_witness_of_the_log_s_name_does_not_sign_for_the_log() -> None:
    imposter = SignerKey(LOG.name, bytes([9] * 32))
    policy = parse_policy(f"witness w {WitnessKey.of(imposter)}\nquorum w\n")
    with pytest.raises(NoteInvalid, match="has not signed"):
        read_cosigned((TEXT + "\n" + cosign(imposter, TEXT, AT)).encode(), LOG.verifier, policy)


@pytest.mark.parametrize("signer", [0, 1], ids=["the old key", "the new key"])
def test_a_log_with_several_keys_signs_with_any_of_them(signer: int) -> None:
    both = [LOG, SignerKey(LOG.name, b"y" * 32)]
    raw = cosigned(made("nhs"), log=both[signer])
    for keys in ([each.verifier for each in both], (each.verifier for each in both)):
        assert read_cosigned(raw, keys, POLICY).times == {"nhs": AT}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        pytest.param(
            lambda: read_cosigned((TEXT + "\n" + made("nhs")).encode(), LOG.verifier, POLICY),
            "the log that the checkpoint is of has not signed it",
            id="not by the log",
        ),
        pytest.param(
            lambda: open_cosigned(
                cosigned(made("nhs"), made("police", at=AT - 61)), LOG.verifier, POLICY, now=AT, age_max=60
            ),
            "of 3 witnesses, 2 cosigned the checkpoint, and 1 did in the last 60 seconds: that is not the policy's quorum",
            id="too few",
        ),
        pytest.param(lambda: cosign(LOG, TEXT, 0), "a cosignature states a time after 1970", id="no time to sign"),
        pytest.param(
            lambda: check(made("nhs")), "the signature is of another key than this witness's", id="another witness's"
        ),
        pytest.param(
            lambda: check(made(value=b"x" * 72)),
            "the signature is not this witness's over this checkpoint",
            id="forged",
        ),
        pytest.param(lambda: check(made(at=0)), "the cosignature states no time", id="no time"),
        pytest.param(
            lambda: check(made(at=AT + SKEW_MAX + 1)),
            "the cosignature states a time in the future: a clock is wrong, the witness's or this one",
            id="the future",
        ),
    ],
)
def test_what_is_wrong_is_told_in_full(told: Callable[[], object], said: str) -> None:
    with pytest.raises(NoteInvalid) as fault:
        told()
    assert str(fault.value) == said


def check(line: str) -> int:
    return verify_cosignature(line, TEXT, WitnessKey.of(KEYS["police"]), now=AT)


@pytest.mark.parametrize(
    ("ages", "met"),
    [
        pytest.param({"council": 0, "police": 0}, True, id="two of three, now"),
        pytest.param({"council": 60, "nhs": 60}, True, id="just recent enough"),
        pytest.param({"council": 61, "nhs": 60}, False, id="one a second too old"),
        pytest.param({"council": 0}, False, id="one of three"),
        pytest.param({}, False, id="nobody"),
        pytest.param({"council": 0, "police": -SKEW_MAX}, True, id="a clock a little ahead"),
        pytest.param({"council": 0, "police": -SKEW_MAX - 1}, False, id="a clock too far ahead does not count"),
        pytest.param({"council": 0, "police": -SKEW_MAX - 1, "nhs": 3}, True, id="and spoils nothing for the others"),
    ],
)
def test_the_quorum_and_its_age(ages: dict[str, int], met: bool) -> None:
    raw = cosigned(*(made(name, at=AT - age) for name, age in ages.items()))
    if met:
        assert open_cosigned(raw, LOG.verifier, POLICY, now=AT, age_max=60).times.keys() == ages.keys()
        return
    with pytest.raises(QuorumUnmet, match=f"{len(ages)} cosigned"):
        open_cosigned(raw, LOG.verifier, POLICY, now=AT, age_max=60)


def test_a_policy_without_witnesses_asks_for_none() -> None:
    opened = open_cosigned(cosigned(), LOG.verifier, parse_policy("quorum none\n"), now=AT, age_max=0)
    assert opened.times == {}


@given(st.binary(max_size=120))
def test_any_bytes_are_a_line_or_are_refused(raw: bytes) -> None:
    line = f"\u2014 {KEYS['police'].name} {encode_base64(raw)}\n"
    with pytest.raises(NoteInvalid):
        verify_cosignature(line, TEXT, WitnessKey.of(KEYS["police"]))


def test_a_cosignature_joins_the_note_it_is_of() -> None:
    note = parse_note(cosigned(GOOD))
    assert str(note.signatures[-1]) == GOOD
