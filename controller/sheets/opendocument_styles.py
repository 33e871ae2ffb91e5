"""This file learns from an OpenDocument file's styles which numbers they show as other text; pure.

Source: OASIS OpenDocument 1.3 part 3, 16.29 (data styles).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from controller.sheets.formats import NumberFormat, number_format
from controller.sheets.xml import count_in

_NUMBERS: Final = "number-style"  # of money and percents the number says as much
_OLDEST: Final = 8  # styles that one is made from, one behind the other
_DIGITS: Final = 30


class CellStyles:
    """What number each style of cells shows as another text."""

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}
        self._data: dict[str, str] = {}  # a cell's style -> its style of data
        self._parents: dict[str, str] = {}
        self._code = self._own = ""
        self._in_text = False

    def start(self, tag: str, told: Mapping[str, str]) -> None:
        """A style or a part of one begins."""
        match tag:
            case "style" if told.get("family") == "table-cell":
                self._parents[told.get("name", "")] = told.get("parent-style-name", "")
                if "data-style-name" in told:
                    self._data[told.get("name", "")] = told["data-style-name"]
            case _ if tag == _NUMBERS:
                self._own, self._code = told.get("name", ""), ""
            case "number" if self._own:
                self._code += _digits_of(told)
            case "map" if self._own and told.get("condition", "").startswith("value()>=0"):
                self._codes[self._own] = self._codes.get(told.get("apply-style-name", ""), "")
                self._own = ""
            case "text":
                self._in_text = bool(self._own)
            case _:
                pass

    def write(self, text: str) -> None:
        """Words of a format."""
        if self._in_text:
            self._code += '"' + text.replace('"', "") + '"'

    def end(self, tag: str) -> None:
        """A style or a part of one ends."""
        if tag == "text":
            self._in_text = False
        elif tag == _NUMBERS and self._own:
            self._codes[self._own] = self._code
            self._own = ""

    def format_of(self, style: str) -> NumberFormat | None:
        """The format of a cell's style, or of the one that it is made from."""
        for _ in range(_OLDEST):
            if style in self._data:
                return number_format(self._codes.get(self._data[style], ""))
            style = self._parents.get(style, "")
        return None


def _digits_of(told: Mapping[str, str]) -> str:
    """The digits of a number as a format code writes them: 000, #,##0.00."""
    digits = "0" * min(count_in(told.get("min-integer-digits"), 0), _DIGITS)
    whole = f"#,##{digits}" if told.get("grouping") == "true" else digits or "#"
    decimals = told.get("min-decimal-places", told.get("decimal-places"))
    places = min(count_in(decimals, 0), _DIGITS)
    return whole + ("." + "0" * places if places else "")
