"""This file is the process that reads a schedule, cells and all, within bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from controller.schedule.findings import Known, Reading
from controller.schedule.reading import read_schedule
from controller.sheets.apart import Tell, serve
from controller.sheets.cells import SheetReader, parse

MODULE: Final = "controller.schedule.reader"


class ScheduleOrder(msgspec.Struct, frozen=True):
    """A file, and what the school has already."""

    path: str
    known: Known
    is_empty_meant: bool


def read(order: ScheduleOrder, note: Tell) -> Reading:
    """The schedule, all of it read in this process. Raises SheetError."""
    return read_schedule(
        Path(order.path), order.known, is_empty_meant=order.is_empty_meant,
        reader=SheetReader(parse, note),
    )  # fmt: skip


if __name__ == "__main__":
    serve(ScheduleOrder, read)
