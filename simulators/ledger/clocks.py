"""This file lets the programs' clocks jump, by Debian's libfaketime where that is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_LIBRARIES: Final = "*/faketime/libfaketime.so.1"
_BELIEVED_S: Final = 45 * 86_400  # a controller believes a clock that is ahead by less (0034)
_FOLDERS: Final = (Path("/usr/lib"), Path("/usr/local/lib"))


def clock_library() -> Path | None:
    """The library that answers for the clock, if there is one."""
    return next((path for folder in _FOLDERS for path in folder.glob(_LIBRARIES)), None)


class Clock:
    """The clock of some programs; running time is not touched.

    Brokers keep the true time: they are linked to no library.
    """

    def __init__(self, path: Path, library: Path | None) -> None:
        self._path = path
        self._library = library
        self.offset_s = 0
        self.believed_ahead_s = 0  # the most by which a controller may have gone by it
        self.set(0)

    def set(self, offset_s: int) -> None:
        """Let the clock be so far ahead of the true one."""
        self.offset_s = offset_s
        if offset_s <= _BELIEVED_S:
            self.believed_ahead_s = max(self.believed_ahead_s, offset_s)
        part = self._path.with_suffix(".part")
        part.write_text(f"{offset_s:+d}\n")
        part.replace(self._path)

    @property
    def environ(self) -> dict[str, str]:
        """What a program is started with, so that it goes by this clock."""
        if self._library is None:
            return {}
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._path),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Else Python's threads, which wait for each other by that clock, would never rest.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "NO_FAKE_STAT": "1",
        }
