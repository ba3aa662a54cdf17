"""Decisions as people type them, and the settings, register and kinds of decision of the hub they are typed into."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

ORIGIN = "hub.testshire.example/log"
SETTINGS = """
environment = "development"
policies = "policies"
[log]
database_url = "sqlite:///{place}/log.db"
key_file = "log.key"
origin = "hub.testshire.example/log"
[access]
issuer = "http://127.0.0.1:9"
audience = "http://127.0.0.1:9"
register = "register.toml"
[[custodians]]
id = "testshire-council"
name = "Testshire Council"
sector = "council"
kind = "ssd"
url = "sqlite:///none.db"
contact = {{ role = "Desk", phone = "01632 960 121" }}
"""
REGISTER = """
[[issuers]]
id = "login"
url = "http://127.0.0.1:9"
[[organisations]]
id = "testshire-nhs"
name = "Testshire NHS"
sector = "health"
[[clients]]
id = "portal"
issuer = "login"
organisation = "testshire-nhs"
[[roles]]
organisation = "testshire-nhs"
role = "mash_nurse"
purposes = ["ca2004-s16la"]
valid_from = 2026-01-01
valid_until = 2027-12-31
signed_off_by = "Testshire Partnership"
signed_off_on = 2026-01-01
"""
KINDS = """
[judgements.test_objection]
meaning = "a young person objects"
gives = "yp_objection"
made_by = ["caldicott"]
hours_max = 72
one_request = true
[judgements.test_interests]
meaning = "the council needs it shared in the child's interests"
gives = "interests_decision"
made_by = ["send"]
hours_max = 8784
parts = true
"""
REASONS = "Her father has asked the school for this address, and would find them by it."
SECRETS = ("9990004021", "999 000 4021", "P-77", "Imogen", "Fairweather", "father", "MASH-2026-1182", "MASH-9")


def moment(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def said(at: str) -> str:
    when = datetime.fromisoformat(at)
    return f"{when.day} {when:%b %Y %H:%M} UTC"


def file(**changes: str) -> str:
    """A decision as TOML, with ``changes``; an empty one leaves the key out."""
    keys = {
        "kind": '"test_objection"',
        "custodian": '"testshire-council"',
        "nhs_number": '"999 000 4021"',
        "local_id": '"P-77"',
        "decided_by": '"Imogen Fairweather"',
        "post": '"caldicott"',
        "reasons": f'"""\n{REASONS}\n"""',
        "review_at": moment(24),
        "expires_at": moment(48),
    } | {key: value for key, value in changes.items() if key != "request"}
    request = changes.get(
        "request", 'organisation = "testshire-nhs"\ncase_reference = "MASH-2026-1182"\npurpose = "ca2004-s16la"'
    )
    lines = [f"{key} = {value}" for key, value in keys.items() if value]
    return "\n".join(lines) + (f"\n[request]\n{request}\n" if request else "\n")


INTERESTS = {
    "kind": '"test_interests"',
    "post": '"send"',
    "record_kinds": '["education_health_care_plan"]',
    "request": "",
}
