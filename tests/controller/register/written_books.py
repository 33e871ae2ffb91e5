"""This file writes books of equipment as schools write them: one known truth in many shapes.

A seed gives a truth and a way to write it; nothing here knows how the product reads.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

import xlsxwriter

KINDS: Final = (
    ("Máy chiếu", "projector"),
    ("Bảng tương tác", "board"),
    ("Ti vi", "tv"),
    ("Máy tính bảng", "tablet"),
    ("Máy tính xách tay", "laptop"),
    ("Bàn học sinh", "desk"),
    ("Máy in", "printer"),
    ("Tổng đài điện thoại", ""),  # begins like a total
    ("Cộng hưởng từ mô hình", ""),
)
ROOMS: Final = (
    ("P203", ("P203", "203", "Phòng 203", "P.203", "phòng học 203")),
    ("P204", ("P204", "204", "Phòng 204", "p 204")),
    ("P301A", ("P301A", "Phòng 301A", "P.301a")),
    ("Thư viện", ("Thư viện", "Phòng thư viện")),
    ("Hiệu trưởng", ("Hiệu trưởng", "Phòng Hiệu trưởng")),
    ("Kế toán", ("Kế toán",)),
    ("Phòng Tin 1", ("Phòng Tin 1", "Tin 1")),
)
CONDITIONS: Final = {
    "good": ("Tốt", "Bình thường", "Đang sử dụng"),
    "broken": ("Hỏng", "Hư hỏng"),
    "awaiting_disposal": ("Chờ thanh lý", "chờ thanh lí"),
}
TICKED: Final = {"good": "Tốt", "broken": "Hỏng", "awaiting_disposal": "Chờ thanh lý"}
HEADS: Final = {
    "row": ("STT", "Số TT", "TT"),
    "tag": ("Mã tài sản", "Mã TS", "MÃ THIẾT BỊ", "Mã\ntài sản (*)"),
    "name": ("Tên thiết bị", "Tên tài sản", "TÊN THIẾT BỊ *", "Tên thiết bị:"),
    "serial": ("Số sê-ri", "Serial", "Số serial", "S/N"),
    "room": ("Phòng", "Vị trí", "Nơi sử dụng", "PHÒNG HỌC"),
    "year": ("Năm đưa vào sử dụng", "Năm sử dụng", "Năm SD"),
    "condition": ("Tình trạng", "Hiện trạng"),
    "quantity": ("Số lượng", "SL", "Số lượng (cái)", "Số lượng theo sổ"),
    "found": ("Số lượng thực tế", "SL thực tế (kiểm kê)", "Số lượng kiểm kê"),  # no book's own
    "unit": ("Đơn giá (đồng)", "Đơn giá (VNĐ)"),  # in đồng whatever the line above says
}
MONEY: Final = (
    # heading, what it counts in (0: not in đồng), whether a title line tells the unit
    ("Nguyên giá", 1, ""),
    ("Nguyên giá (đồng)", 1, ""),
    ("Nguyên giá (VNĐ)", 1, ""),
    ("Nguyên giá (1.000 đồng)", 1000, ""),
    ("Nguyên giá (1000đ)", 1000, ""),
    ("Nguyên giá - nghìn đồng", 1000, ""),
    ("Nguyên giá (ngàn đ)", 1000, ""),
    ("Nguyên giá (triệu đồng)", 10**6, ""),
    ("Nguyên giá [tr.đ]", 10**6, ""),
    ("Giá trị (triệu VNĐ)", 10**6, ""),
    ("Nguyên giá", 1000, "Đơn vị tính: 1.000 đồng"),
    ("Nguyên giá", 10**6, "ĐVT: triệu đồng"),
    ("Nguyên giá (USD)", 0, ""),
)


# Fields of a thing by the columns that may be absent or spoilt.
ABSENT: Final = {
    "serial": "serial", "year": "year", "quantity": "quantity", "unit": "unit_vnd",
    "cost": "cost_vnd", "condition": "condition",
}  # fmt: skip
COUNTED: Final = ("{}", "0{}", "{} cái", "{} bộ", "{}.0")  # ways to write a quantity
SPOILT: Final = 0.06
PLACEHOLDERS: Final = ("To be filled by O.E.M.", "xxx")  # they say that there is no serial


class Odd(StrEnum):
    """What a cell of a workbook may hold that is no value."""

    ERROR = "error"
    NO_RESULT = "no result"
    BOOLEAN = "boolean"


class OldDate(NamedTuple):
    """A number that the workbook shows as a date."""

    serial: int


Written = str | float | int | dt.date | Odd | OldDate


class Thing(NamedTuple):
    """One true thing of the school."""

    tag: str
    name: str
    kind: str
    serial: str
    room: str
    year: int
    cost_vnd: int  # of all of them
    condition: str
    quantity: int = 1
    unit_vnd: int = 0


@dataclass
class Sheet:
    """A sheet as it is written: cells by row; things: the rows (from 1) of each thing's number."""

    name: str
    rows: list[list[Written]] = field(default_factory=list)
    things: dict[int, int] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden: int = 0


