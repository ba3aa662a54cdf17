"""Random samples that are provably not picked: the seed is in the log before anything is drawn, for anybody to repeat.

The population is every question of a preset whose answer was logged before entry ``upto``, in a span of days, as far as
the reviewer sees. Each entry's rank is SHA-256(seed || entry number, 8 bytes big-endian); the lowest ranks are the
sample. Who draws again until she likes the sample leaves an entry for each draw.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from heapq import nsmallest
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from hub.audit.acts import Sample
from hub.audit.words import CODE_MAX, DIGEST_DIGITS
from hub.errors import BadRequest, NotFound
from hub.service.following import Following
from hub.service.reviewing import Reviewer, Reviewing
from hub.store import log_search
from hub.store.log_search import PRESETS, Filter

DRAWN_MAX = 200
"""The most entries of one sample."""

POPULATION_MAX = 100_000
"""The most entries that a sample is drawn from: whoever wants more draws for a shorter time."""

QUESTIONS = "questions"
"""The preset that is every question."""

EVERYBODY = "*"
_UK = ZoneInfo("Europe/London")
_CODE = re.compile(r"([a-z-]+):(\d{8}):(\d{8}):(\d{1,16}):(.+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Frame:
    """What is drawn from: a preset, from a day to a day (both included, UK), of entries before ``upto``, of whom."""

    preset: str
    first: date
    last: date
    upto: int
    concerns: str | None

    def __str__(self) -> str:
        days = f"{self.first:%Y%m%d}:{self.last:%Y%m%d}"
        return f"{self.preset}:{days}:{self.upto}:{self.concerns or EVERYBODY}"

    @classmethod
    def parse(cls, text: str) -> Frame | None:
        """What ``str`` wrote; None when it is anything else."""
        found = _CODE.fullmatch(text)
        if found is None or (found[1] not in PRESETS and found[1] != QUESTIONS):
            return None
        try:
            first, last = (datetime.strptime(each, "%Y%m%d").replace(tzinfo=UTC).date() for each in found.group(2, 3))
        except ValueError:
            return None
        return cls(found[1], first, last, int(found[4]), None if found[5] == EVERYBODY else found[5])

    @property
    def wanted(self) -> Filter:
        """The filter of the list it is drawn from."""
        since, until = (datetime(day.year, day.month, day.day, tzinfo=_UK) for day in (self.first, self.last))
        preset = PRESETS.get(self.preset, Filter())
        end = until + timedelta(days=1)
        return replace(preset, kind="question", since=since, until=end, concerns=self.concerns)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sample: the entry that holds its seed, what it was drawn from, and the entries, lowest rank first.

    ``matches`` is whether the population is still as large as the entry says: not, once old entries were dropped.
    """

    index: int
    at: datetime
    frame: Frame
    seed: str
    population: int
    entries: tuple[int, ...]
    matches: bool


def rank(seed: str, index: int) -> bytes:
    """The rank of an entry under a seed (64 hex digits)."""
    return sha256(bytes.fromhex(seed) + index.to_bytes(8, "big")).digest()


def draw(seed: str, population: Iterable[int], many: int) -> tuple[int, ...]:
    """The ``many`` entries of the lowest rank."""
    return tuple(nsmallest(many, population, key=lambda index: rank(seed, index)))


class Sampling:
    """Draws samples, and shows them again from the log alone."""

    def __init__(self, reviewing: Reviewing, following: Following) -> None:
        self._reviewing = reviewing
        self._log = reviewing.log
        self._following = following

    async def draw(self, reviewer: Reviewer, preset: str, first: date, last: date, many: int) -> int:
        """Log a seed, and with it which entries are drawn; the number of that entry.

        Raises:
            BadRequest: nothing fits, too much does, or the list is behind the log.
        """
        caught = await self._following.caught_up()
        if not caught.up:
            raise BadRequest("The list is behind the log. Try again in a minute.", code="SAMPLE_NOT_POSSIBLE")
        frame = Frame(preset, first, last, caught.size, reviewer.scope)
        if len(str(frame)) > CODE_MAX:
            raise BadRequest("The agency's id is too long for the log to say it.", code="SAMPLE_NOT_POSSIBLE")
        population = await self._log.beside(lambda engine: read_population(engine, frame))
        if not population:
            raise BadRequest(
                "Nothing fits: choose another preset or more days. Only questions that were answered or ended count.",
                code="SAMPLE_NOT_POSSIBLE",
            )
        at, nonce = self._log.stamp()
        seed = secrets.token_hex(DIGEST_DIGITS // 2)
        sample = Sample(
            at=at,
            nonce=nonce,
            officer=reviewer.officer,
            preset=str(frame),
            seed=seed,
            population=len(population),
            drawn=min(many, len(population)),
        )
        return await self._reviewing.append(sample)

    async def sample(self, reviewer: Reviewer, index: int) -> Drawn:
        """The sample of entry ``index``, drawn again from what the log says.

        Raises:
            NotFound: there is none, or it is not hers to see.
        """
        await self._reviewing.row(reviewer, index)
        stored = await self._log.entry(index)
        sample = stored.entry if stored is not None else None
        frame = Frame.parse(sample.preset) if isinstance(sample, Sample) else None
        if not isinstance(sample, Sample) or frame is None:
            raise NotFound("There is no such sample.")
        if reviewer.scope not in (None, frame.concerns):
            raise NotFound("There is no such sample.")
        await self._reviewing.look(reviewer, "sample", index)
        population = await self._log.beside(lambda engine: read_population(engine, frame))
        entries = draw(sample.seed, population, sample.drawn)
        matches = len(population) == sample.population
        return Drawn(index, sample.at, frame, sample.seed, sample.population, entries, matches)

    async def population(self, reviewer: Reviewer, index: int) -> Sequence[int]:
        """What the sample of entry ``index`` is drawn from; raises as :meth:`sample`."""
        found = await self.sample(reviewer, index)
        return await self._log.beside(lambda engine: read_population(engine, found.frame))


def read_population(engine: Engine, frame: Frame) -> tuple[int, ...]:
    """The entries of a frame, in order.

    Raises:
        BadRequest: there are more than ``POPULATION_MAX``.
    """
    found = log_search.ended_before(engine, frame.wanted, frame.upto, POPULATION_MAX + 1)
    if len(found) > POPULATION_MAX:
        raise BadRequest(
            f"More than {POPULATION_MAX:,} entries fit: choose fewer days, or a narrower preset.",
            code="SAMPLE_NOT_POSSIBLE",
        )
    return found
