"""The composition root: the one module that knows everything, and puts it together from settings."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from hub.access.challenge import metadata_paths
from hub.agencies import make_connector
from hub.connectors.base import Connector
from hub.connectors.guarded import Guarded
from hub.errors import AuditUnavailable, ConfigurationError, HubError
from hub.matching import weights_file
from hub.matching.weights import SHIPPED, Weights
from hub.pages import answer_in_time, keep_tidy, make_pages
from hub.policy.bundle import Bundle
from hub.policy.load import default_policies_directory, load_bundle
from hub.policy.tables import Facts
from hub.schema.answers import HEADERS, METHODS, answer, nothing_here, shown
from hub.schema.documents import Documents
from hub.schema.endpoint import Endpoint, Front
from hub.schema.limits import Budget, Rates
from hub.schema.query import build_schema
from hub.schema.subgraph import Graph, SubgraphEndpoint
from hub.schema.trusted import Trusted
from hub.service.admission import Admission
from hub.service.ask import Line
from hub.service.following import Following
from hub.service.matching import Matching
from hub.service.policies import PolicySet
from hub.service.policy_signature import Signers
from hub.service.prove import prove
from hub.service.tally import Tally
from hub.service.view_child import ViewChild
from hub.service.witness_making import make_witnessing
from hub.service.witnessing import Unwitnessed
from hub.settings import Settings
from hub.store.append_only import COMMAND_LINE
from hub.store.appender import Log
from hub.store.confirmations import ConfirmationStore
from hub.store.judgements import JudgementStore
from hub.store.tally import add as add_to_tally
from hub.telemetry.lines import Digest, LogLine, say
from hub.watching import watch
from hub.web.site import Site

STALE_SECONDS = 300.0
"""A question without an answer for so long is ended as abandoned."""

REAP_EVERY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Hub:
    """The parts of a running hub."""

    settings: Settings
    log: Log
    judgements: JudgementStore
    confirmations: ConfirmationStore
    policies: PolicySet
    admission: Admission
    endpoint: Endpoint
    tally: Tally
    connectors: tuple[Guarded, ...]
    witnessing: Unwitnessed
    following: Following
    subgraph: Endpoint | None = None
    pages: Site | None = None


def build(settings: Settings) -> Hub:
    """Make every part; nothing is started and nobody is asked.

    Raises:
        ConfigurationError: settings, policies, register, mapping or key are wrong; says which and what to do.
    """
    policies = load_policy_set(settings)
    policy = policies.current
    log = Log(
        settings.log.database_url,
        settings.log.make_signer(),
        wait_seconds=settings.log.write_timeout_seconds,
    )
    if policies.signers is not None:
        policies.signers.refuse_key_of_log(log.verifier)
    connectors = tuple(
        Guarded(make_connector(entry, lambda: policies.current.bundle), entry.guard.limits())
        for entry in settings.custodians
    )
    lines = [
        Line(connector, connector.kinds, entry.deadline_seconds)
        for connector, entry in zip(connectors, settings.custodians, strict=True)
    ]
    judgements, confirmations = _said(settings, log)
    grace = settings.match_grace_seconds
    tally = _tally(policies, log)
    matching = Matching(confirmations.book, confirmations.remember, load_weights(settings))
    admission = Admission(settings.access, settings.server.public_url, log, policy.bundle.purposes)
    view_child = ViewChild(
        log,
        policy,
        lines,
        judgements.book,
        grace,
        newest=lambda: policies.current,
        tally=tally,
        matching=matching,
        cases=admission.cases,
    )
    front = make_front(settings, connectors)
    endpoint, subgraph = _endpoints(settings, policy.bundle, admission, view_child, front)
    witnessing, following = make_witnessing(log, settings.log.witnesses), Following(log)
    pages = make_pages(
        settings,
        log=log,
        view_child=view_child,
        policies=policies,
        judgements=judgements,
        confirmations=confirmations,
        admission=admission,
        witnessing=witnessing,
        following=following,
        rates=front.rates,
    )
    return Hub(
        settings,
        log,
        judgements,
        confirmations,
        policies,
        admission,
        endpoint,
        tally,
        connectors,
        witnessing,
        following,
        subgraph,
        pages,
    )


def _endpoints(
    settings: Settings, bundle: Bundle, admission: Admission, view_child: ViewChild, front: Front
) -> tuple[Endpoint, Endpoint | None]:
    """Where tools ask, and where the gateway of a larger graph does, if there is one."""
    development, words = settings.is_development, bundle.vocabulary.look_back_reasons
    schema = build_schema(bundle.catalogue, {each.id: each.title for each in bundle.purposes.values()}, words)
    documents = Documents(schema, is_development=development, catalogue=bundle.catalogue)
    endpoint = Endpoint(schema, documents, admission.gate, view_child, front)
    if settings.federation is None:
        return endpoint, None
    graph = Graph.of(bundle, settings.federation)
    return endpoint, SubgraphEndpoint(graph, admission.gate, view_child, front, is_development=development)


def _said(settings: Settings, log: Log) -> tuple[JudgementStore, ConfirmationStore]:
    """What people decided, and what they said of matches; in a running hub they say it by its pages."""
    client = COMMAND_LINE if settings.pages is None else settings.pages.client_id
    url, wait = settings.log.database_url, settings.log.write_timeout_seconds
    return (
        JudgementStore(url, log, wait_seconds=wait, client=client),
        ConfirmationStore(url, log, wait_seconds=wait, client=client),
    )


def make_front(settings: Settings, connectors: Sequence[Connector]) -> Front:
    """What stands before a question, as settings say.

    Raises:
        ConfigurationError: the file of registered documents is bad.
    """
    server, limits = settings.server, settings.server.limits_in(is_development=settings.is_development)
    registered = Path(server.documents_file) if server.documents_file else None
    return Front(
        body_bytes_max=server.body_bytes_max,
        trusted=Trusted(registered, mandatory=server.documents == "trusted"),
        budget=Budget([connector.kinds for connector in connectors], limits),
        rates=Rates(limits),
        is_audit=server.profile == "audit",
    )


def load_policies(directory: Path | None = None) -> Bundle:
    """The bundle in force today, from ``directory`` or the policies that come with the hub."""
    return load_bundle(directory or default_policies_directory(), datetime.now(UTC).date())


def load_policy_set(settings: Settings) -> PolicySet:
    """The policies that settings name, signed as they demand, ready to be read again while the hub runs."""
    directory = Path(settings.policies) if settings.policies else default_policies_directory()
    return PolicySet(directory, Signers.parse(settings.policy_signers, settings.policy_signatures_required))


def _tally(policies: PolicySet, log: Log) -> Tally:
    """Counts of what is decided, kept in the log's database."""

    def keep(month: str, counted: Mapping[Facts, int]) -> Awaitable[int]:
        return log.beside(lambda engine: add_to_tally(engine, month, counted))

    return Tally(lambda: policies.current.bundle, keep)


