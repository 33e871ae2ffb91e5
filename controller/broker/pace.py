"""This file sizes batches by how long they take: whoever comes next waits for no more than one."""

from __future__ import annotations

from typing import Final

MOST: Final = 1000  # well below the unacked messages that the embedded broker allows a session
LEAST: Final = 125
AIM_S: Final = 0.1


class BatchPace:
    """How many messages to take at once, so that storing them takes about `AIM_S`.

    A disk that is slow for one message is no faster with few: below LEAST nothing is gained.
    """

    def __init__(self) -> None:
        self.limit = MOST

    def note(self, count: int, took_s: float) -> None:
        """So many were stored in so long."""
        if took_s > AIM_S and 2 * count > self.limit:
            self.limit = max(LEAST, self.limit // 2)
        elif took_s <= AIM_S / 2 and count >= self.limit:
            self.limit = min(MOST, self.limit * 2)
