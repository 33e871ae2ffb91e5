"""This file reads bells, terms, holidays, timetable and marks, whatever file they came as.

A CSV, a workbook with sheets of several kinds, an export of aSc Timetables, or a folder of them.
What a table is, its headings tell; see headings.py. Nothing is to be kept where a row was refused:
half a timetable would be worse than none.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from controller.roster.plan import Schedule
from controller.schedule.asc import is_asc, read_asc
from controller.schedule.carrying import Carried
from controller.schedule.checks import (
    check_bells,
    check_holidays,
    check_marks,
    check_terms,
    check_timetable,
)
from controller.schedule.findings import (
    Findings,
    Known,
    Reading,
    RowReason,
    SheetFindings,
    Spot,
    notice_at,
)
from controller.schedule.grids import read_across, read_classes, read_week
from controller.schedule.headings import HEAD_WITHIN, Part, Shape, known_heads
from controller.schedule.lists import Under, read_halves, read_list
from controller.schedule.plain import shown, words_in
from controller.schedule.settling import (
    bells_of,
    bookings_of,
    holidays_of,
    letters_of,
    some,
    terms_of,
)
from controller.schedule.tables import Table, tables_in
from controller.sheets.cells import RowTally, SheetReader, bounded_bytes, sheets_in
from controller.sheets.errors import SheetError
from controller.sheets.text import Cell, is_empty, letter_of
from controller.sheets.worksheet import FLAW_MESSAGES, Worksheet, visible
from protocol.words import N_

SUFFIXES: Final = (".csv", ".txt", ".xlsx", ".xls", ".ods", ".fods", ".html", ".xml")
_READERS: Final = {
    Shape.LIST: read_list,
    Shape.CLASSES: read_classes,
    Shape.WEEK: read_week,
    Shape.ACROSS: read_across,
    Shape.HALVES: read_halves,
}
_SHEET_LEFT: Final = N_("The sheet was left out: its headings are not understood.")
_NOTES: Final = N_("These rows were taken for notes or signatures: {value}.")
_COLUMNS_LEFT: Final = N_("These columns were left out: {value}.")
_COLUMN_TWICE: Final = N_("Two columns are the same: {value}. Delete or rename one.")
_EMPTY: Final = N_(
    "There is a heading and no line below it: keep it out, or say that nothing is to be left."
)


def read_schedule(
    path: Path,
    known: Known = Known(),  # noqa: B008 - frozen
    *,
    is_empty_meant: bool = False,
    reader: SheetReader | None = None,
) -> Reading:
    """What the files tell. is_empty_meant: a heading alone empties its part.

    Raises SheetError where no file of it can be read.
    """
    findings = Findings()
    owners: dict[Part, str] = {}
    for file in _files(path):
        _read_file(file, known, findings, reader or SheetReader())
        own = {sheet.part for sheet in findings.sheets if sheet.file == file.name and sheet.part}
        for part in own:
            if owners.setdefault(part, file.name) != file.name:
                files = f"{owners[part]}, {file.name}"
                raise SheetError("part_twice", N_("Two files tell the same: {files}."), files=files)
    if not owners:
        raise SheetError("file_missing", N_("There is no file {file}."), file=f"{path.name}/*.csv")
    _refuse_empty(findings, is_empty_meant=is_empty_meant)
    return Reading(
        schedule=_schedule(findings, known),
        sheets=findings.sheets,
        refused=findings.refused,
        notices=findings.notices,
    )


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(
        file
        for file in path.iterdir()
        if file.suffix.lower() in SUFFIXES and not file.name.startswith((".", "~$"))
    )


def _read_file(file: Path, known: Known, findings: Findings, reader: SheetReader) -> None:
    raw = bounded_bytes(file)
    if is_asc(raw):
        read_asc(raw, file.name, findings)
        return
    sheets, notices = sheets_in(file, raw, _headed, days=True, reader=reader)
    findings.notices += notices
    shown_sheets, hidden = visible(sheets, file.name)
    findings.notices += hidden
    tally = RowTally(sum(len(sheet.rows) for sheet in shown_sheets), reader.note)
    has_table = False
    for sheet in shown_sheets:
        has_table |= _read_sheet(sheet, file.name, known, findings)
        tally.count(len(sheet.rows))
    if not has_table:
        raise SheetError(
            "headings_unknown",
            N_("The headings of {file} are not understood."),
            N_("Files to copy from: lophoc-controller schedule sample DIR"),
            file=file.name,
        )


def _headed(rows: list[list[Cell]]) -> int:
    return max(map(known_heads, rows[:HEAD_WITHIN]), default=0)


def _read_sheet(sheet: Worksheet, file: str, known: Known, findings: Findings) -> bool:
    """Read a sheet's tables; whether it has one."""
    found = SheetFindings(file=file, name=sheet.name)
    findings.sheets.append(found)
    tables = tables_in(sheet, known.codes, found)
    if not tables:
        if any(any(not is_empty(cell) for cell in row) for row in sheet.rows):
            findings.tell("sheet_left", found.spot(0), _SHEET_LEFT)
        return False
    found.part, found.shape = tables[0].heading.part, tables[0].heading.shape
    for flaw in sheet.flaws:
        found.named[flaw.row] = RowReason.REFUSED
        message = FLAW_MESSAGES[flaw.code]
        findings.refused.append(notice_at(found.spot(flaw.row), flaw.code, message))
    _read_tables(tables, sheet, found, findings, known)
    return True


