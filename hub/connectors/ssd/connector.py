"""The connector for a council whose case system is copied into the Standard Safeguarding Dataset."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TypeVar

from sqlalchemy import Connection

from hub.connectors.base import (
    CANDIDATES_MAX,
    Deadline,
    Fetched,
    Found,
    Matched,
    UpstreamFault,
    as_value,
)
from hub.connectors.checking import Finding, Report, milliseconds, well
from hub.connectors.ssd import reading
from hub.connectors.ssd.asking import Asked, by_mother
from hub.connectors.ssd.checking import survey
from hub.connectors.ssd.database import Database
from hub.connectors.ssd.layout import read_layout
from hub.connectors.ssd.source import Source, Tables
from hub.connectors.ssd.sources import all_sources
from hub.connectors.ssd.statements import FIND_ROWS_MAX, Statements, json_array
from hub.domain.catalogue import Catalogue
from hub.domain.organisations import Custodian
from hub.domain.people import Candidate, ChildSearch, Unborn
from hub.domain.records import RecordPointer
from hub.domain.sources import NoAnswer, NoAnswerReason
from hub.errors import ConfigurationError
from hub.telemetry.lines import Id, LogLine, say

LINKED = "linked_person"
"""The kind that says who the child's mother is; a council that does not fill it cannot look for an unborn child."""

