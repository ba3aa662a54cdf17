"""What a log sends to a witness, and what the witness thinks of it: C2SP tlog-witness, without network or storage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from hub.audit.checkpoint import Checkpoint, parse_decimal
from hub.audit.merkle import EMPTY_ROOT, HASH_BYTES, ProofInvalid, verify_consistency
from hub.audit.note import NOTE_MAX, Note, NoteInvalid, VerifierKey, decode_base64, open_note, parse_note

PROOF_LINES_MAX = 63
"""The most hashes a log may send (tlog-witness)."""

BODY_MAX = NOTE_MAX + 4_096
"""The longest request, in bytes: a note, 63 hashes and a size."""


class Refused(Exception):
    """The checkpoint is not cosigned. The message goes to whoever sent it and repeats nothing of what was sent."""

    status: ClassVar[int] = 400
    media_type: ClassVar[str] = "text/plain; charset=utf-8"


class Malformed(Refused):
    """The request is not one, or contradicts itself."""


class UnknownLog(Refused):
    """The witness was not told to watch this log."""

    status = 404


class NotSigned(Refused):
    """No key of the log has signed the checkpoint, or a signature in its name is forged."""

    status = 403


class Stale(Refused):
    """The witness has cosigned another size last than the log believes. The message is that size, alone."""

    status = 409
    media_type = "text/x.tlog.size"


class Fork(Refused):
    """The log has signed two trees of one size. With the checkpoint the witness kept, that is proof."""

    status = 409


class Inconsistent(Refused):
    """The proof does not show that the tree continues the one cosigned last: a rewritten log, or a bad proof."""

    status = 422


@dataclass(frozen=True, slots=True)
class Submission:
    """One ``add-checkpoint`` request: ``old`` is the size the log believes was cosigned last; a hash is 32 bytes."""

    old: int
    proof: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Seen:
    """What was cosigned last of a log. ``note`` is the checkpoint as its log signed it; ``at`` seconds since 1970."""

    origin: str
    size: int
    root: bytes
    note: str
    at: int


def parse_submission(body: bytes) -> Submission:
    """Read a request.

    Raises:
        Malformed: it is not one, by any rule of tlog-witness, tlog-checkpoint or signed-note.
    """
    if len(body) > BODY_MAX:
        raise Malformed(f"a request has at most {BODY_MAX} bytes")
    head, blank, raw = body.partition(b"\n\n")
    if not blank:
        raise Malformed("a request is an old size, a proof, a blank line and a checkpoint")
    try:
        first, *hashes = head.decode("ascii").split("\n")
        if not first.startswith("old "):
            raise Malformed("a request begins with `old` and a size")
        if len(hashes) > PROOF_LINES_MAX:
            raise Malformed(f"a proof has at most {PROOF_LINES_MAX} hashes")
        proof = tuple(decode_base64(line) for line in hashes)
        if any(len(each) != HASH_BYTES for each in proof):
            raise Malformed(f"a hash is {HASH_BYTES} bytes")
        note = parse_note(raw)
        return Submission(parse_decimal(first.removeprefix("old ")), proof, note, Checkpoint.parse(note.text))
    except UnicodeDecodeError:
        raise Malformed("the old size and the proof are ASCII") from None
    except NoteInvalid as fault:
        raise Malformed(str(fault)) from None


def check_signature(submission: Submission, logs: Iterable[VerifierKey]) -> Note:
    """The checkpoint with the signatures of its log only.

    Args:
        submission: the request.
        logs: the keys of every log the witness watches; a key's name is its log's origin.

    Raises:
        UnknownLog: none of them is of this log.
        NotSigned: none of those that are has signed the checkpoint, or a signature in the name of one is not its.
        Malformed: the size the log believes was cosigned last is larger than the checkpoint's.
    """
    keys = [key for key in logs if key.name == submission.checkpoint.origin]
    if not keys:
        raise UnknownLog("this witness does not watch that log")
    try:
        note = open_note(str(submission.note).encode(), keys)
    except NoteInvalid:
        raise NotSigned("no key that this witness knows of that log has signed the checkpoint") from None
    if submission.old > submission.checkpoint.size:
        raise Malformed("the old size is larger than the checkpoint's")
    return note


def check_continues(submission: Submission, last: Seen | None) -> None:
    """Whether the tree may be cosigned after ``last``, which is None when none of this log ever was.

    Raises:
        Stale: the log believes that another size was cosigned last.
        Fork: the tree has the size of the last, and another root.
        Inconsistent: the proof does not show that the tree continues the last.
    """
    size, root = (0, EMPTY_ROOT) if last is None else (last.size, last.root)
    tree = submission.checkpoint
    if submission.old != size:
        raise Stale(str(size))
    if tree.size == size and tree.root != root:
        raise Fork("the log has signed another tree of that size before")
    try:
        verify_consistency(size, root, tree.size, tree.root, submission.proof)
    except ProofInvalid as fault:
        raise Inconsistent(str(fault)) from None
