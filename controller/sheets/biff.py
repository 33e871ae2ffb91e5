"""This file amends an .xls sheet by what its records tell and the parser does not.

That is errors, formulas without a result, and numbers that their format shows as other text. Only
BIFF8 is looked at, which Excel writes since 1997; of an older one the parser's word is all.
Source: Microsoft, [MS-XLS], 2.4 (records).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from controller.sheets.compound import stream_of
from controller.sheets.formats import NumberFormat, number_format
from controller.sheets.text import Cause, Cell, Unreadable

_BIFF8: Final = 0x0600
_BOF, _EOF = 0x0809, 0x000A
_SHEET, _FORMAT, _XF = 0x0085, 0x041E, 0x00E0
_NUMBER, _RK, _MANY_RK, _BOOL_OR_ERROR, _FORMULA = 0x0203, 0x027E, 0x00BD, 0x0205, 0x0006
_NO_NUMBER: Final = 0xFFFF  # how a formula's result ends that is none
_EMPTY_RESULT: Final = 3
_ERROR_RESULT: Final = 2
_FIXED: Final = 2  # of the formats that are not written down, the one that shows 1.1 as 1.10
_ERRORS: Final[Mapping[int, str]] = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}

Table = list[list[Cell]]


class _Amendment(NamedTuple):
    row: int
    column: int
    cell: Cell


class Biff:
    """The records of one .xls that are looked at."""

    def __init__(self, path: Path) -> None:
        self._stream = stream_of(path.read_bytes(), "Workbook")
        self._sheets: dict[str, int] = {}
        self._formats: dict[int, NumberFormat] = {}
        if self._is_known(0):
            self._read_globals()
        cells = [cell for at in self._sheets.values() for cell in self._formulas(at)]
        # Programs that do not calculate leave every result empty; a sheet's own are seldom all so.
        self._is_uncalculated = bool(cells) and all(cells)

    def amend(self, name: str, rows: Table) -> None:
        """Put into the rows of the sheet by that name what they lack."""
        if name not in self._sheets:
            return
        for row, column, cell in self._amendments(self._sheets[name]):
            rows += [[] for _ in range(row + 1 - len(rows))]
            cells = rows[row]
            cells += [""] * (column + 1 - len(cells))
            cells[column] = cell

    def _is_known(self, at: int) -> bool:
        """Whether a substream of BIFF8 begins here."""
        head = self._stream[at : at + 6]
        return len(head) == 6 and struct.unpack("<HHH", head)[::2] == (_BOF, _BIFF8)  # noqa: PLR2004 - what is unpacked

    def _records(self, at: int) -> Iterator[tuple[int, bytes]]:
        """The records of the substream that begins here, those within charts left out."""
        depth = 0
        while at + 4 <= len(self._stream):
            kind, size = struct.unpack_from("<HH", self._stream, at)
            depth += (kind == _BOF) - (kind == _EOF)
            if depth <= 0:
                return
            if depth == 1:
                yield kind, self._stream[at + 4 : at + 4 + size]
            at += 4 + size

    def _read_globals(self) -> None:
        codes = {_FIXED: "0.00"}
        styles: list[int] = []
        for kind, data in self._records(0):
            match kind:
                case int() if kind == _SHEET:
                    self._sheets[_short_text(data[6:])] = struct.unpack_from("<I", data)[0]
                case int() if kind == _FORMAT:
                    codes[struct.unpack_from("<H", data)[0]] = _long_text(data[2:])
                case int() if kind == _XF:
                    styles.append(struct.unpack_from("<H", data, 2)[0])
                case _:
                    pass
        forms = ((style, number_format(codes.get(no, ""))) for style, no in enumerate(styles))
        self._formats = {style: form for style, form in forms if form is not None}

    def _formulas(self, at: int) -> Iterator[bool]:
        """Of each formula of a sheet, whether its result is empty."""
        for kind, data in self._records(at) if self._is_known(at) else ():
            if kind == _FORMULA:
                yield _result_of(data) == _EMPTY_RESULT

    def _amendments(self, at: int) -> Iterator[_Amendment]:
        for kind, data in self._records(at) if self._is_known(at) else ():
            reader = _READERS.get(kind)
            if reader is not None:
                for row, column, style, value in reader(data):
                    cell = self._cell(style, value)
                    if cell is not None:
                        yield _Amendment(row, column, cell)

    def _cell(self, style: int, value: float | Unreadable) -> Cell | None:
        """The cell, where the parser's own is not what it is."""
        if isinstance(value, Unreadable):
            is_result = value.cause is Cause.FORMULA
            return value if self._is_uncalculated or not is_result else None
        form = self._formats.get(style)
        return form.text_of(repr(value)) if form else None


_Cells = Iterator[tuple[int, int, int, float | Unreadable]]


def _of_number(data: bytes) -> _Cells:
    yield struct.unpack_from("<3Hd", data)


def _of_rk(data: bytes) -> _Cells:
    row, column, style, number = struct.unpack_from("<3HI", data)
    yield row, column, style, _rk(number)


def _of_many_rk(data: bytes) -> _Cells:
    row, first = struct.unpack_from("<2H", data)
    numbers = struct.iter_unpack("<HI", data[4 : 4 + (len(data) - 6) // 6 * 6])
    for column, (style, number) in enumerate(numbers, first):
        yield row, column, style, _rk(number)


def _of_bool_or_error(data: bytes) -> _Cells:
    row, column, style, value, is_error = struct.unpack_from("<3H2B", data)
    if is_error:
        yield row, column, style, Unreadable(Cause.ERROR, _ERRORS.get(value, "#N/A"))


def _of_formula(data: bytes) -> _Cells:
    row, column, style, number = struct.unpack_from("<3Hd", data)
    match _result_of(data):
        case None:
            yield row, column, style, number
        case int() as kind if kind == _ERROR_RESULT:
            yield row, column, style, Unreadable(Cause.ERROR, _ERRORS.get(data[8], "#N/A"))
        case int() as kind if kind == _EMPTY_RESULT:
            yield row, column, style, Unreadable(Cause.FORMULA)
        case _:
            pass


def _result_of(data: bytes) -> int | None:
    """What kind of result a formula has; None where it is a number."""
    kind, end = struct.unpack_from("<B5xH", data, 6)
    return int(kind) if end == _NO_NUMBER else None


def _rk(number: int) -> float:
    """A number in four bytes: of a whole or of a float the first bits, perhaps a hundredfold."""
    if number & 2:
        value = float(struct.unpack("<i", struct.pack("<I", number))[0] >> 2)
    else:
        value = float(struct.unpack("<d", struct.pack("<Q", (number & ~3) << 32))[0])
    return value / 100 if number & 1 else value


def _short_text(data: bytes) -> str:
    return _text(data[1:], data[0])


def _long_text(data: bytes) -> str:
    return _text(data[2:], struct.unpack_from("<H", data)[0])


def _text(data: bytes, length: int) -> str:
    """Text of so many letters, of one or two bytes each."""
    is_wide = bool(data[0] & 1)
    return data[1 : 1 + length * (1 + is_wide)].decode("utf-16-le" if is_wide else "latin-1")


_READERS: Final[Mapping[int, Callable[[bytes], _Cells]]] = {
    _NUMBER: _of_number,
    _RK: _of_rk,
    _MANY_RK: _of_many_rk,
    _BOOL_OR_ERROR: _of_bool_or_error,
    _FORMULA: _of_formula,
}
