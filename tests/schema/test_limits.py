"""Budgets and rates: each at its limit, and one over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.cli.client import VIEW
from hub.domain.enquiry import Searcher
from hub.domain.organisations import Sector
from hub.errors import BadRequest, TooManyRequests
from hub.policy.bundle import Bundle
from hub.schema import limits
from hub.schema.documents import Documents
from hub.schema.limits import UNLIMITED, Budget, LimitSettings, Rates
from hub.schema.query import build_schema

A, B = frozenset({"a1", "a2"}), frozenset({"b1"})
EVERYTHING = A | B


def searcher(client: str = "portal", worker: str | None = "w1", organisation: str = "council") -> Searcher:
    return Searcher(client, organisation, "Council", Sector.COUNCIL, worker, "role", frozenset(), "strong")


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


COSTS = {
    "nothing asked": ([], 0),
    "one child, everything": ([EVERYTHING], 5),
    "one child, one agency's": ([A], 4),
    "one child, nothing looked for": ([frozenset[str]()], 2),
    "three children": ([A, B, EVERYTHING], 4 + 3 + 5),
    "a kind nobody holds": ([frozenset({"zz"})], 2),
}


@pytest.mark.parametrize(("children", "calls"), COSTS.values(), ids=COSTS)
def test_a_child_costs_each_custodian_a_search_and_each_kind_a_call(children: list[frozenset[str]], calls: int) -> None:
    budget = Budget([A, B], LimitSettings())
    assert budget.calls(children) == calls
    Budget([A, B], LimitSettings(calls_max=max(1, calls))).check(children)
    if calls > 1:
        with pytest.raises(BadRequest) as refused:
            Budget([A, B], LimitSettings(calls_max=calls - 1)).check(children)
        assert refused.value.code == "QUERY_TOO_COSTLY"


def test_two_whole_children_may_be_asked_about_unless_settings_say_otherwise() -> None:
    budget = Budget([A, B], LimitSettings())
    budget.check([EVERYTHING, EVERYTHING])
    budget.check([frozenset()] * 5)
    with pytest.raises(BadRequest, match=r"up to 12 calls and may cost 10"):
        budget.check([EVERYTHING, EVERYTHING, frozenset()])


def test_so_many_children_and_no_more() -> None:
    budget = Budget([A], LimitSettings(children_max=2, calls_max=1_000))
    budget.check([A, A])
    with pytest.raises(BadRequest, match="asks about 3 children and may about 2"):
        budget.check([A, A, A])


ONE = 'child(find: {nhsNumber: "9990004021"}, enquiry: {purpose: CA1989_S47, caseReference: "A"}) '
WHO = "sources { custodian { name } state }"
BODY = f"{{ ... on JoinedView {{ {WHO} }} ... on PossibleMatches {{ {WHO} }} ... on NoMatch {{ {WHO} }} }}"
DOCUMENTS = {
    "none": ("{ __typename }", 0),
    "one": (f"{{ {ONE} {BODY} }}", 1),
    "one, in two places": (f"{{ {ONE} {BODY} {ONE} {BODY} }}", 1),
    "two under two names": (f"{{ a: {ONE} {BODY} b: {ONE} {BODY} }}", 2),
    "two through a fragment": (f"{{ a: {ONE} {BODY} ...F }} fragment F on Query {{ b: {ONE} {BODY} }}", 2),
    "two, one of them inline": (f"{{ a: {ONE} {BODY} ... on Query {{ b: {ONE} {BODY} }} }}", 2),
    "one skipped": (f"{{ a: {ONE} {BODY} b: {ONE[:-1]} @skip(if: true) {BODY} }}", 2),
}


@pytest.mark.parametrize(("text", "children"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_children_are_counted_in_the_document(bundle: Bundle, text: str, children: int) -> None:
    schema = build_schema(
        bundle.catalogue,
        {each.id: each.title for each in bundle.purposes.values()},
        bundle.vocabulary.look_back_reasons,
    )
    documents = Documents(schema, is_development=False, catalogue=bundle.catalogue)
    assert len(documents.prepare(text).children) == children
    (whole,) = documents.prepare(VIEW).children
    assert len(whole) > 10


def test_a_minutes_worth_at_once_then_evenly() -> None:
    clock = Clock()
    rates = Rates(LimitSettings(client_per_minute=0, worker_per_minute=60), clock)
    for _ in range(60):
        rates.take(searcher())
    with pytest.raises(TooManyRequests) as refused:
        rates.take(searcher())
    assert (refused.value.retry_after, refused.value.code, refused.value.http_status) == (1, "RATE_LIMITED", 429)
    assert "999" in refused.value.message
    clock.now += 1
    rates.take(searcher())
    with pytest.raises(TooManyRequests):
        rates.take(searcher())
    clock.now += 3_600
    for _ in range(60):
        rates.take(searcher())
    with pytest.raises(TooManyRequests):
        rates.take(searcher())


WHOSE = {
    "the same worker": (searcher(), searcher(), True),
    "the same worker with another client": (searcher(), searcher("other"), True),
    "another worker": (searcher(), searcher(worker="w2"), False),
    "a worker of that name elsewhere": (searcher(), searcher(organisation="police"), False),
    "no worker": (searcher(), searcher(worker=None), False),
}


@pytest.mark.parametrize(("one", "other", "is_limited"), WHOSE.values(), ids=WHOSE)
def test_a_rate_is_a_workers_own(one: Searcher, other: Searcher, is_limited: bool) -> None:
    rates = Rates(LimitSettings(client_per_minute=0, worker_per_minute=1), Clock())
    rates.take(one)
    if is_limited:
        with pytest.raises(TooManyRequests, match="one worker"):
            rates.take(other)
    else:
        rates.take(other)


def test_a_clients_rate_is_for_all_its_workers() -> None:
    rates = Rates(LimitSettings(client_per_minute=2, worker_per_minute=0), Clock())
    rates.take(searcher(worker="w1"))
    rates.take(searcher(worker=None))
    with pytest.raises(TooManyRequests, match="one system"):
        rates.take(searcher(worker="w2"))
    rates.take(searcher("other"))


def test_children_count_and_what_is_refused_does_not() -> None:
    clock = Clock()
    rates = Rates(LimitSettings(client_per_minute=100, worker_per_minute=6), clock)
    rates.take(searcher(), 4)
    with pytest.raises(TooManyRequests) as refused:
        rates.take(searcher(), 5)
    assert refused.value.retry_after == 30
    rates.take(searcher(), 2)
    rates.take(searcher(), 0)
    rates.take(searcher(), -1)
    for _ in range(94):  # of the client's 100, the refused ones were not taken
        rates.take(searcher(worker=None))
    with pytest.raises(TooManyRequests, match="one system"):
        rates.take(searcher(worker=None))


def test_no_limit_where_none_is_set() -> None:
    rates = Rates(UNLIMITED, Clock())
    for _ in range(1_000):
        rates.take(searcher(), 100)


def test_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KEYS_MAX", 3)
    rates = Rates(LimitSettings(client_per_minute=0, worker_per_minute=1), Clock())
    for name in ("w1", "w2", "w3"):
        rates.take(searcher(worker=name))
    with pytest.raises(TooManyRequests):
        rates.take(searcher(worker="w1"))
    rates.take(searcher(worker="w4"))
    rates.take(searcher(worker="w1"))
    with pytest.raises(TooManyRequests):
        rates.take(searcher(worker="w3"))


@given(st.lists(st.floats(0, 90), max_size=80), st.integers(1, 20))
def test_in_no_minute_more_than_twice_the_limit(waits: list[float], limit: int) -> None:
    """However it is spread: a full allowance, and what refills while it is used."""
    clock = Clock()
    rates, taken = Rates(LimitSettings(client_per_minute=0, worker_per_minute=limit), clock), list[float]()
    for wait in waits:
        clock.now += wait / limit
        try:
            rates.take(searcher())
        except TooManyRequests:
            continue
        taken.append(clock.now)
    for first in taken:
        assert sum(first <= at < first + 60 for at in taken) <= 2 * limit
