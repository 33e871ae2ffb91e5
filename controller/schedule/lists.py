"""This file reads the tables that tell a schedule row by row: bells, days, lessons, marks; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from controller.schedule.carrying import Carried
from controller.schedule.findings import (
    Days,
    Findings,
    Known,
    Mark,
    Raw,
    RawBell,
    RawBooking,
    RowReason,
    SheetFindings,
)
from controller.schedule.headings import Part
from controller.schedule.names import classes_of, room_of
from controller.schedule.plain import is_blank, plain, unmarked
from controller.schedule.rows import RowReader, reads
from controller.schedule.tables import Table
from controller.schedule.times import clock_of, clocks_of, day_of, days_of, is_serial
from controller.schedule.weekdays import (
    LAST_PERIOD,
    PeriodCell,
    Session,
    count_of,
    periods_of,
    weekday_of,
    weekdays_of,
    weeks_of,
)
from controller.sheets.signatures import is_signature
from controller.sheets.text import Cell, RefusedError, clean, display_of, is_empty, readable
from controller.sheets.worksheet import cell_at
from protocol.model import MAX_TEXT, AttendanceStatus
from protocol.words import N_

GRACE: Final = "grace_min"
_PERIOD_KINDS: Final = ("period", "tiet", "")
_BREAKS: Final = re.compile(
    r"(?:ra choi|giai lao|nghi|an |chao co|sinh hoat|truy bai|the duc|don|vao lop|tan hoc|break"
    r"|lunch)"
)
_STATUSES: Final = {
    "co mat": "present", "co phep": "absent_excused", "khong phep": "absent_unexcused",
    "di muon": "late", "ve som": "left_early",
}  # fmt: skip
_MAX_LETTER: Final = 8
_MAX_GRACE_MIN: Final = 240
_FEW: Final = 2  # cells that a note below a table fills
_SERIAL: Final = N_("The number {value} was read as a day as Excel counts days: look at it.")


class Under(NamedTuple):
    """Where a table is read: its sheet, what all reading finds, what the school has already."""

    found: SheetFindings
    findings: Findings
    known: Known
    carried: Carried


def read_list(table: Table, under: Under) -> list[Raw]:
    """The lines of a table that tells one in each row."""
    read = _READERS[table.heading.part]
    lines: list[Raw] = []
    for number, cells in table.rows:
        row = RowReader(table, number, cells, under.found, under.findings)
        if under.carried.take_group(row):
            row.leave(RowReason.GROUP)
            continue
        line = read(row, under)
        if isinstance(line, RowReason):
            row.leave(line)
        elif line is not None and not row.is_refused:
            row.keep()
            lines.append(line)
    return lines


def read_halves(table: Table, under: Under) -> list[Raw]:
    """The bells of a table with a column for each half of the day."""
    halves = table.heading.halves
    lines: list[Raw] = []
    for number, cells in table.rows:
        row = RowReader(table, number, cells, under.found, under.findings)
        if all(is_blank(cell_at(cells, at)) for at in halves):
            row.leave(RowReason.NOTE if is_note(row, ()) else RowReason.FREE)
        elif _is_break(row.cell("period")):
            row.leave(RowReason.BREAK)
        else:
            bells = [bell for at in halves if (bell := _bell_of_half(row, at, halves[at]))]
            if not row.is_refused:
                row.keep()
                lines += bells
    return lines


def _bell_of_half(row: RowReader, at: int, half: Session) -> RawBell | None:
    """The bell in a cell; None where the period is not in that half of the day."""
    cell = cell_at(row.row, at)
    if is_blank(cell):
        return None
    period, weekdays = row.read("period", periods_of), row.read("weekdays", weekdays_of)
    clocks = row.read_cell(cell, at, clocks_of, half)
    if clocks and clocks[1] <= clocks[0]:
        row.refuse("end_before_start", at, cell)
    if row.is_refused or not (period and weekdays and clocks):
        return None
    return RawBell(row.spot(at), period.numbers, half, *clocks, weekdays)


def text_in(cell: Cell) -> str:
    """A cell's text, as a subject or a name. Raises RefusedError."""
    text = clean(readable(cell))
    if len(text) > MAX_TEXT:
        raise RefusedError("cell_too_long")
    return text


def _bell(row: RowReader, under: Under) -> RawBell | RowReason | None:
    if unmarked(clean(row.cell("kind"))) not in _PERIOD_KINDS or _is_break(row.cell("period")):
        return RowReason.BREAK
    if is_note(row, ("start", "end", "span")):
        return RowReason.NOTE
    period = row.read("period", periods_of)
    session = under.carried.session(row, period)
    begins, ends = _clocks(row, period, session=session)
    weekdays = row.read("weekdays", weekdays_of)
    if begins and ends and ends <= begins:
        row.refuse("end_before_start", cell=f"{begins} - {ends}")
    if not (period and begins and ends and weekdays):
        return None
    under.carried.take_period(period)
    return RawBell(row.spot(), period.numbers, session, begins, ends, weekdays)


def _clocks(
    row: RowReader, period: PeriodCell | None, *, session: object
) -> tuple[str | None, str | None]:
    """When the period begins and ends, from one cell or from two."""
    half = session if period is not None else None
    if is_empty(row.cell("start")) and not is_empty(row.cell("span")):
        return row.read("span", clocks_of, half) or (None, None)  # type: ignore[arg-type]
    return row.read("start", clock_of, half), row.read("end", clock_of, half)  # type: ignore[arg-type]


