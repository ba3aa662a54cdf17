"""Months of figures, written straight into the tables that the list of the log is made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine, delete, insert

from hub.store.read_model import catch_up_wholly
from hub.store.sharing_facts import Came, Fact, What
from hub.store.sharing_tables import read_deed, read_month

COUNCIL, POLICE, NHS = "testshire-council", "testshire-police", "testshire-nhs"


def month_before(at: datetime, back: int = 1) -> str:
    """``YYYY-MM``, so many months before."""
    months = at.year * 12 + at.month - 1 - back
    return f"{months // 12:04}-{months % 12 + 1:02}"


def filled(engine: Engine, facts: Mapping[Fact, int], deeds: Mapping[tuple[str, str, str, str, str], int]) -> None:
    """Have these figures, and no others."""
    catch_up_wholly(engine)
    rows = [
        {"index": -1 - number, "month": month, "kind": kind, "act": act, "agency": agency, "word": word}
        for number, (month, kind, act, agency, word) in enumerate(
            deed for deed, times in deeds.items() for _ in range(times)
        )
    ]
    with engine.begin() as connection:
        connection.execute(delete(read_month))
        connection.execute(delete(read_deed))
        if facts:
            connection.execute(insert(read_month), [{**fact._asdict(), "times": n} for fact, n in facts.items()])
        if rows:
            connection.execute(insert(read_deed), rows)


def busy(month: str) -> tuple[dict[Fact, int], dict[tuple[str, str, str, str, str], int]]:
    """A month of a partnership of three."""
    records = [
        (COUNCIL, "ca2004-s16la", Came.SHARED, "", 1480), (COUNCIL, "ca1989-s47", Came.SHARED, "", 610),
        (COUNCIL, "ca1989-s17", Came.SHARED, "", 204), (POLICE, "ca2004-s16la", Came.SHARED, "", 391),
        (POLICE, "ca1989-s47", Came.SHARED, "", 210), (NHS, "ca2004-s16la", Came.SHARED, "", 877),
        (NHS, "ca1989-s47", Came.SHARED, "", 402), (NHS, "ca2004-s16m", Came.SHARED, "", 3),
        (COUNCIL, "ca2004-s16la", "refused_part", "imp-sen-reg17", 41), (COUNCIL, "ca1989-s47", "refused", "imp-lpp", 12),
        (COUNCIL, "ca2004-s16la", "restricted", "", 9), (POLICE, "ca2004-s16la", "restricted", "", 26),
        (POLICE, "ca1989-s47", "refused", "imp-originator-marac", 33), (NHS, "ca2004-s16la", "refused_part", "imp-confidence", 48),
        (NHS, "ca1989-s47", "refused", "imp-lpp", 3), (COUNCIL, "ca1989-s47", "refused", "imp-gillick", 6),
        (POLICE, "ca1989-s47", "refused", "imp-lpp", 7),
        (COUNCIL, "ca2004-s16la", Came.GAP, "several", 38), (POLICE, "ca2004-s16la", Came.GAP, "unknown_label", 14),
        (NHS, "ca1989-s47", "gap_part", "imp-confidence", 21), (NHS, "ca2004-s16la", Came.GAP, "several", 5),
    ]  # fmt: skip
    facts: dict[Fact, int] = {}
    for custodian, purpose, code, detail, times in records:
        held = Fact(month, What.RECORD, custodian, "", code, detail)
        facts[held] = facts.get(held, 0) + times
        asked_for = Fact(month, What.PURPOSE, "", purpose, code, detail)
        facts[asked_for] = facts.get(asked_for, 0) + times
    for custodian, answered, slow, down, took in (
        (COUNCIL, 610, 2, 0, (38, 61, 240)), (POLICE, 548, 41, 17, (310, 720, 3900)), (NHS, 597, 11, 0, (120, 260, 1400)),
    ):  # fmt: skip
        facts[Fact(month, What.SOURCE, custodian, code="answered")] = answered
        for reason, times in (("slow", slow), ("down", down)):
            if times:
                facts[Fact(month, What.SOURCE, custodian, code="no_answer", detail=reason)] = times
        for share, ms in zip((300, 200, 50), took, strict=True):
            facts[Fact(month, What.SOURCE_MS, custodian, detail=str(ms))] = share
    for outcome, times in (("joined_view", 540), ("possible_matches", 31), ("no_match", 38), ("abandoned", 2)):
        facts[Fact(month, What.QUESTION, "", "ca2004-s16la", outcome)] = times
    facts[Fact(month, What.QUESTION, "", "ca1989-s17", "joined_view", "proceedings")] = 11
    for ms, times in ((420, 330), (900, 220), (4100, 59)):
        facts[Fact(month, What.QUESTION_MS, detail=str(ms))] = times
    deeds = {
        (month, "judgement", "recorded", POLICE, "detriment_decision"): 7,
        (month, "judgement", "recorded", COUNCIL, "detriment_decision"): 6,
        (month, "judgement", "recorded", NHS, "interests_decision"): 8,
        (month, "release_request", "asked", COUNCIL, ""): 21,
        (month, "release_request", "asked", NHS, ""): 9,
        (month, "release_request", "released", POLICE, "in_whole"): 12,
        (month, "release_request", "released", NHS, "in_whole"): 6,
        (month, "release_request", "refused", POLICE, "imp-originator-marac"): 9,
        (month, "release_request", "escalated", POLICE, ""): 5,
    }
    return facts, deeds
