"""This file reads the grids of a timetable: a column for each class, or for each day; pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from controller.schedule.findings import Raw, RawBooking, RowReason
from controller.schedule.headings import field_of
from controller.schedule.lists import Under, is_note, is_signed, text_in
from controller.schedule.names import class_in_head, classes_of, is_class, is_room, room_of
from controller.schedule.plain import is_blank, unmarked
from controller.schedule.rows import RowReader, reads
from controller.schedule.tables import Table
from controller.schedule.weekdays import PeriodCell, periods_of, weekday_of
from controller.sheets.names import class_key
from controller.sheets.text import Cell, RefusedError, clean, display_of, is_empty, readable
from controller.sheets.worksheet import cell_at
from protocol.words import N_

_PARTS: Final = re.compile("[\n\r()\\[\\]|;]|\\s[-\u2013\u2014]\\s|(?<=\\w)[-\u2013](?=\\w)")
_FREE: Final = frozenset({"nghi", "trong", "x", "khong hoc", "off"})
_SPLIT: Final = N_("Cells with several parts were read as subject, teacher and room: {value}.")
_CLASS_TITLE: Final = re.compile(
    r"\blop\b\s*:?\s*(.+?)"
    r"(?:\s*(?:[,;|()]| - |\b(?:nam hoc|ap dung|phong|gvcn|giao vien|buoi|hoc k[yi]|hk)\b).*)?$"
)
_TEACHER_TITLE: Final = re.compile(r"\b(?:giao vien|gv)\b(?! chu nhiem)\s*[:.]?\s*(.+)$")
_LEADS: Final = ("gvcn", "giao vien", "chu nhiem", "si so")  # of rows about the classes themselves
_ROOM_TITLE: Final = re.compile(r"\bphong(?: hoc)?\b\s*:?\s*([^,;()|]+)")


_FEW: Final = 3  # cells that a note or signatures fill


class Owner(NamedTuple):
    """Whose week a grid of days is: a class's, a teacher's or a room's; and its room, if told."""

    classes: tuple[str, ...] = ()
    teacher: str = ""
    room: str = ""


class GridLesson(NamedTuple):
    """What a cell of a grid tells. is_split: whether it was parted by signs."""

    classes: tuple[str, ...]
    subject: str
    teacher: str
    room: str
    is_split: bool


@dataclass(frozen=True, slots=True)
class _ClassColumns:
    """The columns of a class: that of the lesson itself, and those of what else is told of it."""

    code: str
    at: int
    teacher: int | None = None
    room: int | None = None


def read_classes(table: Table, under: Under) -> list[Raw]:
    """The lessons of a grid with a column for each class."""
    return _Grid(table, under).of_classes()


def read_week(table: Table, under: Under) -> list[Raw]:
    """The lessons of a grid with a column for each day of the week."""
    return _Grid(table, under).of_week()


def read_across(table: Table, under: Under) -> list[Raw]:
    """The lessons of a grid with a row for each class, teacher or room."""
    return _Grid(table, under).of_rows()


