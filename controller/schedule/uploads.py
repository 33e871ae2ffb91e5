"""This file holds schedules that a browser sent, from the first look until they are kept.

A process of its own reads them.
"""

from __future__ import annotations

from collections.abc import Callable

from controller.schedule.findings import Known, Reading
from controller.schedule.reader import MODULE, ScheduleOrder
from controller.web.forms import Upload
from controller.web.readers import Readers
from controller.web.waiting import WaitingFile, WaitingFiles


class Waiting(WaitingFile[Reading]):
    """A schedule that waits for a person's word.

    version: of the plan that it was read against. is_empty_meant: whether a heading alone empties
    its part. is_kept: whether it was kept.
    """

    def __init__(self, upload: Upload, who: str, at_ms: int) -> None:
        super().__init__(upload, who, at_ms)
        self.version = 0
        self.is_empty_meant = False
        self.is_kept = False


class Uploads(WaitingFiles[Waiting]):
    """The few schedules that wait."""

    def __init__(self, now_ms: Callable[[], int], readers: Readers) -> None:
        super().__init__(Waiting, now_ms)
        self._readers = readers

    async def read(self, waiting: Waiting, known: Known, version: int) -> None:
        """Read the schedule, or note why it cannot be. version: of the plan that known is of."""
        is_empty_meant = waiting.is_empty_meant
        await self._readers.read(
            waiting,
            "tkb",
            MODULE,
            lambda path: ScheduleOrder(str(path), known, is_empty_meant),
            Reading,
        )
        waiting.version = version
