"""Signed notes with Ed25519, as C2SP signed-note v1 and Go's ``golang.org/x/mod/sumdb/note`` write them.

Strict: one text has one reading. What any reader could take two ways is refused, whoever signed it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import ClassVar, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

NOTE_MAX = 65_536
"""The longest note, in bytes of UTF-8."""

SIGNATURES_MAX = 64
"""The most signatures in a note: enough for 32 witnesses. The specification asks readers to accept at least 16."""

ED25519 = b"\x01"  # the signature type byte of signed-note
KEY_BYTES = 32
KEY_ID_BYTES = 4
SIGNATURE_BYTES = 64

_DASH = "\u2014 "
_PRIVATE = "PRIVATE+KEY+"
_KEY_ID = re.compile(r"[0-9a-f]{8}", re.ASCII)


class NoteInvalid(Exception):
    """A note or a key is malformed, or nobody trusted signed it. The message never quotes it."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: ``key_id`` is 4 bytes, ``value`` what follows it."""

    name: str
    key_id: bytes
    value: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.value)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note taken apart, not yet trusted. ``text`` ends in a newline."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(str(each) for each in self.signatures)


@dataclass(frozen=True, slots=True)
class NoteKey(ABC):
    """An Ed25519 public key with its name: ``name+8 hex digits+base64``. What it signs depends on its ``kind``."""

    kind: ClassVar[bytes]
    """The signature type byte."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public) != KEY_BYTES:
            raise NoteInvalid(f"an Ed25519 public key is {KEY_BYTES} bytes")

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that stand for this key in a signature line."""
        return hashlib.sha256(self.name.encode() + b"\n" + self.kind + self.public).digest()[:KEY_ID_BYTES]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what :meth:`__str__` writes; NoteInvalid when it is anything else, another kind of key among it."""
        name, public = _parse_key(text, cls.kind)
        key = cls(name, public)
        _check_id(key, text)
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(self.kind + self.public)}"

    @abstractmethod
    def accepts(self, text: str, signature: Signature) -> bool:
        """Whether ``signature`` is this key's over ``text``."""


@dataclass(frozen=True, slots=True)
class VerifierKey(NoteKey):
    """The public key of who signs notes as they are, as a log does."""

    kind: ClassVar[bytes] = ED25519

    def accepts(self, text: str, signature: Signature) -> bool:
        """See :meth:`NoteKey.accepts`."""
        return signed_by(self.public, signature.value, text.encode())


@dataclass(frozen=True)
class SignerKey:
    """A private key with its name; ``seed`` is RFC 8032's 32 secret bytes."""

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.seed) != KEY_BYTES:
            raise NoteInvalid(f"an Ed25519 private key is {KEY_BYTES} bytes")

    @cached_property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self._private.public_key().public_bytes_raw())

    @cached_property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @classmethod
    def parse(cls, text: str) -> SignerKey:
        """Read what :meth:`secret_text` writes; NoteInvalid when it is anything else."""
        if not text.startswith(_PRIVATE):
            raise NoteInvalid("a private key starts with PRIVATE+KEY+")
        body = text.removeprefix(_PRIVATE)
        name, seed = _parse_key(body, ED25519)
        key = cls(name, seed)
        _check_id(key.verifier, body)
        return key

    def secret_text(self) -> str:
        """The key as Go's note package writes it, for its file; secret."""
        public = self.verifier
        return f"{_PRIVATE}{self.name}+{public.key_id.hex()}+{encode_base64(ED25519 + self.seed)}"

    def sign(self, text: str) -> str:
        """A note of ``text``, signed; NoteInvalid when ``text`` has control characters or no final newline."""
        _check_text(text)
        if not text.endswith("\n"):
            raise NoteInvalid("the text of a note ends in a newline")
        value = self.sign_bytes(text.encode())
        return str(Note(text, (Signature(self.name, self.verifier.key_id, value),)))

    def sign_bytes(self, message: bytes) -> bytes:
        """The 64 bytes of the bare Ed25519 signature over ``message``."""
        return self._private.sign(message)


