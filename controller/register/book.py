"""This file holds the lines of an equipment book as they were read, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from controller.register.fields import MESSAGES
from controller.sheets.errors import Notice
from controller.sheets.text import Cell
from protocol.words import Translate


class Fault(msgspec.Struct, frozen=True):
    """A cell that cannot be kept: its field, and why, a code of fields.MESSAGES."""

    field: str
    code: str

    def said(self, say: Translate) -> dict[str, str]:
        """For the report."""
        return {"field": self.field, "code": self.code, "message": say(MESSAGES[self.code])}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One item of the book; empty or None where it says nothing, or nothing that can be kept.

    row: the book's own number (STT) where each line has one of its own, else the sheet's row.
    type: a code of vocabulary.TYPE_WORDS, or the book's own word. name: as the book calls it.
    condition: of Condition.
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
    cost_vnd: int | None = None
    funding: str = ""
    condition: str = ""
    errors: tuple[Fault, ...] = ()

    def said(self, say: Translate) -> dict[str, object]:
        """For the report."""
        fields = msgspec.structs.asdict(self)
        return {**fields, "errors": [error.said(say) for error in self.errors]}


@dataclass(frozen=True, slots=True)
class Refused:
    """A row in error as it stood in the file, to be given back. head: the file's heading."""

    head: tuple[str, ...]
    cells: tuple[Cell, ...]
    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What a file holds. title_rows_skipped: rows above the heading.

    fields: those of a line that it has a column for; None where that is not known.
    """

    lines: tuple[Line, ...] = ()
    fields: frozenset[str] | None = None
    title_rows_skipped: int = 0
    total_row_skipped: bool = False
    warnings: tuple[Notice, ...] = ()
    refused: tuple[Refused, ...] = field(default=(), repr=False)
