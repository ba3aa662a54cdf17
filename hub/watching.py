"""Turns metrics and traces on, as settings say, and serves ``/metrics`` to who may read it."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Iterable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hub.schema.answers import HEADERS
from hub.settings import Telemetry, read_credential
from hub.telemetry import steps
from hub.telemetry.lines import JsonLines


def watch(settings: Telemetry, custodians: Iterable[str]) -> list[BaseRoute]:
    """Record what settings ask for, from now on in this process; the addresses at which it is read.

    Raises:
        ConfigurationError: the credential is empty, or the extra for traces is not installed.
    """
    metrics = tracing = None
    routes: list[BaseRoute] = []
    if (credential := read_credential(settings.metrics_credential)) is not None:
        from hub.telemetry.prometheus import CONTENT_TYPE, PrometheusMetrics

        metrics = PrometheusMetrics(custodians)
        wanted, shown = f"Bearer {credential}".encode(), metrics.shown

        async def read(request: Request) -> Response:
            given = request.headers.get("authorization", "").encode("latin-1", "replace")
            if not hmac.compare_digest(given, wanted):
                raise HTTPException(404)  # to everybody else it is not there
            return Response(shown(), headers=HEADERS, media_type=CONTENT_TYPE)

        routes.append(Route("/metrics", read, methods=["GET"]))
    if settings.traces_endpoint is not None:
        from hub.telemetry.exporting import provider_for
        from hub.telemetry.opentelemetry import OpenTelemetryTracing

        tracing = OpenTelemetryTracing(provider_for(settings.traces_endpoint), continues=settings.traces_continue)
    if settings.log_lines == "json":
        write_json()
    steps.install(metrics, tracing)
    return routes


def write_json() -> None:
    """Have every line of the process written to standard error as one JSON object."""
    root = logging.getLogger()
    if not any(isinstance(each.formatter, JsonLines) for each in root.handlers):
        handler = logging.StreamHandler()
        handler.setFormatter(JsonLines())
        handler.setLevel(logging.WARNING)
        root.addHandler(handler)