@dataclass
class Case:
    """A truth, the sheets that tell it, and what of it is written so that nobody can read it.

    spoilt: fields by a thing's number; lost: things whose whole row may be named instead of read.
    """

    seed: int
    things: list[Thing]
    sheets: list[Sheet] = field(default_factory=list)
    spoilt: dict[int, set[str]] = field(default_factory=dict)
    lost: set[int] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    summary: str = ""  # the sheet that sums up the others
    suffix: str = ".xlsx"
    delimiter: str = ";"
    encoding: str = "utf-8-sig"
    raw_lines: dict[int, str] = field(default_factory=dict)

    def spoil(self, number: int, *names: str) -> None:
        """These fields of this thing cannot be read."""
        self.spoilt.setdefault(number, set()).update(names)


class _Style(NamedTuple):
    """How one book is written."""

    fields: list[str]
    money: tuple[str, int, str]
    layout: str
    ticks: bool
    years: str
    amounts: str
    extras: frozenset[str]
    is_csv: bool


def case_of(seed: int) -> Case:
    """The book of a seed."""
    chance = random.Random(seed)
    case = Case(seed, _truth(chance))
    style = _style(chance)
    if "quantity" in style.fields:
        case.things = [_several(thing, chance) for thing in case.things]
    _write(case, style, chance)
    if style.is_csv:
        case.suffix = ".csv"
        case.delimiter = chance.choice([";", ",", "\t"])
        case.encoding = chance.choice(["utf-8-sig", "utf-8", "utf-16"])
        if chance.random() < 0.3:
            _spoil_text(case, chance)
    return case


def _truth(chance: random.Random) -> list[Thing]:
    rooms = chance.sample(ROOMS, chance.randint(1, 4))
    things = []
    for number in range(1, chance.randint(2, 14) + 1):
        name, kind = chance.choice(KINDS)
        unit_vnd = chance.randint(5, 990) * 100_000
        things.append(
            Thing(
                tag=f"TS-{number:03}",
                name=name,
                kind=kind,
                serial=f"SN{chance.randint(10**6, 10**7)}{number:02}X",
                room=chance.choice(rooms)[0],
                year=chance.randint(2008, 2025),
                cost_vnd=unit_vnd,
                condition=chance.choice([*CONDITIONS]),
                unit_vnd=unit_vnd,
            )
        )
    order = {room: place for place, (room, _) in enumerate(rooms)}
    return sorted(things, key=lambda thing: order[thing.room])


def _several(thing: Thing, chance: random.Random) -> Thing:
    """Now and then a line is several things, or none."""
    quantity = chance.choice([1, 1, 1, 2, 5, 45, 120, 0])
    return thing._replace(quantity=quantity, cost_vnd=thing.unit_vnd * quantity)


