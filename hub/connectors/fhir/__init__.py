"""NHS record systems: HL7 FHIR R4 over HTTP, with the rules of the Personal Demographics Service (PDS)."""

from hub.connectors.fhir.connector import FhirConnector
from hub.connectors.fhir.events_connector import EventsConnector
from hub.connectors.fhir.options import FhirOptions

__all__ = ["EventsConnector", "FhirConnector", "FhirOptions"]
