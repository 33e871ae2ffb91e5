"""This file writes a snapshot once for all the pages that want the same at about the same time.

It is given with the changes since, so that a page that gets an older one misses nothing.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from controller.live.subscription import News, Own, Present, View

FRESH_S: Final = 1.0
KEPT: Final = 64  # snapshots: of rooms, views and what somebody may see
FOLLOWED: Final = 128  # changes after one; then it is written anew

Key = tuple[str, View, Own]


class _Snapshot(NamedTuple):
    at_s: float
    number: int
    text: str
    since: list[News]


class Snapshots:
    """What was written lately, by room and view."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._written: OrderedDict[Key, _Snapshot] = OrderedDict()

    def present(
        self, key: Key, look: Callable[[], Mapping[str, Any]], number: int = 0, shown: int = 0
    ) -> Present:
        """The present as the fields of a JSON object, and what has changed since.

        number: of the present; shown: of the one that the page shows, which never goes back.
        """
        self._forget()
        if key in self._written and self._written[key].number < min(shown, number):
            del self._written[key]
        if key not in self._written:
            text = json.dumps(look(), ensure_ascii=False, separators=(",", ":"))
            self._written[key] = _Snapshot(self._now_s(), number, text[1:-1], [])
        snapshot = self._written[key]
        return Present(snapshot.text, tuple(snapshot.since))

    def follow(self, news: Sequence[News]) -> None:
        """Something has changed."""
        self._forget()
        for key, snapshot in list(self._written.items()):
            snapshot.since.extend(news)
            if len(snapshot.since) > FOLLOWED:
                del self._written[key]

    def _forget(self) -> None:
        """The oldest stand first."""
        old_s = self._now_s() - FRESH_S
        while self._written:
            oldest = next(iter(self._written.values()))
            if oldest.at_s > old_s and len(self._written) < KEPT:
                return
            self._written.popitem(last=False)