def parse_note(raw: bytes) -> Note:
    """Take a note apart.

    Raises:
        NoteInvalid: it is not one, by any rule of the specification, or is over a limit.
    """
    if len(raw) > NOTE_MAX:
        raise NoteInvalid(f"a note has at most {NOTE_MAX} bytes")
    try:
        whole = raw.decode()
    except UnicodeDecodeError:
        raise NoteInvalid("a note is UTF-8") from None
    _check_text(whole)
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not text:
        raise NoteInvalid("a note has a text, a blank line and signatures")
    if not lines.endswith("\n"):
        raise NoteInvalid("a note ends in a newline after its last signature")
    signatures = lines.removesuffix("\n").split("\n")
    if len(signatures) > SIGNATURES_MAX:
        raise NoteInvalid(f"a note has at most {SIGNATURES_MAX} signatures")
    return Note(text + "\n", tuple(_parse_signature(line) for line in signatures))


def open_note(raw: bytes, trusted: Iterable[NoteKey]) -> Note:
    """Take a note apart and check it: the note with the trusted signatures only.

    Signatures by unknown keys are left aside; one that claims a trusted key and is not its, or repeats it, spoils the
    whole note.

    Raises:
        NoteInvalid: malformed, or no trusted key signed it.
    """
    note = parse_note(raw)
    keys = {(key.name, key.key_id): key for key in trusted}
    verified: list[Signature] = []
    seen: set[tuple[str, bytes]] = set()
    for signature in note.signatures:
        who = (signature.name, signature.key_id)
        if who not in keys:
            continue
        if who in seen:
            raise NoteInvalid("the note has two signatures by one key")
        if not keys[who].accepts(note.text, signature):
            raise NoteInvalid("a signature in the note's name of a trusted key is not that key's")
        seen.add(who)
        verified.append(signature)
    if not verified:
        raise NoteInvalid("no trusted key signed the note")
    return Note(note.text, tuple(verified))


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def decode_base64(text: str) -> bytes:
    """The bytes of canonical base64.

    Python's decoder forgives stray bits and misplaced padding, so two texts could stand for one hash; this does not.

    Raises:
        NoteInvalid: anything :func:`encode_base64` would not have written.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        raise NoteInvalid("not base64") from None
    if encode_base64(data) != text:
        raise NoteInvalid("not canonical base64")
    return data


def parse_signature(line: str) -> Signature:
    """Read one signature line with its newline, the exact inverse of ``str``; NoteInvalid when it is anything else."""
    _check_text(line)
    if line.count("\n") != 1 or not line.endswith("\n"):
        raise NoteInvalid("a signature is one line, with its newline")
    return _parse_signature(line.removesuffix("\n"))


def signed_by(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` is that of the Ed25519 key ``public`` over ``message``."""
    if len(signature) != SIGNATURE_BYTES:
        return False
    try:
        _public_key(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=64)
def _public_key(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


def _parse_signature(line: str) -> Signature:
    if not line.startswith(_DASH):
        raise NoteInvalid("a signature line starts with an em dash and a space")
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not space:
        raise NoteInvalid("a signature line has a name, a space and a signature")
    _check_name(name)
    data = decode_base64(encoded)
    if len(data) <= KEY_ID_BYTES:
        raise NoteInvalid("a signature is longer than its key id")
    return Signature(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def _parse_key(text: str, kind: bytes) -> tuple[str, bytes]:
    """The name and the 32 bytes of a key's text."""
    parts = text.split("+", 2)
    if len(parts) != 3 or _KEY_ID.fullmatch(parts[1]) is None:
        raise NoteInvalid("a key is its name, 8 hex digits and base64, joined by +")
    data = decode_base64(parts[2])
    if data[:1] != kind or len(data) != 1 + KEY_BYTES:
        raise NoteInvalid(f"only Ed25519 keys of signature type {kind[0]} are supported here")
    return parts[0], data[1:]


def _check_id(key: NoteKey, text: str) -> None:
    if key.key_id.hex() != text.split("+", 2)[1]:
        raise NoteInvalid("the key's id does not fit the key: it was not copied whole")


_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


def _check_name(name: str) -> None:
    if not name or "+" in name or " " in name or not name.isprintable():  # no other space is printable
        raise NoteInvalid("a key's name is not empty and has no spaces, control characters or +")


def _check_text(text: str) -> None:
    if _CONTROL.search(text):
        raise NoteInvalid("a note has no control characters but newlines")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NoteInvalid("a note is UTF-8") from None
