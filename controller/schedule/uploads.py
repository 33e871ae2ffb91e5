"""This file holds schedules that a browser sent, from the first look until they are kept.

For the parser a file is in a private folder for as long as it reads.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from controller.schedule.findings import Known, Reading
from controller.schedule.reading import read_schedule
from controller.sheets.errors import SheetError
from controller.web.forms import Upload
from controller.web.waiting import WaitingFile, WaitingFiles

_AT_ONCE: Final = 2  # each parser may take a lot of memory


class Waiting(WaitingFile):
    """A schedule that waits for a person's word.

    reading: as it was read, None where it was refused as a whole. version: of the plan that it was
    read against. is_empty_meant: whether a heading alone empties its part. is_kept: whether it was.
    """

    def __init__(self, upload: Upload, who: str, at_ms: int) -> None:
        super().__init__(upload, who, at_ms)
        self.reading: Reading | None = None
        self.refused: SheetError | None = None
        self.version = 0
        self.is_empty_meant = False
        self.is_kept = False


class Uploads(WaitingFiles[Waiting]):
    """The few schedules that wait."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        super().__init__(now_ms)
        self._readers = threading.BoundedSemaphore(_AT_ONCE)

    def add(self, upload: Upload, who: str) -> Waiting:
        """Let a schedule wait."""
        return self.hold(lambda now_ms: Waiting(upload, who, now_ms))

    def read(self, waiting: Waiting, known: Known, version: int) -> None:
        """Read the schedule, or note why it cannot be. version: of the plan that known is of."""
        with self._readers, tempfile.TemporaryDirectory(prefix="lophoc-") as folder:
            path = Path(folder) / "tkb"
            path.touch(mode=0o600)
            path.write_bytes(waiting.upload.raw)
            try:
                reading = read_schedule(path, known, is_empty_meant=waiting.is_empty_meant)
                waiting.reading, waiting.refused, waiting.version = reading, None, version
            except SheetError as error:
                waiting.reading, waiting.refused = None, error
