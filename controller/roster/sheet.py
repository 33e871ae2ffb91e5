"""This file reads a school's list of pupils, whatever kind of file it came as: above all sheets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from controller.roster.columns import Columns, columns_of, known_heads
from controller.roster.oneroster import files_of_folder, files_of_zip, is_oneroster, read_oneroster
from controller.roster.roll import Flaw, Roll, RollEntry
from controller.roster.rules import MESSAGES, class_of, id_of, name_of, number_of
from controller.sheets.cells import HEAD_WITHIN, ZIP, Worksheet, bounded_bytes, cell_at, sheets_in
from controller.sheets.errors import Notice, SheetError
from controller.sheets.text import Cell, RefusedError, clean, folded, is_personal
from controller.sheets.writing import EXCEL_MARK, csv_text
from protocol.plan import MAX_PUPILS
from protocol.words import N_, Translate

_PLAIN_SHEETS: Final = ("sheet", "trang tinh", "danh sach", "table")
_TOTALS: Final = (
    "tong", "cong", "total", "nguoi lap", "hieu truong", "ngay", "ghi chu", "danh sach",
)  # fmt: skip


def read(path: Path, roll: Roll, *, names: bool = False, school: str = "") -> None:
    """Read a OneRoster folder or ZIP, an .xlsx, .xls or CSV into the roll. Raises SheetError."""
    raw = b"" if path.is_dir() else bounded_bytes(path)
    if path.is_dir() or (raw.startswith(ZIP) and is_oneroster(path, raw)):
        files = files_of_folder(path) if path.is_dir() else files_of_zip(raw)
        read_oneroster(files, roll, names=names, school=school)
    else:
        sheets, notices = sheets_in(path, raw, _headed)
        roll.notices += notices
        read_sheets(sheets, path.name, roll, names=names)
    roll.spell_alike()
    settle(roll)
    if not roll.entries:
        raise SheetError("nothing_usable", N_("No pupil in the file can be used."))


def flaws_csv(flaws: Sequence[Flaw], say: Translate, *, names: bool) -> str:
    """The refused rows, with what is kept of them and why."""
    heads = ["file", "row", "class", "id", "number", *(["name"] if names else []), "code", "error"]
    columns = slice(None if names else 3)
    rows = (
        (flaw.file, flaw.row, *flaw.kept[columns], flaw.code, say(flaw.message)) for flaw in flaws
    )
    return EXCEL_MARK + csv_text([heads, *rows])


def _headed(rows: list[list[Cell]]) -> int:
    return max(map(known_heads, rows[:HEAD_WITHIN]), default=0)


def read_sheets(sheets: Sequence[Worksheet], file: str, roll: Roll, *, names: bool) -> None:
    """Add the pupils of every sheet that has a heading. Raises SheetError if none has."""
    count = 0
    for sheet in sheets:
        at, columns = _heading(sheet.rows)
        if columns is None:
            continue
        count += 1
        _read(sheet, at, columns, _File(file, roll, names))
    if not count:
        raise SheetError(
            "no_heading",
            N_("No sheet has a heading with the pupils' id."),
            N_(
                "The ministry's id (Mã định danh Bộ GD&ĐT) or Mã học sinh is needed, and the class."
            ),
        )


def settle(roll: Roll) -> None:
    """Refuse pupils who are there twice, and those for whom a class has no room."""
    pairs: set[tuple[str, str]] = set()
    sizes: Counter[str] = Counter()
    entries: list[RollEntry] = []
    homes: dict[str, str] = {}
    for entry in roll.entries:
        sheet = Path(entry.file).suffix != "" and entry.file != "users.csv"
        twice = (entry.class_code, entry.student) in pairs or (sheet and entry.student in homes)
        full = sizes[entry.class_code] >= MAX_PUPILS
        if twice or full:
            roll.flaws.append(flaw_of(entry, "duplicate" if twice else "class_full"))
            continue
        pairs.add((entry.class_code, entry.student))
        homes[entry.student] = entry.class_code
        sizes[entry.class_code] += 1
        entries.append(entry)
    roll.entries[:] = entries


def flaw_of(entry: RollEntry, code: str) -> Flaw:
    """The flaw of an entry that was read and cannot be taken."""
    number = "" if entry.number is None else str(entry.number)
    cells = (entry.class_code, entry.student, number, entry.name)
    return Flaw(file=entry.file, row=entry.row, code=code, message=MESSAGES[code], kept=cells)


class _File(NamedTuple):
    """Where a sheet's rows go."""

    file: str
    roll: Roll
    names: bool


