"""Entries as flat JSON objects for a security monitor (SIEM): one line an entry, so that a missing number shows. Pure.

Codes, counts, references and moments only, as in the entries. What was veiled from the searcher is veiled here too: who
reads a monitor has no more right to know than she had.
"""

from __future__ import annotations

from typing import Any

from hub.audit import acts, summary
from hub.audit.acts import Act, Form
from hub.audit.encoding import kind_of
from hub.audit.entries import Abandoned, Answer, Asker, Entry, Question, Records, Refused
from hub.audit.words import format_moment

DROPPED, UNREADABLE = "dropped", "unreadable"
"""Kinds of lines for entries that are no more, or are none."""


def event(origin: str, index: int, entry: Entry | None, question: Question | None, *, dropped: bool) -> dict[str, Any]:
    """The object for one entry; ``question`` is what it ends, as far as that is known."""
    head = {"log": origin, "index": index}
    if entry is None:
        return head | {"kind": DROPPED if dropped else UNREADABLE}
    head |= {"at": format_moment(entry.at), "kind": kind_of(entry)}
    match entry:
        case Question():
            return head | _asked(entry) | _of_question(entry)
        case Answer():
            return head | {"question": entry.question} | _asked(question) | _of_answer(entry)
        case Abandoned():
            return head | {"question": entry.question} | _asked(question) | {"reason": entry.reason}
        case Records():
            return head | {"question": entry.question}
        case Refused():
            names = ("code", "status", "client", "organisation", "worker", "purpose", "trace")
            return head | _given({name: getattr(entry, name) for name in names})
        case Act():
            return head | _of_act(entry)


def _asked(question: Question | None) -> dict[str, Any]:
    if question is None:
        return {}
    own = {"purpose": question.purpose, "case": question.case, "subject": question.subject, "trace": question.trace}
    return _who(question.asker) | own


def _who(asker: Asker) -> dict[str, Any]:
    return _given({name: getattr(asker, name) for name in ("client", "organisation", "worker", "role", "token")})


def _of_question(question: Question) -> dict[str, Any]:
    back = question.look_back
    return _given(
        {
            "asked": [each.custodian for each in question.asked],
            "decided_at": format_moment(question.decision.at) if question.decision else None,
            "look_back": back.reason if back else None,
            "look_back_years": back.years if back else None,
            "policy": question.policy,
            "document": question.document,
        }
    )


def _of_answer(answer: Answer) -> dict[str, Any]:
    return {
        "outcome": answer.outcome.value,
        **_counted(summary.count(answer.records)),
        "no_answer": summary.silent(answer),
        "sources": [
            _given({name: getattr(line, name) for name in ("custodian", "state", "reason", "ms", "match")})
            | _counted(line.counts)
            for line in summary.lines(answer)
        ],
    }


def _counted(counts: summary.Counts) -> dict[str, Any]:
    names = ("records", "shared", "withheld", "asks", "gaps", "veiled")
    return {name: getattr(counts, name) for name in names} | {"grounds": list(counts.grounds)}


def _of_act(entry: Act) -> dict[str, Any]:
    by = entry.officer
    own = {
        name: format_moment(value) if form is Form.MOMENT else value
        for name, form, _ in acts.forms(type(entry))
        if (value := getattr(entry, name)) is not None
    }
    return _given({"client": by.client, "organisation": by.organisation, "worker": by.worker, "role": by.role}) | own


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
