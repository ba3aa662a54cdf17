"""Whose word counts on whether the child's whereabouts are restricted, where several NHS bodies are asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hub import connectors
from hub.app import load_policies, make_connector
from hub.connectors.guarded import Guarded
from hub.domain.disclosure import Outcome
from hub.domain.organisations import Sector
from hub.domain.sources import NotAskedReason, SourceState
from hub.domain.view import JoinedView
from hub.settings import ContactSettings, CustodianSettings, DfeSettings, FhirSettings
from tests.service.conftest import Bench
from tests.service.custodians import DOWN, MAYA, Bendable, council, custodian, pointer

SHARED = None
GAP, WITHHELD = Outcome.GAP, Outcome.WITHHELD
UNSAID, FREE, LABELLED = (replace(MAYA, restricted=said) for said in (None, False, True))


def nhs(name: str, states: bool, **how: object) -> Bendable:
    return Bendable(custodian(name, Sector.HEALTH), **{"people": (UNSAID,), "states_restriction": states, **how})


def pds(**how: object) -> Bendable:
    """What the Personal Demographics Service is: it labels every child whose whereabouts are restricted."""
    return nhs("pds", states=True, **{"people": (FREE,), **how})


def trust(**how: object) -> Bendable:
    """What a community trust is: it holds records, and no such label."""
    return nhs("trust", states=False, **how)


@pytest.mark.parametrize(
    ("health", "outcome"),
    [
        pytest.param([pds(), trust()], SHARED, id="PDS says not, a trust cannot say"),
        pytest.param([trust(), pds()], SHARED, id="the same in another order"),
        pytest.param([pds(), trust(people=())], SHARED, id="a trust that does not hold the child"),
        pytest.param([pds(), trust(fail={"match": DOWN})], SHARED, id="a trust that is down could not have said"),
        pytest.param([pds(people=()), trust()], SHARED, id="PDS searched and has nobody"),
        pytest.param([pds(people=(LABELLED,)), trust()], WITHHELD, id="PDS says so"),
        pytest.param([pds(), trust(people=(LABELLED,))], WITHHELD, id="a trust that says so is believed"),
        pytest.param([pds(fail={"match": DOWN}), trust()], GAP, id="PDS is down: the trust's silence is no answer"),
        pytest.param([pds(fail={"match": DOWN}), trust(people=(FREE,))], GAP, id="nor is its word that it is not"),
        pytest.param([pds(fail={"match": DOWN}), trust(people=())], GAP, id="nor that it has nobody"),
        pytest.param([pds(fail={"find": DOWN}), trust()], GAP, id="PDS failed half way"),
        pytest.param([pds(people=(UNSAID,)), trust()], GAP, id="PDS states no label at all"),
        pytest.param([trust()], GAP, id="nobody who could say is connected"),
        pytest.param([trust(people=())], GAP, id="nobody who could say, and nothing held"),
        pytest.param([], GAP, id="no NHS body at all"),
    ],
)
async def test_whereabouts(bench: Bench, health: list[Bendable], outcome: Outcome | None) -> None:
    home = pointer("council_address", "a-1", at="council")
    view = await bench.ask(council(held={home: {"address": "14 Tannery Lane"}}), *health)
    assert isinstance(view, JoinedView)
    (record,) = [record for record in view.records if record.kind == "council_address"]
    assert ("address" in record.values) is (outcome is SHARED)
    assert [line.outcome for line in record.withheld] == ([outcome] if outcome else [])


def locator(**how: object) -> Bendable:
    """What a record locator is: it holds pointers, and can say nothing of the child."""
    held = {pointer("health_document", "d-1", at="locator"): {"document_type": "Letter"}}
    return nhs("locator", states=False, **{"held": held, "never_restricts": True, **how})


WHERE = frozenset({"council_address"})


@pytest.mark.parametrize(
    ("look", "holder", "calls", "state"),
    [
        pytest.param(WHERE, pds(), ["match"], SourceState.ANSWERED, id="PDS is asked who the child is, for its label"),
        pytest.param(WHERE, trust(), ["match"], SourceState.ANSWERED, id="so is a trust, whose label is believed"),
        pytest.param(WHERE, locator(), [], SourceState.NOT_ASKED, id="a locator has no label, and is not asked"),
        pytest.param(
            WHERE | {"health_document"}, locator(), ["match", "find", "fetch"], SourceState.ANSWERED, id="but for records it is"
        ),
    ],
)  # fmt: skip
async def test_whom_a_question_reaches_that_needs_nothing_of_theirs(
    bench: Bench, look: frozenset[str], holder: Bendable, calls: list[str], state: SourceState
) -> None:
    holder = replace(holder, calls=[], searches=[], fetched=[])
    home = pointer("council_address", "a-1", at="council")
    view = await bench.ask(council(held={home: {"address": "14 Tannery Lane"}}), holder, look=look, read=look)
    assert isinstance(view, JoinedView)
    (source,) = [each for each in view.sources if each.custodian.id == holder.custodian.id]
    assert (holder.calls, source.state) == (calls, state)
    assert source.not_asked is (NotAskedReason.NOT_SELECTED if not calls else None)


async def test_a_trust_that_restricts_is_heard_where_nothing_of_its_own_was_asked_for(bench: Bench) -> None:
    home = pointer("council_address", "a-1", at="council")
    holders = council(held={home: {"address": "14 Tannery Lane"}}), pds(), trust(people=(LABELLED,))
    view = await bench.ask(*holders, look=WHERE, read=WHERE)
    assert isinstance(view, JoinedView)
    (record,) = view.records
    assert [line.outcome for line in record.withheld] == [WITHHELD]


POLE = str(Path(connectors.__file__).parent / "mappings" / "pole-demo.toml")
NEIGHBOUR = '[hub]\nname = "n"\nagency = "north-nhs"\n{more}\n[lists]\nallergy = "allergies"\n'


@pytest.mark.parametrize(
    ("entry", "states", "never"),
    [
        pytest.param({"kind": "fhir"}, True, False, id="fhir: PDS unless told otherwise"),
        pytest.param({"kind": "fhir", "pds_search": False}, False, False, id="fhir without PDS's search"),
        pytest.param(
            {"kind": "fhir", "fhir": FhirSettings(states_restriction=False)}, False, False, id="fhir, said not to"
        ),
        pytest.param(
            {"kind": "fhir", "pds_search": False, "fhir": FhirSettings(states_restriction=True)}, True, False, id="fhir, said to"
        ),
        pytest.param({"kind": "fhir", "fhir": FhirSettings(record_locator=True)}, False, True, id="a record locator"),
        pytest.param({"kind": "fhir", "fhir": FhirSettings(events=True)}, False, False, id="events name a patient"),
        pytest.param({"kind": "rest", "mapping": POLE}, False, True, id="a mapped REST system"),
        pytest.param({"kind": "dfe", "dfe": DfeSettings("ORG-1")}, False, True, id="the DfE interface has no such label"),
        pytest.param({"kind": "graphql", "mapping": ""}, False, False, id="a neighbouring hub's agency"),
        pytest.param({"kind": "graphql", "mapping": "states_restriction = true"}, True, False, id="that is PDS there"),
    ],
)  # fmt: skip
async def test_what_a_settings_entry_declares(
    tmp_path: Path, entry: dict[str, object], states: bool, never: bool
) -> None:
    if entry["kind"] == "graphql":
        (tmp_path / "neighbour.toml").write_text(NEIGHBOUR.format(more=entry["mapping"]))
        entry = entry | {"mapping": str(tmp_path / "neighbour.toml")}
    contact = ContactSettings("Duty nurse", "01632 960 114")
    settings = CustodianSettings(
        id="north-nhs", name="North NHS", sector="health", url="http://127.0.0.1:9", contact=contact, **entry
    )
    bundle = load_policies()
    made = make_connector(settings, lambda: bundle)
    assert (Guarded(made).states_restriction, Guarded(made).never_restricts) == (states, never)
    await made.close()
