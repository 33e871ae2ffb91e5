"""This file says which column of a sheet is which, and so which are kept; pure.

All other columns are dropped before anything is written: of a child the school's own book knows
far more than a classroom may.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from controller.sheets.text import Cell, clean, folded, is_empty, readable

# The first alias that a sheet has wins: the ministry's id before the school's own.
ALIASES: Final[dict[str, tuple[str, ...]]] = {
    "class": (
        "ma lop", "ten lop", "lop", "lop hoc", "ma lop hoc", "ten lop hoc",
        "class", "class code", "class name", "homeroom",
    ),
    "id": (
        "ma dinh danh bo gd dt", "ma dinh danh bo gddt", "ma dinh danh bo", "ma dinh danh csdl",
        "ma dinh danh csdl nganh", "ma so dinh danh bo gd dt", "ma moet", "ministry id",
        "ma hoc sinh", "ma hs", "ma so hoc sinh", "ma so hs", "ma dinh danh",
        "ma dinh danh hoc sinh",
        "student id", "student code", "student number", "id",
    ),
    "number": ("stt", "so tt", "so thu tu", "tt", "no", "number", "order"),
    "name": ("ho va ten", "ho ten", "ho va ten hoc sinh", "ho ten hoc sinh", "ten hoc sinh",
             "full name", "student name", "name"),
    "family": ("ho va ten dem", "ho dem", "ho va dem", "ho va chu dem", "ho", "ho lot",
               "last name", "family name"),
    "given": ("ten", "first name", "given name"),
    "status": ("trang thai", "trang thai hoc sinh", "trang thai hoc", "tinh trang hoc",
               "tinh trang hoc sinh", "status", "enrollment status"),
}  # fmt: skip
_HEADS: Final = frozenset(alias for aliases in ALIASES.values() for alias in aliases)


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """Where the columns that are read stand, from 0; None where the sheet has no such column."""

    id: int
    class_: int | None = None
    number: int | None = None
    name: int | None = None
    family: int | None = None
    given: int | None = None
    status: int | None = None

    @property
    def kept(self) -> frozenset[int]:
        """The places of those that are kept: whether a pupil is still there is only looked at."""
        places = {place for place in msgspec.structs.astuple(self) if place is not None}
        return frozenset(places - {self.status})

    @property
    def has_names(self) -> bool:
        """Whether the sheet has a column for names, though they may not be kept."""
        return any(place is not None for place in (self.name, self.family, self.given))

    def has_name(self, row: Sequence[Cell]) -> bool:
        """Whether something stands where the name is told, be it readable or not."""
        return not all(map(is_empty, self._name_cells(row)))

    def name_in(self, row: Sequence[Cell]) -> str:
        """The pupil's whole name, from one column or from two. Raises RefusedError."""
        parts = (clean(readable(cell)) for cell in self._name_cells(row))
        return " ".join(part for part in parts if part)

    def _name_cells(self, row: Sequence[Cell]) -> list[Cell]:
        places = (self.family, self.given) if self.name is None else (self.name,)
        return [row[place] for place in places if place is not None and place < len(row)]


def columns_of(row: Sequence[Cell]) -> Columns | None:
    """The columns, if this row is a sheet's heading: it must name an id."""
    heads = [folded(cell) if isinstance(cell, str) else "" for cell in row]
    places = {
        kind: next((heads.index(alias) for alias in aliases if alias in heads), None)
        for kind, aliases in ALIASES.items()
    }
    twice = [at for at, head in enumerate(heads) if head in ALIASES["name"]]
    if len(twice) > 1 and places["family"] is None and places["given"] is None:
        # One heading that is merged over the family's name and the given name.
        places |= {"name": None, "family": twice[0], "given": twice[1]}
    place = places.pop("id")
    if place is None or not any(at is not None for at in places.values()):
        return None
    return Columns(id=place, class_=places.pop("class"), **places)


def known_heads(row: Sequence[Cell]) -> int:
    """How many cells of the row are headings that are understood."""
    return sum(isinstance(cell, str) and folded(cell) in _HEADS for cell in row)
