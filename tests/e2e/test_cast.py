"""Every row of docs/cast.md, asked over HTTP with the public schema, against agencies speaking their real protocols."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Town, log_checks_out

Json = dict[str, Any]
COUNCIL, POLICE, HEALTH = "Testshire Council", "Testshire Police", "Testshire NHS"


def states(child: Json) -> dict[str, str]:
    return {source["custodian"]["name"]: source["state"] for source in child["sources"]}


ALL = {COUNCIL: "ANSWERED", POLICE: "ANSWERED", HEALTH: "ANSWERED"}
NO_POLICE = {**ALL, POLICE: "NOT_HELD"}


def lines(node: Any) -> list[Json]:
    """Every ``withheld`` line in the answer, but those that only say "out of scope"."""
    found: list[Json] = []
    if isinstance(node, list):
        for each in node:
            found += lines(each)
    elif isinstance(node, dict):
        for name, value in node.items():
            found += value if name == "withheld" else lines(value)
    return list({line["reference"]: line for line in found if line["outcome"] != "OUT_OF_SCOPE"}.values())


def named(child: Json) -> set[str]:
    return {line["impediment"]["citation"].split()[0] for line in lines(child) if line["impediment"]}


def held_back(child: Json) -> list[tuple[str, str | None]]:
    """(outcome, title of the impediment or None when veiled) of each line."""
    return sorted(
        ((line["outcome"], line["impediment"] and line["impediment"]["title"]) for line in lines(child)),
        key=lambda pair: (pair[0], pair[1] or ""),
    )


def values(child: Json, entry: str) -> set[str]:
    return {one["value"] for one in child["identity"][entry]}


def alerts(child: Json) -> set[tuple[str, str]]:
    return {(alert["kind"], alert["state"]) for alert in child["alerts"]}


def titles(child: Json) -> list[str]:
    return [document["title"] for document in child["socialCare"]["documents"]]


def text_of(child: Json) -> str:
    return str(child)


def protection_plan(child: Json) -> None:
    assert states(child) == ALL
    assert ("PROTECTION_PLAN", "CURRENT") in alerts(child)
    assert [plan["category"] for plan in child["socialCare"]["plans"]] == ["Neglect (NEG)"]
    assert len(child["police"]["domesticAbuseIncidents"]) == 3
    assert held_back(child) == [("WITHHELD", None), ("WITHHELD", "Legal professional privilege")]
    assert "Adoption" not in text_of(child)
    assert "threshold is met" not in text_of(child)
    assert {one["worker"]["role"] for one in child["involvement"]} >= {"Allocated social worker", "School nurse"}
    assert all(one["worker"]["phone"] for one in child["involvement"])


def looked_after(child: Json) -> None:
    assert {("LOOKED_AFTER", "CURRENT"), ("MISSING", "CURRENT")} <= alerts(child)
    (episode,) = child["socialCare"]["lookedAfterEpisodes"]
    assert episode["endedOn"] is None
    (protection,) = child["police"]["policeProtections"]
    assert protection["startedAt"] < protection["endedAt"]


def twin_known(child: Json) -> None:
    assert states(child) == ALL
    assert values(child, "names") == {"Amara Eze"}


def twin_unknown(child: Json) -> None:
    """Police hold only her twin: possibly somebody, never her, and nothing of the twin's is shown."""
    assert states(child)[POLICE] in ("NOT_HELD", "POSSIBLE_MATCH")
    assert values(child, "names") == {"Chidera Eze"}
    assert child["police"]["__typename"] in ("NotHeld", "UnsureMatch")
    assert POLICE not in {edge["node"]["custodian"]["name"] for edge in child["timeline"]["edges"]}


def unknown_to_police(child: Json) -> None:
    assert states(child) == NO_POLICE
    assert child["police"]["__typename"] == "NotHeld"
    assert child["police"]["searchedWith"] == ["NHS number"]


def no_nhs_number_at_council(child: Json) -> None:
    """By number alone the council finds nobody; the name that the NHS gives finds her there."""
    assert states(child)[HEALTH] == "ANSWERED"
    assert states(child)[COUNCIL] == "ANSWERED"


def restricted(child: Json) -> None:
    assert ("RESTRICTED", "CURRENT") in alerts(child)
    assert ("ASK", "Originator's condition (MARAC and other agencies' papers)") in held_back(child)
    assert child["police"]["maracReferrals"] == []
    assert "health visitor to report" not in text_of(child)
    assert child["identity"]["addresses"] == []
    assert child["identity"]["schools"] == []
    assert "Heron Drive" not in text_of(child)
    assert "Station Parade" not in text_of(child)
    assert "ZZ1 3AF" not in text_of(child)
    assert "Primary School" not in text_of(child)
    masked = [line for line in child["identity"]["withheld"] if line["outcome"] == "WITHHELD"]
    assert masked
    assert all(line["impediment"] is None for line in masked)
    assert {name for line in masked for name in line["fields"]} >= {"addresses", "schools"}


