"""This file says how much of a sheet there may be, and how a file that has more is refused."""

from __future__ import annotations

from typing import Final

from controller.sheets.errors import SheetError
from protocol.words import N_

MAX_LINES: Final = 50_000
MAX_ROWS: Final = MAX_LINES + 1000  # with the titles, headings and totals about them
MAX_COLUMNS: Final = 256
MAX_CELL: Final = 4096
MAX_SHEETS: Final = 200

TOO_BIG: Final = SheetError(
    "too_big", N_("The file is too big for a school."), N_("Give what one school has, and no more.")
)
DAMAGED: Final = SheetError(
    "damaged", N_("The file cannot be read: it is damaged or of another kind.")
)
