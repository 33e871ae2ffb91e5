"""This file says how a record lies in a table, by the names of its fields and columns.

A code (StrEnum) is its value; a struct, tuple or mapping with a column of its own is JSON there; a
struct without one, such as a place, lies in the columns of its own fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from types import UnionType
from typing import Any, Final, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from sqlalchemy import Table

from controller.database import required
from protocol.shapes import json_decoder

Row = tuple[object, ...]  # in the order of the table's columns, a log's own number left out
Record = TypeVar("Record")

_PLAIN: Final = (str, int, float, bool, bytes)
_to_json: Final = msgspec.json.Encoder().encode


def written_columns(table: Table) -> list[str]:
    """The names of the table's columns that a row fills: all but the number it is given."""
    return [column.name for column in table.columns if column is not table.autoincrement_column]


class Shape(Generic[Record]):
    """How records of one kind, structs or named tuples, are written as rows and read back.

    derived: what columns hold that no field does, by the column's name. A column that no field and
    nothing derived fills is not written; a field without a column keeps its default when read.
    """

    def __init__(
        self,
        kind: type[Record],
        table: Table,
        derived: Mapping[str, Callable[[Record], object]] | None = None,
    ) -> None:
        self.kind: Final = kind
        self.table: Final = table
        hints = get_type_hints(kind)
        parts = {name: hint for name, hint in hints.items() if _is_spread(name, hint, table)}
        writing: dict[str, str] = {}
        reading: list[str] = []
        codecs: dict[str, Any] = {"kind": kind, "json_text": _json_text}
        for field, part in parts.items():
            own = {name: hint for name, hint in get_type_hints(part).items() if name not in hints}
            writing |= _writing(f"record.{field}", own, table)
            reading.append(f"{field}=part_{field}({_reading(own, table, codecs)})")
            codecs[f"part_{field}"] = part
        writing |= _writing("record", hints, table)
        for name, derive in (derived or {}).items():
            writing[name] = f"derive_{name}(record)"
            codecs[f"derive_{name}"] = derive
        reading.append(_reading(hints, table, codecs))
        self.columns: Final = [name for name in written_columns(table) if name in writing]
        row = "".join(f"{writing[name]}, " for name in self.columns)
        # Written out, a row costs a fifth of one that is gathered field by field.
        self.row: Final[Callable[[Record], Row]] = eval(f"lambda record: ({row})", codecs)  # noqa: S307 - names of our own fields alone
        self._read: Final[Callable[..., Record]] = eval(  # noqa: S307
            f"lambda row, others: kind({', '.join(reading)}, **others)", codecs
        )
        self._decoders = [
            decoder
            for part in (kind, *parts.values())
            for decoder in _decoders(get_type_hints(part), table)
        ]
        required.require(table, self._decode)

    def values(self, record: Record) -> dict[str, object]:
        """The record by the names of the columns."""
        return dict(zip(self.columns, self.row(record), strict=True))

    def record(self, row: Mapping[str, Any], **extra: Any) -> Record:
        """The record that a row holds. extra: fields that no column holds."""
        return self._read(row, extra)

    def _decode(self, row: required.Row) -> None:
        for name, decode, optional in self._decoders:
            if row[name] or not optional:
                decode(row[name])

    def records(self, rows: Iterable[Mapping[str, Any]]) -> list[Record]:
        """The records that rows hold."""
        return [self.record(row) for row in rows]


def _decoders(hints: Mapping[str, Any], table: Table) -> Iterator[tuple[str, Any, bool]]:
    """The columns that are more than they hold: how each is read, and whether it may be empty."""
    for name, hint in hints.items():
        kind, optional = _parted(hint)
        if name in table.c and not _is_plain(kind):
            yield name, _decoder(kind), optional


def _decoder(kind: Any) -> Any:
    return kind if _is_code(kind) else json_decoder(kind).decode


def _is_spread(name: str, hint: Any, table: Table) -> bool:
    """Whether a field is a struct that lies in the columns of its own fields."""
    if name in table.c or not (isinstance(hint, type) and issubclass(hint, msgspec.Struct)):
        return False
    return any(own in table.c for own in hint.__struct_fields__)


def _writing(owner: str, hints: Mapping[str, Any], table: Table) -> dict[str, str]:
    """What gives the columns' values of the owner's fields, as Python is written."""
    return {
        name: _column_value(f"{owner}.{name}", hint, nullable=bool(table.c[name].nullable))
        for name, hint in hints.items()
        if name in table.c
    }


def _column_value(field: str, hint: Any, *, nullable: bool) -> str:
    """A field that is not there is null, or nothing where null may not stand."""
    kind, optional = _parted(hint)
    if _is_plain(kind):
        return field
    # Every message has some codes, and `value` is a property that costs ten times as much.
    value = f"{field}._value_" if _is_code(kind) else f"json_text({field})"
    return f"({None if nullable else ''!r} if {field} is None else {value})" if optional else value


def _reading(hints: Mapping[str, Any], table: Table, codecs: dict[str, Any]) -> str:
    """What gives the fields' values of a row, as Python is written."""
    return ", ".join(
        f"{name}={_field_value(name, hint, codecs, nullable=bool(table.c[name].nullable))}"
        for name, hint in hints.items()
        if name in table.c
    )


def _field_value(name: str, hint: Any, codecs: dict[str, Any], *, nullable: bool) -> str:
    """A null is nothing where a text must stand."""
    kind, optional = _parted(hint)
    if _is_plain(kind):
        return f"row[{name!r}]" + (" or ''" if nullable and hint is str else "")
    codecs[f"decode_{name}"] = _decoder(kind)
    value = f"decode_{name}(row[{name!r}])"
    return f"({value} if row[{name!r}] else None)" if optional else value


def _parted(hint: Any) -> tuple[Any, bool]:
    """The type without None, and whether it may be None."""
    if get_origin(hint) not in {Union, UnionType}:
        return hint, False
    rest = [part for part in get_args(hint) if part is not type(None)]
    return (rest[0] if len(rest) == 1 else Union[tuple(rest)]), len(rest) < len(get_args(hint))  # noqa: UP007


def _is_code(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Enum)


def _is_plain(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, _PLAIN) and not _is_code(hint)


def _json_text(value: object) -> str:
    return _to_json(value).decode()
