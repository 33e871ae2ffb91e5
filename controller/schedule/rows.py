"""This file reads a row's cells one by one and notes each that cannot be used; pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from controller.schedule.findings import Findings, RowReason, SheetFindings, Spot
from controller.schedule.plain import is_blank
from controller.schedule.tables import Row, Table
from controller.sheets.text import Cell, RefusedError, letter_of
from controller.sheets.worksheet import cell_at

Value = TypeVar("Value")
More = ParamSpec("More")


class RowReader:
    """A row of a table. is_refused: whether a cell of it could not be used."""

    def __init__(
        self, table: Table, number: int, row: Row, found: SheetFindings, findings: Findings
    ) -> None:
        self.number = number
        self.row = row
        self._table = table
        self._found = found
        self._findings = findings
        self.is_refused = False

    def cell(self, field: str) -> Cell:
        """The cell of a field; empty where the table or the row has none, or it says nothing."""
        cell = cell_at(self.row, self._table.heading.column(field))
        return "" if is_blank(cell) else cell

    def spot(self, column: int | None = None) -> Spot:
        """The row's place, or a cell's of it."""
        return self._found.spot(self.number, "" if column is None else letter_of(column))

    def read(
        self,
        field: str,
        reader: Callable[Concatenate[Cell, More], Value],
        *more: More.args,
        **options: More.kwargs,
    ) -> Value | None:
        """What the reader makes of a field's cell; None where it refuses it, which is noted."""
        column = self._table.heading.column(field)
        return self.read_cell(self.cell(field), column, reader, *more, **options)

    def read_cell(
        self,
        cell: Cell,
        column: int | None,
        reader: Callable[Concatenate[Cell, More], Value],
        *more: More.args,
        **options: More.kwargs,
    ) -> Value | None:
        """The same of any cell."""
        try:
            return reader(cell, *more, **options)
        except RefusedError as refused:
            self.refuse(str(refused), column, cell)
            return None

    def refuse(self, code: str, column: int | None = None, cell: Cell = "") -> None:
        """Note that the row cannot be used."""
        self.is_refused = True
        self._found.named[self.number] = RowReason.REFUSED
        self._findings.refuse(code, self.spot(column), cell)

    def leave(self, reason: RowReason) -> None:
        """Note that the row is no line."""
        self._found.named.setdefault(self.number, reason)

    def keep(self) -> None:
        """Note that the row is a line."""
        self._found.lines.add(self.number)


def reads(reader: Callable[[Cell], object], cell: Cell) -> bool:
    """Whether a reader can use the cell."""
    try:
        reader(cell)
    except RefusedError:
        return False
    return True
