"""This file writes timetables as schools write them: one known truth in many shapes.

A seed gives a truth and a way to write it; nothing here knows how the product reads.
"""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

import xlsxwriter

CLASSES: Final = {"10A1": "P203", "10A2": "P204", "6B": "P301", "3/2": "Hội trường"}  # rooms
SUBJECTS: Final = ("Toán", "Ngữ văn", "Vật lí", "Tin học", "GDCD", "Chào cờ", "Thể dục")
TEACHERS: Final = ("Nguyễn Văn An", "Lò Thị Bình", "Vừ A Dơ")
ROOMS: Final = ("P305", "P306")  # that no class is at home in
MORNING: Final = 5  # periods; the afternoon's are 6 to 9, or 1 to 4 counted anew
DAYS: Final = 6
DAY_WRITINGS: Final = (
    ("2", "3", "4", "5", "6", "7"),
    ("Thứ 2", "Thứ 3", "Thứ 4", "Thứ 5", "Thứ 6", "Thứ 7"),
    ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy"),
    ("T2", "T3", "T4", "T5", "T6", "T7"),
    ("THỨ 2", "THỨ 3", "THỨ 4", "THỨ 5", "THỨ 6", "THỨ 7"),
)
HEADS: Final = {
    "number": ("STT", "TT"),
    "weekday": ("Thứ", "Ngày thứ", "THỨ"),
    "period": ("Tiết", "Tiết học", "TIẾT"),
    "session": ("Buổi", "Buổi học"),
    "class": ("Lớp", "Tên lớp", "LỚP"),
    "room": ("Phòng", "Phòng học"),
    "subject": ("Môn", "Môn học"),
    "teacher": ("Giáo viên", "GV"),
}
SPOILT: Final = 0.25  # of the files: in one of their cells


class Odd(StrEnum):
    """What a cell of a workbook may hold that is no value."""

    ERROR = "#REF!"
    NO_RESULT = "no result"


Written = str | float | Odd


class Lesson(NamedTuple):
    """A true lesson of a class."""

    weekday: int
    period: int
    class_code: str
    room: str
    subject: str
    teacher: str


@dataclass
class Sheet:
    """A sheet as it is written."""

    name: str
    rows: list[list[Written]] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)


@dataclass
class Case:
    """A truth, the sheets that tell it. spoilt: the row and column of a cell that cannot be read.

    has_teachers: whether the shape tells them.
    """

    seed: int
    lessons: list[Lesson] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)
    spoilt: tuple[str, int, int] | None = None
    has_teachers: bool = True
    suffix: str = ".xlsx"
    delimiter: str = ";"
    encoding: str = "utf-8-sig"


class _Style(NamedTuple):
    """How a timetable is written."""

    shape: str
    days: tuple[str, ...]
    is_anew: bool
    has_rooms: bool
    is_csv: bool
    extras: frozenset[str]


def case_of(seed: int) -> Case:
    """The timetable of a seed."""
    chance = random.Random(seed)
    is_csv = chance.random() < 0.4
    extras = "titles", "footer", "blanks", "repeated", "merged"
    style = _Style(
        shape=chance.choice(["list", "classes", "week"]),
        days=chance.choice(DAY_WRITINGS),
        is_anew=chance.random() < 0.5,
        has_rooms=chance.random() < 0.5,
        is_csv=is_csv,
        extras=frozenset(one for one in extras if chance.random() < 0.4),
    )
    case = Case(seed, _truth(chance, has_rooms=style.has_rooms), has_teachers=style.shape == "list")
    {"list": _list, "classes": _classes, "week": _weeks}[style.shape](case, style, chance)
    if is_csv:
        case.suffix, case.delimiter = ".csv", chance.choice([";", ",", "\t"])
        case.encoding = chance.choice(["utf-8-sig", "utf-8", "utf-16"])
    elif chance.random() < SPOILT:
        _spoil(case, chance)
    return case


def _truth(chance: random.Random, *, has_rooms: bool) -> list[Lesson]:
    lessons = []
    taken = set()
    for code in chance.sample([*CLASSES], chance.randint(1, 3)):
        for weekday in range(1, DAYS + 1):
            for period in range(1, MORNING + 5):
                if chance.random() < 0.35:
                    room = CLASSES[code]
                    if has_rooms and chance.random() < 0.2:
                        room = chance.choice(ROOMS)
                    if (weekday, period, room) not in taken:
                        taken.add((weekday, period, room))
                        told = chance.choice(SUBJECTS), chance.choice(TEACHERS)
                        lessons.append(Lesson(weekday, period, code, room, *told))
    return lessons


