"""This file holds what browsers sent, until who sent it says what becomes of it; in memory."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from controller.web.forms import Upload

MAX_WAITING: Final = 3  # of 8 MB, and of what was read of them
FORGET_AFTER_MS: Final = 30 * 60_000


class WaitingFile:
    """A file that waits for a person's word. token: what its address ends with."""

    def __init__(self, upload: Upload, who: str, at_ms: int) -> None:
        self.token = secrets.token_urlsafe(12)
        self.upload = upload
        self.who = who
        self.at_ms = at_ms


Held = TypeVar("Held", bound=WaitingFile)


class WaitingFiles(Generic[Held]):
    """The few files that wait; the oldest goes when there are too many. Any thread may ask."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._waiting: dict[str, Held] = {}

    def hold(self, make: Callable[[int], Held]) -> Held:
        """Let a file wait, made with the time in ms."""
        fresh = make(self._now_ms())
        with self._lock:
            self._forget()
            while len(self._waiting) >= MAX_WAITING:
                del self._waiting[next(iter(self._waiting))]
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
                self._waiting.pop(token, None)

    def _forget(self) -> None:
        since = self._now_ms() - FORGET_AFTER_MS
        self._waiting = {
            name: waiting for name, waiting in self._waiting.items() if waiting.at_ms > since
        }
