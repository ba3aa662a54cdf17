"""The connector for agencies that built their side of the Department for Education's custodian API."""

from hub.connectors.dfe.connector import DfeConnector, DfeOptions

__all__ = ["DfeConnector", "DfeOptions"]
