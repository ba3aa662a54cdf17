"""The codes that the pretend police's system writes for what the world says in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_RISK = {"No apparent risk": "N", "Low": "L", "Standard": "S", "Medium": "M", "High": "H"}

CODES: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("incident", "role"): {"Named": "NAM", "Suspect": "SUS", "Victim": "VIC", "Witness": "WIT"},
    ("domestic_abuse_incident", "risk_grade"): _RISK,
    ("vulnerability_notice", "risk_grade"): {"Amber": "A", "Green": "G", "Red": "R"},
    ("missing_report", "risk_grade"): _RISK,
    ("exploitation_marker", "risk_grade"): _RISK,
    ("exploitation_marker", "marker"): {
        "Criminal exploitation": "CCE",
        "Sexual exploitation": "CSE",
        "Modern slavery and trafficking": "MST",
    },
    ("intelligence", "source_grade"): {
        "Reliable (1)": "1",
        "Untested (2)": "2",
        "Not reliable (3)": "3",
        "Mostly reliable (B of 5x5x5)": "B",
    },
    ("intelligence", "information_grade"): {
        "Known directly to the source (A)": "A",
        "Known indirectly to the source, but corroborated (B)": "B",
        "Known indirectly to the source (C)": "C",
        "Known personally to the source, not to the person reporting (2 of 5x5x5)": "2",
    },
}
"""Kind of event and field: the code for each word. A word without one is written as it is."""


def coded(kind: str, name: str, value: Any) -> Any:
    """``value`` of the field called ``name``, as the system writes it."""
    return CODES.get((kind, name), {}).get(value, value)