def protected_adoption(child: Json) -> None:
    assert held_back(child) == [("WITHHELD", None)]
    assert "doption" not in text_of(child)


def court_papers(child: Json) -> None:
    """A council child protection worker may receive them; the notice travels with them."""
    assert "Section 7 report" in titles(child)
    assert held_back(child) == []


def court_order(child: Json) -> None:
    assert held_back(child) == [("WITHHELD", "Court order restricting disclosure")]


def privileged_advice(child: Json) -> None:
    assert held_back(child) == [("WITHHELD", "Legal professional privilege")]
    assert "Counsel" not in text_of(child)


def intelligence(child: Json) -> None:
    """Code P is shared, code C is not until the unit releases it or supplies a line, and then with its notice."""
    shared = {report["summary"]: report for report in child["police"]["intelligence"]}
    told = " ".join(filter(None, shared))
    assert "older males" in told
    assert "weekends" in told
    assert "organised group" not in text_of(child)
    assert {report["sanitised"] for report in shared.values() if report["sanitised"]} == {
        "He may be at risk of criminal exploitation near his home."
    }
    assert "Kiln Walk" not in text_of(child)
    assert all(report["handling"] for report in shared.values())
    assert ("WITHHELD", None) in held_back(child)


def objection(child: Json) -> None:
    assert "ontraception" in text_of(child) or held_back(child)


def ehc_plan(child: Json) -> None:
    assert child["socialCare"]["educationHealthCarePlans"] == []
    assert held_back(child) == [("WITHHELD", "Education, health and care plan")]


def ehc_plan_released(child: Json) -> None:
    (plan,) = child["socialCare"]["educationHealthCarePlans"]
    assert plan["needs"]
    assert held_back(child) == []


def confidence(child: Json) -> None:
    """s.16LA is a duty: confidence does not stop it, and the handling notice travels."""
    assert "self-harm" in text_of(child)
    assert held_back(child) == []


def originator(child: Json) -> None:
    assert held_back(child) == [("ASK", "Originator's condition (MARAC and other agencies' papers)")]
    assert "Minutes that" not in text_of(child)


def conflicting_names(child: Json) -> None:
    assert values(child, "names") == {"Kian Fairclough", "Kian Dunmore", "Kian Dunmore-Fairclough"}
    assert len(values(child, "addresses")) == 2


def large_record(child: Json) -> None:
    assert child["timeline"]["total"] >= 499
    assert child["timeline"]["pageInfo"]["hasNextPage"]


def unknown_label(child: Json) -> None:
    (line,) = lines(child)
    assert (line["outcome"], line["impediment"]) == ("GAP", None)
    assert "vocabulary does not know" not in text_of(child)


def unlabelled(child: Json) -> None:
    assert titles(child) == ["Case note"]
    assert [outcome for outcome, _ in held_back(child)] == ["GAP"]


def health_only(child: Json) -> None:
    assert states(child) == {COUNCIL: "NOT_HELD", POLICE: "NOT_HELD", HEALTH: "ANSWERED"}
    assert child["socialCare"]["__typename"] == "NotHeld"


def two_identities(child: Json) -> None:
    assert values(child, "names") == {"Esme Hartwell"}
    assert held_back(child) == [("WITHHELD", None)]
    assert "Chloe" not in text_of(child)


def earlier_identity(child: Json) -> None:
    assert values(child, "names") == {"Chloe Drummond"}
    assert held_back(child) == [("WITHHELD", None)]
    assert "Esme" not in text_of(child)


def protected_history(child: Json) -> None:
    assert {each["person"]["name"] for each in child["household"]} == {"Mark Ashworth"}
    assert held_back(child) == [("WITHHELD", None), ("WITHHELD", None)]


def objection_exploited(child: Json) -> None:
    assert "older man" in text_of(child)
    assert held_back(child) == []


def wrong_child_source(child: Json) -> None:
    assert states(child) == ALL


ROWS: dict[str, Callable[[Json], None]] = {
    check.__name__: check
    for check in (
        protection_plan, looked_after, twin_known, twin_unknown, unknown_to_police, no_nhs_number_at_council, restricted,
        protected_adoption, court_papers, court_order, privileged_advice, intelligence, objection, ehc_plan,
        ehc_plan_released, confidence, originator, conflicting_names, large_record, unknown_label, unlabelled, health_only,
        wrong_child_source, two_identities, protected_history, objection_exploited,
    )
}  # fmt: skip


@pytest.mark.parametrize("part", ROWS)
async def test_part_by_nhs_number(town: Town, part: str) -> None:
    child = await town.child(part)
    assert child["__typename"] == "JoinedView"
    ROWS[part](child)


BY_NAME = (
    "protection_plan", "twin_known", "conflicting_names", "no_nhs_number_at_council", "police_only", "earlier_identity"
)  # fmt: skip


