"""This file fills a department's own workbook: each cell that one of our names points at.

Everything else of it stays as it was made: sheets, words, forms, pictures. A name that we do not
know, or that points at nothing, is an error that says which; nothing is guessed.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from controller.reports.report import REPORTS, Figure, Pack, Row
from controller.reports.workbook import PREFIX, coverage_of, facts_of
from controller.sheets.text import Unreadable, cell_of
from controller.sheets.writing import without_controls
from protocol.errors import LopHocError
from protocol.words import N_

MAX_BYTES: Final = 8 * 1024 * 1024
_MAX_WHOLE: Final = 64 * 1024 * 1024
_MAX_PARTS: Final = 500
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_DOCUMENT: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_COMPATIBLE: Final = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_CELL: Final = re.compile(r"(?:'((?:[^']|'')+)'|([^'!]+))!\$?([A-Z]{1,3})\$?([0-9]{1,7})")
_BOOK: Final = "xl/workbook.xml"
_UNREADABLE: Final = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError),
    *(ValueError, NotImplementedError, RuntimeError),
)
_LOST: Final = "#REF!"
_BEFORE_SETTINGS: Final = frozenset(
    f"{{{_MAIN}}}{name}"
    for name in ("sheets", "functionGroups", "externalReferences", "definedNames")
)
_STAMP: Final = (1980, 1, 1, 0, 0, 0)
_MAX_ROW: Final = 1_048_576
_AS_IT_IS: Final = {"{http://www.w3.org/XML/1998/namespace}space": "preserve"}


class TemplateError(LopHocError):
    """A template that cannot be used; `code` says why, `hint` what to do."""


class Target(NamedTuple):
    """Where a name points: a sheet's part of the file, column and row from 1."""

    part: str
    column: int
    row: int


def known_names() -> frozenset[str]:
    """Every name that a template may use, without the prefix."""
    reports = (
        f"{spec.code}_{key}"
        for spec in REPORTS
        for key in (*(column.key for column in spec.columns), "table", "coverage")
    )
    facts = ("department", "period", "day", "schools", "reported", "silent")
    return frozenset({*facts, *reports})


def check(raw: bytes) -> list[str]:
    """The names that a template uses. Raises TemplateError, also for a cell that is in error."""
    parts = _parts(raw)
    targets = _targets(parts)
    ours = {(target.part, target.column, target.row) for target in targets.values()}
    for title, part in _sheets(parts).items():
        for cell in _xml(parts[part]).iter(f"{{{_MAIN}}}c"):
            error, place = _error_of(cell), cell.get("r", "")
            if error and (part, _column_of(place), _row_of(place)) not in ours:
                raise TemplateError(
                    "template_cell",
                    N_("The cell {cell} of the template holds the error {error}."),
                    N_("Mend its formula, or empty the cell, and save the template again."),
                    cell=f"{title}!{place}",
                    error=error,
                )
    return sorted(targets)


def _error_of(cell: Element) -> str:
    """The error that stays whatever figures come: one that was written, or a lost reference.

    A formula without figures yet may show any: it is reckoned anew.
    """
    formula, value = cell.find(f"{{{_MAIN}}}f"), cell.findtext(f"{{{_MAIN}}}v", "")
    if formula is None:
        texts = cell.iter(f"{{{_MAIN}}}t")
        text = value if cell.get("t") in {"e", "str"} else "".join(one.text or "" for one in texts)
        found = cell_of(text)
        return found.text if isinstance(found, Unreadable) else ""
    return _LOST if _LOST in (formula.text or "") else ""


def filled(raw: bytes, pack: Pack) -> bytes:
    """The template with the pack's figures, always the same bytes. Raises TemplateError."""
    parts = _parts(raw)
    cells = defaultdict[str, dict[tuple[int, int], Figure]](dict)
    single, tables = _figures(pack)
    for name, target in _targets(parts).items():
        for row, column, figure in _block(name, target, single, tables):
            cells[target.part][row, column] = figure
    for part in {*_sheets(parts).values()}:
        if part in cells or _has_formula(parts[part]):
            parts[part] = _with_figures(parts[part], cells.get(part, {}))
    parts[_BOOK] = _reckoned_anew(parts[_BOOK])
    return _zipped(parts)


