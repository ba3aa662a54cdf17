"""The bytes of an entry, version 1: compact ASCII JSON with a fixed order of keys (``docs/audit-format.md``).

The stored bytes are the Merkle leaf, so they are never written again from a parsed entry: the encoding only has to be
fixed for the one moment of writing. Reading is strict all the same. Bytes that are not exactly what this module would
write for the entry they hold are refused, which settles duplicate keys, escapes, spaces and odd numbers at once.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

import orjson

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
    Refused,
    SourceLine,
)
from hub.audit.words import EntryInvalid, format_moment, parse_moment
from hub.domain.disclosure import Outcome
from hub.domain.sources import SourceState

VERSION = 1

BODY_MAX = 4 * 1024 * 1024
"""The longest entry, in bytes: some 25,000 records in one answer."""

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
    } | ({} if back is None else {"look_back": [back.years, back.reason]})


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
    )


def _write_answer(entry: Answer) -> dict[str, Any]:
    return {
        "question": entry.question,
        "outcome": entry.outcome,
        "sources": [[each.custodian, each.state, each.reason, each.ms, each.records] for each in entry.sources],
        "matches": [[each.custodian, each.result, each.candidates, each.compared] for each in entry.matches],
        "records": [
            [
                each.custodian,
                each.kind,
                each.ordinal,
                [[group.outcome, group.fields, group.grounds, group.veiled, group.line] for group in each.groups],
            ]
            for each in entry.records
        ],
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
        records=_each(
            data["records"],
            lambda custodian, kind, ordinal, groups: RecordLine(custodian, kind, ordinal, _each(groups, _read_group)),
        ),
    )


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


_KINDS: dict[type, tuple[str, Callable[[Any], dict[str, Any]], Callable[[dict[str, Any]], Entry]]] = {
    Question: ("question", _write_question, _read_question),
    Answer: ("answer", _write_answer, _read_answer),
    Refused: ("refused", _write_refused, _read_refused),
    Abandoned: ("abandoned", _write_abandoned, _read_abandoned),
}
_READERS = {name: read for name, _, read in _KINDS.values()}


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
