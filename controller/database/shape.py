"""This file says how a struct lies in a table, by the names of its fields and columns.

A code (StrEnum) is its value, a struct, tuple or mapping is JSON, a place is its codes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from operator import attrgetter
from types import UnionType
from typing import Any, Final, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from sqlalchemy import Table

from protocol.model import Place

Row = tuple[object, ...]  # in the order of the table's columns, a log's own number left out
Record = TypeVar("Record", bound=msgspec.Struct)

_PLAIN: Final = (str, int, float, bool, bytes)
_to_json: Final = msgspec.json.Encoder().encode


class Shape(Generic[Record]):
    """How records of one kind are written as rows of a table and read back.

    derived: what columns hold that no field does, by the column's name. A column that no field and
    nothing derived fills is not written; a field without a column keeps its default when read.
    """

    def __init__(
        self,
        kind: type[Record],
        table: Table,
        derived: Mapping[str, Callable[[Record], object]] | None = None,
    ) -> None:
        self._kind = kind
        self._derived = dict(derived or {})
        fields = {name: hint for name, hint in get_type_hints(kind).items() if name in table.c}
        self._placed = "place" in kind.__struct_fields__
        places = [name for name in Place.__struct_fields__ if self._placed and name in table.c]
        self.columns: Final = [
            column.name
            for column in table.columns
            if column.name != "no" and column.name in {*fields, *places, *self._derived}
        ]
        paths = [f"place.{name}" if name in places else name for name in self.columns]
        own = [name for name in self.columns if name not in self._derived]
        self._get = attrgetter(*(path for path in paths if path not in self._derived))
        self._encoders = [
            (number, encode)
            for number, name in enumerate(own)
            if name in fields and (encode := _encoder(fields[name], none=_none(table, name)))
        ]
        self._decoders = {
            name: decode for name, hint in fields.items() if (decode := _decoder(hint))
        }
        self._fields = tuple(fields)
        self._places = places
        self._own = own

    def row(self, record: Record) -> Row:
        """The record in the order of the columns."""
        values = list(self._get(record))
        for number, encode in self._encoders:
            values[number] = encode(values[number])
        if not self._derived:
            return tuple(values)
        by_name = dict(zip(self._own, values, strict=True))
        by_name |= {name: derive(record) for name, derive in self._derived.items()}
        return tuple(by_name[name] for name in self.columns)

    def values(self, record: Record) -> dict[str, object]:
        """The record by the names of the columns."""
        return dict(zip(self.columns, self.row(record), strict=True))

    def fields(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What a row holds, by the names of the fields."""
        decoders = self._decoders
        return {
            name: decoders[name](row[name]) if name in decoders else row[name]
            for name in self._fields
            if name in row
        }

    def record(self, row: Mapping[str, Any], **others: Any) -> Record:
        """The record that a row holds. others: fields that no column holds."""
        told = self.fields(row) | others
        if self._placed:
            told["place"] = Place(*(row[name] for name in self._places))
        return self._kind(**told)

    def records(self, rows: Iterable[Mapping[str, Any]]) -> list[Record]:
        """The records that rows hold."""
        return [self.record(row) for row in rows]


def _none(table: Table, name: str) -> str | None:
    """How a field that is not there is kept: as null, or as nothing where null may not stand."""
    return None if table.c[name].nullable else ""


def _parted(hint: Any) -> tuple[Any, bool]:
    """The type without None, and whether it may be None."""
    if get_origin(hint) not in {Union, UnionType}:
        return hint, False
    rest = [each for each in get_args(hint) if each is not type(None)]
    return (rest[0] if len(rest) == 1 else Union[tuple(rest)]), len(rest) < len(get_args(hint))  # noqa: UP007


def _is_plain(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, _PLAIN) and not issubclass(hint, Enum)


def _encoder(hint: Any, *, none: str | None) -> Callable[[Any], object] | None:
    """What makes a column's value of a field's; None where they are the same."""
    kind, optional = _parted(hint)
    if _is_plain(kind):
        return None
    if isinstance(kind, type) and issubclass(kind, Enum):
        encode: Callable[[Any], object] = attrgetter("value")
    else:

        def encode(value: Any) -> object:
            return _to_json(value).decode()

    if not optional:
        return encode
    return lambda value: none if value is None else encode(value)


def _decoder(hint: Any) -> Callable[[Any], Any] | None:
    """What makes a field's value of a column's; None where they are the same."""
    kind, optional = _parted(hint)
    if _is_plain(kind):
        return None
    if isinstance(kind, type) and issubclass(kind, Enum):
        decode: Callable[[Any], Any] = kind
    else:
        decode = msgspec.json.Decoder(kind).decode
    if not optional:
        return decode
    return lambda value: decode(value) if value else None
