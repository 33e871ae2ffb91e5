"""This file says how long things are under warranty: what a cell tells, and when it ends; pure.

A book tells a length, the day on which it ends, or both, under headings that are used for either:
"Bảo hành" heads 24 tháng in one book and 31/12/2027 in the next.
"""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re
import unicodedata
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from controller.sheets.text import Cell, Day, RefusedError, text_of
from protocol.formats import day as day_said
from protocol.formats import phrase
from protocol.words import N_, Translate

MAX_MONTHS: Final = 600
WARRANTY: Final = "^(|[12][0-9]{3}|valid|over|unknown)$"  # what an address may ask for
ENDED: Final = "1900-01-01"  # stands for the day of what has no warranty, or none any more
MESSAGES: Final = {
    "warranty_invalid": N_("This is no length and no day: write 24 tháng or 31/12/2027."),
    "warranty_ambiguous": N_("This may be months or years: write 24 tháng or 2 năm."),
}
_YEAR: Final = 12
_YEARS: Final = range(1990, 2100)
_NO_YEAR: Final = 3000  # beyond what a message may say
_OLDEST: Final = 1950  # a cell of dates that is older holds a number
_BEFORE_EXCEL: Final = dt.date(1899, 12, 30)  # day 0 of its calendar
_SURE_MONTHS: Final = range(12, 121)  # no other number of years or months is written so
_LENGTH: Final = re.compile(
    r"(?:(?P<years>[0-9]{1,2}(?:[.,][0-9])?) ?(?:nam|years?|yrs?|y)\b)?"
    r"(?: ?(?:va )?(?P<months>[0-9]{1,3}) ?(?:thang|months?|mths?|th|t|m)\b)?"
)
_DAY: Final = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4}|[0-9]{2})")
_ISO: Final = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_MONTH: Final = re.compile(r"(?:thang |t)?([0-9]{1,2})(?:[/.-]| nam )([0-9]{4})")
_LEAD: Final = re.compile(r"^(?:(?:bao hanh|bh|den|het|ngay|nam|toi|until|to|het han|han) )+")
_TAIL: Final = re.compile(r"[.,]0+$| (?:ke )?tu [^0-9]*$")
_OVER: Final = re.compile(
    r"(?:da )?het(?: han)?(?: bao hanh| bh)?|khong(?: con)? (?:bao hanh|bh)|expired|no warranty"
)
_BRACKETS: Final = re.compile("[()]")
_IN_YEARS: Final = re.compile(r"\((?:nam|years?)\)|\btheo nam\b|\byears\b")
_IN_MONTHS: Final = re.compile(r"\((?:thang|months?)\)|\bthang\b|\bmonths?\b")


class Warranty(NamedTuple):
    """What a cell tells. months: its length, 0 for none; until: the day on which it ends (ISO)."""

    months: int | None = None
    until: str = ""


class WarrantyWord(StrEnum):
    """How a warranty stands on a day."""

    VALID = "valid"
    OVER = "over"
    UNKNOWN = "unknown"


WARRANTY_WORDS: Final = {
    WarrantyWord.VALID: N_("under warranty"),
    WarrantyWord.OVER: N_("warranty over"),
    WarrantyWord.UNKNOWN: N_("warranty not known"),
}


def warranties(asked: str, year: int, say: Translate) -> list[tuple[str, str]]:
    """What may be chosen: how they stand, the years near this one, and the year that is asked."""
    years = {*range(year - 1, year + 5)} | ({int(asked)} if asked.isdecimal() else set())
    ends = ((str(end), phrase(N_("ends in {year}"), say, year=str(end))) for end in sorted(years))
    return [*((word.value, say(said)) for word, said in WARRANTY_WORDS.items()), *ends]


class WarrantyChoice(msgspec.Struct, frozen=True):
    """Warranties that stand so on a day (ISO), or that end in a year; "" where none matters."""

    day: str
    word: WarrantyWord | None = None
    year: int = 0

    def fits(self, end: str) -> bool:
        """Whether one that ends so, as end_of has it, is among them."""
        match self.word:
            case None:
                return end.startswith(f"{self.year:04}-") and end != ENDED
            case WarrantyWord.UNKNOWN:
                return not end
            case WarrantyWord.OVER:
                return "" < end < self.day
            case WarrantyWord.VALID:
                return end >= self.day


def choice_of(asked: str, day: str) -> WarrantyChoice | None:
    """What an address asks for: a word, or a year; None for nothing, or nonsense."""
    if asked in {*WarrantyWord}:
        word = WarrantyWord(asked)
        return WarrantyChoice("" if word is WarrantyWord.UNKNOWN else day, word)
    is_year = asked.isascii() and asked.isdecimal() and int(asked[:5]) in range(1000, 3000)
    return WarrantyChoice("", year=int(asked)) if is_year else None


def warranty_of(cell: Cell, unit: int | None = None) -> Warranty:
    """What a cell tells: 24 tháng, 2 năm, 24, 31/12/2027, 12/2027, 2027, hết. Raises RefusedError.

    unit: how many months a bare number counts in, by its heading; None where that does not say.
    """
    if isinstance(cell, Day):
        day = dt.date(cell.year, cell.month, cell.day)
        if day.year < _OLDEST:
            return _of_number((day - _BEFORE_EXCEL).days, unit)
        return Warranty(until=_checked(day))
    if isinstance(cell, float):
        if not math.isfinite(cell):
            raise RefusedError("warranty_invalid")
        return _of_number(cell, unit)
    return _of_text(text_of(cell), unit)


def months_of(cell: Cell) -> int | None:
    """A length alone; a bare number is of months. Raises RefusedError."""
    told = warranty_of(cell, 1)
    if told.until:
        raise RefusedError("warranty_invalid")
    return told.months


