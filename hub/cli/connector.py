"""``hub connector check``: whether each agency's system can be reached and is what the settings and mappings say.

Without ``--nhs-number`` nobody is asked about. With it each system is asked about one test patient as a searcher would
ask, which that system records; so only a number of the NHS's test range (999) is taken. Values are never shown.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from hub.agencies import make_connector
from hub.app import load_policy_set
from hub.cli.main import EXIT_WRONG, add_settings, settings_path
from hub.connectors.base import Connector, Deadline, Matched
from hub.connectors.checking import FieldSample, Finding, Grade, Report, examine, mend, note, well
from hub.connectors.checking_tls import certificate
from hub.connectors.checking_walk import Known, walk
from hub.domain.identifiers import NHSNumber
from hub.domain.people import ChildSearch, Identity
from hub.errors import BadRequest, ConfigurationError
from hub.policy.bundle import Bundle
from hub.settings import CustodianSettings, Settings, load_settings

TEST_RANGE = "999"
"""NHS numbers that begin so are never given to anybody: they are for tests."""

SECONDS = 10.0
"""For each step of a check: longer than a searcher waits, so that slow is told from down."""

_ABOUT_A_PATIENT = """\
Each system asked records that the hub looked at the test patient. The hub's own log is not written: a check takes only
numbers of the range that is kept for tests, so that no child is ever asked about without an entry.
"""


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's actions and options."""
    actions = command.add_subparsers(required=True, metavar="ACTION")
    checking = actions.add_parser("check", help="reach each agency's system and compare it with settings and mapping")
    checking.add_argument("custodian", nargs="?", metavar="CUSTODIAN", help="the id of one agency (default: all)")
    checking.add_argument(
        "--nhs-number", metavar="N", help="a test patient's (999...): asked about everywhere, and recorded there"
    )
    checking.add_argument(
        "--local-id", metavar="ID", help="CUSTODIAN's own id of its test person, where it holds no NHS numbers"
    )
    add_settings(checking)
    checking.set_defaults(run=check)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is checked: whom, about which test patient."""

    settings: Settings
    custodian: str | None
    number: NHSNumber | None
    local_id: str | None


def check(options: argparse.Namespace) -> int:
    """Check one custodian or all; exit status 1 when something is to be mended."""
    settings = load_settings(settings_path(options))
    ids = [entry.id for entry in settings.custodians]
    if options.custodian is not None and options.custodian not in ids:
        raise BadRequest(f"The settings have no custodian of that id. There are: {', '.join(ids)}.", code="USAGE")
    if options.local_id is not None and None in (options.custodian, options.nhs_number):
        raise BadRequest("--local-id goes with a CUSTODIAN and --nhs-number.", code="USAGE")
    asked = Asked(settings, options.custodian, test_number(options.nhs_number), options.local_id)
    bundle = load_policy_set(settings).current.bundle
    if asked.number is not None:
        print(_ABOUT_A_PATIENT)
    reports = asyncio.run(_check(asked, bundle))
    for entry, report in reports:
        print(f"{entry.id}  ({entry.kind}, {entry.name})")
        _show(report)
        print()
    wrong = [entry.id for entry, report in reports if not report.is_well]
    print(f"To be mended: {', '.join(wrong)}." if wrong else "Nothing to be mended.")
    return EXIT_WRONG if wrong else 0


def test_number(text: str | None) -> NHSNumber | None:
    """The test patient's number.

    Raises:
        BadRequest: it is none, or may be somebody's.
    """
    if text is None:
        return None
    number = NHSNumber.parse(text)
    if not number.value.startswith(TEST_RANGE):
        raise BadRequest(
            "A check is not written to the hub's log, so it may ask about nobody real: give a number that begins with "
            f"{TEST_RANGE}, of a test patient. To ask about a child, use `hub ask`.",
            code="TEST_NUMBER_ONLY",
        )
    return number


async def _check(asked: Asked, bundle: Bundle) -> list[tuple[CustodianSettings, Report]]:
    """Every report, in the order of the settings; systems that hold NHS numbers are asked first, for the name."""
    chosen = [entry for entry in asked.settings.custodians if asked.custodian in (None, entry.id)]
    addresses = {entry.id: entry.url for entry in chosen}
    made: dict[str, Connector] = {}
    reports: dict[str, Report] = {}
    for entry in chosen:
        try:
            made[entry.id] = make_connector(entry, lambda: bundle)
            reports[entry.id] = Report((well("settings, credential and mapping are valid"),))
        except ConfigurationError as fault:
            reports[entry.id] = Report((mend(fault.message, "correct it; nothing was asked"),))
    try:
        people: list[Identity] = []
        for name, connector in sorted(made.items(), key=lambda one: not one[1].matches_nhs_number):
            if (tls := await certificate(addresses[name], SECONDS)) is not None:
                reports[name] += Report((tls,))
            reports[name] += await examine(connector, SECONDS)
            if asked.number is not None:
                known = await _known(asked, bundle, connector, people)
                walked = await _walk(asked, bundle, connector, known)
                people += walked.people
                reports[name] += walked
    finally:
        await asyncio.gather(*(connector.close() for connector in made.values()))
    return [(entry, reports[entry.id]) for entry in chosen]


async def _walk(asked: Asked, bundle: Bundle, connector: Connector, people: Sequence[Identity]) -> Report:
    about = ChildSearch(Identity(nhs_number=asked.number), tuple(people))
    if not connector.matches_nhs_number and not about.has_demographics:
        return Report(
            (
                note(
                    "it holds no NHS numbers, and no other agency knows the test patient's name: it was not asked",
                    "use a test patient whom an agency with NHS numbers holds",
                ),
            )
        )
    known = Known(bundle.catalogue, bundle.vocabulary.labels.keys())
    return await walk(connector, known, about, SECONDS, asked.local_id)


async def _known(asked: Asked, bundle: Bundle, connector: Connector, people: Sequence[Identity]) -> Sequence[Identity]:
    """The test patient's names: from the reports so far, or where one custodian is checked, from the others."""
    if people or connector.matches_nhs_number or asked.custodian is None:
        return people
    about = ChildSearch(Identity(nhs_number=asked.number))
    for entry in asked.settings.custodians:
        try:
            other = make_connector(entry, lambda: bundle)
        except ConfigurationError:
            continue
        try:
            got = await other.match(about, Deadline.after(SECONDS)) if other.matches_nhs_number else None
        finally:
            await other.close()
        if isinstance(got, Matched):
            found = [who.identity for who in got.candidates if who.identity.nhs_number == asked.number]
            if found:
                return found
    return ()


def _show(report: Report) -> None:
    for finding in report.findings:
        _show_finding(finding)
    for kind, samples in groupby(report.samples, key=lambda sample: sample.kind):
        print(f"  {kind} of the test patient")
        for sample in samples:
            print(f"    {_line(sample)}")


def _show_finding(finding: Finding) -> None:
    word = finding.grade.value.upper() if finding.grade is Grade.MEND else finding.grade.value
    for number, line in enumerate(finding.what.splitlines() or [""]):
        print(f"  {word if number == 0 else '':<5} {line}")
    if finding.do:
        print(f"        -> {finding.do}")


def _line(sample: FieldSample) -> str:
    parts = [f"{sample.field:<20} {sample.present} present, {sample.absent} absent"]
    if sample.types:
        parts.append(" and ".join(sample.types))
    if sample.lengths is not None:
        short, long = sample.lengths
        parts.append(f"length {short}" if short == long else f"length {short} to {long}")
    return "; ".join(parts)
