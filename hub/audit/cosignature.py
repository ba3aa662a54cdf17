"""What a witness signs: C2SP tlog-cosignature, ``cosignature/v1`` with Ed25519 (signature type 4).

A cosignature says: at this time, the largest tree I have seen of this log has this root, and it continues all that I
saw before. Whoever holds the log's key and its database can rewrite the log; not without the witnesses seeing it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hub.audit.note import NoteInvalid, NoteKey, Signature, SignerKey, parse_signature, signed_by

COSIGNATURE = b"\x04"  # the signature type byte of tlog-cosignature's Ed25519 form

TIME_MAX = 2**63 - 1
"""The latest time a cosignature can state, in seconds since 1970."""

SKEW_MAX = 300
"""How far a witness's clock may be ahead of the checker's, in seconds, before its cosignature is not believed."""

_TIME_BYTES = 8


@dataclass(frozen=True, slots=True)
class WitnessKey(NoteKey):
    """A witness's public key, as it stands in a policy file: ``name+8 hex digits+base64`` of type 4.

    Its private half is a :class:`SignerKey` of the same name, as the other implementations keep it.
    """

    kind: ClassVar[bytes] = COSIGNATURE

    @classmethod
    def of(cls, key: SignerKey) -> WitnessKey:
        """The public half of a witness's private key."""
        return cls(key.name, key.verifier.public)

    def accepts(self, text: str, signature: Signature) -> bool:
        """Whether ``signature`` is this witness's over the checkpoint ``text``, at whatever time it states."""
        at = stated_time(signature)
        return at is not None and signed_by(self.public, signature.value[_TIME_BYTES:], _message(text, at))


def cosign(key: SignerKey, text: str, at: int) -> str:
    """The signature line, newline included, by which a witness cosigns a checkpoint.

    Args:
        key: the witness's private key.
        text: the checkpoint's text, up to and with the newline before the blank line.
        at: now, in whole seconds since 1970.

    Raises:
        NoteInvalid: ``at`` is zero, negative or beyond ``TIME_MAX``, or ``text`` does not end in a newline.
    """
    if not 0 < at <= TIME_MAX:
        raise NoteInvalid("a cosignature states a time after 1970")
    if not text.endswith("\n"):
        raise NoteInvalid("the text of a note ends in a newline")
    value = at.to_bytes(_TIME_BYTES, "big") + key.sign_bytes(_message(text, at))
    return str(Signature(key.name, WitnessKey.of(key).key_id, value))


def verify_cosignature(line: str, text: str, key: WitnessKey, *, now: int | None = None) -> int:
    """Check one signature line over a checkpoint's ``text``: when the witness cosigned it, in seconds since 1970.

    Args:
        line: the line with its newline, as a witness answers it.
        text: the checkpoint's text, newline included.
        key: the witness's.
        now: seconds since 1970; when given, a time more than ``SKEW_MAX`` ahead of it is refused.

    Raises:
        NoteInvalid: not a signature line, another key's, not over this text, or of no believable time.
    """
    signature = parse_signature(line)
    if (signature.name, signature.key_id) != (key.name, key.key_id):
        raise NoteInvalid("the signature is of another key than this witness's")
    if not key.accepts(text, signature):
        raise NoteInvalid("the signature is not this witness's over this checkpoint")
    at = stated_time(signature)
    if not at:
        raise NoteInvalid("the cosignature states no time")
    if now is not None and at > now + SKEW_MAX:
        raise NoteInvalid("the cosignature states a time in the future: a clock is wrong, the witness's or this one")
    return at


def stated_time(signature: Signature) -> int | None:
    """The time a cosignature states, not yet checked; None when it is too short for one or beyond ``TIME_MAX``."""
    at = int.from_bytes(signature.value[:_TIME_BYTES], "big")
    return at if len(signature.value) > _TIME_BYTES and at <= TIME_MAX else None


def _message(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()