def until_of(cell: Cell) -> str:
    """The day on which it ends alone (ISO); empty where nothing is told. Raises RefusedError."""
    told = warranty_of(cell)
    if told.months is not None:
        raise RefusedError("warranty_invalid")
    return told.until


def day_in(cell: Cell) -> dt.date | None:
    """The very day that a cell tells; None for a year, a month, and for the first of January.

    People who know the year alone write its first day.
    """
    try:
        day = (
            dt.date(cell.year, cell.month, cell.day)
            if isinstance(cell, Day)
            else _day_of(text_of(cell))
            if isinstance(cell, str)
            else None
        )
    except (RefusedError, ValueError):
        return None
    is_sure = day is not None and day.year in _YEARS and (day.month, day.day) != (1, 1)
    return day if is_sure else None


def unit_of(head: str) -> int | None:
    """How many months a bare number under a heading counts in; None where it does not say."""
    plain = _plain(head)
    if _IN_YEARS.search(plain):
        return _YEAR
    return 1 if _IN_MONTHS.search(plain) else None


def later(day: dt.date, months: int) -> dt.date:
    """The day so many months later; of a shorter month the last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def end_of(year: int | None, months: int | None, until: str) -> str:
    """The day on which it ends at the latest (ISO); "" where nobody can say.

    Of a length it is counted from the last day of the year in which the thing was put in use.
    """
    if until:
        return day_told(until)
    if months is None:
        return ""
    if not months:
        return ENDED
    is_known = year is not None and _OLDEST <= year < _NO_YEAR and 0 < months <= 2 * MAX_MONTHS
    return later(dt.date(year, 12, 31), months).isoformat() if year and is_known else ""


def day_told(until: str) -> str:
    """The day that a record has; "" where it has none, or what only a damaged one can have."""
    try:
        return dt.date.fromisoformat(until).isoformat()
    except ValueError:
        return ""


def warranty_said(
    year: int | None, months: int | None, until: str, today: str, say: Translate
) -> str:
    """How a thing's warranty stands on a day (ISO), in words; empty where nobody can say."""
    end = end_of(year, months, until)
    length = phrase(N_("{n} {n:month|months}"), say, n=months) if months else ""
    if end == ENDED:
        return say(N_("no warranty"))
    if not end:
        return length
    text = N_("until {day}") if until else N_("until {day} at the latest")
    text = N_("over since {day}") if end < today else text
    said = phrase(text, say, day=day_said(dt.date.fromisoformat(end), say))
    return f"{said} ({length})" if length else said


def shown_end(end: str) -> str:
    """An end as people and programs are told it: there is no day where there is no warranty."""
    return "" if end == ENDED else end


def months_until(year: int | None, until: str) -> int | None:
    """As how many months from the year's first day one that ends so is told; None if nobody can."""
    if not (year and day_told(until)):
        return None
    end = dt.date.fromisoformat(until)
    months = (end.year - year) * 12 + end.month - (end.day == 1)
    return months if 0 < months <= MAX_MONTHS else None


def _of_text(text: str, unit: int | None) -> Warranty:
    whole = _plain(_BRACKETS.sub(" ", text))
    plain = _TAIL.sub("", _LEAD.sub("", whole))
    if not text:
        return Warranty()
    if _OVER.fullmatch(whole):
        return Warranty(months=0)
    if plain.isascii() and plain.isdecimal():
        return _of_number(int(plain[:9]), unit)
    if day := _day_of(plain):
        return Warranty(until=_checked(day))
    if match := _MONTH.fullmatch(plain):
        return Warranty(until=_checked(_last_day(int(match[2]), int(match[1]))))
    length = _LENGTH.fullmatch(plain)
    if not (length and (length["years"] or length["months"])):
        raise RefusedError("warranty_invalid")
    years = float((length["years"] or "0").replace(",", "."))
    return _months(years * _YEAR + int(length["months"] or 0))


def _of_number(number: float, unit: int | None) -> Warranty:
    if number in _YEARS:
        return Warranty(until=f"{number:.0f}-12-31")
    if number != int(number) or not 0 <= number <= MAX_MONTHS:
        raise RefusedError("warranty_invalid")
    if unit is None and number and number not in _SURE_MONTHS:
        raise RefusedError("warranty_ambiguous")
    return _months(number * (unit or 1))


def _months(months: float) -> Warranty:
    if months != int(months) or not 0 <= months <= MAX_MONTHS:
        raise RefusedError("warranty_invalid")
    return Warranty(months=int(months))


def _day_of(text: str) -> dt.date | None:
    """The day that is written; None for what is none. Raises RefusedError for 31/02/2027."""
    plain = _LEAD.sub("", _plain(text))
    if match := _ISO.fullmatch(plain):
        year, month, day = map(int, match.groups())
    elif match := _DAY.fullmatch(plain):
        day, month, year = map(int, match.groups())
        year += 2000 * (year < 100)  # noqa: PLR2004 - written with two digits
    else:
        return None
    try:
        return dt.date(year, month, day)
    except ValueError as error:
        raise RefusedError("warranty_invalid") from error


def _last_day(year: int, month: int) -> dt.date:
    try:
        return dt.date(year, month, calendar.monthrange(year, month)[1])
    except (ValueError, calendar.IllegalMonthError) as error:
        raise RefusedError("warranty_invalid") from error


def _checked(day: dt.date) -> str:
    if day.year not in _YEARS:
        raise RefusedError("warranty_invalid")
    return day.isoformat()


def _plain(text: str) -> str:
    """Without marks and case, its signs as they are."""
    parted = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    letters = "".join(char for char in parted if not unicodedata.combining(char))
    return " ".join(letters.split()).strip(" .,;:")
