"""This file is the process that reads an equipment book, cells and all, within bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from controller.register.book import Book
from controller.register.choices import Choices
from controller.register.reading import read_book
from controller.sheets.apart import Tell, serve
from controller.sheets.cells import SheetReader, parse

MODULE: Final = "controller.register.reader"


class BookOrder(msgspec.Struct, frozen=True):
    """A file, and what a person has answered about it."""

    path: str
    choices: Choices


def read(order: BookOrder, note: Tell) -> Book:
    """The book, all of it read in this process. Raises SheetError."""
    return read_book(Path(order.path), order.choices, SheetReader(parse, note))


if __name__ == "__main__":
    serve(BookOrder, read)
