"""This file says what a table's headings mean, and so what a sheet of a schedule holds; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from controller.schedule.names import class_in_head, is_class
from controller.schedule.plain import plain
from controller.schedule.weekdays import PeriodCell, Session, periods_of, session_in, weekday_of
from controller.sheets.names import class_key
from controller.sheets.text import Cell, RefusedError, clean, folded, is_empty

HEAD_WITHIN: Final = 40  # rows of titles there may be above a table's heading
ALIASES: Final[dict[str, tuple[str, ...]]] = {
    "kind": ("kind", "loai"),
    "period": ("period", "tiet", "tiet hoc", "tiet thu", "tiet so", "ten tiet", "tiet bat dau",
               "tiet bd"),
    "count": ("so tiet",),
    "session": ("buoi", "buoi hoc", "ca", "ca hoc", "session"),
    "span": ("thoi gian", "thoi gian hoc", "gio hoc", "gio", "khung gio", "time"),
    "start": ("start", "begins", "bat dau", "tu", "tu ngay", "tu gio", "gio bat dau", "gio vao",
              "gio vao lop", "gio vao hoc", "thoi gian bat dau", "vao", "vao lop", "ngay",
              "ngay bat dau"),
    "end": ("end", "ends", "ket thuc", "den", "den ngay", "den gio", "den het ngay",
            "gio ket thuc", "gio ra", "gio tan", "gio het tiet", "thoi gian ket thuc", "ra", "tan",
            "ngay ket thuc"),
    "weekdays": ("weekdays", "cac thu", "ap dung", "cac ngay", "cac ngay trong tuan"),
    "weekday": ("weekday", "day", "thu", "ngay thu", "thu trong tuan", "ngay trong tuan"),
    "term": ("term", "hoc ky", "hoc ki", "ky hoc", "ten hoc ky"),
    "holiday": ("holiday", "ngay nghi", "nghi le", "ngay le", "ngay nghi le", "ky nghi",
                "ten ky nghi", "dip nghi", "ten ngay nghi"),
    "room": ("room", "phong", "phong hoc", "ten phong", "ma phong"),
    "class": ("class", "classes", "lop", "lop hoc", "ten lop", "ma lop", "cac lop"),
    "subject": ("subject", "mon", "mon hoc", "ten mon", "ten mon hoc"),
    "teacher": ("teacher", "giao vien", "gv", "ten giao vien", "giao vien day", "gv day",
                "giao vien bo mon", "gvbm"),
    "weeks": ("weeks", "tuan", "tuan le chan"),
    "status": ("status", "trang thai"),
    "letter": ("letter", "ky hieu", "ki hieu"),
    "number": ("stt", "so tt", "tt", "so thu tu", "no"),
}  # fmt: skip
_FIELD: Final = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
_OWNERS: Final = frozenset({"class", "teacher", "room"})
_FEW_DAYS: Final = 3
_CORNERS: Final = frozenset(
    {"period", "tiet", "tiet hoc", "thu tiet", "tiet thu", "buoi tiet", "tiet ngay"}
)


class Part(StrEnum):
    """A part of a school's schedule."""

    BELLS = "bells"
    TERMS = "terms"
    HOLIDAYS = "holidays"
    TIMETABLE = "timetable"
    LETTERS = "letters"


class Shape(StrEnum):
    """How a table tells its part: row by row, or in a grid of periods."""

    LIST = "list"
    CLASSES = "classes"  # a column for each class, a row for each period
    WEEK = "week"  # a column for each day, a row for each period, of one class, teacher or room
    HALVES = "halves"  # bells: a column for each half of the day, a row for each period
    ACROSS = "across"  # a column for each period of each day, a row for each class, teacher or room


# A list is of the first part whose headings it has all of.
_NEEDS: Final[tuple[tuple[Part, frozenset[str]], ...]] = (
    (Part.TIMETABLE, frozenset({"weekday", "period", "class"})),
    (Part.LETTERS, frozenset({"status", "letter"})),
    (Part.TERMS, frozenset({"term", "start", "end"})),
    (Part.TERMS, frozenset({"term", "span"})),
    (Part.HOLIDAYS, frozenset({"holiday", "start"})),
    (Part.HOLIDAYS, frozenset({"holiday", "span"})),
    (Part.BELLS, frozenset({"period", "start", "end"})),
    (Part.BELLS, frozenset({"period", "span"})),
)


