"""What a partnership with a school in it would write by hand: the settings and the register."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hub.access.demo_register import DEMO_ISSUER

REGISTER = Path("hub/demo/data/register.toml")


def settings_text(directory: Path, issuer: str, audience: str, urls: Mapping[str, str]) -> str:
    """``settings.toml`` for agencies at ``urls`` (council, police, health, school)."""
    return f"""
environment = "development"
server = {{ public_url = "{audience}" }}
log = {{ database_url = "sqlite:///{directory / "log.db"}", key_file = "log.key", origin = "hub.testshire.example/log" }}
access = {{ issuer = "{issuer}", audience = "{audience}", register = "register.toml" }}

[[custodians]]
id = "testshire-council"
name = "Testshire Council"
sector = "council"
kind = "ssd"
url = "{urls["council"]}"
ssd.stale_days = 0
contact = {{ role = "Single point of contact, Testshire Council", phone = "01632 960 121" }}
contacts.legal = {{ role = "Council legal", phone = "01632 960 120" }}
contacts.send = {{ role = "SEND manager", phone = "01632 960 122" }}
contacts.adoption_agency = {{ role = "Adoption adviser", phone = "01632 960 125" }}

[[custodians]]
id = "testshire-police"
name = "Testshire Police"
sector = "police"
kind = "rest"
url = "{urls["police"]}"
mapping = "pole-demo.toml"
credential = {{ file = "police.credential" }}
contact = {{ role = "Single point of contact, Testshire Police", phone = "01632 960 131" }}
contacts.intelligence = {{ role = "Force intelligence bureau", phone = "01632 960 132" }}
contacts.senior_investigating_officer = {{ role = "Detective inspector", phone = "01632 960 134" }}

[[custodians]]
id = "testshire-nhs"
name = "Testshire NHS"
sector = "health"
kind = "fhir"
url = "{urls["health"]}"
credential = {{ file = "nhs.credential" }}
contact = {{ role = "Safeguarding duty nurse, Testshire NHS", phone = "01632 960 114" }}
contacts.caldicott = {{ role = "Caldicott guardian", phone = "01632 960 115" }}

[[custodians]]
id = "testshire-academy"
name = "Testshire Vale Academy"
sector = "education"
kind = "rest"
url = "{urls["school"]}"
mapping = "school.toml"
credential = {{ file = "school.credential" }}
contact = {{ role = "Safeguarding lead, Testshire Vale Academy", phone = "01632 960 151" }}
contacts.legal = {{ role = "Academy trust legal", phone = "01632 960 152" }}
"""


def register_text(issuer: str) -> str:
    """The demo's register, made out for ``issuer``, with the school in it."""
    text = REGISTER.read_text(encoding="utf-8").replace(f'url = "{DEMO_ISSUER}"', f'url = "{issuer}"')
    return f"""{text}
[[organisations]]
id = "testshire-academy"
name = "Testshire Vale Academy"
sector = "education"

[[clients]]
id = "academy-mis"
issuer = "testshire-login"
organisation = "testshire-academy"
states_purpose = true

[[roles]]
organisation = "testshire-academy"
role = "school_safeguarding_lead"
purposes = ["ca2004-s16la"]
valid_from = 2026-09-30
valid_until = 2035-12-31
signed_off_by = "Head of Information Governance, Testshire Safeguarding Children Partnership"
signed_off_on = 2026-09-01
"""
