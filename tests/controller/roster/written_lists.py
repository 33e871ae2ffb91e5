"""This file writes class lists as schools write them: one known truth in many shapes.

A seed gives a truth and a way to write it; nothing here knows how the product reads.
"""

from __future__ import annotations

import csv
import io
import random
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

import xlsxwriter

FAMILIES: Final = ("Nguyễn", "Trần", "Lò", "Vừ", "Tống", "Cộng", "Hoàng")
MIDDLES: Final = ("Văn", "Thị", "Thị Ngọc", "Minh")
GIVENS: Final = ("An", "Ánh", "Bình", "Chi", "Đức", "Giàng", "Yến")
CLASSES: Final = ("10A1", "10A2", "6B", "12 CHUYÊN TOÁN", "3/2")
WRITINGS: Final = ("{}", "{}", "{lower}", "Lớp {}", "{spaced}")  # of one class
STATES: Final = {True: ("Chuyển trường", "Thôi học", "Đã nghỉ học"), False: ("Đang học", "")}
HEADS: Final = {
    "number": ("STT", "TT"),
    "id": ("Mã học sinh", "Mã định danh Bộ GD&ĐT", "Mã định danh (*)", "MÃ HỌC SINH"),
    "class": ("Lớp", "LỚP", "Tên lớp"),
    "name": ("Họ và tên", "Họ tên", "Họ và tên học sinh"),
    "family": ("Họ và tên đệm", "Họ đệm"),
    "given": ("Tên",),
    "state": ("Trạng thái", "Trạng thái học sinh"),
    "born": ("Ngày sinh",),
    "sex": ("Giới tính", "Nữ"),
}
SPOILT: Final = 0.08


class Odd(StrEnum):
    """What a cell of a workbook may hold that is no value."""

    ERROR = "#REF!"
    NO_RESULT = "no result"


Written = str | float | Odd


class TrueEntry(NamedTuple):
    """A pupil in a class, with the number in its book."""

    class_code: str
    student: str
    number: int
    name: str


@dataclass
class Sheet:
    """A sheet as it is written: its cells, merged ranges, and what each row is to a person.

    what: "pupil", "refused", "left" or "other", by the row as a person counts; heading: its row.
    """

    name: str
    rows: list[list[Written]] = field(default_factory=list)
    what: dict[int, str] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    is_hidden: bool = False
    heading: int = 0

    def add(self, row: list[Written], what: str) -> None:
        """Write a row."""
        self.rows.append(row)
        self.what[len(self.rows)] = what


@dataclass
class Case:
    """A truth, the sheets that tell it, and how the file is written.

    has_numbers: each class's book numbers are told, from 1.
    """

    seed: int
    entries: list[TrueEntry] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)
    has_numbers: bool = False
    suffix: str = ".xlsx"
    delimiter: str = ";"
    encoding: str = "utf-8-sig"


class _Style(NamedTuple):
    """How a list is written."""

    layout: str
    fields: list[str]
    extras: frozenset[str]
    is_counted_on: bool
    is_csv: bool


def case_of(seed: int) -> Case:
    """The list of a seed."""
    chance = random.Random(seed)
    style = _style(chance)
    case = Case(seed)
    case.has_numbers = "number" in style.fields and not style.is_counted_on
    codes = chance.sample(CLASSES, chance.randint(1, 3))
    table: _Table | None = None
    for code in codes:
        if table is None or style.layout == "sheets":
            sheet = Sheet(code.replace("/", "-") if style.layout == "sheets" else "Sheet1")
            case.sheets.append(sheet)
            table = _Table(case, sheet, style, chance)
            table.begin(code)
        table.write(code)
    if table is not None and style.layout != "sheets":
        table.end()
    if "hidden" in style.extras:
        old = Sheet("Cũ", [["Mã học sinh", "Lớp"], ["CU1", "9A"]], is_hidden=True)
        case.sheets.insert(chance.randint(0, len(case.sheets)), old)
    if style.is_csv:
        case.suffix, case.delimiter = ".csv", chance.choice([";", ",", "\t"])
        case.encoding = chance.choice(["utf-8-sig", "utf-8", "utf-16"])
    return case


