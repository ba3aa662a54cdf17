"""Every line the hub writes for whoever runs it: one enum, so that what a line can hold is known before it is written.

A field is a number, a moment, a member of an enum, a class (of which only the name is written), the id of a custodian,
a digest, or the hub's own complaint about an installation's files. A plain text is none of these and is refused: what
an agency, a client or an exception said has no way into a line. ``docs/log-lines.md`` lists them all.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, StrEnum
from string import Formatter
from typing import TypeAlias

from hub.errors import ConfigurationError

LOGGER = logging.getLogger("hub")

OTHER = "OTHER"
"""The code of a line that another library wrote."""

_E, _W = logging.ERROR, logging.WARNING

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_DIGEST = re.compile(r"(?:sha256:)?[0-9a-f]{32}(?:[0-9a-f]{32})?")
COMPLAINT_CHARACTERS_MAX = 500

UNKNOWN = "?"
"""What is written for an id or a digest that does not look like one."""


@dataclass(frozen=True, slots=True)
class Id:
    """The id that settings give a custodian or a witness."""

    id: str

    def __str__(self) -> str:
        return self.id if _ID.fullmatch(self.id) else UNKNOWN


@dataclass(frozen=True, slots=True)
class Digest:
    """A SHA-256 in hexadecimal, or 32 random digits such as a trace's."""

    digest: str

    def __str__(self) -> str:
        return self.digest if _DIGEST.fullmatch(self.digest) else UNKNOWN


Value: TypeAlias = int | float | date | datetime | StrEnum | type | Id | Digest | ConfigurationError


class LogLine(Enum):
    """The lines. The name is the code; then the level, what follows the code, and what to do about it."""

    UNFORESEEN_FAULT = _E, ": a fault of type {fault}, trace {trace}", "Report it with the trace: the answer was a 500."
    CONNECTOR_FAULT = _E, ": a connector's fault of type {fault}", "Report it; the source said that it gave no answer."
    CUSTODIAN_SUSPENDED = (
        _W,
        " {custodian}: {call} failed {times} times in a row, last as {reason}; not asked for {seconds} s",
        "See whether its system is up. It is tried again by itself.",
    )
    CUSTODIAN_RESUMED = _W, " {custodian}: {call} is answered again", "Nothing."
    EXTRACT_STALE = (
        _W,
        ": the extract of {custodian} is {days} days old: its documents and addresses are held back",
        "Have the custodian renew it: until then they stay so.",
    )
    TALLY_NOT_KEPT = _E, ": past decisions are counted in memory only: {fault}", "See to the log's database."
    TALLY_KEPT_AGAIN = _W, ": past decisions are counted in the database again", "Nothing."
    TALLY_FULL = _E, ": {count} decisions were not counted: there are too many different ones", "Report it."
    LOG_LIST_KEPT_AGAIN = _W, ": the list of the log is kept up again", "Nothing."
    LOG_READ_FAILED = _E, ": the audit log could not be read: {fault}", "See to the log's database."
    LOG_SUBTREES_DAMAGED = (
        _E,
        ": the log's stored subtrees are damaged; this proof is made without them",
        "Run `hub audit verify`, then restore the database.",
    )
    LOG_REAP_FAILED = _W, ": open questions could not be ended: the log is unavailable", "See to the log's database."
    MATCHES_NOT_KEPT = (
        _W,
        ": possible matches of an answer were not kept: they cannot be confirmed by its references",
        "See to the log's database.",
    )
    ENTRIES_RECOVERED = (
        _W,
        ": {count} entries that a hub signed and could not commit were written now, from {start} on",
        "Nothing, unless it comes often: then see why commits fail.",
    )
    DENIALS_NOT_READ = _W, ": the list of denied access could not be read", "See to the log's database."
    CASE_REGISTER_SILENT = _W, ": the case register did not answer: {fault}", "See whether it is up."
    CASE_REGISTER_UNREADABLE = _W, ": the case register's file cannot be read: {fault}", "Mend the file."
    WEIGHTS_OWN = _W, ": matching goes by weights of its own, {digest}", "Nothing, if that is meant."

    @property
    def level(self) -> int:
        """Of :mod:`logging`."""
        return int(self.value[0])

    @property
    def words(self) -> str:
        """What follows the code, with the names of its fields in braces."""
        return self.value[1]

    @property
    def to_do(self) -> str:
        """What to do about it."""
        return self.value[2]

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of its fields, in order."""
        return tuple(name for _, name, _, _ in Formatter().parse(self.words) if name)


def say(line: LogLine, **fields: Value) -> None:
    """Write ``line``.

    Raises:
        TypeError: a field is missing or too many, or is of a kind that could hold anything.
    """
    if fields.keys() != set(line.fields):
        raise TypeError(f"{line.name} has the fields {', '.join(line.fields) or 'none'}")
    shown = {name: _shown(value) for name, value in fields.items()}
    text = f"{line.name}{line.words.format(**shown)}"
    LOGGER.log(line.level, "%s", text, extra={"hub_line": line, "hub_fields": shown})


class JsonLines(logging.Formatter):
    """One JSON object a line. Of other libraries' lines only level and logger are kept: their words are unknown."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = getattr(record, "hub_line", None)
        if isinstance(line, LogLine):
            own = {"code": line.name, **getattr(record, "hub_fields", {})}
        else:
            own = {"code": OTHER, "logger": record.name}
        at = datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")
        return json.dumps({"at": at, "level": record.levelname, **own}, ensure_ascii=True)


def _shown(value: Value) -> str | int | float:
    """The value as it is written."""
    if isinstance(value, bool):
        raise TypeError("a line has no field that is true or false")
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return float(f"{value:g}") if value % 1 else round(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, Id | Digest):
        return str(value)
    if isinstance(value, ConfigurationError):
        return " ".join(value.message.split())[:COMPLAINT_CHARACTERS_MAX]
    raise TypeError("a field of a line is of no kind that may be written")
