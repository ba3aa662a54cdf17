"""Metrics in Prometheus's text format, by its own client library.

OpenTelemetry's metrics would need its SDK in every hub, and its Prometheus exporter is not yet stable.
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from hub.telemetry.steps import Outcome, Step

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

STEP_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
CUSTODIAN_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class PrometheusMetrics:
    """Counts in memory, in a registry of its own: what other libraries register is not shown.

    Args:
        custodians: their ids: nothing else becomes a label, so that the number of series is known beforehand.
    """

    def __init__(self, custodians: Iterable[str]) -> None:
        self._registry = CollectorRegistry()
        steps = Histogram(
            "hub_step_seconds",
            "Duration of each of a question's nine steps.",
            ["step"],
            buckets=STEP_SECONDS,
            registry=self._registry,
        )
        asked = Histogram(
            "hub_custodian_seconds",
            "Duration of asking a custodian, all calls of a question together.",
            ["custodian"],
            buckets=CUSTODIAN_SECONDS,
            registry=self._registry,
        )
        outcomes = Counter(
            "hub_custodian_outcomes",
            "What became of asking a custodian: answered (whether or not it holds anything), or why not.",
            ["custodian", "outcome"],
            registry=self._registry,
        )
        names = sorted(set(custodians))
        # every series is there from the start: that one appears tells nothing
        self._steps = {step: steps.labels(step.value) for step in Step}
        self._custodians = {name: asked.labels(name) for name in names}
        self._outcomes = {
            (name, outcome): outcomes.labels(name, outcome.value) for name in names for outcome in Outcome
        }

    def step(self, step: Step, seconds: float) -> None:
        """One step was done."""
        self._steps[step].observe(seconds)

    def custodian(self, custodian: str, outcome: Outcome, seconds: float) -> None:
        """One custodian was asked, all its calls together."""
        if custodian in self._custodians:
            self._custodians[custodian].observe(seconds)
            self._outcomes[custodian, outcome].inc()

    def shown(self) -> bytes:
        """All of it in the text format."""
        return generate_latest(self._registry)