def _block(
    name: str, target: Target, single: Mapping[str, Figure], tables: Mapping[str, tuple[Row, ...]]
) -> Iterator[tuple[int, int, Figure]]:
    """What goes where: one cell, or the rows of a table from its first cell on."""
    if name in single:
        yield target.row, target.column, single[name]
    for down, row in enumerate(tables.get(name, ())):
        for right, figure in enumerate(row):
            if target.row + down <= _MAX_ROW:
                yield target.row + down, target.column + right, figure


def _figures(pack: Pack) -> tuple[dict[str, Figure], dict[str, tuple[Row, ...]]]:
    single = facts_of(pack)
    tables = {}
    for table in pack.tables:
        code = table.code
        for column, figure in zip(table.spec.columns, table.total_said, strict=True):
            single[f"{code}_{column.key}"] = figure
        single[f"{code}_coverage"] = coverage_of(pack, table)
        tables[f"{code}_table"] = tuple(table.rows_said)
    return single, tables


def _parts(raw: bytes) -> dict[str, bytes]:
    """The files of a workbook by name, within bounds. Raises TemplateError."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as file:
            infos = file.infolist()
            whole = sum(info.file_size for info in infos)
            if len(raw) > MAX_BYTES or len(infos) > _MAX_PARTS or whole > _MAX_WHOLE:
                raise TemplateError(
                    "template_too_big", N_("The template is too big."), N_("Remove its pictures.")
                )
            parts = {info.filename: file.read(info) for info in infos}
    except _UNREADABLE as error:
        raise _no_workbook() from error
    if _BOOK not in parts:
        raise _no_workbook()
    return parts


def _targets(parts: Mapping[str, bytes]) -> dict[str, Target]:
    """Where each of our names points. Raises TemplateError."""
    book, sheets = _xml(parts[_BOOK]), _sheets(parts)
    targets: dict[str, Target] = {}
    for defined in book.iter(f"{{{_MAIN}}}definedName"):
        full = defined.get("name", "")
        if not full.startswith(PREFIX):
            continue
        name = full.removeprefix(PREFIX)
        if name not in known_names():
            raise _wrong_name(N_("The template uses the name {name}, which is none of ours."), full)
        targets[name] = _target(full, defined.text or "", sheets)
    if not targets:
        raise TemplateError(
            "template_nameless",
            N_("No cell of the template has one of our names."),
            N_("Begin with a pack's own workbook: its cells are named."),
        )
    return targets


def _target(name: str, text: str, sheets: Mapping[str, str]) -> Target:
    found = _CELL.fullmatch(text.strip().lstrip("="))
    part = sheets.get((found[1] or found[2]).replace("''", "'")) if found else None
    if not found or part is None or not 1 <= int(found[4]) <= _MAX_ROW:
        raise _wrong_name(N_("The name {name} of the template points at no single cell."), name)
    column = 0
    for letter in found[3]:
        column = 26 * column + ord(letter) - ord("A") + 1
    return Target(part, column, int(found[4]))


def _sheets(parts: Mapping[str, bytes]) -> dict[str, str]:
    """The part of each sheet, by its title. Raises TemplateError."""
    relations = parts.get("xl/_rels/workbook.xml.rels")
    if relations is None:
        raise _no_workbook()
    paths = {
        relation.get("Id"): relation.get("Target", "")
        for relation in _xml(relations).iter(f"{{{_RELS}}}Relationship")
    }
    sheets = {}
    for sheet in _xml(parts[_BOOK]).iter(f"{{{_MAIN}}}sheet"):
        path = paths.get(sheet.get(f"{{{_DOCUMENT}}}id"), "")
        part = path.lstrip("/") if path.startswith("/") else f"xl/{path}"
        if part in parts and part != _BOOK:
            sheets[sheet.get("name", "")] = part
    return sheets


def _with_figures(raw: bytes, figures: Mapping[tuple[int, int], Figure]) -> bytes:
    """A sheet with these cells set; how they look stays. Raises TemplateError."""
    page = _xml(raw)
    data = page.find(f"{{{_MAIN}}}sheetData")
    if data is None:
        raise _no_workbook()
    rows = {int(row.get("r", "0")): row for row in data}
    for number in {number for number, _ in figures} - rows.keys():
        rows[number] = Element(f"{{{_MAIN}}}row", {"r": str(number)})
    by_row = defaultdict[int, dict[int, Figure]](dict)
    for (number, column), figure in figures.items():
        by_row[number][column] = figure
    for number, own in by_row.items():
        _set_cells(rows[number], number, own)
    for cell in data.iter(f"{{{_MAIN}}}c"):
        _forget_result(cell)
    data[:] = [rows[number] for number in sorted(rows)]
    dimension = page.find(f"{{{_MAIN}}}dimension")
    if dimension is not None:
        page.remove(dimension)
    return _text(page)


def _set_cells(row: Element, number: int, figures: Mapping[int, Figure]) -> None:
    cells = {_column_of(cell.get("r", "")): cell for cell in row}
    for column, figure in figures.items():
        cell = cells.setdefault(column, Element(f"{{{_MAIN}}}c"))
        cell.set("r", f"{_letters(column)}{number}")
        cell.attrib.pop("t", None)
        cell[:] = []
        match figure:
            case None:
                pass
            case str():
                cell.set("t", "inlineStr")
                text = SubElement(SubElement(cell, f"{{{_MAIN}}}is"), f"{{{_MAIN}}}t", _AS_IT_IS)
                text.text = without_controls(figure)
            case _:
                SubElement(cell, f"{{{_MAIN}}}v").text = repr(figure)
    row.attrib.pop("spans", None)
    row[:] = [cells[column] for column in sorted(cells)]


def _has_formula(raw: bytes) -> bool:
    return next(_xml(raw).iter(f"{{{_MAIN}}}f"), None) is not None


def _forget_result(cell: Element) -> None:
    """What a formula came to before these figures stood here is no figure, nor is its error."""
    value = cell.find(f"{{{_MAIN}}}v")
    if value is not None and cell.find(f"{{{_MAIN}}}f") is not None:
        cell.remove(value)
        cell.attrib.pop("t", None)


def _reckoned_anew(raw: bytes) -> bytes:
    """The workbook's own formulas are reckoned when it is opened."""
    book = _xml(raw)
    settings = book.find(f"{{{_MAIN}}}calcPr")
    if settings is None:
        settings = Element(f"{{{_MAIN}}}calcPr")
        book.insert(_place_of_settings(book), settings)
    settings.set("fullCalcOnLoad", "1")
    return _text(book)


