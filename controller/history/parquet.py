"""This file writes rows of JSON as Parquet, where the optional library for it is installed.

The only file that knows the library: arro3, the parts of Apache Arrow that read and write.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from enum import Enum, auto
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Final, NamedTuple, cast

if TYPE_CHECKING:
    from arro3.core import DataType

_BATCH_ROWS: Final = 8192
_GROUP_ROWS: Final = 65_536  # that are held in memory at a time
_COMPRESSION: Final = "zstd(3)"


class ColumnKind(Enum):
    """What a column holds; each value may be missing."""

    TEXT = auto()
    NUMBER = auto()
    YES_NO = auto()
    TEXTS = auto()
    DAY = auto()
    MOMENT = auto()  # milliseconds, UTC


class ParquetColumn(NamedTuple):
    """A column: as the rows call it, and what it holds."""

    name: str
    kind: ColumnKind = ColumnKind.TEXT


def can_write() -> bool:
    """Whether the library is there."""
    return find_spec("arro3") is not None and find_spec("arro3.io") is not None


def write_parquet(packed: Path, columns: Sequence[ParquetColumn], file: BinaryIO) -> None:
    """Write the rows of an NDJSON file that gzip packed, some at a time. Raises OSError."""
    from arro3.core import Field, Schema  # noqa: PLC0415 - an optional library
    from arro3.io import read_json  # noqa: PLC0415 - likewise
    from arro3.io import write_parquet as write  # noqa: PLC0415 - likewise

    schema = Schema([Field(column.name, _type_of(column.kind)) for column in columns])
    with gzip.open(packed) as rows:
        batches = read_json(cast("IO[bytes]", rows), schema, batch_size=_BATCH_ROWS)
        write(batches, file, compression=_COMPRESSION, max_row_group_size=_GROUP_ROWS)


def _type_of(kind: ColumnKind) -> DataType:
    from arro3.core import DataType, Field  # noqa: PLC0415 - an optional library

    match kind:
        case ColumnKind.TEXT:
            return DataType.utf8()
        case ColumnKind.NUMBER:
            return DataType.int64()
        case ColumnKind.YES_NO:
            return DataType.bool()
        case ColumnKind.TEXTS:
            return DataType.list(Field("item", DataType.utf8()))
        case ColumnKind.DAY:
            return DataType.date32()
        case ColumnKind.MOMENT:
            return DataType.timestamp("ms", tz="UTC")
