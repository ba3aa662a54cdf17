"""The joined view in a terminal. It reads the GraphQL answer and nothing else, as any tool would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

Json = dict[str, Any]

_STATES = {
    "ANSWERED": ("answered", "green"),
    "NOT_HELD": ("not held: searched, nothing", "default"),
    "POSSIBLE_MATCH": ("possible match: a person must look", "yellow"),
    "NO_ANSWER": ("NO ANSWER", "bold red"),
    "NOT_ASKED": ("not asked", "yellow"),
}
_ALERTS = {
    "PROTECTION_PLAN": "Child protection plan",
    "LOOKED_AFTER": "Looked after",
    "MISSING": "Missing",
    "RESTRICTED": "Whereabouts restricted",
}
_UNVERIFIED = {
    "VERIFIED_SECONDARY": "\n(law checked in secondary sources only)",
    "GENERAL": "\n(law not verified)",
}
_SILENT_FIRST = ("NO_ANSWER", "POSSIBLE_MATCH", "NOT_ASKED", "NOT_HELD", "ANSWERED")
EVENTS_SHOWN_MAX = 12
_UNSAID = "recorded; what it says was not shared or is not held"


def show(console: Console, child: Json) -> None:
    """Print the answer about one child."""
    for notice in child.get("notices") or ():
        console.print(Text(_plain(f"! {notice}"), style="bold yellow"))
    kind = child["__typename"]
    if kind == "JoinedView":
        for part in _view(child):
            console.print(part)
    else:
        title = (
            "No agency that answered holds this child"
            if kind == "NoMatch"
            else "Possible matches: look before you join"
        )
        console.print(Panel(Text(title, style="bold"), border_style="yellow"))
        console.print(_sources(child["sources"]))
        for line in _possible(child.get("candidates", ())):
            console.print(line)
    console.print(Text(f"Log entry {child['logEntry']['number']}", style="dim"))


def _view(child: Json) -> Iterator[RenderableType]:
    yield _headline(child)
    yield _sources(child["sources"])
    yield _facts(child)
    if child["involvement"] or child["household"]:
        yield _people(child)
    yield _timeline(child["timeline"])
    if candidates := child.get("candidates"):
        yield Text("Possible matches: nothing of theirs is above until a person has looked", style="bold yellow")
        yield from _possible(candidates)
    lines = list(_held_back(child))
    if lines:
        yield _withheld(lines)


def _possible(candidates: Iterable[Json]) -> Iterator[Text]:
    for candidate in candidates:
        step = f"\n    {candidate['nextStep']}" if candidate.get("nextStep") else ""
        who = f"  {candidate['reference']}  {candidate['custodian']['name']}: {_evidence(candidate)}"
        yield Text(_plain(who + step))


def _headline(child: Json) -> RenderableType:
    identity = child["identity"]
    is_unborn = "expectedDateOfBirth" in identity
    names = ["Unborn child"] if is_unborn else _distinct(identity["names"])
    when = _distinct(identity["expectedDateOfBirth" if is_unborn else "dateOfBirth"])
    text = Text()
    text.append(_plain(" / ".join(names)) or "Name not shared", style="bold")
    text.append(f"   {'expected' if is_unborn else 'born'} {' / '.join(when)}" if when else "")
    found = "found" if is_unborn else "same child"
    for match in child["match"]:
        text.append(f"\n{match['custodian']['name']}: {found} on {match['basis']} ({_evidence(match)})", style="dim")
    for alert in child["alerts"]:
        current = alert["state"] == "CURRENT"
        since = f" since {alert['since']}" if alert["since"] else ""
        said = (
            f"{since} ({alert['custodian']['name']})"
            if current
            else f": UNKNOWN, {alert['custodian']['name']} has not said"
        )
        text.append(f"\n! {_ALERTS[alert['kind']]}{said}", style="bold red" if current else "bold yellow")
    return Panel(text, title="Joined view", border_style="blue")


def _sources(sources: Iterable[Json]) -> RenderableType:
    """Who answered, silent sources first."""
    table = Table(title="Who answered", title_justify="left", expand=True)
    for column in ("Agency", "State", "Records", "Copy of", "Took", "If silent, ring"):
        table.add_column(column)
    for source in sorted(sources, key=lambda each: _SILENT_FIRST.index(each["state"])):
        state, style = _STATES[source["state"]]
        said = Text(state, style=style)
        if source["reason"]:
            said.append(f"\n{source['reason']}")
        silent = source["state"] not in ("ANSWERED", "NOT_HELD")
        if silent:
            said.append('\ndo not read this as "nothing known"', style="italic")
        contact = f"{source['contact']['role']}\n{source['contact']['phone']}" if silent else ""
        _row(
            table,
            source["custodian"]["name"],
            said,
            "" if source["records"] is None else str(source["records"]),
            _moment(source["asOf"]),
            "" if source["answeredInMs"] is None else f"{source['answeredInMs']} ms",
            contact,
        )
    return table


def _facts(child: Json) -> RenderableType:
    table = Table(title="Key facts, each agency's version", title_justify="left", expand=True)
    for column in ("Fact", "Value", "Says"):
        table.add_column(column)
    identity = child["identity"]
    for label, entry in (
        ("Name", "names"),
        ("Born", "dateOfBirth"),
        ("Expected", "expectedDateOfBirth"),
        ("NHS number", "nhsNumber"),
        ("Address", "addresses"),
        ("School", "schools"),
    ):
        for value, says in _grouped(identity.get(entry) or ()).items():
            _row(table, label, value, ", ".join(says))
            label = ""  # noqa: PLW2901  said once for all its versions
    for label, said, record in _section_facts(child):
        _row(table, label, said, record["custodian"]["name"])
    return table


def _section_facts(child: Json) -> Iterator[tuple[str, str, Json]]:
    for plan in child["socialCare"].get("plans") or ():
        began = f"from {plan['startedOn']}" if plan["startedOn"] else ""
        ended = f"ended {plan['endedOn']}" if plan["endedOn"] else ""
        said = ", ".join(part for part in (plan["category"], began, ended) if part)
        yield "Protection plan", said or _UNSAID, plan
    for registration in child["health"].get("gpRegistrations") or ():
        if registration["practice"]:
            yield "GP", registration["practice"], registration
    for flag in child["health"].get("flags") or ():
        status = f" ({flag['status']})" if flag["status"] else ""
        yield "NHS flag", (flag["flag"] or _UNSAID) + status, flag
    for care in child["health"].get("maternityEpisodes") or ():
        began = f"booked {care['bookedOn']}" if care["bookedOn"] else ""
        due = f"expected {care['expectedDateOfBirth']}" if care["expectedDateOfBirth"] else ""
        told = ", ".join(part for part in (care["service"], care["status"], began, due, care["careProvider"]) if part)
        lines = (told or _UNSAID, *(notice["notice"] for notice in care["handling"]))
        yield "Mother's maternity care", "\n".join(lines), care
    yield from _school_facts(child.get("education") or {})


def _school_facts(education: Json) -> Iterator[tuple[str, str, Json]]:
    for year in education.get("attendance") or ():
        average = f", the school {year['schoolAverage']} %" if year["schoolAverage"] else ""
        said = f"{year['attended']} %{average}" if year["attended"] else _UNSAID
        yield f"Attendance {_school_year(year)}", said, year
    for year in education.get("exclusions") or ():
        counted = ((year["suspensions"], "suspensions"), (year["permanentExclusions"], "permanent exclusions"))
        said = ", ".join(f"{count} {what}" for count, what in counted if count is not None)
        yield f"Exclusions {_school_year(year)}", said or _UNSAID, year
    for one in education.get("senSupport") or ():
        yield "School plan", ", ".join(part for part in (one["status"], one["plan"]) if part) or _UNSAID, one
    for one in education.get("safeguardingFiles") or ():
        yield "Safeguarding file", f"kept by {one['keptBy']}" if one["keptBy"] else "there is one", one


def _school_year(year: Json) -> str:
    return f"from {year['yearBegan']}" if year["yearBegan"] else "(year not stated)"


def _people(child: Json) -> RenderableType:
    table = Table(title="Who else is involved, and the household", title_justify="left", expand=True)
    for column in ("Who", "As", "Reach / recorded by"):
        table.add_column(column)
    for one in child["involvement"]:
        worker = one["worker"]
        service = ", ".join(part for part in (worker["role"], one["service"]) if part)
        _row(table, worker["name"], service, f"{one['custodian']['name']}, {worker['phone']}")
    for one in child["household"]:
        _row(table, one["person"]["name"], one["person"]["relationship"], f"link by {one['linkRecordedBy']['name']}")
    return table


def _timeline(timeline: Json) -> RenderableType:
    table = Table(title="One timeline, newest first", title_justify="left", expand=True)
    for column in ("Date", "What", "Agency"):
        table.add_column(column)
    edges = timeline["edges"][:EVENTS_SHOWN_MAX]
    for node in (edge["node"] for edge in edges):
        what = node["title"] + (f": {node['summary']}" if node["summary"] else "")
        held = [line for line in node["withheld"] if line["outcome"] != "OUT_OF_SCOPE"]
        mark = "  [part held back]" if held else ""
        _row(table, node["on"], what + mark, node["custodian"]["name"])
    if timeline["total"] > len(edges):
        table.caption = f"{timeline['total'] - len(edges)} more"
    return table


def _withheld(lines: list[Json]) -> RenderableType:
    table = Table(title="Held back", title_justify="left", expand=True)
    for column in ("Reference", "Why", "Ask", "What to do"):
        table.add_column(column)
    for line in lines:
        named = line["impediment"]
        if named:
            unverified = _UNVERIFIED.get(named["confidence"], "")
            why = f"{named['title']}\n{named['citation']}{unverified}"
        else:
            why = "Restricted" if line["outcome"] == "WITHHELD" else line["outcome"].lower().replace("_", " ")
        what = "" if line["fields"] == ["*"] else f"\n({', '.join(line['fields'])})"
        by = f"\nreply by {_moment(line['replyBy'])}" if line["replyBy"] else ""
        _row(
            table,
            line["reference"],
            why + what,
            f"{line['contact']['role']}\n{line['contact']['phone']}",
            line["nextStep"] + by,
        )
    return Group(table)


def _held_back(node: Any) -> Iterator[Json]:
    """Every ``withheld`` line anywhere in the answer, each reference once, without the timeline's repetitions."""
    seen: set[str] = set()

    def walk(part: Any) -> Iterator[Json]:
        if isinstance(part, list):
            for each in part:
                yield from walk(each)
        elif isinstance(part, dict):
            for name, value in part.items():
                if name == "withheld":
                    for line in value:
                        if line["reference"] not in seen and line["outcome"] != "OUT_OF_SCOPE":
                            seen.add(line["reference"])
                            yield line
                else:
                    yield from walk(value)

    yield from walk(node)


def _row(table: Table, *cells: str | Text | None) -> None:
    """A row of cells as they are: an agency's text is never markup, so that ``[see file]`` in it is not swallowed."""
    table.add_row(*(cell if isinstance(cell, Text) else Text(_plain(cell or "")) for cell in cells))


def _plain(text: str) -> str:
    """``text`` without what a terminal would obey (ECMA-48 control functions): a record must not rewrite the screen."""
    return "".join(each if each.isprintable() or each == "\n" else "\N{REPLACEMENT CHARACTER}" for each in text)


def _distinct(values: Iterable[Json]) -> list[str]:
    return list(_grouped(values))


def _grouped(values: Iterable[Json]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for one in values:
        grouped.setdefault(str(one["value"]), []).append(one["custodian"]["name"])
    return grouped


def _evidence(match: Json) -> str:
    return ", ".join(
        f"{line['compared']} {line['outcome']}" for line in match["evidence"] if line["outcome"] != "missing"
    )


def _moment(text: str | None) -> str:
    return text[:16].replace("T", " ") if text else ""
