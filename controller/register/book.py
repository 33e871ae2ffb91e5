"""This file holds the lines of an equipment book as they were read, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from controller.register.fields import MESSAGES
from controller.register.headings import FIELD_WORDS
from controller.sheets.errors import Notice
from controller.sheets.text import Cell
from protocol.words import N_, Translate


class Fault(msgspec.Struct, frozen=True):
    """A cell that cannot be kept: its field, and why, a code of fields.MESSAGES."""

    field: str
    code: str

    def said(self, say: Translate) -> dict[str, str]:
        """For the report."""
        return {"field": self.field, "code": self.code, "message": self._why(say)}

    def words(self, say: Translate) -> str:
        """For a person."""
        return f"{say(FIELD_WORDS.get(self.field, self.field))}: {self._why(say)}"

    def _why(self, say: Translate) -> str:
        """A line may have been kept by a later version, which knows more codes."""
        return say(MESSAGES.get(self.code, N_("This cannot be kept as it stands.")))


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One item of the book; empty or None where it says nothing, or nothing that can be kept.

    row: the book's own number (STT) where each line has one of its own, else the sheet's row.
    type: a code of vocabulary.TYPE_WORDS, or the book's own word. name: as the book calls it.
    quantity: how many things the line is; None where the book says nothing, which counts as one.
    unit_cost_vnd: of one of them; cost_vnd: of all of them together. condition: of Condition.
    warranty_months: 0 for none, or none any more; warranty_until: the day on which it ends (ISO).
    """

    row: int
    asset_tag: str = ""
    type: str = ""
    name: str = ""
    maker: str = ""
    model: str = ""
    serial: str = ""
    room: str = ""
    year: int | None = None
    quantity: int | None = None
    unit_cost_vnd: int | None = None
    cost_vnd: int | None = None
    funding: str = ""
    condition: str = ""
    warranty_months: int | None = None
    warranty_until: str = ""
    errors: tuple[Fault, ...] = ()

    @property
    def count(self) -> int:
        """How many things the line counts for."""
        return 1 if self.quantity is None else self.quantity

    def said(self, say: Translate) -> dict[str, object]:
        """For the report."""
        fields = msgspec.structs.asdict(self)
        return {**fields, "errors": [error.said(say) for error in self.errors]}


class RowReason(StrEnum):
    """Why a row of a sheet is no line."""

    TITLE = "title"  # above the table
    HEADING = "heading"  # also one that is repeated, or that numbers the columns
    GROUP = "group"
    TOTAL = "total"
    CARRIED = "carried"  # from page to page
    FOOTER = "footer"  # signatures, dates, notes
    BLANK = "blank"
    UNREADABLE = "unreadable"  # each of its cells was refused: it is given back with the others
    STRAY = "stray"  # in our own workbook: what is not in the book
    THING = "thing"  # in our own file for Snipe-IT: one more of a line of several


class LeftOut(StrEnum):
    """Why a sheet is not read."""

    NO_HEADING = "no_heading"
    SUMMARY = "summary"
    NOT_CHOSEN = "not_chosen"


class NamedRow(msgspec.Struct, frozen=True):
    """A row that is no line; row: as a person counts. text: its first words."""

    sheet: str
    row: int
    reason: RowReason
    text: str = ""


class SheetReading(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of a sheet: rows = lines + the named rows of this sheet, if it is read.

    heading_row: as a person counts; 0: none. columns: the heading of each field.
    """

    name: str
    rows: int
    lines: int = 0
    heading_row: int = 0
    columns: Mapping[str, str] = {}
    left_out: LeftOut | None = None


class DoubtKind(StrEnum):
    """What a person is asked about."""

    UNIT = "unit"  # of money: none is kept until it is answered
    QUANTITY = "quantity"  # lines of several: so many things, or one set each
    PRICE = "price"  # of one thing of a line or of all: it is taken as its heading is read
    ROOM = "room"  # cells that may hold more than a room: none is kept until it is answered
    SUMMARY = "summary"  # a sheet that seems to sum up the others is left out
    BESIDE = "beside"  # a second table beside the first is left out
    COLUMN = "column"  # a heading that nobody has explained


class Doubt(msgspec.Struct, frozen=True):
    """What is not understood, and where; value: as the file writes it."""

    kind: DoubtKind
    sheet: str
    row: int
    value: str


class SeveralLines(NamedTuple):
    """The lines whose quantity is other than one, and how many things they are together."""

    lines: int = 0
    things: int = 0


NONE_OF_SEVERAL: Final = SeveralLines()


class Source(msgspec.Struct, frozen=True):
    """Where a line stood, and the fields whose cells were read, be they blank.

    row: as a person counts. fields: of headings.FIELDS; without those that the sheet has no column
    for, and those that were refused.
    """

    sheet: str
    row: int
    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class Refused:
    """A row in error as it stood in the file, to be given back. head: the file's heading."""

    head: tuple[str, ...]
    cells: tuple[Cell, ...]
    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What a file holds. title_rows_skipped: rows above the heading.

    fields: those of a line that it has a column for; None where that is not known. sources: of
    each line. named: the rows that are no lines. several: as the book writes them, whatever was
    chosen.
    """

    lines: tuple[Line, ...] = ()
    sources: tuple[Source, ...] = ()
    sheets: tuple[SheetReading, ...] = ()
    named: tuple[NamedRow, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    several: SeveralLines = NONE_OF_SEVERAL
    fields: frozenset[str] | None = None
    title_rows_skipped: int = 0
    total_row_skipped: bool = False
    warnings: tuple[Notice, ...] = ()
    refused: tuple[Refused, ...] = field(default=(), repr=False)

    @property
    def told(self) -> tuple[frozenset[str], ...]:
        """The fields that were read of each line."""
        return tuple(source.fields for source in self.sources)
