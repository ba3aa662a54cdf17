"""The published subgraph composes with a council's case list, in two composers that nobody here wrote."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from hub.cli.schema import subgraph_text
from hub.schema.federation_settings import FederationSettings
from tests.federation.npm_graph import cases_sdl, composed

COMPOSERS = ("apollo", "guild")
PUBLISHED = (Path(__file__).resolve().parents[2] / "docs" / "subgraph.graphql").read_text(encoding="utf-8")
CHILD_VIEW = re.compile(r"^  view\(enquiry: EnquiryInput[^)]*\): ChildResult(?P<directives>.*)$", re.MULTILINE)


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return composed({"hub": PUBLISHED, "cases": cases_sdl()})


@pytest.mark.parametrize("composer", COMPOSERS)
def test_it_composes(found: dict[str, Any], composer: str) -> None:
    assert found[composer]["errors"] == []
    supergraph = found[composer]["supergraph"]
    assert "myCases: [Case!]!" in supergraph
    asked = CHILD_VIEW.search(supergraph)
    assert asked is not None
    for directive in ("@authenticated", "@requiresScopes", "@policy"):
        assert directive in asked["directives"], "a router must see it"


@pytest.mark.parametrize("composer", COMPOSERS)
def test_it_composes_without_directives(composer: str) -> None:
    plain = subgraph_text(settings=FederationSettings(directives=False))
    found = composed({"hub": plain, "cases": cases_sdl()})[composer]
    assert found["errors"] == []
    assert "@authenticated" not in found["supergraph"]


def test_apollos_library_builds_it(found: dict[str, Any]) -> None:
    assert found["built"] == {"errors": [], "entities": ["Child"]}


CLASHES = {
    "another answers for the view": (
        cases_sdl().replace("allocatedTo: String", "allocatedTo: String\n  view: String"),
        "view",
    ),
    "the key is of another type": (cases_sdl().replace("nhsNumber: ID!", "nhsNumber: Int!"), "nhsNumber"),
    "the other cannot look a child up by what the hub has": (
        cases_sdl().replace('@key(fields: "nhsNumber")', '@key(fields: "id")').replace("nhsNumber: ID!", "id: ID!"),
        "Child",
    ),
}


@pytest.mark.parametrize(("cases", "named"), CLASHES.values(), ids=CLASHES.keys())
def test_a_clash_is_found_by_both(cases: str, named: str) -> None:
    """These composers can say no: their yes above is worth something."""
    found = composed({"hub": PUBLISHED, "cases": cases})
    for composer in COMPOSERS:
        said = [error["message"] for error in found[composer]["errors"]]
        assert said, composer
        assert any(named in message for message in said), said
