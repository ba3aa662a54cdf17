"""Whom the demo can be: the invented workers of the development authorization server, and their tokens."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from hub.access.devclient import client_key, fetch_worker_token
from hub.access.devsettings import People, load_people
from hub.errors import ConfigurationError

DEVSERVER_FILE = Path(__file__).parent / "data" / "devserver.toml"
STAR_NHS_NUMBER = "9990004021"
"""The child of the demo's first question (``docs/cast.md``)."""

MASH_WORKER = "tc-0417"
"""The social worker who asks it."""

DIRECTORY = Path("var/hub-demo")
"""Where the demo keeps its log, keys and settings, from the directory it is started in."""

STATE_FILE = "demo.json"
KEYS_DIRECTORY = "keys"
"""Beside the demo's settings: the clients' and the development server's keys."""


@dataclass(frozen=True, slots=True)
class DemoState:
    """Where a running demo listens. Kept beside its settings, so that `hub ask` finds it."""

    hub_url: str
    issuer: str

    def write(self, directory: Path) -> None:
        """Keep it in ``directory``."""
        (directory / STATE_FILE).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, directory: Path) -> DemoState:
        """What was kept in ``directory``.

        Raises:
            ConfigurationError: nothing was.
        """
        try:
            return cls(**json.loads((directory / STATE_FILE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            raise ConfigurationError("No demo runs here. Start one with `hub demo`.") from None


def people() -> People:
    """The clients and workers of the demo."""
    return load_people(DEVSERVER_FILE)


async def token_for(issuer: str, worker_id: str, keys_directory: Path) -> str:
    """An access token for one of the demo's workers, through the front-door tool of the worker's own agency.

    Raises:
        ConfigurationError: there is no such worker.
        Unauthenticated, IssuerUnavailable: the development server refused, or does not answer.
    """
    known = people()
    worker = next((each for each in known.workers if each.id == worker_id), None)
    if worker is None:
        names = ", ".join(each.id for each in known.workers)
        raise ConfigurationError(f"There is no worker of that id in the demo. There are: {names}.")
    client = next(each for each in known.clients if each.organisation == worker.organisation)
    key = None if client.secret else client_key(keys_directory, client.id)
    role = worker.roles[0]
    return await fetch_worker_token(issuer, client.id, worker=worker.id, role=role, secret=client.secret, key=key)
