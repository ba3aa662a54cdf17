"""``hub audit access-report``: who has seen this child's record, for who has a right to know.

Written are FILE.md to be given once the information governance officer has decided on what is marked in it, FILE.json
with the same for programs, and FILE.check.md for that officer alone. Nobody is named unless that was decided
(--with-names). That the report was made, and each name that was shown, is in the log before the files appear.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import orjson
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from hub.access.register_file import load_register
from hub.app import load_policy_set
from hub.audit.acts import Report, Reveal
from hub.audit.words import CODE_MAX, code
from hub.cli.acting import database_url, opened_log
from hub.cli.audit_whom import add_officer, add_whom, by, officer, telling, whom
from hub.cli.main import EXIT_WRONG, add_settings, settings_path
from hub.domain.organisations import Sector
from hub.errors import AuditUnavailable, BadRequest, ConfigurationError
from hub.service.access_report import Made, Words, make
from hub.service.access_text import notes, report
from hub.settings import Settings, load_settings
from hub.store.accesses import Accesses, read_accesses, read_names
from hub.store.engine import make_engine
from hub.store.subjects import Whom

WAIT_SECONDS = 60.0

ROUTINE = "right-of-access"
"""The reason a report is logged with when none is given."""


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the action's options."""
    add_settings(command)
    add_whom(command)
    add_officer(command)
    command.add_argument("--out", type=Path, required=True, metavar="FILE", help="without its ending; none may exist")
    command.add_argument("--with-names", action="store_true", help="name the workers; needs --decision")
    command.add_argument("--decision", metavar="CODE", help="on what it was decided to name them, in a word; logged")


def run(options: argparse.Namespace) -> int:
    """Make the report; 1 when the hub knows nobody such, or the log is not whole."""
    reason = _code("--reason", options.reason or ROUTINE)
    decision = _code("--decision", options.decision) if options.with_names else None
    by(options)
    settings, person = load_settings(settings_path(options)), whom(options)
    places = _places(options.out)
    words = _words(settings)
    engine = make_engine(database_url(settings), WAIT_SECONDS)
    try:
        with telling("reading the log") as told:
            found = read_accesses(engine, person, told)
        if not found.subjects or not (found.uses or found.acts or _was_named(person)):
            _say_nobody(found)
            return EXIT_WRONG
        made = asyncio.run(_logged(settings, engine, found, words, options, reason, decision, places))
    except SQLAlchemyError as fault:
        raise AuditUnavailable(f"The log could not be read to its end ({type(fault).__name__}).") from None
    finally:
        engine.dispose()
    print(f"{len(made.lines)} times, told in {places['md']}. {len(made.checks)} notes on them in {places['check.md']}.")
    print("Read the notes first. The report says nothing that was veiled, and names " + _who(decision) + ".")
    if made.unreadable:
        sys.stderr.write(f"{made.unreadable} entries cannot be read: run `hub audit verify` before you give it.\n")
        return EXIT_WRONG
    return 0


async def _logged(
    settings: Settings,
    engine: Engine,
    found: Accesses,
    words: Words,
    options: argparse.Namespace,
    reason: str,
    decision: str | None,
    places: Mapping[str, Path],
) -> Made:
    """Write down that it is made and who is named, and only then let the files appear."""
    async with opened_log(settings, wait_seconds=WAIT_SECONDS) as log:
        acting = await officer(log, options)
        if decision is not None:
            workers = _workers(found)
            for worker in workers:
                at, nonce = log.stamp()
                await log.append(Reveal(at=at, nonce=nonce, officer=acting, reference=worker, reason=decision))
            words = Words(words.purposes, words.agencies, words.sectors, words.sections, read_names(engine, workers))
        made = make(found, words, log=settings.log.origin, at=datetime.now(UTC))
        staged = _staged(places, made)
        try:
            for subject in found.subjects:
                at, nonce = log.stamp()
                await log.append(
                    Report(at=at, nonce=nonce, officer=acting, subject=subject, size=found.size, reason=reason)
                )
            for temporary, place in staged:
                os.link(temporary, place)  # unlike a rename it never takes the place of another file
        except OSError as fault:
            raise ConfigurationError(
                f"{options.out}: the files could not be put there ({fault.strerror}). The log has it that the report "
                "was made: make it again, in another place."
            ) from None
        finally:
            for temporary, _ in staged:
                temporary.unlink()
    return made


def _staged(places: Mapping[str, Path], made: Made) -> list[tuple[Path, Path]]:
    """The files beside where they will be, for their owner alone, and on disk."""
    text = {
        "md": "\n".join(report(made)).encode() + b"\n",
        "check.md": "\n".join(notes(made)).encode() + b"\n",
        "json": orjson.dumps(made.as_json(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE),
    }
    staged: list[tuple[Path, Path]] = []
    try:
        for ending, place in places.items():
            temporary = place.with_name(f".{place.name}.{os.getpid()}")
            staged.append((temporary, place))
            with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as opened:
                opened.write(text[ending])
                opened.flush()
                os.fsync(opened.fileno())
    except OSError as fault:
        for temporary, _ in staged:
            temporary.unlink(missing_ok=True)
        raise ConfigurationError(f"{places['md'].parent}: cannot be written ({fault.strerror}).") from None
    return staged


def _places(out: Path) -> Mapping[str, Path]:
    stem = out.name.removesuffix(".md").removesuffix(".json")
    if not stem or not out.parent.is_dir():
        raise BadRequest(f"{out.parent} is no directory, or --out names no file.", code="USAGE")
    places = {ending: out.with_name(f"{stem}.{ending}") for ending in ("md", "json", "check.md")}
    for place in places.values():
        if place.exists():
            raise BadRequest(f"{place} is there already: a report is never written over.", code="USAGE")
    return places


def _words(settings: Settings) -> Words:
    bundle = load_policy_set(settings).current.bundle
    register = load_register(
        Path(settings.access.register), known_purposes=bundle.purposes.keys(), issuer=settings.access.issuer
    )
    asking, asked = register.organisations.values(), settings.custodians
    agencies = {each.id: each.name for each in asked} | {each.id: each.name for each in asking}
    sectors = {each.id: Sector(each.sector) for each in asked} | {each.id: each.sector for each in asking}
    purposes = {each.id: f"{each.title} ({each.citation})" for each in bundle.purposes.values()}
    return Words(
        purposes, agencies, sectors, {kind: spec.section.value for kind, spec in bundle.catalogue.kinds.items()}
    )


def _workers(found: Accesses) -> list[str]:
    """Those who acted, each once."""
    every: Iterable[str | None] = (
        *(use.question.asker.worker for use in found.uses),
        *(act.officer.worker for _, act in found.acts if isinstance(act, Reveal | Report)),
    )
    return list(dict.fromkeys(each for each in every if each is not None))


def _was_named(person: Whom) -> bool:
    """Whether she was named otherwise than by a reference, which may be one of nobody."""
    return bool(person.numbers or person.stated)


def _say_nobody(found: Accesses) -> None:
    sys.stderr.write(
        "No report was made: no question to this hub named this person so. Name also how else she may have been asked "
        "about (more lines on standard input: hub audit access-report --help).\n"
    )
    if found.dropped:
        sys.stderr.write(f"{found.dropped} older entries were dropped; the archive made of them has what they say.\n")


def _code(option: str, text: str | None) -> str:
    if not text or len(text) > CODE_MAX or code(text) != text:
        raise BadRequest(
            f"Say why with {option}: one word of letters, digits and - _ . : /, with no name in it.", code="USAGE"
        )
    return text


def _who(decision: str | None) -> str:
    return "nobody" if decision is None else "the workers, as was decided"
