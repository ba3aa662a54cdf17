"""The bytes of an entry, version 1: compact ASCII JSON with a fixed order of keys (``docs/log-format.md``).

The stored bytes are the Merkle leaf, so they are never written again from a parsed entry: the encoding only has to be
fixed for the one moment of writing. Reading is strict all the same. Bytes that are not exactly what this module would
write for the entry they hold are refused, which settles duplicate keys, escapes, spaces and odd numbers at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from enum import StrEnum
from hashlib import sha256
from typing import Any, TypeVar

import orjson

from hub.audit import acts
from hub.audit.acts import Act, Form, Officer
from hub.audit.entries import (
    Abandoned,
    Answer,
    AnswerOutcome,
    Asked,
    Asker,
    DecisionTaken,
    Entry,
    FieldGroup,
    LookBack,
    MatchLine,
    MatchResult,
    Question,
    RecordLine,
    Records,
    Refused,
    SourceLine,
)
from hub.audit.words import NONCE_BYTES, EntryInvalid, format_moment, parse_moment
from hub.domain.disclosure import Outcome
from hub.domain.sources import SourceState

VERSION = 1

BODY_MAX = 65_535
"""The longest entry, in bytes: what an entry of C2SP tlog-tiles can have. A longer answer is several entries."""

_PART_HEAD_MAX = 256
"""What an entry of records has besides them, at most."""

Word = TypeVar("Word", bound=StrEnum)
Part = TypeVar("Part")


def encode(entry: Entry) -> bytes:
    """The bytes of ``entry``; EntryInvalid when there are more than ``BODY_MAX``."""
    name, write, _ = _KINDS[type(entry)]
    head = {"v": VERSION, "kind": name, "at": format_moment(entry.at), "nonce": entry.nonce.hex()}
    body = orjson.dumps(head | write(entry))
    if len(body) > BODY_MAX:
        raise EntryInvalid(f"entry: at most {BODY_MAX} bytes")
    return body


def encode_all(entry: Entry) -> list[bytes]:
    """The bytes of ``entry``; those of a long answer's :class:`~hub.audit.entries.Records` come before its own.

    Raises:
        EntryInvalid: it does not fit in an entry and is no answer that can be told in parts.
    """
    if not isinstance(entry, Answer):
        return [encode(entry)]
    try:
        return [encode(entry)]
    except EntryInvalid:
        held = _parted(entry.records)
    nonces = (sha256(entry.nonce + number.to_bytes(4, "big")).digest()[:NONCE_BYTES] for number in range(len(held)))
    # each part's nonce follows from the answer's, and tells nothing of it
    parts = [Records(entry.at, nonce, entry.question, records) for nonce, records in zip(nonces, held, strict=True)]
    return [*(encode(part) for part in parts), encode(replace(entry, records=(), parts=len(parts)))]


def _parted(records: Iterable[RecordLine]) -> list[tuple[RecordLine, ...]]:
    """The records in order, in as few runs as fit in an entry each."""
    runs: list[list[RecordLine]] = []
    room = 0
    for record in records:
        needed = len(orjson.dumps(_write_record(record))) + 1
        if needed > room:
            runs.append([])
            room = BODY_MAX - _PART_HEAD_MAX
        runs[-1].append(record)
        room -= needed
    return [tuple(run) for run in runs]


def decode(body: bytes) -> Entry:
    """The entry in ``body``.

    Raises:
        EntryInvalid: anything but the exact bytes :func:`encode` writes. The message names the field at most.
    """
    if len(body) > BODY_MAX:
        raise EntryInvalid(f"entry: at most {BODY_MAX} bytes")
    try:
        data = orjson.loads(body)
    except ValueError:
        raise EntryInvalid("entry: not JSON") from None
    if not isinstance(data, dict) or data.get("v") != VERSION:
        raise EntryInvalid(f"v: only version {VERSION} of the format is known")
    reader = _READERS.get(str(data.get("kind")))
    if reader is None:
        raise EntryInvalid("kind: not a kind of entry")
    try:
        entry = reader(data)
    except EntryInvalid:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as fault:  # a part is missing or of another type
        raise EntryInvalid(f"entry: a part is missing or malformed ({type(fault).__name__})") from None
    if encode(entry) != body:
        raise EntryInvalid("entry: not written the one way this format allows")
    return entry


def _write_question(entry: Question) -> dict[str, Any]:
    asker, decision, back = entry.asker, entry.decision, entry.look_back
    return {
        "client": asker.client,
        "organisation": asker.organisation,
        "worker": asker.worker,
        "role": asker.role,
        "token": asker.token,
        "purpose": entry.purpose,
        "gateway": entry.gateway,
        "decision": None if decision is None else [decision.by, format_moment(decision.at)],
        "case": entry.case,
        "subject": entry.subject,
        "policy": entry.policy,
        "document": entry.document,
        "asked": [[each.custodian, each.kinds] for each in entry.asked],
        "trace": entry.trace,
        **({} if back is None else {"look_back": [back.years, back.reason]}),
        **({} if entry.side is None else {"side": entry.side}),
    }


def _read_question(data: dict[str, Any]) -> Question:
    decision, back = data["decision"], data.get("look_back")
    return Question(
        **_stamp(data),
        asker=Asker(data["client"], data["organisation"], data["worker"], data["role"], data["token"]),
        purpose=data["purpose"],
        gateway=data["gateway"],
        decision=None if decision is None else _decision(decision),
        case=data["case"],
        subject=data["subject"],
        policy=data["policy"],
        document=data["document"],
        asked=_each(data["asked"], lambda custodian, kinds: Asked(custodian, _strings(kinds))),
        trace=data["trace"],
        look_back=None if back is None else LookBack(*back),
        side=data.get("side"),
    )


def _write_answer(entry: Answer) -> dict[str, Any]:
    return {
        "question": entry.question,
        "outcome": entry.outcome,
        "sources": [[each.custodian, each.state, each.reason, each.ms, each.records] for each in entry.sources],
        "matches": [[each.custodian, each.result, each.candidates, each.compared] for each in entry.matches],
        "records": [_write_record(each) for each in entry.records],
        **({"parts": entry.parts} if entry.parts else {}),
    }


def _read_answer(data: dict[str, Any]) -> Answer:
    return Answer(
        **_stamp(data),
        question=data["question"],
        outcome=_member(AnswerOutcome, data["outcome"]),
        sources=_each(
            data["sources"],
            lambda custodian, state, *rest: SourceLine(custodian, _member(SourceState, state), *rest),
        ),
        matches=_each(
            data["matches"],
            lambda custodian, result, seen, compared: MatchLine(
                custodian, _member(MatchResult, result), seen, _each(compared, lambda name, word: (name, word))
            ),
        ),
        records=_read_records(data),
        parts=data.get("parts", 0),
    )


def _write_record(line: RecordLine) -> list[Any]:
    groups = [[each.outcome, each.fields, each.grounds, each.veiled, each.line] for each in line.groups]
    return [line.custodian, line.kind, line.ordinal, groups]


def _read_records(data: dict[str, Any]) -> tuple[RecordLine, ...]:
    return _each(
        data["records"],
        lambda custodian, kind, ordinal, groups: RecordLine(custodian, kind, ordinal, _each(groups, _read_group)),
    )


def _write_part(entry: Records) -> dict[str, Any]:
    return {"question": entry.question, "records": [_write_record(each) for each in entry.records]}


def _read_part(data: dict[str, Any]) -> Records:
    return Records(**_stamp(data), question=data["question"], records=_read_records(data))


def _read_group(outcome: str, fields: list[str], grounds: list[str], veiled: bool, line: int | None) -> FieldGroup:
    if type(veiled) is not bool:
        raise EntryInvalid("veiled: true or false belongs here")
    return FieldGroup(_member(Outcome, outcome), _strings(fields), _strings(grounds), veiled, line)


def _write_refused(entry: Refused) -> dict[str, Any]:
    return {
        "code": entry.code,
        "status": entry.status,
        "client": entry.client,
        "organisation": entry.organisation,
        "worker": entry.worker,
        "purpose": entry.purpose,
        "trace": entry.trace,
    }


def _read_refused(data: dict[str, Any]) -> Refused:
    names = ("code", "status", "client", "organisation", "worker", "purpose", "trace")
    return Refused(**_stamp(data), **{name: data[name] for name in names})


def _write_abandoned(entry: Abandoned) -> dict[str, Any]:
    return {"question": entry.question, "reason": entry.reason}


def _read_abandoned(data: dict[str, Any]) -> Abandoned:
    return Abandoned(**_stamp(data), question=data["question"], reason=data["reason"])


def _write_act(entry: Act) -> dict[str, Any]:
    by = entry.officer
    head = {"client": by.client, "organisation": by.organisation, "worker": by.worker, "role": by.role}
    return head | {name: _written(getattr(entry, name), form) for name, form, _ in acts.forms(type(entry))}


def _written(value: Any, form: Form) -> Any:
    return format_moment(value) if form is Form.MOMENT and value is not None else value


def _act_reader(kind: type[Act]) -> Callable[[dict[str, Any]], Act]:
    own = acts.forms(kind)

    def read(data: dict[str, Any]) -> Act:
        officer = Officer(data["client"], data["organisation"], data["worker"], data["role"])
        values: dict[str, Any] = {
            name: parse_moment(name, data[name]) if form is Form.MOMENT and data[name] is not None else data[name]
            for name, form, _ in own
        }
        return kind(**_stamp(data), officer=officer, **values)

    return read


_KINDS: dict[type, tuple[str, Callable[[Any], dict[str, Any]], Callable[[dict[str, Any]], Entry]]] = {
    Question: ("question", _write_question, _read_question),
    Answer: ("answer", _write_answer, _read_answer),
    Refused: ("refused", _write_refused, _read_refused),
    Records: ("records", _write_part, _read_part),
    Abandoned: ("abandoned", _write_abandoned, _read_abandoned),
    **{kind: (name, _write_act, _act_reader(kind)) for name, kind in acts.KINDS.items()},
}
_READERS = {name: read for name, _, read in _KINDS.values()}


def kind_of(entry: Entry) -> str:
    """The ``kind`` an entry is written with."""
    return _KINDS[type(entry)][0]


def _stamp(data: dict[str, Any]) -> dict[str, Any]:
    return {"at": parse_moment("at", data["at"]), "nonce": bytes.fromhex(data["nonce"])}


def _decision(data: list[str]) -> DecisionTaken:
    by, at = data
    return DecisionTaken(by, parse_moment("decision", at))


def _each(data: list[Any], build: Callable[..., Part]) -> tuple[Part, ...]:
    """One part per array in ``data``; its elements are the arguments."""
    return tuple(build(*each) for each in data)


def _strings(data: list[str]) -> tuple[str, ...]:
    """An array of text; a text alone would fall apart into its characters."""
    if not isinstance(data, list):
        raise EntryInvalid("entry: a list belongs here")
    return tuple(data)


def _member(words: type[Word], text: str) -> Word:
    if text not in words.__members__.values():
        raise EntryInvalid(f"{words.__name__}: not one of its words")
    return words(text)
