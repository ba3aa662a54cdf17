"""A person as somebody names her, and everything in the log's database that is about her.

She is known by an NHS number, by names and a date of birth that somebody stated instead, by a custodian's own id, or
before her birth by her mother's number and the expected date; each is a row of ``log_reference``. Whatever is found
here is personal data, so nothing of it shows itself.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Table, or_, select

from hub.domain.identifiers import NHSNumber
from hub.domain.people import ChildSearch, Identity, PartialDate, Unborn
from hub.errors import BadRequest
from hub.matching.confirmations import Seen, is_about, is_by_mother
from hub.matching.resolution import Said
from hub.store import confirmations, judgements
from hub.store.append_only import RECORDED, WITHDRAWN
from hub.store.judgements import SUBJECT, local_key
from hub.store.release_requests import judgements_about
from hub.store.tables import RETIRED, confirmation, judgement, log_reference, match_shown

_ESCAPED = re.compile(r"\\+u(?:([0-9a-fA-F]{4})|\{([0-9a-fA-F]{1,6})\})")
"""A character as JSON or GraphQL may write it; in the JSON of a side row a document's own backslash is two."""

_BETWEEN = r"[\s\-\u2010-\u2015]*"
_BodyT = TypeVar("_BodyT", bound=Any)


@dataclass(frozen=True, slots=True)
class Stated:
    """Names and a date of birth as a question states them instead of a number."""

    given: tuple[str, ...] = field(repr=False)
    family: tuple[str, ...] = field(repr=False)
    born: str = field(repr=False)

    @property
    def key(self) -> str:
        """What the mapping table knows her by; see :func:`subject_key`."""
        return "stated:" + json.dumps([self.given, self.family, self.born], ensure_ascii=True)

    @property
    def identity(self) -> Identity:
        """The same for matching; a date that cannot be read is none."""
        try:
            born = PartialDate.parse(self.born) if self.born else None
        except BadRequest:
            born = None
        return Identity(given_names=self.given, family_names=self.family, birth_date=born)


