"""The result in tables: plain for a terminal, Markdown for ``docs/performance.md``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its heading."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def as_text(result: Result) -> str:
    """The result for a terminal."""
    parts = [_where(result)]
    for table in tables(result):
        widths = [max(map(len, column)) for column in zip(table.head, *table.rows, strict=True)]
        lines = [
            "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in (table.head, *table.rows)
        ]
        parts.append("\n".join([table.title, *lines]))
    return "\n\n".join(parts) + "\n"


def as_markdown(result: Result) -> str:
    """The result for ``docs/performance.md``."""
    parts = [_where(result)]
    for table in tables(result):
        head, rule = "| " + " | ".join(table.head) + " |", "|" + "---|" * len(table.head)
        rows = ["| " + " | ".join(row) + " |" for row in table.rows]
        parts.append("\n".join([f"**{table.title}**", "", head, rule, *rows]))
    return "\n\n".join(parts) + "\n"


def tables(result: Result) -> Iterator[Table]:
    """What there is to show, the aims first."""
    yield Table("Aims", ("", "aim", "measured", ""), [_aim(each) for each in result["aims"]])
    yield _views(result["views"])
    yield Table(
        "One agency slow (its three calls together), the others at once; log on SQLite",
        ("slow agency", "total p50", "its own p50", "total / own p50", "p99", "incomplete"),
        [_slow(each) for each in result["slow_agency"]],
    )
    yield _steps(result["steps"])
    yield Table(
        "Two bare commits, one after the other, on a database like the log's",
        ("log", "p50", "p99", "durability"),
        [_bare(each) for each in result["two_bare_commits"]],
    )


def _where(result: Result) -> str:
    """One paragraph: when, on what, with which versions."""
    machine, versions = result["machine"], result["versions"]
    loop = machine["python_loop"]
    quick = " QUICK: too few requests to say anything." if result["quick"] else ""
    return (
        f"Measured {result['date'][:10]} on {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB, log on {result['settings']['filesystem']}; "
        f"load before {machine['load_average_before']}, "
        f"a fixed loop of Python {_shown(loop['p50'])} (best {_shown(loop['best'])}); "
        f"Python {versions['python']}, one worker.{quick}"
    )


def _aim(aim: Result) -> tuple[str, ...]:
    return aim["what"], f"at most {_shown(aim['limit'])}", _shown(aim["measured"]), "met" if aim["met"] else "MISSED"


def _views(views: Sequence[Result]) -> Table:
    rows = [
        (
            f"{each['agencies']}, {each['log']}",
            str(each["callers"]),
            _shown(each["time"]["p50"]),
            _shown(each["time"]["p99"]),
            _shown(each["rate"]),
            _shown(each["cpu"]),
            _shown(each["slowest_agency"]["p50"]),
            str(each["incomplete"]) + ("" if each["log_verified"] else ", LOG DOES NOT VERIFY"),
        )
        for each in views
    ]
    values, floor = views[0]["released_values"], _shown(views[0]["empty_request"]["p50"])
    return Table(
        f"One view of {values} released values ({views[0]['leaves']} with what stands beside them), over HTTP; "
        f"an empty request takes {floor}",
        ("agencies, log", "callers", "p50", "p99", "rate", "CPU of the hub", "slowest agency p50", "incomplete"),
        rows,
    )


def _slow(each: Result) -> tuple[str, ...]:
    ratio = each["total_over_slowest"]
    return (
        each["agency"],
        _shown(each["total"]["p50"]),
        _shown(each["slowest_agency"]["p50"]),
        f"{ratio['p50']['value']:.3f}",
        f"{ratio['p99']['value']:.3f}",
        str(each["incomplete"]),
    )


def _steps(measured: Sequence[Result]) -> Table:
    """A row for each step, a column for each log."""
    rows = [
        (first["step"], *(_shown(each["steps"][n]["p50"]) for each in measured), first["what"])
        for n, first in enumerate(measured[0]["steps"])
    ]
    for name, key in (("sum", "sum_of_steps"), ("between the steps", "between_steps")):
        rows.append((name, *(_shown(each[key]) for each in measured), ""))
    rows.append(("whole, with clocks", *(_shown(each["whole_with_clocks"]) for each in measured), "its own p50"))
    rows.append(("whole, without", *(_shown(each["whole"]["p50"]) for each in measured), "its own p50"))
    title = "Where the time of one request goes: in process, one caller, agencies from memory; p50 of each"
    return Table(title, ("step", *(f"log on {each['log']}" for each in measured), "what is in it"), rows)


def _bare(each: Result) -> tuple[str, ...]:
    times = each["two_commits"]
    durability = ", ".join(f"{name}={value}" for name, value in each["durability"].items())
    return each["log"], _shown(times["p50"]), _shown(times["p99"]), durability


def _shown(figure: Mapping[str, Any] | None) -> str:
    if figure is None:
        return "unknown"
    value = figure["value"]
    digits = 0 if value >= 1000 else 1 if value >= 100 else 2
    unit = "" if figure["unit"] == "ratio" else f" {figure['unit']}"
    return f"{value:.{digits}f}{unit}"
