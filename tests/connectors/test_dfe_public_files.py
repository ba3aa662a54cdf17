"""The department's own published examples and interface document. Not part of the project: absent, they are skipped."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hub.connectors.base import Matched
from hub.connectors.dfe import api, token
from hub.connectors.dfe.types import TYPES, type_name
from hub.domain.identifiers import NHSNumber
from hub.domain.organisations import Sector
from hub.domain.people import ChildSearch, Identity
from hub.matching.resolution import Review
from hub.matching.resolve import resolve
from tests.connectors.bendable import bendable
from tests.connectors.dfe_bench import PERSONAL, Upstream, connector, envelope, item, soon
from tests.connectors.test_dfe import read
from tests.connectors.test_dfe_types import told

PUBLIC = Path(__file__).parents[3] / "shared" / "data" / "sui"

pytestmark = pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public files (../shared/data/sui) are not here")

RECORDS = sorted(PUBLIC.glob("records-v1/*.json"))
VENDORS = sorted(PUBLIC.glob("sampledata-vendor/*.json"))
SECTORS = {
    "MockEducationProvider": Sector.EDUCATION,
    "MockSocialCareProvider": Sector.COUNCIL,
    "MockHealthcareProvider": Sector.HEALTH,
    "MockCrimeDataProvider": Sector.POLICE,
}


def loaded(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def document() -> Any:
    return loaded(PUBLIC / "openapi" / "custodians-openapi-generated.json")


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
async def test_a_published_record_is_read(path: Path) -> None:
    provider, _, kind = re.split(r"[-_]", path.stem)
    pointers, records = await read(kind, loaded(path), SECTORS[provider])
    assert records
    assert {pointer.kind for pointer in pointers} <= TYPES[type_name(kind)].kinds(SECTORS[provider]) | {
        "unplaced",
        "safeguarding_file",
    }


async def test_the_published_school_record() -> None:
    (path,) = [each for each in RECORDS if each.stem.endswith("EducationDetailsRecordV1")]
    _, records = await read("EducationDetailsRecordV1", loaded(path))
    found = told(records)
    assert len(found["school_attendance"]) == len(found["school_exclusion"]) == len(found["school_move"]) == 2
    (support,) = [each for each in records if each.pointer.kind == "sen_support"]
    assert support.pointer.labels == {"ehc_plan"}


def test_all_five_published_types_are_known() -> None:
    assert {type_name(path.stem.split("_")[1]) for path in RECORDS} == set(TYPES) - {"safeguardingfile"}


@pytest.mark.parametrize("path", VENDORS, ids=lambda path: path.stem)
async def test_a_vendors_payload_with_a_number_that_is_none_of_ours(path: Path) -> None:
    """1111111111 has a right check digit and belongs to nobody: a number nobody verified is a question for a person."""
    payload = loaded(path)
    search = ChildSearch(Identity(NHSNumber.parse(payload["nhsNumber"])))
    upstream = Upstream({PERSONAL: payload}, known=frozenset({payload["sui"]}))
    upstream.bend = lambda body: body | {"personId": payload["sui"]}
    async with bendable(upstream) as server:
        one = connector(server.url)
        matched = await one.match(search, soon())
        await one.close()
    assert isinstance(matched, Matched)
    assert isinstance(resolve(search, matched.candidates), Review)


def test_what_is_asked_is_in_the_published_document() -> None:
    paths = document()["paths"]
    assert "post" in paths[api.FIND]
    assert "get" in paths["/api/v1/Fetch/{orgId}/{recordType}/{recordId}"]
    form = paths[token.PATH]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    assert set(form["properties"]) == {"client_id", "client_secret", "scope", "grant_type"}
    scopes = document()["components"]["securitySchemes"]["oauth2_clientCredentials"]["flows"]["clientCredentials"][
        "scopes"
    ]
    assert set(token.SCOPES.split()) == set(scopes)


def test_the_pretend_agency_has_the_published_shapes() -> None:
    schemas = document()["components"]["schemas"]
    assert set(schemas["RecordEnvelopeOfSuiRecord"]["properties"]) == set(envelope("x", {}))
    assert set(schemas["SearchResultItem"]["properties"]) == set(item("x"))
    assert set(schemas["ManifestRequest"]["properties"]) == {"orgId", "personId", "recordType"}
    assert set(schemas["AuthTokenResponse"]["properties"]) >= set(Upstream().tokens)
