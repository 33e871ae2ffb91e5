"""This file says what is wrong with a file as a whole, and what a person should know about it."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.errors import LopHocError
from protocol.formats import phrase
from protocol.words import Translate


class SheetError(LopHocError):
    """A file as a whole cannot be used; `code` says why, `hint` what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something a person should know about the file, which stops nothing.

    sheet, row, column: where, as a person counts and names them; row 0: no single one.
    """

    file: str
    code: str
    message: str
    value: str = ""
    sheet: str = ""
    row: int = 0
    column: str = ""

    def said(self, say: Translate) -> dict[str, str]:
        """For the report; the place, as far as there is one."""
        text = phrase(self.message, say, value=self.value)
        place = {"sheet": self.sheet, "row": str(self.row or ""), "column": self.column}
        known = {name: value for name, value in place.items() if value}
        return {"file": self.file, "code": self.code, "message": text, **known}
