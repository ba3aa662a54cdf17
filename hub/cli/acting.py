"""Commands that act on the log: the log opened with its signer, for as long as the act takes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.errors import ConfigurationError
from hub.service.witness_making import make_witnessing
from hub.settings import Settings
from hub.store.appender import Log
from hub.store.engine import exists
from hub.store.keys import Signer


@asynccontextmanager
async def opened_log(
    settings: Settings, *, wait_seconds: float | None = None, signer: Signer | None = None
) -> AsyncIterator[Log]:
    """The log of the settings, ready to be written beside the hubs that run; closed at the end.

    Args:
        settings: the hub's own: an act is signed with the hub's key, so it is done as the hub's user.
        wait_seconds: the longest wait of any one call; the settings' when None.
        signer: what signs the head; the settings' when None.

    Raises:
        ConfigurationError: there is no log yet (one made by mistake would be read by no hub), no key to sign with, or a
            witness has seen another log than the database holds.
        AuditUnavailable: the database does not answer.
    """
    url = database_url(settings)
    log = Log(
        url,
        signer or settings.log.make_signer(create=False),
        wait_seconds=wait_seconds or settings.log.write_timeout_seconds,
    )
    witnessing = make_witnessing(log, settings.log.witnesses)
    await witnessing.start()
    try:
        yield log
    finally:
        await witnessing.close()


def database_url(settings: Settings) -> str:
    """The URL of the log's database, which must be there."""
    url = settings.log.database_url
    if not exists(url):
        raise ConfigurationError("There is no log at the database URL of the settings: start the hub once.")
    return url