def _style(chance: random.Random) -> _Style:
    is_csv = chance.random() < 0.4
    layouts = ["flat", "flat", "groups"] if is_csv else ["flat", "groups", "sheets", "merged"]
    layout = chance.choice(layouts)
    fields = ["tag", "name", "serial", "room", "year", "cost", "condition"]
    for name in chance.sample(["serial", "year", "cost", "condition"], chance.randint(0, 2)):
        fields.remove(name)
    if layout in ("groups", "sheets"):
        fields.remove("room")
    chance.shuffle(fields)
    for name in ("quantity", "unit"):
        if chance.random() < 0.4:
            fields.insert(chance.randint(0, len(fields)), name)
    if "quantity" in fields and chance.random() < 0.2:
        fields.insert(chance.randint(0, len(fields)), "found")
    if chance.random() < 0.15:
        fields.insert(chance.randint(0, len(fields)), "blank")
    if chance.random() < 0.75:
        fields.insert(0, "row")
    extras = ["numbers", "subtotals", "carried", "repeated", "blanks", "total", "footer", "titles",
              "hidden", "summary", "second"]  # fmt: skip
    chosen = {extra for extra in extras if chance.random() < 0.3}
    if is_csv or layout != "flat":
        chosen -= {"second"}
    if is_csv:
        chosen -= {"hidden", "summary"}
    if layout == "merged":
        chosen -= {"subtotals", "carried", "repeated", "blanks"}
    return _Style(
        fields=fields,
        money=chance.choice(MONEY),
        layout=layout,
        ticks="condition" in fields and layout != "sheets" and chance.random() < 0.2,
        years=chance.choice(["number", "text", "date text", "date", "school year"]),
        amounts=chance.choice(["number", "grouped", "plain"]),
        extras=frozenset(chosen),
        is_csv=is_csv,
    )


def _write(case: Case, style: _Style, chance: random.Random) -> None:
    groups: dict[str, list[int]] = {}
    for number, thing in enumerate(case.things):
        groups.setdefault(thing.room, []).append(number)
    if style.layout == "sheets":
        for room, numbers in groups.items():
            sheet = Sheet(room)
            _Table(case, sheet, style, chance).write({room: numbers})
            case.sheets.append(sheet)
    else:
        sheet = Sheet("Sổ thiết bị")
        _Table(case, sheet, style, chance).write(groups)
        case.sheets.append(sheet)
    if "hidden" in style.extras:
        old = Sheet(
            "Bản cũ", [["Mã tài sản", "Tên thiết bị", "Phòng"]], hidden=chance.choice([1, 2])
        )
        old.rows += [["OLD-1", "Máy chiếu", "P999"], ["OLD-2", "Ti vi", "P999"]]
        case.sheets.insert(chance.randint(0, len(case.sheets)), old)
    if "summary" in style.extras:
        counts: dict[str, int] = {}
        for thing in case.things:
            counts[thing.name] = counts.get(thing.name, 0) + thing.quantity
        rows: list[list[Written]] = [["Tên thiết bị", "Số lượng"]]
        rows += [[name, count] for name, count in counts.items()]
        if chance.random() < 0.5:
            rows = [[place or "STT", *row] for place, row in enumerate(rows)]
        case.summary = chance.choice(["Tổng hợp", "Toàn trường"])
        case.sheets.append(Sheet(case.summary, rows))


def _heads(style: _Style, chance: random.Random) -> list[str]:
    heads = []
    for name in style.fields:
        match name:
            case "cost":
                heads.append(style.money[0])
            case "blank":
                heads.append("")
            case "condition" if style.ticks:
                heads += TICKED.values()
            case _:
                heads.append(chance.choice(HEADS[name]))
    return heads


