"""This file keeps the numbers of the cart's tablets over a restart: a TinyDB table."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
from tinydb import TinyDB

from agent.database.generations import GenerationStorage, damaged_error
from agent.tablets.cart import Slot

_TABLE: Final = "slots"


class CartFile:
    """The file of the cart's numbers; it holds no child and no cookie."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._storage = GenerationStorage(path)

    def load(self) -> tuple[Slot, ...]:
        """The slots; none if there has never been a file. Raises DocumentError."""
        rows = [dict(row) for row in self._db().table(_TABLE).all()]
        try:
            return msgspec.convert(rows, tuple[Slot, ...])
        except msgspec.ValidationError as error:
            raise damaged_error(self._path, str(error)) from error

    def save(self, slots: tuple[Slot, ...]) -> None:
        """Write them through to the disk. Raises DocumentError; the old file then stays."""
        table = self._db().table(_TABLE)
        table.truncate()
        table.insert_multiple(msgspec.to_builtins(slots))
        self._storage.save()

    def _db(self) -> TinyDB:
        return TinyDB(storage=lambda: self._storage)
