"""The log is shown to its witnesses every minute, and the hub stops when they have been silent for too long.

A witness of another agency keeps the newest head it has seen and cosigns only what continues it. As long as a quorum of
them does, nobody can rewrite the log unseen, not even who runs the hub. So silence is an alarm after some minutes, and
after some hours nothing is asked and nothing released until they are back (X-Road's rule for its timestamps). A witness
that has seen another log than the database holds stops the hub at once: a restored backup, a lagging copy, or a log
that was rewritten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from hub.audit.entries import Abandoned, Entry, Refused
from hub.audit.witness_policy import WitnessPolicy
from hub.errors import ConfigurationError
from hub.service.witness_asking import Dispute, Disputed
from hub.service.witness_round import ASK_SECONDS, Rounds
from hub.service.witness_state import (
    CODES,
    DISAGREE,
    DISPUTES,
    Limits,
    State,
    WitnessesDisagree,
    WitnessesSilent,
    in_words,
    say_outcome,
)
from hub.store import cosignatures
from hub.store.appender import Log
from hub.store.cosignatures import Quorum
from hub.telemetry.lines import LogLine, Name, own_words, say


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Unwitnessed:
    """A log without witnesses, and what a running hub does with any log: starts it, shows it, closes it."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def start(self) -> None:
        """Start the log; it is closed again if that fails. Raises as :meth:`hub.store.appender.Log.start`."""
        try:
            await self._log.start()
        except BaseException:
            await self.close()
            raise

    async def run(self) -> None:
        """What there is to do while the hub runs."""

    async def close(self) -> None:
        """Close the log, with what is queued written."""
        await self._log.close()

    @property
    def serves(self) -> bool:
        """Whether questions are answered."""
        return True

    def shown(self) -> dict[str, object]:
        """The state as ``/health/ready`` shows it."""
        return {"state": "not witnessed"}

    async def checkpoint(self) -> str:
        """The newest checkpoint to give out."""
        return await self._log.checkpoint()

    async def proof(self, index: int) -> str | None:
        """The proof of an entry to give out, as :meth:`hub.store.appender.Log.proof`."""
        return await self._log.proof(index)


