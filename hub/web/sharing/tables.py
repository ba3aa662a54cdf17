"""The report's tables and charts, in words: the same rows go into the page and into the file. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from hub.policy.bundle import Bundle
from hub.policy.prose import listed
from hub.service import sharing_words as words
from hub.service.sharing_hiding import TOTAL, Figure, Key, Shown
from hub.service.sharing_report import RELEASED, Availability, Report, Sharing, Times, share
from hub.service.sharing_words import GAP, GROUPS, REFUSED, SHARED
from hub.web.sharing.charts import Bar, Look, Part, bars, swatch
from hub.web.words import REASONS, in_words

_LOOKS = {SHARED: Look.SOLID, REFUSED: Look.HATCHED, GAP: Look.DOTTED}
_ASKED = {"asked": "Asked for", "escalated": "Passed on, because nobody had answered in time"}


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart and its key: what each look stands for."""

    picture: Markup
    key: tuple[tuple[Markup, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes:
        under: the second column is words, shown under the first.
        total: the last row is one; ``says_why``: the last column is words.
    """

    name: str
    title: str
    said: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    under: bool = False
    total: bool = False
    says_why: bool = False
    chart: Chart | None = None
    nothing: str = "Nothing of the kind was logged."


class Tables:
    """Makes the tables of a report; ``names`` are agencies by id."""

    def __init__(self, report: Report, bundle: Bundle, names: Mapping[str, str]) -> None:
        self._report = report
        self._bundle = bundle
        self._names = names

    def every(self) -> tuple[Table, ...]:
        """All of them, in the order of the page."""
        shared = self._report.sharing
        return (*(self._sharing(shared) if shared is not None else ()), self._times(), self._sources())

    def _sharing(self, shared: Sharing) -> Iterator[Table]:
        yield self._by_agency(shared.records)
        yield self._by_purpose(shared.purposes)
        yield self._grounds(shared.records)
        yield self._gaps(shared.records)
        yield self._requests(shared.requests)
        yield self._judgements(shared.judgements)
        yield self._overrides(shared.overrides)

    def _by_agency(self, shown: Shown) -> Table:
        return Table(
            "agencies",
            "What each agency shared",
            "Records that the agencies found about the children who were asked about. A record is refused if a legal "
            "impediment held back all or a part of it. A gap is a fault in data or rules, never counted as a refusal.",
            ("Agency", "Records", "Shared in full", "Refused", "Gap", "Refused, of all"),
            tuple(self._groups(shown, self._agencies)),
            total=True,
            chart=self._stacked("agencies-chart", "What each agency shared", shown),
        )

    def _by_purpose(self, shown: Shown) -> Table:
        return Table(
            "purposes",
            "By the purpose of the question",
            "The same records, by why somebody asked.",
            ("Purpose", "Records", "Shared in full", "Refused", "Gap", "Refused, of all"),
            tuple(self._groups(shown, self._purposes)),
            total=True,
        )

    def _groups(self, shown: Shown, name: Callable[[Key], str]) -> Iterator[tuple[str, ...]]:
        for row in (*shown.rows, TOTAL):
            whole = shown.at(row, TOTAL)
            groups = [shown.of_group(row, group) for group in GROUPS]
            rate = share(groups[1], whole)
            told = "–" if whole.exact == 0 else "not shown" if rate is None else _per_cent(rate)
            yield name(row) if row else "All together", str(whole), *map(str, groups), told

    def _stacked(self, name: str, title: str, shown: Shown) -> Chart | None:
        rows = []
        for row in shown.rows:
            whole = shown.at(row, TOTAL)
            parts = [(group, share(shown.of_group(row, group), whole)) for group in GROUPS]
            looks = [Part(_LOOKS[group], part / 100) for group, part in parts if part is not None]
            if len(looks) < len(parts):  # a bar with a part left out would tell how long that part is
                rows.append(Bar(self._agencies(row), "parts not shown", (Part(Look.PLAIN, 1.0),)))
            else:
                rows.append(Bar(self._agencies(row), f"{_per_cent(parts[0][1] or 0)} shared in full", tuple(looks)))
        if not rows:
            return None
        described = "; ".join(f"{row.label}: {row.value}" for row in rows)
        key = tuple((swatch(name, _LOOKS[group]), words.title(group, self._bundle)) for group in GROUPS)
        return Chart(
            bars(name, title, f"A bar for each agency, by what became of its records. {described}.", rows), key
        )

    def _grounds(self, shown: Shown) -> Table:
        keys = [key for key in shown.columns.get(REFUSED, ()) if key != TOTAL]
        keys.sort(key=lambda key: -shown.at(TOTAL, key, REFUSED).low)
        rows = [(self._columns(key), self._law(key), *self._across(shown, key, REFUSED)) for key in keys]
        return Table(
            "impediments",
            "What stopped sharing",
            "Records by the impediment that was named first. Restricted are all those whose ground would itself give "
            "away what it protects: they are one figure, and this report has no other.",
            ("Impediment", "Law", "All", *map(self._agencies, shown.rows)),
            tuple(rows),
            under=True,
            chart=self._ranked("impediments-chart", "What stopped sharing", shown, keys),
            nothing="Nothing was refused, or too little to show.",
        )

    def _ranked(self, name: str, title: str, shown: Shown, keys: Sequence[Key]) -> Chart | None:
        told = [(key, figure) for key in keys if (figure := shown.at(TOTAL, key, REFUSED)).exact is not None]
        if not told:
            return None
        most = max(figure.low for _, figure in told)
        rows = [
            Bar(self._columns(key), f"{figure} records", (Part(Look.HATCHED, figure.low / most),))
            for key, figure in told
        ]
        described = "; ".join(f"{row.label}: {row.value}" for row in rows)
        return Chart(bars(name, title, f"A bar for each impediment, by the records it stopped. {described}.", rows))

    def _gaps(self, shown: Shown) -> Table:
        keys = sorted(shown.columns.get(GAP, ()), key=lambda key: -shown.at(TOTAL, key, GAP).low)
        return Table(
            "gaps",
            "Gaps, and who can mend them",
            "Records held back because nobody stated what a rule turns on, or because of a fault. Each is work for "
            "the agency whose records they are.",
            ("What is missing", "Who can mend it", "All", *map(self._agencies, shown.rows)),
            tuple((self._columns(key), self._owners(key), *self._across(shown, key, GAP)) for key in keys),
            under=True,
            nothing="There were none, or too few to show.",
        )

    def _across(self, shown: Shown, key: Key, group: str) -> Iterator[str]:
        return (str(shown.at(row, key, group)) for row in (TOTAL, *shown.rows))

    def _requests(self, shown: Shown) -> Table:
        groups = sorted(shown.columns, key=lambda group: (*_ASKED, RELEASED, REFUSED, group).index(group))
        rows = [(self._step(key), *self._across(shown, key, each)) for each in groups for key in shown.columns[each]]
        hidden = [
            (in_words(group).capitalize(), *(str(shown.of_group(row, group)) for row in (TOTAL, *shown.rows)))
            for group in dict.fromkeys(group for _, group in shown.subtotals)
            if not shown.columns.get(group)
        ]
        return self._of_agencies(
            "requests",
            "Requests to release what was refused",
            "Steps of requests, by the agency that took each: the one that asks, or the one that answers.",
            "Step",
            shown,
            [*rows, *hidden],
        )

    def _judgements(self, shown: Shown) -> Table:
        keys = shown.columns.get("", ())
        rows = [(self._all_of(key, self._judged), *self._across(shown, key, "")) for key in keys]
        return self._of_agencies(
            "judgements",
            "Decisions by people",
            "Decisions that a named person recorded in the period about a child's records, by what they state: among "
            "them that sharing would be more detrimental to the child than not.",
            "A person decided that the record is marked",
            shown,
            rows,
        )

    def _of_agencies(
        self, name: str, title: str, said: str, first: str, shown: Shown, rows: Sequence[tuple[str, ...]]
    ) -> Table:
        if not rows and shown.total.exact != 0:
            rows = [("All together", str(shown.total))]
        head = (first, "All", *map(self._agencies, shown.rows))
        return Table(name, title, said, head, tuple(rows))

    def _overrides(self, shown: Shown) -> Table:
        rows = [(self._all_of(row, self._reason), str(shown.at(row, TOTAL))) for row in shown.rows]
        return Table(
            "overrides",
            "Questions that looked further back",
            "A searcher may look further back than her purpose does by itself if she gives a reason.",
            ("Reason", "Questions"),
            (*rows, ("All together", str(shown.total))) if shown.total.exact != 0 else (),
            total=True,
        )

    def _times(self) -> Table:
        sources = [each for each in self._report.sources if each.times.count]
        rows = [("A whole answer", *_waits(self._report.times))]
        rows += [(self._agencies((each.custodian,)), *_waits(each.times)) for each in sources]
        return Table(
            "times",
            "Time to answer",
            "From a question to its whole answer, and for each agency's own system: half of the answers came within "
            "the first time, and 19 of 20 within the second.",
            ("What was waited for", "Answers", "Half within", "95% within"),
            tuple(rows),
            chart=self._times_chart(rows[1:], sources),
        )

    def _times_chart(self, rows: Sequence[tuple[str, ...]], sources: Sequence[Availability]) -> Chart | None:
        told = [(row, each.times) for row, each in zip(rows, sources, strict=True) if each.times.p95]
        most = max((times.p95 or 0 for _, times in told), default=0)
        if not most:
            return None
        drawn = [
            Bar(
                row[0],
                f"{row[2]}, {row[3]}",
                (
                    Part(Look.SOLID, (times.median or 0) / most),
                    Part(Look.DOTTED, ((times.p95 or 0) - (times.median or 0)) / most),
                ),
            )
            for row, times in told
        ]
        described = "; ".join(f"{row[0]}: half within {row[2]}, 95% within {row[3]}" for row, _ in told)
        name = "times-chart"
        key = (
            (swatch(name, Look.SOLID), "Half of the answers came within this"),
            (swatch(name, Look.DOTTED), "95% within this"),
        )
        return Chart(bars(name, "Time to answer", f"A bar for each agency's system. {described}.", drawn), key)

    def _sources(self) -> Table:
        sources = self._report.sources
        rows = [
            (
                self._agencies((each.custodian,)),
                f"{each.asked:,}",
                f"{each.answered:,}",
                _per_cent(100 * each.answered / each.asked) if each.asked else "not asked",
                _why(each.silent),
            )
            for each in sources
        ]
        return Table(
            "sources",
            "Did the agencies' systems answer?",
            "A system that did not answer is shown to the searcher as such, and never as knowing nothing. These "
            "figures say nothing about any record, so none is hidden.",
            ("Agency", "Asked", "Answered", "Of all", "Why not"),
            tuple(rows),
            says_why=True,
            chart=self._sources_chart(rows, sources),
        )

    def _sources_chart(self, rows: Sequence[tuple[str, ...]], sources: Sequence[Availability]) -> Chart | None:
        name = "sources-chart"
        drawn = [
            Bar(
                row[0],
                f"{row[3]} answered",
                (Part(Look.SOLID, each.answered / each.asked), Part(Look.HATCHED, 1 - each.answered / each.asked)),
            )
            for row, each in zip(rows, sources, strict=True)
            if each.asked
        ]
        if not drawn:
            return None
        described = "; ".join(f"{bar.label}: {bar.value}" for bar in drawn)
        key = ((swatch(name, Look.SOLID), "Answered"), (swatch(name, Look.HATCHED), "Did not answer"))
        return Chart(
            bars(name, "Did the agencies' systems answer?", f"A bar for each agency. {described}.", drawn), key
        )

    def _agencies(self, key: Key) -> str:
        return self._all_of(key, lambda name: self._names.get(name, name))

    def _purposes(self, key: Key) -> str:
        purposes = self._bundle.purposes
        return self._all_of(key, lambda name: purposes[name].title if name in purposes else name)

    def _columns(self, key: Key) -> str:
        return self._all_of(key, lambda name: words.title(name, self._bundle))

    def _owners(self, key: Key) -> str:
        return listed(dict.fromkeys(words.owner(name, self._bundle) for name in key))

    def _law(self, key: Key) -> str:
        return "; ".join(dict.fromkeys(cited for name in key if (cited := words.citation(name, self._bundle))))

    def _judged(self, word: str) -> str:
        return words.judgement(word, self._bundle)

    def _reason(self, word: str) -> str:
        return words.reason(word, self._bundle)

    def _step(self, key: Key) -> str:
        return self._all_of(key, self._one_step)

    def _one_step(self, name: str) -> str:
        act, _, how = name.partition("/")
        if act == RELEASED:
            return f"Released: {in_words(how)}"
        if act == REFUSED:
            return f"Refused: {words.title(name, self._bundle)}"
        return _ASKED.get(act, in_words(act).capitalize())

    @staticmethod
    def _all_of(key: Key, say: Callable[[str], str]) -> str:
        return listed(say(name) for name in key) + (" together" if len(key) > 1 else "")


def headline(report: Report) -> tuple[str, ...]:
    """What the figures say to the Wood review's question, a sentence each; empty where nothing may be told yet."""
    if report.sharing is None:
        return ()
    shown = report.sharing.records
    whole = shown.total
    shared, refused, gap = (shown.of_group(TOTAL, group) for group in GROUPS)
    if whole.exact == 0:
        return (f"In {report.period.title} the agencies found no record that a purpose reached.",)
    said = [f"In {report.period.title} the agencies found {_records(whole)} about the children who were asked about."]
    rates = [share(part, whole) for part in (shared, refused, gap)]
    if None in rates:
        said.append(
            f"Shared in full: {shared}. Held back, in whole or in part, under a named legal impediment: {refused}. "
            f"Held back because of a gap in data or rules: {gap}."
        )
    else:
        percents = [_per_cent(rate or 0) for rate in rates]
        said.append(
            f"They shared {shared} of them in full ({percents[0]}). A legal impediment held back {refused} in whole "
            f"or in part ({percents[1]}), and a gap in data or rules {gap} ({percents[2]})."
        )
    part = report.sharing.parts.at(TOTAL, ("part",))
    if refused.exact and part.exact is not None and report.sharing.parts.total.exact == refused.exact:
        said.append(f"Of those {refused}, {part} were still shared but for what the impediment covers.")
    return tuple(said)


def milliseconds(time: int) -> str:
    """A time for people: ``380 ms``, ``1.2 seconds``."""
    if time < 1000:
        return f"{time} ms"
    return "1 second" if time == 1000 else f"{time / 1000:.3g} seconds"


def _records(figure: Figure) -> str:
    return f"{figure} record" if figure.exact == 1 else f"{figure} records"


def _waits(times: Times) -> tuple[str, str, str]:
    if times.median is None or times.p95 is None:
        return f"{times.count:,}", "too few to say", "too few to say"
    return f"{times.count:,}", milliseconds(times.median), milliseconds(times.p95)


def _per_cent(value: float) -> str:
    """One decimal place; never 100% of what is not all, and never 0% of what is not none."""
    return f"{min(max(value, 0.1), 99.9):.1f}%" if 0 < value < 100 else f"{value:.0f}%"


def _why(silent: Mapping[str, int]) -> str:
    every = sorted(silent.items(), key=lambda each: -each[1])
    return "; ".join(f"{REASONS.get(reason, in_words(reason))}: {times:,}" for reason, times in every) or "–"
