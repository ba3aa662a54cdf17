"""Traces by OpenTelemetry: its API only. Without an SDK in the process, spans are made of nothing and go nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags, Tracer, TracerProvider

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


class OpenTelemetryTracing:
    """Makes spans.

    An exception is never recorded on a span: its message may repeat what an agency sent. Baggage and ``tracestate`` are
    neither taken nor sent on: they are free text.

    Args:
        provider: where spans go; the process's own when None.
        continues: whether a request's own ``traceparent`` is gone on with. Who sends it chooses its digits: take it
            only from a proxy that makes it anew.
    """

    def __init__(self, provider: TracerProvider | None = None, *, continues: bool = False) -> None:
        self._tracer: Tracer = trace.get_tracer("hub", tracer_provider=provider)
        self._continues = continues

    @contextmanager
    def question(self, headers: Mapping[str, str]) -> Iterator[None]:
        """The span of a whole question."""
        above = (parent_of(headers) if self._continues else None) or Context()
        span = self._tracer.start_as_current_span(
            "hub.question", above, SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        )
        with span:
            yield

    @contextmanager
    def span(self, name: str, **attributes: str) -> Iterator[None]:
        """A span for as long as the block lasts, below the one that is open."""
        kind = SpanKind.CLIENT if attributes else SpanKind.INTERNAL
        span = self._tracer.start_as_current_span(
            name, attributes=attributes, kind=kind, record_exception=False, set_status_on_exception=False
        )
        with span:
            yield

    def headers(self) -> dict[str, str]:
        """The ``traceparent`` header (W3C Trace Context, level 1) of the span that is open."""
        here = trace.get_current_span().get_span_context()
        if not here.is_valid:
            return {}
        return {
            "traceparent": f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags & TraceFlags.SAMPLED:02x}"
        }


def parent_of(headers: Mapping[str, str]) -> Context | None:
    """The context of a request's ``traceparent``; None when there is none, or it is not one of version 00."""
    found = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    if found is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    if not trace_id or not span_id:
        return None
    sampled = TraceFlags(flags & TraceFlags.SAMPLED)
    context = SpanContext(trace_id, span_id, is_remote=True, trace_flags=sampled)
    return trace.set_span_in_context(NonRecordingSpan(context), Context())
