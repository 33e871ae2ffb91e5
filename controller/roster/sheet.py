"""This file reads a school's list of pupils, whatever kind of file it came as: above all sheets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from controller.roster.columns import Columns, columns_of, known_heads
from controller.roster.oneroster import files_of_folder, files_of_zip, is_oneroster, read_oneroster
from controller.roster.roll import Flaw, Passed, PassedReason, Roll, RollEntry
from controller.roster.rules import (
    MESSAGES,
    Standing,
    class_in,
    class_of,
    id_of,
    name_of,
    number_of,
    standing_of,
)
from controller.sheets.cells import HEAD_WITHIN, RowTally, SheetReader, bounded_bytes, sheets_in
from controller.sheets.errors import Notice, SheetError
from controller.sheets.kinds import ZIP
from controller.sheets.signatures import is_signature
from controller.sheets.text import (
    Cell,
    RefusedError,
    clean,
    display_of,
    folded,
    is_empty,
    is_personal,
    letter_of,
)
from controller.sheets.worksheet import Worksheet, cell_at, headings_at, visible
from controller.sheets.writing import EXCEL_MARK, csv_text
from protocol.plan import MAX_PUPILS
from protocol.words import N_, Translate

MAX_STATES: Final = 20  # named at once
_PLAIN_SHEETS: Final = ("sheet", "trang tinh", "danh sach", "table")
# What stands beside a number that sums up; "Tống Văn An" is a pupil.
_TOTAL: Final = re.compile(
    r"^(tong|cong|total|sum)( cong| so\b.*| si so\b.*| [0-9 ]+.*| hoc sinh\b.*)?$"
)
_FOOTERS: Final = ("ngay ", "ghi chu", "danh sach nay", "gvcn", "si so", "trong do")
_LEFT: Final = N_(
    "{value} {value:pupil has left, as the list says, and was|pupils have left, as the list says,"
    " and were} left out."
)
_STATE: Final = N_('The state "{value}" is not known: its pupils were taken as being in the class.')
_PASSED: Final = N_("These rows name no pupil and were left out: {value}.")


def read(
    path: Path,
    roll: Roll,
    *,
    today: date,
    names: bool = False,
    school: str = "",
    reader: SheetReader | None = None,
) -> None:
    """Read a OneRoster folder or ZIP, an .xlsx, .xls or CSV into the roll. Raises SheetError.

    today: for enrolments that have ended.
    """
    raw = b"" if path.is_dir() else bounded_bytes(path)
    if path.is_dir() or (raw.startswith(ZIP) and is_oneroster(path, raw)):
        files = files_of_folder(path) if path.is_dir() else files_of_zip(raw)
        read_oneroster(files, roll, names=names, today=today, school=school)
    else:
        reader = reader or SheetReader()
        sheets, notices = sheets_in(path, raw, _headed, reader=reader)
        sheets, hidden = visible(sheets, path.name)
        roll.notices += [*notices, *hidden]
        tally = RowTally(sum(len(sheet.rows) for sheet in sheets), reader.note)
        read_sheets(sheets, path.name, roll, names=names, tally=tally)
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


def read_sheets(
    sheets: Sequence[Worksheet],
    file: str,
    roll: Roll,
    *,
    names: bool,
    tally: RowTally | None = None,
) -> None:
    """Add the pupils of every sheet that has a heading. Raises SheetError if none has."""
    tally = tally or RowTally(0)
    count = 0
    for sheet in sheets:
        at, columns = _heading(sheet)
        if columns is None:
            continue
        count += 1
        _read(sheet, at, columns, _File(file, roll, names, tally))
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
    tally: RowTally


def _heading(sheet: Worksheet) -> tuple[int, Columns | None]:
    """The row that names the most columns, and its columns."""
    rows = sheet.rows
    near = range(min(HEAD_WITHIN, len(rows)))
    at = max(
        near, key=lambda row: (columns_of(rows[row]) is not None, known_heads(rows[row])), default=0
    )
    return at, columns_of(headings_at(sheet, at)) if rows else None


def _read(sheet: Worksheet, at: int, columns: Columns, into: _File) -> None:
    into.roll.drop(_dropped(sheet.rows, at, columns, names=into.names))
    own = "" if columns.class_ is not None else _class_of_sheet(sheet, at)
    as_number = 0
    head = [folded(clean(cell)) for cell in sheet.rows[at] if clean(cell)]
    passed: list[Passed] = []
    for place, row in enumerate(sheet.rows[at + 1 :], start=at + 2):
        into.tally.count()
        if reason := _passed_over(row, columns, head):
            passed.append(Passed(sheet.name, place, reason))
            own = (reason is PassedReason.TITLE and _class_of_group(row, columns)) or own
            continue
        as_number += isinstance(cell_at(row, columns.id), float)
        _take(row, place, columns, own, into)
    into.roll.passed += passed
    _notice(
        into, passed, {display_of(cell_at(row, columns.status)) for row in sheet.rows[at + 1 :]}
    )
    if as_number:
        message = N_("The ids are numbers in the sheet: zeros at their front would be lost.")
        into.roll.notices.append(Notice(file=into.file, code="id_is_number", message=message))


def _class_of_group(row: Sequence[Cell], columns: Columns) -> str:
    """The class that a row alone tells for those below it; empty where it tells none."""
    texts = [clean(cell) for cell in row if not is_empty(cell)]
    alone = clean(cell_at(row, columns.class_)) if len(texts) == 1 else ""
    return alone or next(filter(None, map(class_in, texts)), "")


def _notice(into: _File, passed: Sequence[Passed], states: Iterable[str]) -> None:
    """Tell who has left, states that are not known, and rows that nobody can explain."""
    left = sum(row.reason is PassedReason.LEFT for row in passed)
    titles = [str(row.row) for row in passed if row.reason is PassedReason.TITLE]
    unknown = [state for state in sorted(states) if standing_of(state) is Standing.UNKNOWN]
    told = [
        *[("pupils_left", _LEFT, str(left))] * bool(left),
        *(("state_unknown", _STATE, state[:64]) for state in unknown[:MAX_STATES]),
        *[("rows_passed", _PASSED, ", ".join(titles[:MAX_STATES]))] * bool(titles),
    ]
    into.roll.notices += [
        Notice(file=into.file, code=code, message=message, value=value)
        for code, message, value in told
    ]


def _take(row: Sequence[Cell], place: int, columns: Columns, own: str, into: _File) -> None:
    number = number_of(cell_at(row, columns.number))
    said = cell_at(row, columns.class_)
    name = why = ""
    try:
        code = own if own and is_empty(said) else class_of(said)
        student = id_of(cell_at(row, columns.id))
        name = _name(row, columns, is_needed=into.names or number is None)
    except RefusedError as refused:
        code, student = _told(said) or own, _told(cell_at(row, columns.id))
        why = str(refused)
    entry = RollEntry(
        file=into.file, row=place, class_code=code, student=student, number=number, name=name
    )
    if why:
        into.roll.flaws.append(flaw_of(entry, why))
    else:
        into.roll.entries.append(entry)


def _name(row: Sequence[Cell], columns: Columns, *, is_needed: bool) -> str:
    """The pupil's name. is_needed: to be kept, or for the order. Raises RefusedError."""
    try:
        return name_of(columns.name_in(row))
    except RefusedError:
        if is_needed:
            raise
        return ""


