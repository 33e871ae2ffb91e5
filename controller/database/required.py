"""This file holds what readers require of a table's rows, so that a repair takes no others.

Whoever reads a table says here how: a row that this raises for would end its reader.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final, Protocol

from msgspec import DecodeError
from sqlalchemy import Table


class Row(Protocol):
    """A row by the names of its columns."""

    def __getitem__(self, name: str, /) -> Any:
        """The value in the column of this name."""


_READERS: Final = defaultdict[str, list[Callable[[Row], object]]](list)


def require(table: Table, read: Callable[[Row], object]) -> None:
    """Rows of the table are read so. read: raises ValueError or DecodeError for what it refuses."""
    _READERS[table.name].append(read)


def is_readable(table: str, row: Row) -> bool:
    """Whether every reader of the table takes the row."""
    try:
        for read in _READERS[table]:
            read(row)
    except (ValueError, DecodeError):
        return False
    return True
