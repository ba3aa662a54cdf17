"""The query editor, wired to the demo's workers: only in development, and only where the demo runs."""

from __future__ import annotations

import json
from pathlib import Path

from starlette.routing import BaseRoute

from hub.app import Hub
from hub.cli.client import VIEW, question
from hub.cli.schema import schema_of
from hub.demo.people import KEYS_DIRECTORY, STAR_NHS_NUMBER, people, token_for
from hub.web.ide import IdeWorker, ide_routes


def ide_pages(hub: Hub) -> list[BaseRoute]:
    """The editor's routes, for :func:`hub.app.create_app`."""
    keys = Path(hub.settings.access.register).parent / KEYS_DIRECTORY
    issuer = hub.settings.access.issuer

    async def token(worker_id: str) -> str:
        return await token_for(issuer, worker_id, keys)

    workers = [IdeWorker(worker.id, f"{worker.name} ({worker.organisation})") for worker in people().workers]
    variables = question(purpose="CA2004_S16LA", case_reference="MASH-2026-1182", nhsNumber=STAR_NHS_NUMBER)
    schema = schema_of(hub.policies.current.bundle)
    return list(ide_routes("/graphql", token, workers, VIEW, json.dumps(variables, indent=2), schema))
