"""A checkpoint with its witnesses' cosignatures, checked against a policy: who cosigned it, when, is that enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.audit.checkpoint import Checkpoint
from hub.audit.cosignature import SKEW_MAX, stated_time
from hub.audit.note import Note, NoteInvalid, VerifierKey, open_note
from hub.audit.witness_policy import WitnessPolicy


class QuorumUnmet(NoteInvalid):
    """The log signed the checkpoint, and too few witnesses cosigned it, or too long ago."""


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A checkpoint signed by its log, and cosigned by whom.

    ``note`` has the signatures of known keys only. ``times`` is the policy's name of each witness that cosigned, and
    when, in seconds since 1970.
    """

    checkpoint: Checkpoint
    note: Note
    times: Mapping[str, int]

    def recent(self, now: int, age_max: int) -> frozenset[str]:
        """The witnesses whose cosignature is at most ``age_max`` seconds old at ``now``, and not of the future."""
        return frozenset(name for name, at in self.times.items() if now - age_max <= at <= now + SKEW_MAX)


def read_cosigned(raw: bytes, log_keys: VerifierKey | Iterable[VerifierKey], policy: WitnessPolicy) -> Cosigned:
    """Check all signatures of a checkpoint by the log and the policy's witnesses; there need be no cosignature.

    A cosignature that states the time 0 is not counted.

    Args:
        raw: the signed note.
        log_keys: the log's; the policy's ``log`` lines are not read here.
        policy: names the witnesses.

    Raises:
        NoteInvalid: malformed, not signed by the log it is of, or a signature in the name of a known key is forged.
    """
    keys = (log_keys,) if isinstance(log_keys, VerifierKey) else tuple(log_keys)
    note = open_note(raw, (*keys, *(each.key for each in policy.witnesses)))
    checkpoint = Checkpoint.parse(note.text)
    signed = {(each.name, each.key_id): each for each in note.signatures}
    if not any(key.name == checkpoint.origin and (key.name, key.key_id) in signed for key in keys):
        raise NoteInvalid("the log that the checkpoint is of has not signed it")
    times = {}
    for witness in policy.witnesses:
        signature = signed.get((witness.key.name, witness.key.key_id))
        if signature is not None and (at := stated_time(signature)):
            times[witness.name] = at
    return Cosigned(checkpoint, note, times)


def open_cosigned(
    raw: bytes,
    log_keys: VerifierKey | Iterable[VerifierKey],
    policy: WitnessPolicy,
    *,
    now: int,
    age_max: int,
) -> Cosigned:
    """As :func:`read_cosigned`, and the policy's quorum must have cosigned within ``age_max`` seconds before ``now``.

    A checkpoint that is genuine and old cannot be told from the newest by its signatures: hence the age.

    Raises:
        NoteInvalid: as :func:`read_cosigned`.
        QuorumUnmet: the signatures are good, and not enough of them are recent.
    """
    cosigned = read_cosigned(raw, log_keys, policy)
    if not policy.is_met(recent := cosigned.recent(now, age_max)):
        raise QuorumUnmet(
            f"of {len(policy.witnesses)} witnesses, {len(cosigned.times)} cosigned the checkpoint, and {len(recent)} "
            f"did in the last {age_max} seconds: that is not the policy's quorum"
        )
    return cosigned
