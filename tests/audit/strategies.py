"""Hypothesis strategies that make any entry there can be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from hub.audit.acts import KINDS, Act, Form, Officer, forms
from hub.audit.entries import (
    Abandoned,
    Answer,
    AnswerOutcome,
    Asked,
    Asker,
    DecisionTaken,
    Entry,
    FieldGroup,
    MatchLine,
    MatchResult,
    Question,
    RecordLine,
    Records,
    Refused,
    SourceLine,
)
from hub.domain.disclosure import Outcome
from hub.domain.sources import SourceState

_texts = st.text(max_size=100)
_codes = st.text(st.characters(codec="ascii"), max_size=100) | _texts
_counts = st.integers(0, 2**53 - 1)
_references = st.text("0123456789abcdef", min_size=32, max_size=32)
_digests = st.text("0123456789abcdef", min_size=64, max_size=64)
_zones = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))])
_moments = st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29), timezones=_zones)
_stamp = {"at": _moments, "nonce": st.binary(min_size=16, max_size=16)}


def _tuples(one: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(one, max_size=3).map(tuple)


_groups = st.builds(
    FieldGroup,
    st.sampled_from(Outcome),
    _tuples(_codes),
    _tuples(_codes),
    st.booleans(),
    st.none() | _counts,
)
_sources = st.builds(
    SourceLine, _codes, st.sampled_from(SourceState), st.none() | _codes, st.none() | _counts, st.none() | _counts
)
_matches = st.builds(MatchLine, _codes, st.sampled_from(MatchResult), _counts, _tuples(st.tuples(_codes, _codes)))

_records = _tuples(st.builds(RecordLine, _codes, _codes, _counts, _tuples(_groups)))

_FORMS: dict[Form, st.SearchStrategy[Any]] = {
    Form.CODE: _codes,
    Form.REFERENCE: _references,
    Form.DIGEST: _digests,
    Form.COUNT: _counts,
    Form.MOMENT: _moments,
    Form.REFERENCES: _tuples(_references),
    Form.COUNTS: _tuples(_counts),
}


def _act(kind: type[Act]) -> st.SearchStrategy[Act]:
    own = {name: st.none() | _FORMS[form] if optional else _FORMS[form] for name, form, optional in forms(kind)}
    return st.builds(kind, **_stamp, officer=st.builds(Officer, _codes, _codes, st.none() | _references, _codes), **own)


acts: st.SearchStrategy[Act] = st.one_of([_act(kind) for kind in KINDS.values()])

entries: st.SearchStrategy[Entry] = st.one_of(
    acts,
    st.builds(
        Question,
        **_stamp,
        asker=st.builds(Asker, _codes, _codes, st.none() | _references, _codes, _codes),
        purpose=_codes,
        gateway=st.none() | _codes,
        decision=st.none() | st.builds(DecisionTaken, _references, _moments),
        case=_references,
        subject=_references,
        policy=_digests,
        document=_digests,
        asked=_tuples(st.builds(Asked, _codes, _tuples(_codes))),
        trace=_references,
        side=st.none() | _digests,
    ),
    st.builds(Records, **_stamp, question=_counts, records=_records),
    st.builds(
        Answer,
        **_stamp,
        question=_counts,
        outcome=st.sampled_from(AnswerOutcome),
        sources=_tuples(_sources),
        matches=_tuples(_matches),
        records=_records,
        parts=_counts,
    ),
    st.builds(
        Refused,
        **_stamp,
        code=_codes,
        status=_counts,
        client=st.none() | _codes,
        organisation=st.none() | _codes,
        worker=st.none() | _references,
        purpose=st.none() | _codes,
        trace=st.none() | _references,
    ),
    st.builds(Abandoned, **_stamp, question=_counts, reason=_codes),
)
