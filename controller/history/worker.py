"""This file is the process that writes a day's files, so that pages and ingest stay quick.

Rows are what the feed tells others of items, each once, and the figures that are kept of the day.
"""

from __future__ import annotations

import gzip
import logging
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from controller.database.store import Store, StoreError
from controller.history import store as kept
from controller.history.dated import FOLDER, DatedFile, FileContent, FileForm, forget_old
from controller.history.day import Counts, figure_rows
from controller.history.parquet import ColumnKind, ParquetColumn, can_write, write_parquet
from controller.inventory.apart import Order as PullOrder
from controller.inventory.apart import pulled
from controller.inventory.feed import ITEM_COLUMNS
from protocol.folder import OWNER_ONLY, whole_file
from protocol.shapes import from_msgpack

_LOGGER = logging.getLogger(__name__)
_NICE: Final = 19  # whoever waits for a page or an answer comes first
_PACKED: Final = 6
_to_json: Final = msgspec.json.Encoder().encode
EXIT_FAILED: Final = 74  # EX_IOERR
_NUMBERS: Final = frozenset(
    {"line", "row", "year", "cost_vnd", "quantity", "unit_cost_vnd", "warranty_months"}
)
_YES_NO: Final = frozenset({"complete", "verified"})
_TEXTS: Final = frozenset({"reasons", "sources", "aliases", "also", "lacks"})
_DAYS: Final = frozenset({"warranty_until", "warranty_end"})
_MOMENTS: Final = frozenset({"since", "first_seen", "last_seen"})


class FilesOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written; it goes by standard input, for a database's URL may hold a password.

    pull: the items of the day.
    """

    data: str
    province: str
    day: str
    pull: PullOrder


def item_kind(name: str) -> ColumnKind:
    """What a column of an item holds."""
    for names, kind in (
        (_NUMBERS, ColumnKind.NUMBER),
        (_YES_NO, ColumnKind.YES_NO),
        (_TEXTS, ColumnKind.TEXTS),
        (_MOMENTS, ColumnKind.MOMENT),
        (_DAYS, ColumnKind.DAY),
    ):
        if name in names:
            return kind
    return ColumnKind.TEXT


COLUMNS: Final[Mapping[FileContent, tuple[ParquetColumn, ...]]] = {
    FileContent.ITEMS: (
        ParquetColumn("day", ColumnKind.DAY),
        *(ParquetColumn(name, item_kind(name)) for name in ITEM_COLUMNS),
    ),
    FileContent.FIGURES: (
        ParquetColumn("day", ColumnKind.DAY),
        *map(ParquetColumn, ("school", "name", "area")),
        ParquetColumn("areas", ColumnKind.TEXTS),
        *map(ParquetColumn, ("silence", "type")),
        *(ParquetColumn(name, ColumnKind.NUMBER) for name in Counts._fields),
    ),
}


def carry_out(order: FilesOrder) -> None:
    """Write the day's files, each whole, then let old ones go. Raises OSError, StoreError."""
    folder = Path(order.data) / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    _write(folder, order.day, FileContent.FIGURES, _figures(order))
    _write(folder, order.day, FileContent.ITEMS, _items(order))
    forget_old(Path(order.data))


def _write(folder: Path, day: str, what: FileContent, rows: Iterable[Mapping[str, Any]]) -> None:
    packed = folder / DatedFile(day, what, FileForm.NDJSON).name
    with (
        whole_file(packed, OWNER_ONLY) as file,
        gzip.GzipFile("", "wb", _PACKED, file, mtime=0) as lines,
    ):
        for row in rows:
            lines.write(_to_json(row) + b"\n")
    if can_write():
        with whole_file(folder / DatedFile(day, what, FileForm.PARQUET).name, OWNER_ONLY) as file:
            write_parquet(packed, COLUMNS[what], file)


def _figures(order: FilesOrder) -> Iterator[Mapping[str, Any]]:
    with Store(order.pull.database) as store, store.view() as db:
        for figures in kept.figures_on(db, order.province, [order.day]):
            yield from figure_rows(figures)


def _items(order: FilesOrder) -> Iterator[Mapping[str, Any]]:
    for item in pulled(order.pull):
        if not item.get("removed"):
            reasons = [reason["code"] for reason in item["reasons"]]
            yield {"day": order.day, **{n: item[n] for n in ITEM_COLUMNS}, "reasons": reasons}


def main() -> int:
    """Read the order, and write; the exit code says whether all is there."""
    if hasattr(os, "nice"):
        os.nice(_NICE)
    try:
        carry_out(from_msgpack(sys.stdin.buffer.read(), FilesOrder))
    except (OSError, StoreError) as error:
        _LOGGER.warning("the day's files were not written: %s", error)
        return EXIT_FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
