"""Metrics and traces: what they record, what they cannot record, who may read them, and nothing where they are off."""

from __future__ import annotations

import gzip
import re
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from hub.domain.sources import NoAnswerReason
from hub.errors import ConfigurationError
from hub.schema.answers import nothing_here
from hub.settings import Credential, Telemetry
from hub.telemetry import steps
from hub.telemetry.exporting import provider_for
from hub.telemetry.opentelemetry import OpenTelemetryTracing, parent_of
from hub.telemetry.prometheus import PrometheusMetrics
from hub.telemetry.steps import Call, Outcome, Step
from hub.watching import watch

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
NAME = "Zebedee"


@pytest.fixture(autouse=True)
def _off_again() -> Iterator[None]:
    yield
    steps.install()


@pytest.fixture
def metrics() -> PrometheusMetrics:
    made = PrometheusMetrics(["testshire-police", "testshire-nhs"])
    steps.install(made)
    return made


@pytest.fixture
def spans() -> InMemorySpanExporter:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    steps.install(tracing=OpenTelemetryTracing(provider, continues=True))
    return exporter


def series(metrics: PrometheusMetrics) -> list[str]:
    """The names and labels, without values."""
    lines = metrics.shown().decode().splitlines()
    return [line.rpartition(" ")[0] for line in lines if not line.startswith("#") and "_created" not in line]


def test_off_costs_one_shared_object() -> None:
    assert steps.timed(Step.MATCH) is steps.timed(Step.ASK) is steps.calling(Call.FIND, "testshire-police")
    assert steps.headers() == {}
    with steps.question({"traceparent": PARENT}), steps.timed(Step.MATCH):
        assert steps.headers() == {}


def test_every_step_is_counted(metrics: PrometheusMetrics) -> None:
    for step in Step:
        with steps.timed(step):
            pass
    shown = metrics.shown().decode()
    for step in Step:
        assert f'hub_step_seconds_count{{step="{step.value}"}} 1.0' in shown


def test_a_step_that_fails_is_counted_and_its_fault_goes_on(metrics: PrometheusMetrics) -> None:
    with pytest.raises(ValueError, match=NAME), steps.timed(Step.DECIDE):
        raise ValueError(NAME)
    assert 'hub_step_seconds_count{step="decide"} 1.0' in metrics.shown().decode()


@pytest.mark.parametrize("reason", [None, *NoAnswerReason])
def test_what_became_of_asking_is_counted(metrics: PrometheusMetrics, reason: str | None) -> None:
    steps.asked("testshire-police", reason, 0.2)
    outcome = Outcome.of(reason)
    shown = metrics.shown().decode()
    assert f'hub_custodian_outcomes_total{{custodian="testshire-police",outcome="{outcome}"}} 1.0' in shown
    assert (outcome is Outcome.ANSWERED) == (reason is None)


def test_the_series_are_the_same_whatever_happens(metrics: PrometheusMetrics) -> None:
    """None appears because of a child, an agency's word or a client's header."""
    before = series(metrics)
    for custodian in ("testshire-police", "not-ours", NAME, "a b", "9990004021"):
        steps.asked(custodian, NAME, 0.1)
        steps.asked(custodian, "slow", 0.1)
    assert series(metrics) == before
    labels = set(re.findall(r'(\w+)="', "\n".join(before)))
    assert labels == {"step", "custodian", "outcome", "le"}
    assert len(before) < 250


def test_spans_lie_one_in_another_below_the_request_that_came(spans: InMemorySpanExporter) -> None:
    with steps.question({"traceparent": PARENT}), steps.timed(Step.ASK), steps.calling(Call.FETCH, "testshire-nhs"):
        sent = steps.headers()["traceparent"]
    call, step, question = spans.get_finished_spans()
    assert (call.name, step.name, question.name) == ("hub.custodian.fetch", "hub.ask", "hub.question")
    assert dict(call.attributes or {}) == {"custodian": "testshire-nhs"}
    assert question.parent is not None
    assert f"{question.parent.span_id:016x}" == "b7ad6b7169203331"
    assert call.context is not None
    assert sent == f"00-0af7651916cd43dd8448eb211c80319c-{call.context.span_id:016x}-01"


def test_a_fault_leaves_nothing_on_a_span(spans: InMemorySpanExporter) -> None:
    call = steps.calling(Call.MATCH, "testshire-nhs")
    with pytest.raises(ValueError, match=NAME), steps.question({}), steps.timed(Step.ASK), call:
        raise ValueError(NAME)
    for span in spans.get_finished_spans():
        assert NAME not in span.to_json()
        assert span.events == ()
    assert len(spans.get_finished_spans()) == 3