class _Grid:
    """A grid that is read row by row."""

    def __init__(self, table: Table, under: Under) -> None:
        self.table = table
        self.under = under
        self.split: list[str] = []

    def of_classes(self) -> list[Raw]:
        columns = _columns(self.table)
        heads, known = self.table.heads[0], self.under.known.codes
        homes = {each.at: class_in_head(cell_at(heads, each.at), known)[1] for each in columns}
        lines: list[Raw] = []
        for row, period in self._rows([each.at for each in columns]):
            if period is None:
                homes |= self._rooms(row, columns)
                continue
            weekday, session = self.under.carried.place(row, period)
            found = [
                RawBooking(
                    row.spot(each.at), weekday or 0, period.numbers, session,
                    lesson.classes or (each.code,), lesson.room or homes.get(each.at, ""),
                    lesson.subject, lesson.teacher,
                )
                for each in columns
                if (lesson := self._lesson(row, each.at, each)) is not None
            ]  # fmt: skip
            lines += self._settle(row, period, found)
        self._tell_split()
        return lines

    def of_week(self) -> list[Raw]:
        owner = self._owner()
        lines: list[Raw] = []
        weekdays = self.table.heading.weekdays
        for row, period in self._rows([*weekdays]):
            if period is None:
                row.refuse("period_missing")
                continue
            session = self.under.carried.session(row, period)
            found = [
                RawBooking(
                    row.spot(at), weekday, period.numbers, session, lesson.classes,
                    lesson.room or owner.room, lesson.subject, lesson.teacher or owner.teacher,
                )
                for at, weekday in weekdays.items()
                if (lesson := self._owned(row, at, owner)) is not None
            ]  # fmt: skip
            lines += self._settle(row, period, found)
        self._tell_split()
        return lines

    def of_rows(self) -> list[Raw]:
        heading, under = self.table.heading, self.under
        lines: list[Raw] = []
        for number, cells in self.table.rows:
            row = RowReader(self.table, number, cells, under.found, under.findings)
            if all(is_blank(cell_at(cells, at)) for at in heading.weekdays):
                row.leave(RowReason.NOTE if is_note(row, ()) else RowReason.FREE)
                continue
            owner = self._owner_of(row)
            found = [
                RawBooking(
                    row.spot(at), weekday, heading.periods[at].numbers,
                    heading.periods[at].session or under.carried.default, lesson.classes,
                    lesson.room or owner.room, lesson.subject, lesson.teacher or owner.teacher,
                )
                for at, weekday in heading.weekdays.items()
                if (lesson := self._owned(row, at, owner)) is not None
            ]  # fmt: skip
            if not row.is_refused:
                row.keep() if found else row.leave(RowReason.FREE)
                lines += found
        self._tell_split()
        return lines

    def _owner_of(self, row: RowReader) -> Owner:
        """Whose row it is, by its first columns."""
        has = self.table.heading.fields
        classes = row.read("class", classes_of, self.under.known.codes) if "class" in has else ()
        teacher, room = row.read("teacher", text_in), row.read("room", room_of)
        if not (classes or teacher or room) and not row.is_refused:
            row.refuse("owner_missing")
        return Owner(classes or (), teacher or "", room or "")

    def _rows(self, columns: Sequence[int]) -> Iterator[tuple[RowReader, PeriodCell | None]]:
        """The rows with lessons, and their periods; None for a row of rooms."""
        under = self.under
        for number, cells in self.table.rows:
            row = RowReader(self.table, number, cells, under.found, under.findings)
            is_free = all(is_blank(cell_at(cells, at)) for at in columns)
            if under.carried.take_group(row):
                row.leave(RowReason.GROUP)
            elif is_free and is_note(row, ()):
                row.leave(RowReason.NOTE)
            elif is_free:
                under.carried.take_row(row)
                row.leave(RowReason.FREE)
            elif any(field_of(cell) == "room" for cell in cells[: min(columns)]):
                row.leave(RowReason.HEADING)
                yield row, None
            elif self._is_signature(row, columns):
                row.leave(RowReason.NOTE)
            elif (period := row.read("period", periods_of)) is not None:
                yield row, period

    def _is_signature(self, row: RowReader, columns: Sequence[int]) -> bool:
        """Whether a row is words below a grid, or tells something of the classes themselves."""
        lead = [unmarked(display_of(cell)) for cell in row.row[: min(columns)]]
        filled = [cell for cell in row.row if not is_empty(cell)]
        is_bare = is_empty(row.cell("period")) and not reads(weekday_of, row.cell("weekday"))
        is_bare = is_bare or (is_signed(filled) and not reads(periods_of, row.cell("period")))
        return any(text.startswith(_LEADS) for text in lead) or (is_bare and len(filled) <= _FEW)

    def _rooms(self, row: RowReader, columns: Sequence[_ClassColumns]) -> dict[int, str]:
        """The rooms that a row below the classes names."""
        rooms = {
            each.at: row.read_cell(cell_at(row.row, each.at), each.at, room_of) for each in columns
        }
        return {at: room for at, room in rooms.items() if room}

    def _settle(
        self, row: RowReader, period: PeriodCell, found: list[RawBooking]
    ) -> list[RawBooking]:
        if row.is_refused:
            return []
        self.under.carried.take_period(period)
        if found:
            row.keep()
        else:
            row.leave(RowReason.FREE)
        return found

    def _lesson(self, row: RowReader, at: int, columns: _ClassColumns) -> GridLesson | None:
        """The lesson of a class in a cell, and in the columns beside it; None where it is free."""
        lesson = self._read(row, at, ())
        if lesson is None:
            return None
        teacher = row.read_cell(cell_at(row.row, columns.teacher), columns.teacher, text_in)
        room = row.read_cell(cell_at(row.row, columns.room), columns.room, room_of)
        return lesson._replace(teacher=teacher or lesson.teacher, room=room or lesson.room)

    def _owned(self, row: RowReader, at: int, owner: Owner) -> GridLesson | None:
        lesson = self._read(row, at, owner.classes)
        if lesson is None or lesson.classes:
            return lesson
        row.refuse("class_missing", at, cell_at(row.row, at))
        return None

    def _read(self, row: RowReader, at: int, classes: tuple[str, ...]) -> GridLesson | None:
        cell = cell_at(row.row, at)
        if is_blank(cell) or unmarked(display_of(cell)) in _FREE:
            return None
        lesson = row.read_cell(cell, at, lesson_of, self.under, classes)
        if lesson and lesson.is_split and len(self.split) < 3:  # noqa: PLR2004 - enough to see it
            self.split.append(clean(cell)[:40])
        return lesson

    def _owner(self) -> Owner:
        """Whose grid it is, by the titles above it or the sheet's name."""
        owner = Owner()
        for title in (*self.table.titles, self.under.found.name):
            own = owner_in(title, self.under)
            owner = Owner(
                owner.classes or own.classes, owner.teacher or own.teacher, owner.room or own.room
            )
        return owner._replace(teacher="") if owner.classes else owner

    def _tell_split(self) -> None:
        if self.split:
            spot = self.under.found.spot(self.under.found.headings[0])
            self.under.findings.tell("cells_parted", spot, _SPLIT, "; ".join(self.split))