def _classes_in(case: Case) -> list[str]:
    return list(dict.fromkeys(lesson.class_code for lesson in case.lessons))


def _titles(sheet: Sheet, style: _Style, title: str = "THỜI KHÓA BIỂU NĂM HỌC 2026-2027") -> None:
    if "titles" in style.extras:
        sheet.rows += [["TRƯỜNG THPT CHUYÊN"], [title], []]


def _footer(sheet: Sheet, style: _Style, width: int) -> None:
    if "footer" in style.extras:
        gap: list[Written] = [""] * max(0, width - 2)
        sheet.rows += [[], ["Người lập", *gap, "Hiệu trưởng"]]


def _numbered(period: int, style: _Style) -> int:
    """The period as it is written: the afternoon's perhaps counted anew."""
    return period - MORNING if style.is_anew and period > MORNING else period


def _list(case: Case, style: _Style, chance: random.Random) -> None:
    """A row for each lesson, the columns in any order, a class in several writings."""
    sheet = Sheet("TKB")
    case.sheets.append(sheet)
    fields = ["weekday", "period", "class", "subject", "teacher"]
    fields += ["room"] if style.has_rooms else []
    fields += ["session"] if style.is_anew else []
    chance.shuffle(fields)
    fields = [*(["number"] if chance.random() < 0.3 else []), *fields]
    heads: list[Written] = [chance.choice(HEADS[name]) for name in fields]
    _titles(sheet, style)
    sheet.rows.append([*heads])
    lessons = sorted(case.lessons, key=lambda one: (one.weekday, one.period))
    first = len(sheet.rows)
    for number, lesson in enumerate(lessons, 1):
        is_own = chance.random() < 0.5 and lesson.room == CLASSES[lesson.class_code]
        cells: dict[str, Written] = {
            "number": float(number),
            "weekday": style.days[lesson.weekday - 1],
            "period": _period_cell(_numbered(lesson.period, style), style, chance),
            "session": "Chiều" if lesson.period > MORNING else "Sáng",
            "class": chance.choice([lesson.class_code, lesson.class_code.lower()]),
            "room": "" if is_own else lesson.room,
            "subject": lesson.subject,
            "teacher": lesson.teacher,
        }
        sheet.rows.append([cells[name] for name in fields])
        if "repeated" in style.extras and number % 20 == 0 and "merged" not in style.extras:
            sheet.rows.append([*heads])
        if "blanks" in style.extras and chance.random() < 0.1 and "merged" not in style.extras:
            sheet.rows.append([])
    if "merged" in style.extras and not style.is_csv:
        _merge_alike(sheet, first, fields.index("weekday"))
    _footer(sheet, style, len(fields))


def _period_cell(number: int, style: _Style, chance: random.Random) -> Written:
    written: list[Written] = [f"Tiết {number}", str(number)]
    return chance.choice(written if style.is_csv else [*written, float(number)])


def _merge_alike(sheet: Sheet, first: int, place: int) -> None:
    """Merge the runs of one value in a column."""
    top = first
    for row in range(first + 1, len(sheet.rows) + 1):
        if row == len(sheet.rows) or sheet.rows[row][place] != sheet.rows[top][place]:
            if row - top > 1:
                sheet.merged.append((top, place, row - 1, place))
                for covered in sheet.rows[top + 1 : row]:
                    covered[place] = ""
            top = row


def _cell(lesson: Lesson | None) -> str:
    """A lesson in a grid: its subject, and its room where that is not the class's own."""
    if lesson is None:
        return ""
    is_own = lesson.room == CLASSES[lesson.class_code]
    return lesson.subject if is_own else f"{lesson.subject} ({lesson.room})"


def _by_slot(case: Case) -> dict[tuple[str, int, int], Lesson]:
    return {(one.class_code, one.weekday, one.period): one for one in case.lessons}


