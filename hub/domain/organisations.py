"""Agencies: those that hold (custodians) and how to reach a person there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Sector(StrEnum):
    """The kind of agency, which decides the section of the joined view its records appear in."""

    COUNCIL = "council"
    POLICE = "police"
    HEALTH = "health"
    EDUCATION = "education"
    HOUSING = "housing"
    PROBATION = "probation"
    JUSTICE = "justice"  # family courts, Cafcass, youth justice


@dataclass(frozen=True, slots=True)
class Contact:
    """A post, not a person, that answers the telephone."""

    role: str
    phone: str


@dataclass(frozen=True, slots=True)
class Custodian:
    """An agency whose record system the hub can ask.

    ``contact`` is its single point of contact: the one shown for anything veiled. ``contacts`` are the posts that
    can lift a particular impediment, by the word policies use for them (``legal``, ``send``, ``intelligence``,
    ``caldicott``, ``data_owner``); :meth:`contact_for` falls back to the single point of contact.
    """

    id: str
    name: str
    sector: Sector
    contact: Contact
    contacts: Mapping[str, Contact] = field(default_factory=dict, hash=False)

    def contact_for(self, post: str | None) -> Contact:
        """The contact who holds ``post`` here, or the single point of contact."""
        return self.contacts.get(post, self.contact) if post else self.contact
