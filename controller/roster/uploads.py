"""This file holds class lists that a browser sent, from the first look until they are kept.

For the parser a file is in a private folder for as long as it reads.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path, PurePath
from typing import Final

from controller.roster.intake import Weighed
from controller.roster.roll import Roll
from controller.roster.sheet import read
from controller.sheets.errors import SheetError
from controller.web.forms import Upload
from controller.web.waiting import WaitingFile, WaitingFiles

_AT_ONCE: Final = 2  # each parser may take a lot of memory
_SUFFIXES: Final = frozenset({".csv", ".txt", ".xls", ".xlsx", ".ods", ".fods", ".html", ".zip"})


class Waiting(WaitingFile):
    """A file of class lists that waits for a person's word.

    roll: as it was read, None where it was refused as a whole. names: whether to keep them. whole:
    whether it is the whole school. found: what it would do, as shown. is_kept: whether it was kept.
    """

    def __init__(self, upload: Upload, who: str, at_ms: int) -> None:
        super().__init__(upload, who, at_ms)
        self.names = False
        self.whole = False
        self.roll: Roll | None = None
        self.refused: SheetError | None = None
        self.found: Weighed | None = None
        self.is_kept = False


class Uploads(WaitingFiles[Waiting]):
    """The few files of class lists that wait."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        super().__init__(now_ms)
        self._readers = threading.BoundedSemaphore(_AT_ONCE)

    def add(self, upload: Upload, who: str) -> Waiting:
        """Let a file wait."""
        return self.hold(lambda now_ms: Waiting(upload, who, now_ms))

    def read(self, waiting: Waiting, today: date, school: str) -> None:
        """Read the file, or note why it cannot be."""
        suffix = PurePath(waiting.upload.name).suffix.casefold()
        with self._readers, tempfile.TemporaryDirectory(prefix="lophoc-") as folder:
            path = Path(folder) / f"list{suffix if suffix in _SUFFIXES else '.csv'}"
            path.touch(mode=0o600)
            path.write_bytes(waiting.upload.raw)
            roll = Roll()
            try:
                read(path, roll, today=today, names=waiting.names, school=school)
                waiting.roll, waiting.refused = roll, None
            except SheetError as error:
                waiting.roll, waiting.refused = None, error