def _classes(case: Case, style: _Style, chance: random.Random) -> None:
    """A column for each class, a row for each period; the day once, or in each row."""
    sheet = Sheet("TKB các lớp")
    case.sheets.append(sheet)
    codes, slots = _classes_in(case), _by_slot(case)
    lead = ["Thứ", "Buổi", "Tiết"] if style.is_anew else ["Thứ", "Tiết"]
    _titles(sheet, style)
    sheet.rows.append([*lead, *codes])
    first = len(sheet.rows)
    is_once = "merged" in style.extras
    for weekday in range(1, DAYS + 1):
        for period in range(1, MORNING + 5):
            day = "" if is_once and style.is_csv and period > 1 else style.days[weekday - 1]
            session = ["Chiều" if period > MORNING else "Sáng"] if style.is_anew else []
            number = _period_cell(_numbered(period, style), style, chance)
            lessons = [_cell(slots.get((code, weekday, period))) for code in codes]
            sheet.rows.append([day, *session, number, *lessons])
    if is_once and not style.is_csv:
        _merge_alike(sheet, first, 0)
    _footer(sheet, style, len(lead) + len(codes))


def _weeks(case: Case, style: _Style, chance: random.Random) -> None:
    """A week for each class, with its class above or as the sheet's name."""
    slots = _by_slot(case)
    is_apart = not style.is_csv and chance.random() < 0.5
    for code in _classes_in(case):
        if is_apart or not case.sheets:
            case.sheets.append(Sheet(code.replace("/", "-") if is_apart else "TKB"))
        sheet = case.sheets[-1]
        sheet.rows += [[]] * bool(sheet.rows)
        sheet.rows.append([chance.choice([f"LỚP {code}", f"THỜI KHÓA BIỂU LỚP {code}"])])
        sheet.rows.append([chance.choice(["Tiết", "Tiết học"]), *style.days])
        for period in range(1, MORNING + 5):
            if style.is_anew and period in {1, MORNING + 1}:
                sheet.rows.append(["BUỔI SÁNG" if period == 1 else "BUỔI CHIỀU"])
            number = _period_cell(_numbered(period, style), style, chance)
            lessons = [_cell(slots.get((code, day, period))) for day in range(1, DAYS + 1)]
            sheet.rows.append([number, *lessons])
        if is_apart:
            _footer(sheet, style, DAYS + 1)
    if not is_apart and case.sheets:
        _footer(case.sheets[-1], style, DAYS + 1)


def _spoil(case: Case, chance: random.Random) -> None:
    """Put what nobody can read in the place of a lesson's subject."""
    subjects = {*SUBJECTS}
    places = [
        (sheet, row, column)
        for sheet in case.sheets
        for row, cells in enumerate(sheet.rows)
        for column, cell in enumerate(cells)
        if isinstance(cell, str) and cell.split(" (")[0] in subjects
    ]
    if places:
        sheet, row, column = chance.choice(places)
        sheet.rows[row][column] = chance.choice([*Odd])
        case.spoilt = sheet.name, row + 1, column


def write(case: Case, folder: Path) -> Path:
    """The case as a file in this folder."""
    path = folder / f"tkb-{case.seed}{case.suffix}"
    if case.suffix == ".csv":
        (sheet,) = case.sheets
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=case.delimiter).writerows(sheet.rows)
        path.write_bytes(text.getvalue().encode(case.encoding))
        return path
    with xlsxwriter.Workbook(path, {"strings_to_numbers": False}) as book:
        for sheet in case.sheets:
            _fill(book.add_worksheet(sheet.name), sheet)
    return path


def _fill(page: Any, sheet: Sheet) -> None:
    for at, row in enumerate(sheet.rows):
        for place, cell in enumerate(row):
            match cell:
                case "":
                    continue
                case Odd.ERROR:
                    page.write_formula(at, place, "=1/0", None, "#REF!")
                case Odd.NO_RESULT:
                    page.write_formula(at, place, "=A1", None, "")
                case str():
                    page.write_string(at, place, cell)
                case _:
                    page.write_number(at, place, cell)
    for top, left, bottom, right in sheet.merged:
        page.merge_range(top, left, bottom, right, sheet.rows[top][left])


def class_of(text: str) -> str:
    """A class as a person compares it: "Lớp 10a1" is 10A1."""
    return text.casefold().replace(" ", "").removeprefix("lớp").upper()
