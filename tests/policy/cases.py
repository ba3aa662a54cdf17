"""What the policy tests share: the real policies, and requests and pointers made from a few words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from hub.domain.organisations import Contact, Custodian, Sector
from hub.domain.records import RecordPointer
from hub.policy.bundle import Bundle
from hub.policy.engine import Policy
from hub.policy.facts import RequestFacts
from hub.policy.load import default_policies_directory, load_bundle

ON = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 16, 40, tzinfo=UTC)
SPOC = Contact("Single point of contact", "01632 960121")
LEGAL = Contact("Council legal", "01632 960120")
DATA_OWNER = Contact("Data owner", "01632 960122")
COUNCIL = Custodian("council", "Testshire Council", Sector.COUNCIL, SPOC, {"legal": LEGAL, "data_owner": DATA_OWNER})


@cache
def bundle() -> Bundle:
    """The project's own policies."""
    return load_bundle(default_policies_directory(), ON)


def policy() -> Policy:
    """The project's own policies, compiled anew: what one test kept must not answer for another."""
    return Policy(bundle())


def request(**facts: Any) -> RequestFacts:
    """A social worker's section 47 enquiry, but for ``facts``."""
    usual: dict[str, Any] = {
        "purpose": "ca1989-s47",
        "role": "mash_social_worker",
        "recipient_sector": Sector.COUNCIL,
        "decision_recorded": True,
    }
    return RequestFacts(**usual | facts)


def pointer(kind: str = "case_document", labels: str = "", undetermined: str = "") -> RecordPointer:
    """A record of the council's; labels as words with spaces between."""
    return RecordPointer("council", kind, "r-1", frozenset(labels.split()), frozenset(undetermined.split()))
