"""Entries as FHIR R4 ``AuditEvent`` resources, after the IHE Basic Audit Log Patterns. Pure.

R4, because that is what NHS systems speak; the shapes are those of the patterns "Query" and "Privacy Disclosure at
Source". No profile is claimed: those demand the raw query and network addresses, which the log leaves out on purpose.
Everybody is an ``identifier`` whose value is a code or a random reference; there is no text. See docs/log-reading.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hub.audit import summary
from hub.audit.acts import Act, ReleaseRequest, Reveal, Review
from hub.audit.encoding import kind_of
from hub.audit.entries import Abandoned, Answer, AnswerOutcome, Entry, Question, Records, Refused
from hub.audit.words import format_moment

Json = dict[str, Any]

_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_TERMS = "http://terminology.hl7.org/CodeSystem"
_LIFE = f"{_TERMS}/iso-21089-lifecycle"

_QUERY = (_DCM, "110112", "Query")
_EXPORT = (_DCM, "110106", "Export")
_ALERT = (_DCM, "110113", "Security Alert")
_LOG_USED = (_DCM, "110101", "Audit Log Used")
_SOURCE = (_DCM, "110153", "Source Role ID")
_DESTINATION = (_DCM, "110152", "Destination Role ID")
_DISCLOSE = (_LIFE, "disclose", "Disclose Record Lifecycle Event")
_PERSON = (f"{_TERMS}/v3-ParticipationType", "IRCP", "information recipient")
_CUSTODIAN = (f"{_TERMS}/v3-ParticipationType", "CST", "custodian")

_SUCCESS, _MINOR, _SERIOUS, _MAJOR = "0", "4", "8", "12"

Code = tuple[str, str, str]
Event = Question | Answer | Refused | Abandoned | Act

_ACTS: Mapping[str, tuple[Code, Code | None, str]] = {
    "review": (_LOG_USED, None, "E"),
    "reveal": (_LOG_USED, None, "R"),
    "sample": (_LOG_USED, None, "E"),
    "export": (_EXPORT, None, "R"),
    "report": (_EXPORT, _DISCLOSE, "R"),
    "consultation": (_LOG_USED, None, "R"),
    "judgement": ((_LIFE, "attest", "Attest Record Lifecycle Event"), None, "C"),
    "match": ((_LIFE, "link", "Link Record Lifecycle Event"), None, "C"),
    "release_request": ((_LIFE, "attest", "Attest Record Lifecycle Event"), None, "E"),
    "register": (_ALERT, (_DCM, "110136", "Security Roles Changed"), "U"),
    "hold": ((_LIFE, "hold", "Add Legal Hold Record Lifecycle Event"), None, "U"),
    "erasure": ((_LIFE, "destroy", "Destroy/Delete Record Lifecycle Event"), None, "D"),
    "year": ((_LIFE, "archive", "Archive Record Lifecycle Event"), None, "E"),
    "prune": ((_LIFE, "destroy", "Destroy/Delete Record Lifecycle Event"), None, "D"),
    "key": (_ALERT, (_DCM, "110129", "Security Configuration"), "U"),
}
"""What kind of event each act is: type, subtype, action."""

_UNDONE: Mapping[tuple[str, str | None], Code] = {
    ("hold", "lifted"): (_LIFE, "unhold", "Remove Legal Hold Record Lifecycle Event"),
    ("match", "denied"): (_LIFE, "unlink", "Unlink Record Lifecycle Event"),
    ("match", "withdrawn"): (_LIFE, "unlink", "Unlink Record Lifecycle Event"),
}


def audit_event(
    origin: str, index: int, entry: Entry | None, question: Question | None, *, dropped: bool
) -> Json | None:
    """The resource for one entry, or None for what is no event: a part of an answer, bytes that were dropped.

    Args:
        origin: the log's name, a URL without its scheme; identifiers are made under it.
        index: of the entry, which gives the resource its id: who sends it twice replaces it.
        entry: None when its bytes are no entry: that is an event, and no small one.
        question: what the entry ends.
        dropped: whether the bytes were dropped when old entries were.
    """
    if dropped or isinstance(entry, Records):
        return None
    under = _Under(origin)
    own = under.unreadable() if entry is None else under.event(entry, question)
    own["entity"] = [*own.get("entity", ()), _entity(under.who("entry", str(index)), "2", "13")]
    return {
        "resourceType": "AuditEvent",
        "id": f"log-{index}",
        **own,
        "source": {"observer": under.who("hub", origin), "type": [_coding((_SOURCES, "4", "Application Server"))]},
    }


_SOURCES = f"{_TERMS}/security-source-type"


class _Under:
    """Makes the parts; identifiers are under the log's name."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def who(self, what: str, value: str) -> Json:
        return {"identifier": {"system": f"https://{self._origin}/{what}", "value": value}}

    def event(self, entry: Event, question: Question | None) -> Json:
        match entry:
            case Question():
                return self._asking(entry, entry, _SUCCESS, None) | {"entity": self._about(entry, whole=True)}
            case Abandoned():
                return self._asking(entry, question, _SERIOUS, entry.reason) | {"entity": self._of(entry, question)}
            case Answer():
                return self._answer(entry, question)
            case Refused():
                return self._refused(entry)
            case Act():
                return self._act(entry)

    def unreadable(self) -> Json:
        # nobody knows when it was; the moment is the least that FHIR takes for one
        return {
            **_what(_ALERT, None, "E", "1970-01-01T00:00:00.000Z", _MAJOR, "unreadable"),
            "agent": [self._hub(_DESTINATION)],
        }

    def _asking(self, entry: Question | Abandoned, question: Question | None, outcome: str, said: str | None) -> Json:
        return {
            **_what(_QUERY, None, "E", format_moment(entry.at), outcome, said),
            **self._why(question),
            "agent": [*self._askers(question, _SOURCE), self._hub(_DESTINATION)],
        }

    def _answer(self, answer: Answer, question: Question | None) -> Json:
        disclosed = answer.outcome is not AnswerOutcome.NO_MATCH
        kind, sub, action = (_EXPORT, _DISCLOSE, "R") if disclosed else (_QUERY, None, "E")
        lines = summary.lines(answer)
        custodians = [_agent(_CUSTODIAN, self.who("organisation", line.custodian)) for line in lines]
        return {
            **_what(kind, sub, action, format_moment(answer.at), _SUCCESS, answer.outcome.value),
            **self._why(question),
            "agent": [self._hub(_SOURCE), *self._askers(question, _DESTINATION), *custodians],
            "entity": [*self._of(answer, question), *map(self._line, lines)],
        }

    def _refused(self, entry: Refused) -> Json:
        kind = _ALERT if entry.status in (401, 403) else _QUERY
        outcome = _MINOR if entry.status < 500 else _SERIOUS
        who = self._people(entry.client, entry.organisation, entry.worker, None, _SOURCE)
        return {
            **_what(kind, None, "E", format_moment(entry.at), outcome, entry.code),
            **self._purpose(entry.purpose),
            "agent": [*who, self._hub(_DESTINATION)],
            "entity": [_detailed({"trace": entry.trace, "status": entry.status})],
        }

    def _act(self, entry: Act) -> Json:
        by, name, done = entry.officer, kind_of(entry), getattr(entry, "act", None)
        kind, sub, action = _ACTS[name]
        kind = _UNDONE.get((name, done), kind)
        reason = getattr(entry, "reason", None)
        return {
            **_what(kind, sub, action, format_moment(entry.at), _SUCCESS, done or name),
            "agent": [*self._people(by.client, by.organisation, by.worker, by.role, _SOURCE), self._hub(_DESTINATION)],
            "entity": [*self._named(entry), _detailed({"kind": name, "act": done, "reason": reason})],
        }

    def _named(self, entry: Act) -> Iterable[Json]:
        """Whom and what an act is about. A revealed reference may be a worker's, so it is no patient's."""
        subject = getattr(entry, "subject", None)
        if subject is not None:
            yield self._patient(subject)
        if isinstance(entry, Reveal):
            yield _entity(self.who("reference", entry.reference), "4", None)
        custodian = getattr(entry, "custodian", None)
        if custodian is not None:
            yield _entity(self.who("organisation", custodian), "3", None)
        pointed = entry.entry if isinstance(entry, Review | Reveal) else None
        pointed = entry.answer if isinstance(entry, ReleaseRequest) else pointed
        if pointed is not None:
            yield _entity(self.who("entry", str(pointed)), "2", "13")

    def _of(self, end: Answer | Abandoned, question: Question | None) -> list[Json]:
        """What an end is about: the question, and what that was about."""
        return [
            *(self._about(question, whole=False) if question else ()),
            _entity(self.who("entry", str(end.question)), "2", "13"),
        ]

    def _about(self, question: Question, *, whole: bool) -> list[Json]:
        digests = {"trace": question.trace, "document-sha256": question.document, "policy-sha256": question.policy}
        back = {"look-back": question.look_back.reason} if question.look_back else {}
        asked = [_entity(self.who("organisation", each.custodian), "3", None) for each in question.asked]
        return [
            self._patient(question.subject),
            _entity(self.who("case", question.case), "4", None),
            *([_detailed(digests | back, "24"), *asked] if whole else ()),
        ]

    def _patient(self, subject: str) -> Json:
        return _entity({"type": "Patient", **self.who("subject", subject)}, "1", "1")

    def _line(self, line: summary.CustodianLine) -> Json:
        counts = line.counts
        told = {"state": line.state, "reason": line.reason, "match": line.match, "records": counts.records,
                "shared": counts.shared, "withheld": counts.withheld, "asks": counts.asks, "gaps": counts.gaps,
                "grounds": " ".join(counts.grounds) or None, "veiled": "true" if counts.veiled else None}  # fmt: skip
        return {**_detailed(told, "3"), "what": self.who("organisation", line.custodian)}

    def _why(self, question: Question | None) -> Json:
        return self._purpose(question.purpose if question else None)

    def _purpose(self, purpose: str | None) -> Json:
        if purpose is None:
            return {}
        return {"purposeOfEvent": [{"coding": [{"system": f"https://{self._origin}/purpose", "code": purpose}]}]}

    def _askers(self, question: Question | None, client: Code) -> list[Json]:
        if question is None:
            return []
        asker = question.asker
        return self._people(asker.client, asker.organisation, asker.worker, asker.role, client)

    def _people(
        self, client: str | None, organisation: str | None, worker: str | None, role: str | None, as_client: Code
    ) -> list[Json]:
        """The person, her program and her agency, as far as they are known; who asked is the person if there is one."""
        made = []
        if worker is not None:
            made.append(_agent(_PERSON, self.who("worker", worker), requestor=True))
        if client is not None:
            made.append(_agent(as_client, self.who("client", client), requestor=worker is None))
        if role is not None and made:
            made[0]["role"] = [{"coding": [{"system": f"https://{self._origin}/role", "code": role}]}]
        if organisation is not None:
            made.append(_agent((f"{_TERMS}/v3-RoleClass", "AGNT", "agent"), self.who("organisation", organisation)))
        return made

    def _hub(self, role: Code) -> Json:
        return _agent(role, self.who("hub", self._origin))


