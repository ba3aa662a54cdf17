"""Where the time of one request goes: ``python -m benchmarks.steps``, a token on standard input, JSON out.

The real application is called in this process, one request at a time, over agencies that answer from memory. Its own
functions are wrapped from outside with a monotonic clock for as long as the measurement lasts; the product has no
timers in it. A step that has been renamed is an error, so the list below cannot go stale unseen.
"""

from __future__ import annotations

import argparse
import inspect
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from graphql import ExecutionResult
from starlette.applications import Starlette

import hub.app
from benchmarks.answer import look
from benchmarks.loop import run
from benchmarks.question import BODY
from benchmarks.remembered import remembering
from hub.agencies import make_connector
from hub.policy.engine import Policy
from hub.schema import endpoint, query
from hub.schema.documents import Documents
from hub.schema.endpoint import Endpoint
from hub.service import ask, entries, view_child
from hub.service.view_child import ViewChild
from hub.settings import load_settings
from hub.store.appender import Log

WRAPPED: Sequence[tuple[str, Any, str]] = (
    ("authenticate", Endpoint, "searcher"),
    ("read and parse", endpoint, "read"),
    ("read and parse", Documents, "prepare"),
    ("plan in resolver", query, "needed_kinds"),
    ("plan", Policy, "scope"),
    ("plan", ViewChild, "_narrowed"),
    ("references", entries, "references"),
    ("entry question", entries, "question_entry"),
    ("ask all", view_child, "ask_all"),
    ("match", ask, "resolve"),
    ("match", ask, "cross_check"),
    ("decide and release", view_child, "decide_all"),
    ("decide and release", view_child, "compose"),
    ("entry answer", entries, "answer_entry"),
    ("view child", ViewChild, "__call__"),
    ("serialise", Endpoint, "_rendered"),
)
"""Where a span of time is measured: its name, and the function as the module or class that calls it knows it."""

STEPS = (
    ("authenticate", "the token's signature, its claims, the register"),
    ("read and parse", "the body as strict JSON; the document from memory"),
    ("plan", "what to ask whom for"),
    ("references", "the log's random references for worker, case and child: one read"),
    ("log question", "the entry and its commit"),
    ("ask", "three lines of three calls at once; agencies answer from memory"),
    ("match", "who each candidate is"),
    ("choose", "which of the records found may be fetched at all"),
    ("decide and release", "every field of every record, and the joined view"),
    ("log answer", "the entry and its commit"),
    ("render", "GraphQL: resolvers and completion"),
    ("serialise", "JSON and the response"),
)
"""The steps of a request, in order, and what is in each."""


class Clock:
    """Adds up, for one request, the seconds spent inside each wrapped function."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def add(self, name: str, began: float) -> None:
        """Count the time since ``began`` to ``name``."""
        self.spent[name] = self.spent.get(name, 0.0) + time.perf_counter() - began

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """``function``, with its time counted."""
        if inspect.iscoroutinefunction(function):

            async def waited(*given: Any, **named: Any) -> Any:
                began = time.perf_counter()
                try:
                    return await function(*given, **named)
                finally:
                    self.add(name, began)

            return waited

        def called(*given: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*given, **named)
            finally:
                self.add(name, began)

        return called

    def wrap(self) -> None:
        """Wrap everything in :data:`WRAPPED`, and what needs more than a clock around it."""
        for name, owner, attribute in WRAPPED:
            setattr(owner, attribute, self.timed(name, getattr(owner, attribute)))
        self._wrap_append()
        self._wrap_execute()
        wanted = ViewChild._wanted  # noqa: SLF001  the step is private, and timed from outside all the same
        choosing: Any = lambda *given: self.timed("choose", wanted(*given))  # noqa: E731
        ViewChild._wanted = choosing  # type: ignore[method-assign]  # noqa: SLF001

    def _wrap_append(self) -> None:
        append = Log.append

        async def appended(log: Log, entry: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return await append(log, entry, **named)
            finally:
                self.add(f"append {type(entry).__name__.lower()}", began)

        Log.append = appended  # type: ignore[method-assign, assignment]

    def _wrap_execute(self) -> None:
        execute: Any = vars(endpoint)["execute"]

        async def executed(*given: Any, **named: Any) -> ExecutionResult:
            pending = execute(*given, **named)
            result: ExecutionResult = pending if isinstance(pending, ExecutionResult) else await pending
            return result

        vars(endpoint)["execute"] = self.timed("execute", executed)

    def steps(self) -> dict[str, float]:
        """Milliseconds of each of :data:`STEPS` in the request just made. Nothing is in two of them."""
        spent = self.spent
        sums = spent | {
            "plan": spent["plan"] + spent["plan in resolver"],
            "log question": spent["entry question"] + spent["append question"],
            "ask": spent["ask all"] - spent["match"] - spent["choose"],
            "log answer": spent["entry answer"] + spent["append answer"],
            "render": spent["execute"] - spent["view child"] - spent["plan in resolver"],
        }
        return {name: sums[name] * 1000 for name, _ in STEPS}


class Measured(msgspec.Struct, frozen=True):
    """Milliseconds of each request: undisturbed, and with the clocks on; and of each step, in the latter."""

    whole: list[float]
    whole_with_clocks: list[float]
    steps: list[dict[str, float]]


async def measure(settings: Path, token: str, requests: int, warm_up: int) -> Measured:
    """Call the application ``requests`` times without clocks, and as often with them."""
    hub.app.make_connector = remembering(make_connector, {})  # type: ignore[attr-defined, assignment]
    app = hub.app.create_app(load_settings(settings))
    async with app.router.lifespan_context(app):
        for _ in range(warm_up):
            await _call(app, token)
        whole = [await _call(app, token) for _ in range(requests)]
        clock = Clock()
        clock.wrap()
        with_clocks, steps = [], []
        for _ in range(requests):
            clock.spent.clear()
            with_clocks.append(await _call(app, token))
            steps.append(clock.steps())
    return Measured(whole, with_clocks, steps)


async def _call(app: Starlette, token: str) -> float:
    """One request as the HTTP server would hand it over, in milliseconds."""
    headers = [(b"authorization", f"Bearer {token}".encode()), (b"content-type", b"application/json")]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/graphql", "raw_path": b"/graphql", "query_string": b"", "root_path": "", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1), "state": {},
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    began = time.perf_counter()
    await app(scope, receive, send)
    milliseconds = (time.perf_counter() - began) * 1000
    seen = look(sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]))
    if not seen.complete:
        raise SystemExit(f"an answer was not complete, so the steps were not measured: {seen.fault}")
    return milliseconds


def main() -> None:
    """Measure, and print the result as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.steps", description=__doc__)
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("--requests", type=int, required=True)
    parser.add_argument("--warm-up", type=int, required=True)
    options = parser.parse_args()
    token = sys.stdin.read().strip()
    made = run(measure(options.settings, token, options.requests, options.warm_up))
    sys.stdout.buffer.write(msgspec.json.encode(made))


if __name__ == "__main__":
    main()