def load_weights(settings: Settings) -> Weights:
    """The weights that settings name, or those that come with the hub.

    Raises:
        ConfigurationError: the file cannot be read, or is no weights file; says what is wrong.
    """
    if settings.match_weights is None:
        return SHIPPED
    try:
        with Path(settings.match_weights).open("rb") as opened:
            read = weights_file.load(opened.read(weights_file.BYTES_MAX + 1))
    except OSError as fault:
        problem = f"{settings.match_weights}: the weights file cannot be read ({fault.strerror})."
        raise ConfigurationError(problem, code="WEIGHTS_INVALID") from None
    except ConfigurationError as fault:
        raise ConfigurationError(f"{settings.match_weights}: {fault.message}", code=fault.code) from None
    say(LogLine.WEIGHTS_OWN, digest=Digest(f"sha256:{read.digest}"))
    return read.weights


def create_app(settings: Settings, extra_routes: Callable[[Hub], list[BaseRoute]] | None = None) -> Starlette:
    """The hub as an ASGI application. ``extra_routes`` adds the development pages."""
    hub = build(settings)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await hub.witnessing.start()
        watching = hub.policies.watch(settings.policy_check_seconds)
        await hub.admission.start()
        running = [_reap(hub.log), watching, hub.witnessing.run(), hub.following.run(), hub.admission.run()]
        if hub.pages is not None:
            running += [keep_tidy(hub.pages), answer_in_time(hub.pages)]
        background = [asyncio.create_task(each) for each in running]
        counting = asyncio.create_task(hub.tally.run())
        _read_again_on_hangup(hub)
        gc.collect()
        gc.freeze()  # what start-up made lives as long as the process: the collector need not look at it again
        try:
            yield
        finally:
            for task in background:
                task.cancel()
            for connector in hub.connectors:
                await connector.close()
            await hub.admission.close()
            await hub.judgements.close()
            await hub.confirmations.close()
            hub.tally.stop()
            await counting
            await hub.witnessing.close()

    routes: list[BaseRoute] = [
        Route("/graphql", hub.endpoint.respond, methods=METHODS),
        *([Route("/subgraph", hub.subgraph.respond, methods=METHODS)] if hub.subgraph is not None else ()),
        *(Route(path, _metadata(hub), methods=["GET"]) for path in metadata_paths(settings.access.audience)),
        Route("/log/entries/{number:int}/proof", _proof(hub), methods=["GET"]),
        Route("/log/checkpoint", _checkpoint(hub), methods=["GET"]),
        Route("/health/live", _live, methods=["GET"]),
        Route("/health/ready", _ready(hub), methods=["GET"]),
        *watch(settings.telemetry, [entry.id for entry in settings.custodians]),
        *(extra_routes(hub) if extra_routes else ()),
        *(hub.pages.routes() if hub.pages is not None else ()),
    ]
    nowhere = nothing_here if hub.pages is None else _nowhere(hub.pages)
    made = Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: nowhere})
    made.router.redirect_slashes = False  # a redirect would say back whatever the caller wrote as Host
    return made


