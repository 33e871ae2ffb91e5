"""This file is the process that reads class lists, cells and all, within bounds."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from controller.roster.roll import Roll
from controller.roster.sheet import read
from controller.sheets.apart import Tell, serve
from controller.sheets.cells import SheetReader, parse

MODULE: Final = "controller.roster.reader"


class RollOrder(msgspec.Struct, frozen=True):
    """A file of class lists. today: for enrolments that have ended. names: keep them."""

    path: str
    today: date
    names: bool
    school: str


def read_roll(order: RollOrder, note: Tell) -> Roll:
    """The roll, all of it read in this process. Raises SheetError."""
    roll = Roll()
    read(
        Path(order.path), roll, today=order.today, names=order.names, school=order.school,
        reader=SheetReader(parse, note),
    )  # fmt: skip
    return roll


if __name__ == "__main__":
    serve(RollOrder, read_roll)
