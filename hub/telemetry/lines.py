"""Every line the hub writes for whoever runs it: one enum, so that what a line can hold is known before it is written.

A field is a number, a moment, a member of an enum, a class (of which only the name is written), an id, a digest, the
name of a log or of a witness, or the hub's own complaint (:class:`hub.errors.Complaint`). A plain text is none of these
and is refused: what an agency, a client or an exception said has no way into a line. ``docs/log-lines.md`` has them.
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

from hub.errors import Complaint

LOGGER = logging.getLogger("hub")

OTHER = "OTHER"
"""The code of a line that another library wrote."""

_E, _W, _I = logging.ERROR, logging.WARNING, logging.INFO

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9./:+_-]{0,254}")
_DIGEST = re.compile(r"(?:sha256:)?[0-9a-f]{32}(?:[0-9a-f]{32})?")
COMPLAINT_CHARACTERS_MAX = 500

UNKNOWN = "?"
"""What is written for an id or a digest that does not look like one."""


@dataclass(frozen=True, slots=True)
class Id:
    """The id that settings or policies give a custodian or a rule."""

    id: str

    def __str__(self) -> str:
        return self.id if _ID.fullmatch(self.id) else UNKNOWN


@dataclass(frozen=True, slots=True)
class Name:
    """The name that whoever installed it gave a log (``testshire.example/log``) or a witness of it."""

    name: str

    def __str__(self) -> str:
        return self.name if _NAME.fullmatch(self.name) else UNKNOWN


@dataclass(frozen=True, slots=True)
class Digest:
    """A SHA-256 in hexadecimal, or 32 random digits such as a trace's."""

    digest: str

    def __str__(self) -> str:
        return self.digest if _DIGEST.fullmatch(self.digest) else UNKNOWN


