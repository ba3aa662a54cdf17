"""Sends traces to a collector (OTLP over HTTP). Needs the extra ``telemetry``: OpenTelemetry's SDK and its exporter."""

from __future__ import annotations

from opentelemetry.trace import TracerProvider

from hub.errors import ConfigurationError


def provider_for(endpoint: str) -> TracerProvider:
    """A provider whose spans go to ``endpoint``, in batches and from a thread of its own.

    Raises:
        ConfigurationError: the extra is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk import trace as sdk
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise ConfigurationError(
            "[telemetry] with `traces_endpoint` needs OpenTelemetry's SDK: install safeguarding-hub[telemetry]."
        ) from None
    provider = sdk.TracerProvider(resource=Resource({"service.name": "safeguarding-hub"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    return provider
