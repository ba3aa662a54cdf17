"""A CP-IS that misbehaves at either call: a record says so, the other records stand, and nothing is asked again."""

from __future__ import annotations

import asyncio
import logging

import pytest

from hub.connectors.base import Deadline
from hub.connectors.fhir.cpis import NOT_AFTER, Cpis
from hub.connectors.fhir.mapping import BY_CPIS, CPIS, CPIS_ACCESS
from hub.domain.records import HeldRecord
from hub.domain.sealed import unseal
from tests.connectors.bendable import Request, bendable
from tests.connectors.fhir_bench import NOW
from tests.connectors.hostile import SECRET, STALLED_SECONDS, Asked, Behaviour
from tests.connectors.hostile_rows import ROWS
from tests.connectors.test_fhir_cpis import ada, bundle, team
from tests.connectors.test_fhir_cpis_accesses import answer, look

HONEST = {"/CareTeam": bundle(team()), "/AuditEvent": answer(look())}
PATHS = {CPIS: "/CareTeam", CPIS_ACCESS: "/AuditEvent"}


def said(records: list[HeldRecord], kind: str) -> str:
    (found,) = (record for record in records if record.pointer.kind == kind)
    return str(unseal(found)["answer"])


@pytest.mark.parametrize("kind", sorted(BY_CPIS))
@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
async def test_what_a_hostile_cp_is_does_is_what_its_record_says(
    kind: str, row: Behaviour, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def script(request: Request) -> None:
        path = request.line.split()[1].split("?")[0]
        asked = Asked(request, server.url, "application/fhir+json", HONEST[path], 1, echoes=False)
        if path != PATHS[kind]:
            request.writer.write(asked.whole())
            return
        done = row.behave(asked)
        if isinstance(done, bytes):
            request.writer.write(done)
        else:
            await done
        if row.then_closes:
            await request.writer.drain()
            request.writer.close()

    async with bendable(script) as server, asyncio.timeout(STALLED_SECONDS):
        cpis = Cpis(server.url, None, unscheduled=True, clock=lambda: NOW)
        pointers = [cpis.pointer(each, "nhs", ada(), restricted=False) for each in sorted(BY_CPIS)]
        records = await cpis.read(pointers, ada(), Deadline.after(row.seconds))
        await cpis.close()
        paths = [request.line.split()[1].split("?")[0] for request in server.requests]
    is_honest = not said(records, kind).startswith("No answer: ")
    assert not is_honest or None in row.sees, said(records, kind)
    assert paths == (["/CareTeam", "/AuditEvent"] if kind == CPIS_ACCESS or is_honest else ["/CareTeam"])
    if kind == CPIS_ACCESS:
        assert said(records, CPIS) == "NHS was told of: Child protection plan, from 2026-01-05"
    elif not is_honest:
        assert said(records, CPIS_ACCESS) == NOT_AFTER
    assert SECRET not in caplog.text + said(records, kind)
