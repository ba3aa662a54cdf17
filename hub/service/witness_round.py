"""One round: the log's head shown to every witness at once, what they say kept beside the log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

from hub.audit.witness_policy import Witness, WitnessPolicy
from hub.connectors.base import Deadline
from hub.connectors.witness import Shown, WitnessClient
from hub.service.witness_asking import Ahead, Cosigned, Dispute, Disputed, Head, Outcome, ask
from hub.store import cosignatures
from hub.store.appender import Log
from hub.store.consistency import read_consistency
from hub.store.cosignatures import Kept, Quorum
from hub.store.reader import moment

ASK_SECONDS = 10.0
"""How long one witness may take for its whole exchange."""

PASSES_MAX = 3
"""How often one round shows a newer head because another hub on this log showed it to a witness first."""


class Rounds:
    """Shows the log's head to its witnesses. Several hubs on one log may do so at the same time.

    Args:
        log: the signed log.
        policy: the witnesses and their quorum. Those without a URL are left aside.
        clock: the time (aware, UTC).
        ask_seconds: see ``ASK_SECONDS``.

    Raises:
        ConfigurationError: a witness's URL is none.
    """

    def __init__(
        self, log: Log, policy: WitnessPolicy, clock: Callable[[], datetime], ask_seconds: float = ASK_SECONDS
    ) -> None:
        self._log = log
        self._policy = policy
        self._clock = clock
        self._ask_seconds = ask_seconds
        self.witnesses: Mapping[str, Witness] = {each.name: each for each in policy.witnesses if each.url}
        self._clients = {name: WitnessClient(name, str(each.url)) for name, each in self.witnesses.items()}

    async def close(self) -> None:
        """Give back the connections."""
        for client in self._clients.values():
            await client.close()

    async def run(self) -> dict[str, Outcome]:
        """What each witness said in the end, by its name in the policy.

        Raises:
            AuditUnavailable: the database failed.
            NoteInvalid: the head in it is none.
        """
        said: dict[str, Outcome] = {}
        waiting = self.witnesses
        for _ in range(PASSES_MAX):
            head = await self._head()
            said |= await self._show(head, waiting)
            ahead = {name: one.size for name, one in said.items() if isinstance(one, Ahead)}
            if not ahead:
                break
            # Another hub was quicker: then its head is in the database by now. If it is not, the database has lost it.
            size = (await self._head()).size
            for name in [name for name, seen in ahead.items() if seen > size]:
                said[name] = Disputed(Dispute.LARGER, ahead[name], size)
                await self._keep(self.witnesses[name], said[name], head)
            waiting = {name: waiting[name] for name in waiting if isinstance(said[name], Ahead | Cosigned)}
        return said

    async def _head(self) -> Head:
        return Head.read(await self._log.checkpoint())

    async def _show(self, head: Head, to: Mapping[str, Witness]) -> dict[str, Outcome]:
        """Show ``head`` to some witnesses at once; a quorum is kept the moment it is there, whoever still hangs."""
        kept = await self._log.beside(cosignatures.read_kept)
        tasks = [asyncio.create_task(self._ask(each, head, kept.get(str(each.key)))) for each in to.values()]
        said: dict[str, Outcome] = {}
        try:
            for answered in asyncio.as_completed(tasks):
                name, outcome = await answered
                said[name] = outcome
                await self._keep(self.witnesses[name], outcome, head)
                if isinstance(outcome, Cosigned):
                    await self._keep_quorum(head, said)
        finally:
            for task in tasks:
                task.cancel()
        return said

    async def _ask(self, witness: Witness, head: Head, kept: Kept | None) -> tuple[str, Outcome]:
        deadline = Deadline.after(self._ask_seconds)

        async def show(old: int, proof: tuple[bytes, ...], note: str) -> Shown:
            return await self._clients[witness.name].add_checkpoint(old, proof, note, deadline)

        async def prove(old: int, new: int) -> tuple[bytes, ...] | None:
            return await self._log.beside(lambda engine: read_consistency(engine, old, new))

        old = kept.size if kept is not None else 0
        return witness.name, await ask(head, old, witness.key, show, prove, lambda: self._clock().timestamp())

    async def _keep(self, witness: Witness, outcome: Outcome, head: Head) -> None:
        key = str(witness.key)
        if isinstance(outcome, Cosigned):
            at, line = moment(outcome.at * 1000), outcome.line
            await self._log.beside(lambda engine: cosignatures.keep_cosignature(engine, key, head.size, at, line))
        elif isinstance(outcome, Disputed):
            dispute = outcome.dispute
            await self._log.beside(lambda engine: cosignatures.keep_dispute(engine, key, dispute))

    async def _keep_quorum(self, head: Head, said: Mapping[str, Outcome]) -> None:
        """Keep the head with its cosignatures, if they are enough."""
        lines = {name: one.line for name in self.witnesses if isinstance(one := said.get(name), Cosigned)}
        if self._policy.is_met(lines):
            quorum = Quorum(self._clock(), head.size, head.note + "".join(lines.values()))
            await self._log.beside(lambda engine: cosignatures.keep_quorum(engine, quorum))
