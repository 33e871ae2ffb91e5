"""This file tells the present moment by each clock, also where the wall's cannot be right."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent.room import Moment
from protocol.clock import steady_s, wall_ms
from protocol.folder import write_whole
from protocol.health import Finding, ReasonCode
from protocol.model import END_MS, FIRST_MS, Reason, Status, instant

SET_MS: Final = 60_000  # by less a clock is kept right, not set
OFF_MIN: Final = 2  # by so much people notice it
NEAR_MS: Final = 2_000  # the school's word again, a line's delay later
_MODE: Final = 0o600
# Names that IANA's list gave up, and systems leave out by now (Debian's tzdata-legacy).
_LATER_NAMES: Final = {"Asia/Saigon": ("Asia/Ho_Chi_Minh",)}


class RoomClock:
    """The clocks of the room's computer; it goes by the school's time where its own is off.

    path: a file whose date is the time that was told last; it holds the school's zone, once the
    school has told the time: then no earlier time can be. One that woke in 1970, or before what
    the school said last, goes on from there. live_in: has this program's days be a zone's.
    """

    def __init__(
        self,
        path: Path,
        wall: Callable[[], int] = wall_ms,
        steady: Callable[[], float] = steady_s,
        live_in: Callable[[str], None] = lambda _zone: None,
    ) -> None:
        self._path, self._wall, self._steady, self._live_in = path, wall, steady, live_in
        self._told_ms = _date_of(path)
        self.zone = _zone_in(path)
        self._zero_ms: int | None = None
        self._looked_s = steady()
        self._ahead_ms = 0
        self._school_ahead_ms: int | None = None
        self._is_vouched = False  # by the school, since the clock was last set
        if self.zone:
            live_in(self.zone)

    def now(self) -> Moment:
        """This instant by each clock; the day and minute of the school's zone, or the machine's."""
        at_ms = self._at_ms()
        at = instant(at_ms).astimezone()
        minute = at.hour * 60 + at.minute + at.second / 60
        own_ms = at_ms - self._ahead_ms
        return Moment(
            at_ms, self._looked_s, at.date().isoformat(), minute, own_ms, self._is_vouched
        )

    def findings(self) -> tuple[Finding, ...]:
        """What people should hear of it: that this computer's own clock is off the school's."""
        off_min = round(abs(self._school_ahead_ms or 0) / 60_000)
        if off_min < OFF_MIN:
            return ()
        return ((Status.WARNING, Reason(ReasonCode.CLOCK_OFF, off_min)),)

    def hear_school(self, at_ms: int, zone: str) -> None:
        """Go by what the school says now; a time or a zone that cannot be is let go.

        A computer may lack a zone, or know it by its later name only; the time counts all the same.
        """
        if not FIRST_MS <= at_ms < END_MS:
            return
        known = next((name for name in (zone, *_LATER_NAMES.get(zone, ())) if is_zone(name)), "")
        self._at_ms()
        ahead_ms = at_ms - self._wall()
        self._school_ahead_ms = ahead_ms if abs(ahead_ms) >= SET_MS else 0
        if abs(self._school_ahead_ms - self._ahead_ms) >= NEAR_MS:
            self._ahead_ms = self._school_ahead_ms
        self._at_ms()
        self._is_vouched = True
        if known and known != self.zone:
            self.zone = known
            self._live_in(known)
            with suppress(OSError):
                write_whole(self._path, known.encode(), _MODE)
            self.keep()

    def keep(self) -> None:
        """Date the file, for the next start; a folder that takes nothing is told of elsewhere.

        Not by what somebody set meanwhile: the next start goes on from no time before the file's.
        """
        if self.zone and not self._is_vouched:
            return
        with suppress(OSError):
            self._path.touch()
            os.utime(self._path, (self._told_ms / 1000, self._told_ms / 1000))

    def _at_ms(self) -> int:
        """The school's time, or the wall's; while that cannot be, what ran since it last could."""
        now_s, wall = self._steady(), self._wall()
        reckoned_ms = self._told_ms + round((now_s - self._looked_s) * 1000)
        zero_ms = wall - round(now_s * 1000)
        if self._zero_ms is None or abs(zero_ms - self._zero_ms) >= SET_MS:
            # Who set it may have set it right: until the school speaks again it is believed.
            least_ms = self._told_ms - SET_MS if self.zone and self._zero_ms is None else FIRST_MS
            is_impossible = wall < least_ms <= reckoned_ms
            self._ahead_ms = reckoned_ms - wall if is_impossible else 0
            self._school_ahead_ms = None
            self._is_vouched = is_impossible
            self._zero_ms = zero_ms
        self._looked_s, self._told_ms = now_s, wall + self._ahead_ms
        return self._told_ms


def is_zone(name: str) -> bool:
    """Whether this computer knows a zone of this name (IANA)."""
    try:
        return bool(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def live_in(zone: str) -> None:
    """Have all of this program's days and times be those of a zone; where the system can do so."""
    if sys.platform == "win32":
        from protocol.windows import zone as windows_zone  # noqa: PLC0415 - there alone

        windows_zone.live_in(zone, wall_ms())
    else:
        os.environ["TZ"] = zone
        time.tzset()


def zone_min(at_ms: int) -> int:
    """How many minutes the days that this program lives by are before UTC's at a time."""
    offset = instant(at_ms).astimezone().utcoffset()
    return round(offset.total_seconds() / 60) if offset is not None else 0


def _date_of(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns // 1_000_000
    except OSError:
        return 0


def _zone_in(path: Path) -> str:
    try:
        name = path.read_text("ascii")
    except (OSError, ValueError):
        return ""
    return name if is_zone(name) else ""
