"""This file judges one cell of an equipment book: tag, serial, room, year, money; pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from controller.register.quantities import quantity_of
from controller.register.room_parts import RoomReader
from controller.register.vocabulary import IDLE, condition_of, is_idle, maker_of, type_of
from controller.register.warranty import MESSAGES as WARRANTY_MESSAGES
from controller.register.warranty import months_of, until_of
from controller.sheets import names
from controller.sheets.names import serial_of, tag_of
from controller.sheets.text import MAX_FIELD, Cell, Day, RefusedError, clean, readable, text_of
from protocol.words import N_

MAX_COST_VND: Final = 10**15

_YEAR: Final = re.compile(r"(?<![0-9])(19[5-9][0-9]|20[0-9]{2})(?![0-9])")
_CURRENCY: Final = re.compile(r"(vnđ|vnd|đồng|dong|đ|d|₫)\.?$")
_GROUPS: Final = re.compile(r"^[0-9]{1,3}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*$")
_ONE_GROUP: Final = re.compile(r"^[0-9]{1,3}[.,][0-9]{3}$")
_DECIMAL: Final = re.compile(r"^([0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+),([0-9]{1,2}|[0-9]{4,9})$")
_DECIMAL_EN: Final = re.compile(r"^([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)\.([0-9]{1,2}|[0-9]{4,9})$")
_MILLION: Final = 10**6
_NOISE: Final = Decimal("0.000001")  # of a division in a sheet
_FIRST_YEAR: Final = 1950
_BEFORE_EXCEL: Final = dt.date(1899, 12, 30)  # day 0 of its calendar
_RANGE: Final = re.compile(
    r"[0-9]\s*(?:đến|den|tới|->|→|÷|~|\.{2,})\s*\S*[0-9]|[0-9]\s+-\s+[^\W\d_]+\S*[0-9]",
    re.IGNORECASE,
)
_MADE_UP: Final = re.compile(r"LOPHOC-.*-L[0-9]+(?: #[0-9]+)?")
_PARTS: Final = re.compile(r"\s*[;,\n]\s*")
_ROOM_PARTS: Final = re.compile(
    r"\s*(?:[;,&+\n]|\bvà\b|\bđến\b|(?<=[0-9])\s*-\s*(?=p))\s*", re.IGNORECASE
)
_NUMBERED_ROOM: Final = re.compile(
    r"(?:p|ph|phòng|phòng học)[\s.:]*[0-9]{1,4}[a-z]?|[0-9]{3}", re.IGNORECASE
)
_TICKS: Final = frozenset({"x", "v", "1", "✓", "✔", "☑", "✗", "✘", "có", "*", "+", "√"})
_UNTICKED: Final = frozenset({"", "0", "-", "–", "—", "☐", "không"})  # noqa: RUF001 - as books write it
_PERCENT: Final = re.compile(r"^[0-9]{1,3}([.,][0-9]+)? ?%$")

MESSAGES: Final[dict[str, str]] = {
    **names.MESSAGES,
    **WARRANTY_MESSAGES,
    "tag_twice": N_("This asset tag stands on another line already."),
    "code_range": N_("A range of codes stands here: write one line for each."),
    "code_many": N_("Several codes stand here: write one line for each."),
    "room_shared": N_(
        "Rooms of this name stand in several places: write each by a name of its own."
    ),
    "room_many": N_("Several rooms stand here: write one line for each."),
    "year_invalid": N_("There is no year in this."),
    "year_outside": N_("This year is before 1950 or yet to come."),
    "cost_invalid": N_("This is no amount of money in đồng."),
    "cost_ambiguous": N_("This may be a thousand times more or less: write the amount in đồng."),
    "cost_merged": N_("One amount stands for several lines, so it is no single line's."),
    "cost_product": N_("The total is not the quantity times the unit price: neither was kept."),
    "cost_uncounted": N_("Without a quantity, the unit price cannot be held against the total."),
    "quantity_ambiguous": N_("This may be a thousand times more or less: write the number alone."),
    "quantity_fraction": N_("This is no whole number of things."),
    "quantity_invalid": N_("This is no quantity."),
    "quantity_merged": N_("One quantity stands for several lines, so it is no single line's."),
    "cost_unit": N_("What this counts in is not understood, so the amount was not kept."),
    "condition_twice": N_("Several conditions are ticked."),
    "condition_unknown": N_("This condition is not known."),
    "condition_idle": N_("Not in use says nothing of its condition: write Tốt, Hỏng or another."),
}


def year_of(cell: Cell) -> int | None:
    """The year in a year, a date or a school year. Raises RefusedError."""
    if isinstance(cell, Day):
        return _weighed(_year_of_day(cell))
    if isinstance(cell, float) and not cell.is_integer():
        raise RefusedError("year_invalid")
    text = text_of(cell)
    if not text:
        return None
    years = [int(year) for year in _YEAR.findall(text)]
    if not years or max(years) - min(years) > 1:
        raise RefusedError("year_invalid")
    return _weighed(years[0])


def _year_of_day(day: Day) -> int:
    """The day's year; 2021 in a cell of dates is day 2021 of Excel's calendar, in 1905."""
    serial = (dt.date(day.year, day.month, day.day) - _BEFORE_EXCEL).days
    return serial if _FIRST_YEAR <= serial <= _last_year() else day.year


def _weighed(year: int) -> int:
    """The year, if things can have come in it. Raises RefusedError."""
    if not _FIRST_YEAR <= year <= _last_year():
        raise RefusedError("year_outside")
    return year


def _last_year() -> int:
    """The next one: a book may tell of what is ordered."""
    return dt.datetime.now(tz=dt.UTC).year + 1


def money_of(cell: Cell, times: int | None = 1) -> int | None:
    """An amount in đồng: 98.500.000, 1.850.000,00, 98500000. Raises RefusedError.

    times: what the column counts in, such as 1000; None where that is not understood. A point or
    comma before three digits parts thousands, else it parts a fraction; of a fraction of a đồng
    nothing is guessed, nor what 1.250 million is.
    """
    if isinstance(cell, Day):
        raise RefusedError("cost_invalid")
    value = readable(cell)
    text = "".join(text_of(value).casefold().split()) if isinstance(value, str) else "#"
    if not text:
        return None
    if times is None:
        raise RefusedError("cost_unit")
    digits = _CURRENCY.sub("", text)
    if times >= _MILLION and _ONE_GROUP.match(digits):
        raise RefusedError("cost_ambiguous")
    number = _parted(digits) if isinstance(value, str) else Decimal(str(value))
    return _whole(number * times)


def _whole(amount: Decimal) -> int:
    """The amount as whole đồng. Raises RefusedError."""
    if not (amount.is_finite() and 0 <= amount < MAX_COST_VND):
        raise RefusedError("cost_invalid")
    if abs(amount - round(amount)) > _NOISE:
        raise RefusedError("cost_invalid")
    return round(amount)


def _parted(digits: str) -> Decimal:
    """The amount that is written. Raises RefusedError."""
    if digits.isascii() and digits.isdecimal():
        return Decimal(digits[:20])
    if _GROUPS.match(digits):
        return Decimal(re.sub(r"[.,]", "", digits))
    for shape in (_DECIMAL, _DECIMAL_EN):
        if match := shape.match(digits):
            whole = re.sub(r"[.,]", "", match[1])
            return Decimal(f"{whole}.{match[2]}")
    raise RefusedError("cost_invalid")


def single_tag(cell: Cell) -> str:
    """The one asset tag that stands here; one that LopHoc made is none. Raises RefusedError."""
    _check_single(cell)
    return "" if is_made_up(tag := tag_of(cell)) else tag


def is_made_up(tag: str) -> bool:
    """Whether LopHoc made this tag for another program, of a line of a book that has none."""
    return _MADE_UP.fullmatch(tag) is not None


def single_serial(cell: Cell) -> str:
    """The one serial that stands here. Raises RefusedError."""
    _check_single(cell)
    return serial_of(cell)


def _check_single(cell: Cell) -> None:
    """Raise RefusedError for "TS-001 đến TS-045" and for "SN004, SN005"."""
    if not isinstance(cell, str) or len(cell) > MAX_FIELD:  # which is no code in any case
        return
    if _RANGE.search(cell):
        raise RefusedError("code_range")
    parts = [part for part in _PARTS.split(cell.strip()) if part]
    if len(parts) == 1 and len(blanks := cell.split()) > 1:
        begin_alike = len({part[:2].casefold() for part in blanks}) == 1
        parts = blanks if begin_alike and blanks[0][:1].isalpha() else parts
    if len(parts) > 1 and all(_is_code(part) for part in parts):
        raise RefusedError("code_many")


def _is_code(text: str) -> bool:
    return " " not in text and any(map(str.isdigit, text)) and len(text) >= 3  # noqa: PLR2004 - as short as codes are


def single_room(cell: Cell, rooms: RoomReader | None = None) -> str:
    """The one room that stands here. rooms: what reads those of a book. Raises RefusedError."""
    text = cell[:MAX_FIELD].strip() if isinstance(cell, str) else ""
    parts = [part for part in _ROOM_PARTS.split(text) if part]
    if len(parts) > 1 and all(map(_NUMBERED_ROOM.fullmatch, parts)):
        raise RefusedError("room_many")
    return (rooms or RoomReader(None)).room_of(cell)


def condition_ticked(row: Sequence[Cell], ticks: Mapping[int, str]) -> str:
    """The condition whose column is ticked; empty where none is. Raises RefusedError."""
    written = {at: clean(readable(row[at])).casefold() for at in ticks if at < len(row)}
    marks = {at: mark for at, mark in written.items() if mark not in _UNTICKED}
    if any(mark not in _TICKS for mark in marks.values()):
        raise RefusedError("condition_unknown")
    if len(marks) > 1:
        raise RefusedError("condition_twice")
    if any(ticks[at] == IDLE for at in marks):
        raise RefusedError("condition_idle")
    return next((ticks[at] for at in marks), "")


def condition_in(cell: Cell) -> str:
    """The condition's code; empty for a quality in percent. Raises RefusedError."""
    text = text_of(cell)
    if not text or isinstance(cell, float) or _PERCENT.match(text):
        return ""
    condition = condition_of(text)
    if condition is None:
        raise RefusedError("condition_idle" if is_idle(text) else "condition_unknown")
    return condition.value


JUDGES: Final[dict[str, Callable[[Cell], object]]] = {
    "asset_tag": single_tag,
    "type": lambda cell: type_of(text_of(cell)),
    "name": text_of,
    "maker": lambda cell: maker_of(text_of(cell)),
    "model": text_of,
    "serial": single_serial,
    "room": single_room,
    "year": year_of,
    "quantity": quantity_of,
    "unit_cost_vnd": money_of,
    "cost_vnd": money_of,
    "funding": text_of,
    "condition": condition_in,
    "warranty_months": months_of,
    "warranty_until": until_of,
}
