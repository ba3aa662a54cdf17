"""Who signed a set of policies: a C2SP signed note over the set's digest, in ``policies.sig`` beside its files.

The note has three lines: what it is, the digest that every log entry names too, and the day it was first signed. Those
who sign later sign the same three lines. ``policies.sig`` is no policy file, so signing does not change the digest.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from hub.audit.note import NOTE_MAX, Note, NoteInvalid, Signature, SignerKey, VerifierKey, open_note, parse_note
from hub.errors import ConfigurationError

FILE = "policies.sig"
HEADER = "safeguarding-hub/policies/v1"


class PolicyUnsigned(ConfigurationError):
    """A set of policies is not signed as the settings demand."""

    default_code = "POLICY_UNSIGNED"


@dataclass(frozen=True, slots=True)
class Signers:
    """Whose signatures count, and how many of them there must be."""

    keys: tuple[VerifierKey, ...]
    required: int

    @classmethod
    def parse(cls, texts: Sequence[str], required: int) -> Signers | None:
        """The signers that settings name; None when they name none, and no signature is looked for.

        Raises:
            ConfigurationError: a key was not copied whole, is there twice, or fewer are named than must sign.
        """
        if not texts and required == 1:
            return None
        try:
            keys = tuple(VerifierKey.parse(text) for text in texts)
        except NoteInvalid as fault:
            raise ConfigurationError(
                f"`policy_signers`: {fault}. Copy the one line of each signer's .pub file."
            ) from None
        if len({key.public for key in keys}) < len(keys):  # one person under two names is not two
            raise ConfigurationError("`policy_signers`: a key is named twice.")
        if required > len(keys):
            raise ConfigurationError(
                f"`policy_signatures_required` is {required}, and `policy_signers` names {len(keys)} keys."
            )
        return cls(keys, required)

    def refuse_key_of_log(self, log: VerifierKey) -> None:
        """ConfigurationError when the log's own key is among the signers: who runs the hub is not who approves."""
        if any(key.public == log.public for key in self.keys):
            raise ConfigurationError(
                "`policy_signers` names the log's own key. Sign policies with a key of their own: `hub policy sign`."
            )


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature file, checked: the day it says, and the names of the listed signers who signed."""

    on: date
    names: tuple[str, ...]


def sign(directory: Path, digest: str, key: SignerKey, on: date) -> tuple[str, ...]:
    """Add ``key``'s signature to the set in ``directory``; the names of all who have signed this digest.

    Signatures over another digest, and an earlier one by the same key, are replaced.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    file = directory / FILE
    text = f"{HEADER}\n{digest}\n{on.isoformat()}\n"
    earlier: tuple[Signature, ...] = ()
    try:
        found = parse_note(_read(file))
        if _parts(found.text)[0] == digest:
            text, earlier = found.text, tuple(each for each in found.signatures if each.name != key.name)
    except (NoteInvalid, PolicyUnsigned):
        pass  # nothing worth keeping
    (ours,) = parse_note(key.sign(text).encode()).signatures
    note = Note(text, (*earlier, ours))
    draft = directory / f".{FILE}.{secrets.token_hex(4)}"
    try:
        draft.write_text(str(note), encoding="utf-8")
        os.replace(draft, file)  # noqa: PTH105  whole or not at all: a running hub may be looking
    except OSError as fault:
        draft.unlink(missing_ok=True)
        raise ConfigurationError(f"{file}: cannot be written ({fault.strerror}).") from None
    return tuple(each.name for each in note.signatures)


def verify(directory: Path, digest: str, signers: Signers) -> Signed:
    """Check that enough of ``signers`` signed exactly ``digest``.

    Raises:
        PolicyUnsigned: they did not; says which file and what to do.
    """
    file = directory / FILE
    raw = _read(file)
    try:
        signed_digest, on = _parts(parse_note(raw).text)
        if signed_digest != digest:
            raise PolicyUnsigned(
                f"{file}: signs {signed_digest}, and the policies are {digest}: they were changed after they were "
                "signed. Put the signed files back, or have these reviewed and signed with `hub policy sign`."
            )
        note = open_note(raw, signers.keys)
    except NoteInvalid as fault:
        raise PolicyUnsigned(
            f"{file}: {fault}. Signatures that count are those of {_names(signers)}: remove the file and have the "
            "policies signed again with `hub policy sign`."
        ) from None
    if len(note.signatures) < signers.required:
        raise PolicyUnsigned(
            f"{file}: {len(note.signatures)} of the {signers.required} signatures that must be there, of "
            f"{_names(signers)}. Have another of them run `hub policy sign`."
        )
    return Signed(on, tuple(each.name for each in note.signatures))


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(NOTE_MAX + 1)
    except OSError as fault:
        raise PolicyUnsigned(
            f"{file}: cannot be read ({fault.strerror}), and the policies must be signed. Have them signed with `hub "
            "policy sign`."
        ) from None


def _parts(text: str) -> tuple[str, date]:
    """The digest and the day of a signature's text."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) != 3 or lines[0] != HEADER:
        raise NoteInvalid(f"the text signed is not {HEADER}, a digest and a day")
    try:
        return lines[1], date.fromisoformat(lines[2])
    except ValueError:
        raise NoteInvalid("the day signed is not a date") from None


def _names(signers: Signers) -> str:
    return ", ".join(key.name for key in signers.keys)