def _heading(rows: Sequence[Sequence[Cell]]) -> tuple[int, Columns | None]:
    """The row that names the most columns, and its columns."""
    near = range(min(HEAD_WITHIN, len(rows)))
    at = max(
        near, key=lambda row: (columns_of(rows[row]) is not None, known_heads(rows[row])), default=0
    )
    return at, columns_of(rows[at]) if rows else None


def _read(sheet: Worksheet, at: int, columns: Columns, into: _File) -> None:
    into.roll.drop(_dropped(sheet.rows, at, columns, names=into.names))
    own = "" if columns.class_ is not None else _class_of_sheet(sheet, at)
    as_number = 0
    for place, row in enumerate(sheet.rows[at + 1 :], start=at + 2):
        if not _is_pupil(row, columns):
            continue
        as_number += isinstance(cell_at(row, columns.id), float)
        _take(row, place, columns, own, into)
    if as_number:
        message = N_("The ids are numbers in the sheet: zeros at their front would be lost.")
        into.roll.notices.append(Notice(file=into.file, code="id_is_number", message=message))


def _take(row: Sequence[Cell], place: int, columns: Columns, own: str, into: _File) -> None:
    number = number_of(cell_at(row, columns.number))
    name = name_of(columns.name_in(row))
    why = ""
    try:
        code = own or class_of(cell_at(row, columns.class_))
        student = id_of(cell_at(row, columns.id))
    except RefusedError as refused:
        code, student = own or _told(cell_at(row, columns.class_)), _told(cell_at(row, columns.id))
        why = str(refused)
    entry = RollEntry(
        file=into.file, row=place, class_code=code, student=student, number=number, name=name
    )
    if why:
        into.roll.flaws.append(flaw_of(entry, why))
    else:
        into.roll.entries.append(entry)


def _told(cell: Cell) -> str:
    """The cell for the file of refused rows: a personal number is not told again."""
    text = clean(cell)
    return "" if is_personal(text) or len(text) > MAX_PUPILS else text


def _is_pupil(row: Sequence[Cell], columns: Columns) -> bool:
    """Whether a row is a pupil's: not empty, no total, no second line of the heading."""
    if clean(cell_at(row, columns.id)) or (
        cell_at(row, columns.id) is None and columns.id < len(row)
    ):
        return folded(clean(cell_at(row, columns.id))).split()[:1] not in (["tong"], ["cong"])
    first = next((folded(clean(cell)) for cell in row if clean(cell)), "")
    if not first or first.startswith(_TOTALS):
        return False
    named = bool(columns.name_in(row)) or bool(clean(cell_at(row, columns.class_)))
    return named or number_of(cell_at(row, columns.number)) is not None


def _dropped(
    rows: Sequence[Sequence[Cell]], at: int, columns: Columns, *, names: bool
) -> list[str]:
    """The headings of the columns that are not kept; a column without one by its letter."""
    unkept = columns.kept
    if not names:
        unkept = unkept - {columns.name, columns.family, columns.given}
    width = max((len(row) for row in rows[at:]), default=0)
    heads = [clean(cell_at(rows[at], place))[:64] for place in range(width)]
    return [head or _letter(place) for place, head in enumerate(heads) if place not in unkept]


def _letter(place: int) -> str:
    """A column's letters in Excel: 0 is A, 26 is AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _class_of_sheet(sheet: Worksheet, at: int) -> str:
    """The class that a whole sheet is about: told above the heading, or by the sheet's name."""
    for row in sheet.rows[:at]:
        for cell in row:
            words = clean(cell).split() if isinstance(cell, str) else []
            plain = [folded(word.strip(":")) for word in words]
            if "lop" in plain and plain.index("lop") + 1 < len(words):
                class_name = words[plain.index("lop") + 1].strip(":,;.")
                if any(char.isdigit() for char in class_name) and not is_personal(class_name):
                    return class_name
    name = clean(sheet.name)
    if not name or folded(name).startswith(_PLAIN_SHEETS):
        return ""
    words = name.split()
    return " ".join(words[1:]) if folded(words[0]) == "lop" and words[1:] else name
