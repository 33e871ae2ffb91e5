"""This file writes one grid of cells as each kind of file that people call a workbook.

The grid is the model: what a reader must make of it is told here, and nothing of the product's.
"""

from __future__ import annotations

import datetime as dt
import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple
from xml.sax.saxutils import escape, quoteattr

import xlsxwriter

ERRORS: Final = {
    "#NULL!": 0x00, "#DIV/0!": 0x07, "#VALUE!": 0x0F, "#REF!": 0x17, "#NAME?": 0x1D, "#NUM!": 0x24,
    "#N/A": 0x2A,
}  # fmt: skip
WORDS: Final = (
    "Máy chiếu",
    "P203",
    "TS-001",
    "a < b & c",
    'ghi "chú"',
    "Nguyễn Văn Ân",
    "dòng 1\ndòng 2",
)
FORMATS: Final = (
    # code, words in front, least digits of the whole part and of the fraction
    ('"TS-"000', "TS-", 3, 0),
    ("0000000000", "", 10, 0),
    ("0.00", "", 1, 2),
)
MANY: Final = 400  # cells that a workbook has beyond its few, where it is to be long


class Blank(NamedTuple):
    """Nothing."""


class Number(NamedTuple):
    """A number; form: the place in FORMATS of what shows it as another text."""

    value: float
    form: int | None = None

    @property
    def shown(self) -> str:
        """The text that the sheet shows."""
        if self.form is None:
            return repr(self.value) if self.value % 1 else str(int(self.value))
        _, words, whole, fraction = FORMATS[self.form]
        text = f"{self.value:.{fraction}f}"
        return words + text.zfill(whole + (fraction + 1 if fraction else 0))


class Odd(StrEnum):
    """What a cell holds that is no value: a boolean, or a formula without a result."""

    TRUE = "TRUE"
    NO_RESULT = "formula"


class Formula(NamedTuple):
    """A formula of an .xls whose result is a number, or an error."""

    result: float | str


Written = str | Blank | Number | Odd | Formula | dt.date | dt.time
BLANK: Final = Blank()