def _style(chance: random.Random) -> _Style:
    is_csv = chance.random() < 0.4
    layout = chance.choice(["flat", "groups"] if is_csv else ["flat", "groups", "sheets", "merged"])
    name = ["name"] if chance.random() < 0.6 else ["family", "given"]
    others = [one for one in ("born", "sex", "state") if chance.random() < 0.5]
    fields = [*(["class"] if layout in {"flat", "merged"} else []), *others]
    chance.shuffle(fields)
    fields.insert(chance.randint(0, len(fields)), "id")
    at = chance.randint(0, len(fields))
    fields[at:at] = name
    if chance.random() < 0.8:
        fields.insert(0, "number")
    extras = {one for one in ("titles", "repeated", "blanks", "total", "footer", "hidden", "again")
              if chance.random() < 0.35}  # fmt: skip
    if is_csv:
        extras -= {"hidden"}
    if layout == "merged":
        extras -= {"repeated", "blanks"}
    return _Style(layout, fields, frozenset(extras), chance.random() < 0.15, is_csv)


class _Table:
    """One table on a sheet."""

    def __init__(self, case: Case, sheet: Sheet, style: _Style, chance: random.Random) -> None:
        self.case, self.sheet, self.style, self.chance = case, sheet, style, chance
        self.heads: list[Written] = [chance.choice(HEADS[name]) for name in style.fields]
        self.counted = 0

    def begin(self, code: str) -> None:
        """Titles and the heading. A sheet of one class tells it in a title or by its name."""
        own = self.style.layout == "sheets" and ("titles" in self.style.extras or "/" in code)
        if "titles" in self.style.extras:
            self.sheet.add(["TRƯỜNG THPT CHUYÊN"], "other")
        if own:
            self.sheet.add([f"DANH SÁCH HỌC SINH LỚP {code} - NĂM HỌC 2026-2027"], "other")
        elif "titles" in self.style.extras:
            self.sheet.add(["DANH SÁCH HỌC SINH NĂM HỌC 2026-2027"], "other")
            self.sheet.add([], "other")
        self.sheet.add([*self.heads], "other")
        self.sheet.heading = len(self.sheet.rows)
        names = {"family", "given"} & {*self.style.fields}
        if names and not self.style.is_csv and self.chance.random() < 0.5:
            at = self.style.fields.index("family")
            self.sheet.rows[-1][at : at + 2] = ["Họ và tên", ""]
            row = len(self.sheet.rows) - 1
            self.sheet.merged.append((row, at, row, at + 1))
            self.heads = [*self.sheet.rows[-1]]

    def write(self, code: str) -> None:
        """A class."""
        if self.style.layout == "groups":
            title = self.chance.choice([f"LỚP {code}", f"Lớp: {code}"])
            self.sheet.add([title], "other")
        if not self.style.is_counted_on:
            self.counted = 0
        first = len(self.sheet.rows)
        writing = self.chance.choice(WRITINGS) if self.style.layout == "flat" else "{}"
        count = self.chance.randint(2, 9)
        for _ in range(count):
            self._between()
            self._pupil(code, writing)
        if self.style.layout == "merged":
            at = self.style.fields.index("class")
            self.sheet.merged.append((first, at, len(self.sheet.rows) - 1, at))
            for row in self.sheet.rows[first + 1 :]:
                row[at] = ""
        if "total" in self.style.extras:
            self.sheet.add(self._in_name(f"Tổng số: {count} học sinh"), "other")
        if self.style.layout == "sheets":
            self.end()

    def end(self) -> None:
        """What stands below a list."""
        if "footer" in self.style.extras:
            gap: list[Written] = [""] * max(0, len(self.heads) - 2)
            self.sheet.add([], "other")
            self.sheet.add([*gap, "Ngày 5 tháng 9 năm 2026"], "other")
            self.sheet.add(["Người lập danh sách", *gap, "Hiệu trưởng"], "other")

    def _between(self) -> None:
        if self.counted and self.counted % 4 == 0 and "repeated" in self.style.extras:
            self.sheet.add([*self.heads], "other")
        if "blanks" in self.style.extras and self.chance.random() < 0.2:
            self.sheet.add([], "other")

    def _in_name(self, text: str) -> list[Written]:
        at = next(at for at, one in enumerate(self.style.fields) if one in {"name", "family"})
        return [*[""] * at, text]

    def _pupil(self, code: str, writing: str) -> None:
        chance, serial = self.chance, len(self.case.entries) + len(self.sheet.rows) * 1000
        parts = chance.choice(FAMILIES), chance.choice(MIDDLES), chance.choice(GIVENS)
        student = f"{chance.randint(10, 99)}{self.case.seed % 1000:03}{serial:06}"
        has_left = "state" in self.style.fields and chance.random() < 0.15
        self.counted += not has_left
        cells: dict[str, Written] = {
            "number": float(self.counted) if not has_left else "",
            "id": f"HS{student}" if chance.random() < 0.7 or self.style.is_csv else float(student),
            "class": self._class(code, writing),
            "name": " ".join(parts),
            "family": " ".join(parts[:2]),
            "given": parts[2],
            "state": chance.choice(STATES[has_left]),
            "born": f"{chance.randint(1, 28):02}/{chance.randint(1, 12):02}/2011",
            "sex": chance.choice(["Nam", "Nữ", "x"]),
        }
        own = cells["id"] if isinstance(cells["id"], str) else str(int(float(cells["id"])))
        entry = TrueEntry(code, str(own), self.counted, " ".join(parts))
        what = "left" if has_left else "pupil"
        if not has_left and chance.random() < SPOILT:
            what = "refused"
            self._spoil(cells)
        row = [cells[name] for name in self.style.fields]
        if self.style.is_csv:
            row = [_text(cell) for cell in row]
        self.sheet.add(row, what)
        if what == "pupil":
            self.case.entries.append(entry)

    def _class(self, code: str, writing: str) -> str:
        spaced = f"{code[:2]} {code[2:]}" if code[:2].isdigit() and code[2:3].isalpha() else code
        return writing.format(code, lower=code.lower(), spaced=spaced)

    def _spoil(self, cells: dict[str, Written]) -> None:
        """Make a row one that nobody can use."""
        names = [one for one in ("name", "family") if one in self.style.fields]
        choices: list[tuple[str, Written]] = [
            ("id", "001122334455"),
            ("id", "1,23457E+14"),
            (names[0], "Nguy?n V?n"),
        ]
        if self.case.entries:
            choices.append(("id", self.case.entries[-1].student))
        if not self.style.is_csv:
            choices += [("id", Odd.ERROR), ("id", Odd.NO_RESULT), (names[0], Odd.ERROR)]
        field_, value = self.chance.choice(choices)
        cells[field_] = value


