"""The children looked after return (DfE, SSDA903 CSV files) as rows of the Safeguarding Dataset.

A file is known by its columns and not by its name, since councils name them as they please. Episodes are read before
everything that belongs to a period of care: a review names only the child and a date.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from hub.connectors.ssd.loading import FILE_BYTES_MAX, TEXT_LENGTH_MAX, Fault, Row, Spec, key, taken
from hub.connectors.ssd.loading_903_columns import ADOPTED, EPISODE, HEALTH, LEGAL, PLACED, PLACEMENT, SHAPES, Shape
from hub.errors import BadRequest

FILES_MAX = 100
ROWS_MAX = 2_000_000

Cells = Mapping[str, str]


@dataclass(slots=True)
class _Sheet:
    file: str
    shape: Shape
    lines: list[tuple[int, Cells]]


@dataclass(frozen=True, slots=True)
class _At:
    """A line: whom it is about, its cells, and what its shape's own columns made of them."""

    sheet: _Sheet
    line: int
    child: str
    cells: Cells = field(repr=False)
    values: dict[str, object] = field(repr=False)

    def taken(self, spec: Spec, faults: list[Fault]) -> dict[str, object]:
        """The columns of another ``spec``."""
        return taken(spec, self.cells, self.sheet.file, self.line, faults)


