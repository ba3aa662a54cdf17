"""Why the log's database could not be opened, in words for whoever runs the hub; no URL and nothing of a row."""

from __future__ import annotations

from hub.errors import AuditUnavailable

LOCKED = (
    "somebody else holds it locked: a backup, a prune or a shell that was left open, or another hub that hangs. Let "
    "that end, or end it"
)
NO_ROOM = "its disk is full. Make room"
NOT_ALLOWED = "this user may not open or write it. See to its owner, its rights, and the password in the settings"
NOT_THERE = (
    "it cannot be reached, or refuses the hub. See whether it runs, and that host, port, name and password in the "
    "settings are right"
)

_SQLITE = {"SQLITE_BUSY": LOCKED, "SQLITE_LOCKED": LOCKED, "SQLITE_FULL": NO_ROOM, "SQLITE_CANTOPEN": NOT_ALLOWED,
           "SQLITE_READONLY": NOT_ALLOWED, "SQLITE_PERM": NOT_ALLOWED, "SQLITE_AUTH": NOT_ALLOWED}  # fmt: skip
_POSTGRESQL = {"55P03": LOCKED, "57014": LOCKED, "40P01": LOCKED, "53100": NO_ROOM, "42501": NOT_ALLOWED,
               "25006": NOT_ALLOWED}  # fmt: skip


class NotOpened(AuditUnavailable):
    """The database of the log could not be opened at a start."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The log's database cannot be opened: {reason}. See docs/runbook.md, `The log is down`.")


def why(fault: BaseException) -> str:
    """What is wrong and what to do, by the driver's own code; ``fault`` is SQLAlchemy's or the driver's."""
    driver = getattr(fault, "orig", None) or fault
    name = getattr(driver, "sqlite_errorname", None)
    if isinstance(name, str):
        return _SQLITE.get("_".join(name.split("_")[:2]), f"it failed ({name})")
    state = getattr(driver, "sqlstate", None)
    if isinstance(state, str):
        return NOT_ALLOWED if state.startswith("28") else _POSTGRESQL.get(state, f"it failed (SQLSTATE {state})")
    return NOT_THERE
