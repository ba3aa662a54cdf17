"""The exact bytes of every kind of entry as one regular expression each: ten times as fast as reading the entry.

What :func:`hub.audit.encoding.decode` takes, these take, and nothing else: an entry's keys are fixed, in order, without
spaces, and every value is a code, reference, digest, count or moment, so its form is a regular language. A property
test holds the two against each other. Repetitions are possessive: no body can make the matching slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from hub.audit import acts
from hub.audit.acts import Form
from hub.audit.entries import AnswerOutcome, MatchResult
from hub.audit.words import CODE_MAX, COUNT_MAX, DIGEST_DIGITS, REFERENCE_DIGITS
from hub.domain.disclosure import Outcome
from hub.domain.sources import SourceState


def _up_to(limit: int) -> str:
    """Decimal numbers from 0 to ``limit``, without leading zeros."""
    digits = str(limit)
    shorter = f"[1-9][0-9]{{0,{len(digits) - 2}}}+(?![0-9])"
    same = (
        f"{digits[:at]}[{int(at == 0)}-{int(digit) - 1}][0-9]{{{len(digits) - at - 1}}}"
        for at, digit in enumerate(digits)
        if int(digit) > int(at == 0)
    )
    return f"(?:0|{shorter}|{'|'.join(same)}|{digits})"


def _list(item: str, most: int | None = None) -> str:
    more = "*+" if most is None else f"{{0,{most - 1}}}+"
    return rf"\[(?:{item}(?:,{item}){more})?\]"


def _word(words: type[StrEnum]) -> str:
    return f'"(?:{"|".join(words)})"'


def _or_null(item: str) -> str:
    return f"(?:null|{item})"


_LEAP = r"(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_DATE = (
    r"(?!0000)(?:[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|"
    rf"(?:0[13578]|1[02])-31)|{_LEAP}-02-29)"
)
_MOMENT = rf'"{_DATE}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{{3}}Z"'
_CODE = rf'"[A-Za-z0-9*][A-Za-z0-9_.:/*-]{{0,{CODE_MAX - 1}}}+"'
_REFERENCE = f'"[0-9a-f]{{{REFERENCE_DIGITS}}}"'
_DIGEST = f'"[0-9a-f]{{{DIGEST_DIGITS}}}"'
_COUNT = _up_to(COUNT_MAX)
_CODES = _list(_CODE)
_GROUP = rf"\[{_word(Outcome)},{_CODES},{_CODES},(?:true|false),{_or_null(_COUNT)}\]"
_RECORD = rf"\[{_CODE},{_CODE},{_COUNT},{_list(_GROUP)}\]"
_SOURCE = rf"\[{_CODE},{_word(SourceState)},{_or_null(_CODE)},{_or_null(_COUNT)},{_or_null(_COUNT)}\]"
_COMPARED = rf"\[{_CODE},{_CODE}\]"
_MATCH = rf"\[{_CODE},{_word(MatchResult)},{_COUNT},{_list(_COMPARED)}\]"
_FORMS: Mapping[Form, str] = {
    Form.CODE: _CODE,
    Form.REFERENCE: _REFERENCE,
    Form.DIGEST: _DIGEST,
    Form.COUNT: _COUNT,
    Form.MOMENT: _MOMENT,
    Form.REFERENCES: _list(_REFERENCE, acts.LIST_MAX),
    Form.COUNTS: _list(_COUNT, acts.LIST_MAX),
}


def _keys(fields: Iterable[tuple[str, str]]) -> str:
    return "".join(f',"{name}":{form}' for name, form in fields)


_SIDE = '"(?P<side>[0-9a-f]{64})"'
_QUESTION = ("question", f"(?P<question>{_COUNT})")
_OFFICER = (("client", _CODE), ("organisation", _CODE), ("worker", _or_null(_REFERENCE)), ("role", _CODE))
_OWN: Mapping[str, str] = {
    "question": _keys(
        (
            *_OFFICER,
            ("token", _CODE),
            ("purpose", _CODE),
            ("gateway", _or_null(_CODE)),
            ("decision", _or_null(rf"\[{_REFERENCE},{_MOMENT}\]")),
            ("case", _REFERENCE),
            ("subject", _REFERENCE),
            ("policy", _DIGEST),
            ("document", _DIGEST),
            ("asked", _list(rf"\[{_CODE},{_CODES}\]")),
            ("trace", _REFERENCE),
        )
    )
    + rf'(?:,"look_back":\[{_or_null(_COUNT)},{_CODE}\])?(?:,"side":{_SIDE})?',
    "answer": _keys(
        (
            _QUESTION,
            ("outcome", _word(AnswerOutcome)),
            ("sources", _list(_SOURCE)),
            ("matches", _list(_MATCH)),
            ("records", _list(_RECORD)),
        )
    )
    + rf'(?:,"parts":(?P<parts>(?!0){_COUNT}))?',
    "records": _keys((_QUESTION, ("records", _list(_RECORD)))),
    "refused": _keys(
        (
            ("code", _CODE),
            ("status", _COUNT),
            ("client", _or_null(_CODE)),
            ("organisation", _or_null(_CODE)),
            ("worker", _or_null(_REFERENCE)),
            ("purpose", _or_null(_CODE)),
            ("trace", _or_null(_REFERENCE)),
        )
    ),
    "abandoned": _keys((_QUESTION, ("reason", _CODE))),
}


def _act(kind: type[acts.Act]) -> str:
    own = []
    for name, form, optional in acts.forms(kind):
        text = _SIDE if name == "side" else _FORMS[form]
        own.append((name, _or_null(text) if optional else text))
    return _keys((*_OFFICER, *own))


def _whole(kind: str, own: str) -> re.Pattern[bytes]:
    text = rf'\{{"v":1,"kind":"{kind}","at":{_MOMENT},"nonce":{_REFERENCE}{own}\}}'
    return re.compile(text.encode())


FORMS: Mapping[bytes, re.Pattern[bytes]] = {
    kind.encode(): _whole(kind, own)
    for kind, own in {**_OWN, **{kind: _act(read) for kind, read in acts.KINDS.items()}}.items()
}
"""By kind; groups ``question``, ``parts`` and ``side`` where the kind has them."""

KIND_AT = len(b'{"v":1,"kind":"')
"""Where the kind begins in an entry's bytes."""


def kind_of(body: bytes) -> bytes:
    """What stands where an entry has its kind; anything, when it is none."""
    return body[KIND_AT : body.find(b'"', KIND_AT)]