# What is read of each; a column that means something else there is left out, and told.
_READ: Final[dict[tuple[Part, Shape], frozenset[str]]] = {
    (Part.BELLS, Shape.LIST): frozenset(
        {"kind", "period", "session", "span", "start", "end", "weekdays"}
    ),
    (Part.BELLS, Shape.HALVES): frozenset({"period", "weekdays"}),
    (Part.TERMS, Shape.LIST): frozenset({"term", "span", "start", "end"}),
    (Part.HOLIDAYS, Shape.LIST): frozenset({"holiday", "span", "start", "end"}),
    (Part.LETTERS, Shape.LIST): frozenset({"status", "letter"}),
    (Part.TIMETABLE, Shape.LIST): frozenset(
        {"weekday", "period", "count", "session", "room", "class", "subject", "teacher", "weeks"}
    ),
    (Part.TIMETABLE, Shape.CLASSES): frozenset({"weekday", "period", "session"}),
    (Part.TIMETABLE, Shape.WEEK): frozenset({"period", "session"}),
    (Part.TIMETABLE, Shape.ACROSS): frozenset({"class", "teacher", "room"}),
}


class Heading(NamedTuple):
    """A table's heading. fields: what each column is, "" where it is not understood.

    classes: the columns of a grid of classes, and the class of each; weekdays: those of a week, and
    periods: what stands below them in a grid across. halves: the columns of halves of the day.
    depth: how many rows it has.
    """

    part: Part
    shape: Shape
    fields: tuple[str, ...]
    classes: dict[int, str]
    weekdays: dict[int, int]
    depth: int = 1
    periods: dict[int, PeriodCell] = {}  # noqa: RUF012 - never changed
    halves: dict[int, Session] = {}  # noqa: RUF012 - never changed

    def column(self, field: str) -> int | None:
        """Where a field stands, from 0; None where it does not."""
        return self.fields.index(field) if field in self.fields else None

    def read(self) -> set[int]:
        """The columns of the first row that something is read of, and those of mere numbers."""
        fields = _READ[self.part, self.shape] | {"number"}
        own = {at for at, field in enumerate(self.fields) if field in fields}
        return own | self.classes.keys() | self.weekdays.keys() | self.halves.keys()

    def doubled(self, below: Sequence[Cell]) -> list[list[int]]:
        """The columns that claim to be one thing, together. below: the heading's second row."""
        places = defaultdict[object, list[int]](list)
        for at, field in enumerate(self.fields):
            if field and field != "number":
                places[field].append(at)
        for at, code in self.classes.items():
            lower = below[at] if self.depth > 1 and at < len(below) else ""
            places[class_key(code), field_of(lower)].append(at)
        return [columns for columns in places.values() if len(columns) > 1]


def field_of(head: Cell) -> str:
    """What a heading means; empty where that is not known."""
    return _field(head) if isinstance(head, str) else ""


@lru_cache(maxsize=4096)  # every cell is asked once, and a timetable says few things
def _field(head: str) -> str:
    return _FIELD.get(folded(head), "")


def known_heads(row: Sequence[Cell]) -> int:
    """How many cells of the row are headings of any kind: what a CSV is parted by."""
    return sum(bool(field_of(cell)) or is_class(cell, ()) or _weekday(cell) > 0 for cell in row)


def heading_of(
    row: Sequence[Cell], below: Sequence[Cell], known: Collection[str]
) -> Heading | None:
    """The heading, if this row is one, alone or with the row below. known: keys of classes."""
    across = _across(row, below)
    if across is not None:
        return across
    alone = _heading(row, known)
    if not _is_second_line(row, below):
        return alone
    if alone is not None and alone.shape is Shape.CLASSES:
        return alone._replace(depth=2)
    if alone is None and _heading(below, known) is not None:
        return None
    joined = [_joined(row, below, column) for column in range(max(len(row), len(below)))]
    both = _heading(joined, known)
    return alone if both is None else both._replace(depth=2)


