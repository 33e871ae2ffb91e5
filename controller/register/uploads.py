"""This file holds books that a browser sent, from the first look until they are kept or dropped.

They stay in memory; for the parser a file is in a private folder for as long as it reads.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from controller.register.book import Book
from controller.register.choices import Choices
from controller.register.merging import UNASKED, Answers
from controller.register.reading import read_book
from controller.sheets.errors import SheetError
from controller.sheets.text import folded
from controller.web.forms import Upload
from controller.web.waiting import WaitingFile, WaitingFiles

_AT_ONCE: Final = 2  # each parser may take a lot of memory
UNKNOWN: Final = "heading_unknown"  # the notice of a heading that nobody has explained


class Waiting(WaitingFile):
    """A book that waits for a person's word.

    asked: its unknown headings, and what was said of each. book: as it was read, None where it was
    refused. choices: how a person wants it to be read, but for headings. answers: what else was
    said of it. kept: the sums of what was written, once it was.
    """

    def __init__(self, upload: Upload, who: str, at_ms: int) -> None:
        super().__init__(upload, who, at_ms)
        self.asked: dict[str, str] = {}
        self.choices = Choices()
        self.answers: Answers = UNASKED
        self.book: Book | None = None
        self.refused: SheetError | None = None
        self.kept: dict[str, int] | None = None

    @property
    def mapped(self) -> dict[str, str]:
        """What the headings are that were explained, as read_book takes it."""
        return {folded(head): field for head, field in self.asked.items() if field}


class Uploads(WaitingFiles[Waiting]):
    """The few books that wait; the oldest goes when there are too many. Any thread may ask."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        super().__init__(now_ms)
        self._readers = threading.BoundedSemaphore(_AT_ONCE)

    def add(self, upload: Upload, who: str) -> Waiting:
        """Let a book wait."""
        return self.hold(lambda now_ms: Waiting(upload, who, now_ms))

    def read(self, waiting: Waiting, explained: Mapping[str, str]) -> None:
        """Read the book, or note why it cannot be. known: headings explained before."""
        with self._readers, tempfile.TemporaryDirectory(prefix="lophoc-") as folder:
            path = Path(folder) / "book"
            path.touch(mode=0o600)
            path.write_bytes(waiting.upload.raw)
            try:
                headings = {**explained, **waiting.mapped}
                waiting.book = read_book(path, replace(waiting.choices, headings=headings))
                waiting.refused = None
                unknown = (warning for warning in waiting.book.warnings if warning.code == UNKNOWN)
                waiting.asked = (
                    dict.fromkeys((notice.value for notice in unknown), "") | waiting.asked
                )
            except SheetError as error:
                waiting.book, waiting.refused = None, error