def _is_break(cell: Cell) -> bool:
    text = unmarked(display_of(cell))
    return bool(_BREAKS.match(text)) and not text.startswith("tiet")


def is_note(row: RowReader, fields: Iterable[str]) -> bool:
    """Whether a row is a note below a table: it fills few cells, none of these, no period.

    What people sign below is one wherever it stands.
    """
    filled = [cell for cell in row.row if not is_empty(cell)]
    return (
        len(filled) <= _FEW
        and not reads(periods_of, row.cell("period"))
        and (all(is_empty(row.cell(field)) for field in fields) or is_signed(filled))
    )


def is_signed(cells: Iterable[Cell]) -> bool:
    """Whether any cell holds what people sign below a table."""
    return any(map(is_signature, map(display_of, cells)))


def _days(field: str) -> Callable[[RowReader, Under], Days | RowReason | None]:
    def read(row: RowReader, under: Under) -> Days | RowReason | None:
        if is_note(row, ("start", "end", "span")):
            return RowReason.NOTE
        name = row.read(field, text_in)
        if name == "":
            row.refuse("name_missing")
        begins, ends = _ends(row, is_last_needed=field == "term")
        if begins and ends and ends < begins:
            row.refuse("end_before_start", cell=f"{begins} - {ends}")
        _tell_serials(row, under)
        return Days(row.spot(), name, begins, ends) if name and begins and ends else None

    return read


def _ends(row: RowReader, *, is_last_needed: bool) -> tuple[str | None, str | None]:
    """The first day and the last, from one cell or from two; a day alone is both."""
    if is_empty(row.cell("start")) and not is_empty(row.cell("span")):
        return row.read("span", days_of) or (None, None)
    first = row.read("start", day_of)
    if is_empty(row.cell("end")) and not is_last_needed:
        return first, first
    return first, row.read("end", day_of)


def _tell_serials(row: RowReader, under: Under) -> None:
    for field in ("start", "end"):
        if is_serial(row.cell(field)) and not row.is_refused:
            under.findings.tell("day_of_number", row.spot(), _SERIAL, clean(row.cell(field)))


def _booking(row: RowReader, under: Under) -> RawBooking | RowReason | None:
    lesson = ("class", "subject", "teacher")
    if all(is_empty(row.cell(field)) for field in lesson):
        under.carried.take_row(row)
        is_words = is_note(row, ("room",)) and not reads(weekday_of, row.cell("weekday"))
        return RowReason.NOTE if is_words else RowReason.FREE
    if is_note(row, ("room",)) and not reads(weekday_of, row.cell("weekday")):
        return RowReason.NOTE
    period = row.read("period", periods_of)
    weekday, session = under.carried.place(row, period)
    classes = row.read("class", classes_of, under.known.codes)
    room, subject = row.read("room", room_of), row.read("subject", text_in)
    teacher, weeks = row.read("teacher", text_in), row.read("weeks", weeks_of)
    count = row.read("count", count_of)
    if row.is_refused or not (period and weekday and classes and count and weeks):
        return None
    numbers = _counted(row, period, count)
    under.carried.take_period(period)
    return RawBooking(
        row.spot(), weekday, numbers, session, classes, room or "", subject or "", teacher or "",
        weeks,
    )  # fmt: skip


def _counted(row: RowReader, period: PeriodCell, count: int) -> tuple[int, ...]:
    """The periods of a lesson that tells its first one and how many it has."""
    if count == 1 or count == len(period.numbers):
        return period.numbers
    numbers = tuple(range(period.numbers[0], period.numbers[0] + count))
    if len(period.numbers) > 1 or numbers[-1] > LAST_PERIOD:
        row.refuse("period_unknown", cell=str(count))
    return numbers


def _mark(row: RowReader, _: Under) -> Mark | RowReason | None:
    status = row.read("status", _status_of)
    letter = row.read("letter", _grace_of if status == GRACE else _letter_of)
    return Mark(row.spot(), status, letter) if status and letter is not None else None


def _status_of(cell: Cell) -> str:
    word = re.sub("[^a-z]+", " ", plain(cell)).strip()
    status = _STATUSES.get(word, word.replace(" ", "_"))
    if status != GRACE and status not in {*AttendanceStatus}:
        raise RefusedError("status_unknown")
    return status


def _letter_of(cell: Cell) -> str:
    letter = text_in(cell)
    if len(letter) > _MAX_LETTER:
        raise RefusedError("letter_long")
    return letter


def _grace_of(cell: Cell) -> str:
    text = plain(cell)
    if not (text.isascii() and text.isdecimal()) or int(text[:4]) > _MAX_GRACE_MIN:
        raise RefusedError("grace_unknown")
    return text


_READERS: Final[Mapping[Part, Callable[[RowReader, Under], Raw | RowReason | None]]] = {
    Part.BELLS: _bell,
    Part.TERMS: _days("term"),
    Part.HOLIDAYS: _days("holiday"),
    Part.TIMETABLE: _booking,
    Part.LETTERS: _mark,
}
