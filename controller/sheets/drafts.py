"""This file holds a sheet while a reader of ours fills it, within bounds; pure.

Places count from 0. Merged ranges are told as the parser of workbooks tells them.
"""

from __future__ import annotations

from typing import Final

from controller.sheets.bounds import MAX_CELL, MAX_COLUMNS, MAX_ROWS, MAX_SHEETS, TOO_BIG
from controller.sheets.text import Cell

_MAX_CELLS: Final = 3_000_000  # of all sheets, the empty ones before a filled one counted

Range = tuple[tuple[int, int], tuple[int, int]]


class SheetDraft:
    """A sheet's name, its rows so far, and its merged ranges by their first and last cell."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[list[Cell]] = []
        self.ranges: list[Range] = []
        self.is_hidden = False
        self._cells = 0

    def put(self, row: int, column: int, cell: Cell) -> None:
        """Write a cell; an empty one needs no place. Raises SheetError."""
        if cell == "":
            return
        is_long = isinstance(cell, str) and len(cell) > MAX_CELL
        if row >= MAX_ROWS or column >= MAX_COLUMNS or is_long:
            raise TOO_BIG
        self.rows += [[] for _ in range(row + 1 - len(self.rows))]
        cells = self.rows[row]
        missing = max(0, column + 1 - len(cells))
        self._cells += missing
        if self._cells > _MAX_CELLS:
            raise TOO_BIG
        cells += [""] * missing
        cells[column] = cell

    def merge(self, row: int, column: int, height: int, width: int) -> None:
        """Note that the cell speaks for so many rows and columns, as far as a sheet may reach."""
        if height > 1 or width > 1:
            last = min(row + height, MAX_ROWS) - 1, min(column + width, MAX_COLUMNS) - 1
            self.ranges.append(((row, column), last))


class BookDraft:
    """The sheets of a workbook so far, in their order."""

    def __init__(self) -> None:
        self.sheets: list[SheetDraft] = []

    def add(self, name: str) -> SheetDraft:
        """A new sheet behind the others. Raises SheetError."""
        if len(self.sheets) >= MAX_SHEETS:
            raise TOO_BIG
        self.sheets.append(SheetDraft(name))
        return self.sheets[-1]
