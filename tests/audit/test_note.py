"""Signed notes and checkpoints: published examples, round trips, and a table of bad notes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit import note
from hub.audit.checkpoint import Checkpoint, open_checkpoint, parse_decimal
from hub.audit.merkle import EMPTY_ROOT, SIZE_MAX
from hub.audit.note import (
    NOTE_MAX,
    SIGNATURES_MAX,
    NoteInvalid,
    Signature,
    SignerKey,
    VerifierKey,
    decode_base64,
    encode_base64,
    open_note,
    parse_note,
)

SIGNER = SignerKey("testshire.example/log", bytes(range(32)))
OTHER = SignerKey("testshire.example/log", bytes(range(1, 33)))
TEXT = "first line\n\nthird line\n"
NOTE = SIGNER.sign(TEXT)

# The example of Go's golang.org/x/mod/sumdb/note documentation.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

# A signed tree of Go's checksum database, and the key built into the go command.
SUM_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
SUM_NOTE = (
    "go.sum database tree\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "\u2014 sum.golang.org Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)

SENTENCES = {
    "a note has at most 65536 bytes",
    "a note is UTF-8",
    "a note has a text, a blank line and signatures",
    "a note ends in a newline after its last signature",
    "a note has at most 64 signatures",
    "a note has no control characters but newlines",
    "the text of a note ends in a newline",
    "the note has two signatures by one key",
    "a signature in the note's name of a trusted key is not that key's",
    "no trusted key signed the note",
    "not base64",
    "not canonical base64",
    "a signature line starts with an em dash and a space",
    "a signature line has a name, a space and a signature",
    "a signature is longer than its key id",
    "a key is its name, 8 hex digits and base64, joined by +",
    "only Ed25519 keys of signature type 1 are supported here",
    "the key's id does not fit the key: it was not copied whole",
    "a key's name is not empty and has no spaces, control characters or +",
    "an Ed25519 public key is 32 bytes",
    "an Ed25519 private key is 32 bytes",
    "a private key starts with PRIVATE+KEY+",
    "a checkpoint has a size up to 9223372036854775807 and a root of 32 bytes",
    "a checkpoint of no entries has the empty tree's root",
    "a line of a checkpoint is not empty",
    "a checkpoint has an origin, a size and a root, each on its line",
    "the checkpoint is of another log than the key that signed it",
    "a number is decimal, without leading zeros, at most 9223372036854775807",
}
"""What may be said of a note, a key or a checkpoint: nothing that was read is among it."""


@contextmanager
def refused(message: str | None = None) -> Iterator[None]:
    """It is refused with a whole sentence, of which ``message`` is a part."""
    with pytest.raises(NoteInvalid, match=message) as refusal:
        yield
    assert str(refusal.value) in SENTENCES


@pytest.mark.parametrize(
    ("key", "text"), [(GO_KEY, GO_NOTE), (SUM_KEY, SUM_NOTE)], ids=["x/mod note", "sum.golang.org"]
)
def test_published_notes_open(key: str, text: str) -> None:
    verifier = VerifierKey.parse(key)
    assert str(verifier) == key
    opened = open_note(text.encode(), [verifier])
    assert str(opened) == text


def test_published_checkpoint_reads() -> None:
    text = parse_note(SUM_NOTE.encode()).text
    checkpoint = Checkpoint.parse(text)
    assert (checkpoint.origin, checkpoint.size) == ("go.sum database tree", 20852163)
    assert str(checkpoint) == text


def test_a_note_signed_here_opens_here() -> None:
    opened = open_note(NOTE.encode(), [SIGNER.verifier])
    assert opened.text == TEXT
    assert str(opened) == NOTE
    assert [(each.name, each.key_id) for each in opened.signatures] == [(SIGNER.name, SIGNER.verifier.key_id)]


def test_unknown_signatures_are_left_aside() -> None:
    stranger = str(parse_note(OTHER.sign(TEXT).encode()).signatures[0])
    other_kind = str(Signature("witness.example", b"\1\2\3\4", b"of some other length"))
    opened = open_note((NOTE + stranger + other_kind).encode(), [SIGNER.verifier])
    assert [each.key_id for each in opened.signatures] == [SIGNER.verifier.key_id]


def test_every_trusted_signature_is_kept() -> None:
    second = str(parse_note(OTHER.sign(TEXT).encode()).signatures[0])
    opened = open_note((NOTE + second).encode(), [SIGNER.verifier, OTHER.verifier])
    assert len(opened.signatures) == 2


def signature_line(name: str = SIGNER.name, data: bytes | None = None, encoded: str | None = None) -> str:
    good = parse_note(NOTE.encode()).signatures[0]
    return f"\u2014 {name} {encoded or encode_base64(good.key_id + good.value if data is None else data)}\n"


LINE = signature_line()
STRAY_BITS = LINE[:-3] + chr(ord(LINE[-3]) + 1) + LINE[-2:]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        pytest.param(b"", "text, a blank line", id="empty"),
        pytest.param(TEXT.encode(), "starts with an em dash", id="no signature"),
        pytest.param(b"text\n", "text, a blank line", id="no blank line"),
        pytest.param(b"text\n\n", "newline after its last", id="no signature lines"),
        pytest.param(("\n\n" + LINE).encode(), "text, a blank line", id="no text"),
        pytest.param(NOTE.encode()[:-1], "newline after its last", id="no final newline"),
        pytest.param((NOTE + "\n").encode(), "newline after its last", id="a blank line after the signatures"),
        pytest.param(NOTE.replace("\n", "\r\n").encode(), "control characters", id="CR"),
        pytest.param(NOTE.replace("first", "fi\trst").encode(), "control characters", id="tab"),
        pytest.param(NOTE.replace("first", "fi\0rst").encode(), "control characters", id="NUL"),
        pytest.param(NOTE.replace("first", "fi\x1frst").encode(), "control characters", id="U+001F"),
        pytest.param(NOTE.encode().replace(b"first", b"fi\xffrst"), "UTF-8", id="not UTF-8"),
        pytest.param(NOTE.encode().replace(b"first", b"fi\xed\xa0\x80rst"), "UTF-8", id="a surrogate"),
        pytest.param(NOTE.encode().replace(b"first", b"fi\xc0\xafrst"), "UTF-8", id="overlong UTF-8"),
        pytest.param(NOTE.replace("\u2014", "-").encode(), "em dash", id="hyphen for em dash"),
        pytest.param(NOTE.replace("\u2014 ", "\u2014").encode(), "em dash", id="no space after the dash"),
        pytest.param((TEXT + "\n\u2014 name\n").encode(), "a name, a space", id="no signature after the name"),
        pytest.param((TEXT + "\n" + signature_line("")).encode(), "key's name", id="no name"),
        pytest.param((TEXT + "\n" + signature_line("a+b")).encode(), "key's name", id="plus in the name"),
        pytest.param(
            (TEXT + "\n" + signature_line("a\u00a0b")).encode(), "key's name", id="no-break space in the name"
        ),
        pytest.param((TEXT + "\n" + signature_line("a\u202eb")).encode(), "key's name", id="bidi override in the name"),
        pytest.param((TEXT + "\n" + LINE[:-2] + "\n").encode(), "base64", id="missing padding"),
        pytest.param((TEXT + "\n" + LINE[:-1] + "=\n").encode(), "base64", id="surplus padding"),
        pytest.param((TEXT + "\n" + LINE[:-1] + " \n").encode(), "base64", id="space after the signature"),
        pytest.param((TEXT + "\n" + LINE.replace("=", "")[:-1] + "-_\n").encode(), "base64", id="URL alphabet"),
        pytest.param((TEXT + "\n" + STRAY_BITS).encode(), "canonical base64", id="stray bits in the base64"),
        pytest.param((TEXT + "\n" + signature_line(encoded="\u00e9\u00e9==")).encode(), "not base64", id="not ASCII"),
        pytest.param((TEXT + "\n" + signature_line(data=b"1234")).encode(), "longer than its key id", id="id only"),
        pytest.param((NOTE + LINE).encode(), "two signatures by one key", id="the same signature twice"),
        pytest.param(NOTE.replace("first", "First").encode(), "not that key's", id="changed text"),
        pytest.param(NOTE.replace("third line\n", "third line\n\n").encode(), "not that key's", id="added blank line"),
        pytest.param(OTHER.sign(TEXT).encode(), "no trusted key", id="another key of the same name"),
        pytest.param(
            (TEXT + "\n" + signature_line("other.example")).encode(), "no trusted key", id="another name for the key"
        ),
        pytest.param(
            (TEXT + "\n" + signature_line(data=SIGNER.verifier.key_id + b"x" * 63)).encode(),
            "not that key's",
            id="a short signature",
        ),
        pytest.param(
            (TEXT + "\n" + signature_line(data=SIGNER.verifier.key_id + b"x" * 64)).encode(),
            "not that key's",
            id="a forged signature",
        ),
        pytest.param((NOTE + "not a signature\n").encode(), "em dash", id="text after the signatures"),
    ],
)
def test_bad_notes_are_refused(raw: bytes, message: str) -> None:
    with refused(message):
        open_note(raw, [SIGNER.verifier])


def test_a_forged_signature_spoils_the_note_even_beside_a_good_one() -> None:
    forged = signature_line(data=OTHER.verifier.key_id + b"x" * 64)
    with refused("not that key's"):
        open_note((NOTE + forged).encode(), [SIGNER.verifier, OTHER.verifier])


@pytest.mark.parametrize("surplus", [0, 1])
def test_note_length_limit(surplus: int) -> None:
    padding = NOTE_MAX - len(SIGNER.sign("\n").encode()) + surplus
    raw = SIGNER.sign("x" * padding + "\n").encode()
    assert len(raw) == NOTE_MAX + surplus
    if surplus:
        with refused("at most 65536 bytes"):
            open_note(raw, [SIGNER.verifier])
    else:
        open_note(raw, [SIGNER.verifier])


@pytest.mark.parametrize("surplus", [0, 1])
def test_signature_count_limit(surplus: int) -> None:
    strangers = "".join(signature_line(f"w{number}") for number in range(SIGNATURES_MAX - 1 + surplus))
    raw = (NOTE + strangers).encode()
    if surplus:
        with refused("at most 64 signatures"):
            open_note(raw, [SIGNER.verifier])
    else:
        open_note(raw, [SIGNER.verifier])


@pytest.mark.parametrize("text", ["no newline", "tab\t\n", "cr\r\n", "half \ud800\n"])
def test_bad_texts_are_not_signed(text: str) -> None:
    with refused():
        SIGNER.sign(text)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("", "joined by"),
        ("name", "joined by"),
        ("name+0123", "joined by"),
        (GO_KEY.replace("c74f20a3", "C74F20A3"), "8 hex digits"),
        (GO_KEY.replace("c74f20a3", "c74f20a"), "8 hex digits"),
        (GO_KEY.replace("c74f20a3", "c74f20a30"), "8 hex digits"),
        (GO_KEY.replace("c74f20a3", "c74f20a4"), "copied whole"),
        (GO_KEY.replace("Peter", "peter"), "copied whole"),
        (GO_KEY[:-1] + "=", "base64|Ed25519"),
        (GO_KEY[:-1], "base64"),
        (GO_KEY.replace("+ARpc", "+BBpc"), "only Ed25519"),
        (f"name+00000000+{encode_base64(b'x' * 33)}", "only Ed25519"),
        (f"name+00000000+{encode_base64(note.ED25519 + b'x' * 31)}", "only Ed25519"),
        (f"name+00000000+{encode_base64(note.ED25519 + b'x' * 33)}", "only Ed25519"),
        (f"a name+00000000+{encode_base64(note.ED25519 + b'x' * 32)}", "key's name"),
        (f"+00000000+{encode_base64(note.ED25519 + b'x' * 32)}", "key's name"),
    ],
)
def test_bad_keys_are_refused(key: str, message: str) -> None:
    with refused(message):
        VerifierKey.parse(key)
    with refused():
        SignerKey.parse("PRIVATE+KEY+" + key)


def test_a_private_key_survives_its_file_and_stays_out_of_its_repr() -> None:
    text = SIGNER.secret_text()
    assert text.startswith("PRIVATE+KEY+testshire.example/log+")
    assert SignerKey.parse(text) == SIGNER
    assert SIGNER.seed.hex() not in repr(SIGNER)
    assert repr(SIGNER.seed) not in repr(SIGNER)
    with refused("starts with"):
        SignerKey.parse(str(SIGNER.verifier))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_keys_have_one_length(length: int) -> None:
    with refused("32 bytes"):
        SignerKey("name", b"x" * length)
    with refused("32 bytes"):
        VerifierKey("name", b"x" * length)


@given(st.binary(max_size=80))
def test_base64_round_trip(data: bytes) -> None:
    assert decode_base64(encode_base64(data)) == data


@given(st.text(max_size=12))
def test_base64_has_one_reading(text: str) -> None:
    try:
        data = decode_base64(text)
    except NoteInvalid:
        return
    assert encode_base64(data) == text


@given(st.binary(max_size=200))
def test_parsing_is_the_inverse_of_writing(raw: bytes) -> None:
    try:
        parsed = parse_note(raw)
    except NoteInvalid:
        return
    assert str(parsed).encode() == raw


ORIGIN = SIGNER.name
ROOT = encode_base64(b"r" * 32)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "each on its line", id="empty"),
        pytest.param(f"{ORIGIN}\n5\n", "each on its line", id="no root"),
        pytest.param(f"{ORIGIN}\n5\n{ROOT}", "each on its line", id="no final newline"),
        pytest.param(f"\n5\n{ROOT}\n", "not empty", id="no origin"),
        pytest.param(f"{ORIGIN}\n\n{ROOT}\n", "decimal", id="no size"),
        pytest.param(f"{ORIGIN}\n05\n{ROOT}\n", "decimal", id="leading zero"),
        pytest.param(f"{ORIGIN}\n00\n{ROOT}\n", "decimal", id="two zeros"),
        pytest.param(f"{ORIGIN}\n+5\n{ROOT}\n", "decimal", id="plus"),
        pytest.param(f"{ORIGIN}\n-5\n{ROOT}\n", "decimal", id="minus"),
        pytest.param(f"{ORIGIN}\n5_0\n{ROOT}\n", "decimal", id="underscore"),
        pytest.param(f"{ORIGIN}\n 5\n{ROOT}\n", "decimal", id="space"),
        pytest.param(f"{ORIGIN}\n\u0665\n{ROOT}\n", "decimal", id="Arabic digit"),
        pytest.param(f"{ORIGIN}\n5.0\n{ROOT}\n", "decimal", id="fraction"),
        pytest.param(f"{ORIGIN}\n{SIZE_MAX + 1}\n{ROOT}\n", "decimal", id="too large"),
        pytest.param(f"{ORIGIN}\n{'9' * 19}\n{ROOT}\n", "decimal", id="19 nines"),
        pytest.param(f"{ORIGIN}\n{'1' * 20}\n{ROOT}\n", "decimal", id="20 digits"),
        pytest.param(f"{ORIGIN}\n5\n{ROOT[:-1]}\n", "base64", id="root without padding"),
        pytest.param(f"{ORIGIN}\n5\n{encode_base64(b'r' * 31)}\n", "32 bytes", id="short root"),
        pytest.param(f"{ORIGIN}\n5\n{encode_base64(b'r' * 33)}\n", "32 bytes", id="long root"),
        pytest.param(f"{ORIGIN}\n0\n{ROOT}\n", "empty tree", id="no entries and another root"),
        pytest.param(f"{ORIGIN}\n5\n{ROOT}\n\n", "not empty", id="empty extension line"),
        pytest.param(f"{ORIGIN}\n5\n{ROOT}\na\n\nb\n", "not empty", id="empty line between extensions"),
        pytest.param(f"{ORIGIN}\n", "each on its line", id="an origin alone"),
    ],
)
def test_bad_checkpoints_are_refused(text: str, message: str) -> None:
    with refused(message):
        Checkpoint.parse(text)


@given(
    st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1),
    st.integers(1, SIZE_MAX),
    st.binary(min_size=32, max_size=32),
    st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1), max_size=3),
)
def test_parsing_a_checkpoint_is_the_inverse_of_writing(origin: str, size: int, root: bytes, more: list[str]) -> None:
    checkpoint = Checkpoint(origin, size, root, tuple(more))
    assert Checkpoint.parse(str(checkpoint)) == checkpoint


@pytest.mark.parametrize("size", [0, 1, SIZE_MAX])
def test_checkpoint_sizes(size: int) -> None:
    assert parse_decimal(str(size)) == size
    assert Checkpoint.parse(str(Checkpoint(ORIGIN, size, EMPTY_ROOT))).size == size


@pytest.mark.parametrize("size", [-1, SIZE_MAX + 1])
def test_impossible_checkpoint_sizes(size: int) -> None:
    with refused():
        Checkpoint(ORIGIN, size, EMPTY_ROOT)


def test_a_checkpoint_is_opened_with_one_key_or_several() -> None:
    checkpoint = Checkpoint(ORIGIN, 5, b"r" * 32)
    raw = SIGNER.sign(str(checkpoint)).encode()
    assert open_checkpoint(raw, SIGNER.verifier) == checkpoint
    assert open_checkpoint(raw, [OTHER.verifier, SIGNER.verifier]) == checkpoint
    with refused("no trusted key"):
        open_checkpoint(raw, OTHER.verifier)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    raw = SIGNER.sign(str(Checkpoint("elsewhere.example/log", 5, b"r" * 32))).encode()
    with refused("another log"):
        open_checkpoint(raw, SIGNER.verifier)


@pytest.mark.parametrize(("origin", "more"), [("two\nlines", ()), (ORIGIN, ("two\nlines",)), ("", ()), (ORIGIN, ("",))])
def test_a_line_of_a_checkpoint_is_one_line(origin: str, more: tuple[str, ...]) -> None:
    with refused("not empty"):
        Checkpoint(origin, 5, b"r" * 32, more)
