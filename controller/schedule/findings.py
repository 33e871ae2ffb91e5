"""This file holds what reading a schedule finds: lines, rows that are none, what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from controller.roster.plan import Schedule
from controller.schedule.faults import MESSAGES
from controller.schedule.headings import Part, Shape
from controller.schedule.plain import shown
from controller.schedule.weekdays import Session
from controller.sheets.errors import Notice
from controller.sheets.names import class_key
from controller.sheets.text import Cell
from protocol.plan import Bell
from protocol.words import N_


class RowReason(StrEnum):
    """Why a row is no line."""

    TITLE = "title"
    HEADING = "heading"
    GROUP = "group"  # says the day or the half of it for the rows below
    FREE = "free"  # a period without a lesson
    BREAK = "break"  # a time that is no period
    NOTE = "note"
    BLANK = "blank"
    REFUSED = "refused"


REASONS: Final[Mapping[RowReason, str]] = {
    RowReason.TITLE: N_("titles"),
    RowReason.HEADING: N_("headings"),
    RowReason.GROUP: N_("day or half of the day"),
    RowReason.FREE: N_("without a lesson"),
    RowReason.BREAK: N_("breaks"),
    RowReason.NOTE: N_("notes and signatures"),
    RowReason.BLANK: N_("empty rows"),
    RowReason.REFUSED: N_("refused rows"),
}


class Spot(NamedTuple):
    """Where something stands, as a person counts rows and names columns."""

    file: str
    sheet: str
    row: int
    column: str = ""

    @property
    def label(self) -> str:
        """The row, and the sheet where it has a name."""
        return f"{self.row} ({self.sheet})" if self.sheet else str(self.row)


class Known(NamedTuple):
    """What a school has already, against which its timetable is read.

    codes: its classes by key. homes: the rooms where they learn, by key. rooms: keys of rooms.
    """

    codes: Mapping[str, str] = {}
    homes: Mapping[str, str] = {}
    rooms: frozenset[str] = frozenset()
    bells: tuple[Bell, ...] = ()


class RawBell(NamedTuple):
    """A bell as a row tells it: its periods may be counted anew in the afternoon."""

    spot: Spot
    numbers: tuple[int, ...]
    session: Session | None
    begins: str
    ends: str
    weekdays: tuple[int, ...]


class RawBooking(NamedTuple):
    """A lesson as a cell or a row tells it. room: empty where none is told."""

    spot: Spot
    weekday: int
    numbers: tuple[int, ...]
    session: Session | None
    classes: tuple[str, ...]
    room: str = ""
    subject: str = ""
    teacher: str = ""
    weeks: str = "every"


class Days(NamedTuple):
    """A term or holidays, as a row tells them."""

    spot: Spot
    name: str
    begins: str
    ends: str


class Mark(NamedTuple):
    """How a status is written, or after how many minutes a lesson ends; as a row tells it."""

    spot: Spot
    status: str
    letter: str


Raw = RawBell | RawBooking | Days | Mark


@dataclass(slots=True, kw_only=True)
class SheetFindings:
    """What became of a sheet's rows. lines: rows that tell something; named: those that do not."""

    file: str
    name: str = ""
    part: Part | None = None
    shape: Shape | None = None
    is_hidden: bool = False
    headings: list[int] = field(default_factory=list)
    rows: int = 0
    lines: set[int] = field(default_factory=set)
    named: dict[int, RowReason] = field(default_factory=dict)

    def counts(self) -> dict[RowReason, int]:
        """How many rows there are of each kind that is no line."""
        found = Counter(self.named.values())
        return {reason: found[reason] for reason in RowReason if found[reason]}

    def spot(self, row: int, column: str = "") -> Spot:
        """A place in the sheet."""
        return Spot(self.file, self.name, row, column)


@dataclass(slots=True)
class Findings:
    """All that reading finds. refused: what must be put right before anything is kept."""

    raw: dict[Part, list[Raw]] = field(default_factory=dict)
    sheets: list[SheetFindings] = field(default_factory=list)
    refused: list[Notice] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def refuse(self, code: str, spot: Spot, cell: Cell = "") -> None:
        """Say why something cannot be used."""
        self.refused.append(notice_at(spot, code, MESSAGES[code], shown(cell)))

    def tell(self, code: str, spot: Spot, message: str, value: str = "") -> None:
        """Say what a person should know."""
        self.notices.append(notice_at(spot, code, message, value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A schedule as files tell it, and what was found on the way.

    schedule: to be kept only where nothing was refused.
    """

    schedule: Schedule
    sheets: Sequence[SheetFindings] = ()
    refused: Sequence[Notice] = ()
    notices: Sequence[Notice] = ()


def notice_at(spot: Spot, code: str, message: str, value: str = "") -> Notice:
    """A notice of a place."""
    return Notice(
        file=spot.file,
        sheet=spot.sheet,
        row=spot.row,
        column=spot.column,
        code=code,
        message=message,
        value=value,
    )


def known_of(
    classes: Iterable[tuple[str, str]], rooms: Iterable[str], bells: Iterable[Bell]
) -> Known:
    """What a school has. classes: each with the room where it learns, empty if not known."""
    pairs = [(class_key(code), code, room) for code, room in classes]
    return Known(
        codes={key: code for key, code, _ in pairs},
        homes={key: room for key, _, room in pairs if room},
        rooms=frozenset(rooms),
        bells=tuple(bells),
    )