def _across(row: Sequence[Cell], below: Sequence[Cell]) -> Heading | None:
    """The heading of a grid across: days, each over its periods, behind whose row it is."""
    fields = tuple(map(field_of, row))
    weekdays: dict[int, int] = {}
    day = 0
    for at in range(len(below) if _OWNERS & {*fields} else 0):
        head = row[at] if at < len(row) else ""
        day = _weekday(head) or (day if is_empty(head) else 0)
        if day:
            weekdays[at] = day
    try:
        periods = {at: periods_of(below[at]) for at in weekdays}
    except RefusedError:
        return None
    if len({*weekdays.values()}) < 2 or len({*periods.values()}) < 2:  # noqa: PLR2004 - a grid
        return None
    return Heading(Part.TIMETABLE, Shape.ACROSS, fields, {}, weekdays, 2, periods)


def _is_second_line(row: Sequence[Cell], below: Sequence[Cell]) -> bool:
    """Whether the row below holds nothing but headings, and others than this row."""
    filled = [(at, cell) for at, cell in enumerate(below) if not is_empty(cell)]
    fresh = [cell for at, cell in filled if cell != (row[at] if at < len(row) else "")]
    return bool(fresh) and all(map(field_of, fresh))


def _joined(row: Sequence[Cell], below: Sequence[Cell], column: int) -> Cell:
    """The lower heading of a column where it is understood, else the upper one."""
    lower = below[column] if column < len(below) else ""
    return lower if field_of(lower) else row[column] if column < len(row) else ""


def _heading(row: Sequence[Cell], known: Collection[str]) -> Heading | None:
    fields = tuple(map(field_of, row))
    present = set(fields)
    weekdays = _week(row, present)
    if (corner := _corner(row, weekdays)) is not None:
        own = tuple("period" if at == corner else field for at, field in enumerate(fields))
        return Heading(Part.TIMETABLE, Shape.WEEK, own, {}, weekdays)
    classes = {
        at: code
        for at, cell in enumerate(row)
        if not fields[at] and (code := class_in_head(cell, known)[0])
    }
    if "period" in present and classes and "class" not in present:
        return Heading(Part.TIMETABLE, Shape.CLASSES, fields, classes, {})
    part = next((part for part, needs in _NEEDS if needs <= present), None)
    if part is None:
        halves = {at: half for at, cell in enumerate(row) if (half := _half(cell))}
        is_bells = "period" in present and bool(halves)
        bells = Heading(Part.BELLS, Shape.HALVES, fields, {}, {}, halves=halves)
        return bells if is_bells else None
    if part is Part.BELLS and "weekdays" not in present:
        fields = tuple("weekdays" if field == "weekday" else field for field in fields)
    return Heading(part, Shape.LIST, fields, {}, {})


def _week(row: Sequence[Cell], present: Collection[str]) -> dict[int, int]:
    """The columns of a week's days. Bare numbers are days where 2, 3, 4 stand in a row."""
    named = {at: day for at, cell in enumerate(row) if (day := _weekday(cell))}
    if [*named.values()] != sorted(set(named.values())):  # CN is a subject, too
        named = {}
    has_corner = any(folded(cell) in _CORNERS for cell in row)
    if len(named) > 1 or not (has_corner or "weekday" in present):
        return named if len(named) > 1 else {}
    bare = {at: int(clean(cell)) - 1 for at, cell in enumerate(row) if clean(cell) in "2345678"
            and len(clean(cell)) == 1}  # fmt: skip
    run = [*bare.values()]
    return bare if len(run) > 2 and run == [*range(1, len(run) + 1)] else {}  # noqa: PLR2004


def _weekday(cell: Cell) -> int:
    """The day that a heading names with the word for it; 0 where it names none, or half of one."""
    if not isinstance(cell, str) or not plain(cell).startswith(("t", "c")):
        return 0
    try:
        day = weekday_of(cell)
    except RefusedError:
        return 0
    return 0 if day.session else day.weekday


def _half(cell: Cell) -> Session | None:
    """The half of the day that a heading is about."""
    text = folded(cell) if isinstance(cell, str) else ""
    return session_in(text) if text.removeprefix("buoi ") in {"sang", "chieu"} else None


def _corner(row: Sequence[Cell], weekdays: Collection[int]) -> int | None:
    """Where a week's periods stand: the column named so, else the last one before the days."""
    if not weekdays:
        return None
    before = range(min(weekdays))
    named = [at for at in before if folded(row[at]) in _CORNERS]
    if named:
        return named[0]
    # Without a name it takes three days: a lesson's row may say "T2" and "CN", a subject.
    is_week = bool(before) and len(weekdays) >= _FEW_DAYS and is_empty(row[before[-1]])
    return before[-1] if is_week else None
