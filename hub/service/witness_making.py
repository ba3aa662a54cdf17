"""From settings to witnesses: the policy file must be this log's, with a quorum that can be asked for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Protocol

from hub.audit.note import VerifierKey
from hub.audit.witness_policy import POLICY_MAX, WitnessPolicy, WitnessPolicyInvalid, parse_policy
from hub.errors import ConfigurationError
from hub.service.witness_state import Limits
from hub.service.witnessing import Unwitnessed, Witnessing
from hub.store.appender import Log


class Wanted(Protocol):
    """What settings say of the witnesses: the policy's file, and the :class:`~hub.service.witness_state.Limits`."""

    @property
    def policy(self) -> str: ...  # noqa: D102
    @property
    def every_seconds(self) -> float: ...  # noqa: D102
    @property
    def alarm_minutes(self) -> float: ...  # noqa: D102
    @property
    def stop_hours(self) -> float: ...  # noqa: D102


def make_witnessing(log: Log, wanted: Wanted | None) -> Unwitnessed:
    """What starts the log and shows it to the witnesses that are ``wanted``, if any are.

    Raises:
        ConfigurationError: the policy file is wrong.
    """
    if wanted is None:
        return Unwitnessed(log)
    limits = Limits(
        timedelta(seconds=wanted.every_seconds),
        timedelta(minutes=wanted.alarm_minutes),
        timedelta(hours=wanted.stop_hours),
    )
    return Witnessing(log, load_witness_policy(Path(wanted.policy), log.verifier), limits)


def load_witness_policy(path: Path, log: VerifierKey) -> WitnessPolicy:
    """Read a policy file (C2SP tlog-policy) for the log whose key is ``log``.

    Raises:
        ConfigurationError: it cannot be read, is no policy file, is another log's, needs no cosignature, or needs one
            of a witness that has no URL; says what to do.
    """
    try:
        with path.open("rb") as opened:
            policy = parse_policy(opened.read(POLICY_MAX + 1).decode())
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: the witnesses' policy file is not UTF-8.") from None
    except OSError as fault:
        raise ConfigurationError(f"{path}: the witnesses' policy file cannot be read ({fault.strerror}).") from None
    except WitnessPolicyInvalid as fault:
        raise ConfigurationError(f"{path}: {fault}. docs/witness.md shows a whole file.") from None
    if policy.logs and log.public not in {each.key.public for each in policy.logs}:
        raise ConfigurationError(f"{path}: its log lines do not name this log's key, {log}.")
    if not policy.asks_for_witnesses:
        raise ConfigurationError(
            f"{path}: `quorum none` asks for no witness. Name a quorum, or take [log.witnesses] out of the settings."
        )
    if not policy.is_met({each.name for each in policy.witnesses if each.url}):
        raise ConfigurationError(
            f"{path}: the quorum can never be met: too few witnesses have a URL, at the end of their line."
        )
    return policy
