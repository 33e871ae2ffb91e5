"""This file reads days of the week, halves of a day, periods and weeks, as people write; pure.

Days are named as in Vietnam: 2 is Monday, 7 Saturday, 8 or CN Sunday; they are kept by ISO 8601.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple

from controller.schedule.plain import plain
from controller.sheets.text import Cell, RefusedError

LAST_PERIOD: Final = 20
SCHOOL_WEEK: Final = (1, 2, 3, 4, 5, 6)


class Session(StrEnum):
    """A half of the day, in which a school may count its periods anew."""

    MORNING = "morning"
    AFTERNOON = "afternoon"


class WeekdayCell(NamedTuple):
    """A day of the week by ISO 8601, and the half of it where the cell tells one."""

    weekday: int
    session: Session | None


class PeriodCell(NamedTuple):
    """The periods that a cell names, and the half of the day where it tells one."""

    numbers: tuple[int, ...]
    session: Session | None


_NAMES: Final = {
    "hai": 2, "ba": 3, "tu": 4, "bon": 4, "nam": 5, "sau": 6, "bay": 7,
    "cn": 8, "c.n": 8, "chu nhat": 8, "chua nhat": 8, "cnhat": 8,
    "monday": 2, "tuesday": 3, "wednesday": 4, "thursday": 5, "friday": 6, "saturday": 7,
    "sunday": 8,
}  # fmt: skip
_DAY_WORD: Final = re.compile(r"(?:(?:thu|t)\s?\.?\s?(?=[2-8a-z]))?([2-8]|[a-z.]+(?: nhat)?)")
_DATE_TAIL: Final = re.compile(
    r"[\s,(-]*(?:ngay )?[0-9]{1,2}[/.-][0-9]{1,2}(?:[/.-](?:[0-9]{4}|[0-9]{2}))?\)?$"
)
_SESSION: Final = {
    "sang": Session.MORNING, "s": Session.MORNING, "am": Session.MORNING,
    "morning": Session.MORNING, "chieu": Session.AFTERNOON, "c": Session.AFTERNOON,
    "pm": Session.AFTERNOON, "afternoon": Session.AFTERNOON,
}  # fmt: skip
_SESSION_WORD: Final = r"\(?(?:(?:buoi|ca|hoc) )?(sang|chieu|s|c)\)?"
_SESSION_ALONE: Final = re.compile(r"(?:(?:buoi|ca|hoc) )?([a-z]+)")
_SESSION_FIRST: Final = re.compile(rf"{_SESSION_WORD}(?:[\s,-]+(?=\S)|(?=[0-9]))")
_SESSION_LAST: Final = re.compile(rf"[\s,-]*(?<![a-z]){_SESSION_WORD}$")
# "Buổi chiều" in a title, "TKB sáng" as a sheet's name; a school may be called Ánh Sáng.
_SESSION_TITLE: Final = re.compile(r"(?:\b(?:buoi|ca|tkb)[\s_-]+|^)(sang|chieu)\b")
_LIST: Final = re.compile(r"\s*(?:[,;+&/]|\bva\b)\s*")
_RANGE: Final = re.compile(r"\s*(?:-|\bden\b)+\s*")
_PERIOD_WORD: Final = re.compile(r"(?:tiet(?: thu)?|period|t)?\s?\.?\s?([0-9]{1,2})")
_WEEKS: Final = {
    "": "every", "moi": "every", "moi tuan": "every", "hang tuan": "every", "every": "every",
    "le": "odd", "tuan le": "odd", "odd": "odd", "chan": "even", "tuan chan": "even",
    "even": "even",
}  # fmt: skip


def weekday_of(cell: Cell) -> WeekdayCell:
    """A day of the week. Raises RefusedError."""
    whole = plain(cell).strip(" .,:")
    if not whole:
        raise RefusedError("weekday_missing")
    text, session = _without_session(_DATE_TAIL.sub("", whole))
    day = _weekday(text)
    if day is None:
        raise RefusedError("weekday_unknown")
    return WeekdayCell(day, session)


def weekdays_of(cell: Cell) -> tuple[int, ...]:
    """Days of the week, one by one or from which to which; Monday to Saturday where none is told.

    Raises RefusedError.
    """
    text = plain(cell).strip(" .,:")
    if not text:
        return SCHOOL_WEEK
    days = [day for piece in _LIST.split(text) for day in _days_in(piece)]
    return tuple(sorted(set(days)))


def _days_in(piece: str) -> list[int]:
    """The days of "2 - 7", of "thu 2", or of "2 3 4"."""
    alone = _weekday(piece)
    if alone is not None:
        return [alone]
    ends = [_weekday(each) for each in _RANGE.split(piece)]
    if len(ends) == 2 and None not in ends:  # noqa: PLR2004 - the first and the last
        first, last = (end or 0 for end in ends)
        if first < last:
            return [*range(first, last + 1)]
    days = [_weekday(word) for word in piece.split() if word != "thu"]
    if len(ends) > 1 or not days or None in days:
        raise RefusedError("weekdays_unknown")
    return [day for day in days if day]


def _weekday(text: str) -> int | None:
    number = _NAMES.get(text)
    if number is None and (match := _DAY_WORD.fullmatch(text)):
        number = int(match[1]) if match[1].isdecimal() else _NAMES.get(match[1])
    return None if number is None else number - 1


def periods_of(cell: Cell) -> PeriodCell:
    """The periods of "1", "Tiết 1-2" or "1 (chiều)". Raises RefusedError."""
    text, session = _without_session(plain(cell).strip(" .,:"))
    if not text:
        raise RefusedError("period_missing")
    bounds = _RANGE.split(text)
    if len(bounds) > 1:
        numbers = _range(*map(_period, bounds)) if len(bounds) == 2 else ()  # noqa: PLR2004
    else:
        numbers = tuple(dict.fromkeys(map(_period, _LIST.split(text))))
    if not numbers:
        raise RefusedError("period_unknown")
    return PeriodCell(numbers, session)


def _range(first: int, last: int) -> tuple[int, ...]:
    return tuple(range(first, last + 1))


def _period(text: str) -> int:
    match = _PERIOD_WORD.fullmatch(text)
    if match is None or int(match[1]) > LAST_PERIOD:
        raise RefusedError("period_unknown")
    return int(match[1])


def count_of(cell: Cell) -> int:
    """How many periods a lesson has; 1 where it is not told. Raises RefusedError."""
    text = plain(cell).removesuffix(" tiet")
    if not text:
        return 1
    count = _period(text)
    if not count:
        raise RefusedError("period_unknown")
    return count


def session_of(cell: Cell) -> Session | None:
    """A half of the day; None where the cell is empty. Raises RefusedError."""
    text = plain(cell).strip(" .,:()")
    if not text:
        return None
    match = _SESSION_ALONE.fullmatch(text)
    if match is None or match[1] not in _SESSION:
        raise RefusedError("session_unknown")
    return _SESSION[match[1]]


def session_in(title: str) -> Session | None:
    """The half of the day that a title or a sheet's name tells; None for none or both."""
    sessions = {_SESSION[word] for word in _SESSION_TITLE.findall(plain(title))}
    return sessions.pop() if len(sessions) == 1 else None


def weeks_of(cell: Cell) -> str:
    """Which school weeks: every, odd or even. Raises RefusedError."""
    weeks = _WEEKS.get(plain(cell).strip(" .()"))
    if weeks is None:
        raise RefusedError("weeks_unknown")
    return weeks


def _without_session(text: str) -> tuple[str, Session | None]:
    """The text without the half of the day at its front or end, and which that is."""
    for pattern in (_SESSION_FIRST, _SESSION_LAST):
        match = pattern.match(text) if pattern is _SESSION_FIRST else pattern.search(text)
        if match and (rest := (text[: match.start()] + text[match.end() :]).strip(" .,:()-")):
            return rest, _SESSION[match[1]]
    return text, None
