"""An agency that answers 401, behind ``[custodians.token]``: a new token and one more call, on real sockets; CP-IS never."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.app import load_policies, make_connector
from hub.connectors.base import ENQUIRY, Connector, Deadline, Fetched, Found, Matched
from hub.connectors.fhir.cpis import NOT_AFTER
from hub.connectors.fhir.mapping import BY_CPIS, CPIS, CPIS_ACCESS
from hub.domain.people import Candidate
from hub.domain.sealed import unseal
from hub.domain.sources import NoAnswer, NoAnswerReason
from tests.connectors import graphql_bench, test_graphql_hostile, test_graphql_neighbour, test_hostile
from tests.connectors.bendable import Request, bendable, response
from tests.connectors.fhir_bench import ADA, by_number
from tests.connectors.test_fhir_cpis import ada, bundle, team
from tests.connectors.test_fhir_cpis_accesses import answer, look
from tests.settings.test_token import SECRET, TOKEN, load

REFUSED = response({}, "401 Unauthorized")
Script = Callable[[Request], Any]


@dataclass
class Upstream:
    """A token endpoint and the agency behind it: which tokens it accepts, and what it says to those."""

    honest: Script
    accepts: set[str]
    given: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    async def __call__(self, request: Request) -> None:
        if request.line.startswith("POST /oauth2/token "):
            self.given.append(f"t{len(self.given) + 1}")
            body = {"access_token": self.given[-1], "token_type": "Bearer", "expires_in": 600}
            request.writer.write(response(body))
            return
        self.shown.append(request.headers["authorization"].removeprefix("Bearer "))
        if self.shown[-1] not in self.accepts:
            request.writer.write(REFUSED)
            return
        said = self.honest(request)
        if inspect.isawaitable(said):
            await said
        else:
            request.writer.write(said)


def fhir_says(request: Request) -> bytes:
    said = test_hostile.nhs_says(request)
    return response(said, content_type="application/fhir+json", X_Request_ID=request.headers["x-request-id"])


def neighbour_says(request: Request) -> Awaitable[None]:
    said: Awaitable[None] = test_graphql_neighbour.says(test_graphql_neighbour.view())(request)
    return said


def casework_says(request: Request) -> bytes:
    return response(test_graphql_hostile.SERVER.respond(orjson.loads(request.body)))


def of_neighbour(call: str, one: Connector) -> Awaitable[Any]:
    if call == "match":
        return one.match(graphql_bench.BY_NUMBER, Deadline.after(10))
    who = Candidate(one.custodian.id, "entry-1", graphql_bench.SEARCH.stated)
    return one.find(who, test_graphql_neighbour.KINDS, Deadline.after(10))


def of_bench(bench: Any) -> Callable[[str, Connector], Awaitable[Any]]:
    return lambda call, one: bench.calls[call](one, Deadline.after(10))  # type: ignore[no-any-return]


ASKING: dict[str, tuple[Script, Callable[[str, Connector], Awaitable[Any]], tuple[str, ...]]] = {
    "a neighbour hub": (neighbour_says, of_neighbour, ("match", "find")),
    "graphql": (casework_says, of_bench(test_graphql_hostile.BENCH), ("match", "find", "fetch")),
    "fhir": (fhir_says, of_bench(test_hostile.FHIR), ("match", "find", "fetch")),
}
CALLS = [(kind, call) for kind, (_, _, calls) in ASKING.items() for call in calls]
ANSWERS = {"match": Matched, "find": Found, "fetch": Fetched}


@pytest.fixture(autouse=True)
def enquiry() -> Iterator[None]:
    token = ENQUIRY.set(test_graphql_neighbour.ASKED_UNDER)
    yield
    ENQUIRY.reset(token)


async def asked(place: Path, kind: str, call: str, accepts: set[str], times: int = 1) -> tuple[list[Any], Upstream]:
    """``call`` put so often to an agency of ``kind`` that is connected by its settings alone."""
    honest, ask, _ = ASKING[kind]
    upstream = Upstream(honest, accepts)
    bundle = load_policies()
    async with bendable(upstream) as server:
        asking = TOKEN.replace("https://issuer.example", server.url) + SECRET
        made = make_connector(load(place, asking, kind=kind, url=server.url), lambda: bundle)
        answers = [await ask(call, made) for _ in range(times)]
        await made.close()
    return answers, upstream


@pytest.mark.parametrize(("kind", "call"), CALLS, ids=[f"{kind}-{call}" for kind, call in CALLS])
async def test_a_token_that_is_refused_once_is_renewed_and_the_call_made_once_more(
    tmp_path: Path, kind: str, call: str
) -> None:
    (answer, again), upstream = await asked(tmp_path, kind, call, {"t2"}, times=2)
    assert isinstance(answer, ANSWERS[call]), answer
    assert isinstance(again, ANSWERS[call]), again
    assert upstream.shown == ["t1", "t2", "t2"], "and the new one serves the next question"
    assert upstream.given == ["t1", "t2"]


@pytest.mark.parametrize(("kind", "call"), CALLS, ids=[f"{kind}-{call}" for kind, call in CALLS])
async def test_tokens_that_are_refused_for_ever_cost_two_calls_and_no_more(
    tmp_path: Path, kind: str, call: str
) -> None:
    (answer,), upstream = await asked(tmp_path, kind, call, set())
    assert isinstance(answer, NoAnswer)
    assert (answer.reason, answer.detail) == (NoAnswerReason.REFUSED, "it refused the hub's credentials")
    assert upstream.shown == ["t1", "t2"]


CPIS_SAYS = {"/CareTeam": bundle(team()), "/AuditEvent": answer(look())}


@pytest.mark.parametrize(
    ("refuses", "paths", "says"),
    [
        pytest.param("/CareTeam", ["/CareTeam"], "No answer: it refused", id="what-is-on-file"),
        pytest.param("/AuditEvent", ["/CareTeam", "/AuditEvent"], "NHS was told of", id="who-looked-before"),
    ],
)
async def test_cp_is_is_not_asked_again_with_a_new_token(
    tmp_path: Path, refuses: str, paths: list[str], says: str
) -> None:
    async def cpis(request: Request) -> None:
        path = path_of(request)
        request.writer.write(REFUSED if path == refuses else response(CPIS_SAYS[path]))

    upstream, rules = Upstream(fhir_says, {"t2"}), load_policies()
    async with bendable(upstream) as server, bendable(cpis) as information:
        asking = TOKEN.replace("https://issuer.example", server.url) + SECRET
        where = f'[custodians.fhir]\ncpis_url = "{information.url}"\ncpis_accesses = true\n'
        nhs = make_connector(load(tmp_path, asking, where, kind="fhir", url=server.url), lambda: rules)
        (found,) = (await nhs.match(by_number(ADA), Deadline.after(10))).candidates  # type: ignore[union-attr]
        assert found.identity.nhs_number == ada().identity.nhs_number
        pointers = await nhs.find(ada(), BY_CPIS, Deadline.after(10))
        assert isinstance(pointers, Found)
        assert information.requests == []
        got = await nhs.fetch(ada(), pointers.pointers, Deadline.after(10))
        assert isinstance(got, Fetched)
        told = {record.pointer.kind: str(unseal(record)["answer"]) for record in got.records}
        await nhs.match(by_number(ADA), Deadline.after(10))
        await nhs.close()
    assert upstream.shown[:2] == ["t1", "t2"], "what the agency itself refuses is asked again"
    assert [path_of(request) for request in information.requests] == paths
    assert told[CPIS].startswith(says)
    assert told[CPIS_ACCESS].startswith(NOT_AFTER if refuses == "/CareTeam" else "No answer: it refused")


def path_of(request: Request) -> str:
    return request.line.split()[1].split("?")[0]