Result = TypeVar("Result")


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SsdConnector:
    """A council's extract, read by URL (SQL Server, PostgreSQL, SQLite): a :class:`hub.connectors.base.Connector`.

    Args:
        custodian: the council.
        url: an SQLAlchemy URL.
        catalogue: when given, checked to have every field this connector can supply; kinds it lacks are not offered.
        pool_size: connections to the database, and queries at one time.
        schema: the database schema the tables are in, when it is not the login's own.
        without: kinds the council does not fill; their tables may then be missing. The view says they are not supplied.
        numbers_are_verified: whether the council traces its NHS numbers with PDS. The dataset cannot say so.
        unassessed: gives the words that may be true of a document whose sensitivity nobody assessed; asked each time,
            since the policies that say which they are may change while the hub runs.
        zone: the time zone of the database's clock, for the time of the copy.
        stale_days: days after which the copy is too old for what it leaves unsaid to count as said, and an alarm is
            logged; None for never (``docs/ssd.md``).
        now: the time, aware.

    Raises:
        ConfigurationError: the URL, or a catalogue that lacks a field.
    """

    matches_nhs_number = True

    def __init__(
        self,
        custodian: Custodian,
        url: str,
        catalogue: Catalogue | None = None,
        pool_size: int = 4,
        *,
        schema: str | None = None,
        without: frozenset[str] = frozenset(),
        numbers_are_verified: bool = False,
        unassessed: Callable[[], frozenset[str]] = lambda: reading.UNASSESSED,
        zone: tzinfo = UTC,
        stale_days: int | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.custodian = custodian
        self.kinds = _kinds(catalogue) - without
        self.unborn_kinds = None if LINKED in without else self.kinds  # found by the mother whom the council recorded
        self._database = Database(url, pool_size)
        self._schema = schema
        self._verified = numbers_are_verified
        self._unassessed = unassessed
        self._zone = zone
        self._stale_after = None if stale_days is None else timedelta(days=stale_days)
        self._now = now
        self._alarmed: datetime | None = None
        self._known: Statements | None = None

    async def match(self, search: ChildSearch, deadline: Deadline) -> Matched | NoAnswer:
        """Who here may be the child: by NHS number, and by name and birth date, over every identity of ``search``.

        A child not yet born: by the mother's number.
        """
        if (unborn := search.unborn) is not None:
            return await as_value(self._ask(lambda connection: self._unborn(connection, unborn), deadline), deadline)
        return await as_value(self._ask(lambda connection: self._match(connection, search), deadline), deadline)

    async def find(self, who: Candidate, kinds: frozenset[str], deadline: Deadline) -> Found | NoAnswer:
        """Which records of ``kinds`` exist for ``who``, with the labels the case system put on them."""
        return await as_value(self._ask(lambda connection: self._find(connection, who, kinds), deadline), deadline)

    async def fetch(self, who: Candidate, pointers: Sequence[RecordPointer], deadline: Deadline) -> Fetched | NoAnswer:
        """The content of the records pointed at."""
        if not pointers:
            return Fetched(())
        return await as_value(self._ask(lambda connection: self._fetch(connection, who, pointers), deadline), deadline)

    async def check(self, deadline: Deadline) -> Report:
        """Compare the extract's tables and columns with what is read; see :mod:`.checking`. No person is looked up."""
        started = asyncio.get_running_loop().time()

        def look(connection: Connection) -> tuple[Finding, ...]:
            return survey(connection, self._schema, self.kinds, self._zone)

        found = await self._database.run(look, deadline)
        return Report((well(f"connects; its catalogue was read in {milliseconds(started)} ms"), *found))

    async def close(self) -> None:
        """Give back connections."""
        await self._database.close()

    async def _ask(self, work: Callable[[Connection], Result], deadline: Deadline) -> Result:
        """Do ``work``; if the extract is not laid out as remembered (it is rebuilt nightly), look again, once."""
        remembered = self._known is not None
        try:
            return await self._database.run(work, deadline)
        except UpstreamFault as fault:
            if fault.no_answer.reason is not NoAnswerReason.MALFORMED:
                raise
            self._known = None
            if not remembered:
                raise
        return await self._database.run(work, deadline)

    def _statements(self, connection: Connection) -> Statements:
        known = self._known
        if known is None:
            known = Statements(read_layout(connection, self._schema), connection.dialect, self._schema)
            self._known = known
        return known

    def _match(self, connection: Connection, search: ChildSearch) -> Matched:
        asked = Asked.of(search)
        if not asked.numbers and not asked.days:
            raise UpstreamFault(NoAnswerReason.REFUSED, "it needs an NHS number, or a name with a birth date")
        statements = self._statements(connection)
        as_text = connection.dialect.name == "sqlite" or statements.layout.dates_are_text
        parameters = asked.parameters(dates_as_text=as_text)
        # an extract without the column can still be asked by name; asked by number alone, it says what is missing
        by_number = statements.has_nhs_numbers or not asked.days
        for narrow in (False, True):
            rows = statements.match(len(asked.days), narrow=narrow, by_number=by_number).run(connection, parameters)
            if len(rows) <= CANDIDATES_MAX:
                return Matched(reading.candidates(self.custodian.id, rows, verified=self._verified))
        raise UpstreamFault(
            NoAnswerReason.TOO_LARGE, f"more than {CANDIDATES_MAX} people there could be meant: ask with more detail"
        )

    def _unborn(self, connection: Connection, unborn: Unborn) -> Matched:
        rows = self._statements(connection).match_unborn().run(connection, by_mother(unborn))
        if len(rows) > CANDIDATES_MAX:
            detail = f"one mother has more than {CANDIDATES_MAX} children there: its extract is not to be relied on"
            raise UpstreamFault(NoAnswerReason.TOO_LARGE, detail)
        return Matched(reading.unborn_candidates(self.custodian.id, rows))

    def _find(self, connection: Connection, who: Candidate, kinds: frozenset[str]) -> Found:
        statements = self._statements(connection)
        sources = tuple(source for source in statements.sources if source.kind in kinds & self.kinds)
        rows = statements.find(sources).run(connection, {"person": who.local_id})
        if len(rows) > FIND_ROWS_MAX:
            raise UpstreamFault(NoAnswerReason.TOO_LARGE, "it holds more of this person than the hub reads at once")
        as_of, others = reading.checked(rows, who, self._zone)
        stale = self._is_stale(as_of)
        return Found(reading.pointers(self.custodian.id, sources, others, self._unassessed(), stale=stale), as_of)

    def _is_stale(self, as_of: datetime) -> bool:
        """Whether the copy is too old; the first question that finds one so logs an alarm."""
        age = self._now() - as_of
        if self._stale_after is None or age <= self._stale_after:
            return False
        if self._alarmed != as_of:
            self._alarmed = as_of
            say(LogLine.EXTRACT_STALE, custodian=Id(self.custodian.id), days=age.days)
        return True

    def _fetch(self, connection: Connection, who: Candidate, wanted: Sequence[RecordPointer]) -> Fetched:
        statements = self._statements(connection)
        ids: dict[tuple[str, str], list[str]] = {}
        for each in wanted:
            table, _, key = each.record_id.partition("/")
            ids.setdefault((each.kind, table), []).append(key)
        sources = tuple(source for source in statements.sources if (source.kind, source.table) in ids)
        parameters: dict[str, object] = {
            f"ids{number}": json_array(ids[source.kind, source.table]) for number, source in enumerate(sources)
        }
        rows = statements.fetch(sources).run(connection, {"person": who.local_id, **parameters})
        as_of, others = reading.checked(rows, who, self._zone)
        return Fetched(reading.records(wanted, sources, others, as_of))


def _kinds(catalogue: Catalogue | None) -> frozenset[str]:
    tables = Tables()
    sources: tuple[Source, ...] = all_sources(tables, tables["ssd_person"].c["pers_common_child_id"])
    if catalogue is None:
        return frozenset(source.kind for source in sources)
    offered = [source for source in sources if source.kind in catalogue.kinds]
    for source in offered:
        catalogued = {spec.name for spec in catalogue[source.kind].fields}
        if missing := sorted({read.field for read in source.reads} - catalogued):
            raise ConfigurationError(
                f"The field catalogue has no {source.kind}.{missing[0]}, which the council supplies."
            )
    return frozenset(source.kind for source in offered)
