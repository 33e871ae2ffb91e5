"""This file reads bells, terms, holidays, timetable and marks from CSV files; pure.

What a file is, its headings tell; English and Vietnamese are understood, marks and case are not
looked at. Columns parted by `,` `;` or tab; times HH:MM, days YYYY-MM-DD or DD/MM/YYYY.

bells:     kind*, period (tiết), start (bắt đầu), end (kết thúc), weekdays* (thứ: 2-7, CN)
terms:     term (học kỳ), start, end
holidays:  holiday (ngày nghỉ), start, end*
timetable: weekday (thứ), period, room (phòng), class (lớp; several by +), subject*, teacher*,
           weeks* (every, odd or even)
marks:     status (trạng thái), letter (ký hiệu); the status grace_min sets the minutes after the
           bell in which a forgotten lesson still runs
A * may be absent. In bells only rows of the kind period count. Days of the week are named as in
Vietnam: 2 is Monday, 7 Saturday, 8 or CN Sunday.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

from controller.roster.plan import Schedule
from controller.sheets.cells import bounded_bytes, csv_ways, decoded
from controller.sheets.errors import SheetError
from controller.sheets.names import room_key
from controller.sheets.text import clean, folded
from protocol.model import AttendanceStatus
from protocol.plan import Bell, Booking, Holiday, Term
from protocol.words import N_

ALIASES: Final[dict[str, tuple[str, ...]]] = {
    "kind": ("kind", "loai"),
    "period": ("period", "tiet", "tiet hoc"),
    "start": ("start", "begins", "bat dau", "tu", "tu ngay", "gio bat dau"),
    "end": ("end", "ends", "ket thuc", "den", "den ngay", "gio ket thuc"),
    "weekdays": ("weekdays", "cac thu", "ap dung"),
    "weekday": ("weekday", "day", "thu"),
    "term": ("term", "hoc ky"),
    "holiday": ("holiday", "ngay nghi", "nghi le"),
    "room": ("room", "phong", "phong hoc"),
    "class": ("class", "classes", "lop"),
    "subject": ("subject", "mon", "mon hoc"),
    "teacher": ("teacher", "giao vien"),
    "weeks": ("weeks", "tuan"),
    "status": ("status", "trang thai"),
    "letter": ("letter", "ky hieu"),
}
# A file is of the first kind whose headings it has all of.
_SHAPES: Final[dict[str, frozenset[str]]] = {
    "timetable": frozenset({"weekday", "period", "room", "class"}),
    "letters": frozenset({"status", "letter"}),
    "terms": frozenset({"term", "start", "end"}),
    "holidays": frozenset({"holiday", "start"}),
    "bells": frozenset({"period", "start", "end"}),
}
_KEYS: Final[dict[str, Callable[[Any], object]]] = {
    "bells": lambda bell: (bell.period, bell.weekdays),
    "terms": lambda term: term.begins,
    "holidays": lambda holiday: holiday.begins,
    "letters": lambda letter: letter[0],
    "timetable": lambda booking: (
        room_key(booking.room) or booking.room,
        booking.weekday,
        booking.period,
        booking.weeks,
    ),
}
_WEEKS: Final = {"": "every", "moi": "every", "le": "odd", "chan": "even"}
_STATUSES: Final = {
    "co mat": "present", "co phep": "absent_excused", "khong phep": "absent_unexcused",
    "di muon": "late", "ve som": "left_early",
}  # fmt: skip
_DAY: Final = re.compile(r"^([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})$")
_CLOCK: Final = re.compile(r"^([0-9]{1,2})[:hg]([0-9]{2})$")
_SUNDAY: Final = 8
_PERIOD_KINDS: Final = ("period", "tiet", "")

Cells = Mapping[str, str]


def read_schedule(path: Path) -> Schedule:
    """The parts that a CSV or a folder of CSVs gives. Raises SheetError for the first bad row."""
    parts: dict[str, Any] = {}
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    for file in files:
        kind, values = _part(file)
        if kind in parts:
            raise SheetError("part_twice", N_("Two files give the {part}."), part=kind)
        parts[kind] = values
        if kind == "letters":
            parts |= _marks(values)
    if not parts:
        raise SheetError("file_missing", N_("There is no file {file}."), file=f"{path.name}/*.csv")
    return Schedule(**parts)


def _part(file: Path) -> tuple[str, tuple[Any, ...]]:
    text, _ = decoded(bounded_bytes(file))
    for rows in csv_ways(text):
        heads = [_head(cell) for cell in (rows[0] if rows else [])]
        kind = next((name for name, needed in _SHAPES.items() if needed <= set(heads)), None)
        if kind:
            return kind, _values(file.name, kind, heads, rows[1:])
    raise SheetError(
        "headings_unknown",
        N_("The headings of {file} are not understood."),
        N_("Files to copy from: lophoc-controller schedule sample DIR"),
        file=file.name,
    )


def _head(cell: object) -> str:
    head = folded(str(cell))
    return next((name for name, aliases in ALIASES.items() if head in aliases), head)


def _values(
    file: str, kind: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]
) -> tuple[Any, ...]:
    by_key: dict[object, Any] = {}
    for number, row in enumerate(rows, start=2):
        cells = dict.fromkeys(heads, "") | dict(zip(heads, map(clean, row), strict=False))
        if not any(cells.values()) or folded(cells.get("kind", "")) not in _PERIOD_KINDS:
            continue
        try:
            value = _READERS[kind](cells)
            key = _KEYS[kind](value)
            if key in by_key:
                raise ValueError("twice")
            by_key[key] = value
        except (ValueError, KeyError, msgspec.ValidationError) as error:
            raise SheetError(
                "row_unreadable",
                N_("{file}, row {row} cannot be used ({cause}); nothing was changed."),
                file=file,
                row=number,
                cause=str(error)[:100],
            ) from error
    return tuple(by_key.values())


def _bell(cells: Cells) -> Bell:
    days = [_weekday(word) for word in re.split(r"[\s,;+]+", _spread(cells.get("weekdays", "")))]
    span = {"begins": _clock(cells["start"]), "ends": _clock(cells["end"])}
    _in_order(span)
    fields = {"period": int(cells["period"]), **span}
    return msgspec.convert(fields | {"weekdays": sorted(set(days))}, Bell)


def _spread(days: str) -> str:
    """The days from 2-7 one by one; without any, Monday to Saturday."""
    first, dash, last = (days or "2-7").partition("-")
    if not dash:
        return first
    return " ".join(map(str, range(int(first), (_SUNDAY if last == "CN" else int(last)) + 1)))


def _dates(cells: Cells, name: str) -> dict[str, str]:
    span = {"begins": _day(cells["start"]), "ends": _day(cells.get("end") or cells["start"])}
    _in_order(span, together=True)
    return {"name": cells[name], **span}


def _in_order(span: Mapping[str, str], *, together: bool = False) -> None:
    if span["ends"] < span["begins"] or (span["ends"] == span["begins"] and not together):
        raise ValueError("the end is before the beginning")


def _booking(cells: Cells) -> Booking:
    weeks = folded(cells.get("weeks", ""))
    fields = {
        "weekday": _weekday(cells["weekday"]),
        "period": int(cells["period"]),
        "room": cells["room"],
        "classes": [code.strip() for code in cells["class"].split("+") if code.strip()],
        "subject": cells.get("subject", ""),
        "teacher": cells.get("teacher", ""),
        "weeks": _WEEKS.get(weeks, weeks),
    }
    return msgspec.convert(fields, Booking)


def _mark(cells: Cells) -> tuple[str, str]:
    status = folded(cells["status"]).replace(" min", "_min")
    if status == "grace_min":
        return status, str(int(cells["letter"]))
    word = _STATUSES.get(status, status.replace(" ", "_"))
    if len(cells["letter"]) > 8:  # noqa: PLR2004 - a letter, or a short word
        raise ValueError("the letter is too long")
    return AttendanceStatus(word).value, cells["letter"]


def _marks(values: Sequence[tuple[str, str]]) -> dict[str, Any]:
    marks = dict(values)
    grace = marks.pop("grace_min", None)
    letters = {AttendanceStatus(status): letter for status, letter in marks.items()}
    return {"letters": letters} | ({} if grace is None else {"grace_min": min(int(grace), 240)})


_READERS: Final[dict[str, Callable[[Cells], Any]]] = {
    "bells": _bell,
    "terms": lambda cells: msgspec.convert(_dates(cells, "term"), Term),
    "holidays": lambda cells: msgspec.convert(_dates(cells, "holiday"), Holiday),
    "timetable": _booking,
    "letters": _mark,
}


def _weekday(text: str) -> int:
    """The day by ISO 8601, from the Vietnamese number: 2 is Monday, CN Sunday."""
    plain = folded(text).removeprefix("thu ")
    number = _SUNDAY if plain in ("cn", "chu nhat") else int(plain)
    return number - 1


def _day(text: str) -> str:
    if match := _DAY.match(text):
        return date(int(match[3]), int(match[2]), int(match[1])).isoformat()
    return date.fromisoformat(text).isoformat()


def _clock(text: str) -> str:
    match = _CLOCK.match(text)
    if match is None:
        raise ValueError("no time of day")
    return f"{int(match[1]):02}:{match[2]}"


SAMPLES: Final[dict[str, str]] = {
    "bells.csv": "tiết,bắt đầu,kết thúc,các thứ\n1,07:15,08:00,2-7\n2,08:05,08:50,2-7\n"
    "3,09:10,09:55,2-7\n4,10:00,10:45,2-7\n5,10:50,11:35,2-7\n",
    "terms.csv": "học kỳ,bắt đầu,kết thúc\nHọc kỳ I,05/09/2026,17/01/2027\n"
    "Học kỳ II,18/01/2027,31/05/2027\n",
    "holidays.csv": "ngày nghỉ,bắt đầu,kết thúc\nTết Dương lịch,01/01/2027,01/01/2027\n",
    "timetable.csv": "thứ,tiết,phòng,lớp,môn,giáo viên,tuần\n2,1,P203,10A1,Toán,,\n"
    "2,2,P203,10A1+10A2,Thể dục,,lẻ\n",
    "marks.csv": "trạng thái,ký hiệu\nCó mặt,\nCó phép,P\nKhông phép,K\nĐi muộn,M\nVề sớm,S\n"
    "grace_min,10\n",
}
