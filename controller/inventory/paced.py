"""This file lets who writes a big answer rest while schools tell: what is told comes first.

A low priority rests the process that writes, and not the server's work for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection

from controller.database.store import Store
from controller.inventory.store import newest_change
from protocol.model import Place

_PER_CHANGE_S: Final = 0.004  # several times what storing a change takes
_MOST_S: Final = 1.0


def rest_s(changes: int) -> float:
    """How long to rest where so many changes of the feed were stored since the last read [s]."""
    return min(_MOST_S, max(0, changes) * _PER_CHANGE_S)


class PacedStore(Store):
    """A store whose every view waits by how much the province's feed has grown since the last."""

    def __init__(
        self, url: str, province: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        super().__init__(url)
        self._province = Place(province)
        self._sleep = sleep
        self._newest: int | None = None

    @contextmanager
    def view(self) -> Iterator[Connection]:
        """One moment's view, after a rest. Raises StoreError."""
        with super().view() as db:
            newest = newest_change(db, self._province)
        if self._newest is not None:
            self._sleep(rest_s(newest - self._newest))
        self._newest = newest
        with super().view() as db:
            yield db
