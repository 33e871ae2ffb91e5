"""This file has this program's days be those of a zone, which Windows' own C library reads.

It knows no names of zones, and takes "Asia/Ho_Chi_Minh" for one of UTC. Source: Microsoft, _tzset.
"""

from __future__ import annotations

import sys

assert sys.platform == "win32"  # for mypy: read on Windows alone

import ctypes
import os
from datetime import datetime
from zoneinfo import ZoneInfo


def live_in(zone: str, at_ms: int) -> None:
    """From now on, in this program and its children; as far ahead of UTC as the zone is then."""
    offset = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone)).utcoffset()
    minutes = round(offset.total_seconds() / 60) if offset is not None else 0
    sign = "-" if minutes >= 0 else "+"
    os.environ["TZ"] = f"LOC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    ctypes.CDLL("ucrtbase")._tzset()  # noqa: SLF001 - the C library's own name