async def _reap(log: Log) -> None:
    """End questions that a crash left open, now and then, for as long as the hub runs."""
    while True:
        try:
            await log.abandon_stale(STALE_SECONDS)
        except AuditUnavailable:
            say(LogLine.LOG_REAP_FAILED)
        await asyncio.sleep(REAP_EVERY_SECONDS)


def _read_again_on_hangup(hub: Hub) -> None:
    """On SIGHUP (``systemctl reload hub``) policies and register are read again at once."""

    def tell() -> None:
        hub.policies.tell()
        hub.admission.registers.tell()

    with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):  # only a process's main thread has signals
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, tell)


Handler = Callable[[Request], Awaitable[Response]]


def _nowhere(pages: Site) -> Callable[[Request, Exception], Awaitable[Response]]:
    """What is said where nothing is: a page to a browser, JSON to a program."""

    async def answer_nowhere(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, HTTPException)
        if fault.status_code == 404 and "text/html" in request.headers.get("accept", ""):
            return pages.not_here()
        return await nothing_here(request, fault)

    return answer_nowhere


def _proof(hub: Hub) -> Handler:
    """The proof of one entry, for the organisation whose question it records."""

    async def proof(request: Request) -> Response:
        searcher = None
        try:
            searcher = await hub.endpoint.asker(request)
            text = await prove(hub.log, searcher, request.path_params["number"], hub.witnessing.proof)
        except HubError as error:  # a refusal like any other: in the log before it leaves
            return await hub.endpoint.refused(error, searcher, secrets.token_hex(16))
        return PlainTextResponse(text, headers=HEADERS)

    return proof


def _checkpoint(hub: Hub) -> Handler:
    """The newest signed checkpoint, cosigned if there are witnesses: it names nobody, and should be kept by many."""

    async def checkpoint(_: Request) -> Response:
        try:
            return PlainTextResponse(await hub.witnessing.checkpoint(), headers=HEADERS)
        except AuditUnavailable as error:
            return answer(error.http_status, {"errors": [shown(error)]}, "")

    return checkpoint


def _metadata(hub: Hub) -> Handler:
    """What the hub says of itself to clients (RFC 9728)."""

    async def metadata(_: Request) -> Response:
        return JSONResponse(hub.admission.metadata, headers=HEADERS)

    return metadata


async def _live(_: Request) -> Response:
    return JSONResponse({"live": True}, headers=HEADERS)


def _ready(hub: Hub) -> Handler:
    async def ready(_: Request) -> Response:
        health = await hub.log.check()
        # Neither policies that were refused (sharing goes on under the last good ones) nor a custodian that is left
        # alone (the others answer) makes the hub unready.
        custodians = {connector.custodian.id: connector.shown() for connector in hub.connectors}
        policies = hub.policies.state.shown()
        ready, witnesses = health.ok and hub.witnessing.serves, hub.witnessing.shown()
        body = {"ready": ready, "log": health.detail, "witnesses": witnesses}
        more = {"policies": policies, "register": hub.admission.registers.shown(), "custodians": custodians}
        return JSONResponse({**body, **more}, 200 if ready else 503, HEADERS)

    return ready
