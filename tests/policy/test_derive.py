"""What is worked out of a held value: never more than was decided, never out of a value that is not what it should be."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.catalogue import Derived, DerivedAs, FieldSpec, KindSpec, Section, TimelineSpec, ValueType
from hub.domain.disclosure import Outcome
from hub.domain.organisations import Sector
from hub.domain.records import HeldRecord
from hub.policy.derive import AGE_YEARS_MAX, derive
from hub.policy.engine import Policy
from hub.policy.release import is_beyond, release
from tests.policy.cases import AT, COUNCIL, bundle, pointer, request


@pytest.mark.parametrize(
    ("how", "value", "derived"),
    [
        (DerivedAs.AREA, "ZZ1 2AB", "ZZ1"),
        (DerivedAs.AREA, " zz12ab ", "ZZ1"),
        (DerivedAs.AREA, "EC1A 1BB", "EC1A"),
        (DerivedAs.AREA, "M1  1AE", "M1"),
        (DerivedAs.AREA, "ZZ1", None),
        (DerivedAs.AREA, "19 Heron Drive", None),
        (DerivedAs.AREA, "ZZ1 2AB and more", None),
        (DerivedAs.AREA, 12, None),
        (DerivedAs.AGE, date(2010, 11, 20), 16),
        (DerivedAs.AGE, date(2010, 11, 21), 15),
        (DerivedAs.AGE, date(2010, 12, 1), 15),
        (DerivedAs.AGE, date(2026, 11, 20), 0),
        (DerivedAs.AGE, date(2026, 11, 21), None),
        (DerivedAs.AGE, date(2026 - AGE_YEARS_MAX, 11, 20), AGE_YEARS_MAX),
        (DerivedAs.AGE, date(2026 - AGE_YEARS_MAX - 1, 11, 20), None),
        (DerivedAs.AGE, AT, None),
        (DerivedAs.AGE, "2010-11-20", None),
    ],
)
def test_derived(how: DerivedAs, value: Any, derived: Any) -> None:
    assert derive(how, value, AT) == derived


@given(st.dates(date(1920, 1, 1), date(2026, 11, 20)), st.integers(0, 4_000))
def test_nobody_grows_younger(born: date, days: int) -> None:
    first = derive(DerivedAs.AGE, born, AT)
    later = derive(DerivedAs.AGE, born, AT + timedelta(days=days))
    assert 0 <= first <= later <= first + days // 365 + 1


EVERYWHERE = frozenset(bundle().purposes)


def home() -> Policy:
    """A kind of record with a postcode nobody may see under section 17, and its area."""
    fields = (
        FieldSpec("postcode", "Postcode", ValueType.TEXT, "location", "x.p", frozenset({"ca1989-s47"})),
        FieldSpec(
            "area", "Area", ValueType.TEXT, "identity", "derived", EVERYWHERE, Derived("postcode", DerivedAs.AREA)
        ),
    )
    spec = KindSpec("home", "Home", Section.IDENTITY, Sector.COUNCIL, "Test", fields)
    return Policy(
        dataclasses.replace(bundle(), catalogue=dataclasses.replace(bundle().catalogue, kinds={"home": spec}))
    )


@pytest.mark.parametrize(
    ("purpose", "held", "values", "gaps"),
    [
        pytest.param("ca1989-s47", {"postcode": "ZZ1 2AB"}, {"postcode": "ZZ1 2AB", "area": "ZZ1"}, [], id="both"),
        pytest.param("ca1989-s17", {"postcode": "ZZ1 2AB"}, {"area": "ZZ1"}, [], id="the area alone"),
        pytest.param("ca1989-s17", {}, {}, [], id="nothing to derive it from"),
        pytest.param("ca1989-s17", {"postcode": "somewhere"}, {}, [("area",)], id="a postcode that is none"),
        pytest.param("ca1989-s47", {"postcode": 1}, {}, [("postcode", "area")], id="another type"),
        pytest.param("ca1989-s17", {"area": "ZZ1"}, {}, [("area",)], id="stated by the holder"),
        pytest.param("ca1989-s17", {"area": "X", "postcode": "ZZ1 2AB"}, {}, [("area",)], id="stated and derived"),
    ],
)
def test_a_derived_field_is_released_in_its_own_right(
    purpose: str, held: dict[str, Any], values: dict[str, Any], gaps: list[tuple[str, ...]]
) -> None:
    record = pointer("home")
    out = release(HeldRecord(record, AT, held), home().decide(request(purpose=purpose), record), COUNCIL, AT)
    assert dict(out.values) == values
    assert [line.fields for line in out.withheld if line.outcome is Outcome.GAP] == gaps


SINCE = date(2020, 11, 20)
ENDING = TimelineSpec(("on", "planned_on"), (), "until")


@pytest.mark.parametrize(
    ("timeline", "held", "beyond"),
    [
        pytest.param(TimelineSpec(("on",), ()), {"on": date(2020, 11, 19)}, True, id="the day before"),
        pytest.param(TimelineSpec(("on",), ()), {"on": SINCE}, False, id="the day itself"),
        pytest.param(
            TimelineSpec(("on",), ()),
            {"on": datetime(2020, 11, 19, 23, 59, tzinfo=UTC)},
            True,
            id="a moment the day before",
        ),
        pytest.param(TimelineSpec(("on",), ()), {}, False, id="undated is not old"),
        pytest.param(TimelineSpec(("on",), ()), {"on": "2019"}, False, id="a date that is none is not old"),
        pytest.param(ENDING, {"on": date(2001, 1, 1)}, False, id="it has not ended"),
        pytest.param(ENDING, {"on": date(2001, 1, 1), "until": date(2002, 1, 1)}, True, id="it ended long ago"),
        pytest.param(ENDING, {"on": date(2001, 1, 1), "until": SINCE}, False, id="it ended that day"),
        pytest.param(
            ENDING, {"planned_on": date(2026, 1, 1), "until": date(2002, 1, 1)}, False, id="another date is late"
        ),
        pytest.param(ENDING, {"on": date(2001, 1, 1), "until": "soon"}, False, id="an end that is none"),
        pytest.param(None, {"on": date(2001, 1, 1)}, False, id="a kind with no place in time"),
    ],
)
def test_how_old_is_too_old(timeline: TimelineSpec | None, held: dict[str, Any], beyond: bool) -> None:
    spec = KindSpec("thing", "Thing", Section.IDENTITY, Sector.COUNCIL, "Test", (), timeline=timeline)
    assert is_beyond(HeldRecord(pointer("thing"), AT, held), spec, SINCE) is beyond


def test_an_age_is_of_the_day_of_release() -> None:
    fields = (
        FieldSpec("born", "Born", ValueType.DATE, "third_party_birth_date", "x.b", frozenset({"ca1989-s47"})),
        FieldSpec("age", "Age", ValueType.INTEGER, "age", "derived", EVERYWHERE, Derived("born", DerivedAs.AGE)),
    )
    spec = KindSpec("home", "Home", Section.HOUSEHOLD, Sector.COUNCIL, "Test", fields)
    compiled = Policy(
        dataclasses.replace(bundle(), catalogue=dataclasses.replace(bundle().catalogue, kinds={"home": spec}))
    )
    record = pointer("home")
    decision = compiled.decide(request(), record)
    ages = [
        release(HeldRecord(record, AT, {"born": date(1990, 11, 21)}), decision, COUNCIL, at).values["age"]
        for at in (AT, AT + timedelta(days=1))
    ]
    assert ages == [35, 36]


def test_what_is_too_old_is_out_of_scope_field_by_field_and_not_told() -> None:
    compiled = Policy(bundle())
    record = pointer("contact", "privileged", "court_order")
    decision = compiled.beyond_look_back(record)
    names = tuple(field.name for field in bundle().catalogue["contact"].fields)
    assert [(group.fields, group.decision.outcome, group.decision.grounds) for group in decision.groups] == [
        (names, Outcome.OUT_OF_SCOPE, ("scope-necessity",))
    ]
    assert (decision.whole_lines, decision.any_released, decision.notices) == ((), False, ())
    assert (decision.kind, decision.labels, decision.undetermined) == ("contact", record.labels, record.undetermined)
    assert decision.spec is bundle().catalogue["contact"]
    assert tuple(decision.fields) == names
    unknown = compiled.beyond_look_back(pointer("horoscope"))
    assert (unknown.spec, dict(unknown.fields), unknown.groups, unknown.whole_lines) == (None, {}, (), ())
