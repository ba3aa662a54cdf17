"""How candidates are resolved in one question, and how possible matches are kept for a person to confirm."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hub.domain.people import Candidate, ChildSearch
from hub.matching.confirmations import Book, Confirmed
from hub.matching.resolution import Resolution, ScoredCandidate
from hub.matching.resolve import resolve
from hub.matching.unborn import resolve_unborn
from hub.matching.weights import SHIPPED, Weights
from hub.service.ask import Asked, Resolve

Remember = Callable[[int, ChildSearch, Sequence[ScoredCandidate], datetime], Awaitable[None]]
"""Keeps what an answer (by its number) showed of possible matches, in its order. It never raises."""


async def _nothing_said() -> Book:
    return Book()


async def _forget(answer: int, search: ChildSearch, shown: Sequence[ScoredCandidate], at: datetime) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Matching:
    """What matching goes by besides the details.

    Attributes:
        book: what people have said of possible matches; if it cannot be read, that is as if the log could not.
        remember: where possible matches are kept.
        weights: what each comparison is worth.
    """

    book: Callable[[], Awaitable[Book]] = _nothing_said
    remember: Remember = _forget
    weights: Weights = SHIPPED

    def resolver(self, book: Book, at: datetime) -> Resolve:
        """Resolves candidates as matters stand ``at`` a moment (aware)."""
        confirmed = Confirmed(book, at)

        def resolved(search: ChildSearch, candidates: Sequence[Candidate]) -> Resolution:
            if search.unborn is not None:
                return resolve_unborn(search, candidates, confirmed)
            return resolve(search, candidates, confirmed, self.weights)

        return resolved

    async def keep(self, answer: int, search: ChildSearch, asked: Iterable[Asked], at: datetime) -> None:
        """Keep the possible matches that answer number ``answer`` shows, beside all that was learnt of the child.

        Of an unborn child nothing is learnt by which the child could be told again, and the mother is not the child.
        """
        everybody = list(asked)
        shown = [candidate for one in everybody for candidate in one.unsure]
        if shown:
            sure = [one.same.candidate for one in everybody if one.same is not None and search.unborn is None]
            learnt = dict.fromkeys(who.identity for who in sure)
            await self.remember(answer, replace(search, aliases=tuple(learnt)), shown, at)
