"""The query editor in a real Chromium: it works, asks nobody else for anything, keeps nothing, and breaks no rule of its policy."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import strawberry
import uvicorn
from graphql import build_schema
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from hub.web.ide import IdeWorker, ide_routes
from tests.web.chromium import EXECUTABLE, open_page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(EXECUTABLE is None, reason="no Chromium on this machine"),
]

PLAY = "document.querySelector('.graphiql-execute-button')"
ANSWER = "document.querySelector('.graphiql-response .CodeMirror')?.textContent"


@strawberry.type
class Query:
    """A schema small enough to see whole in the editor."""

    @strawberry.field
    def echo(self, said: str) -> str:
        """Say it back."""
        return f"heard {said}"


@dataclass
class Simulator:
    """A hub with the real editor and the smallest endpoint behind it."""

    describes_itself: bool
    url: str = ""
    authorizations: list[str | None] = field(default_factory=list)

    def app(self) -> Starlette:
        schema = strawberry.Schema(Query)

        async def token_for(worker: str) -> str:
            return f"token-of-{worker}"

        async def graphql(request: Request) -> JSONResponse:
            self.authorizations.append(request.headers.get("authorization"))
            asked = await request.json()
            result = await schema.execute(
                asked["query"], asked.get("variables"), operation_name=asked.get("operationName")
            )
            return JSONResponse(
                {"data": result.data, "errors": [{"message": e.message} for e in result.errors or []] or None}
            )

        workers = [IdeWorker("sw", "Social worker"), IdeWorker("po", "Police officer")]
        question, variables = "query ($said: String!) { echo(said: $said) }", '{"said": "999"}'
        described = build_schema(schema.as_str()) if self.describes_itself else None
        editor = ide_routes("/graphql", token_for, workers, question, variables, described)
        return Starlette(routes=[*editor, Route("/graphql", graphql, methods=["POST"])])


@pytest.fixture(params=[True, False], ids=["schema given", "schema asked for"])
def simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    simulated = Simulator(describes_itself=request.param)
    server = uvicorn.Server(uvicorn.Config(simulated.app(), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.05)
    simulated.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield simulated
    server.should_exit = True
    thread.join()


async def test_a_person_chooses_a_worker_and_asks(simulator: Simulator) -> None:
    async with open_page(f"{simulator.url}/ide") as page:
        await page.until(f"!!{PLAY}")
        await page.evaluate("worker.value = 'po'; worker.dispatchEvent(new Event('change'))")
        await page.evaluate("document.querySelector('button[aria-label=\"Show Documentation Explorer\"]').click()")
        await page.until("document.querySelector('.graphiql-doc-explorer')?.textContent.includes('Query')")
        await page.evaluate(f"{PLAY}.click()")
        await page.until(f"({ANSWER} ?? '').includes('heard 999')")
        await page.evaluate("document.querySelector('button[aria-label=\"Open settings dialog\"]').click()")
        await page.until("!!document.querySelector('.graphiql-dialog')")
        kept = await page.evaluate("JSON.stringify([localStorage.length, sessionStorage.length, document.cookie])")

    first = [] if simulator.describes_itself else ["Bearer token-of-sw"]  # the schema, asked for at the start
    assert simulator.authorizations == [*first, "Bearer token-of-po"]
    assert {url for url in page.requested if not url.startswith((simulator.url, "data:"))} == set()
    assert page.complaints == []
    assert json.loads(kept) == [0, 0, ""]


async def test_the_browser_would_have_complained(simulator: Simulator) -> None:
    """The control: an inline style and a script from elsewhere are both stopped, and seen to be."""
    async with open_page(f"{simulator.url}/ide") as page:
        await page.until(f"!!{PLAY}")
        await page.evaluate(
            "document.head.append(Object.assign(document.createElement('style'), {textContent: 'p {top: 0}'}))"
        )
        await page.evaluate(
            "document.head.append(Object.assign(document.createElement('script'), {src: 'http://127.0.0.2/x.js'}))"
        )
        await page.evaluate("new Promise((resolve) => setTimeout(resolve, 500))")
    assert len(page.complaints) == 2
    assert all("Content Security Policy" in complaint for complaint in page.complaints)
