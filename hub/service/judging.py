"""What people have decided about the records of one question, looked up as custodians say who they answer about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from hub.domain.enquiry import Enquiry, Searcher
from hub.domain.identifiers import NHSNumber
from hub.domain.people import Candidate, ChildSearch
from hub.domain.records import RecordPointer
from hub.policy.facts import Judged
from hub.policy.judgements import Book


@dataclass(frozen=True, slots=True)
class Judging:
    """The judgements in force ``at`` one moment, for one question.

    ``numbers`` are the NHS numbers known to be the child's: the one stated and, once all have answered, the others.
    """

    book: Book
    searcher: Searcher
    enquiry: Enquiry
    at: datetime
    numbers: frozenset[NHSNumber]

    @classmethod
    def of(cls, book: Book, searcher: Searcher, enquiry: Enquiry, search: ChildSearch, at: datetime) -> Judging:
        """What is known before anybody has answered."""
        return cls(book, searcher, enquiry, at, _numbers([search.stated.nhs_number]))

    def knowing(self, everybody: Iterable[Candidate]) -> Judging:
        """The same, with the numbers under which custodians know the child; an unborn child's mother's is not one."""
        numbers = self.numbers | _numbers(each.identity.nhs_number for each in everybody if not each.is_mother)
        return Judging(self.book, self.searcher, self.enquiry, self.at, numbers)

    def about(self, who: Candidate, pointer: RecordPointer) -> Judged:
        """What people have decided about one record of the child ``who``, as its custodian knows them."""
        return self.book.about(
            custodian=pointer.custodian,
            local_id=who.local_id,
            nhs_numbers=self.numbers | _numbers([who.identity.nhs_number]),
            kind=pointer.kind,
            record_id=pointer.record_id,
            organisation=self.searcher.organisation,
            case_reference=self.enquiry.case_reference,
            purpose=self.enquiry.purpose,
            at=self.at,
        )


def _numbers(given: Iterable[NHSNumber | None]) -> frozenset[NHSNumber]:
    return frozenset(number for number in given if number is not None)
