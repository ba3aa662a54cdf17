"""The agencies' record systems, made from what settings say of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hub.access.credential import KeptCredential
from hub.connectors.base import Connector
from hub.connectors.dfe import DfeConnector, DfeOptions
from hub.connectors.fhir import EventsConnector, FhirConnector, FhirOptions
from hub.connectors.fhir.locator import LocatorConnector
from hub.connectors.graphql.making import make as make_graphql
from hub.connectors.http import Credentials
from hub.connectors.rest import RestConnector
from hub.connectors.rest_mapping import load as load_mapping
from hub.connectors.ssd import SsdConnector
from hub.connectors.token import AgreedToken, IssuedToken
from hub.domain.catalogue import Catalogue
from hub.errors import ConfigurationError
from hub.policy.bundle import Bundle
from hub.settings import CustodianSettings


def make_connector(entry: CustodianSettings, rules: Callable[[], Bundle]) -> Connector:
    """The connector a settings entry describes; ``rules`` gives the policies in force.

    Raises:
        ConfigurationError: its credential or mapping file is wrong.
    """
    bundle = rules()
    custodian, catalogue = entry.custodian(), bundle.catalogue
    if entry.kind == "ssd":
        return SsdConnector(
            custodian,
            entry.url,
            catalogue,
            entry.ssd.pool_size,
            schema=entry.ssd.schema,
            without=_without(entry, "ssd", entry.ssd.without, catalogue),
            numbers_are_verified=entry.nhs_numbers_verified,
            unassessed=lambda: rules().barring_labels,
            zone=_zone(entry),
            stale_days=entry.ssd.stale_days or None,
        )
    if entry.dfe is not None:
        secret = None if entry.credential is None else KeptCredential(entry.credential).read
        agreed = DfeOptions(
            entry.dfe.organisation,
            client_id=entry.dfe.client_id,
            nhs_numbers_verified=entry.nhs_numbers_verified,
            not_found_is_not_held=entry.dfe.not_found_is_not_held,
            markings_applied=entry.dfe.markings_applied,
            echoes_request_id=entry.dfe.echoes_request_id,
        )
        return DfeConnector(
            custodian, entry.url, secret, catalogue, options=agreed, unassessed=lambda: rules().barring_labels
        )
    credentials = _credentials(entry)
    if entry.kind == "fhir" and entry.fhir.events:
        return EventsConnector(
            custodian,
            entry.url,
            credentials,
            catalogue,
            kinds=catalogue.of_sector(custodian.sector) - _without(entry, "fhir", entry.fhir.without, catalogue),
            search_by=entry.search_by,
            echoes_request_id=entry.echoes_request_id,
        )
    if entry.kind == "fhir" and entry.fhir.record_locator:
        return _locator(entry, credentials, catalogue)
    if entry.kind == "fhir":
        options = FhirOptions(
            search_by=entry.search_by,
            echoes_request_id=entry.echoes_request_id,
            pds_search=entry.pds_search,
            states_restriction=entry.fhir.states_restriction,
            kinds=catalogue.of_sector(custodian.sector) - _without(entry, "fhir", entry.fhir.without, catalogue),
            cpis_url=entry.fhir.cpis_url,
            cpis_unscheduled=entry.fhir.cpis_unscheduled,
            cpis_accesses=entry.fhir.cpis_accesses,
        )
        return FhirConnector(custodian, entry.url, credentials, catalogue, options=options)
    assert entry.mapping is not None
    words = bundle.vocabulary.labels.keys()
    if entry.kind == "graphql":
        return make_graphql(custodian, entry.url, Path(entry.mapping), credentials, catalogue, words)
    mapping = load_mapping(Path(entry.mapping), catalogue, words)
    return RestConnector(custodian, entry.url, mapping, credentials, catalogue)


def _credentials(entry: CustodianSettings) -> Credentials | None:
    """A token that is asked for, one that was agreed, or none."""
    if (asking := entry.token) is not None:
        try:
            asking.client()  # so that a missing key is told at the start
        except ConfigurationError as fault:
            raise ConfigurationError(f"custodian {entry.id}: [custodians.token]: {fault.message}") from None
        return IssuedToken.at(
            asking.url,
            asking.client,
            issuer=asking.assertion_audience,
            scope=asking.scope,
            audience=asking.audience,
        )
    return None if entry.credential is None else AgreedToken(KeptCredential(entry.credential).read)


def _locator(entry: CustodianSettings, credentials: Credentials | None, catalogue: Catalogue) -> Connector:
    return LocatorConnector(
        entry.custodian(),
        entry.url,
        credentials,
        catalogue,
        numbers_are_verified=entry.nhs_numbers_verified,
        organisation=entry.fhir.organisation,
        search_by=entry.search_by,
        echoes_request_id=entry.echoes_request_id,
    )


def _without(entry: CustodianSettings, part: str, kinds: Sequence[str], catalogue: Catalogue) -> frozenset[str]:
    unknown = sorted(set(kinds) - set(catalogue.kinds))
    if unknown:
        problem = f"custodian {entry.id}: `{part}.without` names {unknown[0]}, which is no kind of record."
        raise ConfigurationError(problem)
    return frozenset(kinds)


def _zone(entry: CustodianSettings) -> tzinfo:
    if entry.ssd.zone == "UTC":  # known even where the machine has no table of time zones
        return UTC
    try:
        return ZoneInfo(entry.ssd.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        problem = f"custodian {entry.id}: `ssd.zone` is no time zone known here: write one such as Europe/London."
        raise ConfigurationError(problem) from None
