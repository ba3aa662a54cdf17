"""Values of a payload: what is read, what is refused, and that nothing else happens whatever is sent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.connectors.base import UpstreamFault
from hub.connectors.dfe import values
from hub.connectors.dfe.api import Listed, Part
from hub.connectors.dfe.rows import Read, Reader
from hub.connectors.dfe.types import TYPES, type_name
from hub.domain.organisations import Sector
from tests.connectors.dfe_bench import CATALOGUE

REFUSED = object()

ROWS: dict[str, tuple[Callable[..., Any], Any, Any]] = {
    "a whole number": (values.whole, 3, 3),
    "a whole number as text": (values.whole, "3", 3),
    "a whole number below nought": (values.whole, -1, REFUSED),
    "true is no number": (values.whole, True, REFUSED),
    "half a number": (values.whole, 1.5, REFUSED),
    "digits of another script": (values.whole, "٣", REFUSED),
    "a share": (values.share, 62.7, "62.7"),
    "a whole share": (values.share, 70, "70"),
    "a share written with a nought": (values.share, 95.0, "95"),
    "a share as text": (values.share, "97.5", "97.5"),
    "a share over a hundred": (values.share, 100.1, REFUSED),
    "a share below nought": (values.share, -0.5, REFUSED),
    "a share that is no number": (values.share, "NaN", REFUSED),
    "a share so small that it is written with an exponent": (values.share, 1e-9, REFUSED),
    "a year": (values.year, 2026, 2026),
    "a year long ago": (values.year, 26, REFUSED),
    "a day": (values.day, "2026-07-01", date(2026, 7, 1)),
    "the day of a moment is England's": (values.day, "2026-06-30T23:30:00Z", date(2026, 7, 1)),
    "a day that is none": (values.day, "2026-02-30", REFUSED),
    "a day as people write it": (values.day, "01/07/2026", REFUSED),
    "a moment": (values.moment, "2026-01-01T10:00:00+01:00", datetime(2026, 1, 1, 9, tzinfo=UTC)),
    "a moment without an offset is England's": (values.moment, "2026-07-01T10:00", datetime(2026, 7, 1, 9, tzinfo=UTC)),
    "a day as a moment is its first": (values.moment, "2026-07-01", datetime(2026, 6, 30, 23, tzinfo=UTC)),
    "a flag": (values.flag, True, True),
    "a flag that is not": (values.flag, False, False),
    "a flag in words": (values.flag, "true", REFUSED),
    "a flag in numbers": (values.flag, 1, REFUSED),
    "a text": (values.text, " a\0b ", "ab"),
    "an empty text": (values.text, "  ", None),
    "a number for a text": (values.text, 7, REFUSED),
    "a list of objects": (values.objects, [{"A": 1}], ({"a": 1},)),
    "an empty list": (values.objects, [], ()),
    "an object for a list": (values.objects, {}, REFUSED),
    "a list of texts for objects": (values.objects, ["x"], REFUSED),
    "an address": (values.address, {"line1": "1 Mill Lane", "Postcode": "ZZ1 1AA"}, ("1 Mill Lane", "ZZ1 1AA")),
    "an address of blanks": (values.address, {"line1": " ", "postcode": None}, None),
    "a text for an address": (values.address, "1 Mill Lane", REFUSED),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_value(name: str) -> None:
    read, value, expected = ROWS[name]
    body = values.folded({"someKEY": value})
    if expected is REFUSED:
        with pytest.raises(UpstreamFault):
            read(body, "SomeKey")
    else:
        assert read(body, "SomeKey") == expected
    assert not read({}, "SomeKey")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=12)
    | st.sampled_from(["2026-07-01", "SEND", "EHC plan", "Social Care", "70"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
KEYS = [
    "firstName",
    "lastName",
    "dateOfBirth",
    "address",
    "birthAssignedSex",
    "relatedPeople",
    "namesOfIndividualsResidingAtMainAddress",
    "educationSettingName",
    "educationSettingAddress",
    "educationActiveStatusesAndPlans",
    "yearlyEducationAttendances",
    "keyWorker",
    "teamInvolvement",
    "cscActiveStatusesAndPlans",
    "childrensServicesReferrals",
    "registeredGPName",
    "RegisteredGPSurgery",
    "camhsTeamInvolvement",
    "missedAppointments",
    "emergencyDepartmentAttendances",
    "healthActiveStatusesAndPlans",
    "policeMarkerDetails",
    "servicesKnownTo",
    "lastPoliceProtectionPowerEvent",
    "missingEpisodes",
    "riskRadicalisation",
]
NESTED = st.dictionaries(
    st.sampled_from(
        ["status", "plan", "date", "type", "reason", "name", "dob", "risk", "academicTermYearStart", "suspensions"]
    ),
    JSON,
    max_size=4,
)


def _read(read: Reader, payload: Any, sector: Sector) -> Read:
    """What is read; nothing where it is refused in the hub's own words. Any other exception fails the test."""
    with suppress(UpstreamFault):
        return read(values.folded(payload), sector)
    return Read()


@given(
    st.sampled_from(sorted(TYPES)),
    st.sampled_from([Sector.COUNCIL, Sector.POLICE, Sector.HEALTH, Sector.EDUCATION]),
    st.dictionaries(st.sampled_from(KEYS), JSON | st.lists(NESTED, max_size=3), max_size=6),
)
def test_whatever_is_sent_is_read_into_the_catalogue_or_refused(name: str, sector: Sector, payload: Any) -> None:
    type_ = TYPES[name]
    if type_.read is None or not type_.kinds(sector):
        return
    found = _read(type_.read, payload, sector)
    for row in found.rows:
        assert row.kind in type_.kinds(sector)
        assert row.values.keys() <= {spec.name for spec in CATALOGUE[row.kind].fields}
    assert found.unsaid <= type_.kinds(sector)


@pytest.mark.parametrize("name", TYPES)
def test_every_kind_is_catalogued_for_its_sector(name: str) -> None:
    for sector, kinds in TYPES[name].by_sector.items():
        assert kinds <= CATALOGUE.of_sector(sector)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("PersonalDetailsRecordV1", "personaldetails"),
        ("crime-data", "crimedata"),
        ("HealthDataRecordV2", "healthdatarecordv2"),
        ("Record", "record"),
        ("RecordV1", "record"),
        ("", ""),
    ],
)
def test_the_name_of_a_type(written: str, name: str) -> None:
    assert type_name(written) == name


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_a_record_id_is_read_back_as_it_was(written: str, record_id: str, kind: str, key: str) -> None:
    part = Part(Listed(written, record_id), kind, key)
    assert Part.parse(part.written) == part


@pytest.mark.parametrize("written", ["", "a", "a/b/c", "a/b/c/d/e"])
def test_a_record_id_that_is_none(written: str) -> None:
    with pytest.raises(UpstreamFault):
        Part.parse(written)
