"""Another hub, checked without asking about anybody: what states no purpose is refused before anybody is asked.

How far a question got tells what is right: the token, then its register, then its schema. It logs each as refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from hub.connectors.base import UpstreamFault
from hub.connectors.checking import NOBODY, Finding, Report, failed, mend, milliseconds, note, well
from hub.connectors.graphql.document import Document
from hub.connectors.graphql.neighbour_reading import PURPOSE_MISSING, codes_in
from hub.domain.sources import NoAnswer, NoAnswerReason

Ask = Callable[[Document, Mapping[str, Any]], Awaitable[Any]]
"""Sends a document with variables; gives the body of the answer, or raises for what the answer says went wrong."""

WITHOUT_PURPOSE: Mapping[str, Any] = {"find": {"nhsNumber": NOBODY}, "enquiry": {"caseReference": NOBODY}}


async def check(
    ask: Ask, who: Document, kinds: Sequence[frozenset[str]], about: Callable[[frozenset[str]], Document]
) -> Report:
    """Send every question there is to it, without a purpose.

    Args:
        ask: how.
        who: the question of Match.
        kinds: the parts in which Find asks for kinds of record.
        about: the question of Find for some of them.

    Raises:
        UpstreamFault: it is not there, or does not know this hub.
    """
    started = asyncio.get_running_loop().time()
    understood = await _understood(ask, who)
    findings = [well(f"connects: answered in {milliseconds(started)} ms; its register lists this hub")]
    if isinstance(understood, NoAnswer):
        findings.append(failed(understood, "who a child is"))
    unknown: list[str] = []
    for part in kinds:
        if await _understood(ask, about(part)) is None:
            continue
        unknown += [kind for kind in sorted(part) if await _understood(ask, about(frozenset({kind}))) is not None]
    findings += _kinds_findings(unknown, sum(map(len, kinds)))
    return Report((*findings, _SEEN_LATER))


async def _understood(ask: Ask, document: Document) -> NoAnswer | None:
    """None when it would have answered under a purpose.

    Raises:
        UpstreamFault: for anything but not understanding the question.
    """
    try:
        body = await ask(document, WITHOUT_PURPOSE)
    except UpstreamFault as fault:
        if fault.no_answer.reason is not NoAnswerReason.MALFORMED:
            raise
        return fault.no_answer
    if PURPOSE_MISSING in codes_in(body):
        return None
    return NoAnswer(NoAnswerReason.MALFORMED, "it did not ask for the purpose that was left out: is it a hub?")


def _kinds_findings(unknown: Sequence[str], every: int) -> Iterator[Finding]:
    if unknown:
        yield mend(
            f"it does not understand the question about {', '.join(unknown)}: no answer, whichever of them is wanted",
            "take them out of [lists], correct the names of their lists, or have that hub brought up to this version",
        )
    else:
        yield well(f"it understands the questions about all {every} kinds of record")


_SEEN_LATER = note(
    "which purposes its register opens to this hub, and whether `hub.agency` is one of its sources, is seen only when "
    "it is asked",
    "ask about a test patient that the agency there holds, under each purpose: `hub ask`",
)
