"""This file reads times of day and days of the calendar, as people and Excel write them; pure."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from controller.schedule.plain import plain
from controller.schedule.weekdays import Session
from controller.sheets.text import Cause, Cell, Day, RefusedError, Unreadable

_NOON: Final = "12:00"
_DAY_MIN: Final = 24 * 60
_NEAR_MIN: Final = 0.02  # Excel's fractions of a day are rounded, by far less than a second
_EXCEL_ZERO: Final = date(1899, 12, 30)  # the day 0 of Excel's count, as it counts from March 1900
_SERIALS: Final = range(36_526, 73_051)  # the days of 2000 to 2099 in that count
_CENTURY: Final = range(2000, 2101)

_CLOCK: Final = re.compile(
    r"([0-9]{1,2})\s?(?:(?:[:hg]|gio)\s?([0-9]{2})(?:\s?(?:phut|ph|p|'))?|(?:h|gio|g))"
    r"(?::([0-9]{2})(?:\.0+)?)?\s?(am|pm|sa|ch|sang|chieu)?"
)
_FRACTION: Final = re.compile(r"0[.,][0-9]{1,18}")
_HALVES: Final = {
    "am": Session.MORNING, "sa": Session.MORNING, "sang": Session.MORNING,
    "pm": Session.AFTERNOON, "ch": Session.AFTERNOON, "chieu": Session.AFTERNOON,
}  # fmt: skip
_CLOCK_ENDS: Final = re.compile(r"\s*(?:-|\bden\b)+\s*")
_DAY_ENDS: Final = re.compile(r"\s+-+\s+|\s*\bden\b(?: het)?(?: ngay)?\s*")
_DAY_LEAD: Final = re.compile(r"(?:(?:tu|thu [2-7a-z]+|chu nhat),?\s)*(?:ngay\s)?")
_MIDNIGHT: Final = re.compile(r" 0{1,2}:00(:00)?$")
_DMY: Final = re.compile(r"([0-9]{1,2})\s?[/.-]\s?([0-9]{1,2})\s?[/.-]\s?([0-9]{4}|[0-9]{2})")
_WORDS: Final = re.compile(r"([0-9]{1,2}) thang ([0-9]{1,2}),? nam ([0-9]{4})")
_YMD: Final = re.compile(r"([0-9]{4})[/.-]([0-9]{1,2})[/.-]([0-9]{1,2})")
_BASIC: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_DAY_MONTH: Final = re.compile(r"[0-9]{1,2}\s?[/.-]\s?[0-9]{1,2}")
_ISO_WEEK: Final = re.compile(r"[0-9]{4}-?w[0-9]{2}-?[1-7]")
_MONTHS: Final = 12


def clock_of(cell: Cell, session: Session | None = None) -> str:
    """A time of day as HH:MM. session: the half of the day in which it must be.

    Raises RefusedError.
    """
    clock = _of_fraction(cell) if _is_fraction(cell) else _of_text(_clock_text(cell))
    if session and (clock >= _NOON) != (session is Session.AFTERNOON):
        raise RefusedError("clock_of_morning")
    return clock


def clocks_of(cell: Cell, session: Session | None = None) -> tuple[str, str]:
    """From when to when, in one cell: "7h15 - 8h00". Raises RefusedError."""
    ends = _CLOCK_ENDS.split(plain(cell).removeprefix("tu ").strip())
    if len(ends) != 2:  # noqa: PLR2004 - when it begins and when it ends
        raise RefusedError("span_unknown" if ends != [""] else "clock_missing")
    return clock_of(ends[0], session), clock_of(ends[1], session)


def _clock_text(cell: Cell) -> str:
    """What a cell says of a time, also one that the sheet holds as a time."""
    if isinstance(cell, float | int):
        raise RefusedError("clock_unknown")
    is_time = isinstance(cell, Unreadable) and cell.cause is Cause.TIME
    text = plain(cell.text if isinstance(cell, Unreadable) and is_time else cell).strip(" .,")
    if not text:
        raise RefusedError("clock_missing")
    return text


def _is_fraction(cell: Cell) -> bool:
    if isinstance(cell, str):
        return _FRACTION.fullmatch(cell.strip()) is not None
    return isinstance(cell, float) and 0 <= cell < 1


def _of_fraction(cell: Cell) -> str:
    """The time that Excel keeps as a part of a day: 0.5 is noon."""
    minutes = float(str(cell).strip().replace(",", ".")) * _DAY_MIN
    if abs(minutes - round(minutes)) > _NEAR_MIN or round(minutes) >= _DAY_MIN:
        raise RefusedError("clock_unknown")
    return "{:02}:{:02}".format(*divmod(round(minutes), 60))


def _of_text(text: str) -> str:
    match = _CLOCK.fullmatch(text)
    if match is None or (match[3] or "00") != "00":
        raise RefusedError("clock_unknown")
    hour, minute = int(match[1]), int(match[2] or 0)
    if match[4]:
        hour = _of_half(hour, _HALVES[match[4]])
    if hour > 23 or minute > 59:  # noqa: PLR2004 - the last of a day, of an hour
        raise RefusedError("clock_unknown")
    return f"{hour:02}:{minute:02}"


def _of_half(hour: int, half: Session) -> int:
    """The hour of the day, where a half of it is told: 1 in the afternoon is 13, as 13 is."""
    if half is Session.AFTERNOON:
        return hour + 12 if hour < 12 else hour  # noqa: PLR2004 - noon
    if hour > 12:  # noqa: PLR2004 - noon
        raise RefusedError("clock_unknown")
    return hour % 12


def days_of(cell: Cell) -> tuple[str, str]:
    """From which day to which, in one cell; a day alone is both. Raises RefusedError."""
    ends = [cell] if isinstance(cell, Day | float | int) else [*_DAY_ENDS.split(plain(cell))]
    if len(ends) > 2:  # noqa: PLR2004 - the first day and the last
        raise RefusedError("day_unknown")
    return day_of(ends[0]), day_of(ends[-1])


def is_serial(cell: Cell) -> bool:
    """Whether the cell is a day as Excel counts them, without being shown as one."""
    if isinstance(cell, str):
        return cell.strip().isdecimal() and cell.isascii() and len(cell.strip()) == len("46267")
    return isinstance(cell, float | int) and not isinstance(cell, bool) and cell in _SERIALS


def day_of(cell: Cell) -> str:
    """A day by ISO 8601. Raises RefusedError."""
    if isinstance(cell, Day):
        return _made(cell.year, cell.month, cell.day)
    if is_serial(cell):
        return _of_serial(int(str(cell).strip().removesuffix(".0")))
    text = _MIDNIGHT.sub("", plain(cell).strip(" .,"))
    text = text[_lead(text) :].strip()
    if not text:
        raise RefusedError("day_missing")
    return _of_day_text(text)


def _lead(text: str) -> int:
    """How long the words before a day are: "thu hai, ngay "."""
    match = _DAY_LEAD.match(text)
    return match.end() if match else 0


def _of_day_text(text: str) -> str:
    if match := _DMY.fullmatch(text) or _WORDS.fullmatch(text):
        year = int(match[3]) + (2000 if len(match[3]) == len("26") else 0)
        return _made(year, int(match[2]), int(match[1]))
    if match := _YMD.fullmatch(text) or _BASIC.fullmatch(text):
        return _made(int(match[1]), int(match[2]), int(match[3]))
    if _ISO_WEEK.fullmatch(text):
        return _of_week(text.upper())
    raise RefusedError("day_without_year" if _DAY_MONTH.fullmatch(text) else "day_unknown")


def _of_week(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise RefusedError("day_unknown") from None


def _of_serial(number: int) -> str:
    if number not in _SERIALS:
        raise RefusedError("day_far")
    return (_EXCEL_ZERO + timedelta(days=number)).isoformat()


def _made(year: int, month: int, day: int) -> str:
    if month > _MONTHS >= day:
        raise RefusedError("day_month_first")
    try:
        made = date(year, month, day)
    except ValueError:
        raise RefusedError("day_unknown") from None
    if year not in _CENTURY:
        raise RefusedError("day_far")
    return made.isoformat()
