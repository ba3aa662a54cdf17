"""Everything that decides who is let in, put together, started, kept fresh and closed as one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from hub.access.case_register import CaseRegister, make_case_register
from hub.access.certificate import CertificateSource
from hub.access.challenge import resource_metadata
from hub.access.denials import Denial, Denials, Denied
from hub.access.gate import Gate
from hub.access.jwks import JwksSource
from hub.access.register import Register
from hub.access.register_file import load_register
from hub.access.register_set import RegisterSet
from hub.access.settings import CaseRegisterSettings, ClientCertificate
from hub.access.verifier import Verifier
from hub.audit.acts import Officer
from hub.errors import AuditUnavailable
from hub.service.stating import CaseCheck
from hub.store import denials, registered
from hub.store.appender import Log
from hub.store.replay import ReplayStore

SWEEP_EVERY_SECONDS = 60.0


class Wanted(Protocol):
    """What settings say of access (:class:`hub.settings.Access`)."""

    @property
    def issuer(self) -> str: ...  # noqa: D102
    @property
    def audience(self) -> str: ...  # noqa: D102
    @property
    def register(self) -> str: ...  # noqa: D102
    @property
    def jwks_uri(self) -> str | None: ...  # noqa: D102
    @property
    def register_check_seconds(self) -> float: ...  # noqa: D102
    @property
    def bound_tokens_only(self) -> bool: ...  # noqa: D102
    @property
    def client_certificate(self) -> ClientCertificate | None: ...  # noqa: D102
    @property
    def case_register(self) -> CaseRegisterSettings | None: ...  # noqa: D102


class Admission:
    """Who is let in.

    Args:
        wanted: the settings.
        public_url: the hub's address as its clients know it.
        log: the log, whose database holds what all processes must know.
        purposes: ids of the purposes the policies know.

    Attributes:
        gate: lets a request in.
        registers: the register in force.
        cases: asks the case register; None when there is none.
        metadata: what the hub says of itself (RFC 9728).

    Raises:
        ConfigurationError: register, certificate source or case register are wrong.
    """

    def __init__(self, wanted: Wanted, public_url: str, log: Log, purposes: Collection[str]) -> None:
        self._log = log
        self._check_seconds = wanted.register_check_seconds
        self._keys = JwksSource(wanted.issuer, wanted.jwks_uri)
        self._replays = ReplayStore(log)
        self._denials = Denials(self._denied)
        self._origin = log.verifier.name
        self.registers = RegisterSet(
            Path(wanted.register),
            lambda path: load_register(path, known_purposes=purposes, issuer=wanted.issuer),
            self._record,
        )
        certificates = None if wanted.client_certificate is None else CertificateSource(wanted.client_certificate)
        verifier = Verifier(
            issuer=wanted.issuer,
            audience=wanted.audience,
            keys=self._keys,
            clock=time.time,
            replays=self._replays,
            bound_only=wanted.bound_tokens_only,
        )
        self.gate = Gate(
            verifier,
            lambda: self.registers.current,
            self._denials,
            public_url=public_url,
            resource=wanted.audience,
            certificates=certificates,
        )
        self.metadata = resource_metadata(wanted.audience, wanted.issuer, mtls=certificates is not None)
        self._cases: CaseRegister | None = None
        self.cases: CaseCheck | None = None
        if wanted.case_register is not None:
            self._cases = make_case_register(wanted.case_register)
            self.cases = CaseCheck.of(self._cases, wanted.case_register)

    async def start(self) -> None:
        """Log which register is in force. To be called once the log is started."""
        await self.registers.start()

    async def run(self) -> None:
        """Keep the register, the denials and the memory of proofs fresh, for ever."""
        await asyncio.gather(self.registers.watch(self._check_seconds), self._denials.run(), self._sweep())

    async def close(self) -> None:
        """Give back connections."""
        await self._keys.close()
        if self._cases is not None:
            await self._cases.close()

    async def _sweep(self) -> None:
        while True:
            with suppress(AuditUnavailable):
                await self._replays.forget_old()
                now = datetime.now(UTC)
                await self._log.beside(partial(denials.forget_ended, at=now))
            await asyncio.sleep(SWEEP_EVERY_SECONDS)

    async def _denied(self) -> list[Denial]:
        now = datetime.now(UTC)
        found = await self._log.beside(lambda engine: denials.in_force(engine, now))
        return [Denial(Denied(each.kind), each.issuer, each.value) for each in found]

    async def _record(self, register: Register) -> None:
        officer = Officer("hub", self._origin, None, "hub")
        await registered.log_register(self._log, officer, register.digest)