def _told(cell: Cell) -> str:
    """The cell for the file of refused rows: a personal number is not told again."""
    text = clean(cell)
    return "" if is_personal(text) or len(text) > MAX_PUPILS else text


def _passed_over(row: Sequence[Cell], columns: Columns, head: Sequence[str]) -> PassedReason | None:
    """Why the row is no pupil's; None where it is one's, though perhaps one that is refused.

    head: the heading's words, folded.
    """
    filled = {place for place, cell in enumerate(row) if not is_empty(cell)}
    number = number_of(cell_at(row, columns.number))
    prepared = {columns.number, *([columns.class_] if columns.has_names else [])}
    if not filled or (number is not None and filled <= prepared):
        return PassedReason.BLANK  # some lists are numbered in advance
    words = [folded(display_of(row[place])) for place in sorted(filled)]
    if words == head:
        return PassedReason.HEADING
    if columns.id in filled and " " not in clean(row[columns.id]):
        return _with_id(row, columns)  # words there are a title's or a signature's, as elsewhere
    if any(map(_TOTAL.match, words)):
        return PassedReason.TOTAL
    if number is None and (words[0].startswith(_FOOTERS) or is_signature(words[0])):
        return PassedReason.FOOTER
    is_told = number is not None or (len(filled) > 1 and columns.class_ in filled)
    return None if is_told or (columns.has_name(row) and len(filled) > 1) else PassedReason.TITLE


def _with_id(row: Sequence[Cell], columns: Columns) -> PassedReason | None:
    if _TOTAL.match(folded(clean(row[columns.id]))):
        return PassedReason.TOTAL
    left = standing_of(cell_at(row, columns.status)) is Standing.LEFT
    return PassedReason.LEFT if left else None


def _dropped(
    rows: Sequence[Sequence[Cell]], at: int, columns: Columns, *, names: bool
) -> list[str]:
    """The headings of the columns that are not kept; a column without one by its letter."""
    unkept = columns.kept
    if not names:
        unkept = unkept - {columns.name, columns.family, columns.given}
    width = max((len(row) for row in rows[at:]), default=0)
    heads = [clean(cell_at(rows[at], place))[:64] for place in range(width)]
    return [head or letter_of(place) for place, head in enumerate(heads) if place not in unkept]


def _class_of_sheet(sheet: Worksheet, at: int) -> str:
    """The class that a whole sheet is about: told above the heading, or by the sheet's name."""
    titles = (cell for row in sheet.rows[:at] for cell in row if isinstance(cell, str))
    if named := next(filter(None, map(class_in, titles)), ""):
        return named
    name = clean(sheet.name)
    if not name or folded(name).startswith(_PLAIN_SHEETS):
        return ""
    words = name.split()
    return " ".join(words[1:]) if folded(words[0]) == "lop" and words[1:] else name
