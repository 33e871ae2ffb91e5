"""This file holds what browsers sent, until who sent it says what becomes of it; in memory."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, Final, Generic, TypeVar

from controller.sheets.apart import Progress
from controller.sheets.errors import SheetError
from controller.web.forms import Upload

MAX_WAITING: Final = 3  # of 8 MB, and of what was read of them
FORGET_AFTER_MS: Final = 30 * 60_000


Content = TypeVar("Content")


class WaitingFile(Generic[Content]):
    """A file that waits for a person's word. token: what its address ends with.

    progress: how far it is read, while it is. content: what was read of it, None before; refused:
    why it cannot be.
    """

    def __init__(self, upload: Upload, who: str, at_ms: int) -> None:
        self.token = secrets.token_urlsafe(12)
        self.upload = upload
        self.who = who
        self.at_ms = at_ms
        self.progress = Progress()
        self.content: Content | None = None
        self.refused: SheetError | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def is_being_read(self) -> bool:
        """Whether what was read of it is not there yet."""
        return self._reading is not None and not self._reading.done()

    def note(self, progress: Progress) -> None:
        """Its reading is so far."""
        self.progress = progress

    def begin(self, reading: Coroutine[Any, Any, None]) -> None:
        """Have it read beside everything else, in the place of a reading that goes on."""
        self.end()
        self.progress = Progress()
        self._reading = asyncio.create_task(reading, name="reading of a file")

    async def read_within(self, patience_s: float) -> bool:
        """Whether it is read so soon. Raises what its reading raised."""
        assert self._reading, "it was begun"  # noqa: S101
        await asyncio.wait([self._reading], timeout=patience_s)
        if self._reading.done() and not self._reading.cancelled():
            self._reading.result()
        return self._reading.done()

    def end(self) -> None:
        """Let go of a reading that goes on."""
        if self._reading is not None:
            self._reading.cancel()


Held = TypeVar("Held", bound=WaitingFile[Any])


class WaitingFiles(Generic[Held]):
    """The few files that wait; of whom most wait, the oldest goes when there are too many.

    Any thread may ask where nothing is being read, else the event loop's alone.
    """

    def __init__(self, make: Callable[[Upload, str, int], Held], now_ms: Callable[[], int]) -> None:
        self._make = make
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._waiting: dict[str, Held] = {}

    def add(self, upload: Upload, who: str) -> Held:
        """Let a file wait."""
        fresh = self._make(upload, who, self._now_ms())
        with self._lock:
            self._forget()
            while len(self._waiting) >= MAX_WAITING:
                self._waiting.pop(self._oldest()).end()
            self._waiting[fresh.token] = fresh
        return fresh

    def find(self, token: str, who: str) -> Held | None:
        """The file, for the one who sent it; None if it is gone."""
        with self._lock:
            self._forget()
            waiting = self._waiting.get(token)
        return waiting if waiting is not None and waiting.who == who else None

    def drop(self, token: str, who: str) -> None:
        """Forget a file of one's own."""
        if self.find(token, who) is not None:
            with self._lock:
                waiting = self._waiting.pop(token, None)
            if waiting is not None:
                waiting.end()

    def _oldest(self) -> str:
        """The token of the oldest file of the person of whom most wait."""
        counts = Counter(waiting.who for waiting in self._waiting.values())
        who = max(counts, key=lambda name: counts[name])
        return next(token for token, waiting in self._waiting.items() if waiting.who == who)

    def _forget(self) -> None:
        since = self._now_ms() - FORGET_AFTER_MS
        for token in [token for token, waiting in self._waiting.items() if waiting.at_ms <= since]:
            self._waiting.pop(token).end()