class Range(NamedTuple):
    """A merged range."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass
class Grid:
    """Rows of cells; the last cell of the last row is never blank. errors: where texts are such."""

    rows: list[list[Written]]
    ranges: list[Range] = field(default_factory=list)

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.rows[0])


def grid_of(seed: int) -> Grid:
    """The grid of a seed."""
    chance = random.Random(seed)
    height, width = chance.randint(2, 9), chance.randint(2, 7)
    grid = Grid([[_cell(chance) for _ in range(width)] for _ in range(height)])
    grid.rows[-1][-1] = "cuối"
    for _ in range(chance.randint(0, 3)):
        top, left = chance.randrange(height), chance.randrange(width)
        bottom = min(top + chance.randint(0, 2), height - 1)
        right = min(left + chance.randint(0, 2), width - 1)
        whole = Range(top, left, bottom, right)
        is_apart = not any(_meet(whole, other) for other in grid.ranges)
        has_corner = (bottom, right) == (height - 1, width - 1)
        if is_apart and not has_corner and (top, left) != (bottom, right):
            grid.ranges.append(whole)
            for row, column in _places(whole):
                grid.rows[row][column] = BLANK
            grid.rows[top][left] = chance.choice(WORDS)
    return grid


def _cell(chance: random.Random) -> Written:
    number, year = chance.randint(1, 999), chance.randint(2000, 2030)
    choices: tuple[Written, ...] = (
        *chance.sample(WORDS, 3),
        Number(float(chance.randint(0, 10**9))),
        Number(number / 8),
        Number(float(number), chance.choice([0, 1])),
        Number(chance.randint(1, 9) + 0.5, 2),
        chance.choice([*ERRORS]),
        chance.choice([*Odd]),
        dt.date(year, chance.randint(1, 12), chance.randint(1, 28)),
        dt.time(chance.randint(0, 23), chance.choice([0, 15, 30, 45])),
        BLANK,
    )
    return chance.choice(choices)


def _meet(one: Range, other: Range) -> bool:
    apart = one.bottom < other.top or other.bottom < one.top
    return not (apart or one.right < other.left or other.right < one.left)


def _places(whole: Range) -> Iterator[tuple[int, int]]:
    for row in range(whole.top, whole.bottom + 1):
        for column in range(whole.left, whole.right + 1):
            yield row, column


def write_xlsx(grid: Grid, path: Path) -> None:
    """As Excel writes it since 2007."""
    with xlsxwriter.Workbook(path, {"strings_to_numbers": False}) as book:
        page = book.add_worksheet("Sổ")
        forms = [book.add_format({"num_format": code}) for code, *_ in FORMATS]
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        clock = book.add_format({"num_format": "hh:mm"})
        for row, column, cell in _filled(grid):
            match cell:
                case Number(value, form):
                    page.write_number(row, column, value, None if form is None else forms[form])
                case Odd.TRUE:
                    page.write_boolean(row, column, True)
                case Odd.NO_RESULT:
                    page.write_formula(row, column, "=A1", None, "")
                case dt.time():
                    page.write_datetime(row, column, cell, clock)
                case dt.date():
                    page.write_datetime(row, column, cell, day)
                case str() if cell in ERRORS:
                    page.write_formula(row, column, "=1/0", None, cell)
                case _:
                    page.write_string(row, column, str(cell))
        for top, left, bottom, right in grid.ranges:
            page.merge_range(top, left, bottom, right, grid.rows[top][left])
        book.add_worksheet("Ẩn").hide()


def _filled(grid: Grid) -> Iterator[tuple[int, int, Written]]:
    for row, cells in enumerate(grid.rows):
        for column, cell in enumerate(cells):
            if cell != BLANK:
                yield row, column, cell


# BIFF8 by [MS-XLS]: each record is its kind, its length and its data.


def write_xls(grid: Grid, path: Path, *, more: int = 0) -> None:
    """As Excel wrote it until 2003. more: cells of another sheet, which make the file long."""
    sheets = [("Sổ", 0, [*map(_record_of, _filled(grid))], grid.ranges)]
    labels = [_label(row, 0, f"dòng {row}") for row in range(more)]
    sheets.append(("Ẩn", 1, labels, []))
    codes = ["General", *(code for code, *_ in FORMATS), "dd/mm/yyyy", "hh:mm"]
    formats = [
        _record(0x041E, struct.pack("<H", 164 + no) + _text(code, 2))
        for no, code in enumerate(codes)
    ]
    styles = [_record(0x00E0, struct.pack("<2H16x", 0, 164 + no)) for no in range(len(codes))]
    begin, end = _record(0x0809, struct.pack("<4H8x", 0x0600, 5, 0, 0)), _record(0x000A, b"")
    length = len(begin) + sum(map(len, (*formats, *styles))) + len(end)
    length += sum(len(_bound(0, hidden, name)) for name, hidden, *_ in sheets)
    bounds, parts = b"", b""
    for name, hidden, records, ranges in sheets:
        bounds += _bound(length + len(parts), hidden, name)
        merged = b"".join(
            struct.pack("<4H", top, bottom, left, right) for top, left, bottom, right in ranges
        )
        parts += _record(0x0809, struct.pack("<4H8x", 0x0600, 0x10, 0, 0)) + b"".join(records)
        parts += _record(0x00E5, struct.pack("<H", len(ranges)) + merged) if ranges else b""
        parts += end
    path.write_bytes(
        compound({"Workbook": begin + b"".join((*formats, *styles)) + bounds + end + parts})
    )


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _bound(at: int, hidden: int, name: str) -> bytes:
    return _record(0x0085, struct.pack("<I2B", at, hidden, 0) + _text(name, 1))


def _text(text: str, size: int) -> bytes:
    wide = text.encode("utf-16-le")
    return len(text).to_bytes(size, "little") + b"\x01" + wide


def _label(row: int, column: int, text: str) -> bytes:
    return _record(0x0204, struct.pack("<3H", row, column, 0) + _text(text, 2))


def _record_of(filled: tuple[int, int, Written]) -> bytes:
    row, column, cell = filled
    match cell:
        case Number(value, form):
            return _number(row, column, 0 if form is None else form + 1, value)
        case Odd.TRUE:
            return _record(0x0205, struct.pack("<3H2B", row, column, 0, 1, 0))
        case Formula(result):
            return _formula(row, column, _result(result))
        case Odd.NO_RESULT:
            return _formula(row, column, b"\x03\0\0\0\0\0\xff\xff")
        case dt.time():
            return _number(row, column, len(FORMATS) + 2, (cell.hour * 60 + cell.minute) / 1440)
        case dt.date():
            return _number(
                row, column, len(FORMATS) + 1, float((cell - dt.date(1899, 12, 30)).days)
            )
        case str() if cell in ERRORS:
            return _record(0x0205, struct.pack("<3H2B", row, column, 0, ERRORS[cell], 1))
        case _:
            return _label(row, column, str(cell))


def _result(result: float | str) -> bytes:
    if isinstance(result, str):
        return struct.pack("<BxB3xH", 2, ERRORS[result], 0xFFFF)
    return struct.pack("<d", result)


def _formula(row: int, column: int, result: bytes) -> bytes:
    """=A1."""
    parsed = struct.pack("<HIHBHH", 0, 0, 5, 0x44, 0, 0xC000)
    return _record(0x0006, struct.pack("<3H", row, column, 0) + result + parsed)


def _number(row: int, column: int, style: int, value: float) -> bytes:
    """In four bytes or eight, as Excel does: a whole number shifted, else the float itself."""
    if value % 1 == 0 and value < 1 << 29:
        return _record(0x027E, struct.pack("<3HI", row, column, style, int(value) << 2 | 2))
    if value * 100 % 1 == 0 and value * 100 < 1 << 29:
        return _record(
            0x00BD, struct.pack("<3HIH", row, column, style, int(value * 100) << 2 | 3, column)
        )
    return _record(0x0203, struct.pack("<3Hd", row, column, style, value))


def compound(streams: dict[str, bytes]) -> bytes:
    """A container by [MS-CFB] with these streams; short ones stand in small sectors."""
    small, big, entries = b"", b"", []
    chains: list[int] = []
    small_chains: list[int] = []
    for name, data in streams.items():
        if len(data) < 4096:
            entries.append((name, 2, len(small) // 64, len(data)))
            _chain(small_chains, -(-len(data) // 64))
            small += data + bytes(-len(data) % 64)
        else:
            entries.append((name, 2, len(big) // 512, len(data)))
            _chain(chains, -(-len(data) // 512))
            big += data + bytes(-len(data) % 512)
    root = len(chains) if small else 0xFFFFFFFE
    _chain(chains, -(-len(small) // 512))
    big += small + bytes(-len(small) % 512)
    table_at = len(chains) if small else 0xFFFFFFFE
    table = struct.pack(f"<{len(small_chains)}I", *small_chains)
    table += b"\xff" * (-len(table) % 512)
    _chain(chains, len(table) // 512)
    big += table
    directory_at = len(chains)
    directory = _entry("Root Entry", 5, root, len(small), 1)
    directory += b"".join(_entry(*entry, 0xFFFFFFFF) for entry in entries)
    directory += bytes(-len(directory) % 512)
    _chain(chains, len(directory) // 512)
    big += directory
    count = 1
    while (len(chains) + count) * 4 > count * 512:
        count += 1
    fat_at = len(chains)
    fat = struct.pack(f"<{len(chains)}I", *chains) + struct.pack("<I", 0xFFFFFFFD) * count
    fat += b"\xff" * (count * 512 - len(fat))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack(
        "<9I", 0, count, directory_at, 0, 4096, table_at, len(table) // 512, 0xFFFFFFFE, 0
    )
    header += struct.pack("<109I", *range(fat_at, fat_at + count), *[0xFFFFFFFF] * (109 - count))
    return header + big + fat


def _chain(chains: list[int], count: int) -> None:
    first = len(chains)
    chains += [*range(first + 1, first + count), 0xFFFFFFFE] if count else []


def _entry(name: str, kind: int, start: int, size: int, child: int) -> bytes:
    wide = (name + "\0").encode("utf-16-le")
    return (
        wide.ljust(64, b"\0")
        + struct.pack("<H2B3I", len(wide), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )


_ODF: Final = "urn:oasis:names:tc:opendocument:xmlns:"
_ODF_SPACES: Final = " ".join(
    f'xmlns:{name}="{_ODF}{own}:1.0"'
    for name, own in (
        ("office", "office"),
        ("table", "table"),
        ("text", "text"),
        ("style", "style"),
        ("number", "datastyle"),
    )
)


def write_fods(grid: Grid, path: Path) -> None:
    """As LibreOffice writes it, of one XML; with comments, and blanks told once for many."""
    styles = "".join(
        f'<number:number-style style:name="N{no}"><number:text>{words}</number:text>'
        f'<number:number number:min-integer-digits="{whole}" number:decimal-places="{fraction}"/>'
        f'</number:number-style><style:style style:name="ce{no}" style:family="table-cell"'
        f' style:data-style-name="N{no}"/>'
        for no, (_, words, whole, fraction) in enumerate(FORMATS)
    )
    hidden = (
        '<style:style style:name="h" style:family="table">'
        '<style:table-properties table:display="false"/></style:style>'
    )
    rows = "".join(
        "<table:table-row>"
        + "".join(_odf_cell(grid, row, column) for column in range(grid.width))
        + '<table:table-cell table:number-columns-repeated="1000"/></table:table-row>'
        for row in range(len(grid.rows))
    )
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {_ODF_SPACES}'
        ' office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.spreadsheet">'
        f"<office:automatic-styles>{styles}{hidden}</office:automatic-styles>"
        "<office:body><office:spreadsheet>"
        f'<table:table table:name="Sổ">{rows}'
        '<table:table-row table:number-rows-repeated="1048000"/></table:table>'
        '<table:table table:name="Ẩn" table:style-name="h"/>'
        "</office:spreadsheet></office:body></office:document>",
        "utf-8",
    )


def _odf_cell(grid: Grid, row: int, column: int) -> str:
    own = next((one for one in grid.ranges if (row, column) in {*_places(one)}), None)
    if own and (row, column) != (own.top, own.left):
        return "<table:covered-table-cell/>"
    span = ""
    if own:
        span = f' table:number-rows-spanned="{own.bottom - row + 1}"'
        span += f' table:number-columns-spanned="{own.right - column + 1}"'
    cell = grid.rows[row][column]
    told, text = _odf_value(cell)
    lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in text.split("\n")) if text else ""
    note = "<office:annotation><text:p>ghi chú</text:p></office:annotation>" if row % 3 == 1 else ""
    return f"<table:table-cell{span}{told}>{note}{lines}</table:table-cell>"


def _odf_value(cell: Written) -> tuple[str, str]:
    def told(kind: str, name: str, value: str) -> str:
        return f' office:value-type="{kind}" office:{name}={quoteattr(value)}'

    match cell:
        case Blank():
            return "", ""
        case Number(value, form):
            style = "" if form is None else f' table:style-name="ce{form}"'
            return style + told("float", "value", repr(value)), cell.shown
        case Odd.TRUE:
            return told("boolean", "boolean-value", "true"), "TRUE"
        case Odd.NO_RESULT:
            return ' table:formula="of:=[.A1]"', ""
        case dt.time():
            return told("time", "time-value", f"PT{cell:%HH%MM%S}S"), f"{cell:%H:%M}"
        case dt.date():
            return told("date", "date-value", cell.isoformat()), f"{cell:%d/%m/%Y}"
        case str() if cell in ERRORS:
            return ' table:formula="of:=1/0"' + told("string", "string-value", ""), cell
        case _:
            return ' office:value-type="string"', str(cell)


def write_xml(grid: Grid, path: Path) -> None:
    """As Excel 2003 writes it, of one XML, called .xls."""
    styles = "".join(
        f'<Style ss:ID="s{no}"><NumberFormat ss:Format={quoteattr(code)}/></Style>'
        for no, (code, *_) in enumerate(FORMATS)
    )
    covered = {place for one in grid.ranges for place in _places(one)} - {
        one[:2] for one in grid.ranges
    }
    rows = ""
    for row, cells in enumerate(grid.rows):
        filled = [
            _excel_cell(grid, row, column)
            for column, cell in enumerate(cells)
            if cell != BLANK and (row, column) not in covered
        ]
        rows += f'<Row ss:Index="{row + 1}">{"".join(filled)}</Row>' if filled else ""
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    excel = "urn:schemas-microsoft-com:office:excel"
    options = f'<WorksheetOptions xmlns="{excel}"><Visible>SheetHidden</Visible></WorksheetOptions>'
    path.write_text(
        f'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
        f'<Workbook xmlns="{space}" xmlns:ss="{space}">'
        f'<Styles>{styles}</Styles><Worksheet ss:Name="Sổ"><Table>{rows}</Table></Worksheet>'
        f'<Worksheet ss:Name="Ẩn"><Table/>{options}</Worksheet></Workbook>',
        "utf-8",
    )


def _excel_cell(grid: Grid, row: int, column: int) -> str:
    cell = grid.rows[row][column]
    own = next((one for one in grid.ranges if one[:2] == (row, column)), None)
    told = f' ss:Index="{column + 1}"'
    if own:
        told += f' ss:MergeDown="{own.bottom - own.top}" ss:MergeAcross="{own.right - own.left}"'
    bold = '<B xmlns="http://www.w3.org/TR/REC-html40">ghi chú</B>'
    note = f"<Comment><ss:Data>{bold}</ss:Data></Comment>" if row % 3 == 1 else ""
    match cell:
        case Number(value, form):
            told += "" if form is None else f' ss:StyleID="s{form}"'
            data = _data("Number", repr(value))
        case Odd.TRUE:
            data = _data("Boolean", "1")
        case Odd.NO_RESULT:
            told, data = told + ' ss:Formula="=R1C1"', ""
        case dt.time():
            data = _data("DateTime", f"1899-12-31T{cell:%H:%M:%S}.000")
        case dt.date():
            data = _data("DateTime", f"{cell.isoformat()}T00:00:00.000")
        case str() if cell in ERRORS:
            data = _data("Error", cell)
        case _:
            data = _data("String", str(cell))
    return f"<Cell{told}>{data}{note}</Cell>"


def _data(kind: str, text: str) -> str:
    return f'<Data ss:Type="{kind}">{escape(text)}</Data>'


def write_html(grid: Grid, path: Path) -> None:
    """As programs of schools write it and call it .xls: few end tags, Excel's attributes."""
    covered = {place for one in grid.ranges for place in _places(one)} - {
        one[:2] for one in grid.ranges
    }
    rows = ""
    for row, cells in enumerate(grid.rows):
        rows += "<TR>" if row % 2 else "<tr>"
        for column, cell in enumerate(cells):
            if (row, column) not in covered:
                rows += _html_cell(
                    cell, next((one for one in grid.ranges if one[:2] == (row, column)), None)
                )
        rows += "</tr>\n" if row % 2 else "\n"
    path.write_text(
        '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta charset="utf-8">'
        "<title>Sổ</title><style>td { color: red }</style>"
        "<!--[if gte mso 9]><xml><x:Name>S</x:Name></xml><![endif]--></head>"
        f"<body><table border=1>{rows}</table></body></html>",
        "utf-8",
    )


