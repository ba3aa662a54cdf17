"""Every source of the dataset."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from hub.connectors.ssd.source import Source, Tables
from hub.connectors.ssd.sources_care import care_sources
from hub.connectors.ssd.sources_identifiers import identifier_sources
from hub.connectors.ssd.sources_looked_after import looked_after_sources
from hub.connectors.ssd.sources_people import people_sources
from hub.connectors.ssd.sources_social import social_sources


def all_sources(tables: Tables, nhs_number: ColumnElement[str]) -> tuple[Source, ...]:
    """Every source, in reading order. ``nhs_number`` is the column, or expression, that holds the NHS number."""
    return (
        *people_sources(tables, nhs_number),
        *identifier_sources(tables),
        *social_sources(tables),
        *looked_after_sources(tables),
        *care_sources(tables),
    )