def lesson_of(cell: Cell, under: Under, classes: tuple[str, ...]) -> GridLesson:
    """The lesson that a grid's cell tells. classes: those whose grid it is. Raises RefusedError."""
    text = readable(cell)
    parts = [
        clean(part) for part in _PARTS.split(str(text) if isinstance(text, str) else clean(text))
    ]
    parts = [part for part in parts if any(map(str.isalnum, part))]
    rooms = [part for part in parts if is_room(part, under.known.rooms)]
    named = [
        part for part in parts if part not in rooms and _names_classes(part, under.known.codes)
    ]
    rest = [part for part in parts if part not in rooms and part not in named]
    if len(rooms) > 1:
        raise RefusedError("rooms_many")
    own = classes_of(", ".join(named), under.known.codes) if named else classes
    subject, teacher = text_in(rest[0] if rest else ""), text_in(", ".join(rest[1:]))
    return GridLesson(own, subject, teacher, room_of(rooms[0]) if rooms else "", len(parts) > 1)


def _names_classes(part: str, known: Collection[str]) -> bool:
    return all(is_class(clean(piece), known) for piece in re.split(r"[,+&]", part))


def owner_in(title: str, under: Under) -> Owner:
    """Whose week a title tells: "LỚP 10A1", "Giáo viên: Nguyễn Văn An", "P.203"."""
    text = clean(title)
    known = under.known.codes
    if is_class(text, known):
        return Owner(classes=(text,))
    bare = unmarked(text)
    classes = _match(_CLASS_TITLE, text, bare)
    if classes and (is_class(classes, known) or class_key(classes) in known):
        room = _match(_ROOM_TITLE, text, bare)
        return Owner(classes=(classes,), room=room if is_room(f"p {room}", ()) else "")
    if is_room(text, under.known.rooms):
        return Owner(room=text)
    if teacher := _match(_TEACHER_TITLE, text, bare):
        return Owner(teacher=teacher)
    room = _match(_ROOM_TITLE, text, bare)
    return (
        Owner(room=room)
        if room and is_room(f"phong {unmarked(room)}", under.known.rooms)
        else Owner()
    )


def _match(pattern: re.Pattern[str], text: str, bare: str) -> str:
    """What a pattern finds in the bare text, as the text writes it."""
    match = pattern.search(bare) if len(bare) == len(text) else None
    return text[match.start(1) : match.end(1)].strip(" .:,-") if match else ""


def _columns(table: Table) -> list[_ClassColumns]:
    """The columns of each class. A heading of two rows tells subject, teacher and room below it."""
    heading = table.heading
    if heading.depth == 1:
        return [_ClassColumns(code, at) for at, code in heading.classes.items()]
    below = table.heads[1]
    starts: dict[str, dict[str, int]] = {}
    code = ""
    for at in range(max(len(table.heads[0]), len(below))):
        code = heading.classes.get(at, code if is_empty(cell_at(table.heads[0], at)) else "")
        if code:
            field = field_of(cell_at(below, at)) or "subject"
            starts.setdefault(code, {}).setdefault(field, at)
    return [
        _ClassColumns(code, fields["subject"], fields.get("teacher"), fields.get("room"))
        for code, fields in starts.items()
        if "subject" in fields
    ]
