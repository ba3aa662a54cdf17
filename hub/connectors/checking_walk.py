"""The test patient asked for as a searcher would: Match, Find, Fetch; what came back is counted, not shown."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from hub.connectors.base import Connector, Deadline
from hub.connectors.checking import FieldSample, Finding, Listening, Report, failed, mend, milliseconds, note, well
from hub.domain.catalogue import READ_WHEN_NAMED, Catalogue, ValueType
from hub.domain.people import Candidate, ChildSearch
from hub.domain.records import HeldRecord, RecordPointer
from hub.domain.sources import NoAnswer

SAMPLE_MAX = 200
"""Records fetched of the test patient; a check is no copy."""

_PYTHON = {
    ValueType.TEXT: "str",
    ValueType.DATE: "date",
    ValueType.DATETIME: "datetime",
    ValueType.INTEGER: "int",
    ValueType.BOOLEAN: "bool",
    ValueType.TEXT_LIST: "tuple",
}
_WORDS = {python: type_.value.replace("_", " ") for type_, python in _PYTHON.items()}


@dataclass(frozen=True, slots=True)
class Known:
    """What an answer is compared with: the field catalogue, and the policies' words for records."""

    catalogue: Catalogue
    words: AbstractSet[str]


async def walk(
    connector: Connector, known: Known, about: ChildSearch, seconds: float, local_id: str | None = None
) -> Report:
    """Ask ``connector`` about the test patient, within ``seconds`` for each step.

    Args:
        connector: whom to ask.
        known: what to compare with.
        about: the test patient.
        seconds: for each of Match, Find and Fetch.
        local_id: the custodian's own id of its test person. A system without NHS numbers may hold a real child of the
            same name, so nobody's records are asked for there without it.
    """
    if getattr(connector, "needs_purpose", False):
        without = "it is asked under a purpose only, and a check states none: the test patient was not asked about"
        return Report(
            (note(without, "ask about the test patient with `hub ask`: that question is in both hubs' logs"),)
        )
    asking, compared = connector.listening() if isinstance(connector, Listening) else (connector, tuple)
    walked = await _match(asking, known, about, seconds, local_id)
    return walked + Report(tuple(compared()))


async def _match(
    connector: Connector, known: Known, about: ChildSearch, seconds: float, local_id: str | None
) -> Report:
    started = asyncio.get_running_loop().time()
    got = await connector.match(about, Deadline.after(seconds))
    if isinstance(got, NoAnswer):
        return Report((failed(got, "Match"),))
    matched = well(f"Match answered in {milliseconds(started)} ms: {len(got.candidates)} candidate(s)")
    chosen = _chosen(got.candidates, about, None if connector.matches_nhs_number else local_id)
    people = tuple(who.identity for who in chosen) if connector.matches_nhs_number else ()
    if len(chosen) == 1:
        return Report((matched,), people=people) + await _find(connector, known, chosen[0], seconds)
    if connector.matches_nhs_number or local_id is not None:
        missing = note(
            "it does not hold the test patient, so its records could not be tried",
            "ask the custodian for a test patient that its system holds",
        )
    else:
        missing = note(
            "it holds no NHS numbers, and a real child may have the test patient's name: no records were asked for",
            "give --local-id, the system's own id of its test person",
        )
    return Report((matched, missing), people=people)


def _chosen(candidates: Sequence[Candidate], about: ChildSearch, local_id: str | None) -> list[Candidate]:
    """The test patient among ``candidates``, by number or by the id that was given; never by likeness."""
    numbers = {who.nhs_number for who in about.identities if who.nhs_number}
    if local_id is not None:
        return [who for who in candidates if who.local_id == local_id]
    return [who for who in candidates if who.identity.nhs_number in numbers]


async def _find(connector: Connector, known: Known, who: Candidate, seconds: float) -> Report:
    started = asyncio.get_running_loop().time()
    found = await connector.find(who, connector.kinds - READ_WHEN_NAMED, Deadline.after(seconds))
    if isinstance(found, NoAnswer):
        return Report((failed(found, "Find"),))
    held = tuple(pointer for pointer in found.pointers if pointer.held_back is None)
    findings = [well(f"Find answered in {milliseconds(started)} ms: {len(held)} record(s)")]
    if lines := len(found.pointers) - len(held):
        findings.append(note(f"{lines} line(s) stand for what it holds back, or does not say: each is shown as that"))
    findings += _find_findings(connector, known, held)
    wanted = held[:SAMPLE_MAX]
    started = asyncio.get_running_loop().time()
    fetched = await connector.fetch(who, wanted, Deadline.after(seconds))
    if isinstance(fetched, NoAnswer):
        return Report((*findings, failed(fetched, "Fetch")))
    findings.append(well(f"Fetch answered in {milliseconds(started)} ms: {len(fetched.records)} record(s)"))
    samples = tuple(_samples(known.catalogue, fetched.records))
    return Report((*findings, *_type_findings(known.catalogue, samples)), samples)


def _find_findings(connector: Connector, known: Known, held: Sequence[RecordPointer]) -> Iterator[Finding]:
    if left_out := sorted(connector.kinds & READ_WHEN_NAMED):
        yield note(f"{' and '.join(left_out)} not tried: every read is told to others, so a check makes none")
    if untried := sorted(connector.kinds - READ_WHEN_NAMED - {pointer.kind for pointer in held}):
        yield note(
            f"the test patient has no {', '.join(untried)}: these were not tried",
            "where the custodian says it holds some, the settings or the mapping are wrong about that type; otherwise "
            "ask for a test patient with one record of each",
        )
    unknown = sum(bool(pointer.labels - known.words) for pointer in held)
    if unknown:
        yield mend(
            f"{unknown} record(s) carry a marking that the policies do not know: each is withheld as a gap",
            "map the marking to a word of policies/vocabulary.toml, or have the word added",
        )
    unsaid = Counter(pointer.kind for pointer in held if pointer.undetermined)
    for kind, count in sorted(unsaid.items()):
        yield note(
            f"{count} {kind} record(s) do not say whether a marking applies: what depends on it is withheld as a gap",
            "have the custodian's system state it for each record, yes or no",
        )


def _samples(catalogue: Catalogue, records: Sequence[HeldRecord]) -> Iterator[FieldSample]:
    shapes: dict[str, list[dict[str, tuple[str, int | None]]]] = {}
    for record in records:
        shapes.setdefault(record.pointer.kind, []).append(dict(record.shape()))
    for kind, each in sorted(shapes.items()):
        for spec in catalogue[kind].fields:
            if spec.derived is not None:
                continue
            filled = [shape[spec.name] for shape in each if spec.name in shape]
            lengths = [length for _, length in filled if length is not None]
            yield FieldSample(
                kind,
                spec.name,
                len(filled),
                len(each) - len(filled),
                tuple(sorted({_WORDS.get(type_, type_) for type_, _ in filled})),
                (min(lengths), max(lengths)) if lengths else None,
            )


def _type_findings(catalogue: Catalogue, samples: Sequence[FieldSample]) -> Iterator[Finding]:
    for sample in samples:
        expected = _WORDS[_PYTHON[catalogue[sample.kind].field(sample.field).type]]
        if set(sample.types) - {expected}:
            yield mend(
                f"{sample.kind}.{sample.field} is {' and '.join(sample.types)} and should be {expected}: a gap",
                "have the custodian correct what its system holds there, or map another place",
            )