class Witnessing(Unwitnessed):
    """Has the log witnessed, and knows whether it is.

    Args:
        log: the signed log; from :meth:`start` on this is its ``gate``.
        policy: the witnesses and their quorum. Those without a URL are left aside.
        limits: see :class:`Limits`.
        clock: the time (aware, UTC).
        ask_seconds: how long one witness may take.

    Raises:
        ConfigurationError: a witness's URL is none.
    """

    def __init__(
        self,
        log: Log,
        policy: WitnessPolicy,
        limits: Limits | None = None,
        *,
        clock: Callable[[], datetime] = _utc_now,
        ask_seconds: float = ASK_SECONDS,
    ) -> None:
        super().__init__(log)
        self._limits = limits or Limits()
        self._clock = clock
        self._rounds = Rounds(log, policy, clock, ask_seconds)
        self._last = Quorum(clock())
        self._said = dict.fromkeys(self._rounds.witnesses, "not asked yet")
        self._disputes: dict[str, str] = {}
        self._told = State.WITNESSED

    async def start(self) -> None:
        """Start the log, and ask every witness once before anything is appended.

        Those that do not answer do not hold up the hub: the time since the last quorum runs on.

        Raises:
            ConfigurationError: ``WITNESSES_DISAGREE``: a witness has seen another log than the database holds; or as
                :meth:`hub.store.appender.Log.start`.
            AuditUnavailable: the database cannot be read.
        """
        await super().start()
        self._log.gate = self.gate
        try:
            await self._round()
            self._tell()
            self._require_no_dispute()
        except BaseException:
            await self.close()
            raise

    async def run(self) -> None:
        """Ask the witnesses again and again, for ever; a slow round does not put off the next."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + self._limits.every.total_seconds(), loop.time())
            await asyncio.sleep(due - loop.time())
            await self.round()

    async def close(self) -> None:
        """Close the connections and the log."""
        await self._rounds.close()
        await super().close()

    async def round(self) -> None:
        """Show the head to every witness, and raise or lift the alarm. Never raises."""
        try:
            await self._round()
        except Exception as fault:  # whatever it was, the next round must come
            say(LogLine.WITNESSES_NOT_ASKED, fault=own_words(fault))
        self._tell()

    def gate(self, entry: Entry) -> None:
        """Pass what may be written now.

        Raises:
            WitnessesSilent: (AuditUnavailable) the witnesses are silent, and it is not a refusal or an abandoning:
                those end what was begun and release nothing.
            WitnessesDisagree: (AuditUnavailable) a witness knows another log than the one it would go into.
        """
        state = self.state
        if state is State.DISPUTED:
            raise WitnessesDisagree
        if state is State.SILENT and not isinstance(entry, Refused | Abandoned):
            raise WitnessesSilent

    @property
    def state(self) -> State:
        """How the log stands with its witnesses at this moment."""
        silence = self._clock() - self._last.at
        if self._disputes:
            return State.DISPUTED
        if silence >= self._limits.stop:
            return State.SILENT
        return State.LATE if silence >= self._limits.alarm else State.WITNESSED

    @property
    def serves(self) -> bool:
        """Whether questions are answered."""
        return self.state in (State.WITNESSED, State.LATE)

    def shown(self) -> dict[str, object]:
        """The state as ``/health/ready`` shows it."""
        state = self.state
        shown: dict[str, object] = {"state": state.value}
        if state in CODES:
            shown["code"] = CODES[state]
        shown["quorum"] = {"at": _moment(self._last.at), "size": self._last.size}
        return {**shown, "witnesses": {**self._said, **self._disputes}}

    async def checkpoint(self) -> str:
        """The newest checkpoint that met the quorum, with its cosignatures; the head where none has yet."""
        quorum = await self._log.beside(cosignatures.read_quorum)
        return quorum.note if quorum is not None and quorum.note is not None else await self._log.checkpoint()

    async def proof(self, index: int) -> str | None:
        """As :meth:`hub.store.appender.Log.proof`, under the cosigned checkpoint where it covers the entry."""
        return await self._log.beside(lambda engine: cosignatures.read_witnessed_proof(engine, index))

    async def _round(self) -> None:
        await self._read()
        said = await self._rounds.run()
        for name, outcome in said.items():
            if (now := in_words(outcome)) != self._said[name]:
                self._said[name] = now
                say_outcome(name, outcome)
        self._disputes |= {name: self._said[name] for name, one in said.items() if isinstance(one, Disputed)}
        await self._read()

    async def _read(self) -> None:
        """When the quorum was met last, and which witnesses see another log, as far as any hub on this log knows."""
        now = self._clock()
        self._last = await self._log.beside(lambda engine: cosignatures.last_quorum(engine, now))
        kept = await self._log.beside(cosignatures.read_kept)
        rows = {name: kept.get(str(each.key)) for name, each in self._rounds.witnesses.items()}
        disputes = {name: Dispute(row.dispute) for name, row in rows.items() if row is not None and row.dispute}
        self._disputes = {name: self._disputes.get(name, DISPUTES[one]) for name, one in disputes.items()}

    def _require_no_dispute(self) -> None:
        if self._disputes:
            raise ConfigurationError(
                f"The log will not be written: {self._listed(self._disputes)}. The database was restored from a "
                "backup, is a lagging copy, or was rewritten. Change nothing in it; see docs/runbook.md, Witnesses.",
                code=DISAGREE,
            )

    def _tell(self) -> None:
        """Say once what has changed."""
        before, self._told = self._told, self.state
        if before is self._told:
            return
        match self._told:
            case State.WITNESSED:
                say(LogLine.LOG_WITNESSED_AGAIN)
            case State.LATE:
                say(LogLine.WITNESSES_LATE, since=self._last.at)
            case State.SILENT:
                say(LogLine.WITNESSES_SILENT, since=self._last.at)
            case State.DISPUTED:
                for name in self._disputes:
                    say(LogLine.WITNESSES_DISAGREE, witness=Name(name))

    @staticmethod
    def _listed(said: Mapping[str, str]) -> str:
        return "; ".join(f"witness {name}: {words}" for name, words in said.items())


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
