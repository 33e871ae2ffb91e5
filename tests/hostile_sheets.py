"""This file writes sheets that mean to cost who reads them: each kind at any size, by a seed."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from tests.workbooks import raw_workbook

HEAD: Final = ("STT", "Mã tài sản", "Tên thiết bị", "Số sê-ri", "Phòng", "Nguyên giá", "Tình trạng")
CELL: Final = '<c t="s"><v>0</v></c>'  # it shows the first of the shared texts
PATTERNS: Final = (  # what makes a pattern that looks back look back far
    "1" + "." * 190,
    "1" + "->" * 90,
    "ngay " * 38,
    "tong " * 38,
    "p. " * 60,
    "phòng học " * 19,
    "phòng " + "a" * 180 + "(",
    "((((" * 45 + ")",
    "1,111" * 38 + "x",
    "1.111" * 38 + "x",
    "A1.1." * 38,
    "(" * 190,
    "- " * 90,
    " ," * 90,
    "1 - a" * 38,
    "lop " * 45,
    "giao vien " * 18,
    "don vi " * 27,
    "1000 " * 38,
    "thứ " * 45 + "2",
    "tu " * 60,
    "&" * 190,
    " " * 190 + "x",
    "\u00a0" * 190 + "x",
    '"' * 190,
    "\\" * 190,
    "Ã" * 190,
    "aê" * 90,
)


def csv_of(rows: Iterable[Sequence[str]], path: Path) -> Path:
    """A CSV of these cells as they are, quotes and all, below a book's heading."""
    lines = [";".join(HEAD), *(";".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def many_columns(path: Path, size: int, _luck: random.Random) -> Path:
    """Rows as wide as may be."""
    row = ["x"] * (256 - 1)
    heads = [*HEAD, *[f"Cột {at}" for at in range(256 - len(HEAD) - 1)]]
    path.write_text("\n".join(";".join(line) for line in (heads, *[row] * size)), "utf-8")
    return path


def long_cells(path: Path, size: int, luck: random.Random) -> Path:
    """Cells as long as may be, of words, signs and marks."""
    cells = ("ghi chú (" * 455, "á-" * 2047, "1." * 2047, "Ã " * 2047, "x" * 4095)
    return csv_of(([luck.choice(cells)] * 3 for _ in range(size)), path)


def distinct_texts(path: Path, size: int, luck: random.Random) -> Path:
    """No text stands twice."""
    return csv_of(([f"{luck.getrandbits(64):x} ấ" for _ in HEAD] for _ in range(size)), path)


def many_ranges(path: Path, size: int, _luck: random.Random) -> Path:
    """As many merged ranges as rows, over two rows each."""
    rows = "".join(_row(at, [f"TS-{at}", "Loa"]) for at in range(2, size + 3))
    ranges = "".join(f'<mergeCell ref="A{at}:C{at + 1}"/>' for at in range(2, size + 2))
    return _patched(raw_workbook(path, _row(1, HEAD[1:3]) + rows), {
        "</sheetData>": f'</sheetData><mergeCells count="{size}">{ranges}</mergeCells>'
    })  # fmt: skip


def styled_rows(path: Path, size: int, _luck: random.Random) -> Path:
    """Rows without a word, each cell with a style."""
    cells = '<c s="1"/>' * 200
    rows = "".join(f"<row>{cells}</row>" for _ in range(size))
    return raw_workbook(path, _row(1, HEAD) + rows + _row(size + 2, HEAD), formats=["000"])


def shared_text(path: Path, size: int, _luck: random.Random) -> Path:
    """One long text that is named by each cell."""
    text = "x" * 4000
    rows = "".join(f"<row>{CELL * 8}</row>" for _ in range(size))
    _with_texts(raw_workbook(path, _row(1, HEAD) + rows), [text])
    return path


def deep_xml(path: Path, size: int, _luck: random.Random) -> Path:
    """Elements within elements, where a sheet's rows end."""
    deep = "<a>" * size + "</a>" * size
    return _patched(raw_workbook(path, _row(1, HEAD) + _row(2, ["1", "TS-1", "Loa"])), {
        "</sheetData>": f"</sheetData><extLst><ext>{deep}</ext></extLst>"
    })  # fmt: skip


def chained_formulas(path: Path, size: int, _luck: random.Random) -> Path:
    """Each cell a formula of the one above, and none has a result."""
    rows = "".join(
        f'<row r="{at}"><c r="A{at}"><f>A{at - 1}+1</f></c><c r="B{at}"><f>B{at - 1}&amp;A{at}</f>'
        "</c></row>"
        for at in range(2, size + 2)
    )
    return raw_workbook(path, _row(1, HEAD) + rows)


def vast_dimension(path: Path, size: int, _luck: random.Random) -> Path:
    """Three cells, the last of them in the last row that a workbook may have."""
    last = min(size, 1_048_576)
    cells = _row(1, HEAD[:3]) + _row(2, ["1", "TS-1", "Loa"]) + _row(last, ["x"])
    return _patched(raw_workbook(path, cells), {
        "<sheetData>": f'<dimension ref="A1:XFD{last}"/><sheetData>'
    })  # fmt: skip


def quotes(path: Path, size: int, luck: random.Random) -> Path:
    """Quotes that open, close, double and do neither."""
    marks = ('"', '""', '";', '"\n', 'a"b', ";")
    text = "".join(luck.choice(marks) for _ in range(size))
    path.write_text(";".join(HEAD) + "\n" + text, "utf-8")
    return path


def worst_for_patterns(path: Path, size: int, luck: random.Random) -> Path:
    """Cells that patterns look through again and again, no two of them alike."""

    def cell(at: int) -> str:
        return f"{luck.choice(('', 'x', '1'))}{luck.choice(PATTERNS)}{at}"

    rows = (_row(at, [cell(at) for _ in HEAD]) for at in range(2, size + 2))
    return raw_workbook(path, _row(1, HEAD) + "".join(rows))


# Each kind and a size that costs some tenths of a second.
KINDS: Final[Mapping[str, tuple[Callable[[Path, int, random.Random], Path], int]]] = {
    "many_columns": (many_columns, 1000),
    "long_cells": (long_cells, 150),
    "distinct_texts": (distinct_texts, 4000),
    "many_ranges": (many_ranges, 6000),
    "styled_rows": (styled_rows, 1000),
    "shared_text": (shared_text, 150),
    "deep_xml": (deep_xml, 500_000),
    "chained_formulas": (chained_formulas, 10_000),
    "vast_dimension": (vast_dimension, 12_000),
    "quotes": (quotes, 50_000),
    "worst_for_patterns": (worst_for_patterns, 600),
}


def hostile(kind: str, folder: Path, times: int = 1, *, of: int | None = None) -> Path:
    """A file of a kind, so many times as big as its least size. of: another least size."""
    make, least = KINDS[kind]
    luck = random.Random(kind)
    return make(folder / f"{kind}-{times}", times * (of or least), luck)


def _row(at: int, texts: Sequence[str]) -> str:
    cells = "".join(f'<c t="inlineStr"><is><t>{escape(text)}</t></is></c>' for text in texts)
    return f'<row r="{at}">{cells}</row>'


def _patched(path: Path, changes: Mapping[str, str]) -> Path:
    """The workbook with parts of its sheet's XML replaced."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    for before, after in changes.items():
        parts[sheet] = parts[sheet].replace(before, after)
    return _packed(path, parts.items())


def _with_texts(path: Path, texts: Sequence[str]) -> Path:
    """The workbook with a table of shared texts."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    items = "".join(f"<si><t>{text}</t></si>" for text in texts)
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{space}">{items}</sst>'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    part = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace("</Types>", part)
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    link = f'<Relationship Id="rId9" Type="{relation}" Target="sharedStrings.xml"/></Relationships>'
    links = "xl/_rels/workbook.xml.rels"
    parts[links] = parts[links].replace("</Relationships>", link)
    return _packed(path, parts.items())


def _packed(path: Path, parts: Iterable[tuple[str, str]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts:
            archive.writestr(name, text)
    return path