def _html_cell(cell: Written, own: Range | None) -> str:
    span = (
        f' rowspan="{own.bottom - own.top + 1}" colspan={own.right - own.left + 1}' if own else ""
    )
    match cell:
        case Blank():
            return f"<td{span}>&nbsp;"
        case Number():
            return f'<td{span} x:num="{cell.value!r}" align=right>{cell.shown}</td>'
        case Odd.TRUE:
            return f"<td{span} x:bool>TRUE</td>"
        case Odd.NO_RESULT:
            return f'<td{span} x:fmla="=A1"></td>'
        case dt.time():
            return f"<td{span}>{cell:%H:%M}</td>"
        case dt.date():
            return f"<td{span}>{cell:%d/%m/%Y}</td>"
        case _:
            text = escape(str(cell)).replace("ễ", "&#7877;").replace("\n", "<br/>")
            return f"<td{span}><b>{text}</b>\n"


Writer = Callable[[Grid, Path], None]
WRITERS: Final[dict[str, Writer]] = {
    "xlsx": write_xlsx,
    "xls": write_xls,
    "fods": write_fods,
    "xml.xls": write_xml,
    "html.xls": write_html,
}


def merged(grid: Grid, rows: list[list[Any]]) -> list[list[Any]]:
    """The rows as a reader must give them: what is merged over rows stands in each of them."""
    for top, left, bottom, _ in grid.ranges:
        for row in range(top, bottom + 1):
            rows[row][left] = rows[top][left]
    for row in rows:
        while row and row[-1] == "":
            row.pop()
    return rows