def test_what_is_no_custodian_has_no_span(spans: InMemorySpanExporter) -> None:
    with steps.calling(Call.MATCH, f"{NAME} of 3 Weir Road"):
        pass
    assert spans.get_finished_spans() == ()


def test_a_request_is_gone_on_with_only_where_settings_say() -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    steps.install(tracing=OpenTelemetryTracing(provider))
    with steps.question({"traceparent": PARENT}):
        pass
    (span,) = exporter.get_finished_spans()
    assert span.parent is None


HOSTILE = {
    "nothing": {},
    "empty": {"traceparent": ""},
    "another version": {"traceparent": PARENT.replace("00-", "01-", 1)},
    "in capitals": {"traceparent": PARENT.upper()},
    "too long": {"traceparent": PARENT + "-00"},
    "a line more": {"traceparent": PARENT + "\n"},
    "a trace of zeros": {"traceparent": f"00-{'0' * 32}-b7ad6b7169203331-01"},
    "a span of zeros": {"traceparent": f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01"},
    "other digits": {"traceparent": PARENT.replace("0", "٠")},
    "a name": {"traceparent": NAME, "tracestate": NAME, "baggage": f"child={NAME}"},
}


@pytest.mark.parametrize("headers", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_traceparent_is_passed_over(headers: dict[str, str]) -> None:
    assert parent_of(headers) is None


@given(st.text(max_size=80))
def test_nothing_breaks_on_any_traceparent(text: str) -> None:
    context = parent_of({"traceparent": text})
    assert context is None or trace.get_current_span(context).get_span_context().is_remote


# ---- Settings and /metrics -------------------------------------------------------------------------------------------


def client(tmp_path: Path) -> TestClient:
    path = tmp_path / "metrics.credential"
    path.write_text("scrape-me", encoding="ascii")
    routes = watch(Telemetry(metrics_credential=Credential(file=str(path))), ["testshire-nhs"])
    return TestClient(Starlette(routes=routes, exception_handlers={HTTPException: nothing_here}))


def test_metrics_are_for_who_brings_the_credential(tmp_path: Path) -> None:
    got = client(tmp_path).get("/metrics", headers={"Authorization": "Bearer scrape-me"})
    assert got.status_code == 200
    assert got.headers["cache-control"] == "no-store"
    assert 'hub_step_seconds_count{step="ask"} 0.0' in got.text


@pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer ", "Bearer scrape-m", "bearer scrape-me", "scrape-me"])
def test_to_others_they_are_not_there(tmp_path: Path, given: str | None) -> None:
    asker = client(tmp_path)
    got = asker.get("/metrics", headers={} if given is None else {"Authorization": given})
    absent = asker.get("/no-such-place")
    assert (got.status_code, got.text) == (absent.status_code, absent.text) == (404, got.text)


def test_nothing_is_on_unless_it_is_asked_for() -> None:
    assert watch(Telemetry(), ["testshire-nhs"]) == []
    assert steps.timed(Step.ASK) is steps.timed(Step.MATCH)


def test_an_empty_credential_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    with pytest.raises(ConfigurationError, match="no token"):
        watch(Telemetry(metrics_credential=Credential(file=str(path))), [])


class Collector(BaseHTTPRequestHandler):
    """Takes what it is sent."""

    got: ClassVar[list[tuple[str, bytes]]] = []

    def do_POST(self) -> None:
        self.got.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_traces_go_to_a_collector() -> None:
    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        provider = provider_for(f"http://127.0.0.1:{server.server_port}/v1/traces")
        steps.install(tracing=OpenTelemetryTracing(provider))
        with steps.question({}), steps.timed(Step.ASK):
            assert steps.headers()["traceparent"].endswith("-01")
        assert isinstance(provider, TracerProvider)
        provider.shutdown()
        server.shutdown()
    ((path, sent),) = Collector.got
    assert path == "/v1/traces"
    assert b"hub.question" in gzip.decompress(sent) if sent[:2] == b"\x1f\x8b" else b"hub.question" in sent


def test_without_the_extra_the_settings_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ConfigurationError, match=r"safeguarding-hub\[telemetry\]"):
        watch(Telemetry(traces_endpoint="http://127.0.0.1:9/v1/traces"), [])
