"""A chronology as CSV (RFC 4180) for a spreadsheet: one line for each record, agency and thing held back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from hub.domain.sources import Source
from hub.web.front.chronology import Chronology, Sort
from hub.web.front.records import Held, Shown
from hub.web.rendering import uk_time
from hub.web.words import SOURCES, in_words

COLUMNS = (
    "Line",
    "Date",
    "What",
    "Details",
    "Agency",
    "As of",
    "Handling",
    "Held back, and what to do",
    "Log entry",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What begins a formula in one spreadsheet or another (OWASP, "CSV Injection"); the last four are full-width forms."""


def as_csv(chronology: Chronology) -> bytes:
    """The file: UTF-8 with a byte order mark, by which Excel knows it; every cell is text and none is a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows(chronology):
        writer.writerow([safe(cell) for cell in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def safe(cell: str) -> str:
    """``cell`` as a spreadsheet shows it and never runs it: a leading apostrophe makes it text."""
    plain = "".join(each for each in cell if each.isprintable() or each in "\n\t")
    return f"'{plain}" if plain.lstrip(" ").startswith(_FORMULA) else plain


def rows(chronology: Chronology) -> Iterator[tuple[str, ...]]:
    """Who answered, first of all; the events; what has no date; and what was held back whole."""
    number = str(chronology.log_entry)
    who = " / ".join(chronology.names) or "Name not shared"
    yield Sort.ABOUT, "", "Who it is about", f"{who}. {chronology.born}", *[""] * 4, number
    for notice in chronology.notices:
        yield Sort.ABOUT, "", "Look at this again", notice, *[""] * 4, number
    for source in chronology.sources:
        warning = ring_in_words(source) if source in chronology.silent else ""
        as_of = uk_time(source.as_of) if source.as_of else ""
        yield (
            Sort.AGENCY,
            "",
            "Who answered",
            source_in_words(source),
            source.custodian.name,
            as_of,
            "",
            warning,
            number,
        )
    for said in (*chronology.not_before, *chronology_limits(chronology)):
        yield Sort.ABOUT, "", "What is not here", said, "", "", "", "", number
    for row in chronology.rows:
        yield Sort.EVENT, row.machine_day, row.title, *_record(row.record), number
    for record in chronology.undated:
        yield Sort.UNDATED, "", record.title, *_record(record), number
    for line in chronology.held:
        agency = line.custodian.name if line.custodian else ""
        yield Sort.HELD_BACK, "", line.what, "", agency, "", "", held_in_words(line), number


def chronology_limits(chronology: Chronology) -> Iterator[str]:
    """What was chosen, how much that leaves out, and what this purpose does not reach."""
    if chronology.chosen:
        yield f"Chosen: {'; '.join(chronology.chosen)}. Left out by this: {chronology.left_out}."
    if chronology.unneeded:
        yield f"This purpose or role does not reach: {', '.join(chronology.unneeded)}. Whether any is held is not said."


def source_in_words(source: Source) -> str:
    """What became of a source, without a full stop."""
    state = SOURCES[source.state].text
    return f"{state}: {source.detail}" if source.detail else state


def ring_in_words(source: Source) -> str:
    """What to do about a source that has not said."""
    contact = source.custodian.contact
    return f"Do not read this as nothing known. Ring {contact.role}, {contact.phone}."


def _record(record: Shown) -> Iterable[str]:
    handling = "\n".join(
        " ".join(part for part in (f"({each.about})" if each.about else "", each.notice, each.law) if part)
        for each in record.notices
    )
    held_back = "\n".join(held_in_words(line) for line in record.held)
    return details(record), record.custodian.name, uk_time(record.as_of), handling, held_back


def details(record: Shown) -> str:
    """What was shared of a record, and what there was nothing of, as one text."""
    said = [f"{fact.label}: {fact.value}" for fact in record.facts]
    if record.empty:
        said.append(f"Nothing recorded: {', '.join(record.empty).lower()}")
    if record.unneeded:
        said.append(f"This purpose does not need: {', '.join(record.unneeded).lower()}")
    return "\n".join(said)


def held_in_words(line: Held) -> str:
    """A line about something held back, as one text."""
    by = f" Reply due by {uk_time(line.reply_by)}." if line.reply_by else ""
    law = f" ({line.law})" if line.law else ""
    return (
        f"{in_words(line.outcome)}: {line.what}. {line.title}{law}. {line.next_step} "
        f"Contact {line.contact.role}, {line.contact.phone}; quote {line.reference}.{by}"
    )
