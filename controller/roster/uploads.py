"""This file holds class lists that a browser sent, from the first look until they are kept.

A process of its own reads them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import PurePath
from typing import Final

from controller.roster.intake import Weighed
from controller.roster.reader import MODULE, RollOrder
from controller.roster.roll import Roll
from controller.web.forms import Upload
from controller.web.readers import Readers
from controller.web.waiting import WaitingFile, WaitingFiles

_SUFFIXES: Final = frozenset({".csv", ".txt", ".xls", ".xlsx", ".ods", ".fods", ".html", ".zip"})


class Waiting(WaitingFile[Roll]):
    """A file of class lists that waits for a person's word.

    names: whether to keep them. whole: whether it is the whole school. found: what it would do, as
    shown. is_kept: whether it was kept.
    """

    def __init__(self, upload: Upload, who: str, at_ms: int) -> None:
        super().__init__(upload, who, at_ms)
        self.names = False
        self.whole = False
        self.found: Weighed | None = None
        self.is_kept = False


class Uploads(WaitingFiles[Waiting]):
    """The few files of class lists that wait."""

    def __init__(self, now_ms: Callable[[], int], readers: Readers) -> None:
        super().__init__(Waiting, now_ms)
        self._readers = readers

    async def read(self, waiting: Waiting, today: date, school: str) -> None:
        """Read the file, or note why it cannot be."""
        suffix = PurePath(waiting.upload.name).suffix.casefold()
        name = f"list{suffix if suffix in _SUFFIXES else '.csv'}"
        names = waiting.names
        await self._readers.read(
            waiting, name, MODULE, lambda path: RollOrder(str(path), today, names, school), Roll
        )