def _text(cell: Written) -> str:
    return str(int(cell)) if isinstance(cell, float) else str(cell)


def write(case: Case, folder: Path) -> Path:
    """The case as a file in this folder."""
    path = folder / f"list-{case.seed}{case.suffix}"
    if case.suffix == ".csv":
        (sheet,) = case.sheets
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=case.delimiter)
        writer.writerows([[_text(cell) for cell in row] for row in sheet.rows])
        path.write_bytes(text.getvalue().encode(case.encoding))
        return path
    with xlsxwriter.Workbook(path, {"strings_to_numbers": False}) as book:
        seen = next(sheet for sheet in case.sheets if not sheet.is_hidden)
        for sheet in case.sheets:
            page = book.add_worksheet(sheet.name)
            _fill(page, sheet)
            if sheet is seen:
                page.activate()
                page.set_first_sheet()
            if sheet.is_hidden:
                page.hide()
    return path


def _fill(page: object, sheet: Sheet) -> None:
    for at, row in enumerate(sheet.rows):
        for place, cell in enumerate(row):
            match cell:
                case "":
                    continue
                case Odd.ERROR:
                    page.write_formula(at, place, "=1/0", None, "#REF!")  # type: ignore[attr-defined]
                case Odd.NO_RESULT:
                    page.write_formula(at, place, "=A1", None, "")  # type: ignore[attr-defined]
                case str():
                    page.write_string(at, place, cell)  # type: ignore[attr-defined]
                case _:
                    page.write_number(at, place, cell)  # type: ignore[attr-defined]
    for top, left, bottom, right in sheet.merged:
        if (top, left) != (bottom, right):
            page.merge_range(top, left, bottom, right, sheet.rows[top][left])  # type: ignore[attr-defined]


def class_of(text: str) -> str:
    """A class as a person compares it: "Lớp 10 a1" is 10A1."""
    plain = unicodedata.normalize("NFC", text).casefold().replace(" ", "").replace("-", "")
    return plain.removeprefix("lớp")