@dataclass(slots=True)
class Return903:
    """A folder of the return's files, read whole (they are small) and checked when made.

    Raises:
        BadRequest: no file of the return there, or one that is no CSV file.
    """

    folder: Path
    aside: Counter[str]
    rows: int = 0
    _sheets: list[_Sheet] = field(default_factory=list)
    _faults: list[Fault] = field(default_factory=list)
    _periods: dict[str, list[datetime]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read every CSV file of the folder."""
        files = sorted(each for each in self.folder.iterdir() if each.suffix.lower() == ".csv")
        if len(files) > FILES_MAX:
            raise BadRequest(f"{self.folder.name}: more than {FILES_MAX} CSV files.")
        for each in files:
            self._read(each)
        if not self._sheets:
            raise BadRequest(f"{self.folder.name}: no file of an SSDA903 return (CSV) is in it.")
        self._sheets.sort(key=lambda sheet: list(SHAPES).index(sheet.shape.name))

    def read(self, progress: Callable[[int], None] = lambda _: None) -> Iterator[Row | Fault]:
        """Rows and faults, the children and their episodes first."""
        for sheet in self._sheets:
            if sheet.shape.name == "episodes":
                self._learn_periods(sheet)
        for sheet in self._sheets:
            for line, cells in sheet.lines:
                yield from self._row(sheet, line, cells)
                yield from self._faults
                self._faults.clear()
                progress(1)
        yield from self._faults

    def _read(self, file: Path) -> None:
        try:
            if file.stat().st_size > FILE_BYTES_MAX:
                raise BadRequest(f"{file.name}: larger than {FILE_BYTES_MAX >> 20} MB.")
            with file.open(encoding="utf-8-sig", newline="") as opened:
                rows = csv.reader(opened, strict=True)
                header = [name.strip().upper() for name in next(rows, [])]
                shape = next((each for each in SHAPES.values() if each.known_by <= set(header)), None)
                if shape is None:
                    self.aside[f"the file {file.name}"] += 1
                    return
                sheet = _Sheet(file.name, shape, [])
                for cells in rows:
                    self._line(sheet, rows.line_num, header, cells)
        except OSError as fault:
            raise BadRequest(f"{file.name}: cannot be read ({fault.strerror}).") from None
        except (csv.Error, UnicodeDecodeError):
            raise BadRequest(f"{file.name}: not a CSV file in UTF-8.") from None
        for name in set(header) - shape.read:
            self.aside[f"{name} of {file.name}"] += sum(1 for _, cells in sheet.lines if cells[name].strip())
        self._sheets.append(sheet)

    def _line(self, sheet: _Sheet, line: int, header: list[str], cells: list[str]) -> None:
        if not any(cell.strip() for cell in cells):
            return
        self.rows += 1
        if self.rows > ROWS_MAX:
            raise BadRequest(f"{self.folder.name}: more than {ROWS_MAX} rows.")
        if len(cells) != len(header) or any(len(cell) > TEXT_LENGTH_MAX for cell in cells):
            self._faults.append(Fault(sheet.file, line, "has another number of cells, or one too long", whole=True))
        else:
            sheet.lines.append((line, dict(zip(header, cells, strict=True))))

    def _learn_periods(self, sheet: _Sheet) -> None:
        """When each period of care of each child began: with an episode that started care."""
        for _line, cells in sheet.lines:
            values = taken(EPISODE, cells, sheet.file, 0, [])
            begun = values.get("clae_cla_episode_start_date")
            if isinstance(begun, datetime):
                starts = self._periods.setdefault(cells["CHILD"].strip(), [])
                if cells["RNE"].strip().upper() == "S" or not starts:
                    starts.append(begun)
        for starts in self._periods.values():
            starts.sort()

    def _period(self, child: str, on: datetime) -> str:
        """The id of the period of care that ``on`` lies in, or of the first, for what is before it."""
        starts = self._periods.get(child, [on])
        begun = starts[max(0, bisect_right(starts, on) - 1)]
        return key(child, "period of care", begun)

    def _row(self, sheet: _Sheet, line: int, cells: Cells) -> Iterator[Row]:
        child = cells["CHILD"].strip()
        if not child or len(child) > 48:
            self._faults.append(Fault(sheet.file, line, "has no CHILD of 48 characters at most", whole=True))
            return
        values = taken(sheet.shape.spec, cells, sheet.file, line, self._faults)
        for needed in sheet.shape.needs:
            if needed not in values:
                what = next(name for name, column, _ in sheet.shape.spec if column == needed)
                self._faults.append(Fault(sheet.file, line, f"{what} is missing or was not taken", whole=True))
                return
        start, end = values.get(sheet.shape.start), values.get(sheet.shape.end)
        if isinstance(start, datetime) and isinstance(end, datetime) and end < start:
            self._faults.append(Fault(sheet.file, line, "ends before it starts", whole=True))
            return
        at = _At(sheet, line, child, cells, values)
        for each in getattr(self, f"_{sheet.shape.makes}")(at):
            yield replace(each, file=sheet.file, line=line)

    def _child(self, at: _At) -> Iterator[Row]:
        yield Row("ssd_person", {"pers_person_id": at.child, **at.values})
        upn = at.cells.get("UPN", "").strip()
        if upn and not upn.upper().startswith("UN") and len(upn) <= 48:
            kind = "Unique Pupil Number"
            about = {"link_person_id": at.child, "link_identifier_type": kind, "link_identifier_value": upn}
            yield Row("ssd_linked_identifiers", {"link_table_id": key(at.child, kind, upn), **about})

    def _episode(self, at: _At) -> Iterator[Row]:
        begun = at.values["clae_cla_episode_start_date"]
        assert isinstance(begun, datetime)
        own, period = key(at.child, "episode", begun, at.cells["RNE"]), self._period(at.child, begun)
        where = at.taken(PLACEMENT, self._faults)
        law = at.taken(LEGAL, self._faults)
        about = {"clae_cla_episode_id": own, "clae_person_id": at.child, "clae_cla_id": period}
        yield Row("ssd_cla_episodes", {**about, "clae_cla_placement_id": own, **at.values})
        dates = {"start": begun, "end": at.values.get("clae_cla_episode_ceased_date")}
        if where:
            held = {"clap_cla_placement_id": own, "clap_person_id": at.child, "clap_cla_id": period}
            when = {f"clap_cla_placement_{each}_date": day for each, day in dates.items() if day}
            yield Row("ssd_cla_placement", {**held, **when, **where})
        if law:
            when = {f"lega_legal_status_{each}_date": day for each, day in dates.items() if day}
            yield Row("ssd_legal_status", {"lega_legal_status_id": own, "lega_person_id": at.child, **when, **law})

    def _review(self, at: _At) -> Iterator[Row]:
        held = at.values["clar_cla_review_date"]
        assert isinstance(held, datetime)
        if at.child not in self._periods:
            self._faults.append(
                Fault(at.sheet.file, at.line, "is about a child without an episode of care", whole=True)
            )
            return
        own = {"clar_cla_review_id": key(at.child, "review", held), "clar_cla_id": self._period(at.child, held)}
        yield Row("ssd_cla_reviews", {**own, **at.values})

    def _plain(self, at: _At) -> Iterator[Row]:
        """One row in one table, whose id comes of the child and what it needs."""
        shape = at.sheet.shape
        own = key(at.child, shape.table, *(at.values[each] for each in shape.needs))
        yield Row(shape.table, {shape.key: own, shape.person: at.child, **shape.always, **at.values})

    def _health(self, at: _At) -> Iterator[Row]:
        if at.values:
            yield Row(
                "ssd_sdq_scores", {"csdq_table_id": key(at.child, "sdq"), "csdq_person_id": at.child, **at.values}
            )
        said = at.taken(HEALTH, self._faults)
        for name, what in (
            ("HEALTH_CHECK", "Health surveillance checks"),
            ("TEETH_CHECK", "Dental check"),
            ("HEALTH_ASSESSMENT", "Health assessment"),
        ):
            if said.get(name) == "Y":
                about = {
                    "clah_person_id": at.child,
                    "clah_health_check_type": what,
                    "clah_health_check_status": "Completed",
                }
                yield Row("ssd_cla_health", {"clah_health_check_id": key(at.child, what), **about})
        if "IMMUNISATIONS" in said:
            status = {"clai_immunisations_status": said["IMMUNISATIONS"]}
            yield Row("ssd_cla_immunisations", {"clai_person_id": at.child, **status})
        if said.get("SUBSTANCE_MISUSE") == "Y":
            misuse: dict[str, object] = {
                "clas_person_id": at.child,
                "clas_intervention_received": said.get("INTERVENTION_RECEIVED"),
            }
            yield Row("ssd_cla_substance_misuse", {"clas_substance_misuse_id": key(at.child, "substance"), **misuse})
        if said.get("CONVICTED") == "Y":
            about = {
                "clac_person_id": at.child,
                "clac_cla_conviction_offence": "Convicted in the year; offence not stated",
            }
            yield Row("ssd_cla_convictions", {"clac_cla_conviction_id": key(at.child, "convicted"), **about})

    def _leaver(self, at: _At) -> Iterator[Row]:
        """The accommodation code is two in one: the sort, and whether it is suitable."""
        values = {column: value for column, value in at.values.items() if value != "0"}  # 0: it does not apply
        if lives := str(values.get("clea_care_leaver_accommodation", "")):
            values |= {"clea_care_leaver_accommodation": lives[0], "clea_care_leaver_accom_suitable": lives[1]}
        yield Row("ssd_care_leavers", {"clea_table_id": key(at.child, "leaver"), "clea_person_id": at.child, **values})

    def _adoption(self, at: _At) -> Iterator[Row]:
        more = at.taken(ADOPTED if "DATE_MATCH" in at.cells else PLACED, self._faults)
        yield Row(
            "ssd_permanence",
            {"perm_table_id": key(at.child, "adoption"), "perm_person_id": at.child, **at.values, **more},
        )

    def _worker(self, at: _At) -> Iterator[Row]:
        worker = at.values["invo_professional_id"]
        yield Row("ssd_professionals", {"prof_professional_id": worker, "prof_staff_id": worker})
        yield from self._plain(at)