class _Table:
    """One table on a sheet, written group by group."""

    def __init__(self, case: Case, sheet: Sheet, style: _Style, chance: random.Random) -> None:
        self.case, self.sheet, self.style, self.chance = case, sheet, style, chance
        self.heads = _heads(style, chance)
        self.width = len(self.heads)
        self.counted = 0

    def write(self, groups: dict[str, list[int]]) -> None:
        """The whole table."""
        self._begin()
        for room, numbers in groups.items():
            self._group(self.chance.choice(dict(ROOMS)[room]), numbers)
        if "second" in self.style.extras:
            _second(self.case, self.sheet, self.chance)
        self._end([number for numbers in groups.values() for number in numbers])

    def _begin(self) -> None:
        rows = self.sheet.rows
        unit = self.style.money[2] if "cost" in self.style.fields else ""
        if "titles" in self.style.extras or unit:
            rows += [["TRƯỜNG THPT CHUYÊN"], ["SỔ THEO DÕI THIẾT BỊ NĂM HỌC 2026-2027"]]
            rows += [[*[""] * (self.width - 1), unit]] * bool(unit)
            rows += [[]] * self.chance.randint(0, 1)
        rows.append([*self.heads])
        if "numbers" in self.style.extras and self.width > 3:
            rows.append([f"({place})" for place in range(1, self.width + 1)])

    def _group(self, room: str, numbers: list[int]) -> None:
        rows = self.sheet.rows
        if self.style.layout == "groups":
            title = self.chance.choice([room, f"PHÒNG: {room}"])
            places = [0, _place(self.style, "name"), self.chance.randrange(self.width)]
            self._title(title, self.chance.choice(places))
        first = len(rows)
        for number in numbers:
            self._between()
            self.counted += 1
            row = _Row(self.case, number, self.style, self.chance)
            rows.append(row.cells(self.counted, room))
            self.sheet.things[number] = len(rows)
        if self.style.layout == "merged" and "room" in self.style.fields and len(numbers) > 1:
            self._merge(first, _place(self.style, "room"))
        self._merge_cost(first, numbers)
        if "subtotals" in self.style.extras:
            rows.append(_total(self.case, numbers, self.style, f"Cộng {room}", self.width))

    def _title(self, title: str, place: int) -> None:
        """What heads a group, in any column, perhaps over those beside it, perhaps with a gap."""
        rows = self.sheet.rows
        rows.append(_in_column(title, place, self.width))
        if not self.style.is_csv and place + 1 < self.width and self.chance.random() < 0.3:
            self.sheet.merged.append((len(rows) - 1, place, len(rows) - 1, self.width - 1))
        if self.chance.random() < 0.2:
            rows.append([])

    def _between(self) -> None:
        """What a printed book has between its lines."""
        rows, extras = self.sheet.rows, self.style.extras
        if not self.counted:
            return
        if self.counted % 5 == 0 and "repeated" in extras:
            rows.append([*self.heads])
        if self.counted % 4 == 0 and "carried" in extras:
            rows.append(_in_column("Cộng mang sang", _place(self.style, "name"), self.width))
        if "blanks" in extras and self.chance.random() < 0.2:
            rows.append([])

    def _merge(self, first: int, place: int) -> None:
        self.sheet.merged.append((first, place, len(self.sheet.rows) - 1, place))
        for row in self.sheet.rows[first + 1 :]:
            row[place] = ""

    def _merge_cost(self, first: int, numbers: list[int]) -> None:
        """Now and then one total stands for all lines of a room."""
        style, chance = self.style, self.chance
        is_merged = style.layout == "merged" and "cost" in style.fields and style.money[1]
        if not is_merged or len(numbers) < 2 or chance.random() < 0.7:
            return
        place = _place(style, "cost")
        total = sum(self.case.things[number].cost_vnd for number in numbers)
        self.sheet.rows[first][place] = total / style.money[1]
        self._merge(first, place)
        for number in numbers:
            self.case.spoil(number, "cost_vnd")
            self.case.told.discard(f"{number}:cost_vnd")
            if "unit" not in style.fields and total:
                self.case.told.add(f"{number}:cost_vnd")  # nothing says what each of them costs

    def _end(self, numbers: list[int]) -> None:
        rows, gap = self.sheet.rows, [""] * max(0, self.width - 2)
        if "total" in self.style.extras and "second" not in self.style.extras:
            rows.append(_total(self.case, numbers, self.style, "Tổng cộng", self.width))
        if "footer" in self.style.extras:
            rows += [[], [*gap, "Ngày 15 tháng 9 năm 2026"]]
            rows.append(["Người lập biểu", *gap, "Hiệu trưởng"])


def _second(case: Case, sheet: Sheet, chance: random.Random) -> None:
    """A second table below the first, with the same columns in another order, for one more room."""
    name, kind = chance.choice(KINDS[:7])
    thing = Thing("TS-900", name, kind, "SN9009009X", "P204", 2020, 7_000_000, "good", 1, 7_000_000)
    case.things.append(thing)
    sheet.rows += [[], ["Phòng", "Mã tài sản", "Tên thiết bị", "Năm sử dụng"]]
    sheet.rows.append([thing.room, thing.tag, thing.name, str(thing.year)])
    sheet.things[len(case.things) - 1] = len(sheet.rows)
    case.spoil(len(case.things) - 1, "serial", "quantity", "unit_vnd", "cost_vnd", "condition")