@pytest.mark.parametrize("part", BY_NAME)
async def test_part_by_name(town: Town, part: str) -> None:
    child = await town.child(part, **town.names(part))
    assert child["__typename"] == "JoinedView"
    if part == "earlier_identity":
        earlier_identity(child)
    if part == "police_only":
        assert states(child) == {COUNCIL: "NOT_HELD", POLICE: "ANSWERED", HEALTH: "NOT_HELD"}


async def test_the_twin_police_do_not_know(town: Town) -> None:
    """Asked by her own name and birth date, police hold her sister: never joined."""
    child = await town.child("twin_unknown", **town.names("twin_unknown"))
    twin_unknown(child)


@pytest.mark.parametrize("by", ["number", "name"])
async def test_not_known_anywhere(town: Town, by: str) -> None:
    how = town.names("not_known_anywhere") if by == "name" else {}
    child = await town.child("not_known_anywhere", **how)
    assert child["__typename"] == "NoMatch"
    police = "NOT_ASKED" if by == "number" else "NOT_HELD"
    assert states(child) == {COUNCIL: "NOT_HELD", POLICE: police, HEALTH: "NOT_HELD"}


def test_no_part_is_left_out(town: Town) -> None:
    rows = Path("docs/cast.md").read_text(encoding="utf-8")
    for part in town.world.cast:
        assert f"`{part}`" in rows, f"{part} is not in docs/cast.md"
        assert part in {*ROWS, *BY_NAME, "not_known_anywhere"}, f"{part} is not tested"


PURPOSES = {
    "an objection under s.17 is respected": ("objection", "CA1989_S17", "tc-0417", ("WITHHELD", "Competent young person's refusal")),
    "a confidence under s.47 is kept unless lifted": (
        "confidence", "CA1989_S47", "tc-0417", ("WITHHELD", "Common law duty of confidence"),
    ),
    "court papers are not for the nurse": (
        "court_papers", "CA2004_S16LA", "tn-1184", ("WITHHELD", "Information from private family proceedings"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("part", "purpose", "worker", "expected"), PURPOSES.values(), ids=PURPOSES)
async def test_purpose_and_role_decide(
    town: Town, part: str, purpose: str, worker: str, expected: tuple[str, str]
) -> None:
    child = await town.child(part, purpose=purpose, worker=worker)
    assert expected in held_back(child)


async def test_court_permission_lifts_for_the_nurse(town: Town) -> None:
    child = await town.child("court_papers", worker="tn-1184")
    assert titles(child) == ["Fact-finding judgment"]


async def test_veiled_lines_cannot_be_told_apart(town: Town) -> None:
    """Adoption, intelligence and a restricted address: three grounds, one shape."""
    shapes = set()
    for part in ("protected_adoption", "intelligence", "restricted"):
        child = await town.child(part)
        for line in (line for line in lines(child) if line["outcome"] == "WITHHELD" and line["impediment"] is None):
            shapes.add(
                (
                    line["kind"],
                    line["nextStep"],
                    bool(line["replyBy"]),
                    "Single point" in line["contact"]["role"] or "duty nurse" in line["contact"]["role"],
                )
            )
    assert shapes == {(None, "Restricted. Contact the holder and quote the reference.", True, True)}


async def test_a_very_large_record_page_by_page(town: Town) -> None:
    query = """
      query Pages($find: ChildSearch!, $enquiry: EnquiryInput!, $after: String) {
        child(find: $find, enquiry: $enquiry) {
          __typename
          ... on JoinedView {
            sources { custodian { name } state } withheld { fields outcome }
            timeline(first: 100, after: $after) {
              total edges { node { on title withheld { fields outcome } } } pageInfo { endCursor hasNextPage }
            }
          }
          ... on PossibleMatches { sources { custodian { name } state } }
          ... on NoMatch { sources { custodian { name } state } }
        }
      }"""
    from hub.cli.client import ask, question

    seen, after = 0, None
    while True:
        variables = question(
            purpose="CA2004_S16LA", case_reference="A-1", nhsNumber=town.world.played_by("large_record").nhs_number
        )
        reply = await ask(town.running.state.hub_url, await town.token(), {**variables, "after": after}, query)
        assert reply.child is not None, reply.body
        timeline = reply.child["timeline"]
        seen += len(timeline["edges"])
        after = timeline["pageInfo"]["endCursor"]
        if not timeline["pageInfo"]["hasNextPage"]:
            break
    assert seen == timeline["total"] >= 499


async def test_on_postgresql(town_on_postgresql: Town) -> None:
    protection_plan(await town_on_postgresql.child("protection_plan"))
    assert log_checks_out(town_on_postgresql)


async def test_the_log_checks_out(town: Town) -> None:
    await town.child("protection_plan")
    assert log_checks_out(town)