Value: TypeAlias = int | float | date | datetime | StrEnum | type | Id | Name | Digest | Complaint


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
    RELEASE_ROUND_FAILED = (
        _W,
        ": release requests that are late could not be escalated: the log is unavailable",
        "See to the log's database. They are escalated when it is back.",
    )
    ENTRIES_RECOVERED = (
        _W,
        ": {count} entries that a hub signed and could not commit were written now, from {start} on",
        "Nothing, unless it comes often: then see why commits fail.",
    )
    DENIALS_NOT_READ = _W, ": the list of denied access could not be read", "See to the log's database."
    SESSIONS_NOT_FORGOTTEN = (
        _W,
        ": sessions of the pages that ended could not be forgotten",
        "See to the log's database.",
    )
    CASE_REGISTER_SILENT = _W, ": the case register did not answer: {fault}", "See whether it is up."
    CASE_REGISTER_UNREADABLE = _W, ": the case register's file cannot be read: {fault}", "Mend the file."
    DOCUMENTS_INVALID = (
        _E,
        ": the documents registered before stay in force. {fault}",
        "Correct the file; `hub documents` writes it.",
    )
    ISSUER_KEYS_NOT_READ = (
        _W,
        ": the issuer's keys could not be read: {fault}",
        "See whether the authorization server is up. The keys at hand are good for 10 minutes.",
    )
    ISSUER_KEYS_REFUSED = (
        _W,
        ": the issuer's keys could not be read: HTTP status {status}",
        "See to `access.jwks_uri` and the authorization server. The keys at hand are good for 10 minutes.",
    )
    REGISTER_INVALID = (
        _E,
        ": the hub goes on with the register {digest}",
        "Correct the file: `hub register check` says what is wrong.",
    )
    REGISTER_NOT_LOGGED = (
        _E,
        ": a register is not in force until it is in the log; the hub goes on with the register {digest}",
        "See to the log's database. It is tried again by itself.",
    )
    REGISTER_NOT_READ = _E, ": the register could not be read: {fault}", "See to the file: `hub register check`."
    LOG_LIST_BEHIND = (
        _E,
        ": the list of the log is not kept up: {fault}",
        "See to the log's database. It is tried again every other second.",
    )
    POLICY_INVALID = _E, ": the hub goes on with {digest}. {fault}", "Correct the files: `hub policy check`."
    POLICY_UNSIGNED = _E, ": the hub goes on with {digest}. {fault}", "Have them signed: `hub policy sign`."
    POLICY_NEEDS_RESTART = _E, ": the hub goes on with {digest}. {fault}", "Start the hub again when it suits."
    POLICIES_IN_FORCE = _W, ": {digest} of {day} are in force, after {before}", "Nothing, if that is meant."
    POLICIES_BACK = _W, ": {digest} are on disk again, and in force", "Nothing."
    POLICY_OVERDUE = _W, " {policy}: past its review date, and in force", "Have it reviewed."
    WITNESSES_NOT_ASKED = (
        _E,
        ": the witnesses could not be asked: {fault}",
        "See to the log's database. It is tried again by itself.",
    )
    WITNESS_COSIGNED = _I, " {witness}: cosigned", "Nothing."
    WITNESS_DISPUTES = (
        _E,
        " {witness}: it has seen {size} entries and the database holds {held}: its log is {dispute}",
        "Change nothing in the database: docs/runbook.md, Witnesses.",
    )
    WITNESS_FAILED = _W, " {witness}: {fault}", "See whether it is up."
    WITNESS_AHEAD = _W, " {witness}: another hub on this log was quicker, with {size} entries", "Nothing."
    LOG_WITNESSED_AGAIN = _W, ": the log is witnessed again", "Nothing."
    WITNESSES_LATE = (
        _E,
        ": no quorum of witnesses since {since}",
        "Bring them back: `/health/ready` and the lines before say what each said.",
    )
    WITNESSES_SILENT = (
        _E,
        ": no question is answered: no quorum of witnesses since {since}",
        "Tell the front door to telephone, and bring the witnesses back.",
    )
    WITNESSES_DISAGREE = (
        _E,
        ": no question is answered: witness {witness} has seen another log than the database holds",
        "Change nothing in the database: docs/runbook.md, Witnesses.",
    )
    STORE_FAILED = _E, ": {what} could not be read or written: {fault}", "See to the log's database."
    ENTRY_INVALID = _E, ": an entry of the kind {kind} could not be written: {fault}", "Report it."
    ENTRY_NOT_WRITTEN = (
        _E,
        ": an entry was not written, because what goes along with it could not be: {fault}",
        "Report it.",
    )
    LOG_NOT_WRITTEN = (
        _E,
        ": the audit log could not be written: {fault}",
        "See to the log's database, or to the signer if it is named: until then no question is answered.",
    )
    ACT_NOT_DONE = (
        _E,
        ": what entry {entry} says was logged, and was not done",
        "Look the entry up in the log, and do again what it says.",
    )
    SIGNER_CONNECTION_CLOSED = (
        _W,
        ": the signer closed a connection: {fault}",
        "See what, other than a hub, opens its socket.",
    )
    WITNESS_FORK = (
        _W,
        " {log}: the log's key signed two trees of {size} entries: it has two histories",
        "Telephone whoever runs that hub; `hub witness show` has the proof.",
    )
    WITNESS_UNPROVEN = (
        _W,
        " {log}: a checkpoint of {size} entries came without proof that it continues what was cosigned",
        "Telephone whoever runs that hub; `hub witness show` has the checkpoint.",
    )
    WITNESS_UNAVAILABLE = _E, ": {fault}; nothing is cosigned", "See to the witness's state, or the machine's clock."
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


def own_words(fault: BaseException) -> Complaint | type[BaseException]:
    """What may be written of ``fault``: its words when they are the hub's own, else its class."""
    return fault if isinstance(fault, Complaint) else type(fault)


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
    if isinstance(value, Id | Name | Digest):
        return str(value)
    if isinstance(value, Complaint):
        return " ".join(str(value).split())[:COMPLAINT_CHARACTERS_MAX]
    raise TypeError("a field of a line is of no kind that may be written")