def _place(style: _Style, name: str) -> int:
    """The column of a field."""
    before = style.fields[: style.fields.index(name)]
    return len(before) + (len(TICKED) - 1 if style.ticks and "condition" in before else 0)


def _in_column(text: str, place: int, width: int) -> list[Written]:
    return [*[""] * place, text, *[""] * (width - place - 1)]


def _total(case: Case, numbers: list[int], style: _Style, words: str, width: int) -> list[Written]:
    row = _in_column(words, _place(style, "name"), width)
    if "cost" in style.fields and style.money[1]:
        place = _place(style, "cost")
        row[place] = sum(case.things[number].cost_vnd for number in numbers) / style.money[1]
    if "quantity" in style.fields:
        row[_place(style, "quantity")] = sum(case.things[number].quantity for number in numbers)
    return row


class _Row:
    """One thing's row, cell by cell."""

    def __init__(self, case: Case, number: int, style: _Style, chance: random.Random) -> None:
        self.case, self.number, self.style, self.chance = case, number, style, chance
        self.thing = case.things[number]

    def cells(self, counted: int, room: str) -> list[Written]:
        """The row; now and then one of its cells holds what nobody can read."""
        row: list[Written] = []
        for name in self.style.fields:
            match name:
                case "row":
                    row.append(counted)
                case "room":
                    row.append(room)
                case _:
                    row += self._values(name)
        for name, own in ABSENT.items():
            if name not in self.style.fields:
                self.case.spoil(self.number, own)
        if self.chance.random() < SPOILT:
            self._spoil(row)
        return row

    def _values(self, name: str) -> list[Written]:
        match name:
            case "year":
                return [_year(self.thing.year, self.style, self.chance)]
            case "cost":
                return [_cost(self.case, self.number, self.style)]
            case "condition" if self.style.ticks:
                return ["x" if code == self.thing.condition else "" for code in TICKED]
            case "condition":
                return [self.chance.choice(CONDITIONS[self.thing.condition])]
            case "quantity" | "found":
                return [self._quantity(name)]
            case "unit":
                return [self.thing.unit_vnd]
            case "blank":
                return [""]
            case _:
                return [getattr(self.thing, name)]

    def _quantity(self, name: str) -> Written:
        """As the book writes it, or as somebody counted it."""
        quantity = self.thing.quantity
        if name == "found":
            return max(0, quantity - self.chance.randint(0, 3))
        told = self.chance.choice([None, *COUNTED])
        return quantity if told is None else told.format(quantity)

    def _spoil(self, row: list[Written]) -> None:
        names = [
            name for name in self.style.fields if name in ("serial", "year", "cost", "quantity")
        ]
        if not names:
            return
        name = self.chance.choice(names)
        odd: dict[str, list[Written]] = {
            "serial": ["1,23457E+14", *PLACEHOLDERS],
            "year": ["abc", "2091", "20221"],
            "cost": ["khoảng 9 triệu", "98.5.1"],
            "quantity": ["nhiều", "1.000", "2,5", "-1", "3 đôi", "1/2"],
        }
        spoilt = odd[name]
        if not self.style.is_csv:
            spoilt += [Odd.ERROR, Odd.NO_RESULT, Odd.BOOLEAN]
            spoilt += [OldDate(self.thing.year)] if name == "year" else []
        row[_place(self.style, name)] = self.chance.choice(spoilt)
        self.case.spoil(self.number, ABSENT[name])
        if name == "quantity" or (name == "cost" and self._is_wrong_total(row)):
            self.case.spoil(self.number, "unit_vnd")  # nobody knows which of the prices is right
            if "unit" in self.style.fields:
                self.case.told.add(f"{self.number}:unit_vnd")
        if row[_place(self.style, name)] not in PLACEHOLDERS:
            self.case.told.add(f"{self.number}:{ABSENT[name]}")

    def _is_wrong_total(self, row: list[Written]) -> bool:
        """Write a total that is not what its things cost, where the book tells both prices."""
        style = self.style
        if "unit" not in style.fields or not style.money[1] or self.chance.random() < 0.5:
            return False
        wrong = self.thing.cost_vnd + 1_000_000 * (1 + self.thing.quantity)
        row[_place(style, "cost")] = wrong / style.money[1]
        return True


