"""What the pages of a review are made of, and what codes mean on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.domain.organisations import Sector
from hub.service.access_report import Words
from hub.service.reviewing import Answering, Reviewer, Reviewing
from hub.service.reviewing_check import LogCheck
from hub.service.reviewing_exports import Exporting
from hub.service.reviewing_report import Reporting
from hub.service.reviewing_samples import Sampling
from hub.web.site import Site
from hub.web.visit import Visit


class Desk:
    """The services behind the pages, made once of what the site has."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.reviewing = Reviewing(site.log, site.following)
        self.sampling = Sampling(self.reviewing, site.following)
        self.exporting = Exporting(self.reviewing, site.log_keys)
        self.reporting = Reporting(self.reviewing)
        self.answering = Answering(site.log, site.following)
        self.check = LogCheck(site.log, site.witnessing, site.log_keys[1:])

    async def reviewer(self, visit: Visit) -> Reviewer:
        """Who is reviewing; Forbidden for whose role does not."""
        return Reviewer.of(visit.searcher, await visit.officer())

    @property
    def agencies(self) -> Mapping[str, str]:
        """Names of agencies by id: those that may ask, and those that are asked."""
        asking = {each.id: each.name for each in self.site.admission.registers.current.organisations.values()}
        return {each.id: each.name for each in self.site.custodians} | asking

    def sector(self, organisation: str) -> Sector | None:
        """The sector of an agency that may ask."""
        found = self.site.admission.registers.current.organisations.get(organisation)
        return None if found is None else found.sector

    @property
    def purposes(self) -> Mapping[str, str]:
        """Titles of purposes by id."""
        return {each.id: each.title for each in self.site.policies.current.bundle.purposes.values()}

    @property
    def kinds(self) -> Mapping[str, str]:
        """Titles of kinds of record by id."""
        return {each.id: each.title for each in self.site.policies.current.bundle.catalogue.kinds.values()}

    def words(self) -> Words:
        """What codes mean, for a report."""
        bundle, register = self.site.policies.current.bundle, self.site.admission.registers.current
        sectors = {each.id: each.sector for each in self.site.custodians}
        sectors |= {each.id: each.sector for each in register.organisations.values()}
        purposes = {each.id: f"{each.title} ({each.citation})" for each in bundle.purposes.values()}
        sections = {kind: spec.section.value for kind, spec in bundle.catalogue.kinds.items()}
        return Words(purposes, self.agencies, sectors, sections)

    def said(self) -> dict[str, Any]:
        """What every template of these pages needs."""
        return {"agencies": self.agencies, "purposes": self.purposes, "kinds": self.kinds, "flags": FLAGS}


FLAGS: Mapping[str, tuple[str, str]] = {
    "no_case": ("No case found", "every council that was asked for a case was searched and had none"),
    "out_of_hours": ("Out of hours", "outside Monday to Friday, 8am to 6pm"),
    "many": ("Many children", "the worker asked about many different children that day"),
    "often": ("Same child often", "the worker has asked about this child many times"),
    "watched": ("Many workers", "many workers have asked about this child"),
    "first_purpose": ("First time", "the worker's first question under this purpose"),
    "veiled": ("Restricted", "something was withheld whose ground the worker was not told"),
    "no_answer": ("Silent source", "an agency that was asked did not answer"),
}
"""By field of a row: its flag, and what it means."""
