"""One FHIR server compared with what this connector asks of it, by its own statement and by questions about nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from hub.connectors.base import Deadline, UpstreamFault, together
from hub.connectors.checking import NOBODY, Finding, Report, failed, mend, milliseconds, note, well
from hub.connectors.fhir import bundles
from hub.connectors.fhir.elements import Element, element, elements, text
from hub.connectors.fhir.exchange import Exchange, Params
from hub.connectors.fhir.options import FhirOptions
from hub.connectors.http import JsonClient
from hub.domain.sources import NoAnswerReason

_WHAT = "CapabilityStatement"
_BY_NAME = ("family", "given", "birthdate")
_PDS = ("_history", "_fuzzy-match")
_TRY = "try a test patient with --nhs-number, to see whether it accepts one who is there"
_STATUSES = frozenset({400, 401, 403, 404, 405, 406, 410, 501})
"""Statuses of a server that states no capabilities, or not to everybody: R4 §3.1.0.9 says it shall, PDS does not."""


async def check(
    client: JsonClient, exchange: Exchange, options: FhirOptions, resources: Sequence[str], deadline: Deadline
) -> Report:
    """What the server says it can do, then what it does when asked for somebody who is not there.

    Raises:
        UpstreamFault: it cannot be reached at all.
    """
    findings = list(await _stated(client, options, resources, deadline))
    findings.append(await _patient_finding(exchange, deadline))
    records = [name for name in resources if name != "Patient"]
    findings += await together(_surplus_finding(exchange, name, deadline) for name in records)
    return Report(tuple(findings))


async def _stated(
    client: JsonClient, options: FhirOptions, resources: Sequence[str], deadline: Deadline
) -> list[Finding]:
    started = asyncio.get_running_loop().time()
    try:
        reply = await client.get("/metadata", deadline=deadline, allow=_STATUSES)
    except UpstreamFault as fault:
        if fault.no_answer.reason is not NoAnswerReason.MALFORMED:
            raise
        said = f"its CapabilityStatement (/metadata) cannot be read: {fault.no_answer.detail}"
        return [note(said, "see whether the questions below are answered")]
    reached = well(f"connects: answered in {milliseconds(started)} ms")
    statement = element(reply.body, _WHAT)
    if statement.get("resourceType") != _WHAT:
        said = "it states no capabilities (/metadata), so what it can be asked is not compared"
        return [reached, note(said, "nothing, where the custodian's documentation says so, as PDS's does")]
    return [reached, *_version(statement), *_offered(statement, options, resources)]


def _version(statement: Element) -> Iterator[Finding]:
    version = text(statement.get("fhirVersion"), _WHAT) or "none"
    if version.startswith("4."):
        yield well(f"it speaks FHIR {version[:20]}")
    else:
        yield mend("it does not state FHIR R4 (4.x)", "ask the custodian for the base address of its R4 interface")


def _offered(statement: Element, options: FhirOptions, resources: Sequence[str]) -> Iterator[Finding]:
    offered = {
        str(resource.get("type")): {
            str(parameter.get("name")) for parameter in elements(resource.get("searchParam"), _WHAT)
        }
        for rest in elements(statement.get("rest"), _WHAT)
        for resource in elements(rest.get("resource"), _WHAT)
    }
    for name in resources:
        if name not in offered:
            yield mend(
                f"it does not offer {name}: what is read from it gets no answer",
                "ask the custodian to open it to the hub, or leave the kinds read from it out",
            )
            continue
        lacking = [parameter for parameter in _needed(name, options) if parameter not in offered[name]]
        if lacking:
            yield mend(
                f"it does not state the search parameter(s) {', '.join(lacking)} of {name}",
                "ask the custodian whether it has them: a server may answer a parameter it does not know with "
                "everybody or with nobody",
            )
        else:
            yield well(f"{name}: every search parameter the hub uses is there")
    if options.pds_search and (unknown := [name for name in _PDS if name not in offered.get("Patient", set())]):
        yield mend(
            f"it does not state PDS's own search parameter(s) {', '.join(unknown)}",
            "set `pds_search` to false, unless the custodian says that it has them",
        )


def _needed(name: str, options: FhirOptions) -> tuple[str, ...]:
    if name == "Observation":  # read beside maternity care alone, for the expected date of birth
        return ("patient", "code")
    if name != "Patient":
        return ("patient", "_id")
    return _BY_NAME if options.search_by == "get" else ("_id", "identifier", *_BY_NAME)


async def _patient_finding(exchange: Exchange, deadline: Deadline) -> Finding:
    """Whether the credential opens Patient, from a question about a number that is none."""
    try:
        found = await exchange.patient_by_number(NOBODY, deadline)
    except UpstreamFault as fault:
        got = fault.no_answer
        if got.reason is NoAnswerReason.MALFORMED and "HTTP 4" in got.detail:
            return note("Patient: it answers, and does not accept a number that is none", _TRY)
        return failed(got, "Patient, asked for a number that is none")
    if found is not None:
        return _everybody("Patient", "identifier")
    return well("Patient: the credential is accepted, and nobody has a number that is none")


async def _surplus_finding(exchange: Exchange, name: str, deadline: Deadline) -> Finding:
    params: Params = [("patient", f"Patient/{NOBODY}"), ("_count", "1")]
    try:
        page = await exchange.search(name, params, deadline, bundles.resource_id)
    except UpstreamFault as fault:
        got = fault.no_answer
        if got.reason is NoAnswerReason.MALFORMED and "HTTP 4" in got.detail:
            return note(f"{name}: it answers, and does not accept a patient who is none", _TRY)
        return failed(got, f"{name}, asked for a patient who is none")
    if page.taken:
        return _everybody(name, "patient")
    return well(f"{name}: nothing is held of a patient who is none")


def _everybody(name: str, parameter: str) -> Finding:
    return mend(
        f"{name}: it gave records to a question about nobody, so it ignores the search parameter {parameter}",
        "ask the custodian to support it; until then the hub throws these answers away",
    )
