"""Asks a running hub over HTTP, as an agency's own tool would: with the public schema and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from hub.errors import HubError

VIEW = (Path(__file__).parent / "view.graphql").read_text(encoding="utf-8")
"""The query `hub ask` and the demo send."""

VIEW_UNBORN = (Path(__file__).parent / "unborn.graphql").read_text(encoding="utf-8")
"""The query `hub ask --unborn` sends: an unborn child is known by other records than one who has been born."""

DEADLINE_SECONDS = 70.0
"""More than any custodian's deadline may be."""


class CannotAsk(HubError):
    """The hub could not be asked at all: it is not there, or what answered is not a hub."""

    default_code = "HUB_UNREACHABLE"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the hub answered: the HTTP status and the GraphQL body."""

    status: int
    body: dict[str, Any]

    @property
    def child(self) -> dict[str, Any] | None:
        """The ``child`` of the answer, if there is one."""
        data = self.body.get("data") or {}
        child: dict[str, Any] | None = data.get("child")
        return child


async def ask(url: str, token: str, variables: dict[str, Any], query: str = VIEW) -> Reply:
    """Send ``query`` to the hub at ``url``.

    Raises:
        CannotAsk: nothing answered there, or not in JSON.
    """
    timeout = aiohttp.ClientTimeout(total=DEADLINE_SECONDS)
    body = orjson.dumps({"query": query, "variables": variables})
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
            answered = session.post(f"{url}/graphql", data=body, headers=headers, allow_redirects=False)
            async with answered as response:
                read = orjson.loads(await response.read())
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise CannotAsk(f"No hub answers at {url}. Is it running? Start one with `hub demo` or `hub serve`.") from None
    except orjson.JSONDecodeError:
        read = None
    if not isinstance(read, dict):
        raise CannotAsk(f"What answers at {url} is not a hub: it did not answer in JSON as a hub does.")
    return Reply(response.status, read)


def question(
    *,
    purpose: str,
    case_reference: str,
    decided_by: str | None = None,
    decided_at: str | None = None,
    **find: Any,
) -> dict[str, Any]:
    """The variables of the view query. ``find`` are the fields of ``ChildSearch``, those that are None left out."""
    enquiry: dict[str, Any] = {"purpose": purpose, "caseReference": case_reference}
    if decided_by is not None:
        enquiry["decision"] = {"by": decided_by, "at": decided_at}
    return {"find": {name: value for name, value in find.items() if value is not None}, "enquiry": enquiry}
