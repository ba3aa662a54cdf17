"""The answer to "who has seen my child's record?", from what the log says, in words for the person it is about.

It is written for the information governance officer, who decides what of it is given. Lines she has to decide on are
marked; why is said apart, so that the one paper can be given without the other. A ground that was veiled from a
searcher is named in neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from hub.audit.acts import Act, Report, Reveal
from hub.audit.encoding import kind_of
from hub.audit.entries import Abandoned, Answer
from hub.audit.summary import CustodianLine, lines
from hub.domain.organisations import Sector
from hub.store.accesses import Accesses, FoundBy, Use

CHECKED_SECTORS = frozenset({Sector.POLICE, Sector.PROBATION, Sector.JUSTICE})
"""That one of these asked may itself be what must not be told yet."""

OTHER_SECTION = "other"

NOT_KEPT = "a person whose name is not kept any more"


@dataclass(frozen=True, slots=True)
class Words:
    """What codes mean to people, from the policies, the register and the settings in force; a code stays if unknown."""

    purposes: Mapping[str, str]
    agencies: Mapping[str, str]
    sectors: Mapping[str, Sector]
    sections: Mapping[str, str]
    """By kind of record."""

    names: Mapping[str, str] | None = field(default=None, repr=False)
    """By reference, of workers, where it was decided that they are named."""


@dataclass(frozen=True, slots=True)
class Held:
    """One agency in one question: what became of it (a word of ``SourceState``), and which sections were seen."""

    agency: str
    state: str
    sections: tuple[str, ...]
    not_shared: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One question, or one other time somebody saw who the person is. ``check``: the officer has to decide on it;
    ``unborn``: it was about a child not yet born, and so about the mother too.
    """

    entry: int
    at: datetime
    what: str
    agency: str
    role: str
    worker: str | None
    name: str | None
    purpose: str | None
    outcome: str
    held: tuple[Held, ...]
    check: bool
    unborn: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """The report: ``lines`` oldest first; ``checks`` say of entries why they are to be looked at."""

    log: str
    size: int
    made_at: datetime
    subjects: Mapping[str, FoundBy]
    lines: tuple[Line, ...]
    checks: tuple[tuple[int, str], ...]
    dropped: int
    unreadable: int

    @property
    def by(self) -> frozenset[FoundBy]:
        """By what the person was found."""
        return frozenset(self.subjects.values())

    def as_json(self) -> dict[str, object]:
        """For programs. It has no more than the text has, but references."""
        return {name: value for name, value in asdict(self).items() if name != "checks"}


def make(found: Accesses, words: Words, *, log: str, at: datetime) -> Made:
    """The report of what was ``found``, made at a moment (aware)."""
    checks: list[tuple[int, str]] = []
    unborn = frozenset(reference for reference, by in found.subjects.items() if by is FoundBy.UNBORN)
    made = [_use(use, words, checks, unborn=use.question.subject in unborn) for use in found.uses]
    made += [_act(index, act, words) for index, act in found.acts if isinstance(act, Reveal | Report)]
    for index, act in found.acts:
        if not isinstance(act, Reveal | Report):
            checks.append((index, _ACT_SAID.format(what=kind_of(act).replace("_", " "))))
    return Made(
        log,
        found.size,
        at,
        dict(found.subjects),
        tuple(sorted(made, key=lambda line: line.entry)),
        tuple(sorted(checks)),
        found.dropped,
        found.unreadable,
    )


_ACT_SAID = "is about this person and is not in the report: {what}. Decide whether it is to be told."
_VEILED = "something was restricted, and even the searcher was not told why: nor does this paper. Open the entry."
_OPENLY = "something was not shared, and the searcher was told why: {grounds}."
_UNNAMED = "something was not shared, and the log names no ground. Open the entry."
_UNBORN = (
    "was about a child not yet born, and was put with the mother's NHS number: it is about both. Decide which of them, "
    "or who for them, is to be told of it."
)
_SECTOR = "{agency} asked: that it did may itself be what must not be told yet."


def _use(use: Use, words: Words, checks: list[tuple[int, str]], *, unborn: bool) -> Line:
    question, asker = use.question, use.question.asker
    custodians = lines(use.end) if isinstance(use.end, Answer) else ()
    why = [*([_UNBORN] if unborn else []), *_reasons(use, custodians, words)]
    checks += [(use.index, each) for each in why]
    outcome = use.end.outcome.value if isinstance(use.end, Answer) else "abandoned" if use.end else "open"
    return Line(
        entry=use.index,
        at=question.at,
        what="question",
        agency=words.agencies.get(asker.organisation, asker.organisation),
        role=asker.role.replace("_", " "),
        worker=asker.worker,
        name=_name(asker.worker, words),
        purpose=words.purposes.get(question.purpose, question.purpose),
        outcome=outcome,
        held=tuple(_held(line, use.end, words) for line in custodians),
        check=bool(why),
        unborn=unborn,
    )


def _reasons(use: Use, custodians: Iterable[CustodianLine], words: Words) -> Iterator[str]:
    agency = use.question.asker.organisation
    if words.sectors.get(agency) in CHECKED_SECTORS:
        yield _SECTOR.format(agency=words.agencies.get(agency, agency))
    counts = [line.counts for line in custodians]
    if any(each.veiled for each in counts):
        yield _VEILED
    grounds = sorted({ground for each in counts for ground in each.grounds})
    if grounds:
        yield _OPENLY.format(grounds=", ".join(grounds))
    elif any(each.withheld or each.asks for each in counts) and not any(each.veiled for each in counts):
        yield _UNNAMED


def _held(line: CustodianLine, end: Answer | Abandoned | None, words: Words) -> Held:
    assert isinstance(end, Answer)
    shared = {
        words.sections.get(record.kind, OTHER_SECTION)
        for record in end.records
        if record.custodian == line.custodian and any(group.outcome.releases for group in record.groups)
    }
    held_back = line.counts.withheld > 0 or line.counts.asks > 0
    agency = words.agencies.get(line.custodian, line.custodian)
    return Held(agency, line.state, tuple(sorted(shared)), held_back)


def _act(index: int, act: Act, words: Words) -> Line:
    by = act.officer
    return Line(
        entry=index,
        at=act.at,
        what=kind_of(act),
        agency=words.agencies.get(by.organisation, by.organisation),
        role=by.role.replace("_", " "),
        worker=by.worker,
        name=_name(by.worker, words),
        purpose=None,
        outcome=kind_of(act),
        held=(),
        check=False,
    )


def _name(worker: str | None, words: Words) -> str | None:
    if words.names is None or worker is None:
        return None
    return words.names.get(worker, NOT_KEPT)
