"""What a driver's error means. Its text can hold data, so nothing of it is passed on."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from hub.connectors.base import UpstreamFault
from hub.domain.sources import NoAnswerReason

_BY_SQLSTATE = {
    "57014": (NoAnswerReason.SLOW, "it stopped the query for taking too long"),
    "28": (NoAnswerReason.REFUSED, "it does not accept the hub's credentials"),
    "42501": (NoAnswerReason.REFUSED, "it does not let the hub read a table"),
    "53": (NoAnswerReason.DOWN, "it has no room for another connection"),
    "57": (NoAnswerReason.DOWN, "it is shutting down or starting"),
    "08": (NoAnswerReason.DOWN, "the connection broke"),
    "42": (NoAnswerReason.MALFORMED, "its extract is not laid out as published"),
    "22": (NoAnswerReason.MALFORMED, "its extract holds values that cannot be read"),
}
"""By SQLSTATE (ISO/IEC 9075), whole or by its class: PostgreSQL, appendix A of its manual; SQL Server by ODBC."""

_BY_WORDS = (
    ("password authentication failed", NoAnswerReason.REFUSED, "it does not accept the hub's credentials"),
    ("login failed", NoAnswerReason.REFUSED, "it does not accept the hub's credentials"),
    ("no pg_hba.conf entry", NoAnswerReason.REFUSED, "it does not accept the hub's credentials"),
    ("no such table", NoAnswerReason.MALFORMED, "its extract is not laid out as published"),
    ("no such column", NoAnswerReason.MALFORMED, "its extract is not laid out as published"),
    ("not a database", NoAnswerReason.MALFORMED, "its file is not a database"),
    ("malformed", NoAnswerReason.MALFORMED, "its file is damaged"),
    ("interrupted", NoAnswerReason.SLOW, "it stopped the query for taking too long"),
    ("locked", NoAnswerReason.DOWN, "it is locked by another program"),
)
"""By words of the driver's own text, where a driver gives no SQLSTATE (SQLite; psycopg before a session exists)."""


def fault_of(error: DBAPIError) -> UpstreamFault:
    """The fault that ``error`` means: down unless it says otherwise, for a connection that fails says least."""
    state = _sqlstate(error.orig)
    for length in (5, 2):
        if found := _BY_SQLSTATE.get(state[:length]):
            return UpstreamFault(*found)
    text = str(error.orig).casefold()
    for words, reason, detail in _BY_WORDS:
        if words in text:
            return UpstreamFault(reason, detail)
    return UpstreamFault(NoAnswerReason.DOWN, "could not connect, or the connection broke")


def _sqlstate(driver_error: BaseException | None) -> str:
    state = getattr(driver_error, "sqlstate", None)
    if state is None and driver_error is not None and driver_error.args:  # ODBC puts it first
        state = driver_error.args[0]
    return state if isinstance(state, str) and len(state) == 5 else ""