def _what(kind: Code, sub: Code | None, action: str, recorded: str, outcome: str, said: str | None) -> Json:
    return {
        "type": _coding(kind),
        **({"subtype": [_coding(sub)]} if sub else {}),
        "action": action,
        "recorded": recorded,
        "outcome": outcome,
        **({"outcomeDesc": said} if said else {}),
    }


def _coding(code: Code) -> Json:
    system, value, display = code
    return {"system": system, "code": value, "display": display}


def _agent(kind: Code, who: Json, *, requestor: bool = False) -> Json:
    return {"type": {"coding": [_coding(kind)]}, "who": who, "requestor": requestor}


def _entity(what: Json, kind: str, role: str | None) -> Json:
    return {"what": what, **_typed(kind, role)}


def _typed(kind: str, role: str | None) -> Json:
    made: Json = {"type": {"system": f"{_TERMS}/audit-entity-type", "code": kind}}
    return made if role is None else made | {"role": {"system": f"{_TERMS}/object-role", "code": role}}


def _detailed(values: Mapping[str, object], role: str | None = None) -> Json:
    """A system object with what is known of it, as pairs: one at the least, as FHIR takes no empty list."""
    details = [{"type": name, "valueString": str(value)} for name, value in values.items() if value is not None]
    return _typed("2", role) | {"detail": details}