def _year(year: int, style: _Style, chance: random.Random) -> Written:
    match style.years:
        case "number":
            return year
        case "date text":
            return f"{chance.randint(1, 28):02}/{chance.randint(1, 12):02}/{year}"
        case "date" if not style.is_csv:
            return dt.date(year, chance.randint(1, 12), chance.randint(1, 28))
        case "school year":
            return f"{year}-{year + 1}"
        case _:
            return str(year)


def _cost(case: Case, number: int, style: _Style) -> Written:
    cost, times = case.things[number].cost_vnd, style.money[1]
    if not times:
        case.spoil(number, "cost_vnd")
        return cost // 25_000
    amount = cost / times
    if style.amounts == "number":
        return amount if amount != int(amount) else int(amount)
    whole, tenth = divmod(round(amount * 10), 10)
    grouped = f"{whole:,}".replace(",", ".") if style.amounts == "grouped" else str(whole)
    return f"{grouped},{tenth}" if tenth else grouped


def _spoil_text(case: Case, chance: random.Random) -> None:
    """A quote that never closes, or a cell too many, in one row of a CSV."""
    (sheet,) = case.sheets
    number, row = chance.choice(sorted(sheet.things.items()))
    texts = [_text(cell) for cell in sheet.rows[row - 1]]
    place = texts.index(case.things[number].name)
    if chance.random() < 0.5:
        texts[place] = f'"{texts[place]} 24'
    else:
        texts.insert(place, "thêm")
    case.raw_lines[row] = case.delimiter.join(texts)
    case.lost.add(number)


def _text(cell: Written) -> str:
    if isinstance(cell, float):
        return str(int(cell)) if cell == int(cell) else str(cell).replace(".", ",")
    return str(cell)


def write(case: Case, folder: Path) -> Path:
    """The case as a file in this folder."""
    path = folder / f"book-{case.seed}{case.suffix}"
    if case.suffix == ".csv":
        path.write_bytes(_csv(case))
        return path
    _workbook(case, path)
    return path


def _csv(case: Case) -> bytes:
    (sheet,) = case.sheets
    lines = []
    for number, row in enumerate(sheet.rows, start=1):
        if number in case.raw_lines:
            lines.append(case.raw_lines[number] + "\r\n")
            continue
        line = io.StringIO(newline="")
        csv.writer(line, delimiter=case.delimiter).writerow([_text(cell) for cell in row])
        lines.append(line.getvalue())
    return "".join(lines).encode(case.encoding)


def _workbook(case: Case, path: Path) -> None:
    with xlsxwriter.Workbook(path, {"strings_to_numbers": False}) as book:
        days = book.add_format({"num_format": "dd/mm/yyyy"})
        visible = next(sheet for sheet in case.sheets if not sheet.hidden)
        for sheet in case.sheets:
            page = book.add_worksheet(sheet.name)
            for at, row in enumerate(sheet.rows):
                for place, cell in enumerate(row):
                    _put(page, at, place, cell, days)
            for top, left, bottom, right in sheet.merged:
                page.merge_range(top, left, bottom, right, sheet.rows[top][left])
            if sheet is visible:
                page.activate()
                page.set_first_sheet()
            if sheet.hidden == 1:
                page.hide()
            elif sheet.hidden:
                page.very_hidden()


def _put(page: object, at: int, place: int, cell: Written, days: object) -> None:
    match cell:
        case "":
            return
        case Odd.ERROR:
            page.write_formula(at, place, "=1/0", None, "#DIV/0!")  # type: ignore[attr-defined]
        case Odd.NO_RESULT:
            page.write_formula(at, place, "=A1", None, "")  # type: ignore[attr-defined]
        case Odd.BOOLEAN:
            page.write_boolean(at, place, True)  # type: ignore[attr-defined]
        case OldDate(serial):
            page.write_number(at, place, serial, days)  # type: ignore[attr-defined]
        case dt.date():
            page.write_datetime(at, place, cell, days)  # type: ignore[attr-defined]
        case str():
            page.write_string(at, place, cell)  # type: ignore[attr-defined]
        case _:
            page.write_number(at, place, cell)  # type: ignore[attr-defined]