@dataclass(frozen=True, slots=True)
class Whom:
    """A person, by all that is known of her. ``local_ids`` are pairs of a custodian and its own id.

    ``unborn`` are the children, herself before her birth among them, that her references stand for.
    """

    numbers: frozenset[NHSNumber] = field(default=frozenset(), repr=False)
    stated: frozenset[Stated] = field(default=frozenset(), repr=False)
    local_ids: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)
    references: frozenset[str] = frozenset()
    unborn: frozenset[Unborn] = field(default=frozenset(), repr=False)

    @property
    def keys(self) -> frozenset[str]:
        """What the mapping table may know her by."""
        return frozenset(
            [f"nhs:{each.value}" for each in self.numbers]
            + [each.key for each in self.stated]
            + [local_key(*each) for each in self.local_ids]
        )

    @property
    def search(self) -> ChildSearch:
        """A question about her, for matching."""
        known = [Identity(nhs_number=each) for each in sorted(self.numbers, key=lambda each: each.value)]
        known += [each.identity for each in sorted(self.stated, key=lambda each: each.key)]
        return ChildSearch(known[0], tuple(known[1:])) if known else ChildSearch(Identity())

    def mentioned(self, text: str) -> bool:
        """Whether ``text`` has her number, however grouped, or names and date of birth of hers together."""
        plain = _ESCAPED.sub(_character, text)
        if any(re.search(rf"(?<!\d){_BETWEEN.join(each.value)}(?!\d)", plain, re.ASCII) for each in self.numbers):
            return True
        folded = plain.casefold()
        return any(
            each.born and all(word in folded for word in (*each.given, *each.family, each.born)) for each in self.stated
        )


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows beside the log that are about somebody: references of judgements and confirmations, matches shown.

    ``in_force`` are the judgements that are neither withdrawn nor over; ``shown`` are answer and ordinal.
    """

    judgements: frozenset[str]
    confirmations: frozenset[str]
    shown: frozenset[tuple[int, int]]
    in_force: frozenset[str]


def subject_key(search: ChildSearch) -> str:
    """What the mapping table knows the subject by: the NHS number, or else what was stated instead of one.

    An unborn child is known by the mother's number and when the birth is expected, as somebody other than the mother.
    """
    if search.unborn is not None:
        due = search.unborn.expected
        return f"{_unborn_of(search.unborn.mother)}{due.isoformat() if due else ''}"
    if search.stated.nhs_number is not None:
        return f"nhs:{search.stated.nhs_number.value}"
    return stated_of(search.stated).key


def _unborn_of(mother: NHSNumber) -> str:
    """How the keys of all unborn children of one mother begin."""
    return f"unborn:{mother.value}/"


def stated_of(identity: Identity) -> Stated:
    """Names and date of birth as the mapping table keeps them."""
    given, family = (
        tuple(name.casefold().strip() for name in each) for each in (identity.given_names, identity.family_names)
    )
    return Stated(given, family, identity.birth_date.isoformat() if identity.birth_date else "")


def resolve(connection: Connection, whom: Whom) -> Whom:
    """``whom`` with all that the database knows further: what her references stand for, and her ids at custodians."""
    known = whom
    while True:
        found = _with_local_ids(connection, _with_references(connection, known))
        if found == known:
            return known
        known = found


def reached_by_hold(connection: Connection, references: Iterable[str]) -> frozenset[str]:
    """What a legal hold on ``references`` reaches: every reference of the same people, whether it was there when the
    hold was set or made since, and those of children they were expecting.
    """
    held = frozenset(references)
    return resolve(connection, Whom(references=held)).references if held else held


def rows_about(connection: Connection, whom: Whom, at: datetime) -> Rows:
    """The rows beside the log about ``whom`` (resolved), as they stand ``at`` a moment (aware)."""
    search = whom.search
    released = judgements_about(connection, whom.references)
    judged = {ref: made for ref, made in _judged(connection).items() if _is_hers(made, whom) or ref in released}
    withdrawn = set(connection.scalars(select(judgement.c.ref).where(judgement.c.act == WITHDRAWN)))
    return Rows(
        frozenset(judged),
        frozenset(ref for ref, made in _confirmed(connection).items() if _is_about_her(made.seen, whom, search)),
        frozenset(
            (row.answer, row.ordinal)
            for row in connection.execute(select(match_shown))
            if _is_about_her(msgspec.json.decode(row.body, type=Seen), whom, search)
        ),
        frozenset(ref for ref, made in judged.items() if ref not in withdrawn and at < made.expires_at),
    )


def _is_about_her(seen: Seen, whom: Whom, search: ChildSearch) -> bool:
    """Whether a possible match was of her, or about her (``search``), before her birth too, or a child she expected."""
    hers = (seen.custodian, seen.local_id) in whom.local_ids or is_by_mother(seen, whom.numbers)
    return hers or any(is_about(seen, each) for each in (search, *map(_before_birth, whom.unborn)))


def _before_birth(child: Unborn) -> ChildSearch:
    return ChildSearch(Identity(unborn=child))


def _with_references(connection: Connection, whom: Whom) -> Whom:
    """With the references of her keys and of children she was expecting, and what her references stand for.

    A question about an unborn child was put with the mother's number, so it is about her too; what is known of the
    child by such a reference leads back to no number of hers.
    """
    columns = (log_reference.c.value, log_reference.c.ref)
    subject = log_reference.c.kind.in_((SUBJECT, RETIRED + SUBJECT))
    expecting = (log_reference.c.value.startswith(_unborn_of(each), autoescape=True) for each in whom.numbers)
    hers = or_(log_reference.c.value.in_(sorted(whom.keys)), *expecting)
    by_key = connection.execute(select(*columns).where(subject, hers)).all()
    references = whom.references | {row.ref for row in by_key}
    by_ref = connection.execute(select(*columns).where(subject, log_reference.c.ref.in_(sorted(references)))).all()
    known = replace(whom, references=references)
    for row in by_ref:
        known = _with_key(known, row.value)
    return known


def _with_key(whom: Whom, key: str) -> Whom:
    kind, _, rest = key.partition(":")
    if kind == "unborn":
        mother, _, due = rest.partition("/")
        child = Unborn(NHSNumber.parse(mother), PartialDate.parse(due) if due else None)
        return replace(whom, unborn=whom.unborn | {child})
    if kind == "nhs":
        return replace(whom, numbers=whom.numbers | {NHSNumber.parse(rest)})
    if kind == "stated":
        given, family, born = json.loads(rest)
        return replace(whom, stated=whom.stated | {Stated(tuple(given), tuple(family), born)})
    custodian, _, local_id = rest.partition("/")
    return replace(whom, local_ids=whom.local_ids | {(custodian, local_id)})


def _with_local_ids(connection: Connection, whom: Whom) -> Whom:
    """With the custodians' own ids that a decision about her names, or a confirmation that said it is her."""
    search = whom.search
    judged = {
        (made.custodian, made.local_id)
        for made in _judged(connection).values()
        if made.local_id is not None and made.nhs_number in whom.numbers
    }
    confirmed = {
        (made.seen.custodian, made.seen.local_id)
        for made in _confirmed(connection).values()
        if made.said is Said.SAME and is_about(made.seen, search)
    }
    return replace(whom, local_ids=whom.local_ids | judged | confirmed)


def _character(found: re.Match[str]) -> str:
    point = int(found[1] or found[2], 16)
    return chr(point) if point <= sys.maxunicode else ""


def _is_hers(made: Any, whom: Whom) -> bool:
    return made.nhs_number in whom.numbers or (made.custodian, made.local_id) in whom.local_ids


def _judged(connection: Connection) -> Mapping[str, Any]:
    return _said(connection, judgement, judgements.Body)


def _confirmed(connection: Connection) -> Mapping[str, Any]:
    return _said(connection, confirmation, confirmations.Body)


def _said(connection: Connection, table: Table, body: type[_BodyT]) -> Mapping[str, Any]:
    """What was recorded in ``table``, by reference. A row that cannot be read raises: it could be about her."""
    rows: Iterable[Any] = connection.execute(
        select(table.c.ref, table.c.body).where(table.c.act == RECORDED).order_by(table.c.number)
    )
    return {row.ref: msgspec.json.decode(row.body, type=body).said for row in rows}
