"""The pages of a running hub, made from its parts and from settings."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from hub.access.provider import Provider
from hub.audit.note import NoteInvalid, VerifierKey
from hub.errors import AuditUnavailable, ConfigurationError
from hub.service import releasing_rounds
from hub.service.admission import Admission
from hub.service.following import Following
from hub.service.policies import PolicySet
from hub.service.view_child import ViewChild
from hub.service.witnessing import Unwitnessed
from hub.settings import Settings
from hub.store.appender import Log
from hub.store.confirmations import ConfirmationStore
from hub.store.judgements import JudgementStore
from hub.telemetry.lines import LogLine, say
from hub.web.parts import NAVIGATION, PARTS
from hub.web.releases.showing import releasing
from hub.web.site import Given, Rates, Site

FORGET_EVERY_SECONDS = 300.0


def make_pages(
    settings: Settings,
    *,
    log: Log,
    view_child: ViewChild,
    policies: PolicySet,
    judgements: JudgementStore,
    confirmations: ConfirmationStore,
    admission: Admission,
    witnessing: Unwitnessed,
    following: Following,
    rates: Rates,
) -> Site | None:
    """The pages, where settings ask for them.

    Raises:
        ConfigurationError: the issuer, the client's secret or its key is wrong.
    """
    wanted = settings.pages
    if wanted is None:
        return None
    given = Given(
        log=log,
        view_child=view_child,
        policies=policies,
        judgements=judgements,
        confirmations=confirmations,
        admission=admission,
        custodians=tuple(entry.custodian() for entry in settings.custodians),
        witnessing=witnessing,
        following=following,
        rates=rates,
        provider=Provider(settings.access.issuer, wanted.client()),
        public_url=settings.server.public_url,
        clock=lambda: datetime.now(UTC),
        step_up=wanted.step_up,
        idle=timedelta(minutes=wanted.idle_minutes),
        longest=timedelta(hours=wanted.hours_max),
        is_development=settings.is_development,
        contact=wanted.contact,
        earlier_keys=_earlier_keys(settings),
    )
    return Site(given, PARTS, NAVIGATION)


def _earlier_keys(settings: Settings) -> list[VerifierKey]:
    try:
        return [VerifierKey.parse(line) for line in settings.log.earlier_keys]
    except NoteInvalid as fault:
        raise ConfigurationError(f"`log.earlier_keys`: not a public key of a log: {fault}.") from None


async def answer_in_time(site: Site) -> None:
    """Escalate release requests that are late, now and then, for as long as the hub runs."""
    await releasing_rounds.run(releasing(site))


async def keep_tidy(site: Site) -> None:
    """Forget old sessions, now and then, for as long as the hub runs."""
    while True:
        try:
            await site.sessions.forget_old()
        except AuditUnavailable:
            say(LogLine.SESSIONS_NOT_FORGOTTEN)
        await asyncio.sleep(FORGET_EVERY_SECONDS)
