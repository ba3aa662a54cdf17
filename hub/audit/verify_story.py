"""What entries say of each other: questions and their ends, parts and their answer, what is missing and why.

The strict verifier and the fast one both tell it here, entry by entry, in order.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import IntEnum

from hub.audit.entries import Abandoned, Answer, Entry, Question, Records
from hub.audit.marks import Marks
from hub.audit.verify_found import Stop

OPEN_FOR_MAX = timedelta(minutes=10)
"""A question without an end for longer than this is a fault. The reaper ends it after 5 minutes, so this is twice."""

OPEN_MAX = 100_000
"""So many questions at most may be without an end at one time; it bounds the verifier's memory."""

_NO_PARTS = (0, 0)


class Role(IntEnum):
    """What an entry is to others. ``BARE``: its bytes are not there any more."""

    OTHER = 0
    QUESTION = 1
    END = 2
    RECORDS = 3
    BARE = 4


def role_of(entry: Entry) -> Role:
    """What ``entry`` is to others."""
    if isinstance(entry, Question):
        return Role.QUESTION
    if isinstance(entry, Answer | Abandoned):
        return Role.END
    return Role.RECORDS if isinstance(entry, Records) else Role.OTHER


class Story:
    """The state between two entries.

    ``open`` are the questions without an end, with their moment where it was told.
    """

    def __init__(self) -> None:
        self.open: dict[int, datetime | None] = {}
        self._parts = _NO_PARTS  # how many entries of records came right before this one, and of which question
        self._bare, self._missing, self._erased = Marks(), Marks(), Marks()
        self._ended = Marks()  # of the bare ones, those that have an end
        self._last_bare = -1
        self._pruned_before = 0

    def take(
        self,
        index: int,
        role: Role,
        question: int = 0,
        parts: int = 0,
        *,
        missing: bool = False,
        at: datetime | None = None,
    ) -> None:
        """Take entry ``index``.

        Args:
            index: the next one.
            role: what it is to others.
            question: of which question it is, when it is an end or records.
            parts: in how many entries of records it is told, when it is an answer.
            missing: whether it commits to a side row that is not there.
            at: when a question was asked.

        Raises:
            Stop: it contradicts those before it.
        """
        if missing:
            self._missing.mark(index)
        before = self._parts
        if role is Role.RECORDS:
            if not self._asked(question) or (before[0] and before[1] != question):
                raise Stop(f"records of entry {question}, which is not the question being answered here", index)
            self._parts = (before[0] + 1, question)
            return
        if role is Role.BARE:
            self._bare.mark(index)
            self._last_bare = index
        elif not self._claims((parts, question) if parts else _NO_PARTS, index):
            raise Stop("parts of an answer are missing, or belong to another", index)
        self._parts = _NO_PARTS
        if role is Role.QUESTION:
            if len(self.open) >= OPEN_MAX:
                raise Stop(f"more than {OPEN_MAX} questions without an end", index)
            self.open[index] = at
        elif role is Role.END:
            if not self._asked(question):
                raise Stop(f"ends entry {question}, which is not a question still open", index)
            if self.open.pop(question, self) is self:
                self._ended.mark(question)

    def erased(self, index: int, sides: Iterable[int]) -> None:
        """Take what entry ``index`` says was erased: the text beside these entries."""
        for each in sides:
            if each >= index or not (each in self._missing or each in self._bare):
                raise Stop(f"erases the text beside entry {each}, which has none or still has it", index)
            self._erased.mark(each)

    def pruned(self, index: int, before: int) -> None:
        """Take what entry ``index`` says was dropped: the bytes of the entries before ``before``."""
        if before > index:
            raise Stop("prunes entries that come after it", index)
        self._pruned_before = max(self._pruned_before, before)

    def end(self, size: int, now: datetime, *, sides: bool) -> None:
        """Check what can only be said at the end of a log of ``size``; ``sides``: whether side rows were looked at."""
        if self._parts[0]:
            raise Stop("parts of an answer that is not there", size - 1)
        for question, at in self.open.items():
            if question > self._last_bare and (at is None or abs(now - at) > OPEN_FOR_MAX):
                raise Stop(f"a question that has had no end for over {OPEN_FOR_MAX.seconds // 60} minutes", question)
        if sides and (index := self._missing.first(but=self._erased)) is not None:
            raise Stop("the text beside it is gone, and no later entry says that it was erased", index)
        if (bare := self._bare.first(self._pruned_before)) is not None:
            raise Stop("its bytes are gone, and no later entry says that it was pruned", bare)

    def _asked(self, question: int) -> bool:
        return question in self.open or (question in self._bare and question not in self._ended)

    def _claims(self, claim: tuple[int, int], index: int) -> bool:
        """Whether the parts it claims stand before entry ``index``: all, or the last of them after bare entries."""
        count, question = self._parts
        if claim == self._parts:
            return True
        return index - 1 - count in self._bare and claim[0] > count and (not count or claim[1] == question)