def _place_of_settings(book: Element) -> int:
    """Behind the sheets and the names, as the schema of workbooks has it (18.2.27)."""
    tags = [child.tag for child in book]
    before = [at for at, tag in enumerate(tags) if tag in _BEFORE_SETTINGS]
    return max(before, default=-1) + 1


def _zipped(parts: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, raw in parts.items():
            file.writestr(zipfile.ZipInfo(name, _STAMP), raw, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _xml(raw: bytes) -> Element:
    try:
        page: Element = fromstring(raw)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise _no_workbook() from error
    return page


def _text(page: Element) -> bytes:
    """As XML. What it says of prefixes that only extensions know goes: nothing uses them here."""
    register_namespace("", _MAIN)
    register_namespace("r", _DOCUMENT)
    page.attrib.pop(f"{{{_COMPATIBLE}}}Ignorable", None)
    raw: bytes = tostring(page, encoding="UTF-8", xml_declaration=True)
    return raw


def _column_of(reference: str) -> int:
    column = 0
    for letter in re.sub(r"[^A-Z]", "", reference):
        column = 26 * column + ord(letter) - ord("A") + 1
    return column


def _row_of(reference: str) -> int:
    return int(re.sub(r"[^0-9]", "", reference) or 0)


def _letters(column: int) -> str:
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _no_workbook() -> TemplateError:
    return TemplateError(
        "template_unreadable",
        N_("The template is no workbook that can be read."),
        N_("Save it as .xlsx, without a password."),
    )


def _wrong_name(text: str, name: str) -> TemplateError:
    hint = N_("Look at the names in the name manager of your spreadsheet program.")
    return TemplateError("template_name", text, hint, name=name)
