"""Council children's social care in the Standard Safeguarding Dataset layout, read through SQLAlchemy."""

from __future__ import annotations

from hub.connectors.ssd.connector import SsdConnector

__all__ = ["SsdConnector"]
