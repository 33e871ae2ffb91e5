"""This file holds books that a browser sent, from the first look until they are kept or dropped.

They stay in memory; for the parser a file is in a private folder for as long as it reads.
"""

from __future__ import annotations

import secrets
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from controller.register.book import Book
from controller.register.reading import read_book
from controller.sheets.errors import SheetError
from controller.sheets.text import folded
from controller.web.forms import Upload

MAX_WAITING: Final = 3  # of 8 MB, and of what was read of them
FORGET_AFTER_MS: Final = 30 * 60_000
UNKNOWN: Final = "heading_unknown"  # the notice of a heading that nobody has explained


class Waiting:
    """A book that waits for a person's word.

    asked: its unknown headings, and what was said of each. book: as it was read, None where it was
    refused. kept: the sums of what was written, once it was.
    """

    def __init__(self, upload: Upload, who: str, at_ms: int) -> None:
        self.token = secrets.token_urlsafe(12)
        self.upload = upload
        self.who = who
        self.at_ms = at_ms
        self.asked: dict[str, str] = {}
        self.book: Book | None = None
        self.refused: SheetError | None = None
        self.kept: dict[str, int] | None = None

    @property
    def mapped(self) -> dict[str, str]:
        """What the headings are that were explained, as read_book takes it."""
        return {folded(head): field for head, field in self.asked.items() if field}


class Uploads:
    """The few books that wait; the oldest goes when there are too many. Any thread may ask."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._reading = threading.Lock()  # one parser at a time: each may take a lot of memory
        self._waiting: dict[str, Waiting] = {}

    def add(self, upload: Upload, who: str) -> Waiting:
        """Let a book wait."""
        fresh = Waiting(upload, who, self._now_ms())
        with self._lock:
            self._forget()
            while len(self._waiting) >= MAX_WAITING:
                del self._waiting[next(iter(self._waiting))]
            self._waiting[fresh.token] = fresh
        return fresh

    def find(self, token: str, who: str) -> Waiting | None:
        """The book, for the one who sent it; None if it is gone."""
        with self._lock:
            self._forget()
            waiting = self._waiting.get(token)
        return waiting if waiting is not None and waiting.who == who else None

    def drop(self, token: str, who: str) -> None:
        """Forget a book of one's own."""
        if self.find(token, who) is not None:
            with self._lock:
                self._waiting.pop(token, None)

    def read(self, waiting: Waiting, explained: Mapping[str, str]) -> None:
        """Read the book, or note why it cannot be. known: headings explained before."""
        with self._reading, tempfile.TemporaryDirectory(prefix="lophoc-") as folder:
            path = Path(folder) / "book"
            path.touch(mode=0o600)
            path.write_bytes(waiting.upload.raw)
            try:
                waiting.book = read_book(path, {**explained, **waiting.mapped})
                waiting.refused = None
                unknown = (warning for warning in waiting.book.warnings if warning.code == UNKNOWN)
                waiting.asked = (
                    dict.fromkeys((notice.value for notice in unknown), "") | waiting.asked
                )
            except SheetError as error:
                waiting.book, waiting.refused = None, error

    def _forget(self) -> None:
        since = self._now_ms() - FORGET_AFTER_MS
        self._waiting = {
            name: waiting for name, waiting in self._waiting.items() if waiting.at_ms > since
        }
