"""The proof that one entry is in the log, as text: C2SP tlog-proof.

The ``extra`` line carries the entry's leaf hash. It is not the entry: the entry says on what ground something was
withheld, which its reader may not be told. The hash hides it (each entry has a 16-byte nonce) and is enough to check
the proof now and to compare with the entry when a reviewer opens it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hub.audit.checkpoint import Checkpoint, open_checkpoint, parse_decimal
from hub.audit.merkle import HASH_BYTES, PROOF_MAX, SIZE_MAX, ProofInvalid, leaf_hash, verify_inclusion
from hub.audit.note import NOTE_MAX, NoteInvalid, VerifierKey, decode_base64, encode_base64

HEADER = "c2sp.org/tlog-proof@v1"

PROOF_TEXT_MAX = NOTE_MAX + 8_192
"""The longest proof, in bytes: a note, 63 hashes, the index and the extra line."""


@dataclass(frozen=True, slots=True)
class LogProof:
    """A proof taken apart, not yet checked. ``checkpoint`` is the signed note, verbatim.

    ``leaf`` is None when the text has no extra line, as other software's may not.
    """

    index: int
    leaf: bytes | None
    hashes: tuple[bytes, ...]
    checkpoint: str

    def __post_init__(self) -> None:
        if not 0 <= self.index <= SIZE_MAX or len(self.hashes) > PROOF_MAX:
            raise ProofInvalid(f"a proof has an index up to {SIZE_MAX} and at most {PROOF_MAX} hashes")
        if any(len(each) != HASH_BYTES for each in self.hashes + (() if self.leaf is None else (self.leaf,))):
            raise ProofInvalid(f"a hash is {HASH_BYTES} bytes")

    def __str__(self) -> str:
        extra = () if self.leaf is None else (f"extra {encode_base64(self.leaf)}",)
        lines = (HEADER, *extra, f"index {self.index}", *map(encode_base64, self.hashes))
        return "\n".join((*lines, "", self.checkpoint))

    @classmethod
    def parse(cls, raw: bytes) -> LogProof:
        """Take a proof apart; the exact inverse of :meth:`__str__`.

        Raises:
            ProofInvalid: anything else.
        """
        if len(raw) > PROOF_TEXT_MAX:
            raise ProofInvalid(f"a proof has at most {PROOF_TEXT_MAX} bytes")
        try:
            head, blank, checkpoint = raw.decode().partition("\n\n")
            lines = head.split("\n")
            if not blank or lines.pop(0) != HEADER:
                raise ProofInvalid(f"a proof starts with the line {HEADER}")
            leaf = (
                decode_base64(lines.pop(0).removeprefix("extra "))
                if head[len(HEADER) :].startswith("\nextra ")
                else None
            )
            if not lines or not lines[0].startswith("index "):
                raise ProofInvalid("a proof has an index line after its first line, or after the extra line")
            index = parse_decimal(lines.pop(0).removeprefix("index "))
            return cls(index, leaf, tuple(decode_base64(line) for line in lines), checkpoint)
        except (NoteInvalid, UnicodeDecodeError) as fault:
            raise ProofInvalid(str(fault) if isinstance(fault, NoteInvalid) else "a proof is UTF-8") from None


def verify_proof(
    raw: bytes, trusted: VerifierKey | Iterable[VerifierKey], *, body: bytes | None = None
) -> tuple[int, Checkpoint]:
    """Check a proof from its text and the log's public key alone; the entry's index and the checkpoint.

    Args:
        raw: the proof's text.
        trusted: the log's key, or several during a change of keys.
        body: the entry's bytes, when the reader has them: then the proof must be of this entry.

    Raises:
        ProofInvalid: the proof is malformed, not of this entry, or not under a checkpoint of this log.
    """
    proof = LogProof.parse(raw)
    leaf = proof.leaf if body is None else leaf_hash(body)
    if leaf is None:
        raise ProofInvalid("the proof does not say of which entry it is: give the entry's bytes too")
    if proof.leaf not in (None, leaf):
        raise ProofInvalid("the proof is of another entry")
    try:
        checkpoint = open_checkpoint(proof.checkpoint.encode(), trusted)
    except NoteInvalid as fault:
        raise ProofInvalid(str(fault)) from None
    verify_inclusion(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    return proof.index, checkpoint
