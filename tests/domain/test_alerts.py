"""Alerts: what is current, and what nobody can rule out. An absent alert must mean that somebody looked."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from hub.domain.disclosure import Outcome, ReleasedRecord
from hub.domain.organisations import Custodian
from hub.domain.sources import SourceState
from hub.domain.view import ALERT_KINDS, Alert, AlertKind, AlertState, alerts_of
from tests.domain.samples import CATALOGUE, COUNCIL, NHS, POLICE, SECOND_COUNCIL, line, record, source, view

PLAN, CARE, MISSING, RESTRICTED = AlertKind
START, END = date(2026, 3, 1), date(2026, 9, 1)


def current(kind: AlertKind, since: date | None = START, custodian: Custodian = COUNCIL) -> Alert:
    return Alert(kind, AlertState.CURRENT, since, custodian)


def unknown(kind: AlertKind, custodian: Custodian = COUNCIL) -> Alert:
    return Alert(kind, AlertState.UNKNOWN, None, custodian)


def alerts(*records: ReleasedRecord, **changes: Any) -> tuple[Alert, ...]:
    return alerts_of(view(*records, **changes), CATALOGUE)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(record("protection_plan", started_on=START), (current(PLAN),), id="a plan"),
        pytest.param(record("protection_plan", started_on=START, ended_on=END), (), id="a plan that is over"),
        pytest.param(record("protection_plan", withheld="ended_on", started_on=START), (unknown(PLAN),), id="a plan whose end is withheld"),
        pytest.param(record("protection_plan", withheld="*"), (unknown(PLAN),), id="a plan of which all is withheld"),
        pytest.param(record("protection_plan", withheld="category", started_on=START), (current(PLAN),), id="a plan whose category is withheld"),
        pytest.param(record("protection_plan", withheld="started_on"), (current(PLAN, None),), id="a plan whose start is withheld"),
        pytest.param(record("protection_plan"), (current(PLAN, None),), id="a plan without dates"),
        pytest.param(record("looked_after_episode", started_on=START), (current(CARE),), id="looked after"),
        pytest.param(record("looked_after_episode", started_on=START, ended_on=END), (), id="no longer looked after"),
        pytest.param(record("looked_after_episode", withheld="ended_on"), (unknown(CARE),), id="looked after, the end withheld"),
        pytest.param(record("missing_from_care", started_on=START), (current(MISSING),), id="missing from care"),
        pytest.param(record("missing_from_care", ended_on=END), (), id="came back to care"),
        pytest.param(
            record("missing_report", POLICE, reported_at=datetime(2026, 3, 1, 23, 59, tzinfo=UTC)),
            (current(MISSING, START, POLICE),),
            id="reported missing at a moment, shown as a day",
        ),
        pytest.param(record("missing_report", POLICE, found_at=datetime(2026, 3, 2, tzinfo=UTC)), (), id="found"),
        pytest.param(record("missing_report", POLICE, withheld="found_at"), (unknown(MISSING, POLICE),), id="missing, the end withheld"),
        pytest.param(record("assessment", started_on=START), (), id="no kind of alert"),
    ],
)  # fmt: skip
def test_one_record(found: ReleasedRecord, expected: tuple[Alert, ...]) -> None:
    assert alerts(found) == expected


def test_no_record_and_everybody_answered_is_no_alert() -> None:
    assert alerts() == ()


SAYS_OF = {COUNCIL: [PLAN, CARE, MISSING], POLICE: [MISSING], NHS: []}


@pytest.mark.parametrize("custodian", SAYS_OF, ids=lambda custodian: custodian.id)
@pytest.mark.parametrize(
    ("state", "silent"),
    [
        (SourceState.ANSWERED, False),
        (SourceState.NOT_HELD, False),
        (SourceState.NO_ANSWER, True),
        (SourceState.NOT_ASKED, True),
        (SourceState.POSSIBLE_MATCH, True),
    ],
)
def test_a_source_that_would_say_and_has_not(custodian: Custodian, state: SourceState, silent: bool) -> None:
    sources = tuple(source(each, state if each is custodian else SourceState.ANSWERED) for each in SAYS_OF)
    expected = tuple(unknown(kind, custodian) for kind in SAYS_OF[custodian]) if silent else ()
    assert alerts(sources=sources) == expected


OVER = record("protection_plan", started_on=START, ended_on=END)
AGAIN = record("protection_plan", started_on=END)
HIDDEN = record("protection_plan", withheld="ended_on", started_on=START)


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param((OVER, AGAIN), (current(PLAN, END),), id="one that is over does not hide the next"),
        pytest.param((AGAIN, OVER), (current(PLAN, END),), id="in either order"),
        pytest.param((OVER, HIDDEN), (unknown(PLAN),), id="nor one whose end is withheld"),
        pytest.param((HIDDEN, AGAIN), (current(PLAN, END), unknown(PLAN)), id="which hides none that is current"),
        pytest.param((OVER, OVER), (), id="all of them over"),
    ],
)
def test_several_records_of_one_kind(records: tuple[ReleasedRecord, ...], expected: tuple[Alert, ...]) -> None:
    assert alerts(*records) == expected


def test_everybody_is_silent() -> None:
    sources = tuple(source(each, SourceState.NO_ANSWER) for each in (NHS, POLICE, COUNCIL))
    expected = (unknown(PLAN), unknown(CARE), unknown(MISSING, POLICE), unknown(MISSING), unknown(RESTRICTED, NHS))
    assert alerts(sources=sources, restricted=None) == expected


def test_one_of_two_councils_is_silent() -> None:
    sources = (source(COUNCIL), source(SECOND_COUNCIL, SourceState.NO_ANSWER))
    found = alerts(record("protection_plan", started_on=START), sources=sources)
    assert found == (current(PLAN), *(unknown(kind, SECOND_COUNCIL) for kind in (PLAN, CARE, MISSING)))


def test_current_ones_come_first_and_none_twice() -> None:
    plan = record("protection_plan", started_on=START)
    missing = record("missing_report", POLICE, reported_at=datetime(2026, 3, 1, tzinfo=UTC))
    sources = (source(COUNCIL), source(NHS), source(POLICE, SourceState.NO_ANSWER))
    found = alerts(
        plan, plan, missing, sources=sources, withheld=(line(kind="looked_after_episode", custodian=COUNCIL),)
    )
    assert found == (current(PLAN), current(MISSING, START, POLICE), unknown(CARE), unknown(MISSING, POLICE))


@pytest.mark.parametrize(
    ("held_back", "expected"),
    [
        pytest.param(line(kind="protection_plan", custodian=COUNCIL), (unknown(PLAN),), id="openly"),
        pytest.param(
            line(kind="protection_plan", custodian=COUNCIL, outcome=Outcome.GAP), (unknown(PLAN),), id="by a gap"
        ),
        pytest.param(line(kind=None, custodian=COUNCIL), (), id="veiled: of what kind it is discloses nothing"),
        pytest.param(line(kind="protection_plan", custodian=None), (), id="by nobody in particular"),
        pytest.param(line(kind="assessment", custodian=COUNCIL), (), id="of another kind"),
    ],
)
def test_a_record_held_back_whole(held_back: Any, expected: tuple[Alert, ...]) -> None:
    assert alerts(withheld=(held_back,)) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param(SourceState.ANSWERED, (unknown(PLAN),), id="an agency that holds the child"),
        pytest.param(SourceState.NOT_HELD, (), id="an agency that does not"),
    ],
)
def test_a_kind_this_purpose_does_not_reach_is_not_ruled_out(state: SourceState, expected: tuple[Alert, ...]) -> None:
    out = {"protection_plan": line(outcome=Outcome.OUT_OF_SCOPE, kind="protection_plan")}
    assert alerts(sources=(source(COUNCIL, state), source(POLICE), source(NHS)), out_of_scope=out) == expected


SILENT_NHS = (source(COUNCIL), source(POLICE), source(NHS, SourceState.NO_ANSWER))
SILENT_COUNCIL = (source(COUNCIL, SourceState.NOT_HELD), source(POLICE), source(NHS))


@pytest.mark.parametrize(
    ("restricted", "by", "sources", "expected"),
    [
        pytest.param(True, NHS, SILENT_COUNCIL, (current(RESTRICTED, None, NHS),), id="restricted"),
        pytest.param(True, NHS, SILENT_NHS, (current(RESTRICTED, None, NHS),), id="restricted, as was learnt before the NHS fell silent"),
        pytest.param(True, None, SILENT_COUNCIL, (), id="restricted, on nobody's word"),
        pytest.param(False, None, SILENT_NHS, (), id="not restricted"),
        pytest.param(None, None, SILENT_NHS, (unknown(RESTRICTED, NHS),), id="not known, the NHS is silent"),
        pytest.param(None, None, SILENT_COUNCIL, (), id="not known, the NHS answered"),
    ],
)  # fmt: skip
def test_whether_whereabouts_are_restricted(
    restricted: bool | None, by: Custodian | None, sources: Any, expected: tuple[Alert, ...]
) -> None:
    assert alerts(restricted=restricted, restricted_by=by, sources=sources) == expected


def test_which_kinds_of_record_alerts_are_made_of() -> None:
    assert {"protection_plan", "looked_after_episode", "missing_report", "missing_from_care"} == ALERT_KINDS