def _read_tables(
    tables: Sequence[Table],
    sheet: Worksheet,
    found: SheetFindings,
    findings: Findings,
    known: Known,
) -> None:
    for table in tables:
        _refuse_wide(table, sheet, found, findings)
        rows = [(number, row) for number, row in table.rows if number not in found.named]
        _read_table(table._replace(rows=rows), found, known, findings)
    notes = [number for number, reason in found.named.items() if reason is RowReason.NOTE]
    if notes:
        texts = [f"{number} ({words_in(sheet.rows[number - 1])})" for number in notes]
        findings.tell("rows_of_notes", found.spot(notes[0]), _NOTES, some(texts))


def _read_table(table: Table, found: SheetFindings, known: Known, findings: Findings) -> None:
    heading = table.heading
    spot = found.spot(found.headings[0])
    lines = findings.raw.setdefault(heading.part, [])
    for columns in heading.doubled(table.heads[1]):
        value = ", ".join(f"{letter_of(at)} ({shown(table.heads[0][at])})" for at in columns)
        findings.refused.append(notice_at(spot, "column_twice", _COLUMN_TWICE, value))
    _tell_columns(table, spot, findings)
    carried = Carried([*table.titles, found.name])
    under = Under(found, findings, known, carried)
    lines += _READERS[heading.shape](table, under)
    carried.tell(found, findings)


def _tell_columns(table: Table, spot: Spot, findings: Findings) -> None:
    """Say which columns that hold something are not understood."""
    heading = table.heading
    meant = heading.read()
    if heading.shape is Shape.CLASSES and heading.depth > 1:
        meant |= {at for at, cell in enumerate(table.heads[1]) if not is_empty(cell)}
    width = max((len(row) for _, row in table.rows), default=0)
    left = [
        letter_of(at) + (f" ({shown(head)})" if not is_empty(head) else "")
        for at in range(width)
        if at not in meant
        for head in [table.heads[0][at] if at < len(table.heads[0]) else ""]
        if any(at < len(row) and not is_empty(row[at]) for _, row in table.rows)
    ]
    if left:
        findings.tell("columns_left", spot, _COLUMNS_LEFT, ", ".join(left[:12]))


def _refuse_wide(table: Table, sheet: Worksheet, found: SheetFindings, findings: Findings) -> None:
    """Refuse rows of a CSV in which a separator that nobody meant has shifted the cells."""
    width = max(len(table.heads[0]), len(table.heads[1]) if table.heading.depth > 1 else 0)
    for number, row in table.rows if sheet.is_text else ():
        if any(not is_empty(cell) for cell in row[width:]):
            found.named[number] = RowReason.REFUSED
            message = FLAW_MESSAGES["row_too_wide"]
            findings.refused.append(notice_at(found.spot(number), "row_too_wide", message))


def _refuse_empty(findings: Findings, *, is_empty_meant: bool) -> None:
    """Refuse a part that has a heading and no line, unless its end is meant."""
    for sheet in findings.sheets if not is_empty_meant and not findings.refused else ():
        if sheet.part and not findings.raw.get(sheet.part):
            spot = sheet.spot(sheet.headings[0] if sheet.headings else 0)
            findings.refused.append(notice_at(spot, "part_empty", _EMPTY))


def _schedule(findings: Findings, known: Known) -> Schedule:
    """The schedule, as far as its parts are told and hold together."""
    raw: dict[Part, list[Any]] = {part: [*lines] for part, lines in findings.raw.items()}
    parts: dict[str, Any] = {}
    bells = known.bells
    if Part.BELLS in raw:
        rung = bells_of(raw[Part.BELLS], findings)
        check_bells(rung, findings)
        parts["bells"] = bells = tuple(bell for _, bell in rung)
    if Part.TERMS in raw:
        terms = terms_of(raw[Part.TERMS])
        check_terms(terms, findings)
        parts["terms"] = tuple(term for _, term in terms)
    if Part.HOLIDAYS in raw:
        holidays = holidays_of(raw[Part.HOLIDAYS])
        check_holidays(holidays, findings)
        parts["holidays"] = tuple(holiday for _, holiday in holidays)
    if Part.LETTERS in raw:
        check_marks(raw[Part.LETTERS], findings)
        parts["letters"], grace = letters_of(raw[Part.LETTERS])
        parts |= {} if grace is None else {"grace_min": grace}
    if Part.TIMETABLE in raw:
        lines = bookings_of(raw[Part.TIMETABLE], bells, known, findings)
        check_timetable(lines, bells, known, findings)
        parts["timetable"] = tuple(booking for _, booking in lines)
    return Schedule(**parts)
